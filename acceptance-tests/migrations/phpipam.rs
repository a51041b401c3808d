//! Exports of phpIPAM: spreadsheets, and answers of its API.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

#[test]
fn spreadsheets_of_phpipam_become_a_store_and_a_configuration_with_an_empty_plan() {
    let files = ["subnets", "addresses"].map(|file| sample(&format!("phpipam/{file}.xls")));
    let workspace = migrate_to_an_empty_plan(&Store::sqlite(), &["phpipam", &files[0], &files[1]]);
    let state = workspace.state();
    assert_eq!(state.text("ipam_pool.berlin_campus.cidr"), "10.20.0.0/16");
    assert_eq!(state.text("ipam_allocation.berlin_databases_two_racks.cidr"), "10.20.2.0/24");
    assert!(state.text("ipam_allocation.berlin_databases_two_racks.tags").contains(r#""vlan":"102""#));
    assert_eq!(state.text("ipam_pool.partner_networks.ipam_scope_id"), state.text("ipam_scope.partners.id"));
    assert!(workspace.read("addresses.tf").contains("gw-web.example.com"));
}

#[test]
fn answers_of_phpipam_become_a_store_and_a_configuration_with_an_empty_plan() {
    let state = migrate_to_an_empty_plan(&Store::sqlite(), &["phpipam", &sample("phpipam/api.json")]).state();
    assert_eq!(state.text("ipam_pool.berlin_campus.reserved_cidrs"), r#"["10.20.16.0/22"]"#);
    assert_eq!(state.text("ipam_allocation.payment_partner.cidr"), "10.20.4.0/24");
}

#[test]
fn answers_without_their_vrfs_are_told_and_nothing_is_written() {
    let workspace = Workspace::on(&Store::sqlite());
    let subnet =
        r#"{"id": "1", "subnet": "10.0.0.0", "mask": "8", "sectionId": "1", "masterSubnetId": "0", "vrfId": "7"}"#;
    workspace.write("subnets.json", &format!("{{\"code\": 200, \"success\": true, \"data\": [\n{subnet}]}}"));
    let told = migrate(&workspace, &["phpipam", "subnets.json"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&["subnets.json, line 2", "VRF is not in the file", "jq -s", "Nothing was written"]);
}
