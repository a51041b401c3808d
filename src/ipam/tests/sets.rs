//! Allocation sets: planned and changed together, all members or none.

use std::collections::BTreeMap;

use crate::ipam::testing::*;
use crate::ipam::{
    Allocation, Error, Packing, Planned, PlannedMember, Pool, SetChange, SetRequest, SetSpec, State, Tags, Terms,
};

/// The request for a new set named `vpc`: keys with sizes.
pub(super) fn new_set(pool: &Pool, members: &[(&str, &str)]) -> SetRequest {
    let spec = SetSpec {
        pool_id: pool.meta.id.clone(),
        name: "vpc".to_owned(),
        packing: Packing::default(),
        contiguous: false,
        aggregate: None,
        members: members.iter().map(|(key, text)| ((*key).to_owned(), size(text))).collect(),
        disallowed_cidrs: cidrs(&[]),
        description: None,
        tags: Tags::new(),
    };
    SetRequest {
        spec,
        present: BTreeMap::new(),
        replaces: BTreeMap::new(),
        shown: BTreeMap::new(),
        keeps_removed: false,
    }
}

/// The request for other members of a set.
pub(super) fn changed(pool: &Pool, present: &BTreeMap<String, Allocation>, members: &[(&str, &str)]) -> SetRequest {
    let present = present.iter().map(|(key, one)| (key.clone(), one.meta.id.clone())).collect();
    SetRequest { present, ..new_set(pool, members) }
}

fn blocks<'a>(members: impl IntoIterator<Item = (&'a String, String)>) -> String {
    members.into_iter().map(|(key, cidr)| format!("{key} {cidr}")).collect::<Vec<_>>().join(", ")
}

pub(super) fn planned_blocks(members: &BTreeMap<String, PlannedMember>) -> String {
    blocks(members.iter().map(|(key, one)| (key, one.cidr.to_string())))
}

pub(super) fn made_blocks(members: &BTreeMap<String, Allocation>) -> String {
    blocks(members.iter().map(|(key, one)| (key, one.cidr.to_string())))
}

impl World {
    pub(super) fn plan_set(
        &mut self,
        request: &SetRequest,
        terms: &Terms,
    ) -> Result<BTreeMap<String, PlannedMember>, Error> {
        self.write(|ledger| ledger.plan_set(request, terms))
    }

    /// Plans a set, checks that a second plan answers the same without a write, and applies it.
    pub(super) fn apply_set(&mut self, request: &SetRequest) -> BTreeMap<String, Allocation> {
        let planned = self.plan_set(request, &terms()).unwrap();
        for terms in [terms(), committing()] {
            assert_eq!(self.read(|reader| reader.find_set(request, &terms)).unwrap().as_ref(), Some(&planned));
        }
        self.check();
        let shown = planned.iter().map(|(key, one)| (key.clone(), (Planned::Held(one.id.clone()), one.cidr)));
        let change = SetChange {
            spec: request.spec.clone(),
            present: request.present.clone(),
            planned: shown.collect(),
            keeps_removed: request.keeps_removed,
        };
        let made = self.write(|ledger| ledger.apply_set(&change)).unwrap();
        assert_eq!(made_blocks(&made), planned_blocks(&planned));
        assert!(made.iter().all(|(key, one)| one.meta.id == planned[key].id && one.meta.state == State::Active));
        let again = self.write(|ledger| ledger.apply_set(&change)).unwrap();
        assert_eq!(made_blocks(&again), made_blocks(&made), "an apply that is repeated changes nothing");
        self.check();
        made
    }
}

#[test]
fn a_set_is_packed_largest_first_or_by_name_after_blocks_by_cidr() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    let mut request = new_set(&pool, &[("a", "/26"), ("b", "/24"), ("c", "/25"), ("d", "10.0.0.0/24")]);
    let held = world.plan_set(&request, &terms()).unwrap();
    assert_eq!(planned_blocks(&held), "a 10.0.2.128/26, b 10.0.1.0/24, c 10.0.2.0/25, d 10.0.0.0/24");
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    request.spec.pool_id = pool.meta.id;
    request.spec.packing = Packing::ByName;
    let held = world.plan_set(&request, &terms()).unwrap();
    assert_eq!(planned_blocks(&held), "a 10.0.1.0/26, b 10.0.2.0/24, c 10.0.1.128/25, d 10.0.0.0/24");
}

#[test]
fn an_error_of_one_member_names_it_and_holds_none() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let before = world.map.entries().clone();
    for (size, is_expected) in [
        ("/25", (|error| matches!(error, Error::PoolExhausted(_))) as fn(&Error) -> bool),
        ("10.1.0.0/26", |error| matches!(error, Error::OutsidePool { .. })),
        ("2001:db8::/64", |error| matches!(error, Error::FamilyMismatch { .. })),
        ("/33", |error| matches!(error, Error::NetmaskRange { .. })),
        ("", |error| matches!(error, Error::NoSize { .. })),
    ] {
        let error = world.plan_set(&new_set(&pool, &[("db", "/24"), ("web", size)]), &terms()).unwrap_err();
        assert!(matches!(&error, Error::OfMember { key, .. } if key == "web"), "{error:?}");
        assert!(is_expected(error.cause()), "{error:?}");
        assert_eq!(world.map.entries(), &before);
    }
}

#[test]
fn members_are_added_removed_and_resized_and_the_others_stay() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    let made = world.apply_set(&new_set(&pool, &[("a", "/24"), ("b", "/24"), ("c", "/25"), ("d", "/26")]));
    assert_eq!(made_blocks(&made), "a 10.0.0.0/24, b 10.0.1.0/24, c 10.0.2.0/25, d 10.0.2.128/26");
    assert_eq!(made["a"].meta.name, "vpc/a");
    let made = world.apply_set(&changed(&pool, &made, &[("a", "/25"), ("c", "/25"), ("d", "/25"), ("e", "/24")]));
    assert_eq!(made_blocks(&made), "a 10.0.0.0/25, c 10.0.2.0/25, d 10.0.2.128/25, e 10.0.3.0/24");
    assert!(world.read(|reader| reader.find_allocation(&pool.meta.id, "vpc/b")).unwrap().is_none());
}

#[test]
fn a_member_without_room_to_grow_moves_and_the_old_block_is_free_after_the_apply() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/20"]);
    let first = world.apply_set(&new_set(&pool, &[("a", "/24"), ("b", "/24")]));
    let second = world.apply_set(&changed(&pool, &first, &[("a", "/23"), ("b", "/24")]));
    assert_eq!(made_blocks(&second), "a 10.0.2.0/23, b 10.0.1.0/24");
    assert_ne!(second["a"].meta.id, first["a"].meta.id);
    assert_eq!(second["b"].meta.id, first["b"].meta.id);
    let free = world.read(|reader| reader.allocation_at(&pool.meta.id, &cidr("10.0.0.0/24"))).unwrap();
    assert!(free.is_none());
}

#[test]
fn a_member_grows_into_space_that_the_same_apply_releases() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/23"]);
    let first = world.apply_set(&new_set(&pool, &[("a", "/24"), ("b", "/24")]));
    let second = world.apply_set(&changed(&pool, &first, &[("a", "/23")]));
    assert_eq!(made_blocks(&second), "a 10.0.0.0/23");
    assert_eq!(second["a"].meta.id, first["a"].meta.id);
    let third = world.apply_set(&changed(&pool, &second, &[("z", "10.0.0.0/24")]));
    assert_eq!(made_blocks(&third), "z 10.0.0.0/24");
}

#[test]
fn members_that_are_kept_stay_in_the_store_and_their_space_is_not_free() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/23"]);
    let first = world.apply_set(&new_set(&pool, &[("a", "/24"), ("b", "/24")]));
    let mut request = changed(&pool, &first, &[("a", "/23")]);
    request.keeps_removed = true;
    let error = world.plan_set(&request, &terms()).unwrap_err();
    assert!(matches!(error.cause(), Error::PoolExhausted(_)), "{error:?}");
    request = changed(&pool, &first, &[("a", "/24")]);
    request.keeps_removed = true;
    world.apply_set(&request);
    assert!(world.read(|reader| reader.find_allocation(&pool.meta.id, "vpc/b")).unwrap().is_some());
}

#[test]
fn an_apply_without_a_plan_decides_by_itself() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    let apply = |world: &mut World, request: SetRequest| {
        let SetRequest { spec, present, keeps_removed, .. } = request;
        let change = SetChange { spec, present, planned: BTreeMap::new(), keeps_removed };
        let made = world.write(|ledger| ledger.apply_set(&change)).unwrap();
        world.check();
        made
    };
    let first = apply(&mut world, new_set(&pool, &[("a", "/24"), ("b", "/25")]));
    assert_eq!(made_blocks(&first), "a 10.0.0.0/24, b 10.0.1.0/25");
    let second = apply(&mut world, changed(&pool, &first, &[("a", "/23"), ("b", "/26"), ("c", "/25")]));
    assert_eq!(made_blocks(&second), "a 10.0.2.0/23, b 10.0.1.0/26, c 10.0.1.128/25");
    let ids = second.iter().map(|(key, one)| (key.clone(), one.meta.id.clone())).collect();
    world.write(|ledger| ledger.delete_set(&ids)).unwrap();
    let free = world.read(|reader| reader.free_cidrs(&pool.meta.id, None, 10)).unwrap();
    assert_eq!(free, [cidr("10.0.0.0/22")]);
}

#[test]
fn new_blocks_to_avoid_move_only_the_members_in_them() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/22"]);
    let first = world.apply_set(&new_set(&pool, &[("a", "/24"), ("b", "/24")]));
    let mut request = changed(&pool, &first, &[("a", "/24"), ("b", "/24")]);
    request.spec.disallowed_cidrs = cidrs(&["10.0.0.0/25"]);
    let second = world.apply_set(&request);
    assert_eq!(made_blocks(&second), "a 10.0.2.0/24, b 10.0.1.0/24");
}

/// A growth into space that the same apply releases holds nothing, so new members could get the free part of it.
#[test]
fn new_members_keep_off_the_block_that_a_member_grows_into() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/23"]);
    let first = world.apply_set(&new_set(&pool, &[("a", "10.0.0.0/26"), ("b", "10.0.0.128/26")]));
    let second = world.apply_set(&changed(&pool, &first, &[("a", "/24"), ("c", "/27"), ("d", "/26")]));
    assert_eq!(made_blocks(&second), "a 10.0.0.0/24, c 10.0.1.64/27, d 10.0.1.0/26");
    let mut request = changed(&pool, &second, &[("a", "/23"), ("e", "10.0.1.128/25")]);
    let error = world.plan_set(&request, &terms()).unwrap_err();
    let is_it = matches!(error.cause(), Error::Overlap { cidr: block, .. } if *block == cidr("10.0.1.128/25"));
    assert!(matches!(&error, Error::OfMember { key, .. } if key == "e") && is_it, "{error:?}");
    request.spec.members.remove("e");
    assert_eq!(made_blocks(&world.apply_set(&request)), "a 10.0.0.0/23");
}
