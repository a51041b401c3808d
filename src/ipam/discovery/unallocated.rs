//! Blocks of resources that no allocation covers, each with the pool in which an allocation can cover it.

use super::evaluate::by_first;
use super::reconcile::own_tags;
use super::stored::Sighted;
use super::types::{ManagementState, ResourceCidr, ResourceFilter, SeenType};
use crate::ipam::operations::allocation::{check_length, check_tags};
use crate::ipam::space::free;
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Allocation, Cidr, Error, Family, Pool, Reader, Result, State, Tags};

/// A block of a resource that no allocation covers, and that an allocation by this block would cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unallocated {
    /// The pool of the allocation: the deepest one that contains the block.
    pub pool_id: String,
    pub cidr: Cidr,
    pub resource_id: String,
    pub resource_name: Option<String>,
    pub resource_type: SeenType,
    pub owner_id: Option<String>,
    pub region: String,
    /// The tags of the resource that an allocation may have.
    pub tags: Tags,
}

/// A block of a resource that no allocation covers, and that cannot be allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplaced {
    pub cidr: Cidr,
    pub resource_id: String,
    pub why: NoPlace,
}

/// The reason why a block cannot be allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// No pool of the scope contains the block.
    NoPool,
    /// Other objects have parts of the block, or it breaks a rule of the pool.
    Refused(Box<Error>),
}

/// An active pool with its active CIDRs.
type Position = (Pool, Vec<Cidr>);

impl Reader<'_> {
    /// Blocks of resources that pass `filter` and that no allocation covers, by scope and address. Of blocks that contain
    /// each other, only the largest is listed. With `pool_id`, only blocks for that pool.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] when there is no such pool.
    pub fn unallocated(
        &mut self,
        filter: &ResourceFilter,
        pool_id: Option<&str>,
    ) -> Result<Vec<Result<Unallocated, Unplaced>>> {
        let within = pool_id.map(|id| codec::require::<Pool>(self.snapshot, id)).transpose()?;
        let filter = ResourceFilter { management: Some(ManagementState::Unmanaged), ..filter.clone() };
        let mut found = self.resource_cidrs(&filter)?;
        found.sort_by(|a, b| order(a).cmp(&order(b)));
        let positions = self.positions()?;
        let mut listed: Vec<Result<Unallocated, Unplaced>> = Vec::new();
        // The last block that is listed: the blocks that it contains follow it.
        let mut last: Option<(String, Cidr)> = None;
        for one in found {
            if last.as_ref().is_some_and(|(scope_id, block)| *scope_id == one.scope_id && block.contains(&one.cidr)) {
                continue;
            }
            let pool = position(&positions, &one);
            if within.as_ref().is_some_and(|within| pool.is_none_or(|pool| pool.meta.id != within.meta.id)) {
                continue;
            }
            let Some(placed) = self.place(pool, &one)? else { continue };
            last = placed.is_ok().then(|| (one.scope_id.clone(), one.cidr));
            listed.push(placed);
        }
        Ok(listed)
    }

    /// The resource that has exactly this block in the scope of the pool, if an allocation of the block can be made for it:
    /// no allocation has an address of the block.
    ///
    /// # Errors
    /// Returns [`Error::Store`].
    pub fn unallocated_at(&mut self, pool_id: &str, cidr: Cidr) -> Result<Option<Unallocated>> {
        let Some(pool) = codec::load::<Pool>(self.snapshot, pool_id)? else { return Ok(None) };
        let mut seen = self.sightings_at(&cidr)?;
        seen.retain(|sighted| sighted.scope_id == pool.scope_id && !sighted.ignored);
        let is_vpc = |sighted: &Sighted| sighted.resource.resource_type == SeenType::Vpc;
        let first = seen.iter().min_by(|a, b| is_vpc(b).cmp(&is_vpc(a)).then_with(|| by_first(a, b)));
        let Some(Sighted { account_id, resource, .. }) = first else { return Ok(None) };
        let is_inside = self.active_blocks(&pool)?.iter().any(|block| block.contains(&cidr));
        if pool.meta.state != State::Active || !is_inside || !self.active_over(pool_id, &cidr)?.is_empty() {
            return Ok(None);
        }
        Ok(Some(Unallocated {
            pool_id: pool_id.to_owned(),
            cidr,
            resource_id: resource.resource_id.clone(),
            resource_name: resource.tags.get("Name").cloned(),
            resource_type: resource.resource_type,
            owner_id: resource.owner_id.clone().or_else(|| Some(account_id.clone())),
            region: resource.region.clone(),
            tags: own_tags(&resource.tags),
        }))
    }

    fn positions(&mut self) -> Result<Vec<Position>> {
        let mut pools: Vec<Pool> = Vec::new();
        self.each_record(&mut |pool: Pool| {
            if pool.meta.state == State::Active {
                pools.push(pool);
            }
            true
        })?;
        // The deepest pool that contains a block is found first.
        pools.sort_by(|a, b| (b.depth, &a.meta.id).cmp(&(a.depth, &b.meta.id)));
        let mut positions = Vec::with_capacity(pools.len());
        for pool in pools {
            let blocks = self.active_blocks(&pool)?;
            positions.push((pool, blocks));
        }
        Ok(positions)
    }

    /// The place for an allocation of the block; `None` if an allocation covers it.
    fn place(&mut self, pool: Option<&Pool>, found: &ResourceCidr) -> Result<Option<Result<Unallocated, Unplaced>>> {
        let unplaced = |why| Ok(Some(Err(Unplaced { cidr: found.cidr, resource_id: found.resource_id.clone(), why })));
        let Some(pool) = pool else { return unplaced(NoPlace::NoPool) };
        let in_the_way = self.active_over(&pool.meta.id, &found.cidr)?;
        if in_the_way.iter().any(|one| one.cidr.contains(&found.cidr)) {
            return Ok(None);
        }
        if !in_the_way.is_empty() {
            let with = self.occupants(&pool.meta.id, &found.cidr, "")?;
            return unplaced(NoPlace::Refused(Box::new(Error::Overlap { cidr: found.cidr, with })));
        }
        let tags = own_tags(&found.tags);
        if let Err(error) = check_length(found.cidr.netmask_length(), pool).and_then(|()| check_tags(&tags, pool)) {
            return unplaced(NoPlace::Refused(Box::new(error)));
        }
        Ok(Some(Ok(Unallocated {
            pool_id: pool.meta.id.clone(),
            cidr: found.cidr,
            resource_id: found.resource_id.clone(),
            resource_name: found.resource_name.clone(),
            resource_type: found.resource_type,
            owner_id: found.owner_id.clone(),
            region: found.region.clone(),
            tags,
        })))
    }

    /// The active allocations of a pool that have addresses of the block. A hold does not count: it may belong to the plan
    /// that makes this very allocation, and every other plan that it is in the way of reports it.
    fn active_over(&mut self, pool_id: &str, block: &Cidr) -> Result<Vec<Allocation>> {
        let entries = free::entries_over(self.snapshot, &keys::at_of(pool_id), block, usize::MAX)?;
        let ids: Vec<String> = entries.into_iter().map(|entry| entry.id).collect();
        let mut allocations: Vec<Allocation> = codec::expect_all(self.snapshot, &ids)?;
        allocations.retain(|allocation| allocation.meta.state == State::Active);
        Ok(allocations)
    }
}

/// By scope and address, larger blocks first, and among equal blocks the VPC first.
fn order(one: &ResourceCidr) -> (&str, Family, u128, u8, bool, &str, &str) {
    let is_not_vpc = one.resource_type != SeenType::Vpc;
    let cidr = &one.cidr;
    (&one.scope_id, cidr.family(), cidr.first(), cidr.netmask_length(), is_not_vpc, &one.resource_id, &one.region)
}

/// The pool for an allocation of the block: the deepest one that contains it, because the space of a pool is allocated in the
/// pool above it. `positions` has deeper pools first.
fn position<'a>(positions: &'a [Position], found: &ResourceCidr) -> Option<&'a Pool> {
    let contains = |(pool, blocks): &&Position| {
        pool.scope_id == found.scope_id && blocks.iter().any(|block| block.contains(&found.cidr))
    };
    positions.iter().find(contains).map(|(pool, _)| pool)
}
