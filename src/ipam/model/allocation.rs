//! Allocations.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::model::text_enum::{Word, words};
use crate::ipam::{AddressSet, Asked, Candidates, Cidr, GivenUp, Lifetime, Meta, Run, State, Tags};

/// The kind of resource that an allocation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// Created by a person or a configuration.
    Custom,
    /// The space of a pool below, whose id is the resource id.
    IpamPool,
    /// A VPC that AWS found.
    Vpc,
    /// A subnet that AWS found.
    Subnet,
    /// An Elastic IP address that AWS found.
    Eip,
    /// A public IPv4 pool of EC2 that AWS found.
    Ec2PublicIpv4Pool,
    /// A list of anycast addresses that AWS found.
    AnycastIpList,
    /// A resource of another kind.
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

words!(ResourceType:
    Custom = "custom", IpamPool = "ipam-pool", Vpc = "vpc", Subnet = "subnet", Eip = "eip",
    Ec2PublicIpv4Pool = "ec2-public-ipv4-pool", AnycastIpList = "anycast-ip-list", Other = "other");

/// The size of a requested block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Exactly this block.
    Cidr(Cidr),
    /// Any block of this netmask length.
    NetmaskLength(u8),
    /// The pool's default netmask length.
    Default,
}

/// A block taken out of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Pool the block comes from.
    pub pool_id: String,
    /// The block.
    pub cidr: Cidr,
    /// The size as it was requested.
    pub size: Size,
    /// Blocks that an allocation by size had to avoid.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// The kind of resource that the allocation is for.
    pub resource_type: ResourceType,
    /// Id of that resource; for `ipam-pool` the id of the pool.
    pub resource_id: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// A planned growth in place: the space outside of `cidr` is taken until the hold expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// A planned growth into space that other objects still have. It takes no space before they have released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_growth: Option<WaitingGrowth>,
    /// Whether this is a hold that takes no space yet, because its block still belongs to its predecessor
    /// ([`Meta::replaces`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Origin of an allocation that was imported from a sighting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// What is said of its end. Earlier releases do not know it, and leave it out when they write the allocation.
    #[serde(default, skip_serializing_if = "Lifetime::is_default")]
    pub lifetime: Lifetime,
    /// Of a hold: where it was to be placed, if the request said more than a pool and a size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
    /// The block of the contiguous set that the allocation is a member of. The free space of that block is kept for the
    /// members of the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Cidr>,
    /// The single addresses that address sets have in the block, by the ids of the sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub address_sets: BTreeMap<String, AddressSet>,
}

/// Origin of a resource that became an allocation automatically.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The discovery that saw the resource.
    pub discovery_id: String,
    /// Account of the resource.
    pub account_id: String,
    /// Region of the resource.
    pub region: String,
    /// Time of the sample that saw the resource.
    pub sampled_at: Timestamp,
}

impl Allocation {
    /// The space that the allocation takes from the pool: its block, or the block that it is planned to grow to.
    pub fn reserved(&self) -> Option<Cidr> {
        let takes_space = self.meta.is_live() && !self.deferred;
        takes_space.then(|| self.growth.as_ref().map_or(self.cidr, |growth| growth.cidr))
    }

    /// Whether this is an allocation whose loan is over. It keeps its space until `gc` releases it.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.meta.state == State::Active && self.lifetime.expires_at().is_some_and(|end| end <= now)
    }

    /// Whether an apply gave out single addresses in it.
    pub fn has_addresses(&self) -> bool {
        self.address_sets.values().any(AddressSet::is_active)
    }

    /// Whether a plan grows it to `target` when other objects have released the space. As with every hold, a plan whose
    /// time is over counts until another plan takes the space.
    pub fn waits_to_grow(&self, target: &Cidr) -> bool {
        self.waiting_growth.as_ref().is_some_and(|waiting| waiting.cidr == *target)
    }
}

/// A hold on the space that an allocation is planned to grow into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// The block after growing, which contains the present block.
    pub cidr: Cidr,
    /// The time from which the space may be reclaimed.
    pub expires_at: Timestamp,
    /// The run of Terraform that requested the growth last; `None` in holds of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
}

/// A growth into space that active objects have when it is planned: the same apply releases it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingGrowth {
    /// The block after growing; contains the present one.
    pub cidr: Cidr,
    /// When the plan does not count any more.
    pub expires_at: Timestamp,
    /// The run of Terraform that asked for it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
    /// The space that it waits for.
    pub waits_for: Vec<GivenUp>,
}

/// The attributes of an allocation that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationSpec {
    /// Pool to allocate from. Empty while the pool has to be chosen from `candidates`.
    pub pool_id: String,
    /// The pools that the allocation may come from; `None` if the request names the pool.
    pub candidates: Option<Box<Candidates>>,
    /// Unique in the pool.
    pub name: String,
    /// The requested size, or the requested block.
    pub size: Size,
    /// The block to place a request by size in, if it is free and has the requested size.
    pub preferred_cidr: Option<Cidr>,
    /// Blocks to avoid when placing by size.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// What is said of the end of the allocation.
    pub lifetime: Lifetime,
    /// For a member of a contiguous set: the block of the set.
    pub aggregate: Option<Cidr>,
}

impl AllocationSpec {
    /// A request without any of the optional attributes.
    pub fn new(pool_id: impl Into<String>, name: impl Into<String>, size: Size) -> Self {
        Self {
            pool_id: pool_id.into(),
            candidates: None,
            name: name.into(),
            size,
            preferred_cidr: None,
            disallowed_cidrs: BTreeSet::new(),
            description: None,
            tags: Tags::new(),
            lifetime: Lifetime::default(),
            aggregate: None,
        }
    }

    /// The pools to choose from, if the pool has yet to be chosen.
    pub fn undecided(&self) -> Option<&Candidates> {
        self.candidates.as_deref().filter(|_| self.pool_id.is_empty())
    }

    /// The same request in this pool.
    #[must_use]
    pub fn in_pool(&self, pool_id: &str) -> Self {
        Self { pool_id: pool_id.to_owned(), ..self.clone() }
    }

    /// What a hold for this request remembers.
    pub(in crate::ipam) fn asked(&self) -> Option<Box<Asked>> {
        let asked = Asked { candidates: self.candidates.as_deref().cloned(), preferred_cidr: self.preferred_cidr };
        (asked.candidates.is_some() || asked.preferred_cidr.is_some()).then(|| Box::new(asked))
    }
}

/// The result of a planned change of size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resize {
    /// The same object can get this block in place; the growth is held until apply.
    InPlace(Cidr),
    /// The object must be replaced.
    Replace,
}

/// Changeable attributes of an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationChange {
    pub name: String,
    pub description: Option<String>,
    pub tags: Tags,
    /// Blocks that growth must avoid from now on.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// The requested size; `plan_resize` planned a change of it.
    pub size: Size,
    /// What is said of the end of the allocation. A loan without an end counts from this change on.
    pub lifetime: Lifetime,
}

/// A filter of allocations. Every field restricts the result; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationFilter {
    pub pool_id: Option<String>,
    /// Exact name.
    pub name: Option<String>,
    /// Only blocks inside this one.
    pub within: Option<Cidr>,
    /// Only blocks that contain this one.
    pub containing: Option<Cidr>,
    /// Includes holds.
    pub include_planned: bool,
    /// Includes the space of pools below (type `ipam-pool`).
    pub include_pools: bool,
}

impl AllocationFilter {
    /// Whether the allocation passes the filter.
    pub fn fits(&self, allocation: &Allocation) -> bool {
        allocation.meta.is_listed(self.include_planned)
            && (self.include_pools || allocation.resource_type != ResourceType::IpamPool)
            && self.pool_id.as_ref().is_none_or(|id| *id == allocation.pool_id)
            && self.name.as_ref().is_none_or(|name| *name == allocation.meta.name)
            && self.within.is_none_or(|within| within.contains(&allocation.cidr))
            && self.containing.is_none_or(|inner| allocation.cidr.contains(&inner))
    }
}
