//! Planning of new objects, which is the same for every kind of object.
//!
//! A plan creates the hold of a new object, or finds the hold of an earlier plan, so that the plan shows the values that
//! apply will use. Where plans hold nothing, they look only for mistakes.

use std::thread;
use std::time::{Duration, Instant};

use crate::backend::{Ipam, New, Planned, Terms, explain};
use crate::ipam::{Allocation, Cidr, Error, Kind, Meta, Occupant, Pool, PoolCidr, Scope, Size, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Private};

use super::errors;
use super::hand_over;
use super::shared::{Configured, Shared};

/// Key in the private data of a plan with a prior state. The value is the ID of the object, so that the second half of a
/// replacement knows which object it replaces.
const REPLACES: &str = "replaces";

/// Stores the ID of the object that is replaced, for the second half of the replacement.
pub(super) fn remember_replaced(private: &mut Private, id: &str) {
    private.insert(REPLACES.to_owned(), id.into());
}

/// Notes which object is replaced if this is the second half of a replacement, for the resources that are planned later.
pub(super) fn note_replacement(shared: &Shared, private: &Private) {
    if let Some(id) = private.get(REPLACES).and_then(|id| id.as_str()) {
        shared.session.goes(id);
    }
}

/// Whether this is the plan of the second half of a replacement.
pub(super) fn is_replacement(private: &Private) -> bool {
    private.contains_key(REPLACES)
}

/// An object that a plan can hold.
pub(super) trait Held {
    fn meta(&self) -> &Meta;
    /// The block of the object, if it has exactly one.
    fn block(&self) -> Option<Cidr>;
    /// The pool or scope that contains the object; empty for a scope.
    fn container(&self) -> &str;
    fn kind(&self) -> Kind;
    /// The facts about the object that a message contains.
    fn occupant(&self) -> Occupant {
        Occupant::named(self.kind(), self.meta(), self.block())
    }
    /// The object with this ID, active or held.
    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>, Error>
    where
        Self: Sized;
    /// The active object with this ID, if it has this name.
    fn named(ipam: &dyn Ipam, id: &str, name: &str) -> Result<Option<Self>, Error>
    where
        Self: Sized,
    {
        let is_it = |found: &Self| found.meta().state == State::Active && found.meta().name == name;
        Ok(Self::get(ipam, id)?.filter(is_it))
    }
}

/// The place in which the name of `record` is unique, for [`Session::hand_out`](super::session::Session::hand_out).
pub(super) fn place_of<T: Held>(record: &T) -> String {
    format!("{} {} {}", record.kind().word(), record.container(), record.meta().name)
}

macro_rules! held {
    ($($Record:ident by $get:ident: |$record:ident| $block:expr, $container:expr);*) => {$(
        impl Held for $Record {
            fn meta(&self) -> &Meta {
                &self.meta
            }

            fn block(&self) -> Option<Cidr> {
                let $record = self;
                $block
            }

            fn container(&self) -> &str {
                let $record = self;
                $container
            }

            fn kind(&self) -> Kind {
                Kind::$Record
            }

            fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>, Error> {
                ipam.$get(id)
            }
        }
    )*};
}

held!(
    Scope by get_scope: |_scope| None, "";
    Pool by get_pool: |pool| pool.cidrs.first().copied().filter(|_| pool.cidrs.len() == 1), pool.container();
    PoolCidr by get_pool_cidr: |pool_cidr| Some(pool_cidr.cidr), &pool_cidr.pool_id;
    Allocation by get_allocation: |allocation| Some(allocation.cidr), &allocation.pool_id
);

/// Plans a new object by `hold`. `Ok(None)` means that the store cannot be written: nothing is held, and values stay
/// unknown until apply. [`look`] reports mistakes in that case.
///
/// # Errors
/// The error that the user has to correct, at the attribute that `place` returns for it; a name that two resources ask
/// for, at `name`.
pub(super) fn plan<M, T: Held>(
    shared: &Shared,
    configured: &Configured,
    plan: &mut Plan<M>,
    name: Path,
    place: impl Fn(&Error) -> Path,
    mut hold: impl FnMut(&Terms) -> Result<T, Error>,
) -> Result<Option<T>, Diagnostics> {
    note_replacement(shared, &plan.private);
    let replaces = plan.private.remove(REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    let mut terms = Terms {
        hold: configured.plan_hold,
        committing: plan.committing,
        in_place: replaces.is_some(),
        replaces,
        ..Terms::default()
    };
    let mut answer = hold(&terms);
    if !terms.committing {
        hand_over::recall(shared, &answer);
    }
    if let Some(id) = in_the_way(&answer, &terms)
        && is_in_state::<T>(shared, configured, &answer, &id)
    {
        // The object is in the state, so it was not left over and must not be adopted. Later runs see that from the mark.
        if let Err(error) = configured.ipam.confirm(&id) {
            tracing::debug!(id, ?error, "not confirmed");
        }
        answer = hold(&terms);
    }
    if let Err(Error::NameTaken { existing, .. }) = &answer
        && terms.replaces.is_none()
        && existing.state == State::Active
        && !terms.committing
        && shared.session.succeed(&existing.id)
    {
        take_the_place_of(shared, &mut terms, &existing.id);
        answer = hold(&terms);
    }
    answer = hand_over::ask_again(shared, &mut terms, answer, &mut hold);
    if let Ok(record) = &answer
        && !hand_over::still_given_up(shared, &terms, record.meta())
    {
        terms.place_anew = true;
        let anew = hold(&terms);
        answer = hand_over::ask_again(shared, &mut terms, anew, &mut hold);
    }
    if let Ok(record) = &answer
        && hand_over::is_in_place(shared, &terms, record.meta())
    {
        (terms.in_place, terms.place_anew) = (true, true);
        answer = hold(&terms);
    }
    if let Ok(record) = &answer
        && terms.replaces.is_none()
        && let Some(id) = &record.meta().replaces
        && !may_take_over(shared, id, terms.committing)
        && let Ok(Some(old)) = T::named(configured.ipam.as_ref(), id, &record.meta().name)
    {
        // An earlier plan left this hold to replace the old object. This plan keeps the old object, which has the name.
        answer = Err(Error::NameTaken { existing: old.occupant(), asked_by: Some(record.meta().owner.clone()) });
    }
    if let Some(id) = terms.replaces.as_ref().filter(|_| !terms.only_name) {
        shared.session.goes(id);
    }
    warn_of_displaced(shared, configured, plan);
    if !terms.committing {
        hand_over::want(shared, &answer);
    }
    match answer {
        Ok(record) => {
            if !shared.session.hand_out(place_of(&record)) {
                return Err(asked_twice(record.meta()).at(name).into());
            }
            hand_over::claim(shared, &record.meta().name, &record.meta().waits_for);
            if record.meta().state == State::Active {
                shared.session.adopt(&record.meta().id);
                if !terms.committing {
                    plan.warnings.push(taken_over(&record));
                }
            }
            Ok(Some(record))
        }
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            warn_read_only(shared, plan, &why);
            if let Some(id) = &terms.replaces {
                remember_replaced(&mut plan.private, id);
            }
            Ok(None)
        }
        Err(error) => Err(errors::at(&error, place(&error))),
    }
}

/// Whether the object that has the name is in this configuration's state. An object that was never seen in any state may
/// be left over from an interrupted apply, so it counts as one of this state only after Terraform has shown it.
fn is_in_state<T: Held>(shared: &Shared, configured: &Configured, answer: &Result<T, Error>, id: &str) -> bool {
    let (session, wait) = (&shared.session, shared.sibling_wait);
    let name = match answer {
        Err(Error::NameTaken { existing, .. }) => &existing.name,
        _ => return session.is_in_state(id, wait),
    };
    match T::named(configured.ipam.as_ref(), id, name) {
        Ok(Some(existing)) if existing.meta().confirmed => session.may_be_in_state(id, wait),
        _ => session.is_in_state(id, wait),
    }
}

/// The new object gets the name of the object `id`, which is deleted, or is renamed and keeps its space.
fn take_the_place_of(shared: &Shared, terms: &mut Terms, id: &str) {
    terms.replaces = Some(id.to_owned());
    terms.only_name = shared.session.is_renamed(id);
}

/// Whether the hold of an earlier plan may still take the name of the active object `id`. In the walk of an apply, the
/// plan has decided that already. Not every client reports which walk it is in. If it is certainly the walk of a plan,
/// the object must be in the state of this configuration.
fn may_take_over(shared: &Shared, id: &str, committing: bool) -> bool {
    let session = &shared.session;
    let is_ours = committing || !session.is_surely_planning() || session.is_in_state(id, shared.sibling_wait);
    is_ours && session.take_over(id)
}

/// Checks a new object for a plan that holds nothing, so that mistakes are reported now and not at apply. The values of
/// the object stay unknown. New objects of one plan see each other, except those in a pool or scope that is itself new,
/// because Terraform does not report which pool or scope that will be.
///
/// # Errors
/// The same as those of [`plan`].
pub(super) fn look<M>(
    shared: &Shared,
    configured: &Configured,
    plan: &mut Plan<M>,
    new: New<'_>,
    name: Path,
    place: impl Fn(&Error) -> Path,
) -> Result<(), Diagnostics> {
    let replaces = plan.private.remove(REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    if plan.committing {
        // The first plan has checked the object. The creation reports mistakes that were made since then.
        return Ok(());
    }
    let (kind, container, called) = match new {
        New::Scope(spec) => (Kind::Scope, None, Some(spec.name.clone())),
        New::Pool(spec) => {
            (Kind::Pool, spec.source_pool_id.as_ref().or(spec.scope_id.as_ref()), Some(spec.name.clone()))
        }
        New::PoolCidr(spec) => {
            let by_cidr = if let Size::Cidr(cidr) = spec.size { Some(cidr.to_string()) } else { None };
            (Kind::PoolCidr, Some(&spec.pool_id), spec.name.clone().or(by_cidr))
        }
        New::Allocation(spec) => (Kind::Allocation, Some(&spec.pool_id), Some(spec.name.clone())),
    };
    let spot = |called: &str| format!("{} {} {called}", kind.word(), container.map_or("", String::as_str));
    if let Some(called) = called.as_deref().filter(|called| shared.session.is_handed_out(&spot(called))) {
        return Err(name_claimed(called).at(name).into());
    }
    let growing = match new {
        // The space of a pool CIDR comes from the source pool of the pool that it names.
        New::PoolCidr(_) => shared.changes.is_any_growing(),
        _ => container.is_some_and(|id| shared.changes.is_growing(id)),
    };
    let pool_rules = container.and_then(|id| shared.changes.planned_rules(id));
    let mut terms = Terms { hold: configured.plan_hold, replaces, pool_rules, ..Terms::default() };
    let mut answer = configured.ipam.speaks_against(new, &terms, growing);
    if let Err(Error::NameTaken { existing, .. }) = &answer
        && terms.replaces.is_none()
        && shared.session.is_in_state(&existing.id, shared.sibling_wait)
        && shared.session.succeed(&existing.id)
    {
        take_the_place_of(shared, &mut terms, &existing.id);
        answer = configured.ipam.speaks_against(new, &terms, growing);
    }
    let mut again = |terms: &Terms| configured.ipam.speaks_against(new, terms, growing);
    answer = hand_over::ask_again(shared, &mut terms, answer, &mut again);
    if let Some(id) = terms.replaces.as_ref().filter(|_| !terms.only_name) {
        shared.session.goes(id);
    }
    match answer {
        // The identity that plans may have fewer permissions than the identity that applies, and the same apply may
        // create the IPAM.
        Err(Error::Service(fault)) if matches!(fault.code.as_deref(), Some("UnauthorizedOperation" | "WhichIpam")) => {
            tracing::debug!(?fault, "not looked at before apply");
        }
        answer => answer.map_err(|error| errors::at(&error, place(&error)))?,
    }
    let Some(called) = called else { return Ok(()) };
    if shared.session.hand_out(spot(&called)) { Ok(()) } else { Err(name_claimed(&called).at(name).into()) }
}

/// Wraps `work`, which creates a new object. Where plans hold nothing, an object that the same apply deletes or changes
/// may still have the name or the block, so `work` is repeated for up to `sibling_wait`.
pub(super) fn once_free<T>(
    shared: &Shared,
    configured: &Configured,
    mut work: impl FnMut() -> Result<T, Error>,
) -> impl FnMut() -> Result<T, Error> {
    const GLANCE: Duration = Duration::from_millis(200);
    let patience = if configured.plan_hold.is_zero() { shared.sibling_wait } else { Duration::ZERO };
    let deadline = Instant::now() + patience;
    move || loop {
        match work() {
            Err(Error::NameTaken { existing, .. }) if existing.state == State::Active && Instant::now() < deadline => {
                thread::sleep(GLANCE);
            }
            Err(Error::Overlap { with, .. })
                if with.iter().all(|one| one.state == State::Active) && Instant::now() < deadline =>
            {
                thread::sleep(GLANCE);
            }
            answer => return answer,
        }
    }
}

/// The object that already has the name: an object that an interrupted apply left and that would be adopted, or an object
/// whose state Terraform has not shown yet. `None` in an apply, because the plan has decided this already.
fn in_the_way<T: Held>(answer: &Result<T, Error>, terms: &Terms) -> Option<String> {
    if terms.committing || terms.replaces.is_some() {
        return None;
    }
    match answer {
        Ok(record) if record.meta().state == State::Active => Some(record.meta().id.clone()),
        Err(Error::NameTaken { existing, .. }) if existing.state == State::Active => Some(existing.id.clone()),
        _ => None,
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

/// Warns once that plans cannot hold anything in this store.
fn warn_read_only<M>(shared: &Shared, plan: &mut Plan<M>, why: &str) {
    if shared.session.first_warning("read-only".to_owned()) {
        plan.warnings.push(Diagnostic::warning(
            "Addresses are not shown in this plan",
            format!(
                "This run can read the store but cannot write to it, so the plan cannot hold addresses. The addresses \
                 of new objects are known after apply. ({why})"
            ),
        ));
    }
}

/// Warns that an older plan will be refused because this plan took what it holds: once for each place where such plans
/// were made.
fn warn_of_displaced<M>(shared: &Shared, configured: &Configured, plan: &mut Plan<M>) {
    for hold in configured.ipam.displaced() {
        let Some(run) = &hold.run else { continue };
        let (place, what) = (explain::made_at(&run.origin), explain::held(&hold));
        if shared.session.first_warning(format!("displaced {place}")) {
            plan.warnings.push(Diagnostic::warning(
                "Another plan of the same owner has to be made again",
                format!(
                    "A plan made {place} holds {what}. It has the same `owner` as this one, so the space or the name \
                     went to this plan, which is newer. If the older plan is applied, it is refused and does not \
                     change that object: plan there again. If the two plans belong to different configurations, give \
                     each configuration its own `owner` in the provider block. Then neither takes what the other holds."
                ),
            ));
        }
    }
}

/// The result of a change to an existing object, and whether it is held for apply. Plans that may not write only preview
/// the change.
///
/// # Errors
/// The rule that the change violates.
pub(super) fn plan_change<M, T>(
    shared: &Shared,
    configured: &Configured,
    plan: &mut Plan<M>,
    mut hold: impl FnMut(&Terms) -> Result<T, Error>,
    mut preview: impl FnMut(&Terms) -> Result<T, Error>,
) -> Result<(T, bool), Error> {
    let mut terms = Terms { hold: configured.plan_hold, committing: plan.committing, ..Terms::default() };
    if terms.hold.is_zero() {
        let answer = preview(&terms);
        return Ok((hand_over::ask_again(shared, &mut terms, answer, &mut preview)?, false));
    }
    let answer = hold(&terms);
    let answer = hand_over::ask_again(shared, &mut terms, answer, &mut hold);
    warn_of_displaced(shared, configured, plan);
    match answer {
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            warn_read_only(shared, plan, &why);
            let answer = preview(&terms);
            Ok((hand_over::ask_again(shared, &mut terms, answer, &mut preview)?, false))
        }
        answer => Ok((answer?, true)),
    }
}

/// The warning about an object that an interrupted apply left. A reader of the plan should know that the object is not
/// new.
fn taken_over<T: Held>(record: &T) -> Diagnostic {
    let (meta, word) = (record.meta(), record.kind().word());
    let block = record.block().map(|block| format!(", {block}")).unwrap_or_default();
    Diagnostic::warning(
        format!("The {word} {:?} already exists", meta.name),
        format!(
            "{} ({}{block}) was created by owner {:?}, but no Terraform state is known to contain it: an apply was \
             interrupted, and this plan adopts the object. If another configuration with the same owner is being \
             applied at the moment, the object belongs to that configuration: do not apply this plan, and give each \
             configuration its own `owner` in the provider block.",
            meta.name, meta.id, meta.owner
        ),
    )
}

fn asked_twice(meta: &Meta) -> Diagnostic {
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

/// The information about the planned object that apply takes from the ID in the plan.
pub(super) fn planned(shared: &Shared, id: Option<&String>) -> Planned {
    match id {
        None => Planned::Unknown,
        Some(id) if shared.session.may_exist(id) => Planned::Held(id.clone()),
        Some(id) => Planned::Fresh(id.clone()),
    }
}

/// The error for an apply that begins with unknown values, which Terraform never does.
pub(super) fn still_unknown(what: &str) -> Diagnostics {
    Diagnostic::error(
        "Values are still unknown",
        format!("Terraform applied this {what} before all its arguments were known. This is a bug: please report it."),
    )
    .into()
}
