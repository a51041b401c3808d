//! Plans on a store that holds what they show: each plan makes the hold of a new object, or finds the hold of an earlier
//! plan, so that it shows the values that apply will use.

use crate::backend::{Holdable, Holds, Terms, explain};
use crate::ipam::{Error, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Plan};

use super::create::{REPLACES, Request, check_new, note_replacement, remember_replaced};
use super::shared::{Configured, Shared};
use super::{errors, hand_over, naming};

/// Plans a new object by a hold, or checks it by [`check_new`] where nothing can be held: `Ok(None)`, and its values stay
/// unknown until apply.
///
/// # Errors
/// The error that the user has to correct, at its attribute.
pub(super) fn hold_or_check<M, T: Holdable>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    spec: &T::Spec,
) -> Result<Option<T>, Diagnostics> {
    if let Some(holds) = request.configured.holds()
        && let Some(record) = self::plan(request, plan, |terms| T::hold(holds, spec, terms))?
    {
        return Ok(Some(record));
    }
    check_new(request, plan, T::new_object(spec))?;
    Ok(None)
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
    let (shared, configured) = (request.shared, request.configured);
    note_replacement(shared, &plan.private);
    let replaces = plan.private.remove(REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    let mut terms = Terms {
        hold: configured.plan_hold,
        committing: plan.committing,
        in_place: replaces.is_some(),
        replaces,
        pool_rules: request.pool_rules.clone(),
        ..Terms::default()
    };
    let result = request_hold(shared, configured, &mut terms, &mut hold);
    if let Some(id) = terms.replaces.as_ref().filter(|_| !terms.only_name) {
        shared.session.goes(id);
    }
    warn_of_displaced(shared, configured, plan);
    if !terms.committing {
        hand_over::want(shared, &result);
    }
    match result {
        Ok(record) => take_up(request, plan, record).map(Some),
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            warn_read_only(shared, plan, &why);
            if let Some(id) = &terms.replaces {
                remember_replaced(&mut plan.private, id);
            }
            Ok(None)
        }
        Err(error) => Err(errors::at(&error, (request.attribute_for)(&error))),
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

/// Takes up the object that the plan holds or adopts.
///
/// # Errors
/// At the name, when another resource of the configuration got the same object.
fn take_up<M, T: Holdable>(request: &Request<'_>, plan: &mut Plan<M>, record: T) -> Result<T, Diagnostics> {
    let (shared, meta) = (request.shared, record.meta());
    if !shared.session.reserve_name(naming::name_key_of(&record)) {
        return Err(naming::asked_twice(meta).at(request.name_at.clone()).into());
    }
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
    let mut terms = Terms { hold: configured.plan_hold, committing: plan.committing, ..Terms::default() };
    let Some(holds) = configured.holds() else {
        let result = preview(&terms);
        return Ok((hand_over::retry_with_given_up(shared, &mut terms, result, &mut preview)?, false));
    };
    let mut hold = |terms: &Terms| hold(holds, terms);
    let result = hold(&terms);
    let result = hand_over::retry_with_given_up(shared, &mut terms, result, &mut hold);
    warn_of_displaced(shared, configured, plan);
    match result {
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            warn_read_only(shared, plan, &why);
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
