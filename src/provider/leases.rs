//! The leases that this process has open.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// IDs of open leases. The process ends those that Terraform has not closed when it ends in order.
#[derive(Default)]
pub(super) struct Leases(Mutex<BTreeSet<String>>);

impl Leases {
    pub(super) fn open(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    pub(super) fn close(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// The leases that are open, which this forgets.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
