//! Notes on active objects that no event reports: a Terraform state has the object; a plan keeps arguments of the
//! object that were not known; a plan gives the object up for another object that was planned before.

use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::{index, keys};
use crate::ipam::{Allocation, Discovery, Kind, Ledger, Meta, Pool, PoolCidr, Reader, Result, Scope, State, Treated};
use crate::store::{Snapshot, Tx};

impl Ledger<'_> {
    /// Marks an active object as being in a Terraform state. Does nothing when the mark is set already or the object is
    /// gone.
    pub fn confirm(&mut self, id: &str) -> Result<()> {
        self.note(id, &|meta| meta.confirmed = true)
    }

    /// Notes that a plan keeps arguments of an active object that are not known yet. The plan may be applied until
    /// `hold` has passed.
    pub fn keep_arguments(&mut self, id: &str, hold: Duration) -> Result<()> {
        let until = self.env.now.saturating_add(hold).unwrap_or(Timestamp::MAX);
        self.note(id, &|meta| meta.arguments_kept_until = Some(until))
    }

    /// Removes the note of [`Ledger::keep_arguments`].
    pub fn forget_kept_arguments(&mut self, id: &str) -> Result<()> {
        self.note(id, &|meta| meta.arguments_kept_until = None)
    }

    /// Notes that a plan deletes or renames an active object. The note is for the plans within the next `hold`.
    pub fn give_up(&mut self, id: &str, hold: Duration) -> Result<()> {
        let until = self.env.now.saturating_add(hold).unwrap_or(Timestamp::MAX);
        self.note(id, &|meta| meta.given_up_until = Some(until))
    }

    fn note(&mut self, id: &str, change: &dyn Fn(&mut Meta)) -> Result<()> {
        match Kind::of_id(id) {
            Some(Kind::Scope) => self.note_on(id, change, |tx, a, b| index::write_scope(tx, Some(a), Some(b))),
            Some(Kind::Pool) => self.note_on(id, change, |tx, a, b| index::write_pool(tx, Some(a), Some(b))),
            Some(Kind::Allocation) => {
                self.note_on(id, change, |tx, a, b| index::write_allocation(tx, Some(a), Some(b)))
            }
            Some(Kind::PoolCidr) => self.note_on(id, change, |tx, a: &PoolCidr, b| {
                let pool = codec::expect(tx, &a.pool_id)?;
                index::write_pool_cidr(tx, &pool, Some(a), Some(b))
            }),
            Some(Kind::Discovery) => self.note_on(id, change, |tx, _, after: &Discovery| put(tx, after)),
            Some(Kind::Treatment) => self.note_on(id, change, |tx, _, after: &Treated| put(tx, after)),
            Some(Kind::History) | None => Ok(()),
        }
    }

    fn note_on<R: Record>(
        &mut self,
        id: &str,
        change: &dyn Fn(&mut Meta),
        write: impl Fn(&mut dyn Tx, &R, &R) -> Result<()>,
    ) -> Result<()> {
        let found = codec::load::<R>(self.tx, id)?;
        let Some(before) = found.filter(|found| found.meta().state == State::Active) else { return Ok(()) };
        let mut after = before.clone();
        change(after.meta_mut());
        if after.meta() == before.meta() { Ok(()) } else { write(self.tx, &before, &after) }
    }
}

/// Writes a record without changing the entries that follow from it.
fn put<R: Record>(tx: &mut dyn Tx, record: &R) -> Result<()> {
    Ok(tx.put(&keys::record(R::KIND, &record.meta().id), codec::encode(record)?)?)
}

impl Reader<'_> {
    /// Whether [`Ledger::confirm`] has to write.
    pub fn needs_confirmation(&mut self, id: &str) -> Result<bool> {
        Ok(self.active_meta(id)?.is_some_and(|meta| !meta.confirmed))
    }

    /// The time until which a plan that keeps arguments of this object may be applied; `None` when there is no such
    /// plan any more.
    pub fn arguments_kept_until(&mut self, id: &str) -> Result<Option<Timestamp>> {
        let until = self.active_meta(id)?.and_then(|meta| meta.arguments_kept_until);
        Ok(until.filter(|until| *until > self.env.now))
    }

    /// Whether a recent plan of the same owner noted that it gives this object up.
    pub fn is_given_up(&mut self, id: &str) -> Result<bool> {
        let meta = self.active_meta(id)?.filter(|meta| meta.owner == self.env.actor.owner);
        Ok(meta.and_then(|meta| meta.given_up_until).is_some_and(|until| until > self.env.now))
    }

    /// The metadata of an active object.
    fn active_meta(&mut self, id: &str) -> Result<Option<Meta>> {
        fn of<R: Record>(snapshot: &mut dyn Snapshot, id: &str) -> Result<Option<Meta>> {
            let record: Option<R> = codec::load(snapshot, id)?;
            Ok(record.map(|record| record.meta().clone()).filter(|meta| meta.state == State::Active))
        }
        match Kind::of_id(id) {
            Some(Kind::Scope) => of::<Scope>(self.snapshot, id),
            Some(Kind::Pool) => of::<Pool>(self.snapshot, id),
            Some(Kind::PoolCidr) => of::<PoolCidr>(self.snapshot, id),
            Some(Kind::Allocation) => of::<Allocation>(self.snapshot, id),
            Some(Kind::Discovery) => of::<Discovery>(self.snapshot, id),
            Some(Kind::Treatment) => of::<Treated>(self.snapshot, id),
            Some(Kind::History) | None => Ok(None),
        }
    }
}
