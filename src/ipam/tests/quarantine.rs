//! Tests of the quarantine of a pool: released space rests.

use num_bigint::BigUint;

use crate::ipam::testing::*;
use crate::ipam::*;

const HOUR_MS: u64 = 3_600_000;

fn rules(hours: u64) -> Rules {
    Rules { quarantine_ms: hours * HOUR_MS, ..Rules::default() }
}

/// A pool of 256 addresses in which released space rests for two hours.
fn world() -> (World, Pool) {
    let mut world = World::new();
    let spec = PoolSpec { rules: rules(2), ..top("top", &["10.0.0.0/24"]) };
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    (world, pool)
}

impl World {
    fn release(&mut self, allocation: &Allocation) {
        self.write(|ledger| ledger.delete_allocation(&allocation.meta.id)).unwrap();
    }

    fn resting_in(&mut self, pool: &Pool) -> Vec<String> {
        let pool = self.read(|reader| reader.get_pool(&pool.meta.id)).unwrap().unwrap();
        self.read(|reader| reader.resting(&pool)).unwrap().iter().map(|one| one.cidr.to_string()).collect()
    }

    /// The next requests come from this run of Terraform.
    fn in_the_run(&mut self, process: &str) -> &mut Self {
        let run = Run { process: process.into(), parent: process.into(), origin: Origin::default() };
        self.run = Some(CurrentRun { run, is_alive: Box::new(|_| false) });
        self
    }
}

fn overlaps<T: std::fmt::Debug>(answer: Result<T>) -> Occupant {
    match answer {
        Err(Error::Overlap { with, .. }) => with[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn released_space_rests_for_everybody_else_and_then_is_free() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/25").unwrap();
    let other = world.create(&pool, "other", "/25").unwrap();
    world.release(&web);
    world.check();
    assert_eq!(world.resting_in(&pool), ["10.0.0.0/25"]);
    for owner in ["us", "them"] {
        world.as_owner(owner);
        let refused = world.create(&pool, "db", "/26").unwrap_err();
        assert!(matches!(refused, Error::PoolExhausted { .. }), "{refused:?}");
        let rest = overlaps(world.create(&pool, "db", "10.0.0.64/26"));
        assert!(rest.is_resting && rest.name == "web", "{rest:?}");
        assert!(matches!(world.plan(&pool, "db", "10.0.0.64/26"), Err(Error::Overlap { .. })));
        let next = world.read(|reader| reader.preview_next(&pool.meta.id, Some(26), &[], 4)).unwrap();
        assert_eq!(next, []);
    }
    let now = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    let number = |count: u32| BigUint::from(count);
    assert_eq!((now.used, now.held, now.free, now.resting), (number(128), number(128), number(0), number(128)));
    world.wait(121);
    let db = world.create(&pool, "db", "/26").unwrap();
    assert_eq!(db.cidr, cidr("10.0.0.0/26"));
    assert_eq!(world.resting_in(&pool), Vec::<String>::new());
    world.release(&other);
    world.check();
}

#[test]
fn the_last_holder_gets_the_same_block_before_its_rest_ends() {
    for size in ["/26", "10.0.0.64/26", "/27"] {
        let (mut world, pool) = world();
        let [_, web, _] = ["a", "web", "c"].map(|name| world.create(&pool, name, "/26").unwrap());
        assert_eq!(web.cidr, cidr("10.0.0.64/26"));
        world.release(&web);
        let back = world.plan(&pool, "web", size).unwrap();
        assert_eq!(back.cidr.first(), web.cidr.first(), "{size}");
        assert_ne!(back.meta.id, web.meta.id);
        let planned = Planned::Held(back.meta.id.clone());
        world.write(|ledger| ledger.create_allocation(&wanted(&pool, "web", size), &planned)).unwrap();
        let left = if size == "/27" { vec!["10.0.0.96/27".to_owned()] } else { Vec::new() };
        assert_eq!(world.resting_in(&pool), left);
        world.check();
    }
}

#[test]
fn a_larger_block_is_placed_elsewhere_and_the_old_one_goes_on_to_rest() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/27").unwrap();
    world.release(&web);
    let larger = world.create(&pool, "web", "/25").unwrap();
    assert_eq!(larger.cidr, cidr("10.0.0.128/25"));
    assert_eq!(world.resting_in(&pool), ["10.0.0.0/27"]);
    world.check();
}

#[test]
fn the_name_does_not_rest() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/26").unwrap();
    world.release(&web);
    let theirs = world.as_owner("them").create(&pool, "web", "/26").unwrap();
    assert_ne!(theirs.cidr, web.cidr);
    world.check();
}

#[test]
fn a_plan_of_the_last_holder_that_is_never_applied_does_not_end_the_rest() {
    let (mut world, pool) = world();
    let web = world.in_the_run("a").create(&pool, "web", "/25").unwrap();
    world.create(&pool, "rest", "/25").unwrap();
    world.release(&web);
    let hold = world.in_the_run("b").plan(&pool, "web", "/25").unwrap();
    assert_eq!(hold.cidr, web.cidr);
    world.wait(61);
    for owner in ["us", "them"] {
        let refused = world.as_owner(owner).in_the_run("c").create(&pool, "db", "/26").unwrap_err();
        assert!(matches!(refused, Error::PoolExhausted { .. }), "the hold has expired, and not the rest: {refused:?}");
    }
    // Another owner may have the name, and the block goes on to rest.
    let refused = world.create(&pool, "web", "/25").unwrap_err();
    assert!(matches!(refused, Error::PoolExhausted { .. }), "{refused:?}");
    world.check();
    world.wait(60);
    world.create(&pool, "db", "/26").unwrap();
    world.check();
}

#[test]
fn a_hold_that_was_never_applied_does_not_rest() {
    let (mut world, pool) = world();
    let hold = world.plan(&pool, "web", "/25").unwrap();
    world.release(&hold);
    assert_eq!(world.resting_in(&pool), Vec::<String>::new());
    let hold = world.plan(&pool, "web", "/25").unwrap();
    world.wait(61);
    world.as_owner("them").create(&pool, "db", "/24").unwrap();
    assert_eq!(world.read(|reader| reader.get_allocation(&hold.meta.id)).unwrap(), None);
    world.check();
}

#[test]
fn an_apply_passes_on_what_it_releases_itself() {
    for size in ["/25", "10.0.0.0/25"] {
        let (mut world, pool) = world();
        world.in_the_run("a");
        let web = world.create(&pool, "web", "/25").unwrap();
        world.create(&pool, "other", "/25").unwrap();
        world.in_the_run("b").release(&web);
        let refused = world.in_the_run("c").create(&pool, "db", size).unwrap_err();
        assert!(matches!(refused, Error::Overlap { .. } | Error::PoolExhausted { .. }), "{refused:?}");
        let db = world.in_the_run("b").create(&pool, "db", size).unwrap();
        assert_eq!(db.cidr, web.cidr);
        world.check();
    }
}

#[test]
fn what_an_allocation_loses_when_it_shrinks_rests_and_comes_back_when_it_grows() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/24").unwrap();
    let smaller = world.write(|ledger| ledger.update_allocation(&web.meta.id, &resized(&web, "/26"))).unwrap();
    assert_eq!(world.resting_in(&pool), ["10.0.0.64/26", "10.0.0.128/25"]);
    world.check();
    let refused = world.create(&pool, "db", "/26").unwrap_err();
    assert!(matches!(refused, Error::PoolExhausted { .. }), "{refused:?}");
    let larger = world.write(|ledger| ledger.update_allocation(&web.meta.id, &resized(&smaller, "/25"))).unwrap();
    assert_eq!(larger.cidr, cidr("10.0.0.0/25"));
    assert_eq!(world.resting_in(&pool), ["10.0.0.128/25"]);
    world.check();
}

#[test]
fn a_shorter_quarantine_ends_rests_and_a_longer_one_counts_from_then_on() {
    let (mut world, pool) = world();
    let [web, db] = ["web", "db"].map(|name| world.create(&pool, name, "/26").unwrap());
    world.release(&web);
    world.wait(30);
    let change = |hours| PoolChange { rules: rules(hours), ..reprovisioned(&pool, pool.provision.clone()) };
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change(10))).unwrap();
    world.release(&db);
    assert_eq!(world.resting_in(&pool).len(), 2);
    world.wait(91);
    assert_eq!(world.resting_in(&pool), ["10.0.0.64/26"], "released under the longer one");
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change(1))).unwrap();
    world.check();
    assert_eq!(world.resting_in(&pool), Vec::<String>::new(), "it was released more than an hour ago");
    world.create(&pool, "all", "/24").unwrap();
    world.check();
}

#[test]
fn nothing_rests_in_space_that_its_pool_gives_up() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/26").unwrap();
    world.release(&web);
    let change = reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.128/25"])));
    let change = PoolChange { rules: rules(2), ..change };
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    world.check();
    let db = world.create(&pool, "db", "/26").unwrap();
    world.release(&db);
    world.write(|ledger| ledger.delete_pool(&pool.meta.id, false)).unwrap();
    world.check();
    assert!(!world.map.entries().keys().any(|key| key.starts_with("rest")), "{:?}", world.map.entries().keys());
}

#[test]
fn gc_ends_rests_that_are_over_and_an_export_keeps_the_others() {
    let (mut world, pool) = world();
    let web = world.create(&pool, "web", "/26").unwrap();
    world.release(&web);
    let records = world.read(|reader| reader.records()).unwrap();
    assert_eq!(records.faults(), []);
    let mut next = Some(String::new());
    world.wait(121);
    while let Some(from) = next {
        next = world.write(|ledger| ledger.collect_expired(&from, 10)).unwrap().next;
    }
    assert!(!world.map.entries().keys().any(|key| key.starts_with("rest")));
    let events = world.read(|reader| reader.events(0, usize::MAX)).unwrap();
    let last: Vec<&str> = events.iter().rev().take(3).map(|event| event.action.as_str()).collect();
    assert_eq!(last, ["expire", "rest", "delete"]);
    world.check();
}

#[test]
fn the_cost_of_a_request_does_not_grow_with_the_space_that_rests() {
    let mut costs = Vec::new();
    for count in [10, 400] {
        let mut world = World::new();
        let spec = PoolSpec { rules: rules(2), ..top("top", &["10.0.0.0/16"]) };
        let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        for index in 0..count {
            let made = world.create(&pool, &format!("a{index}"), "/28").unwrap();
            world.release(&made);
        }
        world.map.calls = 0;
        let made = world.create(&pool, "web", "/28").unwrap();
        world.release(&made);
        costs.push(world.map.calls);
    }
    assert!(costs[1] < costs[0] * 2, "{costs:?}");
}
