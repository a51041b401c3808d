//! What every backend does with the CIDRs of pools.

use crate::ipam::{Error, Kind, Planned, PoolCidr, PoolCidrSpec, Result};

/// The CIDRs that are provisioned to the pools of a backend.
pub trait PoolCidrs: Send + Sync {
    /// Provisions a block to a pool, or turns the hold of a plan into it.
    fn create_pool_cidr(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr>;

    /// Renames a pool CIDR. Changes nothing where pool CIDRs have no names.
    fn update_pool_cidr(&self, id: &str, _change: &PoolCidrChange) -> Result<PoolCidr> {
        self.get_pool_cidr(id)?.ok_or_else(|| Error::NotFound { kind: Kind::PoolCidr, id: id.to_owned() })
    }

    /// Takes a block away from its pool. [`crate::ipam::Error::InUse`] while it contains an allocation.
    fn delete_pool_cidr(&self, id: &str) -> Result<()>;

    /// `None` when the pool CIDR is gone.
    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>>;

    /// The CIDRs of `ipam_pool_cidr` and those that the pool itself declares, by address.
    fn list_pool_cidrs(&self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>>;
}

/// A change to a pool CIDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCidrChange {
    /// The name; the text of the block for a pool CIDR that has none.
    pub name: String,
}
