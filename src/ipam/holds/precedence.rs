//! Decides which holds a request may reclaim.
//!
//! A hold may be reclaimed when it has expired. The owner of a hold may also reclaim it in another run, so that the
//! earlier plans of an owner never block that owner. The holds of the present run stay, also when the run takes longer than
//! `plan_hold`: a plan never shows one block for two of its objects. Other runs may reclaim them after their expiry.
//!
//! A reservation and a lease are not what an earlier plan left. A reservation stays until it has expired, and a lease until
//! it has expired or its run has ended. The rest of released space is in `rest.rs`.

use jiff::Timestamp;

use crate::ipam::{Allocation, Env, Meta, Run, State};

impl Env<'_> {
    /// Whether a hold of `run` belongs to the present run. Outside of Terraform there is no run, and every hold stays
    /// until it expires.
    pub(in crate::ipam) fn is_of_this_run(&self, run: Option<&Run>) -> bool {
        let Some(current) = self.run else { return true };
        run.is_some_and(|run| current.includes(run, self.applying))
    }

    /// Whether a hold of `run` belongs to the present run, or to a plan that was made in the same place: in the same CI
    /// run, or in the same directory. The present run may be the apply of that plan. Never outside of Terraform.
    pub(in crate::ipam) fn is_made_here(&self, run: Option<&Run>) -> bool {
        let (Some(current), Some(run)) = (self.run, run) else { return false };
        let (own, other) = (&current.run.origin, &run.origin);
        let is_same_ci_run = own.run_url.is_some() && own.run_url == other.run_url;
        let is_same_place = own.directory.is_some() && own == other;
        current.includes(run, true) || is_same_ci_run || is_same_place
    }

    /// Whether the present request may reclaim a hold of this owner with this expiry, which this run asked for last.
    pub(in crate::ipam) fn makes_way(&self, owner: &str, expires_at: Option<Timestamp>, run: Option<&Run>) -> bool {
        // A part of a larger object has no expiry of its own, and is not reclaimed alone.
        let Some(expiry) = expires_at else { return false };
        let (is_own, is_of_this_run) = (owner == self.actor.owner, self.is_of_this_run(run));
        if is_own && is_of_this_run && self.run.is_some() {
            return self.is_being_released(owner, run);
        }
        self.is_over(owner, expiry, run) || (is_own && !is_of_this_run && !self.only_expired)
    }

    /// Whether a hold has expired, or is among those that are being released.
    fn is_over(&self, owner: &str, expiry: Timestamp, run: Option<&Run>) -> bool {
        self.is_being_released(owner, run) || expiry <= self.now
    }

    /// Whether the present request releases the holds of this owner, and this one is not spared.
    fn is_being_released(&self, owner: &str, run: Option<&Run>) -> bool {
        let is_spared = self.sparing && self.is_made_here(run);
        self.released_owner.as_deref() == Some(owner) && !is_spared
    }

    /// Whether this is a hold that the present request may reclaim.
    pub(in crate::ipam) fn is_reclaimable(&self, meta: &Meta) -> bool {
        match meta.state {
            State::Planned if meta.is_resting => self.is_rest_over(meta),
            State::Planned if self.rests_on(meta) => false,
            State::Planned if meta.is_lease => self.is_lease_over(meta),
            State::Planned if meta.is_reservation => self.has_ended(meta),
            State::Planned => self.makes_way(&meta.owner, meta.hold_expires_at, meta.run.as_deref()),
            State::Lapsed | State::Active => false,
        }
    }

    /// Whether a lease does not count any more. Only a request of the same terraform process can see that the run of
    /// the lease has ended; for all others, the lease stays until it expires.
    fn is_lease_over(&self, meta: &Meta) -> bool {
        let has_ended = |run: &Run| self.run.is_some_and(|current| current.outlives(run));
        let is_ours = meta.owner == self.actor.owner;
        self.has_ended(meta) || (is_ours && meta.run.as_deref().is_some_and(has_ended))
    }

    /// Whether a hold that stands for itself has expired, or is among those that are being released.
    fn has_ended(&self, meta: &Meta) -> bool {
        meta.hold_expires_at.is_some_and(|expiry| self.is_over(&meta.owner, expiry, meta.run.as_deref()))
    }

    /// Whether an allocation has a planned growth that may be reclaimed.
    pub(in crate::ipam) fn is_growth_reclaimable(&self, allocation: &Allocation) -> bool {
        allocation.growth.as_ref().is_some_and(|growth| {
            self.makes_way(&allocation.meta.owner, Some(growth.expires_at), growth.run.as_deref())
        })
    }

    /// The run to write into a hold that is requested now.
    pub(in crate::ipam) fn asking(&self) -> Option<Box<Run>> {
        self.run.map(|current| Box::new(current.run.clone()))
    }
}
