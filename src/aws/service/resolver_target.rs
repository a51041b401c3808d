//! Prefix lists that follow a resolver.

use std::time::Instant;

use aws_sdk_ec2::types as ec2;

use crate::backend::service::{Follows, Keeps, TargetNoun, TargetRecord, TargetSpec};
use crate::ipam::{Error, Result};

use super::super::convert::{need, text};
use super::super::pending::request_name;
use super::super::response::{Refusal, ask, fault};
use super::super::wait::{Stateful, uncrowded};
use super::super::{AwsIpam, read, tags};

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

impl AwsIpam {
    async fn raw_target(&self, id: &str) -> Result<Option<Target>, Refusal> {
        let request =
            self.clients.home().describe_ipam_prefix_list_resolver_targets().ipam_prefix_list_resolver_target_ids(id);
        let found = request.into_paginator().items().send();
        let found = read::or_nothing(ask("DescribeIpamPrefixListResolverTargets", found.try_collect()).await)?;
        read::the_one(found, id, Target::ipam_prefix_list_resolver_target_id)
    }

    /// The version that the prefix list still has to get. Synchronization can be switched off on the prefix list. Then a
    /// target stays in a good state without the version forever, so the wait for it is limited.
    async fn awaited_version(&self, id: &str, found: &Target) -> Result<Option<String>> {
        let wanted = match follows(found)? {
            Follows::Version(version) => Some(version),
            Follows::Latest => {
                let versions = self.version_numbers(found.ipam_prefix_list_resolver_id().unwrap_or_default()).await?;
                versions.and_then(|versions| versions.last().copied())
            }
        };
        let is_there = wanted.is_none() || found.last_synced_version() == wanted;
        if is_there && found.state_word() == Some("sync-complete") {
            return Ok(None);
        }
        // A target that has the version may stay in another good state.
        let patience = if is_there { self.pace.slice } else { self.pace.read_lag };
        let begins = self.pending.unseen_until(id, patience).is_some_and(|until| Instant::now() < until);
        Ok(begins.then(|| match wanted {
            Some(version) => format!("version {version} is not in the prefix list yet"),
            None => "the resolver has no version yet".to_owned(),
        }))
    }

    /// Waits until the prefix list has the version, or AWS has reported why it does not.
    async fn synced_target(&self, id: &str, new: bool) -> Result<TargetRecord> {
        let waits_for = async |found: &Target| self.awaited_version(id, found).await;
        let read = || self.raw_target(id);
        let (found, failure) = self.pace.rested::<TargetNoun, _, _>(id, new, read, waits_for).await?;
        record(&found, failure)
    }

    async fn begin_target(&self, spec: &TargetSpec, token: String) -> Result<String, Refusal> {
        let (track, desired) = asked(spec.follows);
        let request = self
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
        self.pending.allocated(&id);
        Ok(id)
    }

    /// Requests another version if the wished version has changed. A repeated call only waits.
    async fn change_target(&self, id: &str, before: &TargetSpec, after: &TargetSpec) -> Result<TargetRecord> {
        self.retag(&self.clients.home(), id, &before.tags, &after.tags).await?;
        let read = || self.raw_target(id);
        let (found, _) = self.pace.rested::<TargetNoun, _, _>(id, false, read, async |_| Ok(None)).await?;
        if follows(&found)? != after.follows {
            let (track, desired) = asked(after.follows);
            let request = self
                .clients
                .home()
                .modify_ipam_prefix_list_resolver_target()
                .ipam_prefix_list_resolver_target_id(id)
                .track_latest_version(track)
                .set_desired_version(desired);
            uncrowded(&self.pace, || ask("ModifyIpamPrefixListResolverTarget", request.clone().send())).await?;
            self.pending.allocated(id);
        }
        self.synced_target(id, false).await
    }

    async fn drop_target(&self, id: &str) -> Result<()> {
        if self.raw_target(id).await?.is_some_and(|found| !found.is_going()) {
            let request =
                self.clients.home().delete_ipam_prefix_list_resolver_target().ipam_prefix_list_resolver_target_id(id);
            match ask("DeleteIpamPrefixListResolverTarget", request.send()).await {
                Err(refusal) if !refusal.is_not_found() => return Err(refusal.into()),
                _ => {}
            }
        }
        self.pending.released(id);
        self.pace.vanished::<TargetNoun, _, _>(id, || self.raw_target(id)).await
    }
}

/// The values of `TrackLatestVersion` and `DesiredVersion`, of which AWS accepts only one.
fn asked(follows: Follows) -> (bool, Option<i64>) {
    match follows {
        Follows::Latest => (true, None),
        Follows::Version(version) => (false, Some(version)),
    }
}

impl Keeps<TargetNoun> for AwsIpam {
    fn create(&self, spec: &TargetSpec) -> Result<TargetRecord> {
        let key = request_name(spec);
        let begin = |token| self.begin_target(spec, token);
        let finish = |id: String| async move { self.synced_target(&id, true).await };
        self.run(self.make::<TargetNoun, _, _>(&spec.resolver_id, &key, begin, finish))
    }

    fn get(&self, id: &str) -> Result<Option<TargetRecord>> {
        self.run(async {
            let found = self.raw_target(id).await?.filter(|found| !found.is_going());
            found.map(|found| record(&found, None)).transpose()
        })
    }

    fn list(&self) -> Result<Vec<TargetRecord>> {
        self.run(async {
            let request = self.clients.home().describe_ipam_prefix_list_resolver_targets().into_paginator();
            let found: Vec<_> =
                ask("DescribeIpamPrefixListResolverTargets", request.items().send().try_collect()).await?;
            found.iter().filter(|found| !found.is_going()).map(|found| record(found, None)).collect()
        })
    }

    fn update(&self, id: &str, before: &TargetSpec, after: &TargetSpec) -> Result<TargetRecord> {
        self.run(self.change_target(id, before, after))
    }

    fn delete(&self, id: &str, _: &TargetSpec) -> Result<()> {
        self.run(self.drop_target(id))
    }
}
