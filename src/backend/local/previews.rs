//! Previews of plans that may not write, kept in memory, so that new objects of one plan take each other into account.
//!
//! Each preview is a dry run on top of the earlier previews of this process. Nothing of it is ever written to the
//! store. When the store has changed in between, the earlier requests are run again on its present content.
//!
//! Terraform asks in no particular order, and a preview must not depend on the order. So a conflict between new objects
//! is reported only when it also exists in the best order: blocks by CIDR first, then blocks by size, the largest
//! first.
//!
//! What a plan shows ([`Terms::shows`]) does not change any more: such a request asks for its ID and its block when it
//! runs again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{Made, New, Result};
use crate::ipam::{
    AllocationSpec, DryRun, Error, Exhausted, Ledger, PlannedMember, PoolChange, PoolCidrSpec, PoolSpec, Provision,
    Reader, ScopeSpec, SetRequest, Shown, Size, Terms,
};

/// In memory, holds have to last longer than the plan that they are for, also where plans hold nothing.
const LONG: Duration = Duration::from_hours(24);

/// The previews of one process.
#[derive(Default)]
pub(super) struct Previews {
    siblings: Mutex<Siblings>,
    /// Whether a plan has shown one of them.
    is_shown: AtomicBool,
}

impl Previews {
    /// Waits for the preview that is running.
    pub(super) fn lock(&self) -> MutexGuard<'_, Siblings> {
        self.siblings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records whether a plan shows the last preview.
    pub(super) fn has_shown(&self, shows: bool) {
        self.is_shown.fetch_or(shows, Ordering::SeqCst);
    }

    /// Whether a plan has shown a preview.
    pub(super) fn is_shown(&self) -> bool {
        self.is_shown.load(Ordering::SeqCst)
    }
}

/// New objects and changes that were previewed without an error.
#[derive(Default)]
pub(super) struct Siblings {
    requests: Vec<Request>,
    /// The result of the requests, in their order.
    dry_run: DryRun,
}

/// A request for a new object or for a change.
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

/// An owned copy of [`New`], the members of a set, or a change.
#[derive(Clone)]
pub(super) enum Wanted {
    Scope(ScopeSpec),
    Pool(Box<PoolSpec>),
    PoolCidr(PoolCidrSpec),
    Allocation(AllocationSpec),
    Set(Box<SetRequest>),
    Change(Changed),
}

/// The answer to a request.
pub(super) enum Answer {
    Made(Made),
    /// The members of a set.
    Members(BTreeMap<String, PlannedMember>),
    Changed,
}

impl Answer {
    pub(super) fn made(self) -> Option<Made> {
        if let Self::Made(made) = self { Some(made) } else { None }
    }

    pub(super) fn members(self) -> Option<BTreeMap<String, PlannedMember>> {
        if let Self::Members(members) = self { Some(members) } else { None }
    }

    /// Whether it is about a new object that exists already.
    fn is_there(&self) -> bool {
        matches!(self, Self::Made(made) if made.is_there())
    }
}

/// A change to an object that exists. A plan has shown its result.
#[derive(Clone)]
pub(super) enum Changed {
    /// The allocation with this ID gets another size.
    Size(String, Size),
    /// The pool with this ID.
    Pool(String, Box<PoolChange>),
}

impl Wanted {
    pub(super) fn new(new: New<'_>) -> Self {
        match new {
            New::Scope(spec) => Self::Scope(spec.clone()),
            New::Pool(spec) => Self::Pool(Box::new(spec.clone())),
            New::PoolCidr(spec) => Self::PoolCidr(spec.clone()),
            New::Allocation(spec) => Self::Allocation(spec.clone()),
        }
    }

    fn plan(&self, ledger: &mut Ledger<'_>, terms: &Terms) -> Result<Answer> {
        Ok(Answer::Made(match self {
            Self::Scope(spec) => Made::Scope(ledger.plan_scope(spec, terms)?),
            Self::Pool(spec) => Made::Pool(ledger.plan_pool(spec, terms)?),
            Self::PoolCidr(spec) => Made::PoolCidr(ledger.plan_pool_cidr(spec, terms)?),
            Self::Allocation(spec) => Made::Allocation(ledger.plan_allocation(spec, terms)?),
            Self::Set(request) => return ledger.plan_set(request, terms).map(Answer::Members),
            Self::Change(Changed::Size(id, size)) => {
                return ledger.plan_resize(id, *size, terms).map(|_| Answer::Changed);
            }
            Self::Change(Changed::Pool(id, change)) => {
                return ledger.plan_pool_change(id, change, terms).map(|_| Answer::Changed);
            }
        }))
    }

    fn turn(&self, reader: &mut Reader<'_>, terms: &Terms) -> Result<Turn> {
        let (size, pool_id) = match self {
            _ if terms.shown.is_some() => return Ok(Turn::Explicit),
            Self::Scope(_) | Self::Change(_) => return Ok(Turn::Explicit),
            Self::Pool(spec) => {
                return Ok(match spec.provision {
                    Provision::NetmaskLength(length) => Turn::BySize(length),
                    Provision::Nothing | Provision::Cidrs(_) => Turn::Explicit,
                });
            }
            Self::PoolCidr(spec) => (spec.size, &spec.pool_id),
            Self::Allocation(spec) => (spec.size, &spec.pool_id),
            Self::Set(request) if !request.shown.is_empty() => return Ok(Turn::Explicit),
            Self::Set(request) => match largest(request.spec.members.values()) {
                None => return Ok(Turn::Explicit),
                Some(size) => (size, &request.spec.pool_id),
            },
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
    fn new(reader: &mut Reader<'_>, new: Wanted, terms: Terms) -> Result<Self> {
        let turn = new.turn(reader, &terms)?;
        Ok(Self { new, terms, turn })
    }

    fn run(&self, reader: &mut Reader<'_>, dry_run: &mut DryRun) -> Result<Answer> {
        reader.try_out_after(dry_run, |ledger| self.new.plan(ledger, &self.terms))
    }

    /// The request after the answer was shown: it asks for the same IDs and blocks.
    fn pinned(mut self, answer: &Answer) -> Self {
        if !self.terms.shows {
            return self;
        }
        match (answer, &mut self.new) {
            (Answer::Made(made), _) => {
                self.terms.shown = Some(Shown { id: made.meta().id.clone(), cidr: made.block() });
            }
            (Answer::Members(members), Wanted::Set(request)) => {
                let shown = |one: &PlannedMember| Shown { id: one.id.clone(), cidr: Some(one.cidr) };
                request.shown = members.iter().map(|(key, one)| (key.clone(), shown(one))).collect();
            }
            _ => {}
        }
        self.turn = Turn::Explicit;
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
                Ok(answer) if answer.is_there() => {}
                Ok(_) => kept.push(request.clone()),
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Err(_) => {}
            }
        }
        (self.requests, self.dry_run) = (kept, dry_run);
        Ok(())
    }

    /// Asks the store as it is with all previews.
    ///
    /// # Errors
    /// The errors of `ask`.
    pub(super) fn look<T>(
        &mut self,
        reader: &mut Reader<'_>,
        ask: impl FnOnce(&mut Reader<'_>) -> Result<T>,
    ) -> Result<T> {
        self.catch_up(reader)?;
        reader.ask_after(&mut self.dry_run, ask)
    }

    /// Adds a change that a plan shows, unless only a replacement can make it: then `change` answers `None`.
    ///
    /// # Errors
    /// The errors of `change`.
    pub(super) fn change<T>(
        &mut self,
        reader: &mut Reader<'_>,
        changed: &Changed,
        terms: &Terms,
        change: impl Fn(&mut Ledger<'_>, &Terms) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let terms = Terms { hold: LONG, ..terms.clone() };
        self.catch_up(reader)?;
        let answer = reader.try_out_after(&mut self.dry_run, |ledger| change(ledger, &terms))?;
        if answer.is_some() {
            self.requests.push(Request { new: Wanted::Change(changed.clone()), terms, turn: Turn::Explicit });
        }
        Ok(answer)
    }

    /// Adds a new object or a set, and answers its holds in memory, or the object if it exists. `Ok(None)`: its hold
    /// depends on the order of the requests.
    ///
    /// # Errors
    /// The error of the object by itself, or else the conflict when there is no order in which all new objects fit.
    pub(super) fn add(&mut self, reader: &mut Reader<'_>, new: Wanted, terms: &Terms) -> Result<Option<Answer>> {
        self.catch_up(reader)?;
        let terms = Terms { hold: LONG, ..terms.clone() };
        let request = reader.ask_after(&mut self.dry_run, |reader| Request::new(reader, new, terms))?;
        let conflict = match request.run(reader, &mut self.dry_run) {
            Ok(answer) => {
                if !answer.is_there() {
                    self.requests.push(request.pinned(&answer));
                }
                return Ok(Some(answer));
            }
            Err(Error::Store(error)) => return Err(Error::Store(error)),
            Err(conflict) => conflict,
        };
        // Run the request by itself first: then the order does not matter, and the error is the same as in a plan that
        // may write.
        let is_in_preview = match request.run(reader, &mut DryRun::default()) {
            Ok(_) => false,
            // Its pool or scope is a preview itself, so the request has no meaning without the others.
            Err(Error::NotFound { .. }) if !matches!(conflict, Error::NotFound { .. }) => true,
            Err(error) => return Err(error),
        };
        let is_about_space = matches!(conflict.cause(), Error::Overlap { .. } | Error::PoolExhausted { .. });
        match (self.reorder(reader, request)?, conflict) {
            (Some(answer), _) => Ok(Some(answer)),
            (None, conflict) if is_in_preview || is_about_space => Err(reported(&self.dry_run, conflict)),
            // No other error is caused by two objects that want the same space.
            (None, _) => Ok(None),
        }
    }

    /// Adds a request in the best order; `Ok(None)` when the requests do not fit in that order either.
    fn reorder(&mut self, reader: &mut Reader<'_>, request: Request) -> Result<Option<Answer>> {
        let last = self.requests.len();
        let mut all: Vec<(usize, Request)> = self.requests.iter().cloned().chain([request]).enumerate().collect();
        all.sort_by_key(|(index, request)| (request.turn, *index));
        let (mut dry_run, mut requests, mut last_answer) = (reader.dry_run()?, Vec::new(), None);
        for (index, request) in all {
            match request.run(reader, &mut dry_run) {
                Ok(answer) if index == last => {
                    requests.push(request.pinned(&answer));
                    last_answer = Some(answer);
                }
                Ok(_) => requests.push(request),
                Err(Error::Store(error)) => return Err(Error::Store(error)),
                Err(_) => return Ok(None),
            }
        }
        (self.requests, self.dry_run) = (requests, dry_run);
        Ok(last_answer)
    }
}

/// The size of the largest member of a set that is placed by size.
fn largest<'a>(sizes: impl Iterator<Item = &'a Size>) -> Option<Size> {
    let by_size = sizes.filter(|size| !matches!(size, Size::Cidr(_)));
    by_size.min_by_key(|size| if let Size::NetmaskLength(length) = size { *length } else { u8::MAX }).copied()
}

/// The conflict as it is reported: an object that this plan creates is named without an id, and without a hold.
fn reported(dry_run: &DryRun, mut conflict: Error) -> Error {
    let cause = match &mut conflict {
        Error::OfMember { error, .. } => &mut **error,
        other => other,
    };
    match cause {
        Error::Overlap { with, .. } => {
            let siblings = with.iter_mut().filter(|occupant| dry_run.has_planned(occupant));
            siblings.for_each(|sibling| sibling.id.clear());
        }
        Error::PoolExhausted(Exhausted { first_expiry, .. }) => *first_expiry = None,
        _ => {}
    }
    conflict
}
