//! A store in a bucket or in a directory: a log of commits.
//!
//! Commit `n` is the object `log/<20 digits>`, written with *create if absent*: of two writers one wins, and the other
//! reads the commit that won, runs its body again on top, and tries `n + 1`. The store needs no other coordination. The
//! state is in memory: a checkpoint, and the commits after it. So a commit costs one request, and a read costs one
//! request too, which asks whether there is a commit after the last known one.
//!
//! | object | content |
//! |---|---|
//! | `format` | the version; creating it twice proves that the bucket honours create-if-absent |
//! | `log/<n>` | commit `n`, with the id of the commit before it |
//! | `checkpoint/<n>` | all entries after commit `n` |
//! | `pruned/<n>` | a mark: commits before `n` may have been removed |
//! | `clock` | exists for a moment while pruning, to read the clock of the bucket |
//!
//! # Why a position may be trusted
//!
//! A handle that knows commits up to `n` asks for `log/<n + 1>`. A missing object means that the handle is up to date
//! only if no process has *removed* that object; and after a removal, creating it would succeed in the middle of
//! history. Both cases are excluded:
//!
//! - [`prune`](Bucket::prune) removes only objects that are older than [`Limits::keep_min`], an hour, by the clock of
//!   the bucket. A handle that confirmed its position less than [`Limits::trusted`] ago therefore knows that `n + 1`,
//!   if it was ever created, is younger than that, and still exists.
//! - Before `prune` removes commits before `m`, it writes `pruned/<m>`. A handle whose position was not confirmed for
//!   longer lists `pruned/` *after* it asked for `n + 1`: if there is no mark beyond `n + 1`, no commit that the handle
//!   needs had been removed when it asked, so the answer counts. With such a mark, the handle starts again from the
//!   newest checkpoint. This needs no clock at all. A body does not run on a state that old without asking first.
//! - A machine may be suspended between that moment and the end of a write. So when more than [`Limits::write_max`]
//!   passed since the position was confirmed, by the monotonic or by the wall clock, the writer looks for marks *after*
//!   it created the object. With a mark beyond it, it is unknown whether the object is part of history: the answer is
//!   [`Error::Uncertain`], and the state is loaded again. If the object is not part of history, no process ever reads
//!   it: openers begin at a checkpoint beyond it, and handles as old as this one look at the marks.
//! - The newest checkpoint, its commit, and everything after it are never removed. So an opener finds a complete log,
//!   or notices that it changed during the load (a listed object is gone) and starts again. It looks at the marks
//!   before it trusts the position that it loaded.
//!
//! # What a listing proves
//!
//! A listing of a directory is not a snapshot. An object that is created during the listing may appear in it when an
//! older object does not; an object that is removed meanwhile may be missing together with the object that replaced it.
//! In a bucket the same can happen between two pages. So a listing proves that objects existed, and never that they do
//! not exist:
//!
//! - Commits are read by their names, one after the other. A listing only determines how many are requested at the same
//!   time. A gap counts only when the missing object was requested by its name after a later one was seen.
//! - At a gap, an opener lists the checkpoints again, and asks by name for a checkpoint of each commit beyond the gap:
//!   the commit of the newest checkpoint still exists. Only when there is no such checkpoint is the store damaged.
//! - `follow` relies on the absence of a mark. So `prune` leaves an old mark until the next one is as old as the
//!   objects that it removes: one of them exists during the whole listing. A commit beyond a missing one has the same
//!   meaning as a mark.
//! - `prune` removes only objects that it saw and knows to be old, so at worst it removes too little.
//!
//! # Unknown outcomes
//!
//! A write whose connection was cut, or that was answered with 5xx, may have happened. Each attempt has a random id,
//! and it is safe to repeat the creation: when the object exists, it is read, and its id shows which attempt wrote it.
//! Only when that cannot be found out in time, the answer is [`Error::Uncertain`].

mod checkpoint;
mod connect;
mod entries;
mod failure;
mod flight;
mod format;
mod load;
mod location;
mod log;
mod objects;
mod profile;
mod prune;
mod single;
mod state;
#[cfg(test)]
mod tests;

pub use single::BucketObject;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use object_store::{ObjectStore, PutPayload};

use self::entries::Write;
use self::failure::RequestFailure;
use self::flight::Flight;
use self::format::Commit;
use self::location::{Environment, StoreLocation};
use self::log::{is_pruned, log_name, next_after};
use self::objects::{Deadline, Objects, PATIENCE_DEFAULT};
use self::state::{KnownState, Moment, State, Weights};
use super::backoff::Backoff;
use super::overlay::Overlay;
use super::{Error, Pruned, ReadBody, Store, StoreUrl, WriteBody};
use crate::runtime::block_on;

/// Times that the safety of a position depends on; see the documentation of the module.
#[derive(Clone, Copy)]
struct Limits {
    /// A position that was confirmed within this time can be trusted without looking at the marks of `prune`.
    trusted: Duration,
    /// A write that ends later than this after its position was confirmed looks at the marks afterwards.
    write_max: Duration,
    /// `prune` leaves objects that are younger than this.
    keep_min: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self { trusted: minutes(10), write_max: minutes(30), keep_min: minutes(60) }
    }
}

/// A store in a bucket (`s3://`, `gs://`, `az://`) or in a directory (`file:///`).
pub struct Bucket {
    location: Arc<StoreLocation>,
    environment: Environment,
    /// Created at the first use; the store is not contacted before.
    objects: Mutex<Option<Arc<Objects>>>,
    head: Mutex<Option<KnownState>>,
    flight: Flight,
    /// Lets one writer of this process run at a time; more writers would only lose races.
    writer: Mutex<()>,
    /// Whether the bucket has refused a second creation of an object.
    proven: AtomicBool,
    checkpointing: Mutex<()>,
    limits: Limits,
    weights: Weights,
    patience: Duration,
}

/// The outcome of an attempt to write a commit.
enum Attempt {
    Won,
    /// Another commit has that number.
    Lost,
}

impl Bucket {
    /// The store at `s3://bucket/prefix`, `gs://...`, `az://...` or `file:///directory`. The store is not contacted
    /// yet.
    ///
    /// # Errors
    /// [`Error::Url`] with the mistake.
    pub fn from_url(url: &StoreUrl) -> Result<Self, Error> {
        Ok(Self::at(StoreLocation::parse(url)?, Environment::of_process()))
    }

    /// [`Self::from_url`] with these variables instead of those of this process.
    ///
    /// # Errors
    /// [`Error::Url`] with the mistake.
    pub fn with_environment(
        url: &StoreUrl,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        Ok(Self::at(StoreLocation::parse(url)?, Environment::new(variables)))
    }

    fn at(location: StoreLocation, environment: Environment) -> Self {
        Self {
            location: Arc::new(location),
            environment,
            objects: Mutex::default(),
            head: Mutex::default(),
            flight: Flight::default(),
            writer: Mutex::default(),
            proven: AtomicBool::new(false),
            checkpointing: Mutex::default(),
            limits: Limits::default(),
            weights: Weights::default(),
            patience: PATIENCE_DEFAULT,
        }
    }

    /// A store over existing objects, for tests.
    #[cfg(test)]
    fn over(store: Arc<dyn ObjectStore>, location: StoreLocation) -> Self {
        let bucket = Self::at(location, Environment::default());
        let objects = Objects::new(store, Arc::clone(&bucket.location), bucket.patience);
        *bucket.objects.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(objects));
        bucket
    }

    fn objects(&self) -> Result<Arc<Objects>, Error> {
        let mut slot = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(objects) = &*slot {
            return Ok(Arc::clone(objects));
        }
        let store: Arc<dyn ObjectStore> = connect::connect(&self.location, &self.environment)?;
        let objects = Arc::new(Objects::new(store, Arc::clone(&self.location), self.patience));
        *slot = Some(Arc::clone(&objects));
        Ok(objects)
    }

    fn head(&self) -> MutexGuard<'_, Option<KnownState>> {
        // Only code of this module runs under the lock, so the state is consistent even when the lock is poisoned.
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes.
impl Bucket {
    /// A state to run a body on: the one in memory when it is likely to be current. Also answers whether it was proven
    /// to be.
    fn start(&self) -> Result<(State, bool), Error> {
        let likely =
            self.head().as_ref().filter(|head| !head.doubtful).map(|head| (head.state.clone(), head.confirmed));
        match likely {
            Some((state, Some(confirmed))) if confirmed.age() < self.limits.trusted => Ok((state, false)),
            _ => Ok((self.refresh()?, true)),
        }
    }

    /// Tries to write `writes` as the commit after `number`.
    fn commit(&self, number: u64, previous: Option<String>, writes: Vec<Write>) -> Result<Attempt, Error> {
        let objects = self.objects()?;
        block_on(self.prove(&objects))??;
        let number = next_after(number)?;
        let id = random_id()?;
        let confirmed = self.head().as_ref().and_then(|head| head.confirmed);
        let commit = |writes| Commit {
            number,
            id: id.clone(),
            previous: previous.clone(),
            time: Timestamp::now().to_string(),
            writes,
        };
        let bytes = commit(writes.clone()).encode()?;
        let size = bytes.len() as u64;
        let began = Moment::now();
        let attempt = match block_on(self.create(&objects, number, &id, bytes.into()))? {
            Ok(attempt) => attempt,
            Err(error) => {
                self.doubt();
                return Err(error);
            }
        };
        if matches!(attempt, Attempt::Lost) {
            return Ok(Attempt::Lost);
        }
        let is_late = confirmed.is_none_or(|confirmed| confirmed.age() > self.limits.write_max);
        if is_late && block_on(is_pruned(&objects, number))?? {
            *self.head() = None;
            return Err(Error::Uncertain(format!(
                "{} could not be reached for so long that its log continued without this commit",
                self.describe()
            )));
        }
        self.confirm(commit(writes), size, began)?;
        Ok(Attempt::Won)
    }

    /// Applies a commit of this process that is in the log.
    fn confirm(&self, commit: Commit, size: u64, began: Moment) -> Result<(), Error> {
        let mut head = self.head();
        let Some(head) = &mut *head else { return Ok(()) };
        // A reader may have found the commit in the log before, or may have loaded a state that ends before it.
        if next_after(head.state.number)? == commit.number && head.state.apply(commit, size)? {
            head.confirmed = Some(began);
        }
        Ok(())
    }

    fn doubt(&self) {
        if let Some(head) = &mut *self.head() {
            head.doubtful = true;
        }
    }

    /// Creates the object of a commit, and finds out whether this attempt or another one wrote it.
    async fn create(&self, objects: &Objects, number: u64, id: &str, payload: PutPayload) -> Result<Attempt, Error> {
        let name = log_name(number);
        let mut deadline = Deadline::after(self.patience);
        let mut perhaps_done = false;
        loop {
            let failure = match objects.create(&name, &payload).await {
                Ok(()) => return Ok(Attempt::Won),
                Err(RequestFailure::Exists) => match self.whose(objects, &name, id).await? {
                    Some(attempt) => return Ok(attempt),
                    // The other object is incomplete, or was refused as well.
                    None => RequestFailure::Transient { sent: false, words: format!("{name} appears and disappears") },
                },
                Err(failure) => failure,
            };
            let again = matches!(failure, RequestFailure::Transient { .. });
            // A directory reports the outcome at once; a server may still be processing a request that was cut off.
            let is_known = !again && self.location.directory.is_some();
            perhaps_done |= !is_known
                && matches!(
                    failure,
                    RequestFailure::Transient { sent: true, .. } | RequestFailure::Final { sent: true, .. }
                );
            if again && deadline.wait().await {
                continue;
            }
            if !again && let Some(attempt) = self.whose(objects, &name, id).await? {
                return Ok(attempt);
            }
            return Err(match failure {
                failure if perhaps_done => Error::Uncertain(failure.into_words(&self.location)),
                failure => failure.into_write_error(&self.location),
            });
        }
    }

    /// Whether the attempt with this id wrote the object; `None` when there is no such object.
    async fn whose(&self, objects: &Objects, name: &str, id: &str) -> Result<Option<Attempt>, Error> {
        let uncertain = |error: Error| Error::Uncertain(error.to_string());
        let Some(found) = objects.get(name).await.map_err(uncertain)? else { return Ok(None) };
        if Commit::decode(&found, name)?.id != id {
            return Ok(Some(Attempt::Lost));
        }
        objects.settle("log").await?;
        Ok(Some(Attempt::Won))
    }

    /// Proves, before the first commit of this process, that creating an existing object fails.
    async fn prove(&self, objects: &Objects) -> Result<(), Error> {
        if self.proven.load(Ordering::Relaxed) {
            return Ok(());
        }
        objects.make_folders(&["log", "checkpoint"]).await?;
        let payload = PutPayload::from(format::encode_format()?);
        let mut deadline = Deadline::after(self.patience);
        // The first attempt may create the object, the second must be refused.
        let mut created = 0;
        while created < 2 {
            match objects.create("format", &payload).await {
                Ok(()) => created += 1,
                Err(RequestFailure::Exists) => {
                    self.proven.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Err(RequestFailure::Transient { .. }) if deadline.wait().await => {}
                Err(failure) => return Err(failure.into_write_error(&self.location)),
            }
        }
        Err(Error::Unavailable(failure::unsupported(&self.location)))
    }
}

/// 128 random bits, in hexadecimal.
fn random_id() -> Result<String, Error> {
    let random =
        || getrandom::u64().map_err(|error| Error::Unavailable(format!("random numbers are not available: {error}")));
    Ok(format!("{:016x}{:016x}", random()?, random()?))
}

impl Store for Bucket {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        let mut state = self.flight.share(|| self.refresh())?;
        body(&mut state.entries)
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        let mut backoff = Backoff::new(self.patience);
        // A panic under the lock comes from the body, which had only a snapshot.
        let turn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, mut proven) = self.start()?;
        loop {
            let (number, id) = (state.number, state.id.clone());
            let mut tx = Overlay::new(&mut state.entries);
            let outcome = body(&mut tx);
            let writes: Vec<Write> =
                tx.into_writes().into_iter().map(|(key, value)| (key.into(), value.map(Into::into))).collect();
            if matches!(outcome, Ok(true)) && !writes.is_empty() {
                // Without this reference the entries are changed in place, unless another snapshot has them.
                drop(state);
                match self.commit(number, id, writes)? {
                    Attempt::Won => break,
                    Attempt::Lost => backoff.wait_behind_others(&self.describe())?,
                }
                state = self.refresh()?;
            } else {
                // A result without a write counts only when the body ran on the newest state.
                let current = if proven { None } else { Some(self.refresh()?) };
                match current.filter(|current| (current.number, &current.id) != (number, &id)) {
                    None => return outcome.map(|_| ()),
                    Some(current) => state = current,
                }
            }
            proven = true;
        }
        drop(turn);
        self.checkpoint_if_due();
        Ok(())
    }

    fn describe(&self) -> String {
        self.location.describe()
    }

    fn kind(&self) -> &'static str {
        self.location.kind.scheme()
    }

    fn facts(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let state = self.flight.share(|| self.refresh())?;
        let log = block_on(self.objects()?.list("log", None))??;
        Ok(vec![
            ("last_commit", state.number.to_string()),
            ("last_checkpoint", state.checkpoint.map_or_else(|| "none".to_owned(), |(number, _)| number.to_string())),
            ("log_objects", log.len().to_string()),
            ("log_bytes", log.iter().map(|object| object.size).sum::<u64>().to_string()),
            ("entries", state.entries.len().to_string()),
            ("entry_bytes", state.entries.bytes().to_string()),
        ])
    }

    fn prune(&self, keep: Duration) -> Result<Option<Pruned>, Error> {
        self.prune_log(keep).map(Some)
    }
}
