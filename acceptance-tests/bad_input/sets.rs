//! Mistakes about allocation sets, one row each.

use super::Stage::{Plan, Validate};
use super::{Row, check_all, check_all_on};
use crate::harness::store::Store;

/// A set in the pool `office`, which has 10.0.0.64/26 and 10.0.0.128/25 free, with these members.
macro_rules! set {
    ($members:literal) => {
        set!($members, "")
    };
    ($members:literal, $more:literal) => {
        concat!(
            "resource \"ipam_allocation_set\" \"it\" {\n  ipam_pool_id = \"<office>\"\n  name = \"vpc\"\n  members = ",
            $members,
            "\n  ",
            $more,
            "\n}\n"
        )
    };
}

const ROWS: &[Row] = &[
    Row {
        mistake: "a member for which there is no room",
        stage: Plan,
        config: set!("{ web = { netmask_length = 26 }, db = { netmask_length = 24 } }"),
        attribute: "members",
        summary: "no free /24",
        detail: &["office"],
    },
    Row {
        mistake: "all members fit one by one and not together",
        stage: Plan,
        config: set!("{ a = { netmask_length = 25 }, b = { netmask_length = 26 }, c = { netmask_length = 26 } }"),
        attribute: "members",
        summary: "no free /26",
        detail: &["office"],
    },
    Row {
        mistake: "a member with a CIDR that is taken",
        stage: Plan,
        config: set!("{ web = { cidr = \"10.0.0.0/27\" } }"),
        attribute: "members",
        summary: "10.0.0.0/27",
        detail: &["printer"],
    },
    Row {
        mistake: "a member outside the pool",
        stage: Plan,
        config: set!("{ web = { cidr = \"10.9.0.0/27\" } }"),
        attribute: "members",
        summary: "10.9.0.0/27",
        detail: &["10.0.0.0/24"],
    },
    Row {
        mistake: "a member of another family",
        stage: Plan,
        config: set!("{ web = { cidr = \"fd80:db8::/64\" } }"),
        attribute: "members",
        summary: "Address families are mixed",
        detail: &["fd80:db8::/64"],
    },
    Row {
        mistake: "no size where the pool has no default",
        stage: Plan,
        config: set!("{ web = {} }"),
        attribute: "members",
        summary: "size",
        detail: &["office"],
    },
    Row {
        mistake: "a contiguous set for which there is no block",
        stage: Plan,
        config: set!("{ a = { netmask_length = 26 }, b = { netmask_length = 25 } }", "contiguous = true"),
        attribute: "members",
        summary: "no free /24",
        detail: &["office", "The set is contiguous"],
    },
    Row {
        mistake: "a contiguous set with CIDRs around space that is taken",
        stage: Plan,
        config: set!("{ a = { cidr = \"10.0.0.64/27\" }, b = { cidr = \"10.0.0.128/26\" } }", "contiguous = true"),
        attribute: "members",
        summary: "10.0.0.0/24 overlaps",
        detail: &["printer"],
    },
    Row {
        mistake: "a contiguous set with CIDRs that no block of the pool contains",
        stage: Plan,
        config: set!("{ a = { cidr = \"10.0.0.64/27\" }, b = { cidr = \"10.0.1.0/26\" } }", "contiguous = true"),
        attribute: "members",
        summary: "10.0.0.0/23 is outside the pool",
        detail: &["10.0.0.0/24"],
    },
    Row {
        mistake: "blocks to avoid of another family",
        stage: Plan,
        config: set!("{ web = { netmask_length = 26 } }", "disallowed_cidrs = [\"fd80:db8::/64\"]"),
        attribute: "disallowed_cidrs",
        summary: "Blocks of another address family",
        detail: &["the pool is"],
    },
];

const WRITTEN: &[Row] = &[
    Row {
        mistake: "no members",
        stage: Validate,
        config: set!("{}"),
        attribute: "members",
        summary: "The set has no members",
        detail: &["Add a member"],
    },
    Row {
        mistake: "too many members",
        stage: Validate,
        config: set!(
            "{ for n in setproduct(range(1000), range(3)) : \"n${n[0]}-${n[1]}\" => { netmask_length = 32 } }"
        ),
        attribute: "members",
        summary: "The set has too many members",
        detail: &["3000 members", "at most 2000"],
    },
    Row {
        mistake: "a member that is null",
        stage: Validate,
        config: set!("{ web = null }"),
        attribute: "members",
        summary: "Invalid members",
        detail: &["An element may not be null."],
    },
    Row {
        mistake: "a member name with a slash",
        stage: Validate,
        config: set!("{ \"a/b\" = { netmask_length = 26 } }"),
        attribute: "members",
        summary: "Invalid name",
        detail: &["slash"],
    },
    Row {
        mistake: "an empty member name",
        stage: Validate,
        config: set!("{ \"\" = { netmask_length = 26 } }"),
        attribute: "members",
        summary: "Invalid name",
        detail: &["The name is empty."],
    },
    Row {
        mistake: "two members that overlap",
        stage: Validate,
        config: set!("{ a = { cidr = \"10.0.0.128/25\" }, b = { cidr = \"10.0.0.192/26\" } }"),
        attribute: "members",
        summary: "Members overlap",
        detail: &["\"a\" has 10.0.0.128/25"],
    },
    Row {
        mistake: "two members with one CIDR",
        stage: Validate,
        config: set!("{ a = { cidr = \"10.0.0.128/25\" }, b = { cidr = \"10.0.0.128/25\" } }"),
        attribute: "members",
        summary: "Members overlap",
        detail: &["\"a\" and \"b\""],
    },
    Row {
        mistake: "members of two families",
        stage: Validate,
        config: set!("{ a = { cidr = \"10.0.0.128/25\" }, b = { cidr = \"fd80::/64\" } }"),
        attribute: "members",
        summary: "Members of two address families",
        detail: &["fd80::/64"],
    },
    Row {
        mistake: "a CIDR and another netmask length",
        stage: Validate,
        config: set!("{ web = { cidr = \"10.0.0.128/25\", netmask_length = 26 } }"),
        attribute: "members",
        summary: "Conflicting arguments",
        detail: &["`cidr` is 10.0.0.128/25"],
    },
    Row {
        mistake: "a CIDR that is to be avoided",
        stage: Validate,
        config: set!("{ web = { cidr = \"10.0.0.128/25\" } }", "disallowed_cidrs = [\"10.0.0.0/24\"]"),
        attribute: "members",
        summary: "Conflicting arguments",
        detail: &["`disallowed_cidrs` rules out"],
    },
    Row {
        mistake: "a CIDR with host bits",
        stage: Validate,
        config: set!("{ web = { cidr = \"10.0.0.1/25\" } }"),
        attribute: "members",
        summary: "Invalid members",
        detail: &["10.0.0.1/25"],
    },
    Row {
        mistake: "a netmask length out of range",
        stage: Validate,
        config: set!("{ web = { netmask_length = 129 } }"),
        attribute: "members",
        summary: "Netmask length out of range",
        detail: &["0 to 128"],
    },
    Row {
        mistake: "an order that does not exist",
        stage: Validate,
        config: set!("{ web = { netmask_length = 26 } }", "packing = \"smallest-first\""),
        attribute: "packing",
        summary: "Invalid packing",
        detail: &["\"largest-first\" or \"by-name\""],
    },
    Row {
        mistake: "another word for removed members",
        stage: Validate,
        config: set!("{ web = { netmask_length = 26 } }", "removed_members = \"delete\""),
        attribute: "removed_members",
        summary: "Invalid removed_members",
        detail: &["\"release\", \"keep\""],
    },
    Row {
        mistake: "the block of a set, which is computed",
        stage: Validate,
        config: set!("{ web = { netmask_length = 26 } }", "contiguous = true\n  cidr = \"10.0.0.0/24\""),
        attribute: "cidr",
        summary: "cidr cannot be set",
        detail: &["decided by the provider"],
    },
    Row {
        mistake: "a computed argument",
        stage: Validate,
        config: set!("{ web = { netmask_length = 26 } }", "cidrs = { web = \"10.0.0.0/24\" }"),
        attribute: "cidrs",
        summary: "cidrs cannot be set",
        detail: &["decided by the provider"],
    },
];

#[test]
fn mistakes_in_the_text_of_a_set_are_reported_without_a_store() {
    check_all(WRITTEN);
}

on_each_own_store! {
    fn mistakes_in_a_set_are_reported_in_the_plan(store: Store) {
        check_all_on(&store, ROWS);
    }
}
