//! For whoever runs a store: moving house, taking back what expired, saying how it is.
//!
//! Most of it is of [`Local`] alone: about how a store keeps things, not about what IPAM is. What can be said of
//! anything that lists what it keeps is in [`listed`]; [`rebuild()`] makes what an export holds by asking for it.

mod archive;
mod file;
mod forget;
mod holds;
mod import;
pub mod listed;
mod rebuild;
mod said;
mod transfer;

pub use archive::Witnessed;
pub use forget::{ForgetMode, PrunedEvents};
pub use holds::ReleasedHolds;
pub use import::{Import, ImportMode};
pub use rebuild::{Fate, Rebuild, Rebuilt, rebuild};

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::ipam::{Census, Error, Event, Format, Item, Ledger, Mark, Reader, Tally};
pub use crate::store::Pruned;
use crate::store::{self, Overlay};

use super::{Ipam, Local, Result};

/// Holds looked at in one transaction.
const COLLECT_LIMIT: usize = 256;

/// How far a long command is: what it does, how much is done, and of how much, when that is known.
pub type Progress<'a> = dyn FnMut(&'static str, u64, Option<u64>) + 'a;

/// Why something was moved not at all, or not to the end.
#[derive(Debug)]
pub enum Stopped {
    /// The store or the rules say no.
    Refused(Error),
    /// The file to read or to write.
    File(PathBuf, io::Error),
    /// What an export is written to.
    Output(io::Error),
    /// The archive of events: why nothing can be written to it, as a sentence.
    Archive(PathBuf, String),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What an export holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: Tally,
    pub events: u64,
}

/// What taking back came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// The history of it: one event for each hold.
    pub taken_back: Vec<Event>,
    /// Lapsed holds that were forgotten.
    pub forgotten: u64,
    /// What there is afterwards.
    pub left: Census,
}

/// How a store is.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Where it is, without secrets.
    pub place: String,
    /// As its URLs begin.
    pub kind: &'static str,
    /// Version of what is stored; `None` before the first write.
    pub format_version: Option<u64>,
    pub census: Census,
    pub last_event: Option<Event>,
    /// How many events are kept.
    pub events: u64,
    /// After which event the history begins, when a part of it was forgotten.
    pub mark: Option<Mark>,
    /// What else the store says of itself.
    pub facts: Vec<(&'static str, String)>,
}

impl Local {
    /// Writes everything, as it is at one moment, to `to`. Memory is needed for a page at a time.
    ///
    /// # Errors
    /// [`Stopped::Output`] or [`Stopped::Refused`]; what was written until then is no export.
    pub fn export(&self, to: &mut dyn Write, progress: &mut Progress<'_>) -> std::result::Result<Exported, Stopped> {
        let mut broken: Option<io::Error> = None;
        let mut exported = Exported::default();
        let (now, place) = (self.now(), self.describe());
        let mut begun = false;
        let outcome = self.read(|reader| {
            // A store that lost its connection reads again from the start, on another snapshot; what is written stays.
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

    /// Takes back every hold that has expired, a bounded number in each transaction, and forgets what lapsed long ago. A
    /// dry run writes nothing.
    ///
    /// # Errors
    /// [`Error::Store`]; what was taken back until then stays so.
    pub fn collect_expired(&self, dry_run: bool, progress: &mut Progress<'_>) -> Result<Collection> {
        let mut collection = Collection::default();
        let step = |ledger: &mut Ledger<'_>, from: &str| {
            ledger.initialize()?;
            ledger.collect_expired(from, COLLECT_LIMIT)
        };
        let mut take = |collected: crate::ipam::Collected, collection: &mut Collection| {
            collection.taken_back.extend(collected.events);
            collection.forgotten += collected.forgotten;
            progress("holds", collection.taken_back.len() as u64, None);
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

    /// How the store is. Costs as much as [`Reader::census`]: no allocation is read.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be reached; [`Error::Importing`].
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

    /// Removes what only the past of the store needs, when it is older than `keep`; `None` where there is no such thing.
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

    /// [`Self::transact`] for what may be done twice: does it again when the store does not say whether it was kept.
    fn transact_surely<T>(&self, mut body: impl FnMut(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        match self.transact(&mut body) {
            Err(Error::Store(store::Error::Uncertain(_))) => self.transact(body),
            outcome => outcome,
        }
    }

    /// Runs `body` on the store as it is, and forgets what it wrote.
    pub(in crate::backend) fn imagine<T>(&self, mut body: impl FnMut(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        self.group().read(|snapshot| {
            let mut overlay = Overlay::new(snapshot);
            let mut random = self.author().random();
            body(&mut Ledger::new(&mut overlay, self.author().env(&mut random)))
        })
    }

    /// Reads a store of which nobody knows whether it is whole.
    fn read_any<T>(&self, mut body: impl FnMut(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        self.group().read(|snapshot| {
            let mut random = self.author().random();
            body(&mut Reader::new(snapshot, self.author().env(&mut random)))
        })
    }
}

impl Exported {
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
