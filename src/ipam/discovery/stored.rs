//! Stored results of samples: targets, sightings, public addresses and sightings of the past; with their keys.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::types::{DiscoveredCidr, Failure, PublicAddress, SeenType};
use crate::ipam::storage::index::Entries;
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Cidr, Family, Result};
use crate::store::Snapshot;

/// A stored entry that is found by its contents, and has no id of its own.
pub(in crate::ipam) trait Kept: Serialize + DeserializeOwned + Clone + PartialEq {
    /// First part of the key.
    const FIRST: &'static str;
    /// Key of the entry.
    fn key(&self) -> String;
}

/// A target: an account in a Region that a discovery scans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
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

impl Place {
    pub(super) fn key_of(discovery_id: &str, account_id: &str, region: &str) -> String {
        format!("place/{}", place(discovery_id, account_id, region))
    }

    /// Prefix of all targets of a discovery.
    pub(super) fn of(discovery_id: &str) -> String {
        format!("place/{}/", keys::part(discovery_id))
    }
}

impl Kept for Place {
    const FIRST: &'static str = "place";

    fn key(&self) -> String {
        Self::key_of(&self.discovery_id, &self.account_id, &self.region)
    }
}

fn place(discovery_id: &str, account_id: &str, region: &str) -> String {
    format!("{}/{}/{}", keys::part(discovery_id), keys::part(account_id), keys::part(region))
}

/// A block inside a key, so that keys sort by address and then larger blocks first.
pub(super) fn block(cidr: &Cidr) -> String {
    format!("{}/{}/{:03}", cidr.family(), keys::address(cidr.family(), cidr.first()), cidr.netmask_length())
}

/// The block with these parts in a key.
pub(super) fn block_of(family: &str, address: &str, netmask_length: &str) -> Option<Cidr> {
    let family: Family = family.parse().ok()?;
    let first = u128::from_str_radix(address, 16).ok()?;
    let netmask_length: u8 = netmask_length.parse().ok()?;
    (netmask_length <= family.bits()).then(|| Cidr::around(family, first, netmask_length))
}

impl Sighted {
    /// Prefix of all sightings at a target.
    pub(super) fn at(discovery_id: &str, account_id: &str, region: &str) -> String {
        format!("sighting/{}/", place(discovery_id, account_id, region))
    }

    /// Prefix of all sightings of a discovery.
    pub(super) fn of(discovery_id: &str) -> String {
        format!("sighting/{}/", keys::part(discovery_id))
    }

    /// The part of an index key after the block, which identifies the sighting.
    fn whose(&self) -> String {
        let place = place(&self.discovery_id, &self.account_id, &self.region);
        format!("{place}/{}", keys::part(&self.resource.resource_id))
    }

    /// The key of the sighting of an entry in an index by address. In such an entry, the block comes first and the rest
    /// of the key of the sighting follows.
    pub(super) fn key_from_index(key: &str) -> Option<String> {
        let parts: Vec<&str> = key.split('/').collect();
        let [.., family, address, length, discovery, account, region, resource] = parts.as_slice() else { return None };
        Some(format!("sighting/{discovery}/{account}/{region}/{family}/{address}/{length}/{resource}"))
    }

    /// The sighting of an entry in an index by address.
    pub(super) fn of_index(snapshot: &mut dyn Snapshot, key: &str) -> Result<Self> {
        let sighting = Self::key_from_index(key).ok_or_else(|| codec::corrupt(key, "it names no sighting"))?;
        let found = codec::read(snapshot, &sighting)?;
        found.ok_or_else(|| codec::corrupt(&sighting, "an index names it, but it is missing"))
    }

    /// Prefix, or end of a range, of the entries by address at exactly this block.
    pub(super) fn index_at(cidr: &Cidr) -> String {
        format!("seen-at/{}/", block(cidr))
    }

    /// Start of the entries whose blocks begin at `first` or later.
    pub(super) fn index_from(family: Family, first: u128) -> String {
        format!("seen-at/{family}/{}", keys::address(family, first))
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

impl Kept for Sighted {
    const FIRST: &'static str = "sighting";

    fn key(&self) -> String {
        let at = Self::at(&self.discovery_id, &self.account_id, &self.region);
        let block = self.resource.cidr.map_or_else(|| "-/-/-".to_owned(), |cidr| block(&cidr));
        format!("{at}{block}/{}", keys::part(&self.resource.resource_id))
    }
}

impl SeenAddress {
    /// Prefix of all public addresses at a target.
    pub(super) fn at(discovery_id: &str, account_id: &str, region: &str) -> String {
        format!("address/{}/", place(discovery_id, account_id, region))
    }
}

impl Kept for SeenAddress {
    const FIRST: &'static str = "address";

    fn key(&self) -> String {
        let address = match self.address.address {
            std::net::IpAddr::V4(address) => keys::address(Family::Ipv4, u128::from(u32::from(address))),
            std::net::IpAddr::V6(address) => keys::address(Family::Ipv6, u128::from(address)),
        };
        format!("{}{address}", Self::at(&self.discovery_id, &self.account_id, &self.region))
    }
}

impl Past {
    /// Prefix of all resources that had exactly this block.
    pub(super) fn at(cidr: &Cidr) -> String {
        format!("past/{}/", block(cidr))
    }

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
        let key = self.key();
        format!("ended/{}/{}", keys::time(self.to), keys::part(&key))
    }

    /// The key of the record of an entry in the index by end.
    pub(super) fn key_from_ended(key: &str) -> Option<String> {
        let encoded = keys::tail(key);
        let mut bytes = Vec::with_capacity(encoded.len());
        let mut rest = encoded.bytes();
        while let Some(byte) = rest.next() {
            if byte != b'%' {
                bytes.push(byte);
                continue;
            }
            let hex = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        }
        String::from_utf8(bytes).ok()
    }

    /// The entries of the index by end that ended before `time`.
    pub(super) fn ended_before(time: Timestamp) -> (String, String) {
        ("ended/".to_owned(), format!("ended/{}", keys::time(time)))
    }
}

impl Kept for Past {
    const FIRST: &'static str = "past";

    fn key(&self) -> String {
        format!(
            "{}{}/{}/{}/{}/{}",
            Self::at(&self.cidr),
            keys::time(self.from),
            keys::time(self.to),
            keys::part(&self.scope_id),
            place(&self.discovery_id, &self.account_id, &self.region),
            keys::part(&self.resource_id)
        )
    }
}

pub(in crate::ipam) fn entries_of_place(place: &Place) -> Result<Entries> {
    Ok(vec![(place.key(), codec::encode(place)?)])
}

/// The entries of a sighting. `avoided`: the attribute of its discovery.
pub(in crate::ipam) fn entries_of_sighted(sighted: &Sighted, avoided: bool) -> Result<Entries> {
    let mut entries = vec![(sighted.key(), codec::encode(sighted)?)];
    if let Some(cidr) = &sighted.resource.cidr {
        entries.push((format!("{}{}", Sighted::index_at(cidr), sighted.whose()), Vec::new()));
    }
    if let Some(cidr) = sighted.keeps_off(avoided) {
        let at = super::exclusion::avoiding_at(&sighted.scope_id, &cidr);
        entries.push((format!("{at}{}", sighted.whose()), Vec::new()));
    }
    Ok(entries)
}

pub(in crate::ipam) fn entries_of_address(address: &SeenAddress) -> Result<Entries> {
    Ok(vec![(address.key(), codec::encode(address)?)])
}

pub(in crate::ipam) fn entries_of_past(past: &Past) -> Result<Entries> {
    Ok(vec![(past.key(), codec::encode(past)?), (past.ended(), Vec::new())])
}
