//! The policy that applies to an account or organization. AWS reports it in two ways: for the account that asks, and for
//! the targets of each policy.

use crate::backend::service::{Enabled, Enablement, EnablementNoun, Keeps, ManagedBy};
use crate::ipam::{Result, Words};

use super::super::AwsIpam;
use super::super::pages::all_pages;
use super::super::response::{Refusal, ask};
use super::super::wait::{Progress, Stateful, What, uncrowded, unfinished, until};

impl AwsIpam {
    /// The policy that applies to the account that asks.
    async fn own_policy(&self) -> Result<Option<Enabled>, Refusal> {
        let answer = ask("GetEnabledIpamPolicy", self.clients.home().get_enabled_ipam_policy().send()).await?;
        let policy_id = answer.ipam_policy_id.filter(|id| answer.ipam_policy_enabled != Some(false) && !id.is_empty());
        let managed_by = answer.managed_by.map(|word| ManagedBy::from_text(word.as_str()));
        Ok(policy_id.map(|policy_id| Enabled { enablement: Enablement { policy_id, target: None }, managed_by }))
    }

    async fn policy_targets(&self, policy_id: &str) -> Result<Vec<Enabled>, Refusal> {
        let found = all_pages(|token| {
            let request = self
                .clients
                .home()
                .get_ipam_policy_organization_targets()
                .ipam_policy_id(policy_id)
                .set_next_token(token);
            async move {
                let page = ask("GetIpamPolicyOrganizationTargets", request.send()).await?;
                Ok((page.organization_targets.unwrap_or_default(), page.next_token))
            }
        });
        let enabled = |target| Enabled {
            enablement: Enablement { policy_id: policy_id.to_owned(), target: Some(target) },
            managed_by: None,
        };
        Ok(found.await?.into_iter().filter_map(|target| target.organization_target_id).map(enabled).collect())
    }

    async fn enabled(&self, wanted: &Enablement) -> Result<Option<Enabled>> {
        let found = match &wanted.target {
            None => self.own_policy().await?.into_iter().collect(),
            Some(_) => match self.policy_targets(&wanted.policy_id).await {
                Err(refusal) if refusal.is_not_found() => Vec::new(),
                answer => answer?,
            },
        };
        Ok(found.into_iter().find(|one| one.enablement == *wanted))
    }

    async fn enable(&self, wanted: &Enablement) -> Result<Enabled> {
        if let Some(found) = self.enabled(wanted).await? {
            return Ok(found);
        }
        let request = self
            .clients
            .home()
            .enable_ipam_policy()
            .ipam_policy_id(&wanted.policy_id)
            .set_organization_target_id(wanted.target.clone());
        uncrowded(&self.pace, || ask("EnableIpamPolicy", request.clone().send())).await?;
        let id = wanted.id();
        until(&self.pace, unfinished(What::of::<EnablementNoun>(), &id, &id), || async move {
            let found = self.enabled(wanted).await?;
            Ok(found.map_or_else(|| Progress::Wait("it is not in effect yet".to_owned()), Progress::Ready))
        })
        .await
    }

    /// Disables the policy. A policy that another one has replaced is not disabled, because that would remove the other
    /// one.
    async fn disable(&self, wanted: &Enablement) -> Result<()> {
        if self.enabled(wanted).await?.is_some() {
            let request = self
                .clients
                .home()
                .disable_ipam_policy()
                .ipam_policy_id(&wanted.policy_id)
                .set_organization_target_id(wanted.target.clone());
            match uncrowded(&self.pace, || ask("DisableIpamPolicy", request.clone().send())).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        let id = wanted.id();
        until(&self.pace, unfinished(What::of::<EnablementNoun>(), &id, &id), || async move {
            let found = self.enabled(wanted).await?;
            Ok(found.map_or(Progress::Ready(()), |_| Progress::Wait("it is still in effect".to_owned())))
        })
        .await
    }

    async fn all_enabled(&self) -> Result<Vec<Enabled>> {
        let mut all: Vec<Enabled> = self.own_policy().await?.into_iter().collect();
        for policy in self.raw_policies(None).await?.iter().filter(|policy| !policy.is_going()) {
            all.extend(self.policy_targets(policy.ipam_policy_id().unwrap_or_default()).await?);
        }
        Ok(all)
    }
}

impl Keeps<EnablementNoun> for AwsIpam {
    fn create(&self, spec: &Enablement) -> Result<Enabled> {
        self.run(self.enable(spec))
    }

    fn get(&self, id: &str) -> Result<Option<Enabled>> {
        self.run(async { self.enabled(&Enablement::of_id(id)).await })
    }

    fn list(&self) -> Result<Vec<Enabled>> {
        self.run(self.all_enabled())
    }

    /// Enables the other policy, which replaces the former one, so that a policy applies at any time.
    fn update(&self, _: &str, _: &Enablement, after: &Enablement) -> Result<Enabled> {
        self.run(self.enable(after))
    }

    fn delete(&self, _: &str, spec: &Enablement) -> Result<()> {
        self.run(self.disable(spec))
    }
}
