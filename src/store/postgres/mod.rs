//! A store in a PostgreSQL database, which many processes may use at the same time.
//!
//! Writes are serializable. Each write takes one row first, so that it meets other writers before it has done any work,
//! and not at its commit. Reads see the last commit before they began. All writes of a transaction stay in memory until
//! its end and are sent in few statements. Its reads are cached, because each query is a round trip.

mod cache;
mod connect;
mod failure;
mod layout;
mod location;
mod parameters;
mod passfile;
mod session;
mod settings;
mod sql;
mod sqlstate;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::cache::Cached;
use self::failure::{Step, Stop};
use self::session::{Common, RemoteSnapshot, Session};
use self::settings::{Lookup, Settings};
use self::sql::Texts;
use super::backoff::{Backoff, PATIENCE};
use super::{Error, Overlay, ReadBody, Snapshot, Store, StoreUrl, WriteBody};

/// The maximum number of connections for reads, unless no connection is returned for a while.
const READERS_MAX: usize = 4;
/// The time that a read waits for a connection to be returned before it opens one more.
const READER_WAIT: Duration = Duration::from_secs(1);
/// The time that is added to the patience for the answer of a server, which gives up by itself earlier.
const ANSWER_MARGIN: Duration = Duration::from_secs(10);

/// A store in one schema of a database. The first write creates the schema; until then the store reads as empty.
pub struct Postgres {
    common: Arc<Common>,
    writer: Mutex<Writer>,
    readers: Mutex<Readers>,
    /// Notified when a reader returns its connection.
    returned: Condvar,
    /// Whether there ever was a connection: then it makes sense to wait for the server to come back.
    was_connected: AtomicBool,
    /// Whether this process has tried to bring the views up to date.
    views_tried: AtomicBool,
}

#[derive(Default)]
struct Writer {
    session: Option<Session>,
    habits: Habits,
}

/// The keys that writes read first: most writes begin with the same reads, which are then sent all at once.
#[derive(Default)]
struct Habits {
    /// Keys that the last write read.
    last: BTreeSet<String>,
    /// Keys that both of the last two writes read.
    twice: Vec<String>,
}

impl Habits {
    fn note(&mut self, asked: BTreeSet<String>) {
        self.twice = self.last.intersection(&asked).cloned().collect();
        self.last = asked;
    }
}

#[derive(Default)]
struct Readers {
    idle: Vec<Session>,
    /// Number of connections in use.
    lent: usize,
}

impl Postgres {
    /// The store at `postgres://user:password@host:5432,host2/database?sslmode=verify-full&schema=ipam`, with libpq's
    /// environment variables. Does not connect.
    ///
    /// # Errors
    /// [`Error::Url`] with the mistake, but never with a value.
    pub fn from_url(url: &StoreUrl) -> Result<Self, Error> {
        Self::new(url, &|name| std::env::var(name).ok())
    }

    fn new(url: &StoreUrl, lookup: Lookup<'_>) -> Result<Self, Error> {
        Ok(Self::with(Settings::new(url, lookup)?, PATIENCE))
    }

    fn with(settings: Settings, patience: Duration) -> Self {
        let texts = Texts::new(&settings.schema);
        let answer_max = patience + ANSWER_MARGIN;
        Self {
            common: Arc::new(Common { settings, texts, answer_max, patience, round_trips: AtomicU64::new(0) }),
            writer: Mutex::default(),
            readers: Mutex::default(),
            returned: Condvar::new(),
            was_connected: AtomicBool::new(false),
            views_tried: AtomicBool::new(false),
        }
    }

    fn connect(&self) -> Result<Session, Stop> {
        let session = Session::connect(&self.common)?;
        self.was_connected.store(true, Ordering::Relaxed);
        Ok(session)
    }

    /// Runs `step` again while that makes sense and the patience lasts.
    fn persist(&self, mut step: impl FnMut() -> Result<(), Stop>) -> Result<(), Error> {
        let mut backoff = Backoff::new(self.common.patience);
        loop {
            let server = || self.describe();
            match step() {
                Ok(()) => return Ok(()),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Conflict { waited: true } | Stop::Missing | Stop::MadeTwice) => backoff.go_on(&server())?,
                Err(Stop::Conflict { waited: false }) => backoff.wait(&server())?,
                Err(Stop::Lost(why)) => {
                    if !self.was_connected.load(Ordering::Relaxed) || backoff.wait(&server()).is_err() {
                        return Err(Error::Unavailable(why));
                    }
                    tracing::debug!(why, "connecting again");
                }
            }
        }
    }
}

/// Writes.
impl Postgres {
    fn write_once(&self, writer: &mut Writer, body: &mut WriteBody<'_>) -> Result<(), Stop> {
        // The session is taken out: if the body panics, the connection ends and the server rolls back.
        let mut session = match writer.session.take().filter(Session::is_usable) {
            Some(session) => session,
            None => self.connect()?,
        };
        let outcome = self.transact(&mut session, &mut writer.habits, body);
        session.rollback();
        writer.session = Some(session).filter(Session::is_usable);
        outcome
    }

    fn transact(&self, session: &mut Session, habits: &mut Habits, body: &mut WriteBody<'_>) -> Result<(), Stop> {
        self.begin_write(session)?;
        let mut cached = Cached::new(RemoteSnapshot::new(session));
        // The view keeps a failure, which is reported below.
        let _ = cached.prefetch(&habits.twice);
        let mut tx = Overlay::new(&mut cached);
        let answer = body(&mut tx);
        let writes = tx.into_writes();
        let writes = cached.without_idle(writes);
        habits.note(cached.asked());
        cached.into_remote().failure()?;
        if !answer? || writes.is_empty() {
            return Ok(());
        }
        session.flush(writes)?;
        session.commit()
    }

    /// Begins a write, on tables that belong to this program and are up to date.
    fn begin_write(&self, session: &mut Session) -> Result<(), Stop> {
        let found = match session.begin_write() {
            Err(Stop::Missing) => {
                session.rollback();
                layout::create(session)?;
                return Err(Stop::Conflict { waited: true });
            }
            outcome => outcome?,
        };
        layout::check(found)?;
        if found.layout < layout::newest() {
            layout::upgrade(session, found.layout, layout::MIGRATIONS)?;
            session.commit()?;
            return Err(Stop::Conflict { waited: true });
        }
        if found.views < layout::VIEWS && !self.views_tried.swap(true, Ordering::Relaxed) {
            session.rollback();
            layout::make_views(session)?;
            return Err(Stop::Conflict { waited: true });
        }
        Ok(())
    }
}

/// Reads.
impl Postgres {
    fn read_once(&self, body: &mut ReadBody<'_>) -> Result<(), Stop> {
        let mut lease = self.lend()?;
        let Some(session) = lease.session.as_mut() else { return Ok(()) };
        let outcome = match session.begin_read() {
            Err(Stop::Missing) => {
                session.rollback();
                return body(&mut Nothing).map_err(Stop::Failed);
            }
            Err(stop) => Err(stop),
            Ok(found) => layout::check(found).and_then(|()| {
                let mut cached = Cached::new(RemoteSnapshot::new(session));
                let answer = body(&mut cached);
                cached.into_remote().failure()?;
                answer.map_err(Stop::Failed)
            }),
        };
        if let Some(session) = lease.session.as_mut() {
            session.rollback();
        }
        outcome
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        // The state under this lock is always consistent.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A free connection, or a new one.
    fn lend(&self) -> Result<Lease<'_>, Stop> {
        let mut readers = self.readers();
        if readers.lent >= READERS_MAX {
            // The wait is bounded: a read inside a read would wait for itself.
            let full = |readers: &mut Readers| readers.lent >= READERS_MAX;
            let waited = self.returned.wait_timeout_while(readers, READER_WAIT, full);
            readers = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        readers.lent += 1;
        let idle = loop {
            match readers.idle.pop() {
                Some(session) if !session.is_usable() => {}
                idle => break idle,
            }
        };
        drop(readers);
        let mut lease = Lease { store: self, session: idle };
        if lease.session.is_none() {
            lease.session = Some(self.connect()?);
        }
        Ok(lease)
    }
}

/// A reader's connection, which is returned when it can still be used.
struct Lease<'a> {
    store: &'a Postgres,
    session: Option<Session>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut readers = self.store.readers();
        readers.lent -= 1;
        let session = self.session.take().filter(Session::is_usable);
        if let Some(session) = session
            && readers.idle.len() < READERS_MAX
        {
            readers.idle.push(session);
        }
        self.store.returned.notify_one();
    }
}

impl Store for Postgres {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.persist(|| self.read_once(body))
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        // After a panic under the lock, there is no connection left.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.persist(|| self.write_once(&mut writer, body))
    }

    fn describe(&self) -> String {
        self.common.settings.describe()
    }

    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn facts(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let texts = &self.common.texts;
        let questions = [
            ("server_version", "SHOW server_version"),
            ("entries_size_bytes", &texts.size),
            ("commits", &texts.generation),
        ];
        let mut facts = Vec::new();
        self.persist(|| {
            facts = vec![("schema", self.common.settings.schema.clone())];
            let mut lease = self.lend()?;
            let Some(session) = lease.session.as_mut() else { return Ok(()) };
            for (name, question) in questions {
                match session.column(question, Step::Read) {
                    Ok(answer) => facts.extend(answer.into_iter().next().map(|answer| (name, answer))),
                    Err(Stop::Lost(why)) => return Err(Stop::Lost(why)),
                    // Either nothing was written yet, or the database engine does not have these statistics.
                    Err(stop) => tracing::debug!(?stop, name, "a fact is not known"),
                }
            }
            Ok(())
        })?;
        Ok(facts)
    }
}

/// The content of a store without tables.
struct Nothing;

impl Snapshot for Nothing {
    fn get(&mut self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn scan(&mut self, _: std::ops::Range<&str>, _: super::Order, _: usize) -> Result<Vec<super::Entry>, Error> {
        Ok(Vec::new())
    }
}
