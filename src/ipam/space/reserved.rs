//! Reserved space: some CIDRs and addresses at both ends of every CIDR of the pool, by the rules of a pool, and what
//! contiguous sets keep for their members ([`aggregates`]).
//!
//! What the rules reserve is not stored: it follows from the pool and its CIDRs. No new object gets addresses there. An object
//! that has such addresses already keeps them, because a rule applies to what comes after it.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::ipam::space::{aggregates, blocks, free};
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

/// A reserved block of a pool that shares addresses with `block`, and what reserves it.
pub(in crate::ipam) fn over(
    snapshot: &mut dyn Snapshot,
    pool: &Pool,
    block: &Cidr,
) -> Result<Option<(Cidr, RuleName)>> {
    over_for(snapshot, pool, block, None)
}

/// [`over`] for a member of the contiguous set with the aggregate `own`.
pub(in crate::ipam) fn over_for(
    snapshot: &mut dyn Snapshot,
    pool: &Pool,
    block: &Cidr,
    own: Option<&Cidr>,
) -> Result<Option<(Cidr, RuleName)>> {
    if let Some(found) = over_by_rules(snapshot, pool, block)? {
        return Ok(Some(found));
    }
    let found = aggregates::over(snapshot, &pool.meta.id, block, own)?;
    Ok(found.map(|found| (found.cidr, RuleName::ContiguousSet)))
}

/// [`over`] for what the rules reserve.
pub(in crate::ipam) fn over_by_rules(
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
    /// `own`: the aggregate of the set that the object is a member of.
    ///
    /// # Errors
    /// Returns [`Error::Reserved`].
    pub(in crate::ipam) fn require_unreserved(&mut self, pool: &Pool, block: &Cidr, own: Option<&Cidr>) -> Result<()> {
        if self.env.restoring {
            return Ok(());
        }
        let found = match over_by_rules(self.tx, pool, block)? {
            None => {
                let found = self.clear_aggregates(&pool.meta.id, block, own)?;
                found.map(|found| (found.cidr, RuleName::ContiguousSet))
            }
            found => found,
        };
        let Some((reserved, rule)) = found else { return Ok(()) };
        if free::provisioned_around(self.tx, &pool.meta.id, block)?.is_none() {
            // The block is outside the pool, which is another error.
            return Ok(());
        }
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        Err(Error::Reserved { cidr: *block, pool_id, pool_name, reserved, rule })
    }
}

/// Whether anything reserves space in a pool.
pub(in crate::ipam) fn any(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<bool> {
    Ok(pool.rules.has_reserved() || aggregates::any(snapshot, &pool.meta.id)?)
}

/// All reserved blocks of a pool, as few and as large as possible, sorted by address. CIDRs that are only planned do not
/// count, except in a planned pool.
pub(in crate::ipam) fn all(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<Vec<Cidr>> {
    let mut reserved = by_rules(snapshot, pool)?;
    let aggregates = aggregates::all(snapshot, &pool.meta.id)?;
    if !aggregates.is_empty() {
        for whole in provisioned(snapshot, pool)? {
            reserved.extend(inside(&aggregates, &whole));
        }
    }
    Ok(blocks::merge(reserved))
}

/// The same for what the rules reserve.
pub(in crate::ipam) fn by_rules(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<Vec<Cidr>> {
    if !pool.rules.has_reserved() {
        return Ok(Vec::new());
    }
    let reserved = provisioned(snapshot, pool)?.into_iter().flat_map(|whole| within(&pool.rules, &whole));
    Ok(blocks::merge(reserved))
}

/// The CIDRs of a pool that count.
fn provisioned(snapshot: &mut dyn Snapshot, pool: &Pool) -> Result<Vec<Cidr>> {
    let all = codec::pool_cidrs(snapshot, &pool.meta.id)?.into_iter();
    let counts = |state: State| state == State::Active || pool.meta.state == State::Planned;
    Ok(all.filter(|one| counts(one.meta.state)).map(|one| one.cidr).collect())
}

/// The parts of these blocks that are inside `whole`.
fn inside<'a>(blocks: impl IntoIterator<Item = &'a Cidr>, whole: &Cidr) -> Vec<Cidr> {
    let overlapping = blocks.into_iter().filter(|cidr| cidr.overlaps(whole));
    overlapping.map(|cidr| if cidr.contains(whole) { *whole } else { *cidr }).collect()
}

/// The reserved blocks in one CIDR of a pool.
pub(in crate::ipam) fn within(rules: &Rules, whole: &Cidr) -> Vec<Cidr> {
    let mut reserved: Vec<Cidr> = rules.ends_of(whole).into_iter().map(|(end, _)| end).collect();
    reserved.extend(inside(&rules.reserved_cidrs, whole));
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
