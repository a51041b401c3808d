//! Prefix list resolvers and their versions.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{ResolverNoun, ResolverRecord, ResolverRule, ResolverSpec};
use crate::ipam::{Cidr, Error, Family, Result};

use super::super::connection::Connection;
use super::super::convert::{cidr, id_of_arn, need, text};
use super::super::pending::request_name;
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::{Stage, Stateful, retry_concurrent};
use super::keeper::AsyncKeeps;
use super::resolver_rules::{rule, rule_request};

const PENDING: &str = "pending";
const FAILURE: &str = "failure";

fn status(found: &ec2::IpamPrefixListResolver) -> Option<&str> {
    found.last_version_creation_status().map(|status| status.as_str())
}

/// The reason of AWS if it could not make the last version.
fn version_failure(found: &ec2::IpamPrefixListResolver) -> Option<Error> {
    (status(found) == Some(FAILURE)).then(|| {
        let why = found.last_version_creation_status_message().unwrap_or("AWS gave no reason");
        fault("CreateIpamPrefixListResolverVersion", FAILURE, why).into()
    })
}

fn record(
    found: &ec2::IpamPrefixListResolver,
    rules: Vec<ResolverRule>,
    failure: Option<Error>,
) -> Result<ResolverRecord> {
    let is_ipv6 = found.address_family() == Some(&ec2::AddressFamily::Ipv6);
    Ok(ResolverRecord {
        id: need(found.ipam_prefix_list_resolver_id(), "resolver id")?.to_owned(),
        arn: found.ipam_prefix_list_resolver_arn().unwrap_or_default().to_owned(),
        owner_id: found.owner_id().unwrap_or_default().to_owned(),
        region: found.ipam_region().unwrap_or_default().to_owned(),
        ipam_id: id_of_arn(need(found.ipam_arn(), "IPAM ARN")?).to_owned(),
        address_family: if is_ipv6 { Family::Ipv6 } else { Family::Ipv4 },
        description: text(found.description()),
        rules,
        last_version_creation_status: status(found).map(str::to_owned),
        last_version_creation_status_message: text(found.last_version_creation_status_message()),
        tags: tags::all(Some(found.tags())),
        failure: failure.or_else(|| version_failure(found)),
    })
}

/// The prefix list resolvers of the account.
#[derive(Clone, Copy)]
pub(in crate::aws) struct Resolvers<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl Resolvers<'_> {
    async fn describe(&self, id: &str) -> Result<Option<ec2::IpamPrefixListResolver>, Refusal> {
        let request = self.aws.clients.home().describe_ipam_prefix_list_resolvers().ipam_prefix_list_resolver_ids(id);
        let found = request.into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpamPrefixListResolvers", found.try_collect()).await)?;
        the_one(found, id, ec2::IpamPrefixListResolver::ipam_prefix_list_resolver_id)
    }

    async fn rules(&self, id: &str) -> Result<Vec<ResolverRule>> {
        let request = self.aws.clients.home().get_ipam_prefix_list_resolver_rules().ipam_prefix_list_resolver_id(id);
        let found = request.into_paginator().items().send();
        let found: Vec<_> = ask("GetIpamPrefixListResolverRules", found.try_collect()).await?;
        found.iter().map(rule).collect()
    }

    /// Waits until the resolver can be used and AWS has reported the result of the version with its rules.
    async fn wait_until_usable(&self, id: &str, new: bool) -> Result<ResolverRecord> {
        let waits_for = async |found: &ec2::IpamPrefixListResolver| {
            Ok((status(found) == Some(PENDING)).then(|| "its version is being made".to_owned()))
        };
        let read = || self.describe(id);
        let (found, failure) = self.aws.pace.wait_until_settled::<ResolverNoun, _, _>(id, new, read, waits_for).await?;
        record(&found, self.rules(id).await?, failure)
    }

    async fn begin(&self, ipam_id: &str, spec: &ResolverSpec, token: String) -> Result<String, Refusal> {
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_prefix_list_resolver()
            .ipam_id(ipam_id)
            .address_family(spec.address_family.to_string().as_str().into())
            .set_description(spec.description.clone())
            .set_rules(Some(spec.rules.iter().map(rule_request).collect()))
            .set_tag_specifications(tags::specifications(ec2::ResourceType::IpamPrefixListResolver, &spec.tags))
            .client_token(token);
        let answer = ask("CreateIpamPrefixListResolver", request.send()).await?;
        let id = answer.ipam_prefix_list_resolver.and_then(|resolver| resolver.ipam_prefix_list_resolver_id);
        id.ok_or_else(|| {
            fault("CreateIpamPrefixListResolver", "UnexpectedAnswer", "the answer of AWS has no resolver id")
        })
    }

    /// The resolver with its rules; `None` if it is deleted or being deleted.
    async fn complete(&self, found: &ec2::IpamPrefixListResolver) -> Result<Option<ResolverRecord>> {
        if found.is_going() || matches!(found.stage(), Stage::Gone) {
            return Ok(None);
        }
        let id = need(found.ipam_prefix_list_resolver_id(), "resolver id")?;
        Ok(Some(record(found, self.rules(id).await?, None)?))
    }

    /// The version numbers in ascending order; `None` if the resolver does not exist.
    pub(in crate::aws) async fn version_numbers(&self, id: &str) -> Result<Option<Vec<i64>>, Refusal> {
        let request = self.aws.clients.home().get_ipam_prefix_list_resolver_versions().ipam_prefix_list_resolver_id(id);
        let found: Result<Vec<_>, _> =
            ask("GetIpamPrefixListResolverVersions", request.into_paginator().items().send().try_collect()).await;
        match found {
            Err(refusal) if refusal.is_not_found() => Ok(None),
            found => {
                let mut numbers: Vec<i64> = found?.iter().filter_map(|version| version.version()).collect();
                numbers.sort_unstable();
                Ok(Some(numbers))
            }
        }
    }

    /// The blocks of a version, by address.
    pub(in crate::aws) async fn version_entries(&self, id: &str, version: i64) -> Result<Vec<Cidr>> {
        let request = self
            .aws
            .clients
            .home()
            .get_ipam_prefix_list_resolver_version_entries()
            .ipam_prefix_list_resolver_id(id)
            .ipam_prefix_list_resolver_version(version);
        let found = request.into_paginator().items().send();
        let found: Vec<_> = ask("GetIpamPrefixListResolverVersionEntries", found.try_collect()).await?;
        let mut entries: Vec<Cidr> = found.iter().map(|entry| cidr(entry.cidr())).collect::<Result<_>>()?;
        entries.sort();
        Ok(entries)
    }
}

impl AsyncKeeps<ResolverNoun> for Resolvers<'_> {
    async fn create(&self, spec: &ResolverSpec) -> Result<ResolverRecord> {
        let ipam_id = match &spec.ipam_id {
            Some(id) => id.clone(),
            None => self.aws.ipam().await?.id.clone(),
        };
        let begin = |token| self.begin(&ipam_id, spec, token);
        let finish = async |id: String| self.wait_until_usable(&id, true).await;
        self.aws.pending.create_once::<ResolverNoun, _>(&ipam_id, &request_name(spec), begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<ResolverRecord>> {
        match self.describe(id).await? {
            Some(found) => self.complete(&found).await,
            None => Ok(None),
        }
    }

    async fn list(&self) -> Result<Vec<ResolverRecord>> {
        let request = self.aws.clients.home().describe_ipam_prefix_list_resolvers().into_paginator().items().send();
        let found: Vec<_> = ask("DescribeIpamPrefixListResolvers", request.try_collect()).await?;
        let mut all = Vec::new();
        for one in &found {
            all.extend(self.complete(one).await?);
        }
        Ok(all)
    }

    /// Changes the resolver. Rules are replaced as a whole, and only if AWS has different ones.
    async fn update(&self, id: &str, before: &ResolverSpec, after: &ResolverSpec) -> Result<ResolverRecord> {
        self.aws.retag(&self.aws.clients.home(), id, &before.tags, &after.tags).await?;
        let present = self.wait_until_usable(id, false).await?;
        let new_rules = (before.rules != after.rules && present.rules != after.rules).then_some(&after.rules);
        let new_description = (present.description != after.description)
            .then(|| tags::changed_text(&before.description, &after.description))
            .flatten();
        if new_rules.is_none() && new_description.is_none() {
            return Ok(present);
        }
        let request = self
            .aws
            .clients
            .home()
            .modify_ipam_prefix_list_resolver()
            .ipam_prefix_list_resolver_id(id)
            .set_description(new_description)
            .set_rules(new_rules.map(|rules| rules.iter().map(rule_request).collect()));
        retry_concurrent(&self.aws.pace, || ask("ModifyIpamPrefixListResolver", request.clone().send())).await?;
        self.wait_until_usable(id, false).await
    }

    async fn delete(&self, id: &str, _spec: &ResolverSpec) -> Result<()> {
        if self.describe(id).await?.is_some_and(|found| !found.is_going()) {
            let request = self.aws.clients.home().delete_ipam_prefix_list_resolver().ipam_prefix_list_resolver_id(id);
            match ask("DeleteIpamPrefixListResolver", request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pace.wait_until_gone::<ResolverNoun, _, _>(id, || self.describe(id)).await
    }
}
