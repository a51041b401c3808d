//! Blocks that allocations by size avoid in a pool that divides the space of an existing VPC.
//!
//! Either the VPC was created with the block of the pool, or the pool was created with the block of the VPC to divide
//! it. If allocations avoided the whole VPC, such a pool could not allocate anything. So inside the VPC, allocations
//! avoid its subnets and any other sightings that have a block there.

use super::exclusion::{Avoided, block_in};
use super::stored::Sighted;
use super::types::Discovery;
use crate::ipam::operations::context::{LEVELS_MAX, TOO_DEEP};
use crate::ipam::storage::{codec, discovery_keys, keys};
use crate::ipam::{Cidr, Kind, Pool, PoolCidr, Provision, Result};
use crate::store::{Order, Snapshot};

/// Entries read at a time.
const PAGE: usize = 64;

impl Avoided {
    /// A block that shares addresses with `block` and that allocations by size of the pool avoid. `block` is inside
    /// `space`, which belongs entirely to the pool.
    pub(in crate::ipam) fn off(
        snapshot: &mut dyn Snapshot,
        pool: &Pool,
        block: &Cidr,
        space: &Cidr,
    ) -> Result<Option<Cidr>> {
        let Some(outer) = Self::over(snapshot, &pool.scope_id, block)? else { return Ok(None) };
        // The space of a pool that plans a VPC is inside the VPC.
        if !outer.contains(space) || !plans(snapshot, pool, &outer)? {
            return Ok(Some(outer));
        }
        Ok(inside(snapshot, pool, &outer, block, 1)?.first().and_then(|sighted| sighted.resource.cidr))
    }

    /// A few of the sightings because of which allocations of the pool avoid the block.
    pub(in crate::ipam) fn because(
        snapshot: &mut dyn Snapshot,
        pool: &Pool,
        block: &Cidr,
        limit: usize,
    ) -> Result<Vec<Sighted>> {
        let Some(outer) = Self::over(snapshot, &pool.scope_id, block)? else { return Ok(Vec::new()) };
        if plans(snapshot, pool, &outer)? {
            return inside(snapshot, pool, &outer, block, limit);
        }
        Self::sightings(snapshot, &pool.scope_id, &outer, block, limit)
    }
}

/// Whether a pool, or a pool above it, is the plan of the VPC with this block.
fn plans(snapshot: &mut dyn Snapshot, pool: &Pool, vpc: &Cidr) -> Result<bool> {
    let mut at = Some(pool.clone());
    for _ in 0..LEVELS_MAX {
        let Some(pool) = at else { return Ok(false) };
        let key = keys::provisioned(&pool.meta.id, vpc.family(), vpc.first());
        let entry = codec::read::<codec::BlockEntry>(snapshot, &key)?.filter(|entry| entry.cidr == *vpc);
        if let Some(entry) = entry {
            let pool_cidr = codec::expect(snapshot, &entry.id)?;
            if is_meant(snapshot, &pool, &pool_cidr)? {
                return Ok(true);
            }
        }
        at = pool.source_pool_id.map(|id| codec::expect(snapshot, &id)).transpose()?;
    }
    Err(codec::corrupt(&keys::record(Kind::Pool, &pool.meta.id), TOO_DEEP))
}

/// Whether a pool has the block of a VPC intentionally: the block was requested by its CIDR, or the pool existed before
/// the VPC. A pool that was placed there by size later has the block by chance.
fn is_meant(snapshot: &mut dyn Snapshot, pool: &Pool, pool_cidr: &PoolCidr) -> Result<bool> {
    let is_named = if pool_cidr.inline {
        matches!(pool.provision, Provision::Cidrs(_))
    } else {
        pool_cidr.meta.name == pool_cidr.cidr.to_string()
    };
    if is_named {
        return Ok(true);
    }
    let range = keys::under(&discovery_keys::avoiding_at(&pool.scope_id, &pool_cidr.cidr));
    for (key, _) in snapshot.scan(keys::range(&range), Order::Ascending, PAGE)? {
        if Sighted::of_index(snapshot, &key)?.first_seen <= pool_cidr.meta.created_at {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The sightings inside a VPC that share addresses with `block`: those that contain it, else those inside it.
fn inside(snapshot: &mut dyn Snapshot, pool: &Pool, vpc: &Cidr, block: &Cidr, limit: usize) -> Result<Vec<Sighted>> {
    let mut found = Vec::new();
    for length in vpc.netmask_length() + 1..=block.netmask_length() {
        let around = Cidr::around(block.family(), block.first(), length);
        let (start, end) = keys::under(&discovery_keys::seen_at(&around));
        collect(snapshot, pool, vpc, (start, end), limit, &mut found)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let start = discovery_keys::seen_from(block.family(), block.first());
    let end = discovery_keys::seen_from(block.family(), block.last()) + "\u{7f}";
    collect(snapshot, pool, vpc, (start, end), limit, &mut found)?;
    Ok(found)
}

/// Selects the sightings of index entries that count: in the scope, smaller than the VPC, not ignored, and of a
/// discovery with `avoided`.
fn collect(
    snapshot: &mut dyn Snapshot,
    pool: &Pool,
    vpc: &Cidr,
    (mut start, end): (String, String),
    limit: usize,
    found: &mut Vec<Sighted>,
) -> Result<()> {
    loop {
        let page = snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
        for (key, _) in &page {
            start = keys::after(key);
            if block_in(key)?.netmask_length() <= vpc.netmask_length() {
                continue;
            }
            let sighted = Sighted::of_index(snapshot, key)?;
            if sighted.ignored || sighted.scope_id != pool.scope_id {
                continue;
            }
            let discovery: Discovery = codec::expect(snapshot, &sighted.discovery_id)?;
            if discovery.survey.avoided {
                found.push(sighted);
            }
            if found.len() == limit {
                return Ok(());
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
    }
}
