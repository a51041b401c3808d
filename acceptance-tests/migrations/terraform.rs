//! The state of a configuration that writes its blocks by hand.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

fn arguments(file: &str) -> [&str; 7] {
    ["terraform", file, "--pool", "10.0.0.0/8=corp", "--attribute", "vsphere_custom_network.prefix", "--distinct-names"]
}

fn check_moving_in(store: &Store) {
    let file = sample("terraform/terraform.tfstate");
    let workspace = migrate_to_an_empty_plan(store, &arguments(&file));
    let state = workspace.state();
    assert_eq!(state.text("ipam_pool.prod.cidr"), "10.20.0.0/16");
    assert_eq!(state.text("ipam_pool.prod.locale"), "eu-central-1");
    assert_eq!(state.text("ipam_allocation.private_0.ipam_pool_id"), state.text("ipam_pool.prod.id"));
    assert_eq!(state.text("ipam_allocation.gke_pods.cidr"), "10.48.0.0/14");
    assert_eq!(state.text("ipam_allocation.office.cidr"), "10.60.0.0/16");
}

#[test]
fn a_state_becomes_a_store_and_a_configuration_with_an_empty_plan_on_sqlite() {
    check_moving_in(&Store::sqlite());
}

#[test]
fn a_state_becomes_a_store_and_a_configuration_with_an_empty_plan_on_postgres() {
    check_moving_in(&Store::postgres());
}

/// The blocks of one configuration move into another store by what `terraform show` prints.
#[test]
fn what_terraform_shows_is_read_like_its_state() {
    let workspace = Workspace::new();
    workspace.configure("resource \"terraform_data\" \"net\" {\n  input = \"10.1.0.0/16\"\n}\n");
    workspace.apply();
    let shown = workspace.run(&["show", "-json"]).succeeds();
    workspace.write("shown.json", &shown.stdout);
    let arguments = ["terraform", "shown.json", "--attribute", "terraform_data.input", "--pool", "10.0.0.0/8=corp"];
    migrate(&workspace, &arguments).succeeds().says(&[
        "corp (pool) 10.0.0.0/8",
        "net 10.1.0.0/16",
        "1 pool, 1 allocation",
    ]);
    let none = migrate(&workspace, &arguments[..2]);
    assert_eq!(none.code, 1);
    none.says(&["No resource has an attribute", "--attribute"]);
}
