//! Tests of the number of round trips for a create.

use std::sync::Barrier;

use crate::backend::prelude::*;
use crate::backend::{Local, Surroundings};
use crate::ipam::{Actor, AllocationSpec, Family, Planned, PoolSpec, Provision, Rules, Size, Special, Strategy};

use super::*;

fn spec(pool_id: &str, name: String) -> AllocationSpec {
    AllocationSpec {
        pool_id: pool_id.to_owned(),
        name,
        size: Size::NetmaskLength(28),
        disallowed_cidrs: Default::default(),
        description: None,
        tags: Default::default(),
    }
}

#[test]
fn creates_cost_few_round_trips_and_fewer_together() {
    let store = Arc::new(store_in(&server().create_database()));
    let local = Local::over(Arc::clone(&store) as Arc<dyn Store>, Actor::default(), Surroundings::default());
    let pool = PoolSpec {
        name: "top".to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: Some(Family::Ipv4),
        locale: None,
        description: None,
        rules: Rules::default(),
        strategy: Strategy::BestFit,
        tags: Default::default(),
        provision: Provision::Cidrs(["10.0.0.0/8".parse().unwrap()].into()),
        special: Special::default(),
    };
    let pool_id = local.create_pool(&pool, &Planned::Unknown).unwrap().meta.id;
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
