//! What every backend does with allocations.

use crate::ipam::{Allocation, AllocationChange, AllocationFilter, AllocationSpec, Cidr, Error, Planned, Result};

/// The allocations of a backend.
pub trait Allocations: Send + Sync {
    /// Allocates a block, or turns the hold of a plan into the allocation.
    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation>;

    /// Changes an allocation, and its size if `change` has another one.
    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation>;

    /// Releases the block of an allocation.
    fn delete_allocation(&self, id: &str) -> Result<()>;

    /// `None` when the allocation is gone.
    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>>;

    /// The allocations by pool, then by address.
    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>>;

    /// A page of the allocations of a pool by address: those behind the block `after`, at most `limit`, with holds and the
    /// space of pools below. A backend without pages answers all of them as the first page. Empty at the end, and when there
    /// is no such pool.
    fn allocations_page(&self, pool_id: &str, after: Option<Cidr>, _limit: usize) -> Result<Vec<Allocation>> {
        if after.is_some() {
            return Ok(Vec::new());
        }
        let filter = AllocationFilter {
            pool_id: Some(pool_id.to_owned()),
            include_planned: true,
            include_pools: true,
            ..AllocationFilter::default()
        };
        match self.list_allocations(&filter) {
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            all => all,
        }
    }

    /// The custom allocation of exactly that name in exactly that pool, a hold too (an active one before a hold of the
    /// same name); `None` when there is no such allocation or pool. Reads the name index, not all allocations.
    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>>;

    /// The allocation of exactly that pool whose block contains `address` (a single address or a whole block), holds
    /// and the space of pools below included; `None` when no single allocation contains all of `address`, or when there
    /// is no such pool. Looks up the blocks around `address`, not all allocations.
    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>>;
}
