//! An export of Infoblox, with several tables in one file.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

#[test]
fn an_export_of_infoblox_becomes_a_store_and_a_configuration_with_an_empty_plan() {
    let workspace = migrate_to_an_empty_plan(&Store::sqlite(), &["infoblox", &sample("infoblox/networks.csv")]);
    let state = workspace.state();
    assert_eq!(state.text("ipam_pool.private_addresses_berlin_campus.cidr"), "10.20.0.0/16");
    assert_eq!(state.text("ipam_allocation.berlin_databases_two_racks.cidr"), "10.20.2.0/24");
    let tags = state.text("ipam_allocation.berlin_databases_two_racks.tags");
    assert_eq!(tags, r#"{"Cost Center":"4711","Site":"Berlin"}"#);
    assert_eq!(state.text("ipam_allocation.payment_partner.cidr"), "10.20.4.0/24");
    assert_eq!(state.text("ipam_pool.partner_networks.ipam_scope_id"), state.text("ipam_scope.partners.id"));
    assert!(workspace.read("addresses.tf").contains("web-2.example.com"));
}

#[test]
fn rows_without_a_header_and_host_bits_are_told_and_nothing_is_written() {
    let workspace = Workspace::on(&Store::sqlite());
    let text = "header-network,address*,netmask*\nnetwork,10.0.0.1,255.255.255.0\nnetworkcontainer,10.0.0.0,8\n";
    workspace.write("dirty.csv", text);
    let told = migrate(&workspace, &["infoblox", "dirty.csv"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&["dirty.csv, line 2", "host bits", "dirty.csv, line 3", "header is above it", "Nothing was written"]);
}
