//! The configuration that would lead to an existing object, for imports without a written configuration (Terraform 1.14).
//!
//! It has what a user would write: arguments with a value, without defaults, secrets, deprecated arguments and time limits,
//! and without values that only the provider sets. The resource then removes arguments that follow from others.

use std::collections::BTreeMap;

use super::resource::Resource;
use super::{Attribute, AttributeType, Block, Diagnostics, Model, Nesting, Path, Value};

/// The nested block with time limits. No store has them.
const TIMEOUTS: &str = "timeouts";

/// The configuration of the object `state`; of all nulls for no object.
///
/// # Errors
/// Fails if the state is not valid.
pub(super) fn configuration<R: Resource>(resource: &R, state: &Value) -> Result<Value, Diagnostics> {
    let block = R::Model::block();
    let written = written(&block, state);
    if state.is_null() {
        return Ok(written);
    }
    let mut config = R::Model::decode(&written, &Path::root())?;
    resource.generated(&mut config);
    Ok(config.encode())
}

fn written(block: &Block, state: &Value) -> Value {
    let mut entries = written_attributes(&block.attributes, state);
    for nested in &block.blocks {
        let value = match (nested.name, state.entry(nested.name)) {
            (TIMEOUTS, _) => Value::Null,
            (_, Value::List(items)) => Value::List(items.iter().map(|item| written(&nested.block, item)).collect()),
            (_, Value::Null) if nested.repeated => Value::List(Vec::new()),
            (_, Value::Null) => Value::Null,
            (_, object) => written(&nested.block, object),
        };
        entries.insert(nested.name.to_owned(), value);
    }
    Value::Map(entries)
}

fn written_attributes(attributes: &[Attribute], state: &Value) -> BTreeMap<String, Value> {
    let values = attributes.iter().map(|attribute| {
        let value = state.entry(attribute.name);
        (
            attribute.name.to_owned(),
            if is_written(attribute, value) { inner(&attribute.ty, value) } else { Value::Null },
        )
    });
    values.collect()
}

/// Whether a user would write the argument. The configuration is printed and stored, so it has no secret that may be left
/// out.
fn is_written(attribute: &Attribute, value: &Value) -> bool {
    let is_default = attribute.default.as_ref().is_some_and(|default| attribute.same(default, value));
    let is_secret = attribute.sensitive && !attribute.required;
    !attribute.is_computed_only() && attribute.deprecated.is_none() && !is_default && !is_secret
}

/// The value, in which each object of a nested attribute has only what a user would write.
fn inner(ty: &AttributeType, value: &Value) -> Value {
    let AttributeType::Nested(nesting, attributes) = ty else { return value.clone() };
    let object = |object: &Value| match object {
        Value::Map(_) => Value::Map(written_attributes(attributes, object)),
        other => other.clone(),
    };
    match (nesting, value) {
        (Nesting::Single, value) => object(value),
        (Nesting::Map, Value::Map(entries)) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), object(value))).collect())
        }
        (Nesting::Set, Value::List(items)) => Value::set(items.iter().map(object).collect()),
        (Nesting::List, Value::List(items)) => Value::List(items.iter().map(object).collect()),
        (_, other) => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tf::Tf;

    crate::model! {
        /// A window of a house.
        struct Window {
            /// Its width.
            width: u64 => optional(),
            /// Its area.
            area: u64 => computed(),
        }
    }

    crate::model! {
        /// A rule.
        struct Rule {
            /// The word.
            word: String => required(),
            /// The number.
            number: u64 => computed(),
        }
    }

    crate::model! {
        /// Time limits.
        struct Limits {
            /// For creating.
            create: String => optional(),
        }
    }

    crate::model! {
        /// A house.
        struct House {
            /// The name.
            name: String => required(),
            /// The street.
            street: String => optional(),
            /// The key of the door.
            key: String => optional().sensitive(),
            /// The key of the safe.
            safe: String => required().sensitive(),
            /// The colour.
            colour: String => default("white"),
            /// The number of doors.
            doors: u64 => default(1),
            /// The ID.
            id: String => computed(),
            /// The number in the street.
            number: u64 => optional().computed(),
            /// The windows.
            windows: Vec<Window> => optional(),
        }
        blocks { timeouts: Limits, rules: Vec<Rule>, main_rule: Rule }
    }

    fn house() -> House {
        let rule = |word: &str| Rule { word: word.to_owned().into(), number: 7.into() };
        House {
            name: "home".to_owned().into(),
            key: "secret".to_owned().into(),
            safe: "secret".to_owned().into(),
            colour: "white".to_owned().into(),
            doors: 2.into(),
            id: "house-1".to_owned().into(),
            number: 12.into(),
            windows: vec![Window { width: 3.into(), area: 9.into() }].into(),
            timeouts: Limits { create: "1m".to_owned().into() }.into(),
            rules: vec![rule("a"), rule("b")].into(),
            ..House::default()
        }
    }

    #[test]
    fn a_configuration_has_what_a_user_would_write() {
        let config = House::decode(&written(&House::block(), &house().encode()), &Path::root()).unwrap();
        let rule = |word: &str| Rule { word: word.to_owned().into(), number: Tf::Null };
        let expected = House {
            key: Tf::Null,
            colour: Tf::Null,
            id: Tf::Null,
            windows: vec![Window { width: 3.into(), area: Tf::Null }].into(),
            timeouts: Tf::Null,
            rules: vec![rule("a"), rule("b")].into(),
            ..house()
        };
        assert_eq!(config, expected);
    }

    #[test]
    fn without_an_object_every_argument_is_null_and_no_block_is_there() {
        let config = House::decode(&written(&House::block(), &Value::Null), &Path::root()).unwrap();
        assert_eq!(config, House { rules: Vec::new().into(), ..House::default() });
    }
}
