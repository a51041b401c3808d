//! Data sources for the results of scans: on a store without a discovery, and with wrong arguments.

use std::time::Duration;

use super::conversion::usage;
use super::*;
use crate::backend::Local;
use crate::ipam::{Actor, Tags};
use crate::provider::shared::Configured;
use crate::tf::{Diagnostics, Number, Path, Tf, Value};

fn sources() -> Vec<Box<dyn ErasedDataSource>> {
    let shared = Arc::new(Shared::default());
    shared.configure(Some(Configured {
        ipam: Arc::new(Local::open("memory:", None, Actor::default()).unwrap()),
        plan_hold: Duration::ZERO,
        default_tags: Tags::new().into(),
        on_missing: Default::default(),
    }));
    all(&shared)
}

fn named(name: &str) -> Box<dyn ErasedDataSource> {
    sources().into_iter().find(|source| source.type_name() == name).unwrap()
}

/// A configuration with only these arguments.
fn config(source: &dyn ErasedDataSource, given: &[(&str, &str)]) -> Value {
    let attributes = source.schema().block.attributes;
    for (name, _) in given {
        assert!(attributes.iter().any(|known| known.name == *name), "{} has no {name}", source.type_name());
    }
    let of =
        |name: &str| given.iter().find(|(known, _)| *known == name).map_or(Value::Null, |(_, text)| (*text).into());
    Value::Map(attributes.iter().map(|known| (known.name.to_owned(), of(known.name))).collect())
}

#[test]
fn a_store_without_a_discovery_explains_what_to_do() {
    for source in sources() {
        let is_history = source.type_name() == "ipam_address_history";
        let given: &[(&str, &str)] = if is_history { &[("cidr", "10.0.0.0/16")] } else { &[] };
        let config = config(source.as_ref(), given);
        let diagnostics = source.read(&config).unwrap_err();
        let diagnostics = diagnostics.iter().next().unwrap();
        for words in ["ipam_resource_discovery", "`discover`"] {
            assert!(diagnostics.detail.contains(words), "{}: {diagnostics:?}", source.type_name());
        }
    }
}

#[test]
fn unknown_arguments_are_valid() {
    for source in sources() {
        let attributes = source.schema().block.attributes;
        let arguments = attributes.iter().filter(|attribute| !attribute.is_computed_only());
        let config = Value::Map(arguments.map(|argument| (argument.name.to_owned(), Value::Unknown)).collect());
        assert_eq!(source.validate(&config), Diagnostics::new(), "{}", source.type_name());
    }
}

#[test]
fn wrong_arguments_are_reported_at_plan_time_at_their_attribute() {
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
    let rows: &[Row<'_>] = &[
        ("ipam_address_history", &[("cidr", "10.0.0.1/16")], "cidr", "host bits"),
        ("ipam_address_history", &[("cidr", "10.0.0.1")], "cidr", "10.0.0.1/32"),
        ("ipam_address_history", &[("start_time", "yesterday")], "start_time", "is not a time"),
        ("ipam_address_history", &[("end_time", "2026-01-31")], "end_time", "is not a time"),
        (
            "ipam_address_history",
            &[("start_time", "2026-02-01T00:00:00Z"), ("end_time", "2026-01-01T00:00:00Z")],
            "end_time",
            "before it begins",
        ),
        (
            "ipam_address_history",
            &[("start_time", "2026-02-01T00:00:00Z"), ("last", "24h")],
            "last",
            "Keep one of them",
        ),
        ("ipam_address_history", &[("end_time", "2026-02-01T00:00:00Z"), ("last", "1h")], "last", "Keep one of them"),
        ("ipam_address_history", &[("last", "a day")], "last", "is not a duration"),
        ("ipam_resource_cidrs", &[("max_age", "soon")], "max_age", "is not a duration"),
        ("ipam_discovered_accounts", &[("max_age", "soon")], "max_age", "is not a duration"),
        ("ipam_resource_cidrs", &[("resource_owner_id", "1234")], "resource_owner_id", "twelve digits"),
        ("ipam_resource_cidrs", &[("resource_type", "Server")], "resource_type", "such as vpc"),
        ("ipam_resource_cidrs", &[("within_cidr", "10.0.0.1/8")], "within_cidr", "host bits"),
        ("ipam_resource_cidrs", &[("management_state", "a b")], "management_state", "managed, unmanaged, ignored"),
        ("ipam_resource_cidrs", &[("compliance_status", "GOOD")], "compliance_status", "noncompliant"),
        ("ipam_resource_cidrs", &[("overlap_status", "")], "overlap_status", "nonoverlapping"),
        ("ipam_discovered_resource_cidrs", &[("resource_owner_id", "x")], "resource_owner_id", "twelve digits"),
        ("ipam_discovered_resource_cidrs", &[("resource_type", "X")], "resource_type", "such as vpc"),
        ("ipam_discovered_public_addresses", &[("address_type", "an eip")], "address_type", "amazon-owned-eip"),
        ("ipam_discovered_public_addresses", &[("association_status", "X")], "association_status", "disassociated"),
        ("ipam_discovered_public_addresses", &[("service", "X")], "service", "nat-gateway"),
        ("ipam_discovered_public_addresses", &[("address_owner_id", "x")], "address_owner_id", "twelve digits"),
    ];
    for (name, given, path, says) in rows {
        let source = named(name);
        let diagnostics = source.validate(&config(source.as_ref(), given));
        let diagnostics: Vec<_> = diagnostics.iter().filter(|one| one.path == Path::attribute(path)).collect();
        assert!(diagnostics.iter().any(|one| one.detail.contains(says)), "{name} {given:?}: {diagnostics:?}");
    }
}

#[test]
fn usage_is_shown_as_fraction_and_percentage_with_the_digits_of_the_backend() {
    for (reported, fraction, percent) in [
        (0.0, "0", "0"),
        (0.1, "0.1", "10"),
        (0.29, "0.29", "29"),
        (1.0, "1", "100"),
        (0.003_906_25, "0.00390625", "0.390625"),
    ] {
        let (found, in_percent) = usage(Some(reported));
        let number = |text: &str| Tf::Known(text.parse::<Number>().unwrap());
        assert_eq!((found, in_percent), (number(fraction), number(percent)), "{reported}");
    }
    assert_eq!(usage(None), (Tf::Null, Tf::Null));
    assert_eq!(usage(Some(f64::NAN)), (Tf::Null, Tf::Null));
}
