//! Checks of a configuration for missing required attributes and for attributes that only the provider may set.

use super::{Attribute, AttributeType, Block, Diagnostic, Diagnostics, Nesting, Path, Value};

/// Reports attributes that only the provider may set. Terraform core does not refuse them in a configuration and leaves
/// the check to providers.
pub(super) fn refuse_computed(attributes: &[Attribute], config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    for attribute in attributes {
        let value = config.entry(attribute.name);
        let at = at.then(attribute.name);
        if value.is_null() || config.is_unknown() {
            continue;
        }
        if attribute.is_computed_only() {
            diagnostics.push(
                Diagnostic::error(
                    format!("{} cannot be set", attribute.name),
                    format!("{at} is decided by the provider. Remove it from the configuration; it can be read as an attribute of this object."),
                )
                .at(at),
            );
        } else if let AttributeType::Nested(nesting, nested) = &attribute.ty {
            for (at, object) in nested_objects(*nesting, value, &at) {
                refuse_computed(nested, object, &at, diagnostics);
            }
        }
    }
}

/// The objects of a nested attribute, each with its path.
pub(super) fn nested_objects<'a>(nesting: Nesting, value: &'a Value, at: &Path) -> Vec<(Path, &'a Value)> {
    match (nesting, value) {
        (Nesting::List, Value::List(items)) => {
            items.iter().enumerate().map(|(position, item)| (at.index(position), item)).collect()
        }
        // Paths of Terraform cannot name an element of a set, so the path is that of the whole attribute.
        (Nesting::Set, Value::List(items)) => items.iter().map(|item| (at.clone(), item)).collect(),
        (Nesting::Map, Value::Map(entries)) => entries.iter().map(|(key, item)| (at.key(key), item)).collect(),
        (Nesting::Single, object) => vec![(at.clone(), object)],
        _ => Vec::new(),
    }
}

/// An error for each required argument that is null. Terraform core checks only that the argument is present. The value
/// of its expression may be null nevertheless, for example that of `one([])`.
pub(super) fn missing(block: &Block, config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    find_missing(block, config, &Path::root(), &mut diagnostics);
    diagnostics
}

fn find_missing(block: &Block, config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    find_missing_attributes(&block.attributes, config, at, diagnostics);
    for nested in &block.blocks {
        let value = config.entry(nested.name);
        let nesting = if nested.repeated { Nesting::List } else { Nesting::Single };
        for (at, object) in nested_objects(nesting, value, &at.then(nested.name)) {
            if matches!(object, Value::Map(_)) {
                find_missing(&nested.block, object, &at, diagnostics);
            }
        }
    }
}

fn find_missing_attributes(attributes: &[Attribute], config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    let Value::Map(_) = config else { return };
    for attribute in attributes {
        let (value, at) = (config.entry(attribute.name), at.then(attribute.name));
        if attribute.required && value.is_null() {
            let detail = format!(
                "The argument {at} is required, and its value is null. Give it a value. If the value comes from an \
                 expression, find out why that is null: a lookup may have found nothing."
            );
            diagnostics.push(Diagnostic::error("Missing required argument", detail).at(at));
        } else if let AttributeType::Nested(nesting, nested) = &attribute.ty {
            for (at, object) in nested_objects(*nesting, value, &at) {
                find_missing_attributes(nested, object, &at, diagnostics);
            }
        }
    }
}
