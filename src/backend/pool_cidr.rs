//! What every backend does with the CIDRs of pools.

use super::{Holdable, Holds, Ipam, New, Noun, find};
use crate::ipam::{Cidr, Error, Kind, Meta, Planned, PoolCidr, PoolCidrSpec, Result, Terms};

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

impl Noun for PoolCidr {
    const WORD: &'static str = "pool CIDR";
    const RESOURCE: &'static str = "ipam_pool_cidr";
    type Spec = PoolCidrSpec;
    type Record = Self;
}

impl Holdable for PoolCidr {
    const KIND: Kind = Kind::PoolCidr;
    type Change = PoolCidrChange;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn block(&self) -> Option<Cidr> {
        Some(self.cidr)
    }

    fn container(&self) -> &str {
        &self.pool_id
    }

    fn new_object(spec: &PoolCidrSpec) -> New<'_> {
        New::PoolCidr(spec)
    }

    fn hold(holds: &dyn Holds, spec: &PoolCidrSpec, terms: &Terms) -> Result<Self> {
        holds.plan_pool_cidr(spec, terms)
    }

    fn create(ipam: &dyn Ipam, spec: &PoolCidrSpec, planned: &Planned) -> Result<Self> {
        ipam.create_pool_cidr(spec, planned)
    }

    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>> {
        ipam.get_pool_cidr(id)
    }

    fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>> {
        find::pool_cidrs(ipam, text)
    }

    fn update(ipam: &dyn Ipam, id: &str, change: &PoolCidrChange) -> Result<Self> {
        ipam.update_pool_cidr(id, change)
    }

    fn renamed(_: &PoolCidrChange, name: &str) -> PoolCidrChange {
        PoolCidrChange { name: name.to_owned() }
    }
}
