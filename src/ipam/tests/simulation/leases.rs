//! Runs that have a block for their own length, among plans and applies.

use std::time::Duration;

use super::{Simulation, expected};
use crate::ipam::testing::wanted;
use crate::ipam::{Error, State};

/// How long a lease lasts without a renewal. Plans of the simulation hold for an hour.
const DURATION: Duration = Duration::from_mins(30);

impl Simulation {
    pub(super) fn open_lease(&mut self, name: &str) {
        let pool = self.any_pool();
        let wish = self.wish(&pool, 27);
        let spec = wanted(&pool, name, &wish);
        if let Ok(lease) = expected(self.write(|ledger| ledger.open_lease(&spec, DURATION))) {
            // One that had expired may have been taken up again.
            self.leases.retain(|other| other.meta.id != lease.meta.id);
            self.leases.push(lease);
        }
    }

    pub(super) fn renew_or_close_lease(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let index = self.roll(self.leases.len());
        let lease = self.leases.remove(index);
        let (id, name) = (lease.meta.id.clone(), lease.meta.name.clone());
        self.world.as_owner(&lease.meta.owner);
        if self.roll(2) == 0 {
            self.write(|ledger| ledger.close_lease(&id)).unwrap();
            return;
        }
        match expected(self.write(|ledger| ledger.renew_lease(&id, &name, DURATION))) {
            Ok(renewed) => {
                assert_eq!(renewed.cidr, lease.cidr);
                self.leases.push(renewed);
            }
            Err(error) => {
                let is_over = lease.meta.hold_expires_at.is_some_and(|expiry| expiry <= self.world.now);
                assert!(is_over && matches!(error, Error::HoldLost { .. }), "{error:?}");
            }
        }
    }

    /// A pool that is deleted with all its contents takes leases with it.
    pub(super) fn forget_leases_in_deleted_pools(&mut self) {
        let mut leases = std::mem::take(&mut self.leases);
        leases.retain(|lease| self.world.read(|reader| reader.get_pool(&lease.pool_id)).unwrap().is_some());
        self.leases = leases;
    }

    /// A lease that has not expired is what its run was told, whatever others did.
    pub(super) fn check_leases(&mut self, at: &str) {
        let now = self.world.now;
        for lease in &self.leases {
            if lease.meta.hold_expires_at.is_some_and(|expiry| expiry > now) {
                let found = self.world.read(|reader| reader.get_allocation(&lease.meta.id)).unwrap();
                let found = found.unwrap_or_else(|| panic!("{at}: {lease:#?} is gone"));
                assert_eq!((found.cidr, found.meta.state), (lease.cidr, State::Planned), "{at}");
            }
        }
    }
}
