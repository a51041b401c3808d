//! Locks that let each discovery be scanned by one caller at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::scan::LookedPlace;

/// The last scan of this process, by discovery.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<String, Arc<Turn>>>);

/// The lock that a caller holds while it scans.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<Option<Look>>);

/// A scan of this process.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) began: Instant,
    /// Targets that this process was not allowed to scan. They are not recorded in the store.
    pub(super) not_allowed: Vec<LookedPlace>,
}

impl Turns {
    pub(super) fn of(&self, discovery_id: &str) -> Arc<Turn> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(discovery_id.to_owned()).or_default())
    }
}

impl Turn {
    /// Waits for the scan that is running.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
