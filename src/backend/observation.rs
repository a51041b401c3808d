//! The results of discoveries: resources with their blocks, public addresses, and the owners of blocks over time.
//!
//! These results come from scans that are minutes apart, so they may be older than the present state. A backend that
//! has results implements [`Observation`]; this module does not say how the backend gets them.

use jiff::Timestamp;

pub use crate::ipam::discovery::types::*;
use crate::ipam::{Cidr, Result};
pub use crate::ipam::{NoPlace, Unallocated, Unplaced};

/// A block that no allocation covers: the place of an allocation for it, or the reason why there is none.
pub type Place = std::result::Result<Unallocated, Unplaced>;

/// Queries for the results of discoveries.
pub trait Observation: Send + Sync {
    /// Accounts that a discovery covers, by account and Region.
    ///
    /// # Errors
    /// The errors of the backend.
    fn discovered_accounts(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredAccount>>;

    /// Blocks that a discovery found on resources, in any scope; by block and resource.
    ///
    /// # Errors
    /// The errors of the backend.
    fn discovered_resource_cidrs(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredCidr>>;

    /// Public addresses that a discovery found, by address.
    ///
    /// # Errors
    /// The errors of the backend.
    fn discovered_public_addresses(&self, filter: &DiscoveryFilter) -> Result<Seen<PublicAddress>>;

    /// Blocks of resources in scopes, compared with pools and with each other; by block and resource.
    ///
    /// # Errors
    /// The errors of the backend.
    fn resource_cidrs(&self, filter: &ResourceFilter) -> Result<Vec<ResourceCidr>>;

    /// Blocks of resources that no allocation covers, by scope and address, and only the largest of those that contain each
    /// other. With a pool, only blocks for that pool. `None` where the backend itself allocates the blocks that it finds.
    ///
    /// # Errors
    /// The errors of the backend.
    fn unallocated(&self, _filter: &ResourceFilter, _pool_id: Option<&str>) -> Result<Option<Vec<Place>>> {
        Ok(None)
    }

    /// The resource with exactly this block, if an allocation of this pool can cover it.
    ///
    /// # Errors
    /// The errors of the backend.
    fn unallocated_at(&self, _pool_id: &str, _cidr: Cidr) -> Result<Option<Unallocated>> {
        Ok(None)
    }

    /// The owners of a block in a window of time, the earliest first.
    ///
    /// # Errors
    /// The errors of the backend.
    fn address_history(&self, question: &HistoryQuestion) -> Result<History>;

    /// Ensures that the results for these targets (`None`: for all targets) were found at `since` or later, by a new
    /// scan where this backend can scan. Answers the targets whose results are still older.
    ///
    /// # Errors
    /// The errors of the backend; an error when the backend has nothing to scan with.
    fn freshen(&self, filter: Option<&DiscoveryFilter>, since: Timestamp) -> Result<Vec<DiscoveredAccount>> {
        let mut targets = self.discovered_accounts(&filter.cloned().unwrap_or_default())?.items;
        targets.retain(|target| target.last_success.is_none_or(|success| success < since));
        Ok(targets)
    }

    /// The time of the oldest result, where the backend knows it.
    ///
    /// # Errors
    /// The errors of the backend.
    fn oldest_sample(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }
}
