//! Notices that a process writes to a store.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use terraform_provider_ipam::backend::Ipam;

use super::store::Store;

/// Shortest time between two reads of a store on a server, because the writer needs the server too.
const PAUSE: Duration = Duration::from_millis(10);

/// Watches a store from outside.
pub struct Watch {
    what: What,
}

enum What {
    /// The file that SQLite writes to first: it changes in the middle of a write.
    Log { path: PathBuf, before: Option<SystemTime> },
    /// The events of the store: they appear after a write.
    Events { store: Box<dyn Ipam>, seen: Cell<u64>, looked: Cell<Option<Instant>> },
}

impl Watch {
    /// Watches a store; everything in it now counts as seen.
    pub fn on(store: &Store) -> Self {
        let what = if store.is_sqlite() {
            let path = PathBuf::from(format!("{}-wal", store.path().display()));
            What::Log { before: modified(&path), path }
        } else {
            What::Events { store: store.open(), seen: Cell::new(0), looked: Cell::new(None) }
        };
        if let What::Events { store, seen, .. } = &what {
            seen.set(newest(store.as_ref(), 0).unwrap_or(0));
        }
        Self { what }
    }

    /// Whether something was written: to a SQLite file since the watch began, to a store on a server since the last
    /// call that returned true. If the store cannot be read, the answer is false.
    pub fn has_changed(&self) -> bool {
        match &self.what {
            What::Log { path, before } => modified(path) != *before,
            What::Events { store, seen, looked } => {
                if looked.get().is_some_and(|looked| looked.elapsed() < PAUSE) {
                    return false;
                }
                let found = newest(store.as_ref(), seen.get());
                looked.set(Some(Instant::now()));
                found.inspect(|newest| seen.set(*newest)).is_some()
            }
        }
    }
}

/// The number of the newest event after `seen`.
fn newest(store: &dyn Ipam, seen: u64) -> Option<u64> {
    let events = store.history()?.events(seen, 1_000_000).ok()?;
    events.last().map(|event| event.sequence)
}

fn modified(path: &PathBuf) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
