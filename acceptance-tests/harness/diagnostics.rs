//! What Terraform tells a user, as its `-json` output has it.

use serde_json::Value;

/// An error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// What is wrong.
    pub summary: String,
    /// What to do.
    pub detail: String,
    /// The resource or data source, when it is about one.
    pub address: Option<String>,
    /// The attribute that Terraform points to; `None` for a whole block, or for no place at all.
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

/// Terraform shows the line it means: an attribute's starts with `name =`, a block's does not.
fn attribute(code: &str) -> Option<String> {
    let (name, _) = code.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| name.to_owned())
}
