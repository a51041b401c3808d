//! The backends that resources and commands call: the trait [`Ipam`] with its parts, and its implementation over a
//! self-managed store.
//!
//! Every call blocks; run it off the async threads.

mod account;
mod actor;
mod allocation;
pub mod allocation_json;
pub mod explain;
pub mod files;
pub mod find;
mod free_space;
mod group;
mod history;
mod holdable;
mod holds;
mod local;
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
pub use allocation::Allocations;
pub use explain::{Explanation, explain};
pub use free_space::FreeSpace;
pub use group::{GROUP_SIZE_MAX, Group};
pub use history::History;
pub use holdable::Holdable;
pub use holds::Holds;
pub use local::{Counted, Local, Looked, LookedAt, LookedPlace, Progress, Surroundings};
pub use noun::Noun;
pub use pool::Pools;
pub use pool_cidr::{PoolCidrChange, PoolCidrs};
pub use preview::{New, Preview};
pub use run::current_run;
pub use scope::Scopes;

use jiff::Timestamp;

pub use crate::ipam::{
    AllocationChange, AllocationFilter, Audit, EventFilter, Finding, Forecast, HistoryQuery, Mark, Match, Planned,
    PoolChange, PoolFilter, Resize, Result, ScopeChange, Tenure, Terms, TrendPoint, Utilization, forecast,
};
use crate::ipam::{Error, Overview, OverviewQuery, Unsupported};

/// Abilities of a backend. The provider reports the use of a missing ability as a diagnostic at plan time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether pools place allocations by any [`crate::ipam::Strategy`], rather than by the service's own only.
    pub strategies: bool,
    /// Whether there can be public scopes in addition to the default one.
    pub public_scopes: bool,
    /// Whether the survey of a discovery can be configured: its roles, its files, and the kinds of resources. Otherwise
    /// a discovery covers the organization, except the parts that are excluded.
    pub surveys: bool,
    /// Whether pools, their CIDRs and scopes can have settings that only AWS has ([`crate::ipam::OnlyAws`]).
    pub special: bool,
    /// Tags in which the backend keeps other attributes of an object (its name, ...). Users cannot set these tags.
    pub reserved_tags: ReservedTags,
}

/// Keys of tags in which a backend keeps other attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReservedTags {
    /// Exact keys.
    pub keys: &'static [&'static str],
    /// Prefixes of keys.
    pub prefixes: &'static [&'static str],
}

impl ReservedTags {
    /// The reserved key or prefix that `key` matches.
    pub fn hit(&self, key: &str) -> Option<&'static str> {
        let exact = self.keys.iter().find(|reserved| **reserved == key);
        exact.or_else(|| self.prefixes.iter().find(|prefix| key.starts_with(**prefix))).copied()
    }
}

/// All parts of [`Ipam`]: code that has a concrete backend imports them, to call their methods.
pub mod prelude {
    pub use super::{Allocations, FreeSpace, History, Holds, Ipam, PoolCidrs, Pools, Preview, Scopes};
}

/// IP address management over some kind of storage.
///
/// `create_*` turns the hold of a plan into the object, and is idempotent. `get_*` answers `None` for an object that is
/// gone (lapsed holds too). `delete_*` of an object that is gone succeeds. A part that not every backend has is behind a
/// method that answers `None` where it is missing.
pub trait Ipam: Scopes + Pools + PoolCidrs + Allocations + Preview + FreeSpace {
    /// What this backend can and cannot do.
    fn capabilities(&self) -> Capabilities;

    /// The holds of plans, when this backend can hold anything. Without them, the ids and addresses of new objects are
    /// known after apply.
    fn holds(&self) -> Option<&dyn Holds> {
        None
    }

    /// The recorded events, when this backend records them.
    fn history(&self) -> Option<&dyn History> {
        None
    }

    /// The recorded events.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Unsupported`] where no events are recorded.
    fn require_history(&self) -> Result<&dyn History> {
        self.history().ok_or(Error::Unsupported { what: Unsupported::Events })
    }

    /// The operations that only a service has, when this backend is a service.
    fn service(&self) -> Option<&(dyn service::Service + 'static)> {
        None
    }

    /// The keeper of discoveries, when this backend has them.
    fn discoveries(&self) -> Option<&dyn service::Keeps<service::DiscoveryNoun>> {
        self.service().map(|service| service as _)
    }

    /// The keeper of treatments of blocks on resources, when this backend has them.
    fn treatments(&self) -> Option<&dyn service::Keeps<service::ResourceCidrNoun>> {
        self.service().map(|service| service as _)
    }

    /// The results of discoveries, when this backend has them.
    fn observation(&self) -> Option<&(dyn observation::Observation + 'static)> {
        None
    }

    /// Verifies everything: free, held and used space are disjoint and add up to the provisioned space; indexes; event
    /// chain.
    fn check(&self) -> Result<Audit>;

    /// Pools with their paths, blocks, sums and allocations, and the data of a report, as they are at one time.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the query names a pool that does not exist.
    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview>;

    /// The owner for whom this backend acts; `None` where objects do not have owners.
    fn owner(&self) -> Option<&str> {
        None
    }

    /// The time by which this backend judges holds.
    fn now(&self) -> Timestamp;

    /// The location of the data, in words, without secrets.
    fn describe(&self) -> String;
}
