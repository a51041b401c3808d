//! Holds of a self-managed store: lists them, and releases them before they expire.

use crate::backend::administration::ReleasedHolds;
use crate::backend::{Local, Result};
use crate::ipam::{Hold, HoldFilter};

/// Holds that are read in one transaction.
const RELEASE_LIMIT: usize = 256;

impl Local {
    /// The holds that match, with those of one pool or scope together.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Store`].
    pub fn list_holds(&self, filter: &HoldFilter) -> Result<Vec<Hold>> {
        self.read(|reader| reader.list_holds(filter))
    }

    /// Releases the holds that match, a bounded number in each transaction.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Store`]; holds that were released until then stay released.
    pub fn release_holds(&self, filter: &HoldFilter) -> Result<ReleasedHolds> {
        let mut all = ReleasedHolds::default();
        let mut next = Some(String::new());
        while let Some(from) = next {
            let released = self.transact_surely(|ledger| {
                ledger.initialize()?;
                ledger.release_holds(filter, &from, RELEASE_LIMIT)
            })?;
            all.events.extend(released.events);
            all.kept.extend(released.kept);
            next = released.next;
        }
        Ok(all)
    }
}
