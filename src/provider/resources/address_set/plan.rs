//! The plans of an address set: all addresses of a new set are held, and those of an existing one stay.

use std::time::Duration;

use crate::at;
use crate::backend::{AddressSets, Terms};
use crate::ipam::{AddressAnswer, AddressFault, AddressHolder, AddressRequest, Error, Family};
use crate::store;
use crate::tf::{Diagnostic, Diagnostics, Plan, Tf};

use super::super::super::shared::{Configured, Shared};
use super::super::super::{create, errors, holding, naming};
use super::AddressSetModel;

/// How long a plan waits for the plan of a set that has the wanted address.
const UNDECIDED: Duration = Duration::from_millis(500);

/// Plans a new set.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_new(shared: &Shared, plan: &mut Plan<AddressSetModel>) -> Result<(), Diagnostics> {
    let replaced = plan.private.remove(create::REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    plan.planned.fill_from_config();
    let Some(configured) = shared.configured()? else { return Ok(()) };
    let tell = |config: &AddressSetModel, error: &Error| errors::at(error, config.attribute_for(error));
    let sets = configured.ipam.require_address_sets().map_err(|error| tell(&plan.config, &error))?;
    replaced.iter().for_each(|id| shared.session.goes(id));
    let Some(request) = plan.planned.request(shared) else { return Ok(()) };
    let mut request = AddressRequest { id: None, replaces: replaced, ..request };
    let Some(answer) = ask(shared, &configured, sets, plan, &mut request)? else { return Ok(()) };
    reserve_name(shared, &request)?;
    if answer.is_adopted {
        shared.session.adopt(&answer.id);
        if !plan.committing {
            plan.warnings.push(taken_over(&answer));
        }
    }
    plan.planned.fill(&answer);
    Ok(())
}

/// Whether this plan deletes or replaces the allocation. It is released after the set, so the set cannot stay until then.
fn goes(shared: &Shared, allocation_id: &Tf<String>) -> bool {
    allocation_id.get().is_some_and(|id| shared.session.may_go(id, shared.sibling_wait))
}

/// Plans a change to a set.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_change(
    shared: &Shared,
    prior: &AddressSetModel,
    plan: &mut Plan<AddressSetModel>,
) -> Result<(), Diagnostics> {
    let id = prior.id.cloned().unwrap_or_default();
    create::remember_replaced(&mut plan.private, &id);
    for family in [Family::Ipv4, Family::Ipv6] {
        let (before, after) = (prior.allocation_id(family), plan.planned.allocation_id(family));
        // A known apply replaces nothing: what the plan did not know moves in place.
        if before.is_known()
            && before != after
            && !plan.committing
            && (after.is_known() || after.is_unknown() && goes(shared, before))
        {
            plan.replace.push(AddressSetModel::allocation_at(family));
        }
    }
    if !plan.replace.is_empty() {
        shared.session.goes(&id);
        plan.planned.fill_from_config();
        plan.planned.forget_addresses();
        plan.planned.id = Tf::Unknown;
        plan.warnings.push(replaced(prior));
        return Ok(());
    }
    let is_renamed = prior.name != plan.planned.name;
    if !shared.session.keep(&id, is_renamed) {
        let name = prior.name.get().map_or("", String::as_str);
        return Err(naming::name_claimed(name).at(at!(AddressSetModel, name)).into());
    }
    if plan.planned.members != prior.members
        || plan.planned.domain != prior.domain
        || plan.planned.places() != prior.places()
    {
        plan.planned.fill_from_config();
    }
    let Some(configured) = shared.configured()? else {
        if plan.planned.differs(prior) {
            plan.planned.forget_addresses();
        }
        return Ok(());
    };
    let tell = |error: Error| errors::at(&error, plan.config.attribute_for(&error));
    let sets = configured.ipam.require_address_sets().map_err(tell)?;
    let Some(mut request) = plan.planned.request(shared) else {
        plan.planned.forget_addresses();
        return Ok(());
    };
    let is_resized = request.wishes.values().any(|wishes| wishes.becomes.is_some());
    if !plan.planned.differs(prior) && !is_resized {
        return Ok(());
    }
    match ask(shared, &configured, sets, plan, &mut request)? {
        Some(answer) => {
            let owner = plan.planned.owner.clone();
            plan.planned.fill(&answer);
            plan.planned.owner = owner;
        }
        None => plan.planned.forget_addresses(),
    }
    if is_renamed { reserve_name(shared, &request) } else { Ok(()) }
}

/// Requests the hold of the addresses, and requests it again with what each result tells about other sets. `None`: nothing is
/// held, so the addresses stay unknown until apply, and mistakes are reported now.
fn ask(
    shared: &Shared,
    configured: &Configured,
    sets: &dyn AddressSets,
    plan: &mut Plan<AddressSetModel>,
    request: &mut AddressRequest,
) -> Result<Option<AddressAnswer>, Diagnostics> {
    let terms = Terms { hold: configured.plan_hold, committing: plan.committing, ..Terms::default() };
    // A client that hides its walk may be in an apply, unless it has refreshed something.
    request.relies_on_hold = !shared.session.is_surely_planning();
    let mut can_hold = configured.holds().is_some();
    if !can_hold && plan.committing {
        // The first plan has checked the set.
        return Ok(None);
    }
    loop {
        let result = if can_hold { sets.plan_addresses(request, &terms) } else { sets.preview_addresses(request) };
        let error = match result {
            Ok(answer) if answer.is_adopted && is_known(shared, sets, request, &answer, plan.committing) => continue,
            Ok(answer) => {
                check_replaced(shared, request, &answer, plan.committing)?;
                return Ok(can_hold.then_some(answer));
            }
            Err(error) => error,
        };
        match &error {
            Error::Store(store::Error::ReadOnly(why)) if can_hold => {
                holding::warn_read_only(shared, plan, why);
                can_hold = false;
            }
            Error::Addresses(refused) if !plan.committing && gives_way(shared, request, &refused.fault) => {}
            _ => return Err(errors::at(&error, plan.config.attribute_for(&error))),
        }
    }
}

/// Refuses the hold of an earlier plan that was to replace a set which this plan keeps.
fn check_replaced(
    shared: &Shared,
    request: &AddressRequest,
    answer: &AddressAnswer,
    committing: bool,
) -> Result<(), Diagnostics> {
    match &answer.replaces {
        Some(old) if request.replaces.is_none() && !committing && !shared.session.give_name_to_hold(old) => {
            Err(naming::name_claimed(&request.name).at(at!(AddressSetModel, name)).into())
        }
        _ => Ok(()),
    }
}

/// Whether a set that would be adopted is in the state of this configuration: it was not left over. It is marked, so that the
/// next request does not adopt it.
fn is_known(
    shared: &Shared,
    sets: &dyn AddressSets,
    request: &AddressRequest,
    answer: &AddressAnswer,
    committing: bool,
) -> bool {
    let places: Vec<String> = request.wishes.keys().cloned().collect();
    !committing
        && shared.session.is_in_state(&answer.id, shared.sibling_wait)
        && sets.confirm_addresses(&answer.id, &places).is_ok()
}

/// Whether the set in the way gives its name or its addresses to this one, because the same apply releases it. That is then in the
/// request.
fn gives_way(shared: &Shared, request: &mut AddressRequest, fault: &AddressFault) -> bool {
    let Some(AddressHolder { set_id, .. }) = fault.in_the_way() else { return false };
    let session = &shared.session;
    if request.id.as_ref() == Some(set_id)
        || request.replaces.as_ref() == Some(set_id)
        || request.given_up.contains(set_id)
        || !session.is_in_state(set_id, shared.sibling_wait)
    {
        return false;
    }
    let goes = session.is_going(set_id, shared.sibling_wait.min(UNDECIDED));
    match fault {
        AddressFault::NameTaken { .. } if request.id.is_none() && request.replaces.is_none() => {
            if !session.give_name_away(set_id) || session.is_renamed(set_id) {
                return false;
            }
            session.goes(set_id);
            request.replaces = Some(set_id.clone());
            // Without a plan of its own, the set is tainted: it is the same resource, which Terraform deletes first.
            if goes.is_some() {
                request.given_up.insert(set_id.clone());
            }
            true
        }
        _ => goes == Some(true) && request.given_up.insert(set_id.clone()),
    }
}

/// Reserves the name in each allocation.
fn reserve_name(shared: &Shared, request: &AddressRequest) -> Result<(), Diagnostics> {
    for place in request.wishes.keys() {
        let key = format!("address set {place} {}", request.name);
        if !shared.session.reserve_name(key, request.replaces.as_deref()) {
            let twice = format!(
                "Another address set of this configuration asks for the name {:?} in the same allocation. Names are unique in \
                 their allocation: rename one of them.",
                request.name
            );
            return Err(Diagnostic::error("Duplicate name", twice).at(at!(AddressSetModel, name)).into());
        }
    }
    Ok(())
}

/// The warning about a set that an interrupted apply left.
fn taken_over(answer: &AddressAnswer) -> Diagnostic {
    let detail = format!(
        "No Terraform state is known to contain the address set {:?} ({}). An apply was interrupted, and this plan adopts the \
         set. If another configuration with the same owner is being applied at the moment, the set belongs to that \
         configuration: do not apply this plan, and give each configuration its own `owner` in the provider block.",
        answer.name, answer.id
    );
    Diagnostic::warning("The address set already exists", detail)
}

/// The warning about a set that loses its addresses.
fn replaced(prior: &AddressSetModel) -> Diagnostic {
    let name = prior.name.get().map_or("", String::as_str);
    let blocks: Vec<String> = [&prior.ipv4, &prior.ipv6]
        .into_iter()
        .filter_map(|subnet| Some(subnet.get()?.cidr.get()?.to_string()))
        .collect();
    let detail = format!(
        "The set {name:?} gets another allocation, so it is replaced, and its members give up their addresses in {}. Everything \
         that uses these addresses must change as well.",
        blocks.join(" and ")
    );
    Diagnostic::warning(format!("All members of the set {name:?} give up their addresses"), detail)
}
