//! Pools, their CIDRs, and scopes.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const EU: &str = "ipam_pool.eu";

fn eu(more: &Json) -> Vec<(&'static str, Json)> {
    vec![top(), (EU, with(&json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}"}), more))]
}

#[test]
fn blocks_are_added_and_removed_in_place() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    for (arguments, cidrs, cidr) in [
        (json!({"cidrs": ["10.1.0.0/16"]}), "10.1.0.0/16", "10.1.0.0/16"),
        (json!({"cidrs": ["10.1.0.0/16", "10.9.0.0/16"]}), "10.1.0.0/16 10.9.0.0/16", "null"),
        (json!({"cidrs": ["10.9.0.0/16"]}), "10.9.0.0/16", "10.9.0.0/16"),
        (json!({"cidrs": ["10.8.0.0/15"]}), "10.8.0.0/15", "10.8.0.0/15"),
        (json!({"netmask_length": 15}), "10.8.0.0/15", "10.8.0.0/15"),
        (json!({"netmask_length": 14}), "10.8.0.0/14", "10.8.0.0/14"),
        (json!({"netmask_length": 16}), "10.8.0.0/16", "10.8.0.0/16"),
        (json!({"cidrs": ["10.8.0.0/16"]}), "10.8.0.0/16", "10.8.0.0/16"),
        (json!({"cidrs": []}), "", "null"),
    ] {
        let planned = workspace.apply(&eu(&arguments));
        assert!([Action::Create, Action::Update].contains(&planned.action(EU)), "{arguments} {planned:#?}");
        assert_eq!((planned.get(EU, "cidrs").as_str(), planned.get(EU, "cidr").as_str()), (cidrs, cidr));
    }
}

#[test]
fn arguments_that_are_removed_leave_the_blocks_unchanged() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&eu(&json!({"cidrs": ["10.1.0.0/16"]})));
    workspace.assert_settled(&eu(&json!({})));
    workspace.apply(&eu(&json!({"netmask_length": 16})));
    let planned = workspace.apply(&eu(&json!({})));
    assert_eq!(planned.action(EU), Action::Update);
    assert_eq!(workspace.get(EU, "cidrs"), "10.1.0.0/16");
}

#[test]
fn a_pool_that_cannot_grow_is_replaced() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let next =
        ("ipam_pool.us", json!({"name": "us", "source_ipam_pool_id": "${ipam_pool.top.id}", "cidrs": ["10.1.0.0/16"]}));
    let config = |length: u8| {
        let mut config = eu(&json!({"netmask_length": length}));
        config.insert(1, next.clone());
        config
    };
    workspace.apply(&config(16));
    assert_eq!(workspace.get(EU, "cidr"), "10.0.0.0/16");
    let planned = workspace.apply(&config(15));
    assert_eq!((planned.action(EU), planned.get(EU, "cidr").as_str()), (Action::Replace, "10.2.0.0/15"));
    assert_eq!(planned.step(EU).replace, ["netmask_length"]);
}

#[test]
fn a_pool_in_use_is_deleted_only_with_cascade() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = |cascade: bool| [("ipam_pool.top", with(&top().1, &json!({"cascade": cascade})))];
    workspace.apply(&config(false));
    let pool = workspace.get("ipam_pool.top", "id");
    let mut other = world.workspace("team/b");
    let inside = [("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "netmask_length": 24}))];
    other.apply(&inside);
    let errors = workspace.try_apply(&[]).unwrap_err();
    assert_only_error(&errors, "", &["is not empty", "top/x", "team/b", "cascade"]);
    assert!(workspace.state.contains_key("ipam_pool.top"));
    workspace.apply(&config(true));
    workspace.destroy();
    let errors = other.plan(&inside).unwrap_err();
    assert_only_error(&errors, "ipam_pool_id", &["No such pool"]);
}

#[test]
fn a_block_in_use_is_not_removed() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let two = ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8", "172.16.0.0/12"]}));
    workspace.apply(&[two.clone(), web(&json!({"cidr": "172.16.0.0/24"}))]);
    let errors = workspace.plan(&[top(), web(&json!({"cidr": "172.16.0.0/24"}))]).unwrap_err();
    assert_only_error(&errors, "ipam_pool_id", &["172.16.0.0/24", "\"top\"", "10.0.0.0/8"]);
    workspace.assert_settled(&[two, web(&json!({"cidr": "172.16.0.0/24"}))]);
}

#[test]
fn a_pool_is_renamed_with_its_contents() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&eu(&json!({"netmask_length": 16})));
    let planned = workspace.apply(&eu(&json!({"netmask_length": 16, "name": "emea", "locale": null})));
    assert_eq!(planned.action(EU), Action::Update);
    let mut import = workspace.clone();
    import.import(EU, "top/emea").unwrap();
    assert!(import.import(EU, "top/eu").is_err());
}

#[test]
fn a_change_of_a_fixed_argument_is_a_replacement() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let lab = ("ipam_scope.lab", json!({"name": "lab"}));
    workspace.apply(&[lab.clone(), top()]);
    let planned = workspace.apply(&[lab, (top().0, with(&top().1, &json!({"ipam_scope_id": "${ipam_scope.lab.id}"})))]);
    let step = planned.step("ipam_pool.top");
    assert_eq!((step.action, step.replace.join(" ")), (Action::Replace, "ipam_scope_id".to_owned()));
}

#[test]
fn mistakes_are_reported_at_the_attribute_to_edit() {
    let below = |more: Json| eu(&more).pop().unwrap().1;
    let scope = ("ipam_scope.lab", json!({"name": "lab"}));
    let table = [
        (json!({"name": "x", "cidrs": ["10.0.0.0/8", "10.1.0.0/16"]}), "cidrs", "overlap"),
        (json!({"name": "x", "cidrs": ["10.0.0.0/8", "::/0"]}), "cidrs", "IPv6"),
        (json!({"name": "x", "cidrs": ["10.5.0.0/16"]}), "cidrs", "top"),
        (json!({"name": "x"}), "address_family", "address_family"),
        (json!({"name": "x", "address_family": "ipv5"}), "address_family", "ipv5"),
        (json!({"name": "x", "address_family": "ipv4", "netmask_length": 8}), "netmask_length", "cidrs"),
        (json!({"name": "a/b", "address_family": "ipv4"}), "name", "slash"),
        (json!({"name": "", "address_family": "ipv4"}), "name", "empty"),
        (
            json!({"name": "x", "address_family": "ipv4", "ipam_scope_id": "ipam-scope-0"}),
            "ipam_scope_id",
            "ipam-scope-0",
        ),
        (below(json!({"source_ipam_pool_id": "ipam-pool-0"})), "source_ipam_pool_id", "ipam-pool-0"),
        (below(json!({"netmask_length": 40})), "netmask_length", "40"),
        (below(json!({"netmask_length": 7})), "netmask_length", "/7"),
        (below(json!({"cidrs": ["192.168.0.0/24"]})), "cidrs", "10.0.0.0/8"),
        (below(json!({"address_family": "ipv6"})), "address_family", "IPv4"),
        (below(json!({"locale": "there"})), "locale", "here"),
        (below(json!({"ipam_scope_id": "${ipam_scope.lab.id}"})), "ipam_scope_id", "scope"),
        (below(json!({"allocation_min_netmask_length": 33})), "allocation_min_netmask_length", "33"),
        (
            below(json!({"allocation_min_netmask_length": 24, "allocation_max_netmask_length": 20})),
            "allocation_min_netmask_length",
            "20",
        ),
        (
            below(json!({"allocation_max_netmask_length": 20, "allocation_default_netmask_length": 24})),
            "allocation_default_netmask_length",
            "20",
        ),
    ];
    for (arguments, path, words) in table {
        let world = World::new();
        let here = ("ipam_pool.top", with(&top().1, &json!({"locale": "here"})));
        let errors = world.workspace("team/a").plan(&[scope.clone(), here, (EU, arguments)]).unwrap_err();
        assert_only_error(&errors, path, &[words]);
    }
}

#[test]
fn mistakes_in_pool_cidrs_are_reported_at_their_attribute() {
    let arguments = |more: Json| with(&json!({"ipam_pool_id": "${ipam_pool.eu.id}"}), &more);
    let table = [
        (json!({}), "cidr"),
        (json!({"netmask_length": 20}), "name"),
        (json!({"netmask_length": 20, "cidr": "10.0.0.0/21"}), "netmask_length"),
        (json!({"netmask_length": 64, "name": "x"}), "netmask_length"),
        (json!({"cidr": "11.0.0.0/20"}), "cidr"),
        (json!({"cidr": "10.0.0.0/16"}), "cidr"),
        (json!({"cidr": "::/20"}), "cidr"),
        (json!({"cidr": "10.7.0.0/20", "ipam_pool_id": "ipam-pool-0"}), "ipam_pool_id"),
    ];
    for (more, path) in table {
        let world = World::new();
        let mut config = eu(&json!({"cidrs": ["10.0.0.0/16"]}));
        config.push(("ipam_pool_cidr.x", arguments(more.clone())));
        assert_only_error(&world.workspace("team/a").plan(&config).unwrap_err(), path, &[]);
    }
}

#[test]
fn a_block_by_size_is_found_again_by_its_name() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let more = |name: &'static str, address| {
        (address, json!({"ipam_pool_id": "${ipam_pool.eu.id}", "netmask_length": 20, "name": name}))
    };
    let mut config = eu(&json!({}));
    config.extend([more("a", "ipam_pool_cidr.a"), more("b", "ipam_pool_cidr.b")]);
    let planned = workspace.apply(&config);
    assert_eq!(planned.get("ipam_pool_cidr.a", "cidr"), "10.0.0.0/20");
    assert_eq!(planned.get("ipam_pool_cidr.b", "cidr"), "10.0.16.0/20");
    config.push((
        "ipam_allocation.web",
        json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "web", "netmask_length": 21}),
    ));
    workspace.apply(&config);
    let used = config.iter().find(|(address, _)| *address == "ipam_pool_cidr.a").unwrap().clone();
    config.retain(|(address, _)| *address != used.0);
    let errors = workspace.try_apply(&config).unwrap_err();
    assert_only_error(&errors, "", &["web"]);
}

#[test]
fn default_scopes_can_be_kept_but_not_deleted() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top()]);
    workspace.import("ipam_scope.main", "default-private").unwrap();
    assert_eq!(workspace.get("ipam_scope.main", "is_default"), "true");
    let config = [top(), ("ipam_scope.main", json!({"name": "default-private", "tags": {"a": "b"}}))];
    workspace.apply(&config);
    let errors = workspace.try_apply(&[top()]).unwrap_err();
    assert_only_error(&errors, "", &["default scope", "terraform state rm"]);
}

#[test]
fn a_pool_whose_size_becomes_known_in_apply_gets_that_size() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&eu(&json!({"netmask_length": 16})));
    let mut planned = workspace.plan(&eu(&json!({"netmask_length": UNKNOWN}))).unwrap();
    assert_eq!((planned.get(EU, "cidrs").as_str(), planned.get(EU, "cidr").as_str()), (UNKNOWN, UNKNOWN));
    planned.become_known(EU, &eu(&json!({"netmask_length": 15})).pop().unwrap().1);
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(EU, "cidr"), "10.0.0.0/15");
}

#[test]
fn a_rule_and_an_allocation_that_needs_it_change_in_one_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = |min: u8, length: u8, tags: Json| {
        let rules = json!({
            "cidrs": ["10.1.0.0/16"], "allocation_min_netmask_length": min, "allocation_resource_tags": tags,
        });
        let mut config = eu(&rules);
        let web = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "web", "netmask_length": length, "tags": tags});
        config.push(("ipam_allocation.web", web));
        config
    };
    workspace.apply(&config(24, 24, json!({"env": "prod"})));
    assert_only_error(
        &workspace.plan(&config(24, 22, json!({"env": "prod"}))).unwrap_err(),
        "netmask_length",
        &["allocation_min_netmask_length"],
    );
    let planned = workspace.apply(&config(22, 22, json!({"env": "test"})));
    assert_eq!(planned.action("ipam_allocation.web"), Action::Update);
    assert_eq!(workspace.get("ipam_allocation.web", "cidr"), "10.1.0.0/22");
    workspace.apply(&config(20, 22, json!({})));
    workspace.assert_settled(&config(20, 22, json!({})));
}
