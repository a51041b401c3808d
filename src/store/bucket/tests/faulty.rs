//! Objects that fail on purpose, over any other objects.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use futures::FutureExt;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, PutMode, PutMultipartOptions,
    PutOptions, PutResult, Result,
};

use super::*;

/// A fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// The request is not sent.
    Refused,
    /// The request is carried out, and the connection is cut before the answer.
    CutAfter,
    /// The request is not carried out, and the connection is cut.
    CutBefore,
    /// The request is not carried out, and is answered with this status.
    Status(u16),
    /// The request is carried out, and is answered with this status.
    DoneButStatus(u16),
    /// The request is carried out late.
    Slow,
}

pub(super) struct Faulty {
    inner: Arc<dyn ObjectStore>,
    /// The faults of the next writes, one for each; then none.
    script: Mutex<VecDeque<Trouble>>,
    /// The source of faults for writes and reads after the script.
    seed: Option<Mutex<u64>>,
    /// Whether requests that should only create an object overwrite it.
    pub(super) ignores_conditions: bool,
    /// Decides by name whether an object is left out of every listing, although it exists.
    pub(super) unlisted: Box<dyn Fn(&str) -> bool + Send + Sync>,
    pub(super) creations: AtomicUsize,
    pub(super) reads: AtomicUsize,
    pub(super) lists: AtomicUsize,
}

impl Faulty {
    pub(super) fn script(inner: Arc<dyn ObjectStore>, script: impl IntoIterator<Item = Trouble>) -> Self {
        Self {
            inner,
            script: Mutex::new(script.into_iter().collect()),
            seed: None,
            ignores_conditions: false,
            unlisted: Box::new(|_| false),
            creations: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
        }
    }

    /// About every second write and every fifth read fails, in an order that depends on `seed`.
    pub(super) fn seeded(inner: Arc<dyn ObjectStore>, seed: u64) -> Self {
        Self { seed: Some(Mutex::new(seed)), ..Self::script(inner, []) }
    }

    fn draw(&self) -> Option<u64> {
        let mut state = self.seed.as_ref()?.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ (z >> 31))
    }

    fn of_write(&self) -> Trouble {
        if let Some(trouble) = self.script.lock().unwrap().pop_front() {
            return trouble;
        }
        match self.draw().map(|number| number % 14) {
            Some(0) => Trouble::Refused,
            Some(1 | 2) => Trouble::CutAfter,
            Some(3) => Trouble::CutBefore,
            Some(4) => Trouble::Status(503),
            Some(5) => Trouble::DoneButStatus(500),
            // A spurious conflict, as S3 answers when two requests meet.
            Some(6) => Trouble::Status(409),
            Some(7) => Trouble::DoneButStatus(412),
            Some(8) => Trouble::Slow,
            _ => Trouble::None,
        }
    }

    fn of_read(&self) -> Trouble {
        match self.draw().map(|number| number % 10) {
            Some(0) => Trouble::CutBefore,
            Some(1) => Trouble::Status(503),
            _ => Trouble::None,
        }
    }
}

fn transport(kind: HttpErrorKind) -> object_store::Error {
    let error = HttpError::new(kind, std::io::Error::other("as asked"));
    object_store::Error::Generic { store: "faulty", source: Box::new(error) }
}

fn status(status: u16) -> object_store::Error {
    let text = format!("Server returned non-2xx status code: {status} As Asked: <Error><Code>AsAsked</Code></Error>");
    object_store::Error::Generic { store: "faulty", source: text.into() }
}

impl Trouble {
    /// Replaces the true answer by that of the fault.
    fn answer<T>(self, done: Result<T>) -> Result<T> {
        match self {
            Self::None | Self::Slow => done,
            Self::Refused => Err(transport(HttpErrorKind::Connect)),
            Self::CutAfter | Self::CutBefore => Err(transport(HttpErrorKind::Interrupted)),
            Self::Status(number) | Self::DoneButStatus(number) => Err(status(number)),
        }
    }

    fn is_done(self) -> bool {
        matches!(self, Self::None | Self::CutAfter | Self::DoneButStatus(_) | Self::Slow)
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, mut options: PutOptions) -> Result<PutResult> {
        let trouble = self.of_write();
        self.creations.fetch_add(1, Ordering::Relaxed);
        if self.ignores_conditions {
            options.mode = PutMode::Overwrite;
        }
        if !trouble.is_done() {
            return trouble.answer(Err(transport(HttpErrorKind::Unknown)));
        }
        if trouble == Trouble::Slow {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        trouble.answer(self.inner.put_opts(location, payload, options).await)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let trouble = self.of_read();
        trouble.answer(self.inner.get_opts(location, options).await)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        // The stream may outlive this reference, so the objects to leave out are determined before it begins.
        let all = self.inner.list(prefix).collect::<Vec<_>>().now_or_never().unwrap();
        let shown = all.into_iter().filter(|found| match found {
            Ok(object) => !(self.unlisted)(object.location.as_ref()),
            Err(_) => true,
        });
        stream::iter(shown.collect::<Vec<_>>()).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
