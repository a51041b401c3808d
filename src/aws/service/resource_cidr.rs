//! Blocks of resources that are ignored, monitored again, or moved to another scope.

use crate::backend::observation::{ResourceCidr, ResourceFilter};
use crate::backend::service::{ResourceCidrId, ResourceCidrNoun, ResourceCidrRecord, ResourceCidrSpec};
use crate::ipam::{Error, Result};

use super::super::connection::Connection;
use super::super::observation::Observations;
use super::super::pending::RequestKey;
use super::super::response::{Refusal, ask, fault};
use super::super::wait::{ObjectKind, Progress, retry_concurrent, unfinished, until};
use super::keeper::AsyncKeeps;

fn record(found: ResourceCidr, found_in: String) -> ResourceCidrRecord {
    ResourceCidrRecord {
        of: ResourceCidrId { resource_id: found.resource_id, cidr: found.cidr, region: found.region },
        scope_id: found.scope_id,
        found_in,
        management: found.management,
        resource_type: found.resource_type,
        owner_id: found.owner_id,
        pool_id: found.pool_id,
    }
}

/// The requested state of a block.
#[derive(Clone, Copy)]
struct Goal<'a> {
    scope_id: &'a str,
    monitored: bool,
}

impl Goal<'_> {
    fn is_reached(self, found: &ResourceCidrRecord) -> bool {
        found.scope_id == self.scope_id && found.is_monitored() == self.monitored
    }

    /// The missing part of the requested state, in words.
    fn missing(self, found: &ResourceCidrRecord) -> String {
        let is_elsewhere = found.scope_id != self.scope_id;
        match &found.pool_id {
            Some(pool_id) if is_elsewhere => format!(
                "it is allocated from pool {pool_id}, and moves from {} to {} when that allocation is released",
                found.scope_id, self.scope_id
            ),
            _ if is_elsewhere => format!("it is still in {}", found.scope_id),
            _ => format!("it is still {}", if self.monitored { "ignored" } else { "monitored" }),
        }
    }
}

/// The error, with the state that remains after a destroy.
fn leaving(mut error: Error, left: &ResourceCidrRecord) -> Error {
    if let Error::Service(fault) = &mut error {
        let state = if left.is_monitored() { "monitored" } else { "ignored" };
        fault.message.push_str(&format!(
            " This leaves {} of {} in scope {}, {state}. To leave it like this, remove it from the state with a \
             `removed` block that has `lifecycle {{ destroy = false }}`.",
            left.of.cidr, left.of.resource_id, left.scope_id
        ));
    }
    error
}

/// The treatments of blocks of resources.
#[derive(Clone, Copy)]
pub(in crate::aws) struct ResourceCidrs<'a> {
    pub(in crate::aws) aws: &'a Connection,
}

impl ResourceCidrs<'_> {
    /// The block as the scopes of the IPAM show it.
    async fn find(&self, of: &ResourceCidrId) -> Result<Option<ResourceCidrRecord>> {
        let filter = ResourceFilter {
            resource_id: Some(of.resource_id.clone()),
            region: Some(of.region.clone()),
            within: Some(of.cidr),
            ..ResourceFilter::default()
        };
        let found = Observations { aws: self.aws }
            .resource_cidrs(&filter)
            .await?
            .into_iter()
            .find(|found| found.cidr == of.cidr);
        Ok(found.map(|found| {
            let scope_id = found.scope_id.clone();
            record(found, scope_id)
        }))
    }

    /// Waits until IPAM has found the resource, which takes minutes after its creation.
    async fn wait_until_found(&self, of: &ResourceCidrId) -> Result<ResourceCidrRecord> {
        let id = of.to_string();
        until(&self.aws.pace, unfinished(ObjectKind::of::<ResourceCidrNoun>(), &id, &id), || async move {
            Ok(match self.find(of).await? {
                Some(found) => Progress::Ready(found),
                None => {
                    Progress::Wait("no scope of the IPAM shows this CIDR of this resource in this Region".to_owned())
                }
            })
        })
        .await
    }

    async fn request(&self, found: &ResourceCidrRecord, goal: Goal<'_>) -> Result<(), Refusal> {
        let destination = Some(goal.scope_id.to_owned()).filter(|scope_id| *scope_id != found.scope_id);
        let request = self
            .aws
            .clients
            .home()
            .modify_ipam_resource_cidr()
            .resource_id(&found.of.resource_id)
            .resource_cidr(found.of.cidr.to_string())
            .resource_region(&found.of.region)
            .current_ipam_scope_id(&found.scope_id)
            .set_destination_ipam_scope_id(destination)
            .monitored(goal.monitored);
        retry_concurrent(&self.aws.pace, || ask("ModifyIpamResourceCidr", request.clone().send())).await.map(drop)
    }

    /// Waits until the block has the requested state.
    async fn wait_until_reached(&self, of: &ResourceCidrId, goal: Goal<'_>) -> Result<Option<ResourceCidrRecord>> {
        let id = of.to_string();
        until(&self.aws.pace, unfinished(ObjectKind::of::<ResourceCidrNoun>(), &id, &id), || async move {
            Ok(match self.find(of).await? {
                Some(found) if !goal.is_reached(&found) => Progress::Wait(goal.missing(&found)),
                found => Progress::Ready(found),
            })
        })
        .await
    }

    /// Requests the treatment once, however often this is called until it is complete. The original scope is remembered
    /// in the meantime.
    async fn treat(&self, spec: &ResourceCidrSpec, key: &RequestKey) -> Result<ResourceCidrRecord> {
        let found = self.wait_until_found(&spec.of).await?;
        let begun = self.aws.pending.begun(key);
        let found_in = begun.clone().unwrap_or_else(|| found.scope_id.clone());
        let scope_id = spec.scope_id.as_deref().unwrap_or(&found_in);
        let goal = Goal { scope_id, monitored: spec.monitored };
        if begun.is_none() && !goal.is_reached(&found) {
            self.request(&found, goal).await?;
            self.aws.pending.begin(key, &found_in);
        }
        match self.wait_until_reached(&spec.of, goal).await? {
            Some(found) => Ok(ResourceCidrRecord { found_in, ..found }),
            None => Err(fault("GetIpamResourceCidrs", "ResourceGone", format!("{} is gone", spec.of)).into()),
        }
    }

    /// Monitors the block again in its present scope, because it cannot return to its original one. Returns the error.
    async fn restore_partly(&self, found: ResourceCidrRecord, refusal: Refusal) -> Error {
        let here = Goal { scope_id: &found.scope_id, monitored: true };
        if !here.is_reached(&found) && refusal.is_certain() {
            let asked = self.request(&found, here).await;
            tracing::debug!(?asked, "monitored again where it is");
        }
        let left = self.find(&found.of).await.ok().flatten().unwrap_or(found);
        leaving(refusal.into(), &left)
    }
}

/// # Errors
/// Fails if the text is not such an ID.
fn id_of(id: &str) -> Result<ResourceCidrId> {
    Ok(id.parse().map_err(|why: String| fault("GetIpamResourceCidrs", "InvalidResourceCidrId", why))?)
}

impl AsyncKeeps<ResourceCidrNoun> for ResourceCidrs<'_> {
    async fn create(&self, spec: &ResourceCidrSpec) -> Result<ResourceCidrRecord> {
        let key = RequestKey::new(ObjectKind::of::<ResourceCidrNoun>(), &spec.of.to_string(), "");
        let done = self.treat(spec, &key).await;
        self.aws.pending.finished(&key, &done);
        done
    }

    async fn get(&self, id: &str) -> Result<Option<ResourceCidrRecord>> {
        self.find(&id_of(id)?).await
    }

    async fn list(&self) -> Result<Vec<ResourceCidrRecord>> {
        let all = Observations { aws: self.aws }.resource_cidrs(&ResourceFilter::default()).await?.into_iter();
        let here = |found: ResourceCidr| {
            let scope_id = found.scope_id.clone();
            record(found, scope_id)
        };
        Ok(all.map(here).collect())
    }

    async fn update(
        &self,
        _id: &str,
        _before: &ResourceCidrSpec,
        after: &ResourceCidrSpec,
    ) -> Result<ResourceCidrRecord> {
        self.create(after).await
    }

    /// Monitors the block again in its original scope, as far as that is possible.
    async fn delete(&self, _id: &str, spec: &ResourceCidrSpec) -> Result<()> {
        let Some(found) = self.find(&spec.of).await? else { return Ok(()) };
        let scope_id = spec.original_scope_id.as_deref().unwrap_or(&found.scope_id);
        let goal = Goal { scope_id, monitored: true };
        if goal.is_reached(&found) {
            return Ok(());
        }
        let key = RequestKey::new(ObjectKind::of::<ResourceCidrNoun>(), &spec.of.to_string(), "restored");
        if self.aws.pending.begun(&key).is_none() {
            if let Err(refusal) = self.request(&found, goal).await {
                return Err(self.restore_partly(found, refusal).await);
            }
            self.aws.pending.begin(&key, scope_id);
        }
        let done = self.wait_until_reached(&spec.of, goal).await.map(drop);
        self.aws.pending.finished(&key, &done);
        done
    }
}
