//! The space that a planned growth waits for, because the same apply gives it up. Only a backend with holds has such a
//! growth.

use crate::backend::Ipam;
use crate::ipam::{Error, GivenUp};

/// What the growth that a plan of the allocation shows waits for.
///
/// # Errors
/// The errors of the backend.
pub(super) fn allocation_waits_for(ipam: &dyn Ipam, id: &str) -> Result<Vec<GivenUp>, Error> {
    if ipam.holds().is_none() {
        return Ok(Vec::new());
    }
    let waiting = ipam.get_allocation(id)?.and_then(|found| found.waiting_growth);
    Ok(waiting.map(|waiting| waiting.waits_for).unwrap_or_default())
}

/// What the growth of the pool's blocks that a plan shows waits for.
///
/// # Errors
/// The errors of the backend.
pub(super) fn pool_waits_for(ipam: &dyn Ipam, pool_id: &str) -> Result<Vec<GivenUp>, Error> {
    if ipam.holds().is_none() {
        return Ok(Vec::new());
    }
    let mut waits_for = Vec::new();
    for found in ipam.list_pool_cidrs(pool_id, false)? {
        let Some(id) = found.source_allocation_id else { continue };
        let waiting = ipam.get_allocation(&id)?.and_then(|source| source.waiting_growth);
        waits_for.extend(waiting.into_iter().flat_map(|waiting| waiting.waits_for));
    }
    Ok(waits_for)
}
