//! The quarantine of a pool: space that an allocation releases rests for a while.
//!
//! The rest of a block is a hold with `is_resting`, so it is in every index by address, sum, event and audit without a
//! second mechanism, and needs no one to end it. It has no entry in the index of names, because the space rests and not
//! the name. It ends with its time. Before that, it gives way to two requests of its owner: the one of the same name,
//! which is the last holder, and one of the run that released the space, because an apply hands space over.

use jiff::{SignedDuration, Timestamp};

use crate::ipam::discovery::Avoided;
use crate::ipam::history::log;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::Birth;
use crate::ipam::space::placement::BlockRequest;
use crate::ipam::space::{blocks, reserved};
use crate::ipam::storage::codec::{self, BlockEntry};
use crate::ipam::storage::{index, keys};
use crate::ipam::{Allocation, Cidr, Env, Kind, Ledger, Lifetime, Meta, Pool, Reader, ResourceType, Result, Rules};
use crate::ipam::{Size, State, Tags};
use crate::store::Order;

/// Rests of one name that are compared with a request. A name rarely has more than one.
const RESTS_MAX: usize = 64;
/// Rests read at a time.
const PAGE: usize = 256;

/// A block that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    pub cidr: Cidr,
    /// The end of the rest.
    pub until: Timestamp,
}

impl Rules {
    /// The end of a rest that begins at this time; `None`: released space does not rest.
    fn rest_until(&self, since: Timestamp) -> Option<Timestamp> {
        let length = SignedDuration::from_millis(i64::try_from(self.quarantine_ms).unwrap_or(i64::MAX));
        (self.quarantine_ms > 0).then(|| since.saturating_add(length).unwrap_or(Timestamp::MAX))
    }
}

impl Env<'_> {
    /// Whether the present request may end the rest of a block.
    pub(super) fn is_rest_over(&self, meta: &Meta) -> bool {
        let is_of_this_apply = || self.run.is_some() && self.is_of_this_run(meta.run.as_deref());
        let is_ours = meta.owner == self.actor.owner;
        meta.hold_expires_at.is_none_or(|end| end <= self.now)
            || (is_ours && (self.returns(meta) || is_of_this_apply()))
    }

    /// Whether a hold took over a rest that would go on now, and the present request is not of the same name. Such a hold
    /// stays until that rest would have ended.
    pub(super) fn rests_on(&self, meta: &Meta) -> bool {
        let is_returning = meta.owner == self.actor.owner && self.returns(meta);
        meta.rests_until.is_some_and(|end| end > self.now) && self.released_owner.is_none() && !is_returning
    }

    fn returns(&self, meta: &Meta) -> bool {
        self.returning.as_ref() == Some(&meta.name)
    }
}

impl Reader<'_> {
    /// The block of its own rest that a request by size gets: the last holder is back.
    pub(in crate::ipam) fn own_rest(
        &mut self,
        pool: &Pool,
        name: &str,
        ask: &BlockRequest<'_>,
    ) -> Result<Option<Cidr>> {
        // Most pools have no quarantine, and a request there does not look for rests.
        if pool.rules.quarantine_ms == 0 {
            return Ok(None);
        }
        let range = keys::under(&keys::rests_of_name(&pool.meta.id, &self.env.actor.owner, name));
        let mut rests = Vec::new();
        for (key, _) in self.snapshot.scan(keys::range(&range), Order::Ascending, RESTS_MAX)? {
            rests.extend(self.rest_at(&key)?.filter(|rest| rest.cidr.netmask_length() <= ask.netmask_length));
        }
        // The block that fits best, and of several the one that was released last.
        rests.sort_by_key(|rest| std::cmp::Reverse((rest.cidr.netmask_length(), rest.meta.created_at)));
        for rest in rests {
            let block = Cidr::around(rest.cidr.family(), rest.cidr.first(), ask.netmask_length);
            let is_ruled_out = ask.disallowed.iter().any(|avoid| avoid.overlaps(&block))
                || reserved::over(self.snapshot, pool, &block)?.is_some()
                || Avoided::off(self.snapshot, pool, &block, &rest.cidr)?.is_some();
            if !is_ruled_out {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// The rest behind an entry of an index of rests. An earlier release of this program may have reclaimed it.
    fn rest_at(&mut self, key: &str) -> Result<Option<Allocation>> {
        let id = keys::decoded(keys::tail(key)).unwrap_or_default();
        let found: Option<Allocation> = codec::live(self.snapshot, &id)?;
        Ok(found.filter(|found| found.meta.is_resting && found.meta.state == State::Planned))
    }

    /// The blocks of a pool that rest now, by the end of the rest.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn resting(&mut self, pool: &Pool) -> Result<Vec<Resting>> {
        if pool.rules.quarantine_ms == 0 {
            return Ok(Vec::new());
        }
        let mut resting = Vec::new();
        let now = self.env.now;
        codec::each_under(self.snapshot, &keys::resting_of(&pool.meta.id), &mut |key, bytes| {
            let entry: BlockEntry = codec::decode(key, bytes)?;
            let until = keys::time_of(key).ok_or_else(|| codec::corrupt(key, "it names no time"))?;
            resting.extend((until > now).then_some(Resting { cidr: entry.cidr, until }));
            Ok(true)
        })?;
        Ok(resting)
    }
}

impl Ledger<'_> {
    /// Releases an allocation. Its block rests, if the pool has a quarantine.
    pub(in crate::ipam) fn release(&mut self, allocation: &Allocation, action: Action) -> Result<()> {
        self.drop_allocation(allocation, action)?;
        if allocation.meta.state == State::Active { self.rest(allocation, &[allocation.cidr]) } else { Ok(()) }
    }

    /// Lets blocks rest that an allocation has just released.
    pub(in crate::ipam) fn rest(&mut self, of: &Allocation, blocks: &[Cidr]) -> Result<()> {
        if of.resource_type == ResourceType::IpamPool {
            return Ok(());
        }
        let pool: Pool = codec::expect(self.tx, &of.pool_id)?;
        let Some(until) = pool.rules.rest_until(self.env.now) else { return Ok(()) };
        blocks.iter().try_for_each(|block| self.lay_to_rest(of, *block, (self.env.now, until)))
    }

    fn lay_to_rest(&mut self, of: &Allocation, block: Cidr, (since, until): (Timestamp, Timestamp)) -> Result<()> {
        let birth = Birth::Reservation { expires_at: until };
        let mut meta = self.new_meta(Kind::Allocation, &of.meta.name, &birth)?;
        meta.owner.clone_from(&of.meta.owner);
        meta.created_at = since;
        (meta.is_reservation, meta.is_resting) = (false, true);
        if of.meta.is_resting {
            meta.run.clone_from(&of.meta.run);
        }
        let resting = Allocation {
            meta,
            pool_id: of.pool_id.clone(),
            cidr: block,
            size: Size::Cidr(block),
            disallowed_cidrs: std::collections::BTreeSet::new(),
            resource_type: ResourceType::Custom,
            resource_id: None,
            description: None,
            tags: Tags::new(),
            growth: None,
            waiting_growth: None,
            deferred: false,
            imported: None,
            lifetime: Lifetime::default(),
            asked: None,
            address_sets: std::collections::BTreeMap::new(),
            aggregate: None,
        };
        index::write_allocation(self.tx, None, Some(&resting))?;
        log::append(self.tx, &self.env, Action::Rest, None, Some(&resting))
    }

    /// Ends a rest. What of its block is not in `taken` goes on to rest.
    pub(super) fn end_rest(&mut self, rest: &Allocation, taken: Option<&Cidr>) -> Result<()> {
        let until = rest.meta.hold_expires_at.filter(|end| *end > self.env.now);
        self.drop_allocation(rest, if until.is_some() { Action::Release } else { Action::Expire })?;
        let (Some(taken), Some(until)) = (taken, until) else { return Ok(()) };
        if self.env.returning.is_some() {
            self.rested_until = self.rested_until.max(Some(until));
        }
        for part in blocks::rest(&rest.cidr, &[*taken]) {
            self.lay_to_rest(rest, part, (rest.meta.created_at, until))?;
        }
        Ok(())
    }

    /// The block of a hold that is gone goes on to rest, if the hold took over a rest.
    pub(in crate::ipam) fn rest_again(&mut self, hold: &Allocation) -> Result<()> {
        match hold.meta.rests_until.filter(|until| *until > self.env.now && hold.meta.state == State::Planned) {
            Some(until) if !hold.deferred => self.lay_to_rest(hold, hold.cidr, (hold.meta.created_at, until)),
            _ => Ok(()),
        }
    }

    /// Ends rests of a pool until there is room for a request by size: rests whose time is over, and then those of space
    /// that this apply has released.
    pub(super) fn find_after_rests(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<Option<Cidr>> {
        loop {
            let range = keys::resting_until(&pool.meta.id, self.env.now);
            let Some((key, _)) = self.tx.scan(keys::range(&range), Order::Ascending, 1)?.into_iter().next() else {
                break;
            };
            self.end_due_rest(&key)?;
            if let Some(block) = self.find_block(pool, ask)? {
                return Ok(Some(block));
            }
        }
        if self.env.run.is_none() {
            return Ok(None);
        }
        let (mut start, end) = keys::under(&keys::rests_of_owner(&pool.meta.id, &self.env.actor.owner));
        loop {
            let entries = self.tx.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, _) in &entries {
                let Some(rest) = self.reader().rest_at(key)?.filter(|rest| self.env.is_rest_over(&rest.meta)) else {
                    continue;
                };
                self.end_rest(&rest, None)?;
                if let Some(block) = self.find_block(pool, ask)? {
                    return Ok(Some(block));
                }
            }
            match entries.last() {
                Some((last, _)) if entries.len() == PAGE => start = keys::after(last),
                _ => return Ok(None),
            }
        }
    }

    /// Ends the rest of an entry of the index by end, or removes the entry if an earlier release of this program
    /// reclaimed the rest.
    pub(in crate::ipam) fn end_due_rest(&mut self, key: &str) -> Result<()> {
        match self.reader().rest_at(key)? {
            Some(rest) => self.end_rest(&rest, None),
            None => Ok(self.tx.delete(key)?),
        }
    }

    /// Carries out a new quarantine of a pool: it counts from the release, also for what rests already if it is shorter
    /// than before. A longer one counts for what is released from then on.
    pub(in crate::ipam) fn requarantine(&mut self, before: &Rules, pool: &Pool) -> Result<()> {
        if pool.rules.quarantine_ms >= before.quarantine_ms {
            return Ok(());
        }
        let (mut start, end) = keys::under(&keys::resting_of(&pool.meta.id));
        loop {
            let entries = self.tx.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, _) in &entries {
                let Some(rest) = self.reader().rest_at(key)? else { continue };
                let until = pool.rules.rest_until(rest.meta.created_at).unwrap_or(self.env.now);
                if until <= self.env.now {
                    self.end_rest(&rest, None)?;
                } else if rest.meta.hold_expires_at.is_some_and(|end| end > until) {
                    let mut sooner = rest.clone();
                    sooner.meta.hold_expires_at = Some(until);
                    sooner.meta.updated_at = self.env.now;
                    self.change_allocation(Action::Rest, &rest, sooner)?;
                }
            }
            match entries.last() {
                Some((last, _)) if entries.len() == PAGE => start = keys::after(last),
                _ => return Ok(()),
            }
        }
    }
}
