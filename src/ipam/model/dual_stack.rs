//! Dual-stack allocations: a block of each address family for one name. There is no record of the two together: each is an
//! ordinary allocation in a pool of its own.

use std::collections::BTreeMap;

use crate::ipam::{Allocation, AllocationSpec, Cidr, Family, GivenUp, Planned, Rules};

/// The allocation of one family in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPart {
    pub spec: AllocationSpec,
    /// Id of the allocation that exists.
    pub present: Option<String>,
    /// Id of the active allocation whose name the new one takes over, because the same apply deletes it.
    pub replaces: Option<String>,
    /// The rules that the same plan gives the pool.
    pub pool_rules: Option<Rules>,
}

/// A plan of both allocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackRequest {
    pub parts: BTreeMap<Family, StackPart>,
}

/// One of the allocations as a plan shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPart {
    pub id: String,
    pub cidr: Cidr,
    /// Whether it exists, and no state is known to have it.
    pub is_adopted: bool,
    /// The space that it waits for, because the same apply releases it.
    pub waits_for: Vec<GivenUp>,
}

/// The allocation of one family in an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPartChange {
    pub spec: AllocationSpec,
    /// As in [`StackPart`].
    pub present: Option<String>,
    /// What the plan showed: the id and the block. `None`: the apply decides.
    pub planned: Option<(Planned, Cidr)>,
}

/// An apply of both allocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackChange {
    pub parts: BTreeMap<Family, StackPartChange>,
}

/// Both allocations, as far as they exist.
pub type Stack = BTreeMap<Family, Allocation>;
