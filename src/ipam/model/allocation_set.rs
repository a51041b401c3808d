//! Allocation sets: allocations of one pool that are planned and changed together. A set has no record of its own. Its
//! members are ordinary allocations, whose names begin with the name of the set.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::ipam::{AllocationSpec, Cidr, GivenUp, Planned, Shown, Size, Tags};

/// The maximum number of members of a set. A change of a set is one transaction, which every store can carry out.
pub const MEMBERS_MAX: usize = 2000;

/// The order in which the new members of a set are placed, after those with a CIDR of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// The largest blocks first, and blocks of one size in the order of their names. This leaves the fewest gaps.
    #[default]
    LargestFirst,
    /// In the order of the names.
    ByName,
}

impl Packing {
    /// All orders, as they are documented.
    pub const ALL: [Self; 2] = [Self::LargestFirst, Self::ByName];
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LargestFirst => "largest-first",
            Self::ByName => "by-name",
        })
    }
}

impl FromStr for Packing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|packing| packing.to_string() == text).ok_or_else(|| {
            let words = Self::ALL.map(|packing| format!("{:?}", packing.to_string()));
            format!("{text:?} is not an order of members: use {}.", words.join(" or "))
        })
    }
}

/// The attributes of a set that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSpec {
    /// Pool to allocate from.
    pub pool_id: String,
    /// Begins the name of each member.
    pub name: String,
    pub packing: Packing,
    /// Whether all members are in one block, whose free space is kept for further members.
    pub contiguous: bool,
    /// That block, where it is known already: when members are restored, or an earlier plan has shown it without a hold.
    pub aggregate: Option<Cidr>,
    /// The requested sizes, by the keys of the members.
    pub members: BTreeMap<String, Size>,
    /// Blocks that members by size avoid.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// The description of each member.
    pub description: Option<String>,
    /// The tags of each member.
    pub tags: Tags,
}

impl SetSpec {
    /// The name of a member in its pool.
    pub fn member_name(set: &str, key: &str) -> String {
        format!("{set}/{key}")
    }

    /// The request for one member.
    pub fn member(&self, key: &str, size: Size) -> AllocationSpec {
        AllocationSpec {
            disallowed_cidrs: self.disallowed_cidrs.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            aggregate: self.aggregate,
            ..AllocationSpec::new(self.pool_id.clone(), Self::member_name(&self.name, key), size)
        }
    }
}

/// A plan of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRequest {
    pub spec: SetSpec,
    /// Ids of the allocations that the set has, by the keys of the members. A member that `spec` does not name goes.
    pub present: BTreeMap<String, String>,
    /// Ids of active allocations whose names new members take over, because the same apply deletes them.
    pub replaces: BTreeMap<String, String>,
    /// What an earlier plan showed of members without a hold: each gets exactly that, or the request fails.
    pub shown: BTreeMap<String, Shown>,
    /// Whether members that `spec` does not name stay in the store, so that their space does not become free.
    pub keeps_removed: bool,
}

/// A member as a plan shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMember {
    pub id: String,
    pub cidr: Cidr,
    /// Whether it exists, and no state is known to have it.
    pub is_adopted: bool,
    /// The active object whose name it takes over.
    pub replaces: Option<String>,
    /// The space that it waits for, because the same apply releases it.
    pub waits_for: Vec<GivenUp>,
    /// The block of its contiguous set.
    pub aggregate: Option<Cidr>,
}

/// An apply of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetChange {
    pub spec: SetSpec,
    /// As in [`SetRequest`].
    pub present: BTreeMap<String, String>,
    /// What the plan showed of each member: its id and its block. Without an entry, the apply decides.
    pub planned: BTreeMap<String, (Planned, Cidr)>,
    /// As in [`SetRequest`].
    pub keeps_removed: bool,
}
