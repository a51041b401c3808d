//! Invalid configurations and empty answers: the errors, and the attributes that they are about.

use super::*;

/// Data source, configuration, the attribute to edit, and a part of the message.
type Case = (&'static str, Vec<(&'static str, Value)>, &'static str, &'static str);

#[test]
fn mistakes_are_reported_at_the_attribute_to_edit() {
    let world = World::new();
    let yes = || Value::Bool(true);
    let number = |number: i64| Value::from(number);
    let cases: Vec<Case> = vec![
        ("ipam_scope", vec![], "id", "Set one of: id, name, is_default"),
        ("ipam_scope", vec![("id", "a".into()), ("name", "b".into())], "name", "id and name each say which scope"),
        ("ipam_scope", vec![("is_default", yes())], "scope_type", "is_default requires scope_type"),
        ("ipam_scope", vec![("is_default", false.into())], "is_default", "does not identify a scope"),
        ("ipam_scope", vec![("scope_type", "public".into())], "is_default", "Set is_default = true"),
        (
            "ipam_scope",
            vec![("id", "a".into()), ("scope_type", "public".into())],
            "scope_type",
            "only together with is_default",
        ),
        (
            "ipam_scope",
            vec![("is_default", yes()), ("scope_type", "hidden".into())],
            "scope_type",
            "use \"private\" or \"public\"",
        ),
        ("ipam_pool", vec![], "id", "Set one of: id, ipam_pool_id, name, path, tags, locale,"),
        ("ipam_pool", vec![("id", "a".into()), ("locale", "b".into())], "locale", "id already says what to read"),
        ("ipam_pool", vec![("ipam_pool_id", "a".into()), ("path", "b".into())], "path", "ipam_pool_id and path each"),
        (
            "ipam_pool",
            vec![("id", "a".into()), ("ipam_scope_id", "b".into())],
            "ipam_scope_id",
            "only together with name, path",
        ),
        (
            "ipam_pool",
            vec![("path", "a".into()), ("source_ipam_pool_id", "b".into())],
            "source_ipam_pool_id",
            "only together with name",
        ),
        ("ipam_allocation", vec![], "id", "Set one of: id, name, cidr, address"),
        ("ipam_allocation", vec![("name", "web".into())], "ipam_pool_id", "name requires ipam_pool_id"),
        ("ipam_allocation", vec![("address", "10.0.0.1".into())], "ipam_pool_id", "address requires ipam_pool_id"),
        ("ipam_allocation", vec![("id", "a".into()), ("ipam_pool_id", "b".into())], "ipam_pool_id", "Remove one"),
        (
            "ipam_allocation",
            vec![("ipam_pool_id", "a".into()), ("address", "10.0.0.1/32".into())],
            "address",
            "For a block, use cidr instead",
        ),
        (
            "ipam_allocation",
            vec![("ipam_pool_id", "a".into()), ("cidr", "10.0.0.1/24".into())],
            "cidr",
            "has host bits set",
        ),
        (
            "ipam_allocations",
            vec![("resource_type", "vlan".into())],
            "resource_type",
            "\"vlan\" is not one of custom, ipam-pool,",
        ),
        (
            "ipam_preview_next_cidr",
            vec![("ipam_pool_id", "a".into()), ("cidr_count", number(0))],
            "cidr_count",
            "0 is not a number from 1 to 1000",
        ),
        (
            "ipam_free_cidrs",
            vec![("ipam_pool_id", "a".into()), ("limit", number(0))],
            "limit",
            "not a number from 1 to 100000",
        ),
        (
            "ipam_free_cidrs",
            vec![("ipam_pool_id", "a".into()), ("max_netmask_length", number(129))],
            "max_netmask_length",
            "129 is not a netmask length",
        ),
    ];
    for (type_name, config, path, says) in cases {
        let reported = world.refused(type_name, &config);
        assert_eq!(reported.0, path, "{type_name} {config:?}: {}", reported.1);
        assert!(reported.1.contains(says), "{type_name} {config:?}: {}", reported.1);
    }
}

#[test]
fn an_object_that_does_not_exist_is_reported_at_the_argument_that_names_it() {
    let world = World::new();
    let gone = "ipam-pool-0000";
    let cases: Vec<Case> = vec![
        ("ipam_scope", vec![("id", "ipam-scope-0".into())], "id", "There is no scope with id"),
        ("ipam_scope", vec![("name", "nowhere".into())], "name", "no scope named \"nowhere\""),
        ("ipam_pool", vec![("id", gone.into())], "id", "There is no pool with id"),
        ("ipam_pool", vec![("ipam_pool_id", id(&world.lab))], "ipam_pool_id", "is the id of a scope"),
        ("ipam_pool", vec![("name", "nowhere".into())], "name", "no pool named \"nowhere\" in this store"),
        ("ipam_pools", vec![("source_ipam_pool_id", gone.into())], "source_ipam_pool_id", "There is no pool"),
        ("ipam_pools", vec![("ipam_scope_id", "ipam-scope-0".into())], "ipam_scope_id", "There is no scope"),
        ("ipam_pool_cidrs", vec![("ipam_pool_id", gone.into())], "ipam_pool_id", "There is no pool"),
        ("ipam_allocation", vec![("id", id(&world.eu))], "id", "is the id of a pool"),
        ("ipam_allocations", vec![("ipam_pool_id", gone.into())], "ipam_pool_id", "There is no pool"),
        ("ipam_preview_next_cidr", vec![("ipam_pool_id", gone.into())], "ipam_pool_id", "There is no pool"),
        ("ipam_free_cidrs", vec![("ipam_pool_id", gone.into())], "ipam_pool_id", "There is no pool"),
        ("ipam_utilization", vec![("ipam_pool_id", gone.into())], "ipam_pool_id", "There is no pool"),
    ];
    for (type_name, config, path, says) in cases {
        let reported = world.refused(type_name, &config);
        assert_eq!(reported.0, path, "{type_name} {config:?}: {}", reported.1);
        assert!(reported.1.contains(says), "{type_name} {config:?}: {}", reported.1);
    }
}

#[test]
fn an_ambiguous_pool_is_an_error_that_lists_every_candidate() {
    let world = World::new();
    let (path, text) = world.refused("ipam_pool", &[("name", "prod".into())]);
    assert_eq!(path, "name");
    for expected in ["2 match", "top/eu/prod", "top/us/prod", &world.eu_prod, &world.us_prod, "source_ipam_pool_id"] {
        assert!(text.contains(expected), "{text}");
    }
    let (path, text) = world.refused("ipam_pool", &[("path", "top".into())]);
    assert_eq!(path, "path");
    assert!(text.contains(&world.lab) && text.contains("Set ipam_scope_id to choose the scope"), "{text}");
}

#[test]
fn an_error_about_a_part_of_a_path_names_the_whole_path() {
    let world = World::new();
    let (path, text) = world.refused("ipam_pool", &[("path", "eu/prod".into())]);
    assert_eq!(path, "path");
    assert!(text.contains("no pool whose whole path is \"eu/prod\"") && text.contains("- top/eu/prod ("), "{text}");
}

#[test]
fn the_error_of_a_narrowed_lookup_lists_pools_elsewhere() {
    let world = World::new();
    let (_, text) = world.refused("ipam_pool", &[("name", "eu".into()), ("ipam_scope_id", id(&world.lab))]);
    assert!(text.contains("These pools are elsewhere:\n  - top/eu ("), "{text}");
}

#[test]
fn a_part_of_an_allocation_is_not_the_allocation() {
    let world = World::new();
    let config = [("ipam_pool_id", id(&world.eu_prod)), ("cidr", "10.0.0.0/30".into())];
    let (path, text) = world.refused("ipam_allocation", &config);
    assert_eq!(path, "cidr");
    assert!(text.contains("it is part of 10.0.0.0/28 (web "), "{text}");
}

#[test]
fn a_free_address_belongs_to_no_allocation() {
    let world = World::new();
    let config = [("ipam_pool_id", id(&world.eu_prod)), ("address", "10.0.0.200".into())];
    let (path, text) = world.refused("ipam_allocation", &config);
    assert_eq!(path, "address");
    assert!(text.contains("has no allocation that contains 10.0.0.200"), "{text}");
}

#[test]
fn the_error_about_a_planned_object_names_the_owner_of_the_plan() {
    let world = World::new();
    let pool = ("ipam_pool_id", id(&world.eu_prod));
    for way in [("name", "next"), ("cidr", "10.0.0.32/28"), ("address", "10.0.0.40")] {
        let (path, text) = world.refused("ipam_allocation", &[pool.clone(), (way.0, way.1.into())]);
        assert_eq!(path, way.0);
        assert!(text.contains("planned by \"tests\" (held until 2") && text.contains("include_planned"), "{text}");
    }
}

#[test]
fn the_error_of_a_preview_names_the_number_of_blocks_that_fit() {
    let world = World::new();
    let ask = |length: i64, blocks: i64| {
        let pool = ("ipam_pool_id", id(&world.us_prod));
        world.refused(
            "ipam_preview_next_cidr",
            &[pool, ("netmask_length", length.into()), ("cidr_count", blocks.into())],
        )
    };
    let (path, text) = ask(26, 5);
    assert_eq!(path, "netmask_length");
    assert!(text.contains("only 4 fit") && text.contains("largest free block is 10.1.0.0/24"), "{text}");
    let (path, text) = ask(23, 1);
    assert_eq!(path, "netmask_length");
    assert!(text.contains("10.1.0.0/24"), "{text}");
    // Without a netmask length and without a default length, no preview is possible.
    let (path, text) = world.refused("ipam_preview_next_cidr", &[("ipam_pool_id", id(&world.us_prod))]);
    assert_eq!(path, "ipam_pool_id", "{text}");
}
