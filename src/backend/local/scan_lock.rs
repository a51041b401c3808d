//! Locks that let each discovery be scanned by one caller at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::scan::TargetScan;

/// The last scan of this process, by discovery.
#[derive(Debug, Default)]
pub(super) struct ScanLocks(Mutex<BTreeMap<String, Arc<ScanLock>>>);

/// The lock that a caller holds while it scans.
#[derive(Debug, Default)]
pub(super) struct ScanLock(Mutex<Option<SharedScan>>);

/// A scan of this process.
#[derive(Debug)]
pub(super) struct SharedScan {
    pub(super) began: Instant,
    /// Targets that this process was not allowed to scan. They are not recorded in the store.
    pub(super) not_allowed: Vec<TargetScan>,
}

impl ScanLocks {
    pub(super) fn of(&self, discovery_id: &str) -> Arc<ScanLock> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(discovery_id.to_owned()).or_default())
    }
}

impl ScanLock {
    /// Waits for the scan that is running.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<SharedScan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
