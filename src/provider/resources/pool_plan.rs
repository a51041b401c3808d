//! The plan of a pool.

use crate::at;
use crate::backend::New;
use crate::ipam::{Pool, PoolSpec, Provision, Tags};
use crate::tf::{Diagnostics, Plan, Tf};

use super::super::create::{self, Request};
use super::super::noun::{HeldPlan, NounModel, keep, show_planned};
use super::super::service_blocks::{self, Wanted};
use super::super::shared::{Configured, Shared};
use super::super::tags::PlannedTags;
use super::super::{capabilities, hand_over, holding, kept_arguments};
use super::pool::PoolModel;
use super::pool_keeps::check_pool_keeps;
use super::{pool_change, pool_special, reserved};

/// Refuses arguments that the store does not have.
fn check_limits(
    configured: &Configured,
    planned: &PoolModel,
    config: &PoolModel,
    tags: &Tags,
) -> Result<(), Diagnostics> {
    capabilities::tags(configured, tags, at!(PoolModel, tags))?;
    capabilities::strategy(configured, &planned.allocation_strategy, at!(PoolModel, allocation_strategy))?;
    let rules = planned.rules();
    capabilities::reserved_space(configured, rules.as_ref(), reserved::first_set(planned))?;
    let ordered = !planned.cidr_priorities.is_null();
    let order_at = if ordered { at!(PoolModel, cidr_priorities) } else { at!(PoolModel, draining_cidrs) };
    capabilities::cidr_order(configured, rules.as_ref(), order_at)?;
    capabilities::quarantine(configured, rules.as_ref(), at!(PoolModel, quarantine))?;
    pool_special::check(configured, config)
}

/// Shows the block of a new pool by size in a service.
fn show_block(request: &Request<'_>, plan: &mut Plan<PoolModel>, spec: &PoolSpec) -> Result<(), Diagnostics> {
    let (Some(source_pool_id), Provision::NetmaskLength(netmask_length)) = (&spec.source_pool_id, &spec.provision)
    else {
        return Ok(());
    };
    // The block of a pool for a VPC is a block of the VPC.
    if spec.special.source_resource.is_some() {
        return Ok(());
    }
    let wanted = Wanted { source_pool_id, netmask_length: *netmask_length, name: &spec.name };
    if let Some(cidr) = service_blocks::show(request, plan, New::Pool(spec), &wanted)? {
        plan.planned.fill_cidrs(&[cidr].into());
    }
    Ok(())
}

impl HeldPlan for PoolModel {
    fn plan_new(shared: &Shared, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        create::note_replacement(shared, &plan.private);
        let Some(configured) = shared.configured()? else { return Ok(()) };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        check_limits(&configured, &plan.planned, &plan.config, &tags.known)?;
        pool_special::settle(&configured, &mut plan.planned);
        plan.planned.fill_from_config(&plan.config);
        let followed = pool_change::follow_locale(shared, &plan.config.source_ipam_pool_id.clone(), plan)?;
        let Some(mut spec) = plan.planned.request(&plan.config, &tags.known) else { return Ok(()) };
        if let Some(followed) = &followed {
            spec.locale = followed.requested(&plan.planned.locale);
        }
        let config = plan.config.clone();
        let request = Request {
            shared,
            configured: &configured,
            name_at: at!(PoolModel, name),
            attribute_for: &|error| config.attribute_for(error),
            pool_rules: spec.source_pool_id.as_deref().and_then(|id| shared.changes.planned_rules(id)),
            candidate_rules: std::collections::BTreeMap::new(),
        };
        let Some(pool) = holding::hold_or_check::<_, Pool>(&request, plan, &spec)? else {
            return show_block(&request, plan, &spec);
        };
        show_planned(&configured, &mut plan.planned, &pool, &tags)?;
        if let Some(followed) = followed {
            plan.planned.locale = followed.becomes;
        }
        Ok(())
    }

    fn plan_change(shared: &Shared, prior: &Self, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        let Some(configured) = shared.configured()? else {
            plan.planned.tags_all = Tf::Unknown;
            if plan.planned.provision_by(&plan.config) != prior.provision_by(&plan.config) {
                plan.planned.forget_blocks();
            }
            return Ok(());
        };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        check_limits(&configured, &plan.planned, &plan.config, &tags.known)?;
        pool_special::settle(&configured, &mut plan.planned);
        let followed = pool_change::plan_locale(shared, &configured, prior, plan)?;
        if plan.replace.is_empty() {
            pool_change::plan_change(shared, &configured, prior, plan, (&tags.known, followed.as_ref()))?;
        }
        if plan.replace.is_empty() {
            pool_change::check_name_is_free(shared, &configured, prior, plan)?;
        }
        let stays = plan.replace.is_empty();
        if let (true, Some(source_id), Some(cidrs)) = (stays, prior.source_ipam_pool_id.get(), plan.planned.cidrs.get())
        {
            cidrs
                .iter()
                .try_for_each(|cidr| check_pool_keeps(shared, source_id, cidr, at!(PoolModel, source_ipam_pool_id)))?;
        }
        if let (true, Some(id), Some(rules)) = (stays, prior.id.get(), plan.planned.rules())
            && prior.rules().as_ref() != Some(&rules)
        {
            reserved::warn(&configured, prior, &rules, plan)?;
            shared.changes.plan_rules(id, rules);
        }
        kept_arguments::note(&configured, &prior.id, plan);
        pool_change::warn_of_replacement(&configured, prior, plan);
        keep(shared, prior, plan, at!(PoolModel, name))?;
        let blocks = plan.planned.cidrs.get().filter(|_| stays).cloned().unwrap_or_default();
        hand_over::check_kept(shared, &prior.id, &blocks, at!(PoolModel, cidrs))
    }
}
