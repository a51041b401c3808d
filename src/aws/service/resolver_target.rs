//! Prefix lists that follow a resolver.

use std::time::Instant;

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{Follows, TargetNoun, TargetRecord, TargetSpec};
use crate::ipam::{Error, Result};

use super::super::connection::Connection;
use super::super::convert::{need, text};
use super::super::pending::request_name;
use super::super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::super::tags;
use super::super::wait::{Stateful, retry_concurrent};
use super::keeper::AsyncKeeps;
use super::resolver::Resolvers;

type Target = ec2::IpamPrefixListResolverTarget;

fn follows(found: &Target) -> Result<Follows> {
    if found.track_latest_version() == Some(true) {
        return Ok(Follows::Latest);
    }
    Ok(Follows::Version(need(found.desired_version(), "desired version")?))
}

fn record(found: &Target, failure: Option<Error>) -> Result<TargetRecord> {
    Ok(TargetRecord {
        id: need(found.ipam_prefix_list_resolver_target_id(), "target id")?.to_owned(),
        arn: found.ipam_prefix_list_resolver_target_arn().unwrap_or_default().to_owned(),
        owner_id: found.owner_id().unwrap_or_default().to_owned(),
        resolver_id: need(found.ipam_prefix_list_resolver_id(), "resolver id")?.to_owned(),
        prefix_list_id: need(found.prefix_list_id(), "prefix list id")?.to_owned(),
        prefix_list_region: need(found.prefix_list_region(), "Region of the prefix list")?.to_owned(),
        follows: follows(found)?,
        last_synced_version: found.last_synced_version(),
        state: found.state_word().unwrap_or_default().to_owned(),
        state_message: text(found.state_message()),
        tags: tags::all(Some(found.tags())),
        failure,
    })
}

/// The prefix lists that follow resolvers.
#[derive(Clone, Copy)]
pub(in crate::aws) struct ResolverTargets<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl ResolverTargets<'_> {
    async fn describe(&self, id: &str) -> Result<Option<Target>, Refusal> {
        let request = self
            .aws
            .clients
            .home()
            .describe_ipam_prefix_list_resolver_targets()
            .ipam_prefix_list_resolver_target_ids(id);
        let found = request.into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpamPrefixListResolverTargets", found.try_collect()).await)?;
        the_one(found, id, Target::ipam_prefix_list_resolver_target_id)
    }

    /// The version that the prefix list still has to get. Synchronization can be switched off on the prefix list. Then a
    /// target stays in a good state without the version forever, so the wait for it is limited.
    async fn awaited_version(&self, id: &str, found: &Target) -> Result<Option<String>> {
        let wanted = match follows(found)? {
            Follows::Version(version) => Some(version),
            Follows::Latest => {
                let resolvers = Resolvers { aws: self.aws };
                let versions =
                    resolvers.version_numbers(found.ipam_prefix_list_resolver_id().unwrap_or_default()).await?;
                versions.and_then(|versions| versions.last().copied())
            }
        };
        let is_there = wanted.is_none() || found.last_synced_version() == wanted;
        if is_there && found.state_word() == Some("sync-complete") {
            return Ok(None);
        }
        // A target that has the version may stay in another good state.
        let patience = if is_there { self.aws.pace.slice } else { self.aws.pace.read_lag };
        let begins = self.aws.pending.unseen_until(id, patience).is_some_and(|until| Instant::now() < until);
        Ok(begins.then(|| match wanted {
            Some(version) => format!("version {version} is not in the prefix list yet"),
            None => "the resolver has no version yet".to_owned(),
        }))
    }

    /// Waits until the prefix list has the version, or AWS has reported why it does not.
    async fn wait_until_synced(&self, id: &str, new: bool) -> Result<TargetRecord> {
        let waits_for = async |found: &Target| self.awaited_version(id, found).await;
        let read = || self.describe(id);
        let (found, failure) = self.aws.pace.wait_until_settled::<TargetNoun, _, _>(id, new, read, waits_for).await?;
        record(&found, failure)
    }

    async fn begin(&self, spec: &TargetSpec, token: String) -> Result<String, Refusal> {
        let (track, desired) = asked(spec.follows);
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_prefix_list_resolver_target()
            .ipam_prefix_list_resolver_id(&spec.resolver_id)
            .prefix_list_id(&spec.prefix_list_id)
            .prefix_list_region(&spec.prefix_list_region)
            .track_latest_version(track)
            .set_desired_version(desired)
            .set_tag_specifications(tags::specifications(ec2::ResourceType::IpamPrefixListResolverTarget, &spec.tags))
            .client_token(token);
        let answer = ask("CreateIpamPrefixListResolverTarget", request.send()).await?;
        let id = answer.ipam_prefix_list_resolver_target.and_then(|target| target.ipam_prefix_list_resolver_target_id);
        let id = id.ok_or_else(|| {
            fault("CreateIpamPrefixListResolverTarget", "UnexpectedAnswer", "the answer of AWS has no target id")
        })?;
        self.aws.pending.allocated(&id);
        Ok(id)
    }
}

/// The values of `TrackLatestVersion` and `DesiredVersion`, of which AWS accepts only one.
fn asked(follows: Follows) -> (bool, Option<i64>) {
    match follows {
        Follows::Latest => (true, None),
        Follows::Version(version) => (false, Some(version)),
    }
}

impl AsyncKeeps<TargetNoun> for ResolverTargets<'_> {
    async fn create(&self, spec: &TargetSpec) -> Result<TargetRecord> {
        let begin = |token| self.begin(spec, token);
        let finish = async |id: String| self.wait_until_synced(&id, true).await;
        self.aws.pending.create_once::<TargetNoun, _>(&spec.resolver_id, &request_name(spec), begin, finish).await
    }

    async fn get(&self, id: &str) -> Result<Option<TargetRecord>> {
        let found = self.describe(id).await?.filter(|found| !found.is_going());
        found.map(|found| record(&found, None)).transpose()
    }

    async fn list(&self) -> Result<Vec<TargetRecord>> {
        let request = self.aws.clients.home().describe_ipam_prefix_list_resolver_targets().into_paginator();
        let found: Vec<_> = ask("DescribeIpamPrefixListResolverTargets", request.items().send().try_collect()).await?;
        found.iter().filter(|found| !found.is_going()).map(|found| record(found, None)).collect()
    }

    /// Requests another version if the requested version has changed. A repeated call only waits.
    async fn update(&self, id: &str, before: &TargetSpec, after: &TargetSpec) -> Result<TargetRecord> {
        self.aws.retag(&self.aws.clients.home(), id, &before.tags, &after.tags).await?;
        let read = || self.describe(id);
        let (found, _) =
            self.aws.pace.wait_until_settled::<TargetNoun, _, _>(id, false, read, async |_| Ok(None)).await?;
        if follows(&found)? != after.follows {
            let (track, desired) = asked(after.follows);
            let request = self
                .aws
                .clients
                .home()
                .modify_ipam_prefix_list_resolver_target()
                .ipam_prefix_list_resolver_target_id(id)
                .track_latest_version(track)
                .set_desired_version(desired);
            retry_concurrent(&self.aws.pace, || ask("ModifyIpamPrefixListResolverTarget", request.clone().send()))
                .await?;
            self.aws.pending.allocated(id);
        }
        self.wait_until_synced(id, false).await
    }

    async fn delete(&self, id: &str, _spec: &TargetSpec) -> Result<()> {
        if self.describe(id).await?.is_some_and(|found| !found.is_going()) {
            let request = self
                .aws
                .clients
                .home()
                .delete_ipam_prefix_list_resolver_target()
                .ipam_prefix_list_resolver_target_id(id);
            match ask("DeleteIpamPrefixListResolverTarget", request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.aws.pending.released(id);
        self.aws.pace.wait_until_gone::<TargetNoun, _, _>(id, || self.describe(id)).await
    }
}
