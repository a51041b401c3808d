//! Plans of new allocations that may not write: they show a preview, or only look for mistakes.

use std::collections::BTreeSet;

use crate::backend::{New, Planned, Terms};
use crate::ipam::{AllocationSpec, Cidr, Error, Exhausted, Size};
use crate::tf::{Diagnostic, Diagnostics, Plan, Private, Tf};

use super::super::noun::NounModel;
use super::super::shared::Configured;
use super::super::tags::PlannedTags;
use super::super::{create, errors, holding};
use super::allocation::AllocationModel;
use super::allocation_plan::AllocationPlanner;

/// Private data of a plan without holds: the ID and the block that the first plan showed.
const PREVIEW_ID: &str = "preview_id";
const PREVIEW_CIDR: &str = "preview_cidr";

/// What the first plan showed, according to the private data of the plan.
pub(super) fn shown(private: &Private) -> Option<Planned> {
    let text = |key: &str| private.get(key).and_then(|value| value.as_str());
    let cidr = text(PREVIEW_CIDR).and_then(|text| text.parse().ok());
    text(PREVIEW_ID).map(str::to_owned).zip(cidr).map(|(id, cidr)| Planned::Previewed { id, cidr })
}

/// Explains an error about a block that a plan showed and did not hold.
pub(super) fn plan_again(said: Diagnostics, shown: Cidr) -> Diagnostics {
    let more = format!(
        " The plan showed {shown}, which was free then but is not held for this plan. Nothing was changed: plan again."
    );
    said.into_iter().map(|one| Diagnostic { detail: one.detail + &more, ..one }).collect()
}

impl AllocationPlanner<'_> {
    /// A plan that may not write and shows no block. It reports mistakes nevertheless.
    pub(super) fn look(
        &self,
        configured: &Configured,
        plan: &mut Plan<AllocationModel>,
        spec: AllocationSpec,
        tags: &PlannedTags,
    ) -> Result<(), Diagnostics> {
        let config = plan.config.clone();
        let place = |error: &Error| config.attribute_for(error);
        let rules = self.rules_for(configured, &spec.pool_id, tags);
        let rules = rules.map_err(|error| errors::at(&error, place(&error)))?.unwrap_or_default();
        let spec = AllocationSpec { tags: tags.assumed(&rules), ..spec };
        create::look(&self.request(configured, &place), plan, New::Allocation(&spec))
    }

    /// A plan that may not write. The shown block is kept if the client carries it to the second plan and to apply.
    pub(super) fn preview(
        &self,
        configured: &Configured,
        plan: &mut Plan<AllocationModel>,
        spec: AllocationSpec,
        tags: &PlannedTags,
    ) -> Result<(), Diagnostics> {
        if !plan.carries_private {
            return self.look(configured, plan, spec, tags);
        }
        let text = |key: &str| plan.first_plan.as_ref().and_then(|kept| kept.get(key)).and_then(|value| value.as_str());
        let cidr = text(PREVIEW_CIDR).and_then(|text| text.parse().ok());
        let kept: Option<(String, Cidr)> = text(PREVIEW_ID).map(str::to_owned).zip(cidr);
        if kept.is_none() && self.takes_a_place(configured, plan, &spec)? {
            return Ok(());
        }
        // One preview at a time, so that no two new allocations show the same block.
        let mut shown = self.0.session.previews();
        let spec = match &kept {
            Some((_, cidr)) => AllocationSpec { size: Size::Cidr(*cidr), disallowed_cidrs: BTreeSet::new(), ..spec },
            None => spec,
        };
        let (own, config) = (spec.disallowed_cidrs.is_empty(), plan.config.clone());
        let others = shown.of(&spec.pool_id);
        let apart = AllocationSpec { disallowed_cidrs: &spec.disallowed_cidrs | &others, ..spec.clone() };
        let look = |terms: &Terms| {
            let terms = self.for_new(configured, terms, &spec.pool_id, tags)?;
            configured.ipam.preview_allocation(&apart, &terms).map_err(|mut error| {
                // The user did not disallow the blocks of other previews.
                if let Error::PoolExhausted(Exhausted { disallowed, .. }) = &mut error {
                    *disallowed &= !own;
                }
                error
            })
        };
        let place = |error: &Error| config.attribute_for(error);
        let found = holding::plan(&self.request(configured, &place), plan, look);
        let found = found.map_err(|said| match &kept {
            Some((_, cidr)) => plan_again(said, *cidr),
            None => said,
        })?;
        let Some(mut found) = found else { return Ok(()) };
        if let Some((id, _)) = kept {
            found.meta.id = id;
        }
        shown.add(&spec.pool_id, found.cidr);
        plan.private.insert(PREVIEW_ID.to_owned(), found.meta.id.clone().into());
        plan.private.insert(PREVIEW_CIDR.to_owned(), found.cidr.to_string().into());
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

    /// Whether this allocation takes the place of another one. A service cannot predict which space is free after that
    /// one is deleted.
    fn takes_a_place(
        &self,
        configured: &Configured,
        plan: &Plan<AllocationModel>,
        spec: &AllocationSpec,
    ) -> Result<bool, Diagnostics> {
        if configured.ipam.holds().is_some() {
            return Ok(false);
        }
        let found = configured.ipam.find_allocation(&spec.pool_id, &spec.name);
        let found = found.map_err(|error| errors::at(&error, plan.config.attribute_for(&error)))?;
        Ok(create::is_replacement(&plan.private) || found.is_some())
    }
}
