//! `ipam_pools`: lists pools with common properties.

use std::collections::HashMap;
use std::sync::Arc;

use crate::backend::{Ipam, PoolFilter};
use crate::ipam::{Cidr, Error, Family, Pool, Tags};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::facts::{Places, PoolFacts, provisioned};
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
        let pools = matching(ipam, &config).map_err(explained(Path::root()))?;
        let mut places = Places::default();
        let mut listed = Vec::new();
        for pool in pools {
            match PoolFacts::of(ipam, pool, &mut places) {
                Ok(facts) => listed.push(facts),
                // The pool was deleted after it was listed.
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
        // Pools that are not requested are checked as well: if a pool does not contain the block, no pool below it
        // does.
        if around.is_in(ipam, &pool)? && wanted(&pool) {
            found.push(pool);
        }
    }
    Ok(found)
}

/// The pools that contain a block.
struct Around {
    cidr: Cidr,
    known: HashMap<String, bool>,
}

impl Around {
    /// Parents are checked first, so one check can exclude a whole subtree.
    fn is_in(&mut self, ipam: &dyn Ipam, pool: &Pool) -> Result<bool, Error> {
        let above = pool.source_pool_id.as_ref().and_then(|source| self.known.get(source));
        let possible = pool.address_family == self.cidr.family() && above != Some(&false);
        let contains = possible && provisioned(ipam, pool)?.iter().any(|block| block.contains(&self.cidr));
        self.known.insert(pool.meta.id.clone(), contains);
        Ok(contains)
    }
}
