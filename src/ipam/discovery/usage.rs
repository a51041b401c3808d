//! Computes the part of a block that is in use, as far as sightings show it.

use std::collections::HashMap;

use super::types::{DiscoveredCidr, SeenType};
use crate::ipam::space::blocks;
use crate::ipam::{Cidr, Family};

/// The used addresses, by the resource that contains them.
pub(super) struct Uses {
    /// Merged blocks of the subnets of a VPC in a Region.
    subnets: HashMap<(String, String), Vec<Cidr>>,
    /// Elastic IP addresses, by their numbers.
    addresses: Vec<u128>,
}

impl Uses {
    pub(super) fn of<'a>(seen: impl Iterator<Item = &'a DiscoveredCidr> + Clone) -> Self {
        let mut subnets: HashMap<(String, String), Vec<Cidr>> = HashMap::new();
        let mut addresses = Vec::new();
        for resource in seen {
            let Some(cidr) = resource.cidr.filter(|cidr| cidr.family() == Family::Ipv4) else { continue };
            match (resource.resource_type, &resource.vpc_id) {
                (SeenType::Subnet, Some(vpc_id)) => {
                    subnets.entry((vpc_id.clone(), resource.region.clone())).or_default().push(cidr);
                }
                (SeenType::Eip, _) => addresses.push(cidr.first()),
                _ => {}
            }
        }
        for subnets in subnets.values_mut() {
            *subnets = blocks::merge(std::mem::take(subnets));
        }
        addresses.sort_unstable();
        addresses.dedup();
        Self { subnets, addresses }
    }

    /// Part of a block that is in use; `None` when the sightings do not show it.
    pub(super) fn usage(&self, resource: &DiscoveredCidr) -> Option<f64> {
        let block = resource.cidr?;
        match resource.resource_type {
            SeenType::Vpc if block.family() == Family::Ipv4 => {
                let of = (resource.resource_id.clone(), resource.region.clone());
                let subnets = self.subnets.get(&of).map(Vec::as_slice).unwrap_or_default();
                Some(part(&block, subnets.iter().filter(|subnet| block.contains(subnet)).map(size).sum()))
            }
            // EC2 reports its own count, which also includes resources that the scan left out.
            SeenType::PublicIpv4Pool if resource.usage.is_none() && block.family() == Family::Ipv4 => {
                let start = self.addresses.partition_point(|address| *address < block.first());
                let end = self.addresses.partition_point(|address| *address <= block.last());
                Some(part(&block, (end - start) as u128))
            }
            _ => resource.usage,
        }
    }
}

const fn size(block: &Cidr) -> u128 {
    (block.last() - block.first()).saturating_add(1)
}

/// The used part of an IPv4 block, whose addresses are few enough to be exact in a float.
fn part(block: &Cidr, used: u128) -> f64 {
    let number = |count: u128| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if block.netmask_length() == 0 {
        return number(used) / 4_294_967_296.0;
    }
    number(used) / number(size(block))
}
