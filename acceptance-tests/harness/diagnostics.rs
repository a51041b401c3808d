//! Diagnostics of Terraform, as its `-json` output has them.

use serde_json::Value;

/// An error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// The problem.
    pub summary: String,
    /// The explanation, and the way to repair the problem.
    pub detail: String,
    /// The resource or data source that the diagnostic is about, if any.
    pub address: Option<String>,
    /// The attribute that Terraform points to; `None` for a whole block, or when Terraform points to no place.
    pub attribute: Option<String>,
}

impl Diagnostic {
    pub fn from_json(json: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            severity: text(&json["severity"]).unwrap_or_default(),
            summary: text(&json["summary"]).unwrap_or_default(),
            detail: text(&json["detail"]).unwrap_or_default(),
            address: text(&json["address"]),
            attribute: json["snippet"]["code"].as_str().and_then(attribute),
        }
    }

    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

/// Finds the attribute in the line that Terraform shows: the line of an attribute starts with `name =`, that of a block
/// does not.
fn attribute(code: &str) -> Option<String> {
    let (name, _) = code.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| name.to_owned())
}
