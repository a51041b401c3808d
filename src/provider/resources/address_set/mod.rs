//! `ipam_address_set`: names of single addresses in an IPv4 allocation, an IPv6 allocation, or both.
//!
//! A set is a part of the records of its allocations, and not a noun of its own. So its life is in files of its own:
//! `plan.rs`, `resource.rs`, `import.rs`.

mod address;
mod check;
mod import;
mod plan;
mod resource;

pub(in crate::provider) use resource::AddressSetResource;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use crate::ipam::{
    AddressAnswer, AddressFault, AddressMap, AddressRequest, AddressWishes, Cidr, Error, Family, Kind, address as ip,
    usable_range,
};
use crate::tf::{Path, Tf};
use crate::{at, model};

use super::super::attributes::HumanDuration;
use super::super::block_attributes::netmask;
use super::super::noun::{DEFAULT_TIMEOUT, Timeouts};
use super::super::shared::Shared;
use address::{Address, ptr_name};

/// The member whose address is shown as the gateway.
const GATEWAY: &str = "gateway";

model! {
    /// A member of an address set.
    pub(crate) struct HostModel {
        /// IPv4 address of the member. Without it, the member gets the lowest IPv4 address that is free, and keeps it.
        ipv4_address: Address => optional(),
        /// IPv6 address of the member. Without it, the member gets the lowest IPv6 address that is free, and keeps it.
        ipv6_address: Address => optional(),
    }
}

model! {
    /// The addresses of a set in one allocation, with what a host needs to use them.
    pub(crate) struct SubnetModel {
        /// Map of the addresses by the names of the members.
        addresses: BTreeMap<String, Address> => computed(),
        /// Map of the names of the PTR records by the names of the members, such as `7.2.0.192.in-addr.arpa`.
        ptr_names: BTreeMap<String, String> => computed(),
        /// CIDR of the allocation.
        cidr: Cidr => computed(),
        /// Netmask length of the allocation.
        netmask_length: u8 => computed(),
        /// Netmask of the allocation in dotted decimal form; null for IPv6.
        netmask: String => computed(),
        /// First address that a host can have.
        first_usable: Address => computed(),
        /// Last address that a host can have.
        last_usable: Address => computed(),
        /// Address of the member named `gateway`; null if there is no such member.
        gateway: Address => computed(),
    }
}

model! {
    /// Manages names of single addresses in an allocation, or in an IPv4 and an IPv6 allocation at once. The plan shows
    /// the addresses of all members, or fails and holds none of them, and apply keeps them. When members are added, removed or
    /// renamed, the others keep their addresses. No address is given out twice, also not by another configuration. Members
    /// without an address of their own never get a network, broadcast or subnet-router anycast address, or an address that the pool
    /// reserves. An allocation with such addresses is not released, and does not become smaller than they need. Not
    /// available with `aws-ipam`.
    pub(crate) struct AddressSetModel {
        /// ID of the allocation of the IPv4 addresses. At least one of the two allocations is needed. A change to another
        /// allocation replaces the set.
        ipv4_allocation_id: String => optional(),
        /// ID of the allocation of the IPv6 addresses. A change to another allocation replaces the set.
        ipv6_allocation_id: String => optional(),
        /// Name of the set, without a slash, unique in its allocations. A change keeps all addresses.
        name: String => required(),
        /// Map of the members by name: 1 to 1,000 of them. Each member has one address of each family that the set has.
        /// An empty object `{}` asks for any address. The address of the member named `gateway` is shown as `gateway`.
        members: BTreeMap<String, HostModel> => required(),
        /// DNS domain of the members, such as `example.org`, for `host_names`.
        domain: String => optional(),
        /// ID of the set.
        id: String => computed(),
        /// The IPv4 addresses; null without an IPv4 allocation.
        ipv4: SubnetModel => computed(),
        /// The IPv6 addresses; null without an IPv6 allocation.
        ipv6: SubnetModel => computed(),
        /// Map of DNS names by the names of the members: the name of the member, a dot and the `domain`. Null without a
        /// domain.
        host_names: BTreeMap<String, String> => computed(),
        /// Owner of the set: the provider argument `owner` of the configuration that it belongs to.
        owner: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// The path of a member in a configuration.
fn member_at(member: &str) -> Path {
    at!(AddressSetModel, members).key(member)
}

impl HostModel {
    fn wish(&self, family: Family) -> &Tf<Address> {
        match family {
            Family::Ipv4 => &self.ipv4_address,
            Family::Ipv6 => &self.ipv6_address,
        }
    }
}

impl SubnetModel {
    /// The values for these addresses in this block.
    fn of(addresses: &AddressMap, block: Cidr) -> Self {
        let (first, last) = usable_range(&block);
        let number = |number| Address(ip(block.family(), number)).into();
        let each = |value: &dyn Fn(IpAddr) -> String| {
            addresses.iter().map(|(member, address)| (member.clone(), value(*address))).collect::<BTreeMap<_, _>>()
        };
        let own = addresses.iter().map(|(member, address)| (member.clone(), Address(*address)));
        Self {
            addresses: own.collect::<BTreeMap<_, _>>().into(),
            ptr_names: each(&ptr_name).into(),
            cidr: block.into(),
            netmask_length: block.netmask_length().into(),
            netmask: netmask(&block).into(),
            first_usable: number(first),
            last_usable: number(last),
            gateway: addresses.get(GATEWAY).map(|address| Address(*address)).into(),
        }
    }

    /// The addresses; empty while they are unknown.
    fn map(&self) -> AddressMap {
        let all = self.addresses.get().into_iter().flatten();
        all.map(|(member, address)| (member.clone(), address.0)).collect()
    }
}

impl AddressSetModel {
    fn allocation_id(&self, family: Family) -> &Tf<String> {
        match family {
            Family::Ipv4 => &self.ipv4_allocation_id,
            Family::Ipv6 => &self.ipv6_allocation_id,
        }
    }

    fn subnet(&self, family: Family) -> &Tf<SubnetModel> {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    /// The argument with the allocation of a family.
    fn allocation_at(family: Family) -> Path {
        match family {
            Family::Ipv4 => at!(Self, ipv4_allocation_id),
            Family::Ipv6 => at!(Self, ipv6_allocation_id),
        }
    }

    /// The families that the set has, with the ids of their allocations; `None` while one of them is unknown.
    fn places(&self) -> Option<Vec<(Family, String)>> {
        let mut places = Vec::new();
        for family in [Family::Ipv4, Family::Ipv6] {
            match self.allocation_id(family) {
                Tf::Unknown => return None,
                Tf::Null => {}
                Tf::Known(id) => places.push((family, id.clone())),
            }
        }
        Some(places)
    }

    /// The ids of the allocations that a state knows.
    fn allocation_ids(&self) -> Vec<String> {
        self.places().into_iter().flatten().map(|(_, id)| id).collect()
    }

    /// The request for the addresses; `None` while a part of it is unknown.
    fn request(&self, shared: &Shared) -> Option<AddressRequest> {
        let mut wishes = BTreeMap::new();
        for (family, id) in self.places()? {
            let mut members = BTreeMap::new();
            for (member, host) in self.members.get()? {
                if host.wish(family).is_unknown() {
                    return None;
                }
                members.insert(member.clone(), host.wish(family).get().map(|address| address.0));
            }
            let becomes = shared.changes.planned_block(&id);
            wishes.insert(id, AddressWishes { family, becomes, members });
        }
        let (id, name) = (self.id.cloned(), self.name.cloned()?);
        Some(AddressRequest { name, id, wishes, replaces: None, given_up: BTreeSet::new(), relies_on_hold: false })
    }

    /// Takes over an answer of the store.
    fn fill(&mut self, answer: &AddressAnswer) {
        self.id = answer.id.clone().into();
        self.owner = answer.owner.clone().into();
        self.name = answer.name.clone().into();
        let subnet = |id: &Tf<String>| {
            let id = id.get()?;
            Some(SubnetModel::of(answer.addresses.get(id)?, *answer.blocks.get(id)?))
        };
        self.ipv4 = subnet(&self.ipv4_allocation_id).into();
        self.ipv6 = subnet(&self.ipv6_allocation_id).into();
    }

    /// Fills in the values that follow from the configuration alone.
    fn fill_from_config(&mut self) {
        self.host_names = match (&self.domain, &self.members) {
            (Tf::Null, _) => Tf::Null,
            (Tf::Known(domain), Tf::Known(members)) => {
                let named = members.keys().map(|member| (member.clone(), format!("{member}.{domain}")));
                named.collect::<BTreeMap<_, _>>().into()
            }
            _ => Tf::Unknown,
        };
        if self.ipv4_allocation_id.is_null() {
            self.ipv4 = Tf::Null;
        }
        if self.ipv6_allocation_id.is_null() {
            self.ipv6 = Tf::Null;
        }
    }

    /// The addresses are known after apply.
    fn forget_addresses(&mut self) {
        let unknown = |id: &Tf<String>| if id.is_null() { Tf::Null } else { Tf::Unknown };
        self.ipv4 = unknown(&self.ipv4_allocation_id);
        self.ipv6 = unknown(&self.ipv6_allocation_id);
    }

    /// The attribute that an error is about.
    fn attribute_for(&self, error: &Error) -> Path {
        let place = |id: &str| {
            let is_v6 = self.ipv6_allocation_id.get().is_some_and(|own| own == id);
            Self::allocation_at(if is_v6 { Family::Ipv6 } else { Family::Ipv4 })
        };
        match error {
            Error::NotFound { kind: Kind::Allocation, id } | Error::HoldLost { kind: Kind::Allocation, id, .. } => {
                place(id)
            }
            Error::Unsupported { .. } if self.ipv4_allocation_id.is_null() => Self::allocation_at(Family::Ipv6),
            Error::Unsupported { .. } => Self::allocation_at(Family::Ipv4),
            Error::Addresses(error) => match &error.fault {
                AddressFault::Family { .. } | AddressFault::NotForAddresses { .. } => place(&error.allocation.id),
                AddressFault::NameTaken { .. } => at!(Self, name),
                AddressFault::TooMany { .. } => at!(Self, members),
                AddressFault::Exhausted { member, .. } => member_at(member),
                AddressFault::Outside { member, address, .. }
                | AddressFault::Reserved { member, address, .. }
                | AddressFault::Taken { member, address, .. } => {
                    member_at(member).then(if address.is_ipv4() { "ipv4_address" } else { "ipv6_address" })
                }
                AddressFault::InUse { .. } => Path::root(),
            },
            _ => Path::root(),
        }
    }

    /// The time limit of an operation.
    fn patience(&self, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>) -> Duration {
        self.timeouts.get().and_then(|timeouts| which(timeouts).get()).map_or(DEFAULT_TIMEOUT, |duration| duration.0)
    }
}
