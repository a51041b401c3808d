//! What the Azure command line prints: virtual networks, and pools of Virtual Network Manager.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

#[test]
fn virtual_networks_in_ipam_pools_become_a_store_and_a_configuration_with_an_empty_plan() {
    let files = ["ipam-pools", "static-cidrs", "vnets"].map(|file| sample(&format!("azure/{file}.json")));
    let arguments: Vec<&str> = std::iter::once("azure").chain(files.iter().map(String::as_str)).collect();
    let state = migrate_to_an_empty_plan(&Store::sqlite(), &arguments).state();
    assert_eq!(state.text("ipam_pool.azure_weu_spokes.source_ipam_pool_id"), state.text("ipam_pool.azure_weu.id"));
    assert_eq!(state.text("ipam_pool.vnet_hub_weu.source_ipam_pool_id"), state.text("ipam_pool.azure_weu.id"));
    assert_eq!(state.text("ipam_pool.azure_weu_spokes_vnet_shop.cidr"), "10.65.0.0/20");
    assert_eq!(state.text("ipam_pool.azure_weu_ipv6_vnet_shop.cidr"), "fd6b:41c5:7a10::/48");
    assert_eq!(state.text("ipam_allocation.snet_aks.cidr"), "10.65.4.0/22");
    assert_eq!(state.text("ipam_allocation.amsterdam.description"), "Data centre in Amsterdam.");
}

#[test]
fn virtual_networks_without_ipam_pools_go_into_a_pool_that_the_command_declares() {
    let file = sample("azure/vnets.json");
    let pools = ["--pool", "10.64.0.0/12=azure", "--pool", "fd6b:41c5:7a00::/40=azure-ipv6"];
    let state = migrate_to_an_empty_plan(&Store::sqlite(), &[&["azure", file.as_str()], &pools[..]].concat()).state();
    assert_eq!(state.text("ipam_pool.vnet_hub_weu.source_ipam_pool_id"), state.text("ipam_pool.azure.id"));
}

#[test]
fn all_conflicts_of_virtual_networks_are_told_at_once_and_nothing_is_written() {
    let workspace = Workspace::on(&Store::sqlite());
    let vnets = std::fs::read_to_string(sample("azure/vnets.json")).unwrap();
    workspace
        .write("vnets.json", &vnets.replace("10.65.0.0/20", "10.65.0.1/20").replace("10.64.1.0/24", "10.64.0.0/25"));
    let told = migrate(&workspace, &["azure", "vnets.json", &sample("azure/ipam-pools.json"), "--write", "out"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&[
        "vnets.json, line 19: 10.64.0.0/26 lies in 10.64.0.0/25, which is an allocation (vnets.json, line 29).",
        "vnets.json, line 49: `addressPrefixes` has host bits set.",
        "Nothing was written",
    ]);
    assert!(workspace.store().is_not_made_yet() && !workspace.path().join("out").exists());
}
