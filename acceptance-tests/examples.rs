//! Every directory of `examples/` that holds a configuration: planned, applied, planned again, destroyed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::each::each;
use crate::harness::{Workspace, here};

fn root() -> PathBuf {
    here().with_file_name("examples")
}

/// Directories with `.tf` files, at any depth.
fn configurations(directory: &Path) -> Vec<PathBuf> {
    let paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let is_configuration = paths.iter().any(|path| path.extension().is_some_and(|extension| extension == "tf"));
    let own = is_configuration.then(|| directory.to_owned());
    let below = paths.iter().filter(|path| path.is_dir()).flat_map(|path| configurations(path));
    own.into_iter().chain(below).collect()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&copied).unwrap();
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap();
        }
    }
}

fn check(example: &Path) {
    let workspace = Workspace::new();
    copy(example, workspace.path());
    workspace.plan();
    workspace.apply_saved();
    workspace.assert_settled();
    workspace.destroy();
    // One that only calls functions needs no store.
    if workspace.store().path().exists() {
        workspace.store().assert_empty();
    }
}

#[test]
fn every_example_can_be_applied_and_destroyed() {
    let examples = configurations(&root());
    assert!(examples.iter().any(|example| example.ends_with("quickstart")), "{examples:?}");
    each(&examples, |example| example.display().to_string(), |example| check(example));
}

#[test]
fn every_example_is_formatted() {
    let workspace = Workspace::new();
    let examples = root().display().to_string();
    workspace.run(&["fmt", "-check", "-recursive", "-no-color", &examples]).succeeds();
    let cases = here().join("cases").display().to_string();
    workspace.run(&["fmt", "-check", "-recursive", "-no-color", &cases]).succeeds();
}
