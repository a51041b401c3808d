//! Every example for AWS IPAM is planned, applied, planned again and destroyed.

use serde_json::json;

use super::boto::Boto;
use super::endpoint::{Endpoint, Script};
use super::resources::of_account;
use super::scene::{ACCOUNT, HOME, OTHER_ACCOUNT, text};
use crate::harness::each::each;
use crate::harness::{Workspace, examples};

#[test]
fn every_example_for_aws_can_be_applied_and_destroyed() {
    let all = examples::configurations(true);
    assert!(all.iter().any(|example| example.ends_with("ipam_ipam")), "{all:?}");
    each(
        &all,
        |example| example.display().to_string(),
        |example| {
            let endpoint = Endpoint::start();
            endpoint.management_account(ACCOUNT);
            see(&endpoint, &example.display().to_string());
            examples::check(example, &Workspace::on(&of_account(&endpoint, ACCOUNT)));
        },
    );
}

/// Adds the items that AWS finds itself, and the objects that other accounts share, for the examples that read them.
fn see(endpoint: &Endpoint, example: &str) {
    if example.ends_with("ipam_resource_discovery_association") {
        endpoint.script(Script::at_once());
        let made = Boto::new(endpoint, OTHER_ACCOUNT, HOME).call("create_ipam_resource_discovery", json!({}));
        endpoint.script(Script::default());
        endpoint.share(&text(&made["IpamResourceDiscovery"]["IpamResourceDiscoveryId"]), ACCOUNT);
    }
}
