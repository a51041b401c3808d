//! Makes holds lapse, and removes lapsed holds after a week.

use crate::ipam::history::log;
use crate::ipam::holds::reclaim::{PAGE, PURGE_LIMIT, REMEMBERED, Unit};
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::space::free;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::storage::{index, names};
use crate::ipam::{Allocation, Kind, Ledger, Pool, PoolCidr, Result, Scope, State};
use crate::store::Order;

impl Ledger<'_> {
    pub(in crate::ipam) fn lapse_unit(&mut self, unit: Unit) -> Result<()> {
        match &unit.only {
            None => self.lapse_pool(&unit.pool),
            Some(pool_cidr) => self.lapse_pool_cidr(&unit.pool, pool_cidr),
        }
    }

    pub(super) fn lapsed<R: Record>(&self, record: &R) -> R {
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
        log::append(self.tx, &self.env, action, Some(hold), Some(&lapsed))?;
        self.rest_again(hold)
    }

    /// Notes a hold that is reclaimed. When it has not expired yet, its event in the history is `release`.
    pub(super) fn taken_back<R: Record>(&mut self, hold: &R) -> Result<Action> {
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
    pub(super) fn drop_growth(&mut self, allocation: &Allocation) -> Result<()> {
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

    pub(super) fn lapse_pool(&mut self, pool: &Pool) -> Result<()> {
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

    pub(super) fn lapse_pool_cidr(&mut self, pool: &Pool, hold: &PoolCidr) -> Result<()> {
        let action = self.taken_back(hold)?;
        let mut last = Vec::new();
        loop {
            let entries = free::entries_over(self.tx, &keys::at_of(&pool.meta.id), &hold.cidr, PAGE)?;
            if entries.is_empty() {
                break;
            }
            free::require_change(&mut last, &entries)?;
            for entry in entries {
                if !self.reclaim_entry(&entry)? {
                    return Err(codec::corrupt(&entry.id, "it could be reclaimed a moment ago"));
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
