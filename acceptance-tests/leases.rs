//! `ipam_lease`: blocks for the length of one run of a real Terraform or OpenTofu. A provisioner of the run shows what it
//! has, and keeps the run going.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use serde_json::Value as Json;
use terraform_provider_ipam::ipam::{Allocation, Event, State};

use crate::harness::client::Feature;
use crate::harness::processes::{kill, providers_of};
use crate::harness::store::{NewPool, Store, wait_for};
use crate::harness::terraform::Running;
use crate::harness::{PROVIDER, Workspace};
use crate::read_only::set_writable;

/// A lease of 16 addresses, and something that uses it: the block goes into the file `leased`, and what the store holds
/// at that time into `holds`.
fn leased(pool_id: &str, name: &str, more: &str, then: &str) -> String {
    format!(
        r#"
ephemeral "ipam_lease" "test" {{
  ipam_pool_id   = {pool_id}
  name           = "{name}"
  netmask_length = 28
  {more}
}}

resource "terraform_data" "use" {{
  provisioner "local-exec" {{
    command = "{PROVIDER} holds --json > holds && echo ${{ephemeral.ipam_lease.test.cidr}} > leased{then}"
  }}
}}
"#
    )
}

/// The end of the command of a run that goes on until the test writes the file `end`.
const UNTIL_TOLD: &str = " && while [ ! -e end ]; do sleep 0.1; done";

/// A workspace on the store, in which a pool of 256 addresses is, and the id of the pool in quotes.
fn with_pool(store: &Store) -> (Workspace, String) {
    let workspace = Workspace::on(store);
    workspace.needs(Feature::EphemeralResources);
    let pool = store.add_pool(&NewPool { name: "lab", cidrs: &["10.0.0.0/24"], ..NewPool::default() });
    (workspace, format!("{:?}", pool.meta.id))
}

fn file(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.path().join(name)
}

fn leases(store: &Store) -> Vec<Allocation> {
    store.allocations().into_iter().filter(|allocation| allocation.meta.is_lease).collect()
}

/// The events of leases in short: the action, and the block of the lease.
fn events_of_leases(store: &Store) -> Vec<(String, String)> {
    let is_lease = |event: &Event| event.after["is_lease"] == true;
    let events = store.events().into_iter().filter(is_lease);
    events.map(|event| (event.action, event.after["cidr"].as_str().unwrap().to_owned())).collect()
}

/// Starts an apply that goes on until the file `end` is there, and waits until it has its lease.
fn start(workspace: &Workspace) -> Running {
    let mut command = workspace.apply_command(&[]);
    command.process_group(0);
    let mut running = Running::start_now(command);
    wait_for("the run to use its lease", || file(workspace, "leased").exists() || running.has_ended());
    assert!(!running.has_ended(), "{}", running.wait().text());
    running
}

fn end(workspace: &Workspace) {
    fs::write(file(workspace, "end"), "").unwrap();
}

on_each_store! {
    fn two_runs_at_the_same_time_never_have_one_lease(store: Store) {
        let (first, pool_id) = with_pool(&store);
        first.configure(&leased(&pool_id, "smoke", "", UNTIL_TOLD));
        let running = start(&first);
        let second = Workspace::on(&store);
        second.configure(&leased(&pool_id, "smoke", "", ""));
        second.try_plan(&[]).fails().says(&["The name \"smoke\" is taken", "is a lease of owner \"tests/one\"", "until"]);
        second.configure(&leased(&pool_id, "other", "", ""));
        second.apply();
        assert_ne!(second.read("leased"), first.read("leased"));
        end(&first);
        running.wait().succeeds();
        let third = Workspace::on(&store);
        third.configure(&leased(&pool_id, "smoke", "", ""));
        third.apply();
        assert_eq!(third.read("leased"), first.read("leased"));
        assert!(leases(&store).is_empty());
        store.assert_sound();
    }
}

on_own_stores_and_opentofu! {
    fn a_lease_has_the_same_block_in_plan_and_apply_and_is_released_at_the_end_of_each(store: Store) {
        let workspace = Workspace::on(&store);
        workspace.needs(Feature::EphemeralResources);
        let pool = "resource \"ipam_pool\" \"lab\" {\n  name  = \"lab\"\n  cidrs = [\"10.0.0.0/24\"]\n}\n";
        workspace.configure(pool);
        workspace.apply();
        workspace.configure(&(pool.to_owned() + &leased("ipam_pool.lab.id", "smoke", "", "")));
        workspace.plan();
        let block = "10.0.0.0/28".to_owned();
        let once = [("hold".to_owned(), block.clone()), ("release".to_owned(), block.clone())];
        assert_eq!(events_of_leases(&store), once);
        assert!(leases(&store).is_empty());
        workspace.apply_saved();
        assert_eq!(workspace.read("leased").trim(), block);
        let holds: Json = serde_json::from_str(&workspace.read("holds")).unwrap();
        assert_eq!((&holds["holds"][0]["lease"], &holds["holds"][0]["path"]), (&true.into(), &"lab/smoke".into()));
        assert_eq!(events_of_leases(&store), [once.clone(), once].concat());
        let audit = store.assert_sound();
        assert_eq!((audit.allocations, audit.holds), (0, 0));
        assert!(!workspace.read("terraform.tfstate").contains("10.0.0.0/28"), "a state has no lease");
        workspace.assert_settled();
        workspace.destroy();
        store.assert_empty();
    }

    fn a_run_that_is_killed_leaves_nothing_behind(store: Store) {
        let (workspace, pool_id) = with_pool(&store);
        workspace.configure(&leased(&pool_id, "smoke", "duration = \"10s\"", UNTIL_TOLD));
        let running = start(&workspace);
        let providers = providers_of(running.id());
        kill(running.id());
        providers.into_iter().for_each(kill);
        end(&workspace);
        running.wait();
        let [lease] = &leases(&store)[..] else { panic!("the lease is still there") };
        assert_eq!(lease.meta.state, State::Planned);
        store.assert_sound();
        store.wait_until_holds_have_expired();
        store.add_allocation(pool_id.trim_matches('"'), "everything", "10.0.0.0/24");
        let audit = store.assert_sound();
        assert_eq!((audit.allocations, audit.holds), (1, 0));
    }

    fn a_run_that_goes_on_renews_its_lease(store: Store) {
        let (workspace, pool_id) = with_pool(&store);
        workspace.configure(&leased(&pool_id, "smoke", "duration = \"10s\"", UNTIL_TOLD));
        let running = start(&workspace);
        let [lease] = &leases(&store)[..] else { panic!("there is one lease") };
        let first_end = lease.meta.hold_expires_at.unwrap();
        wait_for("the first end of the lease", || store.open().now() > first_end);
        let [renewed] = &leases(&store)[..] else { panic!("the lease is still there") };
        assert_eq!((&renewed.meta.id, renewed.cidr), (&lease.meta.id, lease.cidr));
        assert!(renewed.meta.hold_expires_at > Some(store.open().now()));
        end(&workspace);
        running.wait().succeeds();
        assert!(leases(&store).is_empty());
        store.assert_sound();
    }
}

#[test]
fn a_plan_that_may_only_read_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("ipam.db"));
    let (workspace, pool_id) = with_pool(&store);
    let workspace = Workspace::on(workspace.store()).without_privileges();
    workspace.configure(&leased(&pool_id, "smoke", "", ""));
    set_writable(directory.path(), false);
    workspace.try_plan(&[]).fails().says(&["A lease needs the permission to write", "read the store but cannot write"]);
    set_writable(directory.path(), true);
    workspace.apply();
    assert_eq!(workspace.read("leased").trim(), "10.0.0.0/28");
}

#[test]
fn a_mistake_is_an_error_of_the_plan_on_its_argument() {
    let (workspace, pool_id) = with_pool(&Store::sqlite());
    let before = workspace.store().content();
    for (more, told) in [
        ("duration = \"5s\"", "is not a duration from 10s to 24h"),
        ("cidr = \"10.0.0.0/26\"", "Conflicting arguments"),
        ("cidr = \"192.168.0.0/28\"", "192.168.0.0/28"),
    ] {
        workspace.configure(&leased(&pool_id, "smoke", more, ""));
        workspace.try_plan(&[]).fails().says(&[told]);
    }
    workspace.configure(&leased("\"ipam-pool-0\"", "smoke", "", ""));
    workspace.try_plan(&[]).fails().says(&["No such pool"]);
    assert_eq!(workspace.store().content(), before);
}
