//! Ordered keys, transactions, conflicts. A store never knows what a pool is.
//!
//! All of IPAM is written once against [`Tx`]; a store supplies [`Store::write`] and [`Store::read`].
//! Adding a store is one module and one line in [`open`].

pub mod error;

pub use error::Error;

use std::ops::Range;

/// Which end of a range a scan starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// A key and its value.
pub type Entry = (String, Vec<u8>);

/// A view of the store that does not change while it is held.
///
/// Keys are UTF-8 text ordered by their bytes, so that a person can read them in `sqlite3` or `psql`.
pub trait Snapshot {
    /// The value of `key`.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error>;

    /// At most `limit` entries with `range.start <= key < range.end`, in `order`.
    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error>;
}

/// A transaction: a snapshot that can be written to. It sees its own writes.
pub trait Tx: Snapshot {
    /// Sets `key` to `value`.
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error>;

    /// Removes `key`; removing what is not there is not an error.
    fn delete(&mut self, key: &str) -> Result<(), Error>;
}

/// The body of a read.
pub type ReadBody<'a> = dyn FnMut(&mut dyn Snapshot) -> Result<(), Error> + 'a;

/// The body of a write. `Ok(true)` commits, `Ok(false)` rolls back without being an error.
pub type WriteBody<'a> = dyn FnMut(&mut dyn Tx) -> Result<bool, Error> + 'a;

/// A place that keeps entries.
///
/// Calls block; run them off the async threads. Every method may be called from many threads at once.
pub trait Store: Send + Sync {
    /// Runs `body` on a consistent snapshot.
    ///
    /// # Errors
    /// What `body` returned, or [`Error::Unavailable`] when the store cannot be reached.
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error>;

    /// Runs `body` in a serializable transaction and commits it durably before returning.
    ///
    /// A conflict with another writer is not an error: `body` is run again from the start, within a
    /// bounded time, so it must not keep anything from an earlier run.
    ///
    /// # Errors
    /// What `body` returned (nothing was written); [`Error::Unavailable`]: nothing was written;
    /// [`Error::Uncertain`]: the commit may or may not have happened, read before trying again.
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error>;

    /// The place in words, without secrets, for messages and logs.
    fn describe(&self) -> String;
}
