//! Tests of space that one apply releases and takes again: it is planned while another object has it, and taken when
//! that object is gone.

use crate::ipam::testing::*;
use crate::ipam::*;

fn given_up(id: &str, block: Option<&str>) -> GivenUp {
    GivenUp { id: id.to_owned(), cidr: block.map(cidr), in_place: false }
}

/// The terms of a plan whose apply releases these objects.
fn terms_after(given_up: &[GivenUp]) -> Terms {
    Terms { given_up: given_up.to_vec(), ..terms() }
}

impl World {
    fn plan_after(&mut self, pool: &Pool, (name, size): (&str, &str), gone: &[GivenUp]) -> Result<Allocation> {
        let spec = wanted(pool, name, size);
        self.write(|ledger| ledger.plan_allocation(&spec, &terms_after(gone)))
    }

    /// Applies the hold of an allocation.
    fn apply(&mut self, pool: &Pool, held: &Allocation, size: &str) -> Result<Allocation> {
        let spec = wanted(pool, &held.meta.name, size);
        self.write(|ledger| ledger.create_allocation(&spec, &Planned::Held(held.meta.id.clone())))
    }

    fn delete(&mut self, id: &str) {
        self.write(|ledger| ledger.delete_allocation(id)).unwrap();
    }
}

/// Ids of the objects that an overlap names.
fn in_the_way<T: std::fmt::Debug>(answer: Result<T>) -> Vec<String> {
    match answer {
        Err(Error::Overlap { with, .. }) => with.into_iter().map(|one| one.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_block_that_is_given_up_is_planned_and_taken_when_it_is_free() {
    for wish in ["10.0.0.0/25", "10.0.0.64/26", "10.0.0.0/24"] {
        let mut world = World::new();
        let pool = world.top("top", &["10.0.0.0/24"]);
        let old = world.create(&pool, "old", "10.0.0.0/25").unwrap();
        assert_eq!(
            in_the_way(world.plan(&pool, "new", wish)),
            std::slice::from_ref(&old.meta.id),
            "nothing is given up"
        );
        let gone = [given_up(&old.meta.id, None)];
        let held = world.plan_after(&pool, ("new", wish), &gone).unwrap();
        assert_eq!((held.cidr, held.meta.waits_for.len()), (cidr(wish), 1), "{wish}");
        assert_eq!(world.plan_after(&pool, ("new", wish), &gone).unwrap(), held, "{wish}: a repeated plan");
        world.check();
        assert_eq!(
            in_the_way(world.apply(&pool, &held, wish)),
            std::slice::from_ref(&old.meta.id),
            "{wish}: the block is not free yet"
        );
        world.check();
        world.delete(&old.meta.id);
        let new = world.apply(&pool, &held, wish).unwrap();
        assert_eq!((new.cidr, &new.meta.id, new.meta.waits_for.len()), (cidr(wish), &held.meta.id, 0), "{wish}");
        world.check();
    }
}

#[test]
fn a_hold_waits_only_for_space_that_is_given_up() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let old = world.create(&pool, "old", "10.0.0.0/26").unwrap();
    let stays = world.create(&pool, "stays", "10.0.0.64/26").unwrap();
    let gone = [given_up(&old.meta.id, None)];
    assert_eq!(in_the_way(world.plan_after(&pool, ("new", "10.0.0.0/25"), &gone)), [stays.meta.id]);
    world.as_owner("them").plan(&pool, "held", "10.0.0.192/26").unwrap();
    world.as_owner("us");
    assert_eq!(in_the_way(world.plan_after(&pool, ("new", "10.0.0.0/24"), &gone)).len(), 2);
    world.check();
}

#[test]
fn a_given_up_block_is_planned_for_one_object_only() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let old = world.create(&pool, "old", "10.0.0.0/25").unwrap();
    let gone = [given_up(&old.meta.id, None)];
    let first = world.plan_after(&pool, ("first", "10.0.0.0/26"), &gone).unwrap();
    assert_eq!(
        in_the_way(world.plan_after(&pool, ("second", "10.0.0.0/25"), &gone)),
        std::slice::from_ref(&first.meta.id)
    );
    let child = below(&pool, "child", "10.0.0.0/26");
    let child = world.write(|ledger| ledger.plan_pool(&child, &terms_after(&gone)));
    assert_eq!(in_the_way(child), std::slice::from_ref(&first.meta.id));
    world.plan_after(&pool, ("third", "10.0.0.64/26"), &gone).unwrap();
    world.check();
    // Another run of the same owner makes another plan.
    world.run = Some(CurrentRun { run: Run { process: "2".into(), ..Run::default() }, is_alive: Box::new(|_| false) });
    world.plan_after(&pool, ("second", "10.0.0.0/25"), &gone).unwrap();
    world.check();
    assert!(matches!(world.apply(&pool, &first, "10.0.0.0/26"), Err(Error::HoldLost { .. })));
}

#[test]
fn a_hold_is_placed_anew_when_the_space_it_waits_for_is_not_given_up() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let old = world.create(&pool, "old", "10.0.0.0/24").unwrap();
    let gone = [given_up(&old.meta.id, None)];
    world.plan_after(&pool, ("explicit", "10.0.0.0/25"), &gone).unwrap();
    world.plan_after(&pool, ("by size", "/25"), &gone).unwrap();
    let anew = Terms { place_anew: true, ..terms() };
    let spec = wanted(&pool, "explicit", "10.0.0.0/25");
    assert_eq!(
        in_the_way(world.write(|ledger| ledger.plan_allocation(&spec, &anew))),
        std::slice::from_ref(&old.meta.id)
    );
    let spec = wanted(&pool, "by size", "/25");
    let answer = world.write(|ledger| ledger.plan_allocation(&spec, &anew));
    assert!(matches!(answer, Err(Error::PoolExhausted { .. })), "{answer:?}");
    world.write(|ledger| ledger.update_allocation(&old.meta.id, &resized(&old, "/25"))).unwrap();
    let held = world.write(|ledger| ledger.plan_allocation(&spec, &anew)).unwrap();
    assert_eq!((held.cidr, held.meta.waits_for.len()), (cidr("10.0.0.128/25"), 0));
    world.check();
}

#[test]
fn a_request_by_size_takes_free_space_before_space_that_is_given_up() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let old = world.create(&pool, "old", "10.0.0.0/25").unwrap();
    let small = world.create(&pool, "small", "10.0.0.128/27").unwrap();
    let gone = [given_up(&old.meta.id, None), given_up(&small.meta.id, None)];
    let mut blocks = Vec::new();
    for name in ["a", "b", "c"] {
        let held = world.plan_after(&pool, (name, "/26"), &gone).unwrap();
        blocks.push((held.cidr.to_string(), held.meta.waits_for.len()));
        world.check();
    }
    // The free space is in two parts, one of which is not released yet.
    for length in ["/25", "/26"] {
        let answer = world.plan_after(&pool, ("more", length), &gone);
        assert!(matches!(answer, Err(Error::PoolExhausted { .. })), "{answer:?}");
    }
    let expected =
        [("10.0.0.192/26", 0), ("10.0.0.0/26", 1), ("10.0.0.64/26", 1)].map(|(block, n)| (block.to_owned(), n));
    assert_eq!(blocks, expected);
}

#[test]
fn a_replacement_in_a_full_pool_gets_the_block_of_the_object_it_replaces() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/25"]);
    let old = world.create(&pool, "a", "/25").unwrap();
    let terms = Terms { in_place: true, ..replacing(&old.meta.id) };
    let spec = wanted(&pool, "a", "/25");
    let held = world.write(|ledger| ledger.plan_allocation(&spec, &terms)).unwrap();
    assert_eq!(held.cidr, old.cidr);
    assert!(held.meta.waits_for[0].in_place);
    world.check();
    world.delete(&old.meta.id);
    world.apply(&pool, &held, "/25").unwrap();
    world.check();
    // An object that gives up only its name keeps its block.
    let only_name = Terms { only_name: true, ..replacing(&held.meta.id) };
    let answer = world.write(|ledger| ledger.plan_allocation(&spec, &only_name));
    assert!(matches!(answer, Err(Error::PoolExhausted { .. })), "{answer:?}");
}

#[test]
fn a_pool_takes_a_block_that_another_pool_gives_up() {
    let mut world = World::new();
    let top = world.top("top", &["10.0.0.0/8"]);
    let two = PoolSpec { provision: Provision::Cidrs(cidrs(&["10.0.0.0/12", "10.16.0.0/12"])), ..below(&top, "a", "") };
    let a = world.write(|ledger| ledger.create_pool(&two, &Planned::Unknown)).unwrap();
    let spec = below(&top, "b", "10.16.0.0/12");
    assert_eq!(in_the_way(world.write(|ledger| ledger.plan_pool(&spec, &terms()))), std::slice::from_ref(&a.meta.id));
    let half = terms_after(&[given_up(&a.meta.id, Some("10.0.0.0/12"))]);
    assert_eq!(in_the_way(world.write(|ledger| ledger.plan_pool(&spec, &half))), std::slice::from_ref(&a.meta.id));
    let terms = terms_after(&[given_up(&a.meta.id, Some("10.16.0.0/12"))]);
    let held = world.write(|ledger| ledger.plan_pool(&spec, &terms)).unwrap();
    assert_eq!(held.meta.waits_for, [given_up(&a.meta.id, Some("10.16.0.0/12"))]);
    // Objects in the new pool are planned in it already.
    let inside = world.plan(&held, "inside", "/24").unwrap();
    world.check();
    let planned = Planned::Held(held.meta.id.clone());
    assert_eq!(in_the_way(world.write(|ledger| ledger.create_pool(&spec, &planned))), std::slice::from_ref(&a.meta.id));
    let less = reprovisioned(&a, Provision::Cidrs(cidrs(&["10.0.0.0/12"])));
    world.write(|ledger| ledger.update_pool(&a.meta.id, &less)).unwrap();
    let b = world.write(|ledger| ledger.create_pool(&spec, &planned)).unwrap();
    world.apply(&b, &inside, "/24").unwrap();
    world.check();
}

#[test]
fn an_existing_pool_takes_a_block_that_another_pool_gives_up() {
    for on_top in [true, false] {
        let mut world = World::new();
        let top = world.top("all", &["10.0.0.0/8"]);
        let spec = |name: &str, blocks: &[&str]| PoolSpec {
            source_pool_id: (!on_top).then(|| top.meta.id.clone()),
            provision: Provision::Cidrs(if on_top { cidrs(&[]) } else { cidrs(blocks) }),
            address_family: Some(Family::Ipv4),
            ..crate::ipam::testing::top(name, &[])
        };
        if on_top {
            world.write(|ledger| ledger.delete_pool(&top.meta.id, false)).unwrap();
        }
        let mut make = |name: &str, blocks: &[&str]| {
            let spec = if on_top { crate::ipam::testing::top(name, blocks) } else { spec(name, blocks) };
            world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
        };
        let (a, b) = (make("a", &["10.0.0.0/16", "10.1.0.0/16"]), make("b", &["10.2.0.0/16"]));
        let more = reprovisioned(&b, Provision::Cidrs(cidrs(&["10.1.0.0/16", "10.2.0.0/16"])));
        assert!(world.write(|ledger| ledger.plan_pool_change(&b.meta.id, &more, &terms())).is_err());
        let terms = terms_after(&[given_up(&a.meta.id, Some("10.1.0.0/16"))]);
        let planned = world.write(|ledger| ledger.plan_pool_change(&b.meta.id, &more, &terms)).unwrap().unwrap();
        assert_eq!(planned.cidrs.len(), 2);
        world.check();
        in_the_way(world.write(|ledger| ledger.update_pool(&b.meta.id, &more)));
        let less = reprovisioned(&a, Provision::Cidrs(cidrs(&["10.0.0.0/16"])));
        world.write(|ledger| ledger.update_pool(&a.meta.id, &less)).unwrap();
        world.write(|ledger| ledger.update_pool(&b.meta.id, &more)).unwrap();
        world.check();
    }
}

#[test]
fn a_pool_never_has_addresses_twice() {
    for on_top in [true, false] {
        let mut world = World::new();
        let top = world.top("top", &["10.0.0.0/8"]);
        let pool = match on_top {
            true => world.top("pool", &["172.16.0.0/16"]),
            false => {
                let spec = below(&top, "pool", "10.0.0.0/16");
                world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
            }
        };
        let more = if on_top { "172.17.0.0/16" } else { "10.1.0.0/16" };
        let spec =
            PoolCidrSpec { pool_id: pool.meta.id.clone(), name: Some("more".into()), size: size(more), proof: None };
        let extra = world.write(|ledger| ledger.create_pool_cidr(&spec, &Planned::Unknown)).unwrap();
        let part = extra.cidr.halves().unwrap().0;
        let both = reprovisioned(&pool, Provision::Cidrs(pool.cidrs.iter().copied().chain([part]).collect()));
        let terms = terms_after(&[given_up(&extra.meta.id, None)]);
        let answer = world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &both, &terms));
        assert_eq!(in_the_way(answer), [extra.meta.id]);
        world.check();
    }
}

#[test]
fn a_pool_cidr_takes_the_block_of_another_one() {
    let mut world = World::new();
    let top = world.top("top", &["10.0.0.0/8"]);
    let a = below(&top, "a", "10.0.0.0/16");
    let a = world.write(|ledger| ledger.create_pool(&a, &Planned::Unknown)).unwrap();
    let spec = |name: &str, pool: &Pool| PoolCidrSpec {
        pool_id: pool.meta.id.clone(),
        name: Some(name.to_owned()),
        size: size("10.1.0.0/16"),
        proof: None,
    };
    let (old, new) = (spec("old", &a), spec("new", &a));
    let old = world.write(|ledger| ledger.create_pool_cidr(&old, &Planned::Unknown)).unwrap();
    assert_eq!(
        in_the_way(world.write(|ledger| ledger.plan_pool_cidr(&new, &terms()))),
        std::slice::from_ref(&old.meta.id)
    );
    let terms = terms_after(&[given_up(&old.meta.id, None)]);
    let held = world.write(|ledger| ledger.plan_pool_cidr(&new, &terms)).unwrap();
    world.check();
    let planned = Planned::Held(held.meta.id);
    in_the_way(world.write(|ledger| ledger.create_pool_cidr(&new, &planned)));
    world.write(|ledger| ledger.delete_pool_cidr(&old.meta.id)).unwrap();
    world.write(|ledger| ledger.create_pool_cidr(&new, &planned)).unwrap();
    world.check();
}

#[test]
fn an_allocation_grows_into_space_that_the_same_apply_releases() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let grows = world.create(&pool, "grows", "10.0.0.0/26").unwrap();
    let near = world.create(&pool, "near", "10.0.0.64/26").unwrap();
    let far = world.create(&pool, "far", "10.0.0.128/27").unwrap();
    let resize = |world: &mut World, terms: &Terms| {
        let size = Size::NetmaskLength(24);
        world.write(|ledger| ledger.plan_resize(&grows.meta.id, size, terms)).unwrap()
    };
    assert_eq!(resize(&mut world, &terms()), Resize::Replace);
    let only_near = terms_after(&[given_up(&near.meta.id, None)]);
    assert_eq!(resize(&mut world, &only_near), Resize::Replace, "something else is in the way");
    let both = terms_after(&[given_up(&near.meta.id, None), given_up(&far.meta.id, None)]);
    for terms in [&both, &both, &committing()] {
        assert_eq!(resize(&mut world, terms), Resize::InPlace(cidr("10.0.0.0/24")));
        world.check();
    }
    // Another object is not planned there: the growth waits for that space.
    let spec = wanted(&pool, "new", "10.0.0.64/26");
    let new = world.write(|ledger| ledger.plan_allocation(&spec, &only_near));
    assert_eq!(in_the_way(new), std::slice::from_ref(&grows.meta.id));
    let change = resized(&grows, "/24");
    for id in [&near.meta.id, &far.meta.id] {
        let early = world.write(|ledger| ledger.update_allocation(&grows.meta.id, &change));
        assert!(in_the_way(early).contains(id), "it still has its block");
        world.check();
        world.delete(id);
    }
    let grown = world.write(|ledger| ledger.update_allocation(&grows.meta.id, &change)).unwrap();
    assert_eq!((grown.cidr, grown.waiting_growth), (cidr("10.0.0.0/24"), None));
    world.check();
}

/// An allocation that a plan grows to /24 into the space of its neighbour.
fn growing_into_its_neighbour() -> (World, Pool, Allocation, Allocation) {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let grows = world.create(&pool, "grows", "10.0.0.0/25").unwrap();
    let near = world.create(&pool, "near", "10.0.0.128/25").unwrap();
    let planned = plan_to_grow(&mut world, &grows, &terms_after(&[given_up(&near.meta.id, None)]));
    assert_eq!(planned, Resize::InPlace(cidr("10.0.0.0/24")));
    (world, pool, grows, near)
}

fn plan_to_grow(world: &mut World, grows: &Allocation, terms: &Terms) -> Resize {
    world.write(|ledger| ledger.plan_resize(&grows.meta.id, Size::NetmaskLength(24), terms)).unwrap()
}

#[test]
fn a_growth_that_waits_gives_way_to_a_later_plan() {
    for is_expired in [true, false] {
        let (mut world, pool, grows, near) = growing_into_its_neighbour();
        let gone = [given_up(&near.meta.id, None)];
        if is_expired {
            world.wait(61);
        } else {
            // The next plan keeps the neighbour.
            assert_eq!(plan_to_grow(&mut world, &grows, &terms()), Resize::Replace);
        }
        world.plan_after(&pool, ("new", "10.0.0.128/26"), &gone).unwrap();
        let refused = world.write(|ledger| ledger.update_allocation(&grows.meta.id, &resized(&grows, "/24")));
        assert!(matches!(refused, Err(Error::HoldLost { .. })), "{refused:?}");
        world.check();
    }
}

#[test]
fn a_growth_that_waits_counts_after_its_time_when_no_other_plan_took_the_space() {
    let (mut world, _, grows, near) = growing_into_its_neighbour();
    world.wait(61);
    assert_eq!(plan_to_grow(&mut world, &grows, &committing()), Resize::InPlace(cidr("10.0.0.0/24")));
    let change = resized(&grows, "/24");
    let early = world.write(|ledger| ledger.update_allocation(&grows.meta.id, &change));
    assert_eq!(in_the_way(early), std::slice::from_ref(&near.meta.id), "it still has its block");
    world.delete(&near.meta.id);
    let grown = world.write(|ledger| ledger.update_allocation(&grows.meta.id, &change)).unwrap();
    assert_eq!(grown.cidr, cidr("10.0.0.0/24"));
    world.check();
}

#[test]
fn a_pool_grows_into_space_that_the_same_apply_releases() {
    let mut world = World::new();
    let top = world.top("top", &["10.0.0.0/23"]);
    let make = |world: &mut World, name: &str| {
        world.write(|ledger| ledger.create_pool(&below(&top, name, "/24"), &Planned::Unknown)).unwrap()
    };
    let (grows, goes) = (make(&mut world, "grows"), make(&mut world, "goes"));
    world.create(&grows, "inside", "/25").unwrap();
    let change = reprovisioned(&grows, Provision::NetmaskLength(23));
    let plan = |world: &mut World, terms: &Terms| {
        world.write(|ledger| ledger.plan_pool_change(&grows.meta.id, &change, terms)).unwrap()
    };
    assert_eq!(plan(&mut world, &terms()), None, "a replacement");
    for terms in [&terms_after(&[given_up(&goes.meta.id, None)]), &committing()] {
        assert_eq!(plan(&mut world, terms).unwrap().cidrs, cidrs(&["10.0.0.0/23"]));
        world.check();
    }
    let early = world.write(|ledger| ledger.update_pool(&grows.meta.id, &change));
    assert_eq!(in_the_way(early), std::slice::from_ref(&goes.meta.id));
    world.write(|ledger| ledger.delete_pool(&goes.meta.id, false)).unwrap();
    let grown = world.write(|ledger| ledger.update_pool(&grows.meta.id, &change)).unwrap();
    assert_eq!(grown.cidrs, cidrs(&["10.0.0.0/23"]));
    world.check();
}
