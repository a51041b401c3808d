//! The reserved space of a pool: the attribute that an error is about, and the warning about what is there already.

use crate::at;
use crate::ipam::{Occupant, Rules};
use crate::tf::{Diagnostic, Diagnostics, Path, Plan};

use super::super::shared::Configured;
use super::pool::PoolModel;

/// The first argument that reserves space.
pub(super) fn first_set(pool: &PoolModel) -> Path {
    if !pool.reserved_cidrs.is_null() {
        at!(PoolModel, reserved_cidrs)
    } else if !pool.reserve_first.is_null() {
        at!(PoolModel, reserve_first)
    } else {
        at!(PoolModel, reserve_last)
    }
}

/// Warns of objects that have addresses which a change of the rules reserves. They keep these addresses.
///
/// # Errors
/// Those of reading the pool.
pub(super) fn warn(
    configured: &Configured,
    prior: &PoolModel,
    rules: &Rules,
    plan: &mut Plan<PoolModel>,
) -> Result<(), Diagnostics> {
    let reserved = |rules: &Rules| (rules.reserved_cidrs.clone(), rules.reserve_first, rules.reserve_last);
    let is_same = prior.rules().is_some_and(|before| reserved(&before) == reserved(rules));
    let (Some(holds), Some(id), false) = (configured.holds(), prior.id.get(), is_same || plan.committing) else {
        return Ok(());
    };
    let there = holds.in_reserved(id, rules).map_err(|error| plan.config.explain(&error))?;
    if there.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = there.iter().map(words).collect();
    plan.warnings.push(
        Diagnostic::warning(
            "Reserved addresses are in use",
            format!(
                "The pool will reserve addresses that these objects have: {}. The objects keep them. Once they are \
                 released, no new object gets these addresses.",
                list.join(", ")
            ),
        )
        .at(first_set(&plan.planned)),
    );
    Ok(())
}

fn words(object: &Occupant) -> String {
    match object.cidr {
        Some(cidr) => format!("{} ({cidr})", object.path),
        None => object.path.clone(),
    }
}
