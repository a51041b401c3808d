//! The ephemeral resource `ipam_lease`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::holds::read_only;
use super::{top, with};
use crate::provider::testing::{Process, Workspace, World, errors, shown};
use crate::store::faults::{Fault, Faulty};
use crate::tf::{Diagnostics, Opened, Severity, Stop, Value, from_json};

fn config(process: &Process, arguments: &Json) -> Value {
    let resource = process.provider.ephemeral_resource("ipam_lease").unwrap();
    let ty = resource.schema().block.value_type();
    let mut all: serde_json::Map<String, Json> =
        resource.schema().block.attributes.iter().map(|one| (one.name.to_owned(), Json::Null)).collect();
    all.extend(arguments.as_object().unwrap().clone());
    from_json(&Json::Object(all), &ty).unwrap()
}

fn open(process: &Process, arguments: &Json) -> Result<Opened, Vec<String>> {
    let resource = process.provider.ephemeral_resource("ipam_lease").unwrap();
    let config = config(process, arguments);
    let found = errors(&resource.validate(&config));
    if !found.is_empty() {
        return Err(found);
    }
    resource.open(&config, Stop::default()).map_err(|found| errors(&found))
}

fn close(process: &Process, opened: &Opened) -> Diagnostics {
    process.provider.ephemeral_resource("ipam_lease").unwrap().close(&opened.private)
}

/// A workspace with a pool, and the arguments of a lease in it.
fn leased(world: &World) -> (Workspace<'_>, Json) {
    let mut workspace = world.workspace("team/a");
    workspace.apply(&[top()]);
    let arguments = json!({"ipam_pool_id": workspace.get("ipam_pool.top", "id"), "name": "a", "netmask_length": 24});
    (workspace, arguments)
}

#[test]
fn a_lease_shows_its_block_and_is_the_same_in_plan_and_apply() {
    let world = World::new();
    let (workspace, arguments) = leased(&world);
    let tagged = with(&arguments, &json!({"tags": {"for": "tests"}}));
    let plan = workspace.process();
    let opened = open(&plan, &tagged).unwrap();
    let get = |opened: &Opened, name: &str| shown(opened.result.entry(name));
    assert_eq!(get(&opened, "cidr"), "10.0.0.0/24");
    assert_eq!(get(&opened, "first_address"), "10.0.0.0");
    assert_eq!((get(&opened, "owner"), get(&opened, "duration")), ("team/a".to_owned(), "10m".to_owned()));
    assert_eq!(get(&opened, "expires_at"), "2001-09-09T01:56:40Z");
    assert!(opened.result.is_wholly_known() && opened.renew_at.is_some());
    assert!(close(&plan, &opened).is_empty());
    let again = open(&workspace.process(), &tagged).unwrap();
    assert_eq!(get(&again, "cidr"), "10.0.0.0/24");
    world.assert_sound();
}

#[test]
fn a_lease_is_taken_although_plans_hold_nothing() {
    let world = World::new();
    let (mut workspace, arguments) = leased(&world);
    workspace.plan_hold = Duration::ZERO;
    assert!(open(&workspace.process(), &arguments).unwrap().result.is_wholly_known());
}

#[test]
fn a_run_that_may_not_write_is_refused_in_words() {
    let world = World::new();
    let (mut workspace, arguments) = leased(&world);
    workspace.store = Some(read_only(&world));
    let found = open(&workspace.process(), &arguments).unwrap_err();
    assert!(
        found[0].contains("A lease needs the permission to write") && found[0].contains("no right to write"),
        "{found:?}"
    );
}

#[test]
fn a_provider_block_that_is_not_known_yet_leases_nothing() {
    let world = World::new();
    let (workspace, arguments) = leased(&world);
    let process = workspace.process();
    process.shared.configure(None);
    let opened = open(&process, &arguments).unwrap();
    assert_eq!((opened.result.entry("id"), opened.result.entry("name")), (&Value::Unknown, &"a".into()));
}

#[test]
fn bad_arguments_are_told_on_the_argument_and_lease_nothing() {
    let world = World::new();
    let (workspace, arguments) = leased(&world);
    let commits = world.memory.commits();
    for (wrong, begins) in [
        (json!({"name": ""}), "name: Invalid name"),
        (json!({"name": null}), "name: Missing required argument"),
        (json!({"cidr": "10.0.0.1/24"}), "cidr: Invalid cidr"),
        (json!({"cidr": "10.0.0.0/25"}), "netmask_length: Conflicting arguments"),
        (json!({"netmask_length": 129}), "netmask_length: "),
        (json!({"netmask_length": 2}), "netmask_length: "),
        (json!({"netmask_length": null}), "netmask_length: "),
        (json!({"netmask_length": null, "cidr": "192.168.0.0/24"}), "cidr: "),
        (json!({"ipam_pool_id": "ipam-pool-none"}), "ipam_pool_id: No such pool"),
        (json!({"duration": "5s"}), "duration: Invalid duration"),
        (json!({"duration": "25h"}), "duration: Invalid duration"),
        (json!({"duration": "soon"}), "duration: Invalid duration"),
        (json!({"id": "x"}), "id: id cannot be set"),
    ] {
        let found = open(&workspace.process(), &with(&arguments, &wrong)).unwrap_err();
        assert!(found.len() == 1 && found[0].starts_with(begins), "{wrong}: {found:?}");
    }
    assert_eq!(world.memory.commits(), commits);
}

#[test]
fn two_blocks_of_one_configuration_cannot_have_one_name() {
    let world = World::new();
    let (workspace, arguments) = leased(&world);
    let process = workspace.process();
    open(&process, &arguments).unwrap();
    let found = open(&process, &arguments).unwrap_err();
    assert!(found[0].starts_with("name: Duplicate name"), "{found:?}");
}

#[test]
fn another_run_is_refused_in_words() {
    let world = World::new();
    let (workspace, arguments) = leased(&world);
    let opened = open(&workspace.process(), &arguments).unwrap();
    let found = open(&world.workspace("team/b").process(), &arguments).unwrap_err();
    assert!(found[0].starts_with("name: The name \"a\" is taken: Allocation \"top/a\""), "{found:?}");
    for words in
        ["is a lease of owner \"team/a\" until", "ends with that run", "holds release --owner \"team/a\" --name \"a\""]
    {
        assert!(found[0].contains(words), "{found:?}");
    }
    assert!(close(&workspace.process(), &opened).is_empty());
    open(&world.workspace("team/b").process(), &arguments).unwrap();
}

#[test]
fn a_renewal_bridges_a_failure_of_the_store_and_reports_a_loss() {
    let world = World::new();
    let (mut workspace, arguments) = leased(&world);
    let faulty = Arc::new(Faulty::script(Arc::clone(&world.memory) as _, []));
    workspace.store = Some(Arc::clone(&faulty) as _);
    let process = workspace.process();
    let lease = process.provider.ephemeral_resource("ipam_lease").unwrap();
    let mut arguments = arguments;
    arguments["cidr"] = json!("10.0.0.0/24");
    let opened = open(&process, &arguments).unwrap();
    world.pass(Duration::from_mins(5));
    faulty.set([Fault::Unreachable]);
    // The clock of the test is behind the real one, by which the provider judges whether there is time for a second try.
    assert!(lease.renew(opened.private.clone()).is_err());
    let renewal = lease.renew(opened.private.clone()).unwrap();
    assert!(renewal.renew_at.is_some() && renewal.private != opened.private);
    world.pass(Duration::from_hours(1));
    let mut other = world.workspace("team/b");
    other.apply(&[("ipam_allocation.b", with(&arguments, &json!({"name": "b"})))]);
    let found = errors(&lease.renew(renewal.private).unwrap_err());
    assert!(found[0].contains("The lease \"a\" is lost") && found[0].contains("10.0.0.0/24"), "{found:?}");
    assert!(close(&process, &opened).is_empty());
    world.assert_sound();
}

#[test]
fn a_close_that_fails_is_a_warning_with_the_end_of_the_lease() {
    let world = World::new();
    let (mut workspace, arguments) = leased(&world);
    let faulty = Arc::new(Faulty::script(Arc::clone(&world.memory) as _, []));
    workspace.store = Some(Arc::clone(&faulty) as _);
    let process = workspace.process();
    let opened = open(&process, &arguments).unwrap();
    faulty.set([Fault::Unreachable]);
    let warnings = close(&process, &opened);
    let warning = warnings.iter().next().unwrap();
    assert_eq!((warning.severity, warning.summary.as_str()), (Severity::Warning, "The lease \"a\" was not released"));
    assert!(warning.detail.contains("at most 10m after its last renewal"), "{}", warning.detail);
}

#[test]
fn a_process_that_ends_in_order_releases_what_was_not_closed() {
    let world = World::new();
    let (workspace, arguments) = leased(&world);
    let process = workspace.process();
    open(&process, &arguments).unwrap();
    (process.provider.finish)();
    assert!(open(&world.workspace("team/b").process(), &arguments).is_ok());
}
