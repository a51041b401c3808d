//! Tests of notes on objects that no event records.

use std::time::Duration;

use crate::ipam::testing::*;
use crate::ipam::*;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_note_that_a_plan_keeps_arguments_lasts_until_it_expires_or_is_removed() {
    let mut world = World::new();
    let scope = scope("lab");
    let scope = world.write(|ledger| ledger.create_scope(&scope, &Planned::Unknown)).unwrap();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let more = PoolCidrSpec { pool_id: pool.meta.id.clone(), name: None, size: size("172.16.0.0/16"), proof: None };
    let more = world.write(|ledger| ledger.create_pool_cidr(&more, &Planned::Unknown)).unwrap();
    let web = world.create(&pool, "web", "/24").unwrap();
    for id in [&scope.meta.id, &pool.meta.id, &more.meta.id, &web.meta.id] {
        let until = |world: &mut World| world.read(|reader| reader.arguments_kept_until(id)).unwrap();
        assert_eq!(until(&mut world), None);
        world.write(|ledger| ledger.keep_arguments(id, HOUR)).unwrap();
        assert_eq!(until(&mut world), Some(world.now + HOUR));
        // No event records the note, and none is required.
        world.check();
        world.write(|ledger| ledger.forget_kept_arguments(id)).unwrap();
        assert_eq!(until(&mut world), None);
        world.write(|ledger| ledger.keep_arguments(id, HOUR)).unwrap();
        world.wait(60);
        assert_eq!(until(&mut world), None, "expired");
    }
    // The next change includes the note in its event.
    let change = AllocationChange { name: "www".into(), ..resized(&web, "/24") };
    world.write(|ledger| ledger.update_allocation(&web.meta.id, &change)).unwrap();
    world.write(|ledger| ledger.forget_kept_arguments(&web.meta.id)).unwrap();
    world.check();
}

#[test]
fn holds_and_deleted_objects_have_no_notes() {
    let mut world = World::new();
    let pool = world.top("top", &["10.0.0.0/16"]);
    let held = world.plan(&pool, "web", "/24").unwrap();
    let before = world.map.entries().clone();
    for id in [held.meta.id.as_str(), "ipam-pool-00000000000000000", "vpc-1_10.0.0.0/16_eu-west-1"] {
        world.write(|ledger| ledger.keep_arguments(id, HOUR)).unwrap();
    }
    assert_eq!(world.map.entries(), &before);
}
