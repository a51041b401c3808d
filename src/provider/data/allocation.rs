//! `ipam_allocation`: reads one allocation.

use std::net::IpAddr;
use std::sync::Arc;

use crate::backend::Ipam;
use crate::ipam::{Allocation, Cidr, Family, Kind};
use crate::provider::block_attributes::block_attributes;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path, wrong_value};
use crate::{at, model};

use super::facts::{AllocationFacts, allocation_facts};
use super::lookup::{self, argument, explained, is_true};

model! {
    /// Reads one allocation. Set `id`, or `ipam_pool_id` and one of `name`, `cidr` and `address`. If there is no such
    /// allocation, reading fails.
    pub(super) struct AllocationModel {
        /// ID of the allocation. A look-up by ID also finds a planned allocation.
        id: String => optional().computed(),
        /// ID of the allocation, the same as `id`.
        ipam_pool_allocation_id: String => computed(),
        /// ID of the pool from which the CIDR is allocated. Required for a look-up by `name`, `cidr` or `address`. The
        /// look-up covers this pool, and not the pools below it.
        ipam_pool_id: String => optional().computed(),
        /// Name of the allocation, unique in the pool.
        name: String => optional().computed(),
        /// CIDR of the allocation. A look-up by `cidr` finds the allocation with exactly this CIDR.
        cidr: Cidr => optional().computed(),
        /// IP address, such as `10.1.2.3`. A look-up by `address` finds the allocation that contains the address.
        address: String => optional(),
        /// Whether a look-up by `name`, `cidr` or `address` also finds an allocation that is only planned. Default:
        /// `false`.
        include_planned: bool => default(false),
        include allocation_facts;
    }
}

pub(super) struct AllocationData(pub(super) Arc<Shared>);

impl DataSource for AllocationData {
    type Model = AllocationModel;
    const TYPE: &'static str = "ipam_allocation";

    fn validate(&self, config: &AllocationModel) -> Diagnostics {
        let id = || argument!(AllocationModel, config, id);
        let in_pool = || {
            [
                argument!(AllocationModel, config, name),
                argument!(AllocationModel, config, cidr),
                argument!(AllocationModel, config, address),
            ]
        };
        let pool = argument!(AllocationModel, config, ipam_pool_id);
        let [name, cidr, address] = in_pool();
        let mut diagnostics = lookup::exactly_one(Kind::Allocation, &[id(), name, cidr, address]);
        diagnostics.append(lookup::only_beside(&pool, &in_pool(), &[id()]));
        let why = "names and addresses are unique in one pool only";
        diagnostics.append(lookup::needs(&in_pool(), &pool, why));
        if let Some(text) = config.address.get() {
            diagnostics.gather(address_block(text, &at!(AllocationModel, address)));
        }
        diagnostics
    }

    fn read(&self, config: AllocationModel) -> Result<AllocationModel, Diagnostics> {
        self.validate(&config).into_result()?;
        let ipam = self.0.ipam()?;
        let facts = AllocationFacts::of(find(ipam.as_ref(), &config)?);
        Ok(AllocationModel {
            id: facts.id,
            ipam_pool_allocation_id: facts.ipam_pool_allocation_id,
            ipam_pool_id: facts.ipam_pool_id,
            name: facts.name,
            cidr: facts.cidr,
            address: config.address,
            include_planned: config.include_planned,
            netmask_length: facts.netmask_length,
            address_family: facts.address_family,
            network: facts.network,
            netmask: facts.netmask,
            first_address: facts.first_address,
            last_address: facts.last_address,
            address_count: facts.address_count,
            reverse_zones: facts.reverse_zones,
            description: facts.description,
            resource_type: facts.resource_type,
            resource_id: facts.resource_id,
            expires_at: facts.expires_at,
            prevent_release: facts.prevent_release,
            tags: facts.tags,
            owner: facts.owner,
            state: facts.state,
            hold_expires_at: facts.hold_expires_at,
        })
    }
}

/// The block that contains only this address.
fn address_block(text: &str, here: &Path) -> Result<Cidr, Diagnostics> {
    let address: IpAddr = text.parse().map_err(|_| {
        let hint = if text.contains('/') { " For a block, use cidr instead." } else { "" };
        wrong_value(here, format!("{text:?} is not an address such as 10.1.2.3 or 2001:db8::1.{hint}"))
    })?;
    Ok(match address {
        IpAddr::V4(v4) => Cidr::around(Family::Ipv4, u128::from(u32::from(v4)), Family::Ipv4.bits()),
        IpAddr::V6(v6) => Cidr::around(Family::Ipv6, u128::from(v6), Family::Ipv6.bits()),
    })
}

fn find(ipam: &dyn Ipam, config: &AllocationModel) -> Result<Allocation, Diagnostics> {
    if let Some(id) = config.id.get() {
        let here = || at!(AllocationModel, id);
        return ipam
            .get_allocation(id)
            .map_err(explained(here()))?
            .ok_or_else(|| lookup::no_such_id(Kind::Allocation, id, here()));
    }
    let pool_at = || at!(AllocationModel, ipam_pool_id);
    let pool_id = config.ipam_pool_id.known(pool_at())?;
    let pool = lookup::pool(ipam, pool_id, pool_at())?;
    let none = |what: String, here: Path| {
        lookup::no_such(Kind::Allocation, format!("Pool {} ({pool_id}) has {what}.", pool.meta.name), here)
    };
    let (found, here) = if let Some(name) = config.name.get() {
        let here = at!(AllocationModel, name);
        let found = ipam.find_allocation(pool_id, name).map_err(explained(here.clone()))?;
        (found.ok_or_else(|| none(format!("no allocation named {name:?}"), here.clone()))?, here)
    } else if let Some(cidr) = config.cidr.get() {
        let here = at!(AllocationModel, cidr);
        let found = ipam.allocation_at(pool_id, *cidr).map_err(explained(here.clone()))?;
        let found = found.ok_or_else(|| none(format!("no allocation {cidr}"), here.clone()))?;
        if found.cidr != *cidr {
            let inside =
                format!("no allocation {cidr}: it is part of {} ({} {})", found.cidr, found.meta.name, found.meta.id);
            return Err(none(inside, here));
        }
        (found, here)
    } else {
        let here = at!(AllocationModel, address);
        let text = config.address.known(here.clone())?;
        let found = ipam.allocation_at(pool_id, address_block(text, &here)?).map_err(explained(here.clone()))?;
        (found.ok_or_else(|| none(format!("no allocation that contains {text}"), here.clone()))?, here)
    };
    if found.meta.is_listed(is_true(&config.include_planned)) {
        Ok(found)
    } else {
        Err(lookup::only_planned(Kind::Allocation, &found.meta, here))
    }
}
