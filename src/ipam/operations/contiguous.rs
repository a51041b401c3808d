//! Contiguous sets: all members are in one block, the aggregate, whose free space is kept for further members.
//!
//! The plan decides in memory where the members are in the aggregate, and then holds exactly these blocks. An aggregate is
//! the smallest block that has room for the members; it grows in place when a change needs more room, and never moves or
//! shrinks.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::holds::standing::NAMED_IN_ERRORS;
use crate::ipam::model::event::Action;
use crate::ipam::operations::set_layout::{Full, Layout, Off, Plan, Space, has_cidr, join, least};
use crate::ipam::operations::set_member::shown;
use crate::ipam::space::packing::Room;
use crate::ipam::space::placement::{BlockRequest, KeepOff};
use crate::ipam::space::{aggregates, free, reserved};
use crate::ipam::storage::codec::{self, BlockEntry};
use crate::ipam::storage::{keys, names};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Kind, Ledger, Occupant, PlannedMember, Pool, Reader, Result, RuleName,
    SetChange, SetRequest, SetSpec, Size, State, Terms,
};

impl Reader<'_> {
    /// What the store has of a new member: the hold of an earlier plan, or what an interrupted apply left.
    fn held_member(&mut self, request: &SetRequest, key: &str) -> Result<Option<Allocation>> {
        let spec = &request.spec;
        let name = SetSpec::member_name(&spec.name, key);
        let entry = names::entry(self.snapshot, Kind::Allocation, &spec.pool_id, &name)?;
        for id in entry.planned.iter().chain(&entry.active) {
            let Some(found) = codec::live::<Allocation>(self.snapshot, id)? else { continue };
            let meta = &found.meta;
            let counts = match meta.state {
                State::Planned => !meta.is_of_no_plan(),
                _ => !meta.confirmed && request.present.get(key) != Some(id),
            };
            if meta.owner == self.env.actor.owner && counts {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The plan of a contiguous set, when no write is needed for it.
    pub(super) fn find_contiguous(
        &mut self,
        request: &SetRequest,
        order: &[String],
        terms: &Terms,
    ) -> Result<Option<BTreeMap<String, PlannedMember>>> {
        let spec = &request.spec;
        let (mut found, mut named, mut held) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        for key in order {
            let id = request.present.get(key);
            if let Some(id) = id.filter(|id| !request.shows_a_move(key, id))
                && !self.is_moving(spec, key, spec.members[key], id, terms)?
            {
                let Some(member) = self.find_member_in_place(spec, key, id, terms)? else { return Ok(None) };
                if request.shown.get(key).is_some_and(|shown| shown.cidr != Some(member.cidr)) {
                    return Ok(None);
                }
                let Some(aggregate) = self.changeable(id)?.aggregate else { return Ok(None) };
                named.push(aggregate);
                found.insert(key.clone(), member);
                continue;
            }
            let Some(hold) = self.held_member(request, key)? else { return Ok(None) };
            let terms = request.terms_of(key, id.or(request.replaces.get(key)), terms);
            let wish = AllocationSpec { aggregate: hold.aggregate, ..spec.member(key, spec.members[key]) };
            let Some(hold) = self.find_hold_allocation(&wish, &terms)? else { return Ok(None) };
            held.insert(hold.aggregate);
            named.extend(hold.aggregate);
            found.insert(key.clone(), shown(&hold));
        }
        let Some(aggregate) = join(named.into_iter().chain(found.values().map(|one| one.cidr))) else {
            return Ok(None);
        };
        // A new set gets the smallest block, also when an earlier plan was for more members.
        let is_new = request.present.is_empty() && !terms.committing && request.shown.is_empty();
        let lengths = found.values().map(|one| one.cidr.netmask_length());
        if is_new && !has_cidr(spec) && least(lengths, aggregate.family().bits()) != aggregate.netmask_length() {
            return Ok(None);
        }
        if held.iter().any(|held| *held != Some(aggregate)) {
            return Ok(None);
        }
        found.values_mut().for_each(|one| one.aggregate = Some(aggregate));
        Ok(Some(found))
    }
}

impl Ledger<'_> {
    /// [`Ledger::plan_set`] for a contiguous set. `terms` include what the set gives up.
    ///
    /// # Errors
    /// As [`Ledger::plan_set`], and [`Error::AggregateFull`].
    pub(super) fn plan_contiguous(
        &mut self,
        request: &SetRequest,
        order: &[String],
        pool: &Pool,
        terms: &Terms,
    ) -> Result<BTreeMap<String, PlannedMember>> {
        let mut plan = self.contiguous_plan(request, order, pool, terms)?;
        let mut aggregate = self.first_aggregate(&plan)?;
        loop {
            self.given_up = plan.terms.all_given_up();
            let space = self.space_in(&plan, &aggregate)?;
            let tried = {
                let mut off = Off { reader: self.reader(), pool, aggregate };
                plan.lay_out(&aggregate, space, &mut off)?
            };
            let layout = match tried {
                Ok(layout) => layout,
                Err(Full(key, length)) => {
                    aggregate = self.larger(&plan, &aggregate, key, length)?;
                    continue;
                }
            };
            if !plan.moved.is_superset(&layout.moved) {
                plan.set_moved(layout.moved);
                continue;
            }
            match self.hold_layout(&plan, &layout, aggregate)? {
                Ok(planned) => return Ok(planned),
                Err(key) => {
                    let mut moved = plan.moved.clone();
                    moved.insert(key);
                    plan.set_moved(moved);
                }
            }
        }
    }

    fn contiguous_plan<'a>(
        &mut self,
        request: &'a SetRequest,
        order: &'a [String],
        pool: &'a Pool,
        terms: &Terms,
    ) -> Result<Plan<'a>> {
        let (mut present, mut held) = (BTreeMap::new(), BTreeMap::new());
        for key in order {
            match request.present.get(key) {
                Some(id) => drop(present.insert(key.as_str(), self.reader().changeable(id)?)),
                None => {
                    // A name that is taken is reported before a lack of space, because the object with the name may go.
                    let wish = request.spec.member(key, request.spec.members[key]);
                    let terms = request.terms_of(key, request.replaces.get(key), terms);
                    let standing = self.reader().allocation_standing(&wish, None, &terms);
                    standing.map_err(|error| error.of_member(key))?;
                }
            }
            held.extend(self.reader().held_member(request, key)?.map(|found| (key.as_str(), found)));
        }
        let active = join(present.values().filter_map(|one: &Allocation| one.aggregate));
        let own = active.or(join(held.values().filter_map(|one: &Allocation| one.aggregate)));
        let terms = terms.clone();
        Ok(Plan { request, order, pool, terms, present, held, moved: BTreeSet::new(), own })
    }

    /// Holds what the layout says. The inner error is a member that cannot have its new size in place after all.
    fn hold_layout<'a>(
        &mut self,
        plan: &Plan<'a>,
        layout: &Layout<'a>,
        aggregate: Cidr,
    ) -> Result<Result<BTreeMap<String, PlannedMember>, &'a str>> {
        let request = plan.request;
        let mut planned = BTreeMap::new();
        for (key, block) in &layout.placed {
            // A hold that gets another place must not be in the way of the others.
            if let Some(hold) = plan.held.get(key.as_str())
                && hold.meta.state == State::Planned
                && hold.cidr != *block
                && !plan.terms.committing
                && codec::live::<Allocation>(self.tx, &hold.meta.id)?.is_some()
            {
                self.note_displaced(hold)?;
                self.drop_allocation(hold, Action::Delete)?;
            }
        }
        for (key, one) in plan.present.iter().filter(|(key, _)| !layout.moved.contains(**key)) {
            let member = self.plan_member_in_place(request, key, &one.meta.id, &plan.terms);
            match member.map_err(|error| error.of_member(key))? {
                Some(member) => drop(planned.insert((*key).to_owned(), member)),
                None => return Ok(Err(*key)),
            }
        }
        for (key, block) in &layout.placed {
            let replaced = plan.present.get(key.as_str()).map(|one| &one.meta.id).or(request.replaces.get(*key));
            let terms = request.terms_of(key, replaced, &plan.terms);
            let wish = plan.spec().member(key, plan.spec().members[*key]);
            let wish = AllocationSpec { aggregate: Some(aggregate), ..wish };
            let hold = self.plan_allocation_at(&wish, Some(*block), &terms).map_err(|error| error.of_member(key))?;
            planned.insert((*key).clone(), shown(&hold));
        }
        planned.values_mut().for_each(|one| one.aggregate = Some(aggregate));
        Ok(Ok(planned))
    }

    /// The aggregate with which the plan begins.
    fn first_aggregate(&mut self, plan: &Plan<'_>) -> Result<Cidr> {
        if let Some(shown) = plan.spec().aggregate.filter(|_| !plan.request.shown.is_empty()) {
            return self.claim_first(plan, shown);
        }
        if plan.terms.committing {
            // The plan has claimed the block. What the same apply releases may still be in it.
            let members = plan.present.values().chain(plan.held.values());
            if let Some(claimed) = join(members.filter_map(|one| one.aggregate)) {
                return Ok(claimed);
            }
        }
        if !plan.present.is_empty() {
            let present = plan.present.values().map(|one| one.aggregate.unwrap_or(one.cidr));
            return match (plan.own, join(present)) {
                (Some(own), _) => Ok(own),
                (None, Some(around)) => self.claim_first(plan, around),
                (None, None) => self.place_aggregate(plan, plan.least()?),
            };
        }
        let least = plan.least()?;
        let (mut only, mut held) = (Vec::new(), Vec::new());
        for key in plan.order {
            only.extend(plan.only_place(key)?);
            held.extend(plan.held_place(key)?);
        }
        let around = |blocks: Vec<Cidr>| join(blocks).map(|all| all.resized(all.netmask_length().min(least)));
        if let Some(around) = around(only) {
            return self.claim_first(plan, around);
        }
        match around(held) {
            // Holds of an earlier plan count if they make up the smallest block.
            Some(around) if plan.terms.committing || around.netmask_length() == least => {
                match self.claim(plan, &around)? {
                    Ok(()) => Ok(around),
                    Err(_) => self.place_aggregate(plan, least),
                }
            }
            _ => self.place_aggregate(plan, least),
        }
    }

    /// A free block for the members of a new set, as the pool places blocks.
    fn place_aggregate(&mut self, plan: &Plan<'_>, netmask_length: u8) -> Result<Cidr> {
        let (family, strategy, keep_off) = (plan.pool.address_family, plan.pool.strategy, KeepOff::Always(plan.pool));
        let disallowed = &plan.spec().disallowed_cidrs;
        let ask = BlockRequest { family, netmask_length, strategy, disallowed, keep_off };
        self.given_up = plan.terms.all_given_up();
        Ok(self.place_or_wait(plan.pool, &ask)?.0)
    }

    /// Claims an aggregate that the configuration or an earlier plan asks for.
    fn claim_first(&mut self, plan: &Plan<'_>, aggregate: Cidr) -> Result<Cidr> {
        let key = plan.order.iter().find(|key| matches!(plan.spec().members[*key], Size::Cidr(_)));
        let key = key.or(plan.order.first()).map_or("", String::as_str);
        match self.claim(plan, &aggregate)? {
            Ok(()) => Ok(aggregate),
            Err(with) if with.is_empty() => {
                let (pool_id, pool_name) = (plan.pool.meta.id.clone(), plan.pool.meta.name.clone());
                let other = aggregates::over(self.tx, &pool_id, &aggregate, plan.own.as_ref())?.map(|found| found.cidr);
                let reserved = |reserved| {
                    let rule = RuleName::ContiguousSet;
                    Error::Reserved { cidr: aggregate, pool_id, pool_name, reserved, rule }
                };
                let error = other.map_or_else(|| self.outside(plan.pool, &aggregate), |other| Ok(reserved(other)))?;
                Err(error.of_member(key))
            }
            Err(with) => Err(Error::Overlap { cidr: aggregate, with }.of_member(key)),
        }
    }

    /// The next larger aggregate, for a member that has no room.
    fn larger(&mut self, plan: &Plan<'_>, aggregate: &Cidr, key: &str, netmask_length: u8) -> Result<Cidr> {
        let larger = aggregate.resized(aggregate.netmask_length().saturating_sub(1));
        let full = |with| {
            let aggregate = plan.own.unwrap_or(*aggregate);
            Error::AggregateFull { aggregate, netmask_length, larger, with }.of_member(key)
        };
        if larger == *aggregate {
            return Err(full(Vec::new()));
        }
        match self.claim(plan, &larger)? {
            Ok(()) => Ok(larger),
            // Nothing of a new set is there yet, so it can be anywhere.
            Err(_) if plan.present.is_empty() && !has_cidr(plan.spec()) && !plan.terms.committing => {
                self.place_aggregate(plan, larger.netmask_length().min(plan.least()?))
            }
            Err(with) => Err(full(with)),
        }
    }

    /// Makes room for an aggregate: everything in it is of this set, is given up by the same apply or gives way. The
    /// inner error: the objects that stay there, or none if the block is not free space of the pool.
    fn claim(&mut self, plan: &Plan<'_>, aggregate: &Cidr) -> Result<Result<(), Vec<Occupant>>> {
        let pool_id = &plan.pool.meta.id;
        self.reader().require_own_if_planned(plan.pool)?;
        if free::provisioned_around(self.tx, pool_id, aggregate)?.is_none()
            || self.reader().planned_for_others(plan.pool, aggregate)?.is_some()
            || self.clear_aggregates(pool_id, aggregate, plan.own.as_ref())?.is_some()
        {
            return Ok(Err(Vec::new()));
        }
        self.given_up = plan.terms.all_given_up();
        let entries = free::entries_over(self.tx, &keys::at_of(pool_id), aggregate, usize::MAX)?;
        let (_, mut others) = self.given_up_in_pool(&entries)?;
        others.retain(|entry| !plan.is_own(&entry.id) && !plan.own.is_some_and(|own| own.contains(&entry.cidr)));
        if !self.reader().are_clearable(&others, aggregate)? {
            let mut with = Vec::new();
            for entry in &others {
                if with.len() < NAMED_IN_ERRORS
                    && !self.reader().are_clearable(std::slice::from_ref(entry), aggregate)?
                {
                    with.extend(self.reader().occupants_at(std::slice::from_ref(entry))?);
                }
            }
            return Ok(Err(with));
        }
        for entry in &others {
            self.reclaim_entry(entry)?;
        }
        Ok(Ok(()))
    }

    /// The free space of an aggregate.
    fn space_in(&mut self, plan: &Plan<'_>, aggregate: &Cidr) -> Result<Space> {
        let entries = free::entries_over(self.tx, &keys::at_of(&plan.pool.meta.id), aggregate, usize::MAX)?;
        let (_, others) = self.given_up_in_pool(&entries)?;
        // The pool may have lost a part of the aggregate.
        let parts = match free::provisioned_around(self.tx, &plan.pool.meta.id, aggregate)? {
            Some(_) => vec![*aggregate],
            None => free::entries_over(self.tx, &keys::provisioned_of(&plan.pool.meta.id), aggregate, usize::MAX)?
                .into_iter()
                .map(|entry| entry.cidr)
                .collect(),
        };
        let mut space = Space { now: Room::new(parts.iter().copied()), then: Room::new(parts) };
        for BlockEntry { cidr, .. } in &entries {
            space.now.cut(cidr);
        }
        for entry in others.iter().filter(|entry| !plan.is_own(&entry.id)) {
            if !self.reader().are_clearable(std::slice::from_ref(entry), &entry.cidr)? {
                space.then.cut(&entry.cidr);
            }
        }
        for reserved in reserved::by_rules(self.tx, plan.pool)? {
            space.cut(&reserved);
        }
        Ok(space)
    }

    /// The aggregate that a contiguous set has after a change.
    pub(super) fn aggregate_after(&mut self, change: &SetChange) -> Result<Option<Cidr>> {
        let mut blocks = Vec::new();
        for id in change.present.iter().filter(|(key, _)| change.spec.members.contains_key(*key)).map(|(_, id)| id) {
            blocks.extend(codec::live::<Allocation>(self.tx, id)?.and_then(|found| found.aggregate));
        }
        for (planned, cidr) in change.planned.values() {
            blocks.push(*cidr);
            if let Some(id) = planned.hold() {
                blocks.extend(codec::live::<Allocation>(self.tx, id)?.and_then(|found| found.aggregate));
            }
        }
        Ok(join(blocks))
    }
}
