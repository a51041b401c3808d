//! Grows and shrinks allocations in place.

use crate::ipam::history::log;
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::allocation::{SizeRequest, size_request};
use crate::ipam::operations::context;
use crate::ipam::space::{blocks, free, reserved};
use crate::ipam::storage::{codec, index, names};
use crate::ipam::{
    Allocation, Cidr, Error, GivenUp, Growth, Kind, Ledger, Pool, Reader, Resize, Result, Size, State, Terms,
    WaitingGrowth,
};

/// The block that an allocation must have for a size; `None` when only a replacement can have that size. The present
/// size is not checked against the rules, which may have changed since.
///
/// # Errors
/// Returns an error when a new size breaks a rule of the pool.
fn target(allocation: &Allocation, size: Size, pool: &Pool) -> Result<Option<Cidr>> {
    let present = &allocation.cidr;
    let stays = match size {
        Size::Cidr(cidr) => cidr == *present,
        Size::NetmaskLength(length) => length == present.netmask_length(),
        Size::Default => allocation.size == Size::Default,
    };
    if stays {
        return Ok(Some(*present));
    }
    Ok(match size_request(size, pool)? {
        SizeRequest::Length(length) => {
            let target = present.resized(length);
            let avoided = |target: &Cidr| allocation.disallowed_cidrs.iter().any(|avoid| avoid.overlaps(target));
            (present.contains(&target) || !avoided(&target)).then_some(target)
        }
        SizeRequest::Block(target) => target.overlaps(present).then_some(target),
    })
}

impl Reader<'_> {
    /// The same, with sightings considered: growth by size avoids them, except in space that an earlier plan already
    /// holds.
    fn target(&mut self, allocation: &Allocation, size: Size, pool: &Pool) -> Result<Option<Cidr>> {
        let Some(target) = target(allocation, size, pool)? else { return Ok(None) };
        let is_held = allocation.reserved().is_some_and(|held| held.contains(&target));
        let is_named = matches!(size, Size::Cidr(_));
        if !is_held && !is_named && self.grows_over_seen(pool, &allocation.cidr, &target)? {
            return Ok(None);
        }
        if !target.contains(&allocation.cidr) {
            self.require_no_addresses(allocation, Some(target))?;
        }
        Ok(Some(target))
    }

    /// Whether the space that an allocation gains, when it grows from `present` to `target`, has reserved addresses.
    pub(in crate::ipam) fn grows_over_reserved(
        &mut self,
        pool: &Pool,
        allocation: &Allocation,
        present: &Cidr,
        target: &Cidr,
    ) -> Result<bool> {
        for beside in blocks::growth_blocks(present, target) {
            if reserved::over_for(self.snapshot, pool, &beside, allocation.aggregate.as_ref())?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the note of an earlier plan, by which an allocation waits to grow to `target`, is as this plan would write it.
    pub(in crate::ipam) fn waits_well(&self, allocation: &Allocation, target: &Cidr, terms: &Terms) -> bool {
        let Some(waiting) = &allocation.waiting_growth else { return false };
        let is_given_up = |one: &GivenUp| terms.given_up.iter().any(|given_up| given_up.covers_all_of(one));
        waiting.cidr == *target
            && standing::renewed(waiting.expires_at, self.env.now, terms) == waiting.expires_at
            && self.env.is_of_this_run(waiting.run.as_deref())
            && (terms.committing || waiting.waits_for.iter().all(is_given_up))
    }

    /// The answer of [`Ledger::plan_resize`] when no write is needed for it; `None` otherwise.
    pub fn find_resize(&mut self, id: &str, size: Size, terms: &Terms) -> Result<Option<Resize>> {
        let allocation = self.changeable(id)?;
        let pool = terms.future(codec::expect(self.snapshot, &allocation.pool_id)?);
        let Some(target) = self.target(&allocation, size, &pool)? else { return Ok(None) };
        let settled = match (&allocation.growth, &allocation.waiting_growth) {
            (None, None) => allocation.cidr.contains(&target),
            (None, Some(_)) => self.waits_well(&allocation, &target, terms),
            (Some(growth), _) => {
                growth.cidr == target
                    && standing::renewed(growth.expires_at, self.env.now, terms) == growth.expires_at
                    && self.env.is_of_this_run(growth.run.as_deref())
            }
        };
        Ok(settled.then_some(Resize::InPlace(target)))
    }
}

impl Ledger<'_> {
    /// Determines whether an allocation can have another size in place, and holds the space for growth.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`], [`Error::NetmaskRule`] and errors for other rules; returns [`Error::HoldLost`] in a
    /// committing plan whose growth was given to another object.
    pub fn plan_resize(&mut self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        if let Some(answer) = self.reader().find_resize(id, size, terms)? {
            return Ok(answer);
        }
        let before = self.reader().changeable(id)?;
        let pool = terms.future(codec::expect(self.tx, &before.pool_id)?);
        let Some(target) = self.reader().target(&before, size, &pool)? else {
            self.hold_growth(&before, None)?;
            return Ok(Resize::Replace);
        };
        if before.cidr.contains(&target) {
            self.hold_growth(&before, None)?;
            return Ok(Resize::InPlace(target));
        }
        self.drop_successor(&before, terms)?;
        let expires_at = match &before.growth {
            Some(growth) if growth.cidr == target => standing::renewed(growth.expires_at, self.env.now, terms),
            _ => context::expiry(self.env.now, terms),
        };
        if self.make_room(&pool, &before, &target)? {
            self.hold_growth(&before, Some(Growth { cidr: target, expires_at, run: self.env.asking() }))?;
            return Ok(Resize::InPlace(target));
        }
        if terms.committing && before.waits_to_grow(&target) {
            return Ok(Resize::InPlace(target));
        }
        if terms.committing {
            return Err(self.growth_lost(&before, target)?);
        }
        let before = self.hold_growth(&before, None)?;
        match self.room_given_up(&pool, &before, &target, terms)? {
            Some(waits_for) => {
                self.hold_waiting_growth(&before, target, waits_for, terms)?;
                Ok(Resize::InPlace(target))
            }
            None => Ok(Resize::Replace),
        }
    }

    /// Drops the hold of an earlier plan that was to replace this allocation. The allocation stays now, so that hold
    /// must not be in its way.
    fn drop_successor(&mut self, allocation: &Allocation, terms: &Terms) -> Result<()> {
        let entry = names::entry(self.tx, Kind::Allocation, &allocation.pool_id, &allocation.meta.name)?;
        let Some(id) = entry.planned.filter(|_| !terms.committing) else { return Ok(()) };
        let hold: Allocation = codec::expect(self.tx, &id)?;
        let is_own = hold.meta.owner == self.env.actor.owner && hold.meta.state == State::Planned;
        let of_this_run = self.env.run.is_some() && self.env.is_of_this_run(hold.meta.run.as_deref());
        if is_own && !of_this_run && hold.meta.replaces.as_ref() == Some(&allocation.meta.id) {
            self.drop_allocation(&hold, Action::Delete)?;
        }
        Ok(())
    }

    /// Sets, moves or drops the planned growth of an allocation.
    pub(in crate::ipam) fn hold_growth(&mut self, before: &Allocation, growth: Option<Growth>) -> Result<Allocation> {
        self.write_growth(before, Allocation { growth, waiting_growth: None, ..before.clone() })
    }

    /// Notes that an allocation without another planned growth grows when other objects have released the space.
    pub(in crate::ipam) fn hold_waiting_growth(
        &mut self,
        before: &Allocation,
        cidr: Cidr,
        waits_for: Vec<GivenUp>,
        terms: &Terms,
    ) -> Result<Allocation> {
        let expires_at = context::expiry(self.env.now, terms);
        let waiting = WaitingGrowth { cidr, expires_at, run: self.env.asking(), waits_for };
        self.write_growth(before, Allocation { waiting_growth: Some(waiting), ..before.clone() })
    }

    fn write_growth(&mut self, before: &Allocation, after: Allocation) -> Result<Allocation> {
        if *before != after {
            index::write_allocation(self.tx, Some(before), Some(&after))?;
            log::append(self.tx, &self.env, Action::Hold, Some(before), Some(&after))?;
        }
        Ok(after)
    }

    /// Whether the allocation can have all of `target`. Reclaims expired holds in the way.
    pub(in crate::ipam) fn make_room(&mut self, pool: &Pool, allocation: &Allocation, target: &Cidr) -> Result<bool> {
        self.env.returning = Some(allocation.meta.name.clone());
        let has_room = self.has_room(pool, allocation, target);
        self.env.returning = None;
        has_room
    }

    fn has_room(&mut self, pool: &Pool, allocation: &Allocation, target: &Cidr) -> Result<bool> {
        let present = allocation.reserved().unwrap_or(allocation.cidr);
        if present.contains(target) {
            return Ok(true);
        }
        if free::provisioned_around(self.tx, &pool.meta.id, target)?.is_none()
            || self.reader().planned_for_others(pool, target)?.is_some()
            || self.reader().grows_over_reserved(pool, allocation, &present, target)?
        {
            return Ok(false);
        }
        // The block around both. A growth to one side and a new request to grow further always contain one another.
        if free::can_grow(self.tx, &pool.meta.id, &present, target)? {
            return Ok(true);
        }
        let neighbours = blocks::growth_blocks(&present, target);
        for neighbour in &neighbours {
            if !self.reader().is_clearable(&pool.meta.id, neighbour)? {
                return Ok(false);
            }
        }
        for neighbour in &neighbours {
            self.clear_in_pool(pool, neighbour)?;
        }
        free::can_grow(self.tx, &pool.meta.id, &present, target)
    }

    /// The allocation with the size that an update requests.
    ///
    /// # Errors
    /// Returns [`Error::HoldLost`] when the allocation cannot have the size any more, [`Error::Overlap`] while other objects have
    /// not released the space that the plan waits for, and an error when the size breaks a rule.
    pub(in crate::ipam) fn resized(&mut self, pool: &Pool, before: &Allocation, size: Size) -> Result<Allocation> {
        let target = self.reader().target(before, size, pool)?;
        match target {
            // The size as it was originally requested stays in the record.
            Some(target) if target == before.cidr => {
                Ok(Allocation { growth: None, waiting_growth: None, ..before.clone() })
            }
            Some(target) if self.make_room(pool, before, &target)? => {
                // Only a single member can become larger than the block of its set.
                let around = |aggregate: Cidr| if aggregate.contains(&target) { aggregate } else { target };
                let (growth, aggregate) = (None, before.aggregate.map(around));
                Ok(Allocation { cidr: target, size, growth, waiting_growth: None, aggregate, ..before.clone() })
            }
            _ => Err(self.no_room(before, target.unwrap_or(before.cidr))?),
        }
    }

    /// The error for an allocation that cannot grow now: an overlap while the objects that its plan waits for have not released
    /// their space yet.
    pub(in crate::ipam) fn no_room(&mut self, allocation: &Allocation, target: Cidr) -> Result<Error> {
        if !allocation.waits_to_grow(&target) {
            return self.growth_lost(allocation, target);
        }
        let with = self.reader().occupants(&allocation.pool_id, &target, &allocation.meta.id)?;
        Ok(Error::Overlap { cidr: target, with })
    }

    pub(in crate::ipam) fn growth_lost(&mut self, allocation: &Allocation, target: Cidr) -> Result<Error> {
        let expired_at = allocation.growth.as_ref().map(|growth| growth.expires_at);
        Ok(Error::HoldLost {
            kind: Kind::Allocation,
            id: allocation.meta.id.clone(),
            name: allocation.meta.name.clone(),
            cidr: Some(target),
            expired_at: expired_at.filter(|expiry| *expiry <= self.env.now),
            now_held_by: self.reader().occupants(&allocation.pool_id, &target, &allocation.meta.id)?,
        })
    }
}
