//! Policies.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{PolicyNoun, PolicyRecord, PolicyResourceType, PolicyRules, PolicySpec};
use crate::ipam::{Error, Result, Words};

use super::super::connection::Connection;
use super::super::convert::need;
use super::super::pages::all_pages;
use super::super::pending::request_name;
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::{Stage, Stateful, retry_concurrent};
use super::keeper::AsyncKeeps;

fn record(found: &ec2::IpamPolicy, rules: PolicyRules, failure: Option<Error>) -> Result<PolicyRecord> {
    Ok(PolicyRecord {
        id: need(found.ipam_policy_id(), "policy id")?.to_owned(),
        arn: found.ipam_policy_arn().unwrap_or_default().to_owned(),
        owner_id: found.owner_id().unwrap_or_default().to_owned(),
        region: found.ipam_policy_region().unwrap_or_default().to_owned(),
        ipam_id: need(found.ipam_id(), "IPAM id")?.to_owned(),
        rules,
        tags: tags::all(Some(found.tags())),
        failure,
    })
}

fn rules_of(documents: &[ec2::IpamPolicyDocument]) -> PolicyRules {
    let known = documents.iter().filter_map(|document| {
        let resource_type = PolicyResourceType::from_text(document.resource_type()?.as_str());
        let pools = document.allocation_rules().iter().filter_map(|rule| rule.source_ipam_pool_id());
        Some(((resource_type, document.locale()?.to_owned()), pools.map(str::to_owned).collect::<Vec<_>>()))
    });
    known.filter(|(_, pools)| !pools.is_empty()).collect()
}

/// The policies of the account.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Policies<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Policies<'_> {
    pub(super) async fn describe_all(&self, id: Option<&str>) -> Result<Vec<ec2::IpamPolicy>, Refusal> {
        let ids = id.map(|id| vec![id.to_owned()]);
        all_pages(|token| {
            let request =
                self.aws.clients.home().describe_ipam_policies().set_ipam_policy_ids(ids.clone()).set_next_token(token);
            async move {
                let page = ask("DescribeIpamPolicies", request.send()).await?;
                Ok((page.ipam_policies.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }

    async fn describe(&self, id: &str) -> Result<Option<ec2::IpamPolicy>, Refusal> {
        let found = or_nothing(self.describe_all(Some(id)).await)?;
        the_one(found, id, ec2::IpamPolicy::ipam_policy_id)
    }

    async fn rules(&self, id: &str) -> Result<PolicyRules, Refusal> {
        let documents = all_pages(|token| {
            let request =
                self.aws.clients.home().get_ipam_policy_allocation_rules().ipam_policy_id(id).set_next_token(token);
            async move {
                let page = ask("GetIpamPolicyAllocationRules", request.send()).await?;
                Ok((page.ipam_policy_documents.unwrap_or_default(), page.next_token))
            }
        });
        Ok(rules_of(&documents.await?))
    }

    async fn wait_until_settled(&self, id: &str, new: bool) -> Result<(ec2::IpamPolicy, Option<Error>)> {
        self.aws.pace.wait_until_settled::<PolicyNoun, _, _>(id, new, || self.describe(id), async |_| Ok(None)).await
    }

    async fn begin(&self, ipam_id: &str, spec: &PolicySpec, token: String) -> Result<String, Refusal> {
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_policy()
            .ipam_id(ipam_id)
            .set_tag_specifications(tags::specifications(ec2::ResourceType::IpamPolicy, &spec.tags))
            .client_token(token);
        let answer = ask("CreateIpamPolicy", request.send()).await?;
        let id = answer.ipam_policy.and_then(|policy| policy.ipam_policy_id);
        id.ok_or_else(|| fault("CreateIpamPolicy", "UnexpectedAnswer", "the answer of AWS has no policy id"))
    }

    /// Sets the pools of one pair of resource type and locale. An empty list removes the rules of the pair.
    async fn set_rule(
        &self,
        id: &str,
        (resource_type, locale): &(PolicyResourceType, String),
        pools: &[String],
    ) -> Result<(), Refusal> {
        let rule = |pool: &String| ec2::IpamPolicyAllocationRuleRequest::builder().source_ipam_pool_id(pool).build();
        let request = self
            .aws
            .clients
            .home()
            .modify_ipam_policy_allocation_rules()
            .ipam_policy_id(id)
            .locale(locale)
            .resource_type(resource_type.to_string().as_str().into())
            .set_allocation_rules(Some(pools.iter().map(rule).collect()));
        retry_concurrent(&self.aws.pace, || ask("ModifyIpamPolicyAllocationRules", request.clone().send()))
            .await
            .map(drop)
    }

    /// Changes the rules to `wanted`: one call for each pair whose rules differ in AWS, beginning with the pairs to
    /// remove.
    async fn set_rules(&self, id: &str, wanted: &PolicyRules, new: bool) -> Result<PolicyRecord> {
        let (found, failure) = self.wait_until_settled(id, new).await?;
        let present = self.rules(id).await?;
        if new && failure.is_some() {
            return record(&found, present, failure);
        }
        let gone = present.keys().filter(|pair| !wanted.contains_key(*pair)).map(|pair| (pair, &[] as &[String]));
        let set = wanted.iter().filter(|(pair, pools)| present.get(*pair) != Some(*pools));
        for (pair, pools) in gone.chain(set.map(|(pair, pools)| (pair, pools.as_slice()))) {
            self.wait_until_settled(id, new).await?;
            match self.set_rule(id, pair, pools).await {
                Ok(()) => {}
                // The policy exists with the rules that it has so far, so it belongs in the state.
                Err(refusal) if refusal.is_certain() => {
                    return record(&found, self.rules(id).await?, Some(refusal.into()));
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
        let (found, failure) = self.wait_until_settled(id, new).await?;
        record(&found, self.rules(id).await?, failure)
    }

    /// The policy with its rules; `None` if it is deleted or being deleted.
    async fn complete(&self, found: &ec2::IpamPolicy) -> Result<Option<PolicyRecord>> {
        if found.is_going() || matches!(found.stage(), Stage::Gone) {
            return Ok(None);
        }
        let id = need(found.ipam_policy_id(), "policy id")?;
        Ok(Some(record(found, self.rules(id).await?, None)?))
    }
}

impl AsyncKeeps<PolicyNoun> for Policies<'_> {
    async fn create(&self, spec: &PolicySpec) -> Result<PolicyRecord> {
        let ipam_id = match &spec.ipam_id {
            Some(id) => id.clone(),
            None => self.aws.ipam().await?.id.clone(),
        };
        let begin = |token| self.begin(&ipam_id, spec, token);
        let finish = async |id: String| self.set_rules(&id, &spec.rules, true).await;
        self.aws.pending.create_once::<PolicyNoun, _>(&ipam_id, &request_name(spec), begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<PolicyRecord>> {
        match self.describe(id).await? {
            Some(found) => self.complete(&found).await,
            None => Ok(None),
        }
    }

    async fn list(&self) -> Result<Vec<PolicyRecord>> {
        let mut all = Vec::new();
        for found in self.describe_all(None).await? {
            all.extend(self.complete(&found).await?);
        }
        Ok(all)
    }

    async fn update(&self, id: &str, before: &PolicySpec, after: &PolicySpec) -> Result<PolicyRecord> {
        self.aws.retag(&self.aws.clients.home(), id, &before.tags, &after.tags).await?;
        self.set_rules(id, &after.rules, false).await
    }

    async fn delete(&self, id: &str, _spec: &PolicySpec) -> Result<()> {
        if self.describe(id).await?.is_some_and(|found| !found.is_going()) {
            let request = self.aws.clients.home().delete_ipam_policy().ipam_policy_id(id);
            match ask("DeleteIpamPolicy", request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pace.wait_until_gone::<PolicyNoun, _, _>(id, || self.describe(id)).await
    }
}
