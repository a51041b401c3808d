//! The number of calls to the store does not grow with the pool.

use crate::ipam::testing::*;
use crate::ipam::*;

fn calls(world: &mut World, body: impl FnOnce(&mut World)) -> u64 {
    world.map.calls = 0;
    body(world);
    world.map.calls
}

/// Calls for allocating, claiming, growing and releasing in a pool with so many allocations.
fn costs(count: u32) -> [u64; 5] {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8"]);
    let mut map = std::mem::take(&mut world.map);
    let mut random = || dice(&mut world.seed);
    for index in 0..count {
        let env = Env { now: world.now, random: &mut random, actor: &world.actor };
        let spec = wanted(&pool, &format!("n{index}"), ["/28", "/27", "/26"][index as usize % 3]);
        Ledger::new(&mut map, env).create_allocation(&spec, &Planned::Unknown).unwrap();
    }
    world.map = map;
    let allocate = calls(&mut world, |world| drop(world.create(&pool, "by size", "/30").unwrap()));
    let mut grown = None;
    let claim = calls(&mut world, |world| grown = Some(world.create(&pool, "claim", "10.200.7.0/27").unwrap()));
    let grown = grown.unwrap();
    let plan_growth = calls(&mut world, |world| {
        world.write(|ledger| ledger.plan_resize(&grown.meta.id, size("/16"), &terms())).unwrap();
    });
    let grow = calls(&mut world, |world| {
        world.write(|ledger| ledger.update_allocation(&grown.meta.id, &resized(&grown, "/16"))).unwrap();
    });
    let release = calls(&mut world, |world| {
        world.write(|ledger| ledger.delete_allocation(&grown.meta.id)).unwrap();
    });
    [claim, allocate, plan_growth, grow, release]
}

#[test]
fn cost_does_not_grow_with_the_pool() {
    for count in [10, 1_000, 20_000] {
        let costs = costs(count);
        println!("{count} allocations: {costs:?} calls");
        assert!(costs.iter().all(|calls| *calls <= 120), "{count} allocations: {costs:?} calls");
    }
}
