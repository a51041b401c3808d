//! The state of a configuration that writes its blocks by hand.

use super::{Inventory, SourceFile};

/// The attributes that hold blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<String>);

/// Whether the content has this layout.
pub fn recognises(_bytes: &[u8]) -> bool {
    false
}

/// The networks in a state.
pub fn read(_file: &SourceFile<'_>, _attributes: &Attributes) -> Inventory {
    Inventory::default()
}
