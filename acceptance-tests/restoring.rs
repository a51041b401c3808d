//! A store that was restored from a backup that is older than the states.

use std::process::Command;

use crate::harness::store::Store;
use crate::harness::{PROVIDER, Workspace};

const BEFORE: &str = r#"
resource "ipam_pool" "top" {
  name  = "top"
  cidrs = ["10.0.0.0/8"]
}

resource "ipam_allocation" "first" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "first"
  netmask_length = 24
}
"#;

/// Objects made after the backup: the pool now has the block that `gone` had in between.
const SINCE: &str = r#"
resource "ipam_pool" "region" {
  name                = "region"
  source_ipam_pool_id = ipam_pool.top.id
  netmask_length      = 16
  depends_on          = [ipam_allocation.gone]
}

resource "ipam_pool_cidr" "more" {
  ipam_pool_id   = ipam_pool.region.id
  name           = "more"
  netmask_length = 20
}

resource "ipam_allocation" "web" {
  ipam_pool_id   = ipam_pool.region.id
  name           = "web"
  netmask_length = 24
  depends_on     = [ipam_pool_cidr.more]
}
"#;

const GONE: &str = r#"
resource "ipam_allocation" "gone" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "gone"
  netmask_length = 16
}
"#;

const MADE_SINCE: [&str; 3] = ["ipam_pool.region", "ipam_pool_cidr.more", "ipam_allocation.web"];

/// Runs a command of the program.
#[track_caller]
fn tool(store: &Store, arguments: &[&str]) {
    let mut command = Command::new(PROVIDER);
    let output = store.tell(command.env("IPAM_STORE", store.url()).args(arguments)).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// Makes a configuration whose store was lost, and restores its older backup to `store`.
fn restored_to(store: &Store) -> Workspace {
    let mut workspace = Workspace::on(&Store::sqlite());
    workspace.configure(BEFORE);
    workspace.apply();
    let backup = workspace.path().join("backup.json").display().to_string();
    tool(workspace.store(), &["export", "--output", &backup]);
    workspace.configure(&[BEFORE, GONE, SINCE].concat());
    workspace.apply();
    workspace.configure(&[BEFORE, &without_gone()].concat());
    workspace.apply();
    tool(store, &["import", &backup]);
    workspace.switch_to(store);
    workspace
}

fn without_gone() -> String {
    SINCE.replace("  depends_on          = [ipam_allocation.gone]\n", "")
}

fn bringing_back(workspace: &Workspace) -> String {
    let provider =
        format!("provider \"ipam\" {{\n  owner      = {:?}\n  on_missing = \"restore\"\n}}\n", workspace.owner());
    [&provider, BEFORE, &without_gone()].concat()
}

on_each_own_store! {
    fn objects_in_the_state_are_restored_with_their_addresses(store: Store) {
        let workspace = restored_to(&store);
        let before = workspace.state();
        // Without the argument, the plan does what the guide describes.
        let plan = workspace.plan();
        let created: Vec<_> = plan.actions().into_iter().filter(|(_, action)| action == "create").map(|(one, _)| one).collect();
        assert_eq!(created.len(), MADE_SINCE.len(), "{created:?}");
        assert_ne!(plan.known("ipam_pool.region.cidr"), before.text("ipam_pool.region.cidr"));

        workspace.configure(&bringing_back(&workspace));
        let warned = ["pool \"region\" was restored", "allocation \"web\" was restored", "on_missing = \"restore\""];
        workspace.try_plan(&["-detailed-exitcode"]).succeeds().says(&warned);
        workspace.try_plan(&["-detailed-exitcode"]).succeeds().never_says("was restored");
        workspace.apply();
        for address in MADE_SINCE {
            for attribute in ["id", "owner"] {
                let place = format!("{address}.{attribute}");
                assert_eq!(workspace.state().text(&place), before.text(&place), "{place}");
            }
        }
        for place in ["ipam_pool.region.cidr", "ipam_pool_cidr.more.cidr", "ipam_allocation.web.cidr"] {
            assert_eq!(workspace.state().text(place), before.text(place), "{place}");
        }
        Workspace::assert_store_matches(&store, &[&workspace]);
    }

    /// An event in the restored store takes precedence over the state.
    fn objects_released_since_the_backup_are_planned_anew(store: Store) {
        let workspace = restored_to(&store);
        let [web, block] = ["id", "cidr"].map(|what| workspace.state().text(&format!("ipam_allocation.web.{what}")));
        workspace.configure(&bringing_back(&workspace));
        workspace.try_plan(&["-detailed-exitcode"]).succeeds();
        workspace.store().open().delete_allocation(&web).unwrap();
        let plan = workspace.plan();
        assert_eq!(plan.actions(), [("ipam_allocation.web".to_owned(), "create".to_owned())].into());
        assert_eq!(plan.known("ipam_allocation.web.cidr"), block);
        workspace.apply_saved();
        assert_ne!(workspace.state().text("ipam_allocation.web.id"), web);
        Workspace::assert_store_matches(&store, &[&workspace]);
    }
}
