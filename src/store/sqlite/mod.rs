//! A store in one SQLite file, which several processes may use at the same time.
//!
//! Writes take SQLite's write lock before they read (`BEGIN IMMEDIATE`), so they are serializable and never need to run
//! again. Reads use connections of their own and see the last commit before they began (WAL).

mod location;
mod schema;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row};

use self::location::{Fingerprint, Identity};
use self::schema::Content;
use super::backoff::{Backoff, PATIENCE};
use super::{Entry, Error, Order, ReadBody, Snapshot, Store, StoreUrl, Tx, WriteBody};

/// Connections kept open for reads; more are opened when more threads read at once.
const IDLE_READERS_MAX: usize = 4;

/// The maximum size of the page cache of a connection.
const CACHE_KIB: i64 = 32 * 1024;

/// A store in one file. The file appears with the first write; until then the store reads as empty.
pub struct Sqlite {
    path: PathBuf,
    patience: Duration,
    /// Limits the size of the file in pages, for tests of a full disk.
    page_count_max: Option<u32>,
    writer: Mutex<Option<Open>>,
    readers: Mutex<Vec<Open>>,
}

/// A connection, and the identity of the file that it was opened on: the path may lead to another file later.
struct Open {
    connection: Connection,
    identity: Option<Identity>,
    /// The fingerprint of a file that was opened as one without writers.
    sealed: Option<Fingerprint>,
}

/// The reason why a step failed.
enum Stop {
    /// Another connection was in the way: try again.
    Busy,
    /// Any other error.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Sqlite {
    /// The store in `path`, relative to the present working directory. Does not touch the file system.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no working directory.
    pub fn new(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = std::path::absolute(path.as_ref())
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.as_ref().display())))?;
        Ok(Self {
            path,
            patience: PATIENCE,
            page_count_max: None,
            writer: Mutex::new(None),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// The store at `sqlite:ipam.db`, `sqlite:/abs/ipam.db` or `sqlite:///abs/ipam.db`, with an optional
    /// `?busy_timeout=30s`.
    ///
    /// # Errors
    /// [`Error::Url`] with the mistake.
    pub fn from_url(url: &StoreUrl) -> Result<Self, Error> {
        let location = location::parse(url)?;
        let store = Self::new(location.path)?;
        Ok(Self { patience: location.busy_timeout.unwrap_or(PATIENCE), ..store })
    }

    fn open(&self, flags: OpenFlags) -> Result<Open, Stop> {
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|error| self.cannot_open(&error))?;
        let identity = Identity::of(&self.path);
        connection.set_prepared_statement_cache_capacity(32);
        // Otherwise every scan is prepared again, because its plan could depend on the bounds of the range.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|error| self.stop(&error))?;
        // This is short, because Backoff does most of the waiting, with jitter.
        connection.busy_timeout(Duration::from_millis(20)).map_err(|error| self.stop(&error))?;
        Ok(Open { connection, identity, sealed: None })
    }

    fn cannot_open(&self, error: &rusqlite::Error) -> Stop {
        match location::why_not(&self.path) {
            Some(reason) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => Stop::Failed(reason),
            _ => self.stop(error),
        }
    }

    /// Classifies an error of SQLite by what the caller can conclude from it, at any time except during the commit.
    fn stop(&self, error: &rusqlite::Error) -> Stop {
        let path = self.path.display();
        Stop::Failed(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => return Stop::Busy,
            Some(ErrorCode::ReadOnly) if moved(error) => {
                Error::Unavailable(format!("{path} was deleted or replaced while in use"))
            }
            Some(ErrorCode::ReadOnly) => Error::ReadOnly(format!("{path} cannot be written: {error}")),
            Some(ErrorCode::NotADatabase) => Error::Corrupt(format!("{path} is not an SQLite database")),
            Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt(format!("{path}: {error}")),
            Some(ErrorCode::DiskFull) => Error::Unavailable(format!("the disk is full: {path}")),
            _ => Error::Unavailable(format!("{path}: {error}")),
        })
    }

    fn error(&self, error: &rusqlite::Error) -> Error {
        match self.stop(error) {
            Stop::Busy => Error::Busy(format!("{:?} ({})", self.patience, self.describe())),
            Stop::Failed(error) => error,
        }
    }

    /// Repeats `step` while other connections are in the way, until the patience of the caller is used up.
    fn persist<T>(&self, backoff: &mut Backoff, mut step: impl FnMut() -> Result<T, Stop>) -> Result<T, Error> {
        loop {
            match step() {
                Ok(value) => return Ok(value),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Busy) => backoff.wait(&self.describe())?,
            }
        }
    }
}

/// Whether the path does not lead to the file of the connection any more (`SQLITE_READONLY_DBMOVED`).
fn moved(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.extended_code == rusqlite::ffi::SQLITE_READONLY_DBMOVED)
}

/// Writes.
impl Sqlite {
    /// Opens the writer's connection if there is none, and begins a transaction on a file of this program.
    fn begin_write(&self, slot: &mut Option<Open>) -> Result<(), Stop> {
        if slot.as_ref().is_some_and(|open| open.identity != Identity::of(&self.path)) {
            *slot = None;
        }
        let open = match slot {
            Some(open) => open,
            None => slot.insert(self.open_writer()?),
        };
        let begun = self.begin_immediate(&open.connection);
        if begun.is_err() && !open.connection.is_autocommit() {
            // Closing the connection rolls back.
            *slot = None;
        }
        begun
    }

    fn open_writer(&self) -> Result<Open, Stop> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        location::make_private(&self.path);
        let open = self.open(flags)?;
        let connection = &open.connection;
        let stop = |error: rusqlite::Error| self.stop(&error);
        // Check that the file belongs to this program, before anything that could change it.
        let content = schema::content(connection).map_err(stop)?;
        content.refuse(&self.path)?;
        if content == Content::Blank {
            connection
                .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
                .map_err(|error| self.not_writable(&error))?;
        }
        connection.pragma_update(None, "synchronous", "FULL").map_err(stop)?;
        // The limit of the page cache in KiB, which fills as pages are read. With SQLite's default of 2 MiB, not even
        // the inner nodes of a store with a million allocations stay in the cache.
        connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(stop)?;
        // Only macOS has this pragma: there, FULL alone does not reach the disk.
        connection.pragma_update(None, "fullfsync", true).map_err(stop)?;
        if let Some(pages) = self.page_count_max {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(stop)?;
        }
        Ok(open)
    }

    fn begin_immediate(&self, connection: &Connection) -> Result<(), Stop> {
        let stop = |error: rusqlite::Error| self.not_writable(&error);
        connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).map_err(stop)?;
        let content = schema::content_in_transaction(connection).map_err(stop)?;
        content.refuse(&self.path)?;
        if content == Content::Blank {
            schema::create(connection).map_err(stop)?;
        }
        Ok(())
    }

    /// [`Self::stop`] for a connection that is open: if anything cannot be opened then, it is the files next to the
    /// database.
    fn not_writable(&self, error: &rusqlite::Error) -> Stop {
        if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) {
            let path = self.path.display();
            return Stop::Failed(Error::ReadOnly(format!("the files {path}-wal and {path}-shm cannot be created")));
        }
        self.stop(error)
    }

    /// Commits the writes of `body`. The caller rolls back when this fails.
    fn commit(&self, connection: &Connection, backoff: &mut Backoff) -> Result<(), Error> {
        self.persist(backoff, || {
            let outcome = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
            outcome.map(|_| ()).map_err(|error| match error.sqlite_error_code() {
                // These errors happen before the commit record is written.
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull) => self.stop(&error),
                _ => Stop::Failed(Error::Uncertain(format!("{}: {error}", self.path.display()))),
            })
        })
    }
}

/// Rolls back unless a commit succeeded, also after a panic in the body.
struct Rollback<'a>(&'a Connection);

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "rolling back failed; SQLite does it when the connection closes");
        }
    }
}

/// Reads.
impl Sqlite {
    /// A connection with a read transaction on a file of this program; `None` when there is nothing to read.
    fn begin_read(&self) -> Result<Option<Open>, Stop> {
        let identity = Identity::of(&self.path);
        let pooled = {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            readers.retain(|open| open.identity == identity);
            readers.pop()
        };
        let open = match pooled {
            Some(open) => open,
            None if !self.path.exists() => return location::absent(&self.path).map(|()| None).map_err(Stop::from),
            None => self.open_reader()?,
        };
        open.connection
            .prepare_cached("BEGIN DEFERRED")
            .and_then(|mut begin| begin.execute([]))
            .map_err(|error| self.stop(&error))?;
        let content = schema::content_in_transaction(&open.connection).map_err(|error| self.stop(&error))?;
        content.refuse(&self.path)?;
        Ok((content == Content::Ours).then_some(open))
    }

    /// Opens for writing where that is allowed: the last connection to close cleans up the file, and only a writing
    /// connection can. Where it is not allowed, SQLite itself opens read-only.
    fn open_reader(&self) -> Result<Open, Stop> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let open = self.open(flags)?;
        match schema::content(&open.connection) {
            Err(error) if location::is_sealed(&self.path, &error) => self.open_sealed(),
            Err(error) => Err(self.stop(&error)),
            Ok(_) => {
                open.connection.pragma_update(None, "query_only", true).map_err(|error| self.stop(&error))?;
                Ok(open)
            }
        }
    }

    /// In a directory that cannot be written, SQLite cannot coordinate with writers, so it must be opened as a file
    /// without writers.
    fn open_sealed(&self) -> Result<Open, Stop> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let sealed = Fingerprint::of(&self.path);
        let connection = Connection::open_with_flags(location::immutable_uri(&self.path), flags)
            .map_err(|error| self.cannot_open(&error))?;
        Ok(Open { connection, identity: None, sealed })
    }

    fn return_reader(&self, open: Open) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS_MAX {
            readers.push(open);
        }
    }
}

impl Store for Sqlite {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        let mut backoff = Backoff::new(self.patience);
        let Some(open) = self.persist(&mut backoff, || self.begin_read())? else {
            return body(&mut Nothing);
        };
        let outcome = {
            let rollback = Rollback(&open.connection);
            body(&mut SqliteSnapshot { store: self, connection: rollback.0 })
        };
        if open.sealed.is_some() {
            // The connection is not reused: the next read looks at the file as it is then.
            if open.sealed != Fingerprint::of(&self.path) {
                return Err(Error::Unavailable(format!("{} changed while it was read", self.path.display())));
            }
        } else if open.connection.is_autocommit() {
            self.return_reader(open);
        }
        outcome
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        let mut backoff = Backoff::new(self.patience);
        // A panic under the lock leaves a connection that Rollback has cleaned up.
        let mut slot = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.persist(&mut backoff, || self.begin_write(&mut slot))?;
        let Some(open) = slot.as_ref() else {
            return Err(Error::Unavailable(format!("{} was closed", self.path.display())));
        };
        let rollback = Rollback(&open.connection);
        let outcome = match body(&mut SqliteSnapshot { store: self, connection: rollback.0 }) {
            Ok(true) => self.commit(rollback.0, &mut backoff),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        drop(rollback);
        // After a failure, the next write starts from the state on the disk.
        if matches!(outcome, Err(Error::Uncertain(_) | Error::Corrupt(_))) || !open.connection.is_autocommit() {
            *slot = None;
        }
        outcome
    }

    fn describe(&self) -> String {
        format!("SQLite file {}", self.path.display())
    }

    fn kind(&self) -> &'static str {
        "sqlite"
    }
}

/// The content of a store without a file.
struct Nothing;

impl Snapshot for Nothing {
    fn get(&mut self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn scan(&mut self, _: Range<&str>, _: Order, _: usize) -> Result<Vec<Entry>, Error> {
        Ok(Vec::new())
    }
}

/// The transaction that is open on a connection.
struct SqliteSnapshot<'a> {
    store: &'a Sqlite,
    connection: &'a Connection,
}

impl Snapshot for SqliteSnapshot<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.connection
            .prepare_cached("SELECT value FROM entries WHERE key = ?1")
            .and_then(|mut select| select.query_row([key], |row| bytes(row, 0)).optional())
            .map_err(|error| self.store.error(&error))
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        let sql = match order {
            Order::Ascending => "SELECT key, value FROM entries WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
            Order::Descending => {
                "SELECT key, value FROM entries WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3"
            }
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached(sql)
            .and_then(|mut select| {
                let rows =
                    select.query_map((range.start, range.end, limit), |row| Ok((row.get(0)?, bytes(row, 1)?)))?;
                rows.collect()
            })
            .map_err(|error| self.store.error(&error))
    }
}

/// A value: text as this program writes JSON, or a blob for a value that is not UTF-8.
fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
        other => Err(rusqlite::Error::InvalidColumnType(column, "value".to_owned(), other.data_type())),
    }
}

impl Tx for SqliteSnapshot<'_> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error> {
        self.connection
            .prepare_cached(
                "INSERT INTO entries (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .and_then(|mut upsert| match std::str::from_utf8(&value) {
                Ok(text) => upsert.execute((key, text)),
                Err(_) => upsert.execute((key, &value)),
            })
            .map(|_| ())
            .map_err(|error| self.store.error(&error))
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        self.connection
            .prepare_cached("DELETE FROM entries WHERE key = ?1")
            .and_then(|mut delete| delete.execute([key]))
            .map(|_| ())
            .map_err(|error| self.store.error(&error))
    }
}
