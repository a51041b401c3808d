//! Tests of what the core reads: the cost of a change does not grow with the pool, the cost of a list grows with its
//! content alone.

use std::time::Duration;

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

/// The calls and the entries that a query reads.
fn reads<T>(world: &mut World, query: impl Fn(&mut Reader<'_>) -> Result<T>) -> (u64, u64) {
    (world.map.calls, world.map.read) = (0, 0);
    world.read(query).unwrap();
    (world.map.calls, world.map.read)
}

/// Adds a pool with this number of allocations.
fn filled(world: &mut World, name: &str, block: &str, count: u32) -> Pool {
    let pool = world.top(name, &[block]);
    let mut map = std::mem::take(&mut world.map);
    let mut random = || dice(&mut world.seed);
    for index in 0..count {
        let env = Env::new(world.now, &mut random, &world.actor);
        let spec = wanted(&pool, &format!("n{index}"), "/28");
        Ledger::new(&mut map, env).create_allocation(&spec, &Planned::Unknown).unwrap();
    }
    world.map = map;
    pool
}

#[test]
fn queries_of_one_pool_do_not_depend_on_the_rest_of_the_store() {
    let mut world = World::new();
    let pool = filled(&mut world, "one", "10.0.0.0/16", 500).meta.id;
    let filter = AllocationFilter { pool_id: Some(pool.clone()), ..AllocationFilter::default() };
    let choice = PoolChoice::Under(pool);
    let query = OverviewQuery { utilization: true, allocations: true, ..OverviewQuery::of(&choice) };
    let mut costs = || {
        let listed = reads(&mut world, |reader| reader.list_allocations(&filter));
        let overview = reads(&mut world, |reader| reader.overview(&query));
        for number in 0..5 {
            let name = format!("other {number} of {}", world.map.len());
            let block = format!("10.{}.0.0/16", world.map.len() % 250 + 1);
            filled(&mut world, &name, &block, 200);
        }
        (listed, overview)
    };
    let alone = costs();
    println!("a list and an overview of 500 allocations: {alone:?} calls and entries");
    assert_eq!(costs(), alone);
    assert!(alone.0.0 <= 5 && alone.1.0 <= 12, "{alone:?}");
    assert!(alone.0.1 <= 2 * 500 + 10 && alone.1.1 <= 2 * 500 + 20, "{alone:?}");
}

#[test]
fn an_overview_of_the_whole_store_reads_each_entry_at_most_once() {
    let mut world = World::new();
    let choice = PoolChoice::Matching(PoolFilter { include_planned: true, ..PoolFilter::default() });
    let query =
        OverviewQuery { scopes: ScopeChoice::All, utilization: true, allocations: true, ..OverviewQuery::of(&choice) };
    let mut per_entry = Vec::new();
    for size in [1, 10] {
        for number in 0..8 {
            let (name, block) = (format!("pool {number} of {size}"), format!("10.{}.0.0/16", size * 10 + number));
            filled(&mut world, &name, &block, 20 * size);
        }
        let (calls, read) = reads(&mut world, |reader| reader.overview(&query));
        println!("{calls} calls and {read} entries of {}", world.map.len());
        // The scopes are listed twice. The events and half of the indexes are not read.
        assert!(read <= world.map.len() as u64 / 2, "{read} of {}", world.map.len());
        assert!(calls <= 20, "{calls}");
        per_entry.push(read as f64 / world.map.len() as f64);
    }
    assert!(per_entry[1] <= 1.1 * per_entry[0], "{per_entry:?}");
}

#[test]
fn the_newest_events_are_read_from_the_end() {
    let mut world = World::new();
    filled(&mut world, "pool", "10.0.0.0/8", 3000);
    let (all, none) = (EventFilter::default(), EventFilter { owner: Some("none".into()), ..EventFilter::default() });
    assert_eq!(reads(&mut world, |reader| reader.newest_events(&all, 10)), (1, 10));
    let (calls, read) = reads(&mut world, |reader| reader.newest_events(&none, 10));
    assert!(calls <= 4 && read >= 3000, "{calls} calls, {read} entries");
    let after = EventFilter { from: Some(world.now + Duration::from_secs(1)), ..EventFilter::default() };
    assert_eq!(reads(&mut world, |reader| reader.newest_events(&after, 10)).0, 1);
}
