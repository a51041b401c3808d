//! Exports of Infoblox NIOS.

use super::{Inventory, Mistake, SourceFile};

/// Whether the content has this layout.
pub fn recognises(_bytes: &[u8]) -> bool {
    false
}

/// The networks in a file.
pub fn read(_file: &SourceFile<'_>) -> Inventory {
    let unread = Mistake::of_all("this version cannot read files of this source.");
    Inventory { mistakes: vec![unread], ..Inventory::default() }
}
