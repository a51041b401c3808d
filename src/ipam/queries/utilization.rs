//! Utilization of a pool, and previews of the blocks that it would allocate next.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::ipam::operations::allocation::size_request;
use crate::ipam::space::placement::{BlockRequest, KeepOff};
use crate::ipam::space::{free, reserved};
use crate::ipam::storage::{codec, counters, keys};
use crate::ipam::{Cidr, Error, Ledger, Reader, Result, Size, Utilization};
use crate::store::{Order, Overlay};

/// Free blocks read at a time.
const PAGE: usize = 1024;

impl Reader<'_> {
    /// Utilization of a pool, in addresses: used + held + free = provisioned, exactly. CIDRs that are only planned do
    /// not count, except in a planned pool.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`].
    pub fn utilization(&mut self, pool_id: &str) -> Result<Utilization> {
        let pool: crate::ipam::Pool = codec::require(self.snapshot, pool_id)?;
        let sums = counters::read(self.snapshot, pool_id)?;
        let largest_free = self.largest_free(&pool)?;
        let assigned = self.assigned_below(pool_id, sums.assigned.clone())?;
        let reserved = reserved::count_free(self.snapshot, &pool)?;
        let resting = self.count_resting(&pool)?;
        let all = Utilization { reserved, resting, ..sums.utilization(pool, largest_free, assigned) };
        self.without_planned(all)
    }

    /// The number of addresses of a pool that rest.
    pub(in crate::ipam) fn count_resting(&mut self, pool: &crate::ipam::Pool) -> Result<BigUint> {
        Ok(self.resting(pool)?.iter().map(|one| one.cidr.address_count()).sum())
    }

    pub(in crate::ipam) fn largest_free(&mut self, pool: &crate::ipam::Pool) -> Result<Option<Cidr>> {
        let planned = self.planned_cidrs(pool)?;
        if planned.is_empty() && !reserved::any(self.snapshot, pool)? {
            return free::largest(self.snapshot, &pool.meta.id, pool.address_family);
        }
        let free = self.free_cidrs(&pool.meta.id, None, usize::MAX)?;
        Ok(free.into_iter().min_by_key(Cidr::netmask_length))
    }

    /// The sum of `assigned` and of the same number of every pool below.
    fn assigned_below(&mut self, pool_id: &str, assigned: BigUint) -> Result<BigUint> {
        let mut sum = assigned;
        let mut seen = BTreeSet::from([pool_id.to_owned()]);
        let mut open = vec![pool_id.to_owned()];
        while let Some(parent) = open.pop() {
            let range = keys::under(&keys::children_of(&parent));
            for (key, _) in self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)? {
                let child = keys::tail(&key).to_owned();
                if !seen.insert(child.clone()) {
                    return Err(codec::corrupt(&key, "a damaged record: the pool is inside itself"));
                }
                sum += counters::read(self.snapshot, &child)?.assigned;
                open.push(child);
            }
        }
        Ok(sum)
    }

    /// Free blocks of a pool that are not reserved, by address, at most `limit`, no smaller than `max_netmask_length`.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`].
    pub fn free_cidrs(&mut self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>> {
        let pool = codec::require::<crate::ipam::Pool>(self.snapshot, pool_id)?;
        let (family, planned) = (pool.address_family, self.planned_cidrs(&pool)?);
        let is_provisioned = |block: &Cidr| !planned.iter().any(|planned| planned.cidr.contains(block));
        let reserved = reserved::all(self.snapshot, &pool)?;
        let is_large = |block: &Cidr| max_netmask_length.is_none_or(|max| block.netmask_length() <= max);
        let smallest = family.bits().saturating_sub(max_netmask_length.unwrap_or(family.bits()));
        let mut start = keys::free_level(pool_id, smallest);
        let (_, end) = keys::under(&keys::free_of(pool_id));
        // The index is sorted by size first, so the lowest addresses of all sizes are known only at the end.
        let mut lowest = BTreeSet::new();
        loop {
            let entries = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            let blocks = entries.iter().filter_map(|(key, _)| keys::free_block(key, family));
            let unreserved = blocks.filter(is_provisioned).flat_map(|block| reserved::cut_out(&block, &reserved));
            lowest.extend(unreserved.filter(is_large));
            while lowest.len() > limit {
                lowest.pop_last();
            }
            match entries.last() {
                Some((last, _)) if entries.len() == PAGE => start = keys::after(last),
                _ => return Ok(lowest.into_iter().collect()),
            }
        }
    }

    /// Up to `count` disjoint blocks that are free now, as successive allocations of that size would get them. Without
    /// a netmask length, the default of the pool is used.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`], [`Error::NoSize`], [`Error::NetmaskRule`] or [`Error::NetmaskRange`].
    pub fn preview_next(
        &mut self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>> {
        let pool = self.pool(pool_id)?;
        let wanted = size_request(netmask_length.map_or(Size::Default, Size::NetmaskLength), &pool)?;
        let disallowed = disallowed.iter().copied().collect();
        let ask = BlockRequest {
            family: pool.address_family,
            netmask_length: wanted.netmask_length(),
            strategy: pool.strategy,
            disallowed: &disallowed,
            keep_off: KeepOff::Always(&pool),
        };
        let mut dry_run = Overlay::new(&mut *self.snapshot);
        let mut ledger = Ledger::new(&mut dry_run, self.env.reborrow());
        let mut blocks = Vec::new();
        while blocks.len() < count {
            let block = match ledger.allocate_block(&pool, &ask) {
                Ok(block) => block,
                Err(Error::PoolExhausted { .. } | Error::PoolEmpty { .. }) => break,
                Err(error) => return Err(error),
            };
            if let Some(within) = free::provisioned_around(ledger.tx, pool_id, &block)? {
                free::take(ledger.tx, pool_id, &block, &within.cidr)?;
            }
            blocks.push(block);
        }
        Ok(blocks)
    }
}
