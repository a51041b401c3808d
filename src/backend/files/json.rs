//! Reads JSON: an array of objects whose members are the columns.

use serde_json::Value;

use crate::ipam::Tags;
use crate::ipam::discovery::types::UnknownColumns;

use super::row::{Column, Fields, Lines};
use crate::sources::Mistake;
use crate::sources::json::Node;

/// The objects.
///
/// # Errors
/// The text is not an array.
pub(super) fn rows(text: &str, unknown: UnknownColumns) -> Result<Lines<'_>, Mistake> {
    let array = Node::of(text)?;
    let objects = array.elements().ok_or_else(|| Mistake::on(array.line, "it is not a JSON array of objects."))?;
    let lines = objects.into_iter().map(move |object| fields(object, unknown));
    Ok(Lines { warnings: Vec::new(), lines: Box::new(lines) })
}

/// Whether the text is an array whose first object has the member `cidr`, or an array without elements.
pub(super) fn is_known(text: &str) -> bool {
    let Some(objects) = Node::of(text).ok().and_then(Node::elements) else { return false };
    let has_cidr = |object: &Node<'_>| match object.members() {
        Ok(members) => members.is_some_and(|members| members.iter().any(|(name, _)| name == "cidr")),
        // A key occurs twice, which the rows report.
        Err(_) => true,
    };
    objects.first().is_none_or(has_cidr)
}

fn fields(object: Node<'_>, unknown: UnknownColumns) -> Result<Fields, Mistake> {
    let what = "it is not an object such as {\"cidr\": \"10.0.0.0/16\", \"name\": \"office\"}.";
    let mut fields = Fields { line: object.line, ..Fields::default() };
    for (name, node) in object.members()?.ok_or_else(|| Mistake::on(object.line, what))? {
        let wrong = |words: String| Mistake::on(node.line, words);
        match Column::of(&name, "the name of a member", unknown).map_err(wrong)? {
            Column::Known(known) => fill(&mut fields, known, node)?,
            Column::Tag(key) => match node.value() {
                Value::Null => {}
                Value::String(text) => drop(fields.more_tags.insert(key, text)),
                Value::Number(_) | Value::Bool(_) => drop(fields.more_tags.insert(key, node.literal().to_owned())),
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
fn fill(fields: &mut Fields, known: &'static str, node: Node<'_>) -> Result<(), Mistake> {
    match node.value() {
        Value::Null => {}
        Value::Object(_) if known == "tags" => fields.tags = tags_of(node)?,
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) => drop(fields.texts.insert(known, text.trim().to_owned())),
        // The id of an account is often written as a number.
        Value::Number(number) if known == "account" => drop(fields.texts.insert(known, number.to_string())),
        _ if known == "tags" => {
            return Err(Mistake::on(node.line, "the tags must be an object, or a string such as key=value;key=value."));
        }
        _ => return Err(Mistake::on(node.line, format!("the {known} must be a string."))),
    }
    Ok(())
}

fn tags_of(object: Node<'_>) -> Result<Tags, Mistake> {
    let mut tags = Tags::new();
    for (key, node) in object.members()?.unwrap_or_default() {
        match node.value() {
            Value::String(value) => drop(tags.insert(key, value)),
            _ => return Err(Mistake::on(node.line, "the value of each tag must be a string.")),
        }
    }
    Ok(tags)
}
