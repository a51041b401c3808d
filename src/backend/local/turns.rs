//! Whose turn it is to look: one at a time for each discovery.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::LookedPlace;

/// How this process last looked, by discovery.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<String, Arc<Turn>>>);

/// Held by who looks.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<Option<Look>>);

/// A look of this process.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) began: Instant,
    /// What it was not allowed to look at, which is kept nowhere else.
    pub(super) not_allowed: Vec<LookedPlace>,
}

impl Turns {
    pub(super) fn of(&self, discovery_id: &str) -> Arc<Turn> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(discovery_id.to_owned()).or_default())
    }
}

impl Turn {
    /// Waits for who looks now.
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
