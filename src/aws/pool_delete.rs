//! Deletion of pools.

use aws_sdk_ec2::types as ec2;

use crate::ipam::{Allocation, Error, Kind, Occupant, Pool, ResourceType, Result};

use super::allocation::Allocations;
use super::pool::{Pools, unfinished};
use super::pool_cidr::PoolCidrs;
use super::response::{ask, fault};
use super::usage::first_few;
use super::wait::{Progress, retry_concurrent, until};

impl Pools<'_> {
    pub(super) async fn delete(&self, id: &str, cascade: bool) -> Result<()> {
        use ec2::IpamPoolState as State;
        let Some(found) = self.describe(id).await? else { return Ok(()) };
        if matches!(found.state(), Some(State::DeleteInProgress | State::DeleteComplete)) {
            return self.wait_until_gone(id, id).await;
        }
        let pool = self.with_cidrs(&found).await?;
        if !cascade {
            self.require_empty(&pool).await?;
            PoolCidrs { aws: self.aws }.deprovision_all(&pool).await?;
        }
        let request = self.aws.clients.home().delete_ipam_pool().ipam_pool_id(id).set_cascade(cascade.then_some(true));
        let answer = retry_concurrent(&self.aws.pace, || ask("DeleteIpamPool", request.clone().send())).await;
        match answer {
            Ok(_) => {}
            Err(refusal) if refusal.is_not_found() => {}
            Err(refusal) if refusal.is("DependencyViolation") => {
                self.require_empty(&pool).await?;
                // AWS finds contents that are no longer listed, or not yet.
                let waits_for = "AWS reports that it is not empty".to_owned();
                return Err(Error::Pending(unfinished(id, &pool.meta.name)(waits_for)));
            }
            Err(refusal) => return Err(refusal.into()),
        }
        self.wait_until_gone(id, &pool.meta.name).await
    }

    async fn wait_until_gone(&self, id: &str, name: &str) -> Result<()> {
        use ec2::IpamPoolState as State;
        until(&self.aws.pace, unfinished(id, name), || async move {
            let found = self.describe(id).await?;
            match found.as_ref().and_then(ec2::IpamPool::state) {
                None | Some(State::DeleteComplete) => Ok(Progress::Ready(())),
                Some(State::DeleteFailed) => {
                    let why = found.as_ref().and_then(ec2::IpamPool::state_message).unwrap_or("AWS gave no reason");
                    Err(fault("DeleteIpamPool", "delete-failed", why).into())
                }
                Some(state) => Ok(Progress::Wait(format!("its state is {state}"))),
            }
        })
        .await
    }

    /// Checks that the pool is empty. Waits for space that AWS holds for a resource, because AWS releases it late.
    async fn require_empty(&self, pool: &Pool) -> Result<()> {
        let id = &pool.meta.id;
        let below = self.list_without_cidrs().await.unwrap_or_default();
        let below = below.iter().filter(|child| child.source_pool_id.as_ref() == Some(id)).map(Occupant::from);
        let keeper = Allocations { aws: self.aws };
        let allocations = keeper.list_in(id).await?;
        let is_ours = |one: &&Allocation| one.resource_type == ResourceType::Custom;
        let custom = allocations.iter().filter(is_ours).filter(|one| !self.aws.pending.is_released(&one.meta.id));
        let inside: Vec<Occupant> = below.chain(custom.map(Occupant::from)).collect();
        if !inside.is_empty() {
            let (contents, more) = first_few(inside);
            let (id, name) = (id.clone(), pool.meta.name.clone());
            return Err(Error::InUse { kind: Kind::Pool, id, name, contents, more });
        }
        match allocations.first() {
            Some(held) => Err(keeper.still_held(held, "DeleteIpamPool", unfinished(id, &pool.meta.name))),
            None => Ok(()),
        }
    }
}
