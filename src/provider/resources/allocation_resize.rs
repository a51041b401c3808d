//! Another size or other CIDRs to avoid: whether an allocation keeps its place.

use crate::backend::{Holds, Resize, Terms};
use crate::fill_block_attributes;
use crate::ipam::{Error, GivenUp, Size};
use crate::tf::{Diagnostics, Plan, Tf};

use super::super::noun::{NounModel, id_of};
use super::super::shared::{Configured, Shared};
use super::super::{errors, hand_over, holding};
use super::allocation::AllocationModel;
use super::growth;

/// A change of size: in place when the space is free, otherwise a replacement.
pub(super) fn plan_resize(
    shared: &Shared,
    configured: &Configured,
    prior: &AllocationModel,
    plan: &mut Plan<AllocationModel>,
) -> Result<(), Diagnostics> {
    let Some(size) = AllocationModel::size(&plan.config) else {
        plan.planned.forget_block();
        return Ok(());
    };
    let changed = match size {
        Size::Cidr(cidr) => prior.cidr != Tf::Known(cidr),
        Size::NetmaskLength(length) => prior.netmask_length != Tf::Known(length),
        Size::Default => false,
    };
    if !changed || !plan.replace.is_empty() {
        return Ok(());
    }
    let id = id_of(prior)?;
    let pool_id = prior.ipam_pool_id.get().map_or("", String::as_str);
    let waits = || growth::allocation_waits_for(configured.ipam.as_ref(), id);
    let waits_for = waits().map_err(|error| errors::at(&error, plan.config.attribute_for(&error)))?;
    // A rule and an allocation that needs it can change at the same time.
    let rules = shared.changes.planned_rules(pool_id);
    let committing = plan.committing;
    let request = |given_up: &[GivenUp]| {
        let with_rules = |terms: &Terms| Terms { pool_rules: rules.clone(), ..terms.clone() };
        let with = |terms: &Terms| Terms { given_up: given_up.to_vec(), ..with_rules(terms) };
        let hold = |holds: &dyn Holds, terms: &Terms| holds.plan_resize(id, size, &with(terms));
        let preview = |terms: &Terms| configured.ipam.preview_resize(id, size, &with_rules(terms));
        holding::plan_change(shared, configured, plan, hold, preview)
    };
    let is_replacement = |resize: &Resize| *resize == Resize::Replace;
    let result = hand_over::until_there_is_room(shared, committing, &waits_for, is_replacement, request);
    let result = result.and_then(|(resize, _)| Ok((resize, waits()?)));
    let (resize, waits_for) = result.map_err(|error| {
        // The space to grow is what was lost, and not the name.
        let is_lost = matches!(error, Error::HoldLost { .. });
        errors::at(&error, if is_lost { plan.config.size_at() } else { plan.config.attribute_for(&error) })
    })?;
    match resize {
        Resize::InPlace(cidr) => {
            let name = prior.name.get().map_or("", String::as_str);
            if !committing {
                hand_over::claim(shared, (name, Some(cidr)), &waits_for, |error| plan.config.attribute_for(error))?;
            }
            shared.changes.plan_allocation(id, cidr);
            fill_block_attributes!(&mut plan.planned, cidr);
        }
        Resize::Replace => {
            plan.planned.forget_block();
            plan.replace.push(plan.config.block_at());
        }
    }
    Ok(())
}

/// Whether the CIDRs to avoid have changed, and exclude the block that this allocation would keep or grow to.
pub(super) fn must_avoid_block(prior: &AllocationModel, plan: &Plan<AllocationModel>) -> bool {
    if plan.config.cidr.is_known() {
        // The configuration names the block, which was checked.
        return false;
    }
    let (Some(disallowed), Some(cidr)) = (plan.planned.disallowed_cidrs.get(), prior.cidr.get()) else {
        return false;
    };
    let length = plan.planned.netmask_length.cloned().unwrap_or(cidr.netmask_length());
    let becomes = cidr.resized(length.min(cidr.family().bits()));
    plan.planned.disallowed_cidrs != prior.disallowed_cidrs && disallowed.iter().any(|block| block.overlaps(&becomes))
}
