//! IPAM, scopes, pools, CIDRs, allocations: the whole way up and down.

use serde_json::{Value, json};

use crate::boto::Boto;
use crate::endpoint::{Endpoint, Script};

const ACCOUNT: &str = "111122223333";
const HOME: &str = "us-east-1";

fn start(script: Script) -> (Endpoint, Boto) {
    let endpoint = Endpoint::start();
    endpoint.script(script);
    let boto = Boto::new(&endpoint, ACCOUNT, HOME);
    (endpoint, boto)
}

#[test]
fn a_tree_goes_up_and_down() {
    let (endpoint, boto) = start(Script::at_once());
    let regions = json!([{"RegionName": HOME}, {"RegionName": "eu-west-1"}]);
    let ipam = boto.call("create_ipam", json!({"OperatingRegions": regions}))["Ipam"].clone();
    assert_eq!(ipam["State"], "create-in-progress");
    let scope = &ipam["PrivateDefaultScopeId"];
    let top = boto.call("create_ipam_pool", json!({"IpamScopeId": scope, "AddressFamily": "ipv4"}));
    let top = top["IpamPool"]["IpamPoolId"].clone();
    let cidr = boto.call("provision_ipam_pool_cidr", json!({"IpamPoolId": top, "Cidr": "10.0.0.0/8"}));
    assert_eq!(cidr["IpamPoolCidr"]["State"], "pending-provision");
    let child = boto.call(
        "create_ipam_pool",
        json!({"IpamScopeId": scope, "AddressFamily": "ipv4", "SourceIpamPoolId": top, "Locale": "eu-west-1"}),
    );
    let child = child["IpamPool"]["IpamPoolId"].clone();
    boto.call("provision_ipam_pool_cidr", json!({"IpamPoolId": child, "NetmaskLength": 16}));
    let there = boto.in_region("eu-west-1");
    let made = there.call("allocate_ipam_pool_cidr", json!({"IpamPoolId": child, "NetmaskLength": 24}));
    assert_eq!(made["IpamPoolAllocation"]["Cidr"], "10.0.0.0/24");
    let id = made["IpamPoolAllocation"]["IpamPoolAllocationId"].clone();
    let listed = there.call("get_ipam_pool_allocations", json!({"IpamPoolId": child}));
    assert_eq!(listed["IpamPoolAllocations"], Value::from(vec![made["IpamPoolAllocation"].clone()]));
    let release = json!({"IpamPoolId": child, "Cidr": "10.0.0.0/24", "IpamPoolAllocationId": id});
    assert_eq!(there.call("release_ipam_pool_allocation", release), json!({"Success": true}));
    boto.call("deprovision_ipam_pool_cidr", json!({"IpamPoolId": child, "Cidr": "10.0.0.0/16"}));
    boto.call("delete_ipam_pool", json!({"IpamPoolId": child}));
    boto.call("deprovision_ipam_pool_cidr", json!({"IpamPoolId": top, "Cidr": "10.0.0.0/8"}));
    boto.call("delete_ipam_pool", json!({"IpamPoolId": top}));
    boto.call("delete_ipam", json!({"IpamId": ipam["IpamId"]}));
    assert_eq!(boto.call("describe_ipams", json!({}))["Ipams"], json!([]));
    assert_eq!(endpoint.violations(), Vec::<String>::new());
}
