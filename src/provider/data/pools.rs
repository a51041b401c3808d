//! `ipam_pools`: pools by what they have in common.

use std::collections::HashMap;
use std::sync::Arc;

use crate::backend::{Ipam, PoolFilter};
use crate::ipam::{Cidr, Error, Family, Pool, Tags};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::facts::{Places, PoolFacts, provisioned};
use super::glob::Glob;
use super::{explained, is_true, lookup, scope};

model! {
    /// Lists pools. Every argument narrows the list; without any it is all of them. No match is an empty list.
    /// Parents come before their children.
    pub(super) struct PoolsModel {
        /// Only pools of this scope, at any depth.
        ipam_scope_id: String => optional(),
        /// Only pools right inside this one.
        source_ipam_pool_id: String => optional(),
        /// Only pools whose whole name matches: `*` stands for any characters, also none, `?` for exactly one,
        /// everything else for itself. Case counts. The name is matched, not the path.
        name_pattern: String => optional(),
        /// Only pools of this locale.
        locale: String => optional(),
        /// Only `ipv4` or only `ipv6` pools.
        address_family: Family => optional(),
        /// Only pools that have all of these tags, with these values.
        tags: Tags => optional(),
        /// Only pools one of whose provisioned CIDRs contains all of this block. Of nested pools that is every one on
        /// the way down; the last of the list with the largest `pool_depth` is the closest.
        contains_cidr: Cidr => optional(),
        /// Also list pools that are only planned.
        include_planned: bool => default(false),
        /// The pools.
        pools: Vec<PoolFacts> => computed(),
        /// Ids of the pools, in the same order.
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
            super::pool(ipam, id, at!(PoolsModel, source_ipam_pool_id))?;
        }
        let pools = matching(ipam, &config).map_err(explained(Path::root()))?;
        let mut places = Places::default();
        let mut listed = Vec::new();
        for pool in pools {
            match PoolFacts::of(ipam, pool, &mut places) {
                Ok(facts) => listed.push(facts),
                // Deleted since it was listed.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(explained(Path::root())(error)),
            }
        }
        let ids = listed.iter().filter_map(|facts| facts.id.cloned()).collect::<Vec<_>>();
        Ok(PoolsModel { pools: listed.into(), ids: ids.into(), ..config })
    }
}

fn matching(ipam: &dyn Ipam, config: &PoolsModel) -> Result<Vec<Pool>, Error> {
    let glob = config.name_pattern.get().map(|pattern| Glob::new(pattern));
    let pools = ipam.list_pools(&PoolFilter {
        scope_id: config.ipam_scope_id.cloned(),
        source_pool_id: config.source_ipam_pool_id.cloned(),
        name: glob.as_ref().and_then(Glob::exact),
        include_planned: is_true(&config.include_planned),
    })?;
    let wanted = |pool: &Pool| {
        glob.as_ref().is_none_or(|glob| glob.matches(&pool.meta.name))
            && config.locale.get().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && config.address_family.get().is_none_or(|family| pool.address_family == *family)
            && lookup::has_tags(&pool.tags, config.tags.get())
    };
    let Some(cidr) = config.contains_cidr.get() else { return Ok(pools.into_iter().filter(wanted).collect()) };
    let mut around = Around { cidr: *cidr, known: HashMap::new() };
    let mut found = Vec::new();
    for pool in pools {
        // Asked also of pools that are not wanted: what they do not contain, none below them does.
        if around.is_in(ipam, &pool)? && wanted(&pool) {
            found.push(pool);
        }
    }
    Ok(found)
}

/// Which pools contain a block.
struct Around {
    cidr: Cidr,
    known: HashMap<String, bool>,
}

impl Around {
    /// Pools are asked about parents first, so that whole subtrees are ruled out by their top.
    fn is_in(&mut self, ipam: &dyn Ipam, pool: &Pool) -> Result<bool, Error> {
        let above = pool.source_pool_id.as_ref().and_then(|source| self.known.get(source));
        let possible = pool.address_family == self.cidr.family() && above != Some(&false);
        let contains = possible && provisioned(ipam, pool)?.iter().any(|block| block.contains(&self.cidr));
        self.known.insert(pool.meta.id.clone(), contains);
        Ok(contains)
    }
}
