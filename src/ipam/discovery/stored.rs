//! Stored results of samples: targets, sightings, public addresses and sightings of the past; with their keys.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::types::{DiscoveredCidr, Failure, PublicAddress, SeenType};
use crate::ipam::storage::discovery_keys::{self, TargetKey};
use crate::ipam::storage::index::Entries;
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Cidr, Family, Result};
use crate::store::Snapshot;

/// A stored entry that is found by its contents, and has no id of its own.
pub(in crate::ipam) trait Stored: Serialize + DeserializeOwned + Clone + PartialEq {
    /// First part of the key.
    const FIRST: &'static str;
    /// Key of the entry.
    fn key(&self) -> String;
}

/// A target: an account in a Region that a discovery scans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedTarget {
    pub discovery_id: String,
    pub account_id: String,
    pub region: String,
    /// The time at which the last scan began.
    pub last_attempt: Timestamp,
    /// The time at which the last successful scan began.
    pub last_success: Option<Timestamp>,
    /// The reason why the last scan failed; `None` when it succeeded.
    pub failure: Option<Failure>,
    /// The files that contained the target in the last scan, by their names in the discovery; none for an account of
    /// AWS.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub files: BTreeSet<String>,
}

/// A sighting: a block on a resource, or a resource without a block, as the last successful scan of its target saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighted {
    pub discovery_id: String,
    /// Account of the target.
    pub account_id: String,
    /// Region of the target.
    pub region: String,
    /// The time at which it was first seen.
    pub first_seen: Timestamp,
    /// The scope in which it counts.
    pub scope_id: String,
    /// The time since which it counts in that scope.
    pub since: Timestamp,
    /// Whether a treatment ignores it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
    /// Whether it is a subnet or an interface that no VPC of its target contains, so that it is a network of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// The resource without the time of the sample, which is stored with the target. So a sighting that did not change
    /// is not written.
    pub resource: DiscoveredCidr,
}

/// A public address, as the last successful scan of its target saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAddress {
    pub discovery_id: String,
    pub account_id: String,
    pub region: String,
    /// The address without the time of the sample.
    pub address: PublicAddress,
}

/// A resource that had a block in a scope and no longer has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub discovery_id: String,
    pub account_id: String,
    pub region: String,
    pub scope_id: String,
    pub cidr: Cidr,
    pub resource_id: String,
    pub resource_type: SeenType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The time at which the resource was first seen with the block.
    pub from: Timestamp,
    /// The time at which the resource was last seen with the block.
    pub to: Timestamp,
}

macro_rules! at_target {
    ($($type:ident),*) => {
        $(impl $type {
            /// The target, as keys name it.
            pub(super) fn target_key(&self) -> TargetKey<'_> {
                TargetKey { discovery_id: &self.discovery_id, account_id: &self.account_id, region: &self.region }
            }
        })*
    };
}
at_target!(ScannedTarget, Sighted, SeenAddress, Past);

impl Stored for ScannedTarget {
    const FIRST: &'static str = discovery_keys::TARGETS;

    fn key(&self) -> String {
        self.target_key().record()
    }
}

impl Sighted {
    /// The sighting of an entry in an index by address.
    pub(super) fn of_index(snapshot: &mut dyn Snapshot, key: &str) -> Result<Self> {
        let sighting =
            discovery_keys::sighting_of_index(key).ok_or_else(|| codec::corrupt(key, "it names no sighting"))?;
        let found = codec::read(snapshot, &sighting)?;
        found.ok_or_else(|| codec::corrupt(&sighting, "an index names it, but it is missing"))
    }

    /// The block that allocations avoid because of this sighting, given the attribute `avoided` of its discovery.
    pub(in crate::ipam) fn keeps_off(&self, avoided: bool) -> Option<Cidr> {
        let is_network = self.alone
            || matches!(self.resource.resource_type, SeenType::Vpc | SeenType::Other | SeenType::Unlisted(_));
        self.resource.cidr.filter(|_| avoided && is_network && !self.ignored)
    }

    /// Identifies the resource and block, in whichever discovery they were seen.
    pub(super) fn subject(&self) -> (&str, &str, &str, Option<Cidr>) {
        (&self.account_id, &self.region, &self.resource.resource_id, self.resource.cidr)
    }
}

impl Stored for Sighted {
    const FIRST: &'static str = discovery_keys::SIGHTINGS;

    fn key(&self) -> String {
        self.target_key().sighting(self.resource.cidr.as_ref(), &self.resource.resource_id)
    }
}

impl Stored for SeenAddress {
    const FIRST: &'static str = discovery_keys::ADDRESSES;

    fn key(&self) -> String {
        let (family, number) = match self.address.address {
            std::net::IpAddr::V4(address) => (Family::Ipv4, u128::from(u32::from(address))),
            std::net::IpAddr::V6(address) => (Family::Ipv6, u128::from(address)),
        };
        self.target_key().address(family, number)
    }
}

impl Past {
    /// The ended tenure of a sighting.
    pub(super) fn of(sighted: &Sighted, to: Timestamp) -> Option<Self> {
        let resource = &sighted.resource;
        Some(Self {
            discovery_id: sighted.discovery_id.clone(),
            account_id: sighted.account_id.clone(),
            region: sighted.region.clone(),
            scope_id: sighted.scope_id.clone(),
            cidr: resource.cidr?,
            resource_id: resource.resource_id.clone(),
            resource_type: resource.resource_type,
            resource_name: resource.tags.get("Name").cloned(),
            owner_id: resource.owner_id.clone(),
            vpc_id: resource.vpc_id.clone(),
            instance_id: resource.instance_id.clone(),
            from: sighted.since,
            to: to.max(sighted.since),
        })
    }

    /// Key in the index by end.
    pub(super) fn ended(&self) -> String {
        discovery_keys::ended(self.to, &self.key())
    }

    /// The key of the record of an entry in the index by end.
    pub(super) fn key_from_ended(key: &str) -> Option<String> {
        keys::decoded(keys::tail(key))
    }
}

impl Stored for Past {
    const FIRST: &'static str = discovery_keys::PAST;

    fn key(&self) -> String {
        self.target_key().past(&self.cidr, (self.from, self.to), &self.scope_id, &self.resource_id)
    }
}

pub(in crate::ipam) fn entries_of_target(target: &ScannedTarget) -> Result<Entries> {
    Ok(vec![(target.key(), codec::encode(target)?)])
}

/// The entries of a sighting. `avoided`: the attribute of its discovery.
pub(in crate::ipam) fn entries_of_sighted(sighted: &Sighted, avoided: bool) -> Result<Entries> {
    let mut entries = vec![(sighted.key(), codec::encode(sighted)?)];
    let whose = sighted.target_key().sighting_in_index(&sighted.resource.resource_id);
    if let Some(cidr) = &sighted.resource.cidr {
        entries.push((format!("{}{whose}", discovery_keys::seen_at(cidr)), Vec::new()));
    }
    if let Some(cidr) = sighted.keeps_off(avoided) {
        let at = discovery_keys::avoiding_at(&sighted.scope_id, &cidr);
        entries.push((format!("{at}{whose}"), Vec::new()));
    }
    Ok(entries)
}

pub(in crate::ipam) fn entries_of_address(address: &SeenAddress) -> Result<Entries> {
    Ok(vec![(address.key(), codec::encode(address)?)])
}

pub(in crate::ipam) fn entries_of_past(past: &Past) -> Result<Entries> {
    Ok(vec![(past.key(), codec::encode(past)?), (past.ended(), Vec::new())])
}
