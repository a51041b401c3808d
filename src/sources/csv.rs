//! CSV with a header, whose columns the caller names.
//!
//! Only the columns of the fields are read, and the caller names those that become tags: a table that people keep has
//! columns about anything.

use super::fields::utf8;
use super::table::{Row, Table};
use super::{Inventory, Mistake, Network, Role, SourceFile, blocks};
use crate::ipam::Cidr;

/// The fields, with the names that a column may have when the caller names none.
const FIELDS: [(&str, &[&str]); 11] = [
    ("cidr", &["cidr", "prefix", "subnet"]),
    ("netmask", &["netmask", "mask"]),
    ("name", &["name"]),
    ("description", &["description"]),
    ("scope", &["scope", "vrf"]),
    ("role", &["role"]),
    ("id", &["id"]),
    ("parent", &["parent"]),
    ("region", &["region"]),
    ("locale", &["locale"]),
    ("account", &["account"]),
];

/// What begins the name of a field that is a tag.
const TAG: &str = "tag.";

/// The words for roles.
const ROLES: [(&str, Role); 7] = [
    ("pool", Role::Pool),
    ("container", Role::Pool),
    ("aggregate", Role::Pool),
    ("network", Role::Network),
    ("allocation", Role::Allocation),
    ("reserved", Role::Reserved),
    ("address", Role::Address),
];

/// The role that a word means.
pub(super) fn role(word: &str) -> Option<Role> {
    ROLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, role)| *role)
}

/// The columns of fields, as the caller names them: pairs of a field and a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<(String, String)>);

impl Columns {
    /// Names the column of one more field. `text`: `cidr=Prefix`.
    ///
    /// # Errors
    /// There is no such field, or it has a column already.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let Some((field, column)) = text.split_once('=') else {
            return Err(format!("{text:?} is not a field with a column, such as cidr=Prefix."));
        };
        let (field, column) = (field.trim(), column.trim());
        let is_tag = field.strip_prefix(TAG).is_some_and(|key| !key.is_empty());
        if !is_tag && !FIELDS.iter().any(|(known, _)| *known == field) {
            let known = FIELDS.map(|(field, _)| field).join(", ");
            return Err(format!("{field:?} is not a field. The fields are {known}, and tag.KEY for a tag."));
        }
        if column.is_empty() {
            return Err(format!("the field {field} has no column. Write it behind the equals sign."));
        }
        if self.of(field).is_some() {
            return Err(format!("the field {field} has two columns."));
        }
        self.0.push((field.to_owned(), column.to_owned()));
        Ok(())
    }

    fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == field).map(|(_, column)| column.as_str())
    }
}

/// The columns in one table.
struct Places<'a> {
    table: &'a Table,
    columns: &'a Columns,
    tags: Vec<(String, usize)>,
}

impl<'a> Places<'a> {
    fn of(table: &'a Table, columns: &'a Columns) -> Result<Self, Vec<Mistake>> {
        let (mut tags, mut mistakes) = (Vec::new(), Vec::new());
        for (field, column) in &columns.0 {
            match (table.column(&[column]), field.strip_prefix(TAG)) {
                (Some(place), Some(key)) => tags.push((key.to_owned(), place)),
                (Some(_), None) => {}
                (None, _) => mistakes.push(Mistake::on(1, format!("the header has no column {column:?} for {field}."))),
            }
        }
        let places = Self { table, columns, tags };
        if places.column("cidr").is_none() && columns.of("cidr").is_none() {
            mistakes.push(Mistake::on(1, "the header has no column cidr. Name the column, such as --map cidr=Prefix."));
        }
        if mistakes.is_empty() { Ok(places) } else { Err(mistakes) }
    }

    fn column(&self, field: &str) -> Option<usize> {
        if let Some(column) = self.columns.of(field) {
            return self.table.column(&[column]);
        }
        let names = FIELDS.iter().find(|(known, _)| *known == field).map_or(&[] as &[&str], |(_, names)| *names);
        self.table.column(names)
    }

    fn text(&self, row: &Row, field: &str) -> Option<String> {
        row.text(self.column(field)).map(str::to_owned)
    }

    /// The columns that are not read.
    fn unread(&self) -> Vec<&str> {
        let read: Vec<usize> = FIELDS.iter().filter_map(|(field, _)| self.column(field)).collect();
        let is_read = |at: &usize| read.contains(at) || self.tags.iter().any(|(_, place)| place == at);
        (0..self.table.columns.len()).filter(|at| !is_read(at)).map(|at| self.table.columns[at].as_str()).collect()
    }
}

/// The networks in a table.
pub fn read(file: &SourceFile<'_>, columns: &Columns) -> Inventory {
    let mut inventory = Inventory::default();
    let table = match utf8(file.bytes).and_then(Table::of) {
        Ok(table) => table,
        Err(mistake) => return Inventory { mistakes: vec![mistake], ..inventory },
    };
    let places = match Places::of(&table, columns) {
        Ok(places) => places,
        Err(mistakes) => return Inventory { mistakes, ..inventory },
    };
    for row in &table.rows {
        match networks(row, &places) {
            Ok(networks) => inventory.networks.extend(networks),
            Err(words) => inventory.mistakes.push(Mistake::on(row.line, words)),
        }
    }
    match places.unread().len() {
        0 => {}
        1 => {
            inventory.left_out.push(Mistake::on(1, "1 column is not read. With --map tag.KEY=COLUMN it becomes a tag."))
        }
        count => {
            let words = format!("{count} columns are not read. With --map tag.KEY=COLUMN they become tags.");
            inventory.left_out.push(Mistake::on(1, words));
        }
    }
    inventory
}

fn networks(row: &Row, places: &Places<'_>) -> Result<Vec<Network>, String> {
    let cidr = places.text(row, "cidr").ok_or("the row has no cidr.")?;
    let role = match places.text(row, "role") {
        None => Role::Network,
        Some(word) => role(&word).ok_or_else(|| {
            let words = ROLES.map(|(word, _)| word).join(", ");
            format!("the role is none of {words}.")
        })?,
    };
    let cidrs = cidrs(&cidr, places.text(row, "netmask"), role)?;
    let tags = places.tags.iter().filter_map(|(key, at)| Some((key.clone(), row.text(Some(*at))?.to_owned())));
    let tags: crate::ipam::Tags = tags.collect();
    let network = |cidr: Cidr| Network {
        scope: places.text(row, "scope"),
        source_id: places.text(row, "id"),
        parent_id: places.text(row, "parent"),
        name: places.text(row, "name"),
        description: places.text(row, "description"),
        tags: tags.clone(),
        region: places.text(row, "locale").or_else(|| places.text(row, "region")),
        account: places.text(row, "account"),
        ..Network::new(row.line, cidr, role)
    };
    Ok(cidrs.into_iter().map(network).collect())
}

/// The blocks of a row. An address needs no netmask length.
fn cidrs(text: &str, netmask: Option<String>, role: Role) -> Result<Vec<Cidr>, String> {
    if role == Role::Address {
        let address = text.split('/').next().unwrap_or_default().trim();
        let address: std::net::IpAddr = address.parse().map_err(|_| "the cidr is not an address such as 10.0.0.7.")?;
        return Ok(vec![crate::ipam::address_block(address)]);
    }
    match netmask {
        Some(netmask) if !text.contains('/') => Ok(blocks::of(&format!("{text}/{netmask}"))?),
        _ => Ok(blocks::of(text)?),
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
