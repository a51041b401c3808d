//! Reads JSON: an array of objects whose members are the columns.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::ipam::Tags;
use crate::ipam::discovery::types::UnknownColumns;

use super::row::{Column, Fields, Lines};
use crate::sources::{Mistake, lines_in};

/// The objects.
///
/// # Errors
/// The text is not an array.
pub(super) fn rows(text: &str, unknown: UnknownColumns) -> Result<Lines<'_>, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Slices of the text, so that the line of each object is known.
    let objects: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        let words = format!("it is not a JSON array of objects{}.", place_in(&error));
        if error.line() == 0 { Mistake::of_all(words) } else { Mistake::on(error.line() as u64, words) }
    })?;
    let (mut counted, mut line) = (0, 1);
    let lines = objects.into_iter().map(move |object| {
        let at = object.get().as_ptr() as usize - text.as_ptr() as usize;
        line += lines_in(&text.as_bytes()[counted..at]);
        counted = at;
        fields(object.get(), line, unknown)
    });
    Ok(Lines { warnings: Vec::new(), lines: Box::new(lines) })
}

/// The place where the text stops being JSON. The message of the library may quote the text.
fn place_in(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => ": it ends too early".to_owned(),
        Category::Syntax => format!(": column {} of the line is not valid JSON", error.column()),
        Category::Data | Category::Io => String::new(),
    }
}

/// The members of an object in the order of the file. A map would silently keep the last of two members with one key.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl<'a> Members<'a> {
    /// Each member with its line. `text` is the object, which begins on `line`.
    ///
    /// # Errors
    /// The text is not an object, or a key occurs twice.
    fn of(text: &'a str, line: u64, what: &str) -> Result<Vec<(String, &'a RawValue, u64)>, Mistake> {
        let Self(members) = serde_json::from_str(text).map_err(|_| Mistake::on(line, what))?;
        let mut keys = BTreeSet::new();
        let mut found = Vec::new();
        for (key, value) in members {
            let at = value.get().as_ptr() as usize - text.as_ptr() as usize;
            let line = line + lines_in(&text.as_bytes()[..at]);
            if !keys.insert(key.clone()) {
                return Err(Mistake::on(line, "an object has the same key twice."));
            }
            found.push((key, value, line));
        }
        Ok(found)
    }
}

fn value_of(text: &RawValue, line: u64) -> Result<Value, Mistake> {
    serde_json::from_str(text.get()).map_err(|_| Mistake::on(line, "the value of a member is not valid JSON."))
}

fn fields(text: &str, line: u64, unknown: UnknownColumns) -> Result<Fields, Mistake> {
    let what = "it is not an object such as {\"cidr\": \"10.0.0.0/16\", \"name\": \"office\"}.";
    let mut fields = Fields { line, ..Fields::default() };
    for (name, raw, at) in Members::of(text, line, what)? {
        let wrong = |words: String| Mistake::on(at, words);
        match Column::of(&name, "the name of a member", unknown).map_err(wrong)? {
            Column::Known(known) => fill(&mut fields, known, raw, at)?,
            Column::Tag(key) => match value_of(raw, at)? {
                Value::Null => {}
                Value::String(text) => drop(fields.more_tags.insert(key, text)),
                Value::Number(_) | Value::Bool(_) => drop(fields.more_tags.insert(key, raw.get().to_owned())),
                Value::Array(_) | Value::Object(_) => {
                    return Err(wrong(
                        "a member that becomes a tag must be a string, a number, true or false.".to_owned(),
                    ));
                }
            },
            Column::Ignored => fields.ignored += 1,
        }
    }
    Ok(fields)
}

/// Stores the value of a member with a known name.
fn fill(fields: &mut Fields, known: &'static str, raw: &RawValue, at: u64) -> Result<(), Mistake> {
    match value_of(raw, at)? {
        Value::Null => {}
        Value::Object(_) if known == "tags" => fields.tags = tags_of(raw, at)?,
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) => drop(fields.texts.insert(known, text.trim().to_owned())),
        // The id of an account is often written as a number.
        Value::Number(number) if known == "account" => drop(fields.texts.insert(known, number.to_string())),
        _ if known == "tags" => {
            return Err(Mistake::on(at, "the tags must be an object, or a string such as key=value;key=value."));
        }
        _ => return Err(Mistake::on(at, format!("the {known} must be a string."))),
    }
    Ok(())
}

fn tags_of(object: &RawValue, line: u64) -> Result<Tags, Mistake> {
    let mut tags = Tags::new();
    for (key, value, at) in Members::of(object.get(), line, "the tags are not an object.")? {
        match value_of(value, at)? {
            Value::String(value) => drop(tags.insert(key, value)),
            _ => return Err(Mistake::on(at, "the value of each tag must be a string.")),
        }
    }
    Ok(tags)
}
