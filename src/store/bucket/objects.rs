//! Requests for objects, with time limits and repetition. `object_store` must not repeat requests itself, because only
//! the log can tell a repeated write from one that happened.

use std::future::Future;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart,
};

use super::failure::RequestFailure;
use super::location::{Kind, StoreLocation};
use crate::store::Error;
use crate::store::backoff::PATIENCE;

/// The time limit of the first contact. An answer or an error must come within ten seconds, and Terraform itself needs
/// some of them.
const PATIENCE_FIRST: Duration = Duration::from_secs(6);
/// The time for one request, and for each further piece of a long answer.
const REQUEST_TIME: Duration = Duration::from_secs(8);
/// The minimum speed of a connection: large bodies get more time accordingly.
const BYTES_PER_SECOND_MIN: u64 = 256 * 1024;
/// Larger objects are written in parts and read in ranges of this size.
const PART: usize = 8 << 20;
/// The maximum number of requests at the same time.
pub(super) const PARALLEL: usize = 32;
const PARTS_PARALLEL: usize = 4;

const DELAY_FIRST: Duration = Duration::from_millis(20);
const DELAY_MAX: Duration = Duration::from_secs(1);

/// The objects of one store.
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    pub(super) location: Arc<StoreLocation>,
    /// Whether the server ever answered. If it did, a missing answer is a temporary problem and not a mistake in the
    /// settings.
    contacted: AtomicBool,
    patience: Duration,
}

/// The time in which requests are repeated.
pub(super) struct Deadline {
    until: Instant,
    delay: Duration,
}

impl Deadline {
    pub(super) fn after(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, delay: DELAY_FIRST }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Waits before the next attempt; `false` when the time is used up.
    pub(super) async fn wait(&mut self) -> bool {
        if self.left() <= self.delay {
            return false;
        }
        let half = self.delay / 2;
        let random = f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX);
        tokio::time::sleep(half + half.mul_f64(random)).await;
        self.delay = (self.delay * 2).min(DELAY_MAX);
        true
    }
}

impl Objects {
    pub(super) fn new(store: Arc<dyn ObjectStore>, location: Arc<StoreLocation>, patience: Duration) -> Self {
        Self { store, location, contacted: AtomicBool::new(false), patience }
    }

    /// The path of an object from its name below the prefix.
    pub(super) fn path(&self, name: &str) -> Path {
        name.split('/').fold(self.location.prefix.clone(), |path, part| path.join(part))
    }

    fn deadline(&self) -> Deadline {
        let contacted = self.contacted.load(Ordering::Relaxed);
        Deadline::after(if contacted { self.patience } else { self.patience.min(PATIENCE_FIRST) })
    }

    /// Makes one request, without repetition.
    async fn once<T>(
        &self,
        time: Duration,
        request: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, RequestFailure> {
        let failure = match tokio::time::timeout(time, request).await {
            Ok(Ok(value)) => {
                self.contacted.store(true, Ordering::Relaxed);
                return Ok(value);
            }
            Ok(Err(error)) => RequestFailure::of(&error, &self.location),
            Err(_) => RequestFailure::timeout(&self.location),
        };
        if matches!(failure, RequestFailure::Absent | RequestFailure::Exists) {
            self.contacted.store(true, Ordering::Relaxed);
        }
        Err(failure)
    }

    /// Repeats a request that is safe to repeat, until the time is used up. `attempt` gets the time that its first
    /// request may take.
    async fn repeat<T, F>(&self, attempt: impl Fn(Duration) -> F) -> Result<T, RequestFailure>
    where
        F: Future<Output = Result<T, RequestFailure>>,
    {
        let mut deadline = self.deadline();
        loop {
            let words = match attempt(REQUEST_TIME.min(deadline.left())).await {
                Err(RequestFailure::Transient { words, .. }) => words,
                // The request did not create anything, so this answer comes from something in between and is temporary.
                Err(RequestFailure::Exists) => format!("{} answers a read with a conflict", self.location.describe()),
                outcome => return outcome,
            };
            tracing::debug!(words, "a request to the store is repeated");
            if !deadline.wait().await {
                return Err(RequestFailure::Transient { sent: false, words });
            }
        }
    }

    /// Reads an object or a part of it. Every piece of the answer has the time of a request, so large answers may take
    /// longer.
    async fn get_once(
        &self,
        path: &Path,
        range: Option<Range<u64>>,
        time: Duration,
    ) -> Result<Vec<u8>, RequestFailure> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.once(time, self.store.get_opts(path, options)).await?;
        let size = found.range.end - found.range.start;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        let mut pieces = found.into_stream();
        while let Some(piece) = self.once(REQUEST_TIME, pieces.try_next()).await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// The content of an object; `None` when there is no such object.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = &self.path(name);
        self.found(self.repeat(|time| self.get_once(path, None, time)).await)
    }

    /// The content of an object of a known size, read in ranges at the same time; `None` when there is no such object.
    pub(super) async fn get_large(&self, name: &str, size: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = &self.path(name);
        let mut whole = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        let ranges = (0..size).step_by(PART).map(|start| start..size.min(start + PART as u64));
        let mut parts = stream::iter(ranges)
            .map(|range| self.repeat(move |time| self.get_once(path, Some(range.clone()), time)))
            .buffered(PARTS_PARALLEL);
        while let Some(part) = parts.next().await {
            match self.found(part)? {
                Some(bytes) => whole.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
        Ok(Some(whole))
    }

    /// Turns the absence of an object into `None`.
    fn found<T>(&self, outcome: Result<T, RequestFailure>) -> Result<Option<T>, Error> {
        match outcome {
            Ok(found) => Ok(Some(found)),
            Err(RequestFailure::Absent) => Ok(None),
            Err(failure) => Err(failure.into_read_error(&self.location)),
        }
    }

    /// The objects in the folder `folder` after the name `after`, in the order of names. The list is not a snapshot:
    /// the absence of an object from it proves nothing (see the documentation of the module).
    pub(super) async fn list(&self, folder: &str, after: Option<&str>) -> Result<Vec<ObjectMeta>, Error> {
        let folder = &self.path(folder);
        let after = &after.map(|name| folder.clone().join(name));
        let mut found = match self.repeat(|time| self.list_once(folder, after.as_ref(), time)).await {
            // The directory does not exist yet.
            Err(RequestFailure::Absent) if self.location.kind == Kind::File => Vec::new(),
            outcome => outcome.map_err(|failure| failure.into_read_error(&self.location))?,
        };
        found.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    async fn list_once(
        &self,
        folder: &Path,
        after: Option<&Path>,
        mut time: Duration,
    ) -> Result<Vec<ObjectMeta>, RequestFailure> {
        let mut pages = match after {
            Some(after) => self.store.list_with_offset(Some(folder), after),
            None => self.store.list(Some(folder)),
        };
        let mut found = Vec::new();
        while let Some(object) = self.once(time, pages.try_next()).await? {
            found.push(object);
            time = REQUEST_TIME;
        }
        Ok(found)
    }

    /// The size of an object; `None` when there is no such object.
    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, Error> {
        let path = &self.path(name);
        let found = self.repeat(|time| self.once(time, self.store.head(path))).await;
        Ok(self.found(found)?.map(|found| found.size))
    }

    /// The time when an object was written, by the clock of the bucket, in seconds since 1970.
    pub(super) async fn written_at(&self, name: &str) -> Result<i64, Error> {
        let path = &self.path(name);
        let found = self.repeat(|time| self.once(time, self.store.head(path))).await;
        found.map(|found| found.last_modified.timestamp()).map_err(|failure| failure.into_read_error(&self.location))
    }

    /// Tries once to create an object. The caller decides how to handle a failure.
    pub(super) async fn create(&self, name: &str, payload: &PutPayload) -> Result<(), RequestFailure> {
        self.put_once(&self.path(name), payload, PutMode::Create).await
    }

    /// Tries once to write an object in one request.
    pub(super) async fn put_once(
        &self,
        path: &Path,
        payload: &PutPayload,
        mode: PutMode,
    ) -> Result<(), RequestFailure> {
        let options = PutOptions { mode, ..PutOptions::default() };
        let time = time_for(payload.content_length());
        self.once(time, self.store.put_opts(path, payload.clone(), options)).await.map(|_| ())
    }

    /// At most `limit` bytes from the beginning of an object; `None` when there is no such object.
    pub(super) async fn beginning(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let found = self.found(self.repeat(|time| self.once(time, self.store.head(path))).await)?;
        match found.map(|found| found.size.min(limit)) {
            None => Ok(None),
            // There is no range of no bytes.
            Some(0) => Ok(Some(Vec::new())),
            Some(size) => self.found(self.repeat(|time| self.get_once(path, Some(0..size), time)).await),
        }
    }

    /// Whether an object has exactly this content.
    pub(super) async fn has_content(&self, path: &Path, payload: &PutPayload) -> Result<bool, Error> {
        let found = self.found(self.repeat(|time| self.get_once(path, None, time)).await)?;
        Ok(found.is_some_and(|found| found.iter().eq(payload.iter().flatten())))
    }

    /// Writes an object, whether it exists or not.
    pub(super) async fn overwrite(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let path = self.path(name);
        let failed = |failure: RequestFailure| failure.into_write_error(&self.location);
        if bytes.len() <= PART {
            let (time, payload) = (time_for(bytes.len()), PutPayload::from(bytes));
            return self.once(time, self.store.put(&path, payload)).await.map(|_| ()).map_err(failed);
        }
        let upload = self.once(REQUEST_TIME, self.store.put_multipart(&path)).await.map_err(failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        for part in bytes.chunks(PART) {
            let time = time_for(PART * PARTS_PARALLEL);
            self.once(time, upload.wait_for_capacity(PARTS_PARALLEL)).await.map_err(failed)?;
            upload.write(part);
        }
        self.once(time_for(PART * PARTS_PARALLEL), upload.finish()).await.map(|_| ()).map_err(failed)
    }

    /// Removes objects; succeeds for objects that are gone already.
    pub(super) async fn delete(&self, paths: Vec<Path>) -> Result<(), Error> {
        let failed = |failure: RequestFailure| match failure.into_write_error(&self.location) {
            Error::ReadOnly(words) => Error::ReadOnly(format!("{words}; pruning also needs permission to delete")),
            error => error,
        };
        let mut outcomes = self.store.delete_stream(stream::iter(paths).map(Ok).boxed());
        loop {
            let next = self.once(REQUEST_TIME * 2, async { outcomes.next().await.transpose() }).await;
            match next {
                Ok(None) => return Ok(()),
                Ok(Some(_)) | Err(RequestFailure::Absent) => {}
                Err(failure) => return Err(failed(failure)),
            }
        }
    }

    /// For a directory: ensures that the files in `folder` survive a power failure. Each write does that for its own
    /// file; this is for files of other processes that the next step relies on.
    pub(super) async fn settle(&self, folder: &str) -> Result<(), Error> {
        let Some(directory) = &self.location.directory else { return Ok(()) };
        let directory = directory.join(folder);
        let outcome = tokio::task::spawn_blocking(move || sync_directory(&directory)).await;
        let outcome = outcome.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        outcome.map_err(|error| Error::Uncertain(format!("{}: {error}", self.location.describe())))
    }

    /// For a directory: creates the folders so that they survive a power failure.
    pub(super) async fn make_folders(&self, folders: &[&str]) -> Result<(), Error> {
        let Some(directory) = self.location.directory.clone() else { return Ok(()) };
        let folders: Vec<PathBuf> = folders.iter().map(|folder| directory.join(folder)).collect();
        let made = move || {
            folders.iter().try_for_each(std::fs::create_dir_all)?;
            // From the root as far as this user can see, and at least the directory itself.
            for ancestor in directory.ancestors().skip(1) {
                let _ = sync_directory(ancestor);
            }
            sync_directory(&directory)
        };
        let outcome = tokio::task::spawn_blocking(made).await;
        let outcome = outcome.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        outcome.map_err(|io| {
            let source = Box::new(io);
            let error = object_store::Error::Generic { store: "file", source };
            match RequestFailure::of(&error, &self.location) {
                // There is nothing to read either.
                RequestFailure::Denied(words) => {
                    Error::Unavailable(format!("the directory cannot be created: {words}"))
                }
                failure => failure.into_write_error(&self.location),
            }
        })
    }
}

fn sync_directory(directory: &std::path::Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(directory)?.sync_all() } else { Ok(()) }
}

fn time_for(bytes: usize) -> Duration {
    REQUEST_TIME + Duration::from_secs(bytes as u64 / BYTES_PER_SECOND_MIN)
}

/// The patience of a store after the first contact.
pub(super) const PATIENCE_DEFAULT: Duration = PATIENCE;
