//! An allocation as JSON, for programs: in reports, in `allocations --json` and in `tree --json`. Fields may be added, but
//! are never renamed or removed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::ipam::{AddressMap, Allocation, Cidr, ResourceType, State, Tags};

/// The fields of an allocation.
#[derive(Serialize)]
pub struct AllocationJson<'a> {
    id: &'a str,
    name: &'a str,
    cidr: Cidr,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope_id: Option<&'a str>,
    pool: &'a str,
    pool_id: &'a str,
    state: State,
    hold_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prevent_release: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resting: bool,
    owner: &'a str,
    resource_type: ResourceType,
    resource_id: Option<&'a str>,
    description: Option<&'a str>,
    tags: &'a Tags,
    /// The block of the contiguous set that it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregate: Option<Cidr>,
    /// The single addresses that address sets have, by the names of the sets and of their members.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    addresses: BTreeMap<&'a str, &'a AddressMap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip)]
    of: &'a Allocation,
}

impl<'a> AllocationJson<'a> {
    /// The allocation in the pool with the path `pool`.
    pub fn new(of: &'a Allocation, pool: &'a str) -> Self {
        Self {
            id: &of.meta.id,
            name: &of.meta.name,
            cidr: of.cidr,
            scope: None,
            scope_id: None,
            pool,
            pool_id: &of.pool_id,
            state: of.meta.state,
            hold_expires_at: of.meta.hold_expires_at,
            expires_at: of.lifetime.expires_at(),
            resting: of.meta.is_resting,
            prevent_release: of.lifetime.prevent_release,
            owner: &of.meta.owner,
            resource_type: of.resource_type,
            resource_id: of.resource_id.as_deref(),
            description: of.description.as_deref(),
            tags: &of.tags,
            aggregate: of.aggregate,
            addresses: of
                .address_sets
                .values()
                .filter(|set| set.is_active())
                .map(|set| (set.name.as_str(), &set.addresses))
                .collect(),
            created_at: None,
            of,
        }
    }

    /// Adds the name and the id of the scope.
    #[must_use]
    pub fn in_scope(self, scope: Option<&'a str>, scope_id: Option<&'a str>) -> Self {
        Self { scope, scope_id, ..self }
    }

    /// Adds the time at which the allocation was created.
    #[must_use]
    pub fn dated(self) -> Self {
        Self { created_at: Some(self.of.meta.created_at), ..self }
    }
}
