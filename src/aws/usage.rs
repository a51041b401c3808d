//! The free space of a pool, and the occupants of the rest.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::ipam::{
    Allocation, Cidr, Error, Exhausted, Occupant, Pool, ResourceType, Result, Space, Utilization, blocks,
};

use super::allocation::Allocations;
use super::pool::Pools;

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
            reserved: BigUint::ZERO,
            resting: BigUint::ZERO,
            largest_free: self.largest_free(),
            allocations: u64::try_from(self.allocations.len()).unwrap_or(u64::MAX),
            assigned_in_subtree,
            pool,
        }
    }

    pub(super) fn sum<'a>(blocks: impl IntoIterator<Item = &'a Cidr>) -> BigUint {
        blocks.into_iter().map(Cidr::address_count).sum()
    }

    /// Checks that the block is in the pool and not allocated.
    pub(super) fn require_free(&self, pool: &Pool, cidr: Cidr) -> Result<()> {
        self.require_some(pool)?;
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        if !self.provisioned.iter().any(|block| block.contains(&cidr)) {
            let provisioned = self.provisioned.iter().copied().collect();
            return Err(Error::OutsidePool { cidr, pool_id, pool_name, provisioned });
        }
        let with: Vec<_> = self.allocations.iter().filter(|one| one.cidr.overlaps(&cidr)).map(Occupant::from).collect();
        if with.is_empty() { Ok(()) } else { Err(Error::Overlap { cidr, with: first_few(with).0 }) }
    }

    /// Checks that a block of this size is free and not disallowed.
    pub(super) fn require_room(&self, pool: &Pool, netmask_length: u8, disallowed: &BTreeSet<Cidr>) -> Result<()> {
        self.require_some(pool)?;
        let has_room = |free: &[Cidr]| free.iter().any(|block| block.netmask_length() <= netmask_length);
        let allowed = blocks::subtract(self.free.iter().copied(), disallowed.iter().copied()).unwrap_or_default();
        if has_room(&allowed) {
            return Ok(());
        }
        Err(Error::PoolExhausted(Exhausted {
            kept_off: None,
            lost: None,
            pool_id: pool.meta.id.clone(),
            pool_name: pool.meta.name.clone(),
            netmask_length,
            reserved: BigUint::ZERO,
            resting: BigUint::ZERO,
            first_rest: None,
            largest_free: self.largest_free(),
            free: Self::sum(&self.free),
            disallowed: has_room(&self.free),
            draining: None,
            held: BigUint::ZERO,
            first_expiry: None,
        }))
    }

    fn require_some(&self, pool: &Pool) -> Result<()> {
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        if self.provisioned.is_empty() { Err(Error::PoolEmpty { pool_id, pool_name }) } else { Ok(()) }
    }
}

/// The first occupants, and the number of the others.
pub(super) fn first_few(occupants: Vec<Occupant>) -> (Vec<Occupant>, u64) {
    let more = u64::try_from(occupants.len().saturating_sub(NAMED)).unwrap_or(u64::MAX);
    (occupants.into_iter().take(NAMED).collect(), more)
}

impl Pools<'_> {
    pub(super) async fn allocated_space(&self, pool_id: &str) -> Result<PoolSpace> {
        let allocations = Allocations { aws: self.aws };
        Ok(PoolSpace::new(self.present_cidrs(pool_id).await?, allocations.list_in(pool_id).await?))
    }

    /// The space to report with a refusal: the occupants of `wanted`, or else the largest ones.
    ///
    /// `None` if the space cannot be read: the refusal is reported in any case.
    pub(super) async fn space(&self, pool: &Pool, wanted: Option<Cidr>) -> Option<Space> {
        let pool_space = self.allocated_space(&pool.meta.id).await.ok()?;
        let (free, largest_free) = (PoolSpace::sum(&pool_space.free), pool_space.largest_free());
        let mut holders = pool_space.allocations;
        match wanted {
            Some(wanted) => holders.retain(|one| one.cidr.overlaps(&wanted)),
            None => holders.sort_by_key(|one| (one.cidr.netmask_length(), one.cidr.first())),
        }
        let (holders, more) = first_few(holders.iter().map(Occupant::from).collect());
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        Some(Space { pool_id, pool_name, free, largest_free, holders, more })
    }

    /// The free blocks, of a pool that exists, that are not smaller than `max_netmask_length`.
    pub(super) async fn free_cidrs(
        &self,
        pool_id: &str,
        max_netmask_length: Option<u8>,
        limit: usize,
    ) -> Result<Vec<Cidr>> {
        self.require(pool_id).await?;
        let free = self.allocated_space(pool_id).await?.free.into_iter();
        let large = free.filter(|block| max_netmask_length.is_none_or(|max| block.netmask_length() <= max));
        Ok(large.take(limit).collect())
    }

    pub(super) async fn utilization(&self, pool_id: &str) -> Result<Utilization> {
        let pool = self.require(pool_id).await?;
        let pool_space = self.allocated_space(pool_id).await?;
        let allocations = Allocations { aws: self.aws };
        let mut assigned = BigUint::ZERO;
        let mut open = vec![pool_id.to_owned()];
        let all = self.list_without_cidrs().await.unwrap_or_default();
        while let Some(id) = open.pop() {
            let of_pool = if id == pool_id { pool_space.allocations.clone() } else { allocations.list_in(&id).await? };
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
