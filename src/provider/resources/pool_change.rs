//! The plan of a change of a pool: its locale, its blocks, its name.

use std::collections::BTreeSet;

use crate::at;
use crate::backend::{PoolChange, Terms};
use crate::ipam::{Error, Pool, Provision, Tags};
use crate::tf::{Diagnostics, Path, Plan, Tf};

use super::super::shared::Configured;
use super::super::{create, errors, rename};
use super::id_of;
use super::pool::{PoolModel, PoolResource};

/// The locale that a pool gets from the pool above it, which a plan of this walk changes.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    /// What the store says of the pool above.
    pub(super) was: Option<String>,
    /// What it will be.
    pub(super) becomes: Tf<String>,
}

impl Followed {
    /// What to ask the store for: it still has the old locale above, and changes this pool together with that one.
    pub(super) fn asked(&self, planned: &Tf<String>) -> Option<String> {
        planned.cloned().filter(|_| self.was.is_none())
    }
}

impl PoolResource {
    /// What a pool takes over from the pool above, when this walk changes the locale of that one.
    ///
    /// # Errors
    /// When the configuration gives this pool another locale.
    pub(super) fn follow_locale(
        &self,
        source_pool_id: &Tf<String>,
        plan: &mut Plan<PoolModel>,
    ) -> Result<Option<Followed>, Diagnostics> {
        let Some(source_pool_id) = source_pool_id.get() else { return Ok(None) };
        let Some(followed) = self.0.changes.planned_locale(source_pool_id) else { return Ok(None) };
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

    /// A store of our own changes the locale in place, with that of the pools below.
    ///
    /// # Errors
    /// As [`PoolResource::follow_locale`].
    pub(super) fn plan_locale(
        &self,
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
        let followed = self.follow_locale(&prior.source_ipam_pool_id, plan)?;
        if plan.planned.locale != prior.locale {
            let (was, becomes) = (prior.locale.cloned(), plan.planned.locale.clone());
            self.0.changes.plan_locale(id_of(&prior.id)?, Followed { was, becomes });
        }
        Ok(followed)
    }

    /// The plan of a change that touches the store: rules, name, provisioned space.
    pub(super) fn plan_change(
        &self,
        configured: &Configured,
        prior: &PoolModel,
        plan: &mut Plan<PoolModel>,
        (tags, followed): (&Tags, Option<&Followed>),
    ) -> Result<(), Diagnostics> {
        let Some(change) = plan.planned.change(tags) else {
            // Which blocks it will come to depends on what is not known yet.
            if plan.planned.provision() != prior.provision() {
                plan.planned.cidrs = Tf::Unknown;
                plan.planned.cidr = Tf::Unknown;
            }
            return Ok(());
        };
        if prior.tags_all.get().and_then(|tags| prior.change(tags)).as_ref() == Some(&change) {
            return Ok(());
        }
        let id = id_of(&prior.id)?;
        if plan.planned.provision() != prior.provision() {
            self.0.session.plan_growth(id);
        }
        // The name is another question: it may be free only in the course of the apply.
        let locale = followed.map_or_else(|| change.locale.clone(), |followed| followed.asked(&plan.planned.locale));
        let change = PoolChange { name: prior.name.known(at!(PoolModel, name))?.clone(), locale, ..change };
        let hold = |terms: &Terms| configured.ipam.plan_pool_change(id, &change, terms);
        let preview = |terms: &Terms| configured.ipam.preview_pool_change(id, &change, terms);
        let answer = create::plan_change(&self.0, configured, plan, hold, preview);
        match answer.map_err(|error| plan.config.explain(&error))? {
            // Where a first block by size comes to lie is decided at apply when it is not held.
            (Some(pool), false)
                if matches!(pool.provision, Provision::NetmaskLength(_))
                    && prior.cidrs.get().is_none_or(BTreeSet::is_empty) =>
            {
                plan.planned.cidrs = Tf::Unknown;
                plan.planned.cidr = Tf::Unknown;
            }
            (Some(pool), _) => plan.planned.fill_cidrs(&pool.cidrs),
            (None, _) => {
                plan.planned.cidrs = Tf::Unknown;
                plan.planned.cidr = Tf::Unknown;
                plan.replace.push(if plan.config.netmask_length.is_known() {
                    at!(PoolModel, netmask_length)
                } else {
                    at!(PoolModel, cidrs)
                });
            }
        }
        Ok(())
    }
    pub(super) fn check_rename(
        &self,
        configured: &Configured,
        prior: &PoolModel,
        plan: &Plan<PoolModel>,
    ) -> Result<(), Diagnostics> {
        let Some(name) = plan.planned.name.get().filter(|_| plan.planned.name != prior.name) else { return Ok(()) };
        let container = if prior.source_ipam_pool_id.is_null() {
            prior.ipam_scope_id.get()
        } else {
            prior.source_ipam_pool_id.get()
        };
        let is_here = |pool: &Pool| Some(pool.container()) == container.map(String::as_str);
        let found = configured.ipam.find_pool(name).map(|pools| pools.into_iter().find(is_here));
        rename::check(&self.0, &prior.before()?, plan.committing, found, at!(PoolModel, name))
    }
}
