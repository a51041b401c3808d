//! Operations of commands on a store: export and import, reclaiming expired holds, pruning, the status, allocations without
//! a plan.
//!
//! Most of them work on [`Local`] only, because they depend on how a self-managed store keeps its data. [`listed`] has
//! the operations for any backend that can list its objects; [`rebuild()`] creates the objects of an export through any
//! backend.

mod administer;
mod archive;
mod atomic_file;
pub mod backup;
mod file;
mod forget;
mod holds;
mod import;
mod json_mistake;
pub mod listed;
mod rebuild;
mod transfer;
mod unplanned;

pub use super::administration::{Exported, Progress, ReleasedHolds, Stopped};
pub use archive::Witnessed;
pub use atomic_file::AtomicFile;
pub use forget::{ForgetMode, PrunedEvents};
pub use import::{Import, ImportMode};
pub use rebuild::{Fate, Rebuild, Rebuilt, patiently, rebuild};
pub use unplanned::{allocate_in_service, may_succeed_later};

use std::io::{self, Write};
use std::time::Duration;

use crate::ipam::{Census, Error, Event, Format, Item, Ledger, Mark, Overdue, Reader};
pub use crate::store::Pruned;
use crate::store::{self, Overlay};

use super::explain::{count, tally};
use super::{Ipam, Local, Result};

/// Holds that are read in one transaction.
const COLLECT_LIMIT: usize = 256;

/// The result of [`Local::collect_expired`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// The events of the reclaimed holds: one for each hold.
    pub taken_back: Vec<Event>,
    /// The events of the allocations that were released because their loans are over.
    pub ended: Vec<Event>,
    /// Allocations that stay although their loans are over.
    pub overdue: Vec<Overdue>,
    /// Number of lapsed holds that were deleted.
    pub forgotten: u64,
    /// The content of the store afterwards.
    pub left: Census,
}

/// The status of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The location of the store, without secrets.
    pub place: String,
    /// The kind of store, as its URLs begin.
    pub kind: &'static str,
    /// Version of the stored format; `None` before the first write.
    pub format_version: Option<u64>,
    pub census: Census,
    pub last_event: Option<Event>,
    /// Number of events in the store.
    pub events: u64,
    /// The event after which the history begins, when a part of it was pruned.
    pub mark: Option<Mark>,
    /// Other facts that the store reports.
    pub facts: Vec<(&'static str, String)>,
}

impl Local {
    /// Writes everything to `to`, as it is at one moment. Needs memory for one page at a time.
    ///
    /// # Errors
    /// [`Stopped::Output`] or [`Stopped::Refused`]; the output until then is not an export.
    pub fn export(&self, to: &mut dyn Write, progress: &mut Progress<'_>) -> std::result::Result<Exported, Stopped> {
        let mut broken: Option<io::Error> = None;
        let mut exported = Exported::default();
        let (now, place) = (self.now(), self.describe());
        let mut begun = false;
        let outcome = self.read(|reader| {
            // A store that lost its connection reads again from the start, on another snapshot, but the output cannot
            // be undone.
            if std::mem::replace(&mut begun, true) {
                let why = format!("the connection to {place} was lost during the export: run the export again");
                return Err(Error::Store(store::Error::Unavailable(why)));
            }
            let has_mark = reader.mark()?.is_some();
            let mut writer = match file::Writer::new(&mut *to, now, &place, has_mark) {
                Ok(writer) => writer,
                Err(error) => {
                    broken = Some(error);
                    return Ok(());
                }
            };
            exported = Exported::default();
            reader.everything(&mut |item| {
                exported.count(&item);
                progress("objects and events", exported.records.sum() + exported.events, None);
                writer.write(&item).map_err(|error| broken = Some(error)).is_ok()
            })?;
            if broken.is_none() {
                broken = writer.finish().err();
            }
            Ok(())
        });
        match broken {
            Some(error) => Err(Stopped::Output(error)),
            None => Ok(outcome.map(|()| exported)?),
        }
    }

    /// Reclaims every hold that has expired, a bounded number in each transaction, deletes holds that lapsed long ago, and
    /// releases allocations whose loans are over. A dry run writes nothing.
    ///
    /// # Errors
    /// [`Error::Store`]; holds that were reclaimed until then stay reclaimed.
    pub fn collect_expired(&self, dry_run: bool, progress: &mut Progress<'_>) -> Result<Collection> {
        let mut collection = Collection::default();
        let step = |ledger: &mut Ledger<'_>, from: &str| {
            ledger.initialize()?;
            ledger.collect_expired(from, COLLECT_LIMIT)
        };
        let mut take = |collected: crate::ipam::Collected, collection: &mut Collection| {
            for event in collected.events {
                let was_active = event.before["state"] == "active" && event.after.is_null();
                if was_active { &mut collection.ended } else { &mut collection.taken_back }.push(event);
            }
            collection.overdue.extend(collected.overdue);
            collection.forgotten += collected.forgotten;
            progress("holds and loans", (collection.taken_back.len() + collection.ended.len()) as u64, None);
            collected.next
        };
        if dry_run {
            return self.imagine(|ledger| {
                let mut imagined = Collection::default();
                let mut next = Some(String::new());
                while let Some(from) = next {
                    next = take(step(ledger, &from)?, &mut imagined);
                }
                imagined.left = ledger.reader().census()?;
                Ok(imagined)
            });
        }
        let mut next = Some(String::new());
        while let Some(from) = next {
            let collected = self.transact_surely(|ledger| step(ledger, &from))?;
            next = take(collected, &mut collection);
        }
        collection.left = self.read(|reader| reader.census())?;
        Ok(collection)
    }

    /// The status of the store. Costs as much as [`Reader::census`]: no allocation is read.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot be reached; [`Error::Importing`].
    pub fn status(&self) -> Result<Status> {
        let store = self.store();
        let facts = store.facts()?;
        let (census, last_event, format, events, mark) = self.read(|reader| {
            let (events, mark) = (reader.events_kept()?, reader.mark()?);
            Ok((reader.census()?, reader.last_event()?, reader.format()?, events, mark))
        })?;
        let format_version = match format {
            Format::Version(version) => Some(version),
            Format::Blank | Format::Importing(_) => None,
        };
        let (place, kind) = (self.describe(), store.kind());
        Ok(Status { place, kind, format_version, census, last_event, events, mark, facts })
    }

    /// Removes data that is only needed for past states of the store and is older than `keep`; `None` for a kind of
    /// store without such data.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn prune(&self, keep: Duration) -> Result<Option<Pruned>> {
        Ok(self.store().prune(keep)?)
    }

    /// Runs `body` in a transaction of its own, not grouped.
    fn transact<T>(&self, mut body: impl FnMut(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        let mut outcome = None;
        self.store().write(&mut |tx| {
            let mut random = self.author().random();
            match body(&mut Ledger::new(tx, self.author().env(&mut random))) {
                // The transaction itself is broken, or the store wants to run it again.
                Err(Error::Store(error)) => Err(error),
                other => {
                    let keep = other.is_ok();
                    outcome = Some(other);
                    Ok(keep)
                }
            }
        })?;
        let lost =
            || Err(Error::Store(store::Error::Uncertain("the store committed without running the request".into())));
        outcome.unwrap_or_else(lost)
    }

    /// [`Self::transact`] for a body that may run twice: runs it again when the store cannot confirm the commit.
    pub(in crate::backend) fn transact_surely<T>(
        &self,
        mut body: impl FnMut(&mut Ledger<'_>) -> Result<T>,
    ) -> Result<T> {
        match self.transact(&mut body) {
            Err(Error::Store(store::Error::Uncertain(_))) => self.transact(body),
            outcome => outcome,
        }
    }

    /// Runs `body` on the present content of the store, and discards its writes.
    pub(in crate::backend) fn imagine<T>(&self, mut body: impl FnMut(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        self.group().read(|snapshot| {
            let mut overlay = Overlay::new(snapshot);
            let mut random = self.author().random();
            body(&mut Ledger::new(&mut overlay, self.author().env(&mut random)))
        })
    }

    /// Reads a store that may be incomplete.
    fn read_any<T>(&self, mut body: impl FnMut(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        self.group().read(|snapshot| {
            let mut random = self.author().random();
            body(&mut Reader::new(snapshot, self.author().env(&mut random)))
        })
    }
}

impl Exported {
    /// The numbers in words.
    pub fn words(&self) -> String {
        format!("{}, {}", tally(&self.records), count(self.events, "event"))
    }

    fn count(&mut self, item: &Item) {
        match item {
            Item::Event(_) => self.events += 1,
            Item::Mark(_) | Item::Remnant(_) => {}
            item => self.records.count(item),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
