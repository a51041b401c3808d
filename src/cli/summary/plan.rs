//! Reads the parts of a plan in JSON that the summary needs. The form is HashiCorp's "JSON Output Format"; OpenTofu prints the same.

use serde::Deserialize;
use serde_json::Value;

/// How a zip file begins, which is what `plan -out` writes.
const ZIP: &[u8] = b"PK";

#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    #[serde(rename = "format_version")]
    _format_version: String,
    #[serde(default)]
    pub(super) resource_changes: Vec<ResourceChange>,
    /// Changes that have to wait for another apply.
    #[serde(default)]
    pub(super) deferred_changes: Vec<Value>,
    /// Whether the plan ended with an error.
    #[serde(default)]
    pub(super) errored: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceChange {
    pub(super) address: String,
    #[serde(default)]
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    pub(super) change: Change,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    before_sensitive: Value,
    #[serde(default)]
    after_sensitive: Value,
    #[serde(default)]
    pub(super) importing: Option<Value>,
}

/// An object before or after a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    value: &'a Value,
    unknown: &'a Value,
    sensitive: &'a Value,
}

/// What may be printed of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    Text(String),
    Sensitive,
    Unknown,
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// Says in one line what the input is instead. The line never quotes the input.
    pub(super) fn read(content: &[u8]) -> Result<Self, String> {
        if content.starts_with(ZIP) {
            return Err(
                "This is a saved plan, which only Terraform can read. Run `terraform show -json PLAN > plan.json` \
                        first, and give plan.json to this command."
                    .to_owned(),
            );
        }
        serde_json::from_slice(content).map_err(|error| {
            format!(
                "This is not the JSON of a plan (line {}, column {}). Run `terraform show -json PLAN > plan.json`, and give \
                 plan.json to this command. The lines of `terraform plan -json` are something else.",
                error.line(),
                error.column()
            )
        })
    }
}

impl ResourceChange {
    /// Whether the resource is one of this provider.
    pub(super) fn is_ours(&self) -> bool {
        self.mode == "managed" && self.type_name.starts_with("ipam_")
    }
}

impl Change {
    pub(super) fn before(&self) -> Side<'_> {
        Side { value: &self.before, unknown: &Value::Null, sensitive: &self.before_sensitive }
    }

    pub(super) fn after(&self) -> Side<'_> {
        Side { value: &self.after, unknown: &self.after_unknown, sensitive: &self.after_sensitive }
    }
}

impl<'a> Side<'a> {
    /// The part of the object with this name.
    pub(super) fn part(self, name: &str) -> Self {
        let part = |value: &'a Value| {
            if value == &Value::Bool(true) { value } else { value.get(name).unwrap_or(&Value::Null) }
        };
        Self {
            value: self.value.get(name).unwrap_or(&Value::Null),
            unknown: part(self.unknown),
            sensitive: part(self.sensitive),
        }
    }

    /// The value, if there is one: text, a number or a truth value.
    pub(super) fn shown(self) -> Option<Shown> {
        let text = match self.value {
            _ if self.unknown == &Value::Bool(true) => return Some(Shown::Unknown),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(if self.is_sensitive() { Shown::Sensitive } else { Shown::Text(text) })
    }

    /// The text, if it is known and may be printed.
    pub(super) fn text(self) -> Option<&'a str> {
        self.value.as_str().filter(|_| !self.is_sensitive())
    }

    /// Whether any part of the value is sensitive.
    fn is_sensitive(self) -> bool {
        fn any(value: &Value) -> bool {
            match value {
                Value::Bool(is_sensitive) => *is_sensitive,
                Value::Array(parts) => parts.iter().any(any),
                Value::Object(parts) => parts.values().any(any),
                _ => false,
            }
        }
        any(self.sensitive)
    }

    /// The elements of a list or a set. A set with a sensitive element has no elements that may be printed.
    pub(super) fn elements(self) -> Vec<Shown> {
        if self.unknown == &Value::Bool(true) {
            return vec![Shown::Unknown];
        }
        let elements = self.value.as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_sensitive = self.is_sensitive();
        elements.map(|one| if is_sensitive { Shown::Sensitive } else { Shown::Text(one.to_owned()) }).collect()
    }

    /// The entries of a map of texts. A sensitive map has entries without their values; `None`: the whole map is known
    /// after apply.
    pub(super) fn entries(self) -> Option<Vec<(String, Shown)>> {
        if self.unknown == &Value::Bool(true) {
            return None;
        }
        let known = self.value.as_object().into_iter().flatten().map(|(name, _)| name);
        let unknown = self.unknown.as_object().into_iter().flatten().map(|(name, _)| name);
        let names: std::collections::BTreeSet<&String> = known.chain(unknown).collect();
        Some(names.into_iter().filter_map(|name| Some((name.clone(), self.part(name).shown()?))).collect())
    }
}
