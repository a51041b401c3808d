//! What was seen in accounts: resources with their blocks, public addresses, and who had which block when.
//!
//! Everything here was sampled, minutes apart: it is what somebody saw, not what is. A backend that has seen something
//! implements [`Observation`]; nothing here says how it came to see it.

use jiff::Timestamp;

use crate::ipam::Result;
pub use crate::ipam::seen::*;

/// What was seen.
pub trait Observation: Send + Sync {
    /// Accounts that a discovery looks at, by account and Region.
    ///
    /// # Errors
    /// What the backend refused.
    fn discovered_accounts(&self, spot: &Spot) -> Result<Seen<DiscoveredAccount>>;

    /// Blocks that a discovery has seen on resources, whatever scope they are in; by block and resource.
    ///
    /// # Errors
    /// What the backend refused.
    fn discovered_resource_cidrs(&self, spot: &Spot) -> Result<Seen<DiscoveredCidr>>;

    /// Public addresses that a discovery has seen, by address.
    ///
    /// # Errors
    /// What the backend refused.
    fn discovered_public_addresses(&self, spot: &Spot) -> Result<Seen<PublicAddress>>;

    /// Blocks of resources in scopes, compared with pools and with each other; by block and resource.
    ///
    /// # Errors
    /// What the backend refused.
    fn resource_cidrs(&self, filter: &ResourceFilter) -> Result<Vec<ResourceCidr>>;

    /// Who had a block in a window of time, the earliest first.
    ///
    /// # Errors
    /// What the backend refused.
    fn address_history(&self, question: &HistoryQuestion) -> Result<History>;

    /// Sees to it that what is told of these places (`None`: of all there are) was seen at `since` or later, by looking
    /// again where this backend can. Answers the places of which that does not hold all the same.
    ///
    /// # Errors
    /// What the backend refused; that there is nothing to look with.
    fn freshen(&self, spot: Option<&Spot>, since: Timestamp) -> Result<Vec<DiscoveredAccount>> {
        let mut places = self.discovered_accounts(&spot.cloned().unwrap_or_default())?.items;
        places.retain(|place| place.last_success.is_none_or(|success| success < since));
        Ok(places)
    }

    /// When the oldest of all that is told was seen, where the backend says so.
    ///
    /// # Errors
    /// What the backend refused.
    fn oldest_sample(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }
}
