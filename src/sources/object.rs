//! Objects of JSON, member by member, for the readers of files that clouds write.

use super::json::Node;
use super::{Inventory, Mistake, blocks};
use crate::ipam::{Cidr, Tags};

/// An object of JSON. A member that is `null` counts as missing.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// The line where it begins, counted from 1.
    pub line: u64,
    members: Vec<(String, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// The members of a value.
    ///
    /// # Errors
    /// It is not an object, or has the same key twice.
    pub fn of(node: Node<'a>) -> Result<Self, Mistake> {
        let members = node.members()?.ok_or_else(|| Mistake::on(node.line, "it is not an object."))?;
        let members = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
        Ok(Self { line: node.line, members })
    }

    /// The object in a text.
    ///
    /// # Errors
    /// The text is not an object.
    pub fn in_text(text: &'a str) -> Result<Self, Mistake> {
        Self::of(Node::of(text)?)
    }

    /// The names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Whether there is such a member.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of a member; `None` if it is missing or empty.
    ///
    /// # Errors
    /// It is neither text nor a number.
    pub fn text(&self, name: &str) -> Result<Option<String>, Mistake> {
        let Some(node) = self.get(name) else { return Ok(None) };
        match node.is_scalar() {
            true => Ok(node.text()),
            false => Err(Mistake::on(node.line, format!("`{name}` is not a text."))),
        }
    }

    /// The elements of a member; none if it is missing.
    ///
    /// # Errors
    /// It is not an array.
    pub fn list(&self, name: &str) -> Result<Vec<Node<'a>>, Mistake> {
        let Some(node) = self.get(name) else { return Ok(Vec::new()) };
        node.elements().ok_or_else(|| Mistake::on(node.line, format!("`{name}` is not an array.")))
    }

    /// The object in a member.
    ///
    /// # Errors
    /// It is not an object.
    pub fn object(&self, name: &str) -> Result<Option<Self>, Mistake> {
        let Some(node) = self.get(name) else { return Ok(None) };
        Self::of(node).map(Some).map_err(|fault| match fault.line == Some(node.line) {
            true if fault.words == "it is not an object." => {
                Mistake::on(node.line, format!("`{name}` is not an object."))
            }
            _ => fault,
        })
    }

    /// A member that is `true`; `false` if it is missing.
    ///
    /// # Errors
    /// It is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<bool, Mistake> {
        let Some(node) = self.get(name) else { return Ok(false) };
        node.value().as_bool().ok_or_else(|| Mistake::on(node.line, format!("`{name}` is neither true nor false.")))
    }

    /// A member that is a netmask length.
    ///
    /// # Errors
    /// It is not a number from 0 to 128.
    pub fn length(&self, name: &str) -> Result<Option<u8>, Mistake> {
        let Some(node) = self.get(name) else { return Ok(None) };
        let length = node.text().and_then(|text| text.parse::<u8>().ok()).filter(|length| *length <= 128);
        length.map(Some).ok_or_else(|| Mistake::on(node.line, format!("`{name}` is not a netmask length.")))
    }

    /// The block in a member, with its line; `None` if it is missing.
    ///
    /// # Errors
    /// It is not a block.
    pub fn block(&self, name: &str) -> Result<Option<(u64, Cidr)>, Mistake> {
        self.get(name).filter(|node| !node.is_empty_text()).map(|node| block(node, name)).transpose()
    }

    /// The object in a map of texts, as tags.
    ///
    /// # Errors
    /// It is not an object of texts.
    pub fn tags(&self, name: &str) -> Result<Tags, Mistake> {
        let Some(object) = self.object(name)? else { return Ok(Tags::new()) };
        let mut tags = Tags::new();
        for (key, node) in &object.members {
            if !node.is_scalar() {
                return Err(Mistake::on(node.line, format!("a value in `{name}` is not a text.")));
            }
            tags.insert(key.clone(), node.text().unwrap_or_default());
        }
        Ok(tags)
    }
}

/// The block that is the text of a value, with its line. `name` is the member that has it.
///
/// # Errors
/// It is not one block.
pub fn block(node: Node<'_>, name: &str) -> Result<(u64, Cidr), Mistake> {
    let wrong = |words: String| Mistake::on(node.line, words);
    let text = node.text().filter(|_| node.is_scalar()).ok_or_else(|| wrong(format!("`{name}` is not a CIDR.")))?;
    let found = blocks::of(&text).map_err(|words| wrong(words.replace("the cidr", &format!("`{name}`"))))?;
    match found.as_slice() {
        [block] => Ok((node.line, *block)),
        _ => Err(wrong(format!("`{name}` is a range of addresses that is not one CIDR."))),
    }
}

/// Reads each value with `read`, and keeps the mistakes: one wrong object does not hide the next.
pub fn each<'a>(
    inventory: &mut Inventory,
    nodes: Vec<Node<'a>>,
    mut read: impl FnMut(&mut Inventory, &Object<'a>) -> Result<(), Mistake>,
) {
    for node in nodes {
        if let Err(mistake) = Object::of(node).and_then(|object| read(inventory, &object)) {
            inventory.mistakes.push(mistake);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_null_are_missing_and_others_are_read_by_their_kind() {
        let text = "{\"a\": null, \"b\": \" x \",\n\"c\": [1], \"d\": {\"k\": \"v\", \"n\": 7},\n\"e\": true, \"f\": 24, \
                    \"g\": \"10.0.0.0/8\"}";
        let object = Object::in_text(text).unwrap();
        assert!(!object.has("a") && object.text("a") == Ok(None));
        assert_eq!(object.text("b").unwrap().as_deref(), Some("x"));
        assert_eq!(object.list("c").unwrap().len(), 1);
        let tags = Tags::from([("k", "v"), ("n", "7")].map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(object.tags("d").unwrap(), tags);
        assert_eq!((object.flag("e"), object.length("f")), (Ok(true), Ok(Some(24))));
        assert_eq!(
            object.block("g").unwrap().map(|(line, block)| (line, block.to_string())),
            Some((3, "10.0.0.0/8".into()))
        );
    }

    #[test]
    fn a_member_of_another_kind_is_a_mistake_that_names_it_and_its_line() {
        let object = Object::in_text("{\"a\": [],\n\"b\": \"10.0.0.1/8\", \"c\": {\"x\": []}, \"d\": 300}").unwrap();
        for (mistake, says) in [
            (object.text("a").unwrap_err(), "`a` is not a text."),
            (object.list("b").unwrap_err(), "`b` is not an array."),
            (object.object("b").unwrap_err(), "`b` is not an object."),
            (object.block("b").unwrap_err(), "`b` has host bits set. Write the first address of the block."),
            (object.block("a").unwrap_err(), "`a` is not a CIDR."),
            (object.tags("c").unwrap_err(), "a value in `c` is not a text."),
            (object.flag("b").unwrap_err(), "`b` is neither true nor false."),
            (object.length("d").unwrap_err(), "`d` is not a netmask length."),
        ] {
            assert_eq!(mistake.words, says);
            assert!(mistake.line.is_some());
        }
        assert_eq!(object.block("b").unwrap_err().line, Some(2));
        assert_eq!(crate::sources::fields::utf8(b"a\n\xff\xfea").unwrap_err().line, Some(2));
    }
}
