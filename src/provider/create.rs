//! Planning a new object, the same for every kind: find or make its hold, so that the plan shows what apply gives.

use crate::backend::{Planned, Terms};
use crate::ipam::{Allocation, Cidr, Error, Kind, Meta, Occupant, Pool, PoolCidr, Scope, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Private};

use super::errors;
use super::shared::{Configured, Shared};

/// Private data of a plan with a prior state: the id, so that the second half of a replacement knows whom it replaces.
const REPLACES: &str = "replaces";

/// Remembers, for the second half of a replacement, whom it replaces.
pub(super) fn remember_replaced(private: &mut Private, id: &str) {
    private.insert(REPLACES.to_owned(), id.into());
}

/// An object that a plan can hold.
pub(super) trait Held {
    fn meta(&self) -> &Meta;
    /// Its block, when it has exactly one.
    fn block(&self) -> Option<Cidr>;
}

macro_rules! held {
    ($($Record:ty: |$record:ident| $block:expr),*) => {$(
        impl Held for $Record {
            fn meta(&self) -> &Meta {
                &self.meta
            }

            fn block(&self) -> Option<Cidr> {
                let $record = self;
                $block
            }
        }
    )*};
}

held!(
    Scope: |_scope| None,
    Pool: |pool| pool.cidrs.first().copied().filter(|_| pool.cidrs.len() == 1),
    PoolCidr: |pool_cidr| Some(pool_cidr.cidr),
    Allocation: |allocation| Some(allocation.cidr)
);

/// Plans a new object by `hold`. `Ok(None)`: its values stay unknown until apply.
///
/// # Errors
/// What the user has to change, at the place that `place` finds for it; a name asked for twice at `name`.
pub(super) fn plan<M, T: Held>(
    shared: &Shared,
    configured: &Configured,
    plan: &mut Plan<M>,
    name: Path,
    place: impl Fn(&Error) -> Path,
    mut hold: impl FnMut(&Terms) -> Result<T, Error>,
) -> Result<Option<T>, Diagnostics> {
    let replaces = plan.private.remove(REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    let mut terms = Terms { hold: configured.plan_hold, committing: plan.committing, replaces };
    let mut answer = hold(&terms);
    if let Some(id) = in_the_way(&answer, &terms)
        && shared.session.comes_to_light(&id)
    {
        // It is in the state, so that nobody lost it and it is not to be adopted: whoever reads it next will say so.
        if let Err(error) = configured.ipam.confirm(&id) {
            tracing::debug!(id, ?error, "not confirmed");
        }
        answer = hold(&terms);
    }
    if let Err(Error::NameTaken { existing }) = &answer
        && terms.replaces.is_none()
        && existing.state == State::Active
        && shared.session.succeed(&existing.id)
    {
        terms.replaces = Some(existing.id.clone());
        answer = hold(&terms);
    }
    match answer {
        Ok(record) if shared.session.hand_out(&record.meta().id) => Ok(Some(record)),
        Ok(record) => Err(asked_twice(record.meta()).at(name).into()),
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            if shared.session.first_warning("read-only") {
                plan.warnings.push(Diagnostic::warning(
                    "Addresses are not shown in this plan",
                    format!(
                        "The store can be read but not written here, so nothing can be held for this plan: addresses \
                         of new objects are known after apply. ({why})"
                    ),
                ));
            }
            Ok(None)
        }
        Err(error) => Err(errors::at(&error, place(&error))),
    }
}

/// The object that has the name already: one that an interrupted apply left behind and that would be adopted, or one
/// whose state Terraform has yet to show. An apply begins when all that is settled.
fn in_the_way<T: Held>(answer: &Result<T, Error>, terms: &Terms) -> Option<String> {
    if terms.committing || terms.replaces.is_some() {
        return None;
    }
    match answer {
        Ok(record) if record.meta().state == State::Active => Some(record.meta().id.clone()),
        Err(Error::NameTaken { existing }) if existing.state == State::Active => Some(existing.id.clone()),
        _ => None,
    }
}

/// The error for an object of the state that was taken for one that an interrupted apply left behind.
pub(super) fn adopted_too_early(meta: &Meta) -> Diagnostic {
    Diagnostic::error(
        "One name for two resources",
        format!(
            "{} {:?} is in the state, and a new resource of this configuration asks for the same name. If that one is to \
             replace it, plan again. Otherwise rename one of them, or tell Terraform with a `moved` block that they are \
             the same.",
            meta.id, meta.name
        ),
    )
}

/// A new name for an object that exists: told at plan when somebody else has it. An object of this configuration may
/// be renamed in the same apply, so that names can be swapped.
pub(super) fn check_rename<T: Held>(
    shared: &Shared,
    own_id: &str,
    taken_by: Result<Option<T>, Error>,
    kind: Kind,
    at: Path,
) -> Result<(), Diagnostics> {
    let Some(record) = taken_by.map_err(|error| errors::at(&error, at.clone()))? else { return Ok(()) };
    let meta = record.meta();
    if meta.id == own_id || shared.session.is_in_state(&meta.id) {
        return Ok(());
    }
    let existing = Occupant {
        kind,
        id: meta.id.clone(),
        name: meta.name.clone(),
        owner: meta.owner.clone(),
        state: meta.state,
        cidr: record.block(),
        hold_expires_at: meta.hold_expires_at,
        path: meta.name.clone(),
    };
    Err(errors::at(&Error::NameTaken { existing }, at))
}

fn asked_twice(meta: &Meta) -> Diagnostic {
    Diagnostic::error(
        "Duplicate name",
        format!(
            "Two resources of this configuration ask for the name {:?} in the same place ({} answers both). Names are \
             unique in their pool or scope: rename one of them.",
            meta.name, meta.id
        ),
    )
}

/// The error for an object whose name another resource of this configuration was planned to take over.
pub(super) fn name_claimed(name: &str) -> Diagnostic {
    Diagnostic::error(
        "Duplicate name",
        format!(
            "Another resource of this configuration asks for the name {name:?} in the same place. Names are unique in \
             their pool or scope: rename one of them."
        ),
    )
}

/// What apply knows of the object, from the id that the plan showed.
pub(super) fn planned(id: Option<&String>) -> Planned {
    id.map_or(Planned::Unknown, |id| Planned::Held(id.clone()))
}

/// The error for an apply that begins with unknown values, which Terraform rules out.
pub(super) fn still_unknown(what: &str) -> Diagnostics {
    Diagnostic::error(
        "Values are still unknown",
        format!("Terraform applied this {what} before all its arguments were known. This is a bug: please report it."),
    )
    .into()
}
