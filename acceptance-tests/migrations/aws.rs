//! What the AWS command line prints: AWS IPAM with its pools, VPCs and subnets.

use super::{migrate, migrate_to_an_empty_plan, sample};
use crate::harness::Workspace;
use crate::harness::store::Store;

/// The files of the guide, which the shell gives in the order of their names.
fn files() -> Vec<String> {
    [
        "allocations-ipam-pool-0a10000000000000a",
        "allocations-ipam-pool-0b20000000000000b",
        "allocations-ipam-pool-0c30000000000000c",
        "cidrs-ipam-pool-0a10000000000000a",
        "cidrs-ipam-pool-0b20000000000000b",
        "cidrs-ipam-pool-0c30000000000000c",
        "pools",
        "scopes",
        "subnets",
        "vpcs.eu-central-1",
    ]
    .map(|file| sample(&format!("aws/{file}.json")))
    .to_vec()
}

#[test]
fn pools_of_aws_ipam_with_vpcs_and_subnets_become_a_store_and_a_configuration_with_an_empty_plan() {
    let files = files();
    let arguments: Vec<&str> = std::iter::once("aws").chain(files.iter().map(String::as_str)).collect();
    let state = migrate_to_an_empty_plan(&Store::sqlite(), &arguments).state();
    assert_eq!(state.text("ipam_pool.prod_eu_central_1.source_ipam_pool_id"), state.text("ipam_pool.aws.id"));
    assert_eq!(state.text("ipam_pool.prod_eu_central_1.locale"), "eu-central-1");
    let cidrs = state.value("ipam_pool.prod_eu_central_1.cidrs");
    assert_eq!(cidrs, &serde_json::json!(["10.32.0.0/14", "10.40.0.0/14"]));
    // The VPC has subnets, so it is a pool; its name and tags are in another file than its allocation.
    assert_eq!(state.text("ipam_pool.shop.cidr"), "10.32.0.0/20");
    assert_eq!(state.text("ipam_allocation.shop_b.ipam_pool_id"), state.text("ipam_pool.shop.id"));
    assert_eq!(state.text("ipam_allocation.billing.cidr"), "10.32.16.0/20");
    assert!(state.text("ipam_allocation.billing.tags").contains(r#""team":"billing""#));
    assert_eq!(state.text("ipam_allocation.reserved_for_the_merger.cidr"), "10.35.0.0/16");
}

#[test]
fn all_conflicts_of_a_list_of_vpcs_are_told_at_once_and_nothing_is_written() {
    let workspace = Workspace::on(&Store::sqlite());
    workspace.write(
        "vpcs.json",
        r#"{"Vpcs": [
            {"VpcId": "vpc-1", "CidrBlock": "10.0.0.1/16"},
            {"VpcId": "vpc-2", "CidrBlock": "10.1.0.0/16"},
            {"VpcId": "vpc-3", "CidrBlock": "10.1.0.0/16"},
            {"VpcId": "vpc-4", "CidrBlock": "10.200.0.0/16"}],
            "NextToken": "more"}"#,
    );
    workspace.write("cidrs.json", "{\"IpamPoolCidrs\": [{\"Cidr\": \"10.0.0.0/8\", \"State\": \"provisioned\"}]}");
    let told = migrate(&workspace, &["aws", "vpcs.json", "cidrs.json", "--pool", "10.0.0.0/9=p", "--write", "out"]);
    assert_eq!(told.code, 1, "{}", told.text());
    told.says(&[
        "vpcs.json, line 2: `CidrBlock` has host bits set.",
        "vpcs.json, line 4: 10.1.0.0/16 is there twice, first in vpcs.json, line 3.",
        "vpcs.json, line 5: No pool contains 10.200.0.0/16.",
        "vpcs.json, line 6: The list goes on",
        "cidrs.json, line 1: AWS does not print the pool of this object.",
        "Nothing was written",
    ]);
    assert!(workspace.store().is_not_made_yet() && !workspace.path().join("out").exists());
}
