//! Values of Terraform: known, null or unknown.

use std::collections::BTreeMap;
use std::fmt;

use super::{Number, Type};

/// A value. Its [`Type`] is known from the schema, so lists, sets and tuples share one variant, and so do maps and
/// objects. Sets are sorted and contain no duplicates, so that equal sets are equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// The value is unknown before apply.
    Unknown,
    /// The value is null.
    Null,
    /// `bool`
    Bool(bool),
    /// `number`
    Number(Number),
    /// `string`
    String(String),
    /// `list`, `set`, `tuple`
    List(Vec<Value>),
    /// `map`, `object`
    Map(BTreeMap<String, Value>),
    /// A value at a place whose type the schema leaves open.
    Dynamic(Box<(Type, Value)>),
}

impl Value {
    /// Whether the value contains nothing unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
        }
    }

    /// Whether the value is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value itself is unknown.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The entry of an object or map; null if there is no such entry or the value is not a map.
    pub fn entry(&self, name: &str) -> &Self {
        match self {
            Self::Map(entries) => entries.get(name).unwrap_or(&Self::Null),
            Self::Unknown => &Self::Unknown,
            _ => &Self::Null,
        }
    }

    /// A set of these items: sorted, without duplicates. Items that contain unknown values are kept separate, as in
    /// Terraform, because they may become different values.
    pub fn set(mut items: Vec<Self>) -> Self {
        items.sort();
        items.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::List(items)
    }
}

/// The value approximately as it would be written in a configuration.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("(not known)"),
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => write!(f, "{text:?}"),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
            Self::Dynamic(inner) => inner.1.fmt(f),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}
