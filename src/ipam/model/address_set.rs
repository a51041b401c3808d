//! Address sets: names of single addresses in an allocation.
//!
//! The addresses are a part of the record of their allocation, which has taken its whole block from the pool. So they
//! change no free space and no sum, and they are in every event, export and audit of the allocation. A set may have
//! addresses in an IPv4 and in an IPv6 allocation, under the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::{Cidr, Family, Occupant, ResourceType, RuleName, Run, address};

/// The maximum number of addresses that the sets of one allocation have. They are in one record.
pub const ADDRESSES_MAX: usize = 1000;

/// How the id of an address set begins.
pub const ADDRESS_SET_PREFIX: &str = "ipam-addr-set-";

/// Addresses by the names of the members that have them.
pub type AddressMap = BTreeMap<String, IpAddr>;

/// The addresses of one set in one allocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSet {
    /// Unique in the allocation.
    pub name: String,
    /// The owner (provider argument `owner`) that made the set.
    pub owner: String,
    /// Whether a refresh or an import has read the set, so that it is in a Terraform state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// The addresses that an apply gave out. Without any, the set is only planned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub addresses: AddressMap,
    /// The addresses after the apply of the last plan, when they are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<PlannedAddresses>,
}

/// The hold of a plan on all addresses that a set has after the apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAddresses {
    /// The addresses.
    pub addresses: AddressMap,
    /// The time from which the hold may be reclaimed.
    pub expires_at: Timestamp,
    /// The run of Terraform that asked for it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
    /// Id of the set whose name and addresses this one takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Ids of the sets that the same apply has to release first.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub waits_for: BTreeSet<String>,
}

impl AddressSet {
    /// Whether an apply has made the set.
    pub fn is_active(&self) -> bool {
        !self.addresses.is_empty()
    }
}

/// The addresses that are asked for in one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressWishes {
    /// The family that the allocation must have.
    pub family: Family,
    /// The block that the same plan gives the allocation; `None`: the block that it has.
    pub becomes: Option<Cidr>,
    /// The members, each with the address that it asks for; `None` for any.
    pub members: BTreeMap<String, Option<IpAddr>>,
}

/// A plan of an address set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRequest {
    /// Unique in each allocation.
    pub name: String,
    /// Id of the set, when it exists or a plan has shown it.
    pub id: Option<String>,
    /// The addresses, by the ids of the allocations.
    pub wishes: BTreeMap<String, AddressWishes>,
    /// Id of the active set whose name and addresses this new one takes over.
    pub replaces: Option<String>,
    /// Ids of the sets that the same apply releases first.
    pub given_up: BTreeSet<String>,
    /// Whether this may be the plan in an apply, which knows less about what is released than the plan before it: what the hold
    /// of that plan says counts as well.
    pub relies_on_hold: bool,
}

/// An apply of an address set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChange {
    /// The request, with the addresses and the id that the plan showed.
    pub request: AddressRequest,
    /// Ids of allocations in which the set has no addresses any more.
    pub leaves: BTreeSet<String>,
}

/// An address set as a plan or an apply answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressAnswer {
    pub id: String,
    pub owner: String,
    pub name: String,
    /// The addresses, by the ids of the allocations.
    pub addresses: BTreeMap<String, AddressMap>,
    /// The blocks of the allocations, by their ids.
    pub blocks: BTreeMap<String, Cidr>,
    /// Id of the set whose name and addresses this one takes over.
    pub replaces: Option<String>,
    /// Whether the set exists, and no state is known to have it.
    pub is_adopted: bool,
    /// Whether a refresh or an import has read the set.
    pub is_confirmed: bool,
}

/// An address that a set has, or that a plan holds for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressHolder {
    pub set_id: String,
    pub set_name: String,
    pub owner: String,
    /// The member that has the address; empty when the whole set is meant.
    pub member: String,
    /// Until when a plan holds it; `None` for an address that an apply gave out.
    pub held_until: Option<Timestamp>,
}

/// The reasons why an address set is refused. All of them are about one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// The allocation has another family.
    Family { expected: Family },
    /// Nothing can have addresses in the allocation, because it is the space of a pool or of a resource.
    NotForAddresses { resource_type: ResourceType },
    /// The address of a member is not in the allocation.
    Outside { member: String, address: IpAddr },
    /// A rule of the pool reserves the address of a member.
    Reserved { member: String, address: IpAddr, pool: String, reserved: Cidr, rule: RuleName },
    /// Another set or another member has the address. `waits`: the same apply releases it.
    Taken { member: String, address: IpAddr, by: Box<AddressHolder>, waits: bool },
    /// There is no address for a member.
    Exhausted { member: String, usable: u128, held: u64 },
    /// Another set has the name. `waits`: the same apply releases it.
    NameTaken { by: Box<AddressHolder>, asked_by: String, waits: bool },
    /// The sets of the allocation would have more than [`ADDRESSES_MAX`] addresses.
    TooMany { count: usize },
    /// The allocation is to be released, or to become `becomes`, and these sets have addresses there: the first few, and
    /// the number of further ones.
    InUse { becomes: Option<Cidr>, sets: Vec<AddressHolder>, more: u64 },
}

impl AddressFault {
    /// The member that the fault is about.
    pub fn member(&self) -> Option<&str> {
        match self {
            Self::Outside { member, .. }
            | Self::Reserved { member, .. }
            | Self::Taken { member, .. }
            | Self::Exhausted { member, .. } => Some(member),
            _ => None,
        }
    }

    /// The active set that is in the way.
    pub fn in_the_way(&self) -> Option<&AddressHolder> {
        match self {
            Self::Taken { by, .. } | Self::NameTaken { by, .. } => {
                Some(by).filter(|by| by.held_until.is_none()).map(|by| &**by)
            }
            _ => None,
        }
    }

    /// Whether the request succeeds once the same apply has released what is in the way.
    pub fn waits(&self) -> bool {
        matches!(self, Self::Taken { waits: true, .. } | Self::NameTaken { waits: true, .. })
    }
}

/// A refused address set, with the allocation that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    pub allocation: Occupant,
    pub fault: AddressFault,
}

/// The first and the last address that hosts in a block can have. An IPv4 block has a network and a broadcast address,
/// except a /31 and a /32 (RFC 3021). The first address of an IPv6 block is the anycast address of its routers, except in a
/// /127 and a /128 (RFC 4291, RFC 6164).
pub fn usable_range(block: &Cidr) -> (u128, u128) {
    let edge = u128::from(block.host_bits() > 1);
    match block.family() {
        Family::Ipv4 => (block.first() + edge, block.last() - edge),
        Family::Ipv6 => (block.first() + edge, block.last()),
    }
}

/// The usable addresses of a block, to follow a number of them: ", 10.0.0.1 to 10.0.0.254".
pub fn address_range(block: &Cidr) -> String {
    let (first, last) = usable_range(block);
    let [first, last] = [first, last].map(|number| address(block.family(), number));
    format!(", {first} to {last}")
}

/// The block of one address.
pub fn address_block(address: IpAddr) -> Cidr {
    match address {
        IpAddr::V4(v4) => Cidr::around(Family::Ipv4, u128::from(u32::from(v4)), Family::Ipv4.bits()),
        IpAddr::V6(v6) => Cidr::around(Family::Ipv6, u128::from(v6), Family::Ipv6.bits()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_no_network_no_broadcast_and_no_anycast_address() {
        let table = [
            ("10.0.0.0/24", "10.0.0.1", "10.0.0.254"),
            ("10.0.0.0/30", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.0/31", "10.0.0.0", "10.0.0.1"),
            ("10.0.0.7/32", "10.0.0.7", "10.0.0.7"),
            ("2001:db8::/64", "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"),
            ("2001:db8::/126", "2001:db8::1", "2001:db8::3"),
            ("2001:db8::/127", "2001:db8::", "2001:db8::1"),
            ("2001:db8::7/128", "2001:db8::7", "2001:db8::7"),
        ];
        for (block, first, last) in table {
            let expected = [first, last].map(|text| address_block(text.parse().unwrap()).first());
            assert_eq!(usable_range(&block.parse().unwrap()), (expected[0], expected[1]), "{block}");
        }
    }
}
