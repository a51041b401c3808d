//! Previews of plans that may not write, kept in memory, so that new objects of one plan take each other into account.
//!
//! Each preview is a dry run on top of the earlier previews of this process. Nothing of it is ever written to the
//! store. When the store has changed in between, the earlier requests are run again on its present content.
//!
//! Terraform asks in no particular order, and a preview must not depend on the order. So a conflict between new objects
//! is reported only when it also exists in the best order: blocks by CIDR first, then blocks by size, the largest
//! first.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{New, Result};
use crate::ipam::{
    Allocation, AllocationSpec, DryRun, Error, Exhausted, Ledger, PoolCidrSpec, PoolSpec, Provision, Reader, ScopeSpec,
    Size, State, Terms,
};

/// In memory, holds have to last longer than the plan that they are for, also where plans hold nothing.
const LONG: Duration = Duration::from_hours(24);

/// The previews of one process.
#[derive(Default)]
pub(super) struct Previews(Mutex<Siblings>);

impl Previews {
    /// Waits for the preview that is running.
    pub(super) fn lock(&self) -> MutexGuard<'_, Siblings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// New objects that were previewed without an error.
#[derive(Default)]
pub(super) struct Siblings {
    requests: Vec<Request>,
    /// The result of the requests, in their order.
    dry_run: DryRun,
}

/// A request for a new object.
#[derive(Clone)]
struct Request {
    new: Wanted,
    terms: Terms,
    turn: Turn,
}

/// The position of a request in the best order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// The object has only one possible place.
    Explicit,
    /// The object is placed by size, the shortest netmask first.
    BySize(u8),
}

/// An owned copy of [`New`].
#[derive(Clone)]
enum Wanted {
    Scope(ScopeSpec),
    Pool(Box<PoolSpec>),
    PoolCidr(PoolCidrSpec),
    Allocation(AllocationSpec),
}

/// The result of a request.
enum Outcome {
    /// A hold, in memory.
    Held(Option<Allocation>),
    /// The object exists: an apply has created it.
    There(Option<Allocation>),
}

impl Wanted {
    fn new(new: New<'_>) -> Self {
        match new {
            New::Scope(spec) => Self::Scope(spec.clone()),
            New::Pool(spec) => Self::Pool(Box::new(spec.clone())),
            New::PoolCidr(spec) => Self::PoolCidr(spec.clone()),
            New::Allocation(spec) => Self::Allocation(spec.clone()),
        }
    }

    fn plan(&self, ledger: &mut Ledger<'_>, terms: &Terms) -> Result<Outcome> {
        let (state, allocation) = match self {
            Self::Scope(spec) => (ledger.plan_scope(spec, terms)?.meta.state, None),
            Self::Pool(spec) => (ledger.plan_pool(spec, terms)?.meta.state, None),
            Self::PoolCidr(spec) => (ledger.plan_pool_cidr(spec, terms)?.meta.state, None),
            Self::Allocation(spec) => {
                let allocation = ledger.plan_allocation(spec, terms)?;
                (allocation.meta.state, Some(allocation))
            }
        };
        Ok(if state == State::Active { Outcome::There(allocation) } else { Outcome::Held(allocation) })
    }

    fn turn(&self, reader: &mut Reader<'_>, terms: &Terms) -> Result<Turn> {
        let (size, pool_id) = match self {
            Self::Scope(_) => return Ok(Turn::Explicit),
            Self::Pool(spec) => {
                return Ok(match spec.provision {
                    Provision::NetmaskLength(length) => Turn::BySize(length),
                    Provision::Nothing | Provision::Cidrs(_) => Turn::Explicit,
                });
            }
            Self::PoolCidr(spec) => (spec.size, &spec.pool_id),
            Self::Allocation(spec) => (spec.size, &spec.pool_id),
        };
        Ok(match size {
            Size::Cidr(_) => Turn::Explicit,
            Size::NetmaskLength(length) => Turn::BySize(length),
            Size::Default => {
                let rules = match &terms.pool_rules {
                    Some(rules) => Some(rules.clone()),
                    None => reader.get_pool(pool_id)?.map(|pool| pool.rules),
                };
                Turn::BySize(rules.and_then(|rules| rules.default_netmask_length).unwrap_or(u8::MAX))
            }
        })
    }
}

impl Request {
    fn new(reader: &mut Reader<'_>, new: New<'_>, terms: Terms) -> Result<Self> {
        let new = Wanted::new(new);
        let turn = new.turn(reader, &terms)?;
        Ok(Self { new, terms, turn })
    }

    fn run(&self, reader: &mut Reader<'_>, dry_run: &mut DryRun) -> Result<Outcome> {
        reader.try_out_after(dry_run, |ledger| self.new.plan(ledger, &self.terms))
    }

    /// The request once its block was shown: it asks for that block.
    fn pinned(mut self, shown: Option<&Allocation>) -> Self {
        if let (Wanted::Allocation(spec), Some(shown)) = (&mut self.new, shown) {
            spec.size = Size::Cidr(shown.cidr);
            self.turn = Turn::Explicit;
        }
        self
    }
}

impl Siblings {
    /// Runs the earlier requests again when the store has changed since. Requests that do not fit any more are dropped,
    /// because their own previews were right at the time. Objects that an apply has created by now are dropped too.
    fn catch_up(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        if reader.is_current(&self.dry_run)? {
            return Ok(());
        }
        let mut dry_run = reader.dry_run()?;
        let mut kept = Vec::new();
        for request in &self.requests {
            match request.run(reader, &mut dry_run) {
                Ok(Outcome::Held(_)) => kept.push(request.clone()),
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Ok(Outcome::There(_)) | Err(_) => {}
            }
        }
        (self.requests, self.dry_run) = (kept, dry_run);
        Ok(())
    }

    /// Adds a new object, and answers its hold in memory, if it is an allocation. `shows`: the block of the object is
    /// shown to the user, and must not change any more.
    ///
    /// # Errors
    /// The error of the object by itself, or else the conflict when there is no order in which all new objects fit.
    pub(super) fn add(
        &mut self,
        reader: &mut Reader<'_>,
        new: New<'_>,
        terms: &Terms,
        shows: bool,
    ) -> Result<Option<Allocation>> {
        let request = Request::new(reader, new, Terms { hold: LONG, ..terms.clone() })?;
        self.catch_up(reader)?;
        let conflict = match request.run(reader, &mut self.dry_run) {
            Ok(Outcome::There(found)) => return Ok(found),
            Ok(Outcome::Held(made)) => {
                self.requests.push(request.pinned(made.as_ref().filter(|_| shows)));
                return Ok(made);
            }
            Err(Error::Store(error)) => return Err(Error::Store(error)),
            Err(conflict) => conflict,
        };
        // Run the request by itself first: then the order does not matter, and the error is the same as in a plan that
        // may write.
        request.run(reader, &mut DryRun::default())?;
        match (self.reorder(reader, request, shows)?, conflict) {
            (Some(made), _) => Ok(made),
            (None, conflict @ (Error::Overlap { .. } | Error::PoolExhausted { .. })) => {
                Err(reported(&self.dry_run, conflict))
            }
            // No other error is caused by two objects that want the same space.
            (None, _) => Ok(None),
        }
    }

    /// Adds a request in the best order; `Ok(None)` when the requests do not fit in that order either.
    fn reorder(
        &mut self,
        reader: &mut Reader<'_>,
        request: Request,
        shows: bool,
    ) -> Result<Option<Option<Allocation>>> {
        let last = self.requests.len();
        let mut all: Vec<(usize, Request)> = self.requests.iter().cloned().chain([request]).enumerate().collect();
        all.sort_by_key(|(index, request)| (request.turn, *index));
        let (mut dry_run, mut requests, mut made) = (reader.dry_run()?, Vec::new(), None);
        for (index, request) in all {
            match request.run(reader, &mut dry_run) {
                Ok(Outcome::Held(allocation) | Outcome::There(allocation)) if index == last => {
                    requests.push(request.pinned(allocation.as_ref().filter(|_| shows)));
                    made = allocation;
                }
                Ok(_) => requests.push(request),
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Err(_) => return Ok(None),
            }
        }
        (self.requests, self.dry_run) = (requests, dry_run);
        Ok(Some(made))
    }
}

/// The conflict as it is reported: an object that this plan creates is named without an id, and without a hold.
fn reported(dry_run: &DryRun, mut conflict: Error) -> Error {
    match &mut conflict {
        Error::Overlap { with, .. } => {
            let siblings = with.iter_mut().filter(|occupant| dry_run.has_planned(occupant));
            siblings.for_each(|sibling| sibling.id.clear());
        }
        Error::PoolExhausted(Exhausted { first_expiry, .. }) => *first_expiry = None,
        _ => {}
    }
    conflict
}
