//! The plans of a dual-stack allocation: both new allocations are held, and existing ones keep their blocks, change in place or
//! move.

use std::collections::{BTreeMap, BTreeSet};

use crate::at;
use crate::backend::Terms;
use crate::ipam::{Cidr, Family, Size, StackPart, StackRequest, check_tags};
use crate::tf::{Diagnostic, Diagnostics, Plan, Private, Tf};

use super::super::super::shared::{Configured, Shared};
use super::super::super::tags::PlannedTags;
use super::super::super::{capabilities, errors, hand_over, naming};
use super::super::allocation_plan::rules_for;
use super::super::pool_keeps::check_pool_keeps;
use super::request::{self, Parts};
use super::{DualStackModel, FAMILIES, part_at};

/// Key in the private data of a plan that replaces both allocations: their ids, by family.
const REPLACED: &str = "replaced_allocations";

/// The allocations that the second half of a replacement replaces.
fn replaced(private: &mut Private) -> BTreeMap<Family, String> {
    let ids = private.remove(REPLACED).unwrap_or_default();
    let id = |family: Family| Some((family, ids.get(family.to_string())?.as_str()?.to_owned()));
    FAMILIES.into_iter().filter_map(id).collect()
}

/// The tags of the plan, when the store can have both allocations with them.
///
/// # Errors
/// At `ipv4` when the store makes each allocation by itself, and at `tags` when it reserves one of them.
fn tags_for(configured: &Configured, plan: &mut Plan<DualStackModel>) -> Result<PlannedTags, Diagnostics> {
    configured.ipam.require_dual_stacks().map_err(|error| errors::at(&error, part_at(Family::Ipv4)))?;
    let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
    plan.planned.tags_all = tags.all.clone();
    capabilities::tags(configured, &tags.known, at!(DualStackModel, tags))?;
    Ok(tags)
}

/// The request for both; `None` while a part of it is unknown.
fn request_for(
    shared: &Shared,
    configured: &Configured,
    planned: &DualStackModel,
    tags: &PlannedTags,
    (present, replaces): (&BTreeMap<Family, String>, &BTreeMap<Family, String>),
) -> Result<Option<StackRequest>, Diagnostics> {
    let mut parts = BTreeMap::new();
    for family in FAMILIES {
        let Some(spec) = planned.spec(family, &tags.known) else { return Ok(None) };
        let pool_rules = rules_for(shared, configured, &spec.pool_id, tags);
        let pool_rules = pool_rules.map_err(|error| errors::at(&error, part_at(family).then("ipam_pool_id")))?;
        let (present, replaces) = (present.get(&family).cloned(), replaces.get(&family).cloned());
        parts.insert(family, StackPart { spec, present, replaces, pool_rules });
    }
    Ok(Some(StackRequest { parts }))
}

fn terms_for(configured: &Configured, plan: &Plan<DualStackModel>, in_place: bool) -> Terms {
    Terms { hold: configured.plan_hold, committing: plan.committing, in_place, ..Terms::default() }
}

fn show(planned: &mut DualStackModel, parts: &Parts) {
    parts.iter().for_each(|(family, part)| planned.show(*family, &part.id, part.cidr));
}

/// Plans two new allocations.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_new(shared: &Shared, plan: &mut Plan<DualStackModel>) -> Result<(), Diagnostics> {
    let replaces = replaced(&mut plan.private);
    let Some(configured) = shared.configured()? else { return Ok(()) };
    let tags = tags_for(&configured, plan)?;
    replaces.values().for_each(|id| shared.session.goes(id));
    let ids = (&BTreeMap::new(), &replaces);
    let Some(mut request) = request_for(shared, &configured, &plan.planned, &tags, ids)? else { return Ok(()) };
    let mut terms = terms_for(&configured, plan, !replaces.is_empty());
    let parts = request::plan(shared, &configured, plan, &mut request, &mut terms)?;
    request::reserve_names(shared, &request, false)?;
    if let Some(parts) = parts {
        request::take_up(shared, plan, &request, &parts)?;
        show(&mut plan.planned, &parts);
        plan.planned.id = plan.planned.new_id();
        plan.planned.owner = configured.ipam.owner().map(str::to_owned).into();
    }
    Ok(())
}

/// Plans a change.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_change(
    shared: &Shared,
    prior: &DualStackModel,
    plan: &mut Plan<DualStackModel>,
) -> Result<(), Diagnostics> {
    for family in FAMILIES {
        let pool = |model: &DualStackModel| model.part(family).and_then(|part| part.ipam_pool_id.cloned());
        if let (Some(before), Some(after)) = (pool(prior), pool(&plan.planned))
            && before != after
        {
            plan.replace.push(part_at(family));
        }
    }
    let Some(configured) = shared.configured()? else {
        plan.planned.tags_all = Tf::Unknown;
        if plan.planned.ipv4 != prior.ipv4 || plan.planned.ipv6 != prior.ipv6 {
            plan.planned.forget_blocks();
        }
        return Ok(());
    };
    let tags = tags_for(&configured, plan)?;
    remember(prior, &mut plan.private);
    if !plan.replace.is_empty() {
        plan_replacement(shared, prior, plan);
        return Ok(());
    }
    if plan.planned.tags_all != prior.tags_all {
        check_required_tags(shared, &configured, &plan.planned, &tags)?;
    }
    let present = prior.ids();
    let ids = (&present, &BTreeMap::new());
    let Some(request) = request_for(shared, &configured, &plan.planned, &tags, ids)? else {
        plan.planned.forget_blocks();
        return keep(shared, prior, &plan.planned, &present);
    };
    if changes(prior, &plan.planned) {
        plan_parts(shared, &configured, prior, plan, request)?;
    }
    let planned_ids = plan.planned.ids();
    let mut staying = present;
    staying.retain(|family, id| planned_ids.get(family).is_none_or(|planned| planned == id));
    keep(shared, prior, &plan.planned, &staying)
}

/// Whether an allocation gets another block or another name, or is missing.
fn changes(prior: &DualStackModel, planned: &DualStackModel) -> bool {
    let is_as_asked = |family: Family| {
        let (Some(cidr), Some(size)) = (prior.cidr(family), planned.part(family).and_then(super::PartModel::size))
        else {
            return false;
        };
        match size {
            Size::Cidr(wished) => wished == cidr,
            Size::NetmaskLength(length) => length == cidr.netmask_length(),
            Size::Default => true,
        }
    };
    prior.name != planned.name || prior.ids().len() < FAMILIES.len() || !FAMILIES.into_iter().all(is_as_asked)
}

/// Plans allocations that are resized, renamed or made again.
fn plan_parts(
    shared: &Shared,
    configured: &Configured,
    prior: &DualStackModel,
    plan: &mut Plan<DualStackModel>,
    mut request: StackRequest,
) -> Result<(), Diagnostics> {
    let mut terms = terms_for(configured, plan, false);
    let parts = request::plan(shared, configured, plan, &mut request, &mut terms)?;
    request::reserve_names(shared, &request, prior.name != plan.planned.name)?;
    let Some(parts) = parts else {
        plan.planned.forget_blocks();
        return Ok(());
    };
    for (family, part) in &parts {
        let Some(id) = request.parts[family].present.as_ref() else { continue };
        if *id == part.id {
            shared.changes.plan_allocation(id, part.cidr);
            continue;
        }
        shared.session.goes(id);
        hand_over::give_up(shared, id);
        let at = plan.config.part(*family).map_or_else(|| part_at(*family), |part| part.size_at(*family));
        plan.warnings.extend(prior.cidr(*family).map(|before| moves(*family, before, part.cidr).at(at)));
    }
    request::take_up(shared, plan, &request, &parts)?;
    show(&mut plan.planned, &parts);
    Ok(())
}

/// The warning about an allocation that gets another block.
fn moves(family: Family, before: Cidr, after: Cidr) -> Diagnostic {
    let detail = format!(
        "The {family} allocation cannot have its new size in place. It gives up {before} and gets {after}, and everything that \
         uses these addresses must change as well. The other allocation keeps its CIDR."
    );
    Diagnostic::warning(format!("The {family} allocation moves from {before} to {after}"), detail)
}

/// Stores the ids of both allocations, for the second half of a replacement.
fn remember(prior: &DualStackModel, private: &mut Private) {
    let ids = prior.ids().into_iter().map(|(family, id)| (family.to_string(), id.into()));
    private.insert(REPLACED.to_owned(), ids.collect::<serde_json::Map<_, _>>().into());
}

/// Plans the first half of a replacement: both allocations go.
fn plan_replacement(shared: &Shared, prior: &DualStackModel, plan: &mut Plan<DualStackModel>) {
    for id in prior.ids().values() {
        shared.session.goes(id);
        hand_over::give_up(shared, id);
    }
    let blocks: Vec<String> = FAMILIES.into_iter().filter_map(|family| Some(prior.cidr(family)?.to_string())).collect();
    let causes: Vec<String> = plan.replace.iter().map(|path| format!("`{path}`")).collect();
    let name = prior.name.get().map_or("", String::as_str);
    let detail = format!(
        "This plan replaces both allocations named {name:?}, because the pool in {} is another one. They give up their CIDRs: {}. \
         Everything that uses these addresses must change as well.",
        causes.join(" and "),
        blocks.join(" and ")
    );
    plan.warnings.push(Diagnostic::warning(format!("Both allocations {name:?} give up their CIDRs"), detail));
    plan.planned.forget_blocks();
    plan.planned.id = Tf::Unknown;
}

/// Records that these allocations stay, and checks that nothing else of the configuration takes their names and blocks.
fn keep(
    shared: &Shared,
    prior: &DualStackModel,
    planned: &DualStackModel,
    staying: &BTreeMap<Family, String>,
) -> Result<(), Diagnostics> {
    let is_renamed = prior.name != planned.name;
    for (family, id) in staying {
        if !shared.session.keep(id, is_renamed) {
            let name = prior.name.get().map_or("", String::as_str);
            return Err(naming::name_claimed(name).at(at!(DualStackModel, name)).into());
        }
        if is_renamed {
            hand_over::give_up(shared, id);
        }
        let (Some(cidr), Some(part)) = (planned.cidr(*family), planned.part(*family)) else { continue };
        let pool_id = part.ipam_pool_id.get().map_or("", String::as_str);
        check_pool_keeps(shared, pool_id, &cidr, part_at(*family).then("ipam_pool_id"))?;
        hand_over::check_kept(shared, &Tf::Known(id.clone()), &BTreeSet::from([cidr]), part.size_at(*family))?;
    }
    Ok(())
}

/// Checks the tags that the pools require when the tags change, and not only at apply.
fn check_required_tags(
    shared: &Shared,
    configured: &Configured,
    planned: &DualStackModel,
    tags: &PlannedTags,
) -> Result<(), Diagnostics> {
    for family in FAMILIES {
        let Some(pool_id) = planned.part(family).and_then(|part| part.ipam_pool_id.get()) else { continue };
        let pool = configured.ipam.get_pool(pool_id);
        let pool = pool.map_err(|error| errors::at(&error, part_at(family).then("ipam_pool_id")))?;
        let Some(mut pool) = pool else { continue };
        if let Some(rules) = shared.changes.planned_rules(pool_id) {
            pool.rules = rules;
        }
        tags.relax(&mut pool.rules);
        check_tags(&tags.known, &pool).map_err(|error| errors::at(&error, at!(DualStackModel, tags)))?;
    }
    Ok(())
}
