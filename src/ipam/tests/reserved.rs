//! Tests of reserved space: no new object gets addresses there, and what has them keeps them.

use crate::ipam::testing::*;
use crate::ipam::*;

/// A top-level pool that reserves CIDRs, and addresses at the start and at the end of its CIDRs.
fn reserving(world: &mut World, blocks: &[&str], rules: Rules) -> Pool {
    let spec = PoolSpec { rules, ..top("top", blocks) };
    world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
}

fn ends(reserve_first: u32, reserve_last: u32) -> Rules {
    Rules { reserve_first, reserve_last, ..Rules::default() }
}

fn these(blocks: &[&str]) -> Rules {
    Rules { reserved_cidrs: cidrs(blocks), ..Rules::default() }
}

fn text(allocation: &Allocation) -> String {
    allocation.cidr.to_string()
}

/// Gives an existing pool other rules.
fn change(world: &mut World, pool: &Pool, rules: Rules) {
    let change = PoolChange { rules, ..reprovisioned(pool, pool.provision.clone()) };
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
}

#[test]
fn every_strategy_places_around_reserved_space() {
    for strategy in Strategy::ALL {
        let mut world = World::new();
        let rules = Rules { reserved_cidrs: cidrs(&["10.0.0.128/26"]), ..ends(1, 1) };
        let spec = PoolSpec { strategy, rules, ..top("top", &["10.0.0.0/24"]) };
        let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        let mut made = 0u32;
        let error = loop {
            match world.create(&pool, &format!("a{made}"), "/28") {
                Ok(_) => made += 1,
                Err(error) => break error,
            }
        };
        // 16 blocks of 16 addresses, without the four of the reserved CIDR, the first one and the last one.
        assert_eq!(made, 10, "{strategy}");
        let Error::PoolExhausted(exhausted) = error else { panic!("{error:?}") };
        assert_eq!((exhausted.free, exhausted.reserved), (96u8.into(), 66u8.into()), "{strategy}");
        assert_eq!(exhausted.largest_free, Some(cidr("10.0.0.8/29")), "{strategy}");
        world.check();
    }
}

#[test]
fn a_block_that_touches_reserved_space_is_an_error_that_names_the_rule() {
    let mut world = World::new();
    let rules = Rules { reserved_cidrs: cidrs(&["10.0.0.64/28"]), ..ends(4, 2) };
    let pool = reserving(&mut world, &["10.0.0.0/25", "10.0.1.0/24"], rules);
    for (block, reserved, rule) in [
        ("10.0.0.64/32", "10.0.0.64/28", RuleName::ReservedCidrs),
        ("10.0.0.64/26", "10.0.0.64/28", RuleName::ReservedCidrs),
        ("10.0.0.0/30", "10.0.0.0/30", RuleName::ReserveFirst),
        ("10.0.1.2/32", "10.0.1.0/30", RuleName::ReserveFirst),
        ("10.0.0.126/32", "10.0.0.126/31", RuleName::ReserveLast),
        ("10.0.1.128/25", "10.0.1.254/31", RuleName::ReserveLast),
    ] {
        let error = world.create(&pool, "a", block).unwrap_err();
        let (pool_id, pool_name) = (pool.meta.id.clone(), "top".to_owned());
        let expected = Error::Reserved { cidr: cidr(block), pool_id, pool_name, reserved: cidr(reserved), rule };
        assert_eq!(error, expected);
        assert_eq!(world.plan(&pool, "a", block).unwrap_err(), expected);
    }
    assert!(matches!(world.create(&pool, "a", "10.0.2.0/28"), Err(Error::OutsidePool { .. })));
    assert_eq!(text(&world.create(&pool, "a", "10.0.0.4/32").unwrap()), "10.0.0.4/32");
    world.check();
}

#[test]
fn ends_that_are_longer_than_a_cidr_reserve_all_of_it() {
    let mut world = World::new();
    let pool = reserving(&mut world, &["10.0.0.0/30"], ends(65_536, 65_536));
    assert!(matches!(world.create(&pool, "a", "/32"), Err(Error::PoolExhausted(_))));
    let sums = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((sums.reserved, sums.largest_free), (4u8.into(), None));
    let spec = PoolSpec { rules: ends(2, 1), ..top("six", &["::/0"]) };
    let six = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    assert_eq!(text(&world.create(&six, "a", "/128").unwrap()), "::2/128");
    let free = world.read(|reader| reader.free_cidrs(&six.meta.id, None, 1000)).unwrap();
    assert!(!free.iter().any(|block| block.contains(&cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"))));
    world.check();
}

#[test]
fn what_has_reserved_addresses_keeps_them_and_gives_them_back_to_nobody() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let web = world.create(&pool, "web", "10.0.0.0/26").unwrap();
    let rules = these(&["10.0.0.0/27", "10.0.0.64/26"]);
    let there = world.read(|reader| reader.in_reserved(&pool.meta.id, &rules)).unwrap();
    assert_eq!(there.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["top/web"]);
    change(&mut world, &pool, rules);
    let found = world.read(|reader| reader.get_allocation(&web.meta.id)).unwrap().unwrap();
    assert_eq!(text(&found), "10.0.0.0/26");
    // It may shrink, and it may not grow over reserved space.
    let grown = world.write(|ledger| ledger.plan_resize(&web.meta.id, size("/25"), &terms())).unwrap();
    assert_eq!(grown, Resize::Replace);
    let shrunk = world.write(|ledger| ledger.update_allocation(&web.meta.id, &resized(&web, "/27"))).unwrap();
    assert_eq!(text(&shrunk), "10.0.0.0/27");
    world.write(|ledger| ledger.delete_allocation(&web.meta.id)).unwrap();
    assert!(matches!(world.create(&pool, "web", "10.0.0.0/27"), Err(Error::Reserved { .. })));
    let next = world.read(|reader| reader.preview_next(&pool.meta.id, Some(27), &[], 10)).unwrap();
    assert_eq!(
        next,
        [cidr("10.0.0.32/27")]
            .into_iter()
            .chain(["10.0.0.128/27", "10.0.0.160/27", "10.0.0.192/27", "10.0.0.224/27"].map(cidr))
            .collect::<Vec<_>>()
    );
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 10)).unwrap();
    assert_eq!(free, ["10.0.0.32/27", "10.0.0.128/25"].map(cidr));
    world.check();
}

#[test]
fn pools_below_keep_off_the_reserved_space_of_their_source() {
    let mut world = World::new();
    let pool = reserving(&mut world, &["10.0.0.0/16"], these(&["10.0.0.0/18"]));
    let small = world.write(|ledger| ledger.plan_pool(&below(&pool, "small", "/18"), &terms())).unwrap();
    assert_eq!(small.cidrs, cidrs(&["10.0.64.0/18"]));
    let error = world.write(|ledger| ledger.plan_pool(&below(&pool, "x", "10.0.1.0/24"), &terms())).unwrap_err();
    assert!(matches!(error, Error::Reserved { rule: RuleName::ReservedCidrs, .. }), "{error:?}");
    let empty = world.write(|ledger| ledger.create_pool(&below(&pool, "empty", ""), &Planned::Unknown)).unwrap();
    let spec = PoolCidrSpec { pool_id: empty.meta.id.clone(), name: None, size: size("10.0.0.0/17"), proof: None };
    let error = world.write(|ledger| ledger.plan_pool_cidr(&spec, &terms())).unwrap_err();
    assert!(matches!(error, Error::Reserved { .. }), "{error:?}");
    world.check();
}

#[test]
fn a_plan_that_reserves_the_space_of_its_own_hold_moves_the_hold() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let wish = wanted(&pool, "web", "/28");
    let first = world.write(|ledger| ledger.plan_allocation(&wish, &terms())).unwrap();
    assert_eq!(text(&first), "10.0.0.0/28");
    let future = Terms { pool_rules: Some(ends(1, 0)), ..terms() };
    let second = world.write(|ledger| ledger.plan_allocation(&wish, &future)).unwrap();
    assert_eq!(text(&second), "10.0.0.16/28");
    // An apply keeps what its plan showed, even if another plan reserved the space since then.
    change(&mut world, &pool, these(&["10.0.0.0/25"]));
    let again = world.write(|ledger| ledger.plan_allocation(&wish, &committing())).unwrap();
    assert_eq!((again.meta.id.clone(), text(&again)), (second.meta.id.clone(), "10.0.0.16/28".to_owned()));
    let held = Planned::Held(second.meta.id);
    let made = world.write(|ledger| ledger.create_allocation(&wish, &held)).unwrap();
    assert_eq!(text(&made), "10.0.0.16/28");
    world.check();
}

#[test]
fn space_that_the_same_apply_releases_stays_reserved() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let old = world.create(&pool, "old", "10.0.0.0/24").unwrap();
    change(&mut world, &pool, ends(4, 0));
    let given_up = vec![GivenUp { id: old.meta.id.clone(), cidr: None, in_place: false }];
    let with = Terms { given_up, ..terms() };
    let new = world.write(|ledger| ledger.plan_allocation(&wanted(&pool, "new", "/26"), &with)).unwrap();
    assert_eq!((text(&new), new.deferred), ("10.0.0.64/26".to_owned(), true));
    let error = world.write(|ledger| ledger.plan_allocation(&wanted(&pool, "all", "/24"), &with)).unwrap_err();
    assert!(matches!(error, Error::PoolExhausted(_)), "{error:?}");
    world.check();
}
