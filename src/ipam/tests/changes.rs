//! Tests of growing, shrinking and renaming, and of changes to the space that a pool provisions.

use crate::ipam::testing::*;
use crate::ipam::*;

fn plan_resize(world: &mut World, allocation: &Allocation, text: &str) -> Resize {
    world.write(|ledger| ledger.plan_resize(&allocation.meta.id, size(text), &terms())).unwrap()
}

fn update(world: &mut World, allocation: &Allocation, text: &str) -> Result<Allocation> {
    world.write(|ledger| ledger.update_allocation(&allocation.meta.id, &resized(allocation, text)))
}

#[test]
fn growth_is_held_and_then_taken() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let a = world.create(&pool, "a", "10.0.0.64/26").unwrap();
    assert_eq!(plan_resize(&mut world, &a, "/25"), Resize::InPlace(cidr("10.0.0.0/25")));
    world.check();
    let before = world.map.entries().clone();
    assert_eq!(plan_resize(&mut world, &a, "/25"), Resize::InPlace(cidr("10.0.0.0/25")));
    assert_eq!(*world.map.entries(), before);
    assert!(matches!(world.create(&pool, "b", "10.0.0.0/26").unwrap_err(), Error::Overlap { .. }));
    let sums = world.read(|reader| reader.utilization(&pool.meta.id)).unwrap();
    assert_eq!((sums.used, sums.held), (64u8.into(), 64u8.into()));
    let grown = update(&mut world, &a, "/25").unwrap();
    assert_eq!(grown.cidr, cidr("10.0.0.0/25"));
    assert_eq!(update(&mut world, &a, "/25").unwrap(), grown);
    world.check();
}

#[test]
fn shrinking_keeps_the_first_part_and_frees_the_rest() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let a = world.create(&pool, "a", "/24").unwrap();
    assert_eq!(plan_resize(&mut world, &a, "/26"), Resize::InPlace(cidr("10.0.0.0/26")));
    assert_eq!(update(&mut world, &a, "/26").unwrap().cidr, cidr("10.0.0.0/26"));
    world.create(&pool, "b", "/25").unwrap();
    world.check();
    let a = world.read(|reader| reader.find_allocation(&pool.meta.id, "a")).unwrap().unwrap();
    assert_eq!(update(&mut world, &a, "10.0.0.32/27").unwrap().cidr, cidr("10.0.0.32/27"));
    world.check();
}

#[test]
fn growth_that_has_no_room_is_a_replacement() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24", "10.0.1.0/24"]);
    let a = world.create(&pool, "a", "10.0.0.0/26").unwrap();
    let b = world.create(&pool, "b", "10.0.0.64/26").unwrap();
    assert_eq!(plan_resize(&mut world, &a, "/25"), Resize::Replace);
    assert_eq!(plan_resize(&mut world, &a, "10.0.1.0/26"), Resize::Replace);
    world.write(|ledger| ledger.delete_allocation(&b.meta.id)).unwrap();
    assert_eq!(plan_resize(&mut world, &a, "/24"), Resize::InPlace(cidr("10.0.0.0/24")));
    // There is no space for growth outside of the provisioned CIDR, even when the adjacent space is in the pool.
    assert_eq!(plan_resize(&mut world, &a, "/23"), Resize::Replace);
    world.check();
    let error = update(&mut world, &a, "/23").unwrap_err();
    assert!(matches!(error, Error::HoldLost { .. }));
}

#[test]
fn expired_growth_is_reclaimed_and_the_error_names_the_new_holder() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let a = world.create(&pool, "a", "10.0.0.0/25").unwrap();
    plan_resize(&mut world, &a, "/24");
    world.wait(61);
    let b = world.as_owner("them").create(&pool, "b", "/26").unwrap();
    world.check();
    let error =
        world.as_owner("us").write(|ledger| ledger.plan_resize(&a.meta.id, size("/24"), &committing())).unwrap_err();
    let Error::HoldLost { now_held_by, cidr: Some(target), .. } = error else { panic!() };
    assert_eq!((now_held_by[0].id.as_str(), target), (b.meta.id.as_str(), cidr("10.0.0.0/24")));
    assert!(matches!(update(&mut world, &a, "/24").unwrap_err(), Error::HoldLost { .. }));
    assert_eq!(plan_resize(&mut world, &a, "/24"), Resize::Replace);
    // A hold in the way of growth is reclaimed too, once it has expired.
    world.write(|ledger| ledger.delete_allocation(&b.meta.id)).unwrap();
    world.as_owner("them").plan(&pool, "c", "10.0.0.128/26").unwrap();
    assert_eq!(plan_resize(world.as_owner("us"), &a, "/24"), Resize::Replace);
    world.wait(61);
    assert_eq!(plan_resize(&mut world, &a, "/24"), Resize::InPlace(cidr("10.0.0.0/24")));
    world.check();
}

#[test]
fn wish_for_the_present_size_drops_the_growth() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let a = world.create(&pool, "a", "/26").unwrap();
    plan_resize(&mut world, &a, "/24");
    plan_resize(&mut world, &a, "/25");
    world.check();
    assert_eq!(plan_resize(&mut world, &a, "/26"), Resize::InPlace(a.cidr));
    world.check();
    plan_resize(&mut world, &a, "/24");
    world.write(|ledger| ledger.delete_allocation(&a.meta.id)).unwrap();
    world.create(&pool, "b", "/24").unwrap();
    world.check();
}

#[test]
fn renaming_frees_the_old_name() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let a = world.create(&pool, "a", "/26").unwrap();
    world.create(&pool, "b", "/26").unwrap();
    let change = AllocationChange { name: "b".into(), ..resized(&a, "/26") };
    let error = world.write(|ledger| ledger.update_allocation(&a.meta.id, &change)).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }));
    let change = AllocationChange { name: "c".into(), description: Some("x".into()), ..change };
    world.write(|ledger| ledger.update_allocation(&a.meta.id, &change)).unwrap();
    world.create(&pool, "a", "/26").unwrap();
    let gone = world.write(|ledger| ledger.update_allocation("ipam-pool-alloc-0", &change)).unwrap_err();
    assert!(matches!(gone, Error::NotFound { .. }));
    world.check();
}

#[test]
fn unchanged_size_is_not_checked_against_later_rules() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/24"]);
    let a = world.create(&pool, "a", "/28").unwrap();
    let mut change = reprovisioned(&pool, pool.provision.clone());
    change.rules.max_netmask_length = Some(26);
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    assert_eq!(update(&mut world, &a, "/28").unwrap().cidr, a.cidr);
    let error = update(&mut world, &a, "/27").unwrap_err();
    assert!(matches!(error, Error::NetmaskRule { .. }));
}

fn change(world: &mut World, pool: &Pool, provision: Provision) -> Result<Option<Pool>> {
    let change = reprovisioned(pool, provision);
    let planned = world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &change, &terms()));
    world.check();
    let Some(planned) = planned? else { return Ok(None) };
    let again = world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &change, &committing()))?;
    assert_eq!(again.as_ref(), Some(&planned));
    let updated = world.write(|ledger| ledger.update_pool(&pool.meta.id, &change))?;
    world.check();
    assert_eq!(updated.cidrs, planned.cidrs);
    let repeated = world.write(|ledger| ledger.update_pool(&pool.meta.id, &change))?;
    assert_eq!(repeated, updated);
    Ok(Some(updated))
}

fn blocks(texts: &[&str]) -> Provision {
    Provision::Cidrs(cidrs(texts))
}

#[test]
fn blocks_of_a_pool_are_added_removed_grown_and_shrunk() {
    for nested in [false, true] {
        let mut world = World::new();
        let outer = world.top("outer", &["10.0.0.0/8"]);
        let spec = PoolSpec {
            source_pool_id: nested.then(|| outer.meta.id.clone()),
            ..if nested { top("p", &["10.0.0.0/16"]) } else { top("p", &["11.0.0.0/16"]) }
        };
        let net = if nested { "10" } else { "11" };
        let block = |text: &str| format!("{net}.{text}");
        let mut pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        let kept = world.create(&pool, "kept", &block("0.0.0/24")).unwrap();
        let steps: [&[&str]; 6] = [
            &["0.0.0/16", "2.0.0.0/16"],
            &["0.0.0/15", "2.0.0.0/16"],
            &["0.0.0/15"],
            &["0.0.0/20", "4.0.0.0/16", "5.0.0.0/16"],
            &["0.0.0/20", "4.0.0.0/16"],
            &["0.0.0/20"],
        ];
        for step in steps {
            let texts: Vec<String> = step
                .iter()
                .map(|text| {
                    if text.matches('.').count() == 3 {
                        format!("{net}.{}", text.replacen(".0", "", 1))
                    } else {
                        block(text)
                    }
                })
                .collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            pool = change(&mut world, &pool, blocks(&texts)).unwrap().unwrap();
            assert_eq!(pool.cidrs, cidrs(&texts));
        }
        let error = change(&mut world, &pool, Provision::Nothing).unwrap_err();
        assert!(matches!(error, Error::InUse { .. }), "{error:?}");
        world.write(|ledger| ledger.delete_allocation(&kept.meta.id)).unwrap();
        pool = change(&mut world, &pool, Provision::Nothing).unwrap().unwrap();
        assert_eq!(pool.cidrs, cidrs(&[]));
    }
}

#[test]
fn pool_by_size_grows_in_place_or_is_replaced() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/16"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&outer, "p", "/24"), &Planned::Unknown)).unwrap();
    world.create(&pool, "a", "10.0.0.128/25").unwrap();
    let pool = change(&mut world, &pool, Provision::NetmaskLength(22)).unwrap().unwrap();
    assert_eq!(pool.cidrs, cidrs(&["10.0.0.0/22"]));
    let pool = change(&mut world, &pool, Provision::NetmaskLength(24)).unwrap().unwrap();
    let error = change(&mut world, &pool, Provision::NetmaskLength(25)).unwrap_err();
    let Error::InUse { contents, .. } = error else { panic!() };
    assert_eq!(contents[0].path, "outer/p/a");
    world.create(&outer, "neighbour", "10.0.1.0/24").unwrap();
    assert_eq!(change(&mut world, &pool, Provision::NetmaskLength(23)).unwrap(), None);
    let error = change(&mut world, &pool, blocks(&["10.0.0.0/23"])).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "{error:?}");
    let same = change(&mut world, &pool, blocks(&["10.0.0.0/24"])).unwrap().unwrap();
    assert_eq!(same.cidrs, pool.cidrs);
    world.check();
}

#[test]
fn blocks_that_no_single_block_of_the_source_holds_are_refused_and_replace_nothing() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/17", "10.0.128.0/17"]);
    for present in [&["10.0.0.0/17"][..], &["10.0.0.0/17", "10.0.128.0/18"]] {
        let spec = PoolSpec { provision: blocks(present), ..below(&outer, "p", "") };
        let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
        let error = change(&mut world, &pool, blocks(&["10.0.0.0/16"])).unwrap_err();
        assert!(matches!(error, Error::OutsidePool { .. }), "{error:?}");
        world.write(|ledger| ledger.delete_pool(&pool.meta.id, false)).unwrap();
    }
}

#[test]
fn pool_does_not_shrink_below_its_allocations() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/16"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&outer, "p", "/24"), &Planned::Unknown)).unwrap();
    let whole = world.create(&pool, "whole", "/24").unwrap();
    let error = change(&mut world, &pool, Provision::NetmaskLength(25)).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    // Growth that the same owner has only planned is dropped.
    let half = update(&mut world, &whole, "/25").unwrap();
    plan_resize(&mut world, &half, "/24");
    let wider = reprovisioned(&pool, Provision::NetmaskLength(25));
    let error = world.as_owner("them").write(|ledger| ledger.update_pool(&pool.meta.id, &wider)).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    world.as_owner("us");
    let pool = change(&mut world, &pool, Provision::NetmaskLength(25)).unwrap().unwrap();
    assert_eq!(pool.cidrs, cidrs(&["10.0.0.0/25"]));
}

#[test]
fn pool_that_needs_space_does_not_reclaim_itself() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/24"]);
    let pool = world.write(|ledger| ledger.plan_pool(&below(&outer, "p", "/25"), &terms())).unwrap();
    world.create(&outer, "x", "/25").unwrap();
    world.wait(61);
    let spec = PoolCidrSpec { pool_id: pool.meta.id, name: Some("more".into()), size: size("/26"), proof: None };
    let error = world.write(|ledger| ledger.plan_pool_cidr(&spec, &terms())).unwrap_err();
    assert!(matches!(error, Error::PoolExhausted { .. }), "{error:?}");
    world.check();
}

#[test]
fn abandoned_growth_of_a_pool_is_dropped_by_the_next_plan() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/16"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&outer, "p", "/24"), &Planned::Unknown)).unwrap();
    let wider = reprovisioned(&pool, Provision::NetmaskLength(17));
    let planned = world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).unwrap();
    assert_eq!(planned.unwrap().cidrs, cidrs(&["10.0.0.0/17"]));
    world.check();
    assert!(matches!(world.create(&outer, "x", "10.0.1.0/24").unwrap_err(), Error::Overlap { .. }));
    let same = reprovisioned(&pool, pool.provision.clone());
    assert_eq!(world.read(|reader| reader.find_pool_change(&pool.meta.id, &same)).unwrap(), None);
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &same, &terms())).unwrap();
    world.create(&outer, "x", "10.0.1.0/24").unwrap();
    world.check();
}

#[test]
fn abandoned_change_of_a_pool_gives_its_space_back() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/16"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&outer, "p", "10.0.0.0/24"), &Planned::Unknown)).unwrap();
    let wider = reprovisioned(&pool, blocks(&["10.0.0.0/24", "10.0.128.0/17"]));
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &wider, &terms())).unwrap();
    assert!(matches!(world.create(&outer, "x", "10.0.128.0/24").unwrap_err(), Error::Overlap { .. }));
    world.wait(61);
    world.create(&outer, "x", "10.0.128.0/24").unwrap();
    world.check();
    let error = world.write(|ledger| ledger.update_pool(&pool.meta.id, &wider)).unwrap_err();
    assert!(matches!(error, Error::Overlap { .. }), "{error:?}");
    // A later plan without the change drops the hold at once.
    let other = reprovisioned(&pool, blocks(&["10.0.0.0/24", "10.0.64.0/18"]));
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &other, &terms())).unwrap();
    let same = reprovisioned(&pool, pool.provision.clone());
    assert_eq!(world.read(|reader| reader.find_pool_change(&pool.meta.id, &same)).unwrap(), None);
    world.write(|ledger| ledger.plan_pool_change(&pool.meta.id, &same, &terms())).unwrap();
    assert_eq!(world.read(|reader| reader.find_pool_change(&pool.meta.id, &same)).unwrap(), Some(pool.clone()));
    world.create(&outer, "y", "10.0.64.0/24").unwrap();
    world.check();
}

#[test]
fn renamed_pool_is_found_by_its_new_name() {
    let mut world = World::new();
    let outer = world.top("outer", &["10.0.0.0/16"]);
    let pool = world.write(|ledger| ledger.create_pool(&below(&outer, "p", "/24"), &Planned::Unknown)).unwrap();
    let change = PoolChange { name: "q".into(), ..reprovisioned(&pool, pool.provision.clone()) };
    world.write(|ledger| ledger.update_pool(&pool.meta.id, &change)).unwrap();
    world.check();
    assert_eq!(world.read(|reader| reader.find_pool("q")).unwrap().len(), 1);
    assert_eq!(world.read(|reader| reader.find_pool("p")).unwrap().len(), 0);
    let all = AllocationFilter { include_pools: true, ..AllocationFilter::default() };
    let listed = world.read(|reader| reader.list_allocations(&all)).unwrap();
    assert_eq!(listed[0].meta.name, "pool/q/10.0.0.0/24");
    world.write(|ledger| ledger.create_pool(&below(&outer, "p", "/24"), &Planned::Unknown)).unwrap();
}
