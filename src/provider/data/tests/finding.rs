//! Look-ups of one pool by its properties.

use super::*;

#[test]
fn a_pool_is_found_by_tags_family_locale_and_source() {
    let world = World::new();
    let prod = || Value::Map([("env".to_owned(), "prod".into())].into());
    for (config, expected) in [
        (vec![("tags", prod())], &world.top),
        (vec![("address_family", "ipv6".into())], &world.six),
        (vec![("source_ipam_pool_id", id(&world.us))], &world.us_prod),
        (vec![("source_ipam_pool_id", id(&world.top)), ("locale", "eu-west-1".into())], &world.eu),
        (vec![("ipam_scope_id", id(&world.lab))], &world.lab_top),
        (vec![("name", "prod".into()), ("locale", "us-east-1".into())], &world.us_prod),
        (vec![("name", "top".into()), ("tags", prod())], &world.top),
    ] {
        assert_eq!(get(&world.read("ipam_pool", &config), "id"), *expected, "{config:?}");
    }
}

#[test]
fn several_pools_are_an_error_that_names_them() {
    let world = World::new();
    let (path, text) = world.refused("ipam_pool", &[("locale", "eu-west-1".into())]);
    assert_eq!(path, "locale");
    for part in ["2 match", "top/eu (", "top/eu/prod (", &world.eu, "Set more arguments"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn no_pool_with_the_properties_is_an_error_at_the_first_of_them() {
    let world = World::new();
    let tags = Value::Map([("env".to_owned(), "test".into())].into());
    let (path, text) = world.refused("ipam_pool", &[("tags", tags), ("address_family", "ipv4".into())]);
    assert_eq!(path, "tags");
    assert!(text.contains("No pool of this store has all of the given properties."), "{text}");
    let (path, text) = world.refused("ipam_pool", &[("name", "eu".into()), ("locale", "us-east-1".into())]);
    assert_eq!(path, "name");
    assert!(text.contains("These pools have others:\n  - top/eu ("), "{text}");
}

#[test]
fn properties_contradict_a_pool_that_is_named_exactly() {
    let world = World::new();
    for (way, value) in [("id", id(&world.eu)), ("ipam_pool_id", id(&world.eu)), ("path", "top/eu".into())] {
        let (path, text) = world.refused("ipam_pool", &[(way, value), ("locale", "eu-west-1".into())]);
        assert_eq!(path, "locale");
        assert!(text.contains(&format!("{way} already says what to read")), "{text}");
    }
}
