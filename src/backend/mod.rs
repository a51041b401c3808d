//! The backends that resources and commands call: the trait [`Ipam`] with its parts, and its implementation over a
//! self-managed store.
//!
//! Every call blocks; run it off the async threads.

mod account;
mod actor;
mod address_set;
mod administration;
mod allocation;
pub mod allocation_json;
mod allocation_set;
mod capabilities;
mod dual_stack;
pub mod explain;
pub mod files;
pub mod find;
mod free_space;
mod group;
mod history;
mod holdable;
mod holds;
mod ipam;
mod local;
pub mod migration;
mod noun;
pub mod observation;
mod pool;
mod pool_cidr;
mod preview;
pub mod report;
mod run;
mod scope;
pub mod scout;
pub mod service;
#[cfg(test)]
pub(crate) mod testing;
pub mod upkeep;

pub use actor::actor;
pub use address_set::AddressSets;
pub use administration::Administration;
pub use allocation::Allocations;
pub use allocation_set::AllocationSets;
pub use capabilities::{Capabilities, ReservedTags};
pub use dual_stack::DualStacks;
pub use explain::{Explanation, explain};
pub use free_space::FreeSpace;
pub use group::{GROUP_SIZE_MAX, Group};
pub use history::History;
pub use holdable::Holdable;
pub use holds::Holds;
pub use ipam::Ipam;
pub use local::{DiscoveryScan, Local, Progress, Scans, SightingCounts, Surroundings, TargetScan};
pub use noun::Noun;
pub use pool::Pools;
pub use pool_cidr::{PoolCidrChange, PoolCidrs};
pub use preview::{Made, New, Preview};
pub use run::current_run;
pub use scope::Scopes;

pub use crate::ipam::{
    AllocationChange, AllocationFilter, Audit, EventFilter, Finding, Forecast, HistoryQuery, Mark, Match, Planned,
    PoolChange, PoolFilter, Resize, Result, ScopeChange, Tenure, Terms, TrendPoint, Utilization, forecast,
};

/// All parts of [`Ipam`]: code that has a concrete backend imports them, to call their methods.
pub mod prelude {
    pub use super::{AllocationSets, Allocations, FreeSpace, History, Holds, Ipam, PoolCidrs, Pools, Preview, Scopes};
}
