//! Leases: blocks for the length of one run, such as that of an ephemeral resource.
//!
//! A lease is a hold that no plan will apply: it is opened, renewed while the run goes on, and closed at its end. It
//! expires by itself, so a run that dies leaves nothing behind. Unlike the holds of plans, it does not give way to
//! another run of its owner (see `precedence.rs`). A lease that is closed lapses, and its record stays for a week: the
//! next run of its owner gets the same block for the same name, where the block is still free.

use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::discovery::Avoided;
use crate::ipam::model::event::Action;
use crate::ipam::operations::allocation::{SizeRequest, check_tags, details, size_request};
use crate::ipam::operations::context::Birth;
use crate::ipam::space::{free, reserved};
use crate::ipam::storage::{codec, index, keys, names};
use crate::ipam::{Allocation, AllocationSpec, Cidr, Kind, Ledger, Pool, Reader, Result, State};

/// What has the name of a lease that is opened.
enum Former {
    /// Nothing.
    None,
    /// A lease with the wanted block, which this run takes over or has already.
    Same(Allocation),
    /// A lapsed lease or hold, or one that gives way.
    Other(Allocation),
}

impl Reader<'_> {
    /// What has the name.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NameTaken`].
    fn former(&mut self, spec: &AllocationSpec, wanted: SizeRequest) -> Result<Former> {
        let entry = names::entry(self.snapshot, Kind::Allocation, &spec.pool_id, &spec.name)?;
        if let Some(id) = &entry.active {
            let active: Allocation = codec::expect(self.snapshot, id)?;
            return Err(self.name_taken(&active)?);
        }
        let Some(id) = &entry.planned else { return Ok(Former::None) };
        let found: Allocation = codec::expect(self.snapshot, id)?;
        let meta = &found.meta;
        if meta.state != State::Planned {
            return Ok(Former::Other(found));
        }
        let is_of_this_process =
            self.env.run.is_some_and(|current| meta.run.as_ref().is_some_and(|run| run.process == current.run.process));
        let is_ours = meta.is_lease && meta.owner == self.env.actor.owner;
        // The same process asks again when the store could not confirm the first commit.
        let is_own_retry = is_ours && is_of_this_process;
        if !is_own_retry && !self.env.is_reclaimable(meta) {
            return Err(self.name_taken(&found)?);
        }
        let is_same = is_ours && wanted.satisfied_by(&found, &spec.disallowed_cidrs);
        Ok(if is_same { Former::Same(found) } else { Former::Other(found) })
    }

    /// Whether a block of a pool is entirely free for a request by size.
    fn is_vacant(&mut self, pool: &Pool, block: &Cidr) -> Result<bool> {
        Ok(free::provisioned_around(self.snapshot, &pool.meta.id, block)?.is_some()
            && free::entries_over(self.snapshot, &keys::at_of(&pool.meta.id), block, 1)?.is_empty()
            && self.planned_for_others(pool, block)?.is_none()
            && reserved::over(self.snapshot, pool, block)?.is_none()
            && Avoided::off(self.snapshot, pool, block, block)?.is_none())
    }
}

impl Ledger<'_> {
    /// Takes a block for the present run.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_allocation`]; returns [`crate::ipam::Error::NameTaken`] when another run has
    /// the name.
    pub fn open_lease(&mut self, spec: &AllocationSpec, duration: Duration) -> Result<Allocation> {
        let pool = self.reader().pool(&spec.pool_id)?;
        let wanted = size_request(spec.size, &pool)?;
        check_tags(&spec.tags, &pool)?;
        self.purge(&pool.meta.id)?;
        let expires_at = self.after(duration);
        let earlier = match self.reader().former(spec, wanted)? {
            Former::Same(lease) => {
                let mut taken = lease.clone();
                details(spec)(&mut taken);
                taken.meta.run = self.env.asking();
                taken.meta.hold_expires_at = Some(expires_at);
                taken.meta.updated_at = self.env.now;
                return self.change_allocation(Action::Hold, &lease, taken);
            }
            Former::Other(other) => {
                self.clear_former(&other)?;
                (other.meta.is_lease && other.meta.owner == self.env.actor.owner).then_some(other)
            }
            Former::None => None,
        };
        let place = match earlier {
            Some(lease) if wanted.satisfied_by(&lease, &spec.disallowed_cidrs) => {
                if self.reader().is_vacant(&pool, &lease.cidr)? { SizeRequest::Block(lease.cidr) } else { wanted }
            }
            _ => wanted,
        };
        self.new_allocation(&pool, spec, place, &Birth::Lease { expires_at })
    }

    /// Makes room for the name of a lease.
    fn clear_former(&mut self, former: &Allocation) -> Result<()> {
        match former.meta.state {
            State::Planned => self.lapse_allocation(former),
            State::Lapsed | State::Active => index::remove_allocation(self.tx, former),
        }
    }

    /// Moves the expiry of a lease. A lease that has expired is renewed as well, unless its block was given to another
    /// object.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::HoldLost`] when the lease is gone.
    pub fn renew_lease(&mut self, id: &str, name: &str, duration: Duration) -> Result<Allocation> {
        let found: Option<Allocation> = codec::live(self.tx, id)?;
        let Some(lease) = found.filter(|found| found.meta.is_lease) else {
            return Err(self.reader().lost::<Allocation>(id, name)?);
        };
        let mut renewed = lease.clone();
        renewed.meta.hold_expires_at = Some(self.after(duration));
        renewed.meta.updated_at = self.env.now;
        self.change_allocation(Action::Hold, &lease, renewed)
    }

    /// Ends a lease. Succeeds when it is gone already.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn close_lease(&mut self, id: &str) -> Result<()> {
        match codec::live::<Allocation>(self.tx, id)? {
            Some(lease) if lease.meta.is_lease => self.lapse_allocation(&lease),
            _ => Ok(()),
        }
    }

    fn after(&self, duration: Duration) -> Timestamp {
        self.env.now.saturating_add(duration).unwrap_or(Timestamp::MAX)
    }
}
