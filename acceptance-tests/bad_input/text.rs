//! Mistakes in the text of a configuration, one row each.

use super::Stage::Validate;
use super::{Row, check_all};

const ROWS: &[Row] = &[
    Row {
        mistake: "host bits in a pool's CIDR",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["10.0.0.1/8"]
}
"#,
        attribute: "cidrs",
        summary: "Invalid cidrs",
        detail: &[r#""10.0.0.1/8" has host bits set"#, "10.0.0.0/8"],
    },
    Row {
        mistake: "host bits in an allocation's CIDR",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  cidr = "10.0.0.77/26"
}
"#,
        attribute: "cidr",
        summary: "Invalid cidr",
        detail: &["10.0.0.64/26"],
    },
    Row {
        mistake: "host bits in a disallowed CIDR",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  netmask_length = 28
  disallowed_cidrs = ["10.0.0.1/28"]
}
"#,
        attribute: "disallowed_cidrs",
        summary: "Invalid disallowed_cidrs",
        detail: &["10.0.0.0/28"],
    },
    Row {
        mistake: "an address where a CIDR is needed",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  cidr = "10.0.0.1"
}
"#,
        attribute: "cidr",
        summary: "Invalid cidr",
        detail: &["without a netmask length", "10.0.0.1/32"],
    },
    Row {
        mistake: "rubbish where a CIDR is needed",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["ten"]
}
"#,
        attribute: "cidrs",
        summary: "Invalid cidrs",
        detail: &[r#""ten" is not a CIDR"#],
    },
    Row {
        mistake: "a netmask length after the slash that is none",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["10.0.0.0/33"]
}
"#,
        attribute: "cidrs",
        summary: "Invalid cidrs",
        detail: &["from 0 to 32"],
    },
    Row {
        mistake: "a CIDR of another family than the pool says",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  address_family = "ipv4"
  cidrs = ["2001:db8::/32"]
}
"#,
        attribute: "cidrs",
        summary: "Wrong address family",
        detail: &["2001:db8::/32", "ipv6", "ipv4"],
    },
    Row {
        mistake: "a family that is none",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  address_family = "ipv5"
  cidrs = ["10.0.0.0/8"]
}
"#,
        attribute: "address_family",
        summary: "Invalid address_family",
        detail: &["ipv5", r#""ipv4" or "ipv6""#],
    },
    Row {
        mistake: "a strategy that is none",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  allocation_strategy = "lucky"
  cidrs = ["10.0.0.0/8"]
}
"#,
        attribute: "allocation_strategy",
        summary: "Invalid allocation_strategy",
        detail: &["lucky", "best-fit"],
    },
    Row {
        mistake: "a scope type that is none",
        stage: Validate,
        config: r#"resource "ipam_scope" "it" {
  name = "x"
  scope_type = "secret"
}
"#,
        attribute: "scope_type",
        summary: "Invalid scope_type",
        detail: &[r#""private" or "public""#],
    },
    Row {
        mistake: "a netmask length that no family has",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  netmask_length = 129
}
"#,
        attribute: "netmask_length",
        summary: "Netmask length out of range",
        detail: &["129", "128"],
    },
    Row {
        mistake: "a netmask length that the pool's family does not have",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  address_family = "ipv4"
  source_ipam_pool_id = "x"
  netmask_length = 33
}
"#,
        attribute: "netmask_length",
        summary: "Netmask length out of range",
        detail: &["33", "ipv4", "32"],
    },
    Row {
        mistake: "half a netmask length",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  netmask_length = 24.5
}
"#,
        attribute: "netmask_length",
        summary: "Invalid netmask_length",
        detail: &["24.5 is not a whole number"],
    },
    Row {
        mistake: "a negative netmask length",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  netmask_length = -1
}
"#,
        attribute: "netmask_length",
        summary: "Invalid netmask_length",
        detail: &["-1 is negative"],
    },
    Row {
        mistake: "the largest block smaller than the smallest",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["10.0.0.0/8"]
  allocation_min_netmask_length = 28
  allocation_max_netmask_length = 24
}
"#,
        attribute: "allocation_min_netmask_length",
        summary: "cannot be used",
        detail: &["28", "24"],
    },
    Row {
        mistake: "a default size that the rules forbid",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["10.0.0.0/8"]
  allocation_min_netmask_length = 24
  allocation_default_netmask_length = 20
}
"#,
        attribute: "allocation_default_netmask_length",
        summary: "cannot be used",
        detail: &["20", "24"],
    },
    Row {
        mistake: "a rule that the family cannot have",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["10.0.0.0/8"]
  allocation_max_netmask_length = 64
}
"#,
        attribute: "allocation_max_netmask_length",
        summary: "cannot be used",
        detail: &["64", "32"],
    },
    Row {
        mistake: "both ways of saying how large an allocation is",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  cidr = "10.0.0.0/24"
  netmask_length = 25
}
"#,
        attribute: "netmask_length",
        summary: "Conflicting arguments",
        detail: &["`cidr` is 10.0.0.0/24", "`netmask_length` is 25"],
    },
    Row {
        mistake: "both ways of saying how large a pool is",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  source_ipam_pool_id = "x"
  cidrs = ["10.0.0.0/24", "10.0.1.0/24"]
  netmask_length = 24
}
"#,
        attribute: "netmask_length",
        summary: "Conflicting arguments",
        detail: &["10.0.0.0/24, 10.0.1.0/24", "one block of netmask length 24"],
    },
    Row {
        mistake: "a block with a leading zero, which some take for octal",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  cidr = "010.0.0.0/24"
}
"#,
        attribute: "cidr",
        summary: "Invalid cidr",
        detail: &["is not a CIDR"],
    },
    Row {
        mistake: "places to avoid in two address families",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  netmask_length = 24
  disallowed_cidrs = ["10.0.1.0/24", "2001:db8::/32"]
}
"#,
        attribute: "disallowed_cidrs",
        summary: "Blocks of another address family",
        detail: &["2001:db8::/32 is ipv6"],
    },
    Row {
        mistake: "a place that is one of the places to avoid",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  cidr = "10.0.0.0/24"
  disallowed_cidrs = ["10.0.0.0/25"]
}
"#,
        attribute: "disallowed_cidrs",
        summary: "Conflicting arguments",
        detail: &["disallowed_cidrs"],
    },
    Row {
        mistake: "a top-level pool by size",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  netmask_length = 16
}
"#,
        attribute: "netmask_length",
        summary: "A top-level pool needs explicit CIDRs",
        detail: &["source_ipam_pool_id"],
    },
    Row {
        mistake: "a pool CIDR without a size",
        stage: Validate,
        config: r#"resource "ipam_pool_cidr" "it" {
  ipam_pool_id = "x"
}
"#,
        attribute: "",
        summary: "Missing size",
        detail: &["cidr", "netmask_length"],
    },
    Row {
        mistake: "a pool CIDR by size without a name",
        stage: Validate,
        config: r#"resource "ipam_pool_cidr" "it" {
  ipam_pool_id = "x"
  netmask_length = 24
}
"#,
        attribute: "",
        summary: "Missing name",
        detail: &["netmask_length"],
    },
    Row {
        mistake: "an empty name",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = ""
  cidrs = ["10.0.0.0/8"]
}
"#,
        attribute: "name",
        summary: "Invalid name",
        detail: &["empty"],
    },
    Row {
        mistake: "a pool's name with a slash",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "a/b"
  cidrs = ["10.0.0.0/8"]
}
"#,
        attribute: "name",
        summary: "Invalid name",
        detail: &["slash"],
    },
    Row {
        mistake: "a name with a control character",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "a\tb"
}
"#,
        attribute: "name",
        summary: "Invalid name",
        detail: &["control"],
    },
    Row {
        mistake: "an id of one's own",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  id = "mine"
  cidrs = ["10.0.0.0/8"]
}
"#,
        attribute: "id",
        summary: "id cannot be set",
        detail: &["decided by the provider"],
    },
    Row {
        mistake: "a computed fact of one's own",
        stage: Validate,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "x"
  name = "x"
  address_count = 3
}
"#,
        attribute: "address_count",
        summary: "address_count cannot be set",
        detail: &["Remove it"],
    },
    Row {
        mistake: "a timeout that is none",
        stage: Validate,
        config: r#"resource "ipam_pool" "it" {
  name  = "x"
  cidrs = ["10.0.0.0/8"]
  timeouts {
    create = "soon"
  }
}
"#,
        attribute: "create",
        summary: "Invalid",
        detail: &[r#""soon" is not a duration"#],
    },
];

#[test]
fn mistakes_in_the_text_are_reported_without_opening_the_store() {
    check_all(ROWS);
}
