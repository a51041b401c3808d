//! The choice of a pool for an allocation, in a plan. An existing allocation stays in its pool as long as that pool is
//! among those that the configuration names.

use crate::at;
use crate::ipam::{AllocationSpec, Candidates, Error};
use crate::tf::{Diagnostics, Plan, Tf};

use super::super::errors;
use super::super::shared::Configured;
use super::super::shown::{Carried, damaged};
use super::allocation::AllocationModel;

/// The request in the pool that the first plan showed, if the client carried it here.
///
/// # Errors
/// When the plan file is damaged.
pub(super) fn as_shown(spec: AllocationSpec, plan: &Plan<AllocationModel>) -> Result<AllocationSpec, Diagnostics> {
    let carried = plan.first_plan.as_ref().map(Carried::of).transpose()?.flatten();
    match (spec.undecided(), carried.and_then(|carried| carried.pool_id)) {
        (Some(Candidates::Listed(ids)), Some(shown)) if !ids.contains(&shown) => Err(damaged()),
        (Some(_), Some(shown)) => Ok(spec.in_pool(&shown)),
        _ => Ok(spec),
    }
}

/// Plans a change of the pools: the allocation stays if its pool is still among them, and is replaced otherwise. It does
/// not move when another CIDR is preferred.
///
/// # Errors
/// Those of reading the pool; a preferred CIDR of the other address family.
pub(super) fn plan_change(
    configured: &Configured,
    prior: &AllocationModel,
    plan: &mut Plan<AllocationModel>,
) -> Result<(), Diagnostics> {
    plan.config.check_store(configured)?;
    check_preferred_family(prior, &plan.config)?;
    let Some(pool_id) = prior.ipam_pool_id.get() else { return Ok(()) };
    let is_still_there = match (&plan.config.ipam_pool_ids, &plan.config.pool_selector) {
        (Tf::Known(ids), _) => ids.contains(pool_id),
        // The tags of the pool may have changed since. That moves nothing.
        (_, Tf::Known(selector)) if prior.pool_selector.get() != Some(selector) => {
            let pool = configured.ipam.get_pool(pool_id);
            let pool = pool.map_err(|error| errors::at(&error, plan.config.pool_at()))?;
            match (selector.selector(), pool) {
                (Some(selector), Some(pool)) => selector.matches(&pool),
                _ => true,
            }
        }
        _ => true,
    };
    if !is_still_there {
        plan.planned.forget_block();
        plan.replace.push(plan.config.pool_at());
    }
    Ok(())
}

fn check_preferred_family(prior: &AllocationModel, config: &AllocationModel) -> Result<(), Diagnostics> {
    match (config.preferred_cidr.get(), prior.cidr.get()) {
        (Some(preferred), Some(cidr)) if preferred.family() != cidr.family() => {
            let (expected, found) = (cidr.family(), preferred.family());
            let error = Error::FamilyMismatch { cidr: Some(*preferred), expected, found };
            Err(errors::at(&error, at!(AllocationModel, preferred_cidr)))
        }
        _ => Ok(()),
    }
}
