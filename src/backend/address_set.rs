//! The part of a backend that keeps single addresses in allocations.

use crate::ipam::{AddressAnswer, AddressChange, AddressRequest, Result, Terms};

/// Address sets: names of single addresses in one allocation, or in an IPv4 and an IPv6 allocation. All addresses of a set are
/// held, given out and released together, or none of them. An error about an address is [`crate::ipam::Error::Addresses`].
pub trait AddressSets: Send + Sync {
    /// Finds or places the hold of the addresses.
    fn plan_addresses(&self, request: &AddressRequest, terms: &Terms) -> Result<AddressAnswer>;

    /// The plan of a set, without a write.
    fn preview_addresses(&self, request: &AddressRequest) -> Result<AddressAnswer>;

    /// Gives out the addresses that the plan showed.
    fn apply_addresses(&self, change: &AddressChange) -> Result<AddressAnswer>;

    /// Releases the addresses of a set in these allocations. Addresses that are gone stay gone.
    fn delete_addresses(&self, id: &str, allocations: &[String]) -> Result<()>;

    /// The set with this id in these allocations, as applies made it; `None` when it is gone.
    fn get_address_set(&self, id: &str, allocations: &[String]) -> Result<Option<AddressAnswer>>;

    /// Marks a set as being in a Terraform state. Does nothing when it is marked already or gone.
    fn confirm_addresses(&self, id: &str, allocations: &[String]) -> Result<()>;

    /// Gives a set that is in a Terraform state, and not in this backend, its id and its addresses again. `false`: they were
    /// released.
    ///
    /// # Errors
    /// As [`AddressSets::apply_addresses`].
    fn restore_addresses(&self, change: &AddressChange) -> Result<bool>;
}
