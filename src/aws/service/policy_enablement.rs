//! The policy that applies to an account or organization. AWS reports it in two ways: for the account that asks, and for
//! the targets of each policy.

use crate::backend::service::{Enabled, Enablement, EnablementNoun, ManagedBy};
use crate::ipam::{Result, Words};

use super::super::connection::Connection;
use super::super::pages::all_pages;
use super::super::response::{Refusal, ask};
use super::super::wait::{ObjectKind, Progress, Stateful, retry_concurrent, unfinished, until};
use super::keeper::AsyncKeeps;
use super::policy::Policies;

/// The policies that apply to accounts and organizations.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Enablements<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Enablements<'_> {
    /// The policy that applies to the account that asks.
    async fn enabled_for_own_account(&self) -> Result<Option<Enabled>, Refusal> {
        let answer = ask("GetEnabledIpamPolicy", self.aws.clients.home().get_enabled_ipam_policy().send()).await?;
        let policy_id = answer.ipam_policy_id.filter(|id| answer.ipam_policy_enabled != Some(false) && !id.is_empty());
        let managed_by = answer.managed_by.map(|word| ManagedBy::from_text(word.as_str()));
        Ok(policy_id.map(|policy_id| Enabled { enablement: Enablement { policy_id, target: None }, managed_by }))
    }

    async fn enabled_for_targets(&self, policy_id: &str) -> Result<Vec<Enabled>, Refusal> {
        let found = all_pages(|token| {
            let request = self
                .aws
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

    async fn find(&self, wanted: &Enablement) -> Result<Option<Enabled>> {
        let found = match &wanted.target {
            None => self.enabled_for_own_account().await?.into_iter().collect(),
            Some(_) => match self.enabled_for_targets(&wanted.policy_id).await {
                Err(refusal) if refusal.is_not_found() => Vec::new(),
                answer => answer?,
            },
        };
        Ok(found.into_iter().find(|one| one.enablement == *wanted))
    }
}

impl AsyncKeeps<EnablementNoun> for Enablements<'_> {
    async fn create(&self, spec: &Enablement) -> Result<Enabled> {
        if let Some(found) = self.find(spec).await? {
            return Ok(found);
        }
        let request = self
            .aws
            .clients
            .home()
            .enable_ipam_policy()
            .ipam_policy_id(&spec.policy_id)
            .set_organization_target_id(spec.target.clone());
        retry_concurrent(&self.aws.pace, || ask("EnableIpamPolicy", request.clone().send())).await?;
        let id = spec.id();
        until(&self.aws.pace, unfinished(ObjectKind::of::<EnablementNoun>(), &id, &id), || async move {
            let found = self.find(spec).await?;
            Ok(found.map_or_else(|| Progress::Wait("it is not in effect yet".to_owned()), Progress::Ready))
        })
        .await
    }

    async fn get(&self, id: &str) -> Result<Option<Enabled>> {
        self.find(&Enablement::of_id(id)).await
    }

    async fn list(&self) -> Result<Vec<Enabled>> {
        let mut all: Vec<Enabled> = self.enabled_for_own_account().await?.into_iter().collect();
        let policies = Policies { aws: self.aws }.describe_all(None).await?;
        for policy in policies.iter().filter(|policy| !policy.is_going()) {
            all.extend(self.enabled_for_targets(policy.ipam_policy_id().unwrap_or_default()).await?);
        }
        Ok(all)
    }

    /// Enables the other policy, which replaces the former one, so that a policy applies at any time.
    async fn update(&self, _id: &str, _before: &Enablement, after: &Enablement) -> Result<Enabled> {
        self.create(after).await
    }

    /// Disables the policy. A policy that another one has replaced is not disabled, because that would remove the other
    /// one.
    async fn delete(&self, _id: &str, spec: &Enablement) -> Result<()> {
        if self.find(spec).await?.is_some() {
            let request = self
                .aws
                .clients
                .home()
                .disable_ipam_policy()
                .ipam_policy_id(&spec.policy_id)
                .set_organization_target_id(spec.target.clone());
            match retry_concurrent(&self.aws.pace, || ask("DisableIpamPolicy", request.clone().send())).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        let id = spec.id();
        until(&self.aws.pace, unfinished(ObjectKind::of::<EnablementNoun>(), &id, &id), || async move {
            let found = self.find(spec).await?;
            Ok(found.map_or(Progress::Ready(()), |_| Progress::Wait("it is still in effect".to_owned())))
        })
        .await
    }
}
