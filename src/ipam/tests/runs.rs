//! Tests of holds of earlier runs: which of them a request reclaims, and which stay.

use crate::ipam::testing::*;
use crate::ipam::*;

/// A run with its own process. The process `alive` of another run is still running.
fn run(process: &str, parent: &str) -> CurrentRun {
    let directory = Some(format!("/srv/{parent}"));
    let run = Run { process: process.into(), parent: parent.into(), origin: Origin { directory, ..Origin::default() } };
    CurrentRun { run, is_alive: Box::new(|run| run.process == "alive") }
}

/// A store that is used by a run without other processes.
fn world() -> World {
    let mut world = World::new();
    next_run(&mut world, "1");
    world
}

fn next_run(world: &mut World, name: &str) {
    world.run = Some(run(name, name));
}

fn lost(answer: Result<Allocation>) -> Vec<Occupant> {
    match answer {
        Err(Error::HoldLost { now_held_by, .. }) => now_held_by,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hold_of_an_earlier_run_of_the_owner_is_reclaimed_for_an_explicit_block() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let held = world.plan(&pool, "a", "10.0.0.0/25").unwrap();
    next_run(&mut world, "2");
    let wanted_now = world.plan(&pool, "b", "10.0.0.0/26").unwrap();
    world.check();
    let spec = wanted(&pool, "a", "10.0.0.0/25");
    let planned = Planned::Held(held.meta.id);
    let by = lost(world.write(|ledger| ledger.create_allocation(&spec, &planned)));
    assert_eq!(by[0].id, wanted_now.meta.id);
    assert_eq!(by[0].run.as_ref().unwrap().process, "2");
}

#[test]
fn holds_of_the_present_run_stay() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.plan(&pool, "a", "10.0.0.0/25").unwrap();
    assert!(matches!(world.plan(&pool, "b", "10.0.0.0/26"), Err(Error::Overlap { .. })));
    world.plan(&pool, "c", "/25").unwrap();
    assert!(matches!(world.plan(&pool, "d", "/32"), Err(Error::PoolExhausted { .. })));
    world.check();
}

#[test]
fn holds_of_the_present_run_stay_after_their_expiry_until_another_run_needs_the_space() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let growing = world.create(&pool, "growing", "10.0.0.0/26").unwrap();
    world.plan(&pool, "a", "10.0.0.64/26").unwrap();
    world.plan(&pool, "b", "/25").unwrap();
    world.wait(7200);
    assert!(matches!(world.plan(&pool, "c", "10.0.0.64/27"), Err(Error::Overlap { .. })));
    assert!(matches!(world.plan(&pool, "c", "/26"), Err(Error::PoolExhausted { .. })));
    let size = Size::NetmaskLength(25);
    let grown = world.write(|ledger| ledger.plan_resize(&growing.meta.id, size, &terms())).unwrap();
    assert_eq!(grown, Resize::Replace, "a hold of this run is in the way");
    world.as_owner("them");
    next_run(&mut world, "2");
    world.plan(&pool, "c", "10.0.0.64/27").unwrap();
    world.check();
}

#[test]
fn holds_of_another_owner_stay() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.as_owner("them").plan(&pool, "a", "10.0.0.0/24").unwrap();
    next_run(&mut world, "2");
    world.as_owner("us");
    let Err(Error::Overlap { with, .. }) = world.plan(&pool, "b", "10.0.0.0/26") else { panic!() };
    assert_eq!((with[0].owner.as_str(), with[0].run.as_ref().unwrap().process.as_str()), ("them", "1"));
    assert!(matches!(world.plan(&pool, "b", "/26"), Err(Error::PoolExhausted { .. })));
    assert!(matches!(world.plan(&pool, "a", "/26"), Err(Error::NameTaken { .. })));
}

#[test]
fn aliases_of_one_terraform_are_one_run_and_its_later_processes_another() {
    // (process and parent of the hold, those of the request, whether it is an apply, whether the hold is reclaimed)
    let table = [
        (("alive", "p"), ("2", "p"), false, false),
        (("dead", "p"), ("2", "p"), false, true),
        (("dead", "p"), ("2", "p"), true, false),
        (("alive", "p"), ("2", "q"), false, true),
        (("alive", ""), ("2", ""), false, true),
        (("dead", "p"), ("2", "q"), true, true),
        (("1", "p"), ("1", "p"), false, false),
    ];
    for (held, asks, applying, makes_way) in table {
        let mut world = World::new();
        let pool = world.top("top", &["10.0.0.0/24"]);
        world.run = Some(run(held.0, held.1));
        world.plan(&pool, "a", "10.0.0.0/25").unwrap();
        world.run = Some(run(asks.0, asks.1));
        let spec = wanted(&pool, "b", "10.0.0.0/26");
        let answer = world.write(|ledger| {
            ledger.env.applying = applying;
            ledger.plan_allocation(&spec, &terms())
        });
        assert_eq!(answer.is_ok(), makes_way, "{held:?} {asks:?} applying: {applying}");
        world.check();
    }
}

#[test]
fn outside_of_terraform_every_hold_stays_until_it_expires() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.plan(&pool, "a", "10.0.0.0/24").unwrap();
    world.run = None;
    assert!(matches!(world.create(&pool, "b", "/26"), Err(Error::PoolExhausted { .. })));
}

#[test]
fn a_request_by_size_takes_free_space_first_then_the_oldest_hold() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let oldest = world.plan(&pool, "a", "/26").unwrap();
    world.wait(1);
    let newer = world.plan(&pool, "b", "/26").unwrap();
    next_run(&mut world, "2");
    for name in ["c", "d"] {
        let placed = world.plan(&pool, name, "/26").unwrap();
        assert!(placed.cidr != oldest.cidr && placed.cidr != newer.cidr);
    }
    assert_eq!(world.plan(&pool, "e", "/26").unwrap().cidr, oldest.cidr);
    assert_eq!(world.plan(&pool, "f", "/26").unwrap().cidr, newer.cidr);
    assert!(matches!(world.plan(&pool, "g", "/26"), Err(Error::PoolExhausted { .. })));
    world.check();
}

#[test]
fn a_hold_that_is_asked_for_again_is_the_newest_runs_and_that_is_no_event() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let first = world.plan(&pool, "a", "/24").unwrap();
    let events = world.check().events;
    next_run(&mut world, "2");
    let spec = wanted(&pool, "a", "/24");
    assert_eq!(world.read(|reader| reader.find_hold_allocation(&spec, &terms())).unwrap(), None);
    let again = world.plan(&pool, "a", "/24").unwrap();
    assert_eq!((&again.meta.id, again.meta.updated_at), (&first.meta.id, first.meta.updated_at));
    assert_eq!(world.check().events, events);
    assert!(matches!(world.plan(&pool, "b", "/32"), Err(Error::PoolExhausted { .. })));
    // The first run comes back and uses the hold again.
    next_run(&mut world, "1");
    assert_eq!(world.plan(&pool, "a", "/24").unwrap().meta.id, first.meta.id);
    world.check();
}

#[test]
fn an_earlier_plan_never_turns_growth_in_place_into_a_replacement() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let grows = world.create(&pool, "a", "10.0.0.0/26").unwrap();
    world.plan(&pool, "b", "10.0.0.64/26").unwrap();
    next_run(&mut world, "2");
    let plan = |world: &mut World| world.write(|ledger| ledger.plan_resize(&grows.meta.id, size("/25"), &terms()));
    assert_eq!(plan(&mut world), Ok(Resize::InPlace(cidr("10.0.0.0/25"))));
    // The planned growth is reclaimed in its turn.
    next_run(&mut world, "3");
    world.plan(&pool, "c", "10.0.0.64/27").unwrap();
    world.check();
    let change = resized(&grows, "/25");
    let error = world.write(|ledger| ledger.update_allocation(&grows.meta.id, &change)).unwrap_err();
    assert!(matches!(error, Error::HoldLost { .. }), "{error:?}");
}

#[test]
fn planned_pools_and_pool_cidrs_are_reclaimed_with_their_contents() {
    let mut world = world();
    let top = world.top("top", &["10.0.0.0/16"]);
    let below = below(&top, "below", "10.0.0.0/20");
    let planned = world.write(|ledger| ledger.plan_pool(&below, &terms())).unwrap();
    world.plan(&planned, "inside", "/24").unwrap();
    let more = PoolCidrSpec { pool_id: top.meta.id.clone(), name: None, size: size("10.8.0.0/16"), proof: None };
    let more = world.write(|ledger| ledger.plan_pool_cidr(&more, &terms())).unwrap();
    world.plan(&top, "there", "10.8.0.0/24").unwrap();
    next_run(&mut world, "2");
    world.plan(&top, "here", "10.0.8.0/24").unwrap();
    world.write(|ledger| ledger.plan_pool(&top_spec("other", "10.8.0.0/15"), &terms())).unwrap();
    world.check();
    let error = world.write(|ledger| ledger.create_pool(&below, &Planned::Held(planned.meta.id.clone()))).unwrap_err();
    assert!(matches!(error, Error::HoldLost { .. }), "{error:?}");
    let gone = world.read(|reader| reader.get_pool_cidr(&more.meta.id)).unwrap();
    assert_eq!(gone, None);
}

fn top_spec(name: &str, block: &str) -> PoolSpec {
    top(name, &[block])
}

#[test]
fn a_name_that_an_earlier_plan_wants_can_be_given_to_another_object() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let there = world.create(&pool, "a", "/26").unwrap();
    let held = world.plan(&pool, "b", "/26").unwrap();
    next_run(&mut world, "2");
    let change = AllocationChange { name: "b".into(), ..resized(&there, "/26") };
    let renamed = world.write(|ledger| ledger.update_allocation(&there.meta.id, &change)).unwrap();
    assert_eq!(renamed.meta.name, "b");
    world.check();
    let spec = wanted(&pool, "b", "/26");
    lost(world.write(|ledger| ledger.create_allocation(&spec, &Planned::Held(held.meta.id.clone()))));

    let planned = world.write(|ledger| ledger.plan_pool(&top("p", &["10.9.0.0/16"]), &terms())).unwrap();
    next_run(&mut world, "3");
    let change = PoolChange { name: "p".into(), ..reprovisioned(&pool, pool.provision.clone()) };
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    assert_eq!(world.read(|reader| reader.get_pool(&planned.meta.id)).unwrap(), None);
    world.check();
}

#[test]
fn a_name_that_this_run_has_planned_cannot() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let there = world.create(&pool, "a", "/26").unwrap();
    world.plan(&pool, "b", "/26").unwrap();
    let change = AllocationChange { name: "b".into(), ..resized(&there, "/26") };
    let error = world.write(|ledger| ledger.update_allocation(&there.meta.id, &change)).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error:?}");
}

#[test]
fn reclaimed_holds_are_reported_with_the_origin_of_their_plan() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.plan(&pool, "a", "/24").unwrap();
    next_run(&mut world, "2");
    let spec = wanted(&pool, "b", "/25");
    let displaced = world
        .write(|ledger| {
            ledger.plan_allocation(&spec, &terms())?;
            Ok(ledger.displaced().to_vec())
        })
        .unwrap();
    let [hold] = displaced.as_slice() else { panic!("{displaced:?}") };
    assert_eq!((hold.path.as_str(), hold.cidr), ("top/a", Some(cidr("10.0.0.0/24"))));
    assert_eq!(hold.run.as_ref().unwrap().origin.directory.as_deref(), Some("/srv/1"));
    // A hold that has expired is not reported.
    world.wait(61);
    let spec = wanted(&pool, "c", "/24");
    next_run(&mut world, "3");
    let displaced = world.write(|ledger| ledger.plan_allocation(&spec, &terms()).map(|_| ledger.displaced().len()));
    assert_eq!(displaced, Ok(0));
}

#[test]
fn holds_are_listed_and_released() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let grows = world.create(&pool, "grows", "10.0.0.0/26").unwrap();
    world.write(|ledger| ledger.plan_resize(&grows.meta.id, size("/25"), &terms())).unwrap();
    let below = below(&pool, "below", "/20");
    let planned = world.write(|ledger| ledger.plan_pool(&below, &terms())).unwrap();
    world.plan(&planned, "inside", "/24").unwrap();
    next_run(&mut world, "2");
    world.as_owner("them").plan(&pool, "theirs", "/24").unwrap();
    let mut paths = |filter: &HoldFilter| {
        let found = world.read(|reader| reader.list_holds(filter)).unwrap();
        let mut paths: Vec<String> = found.into_iter().map(|hold| hold.of.path).collect();
        paths.sort();
        paths
    };
    assert_eq!(paths(&HoldFilter::default()), ["top/below", "top/below/inside", "top/grows", "top/theirs"]);
    let ours = HoldFilter { owner: Some("us".into()), ..HoldFilter::default() };
    assert_eq!(paths(&ours), ["top/below", "top/below/inside", "top/grows"]);
    assert_eq!(paths(&HoldFilter { name: Some("inside".into()), ..ours.clone() }), ["top/below/inside"]);
    assert_eq!(paths(&HoldFilter { run: Some("/srv/2".into()), ..HoldFilter::default() }), ["top/theirs"]);

    world.run = None;
    let released = world.write(|ledger| ledger.release_holds(&ours, "", 100)).unwrap();
    assert!(released.kept.is_empty() && released.next.is_none());
    assert!(released.events.iter().all(|event| event.action == "release" && event.actor.owner == "them"));
    let left = world.read(|reader| reader.list_holds(&HoldFilter::default())).unwrap();
    assert_eq!(left.len(), 1);
    world.check();
}

#[test]
fn a_release_spares_the_holds_that_the_present_run_may_be_about_to_use() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let made = |run_url: Option<&str>, host: &str, directory: &str| {
        let origin = Origin {
            run_url: run_url.map(str::to_owned),
            host: Some(host.to_owned()),
            directory: Some(directory.to_owned()),
        };
        let process = format!("{run_url:?}/{host}/{directory}");
        CurrentRun { run: Run { parent: process.clone(), process, origin }, is_alive: Box::new(|_| false) }
    };
    let plans = [
        ("same-place", made(None, "build-1", "/srv/net")),
        ("other-directory", made(None, "build-1", "/srv/old")),
        ("other-machine", made(None, "build-2", "/srv/net")),
        ("same-ci-run", made(Some("https://ci/7"), "runner-1", "/work")),
        ("other-ci-run", made(Some("https://ci/6"), "runner-2", "/work")),
    ];
    for (name, run) in plans {
        world.run = Some(run);
        world.plan(&pool, name, "/24").unwrap();
    }
    let filter = HoldFilter { spares_this_run: true, ..HoldFilter::default() };
    let names = |world: &mut World| {
        let holds = world.read(|reader| reader.list_holds(&filter)).unwrap();
        holds.into_iter().map(|hold| hold.of.name).collect::<std::collections::BTreeSet<_>>()
    };
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<std::collections::BTreeSet<_>>();
    world.run = None;
    assert_eq!(names(&mut world).len(), 5, "outside of a run, nothing is spared");
    world.run = Some(made(Some("https://ci/7"), "runner-9", "/work"));
    assert_eq!(names(&mut world), of(&["same-place", "other-directory", "other-machine", "other-ci-run"]));
    world.run = Some(made(None, "build-1", "/srv/net"));
    assert_eq!(names(&mut world), of(&["other-directory", "other-machine", "same-ci-run", "other-ci-run"]));

    let released = world.write(|ledger| ledger.release_holds(&filter, "", 100)).unwrap();
    assert_eq!((released.events.len(), released.kept.len()), (4, 0));
    let left = world.read(|reader| reader.list_holds(&HoldFilter::default())).unwrap();
    assert_eq!(left.iter().map(|hold| hold.of.name.as_str()).collect::<Vec<_>>(), ["same-place"]);
    world.check();
}

#[test]
fn a_planned_pool_stays_when_it_contains_a_spared_hold() {
    let mut world = world();
    let planned = world.write(|ledger| ledger.plan_pool(&top("p", &["10.0.0.0/16"]), &terms())).unwrap();
    let more = PoolCidrSpec { pool_id: planned.meta.id, name: None, size: size("10.8.0.0/16"), proof: None };
    next_run(&mut world, "2");
    world.write(|ledger| ledger.plan_pool_cidr(&more, &terms())).unwrap();
    let filter = HoldFilter { owner: Some("us".into()), spares_this_run: true, ..HoldFilter::default() };
    let theirs = world.as_owner("them");
    theirs.run = Some(run("2", "2"));
    let released = theirs.write(|ledger| ledger.release_holds(&filter, "", 100)).unwrap();
    assert_eq!((released.events.len(), released.kept.len()), (0, 1), "{released:?}");
    theirs.check();
}

#[test]
fn a_planned_pool_with_a_hold_of_another_owner_is_not_released() {
    let mut world = world();
    let planned = world.write(|ledger| ledger.plan_pool(&top("p", &["10.0.0.0/16"]), &terms())).unwrap();
    let more = PoolCidrSpec { pool_id: planned.meta.id, name: None, size: size("10.8.0.0/16"), proof: None };
    world.as_owner("them").write(|ledger| ledger.plan_pool_cidr(&more, &terms())).unwrap();
    let ours = HoldFilter { owner: Some("us".into()), ..HoldFilter::default() };
    let released = world.write(|ledger| ledger.release_holds(&ours, "", 100)).unwrap();
    assert_eq!((released.events.len(), released.kept.len()), (0, 1));
    world.check();
}

#[test]
fn nothing_is_placed_in_a_cidr_that_another_plan_holds() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let wider = reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.0/24", "172.16.0.0/16"])));
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).unwrap();
    // The run that planned the CIDR may allocate in it.
    let mut own = World { map: world.map.clone(), now: world.now, seed: 9, actor: world.actor.clone(), run: None };
    own.run = Some(run("1", "1"));
    assert_eq!(own.plan(&pool, "mine", "/20").unwrap().cidr, cidr("172.16.0.0/20"));
    for (owner, minutes) in [("them", 0), ("them", 61), ("us", 0), ("us", 61)] {
        let mut other =
            World { map: world.map.clone(), now: world.now, seed: 9, actor: world.actor.clone(), run: None };
        next_run(&mut other, "2");
        other.wait(minutes);
        other.as_owner(owner);
        let Err(Error::PoolExhausted(Exhausted { free, .. })) = other.plan(&pool, "theirs", "/20") else {
            panic!("{owner} {minutes}")
        };
        assert_eq!(free, 256u32.into());
        let explicit = other.plan(&pool, "theirs", "172.16.0.0/20").unwrap_err();
        match (owner, &explicit) {
            ("us", Error::OutsidePool { provisioned, .. }) => assert_eq!(*provisioned, [cidr("10.0.0.0/24")]),
            ("them", Error::Overlap { with, .. }) => assert_eq!(with[0].kind, Kind::PoolCidr),
            _ => panic!("{owner} {minutes}: {explicit:?}"),
        }
        assert_eq!(other.plan(&pool, "theirs", "/25").unwrap().cidr, cidr("10.0.0.0/25"));
        other.check();
    }
    let utilization = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((utilization.provisioned, utilization.free), (256u32.into(), 256u32.into()));
    assert_eq!(utilization.largest_free, Some(cidr("10.0.0.0/24")));
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 10)).unwrap();
    assert_eq!(free, [cidr("10.0.0.0/24")]);
    let next = world.as_owner("them").read(|reader| reader.preview_next(&pool.meta.id, Some(20), &[], 1)).unwrap();
    assert_eq!(next, []);
}

#[test]
fn holds_in_a_planned_cidr_count_nowhere_and_utilization_is_exact() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    world.plan(&pool, "small", "/26").unwrap();
    let wider = reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.0/24", "172.16.0.0/16"])));
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).unwrap();
    world.plan(&pool, "large", "/20").unwrap();
    let now = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((&now.held, &now.free), (&64u32.into(), &192u32.into()));
    assert_eq!(now.used + now.held + now.free, now.provisioned);
}

#[test]
fn a_request_by_size_in_the_way_of_an_explicit_block_is_placed_elsewhere_by_the_next_plan() {
    for explicit_first in [false, true] {
        let mut world = world();
        let pool = world.top("top", &["172.16.0.0/12"]);
        let region = below(&pool, "region", "/16");
        let by_size = |world: &mut World| world.write(|ledger| ledger.plan_pool(&region, &terms()));
        let explicit = |world: &mut World| world.plan(&pool, "on-prem", "172.16.0.0/20");
        let first = by_size(&mut world).unwrap();
        let Err(Error::Overlap { cidr: wished, with }) = explicit(&mut world) else { panic!() };
        let ids: Vec<String> = with.into_iter().map(|occupant| occupant.id).collect();
        world.write(|ledger| ledger.mark_in_the_way(&ids, wished)).unwrap();
        world.check();
        // The same run keeps the blocks that it was shown.
        assert_eq!(by_size(&mut world).unwrap().meta.id, first.meta.id);
        next_run(&mut world, "2");
        if explicit_first {
            explicit(&mut world).unwrap();
        }
        let moved = by_size(&mut world).unwrap();
        assert_ne!(moved.cidrs, first.cidrs);
        if !explicit_first {
            explicit(&mut world).unwrap();
        }
        world.check();
    }
}

#[test]
fn a_hold_by_cidr_is_never_placed_elsewhere() {
    let mut world = world();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let held = world.plan(&pool, "a", "10.0.0.0/25").unwrap();
    world.as_owner("them");
    world.write(|ledger| ledger.mark_in_the_way(std::slice::from_ref(&held.meta.id), cidr("10.0.0.0/26"))).unwrap();
    world.as_owner("us");
    world.write(|ledger| ledger.mark_in_the_way(std::slice::from_ref(&held.meta.id), cidr("10.0.0.0/26"))).unwrap();
    next_run(&mut world, "2");
    assert_eq!(world.plan(&pool, "a", "10.0.0.0/25").unwrap().meta.id, held.meta.id);
}
