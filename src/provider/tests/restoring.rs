//! States that are newer than the store.

use super::*;
use crate::backend::AllocationFilter;
use crate::provider::on_missing::OnMissing;
use crate::provider::testing::{Action, Workspace, World};

const ALL: [&str; 5] =
    ["ipam_scope.lab", "ipam_pool.lab", "ipam_pool.eu", "ipam_pool_cidr.more", "ipam_allocation.web"];

fn config() -> Vec<(&'static str, Json)> {
    let lab =
        json!({"name": "top", "cidrs": ["10.0.0.0/8"], "ipam_scope_id": "${ipam_scope.lab.id}", "locale": "here"});
    let eu = json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.lab.id}", "netmask_length": 16,
        "allocation_resource_tags": {"env": "prod"}});
    let more = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "more", "netmask_length": 20});
    let web = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "web", "netmask_length": 24,
        "disallowed_cidrs": ["10.0.0.0/24"], "tags": {"env": "prod"}});
    vec![
        ("ipam_scope.lab", json!({"name": "lab", "tags": {"a": "b"}})),
        ("ipam_pool.lab", lab),
        ("ipam_pool.eu", eu),
        ("ipam_pool_cidr.more", more),
        ("ipam_allocation.web", web),
    ]
}

/// A state from an apply in another world, with the empty store of this world.
fn restored<'a>(world: &'a World, on_missing: OnMissing) -> Workspace<'a> {
    let past = World::new();
    let mut made = past.workspace("team/a");
    // The IDs in that store are different from those in this one.
    made.apply(&[("ipam_scope.other", json!({"name": "other"}))]);
    made.apply(&config());
    let mut workspace = world.workspace("team/a");
    workspace.state = made.state.clone();
    workspace.on_missing = on_missing;
    workspace
}

#[test]
fn objects_of_the_state_are_restored_and_the_plan_is_empty() {
    let world = World::new();
    let mut workspace = restored(&world, OnMissing::Restore);
    let before = workspace.state.clone();
    let planned = workspace.plan(&config()).unwrap();
    assert!(planned.is_empty(), "{planned:#?}");
    let reported =
        |name: &str| planned.warnings.iter().filter(|one| one.contains(name) && one.contains("was restored")).count();
    assert_eq!(
        (reported("scope \"lab\""), reported("allocation \"web\""), planned.warnings.len()),
        (1, 1, 5),
        "{planned:#?}"
    );
    for address in ALL {
        assert_eq!(planned.state[address].value, before[address].value, "{address}");
    }
    world.assert_sound();
    let again = workspace.plan(&config()).unwrap();
    assert!(again.is_empty() && again.warnings.is_empty(), "{:#?}", again.warnings);
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn without_the_argument_new_objects_are_planned() {
    let world = World::new();
    let planned = restored(&world, OnMissing::Create).plan(&config()).unwrap();
    assert!(ALL.iter().all(|address| planned.action(address) == Action::Create), "{planned:#?}");
}

#[test]
fn objects_that_cannot_be_restored_are_planned_as_new_with_the_reason() {
    let world = World::new();
    let workspace = restored(&world, OnMissing::Restore);
    workspace.plan(&config()).unwrap();
    let (ipam, id) = (world.ipam("auditor", None), workspace.get("ipam_allocation.web", "id"));
    // A user released this allocation, so the plan gives no reason.
    ipam.delete_allocation(&id).unwrap();
    let planned = workspace.plan(&config()).unwrap();
    assert_eq!((planned.action("ipam_allocation.web"), planned.warnings.len()), (Action::Create, 0), "{planned:#?}");

    let world = World::new();
    let mut workspace = restored(&world, OnMissing::Restore);
    let web = workspace.state.remove("ipam_allocation.web").unwrap();
    workspace.plan(&config()[..4]).unwrap();
    let block = web.value.entry("cidr").clone();
    workspace.state.insert("ipam_allocation.web".to_owned(), web);
    let mut other = world.workspace("team/b");
    let taken = json!({"ipam_pool_id": workspace.get("ipam_pool.eu", "id"), "name": "taken",
        "cidr": crate::provider::testing::to_json(&block), "tags": {"env": "prod"}});
    other.apply(&[("ipam_allocation.taken", taken)]);
    let planned = workspace.plan(&config()).unwrap();
    assert_eq!(planned.action("ipam_allocation.web"), Action::Create);
    let reported = planned.warnings.iter().find(|one| one.contains("cannot be restored")).expect("a warning");
    assert!(reported.contains("\"web\"") && reported.contains("overlaps") && reported.contains("team/b"), "{reported}");
    world.assert_sound();
}

#[test]
fn only_objects_of_the_same_owner_are_restored() {
    let world = World::new();
    let mut workspace = restored(&world, OnMissing::Restore);
    workspace.owner = "team/b";
    let planned = workspace.plan(&config()).unwrap();
    assert_eq!(planned.action("ipam_scope.lab"), Action::Create);
    assert!(planned.warnings.iter().any(|one| one.contains("belonged to owner \"team/a\"")), "{:#?}", planned.warnings);
}

#[test]
fn without_permission_to_write_the_state_is_kept_with_a_warning() {
    let world = World::new();
    let mut workspace = restored(&world, OnMissing::Restore);
    workspace.store = Some(super::holds::read_only(&world));
    let planned = workspace.plan(&config()).unwrap();
    assert!(planned.is_empty(), "{planned:#?}");
    assert!(planned.warnings.iter().any(|one| one.contains("can only read the store")), "{:#?}", planned.warnings);
    let none = world.ipam("auditor", None).list_allocations(&AllocationFilter::default()).unwrap();
    assert!(none.is_empty());
}
