//! Index of names: in each parent, at most one active object and one hold have a name.
//!
//! A replacement takes the name of the object that it replaces before that object is deleted. When the deletion fails
//! and the replacement is deleted instead, the name goes back to the object that had it before.

use serde::{Deserialize, Serialize};

use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::keys;
use crate::ipam::{Allocation, Kind, Ledger, Reader, Result, State};
use crate::store::{Snapshot, Tx};

/// An entry of the name index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ipam) struct NameEntry {
    /// Id of the active object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ipam) active: Option<String>,
    /// Id of the hold, also of a lapsed hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ipam) planned: Option<String>,
}

pub(in crate::ipam) fn entry(snapshot: &mut dyn Snapshot, kind: Kind, parent: &str, name: &str) -> Result<NameEntry> {
    Ok(codec::read(snapshot, &keys::name(kind, parent, name))?.unwrap_or_default())
}

/// Enters `record` under its name, in the field that corresponds to its state. Does nothing for a record without a
/// name.
pub(in crate::ipam) fn enter<R: Record>(tx: &mut dyn Tx, record: &R) -> Result<()> {
    change(tx, record, |entry, id| {
        if record.meta().state == State::Active {
            entry.active = Some(id.to_owned());
            if entry.planned.as_deref() == Some(id) {
                entry.planned = None;
            }
        } else {
            entry.planned = Some(id.to_owned());
        }
    })
}

/// Removes `record` from the entry of its name; other objects in the entry stay. If the object that `record` was
/// created to replace still exists, it gets the name back.
pub(in crate::ipam) fn leave<R: Record>(tx: &mut dyn Tx, record: &R) -> Result<()> {
    let heir = replaced(tx, record)?.into_iter().next();
    change(tx, record, |entry, id| {
        if entry.active.as_deref() == Some(id) {
            entry.active = heir.map(|heir| heir.meta().id.clone());
        }
        if entry.planned.as_deref() == Some(id) {
            entry.planned = None;
        }
    })
}

/// The active objects of the same name that `record` was created to replace and that still exist, the latest first.
fn replaced<R: Record>(snapshot: &mut dyn Snapshot, record: &R) -> Result<Vec<R>> {
    let meta = record.meta();
    let mut found = Vec::new();
    for id in meta.replaces.iter().chain(&meta.replaces_also) {
        let Some(older) = codec::load::<R>(snapshot, id)? else { continue };
        let shares_name = older.meta().name == meta.name && older.parent() == record.parent();
        if older.meta().state == State::Active && shares_name {
            found.push(older);
        }
    }
    Ok(found)
}

fn change<R: Record>(tx: &mut dyn Tx, record: &R, change: impl FnOnce(&mut NameEntry, &str)) -> Result<()> {
    if !record.is_named() {
        return Ok(());
    }
    let key = keys::name(R::KIND, record.parent(), &record.meta().name);
    let before: NameEntry = codec::read(tx, &key)?.unwrap_or_default();
    let mut after = before.clone();
    change(&mut after, &record.meta().id);
    if after == before {
        return Ok(());
    }
    if after == NameEntry::default() {
        return Ok(tx.delete(&key)?);
    }
    Ok(tx.put(&key, codec::encode(&after)?)?)
}

/// Moves an active record to a new name.
pub(in crate::ipam) fn rename<R: Record>(tx: &mut dyn Tx, before: &R, after: &R) -> Result<()> {
    if before.meta().name == after.meta().name {
        return Ok(());
    }
    leave(tx, before)?;
    enter(tx, after)
}

impl Ledger<'_> {
    /// Reclaims the hold that is in the way of a new name for an active object.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NameTaken`], also when a part of the hold may not be reclaimed.
    pub(in crate::ipam) fn clear_name<R: Record>(&mut self, record: &R, name: &str) -> Result<()> {
        self.reader().name_is_free_for(record, name)?;
        if record.meta().name == name {
            return Ok(());
        }
        let Some(id) = entry(self.tx, R::KIND, record.parent(), name)?.planned else { return Ok(()) };
        let Some(hold) = codec::live::<R>(self.tx, &id)? else { return Ok(()) };
        if self.try_lapse(R::KIND, &id)? { Ok(()) } else { Err(self.reader().name_taken(&hold)?) }
    }

    /// Reclaims a hold; `false` when a part of it may not be reclaimed.
    fn try_lapse(&mut self, kind: Kind, id: &str) -> Result<bool> {
        match kind {
            Kind::Scope => codec::expect(self.tx, id).and_then(|scope| self.try_lapse_scope(&scope)),
            Kind::Pool => codec::expect(self.tx, id).and_then(|pool| self.try_lapse_pool(&pool)),
            Kind::PoolCidr => codec::expect(self.tx, id).and_then(|pool_cidr| self.try_lapse_pool_cidr(&pool_cidr)),
            Kind::Allocation => {
                let hold: Allocation = codec::expect(self.tx, id)?;
                let stays = hold.meta.is_of_no_plan() && !self.env.is_reclaimable(&hold.meta);
                if !stays {
                    self.lapse_allocation(&hold)?;
                }
                Ok(!stays)
            }
            Kind::Discovery | Kind::Treatment | Kind::History => Ok(true),
        }
    }
}

impl Reader<'_> {
    /// A copy of a hold that is active now. It may have its name when no active object has the name, or only the object
    /// that the hold replaces.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NameTaken`].
    pub(in crate::ipam) fn with_name<R: Record>(&mut self, hold: &R) -> Result<R> {
        let meta = hold.meta();
        let mut active = self.activated(hold);
        if !hold.is_named() {
            return Ok(active);
        }
        let entry = entry(self.snapshot, R::KIND, hold.parent(), &meta.name)?;
        let Some(id) = entry.active.filter(|id| *id != meta.id) else { return Ok(active) };
        let holder: R = codec::expect(self.snapshot, &id)?;
        if meta.replaces.as_ref() != Some(&id) {
            return Err(self.name_taken(&holder)?);
        }
        let still_there = replaced(self.snapshot, &holder)?;
        active.meta_mut().replaces_also = still_there.iter().map(|older| older.meta().id.clone()).collect();
        Ok(active)
    }

    /// Checks that an active object may be called `name`: no other active object has the name, and any hold for it may
    /// be reclaimed.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NameTaken`].
    pub(in crate::ipam) fn name_is_free_for<R: Record>(&mut self, record: &R, name: &str) -> Result<()> {
        if record.meta().name == name {
            return Ok(());
        }
        let entry = entry(self.snapshot, R::KIND, record.parent(), name)?;
        for id in [entry.active, entry.planned].into_iter().flatten() {
            let Some(other) = codec::live::<R>(self.snapshot, &id)? else { continue };
            if other.meta().id != record.meta().id && !self.env.is_reclaimable(other.meta()) {
                return Err(self.name_taken(&other)?);
            }
        }
        Ok(())
    }
}
