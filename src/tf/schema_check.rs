//! The rules by which Terraform accepts a schema. One invalid schema makes the whole provider unusable, so a test checks
//! every schema of the provider.

use std::collections::BTreeSet;

use super::{Attribute, AttributeType, Block, Nesting, Parameter, Path, Schema, Signature, Type};

/// Arguments that Terraform reserves in every resource and data source.
const META_ARGUMENTS: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// All reasons for which Terraform would refuse this schema, as sentences, and flags of this provider that have no
/// effect.
pub fn schema_problems(schema: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    if schema.version < 0 {
        found.push(format!("The version {} is negative.", schema.version));
    }
    let names = schema.block.attributes.iter().map(|attribute| attribute.name);
    for name in names.chain(schema.block.blocks.iter().map(|nested| nested.name)) {
        if META_ARGUMENTS.contains(&name) {
            found.push(format!("{name} is an argument of Terraform's own."));
        }
    }
    block(&schema.block, &Path::root(), &mut found);
    found
}

fn block(of: &Block, at: &Path, found: &mut Vec<String>) {
    if of.deprecated.as_ref().is_some_and(String::is_empty) {
        found.push(format!("The block {at} is deprecated without a word."));
    }
    attributes(&of.attributes, at, false, found);
    let mut names: BTreeSet<_> = of.attributes.iter().map(|attribute| attribute.name).collect();
    for nested in &of.blocks {
        let at = at.then(nested.name);
        name(nested.name, &at, found);
        if !names.insert(nested.name) {
            found.push(format!("{at} is there twice."));
        }
        block(&nested.block, &at, found);
        let is_inert = |one: &&Attribute| one.replace || one.write_only || one.default.is_some();
        let inert = nested.block.attributes.iter().filter(is_inert);
        found.extend(
            inert.map(|one| format!("{}: a block has no default, no replace, no write-only.", at.then(one.name))),
        );
    }
}

fn attributes(of: &[Attribute], at: &Path, in_set: bool, found: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for attribute in of {
        let at = at.then(attribute.name);
        if !names.insert(attribute.name) {
            found.push(format!("{at} is there twice."));
        }
        one(attribute, &at, in_set, found);
    }
}

fn one(attribute: &Attribute, at: &Path, in_set: bool, found: &mut Vec<String>) {
    name(attribute.name, at, found);
    let Attribute { required, optional, computed, .. } = *attribute;
    if !required && !optional && !computed {
        found.push(format!("{at} is neither required nor optional nor computed."));
    }
    if required && (optional || computed) {
        found.push(format!("{at} is required, and so neither optional nor computed."));
    }
    if attribute.default.is_some() && !(optional && computed) {
        found.push(format!("{at} has a default, and so is optional and computed."));
    }
    if attribute.write_only && (computed || attribute.replace || in_set) {
        found.push(format!("{at} is write-only, and so neither computed nor compared nor inside a set."));
    }
    if attribute.deprecated.as_ref().is_some_and(String::is_empty) {
        found.push(format!("{at} is deprecated without a word."));
    }
    match &attribute.ty {
        AttributeType::Plain(ty) => {
            if in_set && holds_dynamic(ty) || dynamic_in_set(ty) {
                found.push(format!("{at} has a dynamic value inside a set."));
            }
        }
        AttributeType::Nested(nesting, nested) => {
            if nested.is_empty() {
                found.push(format!("{at} has no attributes."));
            }
            attributes(nested, at, in_set || *nesting == Nesting::Set, found);
            let inert = nested.iter().filter(|attribute| attribute.replace || attribute.default.is_some());
            found.extend(
                inert.map(|inner| format!("{}: default and replace work at the top only.", at.then(inner.name))),
            );
        }
    }
}

fn name(name: &str, at: &Path, found: &mut Vec<String>) {
    let is_valid =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    // Terraform accepts a schema with a digit in front, but no configuration could use the name.
    if !is_valid || name.starts_with(|first: char| first.is_ascii_digit()) {
        found.push(format!("{at} is no name: only lower-case letters, digits and _ are."));
    }
}

fn holds_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::String | Type::Bool | Type::Number => false,
        Type::List(item) | Type::Set(item) | Type::Map(item) => holds_dynamic(item),
        Type::Tuple(items) => items.iter().any(holds_dynamic),
        Type::Object(attributes, _) => attributes.values().any(holds_dynamic),
    }
}

fn dynamic_in_set(ty: &Type) -> bool {
    match ty {
        Type::Set(item) => holds_dynamic(item),
        Type::String | Type::Bool | Type::Number | Type::Dynamic => false,
        Type::List(item) | Type::Map(item) => dynamic_in_set(item),
        Type::Tuple(items) => items.iter().any(dynamic_in_set),
        Type::Object(attributes, _) => attributes.values().any(dynamic_in_set),
    }
}

/// All reasons for which Terraform would refuse a function with this name and signature, as sentences.
pub fn signature_problems(function: &str, signature: &Signature) -> Vec<String> {
    let mut found = Vec::new();
    name(function, &Path::attribute(function), &mut found);
    let mut names = BTreeSet::new();
    for Parameter { name: parameter, .. } in signature.parameters.iter().chain(&signature.variadic) {
        name(parameter, &Path::attribute(function).then(parameter), &mut found);
        if !names.insert(parameter) {
            found.push(format!("{function}.{parameter} is there twice."));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::NestedBlock;

    fn of(attributes: Vec<Attribute>) -> Vec<String> {
        schema_problems(&Schema { version: 0, block: Block { attributes, ..Block::default() } })
    }

    fn typed(ty: AttributeType) -> Attribute {
        Attribute { ty, ..Attribute::new::<String>("a", "").optional() }
    }

    fn text(name: &'static str) -> Attribute {
        Attribute::new::<String>(name, "")
    }

    #[test]
    fn a_valid_schema_has_no_problem() {
        let nested = AttributeType::Nested(Nesting::List, vec![text("b").computed()]);
        assert_eq!(of(vec![text("c").required(), text("d").default("x"), typed(nested).computed()]), [""; 0]);
    }

    #[test]
    fn every_broken_rule_is_found() {
        let dynamic_set = AttributeType::Plain(Type::list(Type::set(Type::Dynamic)));
        let nested_dynamic = Attribute { ty: AttributeType::Plain(Type::map(Type::Dynamic)), ..text("b").optional() };
        let table = [
            (vec![text("a")], "a is neither required nor optional nor computed."),
            (vec![text("a").required().computed()], "a is required, and so neither optional nor computed."),
            (vec![text("a").required().optional()], "a is required, and so neither optional nor computed."),
            (vec![text("A").required()], "A is no name: only lower-case letters, digits and _ are."),
            (vec![text("1a").required()], "1a is no name: only lower-case letters, digits and _ are."),
            (vec![text("").required()], " is no name: only lower-case letters, digits and _ are."),
            (vec![text("count").optional()], "count is an argument of Terraform's own."),
            (vec![text("a").optional(), text("a").optional()], "a is there twice."),
            (
                vec![text("a").optional().computed().write_only()],
                "a is write-only, and so neither computed nor compared nor inside a set.",
            ),
            (vec![typed(dynamic_set)], "a has a dynamic value inside a set."),
            (
                vec![typed(AttributeType::Nested(Nesting::Set, vec![nested_dynamic]))],
                "a.b has a dynamic value inside a set.",
            ),
            (vec![typed(AttributeType::Nested(Nesting::Single, vec![]))], "a has no attributes."),
            (
                vec![typed(AttributeType::Nested(Nesting::Single, vec![text("b").optional().replace()]))],
                "a.b: default and replace work at the top only.",
            ),
        ];
        for (attributes, expected) in table {
            assert_eq!(of(attributes), [expected]);
        }
    }

    #[test]
    fn block_and_attribute_may_not_share_a_name() {
        let blocks = vec![NestedBlock { name: "a", block: Block::default(), repeated: false }];
        let block = Block { attributes: vec![text("a").optional()], blocks, ..Block::default() };
        assert_eq!(
            schema_problems(&Schema { version: -1, block }),
            ["The version -1 is negative.", "a is there twice."]
        );
    }

    #[test]
    fn parameters_of_a_function_have_unique_names() {
        let parameter = |name| Parameter { name, ty: Type::String, description: "", allow_null: false };
        let signature = Signature {
            summary: "",
            description: "",
            parameters: vec![parameter("a"), parameter("a b")],
            variadic: Some(parameter("a")),
            returns: Type::String,
        };
        let expected = ["f.a b is no name: only lower-case letters, digits and _ are.", "f.a is there twice."];
        assert_eq!(signature_problems("f", &signature), expected);
    }
}
