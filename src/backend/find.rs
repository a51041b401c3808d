//! Finds objects by the text that a person or an import gives: an id, a path of names, a block, or a block and its
//! pool. Answers every object that the text may mean, so that the caller can report an ambiguous text. Active objects
//! come before objects that are only planned.

use super::{Ipam, PoolFilter};
use crate::ipam::{Allocation, Cidr, Kind, Meta, Pool, PoolCidr, ResourceType, Result, Scope, State};

/// Scopes by id or name.
///
/// # Errors
/// The errors of the backend.
pub fn scopes(ipam: &dyn Ipam, text: &str) -> Result<Vec<Scope>> {
    let found = match Kind::of_id(text) {
        Some(Kind::Scope) => ipam.get_scope(text)?,
        _ => ipam.find_scope(text)?,
    };
    Ok(found.into_iter().collect())
}

/// Pools by id, or by path: the end of a path (`eu-west-1`, `top/eu-west-1`), or the whole path after the name or id of
/// its scope (`lab/top/eu-west-1`).
///
/// # Errors
/// The errors of the backend.
pub fn pools(ipam: &dyn Ipam, text: &str) -> Result<Vec<Pool>> {
    if Kind::of_id(text) == Some(Kind::Pool) {
        return Ok(ipam.get_pool(text)?.into_iter().collect());
    }
    let mut found = ipam.find_pool(text)?;
    for (slash, _) in text.match_indices('/') {
        let (scope, path) = (&text[..slash], &text[slash + 1..]);
        for scope in scopes(ipam, scope)? {
            for pool in ipam.find_pool(path)? {
                if pool.scope_id == scope.meta.id && ipam.pool_path(&pool.meta.id)? == path {
                    found.push(pool);
                }
            }
        }
    }
    Ok(sorted_out(found, |pool| &pool.meta))
}

/// Pool CIDRs by id, by block and pool (`10.1.0.0/16_ipam-pool-...`, `10.1.0.0/16_top/eu-west-1`), or by the path of
/// the pool and the name.
///
/// # Errors
/// The errors of the backend.
pub fn pool_cidrs(ipam: &dyn Ipam, text: &str) -> Result<Vec<PoolCidr>> {
    if Kind::of_id(text) == Some(Kind::PoolCidr) {
        let is_in = |found: &PoolCidr, pool: &str| found.pool_id == pool;
        return Ok(by_id(text, |id| ipam.get_pool_cidr(id), is_in)?.into_iter().collect());
    }
    let mut found = Vec::new();
    if let Some((cidr, pool)) = block_and_pool(text) {
        for pool in pools(ipam, pool)? {
            found.extend(ipam.list_pool_cidrs(&pool.meta.id, true)?.into_iter().filter(|one| one.cidr == cidr));
        }
    }
    for (pool, name) in splits(text).filter(|_| found.is_empty()).collect::<Vec<_>>() {
        for pool in pools(ipam, pool)? {
            found.extend(ipam.list_pool_cidrs(&pool.meta.id, true)?.into_iter().filter(|one| one.meta.name == name));
        }
    }
    Ok(sorted_out(found, |one| &one.meta))
}

/// Allocations by id, also followed by the id of the pool as in hashicorp/aws (`ipam-pool-alloc-..._ipam-pool-...`), by
/// the path of the pool and the name, by block, or by block and pool (`10.0.0.0/24_ipam-pool-...`).
///
/// # Errors
/// The errors of the backend.
pub fn allocations(ipam: &dyn Ipam, text: &str) -> Result<Vec<Allocation>> {
    if Kind::of_id(text) == Some(Kind::Allocation) {
        let is_in = |found: &Allocation, pool: &str| found.pool_id == pool;
        return Ok(by_id(text, |id| ipam.get_allocation(id), is_in)?.into_iter().collect());
    }
    let mut found = Vec::new();
    for (pool, name) in splits(text) {
        for pool in pools(ipam, pool)? {
            found.extend(ipam.find_allocation(&pool.meta.id, name)?);
        }
    }
    let (block, within) = match block_and_pool(text) {
        Some((block, pool)) => (Some(block), pools(ipam, pool)?),
        None => match text.parse::<Cidr>() {
            Ok(block) => (Some(block), ipam.list_pools(&PoolFilter::default())?),
            Err(_) => (None, Vec::new()),
        },
    };
    if let Some(block) = block {
        for pool in within.iter().filter(|pool| pool.cidrs.iter().any(|cidr| cidr.contains(&block))) {
            let at = ipam.allocation_at(&pool.meta.id, block)?;
            // Space that rests is no allocation. Only its ID names it.
            found.extend(at.filter(|one| one.cidr == block && !one.meta.is_resting));
        }
    }
    let is_space = |one: &Allocation| one.resource_type == ResourceType::IpamPool;
    if !found.iter().all(is_space) {
        // The allocation that stands for the space of a pool below is not meant when there is another allocation.
        found.retain(|one| !is_space(one));
    }
    Ok(sorted_out(found, |one| &one.meta))
}

/// The object with this id, or with this id followed by the id of its pool.
fn by_id<T>(
    text: &str,
    get: impl Fn(&str) -> Result<Option<T>>,
    is_in: impl Fn(&T, &str) -> bool,
) -> Result<Option<T>> {
    if let Some(found) = get(text)? {
        return Ok(Some(found));
    }
    let Some((id, pool)) = text.split_once('_') else { return Ok(None) };
    Ok(get(id)?.filter(|found| is_in(found, pool)))
}

/// Every way to split a path into a pool and a name: both may contain slashes.
fn splits(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.rmatch_indices('/').map(|(slash, _)| (&text[..slash], &text[slash + 1..]))
}

/// The parts of a text that names a block and its pool, such as `10.0.0.0/24_ipam-pool-...`.
pub fn block_and_pool(text: &str) -> Option<(Cidr, &str)> {
    let (cidr, pool) = text.split_once('_')?;
    Some((cidr.parse().ok()?, pool))
}

/// Each object once, and only the active ones when there are any.
fn sorted_out<T>(mut found: Vec<T>, meta: impl Fn(&T) -> &Meta) -> Vec<T> {
    if found.iter().any(|one| meta(one).state == State::Active) {
        found.retain(|one| meta(one).state == State::Active);
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|one| seen.insert(meta(one).id.clone()));
    found
}
