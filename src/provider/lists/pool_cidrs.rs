//! The list resource `ipam_pool_cidr`.

use std::sync::Arc;

use crate::backend::PoolFilter;
use crate::ipam::{Error, Pool, PoolCidr};
use crate::provider::data::{explained, pool_at};
use crate::provider::resources::pool_cidr::PoolCidrModel;
use crate::provider::shared::{Configured, Shared};
use crate::tf::{Diagnostics, Entries, Found, ListOptions, ListResource, Path};
use crate::{at, model};

use super::entries::entries;

model! {
    /// Lists pool CIDRs, sorted by pool and address. CIDRs that belong to the declaration of a pool (`cidrs` or
    /// `netmask_length` of `ipam_pool`) are not listed: a pool has them as its arguments.
    pub(crate) struct PoolCidrListModel {
        /// ID of a pool. Only CIDRs of this pool are listed. Default: all pools.
        ipam_pool_id: String => optional(),
    }
}

pub(super) struct PoolCidrList(pub(super) Arc<Shared>);

impl ListResource for PoolCidrList {
    type Config = PoolCidrListModel;
    type Object = PoolCidrModel;
    const TYPE: &'static str = "ipam_pool_cidr";

    fn list<'a>(
        &'a self,
        config: PoolCidrListModel,
        options: ListOptions,
    ) -> Result<Entries<'a, Found<PoolCidrModel>>, Diagnostics> {
        let configured = self.0.ready()?;
        let pools = pools(&configured, config.ipam_pool_id.get(), at!(PoolCidrListModel, ipam_pool_id))?;
        let of_pools = Arc::clone(&configured);
        // The CIDRs of a pool are read when the client has those of the pools before.
        let found = pools.into_iter().flat_map(move |pool| match cidrs(&of_pools, &pool) {
            Ok(found) => found.into_iter().map(|one| Ok(named(&pool, one))).collect(),
            Err(errors) => vec![Err(errors)],
        });
        Ok(entries(configured, options, found))
    }
}

/// The pool with this ID, or all pools.
///
/// # Errors
/// At `path`, if there is no such pool.
pub(super) fn pools(configured: &Configured, id: Option<&String>, path: Path) -> Result<Vec<Pool>, Diagnostics> {
    let ipam = configured.ipam.as_ref();
    match id {
        Some(id) => Ok(vec![pool_at(ipam, id, path)?]),
        None => ipam.list_pools(&PoolFilter::default()).map_err(explained(Path::root())),
    }
}

/// The CIDRs of a pool. A pool that was deleted after the list began has none.
fn cidrs(configured: &Configured, pool: &Pool) -> Result<Vec<PoolCidr>, Diagnostics> {
    match configured.ipam.list_pool_cidrs(&pool.meta.id, false) {
        Err(Error::NotFound { .. }) => Ok(Vec::new()),
        found => found.map_err(explained(Path::root())),
    }
}

fn named(pool: &Pool, pool_cidr: PoolCidr) -> (PoolCidr, String) {
    let name = format!("{} in {}", pool_cidr.cidr, pool.meta.name);
    (pool_cidr, name)
}
