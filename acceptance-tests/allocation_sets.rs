//! Allocation sets with real Terraform: members that leave a set and come back.

use crate::harness::Workspace;

/// A pool, a set that keeps what it gives up, and `more`.
fn configuration(members: &str, more: &str) -> String {
    format!(
        r#"
resource "ipam_pool" "top" {{
  name  = "top"
  cidrs = ["10.0.0.0/16"]
}}

resource "ipam_allocation_set" "vpc" {{
  ipam_pool_id    = ipam_pool.top.id
  name            = "vpc"
  removed_members = "keep"
  members         = {members}
}}
{more}"#
    )
}

const BOTH: &str = "{ web = { netmask_length = 24 }, db = { netmask_length = 26 } }";
const WEB: &str = "{ web = { netmask_length = 24 } }";
const DB: &str = r#"
resource "ipam_allocation" "db" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "db"
  netmask_length = 26
}
"#;

#[test]
fn a_member_becomes_an_allocation_of_its_own_and_a_member_again() {
    let workspace = Workspace::new();
    workspace.configure(&configuration(BOTH, ""));
    let state = workspace.apply();
    let id = state.value("ipam_allocation_set.vpc.ids")["db"].as_str().unwrap().to_owned();
    let cidr = state.value("ipam_allocation_set.vpc.cidrs")["db"].clone();
    workspace.configure(&configuration(WEB, ""));
    workspace.apply();
    workspace.configure(&configuration(WEB, DB));
    workspace.import("ipam_allocation.db", &id);
    let state = workspace.apply();
    assert_eq!((state.text("ipam_allocation.db.id"), state.value("ipam_allocation.db.cidr")), (id.clone(), &cidr));
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);
    workspace.run(&["state", "rm", "ipam_allocation.db", "ipam_allocation_set.vpc"]).succeeds();
    workspace.configure(&configuration(BOTH, ""));
    workspace.import("ipam_allocation_set.vpc", &format!("top/vpc db={id}"));
    let state = workspace.apply();
    assert_eq!(state.value("ipam_allocation_set.vpc.cidrs")["db"], cidr);
    assert_eq!(state.value("ipam_allocation_set.vpc.ids")["db"], id);
    workspace.assert_settled();
    Workspace::assert_store_matches(workspace.store(), &[&workspace]);
}
