//! Dry runs: plans that run on the present store and are never written.

use std::collections::BTreeMap;

use crate::ipam::history::log::{self, Head};
use crate::ipam::storage::keys;
use crate::ipam::{Error, Ledger, Occupant, Reader, Result, State};
use crate::store::Overlay;

/// The writes of plans that ran one after the other on the store as it was after a certain event.
#[derive(Debug, Default)]
pub struct DryRun {
    since: Option<Head>,
    /// The new value of each key, or `None` for a deletion.
    writes: BTreeMap<String, Option<Vec<u8>>>,
}

impl DryRun {
    /// Whether this dry run has planned the object. It may have found an older hold for the object in the store.
    pub fn has_planned(&self, occupant: &Occupant) -> bool {
        let written = self.writes.get(&keys::record(occupant.kind, &occupant.id));
        occupant.state == State::Planned && written.is_some_and(Option::is_some)
    }
}

impl Reader<'_> {
    /// Runs `plan` on the present store and discards its writes. So the errors of a plan show without a write.
    ///
    /// # Errors
    /// Returns the errors of `plan`.
    pub fn try_out<T>(&mut self, plan: impl FnOnce(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        self.try_out_after(&mut DryRun::default(), plan)
    }

    /// An empty dry run on the present store.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub fn dry_run(&mut self) -> Result<DryRun> {
        Ok(DryRun { since: Some(log::head(self.snapshot)?), writes: BTreeMap::new() })
    }

    /// Whether the store has not changed since the dry run began. Every change has an event.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub fn is_current(&mut self, dry_run: &DryRun) -> Result<bool> {
        Ok(dry_run.since.as_ref() == Some(&log::head(self.snapshot)?))
    }

    /// Asks the store as it is after the plans of the dry run.
    ///
    /// # Errors
    /// Returns the errors of `ask`.
    pub fn ask_after<T>(&mut self, dry_run: &mut DryRun, ask: impl FnOnce(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        let mut after = Overlay::over(&mut *self.snapshot, std::mem::take(&mut dry_run.writes));
        let answer = ask(&mut Reader::new(&mut after, self.env.reborrow()));
        dry_run.writes = after.into_writes();
        answer
    }

    /// Runs `plan` after the plans of the dry run, and adds its writes to the dry run unless it fails.
    ///
    /// # Errors
    /// Returns the errors of `plan`.
    pub fn try_out_after<T>(
        &mut self,
        dry_run: &mut DryRun,
        plan: impl FnOnce(&mut Ledger<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut earlier = Overlay::over(&mut *self.snapshot, std::mem::take(&mut dry_run.writes));
        let mut own = Overlay::new(&mut earlier);
        let mut ledger = Ledger::new(&mut own, self.env.reborrow());
        let planned = ledger.initialize().and_then(|()| plan(&mut ledger));
        let planned = planned.and_then(|planned| own.commit().map(|()| planned).map_err(Error::from));
        dry_run.writes = earlier.into_writes();
        planned
    }
}
