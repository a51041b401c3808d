//! Several configurations that share a store, and interrupted applies.

use std::time::Duration;

use super::*;
use crate::provider::testing::{Action, Workspace, World, assert_only_error};

const WEB: &str = "ipam_allocation.web";

/// A world with a pool that is in no configuration.
fn world() -> (World, String) {
    let world = World::new();
    let mut base = world.workspace("base");
    base.apply(&[top()]);
    let pool = base.get("ipam_pool.top", "id");
    (world, pool)
}

fn config(pool: &str) -> Vec<(&'static str, Json)> {
    vec![(WEB, json!({"ipam_pool_id": pool, "name": "web", "netmask_length": 24}))]
}

#[test]
fn a_name_of_another_owner_is_refused_with_instructions() {
    let (world, pool) = world();
    let mut first = world.workspace("team/a");
    first.plan(&config(&pool)).unwrap();
    let errors = world.workspace("team/b").plan(&config(&pool)).unwrap_err();
    assert_only_error(&errors, "name", &["team/a", "held", "2001-09-09"]);
    first.apply(&config(&pool));
    let errors = world.workspace("team/b").plan(&config(&pool)).unwrap_err();
    let id = first.get(WEB, "id");
    let command = format!("terraform-provider-ipam transfer {id} --to \"team/b\"");
    assert_only_error(&errors, "name", &["team/a", &command, "10.0.0.0/24"]);
    assert!(!errors[0].contains("import"), "{errors:#?}");
    let errors = world.workspace("team/a").plan(&config(&pool)).unwrap_err();
    assert_only_error(&errors, "name", &["team/a", &format!("terraform import ipam_allocation.NAME {id}")]);
}

#[test]
fn an_apply_whose_state_was_lost_is_resumed() {
    let (world, pool) = world();
    let mut lost = world.workspace("team/a");
    lost.ends_in_order = false;
    let planned = lost.plan(&config(&pool)).unwrap();
    lost.apply_plan(&planned).unwrap();
    let mut again = world.workspace("team/a");
    let second = again.plan(&config(&pool)).unwrap();
    assert_eq!(second.get(WEB, "id"), planned.get(WEB, "id"));
    assert_eq!(second.warnings.len(), 1, "{:?}", second.warnings);
    assert!(second.warnings[0].contains("already exists"), "{:?}", second.warnings);
    again.apply_plan(&second).unwrap();
    again.assert_settled(&config(&pool));
    assert_eq!(again.get(WEB, "id"), lost.get(WEB, "id"));
}

/// The same saved plan is applied again after a crash.
#[test]
fn a_saved_plan_can_be_applied_again_after_a_crash() {
    let (world, pool) = world();
    let mut lost = world.workspace("team/a");
    lost.ends_in_order = false;
    let planned = lost.plan(&config(&pool)).unwrap();
    lost.apply_plan(&planned).unwrap();
    let mut again = world.workspace("team/a");
    again.apply_plan(&planned).unwrap();
    assert_eq!(again.get(WEB, "id"), planned.get(WEB, "id"));
}

#[test]
fn an_object_that_a_refresh_has_seen_is_not_adopted() {
    let (world, pool) = world();
    let mut first = world.workspace("team/a");
    first.ends_in_order = false;
    first.apply(&config(&pool));
    let errors = world.workspace("team/a").plan(&config(&pool)).unwrap_err();
    assert_only_error(&errors, "name", &["terraform import"]);
}

/// Two configurations that use the default owner never have the same object in two states.
#[test]
fn configurations_with_one_owner_never_share_an_object() {
    let both = |workspaces: [Workspace<'_>; 2]| workspaces.iter().filter(|one| one.state.contains_key(WEB)).count();

    // The two configurations are applied one after the other.
    let (world, pool) = self::world();
    let [mut a, b] = [world.workspace("default"), world.workspace("default")];
    let planned = a.plan(&config(&pool)).unwrap();
    a.apply_plan(&planned).unwrap();
    let errors = b.plan(&config(&pool)).unwrap_err();
    assert_only_error(&errors, "name", &["\"default\"", "terraform import"]);
    assert_eq!(both([a, b]), 1);

    // Both configurations are planned, then both are applied.
    let (world, pool) = self::world();
    let [mut a, mut b] = [world.workspace("default"), world.workspace("default")];
    let (planned_a, planned_b) = (a.plan(&config(&pool)).unwrap(), b.plan(&config(&pool)).unwrap());
    assert_eq!(planned_a.get(WEB, "id"), planned_b.get(WEB, "id"), "the two look the same so far");
    b.apply_plan(&planned_b).unwrap();
    assert_only_error(&a.apply_plan(&planned_a).unwrap_err(), "name", &["terraform import"]);
    assert_eq!(both([a, b]), 1);

    // Both applies run at the same time.
    let (world, pool) = self::world();
    let [mut a, mut b] = [world.workspace("default"), world.workspace("default")];
    let (planned_a, planned_b) = (a.plan(&config(&pool)).unwrap(), b.plan(&config(&pool)).unwrap());
    let results: Vec<_> = std::thread::scope(|scope| {
        let pairs = [(&mut a, &planned_a), (&mut b, &planned_b)];
        let threads = pairs.map(|(workspace, planned)| scope.spawn(move || workspace.apply_plan(planned)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused = results.iter().filter(|result| result.is_err()).count();
    // An apply that finds the finished object of the other apply adopts it as an object of its own interrupted apply.
    assert!(refused <= 1 && both([a, b]) + refused == 2, "{results:?}");
}

/// The hold is planned in two processes, for example two aliases of the provider, and both create the object.
#[test]
fn an_object_that_another_process_created_from_the_same_hold_is_not_adopted() {
    let (world, pool) = world();
    let a = world.workspace("default");
    let planned = a.plan(&config(&pool)).unwrap();
    let ipam = world.ipam("default", None);
    let spec = crate::ipam::AllocationSpec::new(pool, "web", crate::ipam::Size::NetmaskLength(24));
    let id = planned.get(WEB, "id");
    let fresh = crate::backend::Planned::Fresh(id.clone());
    ipam.create_allocation(&spec, &fresh).unwrap();
    let error = ipam.create_allocation(&spec, &fresh).unwrap_err();
    assert!(matches!(error, crate::ipam::Error::NameTaken { .. }), "{error:?}");
    ipam.create_allocation(&spec, &crate::backend::Planned::Held(id)).unwrap();
}

#[test]
fn nothing_is_planned_in_a_pool_that_exists_only_in_a_plan_of_another_owner() {
    let world = World::new();
    let planner = world.workspace("team/a");
    let planned_pool = planner.plan(&[top()]).unwrap();
    let pool = planned_pool.get("ipam_pool.top", "id");
    let errors = world.workspace("team/b").plan(&config(&pool)).unwrap_err();
    assert_only_error(&errors, "ipam_pool_id", &[&pool, "exists only in a plan"]);
    world.assert_sound();
}

#[test]
fn an_expired_hold_is_renewed_unless_its_space_was_taken() {
    let (world, pool) = world();
    let mut first = world.workspace("team/a");
    let planned = first.plan(&config(&pool)).unwrap();
    world.pass(Duration::from_hours(5));
    let mut revived = first.clone();
    revived.apply_plan(&planned).unwrap();
    revived.destroy();

    let planned = first.plan(&config(&pool)).unwrap();
    world.pass(Duration::from_hours(5));
    let mut second = world.workspace("team/b");
    second.apply(&[("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "cidr": "10.0.0.0/24"}))]);
    let errors = first.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "name", &["Plan again", "team/b", "10.0.0.0/24"]);
    assert_eq!(first.plan(&config(&pool)).unwrap().action(WEB), Action::Create);
}

#[test]
fn a_saved_plan_whose_hold_was_changed_by_a_later_plan_asks_for_a_new_plan() {
    let (world, pool) = world();
    let mut workspace = world.workspace("team/a");
    let saved = workspace.plan(&config(&pool)).unwrap();
    workspace.plan(&[(WEB, json!({"ipam_pool_id": pool, "name": "web", "netmask_length": 20}))]).unwrap();
    let errors = workspace.apply_plan(&saved).unwrap_err();
    assert_only_error(&errors, "name", &["Plan again"]);
}

/// An import does not take an object from its owner. The warning names the owner and the way to change it.
#[test]
fn an_import_from_another_owner_warns_and_keeps_the_owner() {
    let world = World::new();
    let mut first = world.workspace("team/a");
    let objects = [
        ("ipam_scope.lab", json!({"name": "lab"})),
        top(),
        ("ipam_pool.eu", json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}"})),
        ("ipam_pool_cidr.eu", json!({"ipam_pool_id": "${ipam_pool.eu.id}", "cidr": "10.4.0.0/16"})),
        web(&json!({"netmask_length": 24})),
    ];
    first.apply(&objects);
    let events = world.ipam("auditor", None).history().unwrap().events(0, 1000).unwrap();
    for (address, word) in [
        ("ipam_scope.lab", "scope \"lab\""),
        ("ipam_pool.eu", "pool \"eu\""),
        ("ipam_pool_cidr.eu", "pool CIDR \"10.4.0.0/16\""),
        (WEB, "allocation \"web\""),
    ] {
        let id = first.get(address, "id");
        assert_eq!(world.workspace("team/a").import(address, &id), Ok(vec![]), "{address}");
        let mut second = world.workspace("team/b");
        let warnings = second.import(address, &id).unwrap();
        let [warning] = warnings.as_slice() else { panic!("{address}: {warnings:#?}") };
        let command = format!("terraform-provider-ipam transfer {id} --to \"team/b\"");
        let reported = warning.to_lowercase();
        for words in
            [word.to_lowercase().as_str(), "belongs to owner \"team/a\"", "that configuration loses it", &command]
        {
            assert!(reported.contains(words), "no {words:?} in: {warning}");
        }
        assert_eq!(second.get(address, "owner"), "team/a");
    }
    assert_eq!(world.ipam("auditor", None).history().unwrap().events(0, 1000).unwrap(), events);
    let default = world.ipam("auditor", None).find_scope("default-private").unwrap().unwrap();
    assert_eq!(world.workspace("team/b").import("ipam_scope.default", &default.meta.id), Ok(vec![]));
}
