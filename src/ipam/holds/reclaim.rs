//! Reclaims holds whose space or name another request needs: holds that have expired, and holds that earlier runs of
//! the same owner left (see `precedence.rs`).
//!
//! A reclaimed hold lapses: its space is free, and its record stays for a week so that its owner gets an explanation. A
//! planned pool is reclaimed only together with everything in it.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::ipam::holds::standing;
use crate::ipam::space::free;
use crate::ipam::space::placement::BlockRequest;
use crate::ipam::storage::codec::{self, BlockEntry, Record};
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::{Allocation, Cidr, Error, Kind, Ledger, Pool, PoolCidr, Reader, ResourceType, Result, Scope, State};
use crate::store::Order;

/// The time for which a lapsed hold is kept.
pub(in crate::ipam) const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Number of old lapsed holds that one write removes.
pub(super) const PURGE_LIMIT: usize = 16;
/// Entries read at a time.
pub(in crate::ipam) const PAGE: usize = 256;

/// The hold behind the space of a pool below.
pub(in crate::ipam) struct Unit {
    pub(super) pool: Pool,
    /// Only this CIDR of the pool; `None`: the whole pool.
    pub(super) only: Option<PoolCidr>,
}

impl Reader<'_> {
    /// Whether an allocation is a hold, or the space of a hold, that may be reclaimed.
    fn is_reclaimable(&mut self, allocation: &Allocation) -> Result<bool> {
        match allocation.resource_type {
            ResourceType::IpamPool => Ok(self.reclaimable_unit(allocation)?.is_some()),
            _ => Ok(self.env.is_reclaimable(&allocation.meta)),
        }
    }

    /// Whether everything that has addresses of `block` in a pool is a hold that may be reclaimed.
    pub(in crate::ipam) fn is_clearable(&mut self, pool_id: &str, block: &Cidr) -> Result<bool> {
        let entries = free::entries_over(self.snapshot, &keys::at_of(pool_id), block, usize::MAX)?;
        self.are_clearable(&entries, block)
    }

    /// Whether all of these, which take addresses of `block`, are holds that may be reclaimed.
    pub(in crate::ipam) fn are_clearable(&mut self, entries: &[BlockEntry], block: &Cidr) -> Result<bool> {
        for entry in entries {
            let allocation: Allocation = codec::expect(self.snapshot, &entry.id)?;
            let only_growth = self.env.is_growth_reclaimable(&allocation) && !allocation.cidr.overlaps(block);
            if !only_growth && !self.is_reclaimable(&allocation)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The hold that the space of a pool below belongs to, if it may be reclaimed.
    fn reclaimable_unit(&mut self, allocation: &Allocation) -> Result<Option<Unit>> {
        let Some(pool_id) = &allocation.resource_id else { return Ok(None) };
        let pool: Pool = codec::expect(self.snapshot, pool_id)?;
        let Some(entry) = free::provisioned_around(self.snapshot, pool_id, &allocation.cidr)? else { return Ok(None) };
        self.reclaimable_cidr(pool, &entry.id)
    }

    pub(in crate::ipam) fn reclaimable_cidr(&mut self, pool: Pool, pool_cidr_id: &str) -> Result<Option<Unit>> {
        let pool_cidr: PoolCidr = codec::expect(self.snapshot, pool_cidr_id)?;
        if self.env.is_reclaimable(&pool_cidr.meta) && self.all_reclaimable(&pool, Some(&pool_cidr.cidr))? {
            return Ok(Some(Unit { pool, only: Some(pool_cidr) }));
        }
        if self.is_pool_reclaimable(&pool)? {
            return Ok(Some(Unit { pool, only: None }));
        }
        Ok(None)
    }

    pub(super) fn is_pool_reclaimable(&mut self, pool: &Pool) -> Result<bool> {
        let spared = self.spared.as_ref() == Some(&pool.meta.id);
        Ok(!spared && self.env.is_reclaimable(&pool.meta) && self.all_reclaimable(pool, None)?)
    }

    /// Whether everything allocated in a pool (or in one block of it) and every pool below may be reclaimed.
    pub(super) fn all_reclaimable(&mut self, pool: &Pool, within: Option<&Cidr>) -> Result<bool> {
        if within.is_none() {
            for child in self.below(pool)? {
                if !self.is_pool_reclaimable(&child)? {
                    return Ok(false);
                }
            }
            let held = |pool_cidr: &PoolCidr| !pool_cidr.inline && !self.env.is_reclaimable(&pool_cidr.meta);
            if codec::pool_cidrs(self.snapshot, &pool.meta.id)?.iter().any(held) {
                return Ok(false);
            }
        }
        let mut after = None;
        loop {
            let page = self.allocations_page(&pool.meta.id, within, after.as_deref(), PAGE)?;
            for (key, allocation) in &page {
                if !self.is_reclaimable(allocation)? {
                    return Ok(false);
                }
                after = Some(key.clone());
            }
            if page.len() < PAGE {
                return Ok(true);
            }
        }
    }
}

impl Ledger<'_> {
    /// Makes room for a claim of `block` in a pool: reclaims the holds in the way. Returns `true` when active objects
    /// have addresses of the block and the same apply releases all of them.
    ///
    /// # Errors
    /// Returns [`Error::OutsidePool`]; returns [`Error::Overlap`] with objects that may not be reclaimed.
    pub(in crate::ipam) fn clear_in_pool(&mut self, pool: &Pool, block: &Cidr) -> Result<bool> {
        self.reader().require_own_if_planned(pool)?;
        let pool_id = &pool.meta.id;
        if free::provisioned_around(self.tx, pool_id, block)?.is_none() {
            return Err(self.outside(pool, block)?);
        }
        if let Some(planned) = self.reader().planned_for_others(pool, block)? {
            if planned.meta.owner == self.env.actor.owner {
                return Err(self.outside(pool, block)?);
            }
            let with = vec![standing::occupant(self.tx, &planned)?];
            return Err(Error::Overlap { cidr: *block, with });
        }
        let (mut last, mut released) = (Vec::new(), 0);
        loop {
            let entries = free::entries_over(self.tx, &keys::at_of(pool_id), block, PAGE + released)?;
            let (waits_for, others) = self.given_up_in_pool(&entries)?;
            if others.is_empty() && entries.len() <= released {
                return self.wait_for(waits_for, pool_id, block);
            }
            released = waits_for.len();
            free::require_change(&mut last, &others)?;
            for entry in &others {
                if !self.reclaim_around(entry, block)? {
                    let with = self.others_in_pool(pool_id, block)?;
                    return Err(Error::Overlap { cidr: *block, with });
                }
            }
        }
    }

    /// The same as [`Self::clear_in_pool`] for a block of a top-level pool.
    pub(in crate::ipam) fn clear_in_scope(&mut self, scope_id: &str, block: &Cidr) -> Result<bool> {
        let prefix = keys::top_of(scope_id, block.family());
        let (mut last, mut released) = (Vec::new(), 0);
        loop {
            let entries = free::entries_over(self.tx, &prefix, block, PAGE + released)?;
            let (waits_for, others) = self.given_up_on_top(&entries)?;
            if others.is_empty() && entries.len() <= released {
                return self.wait_for(waits_for, scope_id, block);
            }
            released = waits_for.len();
            free::require_change(&mut last, &others)?;
            for entry in &others {
                // An earlier entry in this loop may have been of the same pool, and this one was reclaimed with it.
                let Some(pool_cidr) = codec::live::<PoolCidr>(self.tx, &entry.id)? else { continue };
                let pool: Pool = codec::expect(self.tx, &pool_cidr.pool_id)?;
                let Some(unit) = self.reader().reclaimable_cidr(pool, &entry.id)? else {
                    let with = self.others_on_top(scope_id, block)?;
                    return Err(Error::Overlap { cidr: *block, with });
                };
                self.lapse_unit(unit)?;
            }
        }
    }

    pub(in crate::ipam) fn outside(&mut self, pool: &Pool, block: &Cidr) -> Result<Error> {
        let planned: BTreeSet<Cidr> = self.reader().planned_cidrs(pool)?.into_iter().map(|found| found.cidr).collect();
        let prefix = keys::provisioned_of(&pool.meta.id);
        let all = Cidr::around(pool.address_family, 0, 0);
        let mut entries = free::entries_over(self.tx, &prefix, &all, standing::NAMED_IN_ERRORS + planned.len())?;
        entries.retain(|entry| !planned.contains(&entry.cidr));
        if entries.is_empty() {
            return Ok(Error::PoolEmpty { pool_id: pool.meta.id.clone(), pool_name: pool.meta.name.clone() });
        }
        Ok(Error::OutsidePool {
            cidr: *block,
            pool_id: pool.meta.id.clone(),
            pool_name: pool.meta.name.clone(),
            provisioned: entries.into_iter().map(|entry| entry.cidr).collect(),
        })
    }

    /// [`Self::reclaim_entry`] for a claim of `block`: of a rest, only that block ends.
    fn reclaim_around(&mut self, entry: &BlockEntry, block: &Cidr) -> Result<bool> {
        match codec::live::<Allocation>(self.tx, &entry.id)? {
            Some(rest) if rest.meta.is_resting && self.env.is_reclaimable(&rest.meta) => {
                self.end_rest(&rest, Some(block)).map(|()| true)
            }
            _ => self.reclaim_entry(entry),
        }
    }

    /// Reclaims the hold that has an entry in a pool; `false` when the object is not a hold or may not be reclaimed.
    pub(in crate::ipam) fn reclaim_entry(&mut self, entry: &BlockEntry) -> Result<bool> {
        let Some(allocation) = codec::live::<Allocation>(self.tx, &entry.id)? else { return Ok(true) };
        if self.env.is_growth_reclaimable(&allocation) {
            self.drop_growth(&allocation)?;
            return Ok(true);
        }
        if allocation.resource_type == ResourceType::IpamPool {
            let Some(unit) = self.reader().reclaimable_unit(&allocation)? else { return Ok(false) };
            self.lapse_unit(unit)?;
            return Ok(true);
        }
        let reclaimable = self.env.is_reclaimable(&allocation.meta);
        match reclaimable {
            true if allocation.meta.is_resting => self.end_rest(&allocation, None)?,
            true => self.lapse_allocation(&allocation)?,
            false => {}
        }
        Ok(reclaimable)
    }

    /// Finds a block by size, and reclaims holds of the pool until there is one: first rests that are over, then expired
    /// holds, then holds of earlier runs of the same owner, the oldest first.
    ///
    /// # Errors
    /// Returns [`Error::PoolEmpty`] or [`Error::PoolExhausted`].
    pub(in crate::ipam) fn allocate_block(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<Cidr> {
        self.reader().require_own_if_planned(pool)?;
        if let Some(avoided) = self.avoided.take() {
            let mut disallowed = ask.disallowed.clone();
            disallowed.insert(avoided);
            if let Some(block) = self.find_block(pool, &BlockRequest { disallowed: &disallowed, ..*ask })? {
                return Ok(block);
            }
        }
        if let Some(block) = self.find_block(pool, ask)? {
            return Ok(block);
        }
        if let Some(block) = self.find_after_rests(pool, ask)? {
            return Ok(block);
        }
        // Entries are in the order of their expiry, so that expired holds come first.
        let (mut start, end) = keys::under(&keys::expiry_of(&pool.meta.id));
        loop {
            let entries = self.tx.scan(&start..&end, Order::Ascending, 1)?;
            let next = entries.into_iter().map(|(key, _)| key).next();
            let next = next.filter(|key| !self.env.only_expired || keys::is_due(key, self.env.now));
            let Some(key) = next else { return Err(self.exhausted(pool, ask)?) };
            let reclaimed = self.reclaim_hold(&key)?;
            start = keys::after(&key);
            if !reclaimed {
                continue;
            }
            if let Some(block) = self.find_block(pool, ask)? {
                self.purge(&pool.meta.id)?;
                return Ok(block);
            }
        }
    }

    /// Reclaims the hold of one entry of the expiry index; `false` when it may not be reclaimed.
    pub(in crate::ipam) fn reclaim_hold(&mut self, key: &str) -> Result<bool> {
        match keys::hold_of(key) {
            Some((HoldKind::Growth, id)) => {
                let allocation: Allocation = codec::expect(self.tx, id)?;
                self.require_held(key, allocation.growth.as_ref().map(|growth| growth.expires_at))?;
                let reclaimable = self.env.is_growth_reclaimable(&allocation);
                if reclaimable {
                    self.drop_growth(&allocation)?;
                }
                Ok(reclaimable)
            }
            Some((HoldKind::Object(Kind::Allocation), id)) => {
                let allocation: Allocation = codec::expect(self.tx, id)?;
                let reclaimable = self.is_reclaimable_hold(key, &allocation)?;
                if reclaimable {
                    self.lapse_allocation(&allocation)?;
                }
                Ok(reclaimable)
            }
            Some((HoldKind::Object(Kind::Pool), id)) => {
                let pool: Pool = codec::expect(self.tx, id)?;
                self.try_lapse_pool(&pool)
            }
            Some((HoldKind::Object(Kind::PoolCidr), id)) => {
                let pool_cidr: PoolCidr = codec::expect(self.tx, id)?;
                Ok(self.is_reclaimable_hold(key, &pool_cidr)? && self.try_lapse_pool_cidr(&pool_cidr)?)
            }
            Some((HoldKind::Object(Kind::Scope), id)) => {
                let scope: Scope = codec::expect(self.tx, id)?;
                Ok(self.is_reclaimable_hold(key, &scope)? && self.try_lapse_scope(&scope)?)
            }
            _ => Err(codec::corrupt(key, "not a hold")),
        }
    }

    /// Whether the hold behind an entry of the expiry index may be reclaimed.
    ///
    /// # Errors
    /// Returns a corruption error when the record is not a hold, or has another expiry than the index.
    fn is_reclaimable_hold<R: Record>(&self, key: &str, record: &R) -> Result<bool> {
        let meta = record.meta();
        self.require_held(key, meta.hold_expires_at.filter(|_| meta.state == State::Planned))?;
        Ok(self.env.is_reclaimable(meta))
    }

    fn require_held(&self, key: &str, expiry: Option<jiff::Timestamp>) -> Result<()> {
        match expiry {
            Some(expiry) if keys::is_due(key, self.env.now) == (expiry <= self.env.now) => Ok(()),
            _ => Err(codec::corrupt(key, "a damaged record: no hold with this expiry is behind it")),
        }
    }
}
