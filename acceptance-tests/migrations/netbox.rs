//! Exports of NetBox: tables, and an answer of its API.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

#[test]
fn tables_of_netbox_become_a_store_and_a_configuration_with_an_empty_plan() {
    let store = Store::sqlite();
    let files = ["aggregates", "vrfs", "prefixes", "ip-ranges", "ip-addresses"]
        .map(|file| sample(&format!("netbox/{file}.csv")));
    let arguments: Vec<&str> = std::iter::once("netbox").chain(files.iter().map(String::as_str)).collect();
    let workspace = migrate_to_an_empty_plan(&store, &arguments);
    let state = workspace.state();
    assert_eq!(state.text("ipam_pool.private_addresses.cidr"), "10.0.0.0/8");
    assert_eq!(state.text("ipam_pool.berlin_servers.cidr"), "10.20.0.0/20");
    assert_eq!(state.text("ipam_allocation.berlin_databases.cidr"), "10.20.2.0/24");
    assert!(state.text("ipam_allocation.berlin_databases.tags").contains(r#""Cost center":"4711""#));
    assert_eq!(state.text("ipam_allocation.payment_partner.cidr"), "10.20.4.0/24");
    assert_eq!(state.text("ipam_pool.partner_networks.ipam_scope_id"), state.text("ipam_scope.partners.id"));
    assert!(workspace.read("addresses.tf").contains("web-1.example.com"));
}

#[test]
fn an_answer_of_netbox_becomes_a_store_and_a_configuration_with_an_empty_plan() {
    let file = sample("netbox/prefixes.json");
    let arguments = ["netbox", &file, "--pool", "partners/10.20.0.0/16=partner-networks"];
    let state = migrate_to_an_empty_plan(&Store::sqlite(), &arguments).state();
    assert_eq!(state.text("ipam_pool.hamburg_office.cidr"), "10.30.0.0/16");
    assert_eq!(state.text("ipam_allocation.hamburg_wi_fi.cidr"), "10.30.8.0/24");
}

#[test]
fn a_header_in_another_language_and_host_bits_are_told_and_nothing_is_written() {
    let workspace = Workspace::on(&Store::sqlite());
    workspace.write("de.csv", "Präfix,Status,Kinder,VRF,Mandant\n10.0.0.0/8,Container,0,Global,\n");
    workspace
        .write("en.csv", "Prefix,Status,VRF,Description\n10.0.0.0/8,Container,Global,x\n10.0.0.1/24,Active,Global,x\n");
    let told = migrate(&workspace, &["netbox", "de.csv", "en.csv"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&[
        "de.csv, line 1",
        "language of NetBox to English",
        "en.csv, line 3",
        "host bits",
        "Nothing was written",
    ]);
}
