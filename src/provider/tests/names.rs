//! Names of objects that are renamed, swapped, tainted and taken over.

use super::*;
use crate::provider::testing::{Action, Workspace, World, assert_only_error};

fn allocation(address: &'static str, name: &str) -> (&'static str, Json) {
    (address, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": name, "netmask_length": 24}))
}

const A: &str = "ipam_allocation.a";
const B: &str = "ipam_allocation.b";

#[test]
fn one_name_twice_in_a_configuration_is_refused() {
    let world = World::new();
    let errors = world.workspace("team/a").plan(&[top(), allocation(A, "web"), allocation(B, "web")]).unwrap_err();
    assert_only_error(&errors, "name", &["Two resources", "\"web\""]);
    let scopes = [("ipam_scope.a", json!({"name": "lab"})), ("ipam_scope.b", json!({"name": "lab"}))];
    assert_only_error(&world.workspace("team/a").plan(&scopes).unwrap_err(), "name", &["\"lab\""]);
    // A pool and an allocation in one pool may have the same name.
    let below =
        ("ipam_pool.web", json!({"name": "web", "source_ipam_pool_id": "${ipam_pool.top.id}", "netmask_length": 16}));
    world.workspace("team/a").plan(&[top(), below, allocation(A, "web")]).unwrap();
}

#[test]
fn a_name_of_an_object_that_stays_is_refused_in_any_order() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), allocation(A, "web")]);
    let old_first = workspace.plan(&[top(), allocation(A, "web"), allocation(B, "web")]).unwrap_err();
    assert_only_error(&old_first, "name", &["\"web\"", "terraform import"]);
    assert!(!workspace.plan(&[top(), allocation(B, "web"), allocation(A, "web")]).unwrap_err().is_empty());
}

/// A plan that would have replaced an object left a hold of its name. A later request for the name does not get it.
#[test]
fn a_name_is_not_given_away_by_a_plan_that_was_never_applied() {
    for hides_walk in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.hides_walk = hides_walk;
        workspace.apply(&[top(), allocation(A, "web")]);
        workspace.plan(&[top(), allocation(B, "web")]).unwrap();
        for config in
            [[top(), allocation(A, "web"), allocation(B, "web")], [top(), allocation(B, "web"), allocation(A, "web")]]
        {
            let errors = workspace.plan(&config).unwrap_err();
            assert_only_error(&errors, "name", &["\"web\""]);
        }
        let planned = workspace.apply(&[top(), allocation(B, "web")]);
        assert_eq!(planned.action(B), Action::Create);
    }
}

/// Another configuration with the same owner: its plan is not a replacement of this object.
#[test]
fn a_planned_replacement_is_only_for_the_configuration_that_has_the_object() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.create_before_destroy = true;
    workspace.hides_walk = true;
    workspace.apply(&[top(), allocation(A, "web")]);
    workspace.tainted.insert(A.to_owned());
    let planned = workspace.plan(&[top(), allocation(A, "web")]).unwrap();
    let pool = workspace.get("ipam_pool.top", "id");
    let in_pool = |name| json!({"ipam_pool_id": pool, "name": name, "netmask_length": 24});
    let mut other = world.workspace("team/a");
    other.hides_walk = true;
    other.apply(&[(B, in_pool("api"))]);
    let errors = other.plan(&[(B, in_pool("api")), ("ipam_allocation.c", in_pool("web"))]).unwrap_err();
    assert_only_error(&errors, "name", &["\"web\""]);
    workspace.apply_plan(&planned).unwrap();
    workspace.assert_settled(&[top(), allocation(A, "web")]);
}

/// If the whole configuration is walked one resource at a time, the other object of a swap is shown only later.
#[test]
fn a_rename_to_a_name_of_the_same_owner_is_planned_if_the_walk_is_not_known() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), allocation(A, "web"), allocation(B, "api")]);
    workspace.hides_walk = true;
    let process = workspace.process();
    let prior = workspace.state[A].clone();
    let config = crate::provider::testing::config_of(
        process.resource(A),
        &json!({"ipam_pool_id": workspace.get("ipam_pool.top", "id"), "name": "api", "netmask_length": 24}),
        &std::collections::BTreeMap::new(),
    );
    process.ask_unrefreshed(A, &prior, &config).unwrap();
    process.resource(A).read(&prior.value).unwrap();
    let errors = process.ask_unrefreshed(A, &prior, &config).unwrap_err();
    assert_only_error(&errors, "name", &["\"api\""]);
}

/// A new resource gets the name of a resource that was removed from the configuration, in whichever order Terraform
/// walks.
#[test]
fn a_destroyed_object_gives_its_name_to_a_new_one() {
    for orphans_first in [true, false] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.apply(&[top(), allocation(A, "web")]);
        let old = workspace.get(A, "id");
        workspace.orphans_first = orphans_first;
        let config = [top(), allocation(B, "web")];
        let planned = plan_with_other_in_another_thread(&workspace, &config, A);
        assert_eq!(planned.action(B), Action::Create);
        assert_ne!(planned.get(B, "id"), old);
        workspace.apply_plan(&planned).unwrap();
        workspace.assert_settled(&config);
        world.assert_sound();
    }
}

/// A process for a configuration whose other resource is planned in another thread. It waits long enough for the slowest
/// machine.
fn process_that_waits(workspace: &Workspace<'_>) -> crate::provider::testing::Process {
    Workspace { sibling_wait: std::time::Duration::from_secs(60), ..workspace.clone() }.process()
}

/// Terraform walks independent resources at the same time, so the state of the other resource may be read later.
fn plan_with_other_in_another_thread(
    workspace: &Workspace<'_>,
    config: &[(&str, Json)],
    other: &str,
) -> crate::provider::testing::Planned {
    let process = process_that_waits(workspace);
    let state = crate::provider::testing::to_json(workspace.value(other));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            process.resource(other).upgrade(0, state).unwrap();
        });
        workspace.plan_in(&process, config).unwrap()
    })
}

fn swapping() -> Vec<[(&'static str, Json); 2]> {
    let scope = |address, name| (address, json!({"name": name}));
    let pool = |address, name, cidr| (address, json!({"name": name, "cidrs": [cidr]}));
    vec![
        [scope("ipam_scope.a", "x"), scope("ipam_scope.b", "y")],
        [scope("ipam_scope.a", "y"), scope("ipam_scope.b", "x")],
        [pool("ipam_pool.a", "x", "10.0.0.0/8"), pool("ipam_pool.b", "y", "172.16.0.0/12")],
        [pool("ipam_pool.a", "y", "10.0.0.0/8"), pool("ipam_pool.b", "x", "172.16.0.0/12")],
    ]
}

/// Applies two updates at the same time, like Terraform.
fn apply_together(workspace: &mut Workspace<'_>, planned: &crate::provider::testing::Planned) -> Vec<Vec<String>> {
    let process = process_that_waits(workspace);
    let halves: Vec<_> = planned.steps.iter().filter(|step| step.action != Action::NoOp).cloned().collect();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = halves
            .iter()
            .map(|step| {
                let mut own = workspace.clone();
                let half = crate::provider::testing::Planned { steps: vec![step.clone()], ..planned.clone() };
                let process = &process;
                scope.spawn(move || {
                    let errors = own.apply_in(process, &half).err().unwrap_or_default();
                    (own.state.get(&half.steps[0].address).cloned(), errors)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (step, (state, _)) in halves.iter().zip(&results) {
        workspace.state.insert(step.address.clone(), state.clone().unwrap());
    }
    results.into_iter().map(|(_, errors)| errors).filter(|errors| !errors.is_empty()).collect()
}

#[test]
fn names_are_swapped_in_one_apply() {
    let allocations = |a: &str, b: &str| vec![top(), allocation(A, a), allocation(B, b)];
    let mut pairs = vec![(allocations("x", "y"), allocations("y", "x"))];
    pairs.extend(swapping().chunks(2).map(|pair| (pair[0].to_vec(), pair[1].to_vec())));
    for ((before, after), hides_walk) in pairs.into_iter().flat_map(|pair| [(pair.clone(), false), (pair, true)]) {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.hides_walk = hides_walk;
        workspace.apply(&before);
        let ids: Vec<_> = workspace.state.keys().map(|address| workspace.get(address, "id")).collect();
        let second = after.last().unwrap().0;
        let planned = plan_with_other_in_another_thread(&workspace, &after, second);
        assert_eq!(apply_together(&mut workspace, &planned), [[""; 0]; 0]);
        workspace.assert_settled(&after);
        assert_eq!(ids, workspace.state.keys().map(|address| workspace.get(address, "id")).collect::<Vec<_>>());
        world.assert_sound();
    }
}

/// With `-parallelism=1`, the second half comes too late for the first half, which fails.
#[test]
fn a_swap_of_which_only_one_half_is_applied_leaves_every_name_as_it_was() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let config = |a: &str, b: &str| vec![top(), allocation(A, a), allocation(B, b)];
    workspace.apply(&config("x", "y"));
    let (before_a, before_b) = (workspace.get(A, "cidr"), workspace.get(B, "cidr"));
    let planned = plan_with_other_in_another_thread(&workspace, &config("y", "x"), B);
    let errors = workspace.apply_plan(&planned).unwrap_err();
    assert_only_error(&errors, "name", &["\"y\""]);
    assert_eq!(workspace.get(A, "name"), "x", "the name is restored");
    workspace.assert_settled(&config("x", "y"));
    // Terraform continues with the other object, which takes a temporary name as well. A swap by way of a third name
    // always works.
    workspace.apply(&config("z", "y"));
    workspace.apply(&config("z", "x"));
    workspace.apply(&config("y", "x"));
    assert_eq!((before_a, before_b), (workspace.get(A, "cidr"), workspace.get(B, "cidr")));
}

#[test]
fn a_new_name_that_another_owner_has_is_refused_at_plan() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), allocation(A, "web")]);
    let pool = workspace.get("ipam_pool.top", "id");
    let mut other = world.workspace("team/b");
    other.apply(&[("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "netmask_length": 24}))]);
    let errors = workspace.plan(&[top(), allocation(A, "x")]).unwrap_err();
    assert_only_error(&errors, "name", &["\"x\"", "team/b", "transfer", "--to \"team/a\""]);
    other.plan(&[("ipam_allocation.y", json!({"ipam_pool_id": pool, "name": "y", "netmask_length": 24}))]).unwrap();
    let errors = workspace.plan(&[top(), allocation(A, "y")]).unwrap_err();
    assert_only_error(&errors, "name", &["\"y\"", "team/b", "held"]);
}

#[test]
fn a_name_that_was_taken_since_the_plan_leaves_the_object_as_it_was() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), allocation(A, "web")]);
    let planned = workspace.plan(&[top(), allocation(A, "x")]).unwrap();
    let pool = workspace.get("ipam_pool.top", "id");
    for owner in ["team/b", "team/a"] {
        let mut other = world.workspace(owner);
        other.apply(&[("ipam_allocation.x", json!({"ipam_pool_id": pool, "name": "x", "netmask_length": 24}))]);
        let errors = workspace.apply_plan(&planned).unwrap_err();
        assert_only_error(&errors, "name", &["\"x\"", owner]);
        assert_eq!(workspace.get(A, "name"), "web");
        workspace.assert_settled(&[top(), allocation(A, "web")]);
        other.destroy();
    }
    workspace.apply_plan(&planned).unwrap();
    assert_eq!(workspace.get(A, "name"), "x");
}

/// The private data of an update stays in the state. It must not affect later plans.
#[test]
fn an_earlier_plan_does_not_cause_a_later_takeover_of_a_name() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top(), allocation(A, "web"), allocation(B, "api")]);
    workspace.apply(&[top(), allocation(A, "old"), allocation(B, "api")]);
    assert!(!workspace.state[A].private.is_empty(), "this test needs private data in the state");
    // A is replaced and takes the name of B.
    let moved = (A, json!({"ipam_pool_id": "${ipam_pool.top.id}", "name": "api", "netmask_length": 24}));
    workspace.plan(&[top(), allocation(B, "api"), moved.clone()]).expect("may be a swap");
    workspace.tainted.insert(A.to_owned());
    let errors = workspace.plan(&[top(), allocation(B, "api"), moved]).unwrap_err();
    assert_only_error(&errors, "name", &["\"api\""]);
}

#[test]
fn a_new_object_takes_the_name_that_another_gives_up_in_the_same_apply() {
    for hides_walk in [false, true] {
        let world = World::new();
        let mut workspace = world.workspace("team/a");
        workspace.hides_walk = hides_walk;
        workspace.apply(&[top(), allocation(A, "web")]);
        let config = [top(), allocation(A, "web-old"), allocation(B, "web")];
        // The plans leave nothing that would block the next plan.
        workspace.plan(&config).unwrap();
        let planned = workspace.apply(&config);
        assert_eq!((planned.action(A), planned.action(B)), (Action::Update, Action::Create));
        assert!(workspace.plan(&config).unwrap().is_empty());
    }
}

#[test]
fn a_name_inserted_at_the_front_of_a_list_shifts_the_others() {
    let world = World::new();
    let mut workspace = world.workspace("team/a");
    let list = |names: &[&'static str]| {
        let address = |index: usize| [A, B, "ipam_allocation.c", "ipam_allocation.d"][index];
        let all = names.iter().enumerate().map(|(index, name)| allocation(address(index), name));
        std::iter::once(top()).chain(all).collect::<Vec<_>>()
    };
    workspace.apply(&list(&["b", "c"]));
    let longer = list(&["a", "b", "c"]);
    let planned = workspace.apply(&longer);
    assert_eq!(planned.action("ipam_allocation.c"), Action::Create);
    assert!(workspace.plan(&longer).unwrap().is_empty());
}
