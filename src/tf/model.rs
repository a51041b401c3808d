//! Rust structs and Terraform values in one declaration: the macro [`model!`](crate::model) and what it uses.

use super::{Attr, AttributeType, Block, Diagnostic, Diagnostics, NestedBlock, Path, Value};

/// A field of a model: known, null, or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tf<T> {
    /// The value is unknown before apply. A collection with an unknown element counts as unknown.
    Unknown,
    /// The value is null.
    #[default]
    Null,
    /// The value is known and not null.
    Known(T),
}

impl<T> Tf<T> {
    /// The value, if it is known and not null.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// A copy of the value, if it is known and not null.
    pub fn cloned(&self) -> Option<T>
    where
        T: Clone,
    {
        self.get().cloned()
    }

    /// The value, if it is known and not null.
    ///
    /// # Errors
    /// A diagnostic at `path` if the value is unknown or null.
    pub fn known(&self, path: Path) -> Result<&T, Diagnostics> {
        self.get().ok_or_else(|| {
            let what = if self.is_unknown() { "is not known yet" } else { "is missing" };
            Diagnostic::error("Missing value", format!("{path} {what}, and is needed here.")).at(path).into()
        })
    }

    /// Whether the value is unknown.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether the value is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value is known and not null.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

impl<T> From<Option<T>> for Tf<T> {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Null, Self::Known)
    }
}

impl<T> From<T> for Tf<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

/// A struct whose fields are the attributes and nested blocks of a schema block. The macro [`model!`](crate::model)
/// implements it.
pub trait Model: Sized + Default + Clone + Send + Sync + 'static {
    /// The schema.
    fn block() -> Block;

    /// Reads an object.
    ///
    /// # Errors
    /// All errors in the object, each at its own path.
    fn decode(value: &Value, at: &Path) -> Result<Self, Diagnostics>;

    /// Converts to an object.
    fn encode(&self) -> Value;

    /// The same messages, none of which points at an attribute with a secret: Terraform prints the lines that a diagnostic
    /// points at.
    fn hide_secret_paths(diagnostics: Diagnostics) -> Diagnostics {
        if diagnostics.is_empty() { diagnostics } else { Self::block().hide_secret_paths(diagnostics) }
    }
}

/// A Rust type for the nested blocks of one name: a model if the block occurs at most once, a vector of it if the block
/// may be repeated.
pub trait BlockAttr {
    /// The nested block in the schema.
    fn nested(name: &'static str) -> NestedBlock;
}

impl<M: Model> BlockAttr for M {
    fn nested(name: &'static str) -> NestedBlock {
        NestedBlock { name, block: M::block(), repeated: false }
    }
}

impl<M: Model> BlockAttr for Vec<M> {
    fn nested(name: &'static str) -> NestedBlock {
        NestedBlock { name, block: M::block(), repeated: true }
    }
}

/// The name of a field, without the prefix of names that are keywords of Rust (`r#type`); used by
/// [`model!`](crate::model).
pub fn field_name(written: &'static str) -> &'static str {
    written.strip_prefix("r#").unwrap_or(written)
}

/// Reads a field; used by [`model!`](crate::model).
///
/// # Errors
/// All errors in the field, each at its own path.
pub fn decode_field<T: Attr>(object: &Value, name: &str, at: &Path) -> Result<Tf<T>, Diagnostics> {
    match object.entry(name) {
        Value::Unknown => Ok(Tf::Unknown),
        Value::Null => Ok(Tf::Null),
        // An unknown value inside nested objects stays in its place. Inside a plain collection, it makes the whole
        // collection unknown.
        value if is_open::<T>(value) => Ok(Tf::Unknown),
        value => T::from_value(value, &at.then(name)).map(Tf::Known),
    }
}

/// Whether an unknown value inside `value` makes all of it unknown.
fn is_open<T: Attr>(value: &Value) -> bool {
    !T::HOLDS_UNKNOWN && !value.is_wholly_known() && matches!(T::attribute_type(), AttributeType::Plain(_))
}

/// Writes a field; used by [`model!`](crate::model).
pub fn encode_field<T: Attr>(field: &Tf<T>) -> Value {
    match field {
        Tf::Unknown => Value::Unknown,
        Tf::Null => Value::Null,
        Tf::Known(value) => value.to_value(),
    }
}
