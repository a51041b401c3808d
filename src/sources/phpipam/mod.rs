//! Exports of phpIPAM: spreadsheets (`.xls`), the same tables as CSV, templates of imports, and the JSON of its API.
//!
//! A VRF is a routing domain; a section is a tag, because the subnets of several sections usually share one address space.
//! A folder has no block: it is a tag of the subnets that are directly in it.

mod api;
mod columns;
mod numbers;
mod sheets;
mod tables;
#[cfg(test)]
mod tests;

use super::table::Table;
use super::{Inventory, Mistake, SourceFile, fields};

/// Whether the content has this layout.
pub fn recognises(bytes: &[u8]) -> bool {
    if sheets::is_spreadsheet(bytes) {
        return sheets::of_spreadsheet(bytes).is_ok_and(|tables| tables.iter().any(columns::is_of_phpipam));
    }
    let Ok(text) = fields::utf8(bytes) else { return false };
    if fields::is_json(bytes) {
        return api::is_of_phpipam(text);
    }
    Table::of(text).is_ok_and(|table| columns::is_of_phpipam(&table))
}

/// The networks in a file.
pub fn read(file: &SourceFile<'_>) -> Inventory {
    let tables = if sheets::is_spreadsheet(file.bytes) {
        sheets::of_spreadsheet(file.bytes)
    } else {
        match fields::utf8(file.bytes) {
            Ok(text) if fields::is_json(file.bytes) => return api::read(text),
            Ok(text) => Table::of(text).map(|table| vec![table]),
            Err(mistake) => Err(mistake),
        }
    };
    match tables {
        Ok(tables) => tables::read(&tables),
        Err(mistake) => refused(mistake),
    }
}

fn refused(mistake: Mistake) -> Inventory {
    Inventory { mistakes: vec![mistake], ..Inventory::default() }
}
