//! The end of allocations: loans that `gc` releases when they are over, and allocations that refuse their release.
//!
//! Nothing else ends a loan: an allocation whose loan is over keeps its space against every plan and apply until `gc` has
//! said that it releases it. `gc` keeps an allocation as long as a discovery sees a resource in it.

use crate::ipam::discovery::Sighted;
use crate::ipam::model::event::Action;
use crate::ipam::storage::{codec, discovery_keys, keys};
use crate::ipam::{Allocation, Cidr, Error, Ledger, Lifetime, Pool, Reader, Result, SeenThere, State, Terms};
use crate::store::Order;

/// Sightings read at a time.
const PAGE: usize = 64;

/// The reasons why an allocation stays whose loan is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// A discovery sees this resource in it.
    Seen(SeenThere),
    /// It prevents its release.
    Protected,
    /// This address set has addresses in it.
    Addresses(String),
}

/// An allocation that stays although its loan is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    pub allocation: Allocation,
    pub why: Stays,
}

impl Allocation {
    /// Checks that the allocation does not prevent its release.
    ///
    /// # Errors
    /// Returns [`Error::Protected`].
    pub(in crate::ipam) fn check_release(&self) -> Result<()> {
        if self.lifetime.prevent_release && self.meta.state == State::Active {
            let (id, name) = (self.meta.id.clone(), self.meta.name.clone());
            return Err(Error::Protected { id, name, cidr: self.cidr });
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Checks that a loan that a request asks for is not over yet.
    ///
    /// # Errors
    /// Returns [`Error::LoanOver`].
    pub(in crate::ipam) fn check_loan(&self, lifetime: &Lifetime) -> Result<()> {
        match lifetime.expires_at() {
            Some(expires_at) if expires_at <= self.env.now => Err(Error::LoanOver { expires_at, now: self.env.now }),
            _ => Ok(()),
        }
    }

    /// A resource that a discovery sees in a block of a pool: its block is that block, or a part of it.
    fn seen_in(&mut self, pool: &Pool, block: &Cidr) -> Result<Option<SeenThere>> {
        let mut start = discovery_keys::seen_from(block.family(), block.first());
        let (_, end) = keys::under(&discovery_keys::seen_from(block.family(), block.last()));
        loop {
            let entries = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, _) in &entries {
                let sighting = discovery_keys::sighting_of_index(key);
                let sighting = sighting.ok_or_else(|| codec::corrupt(key, "it names no sighting"))?;
                let Some(sighted) = codec::read::<Sighted>(self.snapshot, &sighting)? else { continue };
                let is_there = sighted.scope_id == pool.scope_id && !sighted.ignored;
                let cidr = sighted.resource.cidr.filter(|cidr| is_there && block.contains(cidr));
                if let Some(cidr) = cidr {
                    return Ok(Some(SeenThere {
                        resource_id: sighted.resource.resource_id,
                        cidr,
                        account_id: sighted.account_id,
                        region: sighted.region,
                    }));
                }
            }
            match entries.last() {
                Some((last, _)) if entries.len() == PAGE => start = keys::after(last),
                _ => return Ok(None),
            }
        }
    }
}

impl Ledger<'_> {
    /// Fixes the end of a loan that counts from the apply, in an allocation that is active.
    pub(in crate::ipam) fn begin_loan(&self, allocation: &mut Allocation) {
        if allocation.meta.state == State::Active {
            allocation.lifetime = allocation.lifetime.begun(self.env.now);
        }
    }

    /// Checks that the object which the new one replaces may be released.
    ///
    /// # Errors
    /// Returns [`Error::Protected`].
    pub(in crate::ipam) fn check_replaced(&mut self, terms: &Terms) -> Result<()> {
        let Some(id) = terms.replaces.as_ref().filter(|_| !terms.only_name) else { return Ok(()) };
        let replaced: Option<Allocation> = codec::live(self.tx, id)?;
        replaced.map_or(Ok(()), |replaced| replaced.check_release())
    }

    /// Releases the allocation of one entry of the index of loans, if its loan is over. The reason why it stays is
    /// returned.
    pub(in crate::ipam) fn end_loan(&mut self, key: &str) -> Result<Option<Overdue>> {
        let id = keys::decoded(keys::tail(key)).unwrap_or_default();
        let found: Option<Allocation> = codec::live(self.tx, &id)?;
        // An earlier release of this program may have changed the allocation without its loan.
        let Some(allocation) = found.filter(|found| found.is_overdue(self.env.now)) else { return Ok(None) };
        if allocation.lifetime.prevent_release {
            return Ok(Some(Overdue { allocation, why: Stays::Protected }));
        }
        if let Some(set) = allocation.address_sets.values().find(|set| set.is_active()) {
            let why = Stays::Addresses(set.name.clone());
            return Ok(Some(Overdue { allocation, why }));
        }
        let pool: Pool = codec::expect(self.tx, &allocation.pool_id)?;
        match self.reader().seen_in(&pool, &allocation.cidr)? {
            Some(seen) => Ok(Some(Overdue { allocation, why: Stays::Seen(seen) })),
            None => self.release(&allocation, Action::Expire).map(|()| None),
        }
    }
}
