//! IPv6 blocks with 2^63 addresses and more. Some releases of Terraform and OpenTofu lose digits of such numbers in
//! their plans; they too must create, change and show these blocks.

use crate::harness::Workspace;

/// A configuration with `lan` of this length and description, and with `more` after it.
fn configuration(length: u8, description: &str, more: &str) -> String {
    format!(
        r#"resource "ipam_pool" "top" {{
  name   = "top"
  cidrs  = ["2001:db8::/32"]
  locale = "us-east-1"
}}

resource "ipam_pool" "other" {{
  name           = "other"
  address_family = "ipv6"
  locale         = "us-east-1"
}}

resource "ipam_pool_cidr" "all_of_it" {{
  ipam_pool_id = ipam_pool.other.id
  cidr         = "2001:db9::/32"
}}

resource "ipam_allocation" "lan" {{
  ipam_pool_id   = ipam_pool.top.id
  name           = "lan"
  netmask_length = {length}
  description    = "{description}"
}}
{more}"#
    )
}

const TOLD: &str = r#"
data "ipam_allocation" "lan" {
  id = ipam_allocation.lan.id
}

resource "ipam_allocation" "beside" {
  ipam_pool_id   = ipam_pool.top.id
  name           = "beside"
  netmask_length = 66
  description    = "beside ${data.ipam_allocation.lan.address_count} addresses"
  tags           = { count = data.ipam_allocation.lan.address_count }
}

output "count" {
  value = tostring(data.ipam_allocation.lan.address_count)
}
"#;

#[test]
fn a_large_block_is_made_grown_described_and_shown_with_every_digit() {
    let workspace = Workspace::new();
    let counted = |count: &str| {
        workspace.assert_settled();
        assert_eq!(workspace.state().text("ipam_allocation.lan.address_count"), count);
        assert_eq!(workspace.state().text("ipam_pool_cidr.all_of_it.address_count"), "79228162514264337593543950336");
    };
    workspace.configure(&configuration(64, "a", ""));
    workspace.plan();
    workspace.apply_saved();
    counted("18446744073709551616");
    workspace.configure(&configuration(56, "a", ""));
    assert_eq!(workspace.plan().actions().into_values().collect::<Vec<_>>(), ["update"]);
    workspace.apply_saved();
    counted("4722366482869645213696");
    workspace.configure(&configuration(56, "b", ""));
    workspace.apply();
    counted("4722366482869645213696");
    workspace.configure(&configuration(56, "b", TOLD));
    let state = workspace.apply();
    counted("4722366482869645213696");
    assert_eq!(state.text("ipam_allocation.beside.description"), "beside 4722366482869645213696 addresses");
    assert_eq!(state.value("ipam_allocation.beside.tags")["count"], "4722366482869645213696");
    assert_eq!(state.output("count"), "4722366482869645213696");
    workspace.configure(&configuration(48, "c", TOLD));
    workspace.apply();
    counted("1208925819614629174706176");
    workspace.destroy();
    workspace.store().assert_sound();
}
