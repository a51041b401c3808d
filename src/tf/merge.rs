//! The contents of plans and states: attribute by attribute, and inside nested objects as well.
//!
//! A resource does not decide nested blocks: they stay as the user wrote them.
//!
//! Objects of one nested attribute are matched by key or index. Objects in a set cannot be matched and are kept as
//! written: neither defaults nor computed attributes work inside a set.

use std::collections::BTreeMap;

use super::{Attribute, AttributeType, Nesting, Value};

/// The start of a plan: the values that the user wrote, defaults, and for the other attributes the prior values, or
/// unknown for a new object.
pub(super) fn merge_config(attributes: &[Attribute], prior: &Value, config: &Value) -> Value {
    with_each(config, attributes, |attribute| {
        let (was, wrote) = (prior.entry(attribute.name), config.entry(attribute.name));
        let new = prior.is_null();
        let proposed = match (wrote, &attribute.default) {
            (Value::Null, Some(default)) => default.clone(),
            (Value::Null, None) if !attribute.computed => Value::Null,
            (Value::Null, None) if new => Value::Unknown,
            (Value::Null, None) => was.clone(),
            _ => in_objects(&attribute.ty, wrote, [was], &|inner, wrote, [was]| merge_config(inner, was, wrote)),
        };
        if !new && attribute.same(was, &proposed) { was.clone() } else { proposed }
    })
}

/// The answer of the resource for values that the user left open, and the proposed value for all others.
pub(super) fn merge_answer(attributes: &[Attribute], config: &Value, proposed: &Value, answer: &Value) -> Value {
    if answer.is_null() {
        return proposed.clone();
    }
    with_each(proposed, attributes, |attribute| {
        let [wrote, proposed, answer] = [config, proposed, answer].map(|object| object.entry(attribute.name));
        if wrote.is_null() && attribute.default.is_none() && attribute.computed {
            return respelt(attribute, proposed, answer);
        }
        in_objects(&attribute.ty, proposed, [wrote, answer], &|inner, proposed, [wrote, answer]| {
            merge_answer(inner, wrote, proposed, answer)
        })
    })
}

/// The answer, in the spelling of `known` if both mean the same.
pub(super) fn keep_spelling(attributes: &[Attribute], known: &Value, answer: &Value) -> Value {
    with_each(known, attributes, |attribute| {
        respelt(attribute, known.entry(attribute.name), answer.entry(attribute.name))
    })
}

fn respelt(attribute: &Attribute, known: &Value, answer: &Value) -> Value {
    if known.is_wholly_known() && attribute.same(known, answer) {
        return known.clone();
    }
    in_objects(&attribute.ty, answer, [known], &|inner, answer, [known]| keep_spelling(inner, known, answer))
}

/// The object with defaults for values that are null.
pub(super) fn with_defaults(attributes: &[Attribute], object: &Value) -> Value {
    with_each(object, attributes, |attribute| match (object.entry(attribute.name), &attribute.default) {
        (Value::Null, Some(default)) => default.clone(),
        (value, _) => in_objects(&attribute.ty, value, [], &|inner, object, []| with_defaults(inner, object)),
    })
}

/// Whether the value `now` is consistent with the planned value: equal, except for parts that were planned as unknown.
pub(super) fn fulfils(ty: &AttributeType, planned: &Value, now: &Value) -> bool {
    let is_set = matches!(ty, AttributeType::Nested(Nesting::Set, _) | AttributeType::Plain(super::Type::Set(_)));
    // It is not possible to find the element that an unknown element of a set has become.
    if is_set && !planned.is_wholly_known() { !now.is_null() } else { is_filled_in(planned, now) }
}

fn is_filled_in(planned: &Value, now: &Value) -> bool {
    match (planned, now) {
        (Value::Unknown, _) => true,
        (Value::Map(planned), Value::Map(now)) => {
            planned.keys().eq(now.keys()) && planned.values().zip(now.values()).all(|(a, b)| is_filled_in(a, b))
        }
        (Value::List(planned), Value::List(now)) => {
            planned.len() == now.len() && planned.iter().zip(now).all(|(a, b)| is_filled_in(a, b))
        }
        _ => planned == now,
    }
}

/// The value with null in place of unknown values.
pub(super) fn unknown_as_null(value: Value) -> Value {
    match value {
        Value::Unknown => Value::Null,
        Value::List(items) => Value::List(items.into_iter().map(unknown_as_null).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (key, unknown_as_null(value))).collect())
        }
        Value::Dynamic(inner) => Value::Dynamic(Box::new((inner.0, unknown_as_null(inner.1)))),
        known => known,
    }
}

/// The object with these values of its attributes. Its nested blocks stay.
pub(super) fn with_each(object: &Value, attributes: &[Attribute], value: impl Fn(&Attribute) -> Value) -> Value {
    let mut entries = if let Value::Map(entries) = object { entries.clone() } else { BTreeMap::new() };
    entries.extend(attributes.iter().map(|attribute| (attribute.name.to_owned(), value(attribute))));
    Value::Map(entries)
}

/// Builds a nested object again from its attributes, the object itself, and the objects at the same place in other
/// values.
pub(super) type Remake<'a, const N: usize> = &'a dyn Fn(&[Attribute], &Value, [&Value; N]) -> Value;

/// The value `shape`, in which each object of a nested attribute is built again. A plain value, or a value in a set, is
/// not changed.
pub(super) fn in_objects<const N: usize>(
    ty: &AttributeType,
    shape: &Value,
    others: [&Value; N],
    remake: Remake<'_, N>,
) -> Value {
    let AttributeType::Nested(nesting, inner) = ty else { return shape.clone() };
    let one = |object: &Value, others| match object {
        Value::Map(_) => remake(inner, object, others),
        unknown_or_null => unknown_or_null.clone(),
    };
    match (nesting, shape) {
        (Nesting::Single, object) => one(object, others),
        (Nesting::Map, Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, object)| (key.clone(), one(object, others.map(|o| o.entry(key)))));
            Value::Map(entries.collect::<BTreeMap<_, _>>())
        }
        (Nesting::List, Value::List(items)) => {
            let items = items.iter().enumerate();
            Value::List(items.map(|(index, object)| one(object, others.map(|other| element(other, index)))).collect())
        }
        _ => shape.clone(),
    }
}

/// The element of a list, or null if there is no such element.
fn element(list: &Value, index: usize) -> &Value {
    match list {
        Value::List(items) => items.get(index).unwrap_or(&Value::Null),
        Value::Unknown => &Value::Unknown,
        _ => &Value::Null,
    }
}
