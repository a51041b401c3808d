//! Reclaims holds whose space or name another request needs: holds that have expired, and holds that earlier runs of
//! the same owner left (see `run.rs`).
//!
//! A reclaimed hold lapses: its space is free, and its record stays for a week so that its owner gets an explanation. A
//! planned pool is reclaimed only together with everything in it.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::ipam::history::log;
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::space::free;
use crate::ipam::space::placement::{Ask, KeepOff};
use crate::ipam::storage::codec::{self, Record, Spot};
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::storage::{counters, index, names};
use crate::ipam::{
    Allocation, Cidr, Error, KeptOff, Kind, Ledger, Pool, PoolCidr, Reader, ResourceType, Result, Scope, State,
    Strategy,
};
use crate::store::Order;

/// The time for which a lapsed hold is kept.
pub(in crate::ipam) const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Number of old lapsed holds that one write removes.
const PURGE_LIMIT: usize = 16;
/// Entries read at a time.
pub(in crate::ipam) const PAGE: usize = 256;

/// The hold behind the space of a pool below.
pub(in crate::ipam) struct Unit {
    pool: Pool,
    /// Only this CIDR of the pool; `None`: the whole pool.
    only: Option<PoolCidr>,
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
        let spots = free::spots_over(self.snapshot, &keys::at_of(pool_id), block, usize::MAX)?;
        self.are_clearable(&spots, block)
    }

    /// Whether all of these, which take addresses of `block`, are holds that may be reclaimed.
    pub(in crate::ipam) fn are_clearable(&mut self, spots: &[Spot], block: &Cidr) -> Result<bool> {
        for spot in spots {
            let allocation: Allocation = codec::expect(self.snapshot, &spot.id)?;
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
        let Some(spot) = free::provisioned_around(self.snapshot, pool_id, &allocation.cidr)? else { return Ok(None) };
        self.reclaimable_cidr(pool, &spot.id)
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

    fn is_pool_reclaimable(&mut self, pool: &Pool) -> Result<bool> {
        let spared = self.spared.as_ref() == Some(&pool.meta.id);
        Ok(!spared && self.env.is_reclaimable(&pool.meta) && self.all_reclaimable(pool, None)?)
    }

    /// Whether everything allocated in a pool (or in one block of it) and every pool below may be reclaimed.
    fn all_reclaimable(&mut self, pool: &Pool, within: Option<&Cidr>) -> Result<bool> {
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
            let spots = free::spots_over(self.tx, &keys::at_of(pool_id), block, PAGE + released)?;
            let (waits_for, others) = self.given_up_in_pool(&spots)?;
            if others.is_empty() && spots.len() <= released {
                return self.wait_for(waits_for, pool_id, block);
            }
            released = waits_for.len();
            free::require_change(&mut last, &others)?;
            for spot in &others {
                if !self.reclaim_spot(spot)? {
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
            let spots = free::spots_over(self.tx, &prefix, block, PAGE + released)?;
            let (waits_for, others) = self.given_up_on_top(&spots)?;
            if others.is_empty() && spots.len() <= released {
                return self.wait_for(waits_for, scope_id, block);
            }
            released = waits_for.len();
            free::require_change(&mut last, &others)?;
            for spot in &others {
                // An earlier spot in this loop may have been of the same pool, and this one was reclaimed with it.
                let Some(pool_cidr) = codec::live::<PoolCidr>(self.tx, &spot.id)? else { continue };
                let pool: Pool = codec::expect(self.tx, &pool_cidr.pool_id)?;
                let Some(unit) = self.reader().reclaimable_cidr(pool, &spot.id)? else {
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
        let mut spots = free::spots_over(self.tx, &prefix, &all, standing::NAMED_IN_ERRORS + planned.len())?;
        spots.retain(|spot| !planned.contains(&spot.cidr));
        if spots.is_empty() {
            return Ok(Error::PoolEmpty { pool_id: pool.meta.id.clone(), pool_name: pool.meta.name.clone() });
        }
        Ok(Error::OutsidePool {
            cidr: *block,
            pool_id: pool.meta.id.clone(),
            pool_name: pool.meta.name.clone(),
            provisioned: spots.into_iter().map(|spot| spot.cidr).collect(),
        })
    }

    /// Reclaims the hold that has a spot in a pool; `false` when the object is not a hold or may not be reclaimed.
    fn reclaim_spot(&mut self, spot: &Spot) -> Result<bool> {
        let Some(allocation) = codec::live::<Allocation>(self.tx, &spot.id)? else { return Ok(true) };
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
        if reclaimable {
            self.lapse_allocation(&allocation)?;
        }
        Ok(reclaimable)
    }

    /// Finds a block by size, and reclaims holds of the pool until there is one: first expired holds, then holds of
    /// earlier runs of the same owner, the oldest first.
    ///
    /// # Errors
    /// Returns [`Error::PoolEmpty`] or [`Error::PoolExhausted`].
    pub(in crate::ipam) fn place(&mut self, pool: &Pool, ask: &Ask<'_>) -> Result<Cidr> {
        self.reader().require_own_if_planned(pool)?;
        if let Some(avoided) = self.avoided.take() {
            let mut disallowed = ask.disallowed.clone();
            disallowed.insert(avoided);
            if let Some(block) = self.find_block(pool, &Ask { disallowed: &disallowed, ..*ask })? {
                return Ok(block);
            }
        }
        if let Some(block) = self.find_block(pool, ask)? {
            return Ok(block);
        }
        // Entries are in the order of their expiry, so that expired holds come first.
        let (mut start, end) = keys::under(&keys::expiry_of(&pool.meta.id));
        loop {
            let entries = self.tx.scan(&start..&end, Order::Ascending, 1)?;
            let Some((key, _)) = entries.into_iter().next() else {
                return Err(self.exhausted(pool, ask)?);
            };
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

    fn exhausted(&mut self, pool: &Pool, ask: &Ask<'_>) -> Result<Error> {
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        let sums = counters::read(self.tx, &pool_id)?;
        if sums.provisioned == num_bigint::BigUint::default() {
            return Ok(Error::PoolEmpty { pool_id, pool_name });
        }
        let (disallowed, kept_off) = self.ruled_out(&pool_id, ask)?;
        let holds = keys::under(&keys::expiry_of(&pool_id));
        let first = self.tx.scan(keys::range(&holds), Order::Ascending, 1)?;
        let first_expiry = match first.first().and_then(|(key, _)| keys::hold_of(key)) {
            Some((kind, id)) => self.hold_expiry(kind, id)?,
            None => None,
        };
        let now = self.reader().utilization(&pool_id)?;
        Ok(Error::PoolExhausted {
            largest_free: now.largest_free,
            free: now.free,
            disallowed,
            held: now.held,
            netmask_length: ask.netmask_length,
            pool_id,
            pool_name,
            first_expiry,
            kept_off,
            lost: None,
        })
    }

    /// Whether there is a block that is large enough but disallowed, and the details of a block that is avoided because
    /// of sightings.
    fn ruled_out(&mut self, pool_id: &str, ask: &Ask<'_>) -> Result<(bool, Option<Box<KeptOff>>)> {
        let none = BTreeSet::new();
        let in_pool: Pool = codec::expect(self.tx, pool_id)?;
        let mut find = |ask: &Ask<'_>| self.find_block(&in_pool, ask);
        let plain = Ask { disallowed: &none, keep_off: KeepOff::Never, ..*ask };
        let Some(anywhere) = find(&plain)? else { return Ok((false, None)) };
        let KeepOff::Always(pool) = ask.keep_off else { return Ok((true, None)) };
        let is_disallowed = find(&Ask { disallowed: &none, ..*ask })?.is_some();
        let kept_off = find(&Ask { keep_off: KeepOff::Never, ..*ask })?;
        // Sometimes only the disallowed CIDRs and the sightings together leave no block.
        let block = kept_off.or(Some(anywhere).filter(|_| !is_disallowed));
        let Some(block) = block else { return Ok((true, None)) };
        let mut largest = None;
        let (mut shorter, mut longer) = (ask.netmask_length + 1, ask.family.bits() + 1);
        // If a size fits, every smaller size fits too. So the shortest netmask length that fits is found by bisection.
        while shorter < longer {
            let netmask_length = shorter + (longer - shorter) / 2;
            match find(&Ask { netmask_length, strategy: Strategy::BestFit, ..*ask })? {
                Some(found) => (largest, longer) = (Some(found), netmask_length),
                None => shorter = netmask_length + 1,
            }
        }
        let seen = self.reader().seen_there(pool, &block)?;
        Ok((is_disallowed || kept_off.is_none(), Some(Box::new(KeptOff { block, seen, largest }))))
    }

    fn hold_expiry(&mut self, kind: HoldKind, id: &str) -> Result<Option<jiff::Timestamp>> {
        Ok(match kind {
            HoldKind::Growth => codec::expect::<Allocation>(self.tx, id)?.growth.map(|growth| growth.expires_at),
            HoldKind::Object(Kind::Allocation) => codec::expect::<Allocation>(self.tx, id)?.meta.hold_expires_at,
            HoldKind::Object(Kind::Pool) => codec::expect::<Pool>(self.tx, id)?.meta.hold_expires_at,
            HoldKind::Object(Kind::PoolCidr) => codec::expect::<PoolCidr>(self.tx, id)?.meta.hold_expires_at,
            HoldKind::Object(_) => None,
        })
    }

    pub(in crate::ipam) fn lapse_unit(&mut self, unit: Unit) -> Result<()> {
        match &unit.only {
            None => self.lapse_pool(&unit.pool),
            Some(pool_cidr) => self.lapse_pool_cidr(&unit.pool, pool_cidr),
        }
    }

    fn lapsed<R: Record>(&self, record: &R) -> R {
        let mut lapsed = record.clone();
        let meta = lapsed.meta_mut();
        meta.state = State::Lapsed;
        meta.updated_at = self.env.now;
        lapsed
    }

    pub(in crate::ipam) fn lapse_allocation(&mut self, hold: &Allocation) -> Result<()> {
        let action = self.taken_back(hold)?;
        let lapsed = self.lapsed(hold);
        index::write_allocation(self.tx, Some(hold), Some(&lapsed))?;
        log::append(self.tx, &self.env, action, Some(hold), Some(&lapsed))
    }

    /// Notes a hold that is reclaimed. When it has not expired yet, its event in the history is `release`.
    fn taken_back<R: Record>(&mut self, hold: &R) -> Result<Action> {
        self.note_displaced(hold)?;
        Ok(if hold.meta().is_expired(self.env.now) { Action::Expire } else { Action::Release })
    }

    /// Notes a hold of another run that is reclaimed before it has expired.
    pub(in crate::ipam) fn note_displaced<R: Record>(&mut self, hold: &R) -> Result<()> {
        let meta = hold.meta();
        let is_held = meta.state == State::Planned && !meta.is_expired(self.env.now);
        if is_held && !self.env.is_of_this_run(meta.run.as_deref()) {
            self.displaced.push(standing::occupant(self.tx, hold)?);
        }
        Ok(())
    }

    /// Drops the planned growth of an allocation.
    fn drop_growth(&mut self, allocation: &Allocation) -> Result<()> {
        let Some(growth) = &allocation.growth else { return Ok(()) };
        let kept = Allocation { growth: None, ..allocation.clone() };
        let action = if growth.expires_at <= self.env.now {
            Action::Expire
        } else {
            self.displaced.extend(standing::growth_occupant(self.tx, allocation)?);
            Action::Release
        };
        index::write_allocation(self.tx, Some(allocation), Some(&kept))?;
        log::append(self.tx, &self.env, action, Some(allocation), Some(&kept))
    }

    /// Reclaims a planned pool; `false` when the pool or a part of its contents may not be reclaimed.
    pub(in crate::ipam) fn try_lapse_pool(&mut self, pool: &Pool) -> Result<bool> {
        let reclaimable = self.reader().is_pool_reclaimable(pool)?;
        if reclaimable {
            self.lapse_pool(pool)?;
        }
        Ok(reclaimable)
    }

    fn lapse_pool(&mut self, pool: &Pool) -> Result<()> {
        let action = self.taken_back(pool)?;
        self.empty_pool(pool, action)?;
        let lapsed = self.lapsed(pool);
        index::write_pool(self.tx, Some(pool), Some(&lapsed))?;
        log::append(self.tx, &self.env, action, Some(pool), Some(&lapsed))
    }

    /// Reclaims a planned pool CIDR; `false` when a part of its contents may not be reclaimed.
    pub(in crate::ipam) fn try_lapse_pool_cidr(&mut self, pool_cidr: &PoolCidr) -> Result<bool> {
        let pool: Pool = codec::expect(self.tx, &pool_cidr.pool_id)?;
        let reclaimable = self.reader().all_reclaimable(&pool, Some(&pool_cidr.cidr))?;
        if reclaimable {
            self.lapse_pool_cidr(&pool, pool_cidr)?;
        }
        Ok(reclaimable)
    }

    fn lapse_pool_cidr(&mut self, pool: &Pool, hold: &PoolCidr) -> Result<()> {
        let action = self.taken_back(hold)?;
        let mut last = Vec::new();
        loop {
            let spots = free::spots_over(self.tx, &keys::at_of(&pool.meta.id), &hold.cidr, PAGE)?;
            if spots.is_empty() {
                break;
            }
            free::require_change(&mut last, &spots)?;
            for spot in spots {
                if !self.reclaim_spot(&spot)? {
                    return Err(codec::corrupt(&spot.id, "it could be reclaimed a moment ago"));
                }
            }
        }
        if hold.inline {
            index::remove_pool_cidr(self.tx, pool, hold)?;
            return log::append(self.tx, &self.env, action, Some(hold), None);
        }
        let lapsed = PoolCidr { source_allocation_id: None, ..self.lapsed(hold) };
        index::write_pool_cidr(self.tx, pool, Some(hold), Some(&lapsed))?;
        index::remove_source(self.tx, hold)?;
        log::append(self.tx, &self.env, action, Some(hold), Some(&lapsed))
    }

    /// Reclaims a planned scope; `false` when a part of its contents may not be reclaimed.
    pub(in crate::ipam) fn try_lapse_scope(&mut self, scope: &Scope) -> Result<bool> {
        for pool in self.reader().children(&scope.meta.id)? {
            if !self.reader().is_pool_reclaimable(&pool)? {
                return Ok(false);
            }
        }
        let action = self.taken_back(scope)?;
        for pool in self.reader().children(&scope.meta.id)? {
            self.remove_pool(&pool, action)?;
        }
        self.purge_all(&scope.meta.id)?;
        let lapsed = self.lapsed(scope);
        index::write_scope(self.tx, Some(scope), Some(&lapsed))?;
        log::append(self.tx, &self.env, action, Some(scope), Some(&lapsed))?;
        Ok(true)
    }

    /// Removes a few of the holds in a container that lapsed long ago.
    pub(in crate::ipam) fn purge(&mut self, container: &str) -> Result<()> {
        let before = self.env.now.saturating_sub(REMEMBERED).unwrap_or(jiff::Timestamp::MIN);
        let range = keys::lapsed_before(container, before);
        for (key, _) in self.tx.scan(keys::range(&range), Order::Ascending, PURGE_LIMIT)? {
            self.forget(&key)?;
        }
        Ok(())
    }

    /// Removes all lapsed holds in a container that is deleted.
    pub(in crate::ipam) fn purge_all(&mut self, container: &str) -> Result<()> {
        let range = keys::under(&keys::lapsed_of(container));
        loop {
            let entries = self.tx.scan(keys::range(&range), Order::Ascending, PAGE)?;
            if entries.is_empty() {
                return Ok(());
            }
            for (key, _) in &entries {
                self.forget(key)?;
            }
        }
    }

    pub(in crate::ipam) fn forget(&mut self, key: &str) -> Result<()> {
        match keys::hold_of(key) {
            Some((HoldKind::Object(Kind::Allocation), id)) => {
                let lapsed: Allocation = codec::expect(self.tx, id)?;
                index::remove_allocation(self.tx, &lapsed)
            }
            Some((HoldKind::Object(Kind::PoolCidr), id)) => {
                let lapsed: PoolCidr = codec::expect(self.tx, id)?;
                let pool: Pool = codec::expect(self.tx, &lapsed.pool_id)?;
                index::remove_pool_cidr(self.tx, &pool, &lapsed)
            }
            Some((HoldKind::Object(Kind::Pool), id)) => {
                let lapsed: Pool = codec::expect(self.tx, id)?;
                names::leave(self.tx, &lapsed)?;
                index::write_pool(self.tx, Some(&lapsed), None)
            }
            Some((HoldKind::Object(Kind::Scope), id)) => {
                let lapsed: Scope = codec::expect(self.tx, id)?;
                names::leave(self.tx, &lapsed)?;
                index::write_scope(self.tx, Some(&lapsed), None)
            }
            _ => Err(codec::corrupt(key, "not a lapsed hold")),
        }
    }
}
