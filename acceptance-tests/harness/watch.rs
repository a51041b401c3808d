//! Sees that somebody writes to a store.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use terraform_provider_ipam::backend::{Ipam, Local};

use super::store::Store;

/// Looks at a store from outside, again and again.
pub struct Watch {
    what: What,
}

enum What {
    /// The file that SQLite writes to first: it changes in the middle of a write.
    Log { path: PathBuf, before: Option<SystemTime> },
    /// Events are there after a write.
    Events { store: Box<Local>, seen: Cell<u64> },
}

impl Watch {
    /// Everything that is in the store now counts as seen.
    pub fn on(store: &Store) -> Self {
        let what = if store.is_sqlite() {
            let path = PathBuf::from(format!("{}-wal", store.path().display()));
            What::Log { before: modified(&path), path }
        } else {
            What::Events { store: Box::new(store.open()), seen: Cell::new(0) }
        };
        let watch = Self { what };
        while watch.has_changed() {}
        watch
    }

    /// Whether something was written since the last time this said so. A store that cannot be read was not seen to
    /// change.
    pub fn has_changed(&self) -> bool {
        match &self.what {
            What::Log { path, before } => modified(path) != *before,
            What::Events { store, seen } => {
                let new = store.events(seen.get(), 1000).unwrap_or_default();
                if let Some(last) = new.last() {
                    seen.set(last.sequence);
                }
                !new.is_empty()
            }
        }
    }
}

fn modified(path: &PathBuf) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
