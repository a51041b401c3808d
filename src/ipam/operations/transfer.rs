//! Transfers objects to another owner, on explicit request.
//!
//! An owner is not a permission: anyone with an object in a Terraform state may change and delete it. The owner shows
//! whose plans a name and a hold belong to, and whom to ask. So an object is transferred alone: the contents of a pool
//! keep their owner, and so does a hold under the name of the object. Records that only follow from the object are
//! transferred with it: the blocks of a pool's own declaration, the space that a pool takes in its source pool, and a
//! planned growth.

use crate::ipam::history::log;
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::index;
use crate::ipam::{
    Allocation, Error, Event, Kind, Ledger, NO_OWNER, Pool, PoolCidr, Reader, ResourceType, Result, Scope, State,
    Staying,
};

/// A transfer of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The new owner.
    pub to: String,
    /// Transfers only objects of this owner; `None`: of any owner.
    pub from: Option<String>,
}

impl Reader<'_> {
    /// The object, when it may be transferred; `None` when it has the new owner already.
    fn leaving<R: Record>(&mut self, id: &str, transfer: &Transfer) -> Result<Option<R>> {
        let record: R = codec::require(self.snapshot, id)?;
        let meta = record.meta();
        let why = match &transfer.from {
            _ if meta.state != State::Active => Staying::Planned,
            _ if meta.owner == transfer.to => return Ok(None),
            _ if meta.owner == NO_OWNER => Staying::Default,
            Some(from) if *from != meta.owner => Staying::NotOf { owner: from.clone() },
            _ => return Ok(Some(record)),
        };
        Err(self.staying(&record, why)?)
    }

    fn staying<R: Record>(&mut self, record: &R, why: Staying) -> Result<Error> {
        Ok(Error::Staying { of: Box::new(standing::occupant(self.snapshot, record)?), why })
    }
}

impl Ledger<'_> {
    /// Transfers objects to another owner: all of them, or none. An object that has the new owner already stays as it
    /// is. Returns the events.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] or [`Error::Staying`].
    pub fn transfer(&mut self, ids: &[String], transfer: &Transfer) -> Result<Vec<Event>> {
        let before = log::head(self.tx)?.sequence;
        for id in ids {
            match Kind::of_id(id) {
                Some(Kind::Scope) => self.transfer_scope(id, transfer)?,
                Some(Kind::Pool) => self.transfer_pool(id, transfer)?,
                Some(Kind::PoolCidr) => self.transfer_pool_cidr(id, transfer)?,
                Some(Kind::Allocation) => self.transfer_allocation(id, transfer)?,
                kind => return Err(Error::NotFound { kind: kind.unwrap_or(Kind::Allocation), id: id.clone() }),
            }
        }
        self.reader().events(before, usize::MAX)
    }

    fn transfer_scope(&mut self, id: &str, transfer: &Transfer) -> Result<()> {
        let Some(before) = self.reader().leaving::<Scope>(id, transfer)? else { return Ok(()) };
        let after = self.owned_by(&before, transfer);
        index::write_scope(self.tx, Some(&before), Some(&after))?;
        log::append(self.tx, &self.env, Action::Transfer, Some(&before), Some(&after))
    }

    fn transfer_pool(&mut self, id: &str, transfer: &Transfer) -> Result<()> {
        let Some(before) = self.reader().leaving::<Pool>(id, transfer)? else { return Ok(()) };
        let after = self.owned_by(&before, transfer);
        // Holds of a planned change of the pool belong to the owner of that plan until it is applied.
        let own = |found: &PoolCidr| found.inline && found.meta.state == State::Active;
        for block in codec::pool_cidrs(self.tx, id)?.into_iter().filter(own) {
            let taken = self.owned_by(&block, transfer);
            index::write_pool_cidr(self.tx, &before, Some(&block), Some(&taken))?;
            self.transfer_space(&taken, transfer)?;
        }
        self.change_pool(Action::Transfer, &before, after).map(drop)
    }

    fn transfer_pool_cidr(&mut self, id: &str, transfer: &Transfer) -> Result<()> {
        let Some(before) = self.reader().leaving::<PoolCidr>(id, transfer)? else { return Ok(()) };
        if before.inline {
            let why = Staying::OfPool { id: before.pool_id.clone() };
            return Err(self.reader().staying(&before, why)?);
        }
        let after = self.owned_by(&before, transfer);
        let pool: Pool = codec::expect(self.tx, &before.pool_id)?;
        index::write_pool_cidr(self.tx, &pool, Some(&before), Some(&after))?;
        self.transfer_space(&after, transfer)?;
        log::append(self.tx, &self.env, Action::Transfer, Some(&before), Some(&after))
    }

    /// Transfers the space in the source pool, which follows from the pool CIDR and has no event of its own.
    fn transfer_space(&mut self, pool_cidr: &PoolCidr, transfer: &Transfer) -> Result<()> {
        let Some(id) = &pool_cidr.source_allocation_id else { return Ok(()) };
        let before: Allocation = codec::expect(self.tx, id)?;
        let mut after = before.clone();
        after.meta.owner.clone_from(&transfer.to);
        index::write_allocation(self.tx, Some(&before), Some(&after))
    }

    fn transfer_allocation(&mut self, id: &str, transfer: &Transfer) -> Result<()> {
        let found: Allocation = codec::require(self.tx, id)?;
        if let (ResourceType::IpamPool, Some(pool_id)) = (found.resource_type, &found.resource_id) {
            let why = Staying::OfPool { id: pool_id.clone() };
            return Err(self.reader().staying(&found, why)?);
        }
        let Some(before) = self.reader().leaving::<Allocation>(id, transfer)? else { return Ok(()) };
        let after = self.owned_by(&before, transfer);
        self.change_allocation(Action::Transfer, &before, after).map(drop)
    }

    fn owned_by<R: Record>(&self, before: &R, transfer: &Transfer) -> R {
        let mut after = before.clone();
        let meta = after.meta_mut();
        meta.owner.clone_from(&transfer.to);
        meta.updated_at = self.env.now;
        after
    }
}
