//! Designs and migrations, over stores in memory: random networks against a naive model, and tables of cases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::configuration::{self, Earlier, Objects};
use super::*;
use crate::backend::{Ipam, Local, Surroundings};
use crate::ipam::testing::{cidr, dice};
use crate::ipam::{Actor, Cidr, Family};
use crate::sources::{Inventory, Network, Resource, ResourceKind, Role};
use crate::store::memory::Memory;

fn local() -> Local {
    Local::over(Arc::new(Memory::default()), Actor::default(), Surroundings::default())
}

fn source(networks: Vec<Network>) -> Source {
    Source { file: "x".to_owned(), inventory: Inventory { networks, ..Inventory::default() } }
}

fn of(networks: Vec<Network>) -> Design {
    design(&[source(networks)], &Choices::default())
}

fn network(line: u64, block: &str, role: Role) -> Network {
    Network::new(line, cidr(block), role)
}

fn pools(design: &Design) -> Vec<String> {
    let path = |index: usize| {
        let mut names = vec![design.pools[index].name.as_str()];
        let mut parent = design.pools[index].parent;
        while let Some(above) = parent {
            names.insert(0, &design.pools[above].name);
            parent = design.pools[above].parent;
        }
        names.join("/")
    };
    let blocks = |pool: &PoolDesign| pool.cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    design.pools.iter().enumerate().map(|(index, pool)| format!("{} {}", path(index), blocks(pool))).collect()
}

fn allocations(design: &Design) -> Vec<String> {
    let one = |one: &AllocationDesign| format!("{}/{} {}", design.pools[one.pool].name, one.name, one.cidr);
    design.allocations.iter().map(one).collect()
}

fn conflicts(design: &Design) -> Vec<String> {
    design.conflicts.iter().map(|one| format!("{}: {}", one.place.line.unwrap_or_default(), one.what)).collect()
}

/// What a random inventory must lead to, by the definitions, with a look at each pair.
#[derive(Debug, Default, PartialEq)]
struct Model {
    pools: BTreeSet<(Cidr, Option<Cidr>)>,
    allocations: BTreeSet<(Cidr, Cidr, BTreeSet<Cidr>)>,
    reserved: BTreeSet<(Cidr, Cidr)>,
}

fn model(networks: &[Network]) -> Option<Model> {
    let rank = |role: Role| {
        [Role::Pool, Role::Network, Role::Allocation, Role::Reserved, Role::Address].iter().position(|one| *one == role)
    };
    let is_in = |inner: &Network, outer: &Network| {
        outer.cidr.contains(&inner.cidr) && (outer.cidr != inner.cidr || rank(outer.role) < rank(inner.role))
    };
    let is_network = |one: &Network| matches!(one.role, Role::Pool | Role::Network | Role::Allocation);
    let is_pool = |one: &Network| match one.role {
        Role::Pool => true,
        Role::Network | Role::Reserved => networks.iter().any(|inner| is_network(inner) && is_in(inner, one)),
        _ => false,
    };
    for (at, one) in networks.iter().enumerate() {
        let twins = networks[..at].iter().filter(|other| other.cidr == one.cidr);
        for twin in twins {
            let has = |role| (one.role == role) != (twin.role == role);
            if !has(Role::Pool) && !has(Role::Address) {
                return None;
            }
        }
        if one.role == Role::Allocation && networks.iter().any(|inner| is_network(inner) && is_in(inner, one)) {
            return None;
        }
    }
    let smallest = |one: &Network| {
        let around = networks.iter().filter(|outer| is_pool(outer) && is_in(one, outer));
        around.max_by_key(|outer| (outer.cidr.netmask_length(), rank(outer.role))).map(|outer| outer.cidr)
    };
    let mut model = Model::default();
    for one in networks {
        if is_pool(one) {
            model.pools.insert((one.cidr, smallest(one)));
            continue;
        }
        let around = networks.iter().filter(|outer| is_in(one, outer));
        let innermost = around.max_by_key(|outer| (outer.cidr.netmask_length(), rank(outer.role)));
        if innermost.is_some_and(|outer| !is_pool(outer)) {
            continue;
        }
        let pool = smallest(one)?;
        let hosts: BTreeSet<Cidr> = networks
            .iter()
            .filter(|host| host.role == Role::Address && is_in(host, one))
            .map(|host| host.cidr)
            .collect();
        if one.role == Role::Reserved && hosts.is_empty() {
            model.reserved.insert((one.cidr, pool));
        } else {
            model.allocations.insert((one.cidr, pool, hosts));
        }
    }
    Some(model)
}

fn designed(design: &Design) -> Model {
    let first = |pool: usize| *design.pools[pool].cidrs.first().unwrap();
    let mut model = Model::default();
    for (index, pool) in design.pools.iter().enumerate() {
        model.pools.insert((first(index), pool.parent.map(first)));
        model.reserved.extend(pool.reserved.iter().map(|one| (*one, first(index))));
    }
    for one in &design.allocations {
        let hosts = one.addresses.values().map(|host| crate::ipam::address_block(*host)).collect();
        model.allocations.insert((one.cidr, first(one.pool), hosts));
    }
    model
}

fn random_networks(seed: &mut u64) -> Vec<Network> {
    let count = 1 + dice(seed) % 12;
    let mut networks = vec![network(1, "10.0.0.0/24", Role::Pool)];
    networks.truncate((!dice(seed).is_multiple_of(8)).into());
    for line in 2..2 + count {
        let roles = [Role::Pool, Role::Network, Role::Network, Role::Allocation, Role::Reserved, Role::Address];
        let role = roles[(dice(seed) % 6) as usize];
        let length = if role == Role::Address { 32 } else { 24 + (dice(seed) % 8) as u8 };
        let block = Cidr::around(Family::Ipv4, 0x0a00_0000 + u128::from(dice(seed) % 256), length);
        networks.push(Network::new(line, block, role));
    }
    networks
}

#[test]
fn random_networks_lead_to_what_a_naive_model_says_and_a_second_run_changes_nothing() {
    let (mut seed, mut good) = (7, 0);
    for round in 0..4000 {
        let networks = random_networks(&mut seed);
        let design = of(networks.clone());
        let Some(model) = model(&networks) else {
            assert_ne!(design.conflicts, [], "round {round}: {networks:#?}");
            continue;
        };
        assert_eq!(design.conflicts, [], "round {round}: {networks:#?}");
        assert_eq!(designed(&design), model, "round {round}: {networks:#?}");
        good += 1;
        if good % 8 > 0 {
            continue;
        }
        let local = local();
        let preview = local.preview_migration(&design).unwrap();
        assert_eq!(preview.conflicts, [], "round {round}: {networks:#?}");
        assert_eq!(local.status().unwrap().events, 0, "a preview wrote");
        local.migrate(&design).unwrap();
        assert_eq!(local.check().unwrap().findings, [], "round {round}: {networks:#?}");
        let again = local.migrate(&design).unwrap();
        let fates = again.pools.iter().flatten().map(|one| &one.fate);
        let fates = fates.chain(again.allocations.iter().flatten().map(|one| &one.fate));
        assert!(fates.into_iter().all(|fate| *fate == Fate::Present), "round {round}: {networks:#?}");
        assert_eq!(again.gone, []);
    }
    assert!(good > 400, "only {good} inventories have no conflict");
}

#[test]
fn the_order_of_the_files_does_not_change_the_design() {
    let mut seed = 3;
    for _ in 0..300 {
        let networks = random_networks(&mut seed);
        let mut reversed = networks.clone();
        reversed.reverse();
        if model(&networks).is_some() {
            assert_eq!(of(networks), of(reversed));
        }
    }
}

#[test]
fn the_blocks_of_one_pool_and_of_one_network_stay_together() {
    let id = |id: &str, network: Network| Network { source_id: Some(id.to_owned()), ..network };
    let named = |name: &str, network: Network| Network { name: Some(name.to_owned()), ..network };
    let design = of(vec![
        named("corp", id("p", network(1, "10.0.0.0/8", Role::Pool))),
        named("corp", id("p", network(2, "172.16.0.0/12", Role::Pool))),
        named("hub", id("n", network(3, "10.1.0.0/16", Role::Network))),
        named("hub", id("n", network(4, "10.2.0.0/16", Role::Network))),
        named("hub", id("n", network(5, "fd00::/48", Role::Network))),
        named("hub", id("n", network(6, "fd00::/64", Role::Allocation))),
        named("a", network(7, "10.1.0.0/24", Role::Network)),
    ]);
    assert_eq!(design.conflicts, []);
    assert_eq!(pools(&design), ["corp 10.0.0.0/8 172.16.0.0/12", "corp/hub 10.1.0.0/16 10.2.0.0/16", "hub fd00::/48"]);
    assert_eq!(allocations(&design), ["hub/a 10.1.0.0/24", "hub/hub fd00::/64"]);
}

#[test]
fn a_subnet_may_fill_its_network() {
    let resource = |id: &str, vpc: &str| {
        Some(Resource { kind: ResourceKind::Other, id: id.to_owned(), vpc_id: Some(vpc.to_owned()) })
    };
    let subnet = Network { resource: resource("s", "v"), ..network(2, "10.1.0.0/16", Role::Network) };
    let vpc = Network { resource: resource("v", "v"), ..network(3, "10.1.0.0/16", Role::Network) };
    let design = of(vec![network(1, "10.0.0.0/8", Role::Pool), subnet, vpc]);
    assert_eq!(design.conflicts, []);
    assert_eq!((design.pools.len(), design.allocations.len()), (2, 1));
    assert_eq!(design.allocations[0].tags["resource-id"], "s");
}

#[test]
fn pools_that_do_not_belong_together_are_conflicts() {
    let id = |id: &str, parent: &str, network: Network| Network {
        source_id: Some(id.to_owned()),
        parent_id: Some(parent.to_owned()).filter(|parent| !parent.is_empty()),
        ..network
    };
    let design = of(vec![
        id("a", "", network(1, "10.0.0.0/8", Role::Pool)),
        id("b", "", network(2, "11.0.0.0/8", Role::Pool)),
        id("c", "", network(3, "10.1.0.0/16", Role::Pool)),
        id("c", "", network(4, "11.1.0.0/16", Role::Pool)),
        id("c", "", network(5, "10.1.1.0/24", Role::Pool)),
        id("d", "b", network(6, "10.2.0.0/16", Role::Pool)),
    ]);
    assert_eq!(
        conflicts(&design),
        [
            "4: 11.1.0.0/16 is a CIDR of the pool in x, line 3, and lies in another pool.",
            "5: 10.1.1.0/24 lies in another CIDR of the same pool (x, line 3).",
            "6: 10.2.0.0/16 is not in its parent (x, line 2).",
        ]
    );
}

#[test]
fn an_aggregate_and_a_container_in_two_files_are_one_pool() {
    let tagged = |key: &str, network: Network| Network { tags: [(key.to_owned(), "1".to_owned())].into(), ..network };
    let files = [
        source(vec![tagged("rir", network(1, "10.0.0.0/8", Role::Pool))]),
        Source { file: "y".to_owned(), ..source(vec![tagged("site", network(1, "10.0.0.0/8", Role::Pool))]) },
    ];
    let design = design(&files, &Choices::default());
    assert_eq!((design.conflicts.len(), design.notes.len(), design.pools.len()), (0, 1, 1));
    assert_eq!(design.pools[0].tags.len(), 2);
    let twice = of(vec![network(1, "10.0.0.0/8", Role::Pool), network(2, "10.0.0.0/8", Role::Pool)]);
    assert_eq!(conflicts(&twice), ["2: 10.0.0.0/8 is there twice, first in x, line 1."]);
}

#[test]
fn scopes_keep_networks_apart_and_declared_pools_contain_them() {
    let in_lab = |network: Network| Network { scope: Some("lab".to_owned()), ..network };
    let networks = vec![network(1, "10.0.1.0/24", Role::Network), in_lab(network(2, "10.0.1.0/24", Role::Network))];
    let pool = |scope: Option<&str>| DeclaredPool {
        scope: scope.map(str::to_owned),
        cidr: cidr("10.0.0.0/8"),
        name: "p".to_owned(),
    };
    let choices = Choices { pools: vec![pool(None)], ..Choices::default() };
    let design = super::design(&[source(networks.clone())], &choices);
    assert_eq!(
        conflicts(&design),
        ["2: No pool contains 10.0.1.0/24. Declare a pool for it, such as --pool 10.0.0.0/8=NAME."]
    );
    let choices = Choices { pools: vec![pool(None), pool(Some("lab"))], ..Choices::default() };
    let design = super::design(&[source(networks.clone())], &choices);
    assert_eq!((design.conflicts.len(), design.pools.len(), design.allocations.len()), (0, 2, 2));
    let choices = Choices { pools: vec![pool(None)], scope: Some("lab".to_owned()), ..Choices::default() };
    assert_eq!(super::design(&[source(networks)], &choices).conflicts.len(), 1);
}

#[test]
fn a_newer_file_adds_what_is_new_and_leaves_what_is_gone() {
    let local = local();
    let described = |text: &str, network: Network| Network { description: Some(text.to_owned()), ..network };
    let first = of(vec![
        network(1, "10.0.0.0/8", Role::Pool),
        described("web", network(2, "10.1.0.0/16", Role::Network)),
        network(3, "10.2.0.0/16", Role::Network),
    ]);
    local.migrate(&first).unwrap();
    let second = of(vec![
        network(1, "10.0.0.0/8", Role::Pool),
        described("web two", network(2, "10.1.0.0/16", Role::Network)),
        network(3, "10.3.0.0/16", Role::Network),
        network(4, "10.4.0.0/24", Role::Reserved),
    ]);
    let migration = local.migrate(&second).unwrap();
    let fates: Vec<_> = migration.allocations.iter().flatten().map(|one| one.fate.clone()).collect();
    assert_eq!(fates, [Fate::Changed(vec!["description"]), Fate::New]);
    assert_eq!(migration.pools[0].as_ref().unwrap().fate, Fate::Changed(vec!["reserved_cidrs"]));
    let web = &migration.allocations[0].as_ref().unwrap().record;
    assert_eq!((web.meta.name.as_str(), web.description.as_deref()), ("web", Some("web two")));
    assert_eq!(migration.gone.iter().map(|gone| gone.path.as_str()).collect::<Vec<_>>(), ["10.0.0.0-8/10.2.0.0-16"]);
    assert_eq!(local.check().unwrap().findings, []);
}

#[test]
fn resources_have_different_labels_and_keep_them() {
    let local = local();
    let named = |name: &str, network: Network| Network { name: Some(name.to_owned()), ..network };
    let all = of(vec![
        named("a", network(1, "10.0.0.0/8", Role::Pool)),
        named("b", network(2, "11.0.0.0/8", Role::Pool)),
        named("web", network(3, "10.1.0.0/16", Role::Network)),
        named("web", network(4, "11.1.0.0/16", Role::Network)),
        named("Web", network(5, "11.2.0.0/16", Role::Network)),
    ]);
    let migration = local.migrate(&all).unwrap();
    let objects = Objects::of(&migration, Objects::default());
    let files = configuration::files(&objects, &Earlier::default(), None);
    let text = &files["addresses.tf"];
    for label in ["a_web", "web_11_1_0_0_16", "web_11_2_0_0_16"] {
        assert!(text.contains(&format!("resource \"ipam_allocation\" \"{label}\" {{")), "{label}\n{text}");
    }
    let mut earlier = Earlier::default();
    earlier.read(&text.replace("\"a_web\"", "\"mine\""));
    let labels: BTreeMap<_, _> = configuration::files(&objects, &earlier, None);
    assert!(labels["addresses.tf"].contains("\"mine\"") && labels["imports.tf"].contains("ipam_allocation.mine\n"));
}
