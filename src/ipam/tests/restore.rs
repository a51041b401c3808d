//! Tests of objects in a state whose store was restored from an older backup.

use crate::ipam::testing::*;
use crate::ipam::*;

const WEB: &str = "ipam-pool-alloc-00000000000000abc";

fn web(pool: &Pool, block: &str) -> Missing {
    Missing::Allocation(wanted(pool, "web", block))
}

fn restore(world: &mut World, id: &str, missing: &Missing) -> Result<bool> {
    world.write(|ledger| ledger.restore(id, missing))
}

#[test]
fn objects_are_restored_with_their_id_and_block() {
    let mut world = World::new();
    let scope = scope("lab");
    let [scope_id, top_id, below_id, more_id] =
        ["ipam-scope-0abc", "ipam-pool-0abc", "ipam-pool-0abd", "ipam-pool-cidr-0abc"];
    let top = PoolSpec { scope_id: Some(scope_id.into()), ..top("top", &["10.0.0.0/8"]) };
    assert_eq!(restore(&mut world, scope_id, &Missing::Scope(scope)), Ok(true));
    assert_eq!(restore(&mut world, top_id, &Missing::Pool(Box::new(top), Some(cidr("10.0.0.0/8")))), Ok(true));
    let pool = |world: &mut World, id: &str| world.read(|reader| reader.get_pool(id)).unwrap().unwrap();
    let parent = pool(&mut world, top_id);
    // By size, and not at the position where it would be placed now.
    let spec = below(&parent, "below", "/16");
    assert_eq!(restore(&mut world, below_id, &Missing::Pool(Box::new(spec), Some(cidr("10.77.0.0/16")))), Ok(true));
    let inner = pool(&mut world, below_id);
    assert_eq!((inner.cidrs.clone(), &inner.provision), (cidrs(&["10.77.0.0/16"]), &Provision::NetmaskLength(16)));
    let more =
        PoolCidrSpec { pool_id: below_id.into(), name: Some("more".into()), size: size("10.9.0.0/20"), proof: None };
    assert_eq!(restore(&mut world, more_id, &Missing::PoolCidr(more)), Ok(true));
    assert_eq!(restore(&mut world, WEB, &web(&inner, "10.77.3.0/24")), Ok(true));
    let found = world.read(|reader| reader.get_allocation(WEB)).unwrap().unwrap();
    assert_eq!((found.cidr, found.meta.state, found.meta.owner.as_str()), (cidr("10.77.3.0/24"), State::Active, "us"));
    world.check();

    let events = world.read(|reader| reader.events(0, 100)).unwrap();
    let ids: Vec<_> = events.iter().filter(|event| event.action == "restore").map(|event| event.id.as_str()).collect();
    assert_eq!(ids, [scope_id, top_id, below_id, more_id, WEB]);

    let before = world.map.entries().clone();
    assert_eq!(restore(&mut world, WEB, &web(&inner, "10.77.3.0/24")), Ok(true));
    assert_eq!(*world.map.entries(), before, "an existing object stays as it is");
}

#[test]
fn an_object_that_an_event_shows_as_released_is_not_restored() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8"]);
    for n in 0..1100 {
        // The event is not on the first page that is read.
        let noise = world.create(&pool, &format!("noise-{n}"), "/24").unwrap();
        world.write(|ledger| ledger.delete_allocation(&noise.meta.id)).unwrap();
    }
    let found = world.create(&pool, "web", "10.0.0.0/24").unwrap();
    world.write(|ledger| ledger.delete_allocation(&found.meta.id)).unwrap();
    assert_eq!(restore(&mut world, &found.meta.id, &web(&pool, "10.0.0.0/24")), Ok(false));
    assert_eq!(world.read(|reader| reader.get_allocation(&found.meta.id)).unwrap(), None);
}

#[test]
fn taken_space_and_names_stay_with_their_holders() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/8"]);
    world.as_owner("them").create(&pool, "theirs", "10.0.0.0/24").unwrap();
    world.as_owner("them").plan(&pool, "planned", "10.0.1.0/24").unwrap();
    world.as_owner("us");
    for block in ["10.0.0.0/25", "10.0.1.0/24"] {
        let answer = restore(&mut world, WEB, &web(&pool, block));
        assert!(matches!(answer, Err(Error::Overlap { .. })), "{block}: {answer:?}");
    }
    assert!(matches!(restore(&mut world, WEB, &web(&pool, "11.0.0.0/24")), Err(Error::OutsidePool { .. })));
    // An interrupted apply left another object of this name behind.
    world.create(&pool, "web", "10.0.2.0/24").unwrap();
    assert!(matches!(restore(&mut world, WEB, &web(&pool, "10.0.2.0/24")), Err(Error::NameTaken { .. })));
    world.check();
}

/// A plan that was made before the loss was noticed holds the name, and perhaps the block.
#[test]
fn a_hold_of_the_same_owner_is_reclaimed() {
    for held in ["10.0.0.0/24", "10.0.9.0/24"] {
        let mut world = World::new();
        let pool = world.top("top", &["10.0.0.0/8"]);
        let hold = world.plan(&pool, "web", held).unwrap();
        assert_eq!(restore(&mut world, WEB, &web(&pool, "10.0.0.0/24")), Ok(true), "{held}");
        assert_eq!(world.read(|reader| reader.get_allocation(&hold.meta.id)).unwrap(), None);
        assert!(world.read(|reader| reader.list_holds(&HoldFilter::default())).unwrap().is_empty());
        world.check();
    }
}

/// The backup was made between plan and apply: it contains the hold, which may have expired and been reclaimed since.
#[test]
fn a_hold_with_the_same_id_becomes_the_object() {
    for is_lapsed in [false, true] {
        let mut world = World::new();
        let top = world.top("top", &["10.0.0.0/8"]);
        let spec = below(&top, "below", "10.4.0.0/16");
        let pool = world.write(|ledger| ledger.plan_pool(&spec, &terms())).unwrap();
        let hold = world.plan(&pool, "web", "10.4.0.0/24").unwrap();
        if is_lapsed {
            world.wait(61);
            let taken = world.as_owner("them").create(&top, "taken", "10.4.0.0/16").unwrap();
            world.write(|ledger| ledger.delete_allocation(&taken.meta.id)).unwrap();
            world.as_owner("us");
        }
        let missing = Missing::Pool(Box::new(spec), Some(cidr("10.4.0.0/16")));
        assert_eq!(restore(&mut world, &pool.meta.id, &missing), Ok(true), "{is_lapsed}");
        assert_eq!(restore(&mut world, &hold.meta.id, &web(&pool, "10.4.0.0/24")), Ok(true), "{is_lapsed}");
        let found = world.read(|reader| reader.get_allocation(&hold.meta.id)).unwrap().unwrap();
        assert_eq!((found.meta.state, found.cidr), (State::Active, hold.cidr));
        world.check();
    }
}

#[test]
fn an_object_with_reserved_addresses_is_restored() {
    let mut world = World::new();
    let rules = Rules { reserve_first: 4, reserved_cidrs: cidrs(&["10.1.0.0/16"]), ..Rules::default() };
    let spec = PoolSpec { rules, ..top("top", &["10.0.0.0/8"]) };
    let pool = world.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap();
    assert_eq!(restore(&mut world, WEB, &web(&pool, "10.0.0.0/28")), Ok(true));
    let (id, block) = ("ipam-pool-0abd", cidr("10.1.0.0/20"));
    assert_eq!(
        restore(&mut world, id, &Missing::Pool(Box::new(below(&pool, "below", "10.1.0.0/20")), Some(block))),
        Ok(true)
    );
    assert!(matches!(world.create(&pool, "new", "10.1.16.0/28"), Err(Error::Reserved { .. })));
    world.check();
}
