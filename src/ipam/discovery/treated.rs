//! The treatment of a block that was seen: ignored, or moved to another private scope.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::types::{DiscoveredCidr, ResourceCidrId, SeenType};
use crate::ipam::storage::codec::record;
use crate::ipam::storage::keys;
use crate::ipam::{Cidr, Meta};

// The id of a treatment is the block of a resource that it treats.
record!(Treated, Treatment, self, parent: keys::ROOT, named: false, block: self.of.cidr);

/// The requested treatment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treatment {
    /// Whether the block is monitored; otherwise it is ignored.
    pub monitored: bool,
    /// The private scope in which the block is to count; `None`: the scope that it was found in.
    pub scope_id: Option<String>,
}

/// A treatment in the store. Its id is the text of the [`ResourceCidrId`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treated {
    #[serde(flatten)]
    pub meta: Meta,
    /// The treated block and its resource.
    pub of: ResourceCidrId,
    /// Type of the resource.
    pub resource_type: SeenType,
    /// The requested treatment.
    pub treatment: Treatment,
    /// The scope in which the block counts without a treatment.
    pub found_in: String,
}

impl Treated {
    /// The scope in which the block counts.
    pub fn scope_id(&self) -> &str {
        self.treatment.scope_id.as_ref().unwrap_or(&self.found_in)
    }
}

/// All treatments, by the treated block. There are few of them, because a person configured each of them.
pub(in crate::ipam) struct Treatments {
    by_id: HashMap<String, Treated>,
    /// Moved blocks of VPCs and their scopes, by VPC and Region.
    moved: HashMap<(String, String), Vec<(Cidr, String)>>,
}

impl Treatments {
    pub(in crate::ipam) fn new(all: impl IntoIterator<Item = Treated>) -> Self {
        let mut treatments = Self { by_id: HashMap::new(), moved: HashMap::new() };
        for treated in all {
            if let Some(scope_id) = &treated.treatment.scope_id {
                let of = &treated.of;
                let vpc = (of.resource_id.clone(), of.region.clone());
                treatments.moved.entry(vpc).or_default().push((of.cidr, scope_id.clone()));
            }
            treatments.by_id.insert(treated.meta.id.clone(), treated);
        }
        treatments
    }

    /// The scope to which a block is moved, either itself or with the block of its VPC that contains it; and whether it
    /// is ignored.
    pub(in crate::ipam) fn of(&self, resource: &DiscoveredCidr) -> (Option<&str>, bool) {
        if self.by_id.is_empty() {
            return (None, false);
        }
        let Some(cidr) = resource.cidr else { return (None, false) };
        let id = ResourceCidrId { resource_id: resource.resource_id.clone(), cidr, region: resource.region.clone() };
        let own = self.by_id.get(&id.to_string());
        let ignored = own.is_some_and(|treated| !treated.treatment.monitored);
        let moves_along = matches!(resource.resource_type, SeenType::Subnet | SeenType::Eni);
        let moved_to = match (resource.resource_type, &resource.vpc_id) {
            (SeenType::Vpc, _) => own.and_then(|treated| treated.treatment.scope_id.as_deref()),
            (_, Some(vpc_id)) if moves_along => {
                let moved = self.moved.get(&(vpc_id.clone(), resource.region.clone()));
                let around = moved.into_iter().flatten().find(|(block, _)| block.contains(&cidr));
                around.map(|(_, scope_id)| scope_id.as_str())
            }
            _ => None,
        };
        (moved_to, ignored)
    }
}
