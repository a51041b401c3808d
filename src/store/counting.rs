//! A store that counts its commits and snapshots, over any other store. Tests and benchmarks use it to show how many
//! writes share a commit, and that a query reads one snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Error, ReadBody, Store, WriteBody};

/// A [`Store`] that passes all calls on and counts commits and snapshots.
pub struct Counting {
    inner: Arc<dyn Store>,
    commits: AtomicU64,
    snapshots: AtomicU64,
}

impl Counting {
    /// Counts the commits to `inner` and its snapshots, from zero.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, commits: AtomicU64::new(0), snapshots: AtomicU64::new(0) }
    }

    /// Number of commits so far.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Number of snapshots that were read so far.
    pub fn snapshots(&self) -> u64 {
        self.snapshots.load(Ordering::Relaxed)
    }
}

impl Store for Counting {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        self.inner.read(body)
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        let mut commits = false;
        self.inner.write(&mut |tx| body(tx).inspect(|answer| commits = *answer))?;
        self.commits.fetch_add(commits.into(), Ordering::Relaxed);
        Ok(())
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn kind(&self) -> &'static str {
        self.inner.kind()
    }
}
