//! Values in the JSON format in which Terraform stores states.

use serde_json::Value as Json;

use super::{Number, Type, Value};

/// Reads a JSON value of the given type. Missing attributes are read as null, and unknown attributes are ignored, because
/// a release with different attributes may have written the state.
///
/// # Errors
/// A sentence, if `json` is not of that type.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, String> {
    let wrong = || format!("{} was found where {} is needed.", shorten(json), ty.to_json());
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::String, Json::String(text)) => Ok(Value::String(text.clone())),
        (Type::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
        (Type::Number, Json::Number(number)) => Ok(Value::Number(number.to_string().parse()?)),
        (Type::Number, Json::String(text)) => Ok(Value::Number(text.parse::<Number>()?)),
        (Type::Dynamic, Json::Object(parts)) => match (parts.get("type"), parts.get("value")) {
            (Some(ty), Some(value)) => {
                let ty = Type::from_json(ty)?;
                let value = from_json(value, &ty)?;
                Ok(Value::Dynamic(Box::new((ty, value))))
            }
            _ => Err(wrong()),
        },
        (Type::List(item), Json::Array(items)) => {
            Ok(Value::List(items.iter().map(|json| from_json(json, item)).collect::<Result<_, _>>()?))
        }
        (Type::Set(item), Json::Array(items)) => {
            Ok(Value::set(items.iter().map(|json| from_json(json, item)).collect::<Result<_, _>>()?))
        }
        (Type::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
            let items = items.iter().zip(types).map(|(json, ty)| from_json(json, ty));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        (Type::Map(item), Json::Object(entries)) => {
            let entries = entries.iter().map(|(key, json)| Ok((key.clone(), from_json(json, item)?)));
            Ok(Value::Map(entries.collect::<Result<_, String>>()?))
        }
        (Type::Object(attributes, _), Json::Object(entries)) => {
            let entries = attributes.iter().map(|(name, ty)| {
                let value = entries.get(name).map_or(Ok(Value::Null), |json| from_json(json, ty));
                value.map(|value| (name.clone(), value)).map_err(|sentence| format!("{name}: {sentence}"))
            });
            Ok(Value::Map(entries.collect::<Result<_, String>>()?))
        }
        _ => Err(wrong()),
    }
}

fn shorten(json: &Json) -> String {
    let text = json.to_string();
    if text.chars().count() <= 60 { text } else { format!("{}…", text.chars().take(60).collect::<String>()) }
}
