//! The order of pools, and their paths.

use std::collections::HashMap;

use crate::ipam::Pool;

/// The names from the top-level pool down to this pool, joined by `/`.
pub(super) fn path(pool: &Pool, by_id: &HashMap<&str, &Pool>) -> String {
    let mut names = vec![pool.meta.name.as_str()];
    let mut above = pool.source_pool_id.as_deref();
    // A pool that is shared with this account has a source pool that is not visible.
    while let Some(pool) = above.and_then(|id| by_id.get(id)) {
        names.push(&pool.meta.name);
        above = pool.source_pool_id.as_deref();
    }
    names.reverse();
    names.join("/")
}

pub(super) fn by_id(pools: &[Pool]) -> HashMap<&str, &Pool> {
    pools.iter().map(|pool| (pool.meta.id.as_str(), pool)).collect()
}

/// Pools in order of scope, depth-first, by name.
pub(super) fn in_order(pools: Vec<Pool>, all: &[Pool]) -> Vec<Pool> {
    let all = by_id(all);
    let mut keyed: Vec<_> = pools
        .into_iter()
        .map(|pool| {
            let parts: Vec<String> = path(&pool, &all).split('/').map(str::to_owned).collect();
            ((pool.scope_id.clone(), parts, pool.meta.id.clone()), pool)
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.into_iter().map(|(_, pool)| pool).collect()
}
