//! `ipam_dual_stack_allocation`: an IPv4 and an IPv6 block for one name, planned and changed together.
//!
//! There is no record of the two together: each is an ordinary allocation, and the state knows their ids. So this resource is
//! not one of a noun, and follows the same life in files of its own: `plan.rs`, `request.rs`, `resource.rs`, `import.rs`.

mod check;
mod import;
mod plan;
mod request;
mod resource;

pub(in crate::provider) use resource::DualStackResource;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ipam::{Allocation, AllocationSpec, Cidr, Error, Family, Kind, Size, Tags};
use crate::tf::{Path, Tf};
use crate::{at, model};

use super::super::attributes::HumanDuration;
use super::super::noun::{DEFAULT_TIMEOUT, Timeouts};

/// How the id begins.
const ID_PREFIX: &str = "ipam-dual-stack-";
/// The families, in the order of the arguments.
const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

model! {
    /// The block of one address family.
    pub(crate) struct PartModel {
        /// ID of the pool from which the CIDR is allocated. A change replaces both allocations.
        ipam_pool_id: String => required(),
        /// CIDR to allocate. If `netmask_length` is set as well, it must be the netmask length of this CIDR. If neither is
        /// set, the allocation has the `allocation_default_netmask_length` of the pool.
        cidr: Cidr => optional(),
        /// Netmask length of the CIDR to allocate. A change is made in place when the neighbouring space is free. Otherwise
        /// this allocation moves to another CIDR, and the other one stays.
        netmask_length: u8 => optional(),
    }
}

model! {
    /// Manages an IPv4 and an IPv6 allocation for one name. The plan shows both CIDRs, or fails and holds none of them.
    /// The apply makes all changes in one transaction, or none. Each of the two is an allocation like any other, with this
    /// name in its pool. Not available with `aws-ipam`.
    pub(crate) struct DualStackModel {
        /// Name of both allocations, unique in each of the two pools.
        name: String => required(),
        /// The IPv4 block.
        ipv4: PartModel => required(),
        /// The IPv6 block.
        ipv6: PartModel => required(),
        /// Description of both allocations.
        description: String => optional(),
        /// Map of tags for both allocations. `tags_all` must contain the `allocation_resource_tags` of both pools.
        tags: Tags => optional(),
        /// ID of the two together, which stays the same through all changes in place. It comes from the ID of the IPv4
        /// allocation.
        id: String => computed(),
        /// CIDR of the IPv4 allocation.
        ipv4_cidr: Cidr => computed(),
        /// CIDR of the IPv6 allocation.
        ipv6_cidr: Cidr => computed(),
        /// ID of the IPv4 allocation.
        ipv4_allocation_id: String => computed(),
        /// ID of the IPv6 allocation.
        ipv6_allocation_id: String => computed(),
        /// Owner of both allocations: the provider argument `owner` of the configuration that they belong to.
        owner: String => computed(),
        /// All tags of both allocations: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// The argument of a family.
fn part_at(family: Family) -> Path {
    match family {
        Family::Ipv4 => at!(DualStackModel, ipv4),
        Family::Ipv6 => at!(DualStackModel, ipv6),
    }
}

impl PartModel {
    /// How the configuration asks for the block; `None` while that is unknown.
    fn size(&self) -> Option<Size> {
        match (&self.cidr, &self.netmask_length) {
            // A netmask length next to the block agrees with it.
            (Tf::Known(cidr), _) => Some(Size::Cidr(*cidr)),
            (Tf::Unknown, _) | (_, Tf::Unknown) => None,
            (Tf::Null, Tf::Known(length)) => Some(Size::NetmaskLength(*length)),
            (Tf::Null, Tf::Null) => Some(Size::Default),
        }
    }

    /// The attribute to edit for another size.
    fn size_at(&self, family: Family) -> Path {
        part_at(family).then(if self.cidr.is_known() { "cidr" } else { "netmask_length" })
    }
}

impl DualStackModel {
    fn part(&self, family: Family) -> Option<&PartModel> {
        match family {
            Family::Ipv4 => self.ipv4.get(),
            Family::Ipv6 => self.ipv6.get(),
        }
    }

    fn cidr(&self, family: Family) -> Option<Cidr> {
        match family {
            Family::Ipv4 => self.ipv4_cidr.cloned(),
            Family::Ipv6 => self.ipv6_cidr.cloned(),
        }
    }

    /// The ids of the allocations that a state knows.
    fn ids(&self) -> BTreeMap<Family, String> {
        let ids = [(Family::Ipv4, &self.ipv4_allocation_id), (Family::Ipv6, &self.ipv6_allocation_id)];
        ids.into_iter().filter_map(|(family, id)| Some((family, id.cloned()?))).collect()
    }

    /// Shows an allocation.
    fn show(&mut self, family: Family, id: &str, cidr: Cidr) {
        match family {
            Family::Ipv4 => (self.ipv4_allocation_id, self.ipv4_cidr) = (id.to_owned().into(), cidr.into()),
            Family::Ipv6 => (self.ipv6_allocation_id, self.ipv6_cidr) = (id.to_owned().into(), cidr.into()),
        }
    }

    /// Takes over an allocation as the store has it.
    fn fill(&mut self, family: Family, allocation: &Allocation) {
        self.show(family, &allocation.meta.id, allocation.cidr);
        self.owner = allocation.meta.owner.clone().into();
    }

    /// The blocks are known after apply.
    fn forget_blocks(&mut self) {
        (self.ipv4_allocation_id, self.ipv4_cidr) = (Tf::Unknown, Tf::Unknown);
        (self.ipv6_allocation_id, self.ipv6_cidr) = (Tf::Unknown, Tf::Unknown);
    }

    /// The id of a new object, once the IPv4 allocation has one.
    fn new_id(&self) -> Tf<String> {
        let own = |id: &String| id.strip_prefix(Kind::Allocation.id_prefix()).unwrap_or(id).to_owned();
        self.ipv4_allocation_id.get().map_or(Tf::Unknown, |id| format!("{ID_PREFIX}{}", own(id)).into())
    }

    /// The request for one of the allocations, with `tags`; `None` while a part of it is unknown.
    fn spec(&self, family: Family, tags: &Tags) -> Option<AllocationSpec> {
        let part = self.part(family)?;
        if self.description.is_unknown() {
            return None;
        }
        Some(AllocationSpec {
            disallowed_cidrs: BTreeSet::new(),
            description: self.description.cloned(),
            tags: tags.clone(),
            ..AllocationSpec::new(part.ipam_pool_id.cloned()?, self.name.cloned()?, part.size()?)
        })
    }

    /// The attribute that an error is about.
    fn attribute_for(&self, error: &Error) -> Path {
        let Error::OfMember { key, error } = error else { return Path::root() };
        let family = if *key == Family::Ipv6.to_string() { Family::Ipv6 } else { Family::Ipv4 };
        match &**error {
            Error::NotFound { kind: Kind::Pool, .. } | Error::PoolEmpty { .. } => part_at(family).then("ipam_pool_id"),
            Error::TagRule { .. } => at!(Self, tags),
            Error::NameTaken { .. } => at!(Self, name),
            _ => self.part(family).map_or_else(|| part_at(family), |part| part.size_at(family)),
        }
    }

    /// The time limit of an operation.
    fn patience(&self, which: impl Fn(&Timeouts) -> &Tf<HumanDuration>) -> Duration {
        self.timeouts.get().and_then(|timeouts| which(timeouts).get()).map_or(DEFAULT_TIMEOUT, |duration| duration.0)
    }
}
