//! Mistakes about pools that a plan chooses from, and about preferred blocks, one row each.

use super::Stage::{Plan, Validate};
use super::{Row, check_all, check_all_on};
use crate::harness::store::Store;

/// An allocation with these arguments.
macro_rules! allocation {
    ($arguments:literal) => {
        concat!("resource \"ipam_allocation\" \"it\" {\n  name = \"web\"\n  ", $arguments, "\n}\n")
    };
}

const ROWS: &[Row] = &[
    Row {
        mistake: "none of the pools has room",
        stage: Plan,
        config: allocation!("ipam_pool_ids = [\"<office>\", \"<full>\", \"<empty>\"]\n  netmask_length = 24"),
        attribute: "ipam_pool_ids",
        summary: "No pool can give this block",
        detail: &["pool \"office\" (<office>): it has no free /24", "pool \"full\" (<full>)", "it has no CIDR."],
    },
    Row {
        mistake: "a CIDR that is in none of the pools",
        stage: Plan,
        config: allocation!("ipam_pool_ids = [\"<office>\", \"<full>\"]\n  cidr = \"10.9.0.0/28\""),
        attribute: "ipam_pool_ids",
        summary: "No pool can give this block",
        detail: &["10.9.0.0/28 is outside the pool"],
    },
    Row {
        mistake: "pools of both families",
        stage: Plan,
        config: allocation!("ipam_pool_ids = [\"<office>\", \"<v6>\"]\n  netmask_length = 28"),
        attribute: "ipam_pool_ids",
        summary: "The pools have both address families",
        detail: &["Pool \"office\" (<office>) is ipv4, and pool \"six\" (<v6>) is ipv6."],
    },
    Row {
        mistake: "a pool that does not exist",
        stage: Plan,
        config: allocation!("ipam_pool_ids = [\"<office>\", \"ipam-pool-none\"]\n  netmask_length = 28"),
        attribute: "ipam_pool_ids",
        summary: "pool",
        detail: &["ipam-pool-none"],
    },
    Row {
        mistake: "a selector that matches nothing",
        stage: Plan,
        config: allocation!("pool_selector = { tags = { env = \"none\" } }\n  netmask_length = 28"),
        attribute: "pool_selector",
        summary: "No pool matches",
        detail: &["the tag \"env\" = \"none\""],
    },
    Row {
        mistake: "a preferred CIDR of the other family",
        stage: Plan,
        config: allocation!("ipam_pool_id = \"<office>\"\n  preferred_cidr = \"fd80:db8::/64\""),
        attribute: "preferred_cidr",
        summary: "Address families are mixed",
        detail: &["fd80:db8::/64"],
    },
    Row {
        mistake: "blocks to avoid of another family than the pools",
        stage: Plan,
        config: allocation!(
            "ipam_pool_ids = [\"<office>\"]\n  netmask_length = 28\n  disallowed_cidrs = [\"fd80:db8::/64\"]"
        ),
        attribute: "disallowed_cidrs",
        summary: "Blocks of another address family",
        detail: &["the pool is"],
    },
];

const WRITTEN: &[Row] = &[
    Row {
        mistake: "no pool",
        stage: Validate,
        config: allocation!("netmask_length = 28"),
        attribute: "",
        summary: "No pool given",
        detail: &["`ipam_pool_id`, `ipam_pool_ids` and `pool_selector`"],
    },
    Row {
        mistake: "a pool and a list of pools",
        stage: Validate,
        config: allocation!("ipam_pool_id = \"a\"\n  ipam_pool_ids = [\"a\"]"),
        attribute: "ipam_pool_ids",
        summary: "Conflicting arguments",
        detail: &["each say which pool"],
    },
    Row {
        mistake: "an empty list of pools",
        stage: Validate,
        config: allocation!("ipam_pool_ids = []"),
        attribute: "ipam_pool_ids",
        summary: "The list has no pools",
        detail: &["at least one"],
    },
    Row {
        mistake: "a pool listed twice",
        stage: Validate,
        config: allocation!("ipam_pool_ids = [\"a\", \"a\"]"),
        attribute: "ipam_pool_ids",
        summary: "A pool is listed twice",
        detail: &["\"a\""],
    },
    Row {
        mistake: "too many pools",
        stage: Validate,
        config: allocation!("ipam_pool_ids = [for n in range(101) : \"p${n}\"]"),
        attribute: "ipam_pool_ids",
        summary: "The list has too many pools",
        detail: &["at most 100"],
    },
    Row {
        mistake: "a selector without a condition",
        stage: Validate,
        config: allocation!("pool_selector = { address_family = \"ipv4\" }"),
        attribute: "pool_selector",
        summary: "The selector has no condition",
        detail: &["`tags` or `locale`"],
    },
    Row {
        mistake: "a selector for a family that does not exist",
        stage: Validate,
        config: allocation!("pool_selector = { locale = \"x\", address_family = \"ipv5\" }"),
        attribute: "",
        summary: "Invalid pool_selector",
        detail: &["ipv5"],
    },
    Row {
        mistake: "a preferred CIDR beside a CIDR",
        stage: Validate,
        config: allocation!("ipam_pool_id = \"a\"\n  cidr = \"10.0.0.0/28\"\n  preferred_cidr = \"10.0.0.0/28\""),
        attribute: "preferred_cidr",
        summary: "Conflicting arguments",
        detail: &["Keep one of the two arguments"],
    },
    Row {
        mistake: "a preferred CIDR of another size",
        stage: Validate,
        config: allocation!("ipam_pool_id = \"a\"\n  netmask_length = 27\n  preferred_cidr = \"10.0.0.0/28\""),
        attribute: "preferred_cidr",
        summary: "Conflicting arguments",
        detail: &["`netmask_length` is 27"],
    },
];

#[test]
fn mistakes_in_the_text_about_pools_are_reported_without_a_store() {
    check_all(WRITTEN);
}

on_each_own_store! {
    fn mistakes_about_pools_to_choose_from_are_reported_in_the_plan(store: Store) {
        check_all_on(&store, ROWS);
    }
}
