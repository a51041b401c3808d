//! The request for a plan of a set, repeated with what each result tells about names and about space.

use std::collections::BTreeMap;

use crate::backend::{AllocationSets, Terms};
use crate::ipam::{Error, Kind, PlannedMember, SetRequest, SetSpec, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Plan};

use super::super::super::shared::{Configured, Shared};
use super::super::super::{errors, hand_over, holding, naming};
use super::{SetModel, member_at};

/// The members of a planned set, by their keys.
pub(super) type Members = BTreeMap<String, PlannedMember>;

/// Plans the members. `None`: nothing is held, so their values stay unknown until apply, and mistakes are reported now.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan(
    shared: &Shared,
    configured: &Configured,
    plan: &mut Plan<SetModel>,
    request: &mut SetRequest,
    terms: &mut Terms,
) -> Result<Option<Members>, Diagnostics> {
    let tell = |error: Error| errors::at(&error, SetModel::attribute_for(&error));
    let sets = configured.ipam.require_allocation_sets().map_err(tell)?;
    if configured.holds().is_none() {
        check(shared, sets, plan.committing, request, terms).map_err(tell)?;
        return Ok(None);
    }
    let result = hold(shared, configured, sets, request, terms);
    holding::warn_of_displaced(shared, configured, plan);
    if !terms.committing {
        hand_over::want(shared, &result);
    }
    match result {
        Ok(members) => Ok(Some(members)),
        Err(Error::Store(store::Error::ReadOnly(why))) => {
            holding::warn_read_only(shared, plan, &why);
            check(shared, sets, plan.committing, request, terms).map_err(tell)?;
            Ok(None)
        }
        Err(error) => Err(tell(error)),
    }
}

/// Finds mistakes without a write.
fn check(
    shared: &Shared,
    sets: &dyn AllocationSets,
    committing: bool,
    request: &SetRequest,
    terms: &mut Terms,
) -> Result<(), Error> {
    // The first plan has checked the set. Without a write, space that a pool gets in the same plan does not show.
    if committing || shared.changes.is_growing(&request.spec.pool_id) {
        return Ok(());
    }
    let mut preview = |terms: &Terms| sets.preview_set(request, terms);
    let result = preview(terms);
    hand_over::retry_with_given_up(shared, terms, result, &mut preview).map(drop)
}

/// Requests the holds, and requests them again with what each result tells.
fn hold(
    shared: &Shared,
    configured: &Configured,
    sets: &dyn AllocationSets,
    request: &mut SetRequest,
    terms: &mut Terms,
) -> Result<Members, Error> {
    let mut result = sets.plan_set(request, terms);
    if !terms.committing {
        hand_over::recall(shared, &result)?;
        if confirm_known(shared, configured, &result) {
            result = sets.plan_set(request, terms);
        }
        if take_over_names(shared, configured, request, &result)? {
            result = sets.plan_set(request, terms);
        }
    }
    let mut again = |terms: &Terms| sets.plan_set(request, terms);
    let members = hand_over::retry_with_given_up(shared, terms, result, &mut again)?;
    let waits_for: Vec<_> = members.values().flat_map(|member| member.waits_for.clone()).collect();
    if hand_over::still_given_up(shared, terms, &waits_for)? {
        return Ok(members);
    }
    terms.place_anew = true;
    let anew = again(terms);
    hand_over::retry_with_given_up(shared, terms, anew, &mut again)
}

/// Marks the objects that the plan would adopt, if they are in the state of this configuration: they were not left over
/// from an interrupted apply. `true`: the plan has to be made again.
fn confirm_known(shared: &Shared, configured: &Configured, result: &Result<Members, Error>) -> bool {
    let Ok(members) = result else { return false };
    let adopted: Vec<String> = members.values().filter(|one| one.is_adopted).map(|one| one.id.clone()).collect();
    let is_known = |id: &String| shared.session.is_in_state(id, shared.sibling_wait);
    if !adopted.first().is_some_and(is_known) {
        return false;
    }
    if let Some(Err(error)) = configured.ipam.holds().map(|holds| holds.confirm_all(&adopted)) {
        tracing::debug!(?error, "not confirmed");
    }
    true
}

/// Gives new members the names of objects that the same apply deletes, such as those of the same set when it is tainted.
/// `true`: there are such objects.
fn take_over_names(
    shared: &Shared,
    configured: &Configured,
    request: &mut SetRequest,
    result: &Result<Members, Error>,
) -> Result<bool, Error> {
    let Some(Error::NameTaken { existing, .. }) = result.as_ref().err().map(Error::cause) else { return Ok(false) };
    if existing.state != State::Active || !shared.session.is_in_state(&existing.id, shared.sibling_wait) {
        return Ok(false);
    }
    let SetSpec { pool_id, name, members, .. } = &request.spec;
    let is_new = |key: &&String| !request.present.contains_key(*key) && !request.replaces.contains_key(*key);
    let mut replaces = BTreeMap::new();
    for key in members.keys().filter(is_new) {
        let found = configured.ipam.find_allocation(pool_id, &SetSpec::member_name(name, key))?;
        if let Some(found) = found.filter(|found| found.meta.state == State::Active)
            && !shared.session.is_renamed(&found.meta.id)
            && shared.session.give_name_away(&found.meta.id)
        {
            shared.session.goes(&found.meta.id);
            replaces.insert(key.clone(), found.meta.id);
        }
    }
    let is_any = !replaces.is_empty();
    request.replaces.append(&mut replaces);
    Ok(is_any)
}

/// Records what the plan of a new set took: names, blocks that others give up, and objects that it adopts.
///
/// # Errors
/// At the member whose name or block another resource of the configuration asks for.
pub(super) fn take_up(
    shared: &Shared,
    plan: &mut Plan<SetModel>,
    request: &SetRequest,
    members: &Members,
) -> Result<(), Diagnostics> {
    let mut adopted = Vec::new();
    for (key, member) in members {
        if !plan.committing {
            let name = SetSpec::member_name(&request.spec.name, key);
            let waits_for = &member.waits_for;
            hand_over::claim(shared, (&name, Some(member.cidr)), waits_for, |_| member_at(key))?;
        }
        if member.is_adopted {
            shared.session.adopt(&member.id);
            adopted.push(format!("{key:?} ({}, {})", member.id, member.cidr));
        }
    }
    if !adopted.is_empty() && !plan.committing {
        let detail = format!(
            "No Terraform state is known to contain these members of {:?}: {}. An apply was interrupted, and this plan \
             adopts them. If another configuration with the same owner is being applied at the moment, they belong to \
             that configuration: do not apply this plan, and give each configuration its own `owner` in the provider \
             block.",
            request.spec.name,
            adopted.join(", ")
        );
        plan.warnings.push(Diagnostic::warning("Members of the set already exist", detail));
    }
    Ok(())
}

/// Reserves the names of new members, or of all members when the set gets another name.
///
/// # Errors
/// At the member whose name another new resource of the configuration has.
pub(super) fn reserve_names(shared: &Shared, request: &SetRequest, is_renamed: bool) -> Result<(), Diagnostics> {
    let SetSpec { pool_id, name, members, .. } = &request.spec;
    for key in members.keys().filter(|key| is_renamed || !request.present.contains_key(*key)) {
        let name = SetSpec::member_name(name, key);
        if !shared.session.reserve_name(naming::name_key(Kind::Allocation, pool_id, &name), None) {
            return Err(naming::name_claimed(&name).at(member_at(key)).into());
        }
    }
    Ok(())
}
