//! Plans on a store that holds what they show: each plan makes the hold of a new object, or finds the hold of an earlier
//! plan, so that it shows the values that apply will use.

use std::time::Duration;

use crate::backend::{Holdable, Holds, Terms, explain};
use crate::ipam::{Error, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Plan};

use super::create::{REPLACES, Request, check_new, is_growing, note_replacement, remember_replaced};
use super::shared::{Configured, Shared};
use super::shown::{Carried, plan_again};
use super::{errors, hand_over, naming};

/// How long the plan of an apply holds what it shows, if plans hold nothing: the creation may have to wait for space that
/// the same apply releases.
pub(super) const HELD_IN_APPLY: Duration = Duration::from_hours(1);

/// Plans a new object by a hold. Where nothing can be held, a client that carries planned private data sees a preview, which
/// the second plan holds; otherwise the object is checked by [`check_new`]: `Ok(None)`, and its values stay unknown until
/// apply.
///
/// # Errors
/// The error that the user has to correct, at its attribute.
pub(super) fn hold_or_check<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    spec: &T::Spec,
) -> Result<Option<T>, Diagnostics> {
    if let Some(holds) = request.configured.ipam.holds().filter(|_| plan.carries_private) {
        return hold_or_show(request, plan, spec, holds);
    }
    if let Some(holds) = request.configured.holds()
        && let Some(record) = self::plan(request, plan, |terms| T::hold(holds, spec, terms))?
    {
        return Ok(Some(record));
    }
    check_new(request, plan, T::new_object(spec))?;
    Ok(None)
}

/// Plans a new object for a client that carries planned private data. The second plan holds exactly what the first one
/// showed.
fn hold_or_show<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    spec: &T::Spec,
    holds: &dyn Holds,
) -> Result<Option<T>, Diagnostics> {
    let (shared, plan_hold) = (request.shared, request.configured.plan_hold);
    // A first plan that showed nothing leaves no private data.
    let is_second = plan.committing || plan.first_plan.is_some();
    let carried = plan.first_plan.as_ref().map(|first| Carried::of_kind(first, T::KIND)).transpose()?.flatten();
    let mut terms = first_terms(request, plan);
    if is_second && plan_hold.is_zero() {
        terms.hold = HELD_IN_APPLY;
    }
    if let Some(carried) = &carried {
        carried.check_owner(request.configured.ipam.as_ref())?;
        carried.set(&mut terms);
    }
    if !terms.hold.is_zero() && !shared.session.is_read_only() {
        match attempt(request, plan, &mut terms, &mut |terms| T::hold(holds, spec, terms))? {
            Ok(record) => return Ok(Some(record)),
            Err(why) => {
                shared.session.cannot_write();
                warn_not_held(shared, plan, &why);
            }
        }
    }
    if !is_second || carried.is_some() {
        return show(request, plan, spec, terms);
    }
    remember(plan, &terms);
    check_new(request, plan, T::new_object(spec))?;
    Ok(None)
}

/// Shows a preview of a new object. `Ok(None)`: its values stay unknown until apply, because its pool changes in the same
/// apply.
fn show<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    spec: &T::Spec,
    mut terms: Terms,
) -> Result<Option<T>, Diagnostics> {
    let is_growing = is_growing(request.shared, T::new_object(spec));
    let mut preview = |terms: &Terms| match request.configured.ipam.preview_new(T::new_object(spec), terms) {
        Err(error) if is_growing && error.lacks_space() => Err(undecided()),
        made => made?.and_then(T::of_preview).ok_or_else(undecided),
    };
    let Ok(record) = attempt(request, plan, &mut terms, &mut preview)? else {
        remember(plan, &terms);
        check_new(request, plan, T::new_object(spec))?;
        return Ok(None);
    };
    if record.meta().state == State::Planned {
        Carried::preview(&record, &terms).carry(&mut plan.private);
    }
    Ok(Some(record))
}

/// The result of a preview that cannot be predicted: nothing of it is held or shown.
pub(super) fn undecided() -> Error {
    Error::Store(store::Error::ReadOnly(String::new()))
}

/// Plans a new object by `hold`. `Ok(None)` means that the store cannot be written: nothing is held, and values stay
/// unknown until apply. [`check_new`] reports mistakes in that case.
///
/// # Errors
/// The error that the user has to correct, at its attribute; a name that two resources ask for, at the name.
pub(super) fn plan<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    mut hold: impl FnMut(&Terms) -> Result<T, Error>,
) -> Result<Option<T>, Diagnostics> {
    let mut terms = first_terms(request, plan);
    match attempt(request, plan, &mut terms, &mut hold)? {
        Ok(record) => Ok(Some(record)),
        Err(why) => {
            warn_read_only(request.shared, plan, &why);
            remember(plan, &terms);
            Ok(None)
        }
    }
}

/// The terms of a new object before anything is known about its name and its space.
fn first_terms<M>(request: &Request<'_>, plan: &mut Plan<M>) -> Terms {
    note_replacement(request.shared, &plan.private);
    let replaces = plan.private.remove(REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    Terms {
        hold: request.configured.plan_hold,
        committing: plan.committing,
        in_place: replaces.is_some(),
        replaces,
        pool_rules: request.pool_rules.clone(),
        candidate_rules: request.candidate_rules.clone(),
        ..Terms::default()
    }
}

/// Stores what [`first_terms`] took, for [`check_new`].
fn remember<M>(plan: &mut Plan<M>, terms: &Terms) {
    if let Some(id) = &terms.replaces {
        remember_replaced(&mut plan.private, id);
    }
}

/// Plans a new object by `hold`, and leaves in `terms` what was found out. The inner error is the reason why the store
/// cannot be written.
///
/// # Errors
/// As [`plan`].
fn attempt<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    terms: &mut Terms,
    hold: &mut dyn FnMut(&Terms) -> Result<T, Error>,
) -> Result<Result<T, String>, Diagnostics> {
    let (shared, configured) = (request.shared, request.configured);
    let replaced = terms.replaces.clone().filter(|_| terms.in_place);
    let result = request_hold(shared, configured, terms, hold);
    if let Some(id) = terms.replaces.as_ref().filter(|_| !terms.only_name) {
        shared.session.goes(id);
    }
    warn_of_displaced(shared, configured, plan);
    if !terms.committing {
        hand_over::want(shared, &result);
    }
    match result {
        Ok(record) => take_up(request, plan, record, replaced.as_deref()).map(Ok),
        Err(Error::Store(store::Error::ReadOnly(why))) => Ok(Err(why)),
        Err(error) => {
            let told = errors::at(&error, (request.attribute_for)(&error));
            let is_taken = matches!(error, Error::Overlap { .. } | Error::OutsidePool { .. });
            Err(match &terms.shown {
                Some(shown) if is_taken => plan_again(told, shown.cidr),
                _ => told,
            })
        }
    }
}

/// Requests the hold, and requests it again with what each result tells about the name and about the space.
///
/// # Errors
/// The last error of `hold`.
fn request_hold<T: Holdable>(
    shared: &Shared,
    configured: &Configured,
    terms: &mut Terms,
    hold: &mut dyn FnMut(&Terms) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut result = hold(terms);
    if !terms.committing {
        hand_over::recall(shared, &result)?;
    }
    if let Some(id) = naming::object_with_name(&result, terms)
        && naming::is_in_state::<T>(shared, configured, &result, &id)
    {
        // The object is in the state, so it was not left over and must not be adopted. Later runs see that from the mark.
        if let Some(Err(error)) = configured.ipam.holds().map(|holds| holds.confirm(&id)) {
            tracing::debug!(id, ?error, "not confirmed");
        }
        result = hold(terms);
    }
    if let Err(Error::NameTaken { existing, .. }) = &result
        && terms.replaces.is_none()
        && existing.state == State::Active
        && !terms.committing
        && shared.session.give_name_away(&existing.id)
    {
        naming::take_the_place_of(shared, terms, &existing.id);
        result = hold(terms);
    }
    let mut record = hand_over::retry_with_given_up(shared, terms, result, hold)?;
    if !hand_over::still_given_up(shared, terms, &record.meta().waits_for)? {
        terms.place_anew = true;
        let anew = hold(terms);
        record = hand_over::retry_with_given_up(shared, terms, anew, hold)?;
    }
    if hand_over::is_in_place(shared, terms, record.meta()) {
        (terms.in_place, terms.place_anew) = (true, true);
        record = hold(terms)?;
    }
    naming::check_replaced(shared, configured, terms, &record)?;
    Ok(record)
}

/// Takes up the object that the plan holds or adopts. `replaced`: the object that the same resource has until then.
///
/// # Errors
/// At the name, when another resource of the configuration got the same object.
fn take_up<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    record: T,
    replaced: Option<&str>,
) -> Result<T, Diagnostics> {
    let (shared, meta) = (request.shared, record.meta());
    let key = naming::name_key_of(&record);
    if !shared.session.reserve_name(key.clone(), replaced) {
        return Err(naming::asked_twice(meta).at(request.name_at.clone()).into());
    }
    shared.session.reserved_in_place_of(&key, meta.replaces.as_deref());
    if !plan.committing {
        hand_over::claim(shared, (&meta.name, record.block()), &meta.waits_for, request.attribute_for)?;
    }
    if meta.state == State::Active {
        shared.session.adopt(&meta.id);
        if !plan.committing {
            plan.warnings.push(taken_over(&record));
        }
    }
    Ok(record)
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
    mut hold: impl FnMut(&dyn Holds, &Terms) -> Result<T, Error>,
    mut preview: impl FnMut(&Terms) -> Result<T, Error>,
) -> Result<(T, bool), Error> {
    let carries = plan.carries_private && configured.ipam.holds().is_some();
    let (hold_for, committing, shows) = (configured.plan_hold, plan.committing, carries && !plan.committing);
    let mut terms = Terms { hold: hold_for, committing, shows, ..Terms::default() };
    let Some(holds) = configured.holds().filter(|_| !(carries && shared.session.is_read_only())) else {
        let result = preview(&terms);
        return Ok((hand_over::retry_with_given_up(shared, &mut terms, result, &mut preview)?, false));
    };
    let mut hold = |terms: &Terms| hold(holds, terms);
    let result = hold(&terms);
    let result = hand_over::retry_with_given_up(shared, &mut terms, result, &mut hold);
    warn_of_displaced(shared, configured, plan);
    match result {
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            if carries {
                shared.session.cannot_write();
                warn_not_held(shared, plan, &why);
            } else {
                warn_read_only(shared, plan, &why);
            }
            let result = preview(&terms);
            Ok((hand_over::retry_with_given_up(shared, &mut terms, result, &mut preview)?, false))
        }
        result => Ok((result?, true)),
    }
}

/// The warning about an object that an interrupted apply left. A reader of the plan should know that the object is not
/// new.
fn taken_over<T: Holdable>(record: &T) -> Diagnostic {
    let (meta, word) = (record.meta(), T::KIND.word());
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

/// Warns once that plans cannot hold anything in this store.
pub(super) fn warn_read_only<M>(shared: &Shared, plan: &mut Plan<M>, why: &str) {
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

/// Warns once that plans show addresses of this store and cannot hold them.
pub(super) fn warn_not_held<M>(shared: &Shared, plan: &mut Plan<M>, why: &str) {
    if shared.session.first_warning("read-only".to_owned()) {
        plan.warnings.push(Diagnostic::warning(
            "Addresses of this plan are not held",
            format!(
                "This run can read the store but cannot write to it, so the plan shows addresses that are free now, and \
                 nothing holds them. The apply takes exactly these addresses. If another object has taken one of them by \
                 then, the apply of that object fails: plan again. ({why})"
            ),
        ));
    }
}

/// Warns that an older plan will be refused because this plan took what it holds: once for each origin of such
/// plans.
pub(super) fn warn_of_displaced<M>(shared: &Shared, configured: &Configured, plan: &mut Plan<M>) {
    for hold in configured.ipam.holds().map(|holds| holds.displaced()).unwrap_or_default() {
        let Some(run) = &hold.run else { continue };
        let (origin, what) = (explain::made_at(&run.origin), explain::held(&hold));
        if shared.session.first_warning(format!("displaced {origin}")) {
            plan.warnings.push(Diagnostic::warning(
                "Another plan of the same owner has to be made again",
                format!(
                    "A plan made {origin} holds {what}. It has the same `owner` as this one, so the space or the name \
                     went to this plan, which is newer. If the older plan is applied, it is refused and does not \
                     change that object: plan there again. If the two plans belong to different configurations, give \
                     each configuration its own `owner` in the provider block. Then neither takes what the other holds."
                ),
            ));
        }
    }
}
