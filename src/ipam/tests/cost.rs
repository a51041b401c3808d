//! Tests that the number of calls to the store does not grow with the pool.

use crate::ipam::testing::*;
use crate::ipam::*;

fn calls(world: &mut World, body: impl FnOnce(&mut World)) -> u64 {
    world.map.calls = 0;
    body(world);
    world.map.calls
}

/// Number of calls for allocating, claiming, growing and releasing in a pool with `count` allocations.
fn costs(count: u32) -> [u64; 5] {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8"]);
    let mut map = std::mem::take(&mut world.map);
    let mut random = || dice(&mut world.seed);
    for index in 0..count {
        let env = Env::new(world.now, &mut random, &world.actor);
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

/// Number of calls for an allocation, for a pool and for growth, with `sightings` sightings far from the free space.
fn costs_beside(sightings: u32) -> [u64; 3] {
    use crate::ipam::discovery::types::{DiscoveredCidr, Sample, SeenType, Sighting, Survey};

    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8", "20.0.0.0/8"]);
    let survey = Survey { avoided: true, ..Survey::default() };
    let discovery = world.write(|ledger| ledger.create_discovery("", None, &survey, &Tags::new())).unwrap();
    let resources: Vec<DiscoveredCidr> = (0..sightings)
        .map(|number| {
            let block = Cidr::around(Family::Ipv4, u128::from((20 << 24) + number * 512), 24).to_string();
            crate::ipam::tests::discovery::seen(SeenType::Vpc, &format!("vpc-{number}"), &block)
        })
        .collect();
    let sample = Sample {
        account_id: "1".into(),
        region: "us-east-1".into(),
        taken_at: world.now,
        outcome: Ok(Sighting { resources, addresses: Vec::new() }),
    };
    world.write(|ledger| ledger.take_sample(&discovery.meta.id, &sample)).unwrap();
    let mut made = None;
    let allocate = calls(&mut world, |world| made = Some(world.create(&pool, "by size", "/28").unwrap()));
    let child = calls(&mut world, |world| {
        world.write(|ledger| ledger.create_pool(&below(&pool, "child", "/24"), &Planned::Unknown)).unwrap();
    });
    let made = made.unwrap();
    let grow = calls(&mut world, |world| {
        world.write(|ledger| ledger.plan_resize(&made.meta.id, size("/25"), &terms())).unwrap();
    });
    [allocate, child, grow]
}

#[test]
fn cost_does_not_grow_with_distant_sightings() {
    let (none, few) = (costs_beside(0), costs_beside(10));
    println!("{none:?} calls, {few:?} with something seen");
    assert!(none.iter().zip(few).all(|(none, few)| few - none <= 2), "{none:?} {few:?}");
    for count in [1_000, 20_000] {
        assert_eq!(costs_beside(count), few, "{count} sightings");
    }
}

#[test]
fn cost_grows_only_with_the_blocks_that_are_stepped_over() {
    use crate::ipam::tests::discovery::{survey, vpc};

    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let discovery = world.write(|ledger| ledger.create_discovery("", None, &survey(), &Tags::new())).unwrap();
    let mut cost = Vec::new();
    for count in [0, 10, 20] {
        let in_the_way: Vec<_> =
            (0..count).map(|number| vpc(&format!("vpc-{number}"), &format!("10.0.{number}.0/24"))).collect();
        world.sees(&discovery, &in_the_way);
        cost.push(calls(&mut world, |world| {
            let next = world.read(|reader| reader.preview_next(&pool.meta.id, Some(28), &[], 1)).unwrap();
            assert_eq!(next, [cidr(&format!("10.0.{count}.0/28"))]);
        }));
    }
    // One call checks whether there are any sightings.
    assert_eq!((cost[1] - cost[0], cost[2] - cost[0]), (11, 21), "{cost:?}");
}

#[test]
fn cost_does_not_grow_with_the_pool() {
    for count in [10, 1_000, 20_000] {
        let costs = costs(count);
        println!("{count} allocations: {costs:?} calls");
        assert!(costs.iter().all(|calls| *calls <= 120), "{count} allocations: {costs:?} calls");
    }
}
