//! The request for a plan of a set, repeated with what each result tells about names and about space.

use std::collections::BTreeMap;

use crate::backend::{AllocationSets, Terms};
use crate::ipam::{Error, Kind, PlannedMember, SetRequest, SetSpec, State};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Plan};

use super::super::super::shared::{Configured, Shared};
use super::super::super::shown::plan_again;
use super::super::super::{errors, hand_over, holding, naming};
use super::carried::Carried;
use super::{SetModel, member_at};

/// The members of a planned set, by their keys.
pub(super) type Members = BTreeMap<String, PlannedMember>;

/// Plans the members. `None`: nothing is held or shown, so their values stay unknown until apply, and mistakes are reported
/// now.
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
    let asking = Asking { shared, configured, sets };
    Carried::forget(&mut plan.private);
    if plan.carries_private && configured.ipam.holds().is_some() {
        return asking.hold_or_show(plan, request, terms);
    }
    if configured.holds().is_none() {
        asking.check(plan.committing, request, terms).map_err(tell)?;
        return Ok(None);
    }
    match asking.attempt(plan, request, terms, &|request, terms| sets.plan_set(request, terms))? {
        Ok(members) => Ok(Some(members)),
        Err(why) => {
            holding::warn_read_only(shared, plan, &why);
            asking.check(plan.committing, request, terms).map_err(tell)?;
            Ok(None)
        }
    }
}

/// How a plan asks for members: by a hold or by a preview.
type Ask<'a> = dyn Fn(&SetRequest, &Terms) -> Result<Members, Error> + 'a;

/// Plans of sets, as `provider/holding.rs` has them for single objects.
struct Asking<'a> {
    shared: &'a Shared,
    configured: &'a Configured,
    sets: &'a dyn AllocationSets,
}

impl Asking<'_> {
    /// Plans the members for a client that carries planned private data. The second plan holds exactly what the first one
    /// showed.
    fn hold_or_show(
        &self,
        plan: &mut Plan<SetModel>,
        request: &mut SetRequest,
        terms: &mut Terms,
    ) -> Result<Option<Members>, Diagnostics> {
        let (shared, sets) = (self.shared, self.sets);
        // A first plan that showed nothing leaves no private data.
        let is_second = plan.committing || plan.first_plan.is_some();
        let carried = plan.first_plan.as_ref().map(Carried::of).transpose()?.flatten();
        if is_second && terms.hold.is_zero() {
            terms.hold = holding::HELD_IN_APPLY;
        }
        let is_shown = carried.is_some();
        if let Some(carried) = carried {
            carried.check_owner(self.configured.ipam.as_ref())?;
            carried.set(request, terms);
        }
        if !terms.hold.is_zero() && !shared.session.is_read_only() {
            match self.attempt(plan, request, terms, &|request, terms| sets.plan_set(request, terms))? {
                Ok(members) => return Ok(Some(members)),
                Err(why) => {
                    shared.session.cannot_write();
                    holding::warn_not_held(shared, plan, &why);
                }
            }
        }
        if !is_second || is_shown {
            let is_growing = shared.changes.is_growing(&request.spec.pool_id);
            let preview = |request: &SetRequest, terms: &Terms| {
                let terms = Terms { shows: true, ..terms.clone() };
                match sets.preview_set(request, &terms) {
                    Err(error) if is_growing && is_about_space(&error) => Err(holding::undecided()),
                    shown => shown?.ok_or_else(holding::undecided),
                }
            };
            if let Ok(members) = self.attempt(plan, request, terms, &preview)? {
                Carried::preview(request, terms, &members).carry(&mut plan.private);
                return Ok(Some(members));
            }
        }
        let checked = self.check(plan.committing, request, terms);
        checked.map_err(|error| errors::at(&error, SetModel::attribute_for(&error)))?;
        Ok(None)
    }

    /// Finds mistakes without a write.
    fn check(&self, committing: bool, request: &mut SetRequest, terms: &mut Terms) -> Result<(), Error> {
        // The first plan has checked the set. Without a write, space that a pool gets in the same plan does not show.
        if committing || self.shared.changes.is_growing(&request.spec.pool_id) {
            return Ok(());
        }
        // `None`: only the order of the requests decides where the members are.
        let preview =
            |request: &SetRequest, terms: &Terms| self.sets.preview_set(request, terms).map(Option::unwrap_or_default);
        self.negotiate(request, terms, &preview).map(drop)
    }

    /// Plans the members by `ask`. The inner error is the reason why the store cannot be written.
    ///
    /// # Errors
    /// The errors that the user has to correct.
    fn attempt(
        &self,
        plan: &mut Plan<SetModel>,
        request: &mut SetRequest,
        terms: &mut Terms,
        ask: &Ask<'_>,
    ) -> Result<Result<Members, String>, Diagnostics> {
        let result = self.negotiate(request, terms, ask);
        holding::warn_of_displaced(self.shared, self.configured, plan);
        if !terms.committing {
            hand_over::want(self.shared, &result);
        }
        match result {
            Ok(members) => Ok(Ok(members)),
            Err(Error::Store(store::Error::ReadOnly(why))) => Ok(Err(why)),
            Err(error) => {
                let mut told = errors::at(&error, SetModel::attribute_for(&error));
                if request.spec.contiguous && matches!(error, Error::PoolExhausted { .. }) {
                    told = told.into_iter().map(of_one_block).collect();
                }
                let shown = match &error {
                    Error::OfMember { key, .. } if is_about_space(&error) => Carried::block_of(request, key),
                    _ => None,
                };
                Err(if shown.is_some() { plan_again(told, shown) } else { told })
            }
        }
    }

    /// Asks for the members, and asks again with what each result tells.
    fn negotiate(&self, request: &mut SetRequest, terms: &mut Terms, ask: &Ask<'_>) -> Result<Members, Error> {
        let (shared, configured) = (self.shared, self.configured);
        let mut result = ask(request, terms);
        if !terms.committing {
            hand_over::recall(shared, &result)?;
            if confirm_known(shared, configured, &result) {
                result = ask(request, terms);
            }
            if take_over_names(shared, configured, request, &result)? {
                result = ask(request, terms);
            }
        }
        let mut again = |terms: &Terms| ask(request, terms);
        let members = hand_over::retry_with_given_up(shared, terms, result, &mut again)?;
        let waits_for: Vec<_> = members.values().flat_map(|member| member.waits_for.clone()).collect();
        if hand_over::still_given_up(shared, terms, &waits_for)? {
            return Ok(members);
        }
        terms.place_anew = true;
        let anew = again(terms);
        hand_over::retry_with_given_up(shared, terms, anew, &mut again)
    }
}

/// Adds to an error about the block of a contiguous set what the block is for.
fn of_one_block(error: Diagnostic) -> Diagnostic {
    let more = " The set is contiguous, so all its members need one block of that size.";
    Diagnostic { detail: error.detail + more, ..error }
}

/// Whether the pool has no place for what was asked for.
fn is_about_space(error: &Error) -> bool {
    matches!(
        error.cause(),
        Error::Overlap { .. } | Error::PoolExhausted { .. } | Error::PoolEmpty { .. } | Error::OutsidePool { .. }
    )
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

/// Reserves the names of new members, or of all members when the set gets another name. `set`: an object that the same
/// resource has until then, or the id of the set, because a client may plan a set twice in one walk.
///
/// # Errors
/// At the member whose name another new resource of the configuration has.
pub(super) fn reserve_names(
    shared: &Shared,
    request: &SetRequest,
    is_renamed: bool,
    set: Option<&String>,
    planned: Option<&Members>,
) -> Result<(), Diagnostics> {
    let SetSpec { pool_id, name, members, .. } = &request.spec;
    let held = planned.and_then(|members| members.values().find_map(|one| one.replaces.as_ref()));
    let replaced = request.replaces.values().next().or(held);
    for key in members.keys().filter(|key| is_renamed || !request.present.contains_key(*key)) {
        let name = SetSpec::member_name(name, key);
        let name_key = naming::name_key(Kind::Allocation, pool_id, &name);
        if !shared.session.reserve_name(name_key.clone(), set.map(String::as_str)) {
            return Err(naming::name_claimed(&name).at(member_at(key)).into());
        }
        shared.session.reserved_in_place_of(&name_key, replaced.map(String::as_str));
    }
    Ok(())
}
