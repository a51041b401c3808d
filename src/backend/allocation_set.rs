//! The part of a backend that plans and changes the members of an allocation set together.

use std::collections::BTreeMap;

use crate::ipam::{Allocation, PlannedMember, Result, SetChange, SetRequest, Terms};

/// Allocation sets: all members of a set are planned, changed and released together, or none of them. An error that is
/// about one member is [`crate::ipam::Error::OfMember`].
pub trait AllocationSets: Send + Sync {
    /// Finds or places the holds of new members, and the space that existing ones grow into.
    fn plan_set(&self, request: &SetRequest, terms: &Terms) -> Result<BTreeMap<String, PlannedMember>>;

    /// The plan of a set without a write, beside the other new objects of this plan. With [`Terms::shows`], later previews
    /// of this process build on it. `None`: it depends on the order of the requests.
    fn preview_set(&self, request: &SetRequest, terms: &Terms) -> Result<Option<BTreeMap<String, PlannedMember>>>;

    /// Releases, changes and creates members, as the plan showed.
    fn apply_set(&self, change: &SetChange) -> Result<BTreeMap<String, Allocation>>;

    /// Releases these members, by their keys. Members that are gone stay gone.
    fn delete_set(&self, members: &BTreeMap<String, String>) -> Result<()>;

    /// The allocations with these ids, in one read; `None` for one that is gone.
    fn get_members(&self, ids: &[String]) -> Result<Vec<Option<Allocation>>>;
}
