//! The plans of a set: all members of a new set are held, and those of an existing one keep their blocks, change in place
//! or move.

use std::collections::{BTreeMap, BTreeSet};

use crate::at;
use crate::backend::Terms;
use crate::ipam::{Cidr, SetRequest, SetSpec, Size, check_tags};
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Private, Tf};

use super::super::super::shared::{Configured, Shared};
use super::super::super::tags::PlannedTags;
use super::super::super::{capabilities, errors, hand_over, kept_arguments, naming};
use super::super::allocation_contents;
use super::super::allocation_plan::rules_for;
use super::super::other_family;
use super::super::pool_keeps::check_pool_keeps;
use super::request::{self, Members};
use super::{SetModel, member_at};

/// Key in the private data of a plan: the ids of the members before it, by their keys.
const REPLACED: &str = "replaced_members";

/// Stores the ids of the members, for the second half of a replacement: Terraform may ask for one that the set itself does
/// not need (`-replace`, `replace_triggered_by`).
fn remember(prior: &SetModel, private: &mut Private) {
    let ids = prior.member_ids().into_iter().map(|(key, id)| (key, id.into()));
    private.insert(REPLACED.to_owned(), ids.collect::<serde_json::Map<_, _>>().into());
}

/// The members of the set that the second half of a replacement replaces.
fn replaced(private: &mut Private) -> BTreeMap<String, String> {
    let ids = private.remove(REPLACED).unwrap_or_default();
    let ids = ids.as_object().into_iter().flatten();
    ids.filter_map(|(key, id)| Some((key.clone(), id.as_str()?.to_owned()))).collect()
}

/// The tags of the plan, when the store can have a set with them.
///
/// # Errors
/// When the store has no sets, and at `tags` when it reserves one of them.
fn tags_for(configured: &Configured, plan: &mut Plan<SetModel>) -> Result<PlannedTags, Diagnostics> {
    configured.ipam.require_allocation_sets().map_err(|error| errors::at(&error, Path::root()))?;
    let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
    plan.planned.tags_all = tags.all.clone();
    capabilities::tags(configured, &tags.known, at!(SetModel, tags))?;
    Ok(tags)
}

/// The terms of a plan of members in this pool.
fn terms_for(
    shared: &Shared,
    configured: &Configured,
    plan: &Plan<SetModel>,
    pool_id: &str,
    tags: &PlannedTags,
) -> Result<Terms, Diagnostics> {
    let rules = rules_for(shared, configured, pool_id, tags);
    let pool_rules = rules.map_err(|error| errors::at(&error, SetModel::attribute_for(&error)))?;
    Ok(Terms { hold: configured.plan_hold, committing: plan.committing, pool_rules, ..Terms::default() })
}

/// Plans a new set.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_new(shared: &Shared, plan: &mut Plan<SetModel>) -> Result<(), Diagnostics> {
    let replaces = replaced(&mut plan.private);
    let before = replaces.values().next().cloned();
    let Some(configured) = shared.configured()? else { return Ok(()) };
    let tags = tags_for(&configured, plan)?;
    plan.planned.imported_names = BTreeMap::new().into();
    forget_members(&mut plan.planned);
    replaces.values().for_each(|id| shared.session.goes(id));
    let Some(spec) = plan.planned.settled(&configured)?.spec(&tags.known) else { return Ok(()) };
    check_disallowed(&configured, &plan.planned)?;
    let terms = terms_for(shared, &configured, plan, &spec.pool_id, &tags)?;
    let mut terms = Terms { in_place: !replaces.is_empty(), ..terms };
    let keeps_removed = plan.planned.keeps_removed();
    let mut request = SetRequest { spec, present: BTreeMap::new(), replaces, shown: BTreeMap::new(), keeps_removed };
    let members = request::plan(shared, &configured, plan, &mut request, &mut terms);
    let members = members.map_err(|errors| plan.planned.explain_sizes(errors, &configured))?;
    request::reserve_names(shared, &request, false, before.as_ref(), members.as_ref())?;
    if let Some(members) = members {
        request::take_up(shared, plan, &request, &members)?;
        show(&mut plan.planned, &members);
        plan.planned.id = plan.planned.new_id();
        plan.planned.owner = configured.ipam.owner().map(str::to_owned).into();
    }
    Ok(())
}

/// Shows the planned members.
fn show(planned: &mut SetModel, members: &Members) {
    planned.cidrs = members.iter().map(|(key, one)| (key.clone(), one.cidr)).collect::<BTreeMap<_, _>>().into();
    planned.ids = members.iter().map(|(key, one)| (key.clone(), one.id.clone())).collect::<BTreeMap<_, _>>().into();
    planned.cidr = members.values().find_map(|one| one.aggregate).into();
}

/// The blocks of the members are known after apply.
fn forget_members(planned: &mut SetModel) {
    planned.cidrs = Tf::Unknown;
    planned.ids = Tf::Unknown;
    planned.cidr = if planned.contiguous == Tf::Known(false) { Tf::Null } else { Tf::Unknown };
}

/// Plans a change to a set.
///
/// # Errors
/// The errors that the user has to correct.
pub(super) fn plan_change(shared: &Shared, prior: &SetModel, plan: &mut Plan<SetModel>) -> Result<(), Diagnostics> {
    note_contiguous(prior, plan);
    let Some(configured) = shared.configured()? else {
        plan.planned.tags_all = Tf::Unknown;
        if plan.planned.members != prior.members || !plan.replace.is_empty() {
            forget_members(&mut plan.planned);
        }
        return Ok(());
    };
    let tags = tags_for(&configured, plan)?;
    plan.planned.imported_names = BTreeMap::new().into();
    kept_arguments::note(&configured, &prior.any_id(), plan);
    remember(prior, &mut plan.private);
    if !plan.replace.is_empty() {
        plan_replacement(shared, prior, plan);
        return Ok(());
    }
    if plan.planned.tags_all != prior.tags_all {
        check_required_tags(shared, &configured, &plan.planned, &tags)?;
    }
    let Some(spec) = plan.planned.settled(&configured)?.spec(&tags.known) else {
        forget_members(&mut plan.planned);
        return keep_members(shared, prior, &plan.planned, &prior.member_ids());
    };
    if plan.planned.disallowed_cidrs != prior.disallowed_cidrs {
        check_disallowed(&configured, &plan.planned)?;
    }
    if changes_members(prior, &spec) {
        plan_members(shared, &configured, prior, plan, spec, &tags)?;
    }
    let planned_ids = plan.planned.ids.cloned();
    let stays = |key: &String, id: &String| match (&planned_ids, plan.planned.members.get()) {
        (Some(ids), _) => ids.get(key) == Some(id),
        (None, members) => members.is_some_and(|members| members.contains_key(key)),
    };
    let mut staying = prior.member_ids();
    staying.retain(|key, id| stays(key, id));
    keep_members(shared, prior, &plan.planned, &staying)
}

/// A set that becomes contiguous, or no longer is, is another set. A state that was written before there were contiguous
/// sets does not tell, and is of one that is not.
fn note_contiguous(prior: &SetModel, plan: &mut Plan<SetModel>) {
    let (before, after) = (prior.contiguous.cloned().unwrap_or_default(), &plan.planned.contiguous);
    if after.is_unknown() || after.cloned().unwrap_or_default() != before {
        plan.replace.push(at!(SetModel, contiguous));
    }
}

/// Whether the members will be others, or have other blocks or names.
fn changes_members(prior: &SetModel, spec: &SetSpec) -> bool {
    let (ids, cidrs) = (prior.member_ids(), prior.cidrs.cloned().unwrap_or_default());
    let avoids = |cidr: &Cidr| {
        prior.disallowed_cidrs.get().cloned().unwrap_or_default() != spec.disallowed_cidrs
            && spec.disallowed_cidrs.iter().any(|avoided| avoided.overlaps(cidr))
    };
    let keeps = |key: &String, size: &Size| match (cidrs.get(key), size) {
        (None, _) => false,
        (Some(cidr), Size::Cidr(wished)) => cidr == wished,
        (Some(cidr), Size::NetmaskLength(length)) => cidr.netmask_length() == *length && !avoids(cidr),
        (Some(cidr), Size::Default) => !avoids(cidr),
    };
    let is_whole = !spec.contiguous || prior.cidr.is_known();
    let is_named = prior.name.get() == Some(&spec.name) && prior.imported_names.get().is_none_or(BTreeMap::is_empty);
    !is_named
        || !is_whole
        || !ids.keys().eq(spec.members.keys())
        || !spec.members.iter().all(|(key, size)| keeps(key, size))
}

/// Plans members that are added, removed, resized or renamed.
fn plan_members(
    shared: &Shared,
    configured: &Configured,
    prior: &SetModel,
    plan: &mut Plan<SetModel>,
    spec: SetSpec,
    tags: &PlannedTags,
) -> Result<(), Diagnostics> {
    let (present, keeps_removed) = (prior.member_ids(), plan.planned.keeps_removed());
    let mut released = Vec::new();
    for id in present.iter().filter(|(key, _)| !spec.members.contains_key(*key)).map(|(_, id)| id) {
        if !keeps_removed {
            shared.session.goes(id);
            hand_over::give_up(shared, id);
            released.push((id.clone(), at!(SetModel, members)));
        }
    }
    let mut terms = terms_for(shared, configured, plan, &spec.pool_id, tags)?;
    let mut request = SetRequest { spec, present, replaces: BTreeMap::new(), shown: BTreeMap::new(), keeps_removed };
    let members = request::plan(shared, configured, plan, &mut request, &mut terms);
    let members = members.map_err(|errors| plan.planned.explain_sizes(errors, configured))?;
    let is_renamed = prior.name != plan.planned.name;
    request::reserve_names(shared, &request, is_renamed, prior.id.get(), members.as_ref())?;
    let Some(members) = members else {
        forget_members(&mut plan.planned);
        return Ok(());
    };
    for (key, member) in &members {
        let Some(id) = request.present.get(key).filter(|id| **id != member.id) else { continue };
        shared.session.goes(id);
        hand_over::give_up(shared, id);
        released.push((id.clone(), member_at(key)));
        let before = prior.cidrs.get().and_then(|cidrs| cidrs.get(key));
        plan.warnings.extend(before.map(|before| moves(key, *before, member.cidr)));
    }
    allocation_contents::check_released(shared, configured, &released)?;
    request::take_up(shared, plan, &request, &members)?;
    show(&mut plan.planned, &members);
    Ok(())
}

/// The warning about a member that gets another block.
fn moves(key: &str, before: Cidr, after: Cidr) -> Diagnostic {
    let detail = format!(
        "The member {key:?} cannot have its new size in place. It gives up {before} and gets {after}, and everything that \
         uses these addresses must change as well. The other members keep their CIDRs."
    );
    Diagnostic::warning(format!("The member {key:?} moves from {before} to {after}"), detail).at(member_at(key))
}

/// Plans the first half of a replacement: the whole set goes.
fn plan_replacement(shared: &Shared, prior: &SetModel, plan: &mut Plan<SetModel>) {
    let ids = prior.member_ids();
    if !prior.keeps_removed() {
        for id in ids.values() {
            shared.session.goes(id);
            hand_over::give_up(shared, id);
        }
    }
    let blocks: Vec<String> = prior.cidrs.get().into_iter().flat_map(BTreeMap::values).map(Cidr::to_string).collect();
    let causes: Vec<String> = plan.replace.iter().map(|path| format!("`{path}`")).collect();
    let name = prior.name.get().map_or("", String::as_str);
    let detail = format!(
        "This plan replaces the set {name:?}, because {} cannot change in place. Its members give up their CIDRs: {}. \
         Everything that uses these addresses must change as well.",
        causes.join(" and "),
        blocks.join(", ")
    );
    plan.warnings.push(Diagnostic::warning(format!("All members of the set {name:?} give up their CIDRs"), detail));
    forget_members(&mut plan.planned);
    plan.planned.id = Tf::Unknown;
}

/// Records that these members stay, and checks that nothing else of the configuration takes their names and blocks.
fn keep_members(
    shared: &Shared,
    prior: &SetModel,
    planned: &SetModel,
    staying: &BTreeMap<String, String>,
) -> Result<(), Diagnostics> {
    let pool_id = prior.ipam_pool_id.get().map_or("", String::as_str);
    let (names, cidrs) = (prior.imported_names.get(), planned.cidrs.get());
    for (key, id) in staying {
        let is_renamed = prior.name != planned.name || names.is_some_and(|names| names.contains_key(key));
        if !shared.session.keep(id, is_renamed) {
            let name = SetSpec::member_name(prior.name.get().map_or("", String::as_str), key);
            return Err(naming::name_claimed(&name).at(member_at(key)).into());
        }
        if is_renamed {
            hand_over::give_up(shared, id);
        }
        let Some(cidr) = cidrs.and_then(|cidrs| cidrs.get(key)) else { continue };
        check_pool_keeps(shared, pool_id, cidr, at!(SetModel, ipam_pool_id))?;
        hand_over::check_kept(shared, &Tf::Known(id.clone()), &BTreeSet::from([*cidr]), member_at(key))?;
    }
    Ok(())
}

/// Refuses CIDRs to avoid that no block of the pool can overlap.
fn check_disallowed(configured: &Configured, planned: &SetModel) -> Result<(), Diagnostics> {
    let (Some(pool_id), Some(disallowed)) = (planned.ipam_pool_id.get(), planned.disallowed_cidrs.get()) else {
        return Ok(());
    };
    let pool = configured.ipam.get_pool(pool_id);
    let pool = pool.map_err(|error| errors::at(&error, at!(SetModel, ipam_pool_id)))?;
    let wrong = pool.and_then(|pool| other_family(Some(disallowed), pool.address_family, "the pool is"));
    wrong.map_or(Ok(()), |wrong| Err(wrong.at(at!(SetModel, disallowed_cidrs)).into()))
}

/// Checks the tags that the pool requires when the tags change, and not only at apply.
fn check_required_tags(
    shared: &Shared,
    configured: &Configured,
    planned: &SetModel,
    tags: &PlannedTags,
) -> Result<(), Diagnostics> {
    let Some(pool_id) = planned.ipam_pool_id.get() else { return Ok(()) };
    let pool = configured.ipam.get_pool(pool_id);
    let Some(mut pool) = pool.map_err(|error| errors::at(&error, at!(SetModel, ipam_pool_id)))? else {
        return Ok(());
    };
    if let Some(rules) = shared.changes.planned_rules(pool_id) {
        pool.rules = rules;
    }
    tags.relax(&mut pool.rules);
    check_tags(&tags.known, &pool).map_err(|error| errors::at(&error, at!(SetModel, tags)))
}
