//! The address sets that are in an allocation when a plan releases it.

use std::time::Duration;

use crate::ipam::{AddressError, AddressFault, AddressHolder, Allocation, Error, Occupant};
use crate::tf::{Diagnostics, Path};

use super::super::errors;
use super::super::shared::{Configured, Shared};

/// How long the plan of a release waits for the plan of a set in the allocation.
const UNDECIDED: Duration = Duration::from_millis(500);

/// The active sets in the allocation for which `stays` is true, as an error of the plan.
fn refuse(configured: &Configured, id: &str, at: Path, stays: impl Fn(&str, &str) -> bool) -> Result<(), Diagnostics> {
    if configured.ipam.address_sets().is_none() {
        return Ok(());
    }
    // Without the allocation, the apply reports what is wrong.
    let Ok(Some(allocation)) = configured.ipam.get_allocation(id) else { return Ok(()) };
    refuse_with(&allocation, at, stays)
}

fn refuse_with(allocation: &Allocation, at: Path, stays: impl Fn(&str, &str) -> bool) -> Result<(), Diagnostics> {
    let sets = holders(allocation, stays);
    if sets.is_empty() {
        return Ok(());
    }
    let fault = AddressFault::InUse { becomes: None, sets, more: 0 };
    let allocation = Occupant::from(allocation);
    Err(errors::at(&Error::Addresses(Box::new(AddressError { allocation, fault })), at))
}

fn holders(allocation: &Allocation, stays: impl Fn(&str, &str) -> bool) -> Vec<AddressHolder> {
    let active = allocation.address_sets.iter().filter(|(id, set)| set.is_active() && stays(id, &set.owner));
    let holder = |(id, set): (&String, &crate::ipam::AddressSet)| AddressHolder {
        set_id: id.clone(),
        set_name: set.name.clone(),
        owner: set.owner.clone(),
        member: set.addresses.keys().next().cloned().unwrap_or_default(),
        held_until: None,
    };
    active.map(holder).collect()
}

/// Refuses the plan of a deletion when a set has addresses in the allocation and is not deleted by the same plan.
///
/// # Errors
/// The sets.
pub(super) fn check_deleted(shared: &Shared, id: &str) -> Result<(), Diagnostics> {
    let Some(configured) = shared.configured()? else { return Ok(()) };
    refuse(&configured, id, Path::root(), |set, _| stays(shared, set))
}

/// [`check_deleted`] for members of an allocation set, each with its attribute.
///
/// # Errors
/// The sets, at the attribute of the first member that has addresses.
pub(super) fn check_released(
    shared: &Shared,
    configured: &Configured,
    released: &[(String, Path)],
) -> Result<(), Diagnostics> {
    let Ok(sets) = configured.ipam.require_allocation_sets() else { return Ok(()) };
    let ids: Vec<String> = released.iter().map(|(id, _)| id.clone()).collect();
    let Ok(found) = sets.get_members(&ids) else { return Ok(()) };
    for (allocation, (_, at)) in found.iter().zip(released) {
        if let Some(allocation) = allocation {
            refuse_with(allocation, at.clone(), |set, _| stays(shared, set))?;
        }
    }
    Ok(())
}

/// Whether a set is in no state of this configuration, or its plan keeps it.
fn stays(shared: &Shared, set: &str) -> bool {
    let session = &shared.session;
    let is_ours = session.is_in_state(set, shared.sibling_wait);
    !is_ours || session.is_going(set, shared.sibling_wait.min(UNDECIDED)) == Some(false)
}

/// Refuses the plan of a replacement when a set of another owner has addresses in the allocation. Sets of this configuration are
/// planned later, and replaced as well.
///
/// # Errors
/// The sets, at `at`.
pub(super) fn check_replaced(configured: &Configured, id: &str, at: Path) -> Result<(), Diagnostics> {
    refuse(configured, id, at, |_, owner| configured.ipam.owner() != Some(owner))
}
