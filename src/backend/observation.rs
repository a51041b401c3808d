//! The results of discoveries: resources with their blocks, public addresses, and the owners of blocks over time.
//!
//! These results come from scans that are minutes apart, so they may be older than the present state. A backend that
//! has results implements [`Observation`]; this module does not say how the backend gets them.

use jiff::Timestamp;

use crate::ipam::Result;
pub use crate::ipam::discovery::types::*;

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
