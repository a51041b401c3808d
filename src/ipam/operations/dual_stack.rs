//! Dual-stack allocations: both are planned in one transaction and changed in one, or none of them. Each is planned and
//! changed as an allocation by itself. One that cannot have its new size in place moves: the plan holds another block under
//! the same name, and the apply releases the old allocation. The other one stays.

use std::collections::BTreeMap;

use crate::ipam::operations::context::UNPLANNED;
use crate::ipam::storage::{codec, names};
use crate::ipam::{
    Allocation, AllocationChange, Cidr, Error, Family, GivenUp, Kind, Ledger, PlannedPart, Reader, Resize, Result,
    Size, Stack, StackChange, StackPart, StackPartChange, StackRequest, State, Terms,
};

/// The parts of a plan.
type Parts = BTreeMap<Family, PlannedPart>;

fn of_part(error: Error, family: Family) -> Error {
    match error {
        Error::Store(_) | Error::OfMember { .. } => error,
        error => Error::OfMember { key: family.to_string(), error: Box::new(error) },
    }
}

fn held(hold: &Allocation) -> PlannedPart {
    PlannedPart {
        id: hold.meta.id.clone(),
        cidr: hold.cidr,
        is_adopted: hold.meta.state == State::Active,
        waits_for: hold.meta.waits_for.clone(),
    }
}

/// An allocation that stays, and has or will have this block.
fn growing(allocation: &Allocation, cidr: Cidr) -> PlannedPart {
    let waits_for = allocation.waiting_growth.as_ref().map(|waiting| waiting.waits_for.clone()).unwrap_or_default();
    PlannedPart { id: allocation.meta.id.clone(), cidr, is_adopted: false, waits_for }
}

/// The size that is asked of an allocation that exists. Without a size, it keeps the one that it has.
fn asked(allocation: &Allocation, size: Size) -> Size {
    if size == Size::Default { Size::Cidr(allocation.cidr) } else { size }
}

impl StackPart {
    fn terms(&self, terms: &Terms) -> Terms {
        Terms { replaces: self.replaces.clone(), pool_rules: self.pool_rules.clone(), ..terms.clone() }
    }

    /// The terms for another block, in place of the allocation that exists.
    fn moving(&self, id: &str, terms: &Terms) -> Terms {
        let mut terms = Terms { replaces: Some(id.to_owned()), ..self.terms(terms) };
        terms.given_up.push(GivenUp { id: id.to_owned(), cidr: None, in_place: false });
        terms
    }
}

impl Reader<'_> {
    /// Whether an earlier plan held another block for an allocation that cannot have its new size in place.
    fn is_part_moving(&mut self, part: &StackPart, id: &str, terms: &Terms) -> Result<bool> {
        let entry = names::entry(self.snapshot, Kind::Allocation, &part.spec.pool_id, &part.spec.name)?;
        let Some(hold) = entry.planned else { return Ok(false) };
        let Some(hold) = codec::live::<Allocation>(self.snapshot, &hold)? else { return Ok(false) };
        let fits = match part.spec.size {
            Size::Cidr(cidr) => hold.cidr == cidr,
            Size::NetmaskLength(length) => hold.cidr.netmask_length() == length,
            Size::Default => false,
        };
        let counts = terms.committing || !hold.meta.is_expired(self.env.now);
        Ok(hold.meta.owner == self.env.actor.owner && hold.meta.replaces.as_deref() == Some(id) && counts && fits)
    }

    /// Checks that an allocation that gets another name can have it.
    fn check_part_name(&mut self, part: &StackPart, present: &Allocation) -> Result<()> {
        if present.meta.name == part.spec.name {
            return Ok(());
        }
        let entry = names::entry(self.snapshot, Kind::Allocation, &part.spec.pool_id, &part.spec.name)?;
        match entry.active.filter(|id| *id != present.meta.id) {
            Some(id) => {
                let existing: Allocation = codec::expect(self.snapshot, &id)?;
                Err(self.name_taken(&existing)?)
            }
            None => Ok(()),
        }
    }

    /// The plan of both allocations, when no write is needed for it; `None` otherwise.
    ///
    /// # Errors
    /// Those of [`Ledger::plan_stack`].
    pub fn find_stack(&mut self, request: &StackRequest, terms: &Terms) -> Result<Option<Parts>> {
        let mut found = Parts::new();
        for (family, part) in &request.parts {
            let Some(one) = self.find_part(part, terms).map_err(|error| of_part(error, *family))? else {
                return Ok(None);
            };
            found.insert(*family, one);
        }
        Ok(Some(found))
    }

    fn find_part(&mut self, part: &StackPart, terms: &Terms) -> Result<Option<PlannedPart>> {
        let Some(id) = &part.present else {
            return Ok(self.find_hold_allocation(&part.spec, &part.terms(terms))?.map(|hold| held(&hold)));
        };
        let allocation = self.changeable(id)?;
        self.check_part_name(part, &allocation)?;
        if self.is_part_moving(part, id, terms)? {
            return Ok(self.find_hold_allocation(&part.spec, &part.moving(id, terms))?.map(|hold| held(&hold)));
        }
        Ok(match self.find_resize(id, asked(&allocation, part.spec.size), &part.terms(terms))? {
            Some(Resize::InPlace(cidr)) => Some(growing(&allocation, cidr)),
            _ => None,
        })
    }

    /// The plan of both allocations, without a write.
    ///
    /// # Errors
    /// Those of [`Ledger::plan_stack`].
    pub fn preview_stack(&mut self, request: &StackRequest, terms: &Terms) -> Result<Parts> {
        self.try_out(|ledger| ledger.plan_stack(request, terms))
    }
}

impl Ledger<'_> {
    /// Plans both allocations: holds the blocks of new ones, and the space that existing ones grow into.
    ///
    /// # Errors
    /// Returns the error of one of them as [`Error::OfMember`], with the family as the key. The caller then drops the
    /// transaction, so that none is planned.
    pub fn plan_stack(&mut self, request: &StackRequest, terms: &Terms) -> Result<Parts> {
        let mut planned = Parts::new();
        for (family, part) in &request.parts {
            planned.insert(*family, self.plan_part(part, terms).map_err(|error| of_part(error, *family))?);
        }
        Ok(planned)
    }

    fn plan_part(&mut self, part: &StackPart, terms: &Terms) -> Result<PlannedPart> {
        let Some(id) = &part.present else {
            return Ok(held(&self.plan_allocation(&part.spec, &part.terms(terms))?));
        };
        let allocation = self.reader().changeable(id)?;
        self.reader().check_part_name(part, &allocation)?;
        if !self.reader().is_part_moving(part, id, terms)? {
            // A first plan that did not know the size has held nothing, so nothing is lost in the second one.
            let was_planned = allocation.growth.is_some() || allocation.waiting_growth.is_some();
            let terms = Terms { committing: terms.committing && was_planned, ..part.terms(terms) };
            if let Resize::InPlace(cidr) = self.plan_resize(id, asked(&allocation, part.spec.size), &terms)? {
                return Ok(growing(&self.reader().changeable(id)?, cidr));
            }
        }
        // What has addresses in it does not move.
        self.reader().require_no_addresses(&allocation, None)?;
        Ok(held(&self.plan_allocation(&part.spec, &part.moving(id, terms))?))
    }

    /// Carries out the plan of both allocations.
    ///
    /// # Errors
    /// Returns the error of one of them as [`Error::OfMember`]. The caller then drops the transaction, so that none is
    /// changed.
    pub fn apply_stack(&mut self, change: &StackChange) -> Result<Stack> {
        let mut made = Stack::new();
        for (family, part) in &change.parts {
            made.insert(*family, self.apply_part(part).map_err(|error| of_part(error, *family))?);
        }
        Ok(made)
    }

    fn apply_part(&mut self, part: &StackPartChange) -> Result<Allocation> {
        let planned = part.planned.clone();
        if let Some(id) = &part.present {
            let stays = match &planned {
                Some((planned, cidr)) => (planned.hold() == Some(id.as_str())).then_some(*cidr),
                None => self.resize_now(id, part.spec.size)?,
            };
            match stays {
                Some(cidr) => return self.update_allocation(id, &changed(part, cidr)),
                None => self.delete_allocation(id)?,
            }
        }
        let planned = planned.map_or(crate::ipam::Planned::Unknown, |(planned, _)| planned);
        self.create_allocation(&part.spec, &planned)
    }

    /// The block that an allocation gets in place, decided without a plan; `None` when it has to move.
    fn resize_now(&mut self, id: &str, size: Size) -> Result<Option<Cidr>> {
        if codec::live::<Allocation>(self.tx, id)?.is_none() {
            return Ok(None);
        }
        let allocation = self.reader().changeable(id)?;
        Ok(match self.plan_resize(id, asked(&allocation, size), &UNPLANNED)? {
            Resize::InPlace(cidr) => Some(cidr),
            Resize::Replace => None,
        })
    }

    /// Releases both allocations.
    ///
    /// # Errors
    /// As [`Ledger::delete_allocation`], as the error of one of them.
    pub fn delete_stack(&mut self, ids: &BTreeMap<Family, String>) -> Result<()> {
        ids.iter().try_for_each(|(family, id)| self.delete_allocation(id).map_err(|error| of_part(error, *family)))
    }
}

/// The change of an allocation that stays, and has this block afterwards.
fn changed(part: &StackPartChange, cidr: Cidr) -> AllocationChange {
    let spec = &part.spec;
    AllocationChange {
        name: spec.name.clone(),
        description: spec.description.clone(),
        tags: spec.tags.clone(),
        disallowed_cidrs: spec.disallowed_cidrs.clone(),
        size: if matches!(spec.size, Size::NetmaskLength(_)) { spec.size } else { Size::Cidr(cidr) },
        lifetime: spec.lifetime,
    }
}
