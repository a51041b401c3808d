//! Allocation sets: the members of a set are planned in one transaction and changed in one, all or none of them. Each
//! member is planned and changed as an allocation by itself; this file decides their order, and which of them keep their
//! places.
//!
//! A member that exists keeps its block unless another size is requested for it. A member that cannot have the new size
//! in place moves: the plan holds another block under the same name, and the apply releases the old allocation.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ipam::holds::standing::occupant;
use crate::ipam::model::event::Action;
use crate::ipam::operations::allocation::{SizeRequest, check_tags, size_request};
use crate::ipam::operations::context::UNPLANNED;
use crate::ipam::operations::set_member::{asked, must_avoid, shown};
use crate::ipam::storage::codec;
use crate::ipam::{
    Allocation, AllocationChange, AllocationSpec, Cidr, Error, Exhausted, GivenUp, Ledger, Packing, Planned,
    PlannedMember, Pool, Reader, Resize, Result, SetChange, SetRequest, SetSpec, Size, State, Terms,
};

/// How long growth is held that is planned and carried out in one transaction.
const WITHIN_AN_APPLY: Duration = Duration::from_hours(1);

/// The members in the order in which they are placed: blocks by CIDR, and then those by size as the set packs them.
///
/// # Errors
/// Returns [`Error::OfMember`] for a size that the pool does not allow.
fn in_order(spec: &SetSpec, pool: &Pool, is_new: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut keyed = Vec::new();
    for (key, size) in &spec.members {
        let turn = match size_request(*size, pool) {
            // The rules may have changed since the block of an existing member was allocated.
            Err(_) if !is_new(key) => 0,
            request => match request.map_err(|error| error.of_member(key))? {
                SizeRequest::Block(_) => 0,
                SizeRequest::Length(length) if spec.packing == Packing::LargestFirst => u16::from(length) + 1,
                SizeRequest::Length(_) => 1,
            },
        };
        keyed.push((turn, key.clone()));
    }
    keyed.sort();
    Ok(keyed.into_iter().map(|(_, key)| key).collect())
}

/// The members that need a new block, in the order in which they get it, each with the id of the allocation that it
/// replaces.
#[derive(Default)]
struct Placed<'a>(Vec<(&'a String, Option<&'a String>)>);

impl<'a> Placed<'a> {
    fn add(&mut self, key: &'a String, replaced: Option<&'a String>) {
        self.0.push((key, replaced));
    }

    /// Adds a member that cannot stay where it is.
    fn add_moved(&mut self, key: &'a String, size: Size, id: &'a String) {
        // A block by CIDR has only one place, so it stays before those by size.
        let at = if matches!(size, Size::Cidr(_)) { 0 } else { self.0.len() };
        self.0.insert(at, (key, Some(id)));
    }
}

/// Blocks that members get when the same apply has released space in them. The plan holds nothing there, so that it is for
/// the plan to keep other members off.
#[derive(Default)]
struct Promised(BTreeMap<Cidr, String>);

impl Promised {
    fn note(&mut self, member: &PlannedMember) {
        if !member.waits_for.is_empty() {
            self.0.insert(member.cidr, member.id.clone());
        }
    }

    /// The request for a member that keeps off these blocks.
    fn apart(&self, mut wish: AllocationSpec) -> AllocationSpec {
        if !matches!(wish.size, Size::Cidr(_)) {
            wish.disallowed_cidrs.extend(self.0.keys());
        }
        wish
    }

    /// The member that is to get addresses of this block.
    fn holder(&self, block: &Cidr) -> Option<&String> {
        self.0.iter().find(|(promised, _)| promised.overlaps(block)).map(|(_, id)| id)
    }
}

impl SetRequest {
    /// The terms with the space of the members that this plan removes.
    fn with_released(&self, terms: &Terms) -> Terms {
        let goes = |key: &str| !self.keeps_removed && !self.spec.members.contains_key(key);
        let removed = self.present.iter().filter(|(key, _)| goes(key));
        let removed = removed.map(|(_, id)| GivenUp { id: id.clone(), cidr: None, in_place: false });
        let given_up = removed.chain(terms.given_up.iter().cloned()).collect();
        Terms { given_up, replaces: None, ..terms.clone() }
    }
}

impl Reader<'_> {
    /// The plan of a set, when no write is needed for it; `None` otherwise.
    pub fn find_set(&mut self, request: &SetRequest, terms: &Terms) -> Result<Option<BTreeMap<String, PlannedMember>>> {
        let spec = &request.spec;
        let pool = terms.future(self.pool(&spec.pool_id)?);
        let terms = &request.with_released(terms);
        let (mut found, mut placed, mut promised) = (BTreeMap::new(), Placed::default(), Promised::default());
        let order = in_order(spec, &pool, |key| !request.present.contains_key(key))?;
        if spec.contiguous {
            return self.find_contiguous(request, &order, terms);
        }
        for key in &order {
            let size = spec.members[key];
            match request.present.get(key) {
                None => placed.add(key, request.replaces.get(key)),
                Some(id) if request.shows_a_move(key, id) || self.is_moving(spec, key, size, id, terms)? => {
                    placed.add_moved(key, size, id);
                }
                Some(id) => {
                    let Some(member) = self.find_member_in_place(spec, key, id, terms)? else { return Ok(None) };
                    if request.shown.get(key).is_some_and(|shown| shown.cidr != Some(member.cidr)) {
                        return Ok(None);
                    }
                    promised.note(&member);
                    found.insert(key.clone(), member);
                }
            }
        }
        for (key, replaced) in placed.0 {
            let terms = request.terms_of(key, replaced, terms);
            let wish = promised.apart(spec.member(key, spec.members[key]));
            let Some(hold) = self.find_hold_allocation(&wish, &terms)? else { return Ok(None) };
            promised.note(&shown(&hold));
            found.insert(key.clone(), shown(&hold));
        }
        Ok(Some(found))
    }

    /// The allocations with these ids, holds included; `None` for one that is gone.
    pub fn get_allocations(&mut self, ids: &[String]) -> Result<Vec<Option<Allocation>>> {
        codec::live_all(self.snapshot, ids)
    }
}

impl Ledger<'_> {
    /// Plans all members of a set: holds the blocks of new ones, and the space that existing ones grow into.
    ///
    /// # Errors
    /// Returns the error of a member as [`Error::OfMember`]. The caller then drops the transaction, so that no member is
    /// planned.
    pub fn plan_set(&mut self, request: &SetRequest, terms: &Terms) -> Result<BTreeMap<String, PlannedMember>> {
        let spec = &request.spec;
        let pool = terms.future(self.reader().pool(&spec.pool_id)?);
        check_tags(&spec.tags, &pool)?;
        let order = in_order(spec, &pool, |key| !request.present.contains_key(key))?;
        let mut terms = request.with_released(terms);
        if spec.contiguous {
            return match self.reader().find_contiguous(request, &order, &terms)? {
                Some(found) => Ok(found),
                None => self.plan_contiguous(request, &order, &pool, &terms),
            };
        }
        let (mut planned, mut placed, mut promised) = (BTreeMap::new(), Placed::default(), Promised::default());
        for key in &order {
            let Some(id) = request.present.get(key) else {
                placed.add(key, request.replaces.get(key));
                continue;
            };
            match self.plan_member_in_place(request, key, id, &terms).map_err(|error| error.of_member(key))? {
                Some(member) => {
                    promised.note(&member);
                    planned.insert(key.clone(), member);
                }
                None => {
                    terms.given_up.push(GivenUp { id: id.clone(), cidr: None, in_place: false });
                    placed.add_moved(key, spec.members[key], id);
                }
            }
        }
        for (key, replaced) in placed.0 {
            let terms = request.terms_of(key, replaced, &terms);
            let hold = self.place_member(spec, key, &promised, &terms).map_err(|error| error.of_member(key))?;
            promised.note(&shown(&hold));
            planned.insert(key.clone(), shown(&hold));
        }
        Ok(planned)
    }

    /// Holds a new block for a member, apart from the blocks that other members get.
    fn place_member(&mut self, spec: &SetSpec, key: &str, promised: &Promised, terms: &Terms) -> Result<Allocation> {
        let wish = spec.member(key, spec.members[key]);
        if let Size::Cidr(cidr) = wish.size
            && let Some(id) = promised.holder(&cidr)
        {
            let holder: Allocation = codec::expect(self.tx, id)?;
            return Err(Error::Overlap { cidr, with: vec![occupant(self.tx, &holder)?] });
        }
        self.plan_allocation(&promised.apart(wish), terms).map_err(|mut error| {
            // The user did not disallow the blocks of other members.
            if let Error::PoolExhausted(Exhausted { disallowed, .. }) = &mut error {
                *disallowed &= !spec.disallowed_cidrs.is_empty();
            }
            error
        })
    }

    /// Carries out the plan of a set: releases, changes and creates members.
    ///
    /// # Errors
    /// Returns the error of a member as [`Error::OfMember`]. The caller then drops the transaction, so that no member is
    /// changed.
    pub fn apply_set(&mut self, change: &SetChange) -> Result<BTreeMap<String, Allocation>> {
        if !change.spec.contiguous {
            return self.carry_out_set(change);
        }
        let change = self.decided(change)?;
        let aggregate = self.aggregate_after(&change)?;
        for (key, id) in &change.present {
            let stays = change.spec.members.contains_key(key);
            if !stays && !change.keeps_removed {
                continue;
            }
            if let Some(before) = codec::live::<Allocation>(self.tx, id)?.filter(|one| one.meta.state == State::Active)
            {
                let after = Allocation { aggregate: aggregate.filter(|_| stays), ..before.clone() };
                self.change_allocation(Action::Update, &before, after)?;
            }
        }
        self.carry_out_set(&SetChange { spec: SetSpec { aggregate, ..change.spec.clone() }, ..change })
    }

    /// The change of a contiguous set with what the plan showed, or else with what a plan would show now.
    fn decided(&mut self, change: &SetChange) -> Result<SetChange> {
        if change.spec.members.keys().all(|key| change.planned.contains_key(key)) {
            return Ok(change.clone());
        }
        let request = SetRequest {
            spec: change.spec.clone(),
            present: change.present.clone(),
            replaces: BTreeMap::new(),
            shown: BTreeMap::new(),
            keeps_removed: change.keeps_removed,
        };
        let planned = self.plan_set(&request, &Terms { hold: WITHIN_AN_APPLY, ..UNPLANNED })?;
        let held = planned.into_iter().map(|(key, one)| (key, (Planned::Held(one.id), one.cidr)));
        Ok(SetChange { planned: held.collect(), ..change.clone() })
    }

    fn carry_out_set(&mut self, change: &SetChange) -> Result<BTreeMap<String, Allocation>> {
        let spec = &change.spec;
        let pool = self.reader().pool(&spec.pool_id)?;
        let order = in_order(spec, &pool, |key| {
            // What a plan held is as the plan showed it, whatever the rules of the pool are now.
            !change.present.contains_key(key) && !change.planned.contains_key(key)
        })?;
        for (key, id) in &change.present {
            let is_moved = change.planned.get(key).is_some_and(|(planned, _)| planned.hold() != Some(id.as_str()));
            if is_moved || (!spec.members.contains_key(key) && !change.keeps_removed) {
                self.delete_allocation(id).map_err(|error| error.of_member(key))?;
            }
        }
        let (mut staying, mut made) = (Vec::new(), BTreeMap::new());
        for (key, id) in &change.present {
            let Some(size) = spec.members.get(key) else { continue };
            if let Some(cidr) = self.staying_member(change, key, id, *size).map_err(|error| error.of_member(key))? {
                staying.push((key, id, cidr));
            }
        }
        // Members that shrink make room for those that grow.
        staying.sort_by_key(|(key, _, cidr)| (std::cmp::Reverse(cidr.netmask_length()), *key));
        for (key, id, cidr) in staying {
            let size = spec.members[key];
            let size = if matches!(size, Size::NetmaskLength(_)) { size } else { Size::Cidr(cidr) };
            let wish = spec.member(key, size);
            let change = AllocationChange {
                name: wish.name,
                description: wish.description,
                tags: wish.tags,
                disallowed_cidrs: wish.disallowed_cidrs,
                size,
                lifetime: wish.lifetime,
            };
            let changed = self.update_allocation(id, &change).map_err(|error| error.of_member(key))?;
            made.insert(key.clone(), changed);
        }
        for key in order.iter().filter(|key| !made.contains_key(*key)).collect::<Vec<_>>() {
            let planned = change.planned.get(key).map_or(Planned::Unknown, |(planned, _)| planned.clone());
            let created = self.create_allocation(&spec.member(key, spec.members[key]), &planned);
            made.insert(key.clone(), created.map_err(|error| error.of_member(key))?);
        }
        Ok(made)
    }

    /// The block that an existing member has after the apply; `None` for a member that moved or is gone. Without a plan
    /// that showed the block, the decision is made now, and the old allocation of a member that moves is released.
    fn staying_member(&mut self, change: &SetChange, key: &str, id: &str, size: Size) -> Result<Option<Cidr>> {
        if let Some((planned, cidr)) = change.planned.get(key) {
            return Ok((planned.hold() == Some(id)).then_some(*cidr));
        }
        if codec::live::<Allocation>(self.tx, id)?.is_none() {
            return Ok(None);
        }
        let allocation = self.reader().changeable(id)?;
        let resize = match must_avoid(&change.spec, &allocation, size) {
            true => Resize::Replace,
            false => {
                // Until the end of this transaction, no other member takes the space.
                let terms = Terms { hold: WITHIN_AN_APPLY, ..UNPLANNED };
                self.plan_resize(id, asked(&allocation, size), &terms)?
            }
        };
        match resize {
            Resize::InPlace(cidr) => Ok(Some(cidr)),
            Resize::Replace => self.delete_allocation(id).map(|()| None),
        }
    }

    /// Releases all these members, by their keys.
    ///
    /// # Errors
    /// Returns the error of a member as [`Error::OfMember`]. The caller then drops the transaction.
    pub fn delete_set(&mut self, members: &BTreeMap<String, String>) -> Result<()> {
        members.iter().try_for_each(|(key, id)| self.delete_allocation(id).map_err(|error| error.of_member(key)))
    }
}
