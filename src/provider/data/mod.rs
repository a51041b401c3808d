//! The data sources: one file each, and one line in [`all`].
//!
//! In addition to them: `facts` (the attributes of an object, the same in every data source), `lookup` (look-ups of one
//! object, and their errors). What the lists filter by is in `provider::filters`.
//!
//! Lists and look-ups by name skip planned records (holds) unless `include_planned` is true. A look-up by ID finds
//! them, because only the configuration that planned the object knows its ID.

mod allocation;
mod allocations;
mod events;
mod facts;
mod free_cidrs;
mod lookup;
mod pool;
mod pool_cidrs;
mod pools;
mod prefix_list;
mod preview_next_cidr;
mod report;
mod scope;
mod scopes;
#[cfg(test)]
mod tests;
mod utilization;
mod utilization_history;

use std::sync::Arc;

use crate::tf::ErasedDataSource;

use super::shared::Shared;

pub(super) use lookup::{explained, pool as pool_at};
pub(super) use scope::scope as scope_at;

/// All data sources.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedDataSource>> {
    vec![
        Box::new(allocation::AllocationData(Arc::clone(shared))),
        Box::new(allocations::AllocationsData(Arc::clone(shared))),
        Box::new(events::EventsData(Arc::clone(shared))),
        Box::new(free_cidrs::FreeCidrsData(Arc::clone(shared))),
        Box::new(pool::PoolData(Arc::clone(shared))),
        Box::new(pool_cidrs::PoolCidrsData(Arc::clone(shared))),
        Box::new(pools::PoolsData(Arc::clone(shared))),
        Box::new(prefix_list::PrefixListData(Arc::clone(shared))),
        Box::new(preview_next_cidr::PreviewNextCidrData(Arc::clone(shared))),
        Box::new(report::ReportData(Arc::clone(shared))),
        Box::new(scope::ScopeData(Arc::clone(shared))),
        Box::new(scopes::ScopesData(Arc::clone(shared))),
        Box::new(utilization::UtilizationData(Arc::clone(shared))),
        Box::new(utilization_history::UtilizationHistoryData(Arc::clone(shared))),
    ]
}
