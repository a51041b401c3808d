//! JSON whose values know their line.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::{Mistake, lines_in};

/// A value in a JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    raw: &'a RawValue,
    /// The line where the value begins, counted from 1.
    pub line: u64,
}

impl<'a> Node<'a> {
    /// The whole text. A byte order mark is skipped.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn of(text: &'a str) -> Result<Self, Mistake> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        Ok(Self { raw, line: 1 + lines_in(&text.as_bytes()[..offset(raw.get(), text)]) })
    }

    /// The values of a text that has one after the other, such as an object on each line.
    ///
    /// # Errors
    /// The text is not a sequence of JSON values.
    pub fn sequence(text: &'a str) -> Result<Vec<Self>, Mistake> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut counted, mut line, mut nodes) = (0, 1, Vec::new());
        for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            let raw = raw.map_err(|error| not_json(&error))?;
            let at = offset(raw.get(), text);
            line += lines_in(&text.as_bytes()[counted..at]);
            counted = at;
            nodes.push(Self { raw, line });
        }
        Ok(nodes)
    }

    /// The elements; `None` if the value is not an array.
    pub fn elements(self) -> Option<Vec<Self>> {
        let raws: Vec<&RawValue> = serde_json::from_str(self.raw.get()).ok()?;
        Some(self.with_lines(raws))
    }

    /// The members in the order of the text; `None` if the value is not an object.
    ///
    /// # Errors
    /// A key occurs twice.
    pub fn members(self) -> Result<Option<Vec<(String, Self)>>, Mistake> {
        let Ok(Members(members)) = serde_json::from_str::<Members<'a>>(self.raw.get()) else { return Ok(None) };
        let (keys, raws): (Vec<String>, Vec<&RawValue>) = members.into_iter().unzip();
        let nodes = self.with_lines(raws);
        let mut seen = BTreeSet::new();
        if let Some(at) = keys.iter().position(|key| !seen.insert(key.as_str())) {
            return Err(Mistake::on(nodes[at].line, "an object has the same key twice."));
        }
        Ok(Some(keys.into_iter().zip(nodes).collect()))
    }

    /// The value without lines. Numbers keep all their digits.
    pub fn value(self) -> Value {
        serde_json::from_str(self.raw.get()).unwrap_or(Value::Null)
    }

    /// The text of a string without blanks around it, and of a number; `None` for `null`, an empty text, and all other
    /// values.
    pub fn text(self) -> Option<String> {
        match self.value() {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(_) => Some(self.raw.get().to_owned()),
            _ => None,
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.raw.get() == "null"
    }

    /// Whether the value is neither an array nor an object.
    pub fn is_scalar(self) -> bool {
        !self.raw.get().starts_with(['[', '{'])
    }

    /// Whether the value is text of blanks only.
    pub fn is_empty_text(self) -> bool {
        self.value().as_str().is_some_and(|text| text.trim().is_empty())
    }

    /// The text of a number, `true` or `false`, as it is written.
    pub fn literal(self) -> &'a str {
        self.raw.get()
    }

    /// Values of this one, with their lines. They are in the order of the text.
    fn with_lines(self, raws: Vec<&'a RawValue>) -> Vec<Self> {
        let text = self.raw.get();
        let (mut counted, mut line) = (0, self.line);
        let node = |raw: &'a RawValue| {
            let at = offset(raw.get(), text);
            line += lines_in(&text.as_bytes()[counted..at]);
            counted = at;
            Node { raw, line }
        };
        raws.into_iter().map(node).collect()
    }
}

/// The position of a slice in its text.
fn offset(slice: &str, text: &str) -> usize {
    slice.as_ptr() as usize - text.as_ptr() as usize
}

/// The place where the text stops being JSON. The message of the library may quote the text.
fn not_json(error: &serde_json::Error) -> Mistake {
    let words = match error.classify() {
        Category::Eof => "it is not JSON: it ends too early.".to_owned(),
        _ => format!("it is not JSON: column {} of the line is not valid.", error.column()),
    };
    if error.line() == 0 { Mistake::of_all(words) } else { Mistake::on(error.line() as u64, words) }
}

/// The members of an object in the order of the text. A map would silently keep the last of two members with one key.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let text = "\u{feff}\n[\n  {\"a\": 1,\n   \"b\": [true,\n null, \" x \"]},\n {}]";
        let array = Node::of(text).unwrap();
        assert_eq!(array.line, 2);
        let objects = array.elements().unwrap();
        assert_eq!(objects.iter().map(|node| node.line).collect::<Vec<_>>(), [3, 6]);
        let members = objects[0].members().unwrap().unwrap();
        let [(a, one), (b, list)] = members.as_slice() else { panic!("{members:?}") };
        assert_eq!((a.as_str(), one.text(), b.as_str(), list.line), ("a", Some("1".to_owned()), "b", 4));
        let texts = list.elements().unwrap().into_iter().map(|node| (node.text(), node.line)).collect::<Vec<_>>();
        assert_eq!(texts, [(None, 4), (None, 5), (Some("x".to_owned()), 5)]);
    }

    #[test]
    fn a_sequence_of_values_knows_the_line_of_each() {
        let nodes = Node::sequence("{\"a\": 1}\n\n{\"a\":\n2} 3\n").unwrap();
        assert_eq!(nodes.iter().map(|node| node.line).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(Node::sequence("{}\n{\n").unwrap_err().words, "it is not JSON: it ends too early.");
        assert_eq!(Node::sequence("{}\nsecret").unwrap_err().line, Some(2));
        assert!(Node::sequence(" ").unwrap().is_empty());
    }

    #[test]
    fn text_that_is_not_json_is_refused_at_its_line() {
        assert_eq!(Node::of("[1,\n secret]").unwrap_err().line, Some(2));
        assert!(Node::of("{\"a\": ").unwrap_err().words.contains("ends too early"));
        let twice = Node::of("{\"a\": 1,\n\"a\": 2}").unwrap().members().unwrap_err();
        assert_eq!(twice, Mistake::on(2, "an object has the same key twice."));
    }
}
