//! Lists of blocks for routing and filtering.

use super::*;
use crate::backend::Surroundings;
use crate::store::{self, StoreUrl, counting::Counting};

fn cidrs(world: &World, config: &[(&str, Value)]) -> String {
    get(&world.read("ipam_prefix_list", config), "cidrs")
}

#[test]
fn the_space_of_pools_is_joined_and_narrowed_by_every_argument() {
    let world = World::new();
    assert_eq!(cidrs(&world, &[]), "[10.0.0.0/8]", "a block inside another block is not a separate entry");
    let eu = ("ipam_pool_id", id(&world.eu));
    assert_eq!(cidrs(&world, std::slice::from_ref(&eu)), "[10.0.0.0/16]");
    assert_eq!(cidrs(&world, &[eu, ("aggregate", false.into())]), "[10.0.0.0/16, 10.0.0.0/24]");
    assert_eq!(cidrs(&world, &[("locale", "us-east-1".into())]), "[10.1.0.0/16]");
    assert_eq!(cidrs(&world, &[("name_pattern", "?s".into())]), "[10.1.0.0/16]");
    assert_eq!(cidrs(&world, &[("address_family", "ipv6".into())]), "[2001:db8::/32]");
    assert_eq!(cidrs(&world, &[("ipam_scope_id", id(&world.lab))]), "[10.0.0.0/8]");
    assert_eq!(cidrs(&world, &[("tags", object(&[("env", "prod".into())]))]), "[10.0.0.0/8]");
}

#[test]
fn allocations_are_joined_and_described_by_their_names() {
    let world = World::new();
    let of_allocations = ("source", Value::from("allocations"));
    let list = world.read("ipam_prefix_list", std::slice::from_ref(&of_allocations));
    assert_eq!(each(&list, "entries", "cidr"), ["10.0.0.0/27"]);
    assert_eq!(each(&list, "entries", "description"), ["web, db"]);
    let planned = [of_allocations.clone(), ("include_planned", true.into())];
    assert_eq!(cidrs(&world, &planned), "[10.0.0.0/27, 10.0.0.32/28]");
    assert_eq!(cidrs(&world, &[of_allocations, ("tags", object(&[("app", "web".into())]))]), "[10.0.0.0/28]");
}

#[test]
fn a_list_that_is_too_long_is_refused_and_not_shortened() {
    let world = World::new();
    let allocations = |most: u64| {
        vec![("source", "allocations".into()), ("aggregate", false.into()), ("max_entries", Value::Number(most.into()))]
    };
    assert_eq!(cidrs(&world, &allocations(2)), "[10.0.0.0/28, 10.0.0.16/28]");
    let (path, text) = world.refused("ipam_prefix_list", &allocations(1));
    assert!(path == "max_entries" && text.contains("has 2 entries, and 1 are allowed"), "{path}: {text}");
    let (path, text) = world.refused("ipam_prefix_list", &[("source", "vpcs".into())]);
    assert!(path == "source" && text.contains("not one of pool-cidrs, allocations"), "{path}: {text}");
}

#[test]
fn lists_of_pools_are_read_from_one_snapshot() {
    let store = Arc::new(Counting::new(store::open(&StoreUrl::new("memory:")).unwrap()));
    let local = Local::over(Arc::clone(&store) as Arc<_>, Actor::default(), Surroundings::default());
    let world = World::over(Arc::new(local));
    let snapshots = |type_name: &str, config: &[(&str, Value)]| {
        let before = store.snapshots();
        world.read(type_name, config);
        store.snapshots() - before
    };
    assert_eq!(snapshots("ipam_pools", &[]), 1);
    assert_eq!(snapshots("ipam_pools", &[("contains_cidr", "10.0.0.1/32".into())]), 1);
    assert_eq!(snapshots("ipam_utilization", &[("ipam_pool_id", id(&world.top))]), 1);
    assert_eq!(snapshots("ipam_prefix_list", &[("source", "allocations".into())]), 1);
    // The first one checks that the pool exists, for a better message.
    assert_eq!(snapshots("ipam_pools", &[("source_ipam_pool_id", id(&world.top))]), 2);
}
