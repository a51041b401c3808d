//! The format of a store, as `meta/format` states it.

use super::{codec, keys};
use crate::ipam::{Error, Result};
use crate::store;

/// The value of `meta/format` during an import, followed by the name of the import.
pub(in crate::ipam) const IMPORTING: &str = "importing ";

/// The state of a store according to `meta/format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// The store was never written.
    Blank,
    /// The store was written by this version or an older one.
    Version(u64),
    /// An import with this name is in progress, or was interrupted.
    Importing(String),
}

/// Reads the value of `meta/format`.
///
/// # Errors
/// Returns [`store::Error::Newer`] or [`store::Error::Corrupt`].
pub(in crate::ipam) fn parse(bytes: Vec<u8>) -> Result<Format> {
    let text = String::from_utf8(bytes).map_err(|_| codec::corrupt(keys::FORMAT, "not a version"))?;
    if let Some(name) = text.strip_prefix(IMPORTING) {
        return Ok(Format::Importing(name.to_owned()));
    }
    match text.parse() {
        Ok(found) if found > codec::VERSION => Err(Error::Store(store::Error::Newer { found, known: codec::VERSION })),
        Ok(found) => Ok(Format::Version(found)),
        Err(_) => Err(codec::corrupt(keys::FORMAT, "not a version")),
    }
}
