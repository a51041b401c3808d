//! Tests of allocations whose pool is chosen, and of preferred blocks.

use crate::ipam::testing::*;
use crate::ipam::*;

/// A world in a run of Terraform, with two pools of 256 addresses and one of 65,536.
fn world() -> (World, [Pool; 3]) {
    let mut world = World::new();
    let pools = [("a", "10.0.0.0/24"), ("b", "10.1.0.0/24"), ("c", "10.2.0.0/16")];
    let pools = pools.map(|(name, block)| world.top(name, &[block]));
    next_run(&mut world, "1");
    (world, pools)
}

fn next_run(world: &mut World, name: &str) {
    let run = Run { process: name.into(), parent: name.into(), origin: Origin::default() };
    world.run = Some(CurrentRun { run, is_alive: Box::new(|_| false) });
}

/// A request in the first of these pools that can.
fn listed(pools: &[&Pool], name: &str, text: &str) -> AllocationSpec {
    let ids = pools.iter().map(|pool| pool.meta.id.clone()).collect();
    AllocationSpec {
        candidates: Some(Box::new(Candidates::Listed(ids))),
        ..AllocationSpec::new(String::new(), name, size(text))
    }
}

fn preferring(spec: AllocationSpec, text: &str) -> AllocationSpec {
    AllocationSpec { preferred_cidr: Some(cidr(text)), ..spec }
}

impl World {
    fn plan_spec(&mut self, spec: &AllocationSpec) -> Result<Allocation> {
        self.write(|ledger| ledger.plan_allocation(spec, &terms()))
    }

    #[track_caller]
    fn holds_in(&mut self, spec: &AllocationSpec, pool: &Pool, block: &str) -> Allocation {
        let hold = self.plan_spec(spec).unwrap();
        assert_eq!((hold.pool_id.as_str(), hold.cidr), (pool.meta.id.as_str(), cidr(block)), "{}", pool.meta.name);
        self.check();
        hold
    }
}

/// The names of the pools that were tried, with the reasons.
fn tried(answer: Result<Allocation>) -> Vec<(String, Error)> {
    match answer {
        Err(Error::NoPool(why)) => match *why {
            NoPool::NoRoom { tried } => tried.into_iter().map(|(pool, error)| (pool.meta.name, error)).collect(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_pool_with_room_gets_the_allocation() {
    let (mut world, [a, b, c]) = world();
    let all = [&a, &b, &c];
    world.holds_in(&listed(&all, "one", "/25"), &a, "10.0.0.0/25");
    world.holds_in(&listed(&all, "two", "/25"), &a, "10.0.0.128/25");
    world.holds_in(&listed(&all, "three", "/25"), &b, "10.1.0.0/25");
    world.holds_in(&listed(&all, "four", "/20"), &c, "10.2.0.0/20");
    world.holds_in(&listed(&all, "five", "10.2.16.0/24"), &c, "10.2.16.0/24");
    world.holds_in(&listed(&[&c, &b], "six", "/25"), &c, "10.2.17.0/25");
}

#[test]
fn rules_of_a_pool_that_exclude_a_request_lead_to_the_next_pool() {
    let (mut world, [_, b, c]) = world();
    let required = [("env".to_owned(), "prod".to_owned())].into();
    let rules = Rules { min_netmask_length: Some(26), required_tags: required, ..Rules::default() };
    let spec = PoolSpec { rules, ..top("strict", &["10.9.0.0/24"]) };
    let strict = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    world.holds_in(&listed(&[&strict, &b], "large", "/25"), &b, "10.1.0.0/25");
    world.holds_in(&listed(&[&strict, &b], "untagged", "/26"), &b, "10.1.0.128/26");
    let tags = [("env".to_owned(), "prod".to_owned())].into();
    let tagged = AllocationSpec { tags, ..listed(&[&strict, &c], "tagged", "/26") };
    world.holds_in(&tagged, &strict, "10.9.0.0/26");
}

#[test]
fn a_plan_that_is_made_again_keeps_its_pool_when_an_earlier_one_has_room() {
    let (mut world, [a, b, _]) = world();
    let full = world.create(&a, "full", "/24").unwrap();
    let spec = listed(&[&a, &b], "web", "/25");
    let hold = world.holds_in(&spec, &b, "10.1.0.0/25");
    world.write(|ledger| ledger.delete_allocation(&full.meta.id)).unwrap();
    assert_eq!(world.read(|reader| reader.find_hold_allocation(&spec, &terms())).unwrap(), Some(hold.clone()));
    next_run(&mut world, "2");
    assert_eq!(world.holds_in(&spec, &b, "10.1.0.0/25").meta.id, hold.meta.id);
    let again = world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap();
    assert_eq!(again.meta.id, hold.meta.id);
    let planned = Planned::Held(hold.meta.id.clone());
    let made = world.write(|ledger| ledger.create_allocation(&spec.in_pool(&b.meta.id), &planned)).unwrap();
    assert_eq!((made.meta.id, made.pool_id, made.asked), (hold.meta.id, b.meta.id, None));
    world.check();
}

#[test]
fn a_plan_that_lists_other_pools_is_placed_anew_and_leaves_nothing_behind() {
    let (mut world, [a, b, c]) = world();
    world.holds_in(&listed(&[&a, &b], "web", "/25"), &a, "10.0.0.0/25");
    world.holds_in(&listed(&[&b, &a], "web", "/25"), &b, "10.1.0.0/25");
    assert_eq!(world.check().holds, 1);
    world.holds_in(&preferring(listed(&[&b, &a], "web", "/25"), "10.1.0.128/25"), &b, "10.1.0.128/25");
    world.holds_in(&listed(&[&c, &b], "web", "/25"), &c, "10.2.0.0/25");
    assert_eq!(world.check().holds, 1);
}

#[test]
fn an_error_has_the_reason_of_each_pool_and_nothing_is_written() {
    let (mut world, [a, b, _]) = world();
    let empty = PoolSpec { address_family: Some(Family::Ipv4), ..top("empty", &[]) };
    let empty = world.write(|ledger| ledger.create_pool(&empty, &Planned::Unknown)).unwrap();
    let before = world.map.entries().clone();
    let reasons = tried(world.plan_spec(&listed(&[&a, &empty, &b], "web", "/20")));
    let names: Vec<&str> = reasons.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "empty", "b"]);
    assert!(matches!(reasons[0].1, Error::PoolExhausted(_)), "{reasons:?}");
    assert!(matches!(reasons[1].1, Error::PoolEmpty { .. }), "{reasons:?}");
    let reasons = tried(world.plan_spec(&listed(&[&a, &b], "web", "10.7.0.0/24")));
    assert!(reasons.iter().all(|(_, error)| matches!(error, Error::OutsidePool { .. })), "{reasons:?}");
    assert_eq!(world.map.entries(), &before);
}

#[test]
fn pools_of_two_families_and_pools_that_do_not_exist_are_errors() {
    let (mut world, [a, ..]) = world();
    let six = world.top("six", &["fd00::/48"]);
    let error = world.plan_spec(&listed(&[&a, &six], "web", "/25")).unwrap_err();
    let Error::NoPool(why) = error else { panic!("{error:?}") };
    assert!(matches!(*why, NoPool::MixedFamilies { .. }), "{why:?}");
    let mut spec = listed(&[&a], "web", "/25");
    spec.candidates = Some(Box::new(Candidates::Listed(vec![a.meta.id, "ipam-pool-0".to_owned()])));
    assert!(matches!(world.plan_spec(&spec), Err(Error::NotFound { kind: Kind::Pool, .. })));
}

#[test]
fn a_selector_takes_matching_pools_in_the_order_of_their_names() {
    let (mut world, _) = world();
    let tags: Tags = [("env".to_owned(), "prod".to_owned())].into();
    for (name, block) in [("z", "10.20.0.0/24"), ("m", "10.21.0.0/24"), ("y", "10.22.0.0/16")] {
        let spec = PoolSpec { tags: tags.clone(), ..top(name, &[block]) };
        world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    }
    let request = |tags: &Tags, name: &str, text: &str| {
        let selector = PoolSelector { tags: tags.clone(), ..PoolSelector::default() };
        AllocationSpec {
            candidates: Some(Box::new(Candidates::Matching(selector))),
            ..AllocationSpec::new(String::new(), name, size(text))
        }
    };
    let mut block = |spec: &AllocationSpec| world.plan_spec(spec).map(|hold| hold.cidr.to_string());
    assert_eq!(block(&request(&tags, "one", "/24")).unwrap(), "10.21.0.0/24");
    assert_eq!(block(&request(&tags, "two", "/24")).unwrap(), "10.22.0.0/24");
    assert_eq!(block(&request(&tags, "three", "/17")).unwrap(), "10.22.128.0/17");
    let other: Tags = [("env".to_owned(), "test".to_owned())].into();
    let error = block(&request(&other, "four", "/24")).unwrap_err();
    let Error::NoPool(why) = error else { panic!("{error:?}") };
    assert!(matches!(*why, NoPool::NoMatch { .. }), "{why:?}");
    world.check();
}

#[test]
fn a_pool_that_only_another_plan_holds_does_not_match() {
    let (mut world, _) = world();
    let tags: Tags = [("env".to_owned(), "prod".to_owned())].into();
    let planned = PoolSpec { tags: tags.clone(), ..top("new", &["10.20.0.0/24"]) };
    world.write(|ledger| ledger.plan_pool(&planned, &terms())).unwrap();
    let selector = PoolSelector { tags, ..PoolSelector::default() };
    let spec = AllocationSpec {
        candidates: Some(Box::new(Candidates::Matching(selector))),
        ..AllocationSpec::new(String::new(), "web", size("/26"))
    };
    assert!(world.plan_spec(&spec).is_ok(), "the run that plans the pool");
    next_run(&mut world, "2");
    world.as_owner("them");
    assert!(matches!(world.plan_spec(&spec), Err(Error::NoPool(_))));
}

#[test]
fn free_space_in_any_pool_comes_before_holds_of_earlier_plans_in_the_first() {
    let (mut world, [a, b, _]) = world();
    world.plan(&a, "old", "/24").unwrap();
    next_run(&mut world, "2");
    let pools = [&a, &b];
    world.holds_in(&listed(&pools, "one", "/24"), &b, "10.1.0.0/24");
    // Nothing is free any more, so the hold of the earlier plan gives way.
    world.holds_in(&listed(&pools, "two", "/24"), &a, "10.0.0.0/24");
    assert_eq!(tried(world.plan_spec(&listed(&pools, "three", "/24"))).len(), 2);
}

#[test]
fn an_expired_hold_is_free_space() {
    let (mut world, [a, b, _]) = world();
    world.as_owner("them").plan(&a, "old", "/24").unwrap();
    world.as_owner("us").wait(61);
    world.holds_in(&listed(&[&a, &b], "one", "/24"), &a, "10.0.0.0/24");
}

#[test]
fn the_name_of_another_owner_in_any_of_the_pools_is_taken() {
    let (mut world, [a, b, _]) = world();
    world.as_owner("them").create(&b, "web", "/26").unwrap();
    let error = world.as_owner("us").plan_spec(&listed(&[&a, &b], "web", "/26")).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error:?}");
}

#[test]
fn what_an_interrupted_apply_left_in_a_later_pool_is_adopted() {
    let (mut world, [a, b, _]) = world();
    let left = world.create(&b, "web", "/26").unwrap();
    let found = world.plan_spec(&listed(&[&a, &b], "web", "/26")).unwrap();
    assert_eq!((found.meta.id, found.meta.state), (left.meta.id, State::Active));
}

#[test]
fn an_apply_without_a_plan_chooses_too_and_finds_what_it_made() {
    let (mut world, [a, b, _]) = world();
    world.create(&a, "full", "/24").unwrap();
    let spec = listed(&[&a, &b], "web", "/26");
    let made = world.write(|ledger| ledger.create_allocation(&spec, &Planned::Unknown)).unwrap();
    assert_eq!((&made.pool_id, made.meta.state), (&b.meta.id, State::Active));
    let again = world.write(|ledger| ledger.create_allocation(&spec, &Planned::Unknown)).unwrap();
    assert_eq!(again.meta.id, made.meta.id);
    world.check();
}

#[test]
fn the_preferred_block_is_taken_if_it_is_free() {
    let (mut world, [a, b, c]) = world();
    let one = |name: &str, text: &str| preferring(wanted(&a, name, "/26"), text);
    world.holds_in(&one("one", "10.0.0.128/26"), &a, "10.0.0.128/26");
    world.holds_in(&one("two", "10.0.0.128/26"), &a, "10.0.0.192/26");
    // Outside of the pool.
    world.holds_in(&one("three", "10.7.0.0/26"), &a, "10.0.0.0/26");
    // A pool in which the block is free comes first.
    world.holds_in(&preferring(listed(&[&a, &b, &c], "four", "/24"), "10.2.7.0/24"), &c, "10.2.7.0/24");
    let fifth = preferring(listed(&[&b, &c], "five", "/24"), "10.2.7.0/24");
    world.holds_in(&fifth, &b, "10.1.0.0/24");
    world.as_owner("them").wait(61);
    world.holds_in(&preferring(listed(&[&b, &c], "six", "/24"), "10.2.7.0/24"), &c, "10.2.7.0/24");
}

#[test]
fn a_preferred_block_that_is_reserved_disallowed_or_held_by_an_earlier_plan_is_not_free() {
    let mut world = World::new();
    next_run(&mut world, "1");
    let rules = Rules { reserve_first: 4, ..Rules::default() };
    let spec = PoolSpec { rules, ..top("a", &["10.0.0.0/24"]) };
    let a = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    let prefer = |name: &str, text: &str| preferring(wanted(&a, name, "/26"), text);
    world.holds_in(&prefer("one", "10.0.0.0/26"), &a, "10.0.0.64/26");
    let avoiding = AllocationSpec { disallowed_cidrs: cidrs(&["10.0.0.128/32"]), ..prefer("two", "10.0.0.128/26") };
    let two = world.holds_in(&avoiding, &a, "10.0.0.192/26");
    next_run(&mut world, "2");
    world.holds_in(&prefer("three", &two.cidr.to_string()), &a, "10.0.0.128/26");
}

#[test]
fn a_preferred_block_of_the_other_family_is_an_error() {
    let (mut world, [a, ..]) = world();
    let error = world.plan_spec(&preferring(wanted(&a, "one", "/26"), "fd00::/64")).unwrap_err();
    assert!(matches!(error, Error::FamilyMismatch { .. }), "{error:?}");
}

#[test]
fn commands_choose_a_pool_and_find_it_again() {
    let (mut world, [a, b, _]) = world();
    world.run = None;
    world.create(&a, "full", "/24").unwrap();
    let spec = listed(&[&a, &b], "web", "/26");
    let made = world.write(|ledger| ledger.allocate_unplanned(&spec)).unwrap();
    assert!(made.is_new && made.allocation.pool_id == b.meta.id);
    let again = world.write(|ledger| ledger.allocate_unplanned(&spec)).unwrap();
    assert_eq!(again, Granted { is_new: false, ..made });
    let hour = std::time::Duration::from_secs(3600);
    let spec = listed(&[&a, &b], "db", "/26");
    let reserved = world.write(|ledger| ledger.reserve(&spec, hour)).unwrap();
    assert_eq!((&reserved.allocation.pool_id, reserved.allocation.meta.is_reservation), (&b.meta.id, true));
    // A plan with the same request takes the reservation up, and finds it again.
    next_run(&mut world, "2");
    let held = world.plan_spec(&spec).unwrap();
    assert_eq!(held.meta.id, reserved.allocation.meta.id);
    let again = world.write(|ledger| ledger.plan_allocation(&spec, &committing())).unwrap();
    assert_eq!(again.meta.id, held.meta.id);
    world.check();
}

/// The addresses of a pool that are taken, by their position.
struct Taken([bool; 64]);

impl Taken {
    /// Whether all addresses of the block of `size` addresses at `position` are free.
    fn is_free(&self, position: usize, size: usize) -> bool {
        self.0[position..position + size].iter().all(|taken| !taken)
    }

    fn has_room(&self, size: usize) -> bool {
        (0..64).step_by(size).any(|position| self.is_free(position, size))
    }

    fn set(&mut self, position: usize, size: usize, taken: bool) {
        self.0[position..position + size].fill(taken);
    }
}

/// The position of a block in its pool of 64 addresses, and its size.
fn place(block: Cidr) -> (usize, usize) {
    (usize::try_from(block.first() % 64).unwrap(), 1 << (32 - block.netmask_length()))
}

#[test]
fn random_requests_get_the_pool_that_a_naive_model_names() {
    let mut refused = 0;
    for seed in 1..=30 {
        let mut world = World::new();
        let pools = ["10.0.0.0/26", "10.0.1.0/26", "10.0.2.0/26"];
        let strategies = [Strategy::BestFit, Strategy::LastFit, Strategy::Sparse];
        let pools: Vec<Pool> = std::iter::zip(pools, strategies)
            .map(|(block, strategy)| {
                let spec = PoolSpec { strategy, ..top(block, &[block]) };
                world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
            })
            .collect();
        let mut taken: Vec<Taken> = pools.iter().map(|_| Taken([false; 64])).collect();
        let mut there: Vec<(String, usize, Cidr)> = Vec::new();
        let mut rolled = seed;
        let mut draw = |limit: usize| usize::try_from(dice(&mut rolled) % limit as u64).unwrap();
        for step in 0..60 {
            if !there.is_empty() && draw(4) == 0 {
                let (id, of, block) = there.swap_remove(draw(there.len()));
                world.write(|ledger| ledger.delete_allocation(&id)).unwrap();
                let (position, size) = place(block);
                taken[of].set(position, size, false);
            }
            let start = draw(3);
            let order: Vec<usize> = (0..3).map(|offset| (start + offset) % 3).collect();
            let length = 28 + u8::try_from(draw(5)).unwrap();
            let size = 1usize << (32 - length);
            let preferred = (draw(2) == 0).then(|| (draw(3), draw(64 / size) * size));
            let is_preferred_free = preferred.is_some_and(|(of, position)| taken[of].is_free(position, size));
            let expected = match preferred {
                Some((of, _)) if is_preferred_free => Some(of),
                _ => order.iter().copied().find(|of| taken[*of].has_room(size)),
            };
            let listing: Vec<&Pool> = order.iter().map(|of| &pools[*of]).collect();
            let mut spec = listed(&listing, &format!("a{step}"), &format!("/{length}"));
            let wish = preferred.map(|(of, position)| format!("10.0.{of}.{position}/{length}"));
            spec.preferred_cidr = wish.as_deref().map(cidr);
            let made = world.write(|ledger| ledger.create_allocation(&spec, &Planned::Unknown));
            let Some(of) = expected else {
                assert_eq!(tried(made).len(), 3, "seed {seed}, step {step}");
                refused += 1;
                continue;
            };
            let made = made.unwrap();
            assert_eq!(made.pool_id, pools[of].meta.id, "seed {seed}, step {step}");
            assert!(!is_preferred_free || Some(made.cidr) == spec.preferred_cidr, "seed {seed}, step {step}");
            let (position, size) = place(made.cidr);
            assert!(taken[of].is_free(position, size), "seed {seed}, step {step}");
            taken[of].set(position, size, true);
            there.push((made.meta.id, of, made.cidr));
        }
        world.check();
    }
    assert!(refused > 30, "the pools are full only {refused} times");
}
