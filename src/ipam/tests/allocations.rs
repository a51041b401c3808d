//! Tests of allocation, release, rules and strategies.

use crate::ipam::testing::*;
use crate::ipam::*;

fn text(allocation: &Allocation) -> String {
    allocation.cidr.to_string()
}

#[test]
fn released_block_is_given_out_again() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let first = world.create(&pool, "a", "/25").unwrap();
    let second = world.create(&pool, "b", "/25").unwrap();
    assert_eq!((text(&first), text(&second)), ("10.0.0.0/25".into(), "10.0.0.128/25".into()));
    world.write(|ledger| ledger.delete_allocation(&first.meta.id)).unwrap();
    world.write(|ledger| ledger.delete_allocation(&first.meta.id)).unwrap();
    assert_eq!(text(&world.create(&pool, "c", "/25").unwrap()), "10.0.0.0/25");
    world.check();
}

#[test]
fn error_of_an_exhausted_pool_shows_what_is_left() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.create(&pool, "a", "10.0.0.64/26").unwrap();
    world.plan(&pool, "b", "10.0.0.128/32").unwrap();
    let expiry = world.now + std::time::Duration::from_secs(3600);
    let error = world.create(&pool, "c", "/25").unwrap_err();
    assert_eq!(
        error,
        Error::PoolExhausted(Exhausted {
            kept_off: None,
            pool_id: pool.meta.id.clone(),
            pool_name: "top".into(),
            netmask_length: 25,
            largest_free: Some(cidr("10.0.0.0/26")),
            free: 191u8.into(),
            resting: 0u8.into(),
            first_rest: None,
            reserved: 0u8.into(),
            disallowed: false,
            draining: None,
            held: 1u8.into(),
            first_expiry: Some(expiry),
            lost: None,
        })
    );
    let spec = AllocationSpec { disallowed_cidrs: cidrs(&["10.0.0.0/8"]), ..wanted(&pool, "c", "/26") };
    let error = world.write(|ledger| ledger.plan_allocation(&spec, &terms())).unwrap_err();
    assert!(matches!(error, Error::PoolExhausted(Exhausted { disallowed: true, .. })), "{error:?}");
}

#[test]
fn error_of_a_claim_names_the_objects_in_the_way_or_the_provisioned_cidrs() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24", "10.0.1.0/24"]);
    let web = world.create(&pool, "web", "10.0.0.128/25").unwrap();
    let Error::Overlap { cidr: asked, with } = world.create(&pool, "db", "10.0.0.192/26").unwrap_err() else {
        panic!()
    };
    assert_eq!(asked, cidr("10.0.0.192/26"));
    assert_eq!((with[0].id.as_str(), with[0].path.as_str()), (web.meta.id.as_str(), "top/web"));
    let outside = world.create(&pool, "db", "10.0.0.0/23").unwrap_err();
    let Error::OutsidePool { provisioned, .. } = outside else { panic!() };
    assert_eq!(provisioned, [cidr("10.0.0.0/24"), cidr("10.0.1.0/24")]);
    let empty = world.write(|ledger| {
        let spec = PoolSpec { address_family: Some(Family::Ipv4), ..top("empty", &[]) };
        ledger.create_pool(&PoolSpec { provision: Provision::Nothing, ..spec }, &Planned::Unknown)
    });
    let empty = empty.unwrap();
    for size in ["10.0.0.0/24", "/24"] {
        assert!(matches!(world.create(&empty, "x", size).unwrap_err(), Error::PoolEmpty { .. }));
    }
}

#[test]
fn rules_that_the_same_plan_gives_the_pool_count_already() {
    let mut world = World::new();
    let mut spec = top("top", &["10.0.0.0/16"]);
    spec.rules.min_netmask_length = Some(24);
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    let with =
        |min: u8| Terms { pool_rules: Some(Rules { min_netmask_length: Some(min), ..Rules::default() }), ..terms() };
    let wish = wanted(&pool, "a", "/23");
    let error = world.write(|ledger| ledger.plan_allocation(&wish, &terms())).unwrap_err();
    assert!(matches!(error, Error::NetmaskRule { min: Some(24), .. }), "{error:?}");
    let held = world.write(|ledger| ledger.plan_allocation(&wish, &with(23))).unwrap();
    assert_eq!(text(&held), "10.0.0.0/23");
    assert!(world.read(|reader| reader.find_hold_allocation(&wish, &with(23))).unwrap().is_some());
    assert!(world.read(|reader| reader.preview_allocation(&wanted(&pool, "b", "/23"), &with(25))).is_err());
    let made = world.create(&pool, "c", "/24").unwrap();
    assert!(world.write(|ledger| ledger.plan_resize(&made.meta.id, size("/22"), &terms())).is_err());
    let grown = world.write(|ledger| ledger.plan_resize(&made.meta.id, size("/23"), &with(23))).unwrap();
    assert!(matches!(grown, Resize::InPlace(_)), "{grown:?}");
    world.check();
}

#[test]
fn rules_bind_allocations() {
    let mut world = World::new();
    let mut spec = top("top", &["10.0.0.0/16"]);
    spec.rules = Rules {
        min_netmask_length: Some(20),
        max_netmask_length: Some(28),
        default_netmask_length: Some(24),
        required_tags: [("env".to_owned(), "prod".to_owned())].into(),
        ..Rules::default()
    };
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    let tagged = |size: &str| AllocationSpec {
        tags: [("env".to_owned(), "prod".to_owned())].into(),
        ..wanted(&pool, "a", size)
    };
    for size in ["/19", "/29", "10.0.0.0/16", "10.0.0.0/32"] {
        let error = world.write(|ledger| ledger.plan_allocation(&tagged(size), &terms())).unwrap_err();
        assert!(matches!(error, Error::NetmaskRule { min: Some(20), max: Some(28), .. }), "{size}: {error:?}");
    }
    let error = world.plan(&pool, "a", "/24").unwrap_err();
    assert!(matches!(error, Error::TagRule { found: None, .. }), "{error:?}");
    let made = world.write(|ledger| ledger.plan_allocation(&tagged(""), &terms())).unwrap();
    assert_eq!(text(&made), "10.0.0.0/24");
    // The rules do not apply to a pool inside.
    let inside = world.write(|ledger| ledger.create_pool(&below(&pool, "in", "/17"), &Planned::Unknown)).unwrap();
    assert!(matches!(world.plan(&inside, "a", "").unwrap_err(), Error::NoSize { .. }));
    assert!(matches!(world.plan(&inside, "a", "/33").unwrap_err(), Error::NetmaskRange { .. }));
    assert!(matches!(world.plan(&inside, "a", "::/64").unwrap_err(), Error::FamilyMismatch { .. }));
    world.check();
}

#[test]
fn whole_address_spaces_and_single_addresses_can_be_allocated() {
    for (whole, single, last) in
        [("0.0.0.0/0", "/32", "255.255.255.255/32"), ("::/0", "/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")]
    {
        let mut world = World::new();
        let pool = world.top("top", &[whole]);
        let one = world.create(&pool, "one", single).unwrap();
        world.create(&pool, "last", last).unwrap();
        let used = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
        assert_eq!(used.used, 2u8.into());
        assert_eq!(&used.free + 2u8, cidr(whole).address_count());
        assert_eq!(used.allocations, 2);
        world.write(|ledger| ledger.delete_allocation(&one.meta.id)).unwrap();
        world.check();
        let last = world.read(|reader| reader.find_allocation(&pool.meta.id, "last")).unwrap().unwrap();
        world.write(|ledger| ledger.delete_allocation(&last.meta.id)).unwrap();
        assert_eq!(text(&world.create(&pool, "all", whole).unwrap()), whole);
        world.check();
    }
}

#[test]
fn preview_is_what_the_plan_then_holds_and_writes_nothing() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let before = world.map.entries().clone();
    let seed = world.seed;
    let preview = world.read(|reader| reader.preview_allocation(&wanted(&pool, "a", "/26"), &terms())).unwrap();
    assert_eq!(*world.map.entries(), before);
    world.seed = seed;
    assert_eq!(world.plan(&pool, "a", "/26").unwrap(), preview);
}

#[test]
fn previewed_block_is_claimed_exactly_or_not_at_all() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let spec = wanted(&pool, "a", "/26");
    let preview = world.read(|reader| reader.preview_allocation(&spec, &terms())).unwrap();
    let planned = Planned::Previewed { id: preview.meta.id.clone(), cidr: preview.cidr };
    let made = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
    assert_eq!((&made.meta.id, made.cidr), (&preview.meta.id, preview.cidr));
    let again = world.write(|ledger| ledger.create_allocation(&spec, &planned)).unwrap();
    assert_eq!(again, made);
    let other = wanted(&pool, "b", "/26");
    let planned = Planned::Previewed { id: "ipam-pool-alloc-00000000000000000".into(), cidr: preview.cidr };
    let error = world.write(|ledger| ledger.create_allocation(&other, &planned)).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "{error:?}");
    world.check();
}

#[test]
fn next_blocks_are_disjoint_and_in_the_order_of_allocation() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.create(&pool, "a", "10.0.0.64/26").unwrap();
    let avoid = [cidr("10.0.0.128/27")];
    let next = world.read(|reader| reader.preview_next(&pool.meta.id, Some(27), &avoid, 10)).unwrap();
    let expected = ["10.0.0.0/27", "10.0.0.32/27", "10.0.0.160/27", "10.0.0.192/27", "10.0.0.224/27"].map(cidr);
    assert_eq!(next, expected);
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 10)).unwrap();
    assert_eq!(free, ["10.0.0.0/26", "10.0.0.128/25"].map(cidr));
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, Some(25), 10)).unwrap();
    assert_eq!(free, [cidr("10.0.0.128/25")]);
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 1)).unwrap();
    assert_eq!(free, [cidr("10.0.0.0/26")]);
}

#[test]
fn names_with_any_characters_are_kept_apart() {
    let mut world = World::new();
    let pool = world.top("a/b", &["10.0.0.0/24"]);
    for name in ["x/y", "x%2Fy", "", "\n", "ü", "x", "pool/a/10.0.0.0/24"] {
        world.create(&pool, name, "/30").unwrap();
        let found = world.read(|reader| reader.find_allocation(&pool.meta.id, name)).unwrap().unwrap();
        assert_eq!(found.meta.name, name);
    }
    world.check();
}

#[test]
fn lists_are_in_order_and_narrowed() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let inside = world.write(|ledger| ledger.create_pool(&below(&pool, "in", "/24"), &Planned::Unknown)).unwrap();
    for index in 0..140 {
        world.create(&pool, &format!("n{index:03}"), "/28").unwrap();
    }
    world.create(&inside, "deep", "/32").unwrap();
    world.plan(&pool, "held", "10.0.255.0/24").unwrap();
    let list = |world: &mut World, filter: AllocationFilter| {
        world.read(|reader| reader.list_allocations(&filter)).unwrap().len()
    };
    let in_pool = AllocationFilter { pool_id: Some(pool.meta.id.clone()), ..AllocationFilter::default() };
    assert_eq!(list(&mut world, AllocationFilter::default()), 141);
    assert_eq!(list(&mut world, in_pool.clone()), 140);
    assert_eq!(list(&mut world, AllocationFilter { include_planned: true, ..in_pool.clone() }), 141);
    assert_eq!(list(&mut world, AllocationFilter { include_pools: true, ..in_pool.clone() }), 141);
    assert_eq!(list(&mut world, AllocationFilter { name: Some("n007".into()), ..in_pool.clone() }), 1);
    let within = Some(cidr("10.0.1.0/26"));
    assert_eq!(list(&mut world, AllocationFilter { within, ..in_pool.clone() }), 4);
    let containing = Some(cidr("10.0.1.17/32"));
    let found = world.read(|reader| reader.list_allocations(&AllocationFilter { containing, ..in_pool.clone() }));
    assert_eq!(found.unwrap()[0].cidr, cidr("10.0.1.16/28"));
}
