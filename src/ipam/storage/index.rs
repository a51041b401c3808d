//! Bookkeeping: writes a record together with all index entries and sums that follow from it.
//!
//! The functions named `entries_of_*` are the only definition of these entries; the audit compares the store with the
//! same functions. Free space and sums change by the difference between the record before and after.

use crate::ipam::space::free;
use crate::ipam::storage::codec::{self, BlockEntry, Record};
use crate::ipam::storage::counters::{self, Counters};
use crate::ipam::storage::{discovery_keys, keys, names};
use crate::ipam::{Allocation, Cidr, Meta, Pool, PoolCidr, Result, Scope, State};
use crate::store::Tx;

/// Keys and values that stand for a record.
pub(in crate::ipam) type Entries = Vec<(String, Vec<u8>)>;

pub(in crate::ipam) fn record_entry<R: Record>(record: &R) -> Result<Entries> {
    Ok(vec![(keys::record(R::KIND, &record.meta().id), codec::encode(record)?)])
}

/// Entries of a hold in the expiry index, or of a lapsed hold in the index of lapsed holds.
fn hold_entries<R: Record>(record: &R, expiry_container: &str, lapsed_container: &str, entries: &mut Entries) {
    let Meta { id, state, hold_expires_at, updated_at, .. } = record.meta();
    match (state, hold_expires_at) {
        (State::Planned, Some(expiry)) if !record.meta().is_resting => {
            entries.push((keys::expiry(expiry_container, *expiry, keys::kind_word(R::KIND), id), Vec::new()));
        }
        (State::Lapsed, _) => {
            entries.push((keys::lapsed(lapsed_container, *updated_at, R::KIND, id), Vec::new()));
        }
        _ => {}
    }
}

pub(in crate::ipam) fn entries_of_scope(scope: &Scope) -> Result<Entries> {
    let mut entries = record_entry(scope)?;
    hold_entries(scope, keys::ROOT, keys::ROOT, &mut entries);
    Ok(entries)
}

pub(in crate::ipam) fn entries_of_pool(pool: &Pool) -> Result<Entries> {
    let mut entries = record_entry(pool)?;
    if pool.meta.is_live() {
        entries.push((keys::child(pool.container(), &pool.meta.id), Vec::new()));
        entries.push((keys::pool_named(&pool.meta.name, &pool.meta.id), Vec::new()));
    }
    hold_entries(pool, pool.container(), pool.container(), &mut entries);
    Ok(entries)
}

pub(in crate::ipam) fn entries_of_pool_cidr(pool_cidr: &PoolCidr, pool: &Pool) -> Result<Entries> {
    let mut entries = record_entry(pool_cidr)?;
    let PoolCidr { meta, pool_id, cidr, .. } = pool_cidr;
    if meta.is_live() && !pool_cidr.is_provisioned() {
        entries.push((keys::deferred(pool_id, PoolCidr::KIND, &meta.id), Vec::new()));
    }
    if pool_cidr.is_provisioned() {
        let entry = codec::encode(&BlockEntry { id: meta.id.clone(), cidr: *cidr })?;
        if pool.source_pool_id.is_none() && !pool_cidr.deferred {
            entries.push((keys::top(&pool.scope_id, cidr.family(), cidr.first()), entry.clone()));
        }
        entries.push((keys::provisioned(pool_id, cidr.family(), cidr.first()), entry));
    }
    hold_entries(pool_cidr, pool.container(), pool_id, &mut entries);
    Ok(entries)
}

pub(in crate::ipam) fn entries_of_allocation(allocation: &Allocation) -> Result<Entries> {
    let mut entries = record_entry(allocation)?;
    let Allocation { meta, pool_id, growth, .. } = allocation;
    if let Some(reserved) = allocation.reserved() {
        let entry = codec::encode(&BlockEntry { id: meta.id.clone(), cidr: reserved })?;
        entries.push((keys::at(pool_id, reserved.family(), reserved.first()), entry));
    }
    if let Some(cidr) = allocation.aggregate.filter(|_| meta.is_live()) {
        let entry = codec::encode(&BlockEntry { id: meta.id.clone(), cidr })?;
        entries.push((keys::aggregate(pool_id, &cidr, &meta.id), entry));
    }
    if meta.is_live() && (allocation.deferred || allocation.waiting_growth.is_some()) {
        entries.push((keys::deferred(pool_id, Allocation::KIND, &meta.id), Vec::new()));
    }
    if let (Some(_), Some(resource_id)) = (&allocation.imported, &allocation.resource_id) {
        entries.push((format!("{}{}", discovery_keys::imported_for(resource_id), keys::part(&meta.id)), Vec::new()));
    }
    if let (true, State::Planned, Some(end)) = (meta.is_resting, meta.state, meta.hold_expires_at) {
        let entry = codec::encode(&BlockEntry { id: meta.id.clone(), cidr: allocation.cidr })?;
        entries.push((keys::resting(pool_id, end, &meta.id), entry));
        entries.push((keys::rest_of(pool_id, &meta.owner, &meta.name, &meta.id), Vec::new()));
    }
    if let Some(end) = allocation.lifetime.expires_at()
        && meta.state == State::Active
    {
        entries.push((keys::loan(end, &meta.id), Vec::new()));
    }
    if let Some(growth) = growth {
        entries.push((keys::expiry(pool_id, growth.expires_at, keys::GROWTH, &meta.id), Vec::new()));
    }
    hold_entries(allocation, pool_id, pool_id, &mut entries);
    Ok(entries)
}

/// Replaces the entries `before` by `after`. Writes only the differences.
pub(in crate::ipam) fn swap(tx: &mut dyn Tx, before: &Entries, after: &Entries) -> Result<()> {
    for (key, _) in before {
        if !after.iter().any(|(kept, _)| kept == key) {
            tx.delete(key)?;
        }
    }
    for entry in after {
        if !before.contains(entry) {
            tx.put(&entry.0, entry.1.clone())?;
        }
    }
    Ok(())
}

fn entries_or_none<R>(record: Option<&R>, entries: impl Fn(&R) -> Result<Entries>) -> Result<Entries> {
    record.map_or_else(|| Ok(Entries::new()), entries)
}

pub(in crate::ipam) fn write_scope(tx: &mut dyn Tx, before: Option<&Scope>, after: Option<&Scope>) -> Result<()> {
    swap(tx, &entries_or_none(before, entries_of_scope)?, &entries_or_none(after, entries_of_scope)?)
}

pub(in crate::ipam) fn write_pool(tx: &mut dyn Tx, before: Option<&Pool>, after: Option<&Pool>) -> Result<()> {
    swap(tx, &entries_or_none(before, entries_of_pool)?, &entries_or_none(after, entries_of_pool)?)
}

/// Writes an allocation, and takes, returns or exchanges its space.
pub(in crate::ipam) fn write_allocation(
    tx: &mut dyn Tx,
    before: Option<&Allocation>,
    after: Option<&Allocation>,
) -> Result<()> {
    let (returned, taken) = (before.and_then(Allocation::reserved), after.and_then(Allocation::reserved));
    let pool_id = after.or(before).map_or("", |allocation| &allocation.pool_id);
    if returned != taken {
        if let Some(block) = returned {
            let within = provisioned(tx, pool_id, &block)?;
            free::give(tx, pool_id, &block, &within)?;
        }
        if let Some(block) = taken {
            let within = provisioned(tx, pool_id, &block)?;
            free::take(tx, pool_id, &block, &within)?;
        }
    }
    let share = |allocation: Option<&Allocation>| allocation.map(Counters::of).unwrap_or_default();
    counters::shift(tx, pool_id, &share(before), &share(after))?;
    swap(tx, &entries_or_none(before, entries_of_allocation)?, &entries_or_none(after, entries_of_allocation)?)
}

fn provisioned(tx: &mut dyn Tx, pool_id: &str, block: &Cidr) -> Result<Cidr> {
    let around = free::provisioned_around(tx, pool_id, block)?;
    around
        .map(|around| around.cidr)
        .ok_or_else(|| codec::corrupt(&keys::record(Pool::KIND, pool_id), &format!("{block} is not provisioned")))
}

/// Writes a pool CIDR and the space of `pool` that changes with it: provisions, deprovisions, grows or shrinks the
/// block.
///
/// # Errors
/// Returns [`Error::Store`] (corrupt) when space that is removed is not free. Callers make sure that it is.
///
/// [`Error::Store`]: crate::ipam::Error::Store
pub(in crate::ipam) fn write_pool_cidr(
    tx: &mut dyn Tx,
    pool: &Pool,
    before: Option<&PoolCidr>,
    after: Option<&PoolCidr>,
) -> Result<()> {
    let space = |record: Option<&PoolCidr>| record.filter(|record| record.is_provisioned()).map(|record| record.cidr);
    let (old, new) = (space(before), space(after));
    change_space(tx, &pool.meta.id, old, new)?;
    let share = |block: Option<Cidr>| Counters {
        provisioned: block.map(|block| block.address_count()).unwrap_or_default(),
        ..Counters::default()
    };
    counters::shift(tx, &pool.meta.id, &share(old), &share(new))?;
    let entries = |record: &PoolCidr| entries_of_pool_cidr(record, pool);
    swap(tx, &entries_or_none(before, entries)?, &entries_or_none(after, entries)?)
}

/// Replaces pool CIDRs by others that cover the same addresses or fewer of them.
///
/// # Errors
/// Returns [`Error::Store`] (corrupt) when space that is removed is not free. Callers make sure that it is, and that no
/// allocation crosses a boundary of the new blocks.
///
/// [`Error::Store`]: crate::ipam::Error::Store
pub(in crate::ipam) fn regroup_pool_cidrs(
    tx: &mut dyn Tx,
    pool: &Pool,
    before: &[PoolCidr],
    after: &[PoolCidr],
) -> Result<()> {
    let blocks = |records: &[PoolCidr]| records.iter().map(|record| record.cidr).collect::<Vec<_>>();
    let (old, new) = (blocks(before), blocks(after));
    free::regroup(tx, &pool.meta.id, &old, &new)?;
    let share =
        |blocks: &[Cidr]| Counters { provisioned: blocks.iter().map(Cidr::address_count).sum(), ..Counters::default() };
    counters::shift(tx, &pool.meta.id, &share(&old), &share(&new))?;
    let entries = |records: &[PoolCidr]| -> Result<Entries> {
        let all: Result<Vec<Entries>> = records.iter().map(|record| entries_of_pool_cidr(record, pool)).collect();
        Ok(all?.concat())
    };
    swap(tx, &entries(before)?, &entries(after)?)
}

fn change_space(tx: &mut dyn Tx, pool_id: &str, old: Option<Cidr>, new: Option<Cidr>) -> Result<()> {
    match (old, new) {
        (Some(old), Some(new)) if old == new => Ok(()),
        (Some(old), Some(new)) if new.contains(&old) => {
            let mut block = old;
            while block != new {
                free::give(tx, pool_id, &block.buddy(), &new)?;
                block = block.resized(block.netmask_length() - 1);
            }
            Ok(())
        }
        (Some(old), Some(new)) if old.contains(&new) => {
            let mut block = new;
            while block != old {
                free::take(tx, pool_id, &block.buddy(), &old)?;
                block = block.resized(block.netmask_length() - 1);
            }
            Ok(())
        }
        (old, new) => {
            if let Some(old) = old {
                free::take(tx, pool_id, &old, &old)?;
            }
            if let Some(new) = new {
                free::give(tx, pool_id, &new, &new)?;
            }
            Ok(())
        }
    }
}

/// Removes an allocation from the store with all entries that follow from it, its name included.
pub(in crate::ipam) fn remove_allocation(tx: &mut dyn Tx, allocation: &Allocation) -> Result<()> {
    names::leave(tx, allocation)?;
    write_allocation(tx, Some(allocation), None)
}

/// Removes a pool CIDR from the store, with its name and its space in the source pool.
pub(in crate::ipam) fn remove_pool_cidr(tx: &mut dyn Tx, pool: &Pool, pool_cidr: &PoolCidr) -> Result<()> {
    names::leave(tx, pool_cidr)?;
    write_pool_cidr(tx, pool, Some(pool_cidr), None)?;
    remove_source(tx, pool_cidr)
}

/// Returns the space of a pool CIDR to the source pool.
pub(in crate::ipam) fn remove_source(tx: &mut dyn Tx, pool_cidr: &PoolCidr) -> Result<()> {
    match &pool_cidr.source_allocation_id {
        Some(id) => {
            let source: Allocation = codec::expect(tx, id)?;
            remove_allocation(tx, &source)
        }
        None => Ok(()),
    }
}
