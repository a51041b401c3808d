//! The plan of an allocation: a new one is held, previewed or only checked; an existing one is changed in place or
//! replaced.

use std::collections::{BTreeMap, BTreeSet};

use crate::at;
use crate::backend::Terms;
use crate::ipam::{Allocation, AllocationSpec, Candidates, Error, Exhausted, PoolFilter, Rules, Size, check_tags};
use crate::tf::{Diagnostics, Plan, Tf};

use super::super::create::{self, Request};
use super::super::noun::{HeldPlan, NounModel, check_rename, keep, show_planned};
use super::super::shared::{Configured, Shared};
use super::super::shown::{Carried, plan_again};
use super::super::tags::PlannedTags;
use super::super::{capabilities, errors, hand_over, holding, kept_arguments};
use super::allocation::AllocationModel;
use super::allocation_contents;
use super::allocation_resize::{must_avoid_block, plan_resize};
use super::choice;
use super::lifetime::{self, plan_loan};
use super::pool_keeps::check_pool_keeps;
use super::replaced::Replaced;

impl HeldPlan for AllocationModel {
    fn plan_new(shared: &Shared, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        plan_loan(None, plan);
        let Some(configured) = shared.configured()? else { return Ok(()) };
        plan.config.check_lifetime_limits(&configured)?;
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(Self, tags))?;
        plan.config.check_store(&configured)?;
        plan.planned.fill_from_config(&plan.config);
        if plan.config.disallowed_cidrs.is_known() {
            check_disallowed(&configured, &plan.config)?;
        }
        let spec = Self::new_size(&plan.config).and_then(|size| plan.planned.request(size, &tags.known));
        let Some(spec) = spec else { return Ok(()) };
        let spec = choice::as_shown(spec, plan)?;
        let config = plan.config.clone();
        let explained = |error: Error| errors::at(&error, config.attribute_for(&error));
        let rules = rules_for(shared, &configured, &spec.pool_id, &tags);
        let request = Request {
            shared,
            configured: &configured,
            name_at: at!(Self, name),
            attribute_for: &|error| config.attribute_for(error),
            pool_rules: rules.map_err(explained)?,
            candidate_rules: rules_of_candidates(shared, &configured, &spec, &tags).map_err(explained)?,
        };
        if plan.carries_private && configured.ipam.holds().is_none() {
            return preview(&request, plan, spec, &tags);
        }
        match holding::hold_or_check::<_, Allocation>(&request, plan, &spec)? {
            Some(allocation) => {
                show_planned(&configured, &mut plan.planned, &allocation, &tags)?;
                plan_loan(None, plan);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn plan_change(shared: &Shared, prior: &Self, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        plan_loan(Some(prior), plan);
        let Some(configured) = shared.configured()? else {
            plan.planned.tags_all = Tf::Unknown;
            if plan.planned.asks_for_other_size(prior) {
                plan.planned.forget_block();
            }
            return Ok(());
        };
        plan.config.check_lifetime_limits(&configured)?;
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(Self, tags))?;
        if plan.config.disallowed_cidrs.is_known() && plan.planned.disallowed_cidrs != prior.disallowed_cidrs {
            check_disallowed(&configured, &plan.config)?;
        }
        choice::plan_change(&configured, prior, plan)?;
        if must_avoid_block(prior, plan) {
            plan.planned.forget_block();
            plan.replace.push(at!(Self, disallowed_cidrs));
        }
        plan_resize(shared, &configured, prior, plan)?;
        lifetime::check_change(configured.ipam.as_ref(), prior, plan)?;
        let stays = plan.replace.is_empty();
        if !stays && plan.config.ipam_pool_id.is_null() {
            plan.planned.ipam_pool_id = Tf::Unknown;
        }
        if let (true, Some(pool_id), Some(name)) = (stays, prior.ipam_pool_id.get(), plan.planned.name.get())
            && plan.planned.name != prior.name
        {
            let taken_by = configured.ipam.find_allocation(pool_id, name);
            check_rename(shared, prior, plan.committing, taken_by, at!(Self, name))?;
        }
        if let (true, Some(pool_id), Some(cidr)) = (stays, prior.ipam_pool_id.get(), plan.planned.cidr.get()) {
            check_pool_keeps(shared, pool_id, cidr, plan.config.pool_at())?;
        }
        if let (Some(at), Some(id)) = (plan.replace.first(), prior.id.get()) {
            allocation_contents::check_replaced(&configured, id, at.clone())?;
        }
        if stays && plan.planned.tags_all != prior.tags_all {
            check_required_tags(shared, &configured, &plan.planned, &tags)?;
        }
        kept_arguments::note(&configured, &prior.id, plan);
        let blocks = prior.cidr.get().into_iter().copied().collect();
        Replaced { word: "allocation", id: &prior.id, name: &prior.name, blocks, more: "" }.warn(plan);
        keep(shared, prior, plan, at!(Self, name))?;
        let blocks = plan.planned.cidr.get().filter(|_| stays).into_iter().copied().collect();
        hand_over::check_kept(shared, &prior.id, &blocks, plan.config.size_at())
    }
}

/// The rules that count for a new allocation, if they differ from those of the pool: this plan gives the pool other
/// rules, or tags that the pool requires are not known yet. Such tags are checked at apply.
///
/// # Errors
/// Those of reading the pool, except those of AWS: the identity that plans may have fewer permissions than the identity
/// that applies, and the check of the new allocation decides whether that matters.
pub(super) fn rules_for(
    shared: &Shared,
    configured: &Configured,
    pool_id: &str,
    tags: &PlannedTags,
) -> Result<Option<Rules>, Error> {
    let planned = shared.changes.planned_rules(pool_id);
    let mut rules = match planned {
        None if tags.is_pending() => match configured.ipam.get_pool(pool_id) {
            Err(Error::Service(_)) => None,
            pool => pool?.map(|pool| pool.rules),
        },
        planned => planned,
    };
    rules.iter_mut().for_each(|rules| tags.relax(rules));
    Ok(rules)
}

/// The same for the pools that the plan may choose from.
///
/// # Errors
/// Those of reading the pools.
fn rules_of_candidates(
    shared: &Shared,
    configured: &Configured,
    spec: &AllocationSpec,
    tags: &PlannedTags,
) -> Result<BTreeMap<String, Rules>, Error> {
    let ids = match spec.undecided() {
        None => Vec::new(),
        Some(Candidates::Listed(ids)) => ids.clone(),
        Some(Candidates::Matching(selector)) => {
            let pools = configured.ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
            pools.into_iter().filter(|pool| selector.matches(pool)).map(|pool| pool.meta.id).collect()
        }
    };
    let mut all = BTreeMap::new();
    for id in ids {
        if let Some(rules) = rules_for(shared, configured, &id, tags)? {
            all.insert(id, rules);
        }
    }
    Ok(all)
}

/// The plan of an allocation in a service, which holds nothing, for a client that carries what the plan shows to the second
/// plan and to apply.
fn preview(
    request: &Request<'_>,
    plan: &mut Plan<AllocationModel>,
    spec: AllocationSpec,
    tags: &PlannedTags,
) -> Result<(), Diagnostics> {
    let (shared, configured) = (request.shared, request.configured);
    let kept = plan.first_plan.as_ref().map(Carried::of).transpose()?.flatten();
    let kept = kept.and_then(|kept| kept.cidr.map(|cidr| (kept.id, cidr)));
    if kept.is_none() && replaces_another(configured, plan, &spec)? {
        return Ok(());
    }
    // One preview at a time, so that no two new allocations show the same block.
    let mut shown = shared.session.previews();
    let spec = match &kept {
        Some((_, cidr)) => AllocationSpec { size: Size::Cidr(*cidr), disallowed_cidrs: BTreeSet::new(), ..spec },
        None => spec,
    };
    let others = shown.of_others(&spec.pool_id, &spec.name);
    let apart = AllocationSpec { disallowed_cidrs: &spec.disallowed_cidrs | &others, ..spec.clone() };
    let preview = |terms: &Terms| {
        configured.ipam.preview_allocation(&apart, terms).map_err(|mut error| {
            // The user did not disallow the blocks of other previews.
            if let Error::PoolExhausted(Exhausted { disallowed, .. }) = &mut error {
                *disallowed &= !spec.disallowed_cidrs.is_empty();
            }
            error
        })
    };
    let found = holding::plan(request, plan, preview);
    let found = found.map_err(|diagnostics| match &kept {
        Some((_, cidr)) => plan_again(diagnostics, Some(*cidr)),
        None => diagnostics,
    })?;
    let Some(mut found) = found else { return Ok(()) };
    if let Some((id, _)) = kept {
        found.meta.id = id;
    }
    shown.add(&spec.pool_id, &spec.name, found.cidr);
    Carried::block(&found.meta.id, found.cidr).carry(&mut plan.private);
    plan.planned.fill(&found);
    plan.planned.tags_all = tags.all.clone();
    if found.meta.id.is_empty() {
        // AWS assigns the ID and the owner when it creates the object.
        plan.planned.id = Tf::Unknown;
        plan.planned.ipam_pool_allocation_id = Tf::Unknown;
        plan.planned.owner = Tf::Unknown;
    }
    Ok(())
}

/// Whether this allocation replaces another one in a service. A service cannot predict which space is free after that
/// one is deleted.
fn replaces_another(
    configured: &Configured,
    plan: &Plan<AllocationModel>,
    spec: &AllocationSpec,
) -> Result<bool, Diagnostics> {
    let found = configured.ipam.find_allocation(&spec.pool_id, &spec.name);
    let found = found.map_err(|error| errors::at(&error, plan.config.attribute_for(&error)))?;
    Ok(create::is_replacement(&plan.private) || found.is_some())
}

/// Refuses CIDRs to avoid that no block of the pool can overlap.
fn check_disallowed(configured: &Configured, config: &AllocationModel) -> Result<(), Diagnostics> {
    let family = config.pool_arguments().family(configured)?;
    let wrong = family.and_then(|family| super::other_family(config.disallowed_cidrs.get(), family, "the pool is"));
    wrong.map_or(Ok(()), |wrong| Err(wrong.at(at!(AllocationModel, disallowed_cidrs)).into()))
}

/// Checks the tags that the pool requires when the tags change, and not only at apply.
fn check_required_tags(
    shared: &Shared,
    configured: &Configured,
    planned: &AllocationModel,
    tags: &PlannedTags,
) -> Result<(), Diagnostics> {
    let Some(pool_id) = planned.ipam_pool_id.get() else { return Ok(()) };
    let pool = configured.ipam.get_pool(pool_id).map_err(|error| errors::at(&error, planned.pool_at()))?;
    let Some(mut pool) = pool else { return Ok(()) };
    if let Some(rules) = shared.changes.planned_rules(pool_id) {
        pool.rules = rules;
    }
    tags.relax(&mut pool.rules);
    let checked = check_tags(&tags.known, &pool);
    checked.map_err(|error| errors::at(&error, at!(AllocationModel, tags)))
}
