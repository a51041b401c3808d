//! Tags whose values are known only after apply, in `default_tags` of the provider or in `tags`.

use std::time::Duration;

use super::*;
use crate::provider::tags::{Defaults, OpenTags};
use crate::provider::testing::{Action, UNKNOWN, Workspace, World, assert_only_error, tags};
use crate::tf::{Attr, Path, Tf, Value};

const ADDRESSES: [&str; 4] = ["ipam_scope.lab", "ipam_pool.top", "ipam_pool.eu", "ipam_allocation.web"];
const WEB: &str = "ipam_allocation.web";

fn config() -> Vec<(&'static str, Json)> {
    vec![
        ("ipam_scope.lab", json!({"name": "lab", "tags": {"own": "1"}})),
        top(),
        ("ipam_pool.eu", json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 16})),
        web(&json!({"netmask_length": 24, "tags": {"own": "1"}})),
    ]
}

/// The tags `team`, which is known, and `build`, which is known after apply.
fn half_known() -> Defaults {
    let entries = [("team", Value::String("net".to_owned())), ("build", Value::Unknown)];
    let entries = entries.map(|(key, value)| (key.to_owned(), value));
    Tf::Known(OpenTags::from_value(&Value::Map(entries.into()), &Path::root()).unwrap()).into()
}

fn with_build(workspace: &mut Workspace<'_>, build: &str) {
    workspace.default_tags = tags(&[("team", "net"), ("build", build)]).into();
}

#[test]
fn an_unknown_default_tag_keeps_the_addresses_of_new_objects_in_the_plan() {
    for defaults in [half_known(), Defaults::from(Tf::Unknown)] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.default_tags = defaults;
        let planned = workspace.plan(&config()).unwrap();
        for address in ADDRESSES {
            assert_eq!(planned.get(address, "tags_all"), UNKNOWN, "{address}");
            assert_ne!(planned.get(address, "id"), UNKNOWN, "{address}");
        }
        assert_eq!(planned.get("ipam_pool.eu", "cidr"), "10.0.0.0/16");
        assert_eq!(planned.get(WEB, "cidr"), "10.1.0.0/24");
        with_build(&mut workspace, "7");
        workspace.apply_plan(&planned).unwrap();
        assert_eq!(workspace.get(WEB, "tags_all"), r#"{"build":"7","own":"1","team":"net"}"#);
        workspace.assert_settled(&config());
        world.assert_sound();
    }
}

#[test]
fn an_unknown_default_tag_changes_only_tags_all_of_existing_objects() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    with_build(&mut workspace, "6");
    workspace.apply(&config());
    for defaults in [half_known(), Defaults::from(Tf::Unknown)] {
        workspace.default_tags = defaults;
        let planned = workspace.plan(&config()).unwrap();
        for address in ADDRESSES {
            assert_eq!((planned.action(address), planned.get(address, "tags_all").as_str()), (Action::Update, UNKNOWN));
            for attribute in ["id", "tags", "owner"] {
                assert_eq!(planned.get(address, attribute), workspace.get(address, attribute), "{address}.{attribute}");
            }
        }
        // Other changes are shown as without unknown tags.
        let mut grown = config();
        grown[2].1["netmask_length"] = json!(17);
        assert_eq!(workspace.plan(&grown).unwrap().get("ipam_pool.eu", "cidr"), "10.0.0.0/17");
        with_build(&mut workspace, "7");
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&config());
        with_build(&mut workspace, "6");
        workspace.apply(&config());
    }
    workspace.default_tags = half_known();
    workspace.destroy();
}

#[test]
fn an_unknown_tag_of_an_object_keeps_its_address_in_the_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let mut planned = workspace.plan(&[top(), web(&json!({"netmask_length": 24, "tags": UNKNOWN}))]).unwrap();
    assert_eq!(planned.get(WEB, "cidr"), "10.0.0.0/24");
    assert_eq!((planned.get(WEB, "tags").as_str(), planned.get(WEB, "tags_all").as_str()), (UNKNOWN, UNKNOWN));
    planned.become_known(WEB, &web(&json!({"netmask_length": 24, "tags": {"build": "7"}})).1);
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(WEB, "tags_all"), r#"{"build":"7"}"#);
    world.assert_sound();
}

#[test]
fn a_required_tag_that_is_unknown_is_checked_at_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let strict = |required: Json| ("ipam_pool.top", with(&top().1, &json!({"allocation_resource_tags": required})));
    let sized = web(&json!({"netmask_length": 24}));
    with_build(&mut workspace, "6");
    workspace.apply(&[strict(json!({"build": "7"}))]);
    workspace.default_tags = half_known();
    // Known tags are checked by the plan nevertheless, even in a plan that changes the rules.
    let errors = workspace.plan(&[strict(json!({"build": "7", "team": "x"})), sized.clone()]).unwrap_err();
    assert_only_error(&errors, "tags", &["\"team\"", "\"x\""]);
    let config = [strict(json!({"build": "7"})), sized];
    for plan_hold in [Duration::from_hours(1), Duration::ZERO] {
        workspace.plan_hold = plan_hold;
        let planned = workspace.plan(&config).unwrap();
        let mut wrong = workspace.clone();
        with_build(&mut wrong, "8");
        assert_only_error(&wrong.apply_plan(&planned).unwrap_err(), "tags", &["\"build\"", "\"8\""]);
    }
    workspace.plan_hold = Duration::from_hours(1);
    let planned = workspace.plan(&config).unwrap();
    with_build(&mut workspace, "7");
    workspace.apply_plan(&planned).unwrap();
    workspace.default_tags = half_known();
    workspace.plan(&config).unwrap();
    world.assert_sound();
}
