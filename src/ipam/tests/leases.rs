//! Tests of leases: who has a block for how long, and who gets it then.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ipam::testing::*;
use crate::ipam::*;

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A run with its own process. The process `alive` of another run is still running.
fn run(process: &str, parent: &str) -> CurrentRun {
    let run = Run { process: process.into(), parent: parent.into(), origin: Origin::default() };
    CurrentRun { run, is_alive: Box::new(|run| run.process == "alive") }
}

/// A store that is used by a run of its own, with a pool of 256 addresses.
fn world() -> (World, Pool) {
    let mut world = World::new();
    next_run(&mut world, "1");
    let pool = world.top("top", &["10.0.0.0/24"]);
    (world, pool)
}

fn next_run(world: &mut World, name: &str) {
    world.run = Some(run(name, name));
}

fn open(world: &mut World, pool: &Pool, name: &str, size: &str) -> Result<Allocation> {
    let spec = wanted(pool, name, size);
    world.write(|ledger| ledger.open_lease(&spec, TEN_MINUTES))
}

fn close(world: &mut World, lease: &Allocation) {
    world.write(|ledger| ledger.close_lease(&lease.meta.id)).unwrap();
}

fn renew(world: &mut World, lease: &Allocation) -> Result<Allocation> {
    world.write(|ledger| ledger.renew_lease(&lease.meta.id, &lease.meta.name, TEN_MINUTES))
}

#[track_caller]
fn taken<T: std::fmt::Debug>(answer: Result<T>) -> Occupant {
    match answer {
        Err(Error::NameTaken { existing, .. }) => existing,
        other => panic!("{other:?}"),
    }
}

fn actions(world: &mut World, id: &str) -> Vec<String> {
    let events = world.read(|reader| reader.events(0, usize::MAX)).unwrap();
    events.into_iter().filter(|event| event.id == id).map(|event| event.action).collect()
}

#[test]
fn a_lease_is_a_hold_from_its_opening_to_its_close() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    assert_eq!((lease.meta.state, lease.meta.is_lease), (State::Planned, true));
    let listed = world.read(|reader| reader.list_holds(&HoldFilter::default())).unwrap();
    assert!(listed[0].of.is_lease && listed[0].of.id == lease.meta.id);
    let used = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((used.used, used.held), (0u8.into(), 64u8.into()));
    world.check();
    close(&mut world, &lease);
    close(&mut world, &lease);
    assert!(world.read(|reader| reader.list_holds(&HoldFilter::default())).unwrap().is_empty());
    assert_eq!(world.read(|reader| reader.utilization(&pool.meta.id)).unwrap().held, 0u8.into());
    assert_eq!(actions(&mut world, &lease.meta.id), ["hold", "release"]);
    world.check();
}

#[test]
fn the_next_run_gets_the_same_block_where_it_is_free() {
    let (mut world, pool) = world();
    let other = open(&mut world, &pool, "other", "/26").unwrap();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    close(&mut world, &lease);
    close(&mut world, &other);
    next_run(&mut world, "2");
    let again = open(&mut world, &pool, "a", "/26").unwrap();
    assert_eq!(again.cidr, lease.cidr, "not the first free block");
    assert_ne!(again.meta.id, lease.meta.id);
    close(&mut world, &again);
    world.check();
    // Another object has the block, another size is asked for, or the block must be avoided.
    world.create(&pool, "b", &lease.cidr.to_string()).unwrap();
    let elsewhere = open(&mut world, &pool, "a", "/26").unwrap();
    assert_ne!(elsewhere.cidr, lease.cidr);
    close(&mut world, &elsewhere);
    let smaller = open(&mut world, &pool, "a", "/27").unwrap();
    assert_eq!(smaller.cidr.netmask_length(), 27);
    close(&mut world, &smaller);
    let spec = AllocationSpec { disallowed_cidrs: [smaller.cidr].into(), ..wanted(&pool, "a", "/27") };
    let avoiding = world.write(|ledger| ledger.open_lease(&spec, TEN_MINUTES)).unwrap();
    assert!(!avoiding.cidr.overlaps(&smaller.cidr));
    world.check();
}

#[test]
fn another_owner_does_not_get_the_block_by_name() {
    let (mut world, pool) = world();
    let first = open(&mut world, &pool, "first", "/26").unwrap();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    close(&mut world, &first);
    close(&mut world, &lease);
    world.as_owner("them");
    assert_eq!(open(&mut world, &pool, "a", "/26").unwrap().cidr, first.cidr);
    world.check();
}

#[test]
fn two_runs_at_the_same_time_never_share_a_lease() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    next_run(&mut world, "2");
    let existing = taken(open(&mut world, &pool, "a", "/26"));
    assert!(existing.is_lease && existing.id == lease.meta.id && existing.run.unwrap().process == "1");
    world.as_owner("them");
    taken(open(&mut world, &pool, "a", "/26"));
    world.as_owner("us");
    // Nor does a lease make way for another request of its owner, as the hold of an earlier plan does.
    let answer = world.plan(&pool, "b", &lease.cidr.to_string());
    assert!(matches!(answer, Err(Error::Overlap { .. })), "{answer:?}");
    for name in ["c", "d", "e"] {
        world.plan(&pool, name, "/26").unwrap();
    }
    assert!(matches!(open(&mut world, &pool, "f", "/25"), Err(Error::PoolExhausted(_))));
    assert_eq!(renew(&mut world, &lease).unwrap().cidr, lease.cidr);
    world.check();
}

#[test]
fn a_lease_of_a_run_that_died_ends_by_itself() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/24").unwrap();
    next_run(&mut world, "2");
    world.wait(9);
    taken(open(&mut world, &pool, "a", "/24"));
    assert!(world.create(&pool, "b", "/26").is_err());
    world.wait(1);
    // Its name and its block go to the next run of the owner, and its space to anybody.
    let again = open(&mut world, &pool, "a", "/24").unwrap();
    assert_eq!((&again.meta.id, again.cidr), (&lease.meta.id, lease.cidr));
    assert_eq!(again.meta.run.as_ref().unwrap().process, "2");
    world.wait(10);
    world.as_owner("them").create(&pool, "b", "/26").unwrap();
    world.check();
    assert_eq!(actions(&mut world, &lease.meta.id), ["hold", "hold", "expire"]);
}

#[test]
fn a_renewed_lease_lasts_on_and_a_lost_one_is_an_error() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/24").unwrap();
    for _ in 0..5 {
        world.wait(9);
        assert_eq!(renew(&mut world, &lease).unwrap().cidr, lease.cidr);
    }
    // Late, but no other request needed the space in the meantime.
    world.wait(60);
    renew(&mut world, &lease).unwrap();
    world.wait(60);
    world.as_owner("them").create(&pool, "b", "/26").unwrap();
    world.as_owner("us");
    let Err(Error::HoldLost { now_held_by, .. }) = renew(&mut world, &lease) else { panic!() };
    assert_eq!(now_held_by[0].name, "b");
    close(&mut world, &lease);
    world.check();
}

#[test]
fn the_apply_of_a_run_takes_over_what_its_plan_could_not_close() {
    for (opener, is_taken_over) in
        [(("dead", "p"), true), (("alive", "p"), false), (("dead", "q"), false), (("dead", ""), false)]
    {
        let (mut world, pool) = world();
        world.run = Some(run(opener.0, opener.1));
        let lease = open(&mut world, &pool, "a", "/26").unwrap();
        world.run = Some(run("2", "p"));
        let again = open(&mut world, &pool, "a", "/26");
        assert_eq!(again.is_ok_and(|again| again.cidr == lease.cidr), is_taken_over, "{opener:?}");
        world.check();
    }
}

#[test]
fn opening_twice_in_one_process_is_opening_once() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    let before = world.map.entries().clone();
    assert_eq!(open(&mut world, &pool, "a", "/26").unwrap(), lease);
    assert_eq!(*world.map.entries(), before);
}

#[test]
fn allocations_and_leases_share_their_names() {
    let (mut world, pool) = world();
    world.create(&pool, "kept", "/26").unwrap();
    assert_eq!(taken(open(&mut world, &pool, "kept", "/26")).state, State::Active);
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    assert!(taken(world.plan(&pool, "a", "/26")).is_lease);
    assert!(taken(world.create(&pool, "a", "/26")).is_lease);
    let kept = world.create(&pool, "b", "/27").unwrap();
    let renamed = AllocationChange { name: "a".into(), ..resized(&kept, "/27") };
    assert!(taken(world.write(|ledger| ledger.update_allocation(&kept.meta.id, &renamed))).is_lease);
    // A hold of this run has its name; one of an earlier run of the owner is reclaimed.
    world.plan(&pool, "held", "/27").unwrap();
    assert!(!taken(open(&mut world, &pool, "held", "/27")).is_lease);
    next_run(&mut world, "2");
    open(&mut world, &pool, "held", "/27").unwrap();
    world.check();
    next_run(&mut world, "1");
    close(&mut world, &lease);
    // The name of a closed lease is free, in a plan and in an apply.
    let spec = wanted(&pool, "a", "/26");
    world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap();
    world.check();
}

#[test]
fn a_pool_with_a_lease_is_not_deleted() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    let answer = world.write(|ledger| ledger.delete_pool(&pool.meta.id, false));
    assert!(matches!(answer, Err(Error::InUse { .. })), "{answer:?}");
    close(&mut world, &lease);
    world.write(|ledger| ledger.delete_pool(&pool.meta.id, false)).unwrap();
    world.check();
}

#[test]
fn released_holds_include_leases() {
    let (mut world, pool) = world();
    let lease = open(&mut world, &pool, "a", "/26").unwrap();
    world.run = None;
    let filter = HoldFilter { owner: Some("us".into()), ..HoldFilter::default() };
    let released = world.write(|ledger| ledger.release_holds(&filter, "", 10)).unwrap();
    assert_eq!(released.events.len(), 1);
    next_run(&mut world, "1");
    assert!(matches!(renew(&mut world, &lease), Err(Error::HoldLost { .. })));
    world.check();
}

#[test]
fn a_lease_obeys_the_rules_of_its_pool() {
    let (mut world, pool) = world();
    assert!(matches!(open(&mut world, &pool, "a", ""), Err(Error::NoSize { .. })));
    assert!(matches!(open(&mut world, &pool, "a", "/23"), Err(Error::PoolExhausted(_))));
    assert!(matches!(open(&mut world, &pool, "a", "10.1.0.0/26"), Err(Error::OutsidePool { .. })));
    assert_eq!(open(&mut world, &pool, "a", "10.0.0.64/26").unwrap().cidr, cidr("10.0.0.64/26"));
    world.check();
}

#[test]
fn leases_of_runs_with_names_of_their_own_are_forgotten_after_a_week() {
    let (mut world, pool) = world();
    let mut sizes = Vec::new();
    for round in 0..4 {
        for job in 0..16 {
            let lease = open(&mut world, &pool, &format!("job-{round}-{job}"), "/26").unwrap();
            close(&mut world, &lease);
            world.wait(60);
        }
        world.wait(8 * 24 * 60);
        let events = world.read(|reader| reader.events(0, usize::MAX)).unwrap().len();
        sizes.push(world.map.len() - events);
    }
    assert_eq!(sizes[1], sizes[3], "{sizes:?}");
    world.check();
}

/// Runs that open, renew, close and die, against a list of who has what.
#[test]
fn random_leases_are_what_a_naive_list_says() {
    let (mut world, pool) = world();
    let mut seed = 11;
    let mut roll = |sides: u64| dice(&mut seed) % sides;
    // Name -> run and lease, as far as its run believes that it has it.
    let mut had: BTreeMap<String, (u64, Allocation)> = BTreeMap::new();
    let (mut opened, mut refused, mut lost) = (0, 0, 0);
    for _ in 0..600 {
        let (number, name) = (roll(4), format!("n{}", roll(6)));
        next_run(&mut world, &number.to_string());
        let now = world.now;
        let counts = |lease: &Allocation| lease.meta.hold_expires_at.is_some_and(|expiry| expiry > now);
        match roll(8) {
            0 => world.wait(roll(8)),
            1..=4 => match open(&mut world, &pool, &name, &format!("/{}", 25 + roll(4))) {
                Ok(lease) => {
                    opened += 1;
                    let before = had.insert(name, (number, lease));
                    assert!(before.is_none_or(|(run, lease)| run == number || !counts(&lease)), "it is another run's");
                }
                Err(Error::NameTaken { .. }) => {
                    refused += 1;
                    assert!(had.get(&name).is_some_and(|(run, lease)| *run != number && counts(lease)));
                }
                Err(Error::PoolExhausted(_)) => {}
                Err(error) => panic!("{error:?}"),
            },
            5 | 6 => {
                let Some((run, lease)) = had.get(&name).cloned().filter(|(run, _)| *run == number) else { continue };
                match renew(&mut world, &lease) {
                    Ok(renewed) => drop(had.insert(name, (run, renewed))),
                    Err(error) => {
                        lost += 1;
                        assert!(matches!(error, Error::HoldLost { .. }) && !counts(&lease), "{error:?}");
                        had.remove(&name);
                    }
                }
            }
            _ => {
                if let Some((_, lease)) = had.get(&name).cloned().filter(|(run, _)| *run == number) {
                    close(&mut world, &lease);
                    had.remove(&name);
                }
            }
        }
        let live: Vec<&Allocation> = had.values().map(|(_, lease)| lease).filter(|lease| counts(lease)).collect();
        for (index, lease) in live.iter().enumerate() {
            let found = world.read(|reader| reader.get_allocation(&lease.meta.id)).unwrap().unwrap();
            assert_eq!(found.cidr, lease.cidr);
            assert!(live[..index].iter().all(|other| !other.cidr.overlaps(&lease.cidr)));
        }
        world.check();
    }
    assert!(opened > 50 && refused > 20 && lost > 0, "{opened} {refused} {lost}");
}
