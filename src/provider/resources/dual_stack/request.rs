//! The request for a plan of both allocations, repeated with what each result tells about names and about space.

use std::collections::BTreeMap;

use crate::backend::{DualStacks, Terms};
use crate::ipam::{Error, Family, Kind, PlannedPart, StackRequest, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Plan};

use super::super::super::shared::{Configured, Shared};
use super::super::super::{errors, hand_over, holding, naming};
use super::{DualStackModel, part_at};

/// Both allocations as a plan shows them.
pub(super) type Parts = BTreeMap<Family, PlannedPart>;

/// Plans both allocations. `None`: nothing is held, so their values stay unknown until apply, and mistakes are reported now.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan(
    shared: &Shared,
    configured: &Configured,
    plan: &mut Plan<DualStackModel>,
    request: &mut StackRequest,
    terms: &mut Terms,
) -> Result<Option<Parts>, Diagnostics> {
    let tell = |config: &DualStackModel, error: Error| errors::at(&error, config.attribute_for(&error));
    let stacks = configured.ipam.require_dual_stacks().map_err(|error| tell(&plan.config, error))?;
    if configured.holds().is_none() {
        check(shared, stacks, plan.committing, request, terms).map_err(|error| tell(&plan.config, error))?;
        return Ok(None);
    }
    let result = hold(shared, configured, stacks, request, terms);
    holding::warn_of_displaced(shared, configured, plan);
    if !terms.committing {
        hand_over::want(shared, &result);
    }
    match result {
        Ok(parts) => Ok(Some(parts)),
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            holding::warn_read_only(shared, plan, &why);
            check(shared, stacks, plan.committing, request, terms).map_err(|error| tell(&plan.config, error))?;
            Ok(None)
        }
        Err(error) => Err(tell(&plan.config, error)),
    }
}

/// Finds mistakes without a write.
fn check(
    shared: &Shared,
    stacks: &dyn DualStacks,
    committing: bool,
    request: &StackRequest,
    terms: &mut Terms,
) -> Result<(), Error> {
    // The first plan has checked them. Without a write, space that a pool gets in the same plan does not show.
    let is_growing = request.parts.values().any(|part| shared.changes.is_growing(&part.spec.pool_id));
    if committing || is_growing {
        return Ok(());
    }
    let mut preview = |terms: &Terms| stacks.preview_stack(request, terms);
    let result = preview(terms);
    hand_over::retry_with_given_up(shared, terms, result, &mut preview).map(drop)
}

/// Requests the holds, and requests them again with what each result tells.
fn hold(
    shared: &Shared,
    configured: &Configured,
    stacks: &dyn DualStacks,
    request: &mut StackRequest,
    terms: &mut Terms,
) -> Result<Parts, Error> {
    let mut result = stacks.plan_stack(request, terms);
    if !terms.committing {
        hand_over::recall(shared, &result)?;
        if confirm_known(shared, configured, &result) {
            result = stacks.plan_stack(request, terms);
        }
        if take_over_names(shared, configured, request, &result)? {
            result = stacks.plan_stack(request, terms);
        }
    }
    let mut again = |terms: &Terms| stacks.plan_stack(request, terms);
    let parts = hand_over::retry_with_given_up(shared, terms, result, &mut again)?;
    let waits_for: Vec<_> = parts.values().flat_map(|part| part.waits_for.clone()).collect();
    if hand_over::still_given_up(shared, terms, &waits_for)? {
        return Ok(parts);
    }
    terms.place_anew = true;
    let anew = again(terms);
    hand_over::retry_with_given_up(shared, terms, anew, &mut again)
}

/// Marks the allocations that the plan would adopt, if they are in the state of this configuration: they were not left over
/// from an interrupted apply. `true`: the plan has to be made again.
fn confirm_known(shared: &Shared, configured: &Configured, result: &Result<Parts, Error>) -> bool {
    let Ok(parts) = result else { return false };
    let adopted: Vec<String> = parts.values().filter(|one| one.is_adopted).map(|one| one.id.clone()).collect();
    if !adopted.iter().any(|id| shared.session.is_in_state(id, shared.sibling_wait)) {
        return false;
    }
    if let Some(Err(error)) = configured.ipam.holds().map(|holds| holds.confirm_all(&adopted)) {
        tracing::debug!(?error, "not confirmed");
    }
    true
}

/// Gives new allocations the names of those that the same apply deletes, such as those of the same resource when it is tainted.
/// `true`: there are such allocations.
fn take_over_names(
    shared: &Shared,
    configured: &Configured,
    request: &mut StackRequest,
    result: &Result<Parts, Error>,
) -> Result<bool, Error> {
    let Some(Error::NameTaken { existing, .. }) = result.as_ref().err().map(Error::cause) else { return Ok(false) };
    if existing.state != State::Active || !shared.session.is_in_state(&existing.id, shared.sibling_wait) {
        return Ok(false);
    }
    let mut is_any = false;
    for part in request.parts.values_mut().filter(|part| part.present.is_none() && part.replaces.is_none()) {
        let found = configured.ipam.find_allocation(&part.spec.pool_id, &part.spec.name)?;
        if let Some(found) = found.filter(|found| found.meta.state == State::Active)
            && !shared.session.is_renamed(&found.meta.id)
            && shared.session.give_name_away(&found.meta.id)
        {
            shared.session.goes(&found.meta.id);
            part.replaces = Some(found.meta.id);
            is_any = true;
        }
    }
    Ok(is_any)
}

/// Records what the plan took: names, blocks that others give up, and objects that it adopts.
///
/// # Errors
/// At the block that another resource of the configuration asks for.
pub(super) fn take_up(
    shared: &Shared,
    plan: &mut Plan<DualStackModel>,
    request: &StackRequest,
    parts: &Parts,
) -> Result<(), Diagnostics> {
    let mut adopted = Vec::new();
    for (family, part) in parts {
        let name = &request.parts[family].spec.name;
        if !plan.committing {
            let at = plan.config.part(*family).map_or_else(|| part_at(*family), |part| part.size_at(*family));
            hand_over::claim(shared, (name, Some(part.cidr)), &part.waits_for, |_| at.clone())?;
        }
        if part.is_adopted {
            shared.session.adopt(&part.id);
            adopted.push(format!("{} ({})", part.id, part.cidr));
        }
    }
    if !adopted.is_empty() && !plan.committing {
        let detail = format!(
            "No Terraform state is known to contain these allocations: {}. An apply was interrupted, and this plan adopts them. If \
             another configuration with the same owner is being applied at the moment, they belong to that configuration: do \
             not apply this plan, and give each configuration its own `owner` in the provider block.",
            adopted.join(", ")
        );
        plan.warnings.push(Diagnostic::warning("Allocations already exist", detail));
    }
    Ok(())
}

/// Reserves the names of new allocations, or of both when they get another name.
///
/// # Errors
/// At the name, when another new resource of the configuration has it.
pub(super) fn reserve_names(shared: &Shared, request: &StackRequest, is_renamed: bool) -> Result<(), Diagnostics> {
    for part in request.parts.values().filter(|part| is_renamed || part.present.is_none()) {
        let key = naming::name_key(Kind::Allocation, &part.spec.pool_id, &part.spec.name);
        if !shared.session.reserve_name(key, part.replaces.as_deref()) {
            return Err(naming::name_claimed(&part.spec.name).at(crate::at!(DualStackModel, name)).into());
        }
    }
    Ok(())
}
