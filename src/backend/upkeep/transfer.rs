//! Gives objects of a self-managed store to another owner.

use crate::backend::{Local, Result};
use crate::ipam::{Event, Transfer};

impl Local {
    /// Gives objects to another owner, in one transaction. Answers the events: none for an object that belonged to that
    /// owner already.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NotFound`]; [`crate::ipam::Error::Staying`]. Nothing is transferred then.
    pub fn transfer(&self, ids: &[String], transfer: &Transfer) -> Result<Vec<Event>> {
        self.transact_surely(|ledger| {
            ledger.initialize()?;
            ledger.transfer(ids, transfer)
        })
    }
}
