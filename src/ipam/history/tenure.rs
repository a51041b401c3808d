//! Tenures of blocks, and what is kept of an object from removed events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::storage::{codec, keys};
use crate::ipam::{Actor, Cidr, Kind, ResourceType, Result, State};
use crate::store::Entry;

/// One object that has one block for a period of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// Kind of the object: an allocation, a pool CIDR, or a pool (for a block of a pool's own declaration).
    pub kind: Kind,
    /// Id of the object.
    pub id: String,
    /// Last name of the object.
    pub name: String,
    /// The block.
    pub cidr: Cidr,
    /// Whether it was planned or active.
    pub state: State,
    /// The pool that the block was allocated in or provisioned into.
    pub pool_id: String,
    /// The pool that the space came from; `None` for the space of a top-level pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_pool_id: Option<String>,
    /// The scope; `None` when the remaining events do not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_id: Option<String>,
    /// Type of the resource that has the block; `None` for a pool CIDR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<ResourceType>,
    /// Id of the resource, or of the pool below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Start of the tenure.
    pub from: Timestamp,
    /// End of the tenure; `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The actor that began the tenure.
    pub began: Actor,
    /// The actor that ended the tenure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Actor>,
    /// Number of the event that began the tenure.
    pub event: u64,
}

/// The position of a pool in the tree of pools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ipam) struct PoolPosition {
    pub(in crate::ipam) scope_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ipam) source_pool_id: Option<String>,
}

/// The data about one object that is kept from removed events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remnant {
    /// Id of the object.
    pub id: String,
    /// Kind of the object.
    pub kind: Kind,
    /// Position of the object, when it is a pool.
    #[serde(default, rename = "place", skip_serializing_if = "Option::is_none")]
    pub(in crate::ipam) position: Option<PoolPosition>,
    /// Tenures of the object at the mark.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::ipam) tenures: Vec<Tenure>,
}

impl Remnant {
    /// The store entry of the remnant.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when the remnant cannot be written as JSON.
    pub fn entry(&self) -> Result<Entry> {
        Ok((keys::remnant(&self.id), codec::encode(self)?))
    }
}
