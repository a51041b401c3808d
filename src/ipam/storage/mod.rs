//! The layout of a store: keys, the encoding of records, and the entries that follow from a record.

pub(super) mod codec;
pub(super) mod counters;
pub(super) mod discovery_keys;
pub(super) mod format;
pub(super) mod index;
pub(super) mod keys;
pub(super) mod names;
