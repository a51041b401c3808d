//! The names of new objects: the object that has a name already, and the one that gets it.

use crate::backend::{Holdable, Terms};
use crate::ipam::{Error, Kind, Meta, State};
use crate::tf::Diagnostic;

use super::shared::{Configured, Shared};

/// The key of a name, which is unique in its container, for
/// [`Session::reserve_name`](super::session::Session::reserve_name).
pub(super) fn name_key(kind: Kind, container: &str, name: &str) -> String {
    format!("{} {container} {name}", kind.word())
}

/// The key of the name of `record`.
pub(super) fn name_key_of<T: Holdable>(record: &T) -> String {
    name_key(T::KIND, record.container(), &record.meta().name)
}

/// The object that already has the name: an object that an interrupted apply left and that would be adopted, or an object
/// whose state Terraform has not shown yet. `None` in an apply, because the plan has decided this already.
pub(super) fn object_with_name<T: Holdable>(result: &Result<T, Error>, terms: &Terms) -> Option<String> {
    if terms.committing || terms.replaces.is_some() {
        return None;
    }
    match result {
        Ok(record) if record.meta().state == State::Active => Some(record.meta().id.clone()),
        Err(Error::NameTaken { existing, .. }) if existing.state == State::Active => Some(existing.id.clone()),
        _ => None,
    }
}

/// Whether the object that has the name is in this configuration's state. An object that was never seen in any state may
/// be left over from an interrupted apply, so it counts as one of this state only after Terraform has shown it.
pub(super) fn is_in_state<T: Holdable>(
    shared: &Shared,
    configured: &Configured,
    result: &Result<T, Error>,
    id: &str,
) -> bool {
    let (session, wait) = (&shared.session, shared.sibling_wait);
    let name = match result {
        Err(Error::NameTaken { existing, .. }) => &existing.name,
        _ => return session.is_in_state(id, wait),
    };
    match T::named(configured.ipam.as_ref(), id, name) {
        Ok(Some(existing)) if existing.meta().confirmed => session.may_be_in_state(id, wait),
        _ => session.is_in_state(id, wait),
    }
}

/// The new object gets the name of the object `id`, which is deleted, or is renamed and keeps its space.
pub(super) fn take_the_place_of(shared: &Shared, terms: &mut Terms, id: &str) {
    terms.replaces = Some(id.to_owned());
    terms.only_name = shared.session.is_renamed(id);
}

/// Whether the hold of an earlier plan may still take the name of the active object `id`. In the walk of an apply, the
/// plan has decided that already. Not every client reports which walk it is in. If it is certainly the walk of a plan,
/// the object must be in the state of this configuration.
fn may_take_over(shared: &Shared, id: &str, committing: bool) -> bool {
    let session = &shared.session;
    let is_ours = committing || !session.is_surely_planning() || session.is_in_state(id, shared.sibling_wait);
    is_ours && session.give_name_to_hold(id)
}

/// Whether this plan keeps the active object that `record`, the hold of an earlier plan, was to replace. The error that
/// the object has the name.
///
/// # Errors
/// [`Error::NameTaken`].
pub(super) fn check_replaced<T: Holdable>(
    shared: &Shared,
    configured: &Configured,
    terms: &Terms,
    record: &T,
) -> Result<(), Error> {
    let Some(id) = record.meta().replaces.as_ref().filter(|_| terms.replaces.is_none()) else { return Ok(()) };
    if may_take_over(shared, id, terms.committing) {
        return Ok(());
    }
    match T::named(configured.ipam.as_ref(), id, &record.meta().name) {
        // An earlier plan left this hold to replace the old object. This plan keeps the old object, which has the name.
        Ok(Some(old)) => {
            Err(Error::NameTaken { existing: old.occupant(), asked_by: Some(record.meta().owner.clone()) })
        }
        _ => Ok(()),
    }
}

/// The error for an object that is in the state, but that a plan adopted as left over from an interrupted apply.
pub(super) fn adopted_too_early(meta: &Meta) -> Diagnostic {
    Diagnostic::error(
        "One name for two resources",
        format!(
            "{} {:?} is in the state, and a new resource of this configuration asks for the same name. If the new \
             resource is to replace the object, plan again. Otherwise rename one of them, or add a `moved` block if \
             they are the same object.",
            meta.id, meta.name
        ),
    )
}

/// The error for two resources that ask for the same object.
pub(super) fn asked_twice(meta: &Meta) -> Diagnostic {
    Diagnostic::error(
        "Duplicate name",
        format!(
            "Two resources of this configuration ask for the name {:?} in the same place (both would be the object \
             {}). Names are unique in their pool or scope: rename one of them.",
            meta.name, meta.id
        ),
    )
}

/// The error for an object whose name another resource of this configuration will take over.
pub(super) fn name_claimed(name: &str) -> Diagnostic {
    Diagnostic::error(
        "Duplicate name",
        format!(
            "Another resource of this configuration asks for the name {name:?} in the same place. Names are unique in \
             their pool or scope: rename one of them."
        ),
    )
}
