//! The columns of phpIPAM's tables, in an export and in the template of an import.

use crate::sources::fields;
use crate::sources::table::Table;

/// What a table of phpIPAM lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Subnets and folders.
    Subnets,
    /// Addresses.
    Addresses,
    /// VRFs.
    Vrfs,
    /// Sections.
    Sections,
}

/// Columns that become tags: the key of the tag, and their names in lower case.
const TAGS: [(&str, &[&str]); 12] = [
    ("section", &["section"]),
    ("vlan", &["vlan"]),
    ("vlan_domain", &["vlan domain", "domain"]),
    ("customer", &["customer"]),
    ("mac", &["mac"]),
    ("owner", &["owner"]),
    ("device", &["device"]),
    ("note", &["note"]),
    ("tag", &["tag"]),
    ("rd", &["rd"]),
    ("location", &["location"]),
    ("port", &["port"]),
];

/// Columns that the reader uses, or that say nothing about a block.
const USED: [&str; 16] = [
    "subnet",
    "mask",
    "ip address",
    "hostname",
    "description",
    "vrf",
    "name",
    "master subnet",
    "gateway",
    "is_gateway",
    "requests",
    "host check",
    "discover",
    "parent",
    "state",
    "",
];

/// What a table lists; `None` if it is none of what phpIPAM exports.
pub(super) fn kind_of(table: &Table) -> Option<Kind> {
    let has = |name: &str| table.column(&[name]).is_some();
    if has("ip address") {
        Some(Kind::Addresses)
    } else if has("subnet") {
        Some(Kind::Subnets)
    } else if has("name") && has("rd") {
        Some(Kind::Vrfs)
    } else if has("name") && has("parent") {
        Some(Kind::Sections)
    } else {
        None
    }
}

/// Whether only phpIPAM writes a table with these columns.
pub(super) fn is_of_phpipam(table: &Table) -> bool {
    let has = |name: &str| table.column(&[name]).is_some();
    match kind_of(table) {
        Some(Kind::Subnets) => has("master subnet") || has("vlan domain") || has("section"),
        Some(Kind::Addresses) => has("section") || (has("hostname") && has("mac")),
        Some(Kind::Vrfs) => table.columns.len() == 3 && has("description"),
        Some(Kind::Sections) | None => false,
    }
}

/// The key of the tag that a column becomes; `None` if it becomes none. Other columns are custom fields.
pub(super) fn tag(column: &str) -> Option<&str> {
    let lower = column.to_lowercase();
    if USED.contains(&lower.as_str()) {
        return None;
    }
    Some(TAGS.iter().find(|(_, names)| names.contains(&lower.as_str())).map_or(column, |(key, _)| key))
}

/// Whether a column says no, or nothing.
pub(super) fn is_unset(text: Option<&str>) -> bool {
    text.is_none_or(|text| fields::yes_or_no(text) != Some(true))
}
