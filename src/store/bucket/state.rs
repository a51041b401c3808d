//! The newest known state of the store, in memory, and the times and sizes that decide what to do with it.

use std::time::{Duration, Instant, SystemTime};

use super::entries::Entries;
use super::format::Commit;
use super::log::{log_name, missing, next_after};
use crate::store::Error;

/// The newest known state.
#[derive(Clone)]
pub(super) struct KnownState {
    pub(super) state: State,
    /// The time when the request began whose answer proved that this was the newest commit; `None` while only a listing
    /// shows it.
    pub(super) confirmed: Option<Moment>,
    /// Whether an attempt to write ended without an answer, so that the next one must refresh the state first.
    pub(super) doubtful: bool,
}

/// The entries after a commit. A clone shares everything.
#[derive(Clone, Default)]
pub(super) struct State {
    /// The last commit; 0 when there is none.
    pub(super) number: u64,
    /// Its id.
    pub(super) id: Option<String>,
    pub(super) entries: Entries,
    /// The newest known checkpoint, and its size.
    pub(super) checkpoint: Option<(u64, u64)>,
    /// The weight of the log after that checkpoint.
    pub(super) weight: Weight,
}

/// A moment by two clocks: the monotonic one may stop while a machine sleeps, and the wall clock may be set.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    instant: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }

    pub(super) fn age(self) -> Duration {
        self.instant.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

impl State {
    /// Adds the next commit, an object of `size` bytes. `false`: the state has it already.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the commit does not continue this state.
    pub(super) fn apply(&mut self, commit: Commit, size: u64) -> Result<bool, Error> {
        if commit.number <= self.number {
            return Ok(false);
        }
        let name = log_name(commit.number);
        let next = next_after(self.number)?;
        if commit.number != next {
            return Err(missing(next, commit.number));
        }
        if commit.previous != self.id {
            let before = log_name(self.number);
            return Err(Error::Corrupt(format!(
                "{name} does not continue {before}: one of them was restored or copied from elsewhere"
            )));
        }
        self.entries.apply(commit.writes);
        self.number = commit.number;
        self.id = Some(commit.id);
        self.weight.add(size);
        Ok(true)
    }

    /// Whether the log after the last checkpoint is larger than that checkpoint. So opening costs at most twice the
    /// necessary amount, and checkpoints cost at most as much as the log.
    pub(super) fn is_due(&self, weights: Weights) -> bool {
        let Weight { objects, bytes } = self.weight;
        let last = self.checkpoint.map_or(0, |(_, size)| size);
        objects * weights.object + bytes > weights.log_min.max(last)
    }
}

/// The log since the last checkpoint.
#[derive(Clone, Copy, Default)]
pub(super) struct Weight {
    pub(super) objects: u64,
    pub(super) bytes: u64,
}

impl Weight {
    pub(super) fn add(&mut self, size: u64) {
        self.objects += 1;
        self.bytes += size;
    }
}

/// Thresholds for writing a checkpoint.
#[derive(Clone, Copy)]
pub(super) struct Weights {
    /// A log that is smaller than this is quick to read.
    pub(super) log_min: u64,
    /// The cost of reading one more object, as the number of bytes that could be read in the same time.
    pub(super) object: u64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { log_min: 4 << 20, object: 16 << 10 }
    }
}
