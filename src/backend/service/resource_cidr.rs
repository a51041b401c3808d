//! How a block that was seen on a resource is treated: whether it is watched, and in which scope it counts.

pub use crate::ipam::seen::ResourceCidrId;
use crate::ipam::seen::{ManagementState, SeenType};

use super::{Keeps, Noun};
use crate::backend::Ipam;

/// The treatment of a block on a resource.
#[derive(Debug)]
pub enum ResourceCidrNoun {}

impl Noun for ResourceCidrNoun {
    const WORD: &'static str = "resource CIDR";
    const RESOURCE: &'static str = "ipam_resource_cidr";
    // Every store keeps it.
    const ELSEWHERE: &'static str = "";
    type Spec = ResourceCidrSpec;
    type Record = ResourceCidrRecord;

    fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>> {
        ipam.treatments()
    }
}

/// What a configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrSpec {
    /// Of what.
    pub of: ResourceCidrId,
    /// Whether it is watched; else it is ignored.
    pub monitored: bool,
    /// The scope that it is to be in; `None`: where it is.
    pub scope_id: Option<String>,
    /// The scope that it goes back to; `None`: the one it was found in.
    pub original_scope_id: Option<String>,
}

/// A block of a resource, and how it is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCidrRecord {
    /// Of what.
    pub of: ResourceCidrId,
    /// The scope that it is in.
    pub scope_id: String,
    /// The scope that it was in before this call moved it.
    pub found_in: String,
    /// `None`: nobody says.
    pub management: Option<ManagementState>,
    /// What it is on.
    pub resource_type: SeenType,
    /// Account of the resource.
    pub owner_id: Option<String>,
    /// The pool that it is allocated from.
    pub pool_id: Option<String>,
}

impl ResourceCidrRecord {
    /// Whether it is watched.
    pub fn is_monitored(&self) -> bool {
        self.management != Some(ManagementState::Ignored)
    }
}
