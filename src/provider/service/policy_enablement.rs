//! `ipam_policy_enablement`: the accounts to which a policy applies.

use crate::backend::Ipam;
use crate::backend::service::{Enabled, Enablement, EnablementNoun, Kept, ManagedBy};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model, text_attr};

use super::super::noun::{AssignedModel, NounModel, Timeouts, differs, fields};

text_attr!(ManagedBy);

model! {
    /// Enables an `ipam_policy` for an account or a part of the organization (only with the store `aws-ipam`). It
    /// replaces any other policy that is enabled there, and the plan warns about that. Destroying the resource disables
    /// the policy. A self-managed store has no policies. Changes are made in place, except where an argument says that
    /// a change replaces the enablement.
    pub(crate) struct EnablementModel {
        /// ID of the policy. A change enables the other policy at once, so there is always one enabled policy. When the
        /// policy itself is replaced in the same plan, the enablement is replaced as well.
        ipam_policy_id: String => required(),
        /// ID of the account, organizational unit or root of the organization for which the policy is enabled. Only the
        /// delegated administrator of IPAM can set it. Default: the account of the provider. A change replaces the
        /// enablement.
        organization_target_id: String => optional().replace(),
        /// ID of the policy; with `organization_target_id`, `<policy>_<target>`.
        id: String => computed(),
        /// Manager of the policy that is enabled for the account of the provider, such as `account` or
        /// `delegated-administrator-for-ipam`; null with `organization_target_id`.
        managed_by: ManagedBy => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl EnablementModel {
    /// The policy that is enabled for the target now, if AWS reports it.
    fn present(&self, ipam: &dyn Ipam) -> Option<Enabled> {
        if self.organization_target_id.is_unknown() {
            return None;
        }
        let target = self.organization_target_id.cloned();
        let all = EnablementNoun::keeper(ipam)?.list();
        let all = all.inspect_err(|error| tracing::debug!(?error, "which policy counts is not known")).ok()?;
        all.into_iter().find(|one| one.enablement.target == target)
    }
}

impl NounModel for EnablementModel {
    type Noun = EnablementNoun;

    fn check(&self) -> Diagnostics {
        let is_target = |id: &str| {
            let is_account = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
            is_account || ["ou-", "r-"].iter().any(|start| id.len() > start.len() && id.starts_with(start))
        };
        let wrong = self.organization_target_id.get().filter(|id| !is_target(id));
        let refuse = |id: &String| {
            let why = format!(
                "{id:?} is neither an account (twelve digits) nor an organizational unit (ou-...) nor a root (r-...). \
                 Leave it out to enable the policy for the account of the provider."
            );
            Diagnostic::error("Invalid organization_target_id", why).at(at!(Self, organization_target_id))
        };
        wrong.map(refuse).into_iter().collect()
    }

    fn fill(&mut self, record: &Enabled) {
        self.ipam_policy_id = record.enablement.policy_id.clone().into();
        self.organization_target_id = record.enablement.target.clone().into();
        self.id = record.enablement.id().into();
        self.managed_by = record.managed_by.into();
    }

    fields!();
}

impl AssignedModel for EnablementModel {
    fn spec(&self) -> Option<Enablement> {
        (!self.organization_target_id.is_unknown()).then_some(())?;
        Some(Enablement { policy_id: self.ipam_policy_id.cloned()?, target: self.organization_target_id.cloned() })
    }

    fn plan_change(prior: &Self, planned: &mut Self) {
        if differs(prior, planned) {
            planned.id = Tf::Unknown;
            planned.managed_by = Tf::Unknown;
        }
    }

    /// When the policy itself is replaced, the old one can be deleted only after it is disabled everywhere.
    fn replaces(_: &Self, planned: &Self) -> Vec<Path> {
        if planned.ipam_policy_id.is_unknown() { vec![at!(Self, ipam_policy_id)] } else { Vec::new() }
    }

    /// Warns about the policy that this one replaces.
    fn preflight(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        if prior.is_some_and(|prior| !differs(prior, self)) {
            return Diagnostics::new();
        }
        let own = |one: &Enabled| {
            let id = Some(&one.enablement.policy_id);
            id == self.ipam_policy_id.get() || id == prior.and_then(|prior| prior.ipam_policy_id.get())
        };
        let Some(replaced) = self.present(ipam).filter(|one| !own(one)) else { return Diagnostics::new() };
        let whom = match &replaced.enablement.target {
            None => "the account of the provider".to_owned(),
            Some(target) => target.clone(),
        };
        let by = match replaced.managed_by {
            Some(ManagedBy::DelegatedAdministrator) => ", set by the organization's administrator of IPAM",
            _ => "",
        };
        let why = format!(
            "The policy {} is currently enabled for {whom}{by}. Applying this plan disables it there and enables this \
             policy instead. If another Terraform configuration enables the other policy, its next plan enables that \
             policy again.",
            replaced.enablement.policy_id
        );
        Diagnostic::warning("Another policy is replaced", why).at(at!(Self, ipam_policy_id)).into()
    }
}
