//! The trait that resources and commands call.

use jiff::Timestamp;

use super::administration::Administration;
use super::observation::Observation;
use super::service::{DiscoveryNoun, Keeps, ResourceCidrNoun, Service};
use super::{
    AddressSets, AllocationSets, Allocations, Audit, Capabilities, DualStacks, FreeSpace, History, Holds, PoolCidrs,
    Pools, Preview, Result, Scopes,
};
use crate::ipam::{Error, OnlySelfManaged, Overview, OverviewQuery, Unsupported};

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

    /// Allocation sets, when this backend can plan and change several allocations together.
    fn allocation_sets(&self) -> Option<&dyn AllocationSets> {
        None
    }

    /// Allocation sets.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where each allocation is made by itself.
    fn require_allocation_sets(&self) -> Result<&dyn AllocationSets> {
        self.allocation_sets()
            .ok_or(Error::Unsupported { what: Unsupported::OnlySelfManaged(OnlySelfManaged::AllocationSets) })
    }

    /// Address sets, when this backend can keep single addresses in an allocation.
    fn address_sets(&self) -> Option<&dyn AddressSets> {
        None
    }

    /// Address sets.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where an allocation is a block without single addresses.
    fn require_address_sets(&self) -> Result<&dyn AddressSets> {
        self.address_sets()
            .ok_or(Error::Unsupported { what: Unsupported::OnlySelfManaged(OnlySelfManaged::AddressSets) })
    }

    /// Dual-stack allocations, when this backend can plan and change two allocations together.
    fn dual_stacks(&self) -> Option<&dyn DualStacks> {
        None
    }

    /// Dual-stack allocations.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where each allocation is made by itself.
    fn require_dual_stacks(&self) -> Result<&dyn DualStacks> {
        self.dual_stacks().ok_or(Error::Unsupported { what: Unsupported::OnlySelfManaged(OnlySelfManaged::DualStacks) })
    }

    /// The recorded events, when this backend records them.
    fn history(&self) -> Option<&dyn History> {
        None
    }

    /// The recorded events.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where no events are recorded.
    fn require_history(&self) -> Result<&dyn History> {
        self.history().ok_or(Error::Unsupported { what: Unsupported::Events })
    }

    /// The operations that only a service has, when this backend is a service.
    fn service(&self) -> Option<&(dyn Service + 'static)> {
        None
    }

    /// The keeper of discoveries, when this backend has them.
    fn discoveries(&self) -> Option<&dyn Keeps<DiscoveryNoun>> {
        self.service().map(|service| service as _)
    }

    /// The keeper of treatments of blocks on resources, when this backend has them.
    fn treatments(&self) -> Option<&dyn Keeps<ResourceCidrNoun>> {
        self.service().map(|service| service as _)
    }

    /// The results of discoveries, when this backend has them.
    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        None
    }

    /// The operations for administrators, when this backend is a self-managed store.
    fn administration(&self) -> Option<&dyn Administration> {
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
