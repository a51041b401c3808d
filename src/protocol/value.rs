//! Encoding and decoding of values and private data, and the diagnostics for invalid ones.

use super::msgpack;
use super::wire::DynamicValue;
use crate::tf::{self, Diagnostic, Diagnostics, Path, Private, Type, Value};

/// Reads a value. `what` names the value in an error, for example "configuration". A missing or empty value is null.
pub(super) fn decode(value: Option<&DynamicValue>, ty: &Type, what: &str) -> Result<Value, Diagnostics> {
    let Some(value) = value else { return Ok(Value::Null) };
    if !value.msgpack.is_empty() {
        return msgpack::decode(&value.msgpack, ty).map_err(|error| broken(what, error.path, &error.sentence));
    }
    if value.json.is_empty() {
        return Ok(Value::Null);
    }
    parse_json(&value.json)
        .and_then(|json| tf::from_json(&json, ty))
        .map_err(|sentence| broken(what, Path::root(), &sentence))
}

/// Reads the value of a whole block: an object, or null.
pub(super) fn decode_object(value: Option<&DynamicValue>, ty: &Type, what: &str) -> Result<Value, Diagnostics> {
    match decode(value, ty, what)? {
        Value::Unknown => Err(broken(what, Path::root(), "the whole value is unknown.")),
        value => Ok(value),
    }
}

/// Reads the value of a whole block, which may not be null.
pub(super) fn decode_present(value: Option<&DynamicValue>, ty: &Type, what: &str) -> Result<Value, Diagnostics> {
    match decode_object(value, ty, what)? {
        Value::Null => Err(broken(what, Path::root(), "there is no value.")),
        value => Ok(value),
    }
}

/// Writes a value.
pub(super) fn encode(value: &Value, ty: &Type) -> Result<DynamicValue, Diagnostics> {
    match msgpack::encode(value, ty) {
        Ok(msgpack) => Ok(DynamicValue { msgpack, json: Vec::new() }),
        Err(error) => Err(Diagnostic::error(
            "Bug in the provider",
            format!(
                "The provider made a value that its own schema does not allow: {} Please report it.",
                error.sentence
            ),
        )
        .at(error.path)
        .into()),
    }
}

/// Private data; `None` if it is empty.
pub(super) fn decode_private(bytes: &[u8]) -> Result<Option<Private>, Diagnostics> {
    if bytes.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(bytes)
        .map(Some)
        .map_err(|error| broken("private data", Path::root(), &format!("it is not a JSON object ({error}).")))
}

pub(super) fn encode_private(private: &Private) -> Result<Vec<u8>, Diagnostics> {
    if private.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::to_vec(private).map_err(|error| {
        let detail = format!("Private data cannot be written: {error}. Please report it.");
        Diagnostic::error("Bug in the provider", detail).into()
    })
}

pub(super) fn parse_json(bytes: &[u8]) -> Result<serde_json::Value, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON ({error})."))
}

fn broken(what: &str, path: Path, sentence: &str) -> Diagnostics {
    Diagnostic::error("Broken request", format!("The {what} from Terraform cannot be read: {sentence}")).at(path).into()
}
