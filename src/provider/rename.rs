//! New names for existing objects. Two resources may swap their names in one apply, although only one of them can have a
//! name at a time.

use std::thread;
use std::time::{Duration, Instant};

use crate::backend::Holdable;
use crate::ipam::{Error, State};
use crate::tf::{Diagnostics, Path, Stop};

use super::errors;
use super::naming::name_key_of;
use super::shared::{Shared, within};

const GLANCE: Duration = Duration::from_millis(20);

/// Refuses, at plan time, a name that another object has. An object of this configuration may be renamed in the same
/// apply. In the second plan, during that apply (`committing`), the first plan has checked this already. Not every client
/// reports which walk it is in: unless it is certainly the walk of a plan, an object of the same owner counts as one of
/// this configuration, and apply waits for it.
pub(super) fn check<T: Holdable>(
    shared: &Shared,
    own: &Before<'_>,
    committing: bool,
    taken_by: Result<Option<T>, Error>,
    at: Path,
) -> Result<(), Diagnostics> {
    let Some(record) = taken_by.map_err(|error| errors::at(&error, at.clone()))? else { return Ok(()) };
    let meta = record.meta();
    let session = &shared.session;
    let is_hold = meta.state == State::Planned && !meta.is_of_no_plan();
    if is_hold && meta.owner == own.owner && !session.is_name_reserved(&name_key_of(&record), None) {
        // This is a hold of an earlier plan of the same owner, which the store reclaims.
        return Ok(());
    }
    let may_be_renamed = || meta.owner == own.owner && !session.is_surely_planning();
    if meta.id == own.id || committing || may_be_renamed() || session.is_in_state(&meta.id, shared.sibling_wait) {
        return Ok(());
    }
    let asked_by = shared.ipam()?.owner().map(str::to_owned);
    Err(errors::at(&Error::NameTaken { existing: record.occupant(), asked_by }, at))
}

/// An object before its change.
pub(super) struct Before<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) owner: &'a str,
}

/// Performs a change after which the object has the name `name`. `change` receives the name to set. While another object
/// of the same owner still has the name, this object temporarily takes a unique name, so that its old name is free for
/// the other object.
///
/// # Errors
/// The error of `change`, with the object in its final state if part of the change was performed.
pub(super) fn carry_out<T>(
    before: &Before<'_>,
    name: &str,
    (timeout, wait): (Duration, Duration),
    stop: &Stop,
    change: impl Fn(&str) -> Result<T, Error>,
) -> Result<T, (Error, Option<T>)> {
    let named = |name: &str| within(timeout, stop, || change(name));
    let taken = match named(name) {
        Ok(changed) => return Ok(changed),
        Err(error) => error,
    };
    let by_a_sibling = matches!(&taken, Error::NameTaken { existing, .. }
        if existing.state == State::Active && existing.owner == before.owner);
    let aside = format!("{name} ({})", before.id);
    if name == before.name || !by_a_sibling || named(&aside).is_err() {
        return Err((taken, None));
    }
    let deadline = Instant::now() + wait.min(timeout);
    loop {
        thread::sleep(GLANCE);
        match named(name) {
            Ok(changed) => return Ok(changed),
            Err(Error::NameTaken { .. }) if Instant::now() < deadline && !stop.is_requested() => {}
            Err(error) => {
                let reached = named(before.name).or_else(|_| named(&aside));
                return Err((error, reached.ok()));
            }
        }
    }
}
