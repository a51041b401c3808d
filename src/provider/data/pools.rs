//! `ipam_pools`: lists pools with common properties.

use std::collections::HashMap;
use std::sync::Arc;

use crate::backend::Ipam;
use crate::ipam::{Error, PoolOverview, ScopeType};
use crate::provider::filters::{pool_filters, wanted_pools};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::facts::PoolFacts;
use super::lookup::{self, explained, is_true};
use super::scope;

model! {
    /// Lists pools, with each pool before the pools below it. Each argument narrows the list; without arguments, the
    /// list contains all pools. If no pool matches, the list is empty.
    pub(super) struct PoolsModel {
        include pool_filters;
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
    let (pools, scopes) = wanted_pools!(config).of(ipam, is_true(&config.include_planned))?;
    let scope_types: HashMap<String, ScopeType> =
        scopes.into_iter().map(|scope| (scope.meta.id, scope.scope_type)).collect();
    let facts = |one: PoolOverview| {
        let cidrs = one.provisioned().collect();
        let scope_type = scope_types.get(&one.pool.scope_id).copied();
        PoolFacts::of(one.pool, one.path, scope_type, cidrs)
    };
    Ok(pools.into_iter().map(facts).collect())
}
