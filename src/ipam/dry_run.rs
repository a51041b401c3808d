//! Plans that are run on the store as it is, and never written.

use std::collections::BTreeMap;

use super::events::{self, Head};
use super::{Error, Ledger, Occupant, Reader, Result, State, keys};
use crate::store::Overlay;

/// What plans would have written, one after the other, on the store as it was after a certain event.
#[derive(Debug, Default)]
pub struct DryRun {
    since: Option<Head>,
    /// A value, or `None` for a deletion.
    writes: BTreeMap<String, Option<Vec<u8>>>,
}

impl DryRun {
    /// Whether an object is planned by this dry run, which may have found an older hold for it in the store.
    pub fn has_planned(&self, occupant: &Occupant) -> bool {
        let written = self.writes.get(&keys::record(occupant.kind, &occupant.id));
        occupant.state == State::Planned && written.is_some_and(Option::is_some)
    }
}

impl Reader<'_> {
    /// Runs `plan` on the store as it is, and forgets what it wrote: what is wrong with a plan that may not write.
    ///
    /// # Errors
    /// Those of `plan`.
    pub fn try_out<T>(&mut self, plan: impl FnOnce(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        self.try_out_after(&mut DryRun::default(), plan)
    }

    /// A dry run on the store as it is now, with nothing in it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn dry_run(&mut self) -> Result<DryRun> {
        Ok(DryRun { since: Some(events::head(self.snapshot)?), writes: BTreeMap::new() })
    }

    /// Whether the store has not changed since. Every change has an event.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_current(&mut self, dry_run: &DryRun) -> Result<bool> {
        Ok(dry_run.since.as_ref() == Some(&events::head(self.snapshot)?))
    }

    /// Runs `plan` after those of the dry run, and adds it to them unless it fails.
    ///
    /// # Errors
    /// Those of `plan`.
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
