//! Objects of a store of our own that go to another owner.

use crate::backend::{Local, Result};
use crate::ipam::{Event, Transfer};

impl Local {
    /// Gives objects to another owner, in one transaction. The events of it: none for what belonged to that owner already.
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
