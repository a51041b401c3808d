//! Tests of the number of round trips for a create, and for reading.

use std::sync::Barrier;

use crate::backend::prelude::*;
use crate::backend::{Local, Surroundings};
use crate::ipam::{
    Actor, AllocationFilter, AllocationSpec, Family, OverviewQuery, Planned, PoolChoice, PoolFilter, PoolSpec,
    Provision, Rules, Size, Special, Strategy,
};

use super::*;

fn top(name: &str, block: &str) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: Some(Family::Ipv4),
        locale: None,
        description: None,
        rules: Rules::default(),
        strategy: Strategy::BestFit,
        tags: Default::default(),
        provision: Provision::Cidrs([block.parse().unwrap()].into()),
        special: Special::default(),
    }
}

fn spec(pool_id: &str, name: String) -> AllocationSpec {
    AllocationSpec::new(pool_id, name, Size::NetmaskLength(28))
}

#[test]
fn creates_cost_few_round_trips_and_fewer_together() {
    let store = Arc::new(store_in(&server().create_database()));
    let local = Local::over(Arc::clone(&store) as Arc<dyn Store>, Actor::default(), Surroundings::default());
    let pool_id = local.create_pool(&top("top", "10.0.0.0/8"), &Planned::Unknown).unwrap().meta.id;
    let create = |name: String| local.create_allocation(&spec(&pool_id, name), &Planned::Unknown).unwrap();
    let round_trips = || store.common.round_trips.load(Ordering::Relaxed);
    (0..40).for_each(|n| drop(create(format!("first-{n}"))));

    let before = round_trips();
    (0..20).for_each(|n| drop(create(format!("alone-{n}"))));
    let alone = (round_trips() - before) as f64 / 20.0;

    let before = round_trips();
    let start = Barrier::new(256);
    std::thread::scope(|scope| {
        for n in 0..256 {
            let (start, create) = (&start, &create);
            scope.spawn(move || {
                start.wait();
                create(format!("together-{n:03}"))
            });
        }
    });
    let together = (round_trips() - before) as f64 / 256.0;
    println!("{alone} round trips for a create alone, {together} for one of 256");
    assert!(alone <= 10.0, "{alone}");
    assert!(together <= 1.0, "{together}");
}

#[test]
fn a_list_and_an_overview_cost_few_round_trips() {
    let memory: Arc<dyn Store> = Arc::new(crate::store::memory::Memory::default());
    let filling = Local::over(Arc::clone(&memory), Actor::default(), Surroundings::default());
    let mut pool_id = String::new();
    for (number, allocations) in [0, 0, 0, 0, 0, 700].into_iter().enumerate() {
        let pool = top(&format!("pool-{number}"), &format!("10.{number}.0.0/16"));
        pool_id = filling.create_pool(&pool, &Planned::Unknown).unwrap().meta.id;
        for n in 0..allocations {
            filling.create_allocation(&spec(&pool_id, format!("net-{n}")), &Planned::Unknown).unwrap();
        }
    }
    let mut entries = Vec::new();
    memory
        .read(&mut |snapshot| {
            snapshot.scan("".."~", crate::store::Order::Ascending, usize::MAX).map(|all| entries = all)
        })
        .unwrap();
    let store = Arc::new(store_in(&server().create_database()));
    store
        .write(&mut |tx| entries.iter().try_for_each(|(key, value)| tx.put(key, value.clone())).map(|()| true))
        .unwrap();
    let local = Local::over(Arc::clone(&store) as Arc<dyn Store>, Actor::default(), Surroundings::default());
    let all = PoolChoice::Matching(PoolFilter::default());
    let query = OverviewQuery { utilization: true, allocations: true, ..OverviewQuery::of(&all) };
    let filter = AllocationFilter { pool_id: Some(pool_id), ..AllocationFilter::default() };
    // The first read connects and prepares statements.
    assert_eq!(local.list_allocations(&filter).unwrap().len(), 700);
    let round_trips = || store.common.round_trips.load(Ordering::Relaxed);
    let before = round_trips();
    local.list_allocations(&filter).unwrap();
    let listed = round_trips();
    local.overview(&query).unwrap();
    let (list, overview) = (listed - before, round_trips() - listed);
    println!("{list} round trips for a list of 700 allocations, {overview} for an overview");
    assert!(list <= 5 && overview <= 16, "{list} {overview}");
}
