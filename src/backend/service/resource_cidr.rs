//! Treatments: whether a block on a discovered resource is monitored, and the scope that it belongs to.

pub use crate::ipam::discovery::types::ResourceCidrId;
use crate::ipam::discovery::types::{ManagementState, SeenType};

use crate::backend::Noun;

/// The treatment of a block on a resource.
#[derive(Debug)]
pub enum ResourceCidrNoun {}

impl Noun for ResourceCidrNoun {
    const WORD: &'static str = "resource CIDR";
    const RESOURCE: &'static str = "ipam_resource_cidr";
    type Spec = ResourceCidrSpec;
    type Record = ResourceCidrRecord;
}

/// The configuration of a treatment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrSpec {
    /// The block and its resource.
    pub of: ResourceCidrId,
    /// Whether the block is monitored; otherwise it is ignored.
    pub monitored: bool,
    /// The scope that the block is to be in; `None`: its present scope.
    pub scope_id: Option<String>,
    /// The scope that the block returns to; `None`: the one in which it was found.
    pub original_scope_id: Option<String>,
}

/// A block of a resource, and its treatment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrRecord {
    /// The block and its resource.
    pub of: ResourceCidrId,
    /// The present scope of the block.
    pub scope_id: String,
    /// The scope of the block before this call moved it.
    pub found_in: String,
    /// `None`: not known.
    pub management: Option<ManagementState>,
    /// The type of the resource.
    pub resource_type: SeenType,
    /// Account of the resource.
    pub owner_id: Option<String>,
    /// The pool that the block is allocated from.
    pub pool_id: Option<String>,
}

impl ResourceCidrRecord {
    /// Whether the block is monitored.
    pub fn is_monitored(&self) -> bool {
        self.management != Some(ManagementState::Ignored)
    }
}
