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

/// Declares a struct and its schema in one.
///
/// ```
/// # use terraform_provider_ipam::{model, tf::{Model, Tf, Value, Path}};
/// model! {
///     /// A greeting.
///     pub struct Greeting {
///         /// Name of the person to greet.
///         name: String => required().replace(),
///         /// The greeting.
///         said: String => computed(),
///     }
/// }
/// let value = Value::Map([("name".to_owned(), "Ada".into()), ("said".to_owned(), Value::Unknown)].into());
/// let greeting = Greeting::decode(&value, &Path::root()).unwrap();
/// assert_eq!(greeting.name, Tf::Known("Ada".to_owned()));
/// assert_eq!(greeting.encode(), value);
/// ```
///
/// Flags are methods of [`Attribute`](crate::tf::Attribute). `blocks { timeouts: Timeouts }` at the end declares nested
/// blocks, each of which may occur at most once, or any number of times as `roles: Vec<Role>`. The struct is also an
/// attribute type: a nested object.
///
/// `include group;` among the attributes stands for attributes that several models share. The group is a macro:
///
/// ```
/// # use terraform_provider_ipam::model;
/// macro_rules! person {
///     ([$($head:tt)*] [$($before:tt)*] [$($after:tt)*] [$($blocks:tt)*]) => {
///         model! {
///             $($head)* {
///                 $($before)*
///                 /// Name of the person.
///                 name: String => required(),
///                 $($after)*
///             }
///             $($blocks)*
///         }
///     };
/// }
/// model! {
///     /// A visit.
///     pub struct Visit {
///         include person;
///         /// Day of the visit.
///         day: String => optional(),
///     }
/// }
/// assert_eq!(Visit::default().name, terraform_provider_ipam::tf::Tf::Null);
/// ```
#[macro_export]
macro_rules! model {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $Name:ident {
            $( $(#[doc = $field_doc:literal])+ $field:ident : $ty:ty => $($flag:ident($($arg:expr)?)).+ , )*
            include $group:ident;
            $($after:tt)*
        }
        $($blocks:tt)*
    ) => {
        $group! {
            [$(#[doc = $doc])+ $vis struct $Name]
            [$( $(#[doc = $field_doc])+ $field : $ty => $($flag($($arg)?)).+ , )*]
            [$($after)*]
            [$($blocks)*]
        }
    };
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $Name:ident {
            $( $(#[doc = $field_doc:literal])+ $field:ident : $ty:ty => $($flag:ident($($arg:expr)?)).+ ),* $(,)?
        }
        $( blocks { $( $block:ident : $Block:ty ),* $(,)? } )?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        $vis struct $Name {
            $( $(#[doc = $field_doc])+ pub $field: $crate::tf::Tf<$ty>, )*
            $($( #[doc = "Nested block."] pub $block: $crate::tf::Tf<$Block>, )*)?
        }

        impl $crate::tf::Model for $Name {
            fn block() -> $crate::tf::Block {
                $crate::tf::Block {
                    description: concat!($($doc, "\n"),+).trim().replace("\n ", "\n"),
                    attributes: vec![
                        $( $crate::tf::Attribute::new::<$ty>(
                            $crate::tf::field_name(stringify!($field)),
                            &concat!($($field_doc, "\n"),+).trim().replace("\n ", "\n"),
                        ).$($flag($($arg)?)).+ ),*
                    ],
                    blocks: vec![
                        $($( <$Block as $crate::tf::BlockAttr>::nested(stringify!($block)) ),*)?
                    ],
                }
            }

            fn decode(value: &$crate::tf::Value, at: &$crate::tf::Path) -> Result<Self, $crate::tf::Diagnostics> {
                let mut diagnostics = $crate::tf::Diagnostics::new();
                $( let $field = diagnostics.gather($crate::tf::decode_field::<$ty>(value, $crate::tf::field_name(stringify!($field)), at)); )*
                $($( let $block = diagnostics.gather($crate::tf::decode_field::<$Block>(value, stringify!($block), at)); )*)?
                diagnostics.into_result()?;
                Ok(Self {
                    $( $field: $field.unwrap_or_default(), )*
                    $($( $block: $block.unwrap_or_default(), )*)?
                })
            }

            fn encode(&self) -> $crate::tf::Value {
                $crate::tf::Value::Map([
                    $( ($crate::tf::field_name(stringify!($field)).to_owned(), $crate::tf::encode_field(&self.$field)), )*
                    $($( (stringify!($block).to_owned(), $crate::tf::encode_field(&self.$block)), )*)?
                ].into())
            }
        }

        impl $crate::tf::Attr for $Name {
            fn attribute_type() -> $crate::tf::AttributeType {
                $crate::tf::AttributeType::Nested(
                    $crate::tf::Nesting::Single,
                    <Self as $crate::tf::Model>::block().attributes,
                )
            }

            fn from_value(value: &$crate::tf::Value, at: &$crate::tf::Path) -> Result<Self, $crate::tf::Diagnostics> {
                <Self as $crate::tf::Model>::decode(value, at)
            }

            fn to_value(&self) -> $crate::tf::Value {
                <Self as $crate::tf::Model>::encode(self)
            }

            fn canonical(value: &$crate::tf::Value) -> $crate::tf::Value {
                let $crate::tf::Value::Map(entries) = value else { return value.clone() };
                let canonical = |(name, value): (&String, &$crate::tf::Value)| {
                    let value = match name.as_str() {
                        $( field if field == $crate::tf::field_name(stringify!($field)) => {
                            <$ty as $crate::tf::Attr>::canonical(value)
                        } )*
                        _ => value.clone(),
                    };
                    (name.clone(), value)
                };
                $crate::tf::Value::Map(entries.iter().map(canonical).collect())
            }
        }
    };
}

/// The path of a field of a model. A name that is not a field of the model does not compile.
#[macro_export]
macro_rules! at {
    ($Model:ty, $field:ident) => {{
        let _ = |model: &$Model| {
            let _ = &model.$field;
        };
        $crate::tf::Path::attribute($crate::tf::field_name(stringify!($field)))
    }};
}
