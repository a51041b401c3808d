//! Rules of Terraform and of this project for every schema.

use super::*;

fn check(type_name: &str, attribute: &Attribute, top: bool) {
    let name = format!("{type_name}.{}", attribute.name);
    assert!(attribute.description.ends_with('.'), "{name} is not described in sentences");
    assert!(!top || !RESERVED.contains(&attribute.name), "{name} is reserved by Terraform");
    assert!(attribute.required || attribute.optional || attribute.computed, "{name} has no mode");
    assert!(!attribute.required || !(attribute.optional || attribute.computed), "{name} has two modes");
    if let AttributeType::Nested(_, nested) = &attribute.ty {
        for inner in nested {
            assert!(inner.is_computed_only(), "{name}.{} must be computed", inner.name);
            check(&name, inner, false);
        }
    }
}

#[test]
fn terraform_accepts_every_schema() {
    let sources = super::super::all(&Arc::new(Shared::default()));
    for source in &sources {
        let block = source.schema().block;
        assert!(source.type_name().starts_with("ipam_"));
        assert!(block.description.ends_with('.'), "{} is not described", source.type_name());
        assert!(block.blocks.is_empty());
        for attribute in &block.attributes {
            check(source.type_name(), attribute, true);
        }
    }
    let mut names: Vec<_> = sources.iter().map(|source| source.type_name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), sources.len(), "two data sources have the same name");
    assert_eq!(names.len(), 14);
}

#[test]
fn unknown_arguments_are_valid() {
    for source in super::super::all(&Arc::new(Shared::default())) {
        let attributes = source.schema().block.attributes;
        let arguments = attributes.iter().filter(|attribute| !attribute.is_computed_only());
        let config = Value::Map(arguments.map(|argument| (argument.name.to_owned(), Value::Unknown)).collect());
        assert_eq!(source.validate(&config), Diagnostics::new(), "{}", source.type_name());
    }
}

#[test]
fn computed_attributes_cannot_be_set() {
    let world = World::new();
    let reported = world.refused("ipam_pool", &[("id", id(&world.eu)), ("owner", "me".into())]);
    assert_eq!(reported.0, "owner");
}

#[test]
fn reading_before_the_provider_is_configured_is_an_error() {
    for source in super::super::all(&Arc::new(Shared::default())) {
        let config = object(&[("id", "x".into()), ("ipam_pool_id", "x".into())]);
        let config = if matches!(source.type_name(), "ipam_pool" | "ipam_scope" | "ipam_allocation") {
            object(&[("id", "x".into())])
        } else {
            config
        };
        assert!(source.read(&config).unwrap_err().has_error(), "{}", source.type_name());
    }
}
