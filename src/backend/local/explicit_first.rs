//! Lets requests by size wait for requests by CIDR.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The time that a request by size waits for requests by CIDR, in a pool that is planned with it.
const PATIENCE: Duration = Duration::from_millis(50);

/// The time of the first request by size in each pool that is only planned.
#[derive(Default)]
pub(super) struct ExplicitFirst(Mutex<HashMap<String, Instant>>);

impl ExplicitFirst {
    /// Waits a moment, if this is one of the first requests by size in a pool that is only planned.
    pub(super) fn wait(&self, pool_id: &str) {
        let since = {
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *first.entry(pool_id.to_owned()).or_insert_with(Instant::now)
        };
        thread::sleep(PATIENCE.saturating_sub(since.elapsed()));
    }
}
