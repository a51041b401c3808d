//! Contiguous sets: one block for all members, which no other object gets.

use std::collections::BTreeMap;

use super::sets::{changed, made_blocks, new_set, planned_blocks};
use crate::ipam::testing::*;
use crate::ipam::{
    Allocation, Cidr, Error, Packing, Planned, Pool, Provision, RuleName, SetChange, SetRequest, Size, Strategy, Terms,
};

type Members = BTreeMap<String, Allocation>;

fn contiguous(mut request: SetRequest) -> SetRequest {
    request.spec.contiguous = true;
    request
}

fn first(pool: &Pool, members: &[(&str, &str)]) -> SetRequest {
    contiguous(new_set(pool, members))
}

fn then(pool: &Pool, present: &Members, members: &[(&str, &str)]) -> SetRequest {
    contiguous(changed(pool, present, members))
}

/// The aggregate that all members name.
#[track_caller]
fn aggregate(members: &Members) -> String {
    let mut all: Vec<Cidr> = members.values().map(|one| one.aggregate.unwrap()).collect();
    all.dedup();
    assert!(all.len() == 1 && members.values().all(|one| all[0].contains(&one.cidr)), "{members:#?}");
    all[0].to_string()
}

impl World {
    fn refused(&mut self, request: &SetRequest, key: &str) -> Error {
        let before = self.map.entries().clone();
        let error = self.plan_set(request, &terms()).unwrap_err();
        assert_eq!(self.map.entries(), &before);
        match error {
            Error::OfMember { key: found, error } if found == key => *error,
            error => panic!("{error:?}"),
        }
    }

    fn is_kept(&mut self, pool: &Pool, block: &str, by: &str) {
        match self.create(pool, "other", block) {
            Err(Error::Reserved { reserved, rule: RuleName::ContiguousSet, .. }) if reserved == cidr(by) => {}
            answer => panic!("{answer:?}"),
        }
    }

    fn free(&mut self, pool: &Pool) -> Vec<String> {
        let free = self.read(|reader| reader.free_cidrs(&pool.meta.id, None, 100)).unwrap();
        free.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn the_smallest_block_around_the_members_is_kept_for_them() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    let members = world.apply_set(&first(&pool, &[("a", "/24"), ("b", "/25"), ("c", "/26")]));
    assert_eq!(made_blocks(&members), "a 10.0.0.0/24, b 10.0.1.0/25, c 10.0.1.128/26");
    assert_eq!(aggregate(&members), "10.0.0.0/23");
    world.is_kept(&pool, "10.0.1.192/26", "10.0.0.0/23");
    world.is_kept(&pool, "10.0.1.192/32", "10.0.0.0/23");
    assert_eq!(world.free(&pool), ["10.0.2.0/23", "10.0.4.0/22", "10.0.8.0/21"]);
    let sums = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((sums.reserved, sums.largest_free), (64u8.into(), Some(cidr("10.0.8.0/21"))));
    for (length, expected) in [("/26", "10.0.2.0/26"), ("/32", "10.0.2.64/32")] {
        assert_eq!(world.create(&pool, length, length).unwrap().cidr, cidr(expected));
    }
    let below = below(&pool, "below", "10.0.1.192/28");
    assert!(world.write(|ledger| ledger.create_pool(&below, &Planned::Unknown)).is_err());
    let members = world.apply_set(&then(&pool, &members, &[("a", "/24"), ("b", "/25"), ("c", "/26"), ("d", "/26")]));
    assert_eq!(made_blocks(&members), "a 10.0.0.0/24, b 10.0.1.0/25, c 10.0.1.128/26, d 10.0.1.192/26");
    assert_eq!(aggregate(&members), "10.0.0.0/23");
}

#[test]
fn every_strategy_places_others_apart_from_the_block_of_a_set() {
    for strategy in Strategy::ALL {
        let mut world = World::new();
        let spec = crate::ipam::PoolSpec { strategy, ..top("top", &["10.0.0.0/24"]) };
        let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        let members = world.apply_set(&first(&pool, &[("a", "/27"), ("b", "/28")]));
        let block = cidr(&aggregate(&members));
        assert_eq!(block.netmask_length(), 26, "{strategy}");
        let mut made = 0;
        let error = loop {
            match world.create(&pool, &format!("n{made}"), "/28") {
                Ok(one) => assert!(!block.overlaps(&one.cidr), "{strategy}"),
                Err(error) => break error,
            }
            made += 1;
        };
        assert_eq!(made, 12, "{strategy}");
        assert!(matches!(&error, Error::PoolExhausted(exhausted) if exhausted.reserved == 16u8.into()), "{error:?}");
        world.check();
    }
}

#[test]
fn members_come_go_and_change_and_the_others_stay() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    let members = world.apply_set(&first(&pool, &[("a", "/25"), ("b", "/25"), ("c", "/25"), ("d", "/25")]));
    assert_eq!(aggregate(&members), "10.0.0.0/23");
    let members = world.apply_set(&then(&pool, &members, &[("a", "/26"), ("c", "/24"), ("d", "/25"), ("e", "/26")]));
    // `c` has no room beside it and the block is full, so the block grows.
    assert_eq!(made_blocks(&members), "a 10.0.0.0/26, c 10.0.2.0/24, d 10.0.1.128/25, e 10.0.3.0/26");
    assert_eq!(aggregate(&members), "10.0.0.0/22");
    let members = world.apply_set(&then(&pool, &members, &[("a", "/26"), ("d", "/25")]));
    assert_eq!(aggregate(&members), "10.0.0.0/22", "it does not shrink");
    let members = world.apply_set(&then(&pool, &members, &[("a", "/25"), ("d", "/25"), ("f", "/23")]));
    assert_eq!(made_blocks(&members), "a 10.0.0.0/25, d 10.0.1.128/25, f 10.0.2.0/23");
    let ids = members.iter().map(|(key, one)| (key.clone(), one.meta.id.clone())).collect();
    world.write(|ledger| ledger.delete_set(&ids)).unwrap();
    assert_eq!(world.free(&pool), ["10.0.0.0/20"]);
    world.check();
}

#[test]
fn a_block_without_room_beside_it_is_an_error_on_the_member_and_nothing_moves() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    let members = world.apply_set(&first(&pool, &[("a", "/24"), ("b", "/24")]));
    let other = world.create(&pool, "other", "10.0.3.0/28").unwrap();
    for (wanted, key, length) in [
        (&[("a", "/24"), ("b", "/24"), ("c", "/28")][..], "c", 28),
        (&[("a", "/23"), ("b", "/24")], "a", 23),
        (&[("a", "/24"), ("b", "/24"), ("c", "10.0.2.0/28")], "c", 28),
        (&[("a", "/24"), ("b", "/24"), ("c", "192.168.0.0/28")], "c", 28),
    ] {
        let error = world.refused(&then(&pool, &members, wanted), key);
        let Error::AggregateFull { aggregate, netmask_length, larger, with } = error else { panic!("{error:?}") };
        assert_eq!((aggregate, netmask_length, larger), (cidr("10.0.0.0/23"), length, cidr("10.0.0.0/22")));
        assert_eq!(with.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["top/other"]);
    }
    world.write(|ledger| ledger.delete_allocation(&other.meta.id)).unwrap();
    let members = world.apply_set(&then(&pool, &members, &[("a", "/24"), ("b", "/24"), ("c", "10.0.2.0/28")]));
    assert_eq!(aggregate(&members), "10.0.0.0/22");
    let error = world.refused(&then(&pool, &members, &[("a", "/24"), ("b", "/24"), ("c", "/22")]), "c");
    assert!(matches!(&error, Error::AggregateFull { with, .. } if with.is_empty()), "{error:?}");
}

#[test]
fn members_with_a_cidr_decide_where_the_block_is() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    world.create(&pool, "other", "10.0.8.0/24").unwrap();
    let spread = [("a", "10.0.4.0/25"), ("b", "/26"), ("c", "10.0.5.192/26")];
    let members = world.apply_set(&first(&pool, &spread));
    assert_eq!(made_blocks(&members), "a 10.0.4.0/25, b 10.0.5.128/26, c 10.0.5.192/26");
    assert_eq!(aggregate(&members), "10.0.4.0/23");
    for (members, key) in [
        (&[("x", "10.0.7.0/24"), ("y", "10.0.8.128/25")][..], "x"),
        (&[("w", "/24"), ("x", "10.0.6.0/24"), ("y", "10.0.5.0/24")], "x"),
        (&[("x", "10.0.15.0/24"), ("y", "10.0.16.0/24")], "x"),
    ] {
        let mut request = first(&pool, members);
        request.spec.name = "second".to_owned();
        world.refused(&request, key);
    }
}

#[test]
fn what_an_abandoned_plan_keeps_gives_way_like_its_holds() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    let members = world.apply_set(&first(&pool, &[("a", "/25"), ("b", "/26")]));
    let planned =
        world.plan_set(&then(&pool, &members, &[("a", "/25"), ("b", "/26"), ("c", "/24")]), &terms()).unwrap();
    assert_eq!(planned_blocks(&planned), "a 10.0.0.0/25, b 10.0.0.128/26, c 10.0.1.0/24");
    let request = first(&pool, &[("x", "/24"), ("y", "/25")]);
    let mut second = request.clone();
    second.spec.name = "second".to_owned();
    world.plan_set(&second, &terms()).unwrap();
    world.check();
    world.as_owner("them").is_kept(&pool, "10.0.3.128/26", "10.0.2.0/23");
    world.wait(61);
    // The first set keeps the block that its members have, and nothing more.
    assert_eq!(world.create(&pool, "far", "10.0.3.128/26").unwrap().cidr, cidr("10.0.3.128/26"));
    assert_eq!(world.create(&pool, "near", "10.0.1.128/25").unwrap().cidr, cidr("10.0.1.128/25"));
    world.is_kept(&pool, "10.0.0.192/26", "10.0.0.0/24");
    world.check();
}

#[test]
fn a_plan_that_is_made_again_holds_the_same_block_and_a_smaller_one_is_smaller() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    let all = [("a", "/24"), ("b", "/24"), ("c", "/26")];
    let once = world.plan_set(&first(&pool, &all), &terms()).unwrap();
    assert_eq!(world.plan_set(&first(&pool, &all), &terms()).unwrap(), once);
    let more = [("a", "/24"), ("b", "/24"), ("c", "/26"), ("d", "/24")];
    let larger = world.plan_set(&first(&pool, &more), &terms()).unwrap();
    assert!(once.iter().all(|(key, one)| larger[key].cidr == one.cidr));
    let less = world.plan_set(&first(&pool, &[("a", "/24"), ("c", "/26")]), &terms()).unwrap();
    assert!(less.values().all(|one| one.aggregate.unwrap().netmask_length() == 23), "{less:#?}");
    world.check();
    world.apply_set(&first(&pool, &[("a", "/24"), ("c", "/26")]));
}

#[test]
fn members_that_leave_the_set_and_stay_give_up_the_block() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/23"]);
    let members = world.apply_set(&first(&pool, &[("a", "/25"), ("b", "/26"), ("c", "/26")]));
    let mut request = then(&pool, &members, &[("a", "/25"), ("b", "/26")]);
    request.keeps_removed = true;
    let members = world.apply_set(&request);
    let kept = world.read(|reader| reader.find_allocation(&pool.meta.id, "vpc/c")).unwrap().unwrap();
    assert_eq!((kept.aggregate, aggregate(&members).as_str()), (None, "10.0.0.0/24"));
    let mut spec = request.spec;
    spec.members.clear();
    let present = members.iter().map(|(key, one)| (key.clone(), one.meta.id.clone())).collect();
    let left = SetChange { spec, present, planned: BTreeMap::new(), keeps_removed: true };
    world.write(|ledger| ledger.apply_set(&left)).unwrap();
    world.check();
    world.write(|ledger| ledger.delete_allocation(&members["b"].meta.id)).unwrap();
    assert_eq!(world.create(&pool, "other", "10.0.0.128/26").unwrap().cidr, cidr("10.0.0.128/26"));
    world.check();
}

#[test]
fn an_apply_of_a_contiguous_set_without_a_plan_decides_by_itself() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    let mut apply = |request: SetRequest| {
        let SetRequest { spec, present, keeps_removed, .. } = request;
        let change = SetChange { spec, present, planned: BTreeMap::new(), keeps_removed };
        let made = world.write(|ledger| ledger.apply_set(&change)).unwrap();
        world.check();
        made
    };
    let members = apply(first(&pool, &[("a", "/24"), ("b", "/25")]));
    assert_eq!(
        (made_blocks(&members).as_str(), aggregate(&members).as_str()),
        ("a 10.0.0.0/24, b 10.0.1.0/25", "10.0.0.0/23")
    );
    let members = apply(then(&pool, &members, &[("a", "/23"), ("b", "/24")]));
    assert_eq!(
        (made_blocks(&members).as_str(), aggregate(&members).as_str()),
        ("a 10.0.2.0/23, b 10.0.1.0/24", "10.0.0.0/22")
    );
}

#[test]
fn a_single_member_grows_with_its_block() {
    let mut world = World::new();
    let pool = world.top("top", &["2001:db8::/40"]);
    let members = world.apply_set(&first(&pool, &[("a", "/64")]));
    let members = world.apply_set(&then(&pool, &members, &[("a", "/60")]));
    assert_eq!((made_blocks(&members).as_str(), aggregate(&members).as_str()), ("a 2001:db8::/60", "2001:db8::/60"));
}

#[test]
fn the_pool_may_lose_the_free_space_of_a_block_and_the_set_stays_sound() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/23"]);
    let members = world.apply_set(&first(&pool, &[("a", "10.0.0.0/25"), ("b", "10.0.1.0/25")]));
    assert_eq!(aggregate(&members), "10.0.0.0/23");
    let ids = BTreeMap::from([("b".to_owned(), members["b"].meta.id.clone())]);
    world.write(|ledger| ledger.delete_set(&ids)).unwrap();
    let change = reprovisioned(&pool, Provision::Cidrs(cidrs(&["10.0.0.0/24"])));
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    world.check();
    let present = Members::from([("a".to_owned(), members["a"].clone())]);
    let made = world.apply_set(&then(&pool, &present, &[("a", "/25"), ("c", "/25")]));
    assert_eq!(made_blocks(&made), "a 10.0.0.0/25, c 10.0.0.128/25");
    let error = world.refused(&then(&pool, &made, &[("a", "/25"), ("c", "/25"), ("d", "/25")]), "d");
    assert!(matches!(error, Error::AggregateFull { .. }), "{error:?}");
}

/// The apply asks for the set again, and what it releases may still be there.
#[test]
fn a_block_that_grows_over_space_that_the_same_apply_releases_is_planned_again_before_the_release() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    let members = world.apply_set(&first(&pool, &[("a", "/24"), ("b", "/24")]));
    let other = world.create(&pool, "other", "10.0.2.0/28").unwrap();
    let request = then(&pool, &members, &[("a", "/24"), ("b", "/24"), ("c", "/24")]);
    world.refused(&request, "c");
    let given_up = vec![crate::ipam::GivenUp { id: other.meta.id, cidr: None, in_place: false }];
    let planned = world.plan_set(&request, &Terms { given_up, ..terms() }).unwrap();
    assert_eq!(planned_blocks(&planned), "a 10.0.0.0/24, b 10.0.1.0/24, c 10.0.3.0/24");
    let later = Terms { hold: std::time::Duration::from_secs(36_000), ..committing() };
    assert_eq!(world.plan_set(&request, &later).unwrap(), planned, "the hold is renewed");
}

/// A set with random members and changes, and others in the same pool.
#[test]
fn no_member_leaves_the_block_or_moves_without_need_and_nobody_else_gets_in() {
    for seed in 0..60u64 {
        let (mut world, mut dice_seed) = (World::new(), seed);
        let mut below = |limit: u64| dice(&mut dice_seed) % limit;
        let pool = world.top("top", &["10.0.0.0/21"]);
        let mut wished: BTreeMap<String, u8> = BTreeMap::new();
        let (mut members, mut refused) = (Members::new(), 0);
        for round in 0..12 {
            let before = wished.clone();
            for _ in 0..=below(3) {
                wished.insert(format!("m{}", below(12)), 25 + u8::try_from(below(4)).unwrap());
            }
            if below(2) == 0 && wished.len() > 1 {
                let key = wished.keys().nth(usize::try_from(below(wished.len() as u64)).unwrap()).unwrap().clone();
                wished.remove(&key);
            }
            let mut request = then(&pool, &members, &[]);
            request.spec.members =
                wished.iter().map(|(key, length)| (key.clone(), Size::NetmaskLength(*length))).collect();
            request.spec.packing = if seed % 2 == 0 { Packing::LargestFirst } else { Packing::ByName };
            if let Err(error) = world.plan_set(&request, &terms()) {
                assert!(matches!(error.cause(), Error::AggregateFull { .. } | Error::PoolExhausted(_)), "{error:?}");
                (wished, refused) = (before, refused + 1);
                continue;
            }
            let made = world.apply_set(&request);
            let block = cidr(&aggregate(&made));
            for (key, one) in &made {
                assert_eq!(one.cidr.netmask_length(), wished[key]);
                let Some(earlier) = members.get(key) else { continue };
                assert!(block.contains(&earlier.aggregate.unwrap()), "seed {seed}");
                let is_resized = earlier.cidr.netmask_length() != one.cidr.netmask_length();
                assert!(is_resized || earlier.meta.id == one.meta.id, "seed {seed}: {key} moved");
            }
            members = made;
            if let Ok(other) = world.create(&pool, &format!("other{round}"), "/27") {
                assert!(!block.overlaps(&other.cidr), "seed {seed}");
            }
        }
        assert!(refused < 12);
        world.check();
    }
}
