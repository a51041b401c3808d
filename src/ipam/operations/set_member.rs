//! One member of an allocation set in the plan of the set.

use crate::ipam::storage::{codec, names};
use crate::ipam::{
    Allocation, Cidr, Error, Kind, Ledger, PlannedMember, Reader, Resize, Result, SetRequest, SetSpec, Size, State,
    Terms,
};

impl SetRequest {
    /// The terms of the plan of one member that gets a new block.
    pub(super) fn terms_of(&self, key: &str, replaced: Option<&String>, terms: &Terms) -> Terms {
        Terms { replaces: replaced.cloned(), shown: self.shown.get(key).cloned(), ..terms.clone() }
    }

    /// Whether an earlier plan showed that the member `id` moves.
    pub(super) fn shows_a_move(&self, key: &str, id: &str) -> bool {
        self.shown.get(key).is_some_and(|shown| shown.id != id)
    }
}

/// Whether CIDRs to avoid that are new rule out the block that a member by size would keep.
pub(super) fn must_avoid(spec: &SetSpec, allocation: &Allocation, size: Size) -> bool {
    let length = match size {
        Size::Cidr(_) => return false,
        Size::NetmaskLength(length) => length.min(allocation.cidr.family().bits()),
        Size::Default => allocation.cidr.netmask_length(),
    };
    let becomes = allocation.cidr.resized(length);
    spec.disallowed_cidrs != allocation.disallowed_cidrs
        && spec.disallowed_cidrs.iter().any(|avoided| avoided.overlaps(&becomes))
}

/// The size that is asked of a member that exists. Without a size, it keeps the one that it has.
pub(super) fn asked(allocation: &Allocation, size: Size) -> Size {
    if size == Size::Default { Size::Cidr(allocation.cidr) } else { size }
}

/// A member that stays, and has or will have this block.
pub(super) fn growing(allocation: &Allocation, cidr: Cidr) -> PlannedMember {
    let waits_for = allocation.waiting_growth.as_ref().map(|waiting| waiting.waits_for.clone()).unwrap_or_default();
    PlannedMember {
        id: allocation.meta.id.clone(),
        cidr,
        is_adopted: false,
        replaces: None,
        waits_for,
        aggregate: None,
    }
}

pub(super) fn shown(allocation: &Allocation) -> PlannedMember {
    PlannedMember {
        id: allocation.meta.id.clone(),
        cidr: allocation.cidr,
        is_adopted: allocation.meta.state == State::Active,
        replaces: allocation.meta.replaces.clone().filter(|_| allocation.meta.state == State::Planned),
        waits_for: allocation.meta.waits_for.clone(),
        aggregate: None,
    }
}

impl Reader<'_> {
    /// Whether an earlier plan held another block for a member that cannot have its new size in place.
    pub(super) fn is_moving(&mut self, spec: &SetSpec, key: &str, size: Size, id: &str, terms: &Terms) -> Result<bool> {
        let name = SetSpec::member_name(&spec.name, key);
        let entry = names::entry(self.snapshot, Kind::Allocation, &spec.pool_id, &name)?;
        let Some(hold) = entry.planned else { return Ok(false) };
        let Some(hold) = codec::live::<Allocation>(self.snapshot, &hold)? else { return Ok(false) };
        let fits = match size {
            Size::Cidr(cidr) => hold.cidr == cidr,
            Size::NetmaskLength(length) => hold.cidr.netmask_length() == length,
            Size::Default => true,
        };
        let counts = terms.committing || !hold.meta.is_expired(self.env.now);
        Ok(hold.meta.owner == self.env.actor.owner && hold.meta.replaces.as_deref() == Some(id) && counts && fits)
    }

    /// Checks that an existing member can have its name in the set: an imported member may have another name.
    fn check_member_name(&mut self, spec: &SetSpec, key: &str, member: &Allocation) -> Result<()> {
        let name = SetSpec::member_name(&spec.name, key);
        if member.meta.name == name {
            return Ok(());
        }
        let taken_by = names::entry(self.snapshot, Kind::Allocation, &spec.pool_id, &name)?.active;
        match taken_by {
            Some(id) if id != member.meta.id => {
                let existing: Allocation = codec::expect(self.snapshot, &id)?;
                Err(self.name_taken(&existing)?)
            }
            _ => Ok(()),
        }
    }

    /// The answer of [`Ledger::plan_member_in_place`] when no write is needed for it.
    pub(super) fn find_member_in_place(
        &mut self,
        spec: &SetSpec,
        key: &str,
        id: &str,
        terms: &Terms,
    ) -> Result<Option<PlannedMember>> {
        let size = spec.members[key];
        let allocation = self.changeable(id)?;
        self.check_member_name(spec, key, &allocation)?;
        if must_avoid(spec, &allocation, size) {
            return Ok(None);
        }
        let Some(Resize::InPlace(cidr)) = self.find_resize(id, asked(&allocation, size), terms)? else {
            return Ok(None);
        };
        Ok(Some(growing(&allocation, cidr)))
    }
}

impl Ledger<'_> {
    /// Plans a member that exists; `None`: it cannot have its new size in place.
    pub(super) fn plan_member_in_place(
        &mut self,
        request: &SetRequest,
        key: &str,
        id: &str,
        terms: &Terms,
    ) -> Result<Option<PlannedMember>> {
        let (spec, size) = (&request.spec, request.spec.members[key]);
        let allocation = self.reader().changeable(id)?;
        self.reader().check_member_name(spec, key, &allocation)?;
        if request.shows_a_move(key, id) {
            return Ok(None);
        }
        let shown = request.shown.get(key).and_then(|shown| shown.cidr);
        if shown.is_none()
            && (must_avoid(spec, &allocation, size) || self.reader().is_moving(spec, key, size, id, terms)?)
        {
            return Ok(None);
        }
        // A first plan that did not know the whole set has held nothing, so nothing is lost in the second one.
        let was_planned = allocation.growth.is_some() || allocation.waiting_growth.is_some();
        let terms = Terms { committing: terms.committing && was_planned, ..terms.clone() };
        match (self.plan_resize(id, asked(&allocation, size), &terms)?, shown) {
            (Resize::InPlace(cidr), shown) if shown.is_none_or(|shown| shown == cidr) => {
                Ok(Some(growing(&self.reader().changeable(id)?, cidr)))
            }
            (_, Some(shown)) => Err(self.growth_lost(&allocation, shown)?),
            _ => Ok(None),
        }
    }
}

impl Error {
    /// The same error, as that of a member of a set. An error of the store is about the whole transaction.
    pub(super) fn of_member(self, key: &str) -> Self {
        match self {
            Self::Store(_) | Self::OfMember { .. } => self,
            error => Self::OfMember { key: key.to_owned(), error: Box::new(error) },
        }
    }
}
