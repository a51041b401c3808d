//! Allocations whose pool the plan chooses, during the life of a configuration.

use std::time::Duration;

use super::holds::read_only;
use super::*;
use crate::provider::testing::{Action, UNKNOWN, Workspace, World, assert_only_error};

const WEB: &str = "ipam_allocation.web";

type Config = Vec<(&'static str, Json)>;

/// Three pools of 256 addresses.
fn pools() -> Config {
    let pool = |name: &str, block: &str| json!({"name": name, "cidrs": [block], "tags": {"env": "prod", "name": name}});
    vec![
        ("ipam_pool.a", pool("a", "10.0.0.0/24")),
        ("ipam_pool.b", pool("b", "10.1.0.0/24")),
        ("ipam_pool.c", pool("c", "10.2.0.0/24")),
    ]
}

/// A configuration that has made the three pools, and the first one is full.
fn workspace(world: &World) -> (Workspace<'_>, [String; 3]) {
    let mut workspace = world.workspace("team/a");
    workspace.apply(&with_full(&[]));
    let ids = ["ipam_pool.a", "ipam_pool.b", "ipam_pool.c"].map(|address| workspace.get(address, "id"));
    (workspace, ids)
}

fn with_full(more: &[(&'static str, Json)]) -> Config {
    let full = json!({"ipam_pool_id": "${ipam_pool.a.id}", "name": "full", "netmask_length": 24});
    [&pools()[..], &[("ipam_allocation.full", full)], more].concat()
}

fn without_full(more: &[(&'static str, Json)]) -> Config {
    [&pools()[..], more].concat()
}

fn listed(ids: &[&String], more: &Json) -> (&'static str, Json) {
    (WEB, with(&json!({"ipam_pool_ids": ids, "name": "web", "netmask_length": 25}), more))
}

fn selecting(tags: &Json) -> (&'static str, Json) {
    (WEB, json!({"pool_selector": {"tags": tags}, "name": "web", "netmask_length": 25}))
}

#[test]
fn the_plan_shows_the_pool_and_the_allocation_stays_there() {
    let world = World::new();
    let (mut workspace, [a, b, c]) = workspace(&world);
    let web = listed(&[&a, &b, &c], &json!({}));
    let planned = workspace.apply(&with_full(std::slice::from_ref(&web)));
    assert_eq!((planned.get(WEB, "ipam_pool_id"), planned.get(WEB, "cidr")), (b.clone(), "10.1.0.0/25".to_owned()));
    // The first pool has room again.
    let planned = workspace.apply(&without_full(&[web]));
    assert_eq!(planned.action(WEB), Action::NoOp);
    let planned = workspace.apply(&without_full(&[listed(&[&c, &b], &json!({}))]));
    assert_eq!(planned.action(WEB), Action::Update);
    assert_eq!(workspace.get(WEB, "ipam_pool_id"), b);
    let one = (WEB, json!({"ipam_pool_id": b, "name": "web", "netmask_length": 25}));
    assert_eq!(workspace.apply(&without_full(&[one])).action(WEB), Action::Update);
    let back = workspace.apply(&without_full(&[selecting(&json!({"env": "prod"}))]));
    assert_eq!((back.action(WEB), workspace.get(WEB, "cidr").as_str()), (Action::Update, "10.1.0.0/25"));
    workspace.destroy();
}

#[test]
fn the_second_plan_keeps_the_pool_also_on_clients_that_hide_the_walk() {
    for hides_walk in [false, true] {
        let world = World::new();
        let (mut workspace, [a, b, c]) = workspace(&world);
        workspace.hides_walk = hides_walk;
        let planned = workspace.plan(&with_full(&[listed(&[&a, &b, &c], &json!({}))])).unwrap();
        assert_eq!(planned.get(WEB, "ipam_pool_id"), b);
        // Another configuration makes room in the first pool between the plan and the apply.
        let mut other = workspace.clone();
        other.apply(&without_full(&[]));
        let mut planned = planned;
        planned.steps.retain(|step| step.address != "ipam_allocation.full");
        planned.state.remove("ipam_allocation.full");
        workspace.apply_plan(&planned).unwrap();
        assert_eq!(workspace.get(WEB, "ipam_pool_id"), b);
        world.assert_sound();
    }
}

#[test]
fn an_allocation_whose_pool_is_left_out_is_replaced_with_a_warning() {
    let world = World::new();
    let (mut workspace, [a, b, c]) = workspace(&world);
    workspace.apply(&with_full(&[listed(&[&a, &b], &json!({}))]));
    let config = with_full(&[listed(&[&a, &c], &json!({}))]);
    let planned = workspace.plan(&config).unwrap();
    assert_eq!(
        (planned.action(WEB), &planned.step(WEB).replace[..]),
        (Action::Replace, &["ipam_pool_ids".to_owned()][..])
    );
    assert_eq!((planned.get(WEB, "ipam_pool_id"), planned.get(WEB, "cidr")), (c, "10.2.0.0/25".to_owned()));
    let warning = planned.warnings.join("\n");
    assert!(warning.contains("gives up 10.1.0.0/25") && warning.contains("`ipam_pool_ids`"), "{warning}");
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&config);
    world.assert_sound();
}

#[test]
fn a_selector_chooses_by_name_and_tags_that_change_later_move_nothing() {
    let world = World::new();
    let (mut workspace, [_, b, c]) = workspace(&world);
    workspace.apply(&with_full(&[selecting(&json!({"env": "prod"}))]));
    assert_eq!(workspace.get(WEB, "ipam_pool_id"), b);
    let mut config = with_full(&[selecting(&json!({"env": "prod"}))]);
    config[1].1 = with(&config[1].1, &json!({"tags": {}}));
    assert_eq!(workspace.apply(&config).action(WEB), Action::NoOp);
    let planned = workspace.plan(&with_full(&[selecting(&json!({"env": "prod", "name": "c"}))])).unwrap();
    assert_eq!(planned.action(WEB), Action::Replace);
    assert_eq!(planned.get(WEB, "ipam_pool_id"), c);
    let errors = workspace.plan(&with_full(&[selecting(&json!({"env": "test"}))])).unwrap_err();
    assert_only_error(&errors, "pool_selector", &["No pool matches", "the tag \"env\" = \"test\""]);
}

#[test]
fn pools_without_room_are_one_error_that_names_each_and_nothing_is_written() {
    let world = World::new();
    let (workspace, [a, b, c]) = workspace(&world);
    for plan_hold in [Duration::from_hours(1), Duration::ZERO] {
        let workspace = Workspace { plan_hold, ..workspace.clone() };
        let commits = world.memory.commits();
        let config = with_full(&[listed(&[&a, &b, &c], &json!({"netmask_length": 20}))]);
        let errors = workspace.plan(&config).unwrap_err();
        let reasons = ["No pool can give this block", "pool \"a\"", "pool \"b\"", "pool \"c\"", "it has no free /20"];
        assert_only_error(&errors, "ipam_pool_ids", &reasons);
        assert_eq!(world.memory.commits(), commits);
    }
}

#[test]
fn pools_that_are_not_known_yet_are_chosen_by_the_apply() {
    let world = World::new();
    let (mut workspace, [a, b, _]) = workspace(&world);
    let known = with_full(&[listed(&[&a, &b], &json!({}))]);
    let mut planned = workspace.plan(&with_full(&[listed(&[], &json!({"ipam_pool_ids": UNKNOWN}))])).unwrap();
    assert_eq!((planned.get(WEB, "ipam_pool_id").as_str(), planned.get(WEB, "cidr").as_str()), (UNKNOWN, UNKNOWN));
    planned.become_known(WEB, &listed(&[&a, &b], &json!({})).1);
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(WEB, "ipam_pool_id"), b);
    workspace.assert_settled(&known);
}

#[test]
fn without_holds_the_apply_chooses_and_the_next_plan_is_empty() {
    let world = World::new();
    let (mut workspace, [a, b, _]) = workspace(&world);
    workspace.plan_hold = Duration::ZERO;
    let config = with_full(&[listed(&[&a, &b], &json!({}))]);
    let planned = workspace.apply(&config);
    assert_eq!(planned.get(WEB, "ipam_pool_id"), UNKNOWN);
    assert_eq!(workspace.get(WEB, "ipam_pool_id"), b);
    let same_name = ("ipam_allocation.other", listed(&[&a, &b], &json!({"name": "other"})).1);
    let again = ("ipam_allocation.again", same_name.1.clone());
    let errors = workspace.plan(&[&config[..], &[same_name, again]].concat()).unwrap_err();
    assert!(errors.join("\n").contains("name: "), "{errors:#?}");
}

#[test]
fn a_plan_that_may_not_write_shows_the_pool_that_the_apply_takes() {
    for plan_hold in [Duration::from_hours(1), Duration::ZERO] {
        let world = World::new();
        let (mut writer, [a, b, c]) = workspace(&world);
        (writer.carries_private, writer.plan_hold) = (true, plan_hold);
        let mut reader = writer.clone();
        reader.store = Some(read_only(&world));
        let two = ("ipam_allocation.two", listed(&[&a, &b, &c], &json!({"name": "two", "netmask_length": 24})).1);
        let config = with_full(&[listed(&[&a, &b, &c], &json!({})), two.clone()]);
        let planned = reader.plan(&config).unwrap();
        assert_eq!((planned.get(WEB, "ipam_pool_id"), planned.get(two.0, "ipam_pool_id")), (b.clone(), c));
        // The first pool has room again, and the apply takes what the plan showed.
        let ipam = world.ipam("team/a", None);
        ipam.delete_allocation(&writer.get("ipam_allocation.full", "id")).unwrap();
        let mut planned = planned;
        planned.steps.retain(|step| step.address != "ipam_allocation.full");
        planned.state.remove("ipam_allocation.full");
        writer.apply_plan(&planned).unwrap();
        assert_eq!((writer.get(WEB, "ipam_pool_id"), writer.get(WEB, "cidr")), (b, planned.get(WEB, "cidr")));
        world.assert_sound();
    }
}

#[test]
fn another_preferred_block_changes_nothing_for_an_allocation_that_exists() {
    let world = World::new();
    let (mut workspace, [_, b, _]) = workspace(&world);
    let web = |preferred: &str| (WEB, json!({"ipam_pool_id": b, "name": "web", "preferred_cidr": preferred}));
    workspace.apply(&with_full(&[web("10.1.0.64/26")]));
    assert_eq!(workspace.get(WEB, "cidr"), "10.1.0.64/26");
    let commits = world.memory.commits();
    for other in ["10.1.0.128/26", "10.1.0.128/25"] {
        let planned = workspace.apply(&with_full(&[web(other)]));
        assert_eq!((planned.action(WEB), workspace.get(WEB, "cidr").as_str()), (Action::Update, "10.1.0.64/26"));
    }
    assert_eq!(world.memory.commits(), commits);
    let errors = workspace.plan(&with_full(&[web("fd00::/64")])).unwrap_err();
    assert_only_error(&errors, "preferred_cidr", &["Address families are mixed"]);
    // The block is taken, so another one gets the next.
    let two = ("ipam_allocation.two", with(&web("10.1.0.64/26").1, &json!({"name": "two"})));
    let planned = workspace.plan(&with_full(&[web("10.1.0.64/26"), two.clone()])).unwrap();
    assert_eq!(planned.get(two.0, "cidr"), "10.1.0.0/26");
}

#[test]
fn an_import_fits_a_list_with_its_pool() {
    let world = World::new();
    let (mut workspace, [a, b, _]) = workspace(&world);
    workspace.apply(&with_full(&[listed(&[&a, &b], &json!({}))]));
    workspace.state.remove(WEB);
    workspace.import(WEB, "b/web").unwrap();
    let planned = workspace.apply(&with_full(&[listed(&[&a, &b], &json!({}))]));
    assert_eq!((planned.action(WEB), workspace.get(WEB, "ipam_pool_id")), (Action::Update, b));
}

#[test]
fn a_service_refuses_what_it_cannot_do_at_the_argument() {
    let world = World::with_service();
    let workspace = world.workspace("team/a");
    for (arguments, at, says) in [
        (json!({"ipam_pool_ids": ["ipam-pool-1"]}), "ipam_pool_ids", "AWS IPAM does not choose a pool"),
        (json!({"pool_selector": {"locale": "eu-west-1"}}), "pool_selector", "AWS IPAM does not choose a pool"),
        (
            json!({"ipam_pool_id": "ipam-pool-1", "preferred_cidr": "10.0.0.0/24"}),
            "preferred_cidr",
            "AWS IPAM knows no preferred CIDR",
        ),
    ] {
        let web = with(&json!({"name": "web", "netmask_length": 24}), &arguments);
        assert_only_error(&workspace.plan(&[(WEB, web)]).unwrap_err(), at, &[says]);
    }
}

#[test]
fn mistakes_in_the_arguments_are_told_on_the_argument() {
    let world = World::new();
    let workspace = world.workspace("team/a");
    let many: Vec<String> = (0..101).map(|number| format!("ipam-pool-{number}")).collect();
    for (arguments, at, says) in [
        (json!({}), "ipam_pool_id", "Set one of `ipam_pool_id`, `ipam_pool_ids` and `pool_selector`."),
        (json!({"ipam_pool_id": "p", "ipam_pool_ids": ["p"]}), "ipam_pool_ids", "each say which pool"),
        (json!({"ipam_pool_ids": ["p"], "pool_selector": {"locale": "x"}}), "pool_selector", "each say which pool"),
        (json!({"ipam_pool_ids": []}), "ipam_pool_ids", "`ipam_pool_ids` is empty"),
        (json!({"ipam_pool_ids": many}), "ipam_pool_ids", "can have at most 100"),
        (json!({"ipam_pool_ids": ["p", "q", "p"]}), "ipam_pool_ids[2]", "\"p\" more than once"),
        (json!({"ipam_pool_ids": ["p", null]}), "ipam_pool_ids[1]", "An element may not be null."),
        (json!({"pool_selector": {}}), "pool_selector", "would match every pool"),
        (json!({"pool_selector": {"tags": {}, "address_family": "ipv4"}}), "pool_selector", "would match every pool"),
        (
            json!({"ipam_pool_id": "p", "cidr": "10.0.0.0/24", "preferred_cidr": "10.0.0.0/24"}),
            "preferred_cidr",
            "Keep one of the two arguments",
        ),
        (
            json!({"ipam_pool_id": "p", "netmask_length": 25, "preferred_cidr": "10.0.0.0/24"}),
            "preferred_cidr",
            "`netmask_length` is 25",
        ),
        (
            json!({"ipam_pool_id": "p", "disallowed_cidrs": ["10.0.0.0/8"], "preferred_cidr": "10.0.0.0/24"}),
            "preferred_cidr",
            "rules out with 10.0.0.0/8",
        ),
    ] {
        let web = with(&json!({"name": "web"}), &arguments);
        assert_only_error(&workspace.plan(&[(WEB, web)]).unwrap_err(), at, &[says]);
    }
}

#[test]
fn tags_that_a_pool_requires_and_that_are_not_known_yet_do_not_exclude_it() {
    let world = World::new();
    let (mut workspace, [a, b, _]) = workspace(&world);
    let mut config = with_full(&[]);
    config[1].1 = with(&config[1].1, &json!({"allocation_resource_tags": {"team": "net"}}));
    workspace.apply(&config);
    let web = |tags: Json| listed(&[&a, &b], &json!({"tags": tags}));
    let planned = workspace.plan(&[&config[..], &[web(json!(UNKNOWN))]].concat()).unwrap();
    assert_eq!(planned.get(WEB, "ipam_pool_id"), b);
    let errors = workspace.plan(&[&config[..], &[web(json!({"team": "web"}))]].concat()).unwrap_err();
    assert_only_error(&errors, "ipam_pool_ids", &["pool \"b\"", "team"]);
}
