//! Dual-stack allocations during the life of a configuration.

use super::*;
use crate::provider::testing::{Action, UNKNOWN, World, assert_only_error};

const WEB: &str = "ipam_dual_stack_allocation.web";

fn pools() -> Vec<(&'static str, Json)> {
    vec![
        ("ipam_pool.four", json!({"name": "four", "cidrs": ["10.0.0.0/22"]})),
        ("ipam_pool.six", json!({"name": "six", "cidrs": ["fd80:db8::/48"]})),
    ]
}

fn stack(v4: &Json, v6: &Json) -> (&'static str, Json) {
    let part = |pool: &str, more: &Json| with(&json!({"ipam_pool_id": format!("${{ipam_pool.{pool}.id}}")}), more);
    (WEB, json!({"name": "web", "ipv4": part("four", v4), "ipv6": part("six", v6)}))
}

fn lengths(v4: u8, v6: u8) -> Vec<(&'static str, Json)> {
    let mut all = pools();
    all.push(stack(&json!({"netmask_length": v4}), &json!({"netmask_length": v6})));
    all
}

fn blocks(workspace: &crate::provider::testing::Workspace<'_>) -> String {
    format!("{} {}", workspace.get(WEB, "ipv4_cidr"), workspace.get(WEB, "ipv6_cidr"))
}

#[test]
fn both_blocks_are_shown_kept_resized_and_released() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let planned = workspace.plan(&lengths(24, 64)).unwrap();
    assert_eq!(
        (planned.get(WEB, "ipv4_cidr").as_str(), planned.get(WEB, "ipv6_cidr").as_str()),
        ("10.0.0.0/24", "fd80:db8::/64")
    );
    workspace.apply_plan(&planned).unwrap();
    let id = workspace.get(WEB, "id");
    assert_eq!(workspace.apply(&lengths(23, 60)).action(WEB), Action::Update);
    assert_eq!((blocks(&workspace).as_str(), workspace.get(WEB, "id")), ("10.0.0.0/23 fd80:db8::/60", id));
    workspace.destroy();
    world.assert_sound();
}

#[test]
fn an_error_of_one_family_is_on_its_argument_and_nothing_is_held() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&pools());
    let commits = world.memory.commits();
    let errors = workspace.plan(&lengths(24, 40)).unwrap_err();
    assert_only_error(&errors, "ipv6.netmask_length", &["ipv6", "no free /40"]);
    let mut outside = pools();
    outside.push(stack(&json!({"cidr": "10.9.0.0/24"}), &json!({"netmask_length": 64})));
    assert_only_error(&workspace.plan(&outside).unwrap_err(), "ipv4.cidr", &["10.9.0.0/24"]);
    assert_eq!(world.memory.commits(), commits);
}

#[test]
fn a_block_without_room_moves_and_the_other_one_stays() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let near = (
        "ipam_allocation.near",
        json!({"ipam_pool_id": "${ipam_pool.four.id}", "name": "near", "cidr": "10.0.1.0/24"}),
    );
    let with_near = |v4: u8| lengths(v4, 64).into_iter().chain([near.clone()]).collect::<Vec<_>>();
    workspace.apply(&with_near(24));
    let (id, v6) = (workspace.get(WEB, "id"), workspace.get(WEB, "ipv6_allocation_id"));
    assert_eq!(workspace.apply(&with_near(23)).action(WEB), Action::Update);
    assert_eq!(blocks(&workspace), "10.0.2.0/23 fd80:db8::/64");
    assert_eq!((workspace.get(WEB, "id"), workspace.get(WEB, "ipv6_allocation_id")), (id, v6));
    world.assert_sound();
}

#[test]
fn another_pool_replaces_both() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&lengths(24, 64));
    let mut moved = pools();
    moved[0].1 = json!({"name": "four", "cidrs": ["10.0.0.0/22"]});
    moved.push(("ipam_pool.other", json!({"name": "other", "cidrs": ["10.8.0.0/22"]})));
    let (_, arguments) = stack(&json!({"netmask_length": 24}), &json!({"netmask_length": 64}));
    let other = json!({"ipv4": {"ipam_pool_id": "${ipam_pool.other.id}", "netmask_length": 24}});
    moved.push((WEB, with(&arguments, &other)));
    assert_eq!(workspace.apply(&moved).action(WEB), Action::Replace);
    assert!(blocks(&workspace).starts_with("10.8.0.0/24 fd80:db8:"), "{}", blocks(&workspace));
    world.assert_sound();
}

#[test]
fn it_is_imported_by_id_and_by_its_allocations() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&lengths(24, 64));
    let id = workspace.get(WEB, "id");
    let ids = format!("{},{}", workspace.get(WEB, "ipv4_allocation_id"), workspace.get(WEB, "ipv6_allocation_id"));
    for text in [ids.as_str(), id.as_str(), "four/web,six/web"] {
        workspace.state.remove(WEB);
        workspace.import(WEB, text).unwrap();
        assert_eq!(workspace.get(WEB, "id"), id);
        workspace.assert_settled(&lengths(24, 64));
    }
    workspace.state.remove(WEB);
    let errors = workspace.import(WEB, "six/web,four/web").unwrap_err();
    assert!(errors.join(" ").contains("Import needs both families"), "{errors:?}");
}

#[test]
fn an_allocation_that_is_gone_is_made_again_and_the_other_one_stays() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&lengths(24, 64));
    world.ipam("team/a", None).delete_allocation(&workspace.get(WEB, "ipv6_allocation_id")).unwrap();
    let v4 = workspace.get(WEB, "ipv4_allocation_id");
    assert_eq!(workspace.apply(&lengths(24, 64)).action(WEB), Action::Update);
    assert_eq!(workspace.get(WEB, "ipv4_allocation_id"), v4);
    assert_eq!(blocks(&workspace), "10.0.0.0/24 fd80:db8::/64");
}

#[test]
fn without_holds_both_are_checked_in_the_plan_and_placed_by_the_apply() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&pools());
    workspace.plan_hold = std::time::Duration::ZERO;
    let errors = workspace.plan(&lengths(24, 40)).unwrap_err();
    assert_only_error(&errors, "ipv6.netmask_length", &["no free /40"]);
    let planned = workspace.plan(&lengths(24, 64)).unwrap();
    assert_eq!(planned.get(WEB, "ipv4_cidr"), UNKNOWN);
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(blocks(&workspace), "10.0.0.0/24 fd80:db8::/64");
    workspace.destroy();
}

#[test]
fn mistakes_are_told_on_their_arguments_without_a_store() {
    let world = World::new();
    let workspace = world.workspace("team/a");
    let plain = json!({
        "name": "web",
        "ipv4": {"ipam_pool_id": "ipam-pool-4", "netmask_length": 24},
        "ipv6": {"ipam_pool_id": "ipam-pool-6", "netmask_length": 64},
    });
    let cases = [
        (json!({"name": ""}), "name", "The name is empty"),
        (json!({"ipv4": {"ipam_pool_id": "a", "cidr": "fd80::/64"}}), "ipv4.cidr", "Wrong address family"),
        (json!({"ipv4": {"ipam_pool_id": "a", "netmask_length": 33}}), "ipv4.netmask_length", "0 to 32"),
        (
            json!({"ipv6": {"ipam_pool_id": "a", "cidr": "fd80::/64", "netmask_length": 65}}),
            "ipv6.netmask_length",
            "Conflicting arguments",
        ),
        (
            json!({"ipv6": {"ipam_pool_id": "ipam-pool-4", "netmask_length": 64}}),
            "ipv6.ipam_pool_id",
            "One pool for two",
        ),
    ];
    for (arguments, path, words) in cases {
        let errors = workspace.plan(&[(WEB, with(&plain, &arguments))]).unwrap_err();
        assert_only_error(&errors, path, &[words]);
    }
    let errors = workspace.plan(&[(WEB, plain)]).unwrap_err();
    assert_only_error(&errors, "ipv4.ipam_pool_id", &["ipam-pool-4"]);
}
