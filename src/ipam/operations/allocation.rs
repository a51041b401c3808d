//! Allocations: plan, preview, create, update, delete.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::history::log;
use crate::ipam::holds::standing::Standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::{Birth, UNPLANNED};
use crate::ipam::operations::pool_rules;
use crate::ipam::space::placement::{BlockRequest, KeepOff};
use crate::ipam::space::{blocks, reserved};
use crate::ipam::storage::{codec, index, names};
use crate::ipam::{
    Allocation, AllocationChange, AllocationSpec, Cidr, Error, Kind, Ledger, Planned, Pool, PoolChange, Reader, Resize,
    ResourceType, Result, Size, State, Tags, Terms,
};

/// A [`Size`] in which `Default` is replaced by the default netmask length of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ipam) enum SizeRequest {
    Block(Cidr),
    Length(u8),
}

impl SizeRequest {
    pub(in crate::ipam) const fn netmask_length(&self) -> u8 {
        match self {
            Self::Block(cidr) => cidr.netmask_length(),
            Self::Length(length) => *length,
        }
    }

    pub(in crate::ipam) fn satisfied_by(&self, allocation: &Allocation, disallowed: &BTreeSet<Cidr>) -> bool {
        let block = &allocation.cidr;
        match self {
            Self::Block(wished) => wished == block,
            Self::Length(length) => {
                block.netmask_length() == *length && !disallowed.iter().any(|avoid| avoid.overlaps(block))
            }
        }
    }
}

/// Resolves a size for a pool: the block or the netmask length that is requested there.
///
/// # Errors
/// Returns [`Error::NoSize`], [`Error::FamilyMismatch`], [`Error::NetmaskRange`] or [`Error::NetmaskRule`].
pub(in crate::ipam) fn size_request(size: Size, pool: &Pool) -> Result<SizeRequest> {
    let wanted = match size {
        Size::Cidr(cidr) => {
            pool_rules::check_family(&cidr, pool.address_family)?;
            SizeRequest::Block(cidr)
        }
        Size::NetmaskLength(length) => {
            pool_rules::check_range(length, pool.address_family)?;
            SizeRequest::Length(length)
        }
        Size::Default => match pool.rules.default_netmask_length {
            Some(length) => {
                pool_rules::check_range(length, pool.address_family)?;
                SizeRequest::Length(length)
            }
            None => {
                let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
                return Err(Error::NoSize { pool_id, pool_name });
            }
        },
    };
    check_length(wanted.netmask_length(), pool)?;
    Ok(wanted)
}

/// Checks that the pool allows an allocation of this netmask length.
///
/// # Errors
/// Returns [`Error::NetmaskRule`].
pub fn check_length(netmask_length: u8, pool: &Pool) -> Result<()> {
    let (min, max) = (pool.rules.min_netmask_length, pool.rules.max_netmask_length);
    if min.is_none_or(|min| min <= netmask_length) && max.is_none_or(|max| netmask_length <= max) {
        return Ok(());
    }
    let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
    Err(Error::NetmaskRule { pool_id, pool_name, netmask_length, min, max })
}

/// Checks that an allocation with these tags has the tags that the pool requires.
///
/// # Errors
/// Returns [`Error::TagRule`].
pub fn check_tags(tags: &Tags, pool: &Pool) -> Result<()> {
    let wrong = pool.rules.required_tags.iter().find(|(key, value)| tags.get(*key) != Some(*value));
    let Some((key, required)) = wrong else { return Ok(()) };
    Err(Error::TagRule {
        pool_id: pool.meta.id.clone(),
        pool_name: pool.meta.name.clone(),
        key: key.clone(),
        required: required.clone(),
        found: tags.get(key).cloned(),
    })
}

pub(in crate::ipam) fn details(spec: &AllocationSpec) -> impl Fn(&mut Allocation) + '_ {
    |allocation| {
        allocation.size = spec.size;
        allocation.disallowed_cidrs.clone_from(&spec.disallowed_cidrs);
        allocation.description.clone_from(&spec.description);
        allocation.tags.clone_from(&spec.tags);
        allocation.lifetime = spec.lifetime;
        allocation.asked = if allocation.meta.state == State::Planned { spec.asked() } else { None };
        allocation.aggregate = spec.aggregate;
    }
}

impl Reader<'_> {
    /// The answer of [`Ledger::plan_allocation`] when no write is needed for it; `None` otherwise.
    pub fn find_hold_allocation(&mut self, spec: &AllocationSpec, terms: &Terms) -> Result<Option<Allocation>> {
        if let Some(candidates) = spec.undecided() {
            return self.find_hold_in_candidates(spec, candidates, terms);
        }
        let (_, _, standing) = self.allocation_standing(spec, None, terms)?;
        Ok(self.answer(standing, terms, &details(spec)))
    }

    /// The allocation (id and block) that [`Ledger::plan_allocation`] would hold. The random bits decide the id.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_allocation`].
    pub fn preview_allocation(&mut self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        self.try_out(|ledger| ledger.plan_allocation(spec, terms))
    }

    /// The answer that [`Ledger::plan_resize`] would give, without a write.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_resize`].
    pub fn preview_resize(&mut self, id: &str, size: Size, terms: &Terms) -> Result<Resize> {
        self.try_out(|ledger| ledger.plan_resize(id, size, terms))
    }

    /// The answer that [`Ledger::plan_pool_change`] would give, without a write.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_pool_change`].
    pub fn preview_pool_change(&mut self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        self.try_out(|ledger| ledger.plan_pool_change(id, change, terms))
    }

    /// The standing of a request for an allocation, with its pool and the size that it asks for there. Checks everything
    /// that does not depend on free space. `exact`: the block that counts instead of the size.
    pub(in crate::ipam) fn allocation_standing(
        &mut self,
        spec: &AllocationSpec,
        exact: Option<Cidr>,
        terms: &Terms,
    ) -> Result<(Pool, SizeRequest, Standing<Allocation>)> {
        let pool = terms.future(self.pool(&spec.pool_id)?);
        if let Some(preferred) = &spec.preferred_cidr {
            pool_rules::check_family(preferred, pool.address_family)?;
        }
        let wanted = size_request(spec.size, &pool)?;
        check_tags(&spec.tags, &pool)?;
        self.check_loan(&spec.lifetime)?;
        let shown = self.shown_block(Kind::Allocation, &spec.name, terms, |block| match wanted {
            // The default of the pool may have changed since the plan.
            SizeRequest::Length(_) if spec.size == Size::Default => true,
            SizeRequest::Length(length) => block.netmask_length() == length,
            SizeRequest::Block(asked) => asked == *block,
        })?;
        if let Some(block) = &shown {
            pool_rules::check_family(block, pool.address_family)?;
            check_length(block.netmask_length(), &pool)?;
        }
        let wanted = shown.or(exact).map_or(wanted, SizeRequest::Block);
        let asked = spec.asked();
        let is_asked_so = |found: &Allocation| {
            // A reservation, and what exists, keeps its place.
            found.meta.state != State::Planned || found.meta.is_reservation || found.asked == asked
        };
        let satisfies = |found: &Allocation| wanted.satisfied_by(found, &spec.disallowed_cidrs) && is_asked_so(found);
        let mut standing = self.standing(&spec.pool_id, &spec.name, terms, &satisfies)?;
        // A hold is not there yet: when the pool reserves its space, or gives it to nothing new by size, the next plan
        // places it anew.
        if let Standing::Same(hold) = &standing
            && !terms.committing
            && hold.meta.state == State::Planned
            && (reserved::over_for(self.snapshot, &pool, &hold.cidr, hold.aggregate.as_ref())?.is_some()
                || matches!(wanted, SizeRequest::Length(_)) && pool.rules.draining(&hold.cidr).is_some())
        {
            standing = Standing::Other(hold.clone());
        }
        Ok((pool, wanted, standing))
    }
}

impl Ledger<'_> {
    /// Holds the block for a new allocation.
    ///
    /// # Errors
    /// Returns an error when the request breaks a rule of the pool, and [`Error::NameTaken`], [`Error::Overlap`],
    /// [`Error::OutsidePool`], [`Error::PoolExhausted`] or [`Error::HoldLost`].
    pub fn plan_allocation(&mut self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        if let Some(candidates) = spec.undecided() {
            return self.in_first_pool(
                (spec, candidates),
                terms,
                |reader, spec| Ok(reader.allocation_standing(spec, None, terms)?.2.into()),
                |ledger, spec| ledger.plan_allocation(spec, terms),
            );
        }
        self.plan_allocation_at(spec, None, terms)
    }

    /// [`Ledger::plan_allocation`]; `exact`: the block that counts instead of the size.
    ///
    /// # Errors
    /// As [`Ledger::plan_allocation`].
    pub(in crate::ipam) fn plan_allocation_at(
        &mut self,
        spec: &AllocationSpec,
        exact: Option<Cidr>,
        terms: &Terms,
    ) -> Result<Allocation> {
        let (pool, wanted, standing) = self.reader().allocation_standing(spec, exact, terms)?;
        match standing {
            Standing::Adopt(mut allocation) => {
                details(spec)(&mut allocation);
                Ok(allocation)
            }
            Standing::Same(hold) => {
                let mut renewed = hold.clone();
                self.reader().renew(&mut renewed, terms, &details(spec));
                self.change_allocation(Action::Hold, &hold, renewed)
            }
            standing => {
                let lost = self.reader().lost_hold(&standing)?;
                self.check_replaced(terms)?;
                self.avoided = standing.avoided();
                self.given_up = terms.all_given_up();
                self.clear_allocation(standing)?;
                let made = self.new_allocation(&pool, spec, wanted, &Birth::hold(self.env.now, terms));
                made.map_err(|error| error.after_losing(lost))
            }
        }
    }

    pub(in crate::ipam) fn clear_allocation(&mut self, standing: Standing<Allocation>) -> Result<()> {
        match standing {
            Standing::Foreign(hold) => self.lapse_allocation(&hold),
            Standing::Other(old) => {
                self.note_displaced(&old)?;
                self.drop_allocation(&old, Action::Delete)?;
                self.rest_again(&old)
            }
            Standing::Lapsed(old) => index::remove_allocation(self.tx, &old),
            _ => Ok(()),
        }
    }

    pub(in crate::ipam) fn change_allocation(
        &mut self,
        action: Action,
        before: &Allocation,
        after: Allocation,
    ) -> Result<Allocation> {
        if *before != after {
            index::write_allocation(self.tx, Some(before), Some(&after))?;
            log::append(self.tx, &self.env, action, Some(before), Some(&after))?;
        }
        Ok(after)
    }

    pub(in crate::ipam) fn new_allocation(
        &mut self,
        pool: &Pool,
        spec: &AllocationSpec,
        wanted: SizeRequest,
        birth: &Birth,
    ) -> Result<Allocation> {
        self.env.returning = Some(spec.name.clone());
        let found = self.find_space(pool, spec, wanted);
        self.env.returning = None;
        let (cidr, deferred) = found?;
        let mut meta = self.new_meta(Kind::Allocation, &spec.name, birth)?;
        meta.rests_until = self.rested_until.take().filter(|_| meta.state == State::Planned);
        meta.waits_for = std::mem::take(&mut self.waits_for);
        let mut allocation = Allocation {
            meta,
            pool_id: spec.pool_id.clone(),
            cidr,
            size: spec.size,
            disallowed_cidrs: spec.disallowed_cidrs.clone(),
            resource_type: ResourceType::Custom,
            resource_id: None,
            description: spec.description.clone(),
            tags: spec.tags.clone(),
            growth: None,
            waiting_growth: None,
            deferred,
            imported: None,
            lifetime: spec.lifetime,
            asked: spec.asked().filter(|_| birth.is_hold()),
            aggregate: spec.aggregate,
            address_sets: BTreeMap::new(),
        };
        self.begin_loan(&mut allocation);
        index::write_allocation(self.tx, None, Some(&allocation))?;
        names::enter(self.tx, &allocation)?;
        let action = if allocation.meta.state == State::Active { self.env.creation() } else { Action::Hold };
        log::append(self.tx, &self.env, action, None, Some(&allocation))?;
        Ok(allocation)
    }

    /// The block for a new allocation. `true`: the block is not free yet, because the same apply has yet to release it.
    fn find_space(&mut self, pool: &Pool, spec: &AllocationSpec, wanted: SizeRequest) -> Result<(Cidr, bool)> {
        match wanted {
            SizeRequest::Block(block) => {
                self.require_unreserved(pool, &block, spec.aggregate.as_ref())?;
                Ok((block, self.clear_in_pool(pool, &block)?))
            }
            SizeRequest::Length(netmask_length) => {
                let (family, strategy) = (pool.address_family, pool.strategy);
                let keep_off = KeepOff::Always(pool);
                let ask =
                    BlockRequest { family, netmask_length, strategy, disallowed: &spec.disallowed_cidrs, keep_off };
                if let Some(block) = self.take_preferred(pool, spec, &ask)? {
                    return Ok((block, false));
                }
                if let Some(block) = self.reader().own_rest(pool, &spec.name, &ask)? {
                    return Ok((block, self.clear_in_pool(pool, &block)?));
                }
                let (block, is_free) = self.place_or_wait(pool, &ask)?;
                Ok((block, !is_free && self.clear_in_pool(pool, &block)?))
            }
        }
    }

    /// Turns a hold into an allocation, or creates an allocation without a hold.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_allocation`].
    pub fn create_allocation(&mut self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation> {
        self.reader().check_loan(&spec.lifetime)?;
        let (id, exact) = match planned {
            Planned::Unknown => (None, None),
            Planned::Held(id) | Planned::Fresh(id) => {
                let Some(held) = codec::live::<Allocation>(self.tx, id)? else {
                    return Err(self.reader().lost::<Allocation>(id, &spec.name)?);
                };
                self.reader().is_still_ours(&held, planned)?;
                return self.activate_allocation(&held, spec);
            }
            Planned::Previewed { id, cidr } => {
                if let Some(found) = codec::live::<Allocation>(self.tx, id)? {
                    return self.activate_allocation(&found, spec);
                }
                (Some(id.clone()), Some(*cidr))
            }
        };
        if let Some(candidates) = spec.undecided() {
            return self.in_first_pool(
                (spec, candidates),
                &UNPLANNED,
                |reader, spec| Ok(reader.allocation_standing(spec, None, &UNPLANNED)?.2.into()),
                |ledger, spec| ledger.create_allocation(spec, planned),
            );
        }
        let (pool, wanted, standing) = self.reader().allocation_standing(spec, exact, &UNPLANNED)?;
        match standing {
            // The plan showed the id of the preview, so an object with another id cannot take its place.
            Standing::Adopt(found) if exact.is_some() => Err(self.reader().name_taken(&found)?),
            Standing::Same(found) if exact.is_some() => {
                self.drop_allocation(&found, Action::Delete)?;
                self.new_allocation(&pool, spec, wanted, &Birth::Active { id })
            }
            Standing::Adopt(found) | Standing::Same(found) => self.activate_allocation(&found, spec),
            standing => {
                self.require_active_container(Some(&spec.pool_id), "")?;
                self.clear_allocation(standing)?;
                self.new_allocation(&pool, spec, wanted, &Birth::Active { id })
            }
        }
    }

    pub(in crate::ipam) fn activate_allocation(
        &mut self,
        held: &Allocation,
        spec: &AllocationSpec,
    ) -> Result<Allocation> {
        if held.meta.state == State::Active {
            let mut after = held.clone();
            details(spec)(&mut after);
            self.begin_loan(&mut after);
            return self.change_allocation(Action::Update, held, after);
        }
        // The hold is what the plan showed. A default netmask length of the pool that changed since then does not
        // count.
        let as_planned = match spec.size {
            Size::Cidr(cidr) => cidr == held.cidr,
            Size::NetmaskLength(length) => length == held.cidr.netmask_length(),
            Size::Default => true,
        };
        if !as_planned {
            return Err(self.reader().hold_lost(held)?);
        }
        self.require_active_container(Some(&held.pool_id), "")?;
        self.release_replaced(held)?;
        let mut active = self.reader().with_name(held)?;
        details(spec)(&mut active);
        self.begin_loan(&mut active);
        if held.deferred {
            let pool: Pool = codec::expect(self.tx, &held.pool_id)?;
            self.clear_in_pool(&pool, &held.cidr)?;
            active.deferred = false;
        }
        names::enter(self.tx, &active)?;
        self.change_allocation(self.env.creation(), held, active)
    }

    /// Changes name, description, tags, size, loan and protection. A growth that was planned takes the space that was held for it.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`], [`Error::NameTaken`], [`Error::TagRule`] or [`Error::NetmaskRule`]; returns
    /// [`Error::HoldLost`] when the allocation cannot have the new size any more.
    pub fn update_allocation(&mut self, id: &str, change: &AllocationChange) -> Result<Allocation> {
        let before = self.reader().changeable(id)?;
        let wished = Allocation { disallowed_cidrs: change.disallowed_cidrs.clone(), ..before.clone() };
        let pool: Pool = codec::expect(self.tx, &before.pool_id)?;
        if change.tags != before.tags {
            check_tags(&change.tags, &pool)?;
        }
        if change.lifetime != before.lifetime {
            self.reader().check_loan(&change.lifetime)?;
        }
        self.clear_name(&before, &change.name)?;
        let mut after = self.resized(&pool, &wished, change.size)?;
        after.meta.name.clone_from(&change.name);
        after.description.clone_from(&change.description);
        after.tags.clone_from(&change.tags);
        after.lifetime = change.lifetime;
        self.begin_loan(&mut after);
        if after == before {
            return Ok(after);
        }
        after.meta.updated_at = self.env.now;
        names::rename(self.tx, &before, &after)?;
        let action = if after.cidr == before.cidr { Action::Update } else { Action::Resize };
        let after = self.change_allocation(action, &before, after)?;
        if before.cidr.contains(&after.cidr) {
            self.rest(&before, &blocks::growth_blocks(&after.cidr, &before.cidr))?;
        }
        Ok(after)
    }

    /// Releases an allocation, or drops a hold. Succeeds when the object is gone already.
    ///
    /// # Errors
    /// Returns [`Error::InUse`] for the space of a pool below: that space is released together with the pool. Returns
    /// [`Error::Addresses`] for an allocation in which address sets have addresses.
    pub fn delete_allocation(&mut self, id: &str) -> Result<()> {
        let Some(allocation) = codec::load::<Allocation>(self.tx, id)? else { return Ok(()) };
        if allocation.resource_type == ResourceType::IpamPool {
            return Err(self.reader().held_by_pool(&allocation)?);
        }
        self.reader().require_no_addresses(&allocation, None)?;
        allocation.check_release()?;
        self.release(&allocation, Action::Delete)?;
        self.rest_again(&allocation)
    }
}

impl Reader<'_> {
    /// The active allocation with this id, unless it is the space of a pool below.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] or [`Error::InUse`].
    pub(in crate::ipam) fn changeable(&mut self, id: &str) -> Result<Allocation> {
        let found: Option<Allocation> = codec::live(self.snapshot, id)?;
        match found.filter(|allocation| allocation.meta.state == State::Active) {
            Some(allocation) if allocation.resource_type != ResourceType::IpamPool => Ok(allocation),
            Some(allocation) => Err(self.held_by_pool(&allocation)?),
            None => Err(Error::NotFound { kind: Kind::Allocation, id: id.to_owned() }),
        }
    }

    fn held_by_pool(&mut self, allocation: &Allocation) -> Result<Error> {
        let pool: Pool = codec::expect(self.snapshot, allocation.resource_id.as_deref().unwrap_or_default())?;
        let contents = vec![crate::ipam::holds::standing::occupant(self.snapshot, &pool)?];
        let (id, name) = (allocation.meta.id.clone(), allocation.meta.name.clone());
        Ok(Error::InUse { kind: Kind::Allocation, id, name, contents, more: 0 })
    }
}
