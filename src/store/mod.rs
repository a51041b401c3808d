//! Key-value stores: ordered keys, serializable transactions and conflicts. A store knows nothing about pools or
//! addresses.
//!
//! All of IPAM is written once against [`Tx`]; each store implements [`Store::write`] and [`Store::read`].
//! A new store is one module and one line in [`open`].

mod backoff;
#[cfg(feature = "object-storage")]
pub mod bucket;
pub mod counting;
pub mod error;
pub mod faults;
pub mod memory;
pub mod overlay;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(test)]
pub(crate) mod suite;
mod url;

pub use error::Error;
pub use overlay::Overlay;
pub use url::StoreUrl;

use std::ops::Range;
use std::sync::Arc;
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

/// The URLs that [`open`] accepts, for messages.
const KNOWN: &str = "\"sqlite:<path>\" (a file), \"postgres://<user>@<host>/<database>\", \"s3://\", \"gs://\" and \
                     \"az://<bucket>/<prefix>\" (a bucket), and \"file:///<directory>\"";

/// Opens the store at `url`: `sqlite:ipam.db`, `sqlite:/var/lib/ipam.db`, `s3://bucket/prefix` (also `gs`, `az`),
/// `file:///directory`, `postgres://user@host/database`, `memory:` (a new store), `memory:<name>` (shared by all
/// callers in this process that use the name). Nothing is opened or created before the first read or write.
///
/// # Errors
/// [`Error::Url`] when the URL does not name a store that this build supports.
pub fn open(url: &StoreUrl) -> Result<Arc<dyn Store>, Error> {
    let scheme = url.scheme();
    match scheme.as_deref() {
        #[cfg(feature = "sqlite")]
        Some("sqlite") => Ok(Arc::new(sqlite::Sqlite::from_url(url)?)),
        #[cfg(not(feature = "sqlite"))]
        Some("sqlite") => {
            Err(Error::Url("This build does not support SQLite: it was built without the feature sqlite.".into()))
        }
        Some("memory") => open_memory(url),
        #[cfg(feature = "object-storage")]
        Some("s3" | "gs" | "az" | "file") => Ok(Arc::new(bucket::Bucket::from_url(url)?)),
        #[cfg(not(feature = "object-storage"))]
        Some("s3" | "gs" | "az" | "file") => Err(Error::Url(
            "This build does not support object storage: it was built without the feature object-storage.".into(),
        )),
        #[cfg(feature = "postgres")]
        Some("postgres" | "postgresql") => Ok(Arc::new(postgres::Postgres::from_url(url)?)),
        #[cfg(not(feature = "postgres"))]
        Some("postgres" | "postgresql") => {
            Err(Error::Url("This build does not support PostgreSQL: it was built without the feature postgres.".into()))
        }
        Some("aws-ipam") => Err(Error::Url(format!(
            "AWS keeps \"aws-ipam\": inspect it with the AWS console or `aws ec2 describe-ipam-pools`. This command \
             works on the stores {KNOWN}."
        ))),
        Some(scheme) if !url.rest().is_empty() => Err(Error::Url(format!(
            "The store URL starts with \"{scheme}:\", which is not a kind of store. The kinds of stores are: {KNOWN}."
        ))),
        // Any part of this text may be a secret.
        _ => Err(Error::Url(format!(
            "The store URL does not start with a kind of store. The kinds of stores are: {KNOWN}. For a SQLite file \
             write \"sqlite:\" in front of its path."
        ))),
    }
}

fn open_memory(url: &StoreUrl) -> Result<Arc<dyn Store>, Error> {
    match url.rest() {
        "" => Ok(Arc::new(memory::Memory::default())),
        name if name.contains(['/', '?', '#', '@']) => {
            Err(Error::Url(format!("The store URL {url} is not \"memory:\" or \"memory:<name>\".")))
        }
        name => Ok(memory::Memory::shared(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sqlite")]
    fn refusal(url: &str) -> String {
        match open(&StoreUrl::new(url)) {
            Err(Error::Url(text)) => text,
            Err(other) => panic!("{url}: {other}"),
            Ok(store) => panic!("{url} was opened: {}", store.describe()),
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn urls_that_do_not_name_a_store_are_refused_with_the_reason() {
        for (url, words) in [
            ("postgres://me:s3cret@db/ipam?s3cret", "PostgreSQL"),
            ("s3:///prefix", "does not name a bucket"),
            ("file:var/lib/ipam", "\"file:///path/of/directory\""),
            ("aws-ipam", "AWS keeps \"aws-ipam\": inspect it with the AWS console"),
            ("aws-ipam", "works on the stores \"sqlite:<path>\""),
            ("mysql://me:s3cret@db/ipam", "The store URL starts with \"mysql:\", which is not a kind of store"),
            ("ipam.db", "does not start with a kind of store"),
            ("s3cret", "write \"sqlite:\" in front of its path"),
            ("vault:s3cret", "\"vault:\", which is not a kind of store"),
            ("jdbc:postgresql://db/x;user=me;pwd=s3cret", "\"jdbc:\", which is not a kind of store"),
            ("sqlite:ipam.db?s3cret=1", "a parameter that SQLite stores do not have"),
            ("sqlite:", "does not say where"),
            ("./ipam.db", "does not start with a kind of store"),
            ("", "does not start with a kind of store"),
            ("memory:a/b", "not \"memory:\" or \"memory:<name>\""),
            ("sqlite:ipam.db?mode=ro", "(busy_timeout)"),
            ("sqlite:ipam.db?busy_timeout", "not a duration such as 30s"),
            ("sqlite:ipam.db?busy_timeout=soon", "busy_timeout"),
            ("sqlite://host/ipam.db", "names a host"),
            ("sqlite::memory:", "write \"memory:\""),
            ("sqlite:~/ipam.db", "~"),
        ] {
            let text = refusal(url);
            assert!(text.contains(words), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn a_named_memory_is_the_same_store_for_all_callers() {
        let (a, b) = (StoreUrl::new("memory:one-name"), StoreUrl::new("memory:one-name"));
        open(&a).unwrap().write(&mut |tx| tx.put("k", b"v".to_vec()).map(|()| true)).unwrap();
        let mut found = None;
        open(&b).unwrap().read(&mut |snapshot| snapshot.get("k").map(|value| found = value)).unwrap();
        assert_eq!(found.as_deref(), Some(&b"v"[..]));
        let mut other = Some(Vec::new());
        open(&StoreUrl::new("memory:")).unwrap().read(&mut |s| s.get("k").map(|value| other = value)).unwrap();
        assert_eq!(other, None);
    }
}
