//! What a plan shows of members that it cannot hold: see [`shown`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backend::{Ipam, Terms};
use crate::ipam::{Cidr, GivenUp, Kind, PlannedMember, SetRequest, Shown};
use crate::tf::{Diagnostics, Private};

use super::super::super::shown::{self, VERSION};

/// Key in the private data of the plan.
const KEY: &str = "shown_members";

/// The members of a set that a plan showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Carried {
    version: u64,
    members: BTreeMap<String, Place>,
    /// Space that the same apply releases and that members need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waits_for: Vec<GivenUp>,
    /// IDs of the objects whose names members take over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    replaces: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_place: bool,
    /// The block of a contiguous set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cidr: Option<Cidr>,
}

/// The id and the block of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    id: String,
    cidr: Cidr,
}

impl Carried {
    /// What a plan shows by a preview of this request with `terms`.
    pub(super) fn preview(request: &SetRequest, terms: &Terms, members: &BTreeMap<String, PlannedMember>) -> Self {
        let waits_for = members.values().flat_map(|one| one.waits_for.iter().filter(|given_up| !given_up.in_place));
        let place = |id: &String, cidr: Cidr| Place { id: id.clone(), cidr };
        Self {
            version: VERSION,
            members: members.iter().map(|(key, one)| (key.clone(), place(&one.id, one.cidr))).collect(),
            waits_for: waits_for.cloned().collect(),
            replaces: request.replaces.clone(),
            in_place: terms.in_place,
            cidr: members.values().find_map(|one| one.aggregate),
        }
    }

    /// Puts it into the private data of a plan.
    pub(super) fn carry(&self, private: &mut Private) {
        if let Ok(value) = serde_json::to_value(self) {
            private.insert(KEY.to_owned(), value);
        }
    }

    /// What the private data of a plan contains.
    ///
    /// # Errors
    /// When a newer release wrote it, or the plan file is damaged.
    pub(super) fn of(private: &Private) -> Result<Option<Self>, Diagnostics> {
        let Some(value) = private.get(KEY) else { return Ok(None) };
        let found: Self = shown::read(value)?;
        let is_id = |place: &Place| shown::is_id_of(Kind::Allocation, &place.id);
        if found.members.values().all(is_id) { Ok(Some(found)) } else { Err(shown::damaged()) }
    }

    /// Removes it from private data that outlives the plan.
    pub(super) fn forget(private: &mut Private) {
        private.remove(KEY);
    }

    /// Checks that the apply of this plan can release and replace what it names.
    ///
    /// # Errors
    /// When an object of another owner is among it, and those of the backend.
    pub(super) fn check_owner(&self, ipam: &dyn Ipam) -> Result<(), Diagnostics> {
        shown::check_owners(ipam, self.waits_for.iter().map(|one| &one.id).chain(self.replaces.values()))
    }

    /// The request and the terms for exactly this.
    pub(super) fn set(self, request: &mut SetRequest, terms: &mut Terms) {
        let shown = |place: Place| Shown { id: place.id, cidr: Some(place.cidr) };
        request.shown = self.members.into_iter().map(|(key, place)| (key, shown(place))).collect();
        request.replaces = self.replaces;
        request.spec.aggregate = self.cidr;
        (terms.given_up, terms.in_place) = (self.waits_for, self.in_place);
    }

    /// The block that the plan showed of a member.
    pub(super) fn block_of(request: &SetRequest, key: &str) -> Option<Cidr> {
        request.shown.get(key).and_then(|shown| shown.cidr)
    }
}
