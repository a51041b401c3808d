//! Keys of discoveries: targets, sightings, public addresses, past sightings, and avoided blocks.

use jiff::Timestamp;

use super::keys::{address, part, time};
use crate::ipam::{Cidr, Family};

/// Prefix of all targets.
pub(in crate::ipam) const TARGETS: &str = "place";
/// Prefix of all sightings.
pub(in crate::ipam) const SIGHTINGS: &str = "sighting";
/// Prefix of the index of sightings by address.
pub(in crate::ipam) const SIGHTINGS_BY_ADDRESS: &str = "seen-at/";
/// Prefix of all public addresses.
pub(in crate::ipam) const ADDRESSES: &str = "address";
/// Prefix of all past sightings.
pub(in crate::ipam) const PAST: &str = "past";
/// Prefix of the index of past sightings by their end.
const ENDED: &str = "ended/";
/// Prefix of the allocations that were imported from sightings, by resource.
pub(in crate::ipam) const IMPORTED: &str = "imported/";

/// An account in a Region, as a discovery scans it.
#[derive(Clone, Copy, Debug)]
pub(in crate::ipam) struct TargetKey<'a> {
    pub(in crate::ipam) discovery_id: &'a str,
    pub(in crate::ipam) account_id: &'a str,
    pub(in crate::ipam) region: &'a str,
}

impl TargetKey<'_> {
    /// The parts of a key that identify the target.
    fn parts(self) -> String {
        format!("{}/{}/{}", part(self.discovery_id), part(self.account_id), part(self.region))
    }

    /// The key of the target itself.
    pub(in crate::ipam) fn record(self) -> String {
        format!("{TARGETS}/{}", self.parts())
    }

    /// Prefix of all sightings at the target.
    pub(in crate::ipam) fn sightings(self) -> String {
        format!("{SIGHTINGS}/{}/", self.parts())
    }

    /// The key of the sighting of a resource, with its block if it has one.
    pub(in crate::ipam) fn sighting(self, cidr: Option<&Cidr>, resource_id: &str) -> String {
        let block = cidr.map_or_else(|| "-/-/-".to_owned(), block);
        format!("{}{block}/{}", self.sightings(), part(resource_id))
    }

    /// The part of a key in an index after the block. It identifies the sighting.
    pub(in crate::ipam) fn sighting_in_index(self, resource_id: &str) -> String {
        format!("{}/{}", self.parts(), part(resource_id))
    }

    /// Prefix of all public addresses at the target.
    pub(in crate::ipam) fn addresses(self) -> String {
        format!("{ADDRESSES}/{}/", self.parts())
    }

    /// The key of a public address.
    pub(in crate::ipam) fn address(self, family: Family, number: u128) -> String {
        format!("{}{}", self.addresses(), address(family, number))
    }

    /// The key of a sighting of the past.
    pub(in crate::ipam) fn past(
        self,
        cidr: &Cidr,
        (from, to): (Timestamp, Timestamp),
        scope_id: &str,
        resource_id: &str,
    ) -> String {
        let (scope, parts) = (part(scope_id), self.parts());
        format!("{}{}/{}/{scope}/{parts}/{}", past_at(cidr), time(from), time(to), part(resource_id))
    }
}

/// Prefix of all targets of a discovery.
pub(in crate::ipam) fn targets_of(discovery_id: &str) -> String {
    format!("{TARGETS}/{}/", part(discovery_id))
}

/// Prefix of all sightings of a discovery.
pub(in crate::ipam) fn sightings_of(discovery_id: &str) -> String {
    format!("{SIGHTINGS}/{}/", part(discovery_id))
}

/// A block inside a key, so that keys sort by address, and larger blocks come first.
fn block(cidr: &Cidr) -> String {
    format!("{}/{}/{:03}", cidr.family(), address(cidr.family(), cidr.first()), cidr.netmask_length())
}

/// The block of an entry in an index by address.
pub(in crate::ipam) fn block_in_index(key: &str) -> Option<Cidr> {
    let parts: Vec<&str> = key.split('/').collect();
    let [.., family, first, length, _, _, _, _] = parts.as_slice() else { return None };
    let family: Family = family.parse().ok()?;
    let first = u128::from_str_radix(first, 16).ok()?;
    let netmask_length: u8 = length.parse().ok()?;
    (netmask_length <= family.bits()).then(|| Cidr::around(family, first, netmask_length))
}

/// The key of the sighting of an entry in an index by address. In such an entry, the block comes first, and the rest of
/// the key of the sighting follows.
pub(in crate::ipam) fn sighting_of_index(key: &str) -> Option<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let [.., family, first, length, discovery, account, region, resource] = parts.as_slice() else { return None };
    Some(format!("{SIGHTINGS}/{discovery}/{account}/{region}/{family}/{first}/{length}/{resource}"))
}

/// Prefix, or end of a range, of the sightings at exactly this block.
pub(in crate::ipam) fn seen_at(cidr: &Cidr) -> String {
    format!("{SIGHTINGS_BY_ADDRESS}{}/", block(cidr))
}

/// Start of the sightings whose blocks begin at `first` or later.
pub(in crate::ipam) fn seen_from(family: Family, first: u128) -> String {
    format!("{SIGHTINGS_BY_ADDRESS}{family}/{}", address(family, first))
}

/// Prefix of all resources that had exactly this block.
pub(in crate::ipam) fn past_at(cidr: &Cidr) -> String {
    format!("{PAST}/{}/", block(cidr))
}

/// The entry in the index by end for the past sighting with the key `past`.
pub(in crate::ipam) fn ended(to: Timestamp, past: &str) -> String {
    format!("{ENDED}{}/{}", time(to), part(past))
}

/// The range of the entries of the index by end that ended before `before`.
pub(in crate::ipam) fn ended_before(before: Timestamp) -> (String, String) {
    (ENDED.to_owned(), format!("{ENDED}{}", time(before)))
}

/// The key of an avoided block that no other avoided block of the scope contains.
pub(in crate::ipam) fn avoided(scope_id: &str, cidr: &Cidr) -> String {
    format!("{}{}", avoided_of(scope_id, cidr.family()), address(cidr.family(), cidr.first()))
}

/// Prefix of the avoided blocks of a scope.
pub(in crate::ipam) fn avoided_of(scope_id: &str, family: Family) -> String {
    format!("avoided/{}/{family}/", part(scope_id))
}

/// Prefix of the sightings because of which allocations avoid exactly this block.
pub(in crate::ipam) fn avoiding_at(scope_id: &str, cidr: &Cidr) -> String {
    format!("avoiding/{}/{}/", part(scope_id), block(cidr))
}

/// Start of the entries of avoided blocks that begin at `first` or later.
pub(in crate::ipam) fn avoiding_from(scope_id: &str, family: Family, first: u128) -> String {
    format!("avoiding/{}/{family}/{}", part(scope_id), address(family, first))
}

/// Prefix of the allocations that were imported for a resource.
pub(in crate::ipam) fn imported_for(resource_id: &str) -> String {
    format!("{IMPORTED}{}/", part(resource_id))
}
