//! From names and paths to objects; lists of pools.

use crate::ipam::testing::*;
use crate::ipam::*;

fn one<T>(lookup: Lookup<T>) -> T {
    match lookup {
        Lookup::One(found) => found,
        _ => panic!("not one"),
    }
}

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
fn pools_and_allocations_are_found_by_id_name_and_path() {
    let (mut world, a, _, inside) = world();
    for text in [a.meta.id.as_str(), "a", "default-private/a"] {
        assert_eq!(one(world.read(|reader| reader.find_pool(text)).unwrap()).meta.id, a.meta.id, "{text}");
    }
    assert_eq!(one(world.read(|reader| reader.find_pool("a/eu")).unwrap()).meta.id, inside.meta.id);
    let Lookup::Ambiguous(candidates) = world.read(|reader| reader.find_pool("eu")).unwrap() else { panic!() };
    assert_eq!(
        candidates.iter().map(|found| found.path.as_str()).collect::<std::collections::BTreeSet<_>>(),
        ["a/eu", "b/eu"].into()
    );
    assert_eq!(world.read(|reader| reader.find_pool("a/b")).unwrap(), Lookup::Missing);
    let web = one(world.read(|reader| reader.find_allocation_at("a/eu/web/1")).unwrap());
    let by_pool_id = format!("{}/web/1", inside.meta.id);
    for text in ["eu/web/1", by_pool_id.as_str(), web.meta.id.as_str(), "default-private/a/eu/web/1"] {
        assert_eq!(one(world.read(|reader| reader.find_allocation_at(text)).unwrap()), web, "{text}");
    }
    let spec = PoolCidrSpec { pool_id: a.meta.id.clone(), name: None, size: size("12.0.0.0/16") };
    let made = world.write(|ledger| ledger.create_pool_cidr(&spec, &Planned::Unknown)).unwrap();
    assert_eq!(one(world.read(|reader| reader.find_pool_cidr("a/12.0.0.0/16")).unwrap()), made);
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
    let public = one(world.read(|reader| reader.find_scope("default-public")).unwrap());
    let elsewhere = PoolFilter { scope_id: Some(public.meta.id), ..PoolFilter::default() };
    assert!(names(&mut world, elsewhere).is_empty());
}

#[test]
fn history_tells_who_did_what() {
    let (mut world, ..) = world();
    let events = world.read(|reader| reader.events(2, 3)).unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!((events[0].action.as_str(), events[0].actor.owner.as_str()), ("create", "us"));
    assert_eq!(events[1].previous_hash, events[0].hash);
    assert!(world.read(|reader| reader.events(u64::MAX, 3)).unwrap().is_empty());
}
