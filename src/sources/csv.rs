//! CSV with a header, whose columns the caller names.

use super::{Inventory, SourceFile};

/// The names of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<(String, String)>);

/// The networks in a table.
pub fn read(_file: &SourceFile<'_>, _columns: &Columns) -> Inventory {
    Inventory::default()
}
