//! What the command line of Google Cloud prints: subnets with their secondary ranges, and internal ranges.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

#[test]
fn subnets_and_internal_ranges_become_a_store_and_a_configuration_with_an_empty_plan() {
    let files = ["internal-ranges", "subnets"].map(|file| sample(&format!("google-cloud/{file}.json")));
    let pools = ["--pool", "10.96.0.0/13=google-cloud", "--pool", "fd20:4a1:9b37::/48=google-cloud-ipv6"];
    let arguments: Vec<&str> =
        std::iter::once("gcp").chain(files.iter().map(String::as_str)).chain(pools.iter().copied()).collect();
    let state = migrate_to_an_empty_plan(&Store::sqlite(), &arguments).state();
    // The internal range has subnets in it, and the one outside of the network is reserved.
    assert_eq!(state.text("ipam_pool.clusters_ew1.cidr"), "10.96.0.0/19");
    assert_eq!(state.value("ipam_pool.google_cloud.reserved_cidrs"), &serde_json::json!(["10.99.0.0/16"]));
    assert_eq!(state.text("ipam_allocation.gke_ew1.ipam_pool_id"), state.text("ipam_pool.clusters_ew1.id"));
    assert_eq!(state.text("ipam_allocation.gke_ew1_services.cidr"), "10.96.16.0/20");
    assert_eq!(state.text("ipam_allocation.gke_ew1_pods.cidr"), "10.100.0.0/14");
    assert_eq!(state.text("ipam_allocation.google_cloud_ipv6_batch_ew4.cidr"), "fd20:4a1:9b37::/64");
}

#[test]
fn all_conflicts_of_subnets_are_told_at_once_and_nothing_is_written() {
    let workspace = Workspace::on(&Store::sqlite());
    let subnets = std::fs::read_to_string(sample("google-cloud/subnets.json")).unwrap();
    let dirty = subnets
        .replace("10.97.0.0/24", "10.97.0.9/24")
        .replace("10.97.8.0/23", "10.96.1.0/24")
        .replace("10.100.0.0/14", "10.200.0.0/14");
    workspace.write("subnets.json", &dirty);
    let told = migrate(&workspace, &["gcp", "subnets.json", "--pool", "10.96.0.0/13=google-cloud", "--write", "out"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&[
        "subnets.json, line 18: No pool contains 10.200.0.0/14.",
        "subnets.json, line 37: `ipCidrRange` has host bits set.",
        "subnets.json, line 54: 10.96.1.0/24 lies in 10.96.0.0/22, which is an allocation (subnets.json, line 8).",
        "Nothing was written",
    ]);
    assert!(workspace.store().is_not_made_yet() && !workspace.path().join("out").exists());
}
