//! JSON: an array of objects whose members are the columns.

use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::ipam::Tags;

use super::row::{Fields, column};
use super::{Fault, lines_in};

/// The objects.
///
/// # Errors
/// The text is no array.
pub(super) fn rows(text: &str) -> Result<Box<dyn Iterator<Item = Result<Fields, Fault>> + '_>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Slices of the text, so that each is on a line.
    let objects: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        let words = format!("it is not a JSON array of objects{}.", place_in(&error));
        if error.line() == 0 { Fault::of_all(words) } else { Fault::on(error.line() as u64, words) }
    })?;
    let (mut counted, mut line) = (0, 1);
    Ok(Box::new(objects.into_iter().map(move |object| {
        let at = object.get().as_ptr() as usize - text.as_ptr() as usize;
        line += lines_in(&text.as_bytes()[counted..at]);
        counted = at;
        fields(object.get(), line)
    })))
}

/// Where a text stops being one. What the library says of it may quote the text.
fn place_in(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => ": it ends too early".to_owned(),
        Category::Syntax => format!(": column {} of the line is no JSON", error.column()),
        Category::Data | Category::Io => String::new(),
    }
}

fn fields(text: &str, line: u64) -> Result<Fields, Fault> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| {
        Fault::on(line, "it is not an object such as {\"cidr\": \"10.0.0.0/16\", \"name\": \"office\"}.")
    })?;
    let mut fields = Fields { line, ..Fields::default() };
    for (name, value) in object {
        let known = column(&name, "the name of a member").map_err(|words| Fault::on(line, words))?;
        match value {
            Value::Null => {}
            Value::Object(tags) if known == "tags" => fields.tags = tags_of(tags, line)?,
            Value::String(text) if text.trim().is_empty() => {}
            Value::String(text) => drop(fields.texts.insert(known, text.trim().to_owned())),
            // An account's id is often written as a number.
            Value::Number(number) if known == "account" => drop(fields.texts.insert(known, number.to_string())),
            _ if known == "tags" => {
                return Err(Fault::on(line, "the tags must be an object, or a text key=value;key=value."));
            }
            _ => return Err(Fault::on(line, format!("the {known} must be a text."))),
        }
    }
    Ok(fields)
}

fn tags_of(tags: Map<String, Value>, line: u64) -> Result<Tags, Fault> {
    let text = |(key, value): (String, Value)| match value {
        Value::String(value) => Ok((key, value)),
        _ => Err(Fault::on(line, "each of the tags must be a text.")),
    };
    tags.into_iter().map(text).collect()
}
