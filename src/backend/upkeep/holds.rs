//! Holds of a store of our own: looking at them, and giving them back before they expire.

use crate::backend::{Local, Result};
use crate::ipam::{Event, Hold, HoldFilter};

/// Holds looked at in one transaction.
const RELEASE_LIMIT: usize = 256;

/// What giving back came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReleasedHolds {
    /// The history of it: one event for each hold.
    pub events: Vec<Event>,
    /// Those that fit and stay, because another owner's hold is in them.
    pub kept: Vec<Hold>,
}

impl Local {
    /// The holds that fit, those of one pool or scope together.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Store`].
    pub fn list_holds(&self, filter: &HoldFilter) -> Result<Vec<Hold>> {
        self.read(|reader| reader.list_holds(filter))
    }

    /// Gives back the holds that fit, a bounded number in each transaction.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Store`]; what was given back until then stays so.
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
