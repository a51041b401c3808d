//! The plan of a change to a pool: its locale, its blocks, its name.

use std::collections::BTreeSet;
use std::time::Duration;

use num_bigint::BigUint;

use crate::at;
use crate::backend::{Holds, PoolChange, Terms};
use crate::ipam::{Error, GivenUp, Pool, Provision, Tags};
use crate::tf::{Diagnostics, Plan, Tf};

use super::super::changes::{Blocks, Followed};
use super::super::noun::{NounModel, check_rename, id_of};
use super::super::shared::{Configured, Shared};
use super::super::{hand_over, holding};
use super::growth;
use super::pool::PoolModel;
use super::replaced::Replaced;

/// Takes over the locale of the pool above, when this walk changes that locale.
///
/// # Errors
/// When the configuration gives this pool a different locale.
pub(super) fn follow_locale(
    shared: &Shared,
    source_pool_id: &Tf<String>,
    plan: &mut Plan<PoolModel>,
) -> Result<Option<Followed>, Diagnostics> {
    let Some(source_pool_id) = source_pool_id.get() else { return Ok(None) };
    let Some(followed) = shared.changes.planned_locale(source_pool_id) else { return Ok(None) };
    match (&plan.config.locale, &followed.becomes) {
        (Tf::Null, becomes) => plan.planned.locale = becomes.clone(),
        (Tf::Known(asked), Tf::Known(above)) if asked != above => {
            let (source_pool_id, source_locale) = (source_pool_id.clone(), above.clone());
            let error = Error::LocaleMismatch { source_pool_id, source_locale, asked: asked.clone() };
            return Err(plan.config.explain(&error));
        }
        _ => {}
    }
    Ok(Some(followed))
}

/// A self-managed store changes the locale in place, together with the locale of the pools below.
///
/// # Errors
/// As [`follow_locale`].
pub(super) fn plan_locale(
    shared: &Shared,
    configured: &Configured,
    prior: &PoolModel,
    plan: &mut Plan<PoolModel>,
) -> Result<Option<Followed>, Diagnostics> {
    if configured.ipam.service().is_some() {
        return Ok(None);
    }
    plan.replace.retain(|path| *path != at!(PoolModel, locale));
    if !plan.replace.is_empty() {
        return Ok(None);
    }
    let followed = follow_locale(shared, &prior.source_ipam_pool_id, plan)?;
    if plan.planned.locale != prior.locale {
        let (was, becomes) = (prior.locale.cloned(), plan.planned.locale.clone());
        shared.changes.plan_locale(id_of(prior)?, Followed { was, becomes });
    }
    Ok(followed)
}

/// The plan of a change that affects the store: rules, name, provisioned space.
pub(super) fn plan_change(
    shared: &Shared,
    configured: &Configured,
    prior: &PoolModel,
    plan: &mut Plan<PoolModel>,
    (tags, followed): (&Tags, Option<&Followed>),
) -> Result<(), Diagnostics> {
    let (provision, was) = (plan.planned.provision_by(&plan.config), prior.provision_by(&plan.config));
    let Some(change) = plan.planned.change_with(&plan.config, tags) else {
        // The resulting blocks depend on a value that is not known yet.
        if provision != was {
            plan.planned.forget_blocks();
        }
        return Ok(());
    };
    let id = id_of(prior)?;
    let is_same =
        || prior.tags_all.get().and_then(|tags| prior.change_with(&plan.config, tags)).as_ref() == Some(&change);
    if is_same() && !shared.changes.is_declaring(id) {
        return Ok(());
    }
    let is_resized = provision != was;
    if is_resized {
        shared.changes.plan_growth(id);
    }
    if let Some(provision) = provision.filter(|provision| Some(provision) != was.as_ref()) {
        check_contents(shared, configured, plan, id, &provision)?;
    }
    // The name is checked separately: it may become free only during the apply.
    let locale = followed.map_or_else(|| change.locale.clone(), |followed| followed.requested(&plan.planned.locale));
    let change = PoolChange { name: prior.name.known(at!(PoolModel, name))?.clone(), locale, ..change };
    let waits = || if is_resized { growth::pool_waits_for(configured.ipam.as_ref(), id) } else { Ok(Vec::new()) };
    let (committing, waits_for) = (plan.committing, waits().map_err(|error| plan.config.explain(&error))?);
    let source_rules = prior.source_ipam_pool_id.get().and_then(|id| shared.changes.planned_rules(id));
    let request = |given_up: &[GivenUp]| {
        let with = |terms: &Terms| Terms {
            given_up: [given_up, &terms.given_up].concat(),
            pool_rules: source_rules.clone(),
            ..terms.clone()
        };
        let hold = |holds: &dyn Holds, terms: &Terms| holds.plan_pool_change(id, &change, &with(terms));
        let preview = |terms: &Terms| {
            // The plan does not show a place that only apply decides, so nothing else may be shown in it.
            let shows = terms.shows && !is_first_by_size(prior, &change.provision);
            configured.ipam.preview_pool_change(id, &change, &Terms { shows, ..with(terms) })
        };
        holding::plan_change(shared, configured, plan, hold, preview)
    };
    let result = hand_over::until_there_is_room(shared, committing, &waits_for, Option::is_none, request);
    let result = result.and_then(|planned| Ok((planned, waits()?)));
    let ((pool, is_held), waits_for) = result.map_err(|error| plan.config.explain(&error))?;
    match pool {
        Some(pool) => {
            if !committing {
                hand_over::claim(shared, (&change.name, None), &waits_for, |error| plan.config.attribute_for(error))?;
            }
            show_blocks(shared, plan, prior, &pool, is_held)?;
        }
        None => {
            plan.planned.forget_blocks();
            // A netmask length that follows from a number is not in the state, and what does not change replaces nothing.
            let is_by_size = plan.config.netmask_length.is_known() && plan.config.minimums().is_absent();
            plan.replace.push(if is_by_size { at!(PoolModel, netmask_length) } else { at!(PoolModel, cidrs) });
        }
    }
    Ok(())
}

/// Shows the blocks of the pool after the change. Apply chooses the place of a first block by size when the plan does
/// not hold it.
fn show_blocks(
    shared: &Shared,
    plan: &mut Plan<PoolModel>,
    prior: &PoolModel,
    pool: &Pool,
    is_held: bool,
) -> Result<(), Diagnostics> {
    if is_first_by_size(prior, &pool.provision) && !is_held {
        plan.planned.forget_blocks();
        return Ok(());
    }
    if let Some(before) = prior.cidrs.cloned().filter(|before| *before != pool.cidrs) {
        let name = pool.meta.name.clone();
        shared.changes.plan_blocks(id_of(prior)?, Blocks { name, before, after: pool.cidrs.clone() });
    }
    plan.planned.fill_cidrs(&pool.cidrs);
    Ok(())
}

/// Whether the change gives the pool its first block, by size.
fn is_first_by_size(prior: &PoolModel, provision: &Provision) -> bool {
    matches!(provision, Provision::NetmaskLength(_)) && prior.cidrs.get().is_none_or(BTreeSet::is_empty)
}

/// Warns with the addresses that a replacement gives up, and mentions contents of the pool.
pub(super) fn warn_of_replacement(configured: &Configured, prior: &PoolModel, plan: &mut Plan<PoolModel>) {
    if plan.replace.is_empty() {
        return;
    }
    let sums = prior.id.get().map(|id| configured.ipam.utilization(id));
    let is_used = matches!(sums, Some(Ok(sums)) if sums.used > BigUint::ZERO);
    let more = if is_used {
        " The pool contains allocations or pools. Those of this configuration are replaced with it. Others prevent \
         the pool from being destroyed, so the apply fails."
    } else {
        ""
    };
    let blocks = prior.cidrs.cloned().unwrap_or_default().into_iter().collect();
    Replaced { word: "pool", id: &prior.id, name: &prior.name, blocks, more }.warn(plan);
}

/// Reports in the plan which objects of others are in the way of other blocks. Objects of this owner, and objects
/// in the state of this configuration, may be deleted in the same apply. If one of them is kept, its own plan
/// reports the conflict.
fn check_contents(
    shared: &Shared,
    configured: &Configured,
    plan: &Plan<PoolModel>,
    id: &str,
    provision: &Provision,
) -> Result<(), Diagnostics> {
    let (session, wait) = (&shared.session, shared.sibling_wait);
    let Some(holds) = configured.ipam.holds() else { return Ok(()) };
    if plan.committing || !session.is_surely_planning() {
        return Ok(());
    }
    // Objects of this owner are planned after their pool. Their plans know whether they stay: see `check_kept`.
    let may_go = |id: &str, is_own: bool| is_own || session.is_in_state(id, Duration::ZERO);
    loop {
        let error = match holds.in_the_way(id, provision, &may_go) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let occupants = match &error {
            Error::InUse { contents, .. } | Error::Across { contents, .. } => &contents[..],
            _ => &[],
        };
        // Terraform shows states at the start of its walk, in no fixed order.
        if occupants.is_empty() || !occupants.iter().all(|one| session.is_in_state(&one.id, wait)) {
            return Err(plan.config.explain(&error));
        }
    }
}

pub(super) fn check_name_is_free(
    shared: &Shared,
    configured: &Configured,
    prior: &PoolModel,
    plan: &Plan<PoolModel>,
) -> Result<(), Diagnostics> {
    let Some(name) = plan.planned.name.get().filter(|_| plan.planned.name != prior.name) else { return Ok(()) };
    let container =
        if prior.source_ipam_pool_id.is_null() { prior.ipam_scope_id.get() } else { prior.source_ipam_pool_id.get() };
    let is_here = |pool: &Pool| Some(pool.container()) == container.map(String::as_str);
    let found = configured.ipam.find_pool(name).map(|pools| pools.into_iter().find(is_here));
    check_rename(shared, prior, plan.committing, found, at!(PoolModel, name))
}
