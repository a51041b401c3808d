//! Address sets during the life of a configuration.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const SET: &str = "ipam_address_set.web";

fn subnet(cidr: &str) -> (&'static str, Json) {
    web(&json!({"cidr": cidr}))
}

fn set(members: &Json) -> (&'static str, Json) {
    (SET, json!({"ipv4_allocation_id": "${ipam_allocation.web.id}", "name": "web", "members": members}))
}

fn addresses(workspace: &crate::provider::testing::Workspace<'_>) -> String {
    let shown: Json = serde_json::from_str(&workspace.get(SET, "ipv4")).unwrap();
    shown["addresses"].to_string()
}

#[test]
fn members_change_and_the_others_keep_their_addresses() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let planned = workspace
        .plan(&[top(), subnet("10.0.0.0/24"), set(&json!({"gateway": {"ipv4_address": "10.0.0.1"}, "a": {}, "b": {}}))])
        .unwrap();
    let shown: Json = serde_json::from_str(&planned.get(SET, "ipv4")).unwrap();
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(shown.to_string(), workspace.get(SET, "ipv4").parse::<Json>().unwrap().to_string());
    assert_eq!(shown["ptr_names"]["a"], "2.0.0.10.in-addr.arpa");
    assert_eq!((&shown["gateway"], &shown["netmask"]), (&json!("10.0.0.1"), &json!("255.255.255.0")));
    assert_eq!((&shown["first_usable"], &shown["last_usable"]), (&json!("10.0.0.1"), &json!("10.0.0.254")));
    let planned =
        workspace.apply(&[top(), subnet("10.0.0.0/24"), set(&json!({"gateway": {}, "b": {}, "aa": {}, "c": {}}))]);
    assert_eq!(planned.action(SET), Action::Update);
    assert_eq!(addresses(&workspace), r#"{"aa":"10.0.0.2","b":"10.0.0.3","c":"10.0.0.4","gateway":"10.0.0.1"}"#);
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn an_error_is_on_the_member_and_nothing_is_held() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), subnet("10.0.0.0/30")]);
    let commits = world.memory.commits();
    let members = json!({"a": {}, "b": {}, "c": {}});
    let errors = workspace.plan(&[top(), subnet("10.0.0.0/30"), set(&members)]).unwrap_err();
    assert_only_error(&errors, "members[\"c\"]", &["no free address", "10.0.0.1 to 10.0.0.2"]);
    let errors = workspace.plan(&[top(), subnet("10.0.0.0/30"), set(&json!({"a": {"ipv4_address": "10.0.9.1"}}))]);
    assert_only_error(&errors.unwrap_err(), "members[\"a\"].ipv4_address", &["10.0.9.1 is not in the allocation"]);
    assert_eq!(world.memory.commits(), commits);
}

#[test]
fn two_configurations_share_an_allocation_and_no_address() {
    let world = World::new();
    let mut a = world.workspace("team/a");
    a.apply(&[top(), subnet("10.0.0.0/24"), set(&json!({"x": {}}))]);
    let mut b = world.workspace("team/b");
    let id = a.get("ipam_allocation.web", "id");
    let other = |members: Json| (SET, json!({"ipv4_allocation_id": id, "name": "db", "members": members}));
    b.apply(&[other(json!({"x": {}}))]);
    assert_eq!((addresses(&a).as_str(), addresses(&b).as_str()), (r#"{"x":"10.0.0.1"}"#, r#"{"x":"10.0.0.2"}"#));
    let errors = b.plan(&[other(json!({"x": {"ipv4_address": "10.0.0.1"}}))]).unwrap_err();
    assert_only_error(&errors, "members[\"x\"].ipv4_address", &["10.0.0.1 is taken", "team/a"]);
    let errors = a.plan(&[top()]).unwrap_err();
    assert_only_error(&errors, "", &["\"web\" is in use", "\"db\"", "team/b"]);
    let by_id = |members: &Json| (SET, with(&set(members).1, &json!({"ipv4_allocation_id": id})));
    let errors = a.plan(&[top(), web(&json!({"netmask_length": 31})), by_id(&json!({"x": {}}))]).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["Addresses are in the way of 10.0.0.0/31", "\"db\""]);
    b.destroy();
    a.destroy();
    world.assert_sound();
}

#[test]
fn both_families_are_one_set_and_a_family_is_added_and_removed_in_place() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let six = [
        ("ipam_pool.six", json!({"name": "six", "cidrs": ["fd80:db8::/48"]})),
        ("ipam_allocation.six", json!({"ipam_pool_id": "${ipam_pool.six.id}", "name": "web", "netmask_length": 64})),
    ];
    let members = json!({"a": {}, "b": {}});
    let (_, four) = set(&members);
    let both = (SET, with(&four, &json!({"ipv6_allocation_id": "${ipam_allocation.six.id}"})));
    let config = |set: (&'static str, Json)| -> Vec<(&'static str, Json)> {
        [top(), subnet("10.0.0.0/24")].into_iter().chain(six.clone()).chain([set]).collect()
    };
    workspace.apply(&config(set(&members)));
    let id = workspace.get(SET, "id");
    assert_eq!(workspace.apply(&config(both)).action(SET), Action::Update);
    let shown: Json = serde_json::from_str(&workspace.get(SET, "ipv6")).unwrap();
    assert_eq!(shown["addresses"], json!({"a": "fd80:db8::1", "b": "fd80:db8::2"}));
    assert_eq!(shown["netmask"], Json::Null);
    assert_eq!(workspace.apply(&config(set(&members))).action(SET), Action::Update);
    assert_eq!((workspace.get(SET, "id"), workspace.get(SET, "ipv6")), (id, "null".to_owned()));
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn a_set_moves_with_its_allocation() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), subnet("10.0.0.0/24"), set(&json!({"a": {}}))]);
    let planned = workspace.apply(&[top(), subnet("10.7.0.0/24"), set(&json!({"a": {}}))]);
    assert_eq!((planned.action("ipam_allocation.web"), planned.action(SET)), (Action::Replace, Action::Replace));
    assert_eq!(addresses(&workspace), r#"{"a":"10.7.0.1"}"#);
    world.assert_sound();
}

#[test]
fn an_allocation_that_grows_or_shrinks_takes_its_set_along() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let sized = |length: u8| web(&json!({"netmask_length": length}));
    workspace.apply(&[top(), sized(25), set(&json!({"a": {}}))]);
    let planned = workspace.apply(&[top(), sized(24), set(&json!({"a": {}, "z": {"ipv4_address": "10.0.0.200"}}))]);
    assert_eq!((planned.action("ipam_allocation.web"), planned.action(SET)), (Action::Update, Action::Update));
    let shrunk = [top(), sized(26), set(&json!({"a": {}}))];
    let id = workspace.get("ipam_allocation.web", "id");
    let by_id = (SET, with(&shrunk[2].1, &json!({"ipv4_allocation_id": id})));
    let errors = workspace.plan(&[top(), sized(26), by_id]).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["10.0.0.0/26", "\"z\""]);
    workspace.apply(&[top(), sized(24), set(&json!({"a": {}}))]);
    workspace.apply(&shrunk);
    let errors = workspace.plan(&[top(), sized(27), set(&json!({"a": {}, "b": {"ipv4_address": "10.0.0.60"}}))]);
    assert_only_error(&errors.unwrap_err(), "members[\"b\"].ipv4_address", &["is not in the allocation"]);
}

#[test]
fn a_set_is_imported_by_id_and_by_its_allocation_and_name() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = [top(), subnet("10.0.0.0/24"), set(&json!({"a": {}, "b": {}}))];
    workspace.apply(&config);
    let (id, place) = (workspace.get(SET, "id"), workspace.get("ipam_allocation.web", "id"));
    for text in [id.clone(), format!("{place}/web"), "top/web/web".to_owned()] {
        workspace.state.remove(SET);
        workspace.import(SET, &text).unwrap();
        assert_eq!(workspace.get(SET, "id"), id);
        workspace.assert_settled(&config);
    }
    workspace.state.remove(SET);
    let errors = workspace.import(SET, "top/web/other").unwrap_err();
    assert!(errors.join(" ").contains("No such address set"), "{errors:?}");
}

#[test]
fn a_member_that_is_unknown_is_decided_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let known = [top(), subnet("10.0.0.0/24"), set(&json!({"a": {}}))];
    let mut planned = workspace.plan(&[top(), subnet("10.0.0.0/24"), set(&json!(UNKNOWN))]).unwrap();
    assert_eq!(planned.get(SET, "ipv4"), UNKNOWN);
    planned.become_known(SET, &known[2].1);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&known);
    assert_eq!(addresses(&workspace), r#"{"a":"10.0.0.1"}"#);
}

#[test]
fn without_holds_a_set_is_checked_in_the_plan_and_placed_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), subnet("10.0.0.0/30")]);
    workspace.plan_hold = std::time::Duration::ZERO;
    let commits = world.memory.commits();
    let errors = workspace.plan(&[top(), subnet("10.0.0.0/30"), set(&json!({"a": {}, "b": {}, "c": {}}))]).unwrap_err();
    assert_only_error(&errors, "members[\"c\"]", &["no free address"]);
    let planned = workspace.plan(&[top(), subnet("10.0.0.0/30"), set(&json!({"a": {}}))]).unwrap();
    assert_eq!((planned.get(SET, "ipv4").as_str(), world.memory.commits()), (UNKNOWN, commits));
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(addresses(&workspace), r#"{"a":"10.0.0.1"}"#);
    workspace.destroy();
}

#[test]
fn a_second_set_of_one_name_is_refused() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), subnet("10.0.0.0/24")]);
    let other = ("ipam_address_set.other", set(&json!({"a": {}})).1);
    let errors = workspace.plan(&[top(), subnet("10.0.0.0/24"), set(&json!({"a": {}})), other]).unwrap_err();
    assert_only_error(&errors, "name", &["Another address set"]);
}

#[test]
fn an_address_goes_from_a_set_that_is_removed_to_a_new_one() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let fixed = json!({"a": {"ipv4_address": "10.0.0.9"}});
    workspace.apply(&[top(), subnet("10.0.0.0/24"), set(&fixed)]);
    let new = ("ipam_address_set.new", with(&set(&fixed).1, &json!({"name": "new"})));
    let planned = workspace.apply(&[top(), subnet("10.0.0.0/24"), new]);
    assert_eq!((planned.action(SET), planned.action("ipam_address_set.new")), (Action::Delete, Action::Create));
    world.assert_sound();
}

#[test]
fn mistakes_are_told_on_their_arguments_without_a_store() {
    let world = World::new();
    let workspace = world.workspace("team/a");
    let cases = [
        (json!({"ipv4_allocation_id": null}), "ipv4_allocation_id", "The set has no allocation"),
        (json!({"ipv4_allocation_id": " "}), "ipv4_allocation_id", "The ID is empty"),
        (json!({"ipv4_allocation_id": "x", "ipv6_allocation_id": "x"}), "ipv6_allocation_id", "One allocation for two"),
        (json!({"members": {}}), "members", "The set has no members"),
        (json!({"members": {"a/b": {}}}), "members[\"a/b\"]", "slash"),
        (json!({"name": ""}), "name", "The name is empty"),
        (json!({"domain": "example.org."}), "domain", "ends with a dot"),
        (json!({"domain": "a b"}), "domain", "not a name for the DNS"),
        (json!({"domain": "x.org", "members": {"a b": {}}}), "members[\"a b\"]", "Invalid host name"),
        (json!({"members": {"a": {"ipv4_address": "fd80::1"}}}), "members[\"a\"].ipv4_address", "not an ipv4 address"),
        (json!({"members": {"a": {"ipv6_address": "fd80::1"}}}), "members[\"a\"].ipv6_address", "An address without"),
        (
            json!({"members": {"a": {"ipv4_address": "10.0.0.1"}, "b": {"ipv4_address": "10.0.0.1"}}}),
            "members[\"b\"].ipv4_address",
            "10.0.0.1 is asked for twice",
        ),
    ];
    let plain = json!({"ipv4_allocation_id": "ipam-pool-alloc-1", "name": "web", "members": {"a": {}}});
    for (arguments, path, words) in cases {
        let errors = workspace.plan(&[(SET, with(&plain, &arguments))]).unwrap_err();
        assert_only_error(&errors, path, &[words]);
    }
    let many: serde_json::Map<_, _> = (0..1001).map(|number| (format!("m{number}"), json!({}))).collect();
    let errors = workspace.plan(&[(SET, with(&plain, &json!({"members": many})))]).unwrap_err();
    assert_only_error(&errors, "members", &["1001 members"]);
    let errors = workspace.plan(&[(SET, plain)]).unwrap_err();
    assert_only_error(&errors, "ipv4_allocation_id", &["ipam-pool-alloc-1"]);
}
