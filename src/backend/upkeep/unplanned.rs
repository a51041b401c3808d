//! Allocations without a plan, for commands.

use std::cell::Cell;
use std::time::Duration;

use crate::backend::{Ipam, Local, Result};
use crate::ipam::{AllocationSpec, Error, Granted, Kind, Ledger, Planned, ResourceType, answers};
use crate::store;

use super::patiently;

impl Local {
    /// Allocates a block, or finds the allocation that an earlier call with the same request made. It is confirmed, so no
    /// plan adopts it.
    ///
    /// # Errors
    /// The rule that the request violates; [`Error::NameTaken`]; the errors about space; the errors of the store.
    pub fn allocate_unplanned(&self, spec: &AllocationSpec) -> Result<Granted> {
        self.grant(|ledger| ledger.allocate_unplanned(spec))
    }

    /// Holds a block for this time, or finds the reservation that an earlier call with the same request made.
    ///
    /// # Errors
    /// The same as [`Self::allocate_unplanned`].
    pub fn reserve(&self, spec: &AllocationSpec, hold: Duration) -> Result<Granted> {
        self.grant(|ledger| ledger.reserve(spec, hold))
    }

    fn grant(&self, mut body: impl FnMut(&mut Ledger<'_>) -> Result<Granted>) -> Result<Granted> {
        let was_new = Cell::new(false);
        let mut run = |ledger: &mut Ledger<'_>| {
            ledger.initialize()?;
            let granted = body(ledger)?;
            was_new.set(granted.is_new);
            Ok(granted)
        };
        match self.transact(&mut run) {
            Err(Error::Store(store::Error::Uncertain(_))) => {
                // The second run finds what the first one made, if that was kept.
                let first_was_new = was_new.get();
                let granted = self.transact(&mut run)?;
                Ok(Granted { is_new: granted.is_new || first_was_new, ..granted })
            }
            outcome => outcome,
        }
    }
}

/// Whether the same request may succeed later, because the store or the service does not answer now.
pub const fn may_succeed_later(error: &Error) -> bool {
    use store::Error as Store;

    matches!(
        error,
        Error::Pending(_)
            | Error::Importing
            | Error::Store(Store::Unavailable(_) | Store::Uncertain(_) | Store::Busy(_))
    )
}

/// [`Local::allocate_unplanned`] in a service, which knows no owners. Waits for the service for at most `patience`.
///
/// # Errors
/// The errors of the service; [`Error::NameTaken`].
pub fn allocate_in_service(ipam: &dyn Ipam, spec: &AllocationSpec, patience: Duration) -> Result<Granted> {
    let mut was_asked = false;
    patiently(patience, || {
        let gone = || Error::NotFound { kind: Kind::Pool, id: spec.pool_id.clone() };
        let pool = ipam.get_pool(&spec.pool_id)?.ok_or_else(gone)?;
        match ipam.find_allocation(&spec.pool_id, &spec.name)? {
            Some(found) if found.resource_type == ResourceType::Custom && answers(&found, spec, &pool) => {
                Ok(Granted { allocation: found, is_new: was_asked })
            }
            Some(other) => Err(Error::NameTaken { existing: (&other).into(), asked_by: None }),
            None => {
                was_asked = true;
                let allocation = ipam.create_allocation(spec, &Planned::Unknown)?;
                Ok(Granted { allocation, is_new: true })
            }
        }
    })
}
