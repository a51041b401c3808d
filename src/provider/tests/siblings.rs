//! New objects of one plan that may not write see each other, as in a plan that may write.

use std::sync::Arc;
use std::time::Duration;

use super::holds::{ReadOnly, block};
use super::*;
use crate::provider::testing::{Errors, UNKNOWN, Workspace, World, assert_only_error};

type Config = Vec<(&'static str, Json)>;

fn present() -> Config {
    let strict = json!({"name": "strict", "cidrs": ["172.16.0.0/24"]});
    let first_fit =
        json!({"name": "first", "cidrs": ["192.168.0.0/24", "192.168.2.0/26"], "allocation_strategy": "first-fit"});
    vec![top(), ("ipam_pool.strict", strict), ("ipam_pool.first", first_fit), web(&json!({"cidr": "10.0.0.0/24"}))]
}

fn in_pool(address: &'static str, pool: &str, name: &str, size: Json) -> (&'static str, Json) {
    let pool_id = format!("${{ipam_pool.{pool}.id}}");
    (address, with(&json!({"ipam_pool_id": pool_id, "name": name}), &size))
}

/// The two plans that may not write: the plan of a reader, and a plan with `plan_hold = "0s"`.
fn without_writes<'w>(workspace: &Workspace<'w>) -> [Workspace<'w>; 2] {
    let (mut reader, mut holding_nothing) = (workspace.clone(), workspace.clone());
    reader.store = Some(Arc::new(ReadOnly(Arc::clone(&workspace.world.memory))));
    holding_nothing.plan_hold = Duration::ZERO;
    [reader, holding_nothing]
}

/// The path and the summary of each error. Details contain IDs and expiry times, which do not exist without holds.
fn summaries(errors: &Errors) -> Vec<String> {
    errors.iter().map(|error| error.splitn(3, ": ").take(2).collect::<Vec<_>>().join(": ")).collect()
}

#[test]
fn conflicts_between_new_objects_are_reported_as_in_the_plan_of_a_writer() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&present());
    let pool = |address, name: &str, more: Json| (address, with(&json!({"name": name}), &more));
    let (one, two, three) = ("ipam_allocation.one", "ipam_allocation.two", "ipam_allocation.three");
    let table: Vec<Config> = vec![
        vec![block(one, "same", json!({"cidr": "10.1.0.0/24"})), block(two, "same", json!({"cidr": "10.2.0.0/24"}))],
        vec![block(one, "same", json!({"netmask_length": 24})), block(two, "same", json!({"netmask_length": 24}))],
        vec![block(one, "one", json!({"cidr": "10.1.0.0/24"})), block(two, "two", json!({"cidr": "10.1.0.128/25"}))],
        vec![
            in_pool(one, "strict", "one", json!({"netmask_length": 25})),
            in_pool(two, "strict", "two", json!({"netmask_length": 25})),
            in_pool(three, "strict", "three", json!({"netmask_length": 28})),
        ],
        vec![
            in_pool(one, "strict", "one", json!({"cidr": "172.16.0.64/26"})),
            in_pool(two, "strict", "two", json!({"cidr": "172.16.0.128/25"})),
            in_pool(three, "strict", "three", json!({"netmask_length": 25})),
        ],
        vec![
            pool("ipam_pool.one", "one", json!({"cidrs": ["192.0.2.0/24"]})),
            pool("ipam_pool.two", "two", json!({"cidrs": ["192.0.2.128/25"]})),
        ],
        vec![
            pool("ipam_pool.one", "same", json!({"cidrs": ["192.0.2.0/24"]})),
            pool("ipam_pool.two", "same", json!({"cidrs": ["198.51.100.0/24"]})),
        ],
        vec![
            pool(
                "ipam_pool.one",
                "one",
                json!({"source_ipam_pool_id": "${ipam_pool.top.id}", "cidrs": ["10.8.0.0/16"]}),
            ),
            block(two, "two", json!({"cidr": "10.8.4.0/24"})),
        ],
        vec![
            pool("ipam_pool.one", "one", json!({"source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 9})),
            pool("ipam_pool.two", "two", json!({"source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 9})),
        ],
        vec![
            ("ipam_pool_cidr.one", json!({"ipam_pool_id": "${ipam_pool.top.id}", "cidr": "192.0.2.0/24"})),
            ("ipam_pool_cidr.two", json!({"ipam_pool_id": "${ipam_pool.top.id}", "cidr": "192.0.2.0/24"})),
        ],
        vec![
            ("ipam_pool_cidr.one", json!({"ipam_pool_id": "${ipam_pool.top.id}", "cidr": "192.0.2.0/24"})),
            ("ipam_pool_cidr.two", json!({"ipam_pool_id": "${ipam_pool.strict.id}", "cidr": "192.0.2.0/25"})),
        ],
        vec![("ipam_scope.one", json!({"name": "same"})), ("ipam_scope.two", json!({"name": "same"}))],
    ];
    for siblings in table {
        let config = [present(), siblings.clone()].concat();
        let looked =
            without_writes(&workspace).map(|looker| looker.plan(&config).expect_err("an error for the reader"));
        let reported = workspace.plan(&config).expect_err("an error for the writer");
        for errors in looked {
            assert_eq!(summaries(&errors), summaries(&reported), "{siblings:#?}");
            for error in &errors {
                assert!(!error.contains("expires") && !error.contains("holds release"), "nothing is held: {error}");
            }
        }
        // The holds of the writer's plan have expired before the next case.
        world.pass(Duration::from_secs(3601));
    }
    assert!(workspace.plan(&present()).unwrap().is_empty());
}

#[test]
fn a_sibling_is_named_without_an_id() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&present());
    let two = [
        block("ipam_allocation.one", "one", json!({"cidr": "10.1.0.0/24"})),
        block("ipam_allocation.two", "two", json!({"cidr": "10.1.0.128/25"})),
    ];
    for looker in without_writes(&workspace) {
        let reported = "cidr: 10.1.0.128/25 overlaps space that is taken: 10.1.0.128/25 shares addresses with:\n\n  \
                    - 10.1.0.0/24, allocation \"top/one\", which this plan creates too\n\nChoose another block for one of them.";
        assert_eq!(looker.plan(&[&present()[..], &two].concat()).unwrap_err(), [reported]);
    }
}

#[test]
fn no_order_of_siblings_causes_an_error() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&present());
    let (one, two, three) = ("ipam_allocation.one", "ipam_allocation.two", "ipam_allocation.three");
    for siblings in [
        // First a block by size, in the place of the other block.
        vec![block(one, "one", json!({"netmask_length": 24})), block(two, "two", json!({"cidr": "10.0.1.0/24"}))],
        // First the small block, in the only place that is large enough for the other block.
        vec![
            in_pool(one, "first", "one", json!({"netmask_length": 26})),
            in_pool(two, "first", "two", json!({"netmask_length": 24})),
        ],
        vec![
            in_pool(one, "strict", "one", json!({"netmask_length": 26})),
            in_pool(two, "strict", "two", json!({"cidr": "172.16.0.0/25"})),
            in_pool(three, "strict", "three", json!({"netmask_length": 26})),
        ],
        // A pool that gets more space in the same plan.
        vec![
            ("ipam_pool_cidr.one", json!({"ipam_pool_id": "${ipam_pool.strict.id}", "cidr": "192.0.2.0/24"})),
            in_pool(one, "strict", "one", json!({"netmask_length": 24})),
            in_pool(two, "strict", "two", json!({"netmask_length": 24})),
        ],
    ] {
        for looker in without_writes(&workspace) {
            let config = [present(), siblings.clone()].concat();
            let planned = looker.plan(&config).unwrap_or_else(|errors| panic!("{siblings:#?}: {errors:#?}"));
            assert_eq!(planned.get(siblings[0].0, "id"), UNKNOWN);
        }
    }
}

#[test]
fn a_name_that_is_handed_over_in_the_same_plan_is_not_a_conflict() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&present());
    let new = block("ipam_allocation.new", "web", json!({"netmask_length": 24}));
    let renamed = ("ipam_allocation.web", with(&present()[3].1, &json!({"name": "www"})));
    let pools = &present()[..3];
    for config in [[pools, &[renamed, new.clone()]].concat(), [pools, std::slice::from_ref(&new)].concat()] {
        for looker in without_writes(&workspace) {
            looker.plan(&config).unwrap();
        }
        workspace.plan(&config).unwrap();
    }
}

#[test]
fn previews_follow_a_store_that_other_owners_change_in_the_meantime() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&present());
    let (pools, strict) = (&present()[..3], workspace.get("ipam_pool.strict", "id"));
    for (looker, theirs) in without_writes(&workspace).iter().zip(["172.16.0.128/25", "172.16.0.64/26"]) {
        let process = looker.process();
        let one = in_pool("ipam_allocation.one", "strict", "one", json!({"cidr": "172.16.0.0/26"}));
        looker.plan_in(&process, &[pools, &[one]].concat()).unwrap();
        let mut others = world.workspace("team/b");
        others.apply(&[("ipam_allocation.x", json!({"ipam_pool_id": strict, "name": "x", "cidr": theirs}))]);
        let overlapping = in_pool("ipam_allocation.two", "strict", "two", json!({"cidr": "172.16.0.32/27"}));
        let errors = looker.plan_in(&process, &[pools, &[overlapping]].concat()).unwrap_err();
        assert_only_error(&errors, "cidr", &["\"strict/one\", which this plan creates too"]);
        let taken = in_pool("ipam_allocation.three", "strict", "three", json!({"cidr": theirs}));
        let errors = looker.plan_in(&process, &[pools, &[taken]].concat()).unwrap_err();
        assert_only_error(&errors, "cidr", &["team/b", "active"]);
        others.destroy();
        let freed = in_pool("ipam_allocation.four", "strict", "four", json!({"cidr": theirs}));
        looker.plan_in(&process, &[pools, &[freed]].concat()).unwrap();
    }
}

/// With Terraform 1.16, apply creates what such a plan shows, so a block that was shown is not shown again.
#[test]
fn a_block_that_was_shown_takes_precedence_over_a_later_request_by_cidr() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&present());
    workspace.plan_hold = Duration::ZERO;
    workspace.carries_private = true;
    let by_size = block("ipam_allocation.one", "one", json!({"netmask_length": 24}));
    let exact = block("ipam_allocation.two", "two", json!({"cidr": "10.0.1.0/24"}));
    let pool = (
        "ipam_pool.below",
        json!({"name": "below", "source_ipam_pool_id": "${ipam_pool.top.id}", "cidrs": ["10.0.2.0/24"]}),
    );
    let config = [present(), vec![by_size.clone(), exact.clone()]].concat();
    let errors = workspace.plan(&config).unwrap_err();
    assert_only_error(&errors, "cidr", &["10.0.1.0/24", "\"top/one\", which this plan creates too"]);
    let config = [present(), vec![exact, pool, by_size]].concat();
    let planned = workspace.plan(&config).unwrap();
    assert_eq!(planned.get("ipam_allocation.one", "cidr"), "10.0.3.0/24");
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&config);
}
