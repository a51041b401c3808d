//! Arguments that force a replacement and are unknown when an existing object is planned, for example because of
//! `depends_on` of a data source.

use std::time::Duration;

use super::*;
use crate::provider::testing::{Action, UNKNOWN, Workspace, World, assert_only_error};

const WEB: &str = "ipam_allocation.web";

/// Two pools, and an allocation in the pool `pool_id`. `more` contains further arguments of the allocation.
fn config(pool_id: &str, more: &Json) -> Vec<(&'static str, Json)> {
    let web = json!({"ipam_pool_id": pool_id, "name": "web", "netmask_length": 24});
    vec![top(), ("ipam_pool.other", json!({"name": "other", "cidrs": ["172.16.0.0/16"]})), (WEB, with(&web, more))]
}

const TOP: &str = "${ipam_pool.top.id}";
const OTHER: &str = "${ipam_pool.other.id}";

/// Runs the test for each kind of client: clients that report the walk, clients that do not, and clients that also carry
/// private data.
fn on_every_client(test: impl Fn(Workspace<'_>)) {
    for (hides_walk, carries_private) in [(false, false), (true, false), (false, true)] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        (workspace.hides_walk, workspace.carries_private) = (hides_walk, carries_private);
        test(workspace);
        world.assert_sound();
    }
}

#[test]
fn a_pool_that_is_not_known_yet_is_kept_with_everything_that_depends_on_it() {
    on_every_client(|mut workspace| {
        workspace.apply(&config(TOP, &json!({})));
        let before = workspace.value(WEB).clone();
        let planned = workspace.plan(&config(UNKNOWN, &json!({}))).unwrap();
        assert_eq!((planned.action(WEB), &planned.step(WEB).planned), (Action::NoOp, &before));
        let described = json!({"description": "Front end"});
        let mut planned = workspace.plan(&config(UNKNOWN, &described)).unwrap();
        assert_eq!(planned.action(WEB), Action::Update);
        for attribute in ["id", "ipam_pool_id", "cidr", "owner"] {
            assert_eq!(planned.get(WEB, attribute), workspace.get(WEB, attribute), "{attribute}");
        }
        assert_eq!(planned.warnings, [""; 0]);
        let known = config(TOP, &described);
        planned.become_known(WEB, &known[2].1);
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&known);
    });
}

#[test]
fn another_pool_is_refused_in_the_apply_and_the_next_plan_moves_the_allocation() {
    on_every_client(|mut workspace| {
        workspace.apply(&config(TOP, &json!({})));
        let (before, described) = (workspace.value(WEB).clone(), json!({"description": "Front end"}));
        let mut planned = workspace.plan(&config(UNKNOWN, &described)).unwrap();
        let known = config(OTHER, &described);
        planned.become_known(WEB, &known[2].1);
        let errors = workspace.apply_plan(&planned).unwrap_err();
        let (top, other) = (workspace.get("ipam_pool.top", "id"), workspace.get("ipam_pool.other", "id"));
        let reported = format!(
            "ipam_pool_id: The value is not the one that the plan kept: The plan kept ipam_pool_id = {top:?}, because \
             its value was not known. The value is {other:?} now. This ipam_allocation was not changed. Plan again: \
             the next plan replaces it."
        );
        assert_eq!(errors, [reported]);
        assert_eq!(workspace.value(WEB), &before);
        let planned = workspace.plan(&known).unwrap();
        assert_eq!(
            (planned.action(WEB), planned.step(WEB).replace.as_slice()),
            (Action::Replace, &["ipam_pool_id".to_owned()][..])
        );
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&known);
        assert_eq!(workspace.get(WEB, "cidr"), "172.16.0.0/24");
    });
}

/// For such a client, a plan without a refresh looks like the second plan of an apply, so it is refused once.
#[test]
fn a_client_that_hides_the_walk_is_refused_once_and_only_while_the_note_lasts() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.hides_walk = true;
    workspace.apply(&config(TOP, &json!({})));
    let other = workspace.get("ipam_pool.other", "id");
    let moved = |workspace: &Workspace<'_>| {
        let process = workspace.process();
        let web = json!({"ipam_pool_id": other, "name": "web", "netmask_length": 24});
        let wanted = crate::provider::testing::config_of(process.resource(WEB), &web, &[].into());
        process.ask_unrefreshed(WEB, &workspace.state[WEB], &wanted).map(|response| response.replace.len())
    };
    assert_eq!(moved(&workspace), Ok(1), "no plan keeps arguments");
    workspace.plan(&config(UNKNOWN, &json!({}))).unwrap();
    let commits = world.memory.commits();
    workspace.plan(&config(UNKNOWN, &json!({}))).unwrap();
    assert_eq!(world.memory.commits(), commits, "the note exists already");
    world.assert_sound();
    assert_only_error(&moved(&workspace).unwrap_err(), "ipam_pool_id", &["Plan again"]);
    assert_eq!(moved(&workspace), Ok(1));
    workspace.plan(&config(UNKNOWN, &json!({}))).unwrap();
    world.pass(Duration::from_secs(3601));
    assert_eq!(moved(&workspace), Ok(1), "the holds of the plan have expired as well");
    // If nothing may be written, there is no note, and Terraform itself refuses the replacement.
    workspace.plan_hold = Duration::ZERO;
    assert_eq!(workspace.plan(&config(UNKNOWN, &json!({}))).unwrap().action(WEB), Action::NoOp);
    assert_eq!(moved(&workspace), Ok(1));
}

#[test]
fn nothing_is_kept_in_a_pool_that_the_same_plan_replaces() {
    let lab = ("ipam_scope.lab", json!({"name": "lab"}));
    let in_lab =
        ("ipam_pool.top", json!({"name": "top", "cidrs": ["10.0.0.0/8"], "ipam_scope_id": "${ipam_scope.lab.id}"}));
    on_every_client(|mut workspace| {
        workspace.apply(&[std::slice::from_ref(&lab), &config(TOP, &json!({}))[..]].concat());
        let unknown = config(UNKNOWN, &json!({}));
        let replaced = [&[lab.clone(), in_lab.clone()], &unknown[1..]].concat();
        let planned = workspace.plan(&replaced).unwrap();
        assert_eq!((planned.action("ipam_pool.top"), planned.action(WEB)), (Action::Replace, Action::Replace));
        assert_eq!(planned.get(WEB, "ipam_pool_id"), UNKNOWN);
        workspace.tainted.insert("ipam_pool.top".to_owned());
        let mut planned = workspace.plan(&[std::slice::from_ref(&lab), &unknown[..]].concat()).unwrap();
        assert_eq!((planned.action("ipam_pool.top"), planned.action(WEB)), (Action::Replace, Action::Replace));
        planned.become_known(WEB, &config(TOP, &json!({}))[2].1);
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&[std::slice::from_ref(&lab), &config(TOP, &json!({}))[..]].concat());
    });
}

/// As with `plan_hold = "0s"`: the ID of a new pool is unknown, and the allocation moves to that pool.
#[test]
fn nothing_is_kept_in_a_pool_whose_resource_was_removed() {
    on_every_client(|mut workspace| {
        workspace.plan_hold = Duration::ZERO;
        workspace.apply(&config(TOP, &json!({})));
        let moved = ("ipam_pool.moved", json!({"name": "moved", "cidrs": ["192.168.0.0/16"]}));
        let to = |pool_id: &str| vec![moved.clone(), (WEB, with(&config(pool_id, &json!({}))[2].1, &json!({})))];
        let planned = workspace.plan(&to("${ipam_pool.moved.id}")).unwrap();
        // A client that carries planned private data sees the ID.
        assert_eq!(planned.get("ipam_pool.moved", "id") == UNKNOWN, !workspace.carries_private);
        assert_eq!((planned.action("ipam_pool.top"), planned.action(WEB)), (Action::Delete, Action::Replace));
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&to("${ipam_pool.moved.id}"));
    });
}

/// `terraform apply -replace` plans the object without a change, and then a new object in its place.
#[test]
fn a_pool_that_is_replaced_on_demand_is_not_kept() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&config(TOP, &json!({})));
    let process = workspace.process();
    let config_of =
        |address: &str, json: &Json| crate::provider::testing::config_of(process.resource(address), json, &[].into());
    let (pool, web) = (config_of("ipam_pool.top", &top().1), config_of(WEB, &config(UNKNOWN, &json!({}))[2].1));
    let ask = |address: &str, config: &crate::tf::Value| {
        process.ask_unrefreshed(address, &workspace.state[address], config).unwrap()
    };
    let first_half = ask("ipam_pool.top", &pool);
    assert!(first_half.replace.is_empty() && ask(WEB, &web).replace.is_empty());
    let new = crate::provider::testing::State { value: crate::tf::Value::Null, private: first_half.private };
    process.ask_unrefreshed("ipam_pool.top", &new, &pool).unwrap();
    assert_eq!(ask(WEB, &web).replace.len(), 1);
}

#[test]
fn every_argument_that_forces_a_replacement_is_kept() {
    on_every_client(|mut workspace| {
        let below =
            json!({"name": "below", "source_ipam_pool_id": TOP, "address_family": "ipv4", "netmask_length": 16});
        let config = [
            top(),
            ("ipam_scope.lab", json!({"name": "lab", "scope_type": "private"})),
            ("ipam_pool.lab", json!({"name": "lab", "ipam_scope_id": "${ipam_scope.lab.id}", "cidrs": ["10.0.0.0/8"]})),
            ("ipam_pool.below", below),
            ("ipam_pool_cidr.more", json!({"ipam_pool_id": TOP, "cidr": "172.16.0.0/16"})),
            (
                "ipam_pool_cidr.size",
                json!({"ipam_pool_id": "${ipam_pool.below.id}", "name": "size", "netmask_length": 20}),
            ),
        ];
        workspace.apply(&config);
        for (index, argument) in [
            (1, "scope_type"),
            (2, "ipam_scope_id"),
            (3, "source_ipam_pool_id"),
            (3, "address_family"),
            (4, "ipam_pool_id"),
            (4, "cidr"),
            (5, "ipam_pool_id"),
            (5, "netmask_length"),
        ] {
            let mut unknown = config.clone();
            let address = unknown[index].0;
            unknown[index].1 = with(&unknown[index].1, &json!({argument: UNKNOWN}));
            let planned = workspace.plan(&unknown).unwrap();
            assert_eq!(planned.action(address), Action::NoOp, "{address}.{argument}");
            assert_eq!(&planned.step(address).planned, workspace.value(address), "{address}.{argument}");
        }
    });
}
