//! Tests of allocations and reservations that commands make, without a plan.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ipam::testing::*;
use crate::ipam::*;

const HOUR: Duration = Duration::from_secs(3600);

impl World {
    fn allocate(&mut self, pool: &Pool, name: &str, size: &str) -> Result<Granted> {
        let spec = wanted(pool, name, size);
        self.write(|ledger| ledger.allocate_unplanned(&spec))
    }

    fn reserve(&mut self, pool: &Pool, name: &str, size: &str) -> Result<Granted> {
        let spec = wanted(pool, name, size);
        self.write(|ledger| ledger.reserve(&spec, HOUR))
    }

    /// The next requests come from a run of Terraform.
    fn in_terraform(&mut self, process: &str) -> &mut Self {
        let run = Run { process: process.into(), parent: process.into(), origin: Origin::default() };
        self.run = Some(CurrentRun { run, is_alive: Box::new(|_| false) });
        self
    }

    /// The next requests come from commands.
    fn on_the_command_line(&mut self) -> &mut Self {
        self.run = None;
        self
    }
}

fn world() -> (World, Pool) {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    (world, pool)
}

fn taken<T: std::fmt::Debug>(answer: Result<T>) -> Occupant {
    match answer {
        Err(Error::NameTaken { existing, .. }) => existing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_request_finds_the_same_allocation() {
    let (mut world, pool) = world();
    let first = world.allocate(&pool, "web", "/26").unwrap();
    assert!(first.is_new && first.allocation.meta.confirmed);
    assert_eq!(first.allocation.meta.state, State::Active);
    let events = world.check().events;
    let again = world.allocate(&pool, "web", "/26").unwrap();
    assert_eq!(again, Granted { is_new: false, ..first.clone() });
    let exact = world.allocate(&pool, "web", "10.0.0.0/26").unwrap();
    assert_eq!(exact.allocation.meta.id, first.allocation.meta.id);
    assert_eq!(world.check().events, events, "nothing was written");
}

#[test]
fn another_request_under_the_name_is_refused() {
    let (mut world, pool) = world();
    let made = world.allocate(&pool, "web", "/26").unwrap().allocation;
    assert_eq!(taken(world.allocate(&pool, "web", "/27")).id, made.meta.id);
    assert_eq!(taken(world.allocate(&pool, "web", "10.0.0.64/26")).id, made.meta.id);
    let avoiding = AllocationSpec { disallowed_cidrs: cidrs(&["10.0.0.0/28"]), ..wanted(&pool, "web", "/26") };
    assert_eq!(taken(world.write(|ledger| ledger.allocate_unplanned(&avoiding))).id, made.meta.id);
    assert_eq!(taken(world.as_owner("them").allocate(&pool, "web", "/26")).id, made.meta.id);
    assert_eq!(world.check().allocations, 1);
}

#[test]
fn a_default_size_stays_the_same_request_when_the_default_changes() {
    let mut world = World::new();
    let rules = |length| Rules { default_netmask_length: Some(length), ..Rules::default() };
    let spec = PoolSpec { rules: rules(26), ..top("top", &["10.0.0.0/24"]) };
    let mut pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    let first = world.allocate(&pool, "web", "").unwrap().allocation;
    let change = PoolChange { rules: rules(28), ..reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.0/24"]))) };
    pool = world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    assert_eq!(world.allocate(&pool, "web", "").unwrap(), Granted { allocation: first, is_new: false });
    assert_eq!(world.allocate(&pool, "api", "").unwrap().allocation.cidr.netmask_length(), 28);
    world.check();
}

#[test]
fn no_plan_adopts_what_a_command_allocated() {
    let (mut world, pool) = world();
    let made = world.allocate(&pool, "web", "/26").unwrap().allocation;
    world.in_terraform("1");
    assert_eq!(taken(world.plan(&pool, "web", "/26")).id, made.meta.id);
    assert_eq!(taken(world.create(&pool, "web", "/26")).id, made.meta.id);
    // An allocation that an interrupted apply left is adopted.
    let left = world.create(&pool, "left", "/26").unwrap();
    assert_eq!(world.plan(&pool, "left", "/26").unwrap().meta.id, left.meta.id);
    world.check();
}

#[test]
fn a_command_leaves_what_a_plan_holds_until_it_expires() {
    let (mut world, pool) = world();
    let held = world.in_terraform("1").plan(&pool, "web", "/26").unwrap();
    world.on_the_command_line();
    assert_eq!(taken(world.allocate(&pool, "web", "/26")).id, held.meta.id);
    assert_eq!(taken(world.reserve(&pool, "web", "/26")).id, held.meta.id);
    assert!(matches!(world.allocate(&pool, "all", "/24"), Err(Error::PoolExhausted { .. })));
    world.wait(61);
    let made = world.allocate(&pool, "web", "/26").unwrap();
    assert!(made.is_new && made.allocation.meta.id != held.meta.id);
    world.check();
    let spec = wanted(&pool, "web", "/26");
    let applied =
        world.in_terraform("1").write(|ledger| ledger.create_allocation(&spec, &Planned::Fresh(held.meta.id.clone())));
    assert!(matches!(applied, Err(Error::HoldLost { .. })), "{applied:?}");
}

#[test]
fn an_allocation_takes_up_its_reservation() {
    let (mut world, pool) = world();
    world.allocate(&pool, "first", "/26").unwrap();
    let reserved = world.reserve(&pool, "web", "/26").unwrap();
    assert!(reserved.is_new);
    assert_eq!((reserved.allocation.meta.state, reserved.allocation.meta.is_reservation), (State::Planned, true));
    let made = world.allocate(&pool, "web", "/26").unwrap();
    assert!(made.is_new && made.allocation.meta.confirmed);
    let (id, block) = (&reserved.allocation.meta.id, reserved.allocation.cidr);
    assert_eq!((&made.allocation.meta.id, made.allocation.cidr), (id, block));
    assert_eq!(world.reserve(&pool, "web", "/26").unwrap(), Granted { is_new: false, ..made });
    let audit = world.check();
    assert_eq!((audit.allocations, audit.holds), (2, 0));
}

#[test]
fn a_reservation_is_extended_and_never_shortened() {
    let (mut world, pool) = world();
    let first = world.reserve(&pool, "web", "/26").unwrap().allocation;
    world.wait(30);
    let later = world.reserve(&pool, "web", "/26").unwrap();
    assert!(!later.is_new);
    assert_eq!(later.allocation.cidr, first.cidr);
    assert!(later.allocation.meta.hold_expires_at > first.meta.hold_expires_at);
    let spec = wanted(&pool, "web", "/26");
    let shorter = world.write(|ledger| ledger.reserve(&spec, Duration::from_secs(1))).unwrap();
    assert_eq!(shorter.allocation, later.allocation);
    assert_eq!(taken(world.reserve(&pool, "web", "/27")).id, first.meta.id);
    assert_eq!(taken(world.allocate(&pool, "web", "/27")).id, first.meta.id);
    world.check();
}

#[test]
fn a_reservation_that_has_expired_makes_way() {
    let (mut world, pool) = world();
    world.reserve(&pool, "web", "10.0.0.0/25").unwrap();
    assert!(matches!(world.allocate(&pool, "api", "10.0.0.0/25"), Err(Error::Overlap { .. })));
    world.wait(61);
    assert!(world.allocate(&pool, "api", "10.0.0.0/25").unwrap().is_new);
    let anew = world.reserve(&pool, "web", "/25").unwrap();
    assert!(anew.is_new);
    assert_eq!(anew.allocation.cidr, cidr("10.0.0.128/25"));
    world.check();
}

#[test]
fn a_plan_of_the_owner_takes_up_a_reservation_of_its_name_and_size() {
    let (mut world, pool) = world();
    let reserved = world.reserve(&pool, "web", "/26").unwrap().allocation;
    assert_eq!(taken(world.as_owner("them").in_terraform("1").plan(&pool, "web", "/26")).id, reserved.meta.id);
    world.as_owner("us");
    assert_eq!(taken(world.plan(&pool, "web", "/27")).id, reserved.meta.id);
    let held = world.plan(&pool, "web", "/26").unwrap();
    assert_eq!((&held.meta.id, held.cidr), (&reserved.meta.id, reserved.cidr));
    world.on_the_command_line();
    assert_eq!(taken(world.allocate(&pool, "web", "/26")).id, reserved.meta.id, "the plan has it now");
    world.check();
}

#[test]
fn a_reservation_stays_when_a_plan_of_its_owner_needs_the_space() {
    let (mut world, pool) = world();
    world.reserve(&pool, "web", "10.0.0.0/25").unwrap();
    world.in_terraform("1");
    assert!(matches!(world.plan(&pool, "api", "10.0.0.0/26"), Err(Error::Overlap { .. })));
    world.plan(&pool, "api", "/25").unwrap();
    assert!(matches!(world.plan(&pool, "db", "/26"), Err(Error::PoolExhausted { .. })));
    // The hold of an earlier run is reclaimed, the reservation is not.
    assert_eq!(world.in_terraform("2").plan(&pool, "db", "/26").unwrap().cidr, cidr("10.0.0.128/26"));
    world.wait(61);
    assert!(world.plan(&pool, "cache", "10.0.0.0/25").is_ok());
    world.check();
}

#[test]
fn the_rules_of_the_pool_count() {
    let mut world = World::new();
    let required = [("team".to_owned(), "web".to_owned())];
    let rules = Rules { min_netmask_length: Some(26), required_tags: required.clone().into(), ..Rules::default() };
    let spec = PoolSpec { rules, ..top("top", &["10.0.0.0/24"]) };
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    assert!(matches!(world.allocate(&pool, "web", "/26"), Err(Error::TagRule { .. })));
    assert!(matches!(world.allocate(&pool, "web", "/25"), Err(Error::NetmaskRule { .. })));
    assert!(matches!(world.allocate(&pool, "web", "/33"), Err(Error::NetmaskRange { .. })));
    assert!(matches!(world.allocate(&pool, "web", ""), Err(Error::NoSize { .. })));
    assert!(matches!(world.reserve(&pool, "web", "fd00::/64"), Err(Error::FamilyMismatch { .. })));
    let tagged = AllocationSpec { tags: required.into(), ..wanted(&pool, "web", "/26") };
    assert!(world.write(|ledger| ledger.reserve(&tagged, HOUR)).unwrap().is_new);
    assert!(matches!(world.allocate(&pool, "web", "/26"), Err(Error::TagRule { .. })));
    assert!(world.write(|ledger| ledger.allocate_unplanned(&tagged)).unwrap().is_new);
    let missing = AllocationSpec { pool_id: "ipam-pool-0".into(), ..tagged };
    assert!(matches!(world.write(|ledger| ledger.allocate_unplanned(&missing)), Err(Error::NotFound { .. })));
    assert_eq!(world.check().allocations, 1);
}

#[test]
fn nothing_is_allocated_in_a_pool_that_is_only_planned() {
    let mut world = World::new();
    let pool = world.write(|ledger| ledger.plan_pool(&top("top", &["10.0.0.0/24"]), &terms())).unwrap();
    assert!(matches!(world.allocate(&pool, "web", "/26"), Err(Error::NotFound { kind: Kind::Pool, .. })));
    assert!(matches!(world.reserve(&pool, "web", "/26"), Err(Error::NotFound { kind: Kind::Pool, .. })));
    world.check();
}

#[test]
fn commands_and_plans_in_any_order_keep_what_was_allocated_and_reserved() {
    for seed in 1..=10 {
        let mut state = seed;
        let mut roll = |sides: u64| dice(&mut state) % sides;
        let (mut world, pool) = world();
        // Blocks by id: of allocations, and of reservations that were made without a plan.
        let (mut allocated, mut reserved) = (BTreeMap::new(), BTreeMap::new());
        for _ in 0..50 {
            let (name, size) = (format!("n{}", roll(6)), format!("/{}", 26 + roll(4)));
            world.as_owner(["us", "them"][usize::from(roll(2) == 0)]).on_the_command_line();
            match roll(7) {
                0 => world.wait(roll(40)),
                1 | 2 => {
                    if let Ok(Granted { allocation, .. }) = world.allocate(&pool, &name, &size) {
                        reserved.remove(&allocation.meta.id);
                        allocated.insert(allocation.meta.id, allocation.cidr);
                    }
                }
                3 | 4 => {
                    if let Ok(Granted { allocation, .. }) = world.reserve(&pool, &name, &size)
                        && allocation.meta.state == State::Planned
                    {
                        let until = allocation.meta.hold_expires_at;
                        reserved.insert(allocation.meta.id, (allocation.cidr, until));
                    }
                }
                5 => {
                    world.in_terraform(&roll(3).to_string());
                    if let Ok(held) = world.plan(&pool, &name, &size) {
                        reserved.remove(&held.meta.id);
                    }
                }
                _ => {
                    if let Some((id, _)) = allocated.pop_first() {
                        world.write(|ledger| ledger.delete_allocation(&id)).unwrap();
                    }
                }
            }
            world.check();
            let now = world.now;
            for (id, block) in &allocated {
                let found = world.read(|reader| reader.get_allocation(id)).unwrap().unwrap();
                assert!(found.cidr == *block && found.meta.confirmed && found.meta.state == State::Active, "{found:?}");
            }
            reserved.retain(|id, (block, until): &mut (Cidr, Option<jiff::Timestamp>)| {
                let lasts = *until > Some(now);
                let found = world.read(|reader| reader.get_allocation(id)).unwrap();
                let is_there = found.is_some_and(|one| one.cidr == *block && one.meta.state == State::Planned);
                assert!(!lasts || is_there, "seed {seed}: {block} until {until:?}");
                lasts
            });
        }
    }
}
