//! Aggregates: the blocks of contiguous allocation sets. The free space of an aggregate is kept for the members of its set.
//!
//! An aggregate has no record of its own: every member, also one that is only planned, names it
//! ([`Allocation::aggregate`](crate::ipam::Allocation::aggregate)) and has an entry in the index of aggregates. So it is
//! there as long as one of its members is. While a plan lets it grow, there are entries of the old block and of the new
//! one around it, which are of the same set. Two aggregates of different sets share no address.

use std::collections::BTreeSet;

use crate::ipam::storage::codec::{self, BlockEntry};
use crate::ipam::storage::{counters, keys};
use crate::ipam::{Allocation, Cidr, Kind, Ledger, Result};
use crate::store::{Order, Snapshot};

/// The smallest block that contains both.
pub(in crate::ipam) fn around(a: &Cidr, b: &Cidr) -> Cidr {
    let mut netmask_length = a.netmask_length().min(b.netmask_length());
    while !a.resized(netmask_length).contains(b) && netmask_length > 0 {
        netmask_length -= 1;
    }
    a.resized(netmask_length)
}

/// Whether both are of one set: one of them contains the other.
fn is_of_one_set(entry: &BlockEntry, own: Option<&Cidr>) -> bool {
    own.is_some_and(|own| own.overlaps(&entry.cidr))
}

/// An entry of an aggregate that shares addresses with `block`, except for those of the set with the aggregate `own`.
pub(in crate::ipam) fn over(
    snapshot: &mut dyn Snapshot,
    pool_id: &str,
    block: &Cidr,
    own: Option<&Cidr>,
) -> Result<Option<BlockEntry>> {
    over_but(snapshot, pool_id, block, own, &BTreeSet::new())
}

/// [`over`] without these aggregates.
fn over_but(
    snapshot: &mut dyn Snapshot,
    pool_id: &str,
    block: &Cidr,
    own: Option<&Cidr>,
    gone: &BTreeSet<Cidr>,
) -> Result<Option<BlockEntry>> {
    let counts = |entry: &BlockEntry| !is_of_one_set(entry, own) && !gone.contains(&entry.cidr);
    let at = |first: u128| keys::aggregates_at(pool_id, block.family(), first);
    // Aggregates that begin in the block.
    let (mut start, (_, end)) = (at(block.first()), keys::under(&at(block.last())));
    while let Some(entry) = next(snapshot, &start, &end, Order::Ascending)? {
        if counts(&entry) {
            return Ok(Some(entry));
        }
        (_, start) = keys::under(&keys::aggregates_of_block(pool_id, &entry.cidr));
    }
    // Aggregates that begin before the block. One that has addresses of it contains it, and all entries between its
    // beginning and the block. So the search goes from each entry to the beginning of the smallest block around both.
    let (prefix, mut bound) = (keys::aggregates_of(pool_id), at(block.first()));
    while let Some(entry) = next(snapshot, &prefix, &bound, Order::Descending)? {
        if entry.cidr.contains(block) && counts(&entry) {
            return Ok(Some(entry));
        }
        let beginning = around(&entry.cidr, block).first();
        bound = match beginning {
            _ if entry.cidr.contains(block) => keys::aggregates_of_block(pool_id, &entry.cidr),
            // The largest aggregate at an address is the last one there.
            _ if beginning == entry.cidr.first() => at(beginning),
            _ => keys::under(&at(beginning)).1,
        };
    }
    Ok(None)
}

fn next(snapshot: &mut dyn Snapshot, start: &str, end: &str, order: Order) -> Result<Option<BlockEntry>> {
    let entries = snapshot.scan(start..end, order, 1)?;
    entries.first().map(|(key, bytes)| codec::decode(key, bytes)).transpose()
}

/// Whether a pool has any aggregate. Reads the sums of the pool, which a request for space needs in any case.
pub(in crate::ipam) fn any(snapshot: &mut dyn Snapshot, pool_id: &str) -> Result<bool> {
    Ok(counters::read(snapshot, pool_id)?.contiguous != num_bigint::BigUint::ZERO)
}

/// The aggregates of a pool.
pub(in crate::ipam) fn all(snapshot: &mut dyn Snapshot, pool_id: &str) -> Result<Vec<Cidr>> {
    let (mut start, end) = keys::under(&keys::aggregates_of(pool_id));
    let mut all = Vec::new();
    while let Some(entry) = next(snapshot, &start, &end, Order::Ascending)? {
        (_, start) = keys::under(&keys::aggregates_of_block(pool_id, &entry.cidr));
        all.push(entry.cidr);
    }
    Ok(all)
}

/// The pools that have aggregates, as keys name them.
pub(in crate::ipam) fn pools(snapshot: &mut dyn Snapshot) -> Result<BTreeSet<String>> {
    let (mut start, end) = keys::under(keys::AGGREGATES);
    let mut pools = BTreeSet::new();
    loop {
        let entries = snapshot.scan(&start..&end, Order::Ascending, 1)?;
        let Some((key, _)) = entries.first() else { return Ok(pools) };
        let pool = keys::second(key).to_owned();
        (_, start) = keys::under(&format!("{}{pool}/", keys::AGGREGATES));
        pools.insert(pool);
    }
}

impl Ledger<'_> {
    /// The aggregates of a pool all of whose members the same apply releases.
    pub(in crate::ipam) fn aggregates_given_up(&mut self, pool_id: &str) -> Result<BTreeSet<Cidr>> {
        let given_up: BTreeSet<String> =
            self.given_up.iter().filter(|one| one.cidr.is_none()).map(|one| one.id.clone()).collect();
        let mut all = BTreeSet::new();
        for id in &given_up {
            let Some(Kind::Allocation) = Kind::of_id(id) else { continue };
            let found = codec::live::<Allocation>(self.tx, id)?.filter(|found| found.pool_id == pool_id);
            all.extend(found.and_then(|found| found.aggregate));
        }
        let mut gone = BTreeSet::new();
        for block in all {
            let range = keys::under(&keys::aggregates_of_block(pool_id, &block));
            let members = self.tx.scan(keys::range(&range), Order::Ascending, usize::MAX)?;
            if codec::ids_of_entries(&members)?.iter().all(|id| given_up.contains(id)) {
                gone.insert(block);
            }
        }
        Ok(gone)
    }

    /// An aggregate of another set that has addresses of `block`. Aggregates of holds that may be reclaimed make way, and
    /// those that the same apply releases do not count.
    pub(in crate::ipam) fn clear_aggregates(
        &mut self,
        pool_id: &str,
        block: &Cidr,
        own: Option<&Cidr>,
    ) -> Result<Option<BlockEntry>> {
        let (mut last, gone) = (None, self.aggregates_given_up(pool_id)?);
        loop {
            let Some(entry) = over_but(self.tx, pool_id, block, own, &gone)? else { return Ok(None) };
            let member: Allocation = codec::expect(self.tx, &entry.id)?;
            if !self.env.is_reclaimable(&member.meta) {
                return Ok(Some(entry));
            }
            if last.as_ref() == Some(&entry) {
                return Err(codec::corrupt(&entry.id, "a damaged record: it was released, but is still listed"));
            }
            self.lapse_allocation(&member)?;
            last = Some(entry);
        }
    }
}
