//! Moving in: files of other systems become a store and a configuration, through the command and real terraform.

mod aws;
mod azure;
mod csv;
mod gcp;
mod infoblox;
mod netbox;
mod phpipam;
mod terraform;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::store::Store;
use crate::harness::terraform::Run;
use crate::harness::{PROVIDER, Workspace};

/// A file of `examples/migrations`.
pub fn sample(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/migrations").join(path);
    file.display().to_string()
}

/// Runs `migrate` in the directory of the workspace.
pub fn migrate(workspace: &Workspace, arguments: &[&str]) -> Run {
    let mut command = Command::new(PROVIDER);
    crate::harness::terraform::clean(&mut command);
    command.arg("migrate").args(arguments).current_dir(workspace.path());
    workspace.store().tell(&mut command);
    crate::harness::terraform::run(command)
}

/// Runs `migrate --json`.
#[track_caller]
pub fn migrate_json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let run = migrate(workspace, &[arguments, &["--json"]].concat());
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.text()))
}

/// The blocks of all allocations, by id.
fn blocks(store: &Store) -> BTreeMap<String, String> {
    store.active()
}

/// From files to an empty plan: a dry run writes nothing, `migrate` writes store and configuration, the next plan only
/// imports, its apply leaves every block as it is, the plan after it is empty, and a second run changes nothing.
/// `arguments`: source, files and options.
#[track_caller]
pub fn migrate_to_an_empty_plan(store: &Store, arguments: &[&str]) -> Workspace {
    let workspace = Workspace::on(store).owned_by("default");
    let told = migrate(&workspace, &[arguments, &["--dry-run"]].concat()).succeeds();
    assert!(store.is_not_made_yet() || store.events().len() <= 2, "a dry run wrote:\n{}", told.text());
    let written = migrate_json(&workspace, &[arguments, &["--write", "."]].concat());
    assert_eq!((&written["written"], &written["conflicts"]), (&true.into(), &Value::Array(Vec::new())), "{written:#}");
    store.assert_sound();
    let before = blocks(store);
    settle(&workspace);
    assert_eq!(blocks(store), before, "left: after the apply, right: as migrated");
    Workspace::assert_store_matches(store, &[&workspace]);
    let events = store.events().len();
    let again = migrate_json(&workspace, &[arguments, &["--write", "."]].concat());
    let nothing = serde_json::json!({ "scopes": 0, "pools": 0, "allocations": 0 });
    assert_eq!((&again["new"], &again["changed"]), (&nothing, &nothing), "{again:#}");
    assert_eq!(again["wrote"], Value::Array(Vec::new()), "{again:#}");
    assert_eq!(store.events().len(), events, "a second run wrote");
    workspace.assert_settled();
    workspace
}

/// Plans, verifies that the plan only imports, applies it, and verifies that the next plan is empty.
#[track_caller]
pub fn settle(workspace: &Workspace) {
    settle_with_changes(workspace, 0);
}

/// As [`settle`], with this number of changes in place. Names of a set of addresses are arguments, so the state does not
/// know a new one before the apply, although the store has it.
pub fn settle_with_changes(workspace: &Workspace, count: usize) {
    workspace.run(&["fmt", "-check", "-diff"]).succeeds();
    let said = workspace.try_plan(&["-out=plan"]).succeeds();
    let summary = said.stdout.lines().find(|line| line.starts_with("Plan:")).unwrap_or_default().to_owned();
    assert!(summary.ends_with(&format!("to import, 0 to add, {count} to change, 0 to destroy.")), "{}", said.text());
    workspace.apply_saved();
    workspace.assert_settled();
}
