//! What every backend does with the CIDRs of pools.

use crate::ipam::{Planned, PoolCidr, PoolCidrSpec, Result};

/// The CIDRs that are provisioned to the pools of a backend.
pub trait PoolCidrs: Send + Sync {
    /// Provisions a block to a pool, or turns the hold of a plan into it.
    fn create_pool_cidr(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr>;

    /// Renames a pool CIDR. `None` gives it the name of its block. Does nothing where pool CIDRs have no names.
    fn rename_pool_cidr(&self, _id: &str, _name: Option<&str>) -> Result<()> {
        Ok(())
    }

    /// Takes a block away from its pool. [`crate::ipam::Error::InUse`] while it contains an allocation.
    fn delete_pool_cidr(&self, id: &str) -> Result<()>;

    /// `None` when the pool CIDR is gone.
    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>>;

    /// The CIDRs of `ipam_pool_cidr` and those that the pool itself declares, by address.
    fn list_pool_cidrs(&self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>>;
}
