//! Rust types that an attribute can hold: the trait [`Attr`], and its implementations for plain types and collections.

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::num_bigint::Sign;

use super::{Attribute, AttributeType, Diagnostic, Diagnostics, Nesting, Number, Path, Step, Type, Value};

/// A Rust type that an attribute can hold.
pub trait Attr: Sized {
    /// Whether the type can contain unknown elements. Otherwise an unknown element makes the whole collection unknown.
    const HOLDS_UNKNOWN: bool = false;

    /// The type in the schema.
    fn attribute_type() -> AttributeType;

    /// Reads a known, non-null value at the path `at`.
    ///
    /// # Errors
    /// All errors in the value, each at its own path.
    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics>;

    /// Converts to a value.
    fn to_value(&self) -> Value;

    /// The canonical spelling of a value: two values with the same canonical form mean the same.
    fn canonical(value: &Value) -> Value {
        value.clone()
    }
}

impl Attribute {
    /// An attribute with values of the type `T`.
    pub fn new<T: Attr>(name: &'static str, description: &str) -> Self {
        Self {
            name,
            ty: T::attribute_type(),
            description: description.trim().to_owned(),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            replace: false,
            default: None,
            canonical: T::canonical,
            deprecated: None,
        }
    }
}

/// The error for a value that is not valid for its attribute.
pub fn wrong_value(at: &Path, detail: impl Into<String>) -> Diagnostics {
    let name = at.0.iter().find_map(|step| match step {
        Step::Attribute(name) => Some(name.as_str()),
        _ => None,
    });
    let summary = name.map_or_else(|| "Invalid value".to_owned(), |name| format!("Invalid {name}"));
    Diagnostic::error(summary, detail).at(at.clone()).into()
}

impl Attr for String {
    fn attribute_type() -> AttributeType {
        AttributeType::Plain(Type::String)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(wrong_value(at, "A string is needed here.")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Attr for bool {
    fn attribute_type() -> AttributeType {
        AttributeType::Plain(Type::Bool)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            _ => Err(wrong_value(at, "true or false is needed here.")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Attr for Number {
    fn attribute_type() -> AttributeType {
        AttributeType::Plain(Type::Number)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        match value {
            Value::Number(number) => Ok(number.clone()),
            _ => Err(wrong_value(at, "A number is needed here.")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}

macro_rules! integer_attr {
    ($($ty:ty),*) => {$(
        impl Attr for $ty {
            fn attribute_type() -> AttributeType {
                AttributeType::Plain(Type::Number)
            }

            fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
                let number = Number::from_value(value, at)?;
                let Some(integer) = number.to_integer() else {
                    return Err(wrong_value(at, format!("{number} is not a whole number.")));
                };
                let is_negative = integer.sign() == Sign::Minus;
                // The range of a Rust type would mean nothing to the user.
                Self::try_from(integer).map_err(|_| {
                    let why = match (is_negative, <$ty>::MIN == 0) {
                        (true, true) => "negative, and must not be",
                        (true, false) => "too small",
                        (false, _) => "too large",
                    };
                    wrong_value(at, format!("{number} is {why}."))
                })
            }

            fn to_value(&self) -> Value {
                Value::Number((*self).into())
            }
        }
    )*};
}

integer_attr!(u8, u32, u64, i64);

impl<T: Attr> Attr for Vec<T> {
    fn attribute_type() -> AttributeType {
        T::attribute_type().collection(Nesting::List)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        let Value::List(items) = value else { return Err(wrong_value(at, "A list is needed here.")) };
        elements(items, |position| at.index(position))
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Attr::to_value).collect())
    }

    fn canonical(value: &Value) -> Value {
        match value {
            Value::List(items) => Value::List(items.iter().map(T::canonical).collect()),
            other => other.clone(),
        }
    }
}

impl<T: Attr + Ord> Attr for BTreeSet<T> {
    fn attribute_type() -> AttributeType {
        T::attribute_type().collection(Nesting::Set)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        let Value::List(items) = value else { return Err(wrong_value(at, "A set is needed here.")) };
        // Paths of Terraform cannot name an element of a set, so the path is that of the whole attribute.
        Ok(elements(items, |_| at.clone())?.into_iter().collect())
    }

    fn to_value(&self) -> Value {
        Value::set(self.iter().map(Attr::to_value).collect())
    }

    fn canonical(value: &Value) -> Value {
        match value {
            Value::List(items) => Value::set(items.iter().map(T::canonical).collect()),
            other => other.clone(),
        }
    }
}

impl<T: Attr> Attr for BTreeMap<String, T> {
    fn attribute_type() -> AttributeType {
        T::attribute_type().collection(Nesting::Map)
    }

    fn from_value(value: &Value, at: &Path) -> Result<Self, Diagnostics> {
        let Value::Map(entries) = value else { return Err(wrong_value(at, "A map is needed here.")) };
        let mut diagnostics = Diagnostics::new();
        let mut map = Self::new();
        for (key, value) in entries {
            if let Some(value) = diagnostics.gather(element(value, &at.key(key))) {
                map.insert(key.clone(), value);
            }
        }
        diagnostics.into_result().map(|()| map)
    }

    fn to_value(&self) -> Value {
        Value::Map(self.iter().map(|(key, value)| (key.clone(), value.to_value())).collect())
    }

    fn canonical(value: &Value) -> Value {
        match value {
            Value::Map(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.clone(), T::canonical(value))).collect())
            }
            other => other.clone(),
        }
    }
}

fn elements<T: Attr>(items: &[Value], at: impl Fn(usize) -> Path) -> Result<Vec<T>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let values: Vec<_> = items
        .iter()
        .enumerate()
        .filter_map(|(position, item)| diagnostics.gather(element(item, &at(position))))
        .collect();
    diagnostics.into_result().map(|()| values)
}

fn element<T: Attr>(value: &Value, at: &Path) -> Result<T, Diagnostics> {
    match value {
        Value::Null => Err(wrong_value(at, "An element may not be null.")),
        value => T::from_value(value, at),
    }
}
