//! Allocations: sizes, tags, rules, errors.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error, tags};

const WEB: &str = "ipam_allocation.web";

fn sized(netmask_length: u8) -> Vec<(&'static str, Json)> {
    vec![top(), web(&json!({"netmask_length": netmask_length}))]
}

fn exactly(cidr: &str) -> Vec<(&'static str, Json)> {
    vec![top(), web(&json!({"cidr": cidr}))]
}

#[test]
fn size_changes_in_place_up_and_down() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    for (config, expected) in [
        (sized(20), "10.0.0.0/20"),
        (sized(26), "10.0.0.0/26"),
        (exactly("10.0.0.0/25"), "10.0.0.0/25"),
        (exactly("10.0.0.128/25"), "10.0.0.128/25"),
        (exactly("10.0.0.0/24"), "10.0.0.0/24"),
        (exactly("10.0.0.64/26"), "10.0.0.64/26"),
    ] {
        let planned = workspace.plan(&config).unwrap();
        if expected == "10.0.0.128/25" {
            assert_eq!(planned.action(WEB), Action::Replace, "a block next to the old one is a different block");
            continue;
        }
        assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, expected));
        assert_eq!(planned.get(WEB, "netmask_length"), expected.split_once('/').unwrap().1);
        workspace.apply(&config);
        assert_eq!(workspace.get(WEB, "cidr"), expected);
    }
}

#[test]
fn another_spelling_of_the_same_value_is_not_a_change() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    workspace.assert_settled(&exactly("10.0.0.0/24"));
    workspace.assert_settled(&[top(), web(&json!({}))]);
    workspace.assert_settled(&[top(), web(&json!({"timeouts": null, "tags": null}))]);
}

#[test]
fn without_room_to_grow_the_allocation_is_replaced_and_the_plan_shows_the_new_block() {
    for create_before_destroy in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.create_before_destroy = create_before_destroy;
        let neighbour =
            ("ipam_allocation.db", json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "db", "cidr": "10.0.1.0/24"}));
        let config = |length: u8| vec![top(), neighbour.clone(), web(&json!({"netmask_length": length}))];
        workspace.apply(&config(24));
        assert_eq!(workspace.get(WEB, "cidr"), "10.0.0.0/24");
        let planned = workspace.plan(&config(23)).unwrap();
        assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "10.0.2.0/23"));
        assert_eq!(planned.step(WEB).replace, ["netmask_length"]);
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&config(23));
        assert_eq!(workspace.get(WEB, "cidr"), "10.0.2.0/23");
    }
}

#[test]
fn growth_into_space_that_another_owner_took_asks_for_a_new_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    let planned = workspace.plan(&sized(23)).unwrap();
    world.pass(std::time::Duration::from_hours(2));
    let mut other = world.workspace("team/b");
    let pool = workspace.get("ipam_pool.top", "id");
    other.apply(&[("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "cidr": "10.0.1.0/24"}))]);
    let errors = workspace.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["Plan again", "10.0.0.0/23", "10.0.1.0/24", "team/b"]);
    assert_eq!(workspace.get(WEB, "cidr"), "10.0.0.0/24");
    assert_eq!(workspace.plan(&sized(23)).unwrap().action(WEB), Action::Replace);
}

#[test]
fn growth_never_enters_space_that_was_disallowed_later() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    let avoiding =
        |length: u8| vec![top(), web(&json!({"netmask_length": length, "disallowed_cidrs": ["10.0.1.0/24"]}))];
    let mut at_once = workspace.clone();
    assert_eq!(at_once.plan(&avoiding(23)).unwrap().action(WEB), Action::Replace);
    // The two changes in separate applies.
    let planned = at_once.apply(&avoiding(24));
    assert_eq!(planned.action(WEB), Action::Update);
    let planned = at_once.plan(&avoiding(23)).unwrap();
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "10.0.2.0/23"));
    // A block in space that is disallowed now must be replaced.
    let ruled_out = [top(), web(&json!({"netmask_length": 24, "disallowed_cidrs": ["10.0.0.0/16"]}))];
    let planned = at_once.plan(&ruled_out).unwrap();
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "10.1.0.0/24"));
    assert_eq!(planned.step(WEB).replace, ["disallowed_cidrs"]);
}

#[test]
fn tags_drift_and_default_tags_are_planned_in_place() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.default_tags = tags(&[("team", "net"), ("env", "dev")]).into();
    let config = [top(), web(&json!({"netmask_length": 24, "tags": {"env": "prod"}}))];
    workspace.apply(&config);
    assert_eq!(workspace.get(WEB, "tags_all"), r#"{"env":"prod","team":"net"}"#);
    assert_eq!(workspace.get(WEB, "tags"), r#"{"env":"prod"}"#);
    assert_eq!(workspace.get("ipam_pool.top", "tags"), "null");
    // Other default tags change every object in place, and change only `tags_all`.
    workspace.default_tags = tags(&[("team", "platform")]).into();
    let planned = workspace.apply(&config);
    assert_eq!(planned.action("ipam_pool.top"), Action::Update);
    assert_eq!(planned.action(WEB), Action::Update);
    assert_eq!(workspace.get(WEB, "tags_all"), r#"{"env":"prod","team":"platform"}"#);
    // A change by another user shows as drift, and the plan reverts it.
    let (ipam, id) = (world.ipam("by hand", None), workspace.get(WEB, "id"));
    let now = ipam.get_allocation(&id).unwrap().unwrap();
    let change = crate::backend::AllocationChange {
        name: now.meta.name,
        description: Some("by hand".to_owned()),
        tags: tags(&[("env", "test")]),
        disallowed_cidrs: now.disallowed_cidrs,
        size: now.size,
        lifetime: now.lifetime,
    };
    ipam.update_allocation(&id, &change).unwrap();
    let planned = workspace.apply(&config);
    assert_eq!(planned.action(WEB), Action::Update);
    let now = ipam.get_allocation(&id).unwrap().unwrap();
    assert_eq!((now.tags, now.description), (tags(&[("env", "prod"), ("team", "platform")]), None));
}

#[test]
fn required_tags_are_checked_at_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let strict = ("ipam_pool.top", with(&top().1, &json!({"allocation_resource_tags": {"env": "prod"}})));
    let config = |tags: Json| vec![strict.clone(), web(&json!({"netmask_length": 24, "tags": tags}))];
    assert_only_error(&workspace.plan(&config(json!({}))).unwrap_err(), "tags", &["\"env\"", "\"prod\""]);
    workspace.apply(&config(json!({"env": "prod"})));
    assert_only_error(&workspace.plan(&config(json!({"env": "dev"}))).unwrap_err(), "tags", &["\"env\"", "\"dev\""]);
    workspace.default_tags = tags(&[("env", "prod")]).into();
    workspace.apply(&config(json!({})));
}

#[test]
fn rules_apply_to_new_allocations_only() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    let strict = ("ipam_pool.top", with(&top().1, &json!({"allocation_min_netmask_length": 26})));
    workspace.apply(&[strict.clone(), web(&json!({"netmask_length": 24}))]);
    workspace.apply(&[strict.clone(), web(&json!({"netmask_length": 24, "description": "still here"}))]);
    let errors = workspace.plan(&[strict.clone(), web(&json!({"netmask_length": 25}))]).unwrap_err();
    assert_only_error(&errors, "netmask_length", &["allocation_min_netmask_length", "26"]);
    workspace.apply(&[strict, web(&json!({"netmask_length": 26}))]);
}

#[test]
fn mistakes_are_reported_at_the_attribute_to_edit() {
    let table = [
        (json!({"netmask_length": 64}), "netmask_length", "64"),
        (json!({"netmask_length": 129}), "netmask_length", "129"),
        (json!({"netmask_length": 4}), "netmask_length", "10.0.0.0/8"),
        (json!({"cidr": "10.0.0.1/24"}), "cidr", "10.0.0.1/24"),
        (json!({"cidr": "2001:db8::/64"}), "cidr", "IPv6"),
        (json!({"cidr": "11.0.0.0/24"}), "cidr", "10.0.0.0/8"),
        (json!({"cidr": "10.0.0.0/24", "netmask_length": 25}), "netmask_length", "10.0.0.0/24"),
        (json!({"cidr": "10.0.0.0/24", "disallowed_cidrs": ["10.0.0.0/25"]}), "disallowed_cidrs", "10.0.0.0/25"),
        (json!({}), "netmask_length", "allocation_default_netmask_length"),
        (json!({"name": " web", "netmask_length": 24}), "name", "white space"),
        (json!({"ipam_pool_id": "ipam-pool-0", "netmask_length": 24}), "ipam_pool_id", "ipam-pool-0"),
    ];
    for (arguments, path, words) in table {
        let world = World::new();
        let errors = world.workspace("team/a").plan(&[top(), web(&arguments)]).unwrap_err();
        assert_only_error(&errors, path, &[words]);
    }
}

#[test]
fn single_addresses_and_all_of_ipv6_can_be_allocated() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let all = ("ipam_pool.top", json!({"name": "all", "cidrs": ["::/0"]}));
    let one = |cidr: &str| web(&json!({"cidr": cidr}));
    let config = [all.clone(), one("::1/128")];
    workspace.apply(&config);
    assert_eq!(workspace.get(WEB, "address_count"), "1");
    assert_eq!(workspace.get(WEB, "first_address"), workspace.get(WEB, "last_address"));
    let config = [all.clone(), one("::/0")];
    let planned = workspace.apply(&config);
    assert_eq!(planned.action(WEB), Action::Update);
    assert_eq!(workspace.get(WEB, "address_count"), "340282366920938463463374607431768211456");
    workspace.destroy();
    let small = ("ipam_pool.top", json!({"name": "small", "cidrs": ["192.0.2.7/32"]}));
    workspace.apply(&[small, web(&json!({"netmask_length": 32}))]);
    assert_eq!(workspace.get(WEB, "cidr"), "192.0.2.7/32");
}

#[test]
fn the_spelling_in_the_configuration_is_kept() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let six = ("ipam_pool.top", json!({"name": "six", "cidrs": ["2001:DB8::/32"]}));
    let config = [six.clone(), web(&json!({"cidr": "2001:DB8:0::/48"}))];
    workspace.apply(&config);
    assert_eq!(workspace.get(WEB, "cidr"), "2001:DB8:0::/48");
    workspace.assert_settled(&[six, web(&json!({"cidr": "2001:db8::/48"}))]);
}

#[test]
fn another_pool_means_another_allocation() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let pools = [top(), ("ipam_pool.two", json!({"name": "two", "cidrs": ["172.16.0.0/12"]}))];
    let config = |pool: &str| {
        let web = (
            "ipam_allocation.web",
            json!({"ipam_pool_id": format!("${{ipam_pool.{pool}.id}}"), "name": "web", "netmask_length": 24}),
        );
        pools.iter().cloned().chain([web]).collect::<Vec<_>>()
    };
    workspace.apply(&config("top"));
    let planned = workspace.apply(&config("two"));
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Replace, "172.16.0.0/24"));
    assert_eq!(planned.step(WEB).replace, ["ipam_pool_id"]);
}

#[test]
fn a_size_that_is_not_known_yet_is_resolved_in_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    let late = [top(), web(&json!({"netmask_length": UNKNOWN}))];
    let mut planned = workspace.plan(&late).unwrap();
    assert_eq!((planned.action(WEB), planned.get(WEB, "cidr").as_str()), (Action::Update, UNKNOWN));
    planned.become_known(WEB, &sized(23)[1].1);
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(WEB, "cidr"), "10.0.0.0/23");
}

/// A pool that reserves space: what is there keeps it, with a warning; what is new gets other space.
#[test]
fn reserved_space_is_not_given_out_and_a_warning_names_what_has_it_already() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&sized(24));
    let with_rules = |more: &Json, web: Json| {
        let (name, config) = top();
        vec![(name, with(&config, more)), ("ipam_allocation.web", web)]
    };
    let id = "${ipam_pool.top.id}";
    let web = || json!({"ipam_pool_id": id, "name": "web", "netmask_length": 24});
    let rules = json!({"reserve_first": 16, "reserved_cidrs": ["10.0.1.0/24"]});
    let planned = workspace.plan(&with_rules(&rules, web())).unwrap();
    assert_eq!((planned.action("ipam_pool.top"), planned.action(WEB)), (Action::Update, Action::NoOp));
    let [warning] = planned.warnings.as_slice() else { panic!("{:#?}", planned.warnings) };
    assert!(warning.contains("top/web (10.0.0.0/24). The objects keep them."), "{warning}");
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&with_rules(&rules, web()));
    // A new object of the same plan as the rules follows them.
    let both = |more: &Json| {
        let mut all = with_rules(more, web());
        all.push(("ipam_allocation.new", json!({"ipam_pool_id": id, "name": "new", "netmask_length": 24})));
        all
    };
    let wider = json!({"reserve_first": 16, "reserved_cidrs": ["10.0.0.0/22"]});
    let planned = workspace.plan(&both(&wider)).unwrap();
    assert_eq!(planned.get("ipam_allocation.new", "cidr"), "10.0.4.0/24");
    let mut exact = with_rules(&rules, web());
    exact.push(("ipam_allocation.new", json!({"ipam_pool_id": id, "name": "new", "cidr": "10.0.1.128/28"})));
    let errors = workspace.plan(&exact).unwrap_err();
    assert_only_error(&errors, "cidr", &["10.0.1.128/28 is reserved", "`reserved_cidrs` reserves 10.0.1.0/24"]);
    // Without the arguments, nothing is reserved any more.
    workspace.apply(&sized(24));
    workspace.assert_settled(&sized(24));
}
