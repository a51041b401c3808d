//! Allocations that an import adopts before they exist: a scan found a resource with the block, and no allocation covers it.
//!
//! An import reads and writes nothing, so its state has no `id` yet. The plan that follows shows a change in place: it holds
//! the block, as for every new allocation, and apply makes the allocation. Such an import, and the identity in a list, names
//! the block and the pool: `10.0.0.0/16_ipam-pool-...`.

use crate::backend::find;
use crate::backend::observation::Unallocated;
use crate::ipam::discovery::id_in_name;
use crate::ipam::{Cidr, Kind};
use crate::tf::{Diagnostics, Path};

use super::super::errors;
use super::super::shared::Configured;

/// The Region of a resource in a file that names none.
const NO_REGION: &str = "none";

/// What an import names the allocation of a block by, before it has an ID.
pub(in crate::provider) fn candidate_id(pool_id: &str, cidr: &Cidr) -> String {
    format!("{cidr}_{pool_id}")
}

/// Whether an identity has this form.
pub(super) fn is_candidate_id(id: &str) -> bool {
    find::block_and_pool(id).is_some_and(|(_, pool)| Kind::of_id(pool) == Some(Kind::Pool))
}

/// The block that an import with this text adopts, if there is no allocation of it yet.
///
/// # Errors
/// The errors of the backend.
pub(super) fn find(configured: &Configured, id: &str) -> Result<Option<Unallocated>, Diagnostics> {
    let ipam = configured.ipam.as_ref();
    let (Some((cidr, pool)), Some(observation)) = (find::block_and_pool(id), ipam.observation()) else {
        return Ok(None);
    };
    let found = find::pools(ipam, pool).and_then(|pools| match &pools[..] {
        [pool] => observation.unallocated_at(&pool.meta.id, cidr),
        _ => Ok(None),
    });
    found.map_err(|error| errors::at(&error, Path::root()))
}

/// The name of the allocation, which is that of an automatic import.
pub(super) fn name(resource_id: &str, cidr: &Cidr) -> String {
    // A block in a file can be its own ID.
    if resource_id == cidr.to_string() {
        resource_id.to_owned()
    } else {
        format!("{}_{cidr}", id_in_name(resource_id.trim()))
    }
}

/// The description of the allocation.
pub(super) fn description(found: &Unallocated) -> String {
    let account = found.owner_id.as_ref().map(|owner| format!(" of account {owner}")).unwrap_or_default();
    let region = if found.region == NO_REGION { String::new() } else { format!(" in {}", found.region) };
    format!("Space of {} {}{account}{region}.", found.resource_type, found.resource_id)
}
