//! Key-value stores: ordered keys, serializable transactions and conflicts. A store knows nothing about pools or
//! addresses.
//!
//! All of IPAM is written once against [`Tx`]; each store implements [`Store::write`] and [`Store::read`].
//! A new store is one module and one row in [`KINDS`].

mod backoff;
#[cfg(feature = "object-storage")]
pub mod bucket;
pub mod counting;
pub mod error;
pub mod faults;
mod kinds;
pub mod memory;
#[cfg(not(feature = "object-storage"))]
mod no_bucket;
mod open;
pub mod overlay;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(test)]
pub(crate) mod suite;
mod url;
mod written;

#[cfg(feature = "object-storage")]
pub use bucket::BucketObject;
pub use error::Error;
pub use kinds::{KINDS, StoreKind};
#[cfg(not(feature = "object-storage"))]
pub use no_bucket::BucketObject;
pub use open::open;
pub use overlay::Overlay;
pub use url::StoreUrl;
pub use written::Written;

use std::ops::Range;
use std::time::Duration;

/// The end of a range at which a scan starts.
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
/// Keys are UTF-8 text without NUL, ordered by their bytes, so that a person can read them in `sqlite3` or `psql`.
pub trait Snapshot {
    /// The value of `key`.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error>;

    /// The value of each of `keys`, in their order. A store for which each read is a round trip reads many at once.
    fn get_all(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// At most `limit` entries with `range.start <= key < range.end`, in `order`.
    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error>;
}

/// A transaction: a snapshot that can be written to. It sees its own writes.
pub trait Tx: Snapshot {
    /// Sets `key` to `value`.
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error>;

    /// Removes `key`; succeeds when there is no such key.
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
    /// When the connection is lost, `body` runs again from the start on another snapshot, so it must not keep anything
    /// from an earlier run.
    ///
    /// # Errors
    /// The error of `body`, or [`Error::Unavailable`] when the store cannot be reached.
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error>;

    /// Runs `body` in a serializable transaction and commits it durably before returning.
    ///
    /// A conflict with another writer is not an error: `body` runs again from the start, within a bounded time, so it
    /// must not keep anything from an earlier run.
    ///
    /// # Errors
    /// The error of `body`: nothing was written. [`Error::Unavailable`]: nothing was written. [`Error::Uncertain`]: the
    /// commit may or may not have happened; read before trying again.
    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error>;

    /// The location of the store in words, without secrets, for messages and logs.
    fn describe(&self) -> String;

    /// The kind of store, as its URLs begin: `sqlite`, `postgres`, `s3`, ...
    fn kind(&self) -> &'static str;

    /// Other facts about the store, as pairs of a name in snake case and a value, for example the version of a server
    /// or the length of a log. They never include secrets.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be reached.
    fn facts(&self) -> Result<Vec<(&'static str, String)>, Error> {
        Ok(Vec::new())
    }

    /// Removes data that only past states of the store need and that is older than `keep`; `None` for a store without
    /// such data. The result of [`Store::read`] does not change.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::ReadOnly`]. The data that was removed until then is not needed, so the call
    /// can be repeated.
    fn prune(&self, keep: Duration) -> Result<Option<Pruned>, Error> {
        let _ = keep;
        Ok(None)
    }
}

/// The result of [`Store::prune`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Number of objects (files) that were removed.
    pub removed: u64,
    /// Number of objects (files) that are left.
    pub left: u64,
}
