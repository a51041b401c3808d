//! Space that one object gives up and another one takes in the same apply.
//!
//! The plan of the new object asks for the space again, and says what the same apply gives up. Terraform carries both out at
//! once, so the creation waits until the space is free.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::{Planned, Terms};
use crate::ipam::{Cidr, Error, GivenUp, Meta, Occupant, State};
use crate::tf::{Diagnostic, Diagnostics, Path, Stop, Tf};

use super::create::Held;
use super::shared::{Configured, Shared, within};

/// How long a plan waits to hear what becomes of an object that has the wanted space.
const UNDECIDED: Duration = Duration::from_millis(500);
/// How long a plan waits for space to be given up in a pool that is full.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// The answer to a request for space, asked again as long as the same apply gives up what is in its way.
pub(super) fn ask_again<T>(
    shared: &Shared,
    terms: &mut Terms,
    mut answer: Result<T, Error>,
    ask: &mut dyn FnMut(&Terms) -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = Instant::now() + shared.sibling_wait.min(EXHAUSTED);
    while !terms.committing {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut given_up = match &answer {
            Err(Error::Overlap { with, .. }) => all_given_up(shared, with),
            Err(Error::PoolExhausted { .. }) => everything_given_up(shared, terms, left),
            _ => break,
        };
        given_up.retain(|one| !terms.given_up.contains(one));
        if given_up.is_empty() {
            break;
        }
        terms.given_up.append(&mut given_up);
        answer = ask(terms);
    }
    answer
}

/// What the apply of this plan gives up, when that is everything in the way; otherwise nothing.
fn all_given_up(shared: &Shared, in_the_way: &[Occupant]) -> Vec<GivenUp> {
    let give_up = |one: &Occupant| {
        let cidr = one.cidr.filter(|_| one.state == State::Active)?;
        gives_up(shared, &one.id, &cidr).then(|| GivenUp { id: one.id.clone(), cidr: Some(cidr), in_place: false })
    };
    in_the_way.iter().map(give_up).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Whether the apply of this plan takes `block` from the object. While its own plan has not come, an object of this
/// configuration may give it up: see [`check_kept`].
fn gives_up(shared: &Shared, id: &str, block: &Cidr) -> bool {
    let session = &shared.session;
    let is_smaller = || shared.changes.giving_up(id, block).is_some();
    if session.is_going(id, Duration::ZERO).is_none() && !session.may_be_in_state(id, shared.sibling_wait) {
        return is_smaller();
    }
    session.is_going(id, shared.sibling_wait.min(UNDECIDED)).unwrap_or(true) || is_smaller()
}

/// All that plans of this walk give up, once there is more of it than `terms` say.
fn everything_given_up(shared: &Shared, terms: &Terms, time: Duration) -> Vec<GivenUp> {
    let known = terms.given_up.iter().filter(|one| one.cidr.is_none()).count();
    let going = shared.session.all_going(known, time).into_iter();
    let going = going.map(|id| GivenUp { id, cidr: None, in_place: false });
    let smaller = shared.changes.all_given_up().into_iter();
    going.chain(smaller.map(|(id, cidr)| GivenUp { id, cidr: Some(cidr), in_place: false })).collect()
}

/// Whether all that a hold of an earlier plan waits for is given up. An apply goes by its plan. Not every client says which walk
/// it is in; where it is surely that of a plan, the object has to be in the state of this configuration.
pub(super) fn still_given_up(shared: &Shared, terms: &Terms, hold: &Meta) -> bool {
    let session = &shared.session;
    let is_open = |id: &str| {
        !session.is_surely_planning() || is_noted(shared, id) || session.is_in_state(id, shared.sibling_wait)
    };
    terms.committing
        || hold.waits_for.iter().all(|one| {
            let is_known = |given_up: &GivenUp| one.cidr.is_some_and(|cidr| given_up.covers(&one.id, &cidr));
            let is_smaller = || one.cidr.is_some_and(|cidr| shared.changes.giving_up(&one.id, &cidr).is_some());
            terms.given_up.iter().any(is_known)
                || terms.replaces.as_ref() == Some(&one.id)
                || session.is_going(&one.id, Duration::ZERO).unwrap_or_else(|| is_open(&one.id))
                || is_smaller()
        })
}

/// What an earlier plan of an allocation that grows waits for, as far as it is still given up.
pub(super) fn still_waited_for(shared: &Shared, waits_for: &[GivenUp]) -> Vec<GivenUp> {
    let session = &shared.session;
    let is_given_up = |one: &&GivenUp| {
        let is_open = || {
            !session.is_surely_planning()
                || is_noted(shared, &one.id)
                || session.is_in_state(&one.id, shared.sibling_wait)
        };
        session.is_going(&one.id, shared.sibling_wait.min(UNDECIDED)).unwrap_or_else(is_open)
    };
    waits_for.iter().filter(is_given_up).cloned().collect()
}

/// Everything else that plans of this walk give up, for an allocation that has no room to grow. Waits a moment for the plans of
/// other objects.
pub(super) fn more_given_up(shared: &Shared, known: &[GivenUp]) -> Vec<GivenUp> {
    let terms = Terms { given_up: known.to_vec(), ..Terms::default() };
    let mut more = everything_given_up(shared, &terms, shared.sibling_wait.min(EXHAUSTED));
    more.retain(|one| !known.contains(one));
    more
}

/// Remembers, for the plans of those that have it, what space an allocation grows into.
pub(super) fn claim_growth(shared: &Shared, name: &str, waits_for: &[GivenUp]) {
    for one in waits_for {
        if let Some(block) = one.cidr {
            shared.session.claim(&one.id, block, name);
        }
    }
}

/// Whether a hold waits for the block of the very resource that it replaces, although Terraform did not say so: a tainted
/// object goes without a plan of its own.
pub(super) fn is_in_place(shared: &Shared, terms: &Terms, hold: &Meta) -> bool {
    let is_its_own = |one: &GivenUp| terms.replaces.as_ref() == Some(&one.id) && !one.in_place;
    let time = shared.sibling_wait.min(UNDECIDED);
    let is_undecided = |one: &GivenUp| shared.session.is_going(&one.id, time).is_none();
    !terms.committing && hold.waits_for.iter().any(|one| is_its_own(one) && is_undecided(one))
}

/// A plan deletes, replaces or renames the object. With `-parallelism=1`, Terraform may ask for a new object that needs its name or
/// its block before it shows this one. That plan fails, and leaves a note by which the next one succeeds.
pub(super) fn give_up(shared: &Shared, id: &str) {
    if !shared.session.is_wanted(id) {
        return;
    }
    let Ok(Some(configured)) = shared.configured() else { return };
    if !configured.plan_hold.is_zero()
        && let Err(error) = configured.ipam.give_up(id, configured.plan_hold)
    {
        tracing::debug!(id, ?error, "not noted that a plan gives the object up");
    }
}

/// Active objects of this owner whose name or block is asked for.
fn in_the_way<T>(answer: &Result<T, Error>) -> &[Occupant] {
    match answer {
        Err(Error::NameTaken { existing, .. }) => std::slice::from_ref(existing),
        Err(Error::Overlap { with, .. }) => with,
        _ => &[],
    }
}

/// Takes objects in the way for those of this state, when an earlier plan noted that it gives them up.
pub(super) fn recall<T>(shared: &Shared, answer: &Result<T, Error>) {
    for one in in_the_way(answer).iter().filter(|one| one.state == State::Active) {
        if !shared.session.is_in_state(&one.id, Duration::ZERO) && is_noted(shared, &one.id) {
            shared.session.seen_in_state(&one.id);
        }
    }
}

fn is_noted(shared: &Shared, id: &str) -> bool {
    shared.ipam().is_ok_and(|ipam| matches!(ipam.is_given_up(id), Ok(true)))
}

/// Remembers what a new object could not have, for the plans of the objects that have it.
pub(super) fn want<T>(shared: &Shared, answer: &Result<T, Error>) {
    for one in in_the_way(answer).iter().filter(|one| one.state == State::Active) {
        if shared.session.want(&one.id) {
            give_up(shared, &one.id);
        }
    }
}

/// Remembers, for the plans of those that have it, what space the new object takes over. What it replaces has no other plan.
pub(super) fn claim(shared: &Shared, hold: &Meta) {
    for one in hold.waits_for.iter().filter(|one| !one.in_place) {
        if let Some(block) = one.cidr {
            shared.session.claim(&one.id, block, &hold.name);
        }
    }
}

/// That no new object of this configuration takes over a block that this object keeps.
///
/// # Errors
/// At `at`, naming both.
pub(super) fn check_kept(
    shared: &Shared,
    id: &Tf<String>,
    blocks: &BTreeSet<Cidr>,
    at: Path,
) -> Result<(), Diagnostics> {
    let Some(id) = id.get() else { return Ok(()) };
    let claimed = blocks.iter().find_map(|block| Some((block, shared.session.claimed(id, block)?)));
    let Some((block, (by, wanted))) = claimed else { return Ok(()) };
    let what = if *block == wanted { String::new() } else { format!(" in {block}") };
    let detail = format!(
        "Another resource of this configuration, named {by:?}, asks for {wanted}{what}, and {id} keeps it. Give one of them \
         another block."
    );
    Err(Diagnostic::error(format!("{wanted} is asked for twice"), detail).at(at).into())
}

/// Creations that wait for space. Terraform carries out ten things at a time, so that many creations that wait leave no room for
/// the deletions that they wait for: then the newest ones give up.
#[derive(Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    /// Rings when something was deleted or changed.
    bell: Condvar,
}

struct Line {
    next: u64,
    waiting: BTreeSet<u64>,
    /// When something was deleted or changed, or a creation gave up.
    last_progress: Instant,
}

impl Default for Line {
    fn default() -> Self {
        Self { next: 0, waiting: BTreeSet::new(), last_progress: Instant::now() }
    }
}

/// As many creations that wait are a crowd.
const CROWD: usize = 8;
/// How long a crowd waits for progress before its newest gives up.
const CROWD_PATIENCE: Duration = Duration::from_secs(10);
/// Before a creation looks again, when nothing rings.
const GLANCE: Duration = Duration::from_millis(500);

impl Queue {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object was deleted or changed: whoever waits looks again.
    pub(super) fn progress(&self) {
        self.line().last_progress = Instant::now();
        self.bell.notify_all();
    }

    fn enter(&self) -> Ticket<'_> {
        let mut line = self.line();
        line.next += 1;
        let number = line.next;
        if line.waiting.is_empty() {
            line.last_progress = Instant::now();
        }
        line.waiting.insert(number);
        Ticket { queue: self, number }
    }
}

/// A place in the queue, given back when it is dropped.
struct Ticket<'a> {
    queue: &'a Queue,
    number: u64,
}

impl Ticket<'_> {
    /// Waits for a change; `false` when this one has to give up.
    fn wait(&self) -> bool {
        let mut line = self.queue.line();
        let is_crowded = line.waiting.len() >= CROWD && line.last_progress.elapsed() >= CROWD_PATIENCE;
        if is_crowded && line.waiting.last() == Some(&self.number) {
            line.last_progress = Instant::now();
            return false;
        }
        let waited = self.queue.bell.wait_timeout(line, GLANCE);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        true
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.queue.line().waiting.remove(&self.number);
    }
}

/// What the hold of a new object waits for. Best effort: the creation itself says what is wrong.
pub(super) fn waits_for<T: Held>(configured: &Configured, planned: &Planned) -> Vec<GivenUp> {
    let hold = planned.hold().and_then(|id| T::get(configured.ipam.as_ref(), id).ok().flatten());
    hold.map(|hold| hold.meta().waits_for.clone()).unwrap_or_default()
}

/// Runs `work` as [`within`] does, and again while space that its hold waits for is not given up yet. `waits_for` tells what the
/// hold waits for.
///
/// # Errors
/// What `work` answered last.
pub(super) fn once_given_up<T>(
    shared: &Shared,
    (timeout, stop): (Duration, &Stop),
    waits_for: impl Fn() -> Vec<GivenUp>,
    mut work: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let begin = Instant::now();
    let mut ticket = None;
    loop {
        let answer = within(timeout.saturating_sub(begin.elapsed()), stop, &mut work);
        let Err(Error::Overlap { with, .. }) = &answer else { return answer };
        let waits_for = waits_for();
        // A replacement that comes first gets the block of an object in which nothing is: see `ipam/in_place.rs`. What is in a pool
        // may go at the same time.
        let is_in_place = waits_for.iter().any(|given_up| given_up.in_place);
        let patience = if is_in_place { timeout.min(shared.sibling_wait) } else { timeout };
        let can_wait = begin.elapsed() < patience && !stop.is_requested() && is_waiting(with, &waits_for);
        if !can_wait || !ticket.get_or_insert_with(|| shared.queue.enter()).wait() {
            return answer;
        }
    }
}

/// Whether everything in the way is about to go.
fn is_waiting(in_the_way: &[Occupant], waits_for: &[GivenUp]) -> bool {
    let is_about_to_go =
        |one: &Occupant| one.state == State::Active && waits_for.iter().any(|given_up| given_up.cidr == one.cidr);
    in_the_way.iter().all(is_about_to_go)
}

/// Says of an overlap at apply why the space was not given up in time.
pub(super) fn explain(said: Diagnostics, error: &Error, waits_for: &[GivenUp]) -> Diagnostics {
    if waits_for.is_empty() || !matches!(error, Error::Overlap { .. }) {
        return said;
    }
    let more = if waits_for.iter().any(|given_up| given_up.in_place) {
        " The new object replaces the one that has the block. Terraform creates the new one first, because `create_before_destroy` \
         is set on this resource or on one that refers to it, and the old one is still in use. Remove that setting, or release \
         the block in a separate apply."
    } else {
        " This apply releases the block, but did not release it in time. Apply again."
    };
    said.into_iter().map(|one| Diagnostic { detail: one.detail + more, ..one }).collect()
}

#[cfg(test)]
mod tests;
