//! The space that the rules of a pool reserve: some CIDRs, and addresses at both ends of every CIDR of the pool.
//!
//! Reserved space is not stored: it follows from the pool and its CIDRs. No new object gets addresses there. An object
//! that has such addresses already keeps them, because a rule applies to what comes after it.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::ipam::space::{blocks, free};
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Cidr, Error, Ledger, Pool, Result, RuleName, Rules, State};
use crate::store::Snapshot;

impl Rules {
    /// Whether the rules reserve any space.
    pub fn has_reserved(&self) -> bool {
        !self.reserved_cidrs.is_empty() || self.has_reserved_ends()
    }

    /// The same rules without reserved space.
    pub fn without_reserved(&self) -> Self {
        Self { reserved_cidrs: BTreeSet::new(), reserve_first: 0, reserve_last: 0, ..self.clone() }
    }

    const fn has_reserved_ends(&self) -> bool {
        self.reserve_first > 0 || self.reserve_last > 0
    }

    /// The reserved blocks at the ends of a CIDR of the pool, with the rule that reserves each.
    fn ends_of(&self, whole: &Cidr) -> Vec<(Cidr, RuleName)> {
        let (first, last) = (whole.first(), whole.last());
        let mut ends = Vec::new();
        let mut add = |count: u32, rule: RuleName| {
            // The number of reserved addresses besides the outermost one.
            let Some(others) = count.checked_sub(1).map(u128::from) else { return };
            let others = others.min(last - first);
            let range = match rule {
                RuleName::ReserveLast => (last - others, last),
                _ => (first, first + others),
            };
            ends.extend(
                blocks::range_to_cidrs(whole.family(), range.0, range.1).into_iter().map(|block| (block, rule)),
            );
        };
        add(self.reserve_first, RuleName::ReserveFirst);
        add(self.reserve_last, RuleName::ReserveLast);
        ends
    }
}

/// A reserved block of a pool that shares addresses with `block`, and the rule that reserves it.
pub(in crate::ipam) fn over(
    snapshot: &mut dyn Snapshot,
    pool: &Pool,
    block: &Cidr,
) -> Result<Option<(Cidr, RuleName)>> {
    if let Some(cidr) = pool.rules.reserved_cidrs.iter().find(|cidr| cidr.overlaps(block)) {
        return Ok(Some((*cidr, RuleName::ReservedCidrs)));
    }
    if !pool.rules.has_reserved_ends() {
        return Ok(None);
    }
    let Some(around) = free::provisioned_around(snapshot, &pool.meta.id, block)? else { return Ok(None) };
    Ok(pool.rules.ends_of(&around.cidr).into_iter().find(|(end, _)| end.overlaps(block)))
}

impl Ledger<'_> {
    /// Checks that a block that a new object asks for is not reserved. An object that is restored had its block before.
    ///
    /// # Errors
    /// Returns [`Error::Reserved`].
    pub(in crate::ipam) fn require_unreserved(&mut self, pool: &Pool, block: &Cidr) -> Result<()> {
        let found = if self.env.restoring { None } else { over(self.tx, pool, block)? };
        let Some((reserved, rule)) = found else { return Ok(()) };
        if free::provisioned_around(self.tx, &pool.meta.id, block)?.is_none() {
            // The block is outside the pool, which is another error.
            return Ok(());
        }
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        Err(Error::Reserved { cidr: *block, pool_id, pool_name, reserved, rule })
    }
}

/// All reserved blocks in the CIDRs of a pool, as few and as large as possible, sorted by address. CIDRs that are only
/// planned do not count, except in a planned pool.
pub(in crate::ipam) fn all(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<Vec<Cidr>> {
    if !pool.rules.has_reserved() {
        return Ok(Vec::new());
    }
    let mut reserved = Vec::new();
    for pool_cidr in codec::pool_cidrs(snapshot, &pool.meta.id)? {
        if pool_cidr.meta.state == State::Active || pool.meta.state == State::Planned {
            reserved.extend(within(&pool.rules, &pool_cidr.cidr));
        }
    }
    Ok(blocks::merge(reserved))
}

/// The reserved blocks in one CIDR of a pool.
pub(in crate::ipam) fn within(rules: &Rules, whole: &Cidr) -> Vec<Cidr> {
    let mut reserved: Vec<Cidr> = rules.ends_of(whole).into_iter().map(|(end, _)| end).collect();
    let overlapping = rules.reserved_cidrs.iter().filter(|cidr| cidr.overlaps(whole));
    reserved.extend(overlapping.map(|cidr| if cidr.contains(whole) { *whole } else { *cidr }));
    blocks::merge(reserved)
}

/// The number of free addresses that are reserved.
pub(in crate::ipam) fn count_free(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<BigUint> {
    let mut sum = BigUint::ZERO;
    for block in all(snapshot, pool)? {
        let taken = free::entries_over(snapshot, &keys::at_of(&pool.meta.id), &block, usize::MAX)?;
        let taken: Vec<Cidr> = taken.into_iter().map(|entry| entry.cidr).collect();
        sum += blocks::rest(&block, &taken).iter().map(Cidr::address_count).sum::<BigUint>();
    }
    Ok(sum)
}

/// The parts of a free block that are not reserved. `reserved` is disjoint and sorted by address.
pub(in crate::ipam) fn cut_out(block: &Cidr, reserved: &[Cidr]) -> Vec<Cidr> {
    let first = reserved.partition_point(|one| one.last() < block.first());
    let inside: Vec<Cidr> = reserved[first..].iter().take_while(|one| one.first() <= block.last()).copied().collect();
    blocks::rest(block, &inside)
}
