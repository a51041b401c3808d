//! Pools whose blocks are merged, split and shrunk; pool CIDRs that are renamed; and the warning of a replacement about
//! the addresses that it gives up.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::provider::testing::{Action, UNKNOWN, Workspace, World, assert_only_error};

const POOL: &str = "ipam_pool.p";
const A: &str = "ipam_allocation.a";
const B: &str = "ipam_allocation.b";

/// A pool with these blocks of 10.1.0.0/16, at the top level or in another pool, and two allocations in it.
fn config(nested: bool, blocks: &[&str]) -> Vec<(&'static str, Json)> {
    let mut pool = json!({"name": "p", "cidrs": blocks});
    if nested {
        pool = with(&pool, &json!({"source_ipam_pool_id": "${ipam_pool.top.id}"}));
    }
    let inside =
        |name: &str, length: u8| json!({"ipam_pool_id": "${ipam_pool.p.id}", "name": name, "netmask_length": length});
    let mut config = vec![(POOL, pool), (A, inside("a", 24)), (B, inside("b", 25))];
    if nested {
        config.insert(0, top());
    }
    config
}

const HALVES: &[&str] = &["10.1.0.0/17", "10.1.128.0/17"];
const WHOLE: &[&str] = &["10.1.0.0/16"];

#[test]
fn blocks_are_merged_split_and_regrouped_in_place() {
    for nested in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&config(nested, HALVES));
        let kept = |workspace: &Workspace<'_>| {
            [(POOL, "id"), (A, "id"), (A, "cidr"), (B, "id"), (B, "cidr")].map(|(at, name)| workspace.get(at, name))
        };
        let before = kept(&workspace);
        for blocks in [
            WHOLE,
            &["10.1.0.0/18", "10.1.64.0/18", "10.1.128.0/17"],
            &["10.1.0.0/17", "10.1.128.0/18", "10.1.192.0/18"],
            // The merged block includes space that the pool did not have, and parts of the pool are left out.
            &["10.1.0.0/18", "10.1.192.0/18"],
            WHOLE,
            &["10.1.0.0/20", "10.1.64.0/18"],
            HALVES,
        ] {
            let planned = workspace.apply(&config(nested, blocks));
            assert_eq!(planned.action(POOL), Action::Update, "{blocks:?}");
            assert_eq!((planned.action(A), planned.action(B)), (Action::NoOp, Action::NoOp), "{blocks:?}");
            let shown: BTreeSet<_> = planned.get(POOL, "cidrs").split(' ').map(str::to_owned).collect();
            assert_eq!(shown, blocks.iter().map(|block| (*block).to_owned()).collect());
            assert_eq!(kept(&workspace), before);
        }
        workspace.destroy();
        world.assert_sound();
    }
}

#[test]
fn space_that_a_merge_needs_is_held_for_it() {
    for nested in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&config(nested, &["10.1.0.0/18", "10.1.192.0/18"]));
        let planned = workspace.plan(&config(nested, WHOLE)).unwrap();
        let other = world.workspace("team/b");
        let wanted = if nested {
            let top = workspace.get("ipam_pool.top", "id");
            ("ipam_allocation.x", json!({"ipam_pool_id": top, "name": "x", "cidr": "10.1.64.0/24"}))
        } else {
            ("ipam_pool.x", json!({"name": "x", "cidrs": ["10.1.64.0/24"]}))
        };
        let errors = other.plan(std::slice::from_ref(&wanted)).unwrap_err();
        assert!(errors[0].contains("10.1.64.0"), "{errors:#?}");
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&config(nested, WHOLE));
        world.assert_sound();
        // After a plan that was never applied, nothing remains for longer than its hold.
        workspace.apply(&config(nested, &["10.1.0.0/18", "10.1.192.0/18"]));
        workspace.plan(&config(nested, WHOLE)).unwrap();
        world.pass(Duration::from_hours(2));
        other.plan(&[wanted]).unwrap();
        world.assert_sound();
    }
}

#[test]
fn objects_of_other_owners_in_the_way_are_reported_in_the_plan() {
    for nested in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        let before = config(nested, WHOLE);
        workspace.apply(&before);
        let pool = workspace.get(POOL, "id");
        let theirs =
            |cidr: &str| [("ipam_allocation.t", json!({"ipam_pool_id": pool, "name": "theirs", "cidr": cidr}))];
        let mut other = world.workspace("team/b");
        for (cidr, blocks, words) in [
            ("10.1.128.0/24", &["10.1.0.0/17"][..], "is not empty"),
            ("10.1.128.0/24", &["10.1.0.0/17", "10.1.192.0/18"], "is not empty"),
            ("10.1.128.0/17", &["10.1.0.0/17", "10.1.128.0/18", "10.1.192.0/18"], "cannot be split"),
        ] {
            other.apply(&theirs(cidr));
            let errors = workspace.plan(&config(nested, blocks)[..1 + usize::from(nested)]).unwrap_err();
            assert_only_error(&errors, "cidrs", &[words, cidr, "theirs", "team/b"]);
            workspace.assert_settled(&before);
            other.destroy();
        }
        other.apply(&theirs("10.1.128.0/17"));
        workspace.apply(&config(nested, HALVES));
    }
}

#[test]
fn an_object_of_the_same_configuration_that_stays_is_reported_by_its_own_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let child = |length: u8| {
        ("ipam_pool.c", json!({"name": "c", "source_ipam_pool_id": "${ipam_pool.p.id}", "netmask_length": length}))
    };
    let y = ("ipam_allocation.y", json!({"ipam_pool_id": "${ipam_pool.c.id}", "name": "y", "cidr": "10.1.15.0/24"}));
    let pool = |blocks: &[&str]| (POOL, json!({"name": "p", "cidrs": blocks}));
    let before = [pool(WHOLE), child(20), y.clone()];
    workspace.apply(&before);
    let errors = workspace.plan(&[pool(WHOLE), child(21), y.clone()]).unwrap_err();
    assert_only_error(&errors, "ipam_pool_id", &["10.1.15.0/24", "\"c\"", "10.1.0.0/21"]);
    let errors = workspace.plan(&[pool(&["10.2.0.0/16"]), child(20)]).unwrap_err();
    assert_only_error(&errors, "source_ipam_pool_id", &["10.1.0.0/20", "\"p\"", "10.2.0.0/16"]);
    workspace.assert_settled(&before);
    // An object that is deleted in the same apply is not in the way.
    let planned = workspace.apply(&[pool(WHOLE), child(21)]);
    assert_eq!((planned.action("ipam_pool.c"), planned.action("ipam_allocation.y")), (Action::Update, Action::Delete));
    workspace.apply(&[pool(&["10.2.0.0/16"])]);
}

#[test]
fn a_pool_cidr_is_renamed_in_place() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let pool = ("ipam_pool.eu", json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}"}));
    let one =
        |address: &'static str, more: Json| (address, with(&json!({"ipam_pool_id": "${ipam_pool.eu.id}"}), &more));
    let (first, second) = ("ipam_pool_cidr.first", "ipam_pool_cidr.second");
    let sized = |name: &str| json!({"name": name, "netmask_length": 16});
    let of = |a: Json, b: Json| [top(), pool.clone(), one(first, a), one(second, b)];
    workspace.apply(&of(sized("mian"), sized("b")));
    let before = [first, second].map(|address| (workspace.get(address, "id"), workspace.get(address, "cidr")));
    let fixed = json!({"cidr": before[1].1});
    for (a, b) in [
        (sized("main"), sized("b")),
        // A name is removed, and added again.
        (sized("main"), fixed.clone()),
        (sized("b"), fixed.clone()),
        (sized("b"), with(&fixed, &json!({"name": "main"}))),
    ] {
        let planned = workspace.apply(&of(a, b));
        assert!([Action::Update, Action::NoOp].contains(&planned.action(first)));
        assert_eq!([first, second].map(|at| (workspace.get(at, "id"), workspace.get(at, "cidr"))), before);
    }
    let mut planned = workspace.plan(&of(sized(UNKNOWN), fixed.clone())).unwrap();
    assert_eq!((planned.action(first), planned.get(first, "id")), (Action::Update, before[0].0.clone()));
    planned.become_known(first, &one(first, sized("late")).1);
    workspace.apply_plan(&planned).unwrap();
    world.assert_sound();
    // A taken name, and a size without a name, are reported in the plan.
    let pool_id = workspace.get("ipam_pool.eu", "id");
    let mut other = world.workspace("team/b");
    other.apply(&[("ipam_pool_cidr.x", json!({"ipam_pool_id": pool_id, "name": "theirs", "netmask_length": 16}))]);
    let errors = workspace.plan(&of(sized("theirs"), fixed.clone())).unwrap_err();
    assert_only_error(&errors, "name", &["theirs", "team/b"]);
    let errors = workspace.plan(&of(json!({"netmask_length": 16}), fixed.clone())).unwrap_err();
    assert_only_error(&errors, "name", &["Missing name"]);
    workspace.assert_settled(&of(sized("late"), fixed));
}

#[test]
fn a_replacement_names_the_addresses_that_it_gives_up() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let eu = |length: u8| {
        ("ipam_pool.eu", json!({"name": "eu", "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": length}))
    };
    let us =
        ("ipam_pool.us", json!({"name": "us", "source_ipam_pool_id": "${ipam_pool.top.id}", "cidrs": ["10.1.0.0/16"]}));
    let inside = json!({"ipam_pool_id": "${ipam_pool.eu.id}", "name": "x", "netmask_length": 24});
    let of = |length: u8| [top(), us.clone(), eu(length), ("ipam_allocation.x", inside.clone())];
    workspace.apply(&of(16)[..3]);
    let planned = workspace.plan(&of(15)[..3]).unwrap();
    let [warning] = &planned.warnings[..] else { panic!("{:#?}", planned.warnings) };
    for words in ["The pool \"eu\" gives up 10.0.0.0/16", "`netmask_length`"] {
        assert!(warning.contains(words), "{warning}");
    }
    assert!(!warning.contains("contains allocations or pools"), "{warning}");
    // The pool has contents, which are deleted with it.
    workspace.apply(&of(16));
    let planned = workspace.plan(&of(15)).unwrap();
    let [of_pool, of_allocation] = &planned.warnings[..] else { panic!("{:#?}", planned.warnings) };
    assert!(of_pool.contains("contains allocations or pools"), "{of_pool}");
    for words in ["The allocation \"x\" gives up 10.0.0.0/24", "`ipam_pool_id`"] {
        assert!(of_allocation.contains(words), "{of_allocation}");
    }
    assert_eq!(workspace.plan(&of(16)).unwrap().warnings, [""; 0]);
}
