//! The list resource `ipam_pool`.

use std::sync::Arc;

use crate::provider::data::{explained, pool_at, scope_at};
use crate::provider::filters::{pool_filters, wanted_pools};
use crate::provider::resources::pool::PoolModel;
use crate::provider::shared::Shared;
use crate::tf::{Diagnostics, Entries, Found, ListOptions, ListResource, Path};
use crate::{at, model};

use super::entries::entries;

model! {
    /// Lists pools, with each pool before the pools below it. Each argument narrows the list; without arguments, the
    /// list contains all pools.
    pub(crate) struct PoolListModel {
        include pool_filters;
    }
}

pub(super) struct PoolList(pub(super) Arc<Shared>);

impl ListResource for PoolList {
    type Config = PoolListModel;
    type Object = PoolModel;
    const TYPE: &'static str = "ipam_pool";

    fn list<'a>(
        &'a self,
        config: PoolListModel,
        options: ListOptions,
    ) -> Result<Entries<'a, Found<PoolModel>>, Diagnostics> {
        let configured = self.0.ready()?;
        let ipam = configured.ipam.as_ref();
        if let Some(id) = config.ipam_scope_id.get() {
            scope_at(ipam, id, at!(PoolListModel, ipam_scope_id))?;
        }
        if let Some(id) = config.source_ipam_pool_id.get() {
            pool_at(ipam, id, at!(PoolListModel, source_ipam_pool_id))?;
        }
        let (pools, _) = wanted_pools!(config).of(ipam, false).map_err(explained(Path::root()))?;
        Ok(entries(configured, options, pools.into_iter().map(|one| Ok((one.pool, one.path)))))
    }
}
