//! Plans and creations of new objects, which are the same for every kind of object.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::backend::{New, Planned, Terms};
use crate::ipam::{AllocationSpec, Candidates, Error, Kind, PoolCidrSpec, Rules, Size, State};
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Private};

use super::shared::{Configured, Shared};
use super::{errors, hand_over, naming};

/// Key in the private data of a plan with a prior state. The value is the ID of the object, so that the second half of a
/// replacement knows which object it replaces.
pub(super) const REPLACES: &str = "replaces";

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

/// A new object of a plan, and the attributes for its errors.
pub(super) struct Request<'a> {
    pub(super) shared: &'a Shared,
    pub(super) configured: &'a Configured,
    /// The attribute of the name.
    pub(super) name_at: Path,
    /// The attribute that an error is about.
    pub(super) attribute_for: &'a dyn Fn(&Error) -> Path,
    /// The rules that count for an allocation instead of those of its pool.
    pub(super) pool_rules: Option<Rules>,
    /// The same for pools that an allocation may be chosen from.
    pub(super) candidate_rules: BTreeMap<String, Rules>,
}

/// Checks a new object for a plan that holds nothing, so that mistakes are reported now and not at apply. The values of
/// the object stay unknown. New objects of one plan see each other, except those in a pool or scope that is itself new,
/// because Terraform does not report which pool or scope that will be.
///
/// # Errors
/// The same as those of [`holding::plan`](super::holding::plan).
pub(super) fn check_new<M>(request: &Request<'_>, plan: &mut Plan<M>, new: New<'_>) -> Result<(), Diagnostics> {
    let (shared, configured) = (request.shared, request.configured);
    let replaces = plan.private.remove(REPLACES).and_then(|id| id.as_str().map(str::to_owned));
    if plan.committing {
        // The first plan has checked the object. The creation reports mistakes that were made since then.
        return Ok(());
    }
    let wanted = match new {
        New::PoolCidr(PoolCidrSpec { size: Size::Cidr(cidr), .. })
        | New::Allocation(AllocationSpec { size: Size::Cidr(cidr), .. }) => Some(*cidr),
        _ => None,
    };
    let (kind, container, name) = match new {
        New::Scope(spec) => (Kind::Scope, None, Some(spec.name.clone())),
        New::Pool(spec) => {
            (Kind::Pool, spec.source_pool_id.as_ref().or(spec.scope_id.as_ref()), Some(spec.name.clone()))
        }
        New::PoolCidr(spec) => {
            (Kind::PoolCidr, Some(&spec.pool_id), spec.name.clone().or(wanted.map(|cidr| cidr.to_string())))
        }
        New::Allocation(spec) => (Kind::Allocation, Some(&spec.pool_id), Some(spec.name.clone())),
    };
    // Without a pool, two requests are for the same name if they are for the same candidates.
    let undecided = match new {
        New::Allocation(spec) => spec.undecided().map(|candidates| format!("{candidates:?}")),
        _ => None,
    };
    let container = undecided.as_deref().or(container.map(String::as_str)).unwrap_or_default();
    let key = |name: &str| naming::name_key(kind, container, name);
    let same_resource = replaces.clone();
    let is_reserved = |name: &&str| shared.session.is_name_reserved(&key(name), same_resource.as_deref());
    if let Some(name) = name.as_deref().filter(is_reserved) {
        return Err(naming::name_claimed(name).at(request.name_at.clone()).into());
    }
    let growing = is_growing(shared, new);
    let (pool_rules, candidate_rules) = (request.pool_rules.clone(), request.candidate_rules.clone());
    let mut terms = Terms { hold: configured.plan_hold, replaces, pool_rules, candidate_rules, ..Terms::default() };
    let mut result = configured.ipam.check_new(new, &terms, growing);
    if let Err(Error::NameTaken { existing, .. }) = &result
        && terms.replaces.is_none()
        && shared.session.is_in_state(&existing.id, shared.sibling_wait)
        && shared.session.give_name_away(&existing.id)
    {
        naming::take_the_place_of(shared, &mut terms, &existing.id);
        result = configured.ipam.check_new(new, &terms, growing);
    }
    let mut check = |terms: &Terms| configured.ipam.check_new(new, terms, growing);
    result = hand_over::retry_with_given_up(shared, &mut terms, result, &mut check);
    if let Some(id) = terms.replaces.as_ref().filter(|_| !terms.only_name) {
        shared.session.goes(id);
    }
    match result {
        // The identity that plans may have fewer permissions than the identity that applies, and the same apply may
        // create the IPAM.
        Err(Error::Service(fault)) if matches!(fault.code.as_deref(), Some("UnauthorizedOperation" | "WhichIpam")) => {
            tracing::debug!(?fault, "not checked before apply");
        }
        result => result.map_err(|error| errors::at(&error, (request.attribute_for)(&error)))?,
    }
    let Some(name) = name else { return Ok(()) };
    // What a smaller pool gives up is not claimed: the pool keeps a part of its block.
    terms.given_up.retain(|one| one.cidr.is_some_and(|cidr| shared.changes.giving_up(&one.id, &cidr).is_none()));
    hand_over::claim(shared, (&name, wanted), &terms.given_up, request.attribute_for)?;
    if !shared.session.reserve_name(key(&name), same_resource.as_deref()) {
        return Err(naming::name_claimed(&name).at(request.name_at.clone()).into());
    }
    shared.session.reserved_in_place_of(&key(&name), terms.replaces.as_deref());
    Ok(())
}

/// Whether the pool that a new object takes its space from grows in the same apply.
pub(super) fn is_growing(shared: &Shared, new: New<'_>) -> bool {
    let container = match new {
        New::Scope(_) => None,
        New::Pool(spec) => spec.source_pool_id.as_ref(),
        // The space of a pool CIDR comes from the source pool of the pool that it names.
        New::PoolCidr(_) => return shared.changes.is_any_growing(),
        New::Allocation(spec) => match spec.undecided() {
            Some(Candidates::Listed(ids)) => return ids.iter().any(|id| shared.changes.is_growing(id)),
            Some(Candidates::Matching(_)) => return shared.changes.is_any_growing(),
            None => Some(&spec.pool_id),
        },
    };
    container.is_some_and(|id| shared.changes.is_growing(id))
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
            Err(error) if is_in_use(&error) && Instant::now() < deadline => thread::sleep(GLANCE),
            result => return result,
        }
    }
}

/// Whether active objects have the name or the block that was asked for.
fn is_in_use(error: &Error) -> bool {
    match error.cause() {
        Error::NameTaken { existing, .. } => existing.state == State::Active,
        Error::Overlap { with, .. } => with.iter().all(|one| one.state == State::Active),
        _ => false,
    }
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
