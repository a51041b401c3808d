//! One connection, with its prepared statements and its open transaction.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{join, join_all};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, SimpleQueryMessage, Statement};

use super::cache::Remote;
use super::connect;
use super::failure::{self, Step, Stop};
use super::settings::Settings;
use super::sql::Texts;
use crate::runtime::block_on;
use crate::store::{Entry, Error, Order};

/// The maximum number of entries, and of bytes, that one statement writes.
const WRITES_MAX: usize = 5_000;
const WRITTEN_BYTES_MAX: usize = 8 << 20;

/// The state that all connections of a store share.
pub(super) struct Common {
    pub(super) settings: Settings,
    pub(super) texts: Texts,
    /// The time that a statement may take before the connection counts as lost.
    pub(super) answer_max: Duration,
    pub(super) patience: Duration,
    /// Number of round trips to the server, for all connections together.
    pub(super) round_trips: AtomicU64,
}

/// The numbers in the row of meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) layout: u64,
    pub(super) views: u64,
}

/// Statements that stay prepared while the connection lives.
struct Statements {
    around: Statement,
    page_up: Statement,
    page_down: Statement,
    those: Statement,
}

/// Prepared statements for writing.
struct Writing {
    put: Statement,
    delete: Statement,
}

/// No answer came in time; contains the message.
struct Late(String);

/// A connection. When it is dropped, it ends, and the server rolls back its open transaction.
pub(super) struct Session {
    common: Arc<Common>,
    client: Arc<Client>,
    statements: Option<Statements>,
    writing: Option<Writing>,
    step: Step,
    is_open: bool,
    is_lost: bool,
}

impl Session {
    pub(super) fn connect(common: &Arc<Common>) -> Result<Self, Stop> {
        let client = block_on(connect::connect(&common.settings, common.patience)).map_err(Error::from)??;
        Ok(Self {
            common: Arc::clone(common),
            client: Arc::new(client),
            statements: None,
            writing: None,
            step: Step::Read,
            is_open: false,
            is_lost: false,
        })
    }

    /// Whether the session can be used again.
    pub(super) fn is_usable(&self) -> bool {
        !self.is_lost && !self.is_open && !self.client.is_closed()
    }

    pub(super) fn common(&self) -> &Common {
        &self.common
    }

    /// Waits for an answer, for a bounded time.
    fn answer<T>(
        &mut self,
        question: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<Result<T, tokio_postgres::Error>, Late> {
        self.common.round_trips.fetch_add(1, Ordering::Relaxed);
        let answer_max = self.common.answer_max;
        let outcome = block_on(async { tokio::time::timeout(answer_max, question).await });
        outcome
            .map_err(|error| error.to_string())
            .and_then(|outcome| {
                outcome.map_err(|_| format!("{}: no answer within {answer_max:?}", self.common.settings.describe()))
            })
            .map_err(|why| {
                // The answer may still come, and must not be mistaken for the answer to another statement.
                self.is_lost = true;
                Late(why)
            })
    }

    /// Waits for the answer to anything but a commit.
    fn ask<T>(&mut self, question: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Stop> {
        let outcome = match self.answer(question) {
            Ok(outcome) => outcome.map_err(|error| failure::stop(&error, self.step, &self.common.settings)),
            Err(Late(why)) => Err(Stop::Lost(why)),
        };
        self.is_lost |= matches!(outcome, Err(Stop::Lost(_)));
        outcome
    }

    /// Runs statements without parameters.
    pub(super) fn batch(&mut self, sql: &str, step: Step) -> Result<(), Stop> {
        self.step = step;
        let client = Arc::clone(&self.client);
        self.ask(client.batch_execute(sql))
    }

    /// The first column of all rows of statements without parameters.
    pub(super) fn column(&mut self, sql: &str, step: Step) -> Result<Vec<String>, Stop> {
        self.step = step;
        let client = Arc::clone(&self.client);
        let messages = self.ask(client.simple_query(sql))?;
        let first = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(messages.iter().filter_map(first).collect())
    }
}

/// Transactions.
impl Session {
    pub(super) fn begin_read(&mut self) -> Result<Layout, Stop> {
        let common = Arc::clone(&self.common);
        self.begin(&common.texts.begin_read, Step::Read)
    }

    /// Begins a transaction, and takes the writers' lock.
    pub(super) fn begin_write(&mut self) -> Result<Layout, Stop> {
        let common = Arc::clone(&self.common);
        self.begin(&common.texts.begin_write, Step::Write).map_err(|stop| match stop {
            // The lock reported the conflict: the other transaction is done.
            Stop::Conflict { .. } => Stop::Conflict { waited: true },
            stop => stop,
        })
    }

    fn begin(&mut self, sql: &str, step: Step) -> Result<Layout, Stop> {
        self.step = step;
        self.is_open = true;
        let client = Arc::clone(&self.client);
        let messages = self.ask(client.simple_query(sql))?;
        let numbers = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((row.get(0)?.parse().ok()?, row.get(1)?.parse().ok()?)),
            _ => None,
        });
        let Some((layout, views)) = numbers else {
            let schema = &self.common.settings.schema;
            return Err(Stop::Failed(Error::Corrupt(format!("the table meta in schema {schema:?} has lost its row"))));
        };
        Ok(Layout { layout, views })
    }

    /// Rolls back the open transaction. Does not wait for the answer: the next statement on this connection runs after
    /// it.
    pub(super) fn rollback(&mut self) {
        if std::mem::take(&mut self.is_open)
            && let Some(Err(error)) = self.client.batch_execute("ROLLBACK").now_or_never()
        {
            tracing::debug!(%error, "rolling back failed: the connection is gone");
            self.is_lost = true;
        }
    }

    /// Classifies a failure after the row of meta was read: missing tables existed before, so they are damage.
    fn within(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Missing => {
                let schema = &self.common.settings.schema;
                Stop::Failed(Error::Corrupt(format!("the table entries in schema {schema:?} is missing")))
            }
            stop => stop,
        }
    }

    /// Commits durably.
    pub(super) fn commit(&mut self) -> Result<(), Stop> {
        if self.client.is_closed() {
            self.is_lost = true;
            let server = self.common.settings.describe();
            return Err(Stop::Lost(format!("{server}: the connection ended before the commit")));
        }
        let client = Arc::clone(&self.client);
        let stop = match self.answer(client.batch_execute("COMMIT")) {
            Ok(Ok(())) => {
                self.is_open = false;
                return Ok(());
            }
            Ok(Err(error)) => failure::stop_at_commit(&error, &self.common.settings),
            Err(Late(why)) => Stop::Failed(Error::Uncertain(why)),
        };
        self.is_lost |= matches!(stop, Stop::Lost(_) | Stop::Failed(Error::Uncertain(_)));
        Err(stop)
    }

    /// Sends the writes of a transaction; all that can go together are sent at once.
    pub(super) fn flush(&mut self, writes: BTreeMap<String, Option<Vec<u8>>>) -> Result<(), Stop> {
        self.send_all(writes).map_err(|stop| self.within(stop))
    }

    fn send_all(&mut self, writes: BTreeMap<String, Option<Vec<u8>>>) -> Result<(), Stop> {
        if let Some(key) = writes.keys().find(|key| key.contains('\0')) {
            return Err(Stop::Failed(Error::Corrupt(format!("the key {key:?} cannot be stored: it contains a NUL"))));
        }
        self.prepare_writing()?;
        let mut batch = Batch::default();
        for (key, write) in writes {
            if batch.is_full() {
                self.send(std::mem::take(&mut batch))?;
            }
            batch.add(key, write);
        }
        self.send(batch)
    }

    fn send(&mut self, batch: Batch) -> Result<(), Stop> {
        let Some(Writing { put, delete }) = &self.writing else { return Ok(()) };
        let (put, delete) = (put.clone(), delete.clone());
        let client = Arc::clone(&self.client);
        self.ask(async move {
            let puts: [&(dyn ToSql + Sync); 2] = [&batch.keys, &batch.values];
            let deletes: [&(dyn ToSql + Sync); 1] = [&batch.deletions];
            let put = async { if batch.keys.is_empty() { Ok(0) } else { client.execute(&put, &puts).await } };
            let delete =
                async { if batch.deletions.is_empty() { Ok(0) } else { client.execute(&delete, &deletes).await } };
            let (put, delete) = join(put, delete).await;
            put.and(delete).map(|_| ())
        })
    }

    fn prepare_writing(&mut self) -> Result<(), Stop> {
        if self.writing.is_none() {
            let texts = &Arc::clone(&self.common).texts;
            let [put, delete] = self.prepared([&texts.put, &texts.delete])?;
            self.writing = Some(Writing { put, delete });
        }
        Ok(())
    }

    /// Prepares several statements in one round trip.
    fn prepared<const N: usize>(&mut self, texts: [&String; N]) -> Result<[Statement; N], Stop> {
        let client = Arc::clone(&self.client);
        let prepared = self.ask(first_failure(texts.iter().map(|text| client.prepare(text))))?;
        prepared.try_into().map_err(|_| Stop::Lost("the server prepared something else".to_owned()))
    }

    fn entries(
        &mut self,
        choose: impl Fn(&Statements) -> &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Entry>, Stop> {
        let statement = match &self.statements {
            Some(statements) => choose(statements).clone(),
            None => {
                let texts = &Arc::clone(&self.common).texts;
                let [around, page_up, page_down, those] =
                    self.prepared([&texts.around, &texts.page_up, &texts.page_down, &texts.those])?;
                choose(self.statements.insert(Statements { around, page_up, page_down, those })).clone()
            }
        };
        let client = Arc::clone(&self.client);
        let rows = self.ask(client.query(&statement, parameters))?;
        let entry = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(entry).collect::<Result<_, _>>().map_err(|error: tokio_postgres::Error| {
            let schema = &self.common.settings.schema;
            Stop::Failed(Error::Corrupt(format!(
                "the table entries in schema {schema:?} is a different table: {error}"
            )))
        })
    }
}

/// Waits for the answers to statements that are sent together. Returns the failure of the first statement that failed:
/// the server refuses each later one only because the transaction is aborted, and the driver may hand over that answer
/// first.
async fn first_failure<T, E>(
    statements: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
) -> Result<Vec<T>, E> {
    join_all(statements).await.into_iter().collect()
}

/// Writes to send, in the form that the statements take.
#[derive(Default)]
struct Batch {
    keys: Vec<String>,
    values: Vec<Vec<u8>>,
    deletions: Vec<String>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, key: String, write: Option<Vec<u8>>) {
        self.bytes += key.len() + write.as_ref().map_or(0, Vec::len);
        match write {
            Some(value) => {
                self.keys.push(key);
                self.values.push(value);
            }
            None => self.deletions.push(key),
        }
    }

    fn is_full(&self) -> bool {
        self.keys.len() + self.deletions.len() >= WRITES_MAX || self.bytes >= WRITTEN_BYTES_MAX
    }
}

/// The open transaction, as the remote snapshot of the cache. It keeps the first failure, because a body may turn it
/// into an error of its own.
pub(super) struct RemoteSnapshot<'a> {
    session: &'a mut Session,
    failure: Option<Stop>,
}

impl<'a> RemoteSnapshot<'a> {
    pub(super) fn new(session: &'a mut Session) -> Self {
        Self { session, failure: None }
    }

    /// The reason why the transaction cannot be used any more, if there is one.
    pub(super) fn failure(self) -> Result<(), Stop> {
        self.failure.map_or(Ok(()), |stop| Err(self.session.within(stop)))
    }

    fn note(&mut self, outcome: Result<Vec<Entry>, Stop>) -> Result<Vec<Entry>, Error> {
        outcome.map_err(|stop| {
            let error = match &stop {
                Stop::Failed(error) => error.clone(),
                Stop::Lost(why) => Error::Unavailable(why.clone()),
                // A user never sees this error, because the body runs again.
                other => Error::Unavailable(format!("{other:?}")),
            };
            self.failure.get_or_insert(stop);
            error
        })
    }
}

impl Remote for RemoteSnapshot<'_> {
    fn page(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters: [&(dyn ToSql + Sync); 3] = [&range.start, &range.end, &limit];
        let outcome = match order {
            Order::Ascending => self.session.entries(|statements| &statements.page_up, &parameters),
            Order::Descending => self.session.entries(|statements| &statements.page_down, &parameters),
        };
        self.note(outcome)
    }

    fn around(&mut self, key: &str) -> Result<Vec<Entry>, Error> {
        let outcome = self.session.entries(|statements| &statements.around, &[&key]);
        self.note(outcome)
    }

    fn those(&mut self, keys: &[String]) -> Result<Vec<Entry>, Error> {
        let outcome = self.session.entries(|statements| &statements.those, &[&keys]);
        self.note(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_failures_the_first_statement_s_is_reported_even_when_its_answer_comes_last() {
        let answer = |polls: usize, failure: &'static str| {
            let mut left = polls;
            std::future::poll_fn(move |context| {
                context.waker().wake_by_ref();
                left = left.saturating_sub(1);
                if left == 0 { std::task::Poll::Ready(Err::<(), _>(failure)) } else { std::task::Poll::Pending }
            })
        };
        let statements = [answer(3, "no such table"), answer(1, "transaction is aborted")];
        assert_eq!(block_on(first_failure(statements)).unwrap(), Err("no such table"));
    }
}
