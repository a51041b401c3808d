//! CIDRs that are provisioned into pools.

use serde::{Deserialize, Serialize};

use crate::ipam::{Cidr, Meta, Proof, Size};

/// A CIDR provisioned into a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCidr {
    /// Id, name, owner, state. The name is the CIDR's text unless one was given.
    #[serde(flatten)]
    pub meta: Meta,
    /// Pool it is provisioned into.
    pub pool_id: String,
    /// The block.
    pub cidr: Cidr,
    /// Whether the pool's own declaration (`cidrs`, `netmask_length`) provisioned the block, and not an
    /// `ipam_pool_cidr`.
    pub inline: bool,
    /// The allocation of type `ipam-pool` that stands for this block in the source pool; `None` in a top-level pool.
    pub source_allocation_id: Option<String>,
    /// Whether this is a hold whose block still belongs to its predecessor, or to the pool that its pool replaces. Such
    /// a hold takes no space in the source pool or scope yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
}

impl PoolCidr {
    /// Whether the pool can allocate the addresses of the block. It cannot while the block waits for its predecessor in
    /// the same pool.
    pub fn is_provisioned(&self) -> bool {
        self.meta.is_live() && (self.inline || !self.deferred)
    }
}

/// The attributes of a pool CIDR that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCidrSpec {
    /// Pool to provision into.
    pub pool_id: String,
    /// Required with a netmask length, because the plan finds its hold by the name. With a CIDR, the default name is
    /// the CIDR.
    pub name: Option<String>,
    /// Exactly this block, or a block of this size from the source pool.
    pub size: Size,
    /// In AWS, the proof that the block belongs to the account.
    pub proof: Option<Proof>,
}
