//! Space that one object gives up and another object takes in the same apply.
//!
//! The plan of the new object asks for the space again and lists what the same apply gives up. Terraform performs both
//! operations at the same time, so the creation waits until the space is free.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::backend::{Holdable, Planned, Terms};
use crate::ipam::{Cidr, Error, GivenUp, Meta, Occupant, State};
use crate::tf::{Diagnostic, Diagnostics, Path, Stop, Tf};

use super::shared::{Configured, Shared, within};

/// How long a plan waits for the plan of an object that has the wanted space.
const UNDECIDED: Duration = Duration::from_millis(500);
/// How long a plan waits for space to be given up in a full pool.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// Repeats a request for space as long as the same apply gives up the space that is in its way, and returns the last
/// result.
pub(super) fn retry_with_given_up<T>(
    shared: &Shared,
    terms: &mut Terms,
    mut result: Result<T, Error>,
    request: &mut dyn FnMut(&Terms) -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = Instant::now() + shared.sibling_wait.min(EXHAUSTED);
    while !terms.committing {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut given_up = match result.as_ref().err().map(Error::cause) {
            Some(Error::Overlap { with, .. } | Error::AggregateFull { with, .. }) => all_given_up(shared, with),
            Some(error @ (Error::PoolExhausted { .. } | Error::NoPool(_))) if error.lacks_space() => {
                everything_given_up(shared, terms, left)
            }
            _ => break,
        };
        given_up.retain(|one| !terms.given_up.contains(one));
        if given_up.is_empty() {
            break;
        }
        terms.given_up.append(&mut given_up);
        result = request(terms);
    }
    result
}

/// The space that the apply of this plan gives up, if that is all the space in the way; otherwise an empty list.
fn all_given_up(shared: &Shared, occupants: &[Occupant]) -> Vec<GivenUp> {
    let give_up = |one: &Occupant| {
        let cidr = one.cidr.filter(|_| one.state == State::Active)?;
        gives_up(shared, &one.id, &cidr).then(|| GivenUp { id: one.id.clone(), cidr: Some(cidr), in_place: false })
    };
    occupants.iter().map(give_up).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Whether the apply of this plan takes `block` from the object. An object of this configuration that was not planned yet
/// may give the block up: see [`check_kept`].
fn gives_up(shared: &Shared, id: &str, block: &Cidr) -> bool {
    let session = &shared.session;
    let is_smaller = || shared.changes.giving_up(id, block).is_some();
    if session.is_going(id, Duration::ZERO).is_none() && !session.may_be_in_state(id, shared.sibling_wait) {
        return is_smaller();
    }
    session.is_going(id, shared.sibling_wait.min(UNDECIDED)).unwrap_or(true) || is_smaller()
}

/// All space that plans of this walk give up. Waits up to `time` until there is more of it than `terms` list.
fn everything_given_up(shared: &Shared, terms: &Terms, time: Duration) -> Vec<GivenUp> {
    let known = terms.given_up.iter().filter(|one| one.cidr.is_none()).count();
    let going = shared.session.all_going(known, time).into_iter();
    let going = going.map(|id| GivenUp { id, cidr: None, in_place: false });
    let smaller = shared.changes.all_given_up().into_iter();
    going.chain(smaller.map(|(id, cidr)| GivenUp { id, cidr: Some(cidr), in_place: false })).collect()
}

/// Whether all the space that a hold of an earlier plan waits for is given up. An apply relies on its plan. Not every
/// client reports which walk it is in. If it is certainly the walk of a plan, the object must be in the state of this
/// configuration.
///
/// # Errors
/// Those of reading the notes of earlier plans.
pub(super) fn still_given_up(shared: &Shared, terms: &Terms, waits_for: &[GivenUp]) -> Result<bool, Error> {
    if terms.committing {
        return Ok(true);
    }
    for one in waits_for {
        let is_known = |given_up: &GivenUp| one.cidr.is_some_and(|cidr| given_up.covers(&one.id, &cidr));
        let is_smaller = || one.cidr.is_some_and(|cidr| shared.changes.giving_up(&one.id, &cidr).is_some());
        let is_given_up = terms.given_up.iter().any(is_known)
            || terms.replaces.as_ref() == Some(&one.id)
            || may_still_go(shared, &one.id, Duration::ZERO)?
            || is_smaller();
        if !is_given_up {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a plan of this walk gives the object up, or none of this walk keeps it and one may still give it up. Waits up to
/// `time` for its plan.
fn may_still_go(shared: &Shared, id: &str, time: Duration) -> Result<bool, Error> {
    let session = &shared.session;
    match session.is_going(id, time) {
        Some(is_going) => Ok(is_going),
        None => {
            Ok(!session.is_surely_planning() || is_noted(shared, id)? || session.is_in_state(id, shared.sibling_wait))
        }
    }
}

/// Plans a growth by `request`, which gets what the same apply gives up, and repeats it with more of that for as long as
/// the result is a replacement. `waits_for` is what the growth of an earlier plan waits for. The result says whether it is
/// held: without a hold, the apply would not know that it has to wait.
///
/// # Errors
/// Those of `request`, and those of reading the notes of earlier plans.
pub(super) fn until_there_is_room<T>(
    shared: &Shared,
    committing: bool,
    waits_for: &[GivenUp],
    is_replacement: impl Fn(&T) -> bool,
    mut request: impl FnMut(&[GivenUp]) -> Result<(T, bool), Error>,
) -> Result<(T, bool), Error> {
    let time = shared.sibling_wait.min(UNDECIDED);
    let mut given_up = Vec::new();
    for one in waits_for {
        if may_still_go(shared, &one.id, time)? {
            given_up.push(one.clone());
        }
    }
    loop {
        let (result, is_held) = request(&given_up)?;
        let is_final = !is_replacement(&result) || !is_held || committing;
        let more = if is_final { Vec::new() } else { more_given_up(shared, &given_up) };
        if more.is_empty() {
            return Ok((result, is_held));
        }
        given_up.extend(more);
    }
}

/// Everything else that plans of this walk give up, for an allocation that has no room to grow. Waits a moment for the plans of
/// other objects.
fn more_given_up(shared: &Shared, known: &[GivenUp]) -> Vec<GivenUp> {
    let terms = Terms { given_up: known.to_vec(), ..Terms::default() };
    let mut more = everything_given_up(shared, &terms, shared.sibling_wait.min(EXHAUSTED));
    more.retain(|one| !known.contains(one));
    more
}

/// Whether a hold waits for the block of the resource that it replaces, although Terraform did not announce the
/// replacement: a tainted object is deleted without a separate plan.
pub(super) fn is_in_place(shared: &Shared, terms: &Terms, hold: &Meta) -> bool {
    let is_its_own = |one: &GivenUp| terms.replaces.as_ref() == Some(&one.id) && !one.in_place;
    let time = shared.sibling_wait.min(UNDECIDED);
    let is_undecided = |one: &GivenUp| shared.session.is_going(&one.id, time).is_none();
    !terms.committing && hold.waits_for.iter().any(|one| is_its_own(one) && is_undecided(one))
}

/// Leaves a note in the store that a plan deletes, replaces or renames the object. With `-parallelism=1`, Terraform may
/// ask for a new object that needs the name or the block of this object before it shows this object. That plan fails, and
/// the note makes the next plan succeed.
pub(super) fn give_up(shared: &Shared, id: &str) {
    if !shared.session.is_wanted(id) {
        return;
    }
    let Ok(Some(configured)) = shared.configured() else { return };
    if let Some(holds) = configured.holds()
        && let Err(error) = holds.give_up(id, configured.plan_hold)
    {
        tracing::debug!(id, ?error, "not noted that a plan gives the object up");
    }
}

/// The objects that have the name or the block that was asked for.
fn occupants<T>(result: &Result<T, Error>) -> &[Occupant] {
    match result.as_ref().err().map(Error::cause) {
        Some(Error::NameTaken { existing, .. }) => std::slice::from_ref(existing),
        Some(Error::Overlap { with, .. }) => with,
        _ => &[],
    }
}

/// Treats active objects in the way as objects of this state if an earlier plan noted that it gives them up.
///
/// # Errors
/// Those of reading the notes of earlier plans.
pub(super) fn recall<T>(shared: &Shared, result: &Result<T, Error>) -> Result<(), Error> {
    for one in occupants(result).iter().filter(|one| one.state == State::Active) {
        if !shared.session.is_in_state(&one.id, Duration::ZERO) && is_noted(shared, &one.id)? {
            shared.session.seen_in_state(&one.id);
        }
    }
    Ok(())
}

/// Whether an earlier plan noted that it gives the object up: see [`give_up`].
fn is_noted(shared: &Shared, id: &str) -> Result<bool, Error> {
    let Ok(ipam) = shared.ipam() else { return Ok(false) };
    ipam.holds().map_or(Ok(false), |holds| holds.is_given_up(id))
}

/// Records what a new object could not have, for the plans of the objects that have it.
pub(super) fn want<T>(shared: &Shared, result: &Result<T, Error>) {
    for one in occupants(result).iter().filter(|one| one.state == State::Active) {
        if shared.session.want(&one.id) {
            give_up(shared, &one.id);
        }
    }
}

/// Records the space that the object called `name` takes over, for the plans of the objects that have the space. The object
/// that it replaces has no other plan. `wanted` is the block that the object asks for, if it is one.
///
/// # Errors
/// An error at the attribute of the block if another plan has kept the space meanwhile. That plan first says that its object stays, and then looks for
/// claims with [`check_kept`], so at least one of the two plans fails.
pub(super) fn claim(
    shared: &Shared,
    (name, wanted): (&str, Option<Cidr>),
    waits_for: &[GivenUp],
    attribute_for: impl Fn(&Error) -> Path,
) -> Result<(), Diagnostics> {
    for one in waits_for.iter().filter(|one| !one.in_place) {
        let Some(block) = one.cidr else { continue };
        let part = wanted.filter(|wanted| block.contains(wanted)).unwrap_or(block);
        shared.session.claim(&one.id, part, name);
        let stays = shared.session.is_going(&one.id, Duration::ZERO) == Some(false);
        if stays && shared.changes.giving_up(&one.id, &block).is_none() {
            let at = attribute_for(&Error::Overlap { cidr: block, with: Vec::new() });
            return Err(asked_for_twice(&block, (name, part), &one.id, at).into());
        }
    }
    Ok(())
}

/// Checks that no new object of this configuration takes over a block that this object keeps.
///
/// # Errors
/// An error at `at` that names both objects.
pub(super) fn check_kept(
    shared: &Shared,
    id: &Tf<String>,
    blocks: &BTreeSet<Cidr>,
    at: Path,
) -> Result<(), Diagnostics> {
    let Some(id) = id.get() else { return Ok(()) };
    let claimed = blocks.iter().find_map(|block| Some((block, shared.session.claimed(id, block)?)));
    let Some((block, (by, wanted))) = claimed else { return Ok(()) };
    Err(asked_for_twice(block, (&by, wanted), id, at).into())
}

/// The error when the object `id` keeps `block` and the object named `by` asks for `wanted`, a part of it.
fn asked_for_twice(block: &Cidr, (by, wanted): (&str, Cidr), id: &str, at: Path) -> Diagnostic {
    let what = if *block == wanted { String::new() } else { format!(" in {block}") };
    let detail = format!(
        "The resource of this configuration that is named {by:?} asks for {wanted}{what}, and {id} keeps it. Give one of them \
         another block."
    );
    Diagnostic::error(format!("{wanted} is asked for twice"), detail).at(at)
}

/// The space that the hold of a new object waits for.
///
/// # Errors
/// Those of reading the hold.
pub(super) fn waits_for<T: Holdable>(configured: &Configured, planned: &Planned) -> Result<Vec<GivenUp>, Error> {
    let Some(id) = planned.hold() else { return Ok(Vec::new()) };
    let hold = T::get(configured.ipam.as_ref(), id)?;
    Ok(hold.map(|hold| hold.meta().waits_for.clone()).unwrap_or_default())
}

/// Repeats `work` as [`within`] does, and also while the space that its hold waits for is not given up yet. `waits_for`
/// returns that space.
///
/// # Errors
/// The last error of `work`, or the error of `waits_for`: without that result, it is not known whether to wait.
pub(super) fn once_given_up<T>(
    shared: &Shared,
    (timeout, stop): (Duration, &Stop),
    waits_for: impl Fn() -> Result<Vec<GivenUp>, Error>,
    mut work: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let begin = Instant::now();
    let mut ticket = None;
    loop {
        let result = within(timeout.saturating_sub(begin.elapsed()), stop, &mut work);
        let Some(Error::Overlap { with, .. }) = result.as_ref().err().map(Error::cause) else { return result };
        let waits_for = within(timeout.saturating_sub(begin.elapsed()), stop, &waits_for)?;
        // If the replacement is created first, it takes the block of the old object, which must be empty: see
        // `ipam/holds/replacement.rs`. The contents of a pool may be deleted at the same time.
        let is_in_place = waits_for.iter().any(|given_up| given_up.in_place);
        let patience = if is_in_place { timeout.min(shared.sibling_wait) } else { timeout };
        let can_wait = begin.elapsed() < patience && !stop.is_requested() && is_waiting(with, &waits_for);
        if !can_wait || !ticket.get_or_insert_with(|| shared.queue.enter()).wait() {
            return result;
        }
    }
}

/// Whether everything in the way will be deleted.
fn is_waiting(occupants: &[Occupant], waits_for: &[GivenUp]) -> bool {
    let is_about_to_go =
        |one: &Occupant| one.state == State::Active && waits_for.iter().any(|given_up| given_up.cidr == one.cidr);
    occupants.iter().all(is_about_to_go)
}

/// Adds to an overlap error at apply the reason why the space was not given up in time. `waits_for` is the space that the
/// operation waited for. If it cannot be read any more, the error stands alone.
pub(super) fn explain(
    diagnostics: Diagnostics,
    error: &Error,
    waits_for: impl FnOnce() -> Result<Vec<GivenUp>, Error>,
) -> Diagnostics {
    if !matches!(error.cause(), Error::Overlap { .. }) {
        return diagnostics;
    }
    let waits_for = waits_for().unwrap_or_default();
    if waits_for.is_empty() {
        return diagnostics;
    }
    let more = if waits_for.iter().any(|given_up| given_up.in_place) {
        " The new object replaces the one that has the block. Terraform creates the new one first, because `create_before_destroy` \
         is set on this resource or on one that refers to it, and the old one is still in use. Remove that setting, or release \
         the block in a separate apply."
    } else {
        " This apply releases the block, but did not release it in time. Apply again."
    };
    diagnostics.into_iter().map(|one| Diagnostic { detail: one.detail + more, ..one }).collect()
}

#[cfg(test)]
mod tests;
