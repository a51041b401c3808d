//! Overlaps of a sighting: the objects that share addresses with its block and are named in the evaluation.

use std::collections::HashMap;

use super::evaluation::{Evaluation, Gathered, Holder};
use super::forest::Forest;
use super::stored::Sighted;
use super::types::SeenType;
use crate::ipam::{Allocation, Cidr, ResourceType};

/// Number of objects that are named. Thousands of default VPCs may have the same block.
const NAMED: usize = 10;

/// Sightings and allocations, by scope and block. Ignored sightings are left out.
pub(super) struct Overlaps<'a> {
    evaluation: &'a Evaluation<'a>,
    scopes: HashMap<&'a str, InScope<'a>>,
    /// The blocks of each VPC, by its id and Region.
    vpcs: HashMap<(&'a str, &'a str), Vec<&'a Sighted>>,
}

#[derive(Default)]
struct Lists<'a> {
    networks: Vec<(Cidr, &'a Sighted)>,
    subnets: Vec<(Cidr, &'a Sighted)>,
    public_pools: Vec<(Cidr, &'a Sighted)>,
    allocations: Vec<(Cidr, &'a Allocation)>,
}

struct InScope<'a> {
    /// VPCs and other networks.
    networks: Forest<&'a Sighted>,
    subnets: Forest<&'a Sighted>,
    public_pools: Forest<&'a Sighted>,
    /// Allocations for custom resources and for VPCs.
    allocations: Forest<&'a Allocation>,
}

impl<'a> Overlaps<'a> {
    pub(super) fn of(gathered: &'a Gathered, evaluation: &'a Evaluation<'a>) -> Self {
        let mut lists: HashMap<&str, Lists<'_>> = HashMap::new();
        let mut vpcs: HashMap<(&str, &str), Vec<&Sighted>> = HashMap::new();
        for sighted in gathered.sightings.iter().filter(|sighted| !sighted.ignored) {
            let resource = &sighted.resource;
            let Some(cidr) = resource.cidr else { continue };
            let lists = lists.entry(&sighted.scope_id).or_default();
            match resource.resource_type {
                SeenType::Vpc | SeenType::Other | SeenType::Unlisted(_) => lists.networks.push((cidr, sighted)),
                SeenType::Subnet => lists.subnets.push((cidr, sighted)),
                SeenType::PublicIpv4Pool => lists.public_pools.push((cidr, sighted)),
                SeenType::Eip | SeenType::Ipv6Pool | SeenType::Eni | SeenType::AnycastIpList => {}
            }
            if resource.resource_type == SeenType::Vpc {
                vpcs.entry((&resource.resource_id, &resource.region)).or_default().push(sighted);
            }
        }
        for allocation in gathered.allocations.iter().filter(|one| one.resource_type != ResourceType::IpamPool) {
            let Some(pool) = gathered.pools.get(&allocation.pool_id) else { continue };
            lists.entry(&pool.scope_id).or_default().allocations.push((allocation.cidr, allocation));
        }
        let scopes = lists.into_iter().map(|(scope_id, lists)| {
            let in_scope = InScope {
                networks: Forest::new(lists.networks),
                subnets: Forest::new(lists.subnets),
                public_pools: Forest::new(lists.public_pools),
                allocations: Forest::new(lists.allocations),
            };
            (scope_id, in_scope)
        });
        Self { evaluation, scopes: scopes.collect(), vpcs }
    }

    /// The objects that share addresses with a block, in words, sorted: the first few, and whether there are more.
    pub(super) fn with(&self, sighted: &Sighted, cidr: Cidr) -> Vec<String> {
        let Some(scope) = self.scopes.get(sighted.scope_id.as_str()).filter(|_| !sighted.ignored) else {
            return Vec::new();
        };
        let others: Vec<String> = match sighted.resource.resource_type {
            SeenType::Vpc | SeenType::Other | SeenType::Unlisted(_) => {
                let networks = scope.networks.over(&cidr).filter(|(_, other)| !is_same(sighted, other));
                let managers = [self.evaluation.manager(sighted)];
                let allocations = self.foreign(scope, &cidr, &managers, managers[0]);
                networks.map(|(_, other)| of_sighting(other)).chain(allocations).take(NAMED + 1).collect()
            }
            SeenType::Subnet => {
                let vpc_id = sighted.resource.vpc_id.as_deref();
                let vpcs = scope.networks.over(&cidr).filter(|(_, other)| {
                    other.resource.resource_type == SeenType::Vpc
                        && (Some(other.resource.resource_id.as_str()) != vpc_id || !is_near(sighted, other))
                });
                let subnets = scope.subnets.over(&cidr).filter(|(_, other)| {
                    !is_same(sighted, other) && (other.resource.vpc_id.as_deref() != vpc_id || vpc_id.is_none())
                });
                let of_vpc = self.manager_of_vpc(sighted, cidr);
                let managers = [self.evaluation.manager(sighted), of_vpc];
                let allocations = self.foreign(scope, &cidr, &managers, of_vpc);
                let seen = vpcs.chain(subnets).map(|(_, other)| of_sighting(other));
                seen.chain(allocations).take(NAMED + 1).collect()
            }
            SeenType::PublicIpv4Pool => {
                let equal = scope.public_pools.at(&cidr).filter(|other| other.account_id != sighted.account_id);
                equal.map(|other| of_sighting(other)).take(NAMED + 1).collect()
            }
            SeenType::Eip | SeenType::Ipv6Pool | SeenType::Eni | SeenType::AnycastIpList => Vec::new(),
        };
        named(others)
    }

    /// Allocations that share addresses with a block, except those that manage it and those inside the space that it
    /// is.
    fn foreign(
        &self,
        scope: &InScope<'a>,
        cidr: &Cidr,
        managers: &[Option<&Holder<'a>>],
        space: Option<&Holder<'a>>,
    ) -> Vec<String> {
        let managing: Vec<&str> = managers.iter().flatten().filter_map(|holder| holder.allocation).collect();
        let space = space.filter(|holder| holder.allocation.is_none()).map(|holder| holder.pool_id);
        let others = scope.allocations.over(cidr).filter(|(_, other)| {
            !managing.contains(&other.meta.id.as_str())
                && !space.is_some_and(|space| self.evaluation.is_in_subtree(&other.pool_id, space))
        });
        let named =
            others.map(|(_, other)| format!("allocation {:?} ({}, {})", other.meta.name, other.cidr, other.meta.id));
        named.take(NAMED + 1).collect()
    }

    /// The manager of the block of the VPC that contains a subnet.
    fn manager_of_vpc(&self, subnet: &Sighted, cidr: Cidr) -> Option<&Holder<'a>> {
        let vpc = (subnet.resource.vpc_id.as_deref()?, subnet.resource.region.as_str());
        let blocks = self.vpcs.get(&vpc)?.iter().filter(|vpc| vpc.scope_id == subnet.scope_id);
        let around = blocks.copied().filter(|vpc| vpc.resource.cidr.is_some_and(|block| block.contains(&cidr)));
        let nearest = around.max_by_key(|vpc| vpc.resource.cidr.map(|block| block.netmask_length()));
        self.evaluation.manager(nearest?)
    }
}

/// Whether two sightings are of one resource.
fn is_same(a: &Sighted, b: &Sighted) -> bool {
    a.resource.resource_id == b.resource.resource_id && is_near(a, b)
}

fn is_near(a: &Sighted, b: &Sighted) -> bool {
    a.resource.region == b.resource.region
}

fn of_sighting(sighted: &Sighted) -> String {
    let resource = &sighted.resource;
    let account = resource.owner_id.as_ref().unwrap_or(&sighted.account_id);
    let block = resource.cidr.map(|cidr| cidr.to_string()).unwrap_or_default();
    format!("{} {} ({block}, account {account}, {})", resource.resource_type, resource.resource_id, resource.region)
}

fn named(mut others: Vec<String>) -> Vec<String> {
    let more = others.len() > NAMED;
    others.truncate(NAMED);
    others.sort();
    others.dedup();
    if more {
        others.push("and more".to_owned());
    }
    others
}
