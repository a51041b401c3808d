//! Loans and the prevention of a release, from a configuration.

use std::time::Duration;

use super::*;
use crate::provider::on_missing::OnMissing;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const WEB: &str = "ipam_allocation.web";
const HOUR: Duration = Duration::from_secs(3600);

fn config(more: &Json) -> Vec<(&'static str, Json)> {
    vec![top(), web(&with(&json!({"netmask_length": 24}), more))]
}

fn collect(world: &World) {
    world.local("keeper", None).collect_expired(false, &mut |_, _, _| ()).unwrap();
}

#[test]
fn the_end_of_a_loan_by_length_is_known_after_apply_and_then_stays() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let two_hours = config(&json!({"ttl": "2h"}));
    let planned = workspace.plan(&two_hours).unwrap();
    assert_eq!(planned.get(WEB, "expires_at"), UNKNOWN);
    assert_eq!(planned.get(WEB, "cidr"), "10.0.0.0/24");
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(WEB, "expires_at"), "2001-09-09T03:46:40Z");
    world.pass(HOUR);
    workspace.assert_settled(&two_hours);
    workspace.assert_settled(&config(&json!({"ttl": "120m"})));
    let planned = workspace.plan(&config(&json!({"ttl": "3h"}))).unwrap();
    assert_eq!((planned.action(WEB), planned.get(WEB, "expires_at").as_str()), (Action::Update, UNKNOWN));
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(WEB, "expires_at"), "2001-09-09T05:46:40Z", "it counts from this apply");
    let until = config(&json!({"expires_at": "2001-09-10T00:00:00+02:00"}));
    workspace.apply(&until);
    workspace.assert_settled(&until);
    workspace.assert_settled(&config(&json!({"expires_at": "2001-09-09T22:00:00Z"})));
    let planned = workspace.apply(&config(&json!({})));
    assert_eq!(planned.action(WEB), Action::Update);
    assert_eq!(workspace.value(WEB).entry("expires_at"), &crate::tf::Value::Null);
    world.assert_sound();
}

#[test]
fn an_unknown_end_hides_no_address() {
    let world = World::new();
    for (name, value) in [("ttl", "2h"), ("expires_at", "2001-09-10T00:00:00Z")] {
        let mut workspace = world.workspace("team/a");
        let planned = workspace.plan(&config(&json!({name: UNKNOWN}))).unwrap();
        assert_eq!(planned.get(WEB, "expires_at"), UNKNOWN);
        assert!(planned.get(WEB, "cidr").starts_with("10."));
        workspace.apply(&config(&json!({name: value})));
        workspace.apply(&[]);
    }
    world.assert_sound();
}

#[test]
fn a_loan_that_is_over_warns_its_owner_and_is_created_anew_after_gc() {
    for on_missing in [OnMissing::Create, OnMissing::Restore] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.on_missing = on_missing;
        let lent = config(&json!({"ttl": "2h"}));
        workspace.apply(&lent);
        let before = workspace.get(WEB, "id");
        world.pass(3 * HOUR);
        let planned = workspace.plan(&lent).unwrap();
        assert!(planned.is_empty());
        let [warning] = planned.warnings.as_slice() else { panic!("{:#?}", planned.warnings) };
        assert!(warning.contains("The loan of this allocation is over"), "{warning}");
        collect(&world);
        let planned = workspace.plan(&lent).unwrap();
        assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Create, "10.0.0.0/24"));
        workspace.apply_plan(&planned).unwrap();
        assert_ne!(workspace.get(WEB, "id"), before);
        world.assert_sound();
    }
}

#[test]
fn an_end_that_has_passed_is_refused_when_it_is_new() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let over = config(&json!({"expires_at": "2001-01-01T00:00:00Z"}));
    let words = &["The loan would be over already"];
    assert_only_error(&workspace.plan(&over).unwrap_err(), "expires_at", words);
    workspace.apply(&config(&json!({})));
    assert_only_error(&workspace.plan(&over).unwrap_err(), "expires_at", words);
}

#[test]
fn a_plan_that_destroys_or_replaces_a_protected_allocation_fails() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let kept = json!({"prevent_release": true});
    workspace.apply(&config(&kept));
    let words = &["Allocation \"web\" prevents its release", "set `prevent_release = false`"];
    assert_only_error(&workspace.plan(&[top()]).unwrap_err(), "prevent_release", words);
    let elsewhere = vec![top(), web(&with(&kept, &json!({"cidr": "10.9.0.0/24"})))];
    assert_only_error(&workspace.plan(&elsewhere).unwrap_err(), "prevent_release", words);
    let let_go = vec![top(), web(&json!({"cidr": "10.9.0.0/24", "prevent_release": false}))];
    assert_only_error(&workspace.plan(&let_go).unwrap_err(), "prevent_release", words);
    workspace.tainted.insert(WEB.to_owned());
    assert_only_error(&workspace.plan(&config(&kept)).unwrap_err(), "prevent_release", words);
    workspace.tainted.clear();
    workspace.apply(&[top(), web(&json!({"netmask_length": 23, "prevent_release": true}))]);
    let planned = workspace.apply(&[top(), web(&json!({"netmask_length": 23}))]);
    assert_eq!(planned.action(WEB), Action::Update);
    workspace.apply(&[top()]);
    world.assert_sound();
}

#[test]
fn a_service_without_an_end_for_allocations_refuses_each_argument() {
    for (name, value) in
        [("ttl", json!("2h")), ("expires_at", json!("2001-09-10T00:00:00Z")), ("prevent_release", json!(true))]
    {
        let world = World::with_service();
        let workspace = world.workspace("team/a");
        let errors = workspace.plan(&config(&json!({name: value}))).unwrap_err();
        assert_only_error(&errors, name, &["AWS IPAM"]);
    }
}
