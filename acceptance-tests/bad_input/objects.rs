//! Mistakes about objects in the store, one row each.

use super::Stage::Plan;
use super::{Row, check_all_on};
use crate::harness::store::Store;

const ROWS: &[Row] = &[
    Row {
        mistake: "two families in one pool",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["172.16.0.0/16", "2001:db9::/32"]
}
"#,
        attribute: "cidrs",
        summary: "Address families are mixed",
        detail: &["IPv4", "IPv6"],
    },
    Row {
        mistake: "neither family nor CIDR",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
}
"#,
        attribute: "",
        summary: "The pool's address family is not given",
        detail: &["address_family", r#""ipv4" or "ipv6""#],
    },
    Row {
        mistake: "two ends of one loan",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  netmask_length = 28
  ttl = "72h"
  expires_at = "2126-03-01T12:00:00Z"
}
"#,
        attribute: "expires_at",
        summary: "Conflicting arguments",
        detail: &["`ttl` is 72h", "set only one of them"],
    },
    Row {
        mistake: "a block of another family than the pool's",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  cidr = "2001:db8::/64"
}
"#,
        attribute: "cidr",
        summary: "Address families are mixed",
        detail: &["2001:db8::/64", "IPv4"],
    },
    Row {
        mistake: "a netmask length that IPv4 does not have",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  netmask_length = 33
}
"#,
        attribute: "netmask_length",
        summary: "/33 is not possible here",
        detail: &["0 to 32"],
    },
    Row {
        mistake: "no size where the pool has no default",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
}
"#,
        attribute: "",
        summary: "No size given",
        detail: &[r#""office" (<office>)"#, "allocation_default_netmask_length"],
    },
    Row {
        mistake: "a block outside the pool",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  cidr = "192.168.0.0/24"
}
"#,
        attribute: "cidr",
        summary: "192.168.0.0/24 is outside the pool",
        detail: &[r#""office" (<office>)"#, "10.0.0.0/24"],
    },
    Row {
        mistake: "a block larger than the pool",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  cidr = "10.0.0.0/16"
}
"#,
        attribute: "cidr",
        summary: "10.0.0.0/16 is outside the pool",
        detail: &["10.0.0.0/24"],
    },
    Row {
        mistake: "a pool's block outside the source pool",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  source_ipam_pool_id = "<regional>"
  cidrs = ["172.16.0.0/16"]
}
"#,
        attribute: "cidrs",
        summary: "172.16.0.0/16 is outside the pool",
        detail: &[r#""regional" (<regional>)"#, "10.3.0.0/16"],
    },
    Row {
        mistake: "a block that is taken",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  cidr = "10.0.0.0/25"
}
"#,
        attribute: "cidr",
        summary: "10.0.0.0/25 overlaps space that is taken",
        detail: &["printer", "<printer>", "10.0.0.0/26", "<owner>"],
    },
    Row {
        mistake: "a top-level pool over another",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["10.0.0.0/20"]
}
"#,
        attribute: "cidrs",
        summary: "10.0.0.0/20 overlaps space that is taken",
        detail: &["office", "10.0.0.0/24", "<owner>"],
    },
    Row {
        mistake: "a pool over itself",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  cidrs = ["172.16.0.0/16", "172.16.1.0/24"]
}
"#,
        attribute: "cidrs",
        summary: "overlap",
        detail: &["172.16.0.0/16", "172.16.1.0/24"],
    },
    Row {
        mistake: "no room in one piece",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<full>"
  name = "x"
  netmask_length = 29
}
"#,
        attribute: "netmask_length",
        summary: r#"Pool "full" has no free /29"#,
        detail: &["(<full>)", "8 addresses are free", "largest free block is 10.2.0.4/30", "50"],
    },
    Row {
        mistake: "no room at all for a pool",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  source_ipam_pool_id = "<full>"
  netmask_length = 28
}
"#,
        attribute: "netmask_length",
        summary: r#"Pool "full" has no free /28"#,
        detail: &["(<full>)"],
    },
    Row {
        mistake: "places to avoid in the other address family",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  netmask_length = 26
  disallowed_cidrs = ["2001:db8::/32"]
}
"#,
        attribute: "disallowed_cidrs",
        summary: "Blocks of another address family",
        detail: &["2001:db8::/32 is ipv6, and the pool is ipv4", "-refresh=false"],
    },
    Row {
        mistake: "all room disallowed",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "x"
  netmask_length = 26
  disallowed_cidrs = ["10.0.0.0/24"]
}
"#,
        attribute: "netmask_length",
        summary: r#"Pool "office" has no free /26"#,
        detail: &["disallowed_cidrs"],
    },
    Row {
        mistake: "a block larger than the rule allows",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<ruled>"
  name = "x"
  netmask_length = 24
  tags = { env = "prod" }
}
"#,
        attribute: "netmask_length",
        summary: "/24 is larger than the pool allows",
        detail: &["allocation_min_netmask_length", "25", r#""ruled" (<ruled>)"#],
    },
    Row {
        mistake: "a block smaller than the rule allows",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<ruled>"
  name = "x"
  netmask_length = 30
  tags = { env = "prod" }
}
"#,
        attribute: "netmask_length",
        summary: "/30 is smaller than the pool allows",
        detail: &["allocation_max_netmask_length", "28"],
    },
    Row {
        mistake: "an exact block larger than the rule allows",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<ruled>"
  name = "x"
  cidr = "10.1.0.0/24"
  tags = { env = "prod" }
}
"#,
        attribute: "cidr",
        summary: "/24 is larger than the pool allows",
        detail: &["25"],
    },
    Row {
        mistake: "a required tag that is missing",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<ruled>"
  name = "x"
  netmask_length = 26
}
"#,
        attribute: "",
        summary: r#"The tag "env" is missing"#,
        detail: &[r#""prod""#, "allocation_resource_tags", "<ruled>"],
    },
    Row {
        mistake: "a required tag with another value",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<ruled>"
  name = "x"
  netmask_length = 26
  tags = { env = "dev" }
}
"#,
        attribute: "tags",
        summary: r#"The tag "env" has a value the pool refuses"#,
        detail: &[r#""prod""#, r#""dev""#],
    },
    Row {
        mistake: "a name that is taken",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<office>"
  name = "printer"
  netmask_length = 28
}
"#,
        attribute: "name",
        summary: r#"The name "printer" is taken"#,
        detail: &["<printer>", "10.0.0.0/26", "<owner>", "<way out>"],
    },
    Row {
        mistake: "a pool's name that is taken",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "office"
  cidrs = ["172.16.0.0/16"]
}
"#,
        attribute: "name",
        summary: r#"The name "office" is taken"#,
        detail: &["<office>", "<owner>", "<way out>"],
    },
    Row {
        mistake: "a scope's name that is taken",
        stage: Plan,
        config: r#"resource "ipam_scope" "it" {
  name = "lab"
}
"#,
        attribute: "name",
        summary: r#"The name "lab" is taken"#,
        detail: &["<lab>", "<way out>"],
    },
    Row {
        mistake: "a pool that is not there",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "ipam-pool-none"
  name = "x"
  netmask_length = 28
}
"#,
        attribute: "ipam_pool_id",
        summary: "No such pool",
        detail: &[r#""ipam-pool-none""#],
    },
    Row {
        mistake: "a source pool that is not there",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  source_ipam_pool_id = "ipam-pool-none"
  netmask_length = 28
}
"#,
        attribute: "source_ipam_pool_id",
        summary: "No such pool",
        detail: &[r#""ipam-pool-none""#],
    },
    Row {
        mistake: "a scope that is not there",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  ipam_scope_id = "ipam-scope-none"
  cidrs = ["172.16.0.0/16"]
}
"#,
        attribute: "ipam_scope_id",
        summary: "No such scope",
        detail: &[r#""ipam-scope-none""#],
    },
    Row {
        mistake: "a pool to provision that is not there",
        stage: Plan,
        config: r#"resource "ipam_pool_cidr" "it" {
  ipam_pool_id = "ipam-pool-none"
  cidr = "172.16.0.0/16"
}
"#,
        attribute: "ipam_pool_id",
        summary: "No such pool",
        detail: &[r#""ipam-pool-none""#],
    },
    Row {
        mistake: "another locale than the source pool's",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  source_ipam_pool_id = "<regional>"
  locale = "us-east-1"
  netmask_length = 20
}
"#,
        attribute: "locale",
        summary: r#"Locale "us-east-1" differs"#,
        detail: &[r#""eu-west-1""#],
    },
    Row {
        mistake: "another scope than the source pool's",
        stage: Plan,
        config: r#"resource "ipam_pool" "it" {
  name = "x"
  source_ipam_pool_id = "<regional>"
  ipam_scope_id = "<lab>"
  netmask_length = 20
}
"#,
        attribute: "ipam_scope_id",
        summary: "The source pool is in another scope",
        detail: &["<regional>", "<lab>"],
    },
    Row {
        mistake: "a pool without space",
        stage: Plan,
        config: r#"resource "ipam_allocation" "it" {
  ipam_pool_id = "<empty>"
  name = "x"
  netmask_length = 28
}
"#,
        attribute: "ipam_pool_id",
        summary: r#"Pool "empty" has no CIDR"#,
        detail: &["ipam_pool_cidr"],
    },
    Row {
        mistake: "a top-level pool's CIDR by size",
        stage: Plan,
        config: r#"resource "ipam_pool_cidr" "it" {
  ipam_pool_id = "<empty>"
  name = "x"
  netmask_length = 24
}
"#,
        attribute: "netmask_length",
        summary: "A top-level pool needs explicit CIDRs",
        detail: &["source"],
    },
    Row {
        mistake: "a pool CIDR over another pool",
        stage: Plan,
        config: r#"resource "ipam_pool_cidr" "it" {
  ipam_pool_id = "<empty>"
  cidr = "10.0.0.0/20"
}
"#,
        attribute: "cidr",
        summary: "10.0.0.0/20 overlaps space that is taken",
        detail: &["office"],
    },
    Row {
        mistake: "a data source for what is not there",
        stage: Plan,
        config: r#"data "ipam_pool" "it" {
  id = "ipam-pool-none"
}
"#,
        attribute: "id",
        summary: "No such pool",
        detail: &["ipam-pool-none"],
    },
];

on_each_store! {
    fn mistakes_about_existing_objects_are_reported_while_planning(store: Store) {
        check_all_on(&store, ROWS);
    }
}
