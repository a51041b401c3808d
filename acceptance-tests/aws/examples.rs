//! Every example for AWS IPAM: planned, applied, planned again, destroyed.

use crate::endpoint::Endpoint;
use crate::harness::each::each;
use crate::harness::{Workspace, examples};
use crate::nouns::of_account;
use crate::scene::ACCOUNT;

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
            examples::check(example, &Workspace::on(&of_account(&endpoint, ACCOUNT)));
        },
    );
}
