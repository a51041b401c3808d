//! The part of a backend that plans and changes an IPv4 and an IPv6 allocation together.

use std::collections::BTreeMap;

use crate::ipam::{Allocation, Family, PlannedPart, Result, Stack, StackChange, StackRequest, Terms};

/// Dual-stack allocations: both are planned, changed and released together, or none of them. An error that is about one
/// of them is [`crate::ipam::Error::OfMember`], with its family as the key.
pub trait DualStacks: Send + Sync {
    /// Finds or places the holds of new allocations, and the space that existing ones grow into.
    fn plan_stack(&self, request: &StackRequest, terms: &Terms) -> Result<BTreeMap<Family, PlannedPart>>;

    /// The plan of both, without a write.
    fn preview_stack(&self, request: &StackRequest, terms: &Terms) -> Result<BTreeMap<Family, PlannedPart>>;

    /// Releases, changes and creates allocations, as the plan showed.
    fn apply_stack(&self, change: &StackChange) -> Result<Stack>;

    /// Releases these allocations. What is gone stays gone.
    fn delete_stack(&self, ids: &BTreeMap<Family, String>) -> Result<()>;

    /// The allocations with these ids, in one read; `None` for one that is gone.
    fn get_parts(&self, ids: &[String]) -> Result<Vec<Option<Allocation>>>;
}
