//! Tables of NetBox: what the button Export writes, and what the import form takes.

use super::columns::{Kind, kind_of};
use super::record::{Collector, Record};
use crate::sources::table::Table;
use crate::sources::{Inventory, Mistake};

/// Columns that tables in English have. A table with none of them is probably in another language.
const ENGLISH: [&str; 17] = [
    "aggregate",
    "assigned",
    "children",
    "dns name",
    "dns_name",
    "description",
    "end address",
    "end_address",
    "id",
    "is_pool",
    "ip address",
    "pool",
    "role",
    "scope",
    "site",
    "tenant",
    "utilization",
];

const LANGUAGE: &str = "Switch the language of NetBox to English and export again, or name the columns: \
                        migrate csv --map cidr=COLUMN.";

/// The networks in a table.
pub(super) fn read(text: &str) -> Inventory {
    let table = match Table::of(text) {
        Ok(table) => table,
        Err(mistake) => return Inventory { mistakes: vec![mistake], ..Inventory::default() },
    };
    let mut collector = Collector::default();
    match listed(&table) {
        Ok(kind) => {
            for row in &table.rows {
                let mut record = Record::on(row.line);
                for (column, text) in table.columns.iter().zip(&row.texts) {
                    record.add(column, text);
                }
                collector.take(kind, &record);
            }
        }
        Err(words) => collector.refuse(Mistake::on(1, words)),
    }
    collector.finish()
}

fn listed(table: &Table) -> Result<Kind, String> {
    let Some(kind) = kind_of(table.columns.iter().map(String::as_str)) else {
        return Err(format!(
            "the header has none of the columns Prefix, Aggregate, Start address with End address, IP Address, or Name \
             with RD. {LANGUAGE}"
        ));
    };
    let is_english = |column: &String| ENGLISH.iter().any(|name| name.eq_ignore_ascii_case(column));
    let is_short = table.columns.len() <= 3;
    if !is_short && !table.columns.iter().any(is_english) {
        return Err(format!("the header is not in English. {LANGUAGE}"));
    }
    Ok(kind)
}
