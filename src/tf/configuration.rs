//! Checks of a configuration for missing required attributes, for attributes that only the provider may set, and for
//! deprecated ones.

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

/// A warning about a deprecated resource, and about each deprecated argument that is set. Terraform itself warns, from 1.15
/// on, only when another expression uses a deprecated value.
pub(super) fn deprecations(block: &Block, config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if let Some(instead) = &block.deprecated {
        diagnostics.push(Diagnostic::warning("Deprecated", instead.clone()));
    }
    find_deprecated(block, config, &Path::root(), &mut diagnostics);
    diagnostics
}

fn find_deprecated(block: &Block, config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    find_deprecated_attributes(&block.attributes, config, at, diagnostics);
    for nested in &block.blocks {
        let nesting = if nested.repeated { Nesting::List } else { Nesting::Single };
        for (at, object) in nested_objects(nesting, config.entry(nested.name), &at.then(nested.name)) {
            find_deprecated(&nested.block, object, &at, diagnostics);
        }
    }
}

fn find_deprecated_attributes(attributes: &[Attribute], config: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    for attribute in attributes {
        let value = config.entry(attribute.name);
        let at = at.then(attribute.name);
        if value.is_null() || config.is_unknown() {
            continue;
        }
        if let Some(instead) = &attribute.deprecated {
            let summary = format!("{} is deprecated", attribute.name);
            diagnostics.push(Diagnostic::warning(summary, instead.clone()).at(at.clone()));
        }
        if let AttributeType::Nested(nesting, nested) = &attribute.ty {
            for (at, object) in nested_objects(*nesting, value, &at) {
                find_deprecated_attributes(nested, object, &at, diagnostics);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::super::{Model, Severity};
    use super::*;

    crate::model! {
        /// A part.
        struct Part {
            /// The length.
            length: u8 => optional().deprecated("Use `size`."),
            /// The size.
            size: u8 => optional(),
        }
    }

    crate::model! {
        /// A thing.
        struct Thing {
            /// The name.
            title: String => optional().deprecated("Use `name`."),
            /// The parts.
            parts: Vec<Part> => optional(),
        }
        blocks { part: Part }
    }

    #[test]
    fn a_deprecated_argument_is_a_warning_where_it_is_set() {
        let object = |pairs: &[(&str, Value)]| {
            Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let part = |length: Value| object(&[("length", length), ("size", 1.into())]);
        let of = |title: Value, length: Value| {
            let parts = Value::List(vec![part(Value::Null), part(length.clone())]);
            object(&[("title", title), ("parts", parts), ("part", part(length))])
        };
        let found = |config: &Value| {
            let all = deprecations(&Thing::block(), config);
            assert!(all.iter().all(|one| one.severity == Severity::Warning));
            all.iter().map(|one| format!("{}: {}", one.path, one.detail)).collect::<Vec<_>>()
        };
        assert_eq!(found(&of(Value::Null, Value::Null)), [""; 0]);
        let set = ["title: Use `name`.", "parts[1].length: Use `size`.", "part.length: Use `size`."];
        assert_eq!(found(&of("x".into(), 2.into())), set);
        assert_eq!(found(&of(Value::Unknown, Value::Unknown)), set, "an unknown value is set, too");
        let old = Thing::block().deprecated_for(Some("Use `other`."));
        let all = deprecations(&old, &of(Value::Null, Value::Null));
        assert_eq!(all.iter().map(|one| one.detail.as_str()).collect::<Vec<_>>(), ["Use `other`."]);
    }
}
