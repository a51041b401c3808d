//! What every backend does with pools.

use crate::ipam::{Planned, Pool, PoolChange, PoolFilter, PoolSpec, Result};

/// The pools of a backend.
pub trait Pools: Send + Sync {
    /// Creates a pool with its blocks, or turns the hold of a plan into it.
    fn create_pool(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool>;

    /// Changes a pool, and its blocks if `change` has others.
    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool>;

    /// Deletes a pool. `cascade` also deletes everything inside. Without it, a pool that is not empty is [`crate::ipam::Error::InUse`].
    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()>;

    /// `None` when the pool is gone.
    fn get_pool(&self, id: &str) -> Result<Option<Pool>>;

    /// The pools by scope, depth-first, by name: parents before children.
    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>>;

    /// Every pool, planned ones too, that `path` names, in the order of [`Pools::list_pools`]; empty when there is none.
    ///
    /// `path` is a pool's own name (`prod`: any depth), or the end of its path (`eu-west-1/prod`: a pool `prod` right
    /// inside a pool `eu-west-1`), up to the whole path from the top-level pool (`top/eu-west-1/prod`, see
    /// [`Pools::pool_path`]). Pools of all scopes count. A name may itself contain `/`: a pool matches when its whole
    /// path equals `path` or ends in `/` and `path`. Costs no more than looking up the names.
    fn find_pool(&self, path: &str) -> Result<Vec<Pool>>;

    /// The names from the top-level pool down to this one, joined by `/`: `top/eu-west-1/prod`. [`crate::ipam::Error::NotFound`]
    /// when the pool is gone.
    fn pool_path(&self, id: &str) -> Result<String>;
}
