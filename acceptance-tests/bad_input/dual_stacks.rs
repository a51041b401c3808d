//! Mistakes about dual-stack allocations, one row each.

use super::Stage::{Plan, Validate};
use super::{Row, check_all, check_all_on};
use crate::harness::store::Store;

/// Two blocks for one name, of these pools and sizes.
macro_rules! stack {
    ($v4:literal, $v6:literal) => {
        concat!(
            "resource \"ipam_dual_stack_allocation\" \"it\" {\n  name = \"web\"\n  ipv4 = ",
            $v4,
            "\n  ipv6 = ",
            $v6,
            "\n}\n"
        )
    };
}

const ROWS: &[Row] = &[
    Row {
        mistake: "a block for which there is no room",
        stage: Plan,
        config: stack!(
            "{ ipam_pool_id = \"<office>\", netmask_length = 24 }",
            "{ ipam_pool_id = \"<empty>\", netmask_length = 32 }"
        ),
        attribute: "",
        summary: "no free /24",
        detail: &["office"],
    },
    Row {
        mistake: "a pool that does not exist",
        stage: Plan,
        config: stack!(
            "{ ipam_pool_id = \"<office>\", netmask_length = 26 }",
            "{ ipam_pool_id = \"ipam-pool-0\", netmask_length = 64 }"
        ),
        attribute: "",
        summary: "No such pool",
        detail: &["ipam-pool-0"],
    },
    Row {
        mistake: "a pool of the other family",
        stage: Plan,
        config: stack!(
            "{ ipam_pool_id = \"<office>\", netmask_length = 26 }",
            "{ ipam_pool_id = \"<empty>\", cidr = \"fd80:db8::/64\" }"
        ),
        attribute: "",
        summary: "Address families are mixed",
        detail: &["fd80:db8::/64"],
    },
];

const WRITTEN: &[Row] = &[
    Row {
        mistake: "an IPv6 block in the argument for IPv4",
        stage: Validate,
        config: stack!(
            "{ ipam_pool_id = \"a\", cidr = \"fd80::/64\" }",
            "{ ipam_pool_id = \"b\", netmask_length = 64 }"
        ),
        attribute: "",
        summary: "Wrong address family",
        detail: &["fd80::/64 is ipv6"],
    },
    Row {
        mistake: "a netmask length of the other family",
        stage: Validate,
        config: stack!(
            "{ ipam_pool_id = \"a\", netmask_length = 64 }",
            "{ ipam_pool_id = \"b\", netmask_length = 64 }"
        ),
        attribute: "",
        summary: "Netmask length out of range",
        detail: &["0 to 32"],
    },
    Row {
        mistake: "one pool for both families",
        stage: Validate,
        config: stack!(
            "{ ipam_pool_id = \"a\", netmask_length = 24 }",
            "{ ipam_pool_id = \"a\", netmask_length = 64 }"
        ),
        attribute: "",
        summary: "One pool for two families",
        detail: &["an IPv4 pool in `ipv4`"],
    },
    Row {
        mistake: "a CIDR and another netmask length",
        stage: Validate,
        config: stack!(
            "{ ipam_pool_id = \"a\", cidr = \"10.0.0.0/24\", netmask_length = 25 }",
            "{ ipam_pool_id = \"b\", netmask_length = 64 }"
        ),
        attribute: "",
        summary: "Conflicting arguments",
        detail: &["`cidr` is 10.0.0.0/24"],
    },
];

#[test]
fn mistakes_in_the_text_of_a_dual_stack_are_reported_without_a_store() {
    check_all(WRITTEN);
}

on_each_own_store! {
    fn mistakes_in_a_dual_stack_are_reported_in_the_plan(store: Store) {
        check_all_on(&store, ROWS);
    }
}
