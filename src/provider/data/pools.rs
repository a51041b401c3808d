//! `ipam_pools`: lists pools with common properties.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::backend::{Ipam, PoolFilter};
use crate::ipam::{
    Cidr, Error, Family, Overview, OverviewQuery, Pool, PoolChoice, PoolOverview, ScopeChoice, ScopeType, Tags,
};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::facts::PoolFacts;
use super::glob::Glob;
use super::lookup::{self, explained, is_true};
use super::scope;

model! {
    /// Lists pools, with each pool before the pools below it. Each argument narrows the list; without arguments, the
    /// list contains all pools. If no pool matches, the list is empty.
    pub(super) struct PoolsModel {
        /// ID of a scope. Only pools of this scope are listed, at any depth.
        ipam_scope_id: String => optional(),
        /// ID of a pool. Only pools directly below this pool are listed.
        source_ipam_pool_id: String => optional(),
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only pools with a matching name are listed.
        /// The path is not matched.
        name_pattern: String => optional(),
        /// Region or site. Only pools with this locale are listed.
        locale: String => optional(),
        /// Address family: `ipv4` or `ipv6`. Only pools of this family are listed. Default: both.
        address_family: Family => optional(),
        /// Map of tags. Only pools that have all of these tags, with the same values, are listed.
        tags: Tags => optional(),
        /// CIDR. Only pools with a provisioned CIDR that contains this whole CIDR are listed: every pool from the
        /// top-level pool down. The closest pool is the last one in the list with the largest `pool_depth`.
        contains_cidr: Cidr => optional(),
        /// Whether the list also contains pools that are only planned. Default: `false`.
        include_planned: bool => default(false),
        /// List of the pools.
        pools: Vec<PoolFacts> => computed(),
        /// List of the IDs of the pools, in the order of `pools`.
        ids: Vec<String> => computed(),
    }
}

pub(super) struct PoolsData(pub(super) Arc<Shared>);

impl DataSource for PoolsData {
    type Model = PoolsModel;
    const TYPE: &'static str = "ipam_pools";

    fn validate(&self, _config: &PoolsModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: PoolsModel) -> Result<PoolsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let ipam = ipam.as_ref();
        if let Some(id) = config.ipam_scope_id.get() {
            scope::scope(ipam, id, at!(PoolsModel, ipam_scope_id))?;
        }
        if let Some(id) = config.source_ipam_pool_id.get() {
            lookup::pool(ipam, id, at!(PoolsModel, source_ipam_pool_id))?;
        }
        let listed = listed(ipam, &config).map_err(explained(Path::root()))?;
        let ids = listed.iter().filter_map(|facts| facts.id.cloned()).collect::<Vec<_>>();
        Ok(PoolsModel { pools: listed.into(), ids: ids.into(), ..config })
    }
}

fn listed(ipam: &dyn Ipam, config: &PoolsModel) -> Result<Vec<PoolFacts>, Error> {
    let glob = config.name_pattern.get().map(|pattern| Glob::new(pattern));
    let pools = PoolChoice::Matching(PoolFilter {
        scope_id: config.ipam_scope_id.cloned(),
        source_pool_id: config.source_ipam_pool_id.cloned(),
        name: glob.as_ref().and_then(Glob::exact),
        include_planned: is_true(&config.include_planned),
    });
    let is_wanted = |pool: &Pool| {
        glob.as_ref().is_none_or(|glob| glob.matches(&pool.meta.name))
            && config.locale.get().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && config.address_family.get().is_none_or(|family| pool.address_family == *family)
            && lookup::has_tags(&pool.tags, config.tags.get())
    };
    let around = config.contains_cidr.get();
    // With a CIDR, the CIDRs of the pools above count too.
    let keep = |pool: &Pool| around.map_or_else(|| is_wanted(pool), |cidr| pool.address_family == cidr.family());
    let Overview { scopes, mut pools, .. } =
        ipam.overview(&OverviewQuery { keep: &keep, scopes: ScopeChoice::OfPools, ..OverviewQuery::of(&pools) })?;
    if let Some(cidr) = around {
        pools = containing(pools, cidr);
        pools.retain(|one| is_wanted(&one.pool));
    }
    let scope_types: HashMap<String, ScopeType> =
        scopes.into_iter().map(|scope| (scope.meta.id, scope.scope_type)).collect();
    let facts = |one: PoolOverview| {
        let cidrs = one.provisioned().collect();
        let scope_type = scope_types.get(&one.pool.scope_id).copied();
        PoolFacts::of(one.pool, one.path, scope_type, cidrs)
    };
    Ok(pools.into_iter().map(facts).collect())
}

/// The pools that contain a block. If a pool does not contain it, no pool below it does. `pools` has parents before
/// children.
fn containing(pools: Vec<PoolOverview>, cidr: &Cidr) -> Vec<PoolOverview> {
    let mut without: HashSet<String> = HashSet::new();
    let mut contains = |one: &PoolOverview| {
        let is_possible = one.pool.source_pool_id.as_ref().is_none_or(|source| !without.contains(source));
        let contains = is_possible && one.provisioned().any(|block| block.contains(cidr));
        if !contains {
            without.insert(one.pool.meta.id.clone());
        }
        contains
    };
    pools.into_iter().filter(|one| contains(one)).collect()
}
