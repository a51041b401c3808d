//! The macros that declare models and their attribute types.

/// Makes an attribute type of a type that is read from text (`FromStr` with a sentence as its error, and `Display`).
#[macro_export]
macro_rules! text_attr {
    ($ty:ty) => {
        impl $crate::tf::Attr for $ty {
            fn attribute_type() -> $crate::tf::AttributeType {
                $crate::tf::AttributeType::Plain($crate::tf::Type::String)
            }

            fn from_value(value: &$crate::tf::Value, at: &$crate::tf::Path) -> Result<Self, $crate::tf::Diagnostics> {
                <String as $crate::tf::Attr>::from_value(value, at)?
                    .parse()
                    .map_err(|sentence: String| $crate::tf::wrong_value(at, sentence))
            }

            fn to_value(&self) -> $crate::tf::Value {
                $crate::tf::Value::String(self.to_string())
            }

            fn canonical(value: &$crate::tf::Value) -> $crate::tf::Value {
                match value {
                    $crate::tf::Value::String(text) => text
                        .parse::<$ty>()
                        .map_or_else(|_| value.clone(), |parsed| $crate::tf::Value::String(parsed.to_string())),
                    other => other.clone(),
                }
            }
        }
    };
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
                    deprecated: None,
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
