//! Tests that allocations by size avoid sightings.

use crate::ipam::tests::discovery::*;

#[test]
fn allocations_by_size_avoid_sightings_and_those_by_cidr_do_not() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.top("top", &["10.0.0.0/22"]);
    world.sees(
        &discovery,
        &[
            vpc("vpc-1", "10.0.0.0/24"),
            seen(SeenType::Other, "office", "10.0.1.0/25"),
            subnet("subnet-9", "vpc-9", "10.0.3.0/24"),
        ],
    );
    assert_eq!(world.create(&pool, "a", "/25").unwrap().cidr, cidr("10.0.1.128/25"));
    assert_eq!(world.create(&pool, "b", "/24").unwrap().cidr, cidr("10.0.2.0/24"));
    let preview = world.read(|reader| reader.preview_next(&pool.meta.id, Some(24), &[], 5)).unwrap();
    assert_eq!(preview, [cidr("10.0.3.0/24")]);
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 10)).unwrap();
    assert_eq!(free, ["10.0.0.0/24", "10.0.1.0/25", "10.0.3.0/24"].map(cidr), "space with sightings is still free");
    assert_eq!(world.create(&pool, "vpc", "10.0.0.0/24").unwrap().cidr, cidr("10.0.0.0/24"));
    world.check();
}

/// Files contain networks outside of AWS, which may be called subnets, and hosts outside of any network.
#[test]
fn a_subnet_or_an_interface_in_no_vpc_is_a_network_of_its_own() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.top("top", &["10.0.0.0/21"]);
    // An allocation by size where a subnet appears later is there by chance.
    let early = world.create(&pool, "early", "/24").unwrap();
    assert_eq!(early.cidr, cidr("10.0.0.0/24"));
    world.reads(
        &discovery,
        &[
            seen(SeenType::Subnet, "office", "10.0.0.0/24"),
            subnet("plant", "vpc-9", "10.0.1.0/24"),
            seen(SeenType::Eni, "host", "10.0.3.5/32"),
            vpc("vpc-1", "10.0.4.0/23"),
            subnet("inner", "vpc-1", "10.0.4.0/24"),
            seen(SeenType::Eni, "inside", "10.0.5.7/32"),
        ],
    );
    world.check();
    let made: Vec<Cidr> =
        ["a", "b", "c"].map(|name| world.create(&pool, name, "/24").unwrap().cidr).into_iter().collect();
    assert_eq!(made, ["10.0.2.0/24", "10.0.6.0/24", "10.0.7.0/24"].map(cidr));
    let of = |world: &mut World, id: &str| {
        let all = world.resources();
        let one = all.into_iter().find(|one| one.resource_id == id).unwrap();
        (one.management.unwrap(), one.overlaps_with.len())
    };
    assert_eq!(of(&mut world, "office"), (ManagementState::Unmanaged, 1), "an allocation by size is not its manager");
    world.create(&pool, "plant", "10.0.1.0/24").unwrap();
    assert_eq!(of(&mut world, "plant"), (ManagementState::Managed, 0), "an allocation by CIDR is its manager");
    // Inside a VPC, only the VPC counts. When its row is gone, the resources are networks of their own.
    world.reads(&discovery, &[subnet("inner", "vpc-1", "10.0.4.0/24"), seen(SeenType::Eni, "inside", "10.0.5.7/32")]);
    world.check();
    let next = world.read(|reader| reader.preview_next(&pool.meta.id, Some(25), &[], 2)).unwrap();
    assert_eq!(next, ["10.0.3.0/25", "10.0.3.128/25"].map(cidr));
    world.reads(&discovery, &[]);
    world.check();
}

#[test]
fn sightings_that_are_ignored_or_not_avoided_or_in_another_scope_are_not_in_the_way() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.0.0.0/23")]);
    let next = |world: &mut World| world.read(|reader| reader.preview_next(&pool.meta.id, Some(25), &[], 1)).unwrap();
    assert_eq!(next(&mut world), []);
    let treat = |world: &mut World, id: &str, block: &str, monitored: bool| {
        let treatment = Treatment { monitored, scope_id: None };
        world.write(|ledger| ledger.treat(&of(id, block), &treatment)).unwrap();
        world.check();
    };
    treat(&mut world, "vpc-1", "10.0.0.0/16", false);
    assert_eq!(next(&mut world), [], "the block inside is avoided now");
    treat(&mut world, "vpc-2", "10.0.0.0/23", false);
    assert_eq!(next(&mut world), [cidr("10.0.0.0/25")]);
    treat(&mut world, "vpc-2", "10.0.0.0/23", true);
    assert_eq!(next(&mut world), []);
    let seen_only = Survey { avoided: false, ..survey() };
    let change = |world: &mut World, survey: &Survey| {
        world.write(|ledger| ledger.update_discovery(&discovery.meta.id, "all", None, survey, &Tags::new())).unwrap();
        world.check();
    };
    change(&mut world, &seen_only);
    assert_eq!(next(&mut world), [cidr("10.0.0.0/25")]);
    change(&mut world, &survey());
    assert_eq!(next(&mut world), []);
}

#[test]
fn the_error_of_an_exhausted_pool_names_the_sightings() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/25"), vpc("vpc-2", "10.0.0.0/25"), vpc("vpc-3", "10.0.0.192/27")]);
    let Error::PoolExhausted(Exhausted { kept_off: Some(kept_off), disallowed, .. }) =
        world.create(&pool, "a", "/25").unwrap_err()
    else {
        panic!("the allocation does not avoid the sightings");
    };
    assert!(!disallowed);
    assert_eq!((kept_off.block, kept_off.largest), (cidr("10.0.0.0/25"), Some(cidr("10.0.0.128/26"))));
    let named: Vec<&str> = kept_off.seen.iter().map(|seen| seen.resource_id.as_str()).collect();
    assert_eq!(named, ["vpc-1", "vpc-2"]);
    // No free block is large enough.
    let error = world.create(&pool, "b", "/23").unwrap_err();
    assert!(matches!(error, Error::PoolExhausted(Exhausted { kept_off: None, disallowed: false, .. })), "{error:?}");
    // Disallowed blocks take the rest.
    let spec = AllocationSpec { disallowed_cidrs: cidrs(&["10.0.0.128/25"]), ..wanted(&pool, "c", "/26") };
    let error = world.write(|ledger| ledger.create_allocation(&spec, &Planned::Unknown)).unwrap_err();
    assert!(matches!(error, Error::PoolExhausted(Exhausted { kept_off: Some(_), disallowed: true, .. })), "{error:?}");
}

#[test]
fn a_pool_prefers_space_without_sightings() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/22"]);
    world.sees(&discovery, &[vpc("vpc-1", "10.0.0.0/24")]);
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        let pool = world.write(|ledger| ledger.create_pool(&below(&top, name, "/24"), &Planned::Unknown)).unwrap();
        made.extend(pool.cidrs);
    }
    assert_eq!(made, ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"].map(cidr));
    let over = world.write(|ledger| ledger.create_pool(&below(&top, "d", "/24"), &Planned::Unknown)).unwrap();
    assert_eq!(over.cidrs, cidrs(&["10.0.0.0/24"]), "a pool may cover sightings");
    let error = world.create(&over, "x", "/26").unwrap_err();
    assert!(matches!(error, Error::PoolExhausted(Exhausted { kept_off: Some(_), .. })), "{error:?}");
    world.check();
}

#[test]
fn growth_by_size_avoids_sightings_and_held_growth_stays() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let pool = world.top("top", &["10.0.0.0/16"]);
    let net = world.create(&pool, "net", "10.0.0.0/24").unwrap();
    let id = &net.meta.id;
    let grow = |world: &mut World, size_text: &str| {
        world.write(|ledger| ledger.plan_resize(id, size(size_text), &terms())).unwrap()
    };
    assert_eq!(grow(&mut world, "/23"), Resize::InPlace(cidr("10.0.0.0/23")));
    world.sees(&discovery, &[vpc("vpc-0", "10.0.0.0/24"), vpc("vpc-1", "10.0.1.0/24")]);
    assert_eq!(grow(&mut world, "/23"), Resize::InPlace(cidr("10.0.0.0/23")), "the growth is held already");
    assert_eq!(grow(&mut world, "/24"), Resize::InPlace(cidr("10.0.0.0/24")));
    assert_eq!(grow(&mut world, "/23"), Resize::Replace);
    assert_eq!(world.read(|reader| reader.preview_resize(id, size("/22"), &terms())).unwrap(), Resize::Replace);
    assert_eq!(grow(&mut world, "10.0.0.0/23"), Resize::InPlace(cidr("10.0.0.0/23")), "requested by CIDR");
    let grown = world.write(|ledger| ledger.update_allocation(id, &resized(&net, "10.0.0.0/23"))).unwrap();
    assert_eq!(grow(&mut world, "/22"), Resize::InPlace(cidr("10.0.0.0/22")), "its present block is its own");
    let error = {
        world.write(|ledger| ledger.plan_resize(id, size("/23"), &terms())).unwrap();
        world.sees(&discovery, &[vpc("vpc-2", "10.0.2.0/28")]);
        world.write(|ledger| ledger.update_allocation(id, &resized(&grown, "/22"))).unwrap_err()
    };
    assert!(matches!(error, Error::HoldLost { .. }), "{error:?}");
    world.check();
}

#[test]
fn a_pool_that_plans_a_vpc_allocates_the_unused_space_of_the_vpc() {
    let mut world = World::new();
    let discovery = world.discovery("all");
    let top = world.top("top", &["10.0.0.0/16"]);
    // The pool exists, and the VPC is created with its block.
    let first = world.write(|ledger| ledger.create_pool(&below(&top, "first", "/24"), &Planned::Unknown)).unwrap();
    let block = first.cidrs.first().unwrap().to_string();
    world.sees(&discovery, &[vpc("vpc-1", &block), vpc("vpc-2", "10.0.8.0/24")]);
    assert_eq!(world.create(&first, "a", "/26").unwrap().cidr, cidr("10.0.0.0/26"));
    // The VPC exists, and the pool is created with its block.
    let second = below(&top, "second", "10.0.8.0/24");
    let second = world.write(|ledger| ledger.create_pool(&second, &Planned::Unknown)).unwrap();
    let inside = [
        vpc("vpc-1", &block),
        vpc("vpc-2", "10.0.8.0/24"),
        subnet("subnet-1", "vpc-2", "10.0.8.0/26"),
        seen(SeenType::Eni, "eni-1", "10.0.8.77/32"),
        subnet("subnet-2", "vpc-2", "10.0.8.128/28"),
    ];
    world.sees(&discovery, &inside);
    assert_eq!(world.create(&second, "a", "/28").unwrap().cidr, cidr("10.0.8.80/28"), "past a subnet and an interface");
    assert_eq!(world.create(&second, "b", "/26").unwrap().cidr, cidr("10.0.8.192/26"), "past another subnet");
    let Error::PoolExhausted(Exhausted { kept_off: Some(kept_off), .. }) =
        world.create(&second, "c", "/26").unwrap_err()
    else {
        panic!("the allocation does not avoid the sightings");
    };
    let named: Vec<&str> = kept_off.seen.iter().map(|seen| seen.resource_id.as_str()).collect();
    assert_eq!((kept_off.block, named), (cidr("10.0.8.0/26"), vec!["subnet-1"]));
    // The same is true in a pool below.
    let below = world.write(|ledger| ledger.create_pool(&below(&second, "below", "10.0.8.128/27"), &Planned::Unknown));
    assert_eq!(world.create(&below.unwrap(), "d", "/28").unwrap().cidr, cidr("10.0.8.144/28"));
    world.check();
}
