//! Tests of look-ups by name and path, and of lists of pools.

use crate::ipam::testing::*;
use crate::ipam::*;

fn world() -> (World, Pool, Pool, Pool) {
    let mut world = World::new();
    let a = world.top("a", &["10.0.0.0/8"]);
    let b = world.top("b", &["11.0.0.0/8"]);
    let inside = world.write(|ledger| ledger.create_pool(&below(&a, "eu", "/16"), &Planned::Unknown)).unwrap();
    world.write(|ledger| ledger.create_pool(&below(&b, "eu", "/16"), &Planned::Unknown)).unwrap();
    world.create(&inside, "web/1", "/24").unwrap();
    (world, a, b, inside)
}

#[test]
fn pools_are_found_by_name_and_by_the_end_of_their_path() {
    let (mut world, a, b, inside) = world();
    let mut ids = |path: &str| -> Vec<String> {
        world.read(|reader| reader.find_pool(path)).unwrap().into_iter().map(|pool| pool.meta.id).collect()
    };
    assert_eq!(ids("a"), [a.meta.id.as_str()]);
    assert_eq!(ids("a/eu"), [inside.meta.id.as_str()]);
    assert_eq!(ids("eu").len(), 2, "one in a and one in b");
    for nothing in ["", "/", "a/b", "x/a/eu", "u", "/eu"] {
        assert!(ids(nothing).is_empty(), "{nothing:?}");
    }
    assert_eq!(world.read(|reader| reader.pool_path(&inside.meta.id)).unwrap(), "a/eu");
    assert!(matches!(world.read(|reader| reader.pool_path("ipam-pool-0")), Err(Error::NotFound { .. })));
    assert_eq!(world.read(|reader| reader.pool_path(&b.meta.id)).unwrap(), "b");
}

#[test]
fn allocations_are_found_by_name_and_by_address() {
    let (mut world, a, _, inside) = world();
    let web = world.read(|reader| reader.find_allocation(&inside.meta.id, "web/1")).unwrap().unwrap();
    assert_eq!(world.read(|reader| reader.find_allocation(&a.meta.id, "web/1")).unwrap(), None);
    let mut at = |pool: &Pool, block: &str| {
        world.read(|reader| reader.allocation_at(&pool.meta.id, &cidr(block))).unwrap().map(|found| found.meta.id)
    };
    assert_eq!(at(&inside, "10.0.0.255/32").as_deref(), Some(web.meta.id.as_str()));
    assert_eq!(at(&inside, "10.0.0.0/24").as_deref(), Some(web.meta.id.as_str()));
    assert_eq!(at(&inside, "10.0.0.0/23"), None, "larger than the allocation");
    assert_eq!(at(&inside, "10.0.1.0/32"), None);
    assert!(at(&a, "10.0.0.0/32").is_some(), "space of the pool below");
}

#[test]
fn pools_are_listed_parents_first_by_name() {
    let (mut world, a, ..) = world();
    world.write(|ledger| ledger.plan_pool(&below(&a, "zz", "/16"), &terms())).unwrap();
    let names = |world: &mut World, filter: PoolFilter| -> Vec<String> {
        world.read(|reader| reader.list_pools(&filter)).unwrap().into_iter().map(|pool| pool.meta.name).collect()
    };
    assert_eq!(names(&mut world, PoolFilter::default()), ["a", "eu", "b", "eu"]);
    let planned = PoolFilter { include_planned: true, ..PoolFilter::default() };
    assert_eq!(names(&mut world, planned.clone()), ["a", "eu", "zz", "b", "eu"]);
    let inside = PoolFilter { source_pool_id: Some(a.meta.id.clone()), ..planned };
    assert_eq!(names(&mut world, inside), ["eu", "zz"]);
    let public = world.read(|reader| reader.find_scope("default-public")).unwrap().unwrap();
    let elsewhere = PoolFilter { scope_id: Some(public.meta.id), ..PoolFilter::default() };
    assert!(names(&mut world, elsewhere).is_empty());
}

#[test]
fn history_shows_the_actor_of_each_event() {
    let (mut world, ..) = world();
    let events = world.read(|reader| reader.events(2, 3)).unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!((events[0].action.as_str(), events[0].actor.owner.as_str()), ("create", "us"));
    assert_eq!(events[1].previous_hash, events[0].hash);
    assert!(world.read(|reader| reader.events(u64::MAX, 3)).unwrap().is_empty());
}
