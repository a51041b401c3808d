//! `ipam_policy_enablement`: for whom a policy counts.

use crate::backend::Ipam;
use crate::backend::service::{Enabled, Enablement, EnablementNoun, ManagedBy, Noun};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model, text_attr};

use super::super::resources::Timeouts;
use super::{ServiceModel, differs};

text_attr!(ManagedBy);

model! {
    /// Lets an `ipam_policy` count for an account or a part of the organization. It takes the place of any policy that
    /// counts there; the plan warns about that. To disable it is to destroy this.
    pub(crate) struct EnablementModel {
        /// The policy. Another one takes its place at once, without a moment in which none counts.
        ipam_policy_id: String => required(),
        /// Account, organizational unit or root of the organization for which the policy is to count: for the delegated
        /// administrator of IPAM. When not set, the account of the provider.
        organization_target_id: String => optional().replace(),
        /// Id of the policy; with a target, `<policy>_<target>`.
        id: String => computed(),
        /// Such as `account` or `delegated-administrator-for-ipam`: who manages what counts for the account of the provider; null
        /// with a target.
        managed_by: ManagedBy => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl EnablementModel {
    /// What counts for the target by now, when AWS tells.
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

impl ServiceModel for EnablementModel {
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

    fn spec(&self) -> Option<Enablement> {
        (!self.organization_target_id.is_unknown()).then_some(())?;
        Some(Enablement { policy_id: self.ipam_policy_id.cloned()?, target: self.organization_target_id.cloned() })
    }

    fn fill(&mut self, record: &Enabled) {
        self.ipam_policy_id = record.enablement.policy_id.clone().into();
        self.organization_target_id = record.enablement.target.clone().into();
        self.id = record.enablement.id().into();
        self.managed_by = record.managed_by.into();
    }

    fields!();

    fn plan_change(prior: &Self, planned: &mut Self) {
        if differs(prior, planned) {
            planned.id = Tf::Unknown;
            planned.managed_by = Tf::Unknown;
        }
    }

    /// While the policy itself is made anew, the old one can go only when it counts for nobody.
    fn replaces(_: &Self, planned: &Self) -> Vec<Path> {
        if planned.ipam_policy_id.is_unknown() { vec![at!(Self, ipam_policy_id)] } else { Vec::new() }
    }

    /// Says which policy this one replaces.
    fn foresee(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
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
