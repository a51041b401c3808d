//! Every directory of `examples/` that holds a configuration is planned, applied, planned again and destroyed. The
//! examples for AWS IPAM are in the test target `aws`.

use std::path::PathBuf;

use crate::harness::client::{Client, Feature};
use crate::harness::each::each;
use crate::harness::{Workspace, examples, here};

#[test]
fn every_example_can_be_applied_and_destroyed() {
    let mut all = examples::configurations(false);
    // The Terraform at hand may be older than actions, which the tests of the protocol play.
    let runs = |example: &PathBuf| !examples::has_actions(example) || Client::chosen().has(Feature::Actions);
    all.retain(|example| !examples::calls_functions(example) && !examples::is_ephemeral(example) && runs(example));
    assert!(all.iter().any(|example| example.ends_with("quickstart")), "{all:?}");
    check(&all);
}

#[test]
fn every_example_of_functions_can_be_applied_and_destroyed() {
    Client::chosen().needs(Feature::ProviderFunctions);
    let mut all = examples::configurations(false);
    all.retain(|example| examples::calls_functions(example));
    assert!(all.iter().any(|example| example.ends_with("address-math")), "{all:?}");
    check(&all);
}

#[test]
fn every_example_of_ephemeral_resources_can_be_applied_and_destroyed() {
    Client::chosen().needs(Feature::EphemeralResources);
    let mut all = examples::configurations(false);
    all.retain(|example| examples::is_ephemeral(example));
    assert!(all.iter().any(|example| example.ends_with("ipam_lease")), "{all:?}");
    check(&all);
}

fn check(all: &[PathBuf]) {
    each(
        all,
        |example| example.display().to_string(),
        |example| {
            let workspace = Workspace::new();
            examples::check(example, &workspace);
            // An example that only calls functions needs no store.
            if workspace.store().path().exists() {
                workspace.store().assert_empty();
            }
        },
    );
}

#[test]
fn every_example_is_formatted() {
    let workspace = Workspace::new();
    workspace.needs(Feature::ProviderFunctions);
    let root = examples::root().display().to_string();
    workspace.run(&["fmt", "-check", "-recursive", "-no-color", &root]).succeeds();
    let cases = here().join("cases").display().to_string();
    workspace.run(&["fmt", "-check", "-recursive", "-no-color", &cases]).succeeds();
}
