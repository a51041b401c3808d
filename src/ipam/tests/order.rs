//! Tests of the order in which the space of a pool is filled: by priority, and never by size where it is draining.

use crate::ipam::testing::*;
use crate::ipam::*;

fn priorities(of: &[(&str, u32)]) -> Rules {
    let cidr_priorities = of.iter().map(|(block, priority)| (cidr(block), *priority)).collect();
    Rules { cidr_priorities, ..Rules::default() }
}

fn draining(blocks: &[&str]) -> Rules {
    Rules { draining_cidrs: cidrs(blocks), ..Rules::default() }
}

/// A top-level pool with these rules.
fn pool_with(world: &mut World, strategy: Strategy, blocks: &[&str], rules: Rules) -> Pool {
    let spec = PoolSpec { rules, strategy, ..top("top", blocks) };
    world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
}

/// Gives an existing pool other rules.
fn change(world: &mut World, pool: &Pool, rules: Rules) -> Pool {
    let change = PoolChange { rules, ..reprovisioned(pool, pool.provision.clone()) };
    let planned = world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &change, &terms())).unwrap().unwrap();
    assert_eq!(planned.cidrs, pool.cidrs, "another order moves nothing");
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap()
}

const THREE: [&str; 3] = ["10.0.0.0/28", "10.1.0.0/28", "10.2.0.0/28"];

#[test]
fn every_strategy_fills_the_lowest_number_first() {
    for strategy in Strategy::ALL {
        let mut world = World::new();
        let rules = priorities(&[("10.1.0.0/28", 10), ("10.0.0.0/28", 200)]);
        let pool = pool_with(&mut world, strategy, &THREE, rules);
        let mut filled = Vec::new();
        for number in 0..12 {
            let made = world.create(&pool, &format!("a{number}"), "/30").unwrap();
            filled.push(made.cidr.first_address().to_string()[..5].to_owned());
        }
        let expected = [["10.1."; 4], ["10.2."; 4], ["10.0."; 4]].concat();
        assert_eq!(filled, expected, "{strategy}");
        assert!(matches!(world.create(&pool, "more", "/30"), Err(Error::PoolExhausted(_))), "{strategy}");
        world.check();
    }
}

#[test]
fn a_block_that_fits_only_later_in_the_order_goes_there() {
    let mut world = World::new();
    let rules = priorities(&[("10.0.0.0/28", 1)]);
    let pool = pool_with(&mut world, Strategy::BestFit, &["10.0.0.0/28", "10.1.0.0/24"], rules);
    assert_eq!(world.create(&pool, "large", "/26").unwrap().cidr, cidr("10.1.0.0/26"));
    assert_eq!(world.create(&pool, "small", "/30").unwrap().cidr, cidr("10.0.0.0/30"));
    world.check();
}

#[test]
fn a_priority_of_a_part_of_a_cidr_keeps_no_block_away_that_needs_all_of_it() {
    let mut world = World::new();
    let rules = priorities(&[("10.0.0.128/25", 1)]);
    let pool = pool_with(&mut world, Strategy::BestFit, &["10.0.0.0/24"], rules);
    assert_eq!(world.create(&pool, "part", "/26").unwrap().cidr, cidr("10.0.0.128/26"));
    world.write(|ledger| ledger.plan_allocation(&wanted(&pool, "low", "/25"), &terms())).unwrap();
    let whole = pool_with(&mut World::new(), Strategy::BestFit, &["10.0.0.0/24"], priorities(&[("10.0.0.0/25", 1)]));
    let mut world = World::new();
    let other = pool_with(&mut world, Strategy::BestFit, &["10.0.0.0/24"], whole.rules);
    assert_eq!(world.create(&other, "all", "/24").unwrap().cidr, cidr("10.0.0.0/24"));
    world.check();
}

#[test]
fn a_priority_may_cover_several_cidrs_and_neighbours_are_one_part() {
    let mut world = World::new();
    let rules = priorities(&[("10.1.0.0/16", 5), ("10.2.0.0/28", 5)]);
    let pool = pool_with(&mut world, Strategy::LastFit, &THREE, rules);
    let place = |world: &mut World, name: &str| world.create(&pool, name, "/29").unwrap().cidr.to_string();
    let placed = ["a", "b", "c", "d", "e"].map(|name| place(&mut world, name));
    assert_eq!(placed, ["10.2.0.8/29", "10.2.0.0/29", "10.1.0.8/29", "10.1.0.0/29", "10.0.0.8/29"]);
}

#[test]
fn nothing_new_by_size_goes_where_it_is_draining_and_a_cidr_still_does() {
    for strategy in Strategy::ALL {
        let mut world = World::new();
        let pool = pool_with(&mut world, strategy, &THREE, Rules::default());
        let stays = world.create(&pool, "stays", "10.0.0.0/30").unwrap();
        let pool = change(&mut world, &pool, draining(&["10.0.0.0/28", "10.2.0.0/16"]));
        for number in 0..4 {
            let made = world.create(&pool, &format!("a{number}"), "/30").unwrap();
            assert!(cidr("10.1.0.0/28").contains(&made.cidr), "{strategy}: {}", made.cidr);
        }
        let Err(Error::PoolExhausted(exhausted)) = world.create(&pool, "full", "/30") else { panic!("{strategy}") };
        assert!(exhausted.draining.is_some(), "{exhausted:?}");
        assert_eq!(world.create(&pool, "exact", "10.2.0.4/30").unwrap().cidr, cidr("10.2.0.4/30"));
        let resize = world.write(|ledger| ledger.plan_resize(&stays.meta.id, Size::NetmaskLength(29), &terms()));
        assert_eq!(resize, Ok(Resize::InPlace(cidr("10.0.0.0/29"))), "what is there can still grow");
        world.check();
    }
}

#[test]
fn a_hold_by_size_leaves_what_is_draining_with_the_next_plan_and_an_apply_keeps_it() {
    let mut world = World::new();
    let pool = pool_with(&mut world, Strategy::BestFit, &["10.0.0.0/28", "10.1.0.0/28"], Rules::default());
    let held = world.plan(&pool, "web", "/30").unwrap();
    let exact = world.plan(&pool, "db", "10.0.0.12/30").unwrap();
    assert_eq!(held.cidr, cidr("10.0.0.0/30"));
    let rules = draining(&["10.0.0.0/28"]);
    let changing = Terms { pool_rules: Some(rules.clone()), ..committing() };
    let spec = wanted(&pool, "web", "/30");
    let same = world.write(|ledger| ledger.plan_allocation(&spec, &changing)).unwrap();
    assert_eq!((same.meta.id, same.cidr), (held.meta.id.clone(), held.cidr));
    let changing = Terms { pool_rules: Some(rules), ..terms() };
    let moved = world.write(|ledger| ledger.plan_allocation(&spec, &changing)).unwrap();
    assert_eq!(moved.cidr, cidr("10.1.0.0/30"), "the plan that drains the CIDR places its new allocation elsewhere");
    let spec = wanted(&pool, "db", "10.0.0.12/30");
    let kept = world.write(|ledger| ledger.plan_allocation(&spec, &changing)).unwrap();
    assert_eq!((kept.meta.id, kept.cidr), (exact.meta.id, exact.cidr));
    world.check();
}

#[test]
fn pools_below_and_previews_follow_the_order() {
    let mut world = World::new();
    let rules = Rules { draining_cidrs: cidrs(&["10.2.0.0/28"]), ..priorities(&[("10.1.0.0/28", 3)]) };
    let pool = pool_with(&mut world, Strategy::FirstFit, &THREE, rules);
    let spec = below(&pool, "below", "/29");
    let below = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    assert_eq!(below.cidrs, cidrs(&["10.1.0.0/29"]));
    let next = world.read(|reader| reader.preview_next(&pool.meta.id, Some(30), &[], 7)).unwrap();
    let next: Vec<String> = next.iter().map(ToString::to_string).collect();
    assert_eq!(next.join(" "), "10.1.0.8/30 10.1.0.12/30 10.0.0.0/30 10.0.0.4/30 10.0.0.8/30 10.0.0.12/30");
    world.check();
}

#[test]
fn sets_and_leases_follow_the_order() {
    let mut world = World::new();
    let rules = Rules { draining_cidrs: cidrs(&["10.2.0.0/28"]), ..priorities(&[("10.1.0.0/28", 3)]) };
    let pool = pool_with(&mut world, Strategy::LastFit, &THREE, rules);
    let spec = SetSpec {
        pool_id: pool.meta.id.clone(),
        name: "vpc".to_owned(),
        packing: Packing::ByName,
        contiguous: false,
        aggregate: None,
        members: ["a", "b", "c"].map(|key| (key.to_owned(), Size::NetmaskLength(29))).into(),
        disallowed_cidrs: cidrs(&[]),
        description: None,
        tags: Tags::new(),
    };
    let none = std::collections::BTreeMap::new();
    let request =
        SetRequest { spec, present: none.clone(), replaces: none, shown: Default::default(), keeps_removed: false };
    let members = world.write(|ledger| ledger.plan_set(&request, &terms())).unwrap();
    let blocks: Vec<String> = members.values().map(|member| member.cidr.to_string()).collect();
    assert_eq!(blocks, ["10.1.0.8/29", "10.1.0.0/29", "10.0.0.8/29"]);
    let mut open = |name: &str| {
        let spec = wanted(&pool, name, "/29");
        world.write(|ledger| ledger.open_lease(&spec, std::time::Duration::from_secs(60)))
    };
    assert_eq!(open("lease").unwrap().cidr, cidr("10.0.0.0/29"));
    assert!(matches!(open("full"), Err(Error::PoolExhausted(_))));
    world.check();
}

#[test]
fn space_that_the_same_apply_releases_is_taken_in_the_order_too() {
    let mut world = World::new();
    let rules = Rules { draining_cidrs: cidrs(&["10.2.0.0/28"]), ..priorities(&[("10.1.0.0/28", 3)]) };
    let pool = pool_with(&mut world, Strategy::BestFit, &THREE, rules);
    let old = THREE.map(|block| world.create(&pool, block, block).unwrap().meta.id);
    let given_up = old.map(|id| GivenUp { id, cidr: None, in_place: false });
    let terms = Terms { given_up: given_up.to_vec(), ..terms() };
    let plan = |world: &mut World, name: &str| {
        let spec = wanted(&pool, name, "/28");
        world.write(|ledger| ledger.plan_allocation(&spec, &terms)).map(|held| held.cidr)
    };
    assert_eq!(plan(&mut world, "a"), Ok(cidr("10.1.0.0/28")));
    assert_eq!(plan(&mut world, "b"), Ok(cidr("10.0.0.0/28")));
    assert!(matches!(plan(&mut world, "c"), Err(Error::PoolExhausted(_))), "nothing goes where it is draining");
    world.check();
}

#[test]
fn an_order_costs_the_same_however_full_the_pool_is() {
    let cost = |taken: u32| {
        let mut world = World::new();
        let blocks = ["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"];
        let rules = Rules { draining_cidrs: cidrs(&["10.2.0.0/16"]), ..priorities(&[("10.1.0.0/16", 3)]) };
        let pool = pool_with(&mut world, Strategy::BestFit, &blocks, Rules::default());
        for number in 0..taken {
            // Every second block of each CIDR, so that there are as many free blocks of one size.
            for above in 0..3 {
                let block = format!("10.{above}.{}.{}/28", number / 8, number % 8 * 32);
                world.create(&pool, &block, &block).unwrap();
            }
        }
        let pool = change(&mut world, &pool, rules);
        world.map.calls = 0;
        assert!(cidr("10.1.0.0/16").contains(&world.create(&pool, "new", "/28").unwrap().cidr));
        world.map.calls
    };
    let (few, many) = (cost(16), cost(256));
    assert!(many <= few + 16, "{few} calls with few allocations, {many} with many");
}

#[test]
fn rules_that_contradict_each_other_or_the_family_are_refused() {
    let too_many = (0..1001u32).map(|number| Cidr::around(Family::Ipv4, u128::from(number) << 8, 24));
    let table = [
        (priorities(&[("2001:db8::/64", 1)]), RuleName::CidrPriorities, "no ipv4 block"),
        (priorities(&[("10.0.0.0/28", 65_536)]), RuleName::CidrPriorities, "the priority of 10.0.0.0/28 is 65536"),
        (
            priorities(&[("10.0.0.0/8", 1), ("10.0.0.0/28", 2)]),
            RuleName::CidrPriorities,
            "10.0.0.0/28 lies in 10.0.0.0/8",
        ),
        (draining(&["2001:db8::/64"]), RuleName::DrainingCidrs, "no ipv4 block"),
        (
            Rules { draining_cidrs: too_many.clone().collect(), ..Rules::default() },
            RuleName::DrainingCidrs,
            "1001 CIDRs",
        ),
        (
            Rules { cidr_priorities: too_many.map(|block| (block, 1)).collect(), ..Rules::default() },
            RuleName::CidrPriorities,
            "1001 CIDRs",
        ),
    ];
    for (rules, rule, says) in table {
        let error = check_rules(&rules, Family::Ipv4).unwrap_err();
        assert!(
            matches!(&error, Error::BadRules { rule: found, why } if *found == rule && why.contains(says)),
            "{error:?}"
        );
    }
    let agreeing =
        Rules { draining_cidrs: cidrs(&["10.0.0.0/8", "10.0.0.0/9"]), ..priorities(&[("0.0.0.0/0", 65_535)]) };
    assert_eq!(check_rules(&agreeing, Family::Ipv4), Ok(()));
}
