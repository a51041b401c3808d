//! Turns the fields of a line into rows, each of which is a resource with one block.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ipam::discovery::types::{DiscoveredCidr, SeenType, UnknownColumns};
use crate::ipam::{Cidr, Tags, Words};

use crate::sources::Mistake;
use crate::sources::blocks;

/// The lines of a file, one after the other.
pub(super) struct Lines<'a> {
    /// The parts that are left out of all lines.
    pub(super) warnings: Vec<String>,
    pub(super) lines: Box<dyn Iterator<Item = Result<Fields, Mistake>> + 'a>,
}

/// Names of columns, and of members of JSON objects.
pub(super) const COLUMNS: [&str; 9] =
    ["cidr", "resource_id", "resource_type", "name", "account", "region", "vpc_id", "description", "tags"];

/// The tag that holds the name of a resource, in AWS and here.
const NAME: &str = "Name";
/// The tag that holds a description: a sighting has no other field for it.
const DESCRIPTION: &str = "Description";

/// The maximum length of a name, account, Region, id of a VPC and key of a tag, in characters: the same as for a name
/// in a configuration.
const NAME_MAX: usize = 255;
/// The maximum length of the id of a resource, in characters: the longest ids of Azure have 350.
const ID_MAX: usize = 400;

/// The values for fields that a line leaves empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) taken_at: Timestamp,
}

/// The texts of a line by column, without those that are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) line: u64,
    pub(super) texts: BTreeMap<&'static str, String>,
    /// Tags from JSON, where they are an object.
    pub(super) tags: Tags,
    /// Tags from columns that are not known.
    pub(super) more_tags: Tags,
    /// Number of members that were left out because they are not known.
    pub(super) ignored: usize,
}

/// A line without mistakes.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) account: String,
    pub(super) resource: DiscoveredCidr,
}

/// A column, or a member of JSON objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// One of [`COLUMNS`].
    Known(&'static str),
    /// An unknown column, whose texts are tags with this key.
    Tag(String),
    /// An unknown column that is ignored.
    Ignored,
}

impl Column {
    /// The column of this name. `which` describes the column in the error.
    pub(super) fn of(name: &str, which: &str, unknown: UnknownColumns) -> Result<Self, String> {
        if let Some(known) = COLUMNS.into_iter().find(|known| *known == name) {
            return Ok(Self::Known(known));
        }
        match unknown {
            UnknownColumns::Refuse => Err(format!(
                "{which} is not known: the columns are {}. To accept other columns, set `unknown_columns` of the \
                 resource discovery.",
                COLUMNS.join(", ")
            )),
            UnknownColumns::Tags if name.trim().is_empty() => {
                Err(format!("{which} is empty, and cannot be the key of a tag."))
            }
            UnknownColumns::Tags => Ok(Self::Tag(name.to_owned())),
            UnknownColumns::Ignore => Ok(Self::Ignored),
        }
    }
}

impl Row {
    /// The rows of a line: a resource with one block, or with the blocks of a range.
    pub(super) fn of(fields: &Fields, defaults: &Defaults<'_>) -> Result<Vec<Self>, Mistake> {
        let wrong = |words: String| Mistake::on(fields.line, words);
        check_texts(fields).map_err(wrong)?;
        let text = fields.texts.get("cidr").ok_or_else(|| wrong("the cidr is missing.".to_owned()))?;
        let blocks = blocks::of(text).map_err(|words| wrong(words.to_owned()))?;
        let id_of_block = match blocks.as_slice() {
            [block] => block.to_string(),
            _ => text.clone(),
        };
        let one = Self::without_block(fields, &id_of_block, defaults).map_err(wrong)?;
        let with =
            |cidr: Cidr| Self { resource: DiscoveredCidr { cidr: Some(cidr), ..one.resource.clone() }, ..one.clone() };
        Ok(blocks.into_iter().map(with).collect())
    }

    fn without_block(fields: &Fields, id_of_block: &str, defaults: &Defaults<'_>) -> Result<Self, String> {
        let get = |name: &str| fields.texts.get(name).cloned();
        let kind = get("resource_type").map_or(Ok(SeenType::Other), |word| SeenType::listed(&word));
        let resource_type =
            kind.map_err(|_: String| format!("the resource_type is not one of {}.", SeenType::list()))?;
        let tags = tags_of(fields)?;
        let name = get("name").or_else(|| tags.get(NAME).cloned());
        let resource_id = get("resource_id").or(name).unwrap_or_else(|| id_of_block.to_owned());
        if resource_id.chars().count() > ID_MAX {
            return Err(format!("the resource_id, or the name in its place, has more than {ID_MAX} characters."));
        }
        let region = get("region").unwrap_or_else(|| defaults.region.to_owned());
        if region.contains('_') {
            let words = "contains _, which separates the resource, the block and the Region in the id of the block. \
                         Use - instead.";
            return Err(format!("the region {words}"));
        }
        let account = get("account").unwrap_or_else(|| defaults.account.to_owned());
        let resource = DiscoveredCidr {
            region,
            vpc_id: get("vpc_id").or_else(|| (resource_type == SeenType::Vpc).then(|| resource_id.clone())),
            subnet_id: (resource_type == SeenType::Subnet).then(|| resource_id.clone()),
            resource_id,
            resource_type,
            owner_id: Some(account.clone()),
            cidr: None,
            ip_source: None,
            tags,
            usage: None,
            attachment: None,
            instance_id: None,
            availability_zone_id: None,
            sampled_at: Some(defaults.taken_at),
        };
        Ok(Self { line: fields.line, account, resource })
    }

    /// Two lines with the same key are a mistake.
    pub(super) fn key(&self) -> (String, String, String, String) {
        let block = self.resource.cidr.map(|cidr| cidr.to_string()).unwrap_or_default();
        (self.account.clone(), self.resource.region.clone(), self.resource.resource_id.clone(), block)
    }

    pub(super) fn said_before(first: u64) -> String {
        format!("the cidr of this resource in this account and Region is already on line {first}.")
    }
}

/// Requires that no text is too long, and that only a description has control characters, because it may have several
/// lines.
fn check_texts(fields: &Fields) -> Result<(), String> {
    for (column, text) in &fields.texts {
        let is_prose = *column == "description";
        if text.chars().any(|c| c.is_control() && !(is_prose && matches!(c, '\n' | '\r' | '\t'))) {
            let verb = if *column == "tags" { "have" } else { "has" };
            return Err(format!("the {column} {verb} a control character, such as the end of a line."));
        }
        let is_name = matches!(*column, "name" | "account" | "region" | "vpc_id");
        if is_name && text.chars().count() > NAME_MAX {
            return Err(format!("the {column} has more than {NAME_MAX} characters."));
        }
    }
    Ok(())
}

/// The tags of a line: those that it gives, its name and description, and the texts of unknown columns.
fn tags_of(fields: &Fields) -> Result<Tags, String> {
    let mut tags = fields.tags.clone();
    if let Some(text) = fields.texts.get("tags") {
        tags.extend(parse_tags(text)?);
    }
    for (key, column) in [(NAME, "name"), (DESCRIPTION, "description")] {
        tags.extend(fields.texts.get(column).map(|value| (key.to_owned(), value.clone())));
    }
    for (key, value) in &fields.more_tags {
        if tags.insert(key.clone(), value.clone()).is_some() {
            return Err("an unknown column has the same name as a tag, or is named Name or Description although the \
                        line has a name or a description."
                .to_owned());
        }
    }
    check_tags(&tags)?;
    Ok(tags)
}

/// [`check_texts`] for tags.
fn check_tags(tags: &Tags) -> Result<(), String> {
    for (key, value) in tags {
        let may_have_lines = key == DESCRIPTION;
        if key.chars().chain(value.chars()).any(|c| c.is_control() && !(may_have_lines && c.is_whitespace())) {
            return Err("the tags have a control character, such as the end of a line.".to_owned());
        }
        if key.is_empty() || key.chars().count() > NAME_MAX {
            return Err(format!("the tags have an empty key, or a key of more than {NAME_MAX} characters."));
        }
    }
    Ok(())
}

/// Parses `key=value;key=value`.
fn parse_tags(text: &str) -> Result<Tags, &'static str> {
    let mut tags = Tags::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let key = key.trim();
        if key.is_empty() || !part.contains('=') {
            return Err("the tags are not of the form key=value;key=value.");
        }
        if tags.insert(key.to_owned(), value.trim().to_owned()).is_some() {
            return Err("the tags have the same key twice.");
        }
    }
    Ok(tags)
}
