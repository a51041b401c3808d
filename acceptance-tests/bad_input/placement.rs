//! Mistakes about the order of CIDRs and about sizes in numbers, one row each.

use super::Stage::{Plan, Validate};
use super::{Row, check_all, check_all_on};
use crate::harness::store::Store;

/// A top-level pool with these arguments.
macro_rules! pool {
    ($more:literal) => {
        concat!("resource \"ipam_pool\" \"it\" {\n  name = \"x\"\n  cidrs = [\"172.16.0.0/16\"]\n  ", $more, "\n}\n")
    };
}

/// An allocation in this pool with these arguments.
macro_rules! allocation {
    ($pool:literal, $more:literal) => {
        concat!(
            "resource \"ipam_allocation\" \"it\" {\n  ipam_pool_id = \"",
            $pool,
            "\"\n  name = \"x\"\n  tags = { env = \"prod\" }\n  ",
            $more,
            "\n}\n"
        )
    };
}

const WRITTEN: &[Row] = &[
    Row {
        mistake: "a priority of what is no CIDR",
        stage: Validate,
        config: pool!("cidr_priorities = { east = 1 }"),
        attribute: "cidr_priorities",
        summary: "Invalid cidr_priorities",
        detail: &["\"east\" is not a CIDR"],
    },
    Row {
        mistake: "two spellings of one CIDR",
        stage: Validate,
        config: pool!("cidr_priorities = { \"2001:db8::/32\" = 1, \"2001:DB8::/32\" = 2 }"),
        attribute: "cidr_priorities",
        summary: "Invalid cidr_priorities",
        detail: &["is the same CIDR as another key"],
    },
    Row {
        mistake: "a priority inside another one",
        stage: Validate,
        config: pool!("cidr_priorities = { \"172.16.0.0/16\" = 1, \"172.16.1.0/24\" = 2 }"),
        attribute: "cidr_priorities",
        summary: "cidr_priorities cannot be used",
        detail: &["172.16.1.0/24 lies in 172.16.0.0/16"],
    },
    Row {
        mistake: "a priority that is too large",
        stage: Validate,
        config: pool!("cidr_priorities = { \"172.16.0.0/16\" = 65536 }"),
        attribute: "cidr_priorities",
        summary: "cidr_priorities cannot be used",
        detail: &["from 0 to 65535"],
    },
    Row {
        mistake: "a draining CIDR of another family",
        stage: Validate,
        config: pool!("draining_cidrs = [\"2001:db8::/32\"]"),
        attribute: "draining_cidrs",
        summary: "draining_cidrs cannot be used",
        detail: &["2001:db8::/32 is no ipv4 block"],
    },
    Row {
        mistake: "no hosts",
        stage: Validate,
        config: allocation!("<office>", "minimum_hosts = 0"),
        attribute: "minimum_hosts",
        summary: "Invalid minimum_hosts",
        detail: &["0 is too small"],
    },
    Row {
        mistake: "half an address",
        stage: Validate,
        config: allocation!("<office>", "minimum_addresses = 1.5"),
        attribute: "minimum_addresses",
        summary: "Invalid minimum_addresses",
        detail: &["1.5 is not a whole number"],
    },
    Row {
        mistake: "a number of hosts and a netmask length",
        stage: Validate,
        config: allocation!("<office>", "minimum_hosts  = 9\n  netmask_length = 28"),
        attribute: "minimum_hosts",
        summary: "Conflicting arguments",
        detail: &["`minimum_hosts` and `netmask_length` both ask for a size"],
    },
    Row {
        mistake: "a number of addresses and CIDRs",
        stage: Validate,
        config: pool!("minimum_addresses = 9"),
        attribute: "minimum_addresses",
        summary: "Conflicting arguments",
        detail: &["`minimum_addresses` and `cidrs` both ask for a size"],
    },
];

const ROWS: &[Row] = &[
    Row {
        mistake: "more hosts than IPv4 has",
        stage: Plan,
        config: allocation!("<office>", "minimum_hosts = 4294967295"),
        attribute: "minimum_hosts",
        summary: "No block is large enough",
        detail: &["4294967294 hosts"],
    },
    Row {
        mistake: "a number that leads to a larger block than the rule allows",
        stage: Plan,
        config: allocation!("<ruled>", "minimum_hosts = 200"),
        attribute: "minimum_hosts",
        summary: "/24 is larger than the pool allows",
        detail: &["allocation_min_netmask_length", "`minimum_hosts` is 200, for which a /24 is needed"],
    },
    Row {
        mistake: "no room for so many addresses",
        stage: Plan,
        config: allocation!("<office>", "minimum_addresses = 129"),
        attribute: "minimum_addresses",
        summary: "Pool \"office\" has no free /24",
        detail: &["`minimum_addresses` is 129, for which a /24 is needed"],
    },
];

#[test]
fn mistakes_in_the_text_of_orders_and_numbers_are_reported_without_a_store() {
    check_all(WRITTEN);
}

on_each_own_store! {
    fn mistakes_about_sizes_in_numbers_are_reported_in_the_plan(store: Store) {
        check_all_on(&store, ROWS);
    }
}
