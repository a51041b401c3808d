//! Exports of NetBox: tables of prefixes, aggregates, ranges, addresses and VRFs, and the JSON of its API.
//!
//! A table has the column names of an export, which are in the language of the user, or those of the import form. The
//! columns are found by name, so their order and the separator do not matter.

mod api;
mod columns;
mod record;
mod table;
#[cfg(test)]
mod tests;

use super::table::Table;
use super::{Inventory, SourceFile, fields};

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    let Ok(text) = fields::utf8(bytes) else { return false };
    if fields::is_json(bytes) {
        return api::is_of_netbox(text);
    }
    Table::of(text).is_ok_and(|table| columns::is_of_netbox(&table.columns))
}

/// The networks in a file.
pub fn read(file: &SourceFile<'_>) -> Inventory {
    match fields::utf8(file.bytes) {
        Ok(text) if fields::is_json(file.bytes) => api::read(text),
        Ok(text) => table::read(text),
        Err(mistake) => Inventory { mistakes: vec![mistake], ..Inventory::default() },
    }
}
