//! One object of NetBox, from a row or from the API, and what becomes of it.

use std::collections::BTreeMap;

use super::columns::{Kind, Meaning, meaning};
use crate::ipam::{Cidr, Tags};
use crate::sources::{Inventory, Mistake, Network, Role, Scope, fields};

/// The name of the routing domain that has no VRF, in tables.
const GLOBAL: &str = "Global";

/// Statuses of NetBox that are not words for something else. The others become tags.
const STATUSES: [&str; 6] = ["active", "container", "reserved", "deprecated", "dhcp", "slaac"];

/// One object: texts by the name of the field in the API.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The line where it begins, counted from 1.
    pub(super) line: u64,
    fields: BTreeMap<&'static str, String>,
    tags: Tags,
}

impl Record {
    /// An object without fields.
    pub(super) fn on(line: u64) -> Self {
        Self { line, ..Self::default() }
    }

    /// Adds the text of a column or a member.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() || text == "—" {
            return;
        }
        match meaning(name) {
            // Of two columns of one field, such as `scope_name` and `scope_id`, the first counts.
            Meaning::Field(field) => drop(self.fields.entry(field).or_insert_with(|| text.to_owned())),
            Meaning::Tag(key) => fields::put(&mut self.tags, key, text),
            Meaning::Custom(key) => fields::put(&mut self.tags, &key, text),
            Meaning::Ignored => {}
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }

    fn needed(&self, field: &str, name: &str) -> Result<&str, String> {
        self.text(field).ok_or_else(|| format!("it has no {name}."))
    }

    fn is_set(&self, field: &str) -> Result<bool, String> {
        let Some(text) = self.text(field) else { return Ok(false) };
        fields::yes_or_no(text).ok_or_else(|| format!("the {field} is neither True nor False."))
    }
}

/// Collects what the objects of a file become.
#[derive(Debug, Default)]
pub(super) struct Collector {
    inventory: Inventory,
    /// The route distinguisher of each VRF. Two VRFs may have the same name, and only these tell them apart.
    distinguishers: BTreeMap<String, String>,
    other_statuses: Vec<u64>,
}

impl Collector {
    /// Takes an object.
    pub(super) fn take(&mut self, kind: Kind, record: &Record) {
        let taken = if kind == Kind::Vrf { self.take_vrf(record) } else { self.take_networks(kind, record) };
        if let Err(words) = taken {
            self.inventory.mistakes.push(Mistake::on(record.line, words));
        }
    }

    /// Notes a mistake.
    pub(super) fn refuse(&mut self, mistake: Mistake) {
        self.inventory.mistakes.push(mistake);
    }

    /// All that the file has.
    pub(super) fn finish(mut self) -> Inventory {
        if let Some(first) = self.other_statuses.first() {
            let words = match self.other_statuses.len() {
                1 => "the status is not one of NetBox in English, so it is a tag only.".to_owned(),
                count => {
                    format!(
                        "the status is not one of NetBox in English, here and {} times more: a tag only.",
                        count - 1
                    )
                }
            };
            self.inventory.left_out.push(Mistake::on(*first, words));
        }
        self.inventory
    }

    fn take_vrf(&mut self, record: &Record) -> Result<(), String> {
        let name = record.needed("name", "name")?;
        if self.inventory.scopes.iter().any(|scope| scope.name == name) {
            return Err("a VRF above has the same name. Give each VRF a name of its own in NetBox.".to_owned());
        }
        let mut tags = record.tags.clone();
        if let Some(distinguisher) = record.text("rd") {
            fields::put(&mut tags, "rd", distinguisher);
            self.distinguish(name, distinguisher)?;
        }
        self.inventory.scopes.push(Scope {
            line: record.line,
            name: name.to_owned(),
            description: record.text("description").map(str::to_owned),
            tags,
        });
        Ok(())
    }

    fn take_networks(&mut self, kind: Kind, record: &Record) -> Result<(), String> {
        let cidrs = cidrs(kind, record)?;
        let role = role(kind, record)?;
        let scope = self.scope(record)?;
        let tags = self.tags(record);
        for cidr in cidrs {
            self.inventory.networks.push(Network {
                scope: scope.clone(),
                source_id: record.text("id").map(|id| source_id(kind, id)),
                name: record.text("dns_name").map(str::to_owned),
                description: record.text("description").map(str::to_owned),
                tags: tags.clone(),
                ..Network::new(record.line, cidr, role)
            });
        }
        Ok(())
    }

    /// The VRF without its route distinguisher, so that it is the same in all files.
    fn scope(&mut self, record: &Record) -> Result<Option<String>, String> {
        let Some(text) = record.text("vrf") else { return Ok(None) };
        if text == GLOBAL {
            return Ok(None);
        }
        let (name, distinguisher) = named(text);
        if let Some(distinguisher) = distinguisher.or(record.text("rd")) {
            self.distinguish(name, distinguisher)?;
        }
        Ok(Some(name.to_owned()))
    }

    fn distinguish(&mut self, name: &str, distinguisher: &str) -> Result<(), String> {
        let known = self.distinguishers.entry(name.to_owned()).or_insert_with(|| distinguisher.to_owned());
        if known == distinguisher {
            return Ok(());
        }
        Err("a VRF above has the same name and another route distinguisher. Give each VRF a name of its own in NetBox."
            .to_owned())
    }

    fn tags(&mut self, record: &Record) -> Tags {
        let mut tags = record.tags.clone();
        if let Some(scope) = record.text("scope") {
            fields::put(&mut tags, place(record.text("scope_type")), scope);
        }
        for flag in ["is_pool", "mark_utilized"] {
            if record.is_set(flag) == Ok(true) {
                fields::put(&mut tags, flag, "true");
            }
        }
        if let Some(status) = record.text("status").map(str::to_lowercase) {
            if !STATUSES.contains(&status.as_str()) {
                self.other_statuses.push(record.line);
            }
            if !["active", "container"].contains(&status.as_str()) {
                fields::put(&mut tags, "status", &status);
            }
        }
        tags
    }
}

/// The id of an object. Objects of each kind are counted for themselves.
fn source_id(kind: Kind, id: &str) -> String {
    let kind = match kind {
        Kind::Prefix => "prefix",
        Kind::Aggregate => "aggregate",
        Kind::Range => "ip-range",
        Kind::Address => "ip-address",
        Kind::Vrf => "vrf",
    };
    format!("{kind}-{id}")
}

/// The key of the tag for the place that a prefix belongs to.
fn place(scope_type: Option<&str>) -> &'static str {
    match scope_type.map(|text| text.to_lowercase().replace(['_', ' '], "")).as_deref() {
        Some("dcim.site" | "site") => "site",
        Some("dcim.sitegroup" | "sitegroup") => "site_group",
        Some("dcim.region" | "region") => "region",
        Some("dcim.location" | "location") => "location",
        _ => "scope",
    }
}

/// The name and the route distinguisher in `name (rd)`. A distinguisher has a colon, so that other parentheses stay.
fn named(text: &str) -> (&str, Option<&str>) {
    let parts = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    match parts {
        Some((name, inside)) if inside.contains(':') && !inside.contains(' ') => (name.trim_end(), Some(inside)),
        _ => (text, None),
    }
}

fn cidrs(kind: Kind, record: &Record) -> Result<Vec<Cidr>, String> {
    match kind {
        Kind::Range => {
            let first = record.needed("start_address", "start address")?;
            Ok(fields::range(first, record.needed("end_address", "end address")?)?)
        }
        Kind::Address => Ok(vec![fields::host(record.needed("address", "address")?)?]),
        Kind::Prefix | Kind::Aggregate | Kind::Vrf => {
            // Old releases draw the depth with bullets.
            let prefix = record.needed("prefix", "prefix")?.trim_start_matches(['•', ' ', '\n', '\r', '\t', '\u{a0}']);
            Ok(vec![fields::block(prefix, None)?])
        }
    }
}

fn role(kind: Kind, record: &Record) -> Result<Role, String> {
    let is_used_up = record.is_set("is_pool")? | record.is_set("mark_utilized")?;
    let is = |status: &str| record.text("status").is_some_and(|text| text.eq_ignore_ascii_case(status));
    Ok(match kind {
        Kind::Aggregate => Role::Pool,
        Kind::Range => Role::Reserved,
        Kind::Address => Role::Address,
        Kind::Prefix | Kind::Vrf if is("container") => Role::Pool,
        Kind::Prefix | Kind::Vrf if is_used_up || is("reserved") => Role::Reserved,
        Kind::Prefix | Kind::Vrf => Role::Network,
    })
}
