//! The free space of a pool, and the occupants of the rest.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::ipam::{Allocation, Cidr, Occupant, Pool, ResourceType, Result, Space, Utilization, blocks};

use super::AwsIpam;

/// Maximum number of occupants that a message names.
const NAMED: usize = 5;

/// The blocks of a pool, the allocations from them, and the free blocks.
pub(super) struct PoolSpace {
    pub(super) provisioned: BTreeSet<Cidr>,
    pub(super) allocations: Vec<Allocation>,
    pub(super) free: Vec<Cidr>,
}

impl PoolSpace {
    pub(super) fn new(provisioned: BTreeSet<Cidr>, allocations: Vec<Allocation>) -> Self {
        let taken: Vec<Cidr> = allocations.iter().map(|allocation| allocation.cidr).collect();
        // All blocks are of one family, so the subtraction cannot fail.
        let free = blocks::subtract(provisioned.iter().copied(), taken).unwrap_or_default();
        Self { provisioned, allocations, free }
    }

    pub(super) fn largest_free(&self) -> Option<Cidr> {
        self.free.iter().copied().min_by_key(|block| (block.netmask_length(), block.first()))
    }

    /// The utilization of the pool, given the addresses that are assigned in it and in all pools below.
    pub(super) fn utilization(&self, pool: Pool, assigned_in_subtree: BigUint) -> Utilization {
        let (provisioned, free) = (Self::sum(&self.provisioned), Self::sum(&self.free));
        Utilization {
            used: &provisioned - &free,
            provisioned,
            held: BigUint::ZERO,
            free,
            largest_free: self.largest_free(),
            allocations: u64::try_from(self.allocations.len()).unwrap_or(u64::MAX),
            assigned_in_subtree,
            pool,
        }
    }

    pub(super) fn sum<'a>(blocks: impl IntoIterator<Item = &'a Cidr>) -> BigUint {
        blocks.into_iter().map(Cidr::address_count).sum()
    }
}

/// The first occupants, and the number of the others.
pub(super) fn first_few(occupants: Vec<Occupant>) -> (Vec<Occupant>, u64) {
    let more = u64::try_from(occupants.len().saturating_sub(NAMED)).unwrap_or(u64::MAX);
    (occupants.into_iter().take(NAMED).collect(), more)
}

impl AwsIpam {
    pub(super) async fn pool_space(&self, pool_id: &str) -> Result<PoolSpace> {
        Ok(PoolSpace::new(self.present_cidrs(pool_id).await?, self.allocations_of(pool_id).await?))
    }

    /// The space to report with a refusal: the occupants of `wished`, or else the largest ones.
    ///
    /// `None` if the space cannot be read: the refusal is reported in any case.
    pub(super) async fn space(&self, pool: &Pool, wished: Option<Cidr>) -> Option<Space> {
        let pool_space = self.pool_space(&pool.meta.id).await.ok()?;
        let (free, largest_free) = (PoolSpace::sum(&pool_space.free), pool_space.largest_free());
        let mut holders = pool_space.allocations;
        match wished {
            Some(wished) => holders.retain(|one| one.cidr.overlaps(&wished)),
            None => holders.sort_by_key(|one| (one.cidr.netmask_length(), one.cidr.first())),
        }
        let (holders, more) = first_few(holders.iter().map(Occupant::from).collect());
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        Some(Space { pool_id, pool_name, free, largest_free, holders, more })
    }

    pub(super) async fn use_of(&self, pool_id: &str) -> Result<Utilization> {
        let pool = self.the_pool(pool_id).await?;
        let pool_space = self.pool_space(pool_id).await?;
        let mut assigned = BigUint::ZERO;
        let mut open = vec![pool_id.to_owned()];
        let all = self.pool_names().await.unwrap_or_default();
        while let Some(id) = open.pop() {
            let of_pool = if id == pool_id { pool_space.allocations.clone() } else { self.allocations_of(&id).await? };
            assigned += assigned_in(&of_pool);
            let below = all.iter().filter(|pool| pool.source_pool_id.as_deref() == Some(&id));
            open.extend(below.map(|pool| pool.meta.id.clone()));
        }
        Ok(pool_space.utilization(pool, assigned))
    }
}

/// The addresses in allocations that are not pools below.
pub(super) fn assigned_in(allocations: &[Allocation]) -> BigUint {
    let is_assigned = |one: &&Allocation| one.resource_type != ResourceType::IpamPool;
    PoolSpace::sum(allocations.iter().filter(is_assigned).map(|one| &one.cidr))
}
