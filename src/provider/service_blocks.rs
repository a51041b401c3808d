//! The block of a new pool or pool CIDR by size in a service, for a client that carries what a plan shows to the second plan
//! and to apply (Terraform 1.16 and later).
//!
//! A service holds nothing for a plan and previews only allocations. So the provider chooses the first free block of the
//! source pool from the lists of the service, and the apply provisions exactly that block.

use crate::backend::New;
use crate::ipam::{Cidr, Error};
use crate::tf::{Diagnostics, Plan};

use super::create::{Request, is_growing};
use super::errors;
use super::shown::{Carried, plan_again};

/// A block that a service is to take from a pool.
pub(super) struct Wanted<'a> {
    pub(super) source_pool_id: &'a str,
    pub(super) netmask_length: u8,
    /// The name of the new object, which tells the requests of one plan apart.
    pub(super) name: &'a str,
}

/// The block that the plan shows. `None`: it is known after apply, because no such block is free now or the client does not
/// carry private data.
///
/// # Errors
/// When an earlier plan showed a block that is taken by now.
pub(super) fn show<M>(
    request: &Request<'_>,
    plan: &mut Plan<M>,
    new: New<'_>,
    wanted: &Wanted<'_>,
) -> Result<Option<Cidr>, Diagnostics> {
    let ipam = request.configured.ipam.as_ref();
    if !plan.carries_private || ipam.holds().is_some() || is_growing(request.shared, new) {
        return Ok(None);
    }
    let kept = plan.first_plan.as_ref().map(Carried::of).transpose()?.flatten().and_then(|kept| kept.cidr);
    if kept.is_none() && plan.committing {
        return Ok(None);
    }
    // One choice at a time, so that no two new objects show the same block.
    let mut shown = request.shared.session.previews();
    let free = match ipam.free_cidrs(wanted.source_pool_id, Some(wanted.netmask_length), usize::MAX) {
        Ok(free) => free,
        // The identity that plans may have fewer permissions than the identity that applies.
        Err(Error::Service(fault)) => {
            tracing::debug!(?fault, "the block is known after apply");
            return Ok(None);
        }
        Err(error) => return Err(errors::at(&error, (request.attribute_for)(&error))),
    };
    let block = match kept {
        Some(cidr) if free.iter().any(|block| block.contains(&cidr)) => Some(cidr),
        Some(cidr) => {
            let taken = Error::Overlap { cidr, with: Vec::new() };
            return Err(plan_again(errors::at(&taken, (request.attribute_for)(&taken)), Some(cidr)));
        }
        None => {
            let others = shown.of_others(wanted.source_pool_id, wanted.name);
            free.iter().find_map(|block| block.first_apart(wanted.netmask_length, &others))
        }
    };
    if let Some(cidr) = block {
        shown.add(wanted.source_pool_id, wanted.name, cidr);
        Carried::block("", cidr).carry(&mut plan.private);
    }
    Ok(block)
}
