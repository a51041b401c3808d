//! The order of pools.

use crate::ipam::{Pool, PoolTree};

/// The key by which pools are sorted: by scope, depth-first, by name.
pub(super) fn sort_key(pool: &Pool, tree: &PoolTree) -> (String, Vec<String>, String) {
    let parts = tree.path(&pool.meta.id).unwrap_or_default().split('/').map(str::to_owned).collect();
    (pool.scope_id.clone(), parts, pool.meta.id.clone())
}

/// Pools in order of scope, depth-first, by name. `tree` has all pools.
pub(super) fn in_order(mut pools: Vec<Pool>, tree: &PoolTree) -> Vec<Pool> {
    pools.sort_by_cached_key(|pool| sort_key(pool, tree));
    pools
}
