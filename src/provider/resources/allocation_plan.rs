//! The plan of an allocation.

use crate::at;
use crate::backend::Terms;
use crate::ipam::{Error, Rules, check_tags};
use crate::tf::{Diagnostics, Path, Plan, Tf};

use super::super::create::Request;
use super::super::noun::{NounModel, check_rename, keep, show_planned};
use super::super::shared::{Configured, Shared};
use super::super::tags::PlannedTags;
use super::super::{capabilities, errors, hand_over, holding, kept_arguments};
use super::allocation::AllocationModel;
use super::pool_change::check_kept;
use super::replaced::Replaced;

/// Plans allocations.
pub(super) struct AllocationPlanner<'a>(pub(super) &'a Shared);

impl AllocationPlanner<'_> {
    pub(super) fn plan_new(&self, plan: &mut Plan<AllocationModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(AllocationModel, tags))?;
        plan.planned.foretell(&plan.config);
        self.check_disallowed(&configured, &plan.config)?;
        let spec = AllocationModel::size(&plan.config).and_then(|size| plan.planned.request(size, &tags.known));
        let Some(spec) = spec else { return Ok(()) };
        let Some(holds) = configured.holds() else { return self.preview(&configured, plan, spec, &tags) };
        let config = plan.config.clone();
        let place = |error: &Error| config.attribute_for(error);
        let hold =
            |terms: &Terms| holds.plan_allocation(&spec, &self.for_new(&configured, terms, &spec.pool_id, &tags)?);
        let held = holding::plan(&self.request(&configured, &place), plan, hold)?;
        let Some(allocation) = held else { return self.look(&configured, plan, spec, &tags) };
        show_planned(&configured, &mut plan.planned, &allocation, &tags)
    }

    pub(super) fn plan_update(
        &self,
        prior: &AllocationModel,
        plan: &mut Plan<AllocationModel>,
    ) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else {
            plan.planned.tags_all = Tf::Unknown;
            if plan.planned.cidr != prior.cidr || plan.planned.netmask_length != prior.netmask_length {
                plan.planned.forget_block();
            }
            return Ok(());
        };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(AllocationModel, tags))?;
        if plan.planned.disallowed_cidrs != prior.disallowed_cidrs {
            self.check_disallowed(&configured, &plan.config)?;
        }
        if AllocationModel::must_avoid_block(prior, plan) {
            plan.planned.forget_block();
            plan.replace.push(at!(AllocationModel, disallowed_cidrs));
        }
        self.plan_resize(&configured, prior, plan)?;
        let stays = plan.replace.is_empty();
        if let (true, Some(pool_id), Some(name)) = (stays, prior.ipam_pool_id.get(), plan.planned.name.get())
            && plan.planned.name != prior.name
        {
            let taken_by = configured.ipam.find_allocation(pool_id, name);
            check_rename(self.0, prior, plan.committing, taken_by, at!(AllocationModel, name))?;
        }
        if let (true, Some(pool_id), Some(cidr)) = (stays, prior.ipam_pool_id.get(), plan.planned.cidr.get()) {
            check_kept(self.0, pool_id, cidr, at!(AllocationModel, ipam_pool_id))?;
        }
        if stays && plan.planned.tags_all != prior.tags_all {
            self.check_required_tags(&configured, &plan.planned, &tags)?;
        }
        kept_arguments::note(&configured, &prior.id, plan);
        let blocks = prior.cidr.get().into_iter().copied().collect();
        Replaced { word: "allocation", id: &prior.id, name: &prior.name, blocks, more: "" }.warn(plan);
        keep(self.0, prior, plan, at!(AllocationModel, name))?;
        let blocks = plan.planned.cidr.get().filter(|_| stays).into_iter().copied().collect();
        hand_over::check_kept(self.0, &prior.id, &blocks, plan.config.size_at())
    }

    pub(super) fn request<'a>(
        &'a self,
        configured: &'a Configured,
        attribute_for: &'a dyn Fn(&Error) -> Path,
    ) -> Request<'a> {
        Request { shared: self.0, configured, name_at: at!(AllocationModel, name), attribute_for }
    }

    /// The terms with the rules that this plan gives the pool, so that a rule and an allocation that needs it can
    /// change at the same time.
    pub(super) fn with_rules(&self, terms: &Terms, pool_id: &str) -> Terms {
        Terms { pool_rules: self.0.changes.planned_rules(pool_id), ..terms.clone() }
    }

    /// The terms for a new allocation. Tags that are known only after apply are checked then.
    ///
    /// # Errors
    /// Those of reading the pool.
    pub(super) fn for_new(
        &self,
        configured: &Configured,
        terms: &Terms,
        pool_id: &str,
        tags: &PlannedTags,
    ) -> Result<Terms, Error> {
        let mut pool_rules = self.rules_for(configured, pool_id, tags)?;
        pool_rules.iter_mut().for_each(|rules| tags.relax(rules));
        Ok(Terms { pool_rules, ..terms.clone() })
    }

    /// The rules that this plan gives the pool. If it gives none, the present rules while tags are not known yet.
    ///
    /// # Errors
    /// Those of reading the pool, except those of AWS: the identity that plans may have fewer permissions than the identity
    /// that applies, and the check of the new allocation decides whether that matters.
    pub(super) fn rules_for(
        &self,
        configured: &Configured,
        pool_id: &str,
        tags: &PlannedTags,
    ) -> Result<Option<Rules>, Error> {
        let planned = self.0.changes.planned_rules(pool_id);
        if planned.is_some() || !tags.is_pending() {
            return Ok(planned);
        }
        match configured.ipam.get_pool(pool_id) {
            Err(Error::Service(_)) => Ok(None),
            pool => Ok(pool?.map(|pool| pool.rules)),
        }
    }

    /// Refuses CIDRs to avoid that no block of the pool can overlap.
    fn check_disallowed(&self, configured: &Configured, config: &AllocationModel) -> Result<(), Diagnostics> {
        let (Some(pool_id), Some(_)) = (config.ipam_pool_id.get(), config.disallowed_cidrs.get()) else {
            return Ok(());
        };
        let pool = configured.ipam.get_pool(pool_id);
        let pool = pool.map_err(|error| errors::at(&error, at!(AllocationModel, ipam_pool_id)))?;
        let wrong = pool
            .and_then(|pool| super::other_family(config.disallowed_cidrs.get(), pool.address_family, "the pool is"));
        wrong.map_or(Ok(()), |said| Err(said.at(at!(AllocationModel, disallowed_cidrs)).into()))
    }

    /// Checks the tags that the pool requires when the tags change, and not only at apply.
    fn check_required_tags(
        &self,
        configured: &Configured,
        planned: &AllocationModel,
        tags: &PlannedTags,
    ) -> Result<(), Diagnostics> {
        let Some(pool_id) = planned.ipam_pool_id.get() else { return Ok(()) };
        let pool = configured
            .ipam
            .get_pool(pool_id)
            .map_err(|error| errors::at(&error, at!(AllocationModel, ipam_pool_id)))?;
        let Some(mut pool) = pool else { return Ok(()) };
        if let Some(rules) = self.0.changes.planned_rules(pool_id) {
            pool.rules = rules;
        }
        tags.relax(&mut pool.rules);
        let checked = check_tags(&tags.known, &pool);
        checked.map_err(|error| errors::at(&error, at!(AllocationModel, tags)))
    }
}
