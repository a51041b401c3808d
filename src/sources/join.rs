//! Brings together what several files of one system say about the same objects.
//!
//! AWS prints the attributes of a pool, its CIDRs, its allocations, and the VPCs that have them, with one command each.
//! Google Cloud prints internal ranges apart from the subnets that have them. Each file is read by itself, so the same
//! block of the same object occurs several times.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::Cidr;

use super::{Inventory, Mistake, Network, PoolFacts, ResourceKind, Role, Scope, ScopeFacts};

/// The name of the scope of public pools.
const PUBLIC: &str = "public";

/// Fills in what one file says about objects of another, and keeps one network for each block of an object.
pub fn join(inventories: &mut [Inventory]) {
    let facts = facts(inventories);
    let scopes = Scopes::of(inventories);
    for network in inventories.iter_mut().flat_map(|inventory| &mut inventory.networks) {
        fill(network, &facts, &scopes);
    }
    add_scopes(inventories, &scopes);
    merge(inventories);
    move_with_their_vpc(inventories);
    tell_empty_pools(inventories);
}

/// The pools by their ids. Two files may describe the same pool; the first one counts.
fn facts(inventories: &[Inventory]) -> BTreeMap<String, PoolFacts> {
    let mut facts = BTreeMap::new();
    for pool in inventories.iter().flat_map(|inventory| &inventory.described.pools) {
        facts.entry(pool.id.clone()).or_insert_with(|| pool.clone());
    }
    facts
}

/// The names that scopes get.
struct Scopes {
    known: BTreeMap<String, ScopeFacts>,
    /// The private scope that takes the place of the default one.
    private: Option<String>,
}

impl Scopes {
    fn of(inventories: &[Inventory]) -> Self {
        let all = inventories.iter().flat_map(|inventory| &inventory.described.scopes);
        let known: BTreeMap<String, ScopeFacts> = all.map(|scope| (scope.id.clone(), scope.clone())).collect();
        let pools = inventories.iter().flat_map(|inventory| &inventory.described.pools);
        let used: BTreeSet<&String> =
            pools.filter(|pool| !pool.is_public).filter_map(|pool| pool.scope_id.as_ref()).collect();
        let default = known.values().find(|scope| scope.is_default && !scope.is_public).map(|scope| scope.id.clone());
        // Without a list of the scopes, the only one with private pools is the default one.
        let only = || used.iter().next().filter(|_| used.len() == 1 && known.is_empty()).map(|id| (*id).clone());
        Self { private: default.or_else(only), known }
    }

    /// The name of the scope of a pool; `None` for the default private scope.
    fn name(&self, pool: &PoolFacts) -> Option<String> {
        let id = pool.scope_id.as_ref()?;
        match self.known.get(id) {
            _ if self.private.as_ref() == Some(id) => None,
            Some(scope) if scope.is_public && scope.is_default => Some(PUBLIC.to_owned()),
            Some(scope) => Some(scope.name.clone().unwrap_or_else(|| id.clone())),
            None if pool.is_public => Some(PUBLIC.to_owned()),
            None => Some(id.clone()),
        }
    }
}

fn fill(network: &mut Network, facts: &BTreeMap<String, PoolFacts>, scopes: &Scopes) {
    let pool_of = |id: &Option<String>| id.as_ref().and_then(|id| facts.get(id));
    if network.role != Role::Pool {
        if let Some(pool) = pool_of(&network.parent_id) {
            network.scope = scopes.name(pool);
        }
        return;
    }
    let Some(pool) = pool_of(&network.source_id) else { return };
    network.scope = scopes.name(pool);
    network.parent_id = pool.parent_id.clone();
    network.name.clone_from(&pool.name);
    network.description.clone_from(&pool.description);
    network.tags.clone_from(&pool.tags);
    network.region.clone_from(&pool.region);
    network.account.clone_from(&pool.account);
    network.rules = pool.rules.clone();
}

/// The scopes that pools are in and that have a description or tags.
fn add_scopes(inventories: &mut [Inventory], scopes: &Scopes) {
    for inventory in inventories {
        for scope in &inventory.described.scopes {
            if scopes.private.as_ref() == Some(&scope.id) || (scope.is_default && scope.is_public) {
                continue;
            }
            inventory.scopes.push(Scope {
                line: scope.line,
                name: scope.name.clone().unwrap_or_else(|| scope.id.clone()),
                description: scope.description.clone(),
                tags: scope.tags.clone(),
            });
        }
    }
}

/// The objects that a network is a block of: the same object may have an id as a resource and one as an
/// allocation. Azure writes ids in any case.
fn keys(network: &Network, planned: &BTreeMap<String, String>) -> Vec<(String, Cidr)> {
    let own = network.source_id.iter();
    let resource = network.resource.iter().map(|resource| &resource.id);
    // A pool that plans the subnets of a VPC has the block of that VPC.
    let of_pool = network.source_id.as_ref().and_then(|id| planned.get(id)).into_iter();
    own.chain(resource).chain(of_pool).map(|id| (id.to_ascii_lowercase(), network.cidr)).collect()
}

/// Keeps the first network of those with one block and one object, with what the others know.
fn merge(inventories: &mut [Inventory]) {
    let pools = inventories.iter().flat_map(|inventory| &inventory.described.pools);
    let planned: BTreeMap<String, String> =
        pools.filter_map(|pool| Some((pool.id.clone(), pool.resource_id.clone()?))).collect();
    let mut first: BTreeMap<(String, Cidr), (usize, usize)> = BTreeMap::new();
    for at in 0..inventories.len() {
        let networks = std::mem::take(&mut inventories[at].networks);
        for network in networks {
            let keys = keys(&network, &planned);
            let known = keys.iter().find_map(|key| first.get(key).copied());
            let place = match known {
                Some((file, index)) if are_one(&inventories[file].networks[index], &network) => {
                    unite(&mut inventories[file].networks[index], network);
                    (file, index)
                }
                _ => {
                    inventories[at].networks.push(network);
                    (at, inventories[at].networks.len() - 1)
                }
            };
            for key in keys {
                first.entry(key).or_insert(place);
            }
        }
    }
}

/// Whether two networks with the same block and the same object come from two commands. Otherwise, the object is listed
/// twice, and the caller judges that.
fn are_one(known: &Network, other: &Network) -> bool {
    match (known.role, other.role) {
        (Role::Pool, _) | (_, Role::Pool) => true,
        _ => known.source_id != other.source_id || known.resource.is_some() != other.resource.is_some(),
    }
}

fn unite(known: &mut Network, other: Network) {
    let (mut from, role) = match (known.role, other.role) {
        (Role::Pool, _) => (other, Role::Pool),
        (_, Role::Pool) => (std::mem::replace(known, other), Role::Pool),
        (Role::Network, _) | (_, Role::Network) => (other, Role::Network),
        (Role::Reserved, role) => (other, role),
        _ => (other, known.role),
    };
    known.role = role;
    known.parent_id = known.parent_id.take().or_else(|| from.parent_id.take());
    known.scope = known.scope.take().or_else(|| from.scope.take());
    known.name = known.name.take().or_else(|| from.name.take());
    known.description = known.description.take().or_else(|| from.description.take());
    known.region = known.region.take().or_else(|| from.region.take());
    known.account = known.account.take().or_else(|| from.account.take());
    known.resource = known.resource.take().or_else(|| from.resource.take());
    for (key, value) in from.tags {
        known.tags.entry(key).or_insert(value);
    }
}

/// Subnets are in the scope of the VPC whose block contains theirs.
fn move_with_their_vpc(inventories: &mut [Inventory]) {
    let is_vpc = |network: &&Network| network.resource.as_ref().is_some_and(|one| one.kind == ResourceKind::Vpc);
    let all = inventories.iter().flat_map(|inventory| &inventory.networks);
    let vpcs: Vec<(String, Cidr, Option<String>)> = all
        .filter(is_vpc)
        .filter(|network| network.scope.is_some())
        .filter_map(|network| Some((network.resource.as_ref()?.id.clone(), network.cidr, network.scope.clone())))
        .collect();
    let mut by_id: BTreeMap<&str, Vec<(&Cidr, &Option<String>)>> = BTreeMap::new();
    for (id, cidr, scope) in &vpcs {
        by_id.entry(id).or_default().push((cidr, scope));
    }
    for network in inventories.iter_mut().flat_map(|inventory| &mut inventory.networks) {
        let vpc_id = network.resource.as_ref().and_then(|resource| resource.vpc_id.as_deref());
        let around = vpc_id.and_then(|id| by_id.get(id)).into_iter().flatten();
        if let Some((_, scope)) = around.into_iter().find(|(cidr, _)| cidr.contains(&network.cidr)) {
            network.scope.clone_from(scope);
        }
    }
}

/// A pool without a CIDR has no place in a store.
fn tell_empty_pools(inventories: &mut [Inventory]) {
    let all = inventories.iter().flat_map(|inventory| &inventory.networks);
    let with: BTreeSet<String> =
        all.filter(|network| network.role == Role::Pool).filter_map(|network| network.source_id.clone()).collect();
    for inventory in inventories {
        for pool in inventory.described.pools.iter().filter(|pool| !with.contains(&pool.id)) {
            let words = "none of the files has a CIDR of this pool.";
            inventory.left_out.push(Mistake::on(pool.line, words));
        }
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
mod tests;
