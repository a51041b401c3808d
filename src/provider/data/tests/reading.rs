//! Answers of the data sources.

use super::*;

#[test]
fn a_scope_is_found_by_id_by_name_and_as_default() {
    let world = World::new();
    for config in [("id", id(&world.lab)), ("name", "lab".into())] {
        let scope = world.read("ipam_scope", &[config]);
        assert_eq!(get(&scope, "id"), world.lab);
        assert_eq!(get(&scope, "name"), "lab");
        assert_eq!(get(&scope, "scope_type"), "private");
        assert_eq!(get(&scope, "is_default"), "false");
        assert_eq!(get(&scope, "description"), "try things");
        assert_eq!(get(&scope, "tags"), "{env = lab}");
        assert_eq!(get(&scope, "owner"), "tests");
        assert_eq!(get(&scope, "state"), "active");
        assert_eq!(get(&scope, "hold_expires_at"), "null");
    }
    for scope_type in ["private", "public"] {
        let scope = world.read("ipam_scope", &[("is_default", true.into()), ("scope_type", scope_type.into())]);
        assert_eq!((get(&scope, "is_default"), get(&scope, "scope_type")), ("true".into(), scope_type.into()));
    }
}

#[test]
fn scopes_are_narrowed_by_every_argument() {
    let world = World::new();
    let lab = std::slice::from_ref(&world.lab);
    let found = |config: &[(&str, Value)]| {
        let scopes = world.read("ipam_scopes", config);
        let ids = each(&scopes, "scopes", "id");
        assert_eq!(get(&scopes, "ids"), format!("[{}]", ids.join(", ")));
        ids
    };
    assert_eq!(found(&[]).len(), 3);
    assert_eq!(found(&[("name_pattern", "l?b".into())]), lab);
    assert_eq!(found(&[("name_pattern", "l?".into())]), [""; 0]);
    assert_eq!(found(&[("scope_type", "private".into())]).len(), 2);
    assert_eq!(found(&[("tags", object(&[("env", "lab".into())]))]), lab);
    assert_eq!(found(&[("tags", object(&[("env", "prod".into())]))]), [""; 0]);
}

#[test]
fn a_pool_is_found_by_id_by_path_and_by_an_unambiguous_name() {
    let world = World::new();
    let name = ("name", Value::from("prod"));
    for config in [
        vec![("id", id(&world.eu_prod))],
        vec![("ipam_pool_id", id(&world.eu_prod))],
        vec![("path", "top/eu/prod".into())],
        vec![name, ("source_ipam_pool_id", id(&world.eu))],
    ] {
        let pool = world.read("ipam_pool", &config);
        assert_eq!(get(&pool, "id"), world.eu_prod);
        assert_eq!(get(&pool, "ipam_pool_id"), world.eu_prod);
        assert_eq!(get(&pool, "path"), "top/eu/prod");
        assert_eq!(get(&pool, "source_ipam_pool_id"), world.eu);
        assert_eq!(get(&pool, "pool_depth"), "3");
        assert_eq!(get(&pool, "cidrs"), "[10.0.0.0/24]");
        assert_eq!(get(&pool, "cidr"), "10.0.0.0/24");
        assert_eq!(get(&pool, "locale"), "eu-west-1");
        assert_eq!(get(&pool, "address_family"), "ipv4");
        assert_eq!(get(&pool, "ipam_scope_type"), "private");
        assert_eq!(get(&pool, "allocation_strategy"), "best-fit");
        assert_eq!(get(&pool, "state"), "active");
    }
    assert_eq!(get(&world.read("ipam_pool", &[("name", "six".into())]), "id"), world.six);
    let lab = ("ipam_scope_id", id(&world.lab));
    for way in ["name", "path"] {
        assert_eq!(get(&world.read("ipam_pool", &[(way, "top".into()), lab.clone()]), "id"), world.lab_top);
    }
}

#[test]
fn a_planned_pool_is_found_by_id_and_by_name_when_asked_for() {
    let world = World::new();
    let spec = pool_spec("soon", Some(&world.us), "10.1.1.0/24");
    let soon = world.ipam.holds().unwrap().plan_pool(&spec, &terms()).unwrap().meta.id;
    let by_name = world.refused("ipam_pool", &[("name", "soon".into())]);
    assert!(by_name.1.contains("include_planned = true"), "{}", by_name.1);
    for config in [
        vec![("id", id(&soon))],
        vec![("name", "soon".into()), ("include_planned", true.into())],
        vec![("path", "top/us/soon".into()), ("include_planned", true.into())],
    ] {
        let pool = world.read("ipam_pool", &config);
        assert_eq!((get(&pool, "id"), get(&pool, "state")), (soon.clone(), "planned".into()));
        assert_eq!(get(&pool, "cidrs"), "[10.1.1.0/24]");
        assert_ne!(get(&pool, "hold_expires_at"), "null");
    }
    let below = ("source_ipam_pool_id", id(&world.us));
    assert_eq!(each(&world.read("ipam_pools", std::slice::from_ref(&below)), "pools", "name"), ["prod"]);
    let with_planned = world.read("ipam_pools", &[below, ("include_planned", true.into())]);
    assert_eq!(each(&with_planned, "pools", "name"), ["prod", "soon"]);
}

#[test]
fn a_pool_about_to_be_replaced_is_not_ambiguous() {
    let world = World::new();
    let spec = pool_spec("six", None, "2001:db9::/32");
    let replaces = Terms { replaces: Some(world.six.clone()), ..terms() };
    let future = world.ipam.holds().unwrap().plan_pool(&spec, &replaces).unwrap().meta.id;
    assert_ne!(future, world.six);
    for include_planned in [false, true] {
        let config = [("name", "six".into()), ("include_planned", include_planned.into())];
        assert_eq!(get(&world.read("ipam_pool", &config), "id"), world.six);
    }
    assert_eq!(get(&world.read("ipam_pool", &[("id", id(&future))]), "cidr"), "2001:db9::/32");
}

#[test]
fn a_hold_of_another_owner_is_reported_with_that_owner() {
    let place = "memory:a_hold_of_another_owner_is_told_with_that_owner";
    let world = World::at(place, "us");
    let them = Local::open(place, None, Actor { owner: "them".into(), ..Actor::default() }).unwrap();
    them.holds().unwrap().plan_allocation(&world.allocation_spec("theirs", "10.0.0.64/28"), &terms()).unwrap();
    let config = [("ipam_pool_id", id(&world.eu_prod)), ("name", "theirs".into())];
    let (path, text) = world.refused("ipam_allocation", &config);
    assert_eq!(path, "name");
    assert!(text.contains("planned by \"them\""), "{text}");
}

#[test]
fn pools_are_narrowed_by_every_argument() {
    let world = World::new();
    let found = |config: &[(&str, Value)]| {
        let pools = world.read("ipam_pools", config);
        assert_eq!(get(&pools, "ids"), format!("[{}]", each(&pools, "pools", "id").join(", ")));
        let mut paths = each(&pools, "pools", "path");
        paths.sort();
        paths.join(" ")
    };
    assert_eq!(found(&[]), "six top top top/eu top/eu/prod top/us top/us/prod");
    assert_eq!(found(&[("ipam_scope_id", id(&world.lab))]), "top");
    assert_eq!(found(&[("source_ipam_pool_id", id(&world.top))]), "top/eu top/us");
    assert_eq!(found(&[("source_ipam_pool_id", id(&world.eu))]), "top/eu/prod");
    assert_eq!(found(&[("name_pattern", "prod".into())]), "top/eu/prod top/us/prod");
    assert_eq!(found(&[("name_pattern", "?u*".into())]), "top/eu");
    assert_eq!(found(&[("name_pattern", "top/*".into())]), "");
    assert_eq!(found(&[("locale", "us-east-1".into())]), "top/us top/us/prod");
    assert_eq!(found(&[("address_family", "ipv6".into())]), "six");
    assert_eq!(found(&[("tags", object(&[("env", "prod".into())]))]), "top");
    assert_eq!(found(&[("contains_cidr", "10.0.0.64/26".into())]), "top top top/eu top/eu/prod");
    assert_eq!(found(&[("contains_cidr", "10.0.0.0/16".into())]), "top top top/eu");
    assert_eq!(found(&[("contains_cidr", "2001:db8:1::/48".into())]), "six");
    assert_eq!(found(&[("contains_cidr", "0.0.0.0/0".into())]), "");
    let both = [("contains_cidr", "10.1.0.0/24".into()), ("name_pattern", "prod".into())];
    assert_eq!(found(&both), "top/us/prod");
}

#[test]
fn pools_come_with_their_parents_first() {
    let world = World::new();
    let paths = each(&world.read("ipam_pools", &[]), "pools", "path");
    let place = |path: &str| paths.iter().position(|listed| listed == path).unwrap();
    assert!(place("top/eu") < place("top/eu/prod") && place("top/us") < place("top/us/prod"), "{paths:?}");
}

#[test]
fn provisioned_cidrs_show_how_they_were_provisioned() {
    let world = World::new();
    let size = Size::Cidr("10.0.1.0/24".parse().unwrap());
    let spec = PoolCidrSpec { pool_id: world.eu_prod.clone(), name: None, size, proof: None };
    let more = world.ipam.create_pool_cidr(&spec, &Planned::Unknown).unwrap().meta.id;
    let config = [("ipam_pool_id", id(&world.eu_prod))];
    let cidrs = world.read("ipam_pool_cidrs", &config);
    assert_eq!(each(&cidrs, "ipam_pool_cidrs", "cidr"), ["10.0.0.0/24", "10.0.1.0/24"]);
    assert_eq!(each(&cidrs, "ipam_pool_cidrs", "inline"), ["true", "false"]);
    assert_eq!(each(&cidrs, "ipam_pool_cidrs", "state"), ["active", "active"]);
    assert_eq!(each(&cidrs, "ipam_pool_cidrs", "ipam_pool_cidr_id")[1], more);
    let pool = world.read("ipam_pool", &[("id", id(&world.eu_prod))]);
    assert_eq!((get(&pool, "cidrs"), get(&pool, "cidr")), ("[10.0.0.0/24, 10.0.1.0/24]".into(), "null".into()));
}

#[test]
fn an_allocation_is_found_by_name_by_block_and_by_an_address_in_it() {
    let world = World::new();
    let web = get(&world.read("ipam_allocations", &[("name_pattern", "web".into())]), "ids");
    let web = web.trim_matches(['[', ']']);
    let pool = ("ipam_pool_id", id(&world.eu_prod));
    for config in [
        vec![("id", id(web))],
        vec![pool.clone(), ("name", "web".into())],
        vec![pool.clone(), ("cidr", "10.0.0.0/28".into())],
        vec![pool.clone(), ("address", "10.0.0.15".into())],
    ] {
        let allocation = world.read("ipam_allocation", &config);
        assert_eq!(get(&allocation, "id"), web);
        assert_eq!(get(&allocation, "ipam_pool_id"), world.eu_prod);
        assert_eq!(get(&allocation, "name"), "web");
        assert_eq!(get(&allocation, "cidr"), "10.0.0.0/28");
        assert_eq!(get(&allocation, "netmask_length"), "28");
        assert_eq!(get(&allocation, "netmask"), "255.255.255.240");
        assert_eq!(get(&allocation, "last_address"), "10.0.0.15");
        assert_eq!(get(&allocation, "address_count"), "16");
        assert_eq!(get(&allocation, "resource_type"), "custom");
        assert_eq!(get(&allocation, "tags"), "{app = web}");
        assert_eq!(get(&allocation, "state"), "active");
    }
    let neighbour = world.read("ipam_allocation", &[pool, ("address", "10.0.0.16".into())]);
    assert_eq!(get(&neighbour, "name"), "db");
}

#[test]
fn the_space_of_a_pool_below_is_shown_as_an_allocation_that_names_that_pool() {
    let world = World::new();
    let config = [("ipam_pool_id", id(&world.eu)), ("address", "10.0.0.1".into())];
    let allocation = world.read("ipam_allocation", &config);
    assert_eq!(get(&allocation, "resource_type"), "ipam-pool");
    assert_eq!(get(&allocation, "resource_id"), world.eu_prod);
    assert_eq!(get(&allocation, "cidr"), "10.0.0.0/24");
}

#[test]
fn a_planned_allocation_is_found_by_id_and_by_name_when_asked_for() {
    let world = World::new();
    let next = world.hold("next", "10.0.0.32/28").meta.id;
    let pool = ("ipam_pool_id", id(&world.eu_prod));
    let planned = ("include_planned", Value::Bool(true));
    for config in [vec![("id", id(&next))], vec![pool, ("name", "next".into()), planned]] {
        let allocation = world.read("ipam_allocation", &config);
        assert_eq!((get(&allocation, "id"), get(&allocation, "state")), (next.clone(), "planned".into()));
    }
}

#[test]
fn allocations_are_narrowed_by_every_argument() {
    let world = World::new();
    let pool = || ("ipam_pool_id", id(&world.eu_prod));
    let found = |config: Vec<(&str, Value)>| {
        let allocations = world.read("ipam_allocations", &config);
        assert_eq!(get(&allocations, "ids"), format!("[{}]", each(&allocations, "allocations", "id").join(", ")));
        let cidrs = each(&allocations, "allocations", "cidr");
        assert_eq!(get(&allocations, "cidrs"), format!("[{}]", cidrs.join(", ")));
        cidrs.join(" ")
    };
    assert_eq!(found(vec![pool()]), "10.0.0.0/28 10.0.0.16/28");
    assert_eq!(found(vec![pool(), ("include_planned", true.into())]), "10.0.0.0/28 10.0.0.16/28 10.0.0.32/28");
    assert_eq!(found(vec![("resource_type", "custom".into())]), "10.0.0.0/28 10.0.0.16/28");
    assert_eq!(found(vec![("ipam_pool_id", id(&world.top))]), "10.0.0.0/16 10.1.0.0/16");
    assert_eq!(found(vec![("ipam_pool_id", id(&world.top)), ("resource_type", "custom".into())]), "");
    assert_eq!(found(vec![pool(), ("name_pattern", "d*".into())]), "10.0.0.16/28");
    assert_eq!(found(vec![pool(), ("name_pattern", "web".into())]), "10.0.0.0/28");
    assert_eq!(found(vec![("tags", object(&[("app", "web".into())]))]), "10.0.0.0/28");
    assert_eq!(found(vec![pool(), ("within_cidr", "10.0.0.16/28".into())]), "10.0.0.16/28");
    assert_eq!(found(vec![pool(), ("within_cidr", "10.0.0.0/30".into())]), "");
    assert_eq!(found(vec![pool(), ("containing_cidr", "10.0.0.0/30".into())]), "10.0.0.0/28");
    assert_eq!(found(vec![pool(), ("owner", "tests".into())]), "10.0.0.0/28 10.0.0.16/28");
    assert_eq!(found(vec![pool(), ("owner", "others".into())]), "");
}

#[test]
fn a_preview_shows_disjoint_blocks_and_reserves_none() {
    let world = World::new();
    let preview = |more: &[(&str, Value)]| {
        let mut config = vec![("ipam_pool_id", id(&world.eu_prod)), ("netmask_length", 28_i64.into())];
        config.extend_from_slice(more);
        let answer = world.read("ipam_preview_next_cidr", &config);
        (get(&answer, "cidr"), get(&answer, "cidrs"))
    };
    // The hold of `next` takes its block, and the buddy of that block is the tightest fit.
    assert_eq!(preview(&[]), ("10.0.0.48/28".into(), "[10.0.0.48/28]".into()));
    assert_eq!(preview(&[]), preview(&[]), "a preview reserves nothing");
    let avoid = ("disallowed_cidrs", Value::List(vec!["10.0.0.48/28".into()]));
    assert_eq!(preview(&[avoid]).0, "10.0.0.64/28");
    let (first, all) = preview(&[("cidr_count", 3_i64.into())]);
    assert_eq!(all, "[10.0.0.48/28, 10.0.0.64/28, 10.0.0.80/28]");
    assert_eq!(world.allocate("other", &first, &[]).cidr.to_string(), first, "a previewed block is free");
}

#[test]
fn free_blocks_are_listed_by_address_and_cut_at_the_limit() {
    let world = World::new();
    let free = |more: &[(&str, Value)]| {
        let mut config = vec![("ipam_pool_id", id(&world.eu_prod))];
        config.extend_from_slice(more);
        let answer = world.read("ipam_free_cidrs", &config);
        (get(&answer, "cidrs"), get(&answer, "truncated"), get(&answer, "largest"))
    };
    let reported = |cidrs: &str, truncated: &str, largest: &str| (cidrs.into(), truncated.into(), largest.into());
    let all = "[10.0.0.48/28, 10.0.0.64/26, 10.0.0.128/25]";
    assert_eq!(free(&[]), reported(all, "false", "10.0.0.128/25"));
    assert_eq!(free(&[("limit", 3_i64.into())]), reported(all, "false", "10.0.0.128/25"));
    assert_eq!(free(&[("limit", 1_i64.into())]), reported("[10.0.0.48/28]", "true", "10.0.0.128/25"));
    let large = ("max_netmask_length", 26_i64.into());
    assert_eq!(free(&[large]), reported("[10.0.0.64/26, 10.0.0.128/25]", "false", "10.0.0.128/25"));
    assert_eq!(free(&[("max_netmask_length", 24_i64.into())]), reported("[]", "false", "null"));
}

#[test]
fn utilization_counts_every_address_and_every_pool_below() {
    let world = World::new();
    let prod = world.read("ipam_utilization", &[("ipam_pool_id", id(&world.eu_prod))]);
    for (name, expected) in [
        ("name", "prod"),
        ("path", "top/eu/prod"),
        ("provisioned", "256"),
        ("used", "32"),
        ("held", "16"),
        ("free", "208"),
        ("used_percent", "12.5"),
        ("held_percent", "6.25"),
        ("free_percent", "81.25"),
        ("largest_free_cidr", "10.0.0.128/25"),
        ("fragmentation", "0.3846"),
        ("allocation_count", "2"),
        ("assigned_in_subtree", "32"),
        ("assigned_percent", "12.5"),
        ("pools", "[]"),
    ] {
        assert_eq!(get(&prod, name), expected, "{name}");
    }
    let top = world.read("ipam_utilization", &[("ipam_pool_id", id(&world.top))]);
    assert_eq!(each(&top, "pools", "path"), ["top/eu", "top/eu/prod", "top/us", "top/us/prod"]);
    assert_eq!(each(&top, "pools", "provisioned"), ["65536", "256", "65536", "256"]);
    assert_eq!(each(&top, "pools", "used"), ["256", "32", "256", "0"]);
    assert_eq!((get(&top, "used"), get(&top, "assigned_in_subtree")), ("131072".into(), "32".into()));
    assert_eq!(get(&top, "used_percent"), "0.78");
}

#[test]
fn ipv6_counts_are_exact() {
    let world = World::new();
    let six = world.read("ipam_utilization", &[("ipam_pool_id", id(&world.six))]);
    assert_eq!(get(&six, "provisioned"), "79228162514264337593543950336");
    assert_eq!(get(&six, "free"), "79228162514264337593543950336");
    assert_eq!((get(&six, "free_percent"), get(&six, "fragmentation")), ("100".into(), "0".into()));
}

#[test]
fn values_are_shown_as_the_user_wrote_them() {
    let world = World::new();
    let pools = world.read("ipam_pools", &[("contains_cidr", "2001:DB8:0::/48".into())]);
    assert_eq!(get(&pools, "contains_cidr"), "2001:DB8:0::/48");
    assert_eq!(each(&pools, "pools", "name"), ["six"]);
}
