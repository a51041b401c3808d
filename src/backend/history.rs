//! The past of a backend that records every change.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::{Event, EventFilter, HistoryQuery, Mark, Result, Tenure, TrendPoint};

/// The events of a backend, and what follows from them.
pub trait History: Send + Sync {
    /// Events after `after` (0: from the first that is kept), oldest first, at most `limit`. The events up to
    /// [`History::mark`] were pruned.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>>;

    /// The newest events that match `filter`, at most `limit`, oldest first. Reads from the end, as far as necessary.
    fn newest_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>>;

    /// The event after which the history begins; `None`: it begins with the first event. Call this after another query
    /// to learn what may be missing in its answer.
    fn mark(&self) -> Result<Option<Mark>>;

    /// The owners of blocks over time, by the event that began each tenure. Tenures that ended before [`History::mark`]
    /// are left out. Reads the whole history.
    fn tenures(&self, query: &HistoryQuery) -> Result<Vec<Tenure>>;

    /// The utilization of a pool at `from` and after each `step` (more than zero) until `to`. Moments before the time
    /// of [`History::mark`] are left out. Reads the whole history.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NotFound`].
    fn trend(&self, pool_id: &str, from: Timestamp, to: Timestamp, step: Duration) -> Result<Vec<TrendPoint>>;

    /// [`History::trend`] for every pool that exists, by id. Reads the whole history, once.
    fn trends(&self, from: Timestamp, to: Timestamp, step: Duration) -> Result<BTreeMap<String, Vec<TrendPoint>>>;
}
