//! Mistakes about address sets, one row each.

use super::Stage::{Plan, Validate};
use super::{Row, check_all, check_all_on};
use crate::harness::store::Store;

/// A set in the allocation `printer`, which is 10.0.0.0/26, with these members.
macro_rules! set {
    ($members:literal) => {
        set!($members, "ipv4_allocation_id = \"<printer>\"")
    };
    ($members:literal, $more:literal) => {
        concat!(
            "resource \"ipam_address_set\" \"it\" {\n  name = \"hosts\"\n  members = ",
            $members,
            "\n  ",
            $more,
            "\n}\n"
        )
    };
}

const ROWS: &[Row] = &[
    Row {
        mistake: "more members than addresses",
        stage: Plan,
        config: set!("{ for n in range(63) : format(\"h%02d\", n) => {} }"),
        attribute: "members",
        summary: "no free address for the member \"h62\"",
        detail: &["62 addresses for hosts, 10.0.0.1 to 10.0.0.62"],
    },
    Row {
        mistake: "an address outside the allocation",
        stage: Plan,
        config: set!("{ web = { ipv4_address = \"10.0.0.64\" } }"),
        attribute: "members",
        summary: "10.0.0.64 is not in the allocation",
        detail: &["\"web\" asks for", "printer"],
    },
    Row {
        mistake: "an allocation of the other family",
        stage: Plan,
        config: set!("{ web = {} }", "ipv6_allocation_id = \"<printer>\""),
        attribute: "ipv6_allocation_id",
        summary: "The allocation has no ipv6 addresses",
        detail: &["printer"],
    },
    Row {
        mistake: "an allocation that does not exist",
        stage: Plan,
        config: set!("{ web = {} }", "ipv4_allocation_id = \"ipam-pool-alloc-0\""),
        attribute: "ipv4_allocation_id",
        summary: "No such allocation",
        detail: &["ipam-pool-alloc-0"],
    },
];

const WRITTEN: &[Row] = &[
    Row {
        mistake: "no allocation",
        stage: Validate,
        config: set!("{ web = {} }", ""),
        // Terraform shows no argument that is not there.
        attribute: "",
        summary: "The set has no allocation",
        detail: &["`ipv6_allocation_id`"],
    },
    Row {
        mistake: "no members",
        stage: Validate,
        config: set!("{}", "ipv4_allocation_id = \"x\""),
        attribute: "members",
        summary: "The set has no members",
        detail: &["Add a member"],
    },
    Row {
        mistake: "a member that is null",
        stage: Validate,
        config: set!("{ web = null }", "ipv4_allocation_id = \"x\""),
        attribute: "members",
        summary: "Invalid members",
        detail: &["An element may not be null."],
    },
    Row {
        mistake: "too many members",
        stage: Validate,
        config: set!("{ for n in range(1001) : \"h${n}\" => {} }", "ipv4_allocation_id = \"x\""),
        attribute: "members",
        summary: "The set has too many members",
        detail: &["1001 members", "at most 1000"],
    },
    Row {
        mistake: "two members with one address",
        stage: Validate,
        config: set!(
            "{ a = { ipv6_address = \"fd80::1\" }, b = { ipv6_address = \"FD80:0::1\" } }",
            "ipv6_allocation_id = \"x\""
        ),
        attribute: "members",
        summary: "fd80::1 is asked for twice",
        detail: &["\"a\" and \"b\""],
    },
    Row {
        mistake: "an address with a netmask length",
        stage: Validate,
        config: set!("{ a = { ipv4_address = \"10.0.0.1/24\" } }", "ipv4_allocation_id = \"x\""),
        attribute: "members",
        summary: "Invalid members",
        detail: &["write \"10.0.0.1\""],
    },
    Row {
        mistake: "an address of the other family",
        stage: Validate,
        config: set!("{ a = { ipv4_address = \"fd80::1\" } }", "ipv4_allocation_id = \"x\""),
        attribute: "members",
        summary: "Wrong address family",
        detail: &["fd80::1 is not an ipv4 address"],
    },
    Row {
        mistake: "an address of a family that the set has not",
        stage: Validate,
        config: set!("{ a = { ipv6_address = \"fd80::1\" } }", "ipv4_allocation_id = \"x\""),
        attribute: "members",
        summary: "An address without an allocation",
        detail: &["`ipv6_allocation_id`"],
    },
    Row {
        mistake: "a member that is no host name",
        stage: Validate,
        config: set!("{ \"a b\" = {} }", "ipv4_allocation_id = \"x\"\n  domain = \"example.org\""),
        attribute: "members",
        summary: "Invalid host name",
        detail: &["\"a b\" is not a name for the DNS"],
    },
    Row {
        mistake: "a computed argument",
        stage: Validate,
        config: set!("{ a = {} }", "ipv4_allocation_id = \"x\"\n  host_names = {}"),
        attribute: "host_names",
        summary: "host_names cannot be set",
        detail: &["decided by the provider"],
    },
];

#[test]
fn mistakes_in_the_text_of_an_address_set_are_reported_without_a_store() {
    check_all(WRITTEN);
}

on_each_own_store! {
    fn mistakes_in_an_address_set_are_reported_in_the_plan(store: Store) {
        check_all_on(&store, ROWS);
    }
}
