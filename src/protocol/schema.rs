//! Schemas and signatures on the wire.

use super::wire::function::{Parameter as WireParameter, Return};
use super::wire::schema::nested_block::NestingMode as BlockNesting;
use super::wire::schema::object::NestingMode as ObjectNesting;
use super::wire::schema::{
    Attribute as WireAttribute, Block as WireBlock, NestedBlock as WireNestedBlock, Object as WireObject,
};
use super::wire::{Function as WireFunction, Schema as WireSchema, StringKind};
use crate::tf::{Attribute, AttributeType, Block, NestedBlock, Nesting, Parameter, Schema, Signature, Type};

pub(super) fn schema(schema: &Schema) -> WireSchema {
    WireSchema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(from: &Block) -> WireBlock {
    WireBlock {
        attributes: from.attributes.iter().map(attribute).collect(),
        block_types: from.blocks.iter().map(nested_block).collect(),
        description: described(&from.description, from.deprecated.as_deref()),
        description_kind: StringKind::Markdown.into(),
        deprecated: from.deprecated.is_some(),
        deprecation_message: from.deprecated.clone().unwrap_or_default(),
        ..WireBlock::default()
    }
}

fn nested_block(from: &NestedBlock) -> WireNestedBlock {
    WireNestedBlock {
        type_name: from.name.to_owned(),
        block: Some(block(&from.block)),
        nesting: if from.repeated { BlockNesting::List } else { BlockNesting::Single }.into(),
        // For a single block, Terraform requires that the two limits are equal: both 0, or both 1 for a required block.
        // For a list, 0 means no limit.
        min_items: 0,
        max_items: 0,
    }
}

fn attribute(from: &Attribute) -> WireAttribute {
    let (ty, nested_type) = match &from.ty {
        AttributeType::Plain(ty) => (type_bytes(ty), None),
        AttributeType::Nested(nesting, attributes) => (Vec::new(), Some(object(*nesting, attributes))),
    };
    WireAttribute {
        name: from.name.to_owned(),
        r#type: ty,
        nested_type,
        description: described(&from.description, from.deprecated.as_deref()),
        description_kind: StringKind::Markdown.into(),
        required: from.required,
        optional: from.optional,
        computed: from.computed,
        sensitive: from.sensitive,
        deprecated: from.deprecated.is_some(),
        deprecation_message: from.deprecated.clone().unwrap_or_default(),
        write_only: from.write_only,
    }
}

/// The description, with what to use in place of a deprecated thing: clients before Terraform 1.15 learn only whether
/// something is deprecated.
fn described(description: &str, deprecated: Option<&str>) -> String {
    match deprecated {
        Some(instead) => format!("{description} Deprecated: {instead}"),
        None => description.to_owned(),
    }
}

fn object(nesting: Nesting, attributes: &[Attribute]) -> WireObject {
    let nesting = match nesting {
        Nesting::Single => ObjectNesting::Single,
        Nesting::List => ObjectNesting::List,
        Nesting::Set => ObjectNesting::Set,
        Nesting::Map => ObjectNesting::Map,
    };
    WireObject {
        attributes: attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..WireObject::default()
    }
}

pub(super) fn function(from: &Signature, deprecated: Option<&str>) -> WireFunction {
    WireFunction {
        parameters: from.parameters.iter().map(parameter).collect(),
        variadic_parameter: from.variadic.as_ref().map(parameter),
        r#return: Some(Return { r#type: type_bytes(&from.returns) }),
        summary: from.summary.to_owned(),
        description: from.description.to_owned(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: deprecated.unwrap_or_default().to_owned(),
    }
}

fn parameter(from: &Parameter) -> WireParameter {
    WireParameter {
        name: from.name.to_owned(),
        r#type: type_bytes(&from.ty),
        allow_null_value: from.allow_null,
        // For an unknown argument, Terraform itself returns an unknown value.
        allow_unknown_values: false,
        description: from.description.to_owned(),
        description_kind: StringKind::Markdown.into(),
    }
}

fn type_bytes(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_block_has_equal_limits() {
        for (repeated, nesting) in [(false, BlockNesting::Single), (true, BlockNesting::List)] {
            let block = nested_block(&NestedBlock { name: "timeouts", block: Block::default(), repeated });
            assert_eq!((block.nesting(), block.min_items, block.max_items), (nesting, 0, 0));
        }
    }

    #[test]
    fn a_deprecation_goes_to_every_client() {
        let new = || Attribute::new::<String>("a", "A name.").optional();
        let old = attribute(&new().deprecated("Use `b`."));
        assert_eq!((old.deprecated, old.deprecation_message.as_str()), (true, "Use `b`."));
        assert_eq!(old.description, "A name. Deprecated: Use `b`.", "for clients that do not know the message");
        let plain = attribute(&new());
        // Terraform refuses a message without the flag.
        assert_eq!(
            (plain.deprecated, plain.deprecation_message, plain.description.as_str()),
            (false, String::new(), "A name.")
        );

        let of = |deprecated| {
            block(&Block { description: "A thing.".into(), ..Block::default() }.deprecated_for(deprecated))
        };
        let old = of(Some("Use `other`."));
        assert_eq!((old.deprecated, old.deprecation_message.as_str()), (true, "Use `other`."));
        assert_eq!(old.description, "A thing. Deprecated: Use `other`.");
        let plain = of(None);
        assert_eq!((plain.deprecated, plain.deprecation_message), (false, String::new()));

        let signature =
            Signature { summary: "", description: "", parameters: vec![], variadic: None, returns: Type::Bool };
        assert_eq!(function(&signature, Some("Use `g`.")).deprecation_message, "Use `g`.");
        assert_eq!(function(&signature, None).deprecation_message, "");
    }

    #[test]
    fn an_attribute_has_either_a_type_or_a_nested_type() {
        let attribute_of = |ty| attribute(&Attribute { ty, ..Attribute::new::<String>("a", "") });
        let plain = attribute_of(AttributeType::Plain(Type::list(Type::Bool)));
        assert_eq!((&plain.r#type[..], plain.nested_type), (&b"[\"list\",\"bool\"]"[..], None));
        let inner = Attribute::new::<String>("b", "").required();
        let nested = attribute_of(AttributeType::Nested(Nesting::Set, vec![inner]));
        assert!(nested.r#type.is_empty());
        let object = nested.nested_type.unwrap();
        assert_eq!((object.nesting(), &object.attributes[0].r#type[..]), (ObjectNesting::Set, &b"\"string\""[..]));
    }
}
