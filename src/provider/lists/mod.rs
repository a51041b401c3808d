//! The list resources (`terraform query`): one file each, and one line in [`all`]. Each lists what can be imported as one
//! type of resource, so holds, and objects that belong to another object, are in no list.

mod allocations;
mod discovered;
mod entries;
mod pool_cidrs;
mod pools;
mod scopes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::tf::ErasedListResource;

use super::shared::Shared;

/// All list resources.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedListResource>> {
    vec![
        Box::new(scopes::ScopeList(Arc::clone(shared))),
        Box::new(pools::PoolList(Arc::clone(shared))),
        Box::new(pool_cidrs::PoolCidrList(Arc::clone(shared))),
        Box::new(allocations::AllocationList(Arc::clone(shared))),
    ]
}
