//! Type constraints, in the JSON format of Terraform.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

/// A type of Terraform's language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// Any type; the value contains its type.
    Dynamic,
    /// `list(T)`
    List(Box<Type>),
    /// `set(T)`
    Set(Box<Type>),
    /// `map(T)`
    Map(Box<Type>),
    /// `tuple([T, ...])`
    Tuple(Vec<Type>),
    /// `object({name = T, ...})`, and the set of optional attributes.
    Object(BTreeMap<String, Type>, BTreeSet<String>),
}

impl Type {
    /// `list(item)`
    pub fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// `set(item)`
    pub fn set(item: Self) -> Self {
        Self::Set(Box::new(item))
    }

    /// `map(item)`
    pub fn map(item: Self) -> Self {
        Self::Map(Box::new(item))
    }

    /// `object({...})` without optional attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect(), BTreeSet::new())
    }

    /// The JSON format, such as `"string"` or `["list","number"]`.
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::Dynamic => json!("dynamic"),
            Self::List(item) => json!(["list", item.to_json()]),
            Self::Set(item) => json!(["set", item.to_json()]),
            Self::Map(item) => json!(["map", item.to_json()]),
            Self::Tuple(items) => json!(["tuple", items.iter().map(Self::to_json).collect::<Vec<_>>()]),
            Self::Object(attributes, optional) => {
                let attributes: BTreeMap<_, _> = attributes.iter().map(|(name, ty)| (name, ty.to_json())).collect();
                if optional.is_empty() {
                    json!(["object", attributes])
                } else {
                    json!(["object", attributes, optional])
                }
            }
        }
    }

    /// Reads the JSON format.
    ///
    /// # Errors
    /// A sentence, if `json` is not a type.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        let wrong = || format!("{json} is not a type.");
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(wrong()),
            },
            Json::Array(parts) => match (parts.first().and_then(Json::as_str), parts.get(1)) {
                (Some("list"), Some(item)) => Ok(Self::list(Self::from_json(item)?)),
                (Some("set"), Some(item)) => Ok(Self::set(Self::from_json(item)?)),
                (Some("map"), Some(item)) => Ok(Self::map(Self::from_json(item)?)),
                (Some("tuple"), Some(Json::Array(items))) => {
                    Ok(Self::Tuple(items.iter().map(Self::from_json).collect::<Result<_, _>>()?))
                }
                (Some("object"), Some(Json::Object(attributes))) => {
                    let attributes = attributes
                        .iter()
                        .map(|(name, ty)| Ok((name.clone(), Self::from_json(ty)?)))
                        .collect::<Result<_, String>>()?;
                    let optional = match parts.get(2) {
                        None => BTreeSet::new(),
                        Some(names) => serde_json::from_value(names.clone()).map_err(|_| wrong())?,
                    };
                    Ok(Self::Object(attributes, optional))
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}
