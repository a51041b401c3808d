//! `-parallelism=1`: Terraform may ask for a new object before it shows the object that gives up the name or the block.

use std::time::Duration;

use super::*;
use crate::provider::testing::{Action, Workspace, World, assert_only_error};

fn allocation(address: &'static str, name: &str, cidr: &str) -> (&'static str, Json) {
    (address, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "cidr": cidr}))
}

const OLD: &str = "ipam_allocation.old";
const NEW: &str = "ipam_allocation.new";

/// A configuration whose plan asked for the block of the old allocation before Terraform showed that one.
fn after_a_failed_plan(world: &World) -> Workspace<'_> {
    let mut workspace = world.workspace("team/a");
    workspace.orphans_first = false;
    workspace.apply(&[top(), allocation(OLD, "old", "10.0.0.0/24")]);
    workspace.plan(&[top(), allocation(NEW, "new", "10.0.0.0/24")]).unwrap_err();
    workspace
}

#[test]
fn the_plan_after_the_failed_one_hands_over_the_block() {
    for hides_walk in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        (workspace.hides_walk, workspace.orphans_first) = (hides_walk, false);
        workspace.apply(&[top(), allocation(OLD, "old", "10.0.0.0/24")]);
        let handed = [top(), allocation(NEW, "new", "10.0.0.0/24")];
        assert_only_error(&workspace.plan(&handed).unwrap_err(), "cidr", &["10.0.0.0/24 overlaps space that is taken"]);
        world.assert_sound();
        for _ in 0..2 {
            let planned = workspace.plan(&handed).unwrap();
            assert_eq!((planned.action(OLD), planned.action(NEW)), (Action::Delete, Action::Create));
        }
        workspace.orphans_first = true;
        workspace.apply(&handed);
        workspace.assert_settled(&handed);
        world.assert_sound();
    }
}

#[test]
fn an_object_that_stays_keeps_its_block_after_a_failed_plan() {
    let world = World::new();
    let workspace = after_a_failed_plan(&world);
    let both = [top(), allocation(NEW, "new", "10.0.0.0/24"), allocation(OLD, "old", "10.0.0.0/24")];
    let errors = workspace.plan(&both).unwrap_err();
    assert_only_error(&errors, "cidr", &["asked for twice", "\"new\""]);
    workspace.assert_settled(&[top(), allocation(OLD, "old", "10.0.0.0/24")]);
    // The note of the failed plan lasts only as long as holds.
    world.pass(Duration::from_hours(2));
    let errors = workspace.plan(&[top(), allocation(NEW, "new", "10.0.0.0/24")]).unwrap_err();
    assert_only_error(&errors, "cidr", &["overlaps space that is taken"]);
}

#[test]
fn space_that_one_owner_gives_up_is_not_for_another_owner() {
    let world = World::new();
    let workspace = after_a_failed_plan(&world);
    let pool_id = workspace.get("ipam_pool.top", "id");
    let theirs = json!({"ipam_pool_id": pool_id, "name": "theirs", "cidr": "10.0.0.0/24"});
    let errors = world.workspace("team/b").plan(&[("ipam_allocation.x", theirs)]).unwrap_err();
    assert_only_error(&errors, "cidr", &["overlaps space that is taken", "team/a"]);
}
