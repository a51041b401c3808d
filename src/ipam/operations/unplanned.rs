//! Allocations for callers without a plan and without a Terraform state, such as a pipeline that calls the commands.
//!
//! The name makes a request idempotent: the same request again finds what the first one made. An allocation is confirmed
//! at once, in the same transaction, so that no plan adopts it as left over from an interrupted apply. A reservation is
//! a hold that no plan made. It stays until it expires, or until its name is allocated or planned.

use std::time::Duration;

use crate::ipam::holds::standing::Standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::allocation::{check_tags, size_request};
use crate::ipam::operations::choice::InCandidate;
use crate::ipam::operations::context::{Birth, UNPLANNED, expiry};
use crate::ipam::storage::{codec, names};
use crate::ipam::{Allocation, AllocationSpec, Kind, Ledger, Pool, Reader, ResourceType, Result, Size, State, Terms};

/// The answer to a request without a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The allocation, or its reservation.
    pub allocation: Allocation,
    /// Whether the request made it; otherwise an earlier one did.
    pub is_new: bool,
}

/// The object that has the name of a request.
enum Found {
    /// An own allocation that answers the request.
    Active(Allocation),
    /// An own reservation that answers the request.
    Reserved(Allocation),
    /// Nothing that counts any more.
    Nothing(Standing<Allocation>),
}

/// Whether an allocation, or its hold, is what a request asks for.
pub fn answers(found: &Allocation, spec: &AllocationSpec, pool: &Pool) -> bool {
    let block = &found.cidr;
    let is_placed_well = || !spec.disallowed_cidrs.iter().any(|avoid| avoid.overlaps(block));
    match spec.size {
        Size::Cidr(wished) => wished == *block,
        Size::NetmaskLength(length) => length == block.netmask_length() && is_placed_well(),
        // The default of the pool may have changed since.
        Size::Default => {
            let is_default = pool.rules.default_netmask_length == Some(block.netmask_length());
            (found.size == Size::Default || is_default) && is_placed_well()
        }
    }
}

impl From<Found> for InCandidate {
    fn from(found: Found) -> Self {
        match found {
            Found::Active(_) | Found::Reserved(_) => Self::Ours,
            Found::Nothing(_) => Self::Nothing,
        }
    }
}

impl Reader<'_> {
    fn found_in_candidate(&mut self, spec: &AllocationSpec) -> Result<InCandidate> {
        let pool = self.pool(&spec.pool_id)?;
        Ok(self.found(&pool, spec)?.into())
    }

    /// The object that has the name.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NameTaken`] with an object that is not what the request asks for, or is held for a
    /// plan.
    fn found(&mut self, pool: &Pool, spec: &AllocationSpec) -> Result<Found> {
        let entry = names::entry(self.snapshot, Kind::Allocation, &spec.pool_id, &spec.name)?;
        let owner = self.env.actor.owner.clone();
        if let Some(id) = &entry.active {
            let active: Allocation = codec::expect(self.snapshot, id)?;
            let is_own = active.meta.owner == owner && active.resource_type == ResourceType::Custom;
            if is_own && answers(&active, spec, pool) {
                return Ok(Found::Active(active));
            }
            return Err(self.name_taken(&active)?);
        }
        let Some(id) = &entry.planned else { return Ok(Found::Nothing(Standing::Vacant)) };
        let hold: Allocation = codec::expect(self.snapshot, id)?;
        let is_own = hold.meta.owner == owner;
        match hold.meta.state {
            State::Planned if is_own && hold.meta.is_reservation && answers(&hold, spec, pool) => {
                Ok(Found::Reserved(hold))
            }
            State::Planned if hold.meta.is_expired(self.env.now) => Ok(Found::Nothing(Standing::Foreign(hold))),
            State::Planned => Err(self.name_taken(&hold)?),
            State::Lapsed if is_own => Ok(Found::Nothing(Standing::Lapsed(hold))),
            State::Lapsed | State::Active => Ok(Found::Nothing(Standing::Vacant)),
        }
    }
}

impl Ledger<'_> {
    /// Allocates a block, or finds the allocation that an earlier call with the same request made. Takes up a
    /// reservation of the same owner.
    ///
    /// # Errors
    /// Returns an error when the request breaks a rule of the pool, when there is no room, and
    /// [`crate::ipam::Error::NotFound`] or [`crate::ipam::Error::NameTaken`].
    pub fn allocate_unplanned(&mut self, spec: &AllocationSpec) -> Result<Granted> {
        if let Some(candidates) = spec.undecided() {
            return self.in_first_pool(
                (spec, candidates),
                &UNPLANNED,
                |reader, spec| reader.found_in_candidate(spec),
                |ledger, spec| ledger.allocate_unplanned(spec),
            );
        }
        let pool = self.reader().pool(&spec.pool_id)?;
        let made = match self.reader().found(&pool, spec)? {
            Found::Active(allocation) => return Ok(Granted { allocation, is_new: false }),
            Found::Reserved(hold) => {
                check_tags(&spec.tags, &pool)?;
                self.activate_allocation(&hold, spec)?
            }
            Found::Nothing(old) => {
                self.reader().check_loan(&spec.lifetime)?;
                self.place_unplanned(&pool, spec, old, &Birth::Active { id: None })?
            }
        };
        self.confirm(&made.meta.id)?;
        let allocation: Allocation = codec::expect(self.tx, &made.meta.id)?;
        Ok(Granted { allocation, is_new: true })
    }

    /// Holds a block for a while, or finds the reservation that an earlier call with the same request made, which is
    /// then extended. Answers an allocation of that name as it is.
    ///
    /// # Errors
    /// Returns the errors of [`Self::allocate_unplanned`].
    pub fn reserve(&mut self, spec: &AllocationSpec, hold: Duration) -> Result<Granted> {
        if let Some(candidates) = spec.undecided() {
            return self.in_first_pool(
                (spec, candidates),
                &UNPLANNED,
                |reader, spec| reader.found_in_candidate(spec),
                |ledger, spec| ledger.reserve(spec, hold),
            );
        }
        let pool = self.reader().pool(&spec.pool_id)?;
        let expires_at = expiry(self.env.now, &Terms { hold, ..UNPLANNED });
        let reserved = Birth::Reservation { expires_at };
        let before = match self.reader().found(&pool, spec)? {
            Found::Active(allocation) => return Ok(Granted { allocation, is_new: false }),
            Found::Reserved(hold) => hold,
            Found::Nothing(old) => {
                let allocation = self.place_unplanned(&pool, spec, old, &reserved)?;
                return Ok(Granted { allocation, is_new: true });
            }
        };
        let mut after = before.clone();
        after.meta.hold_expires_at = before.meta.hold_expires_at.max(Some(expires_at));
        if after != before {
            after.meta.updated_at = self.env.now;
        }
        let allocation = self.change_allocation(Action::Hold, &before, after)?;
        Ok(Granted { allocation, is_new: false })
    }

    fn place_unplanned(
        &mut self,
        pool: &Pool,
        spec: &AllocationSpec,
        old: Standing<Allocation>,
        birth: &Birth,
    ) -> Result<Allocation> {
        self.require_active_container(Some(&spec.pool_id), "")?;
        let wanted = size_request(spec.size, pool)?;
        check_tags(&spec.tags, pool)?;
        self.clear_allocation(old)?;
        self.new_allocation(pool, spec, wanted, birth)
    }
}
