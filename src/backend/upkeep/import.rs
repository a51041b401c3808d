//! Imports an export: everything into an empty store, or the missing objects into a store in use.

use std::fs::File;
use std::path::Path;

use crate::ipam::{Chain, Error, Finding, Item, Journal, Merge, Records, Remembered, Tally, Vacancy, event_entry};
use crate::store::{self, Entry};

use super::super::files::open_regular;
use super::file::{self, Mistake};
use super::{Local, Progress, Stopped};

/// The maximum number of entries in a part of an import, which is one transaction.
const PART_ENTRIES_MAX: usize = 10_000;
/// The maximum number of bytes in such a part.
const PART_BYTES_MAX: usize = 4 << 20;
/// The number of times that a merge is prepared again when other writers change the store meanwhile.
const MERGE_ATTEMPTS: usize = 5;

/// The mode of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportMode {
    /// Whether the store may be in use.
    pub merge: bool,
    /// Whether to find out everything and write nothing.
    pub dry_run: bool,
}

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Mistakes in the file, and conflicts between file and store. If there are any, nothing was written.
    pub problems: Vec<Finding>,
    /// Differences between the file and the result.
    pub notes: Vec<Finding>,
    /// Number of objects that are new in the store.
    pub new: Tally,
    /// Number of objects that existed already.
    pub present: Tally,
    /// Number of events that were copied with their hashes (into an empty store), or one for each new object.
    pub events: u64,
    /// Whether the store was in use.
    pub merged: bool,
}

/// A file without mistakes.
struct Loaded {
    records: Records,
    history: Chain,
    /// The state of the records according to the history.
    journal: Journal,
}

impl Local {
    /// Imports an export into this store, with ids, owners, states and times as they are.
    ///
    /// An empty store (nothing but default scopes that no one changed) gets everything, the history with its hashes
    /// too; the default scopes of the file replace those of the store. This may take several transactions: until the
    /// last one, every other access gets [`Error::Importing`], and after an interruption the next import begins again.
    /// A store in use gets the missing objects in one transaction.
    ///
    /// # Errors
    /// [`Error::NotVacant`] for a store in use, unless `mode.merge` is set.
    pub fn import(
        &self,
        path: &Path,
        mode: ImportMode,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<Import, Stopped> {
        self.import_in_parts(path, mode, PART_ENTRIES_MAX, progress)
    }

    /// [`Self::import`] with at most `part` entries in each part.
    pub(super) fn import_in_parts(
        &self,
        path: &Path,
        mode: ImportMode,
        part: usize,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<Import, Stopped> {
        // A missing file is reported first, whatever the state of the store is.
        drop(open_regular(path).map_err(|error| Stopped::File(path.to_owned(), error))?);
        let vacancy = self.read_any(|reader| reader.vacancy())?;
        if vacancy == Vacancy::InUse && !mode.merge {
            return Err(Error::NotVacant.into());
        }
        let mut loaded = match load(path, progress)? {
            Ok(loaded) => loaded,
            Err(problems) => return Ok(Import { problems, ..Import::default() }),
        };
        loaded.records.as_own();
        if vacancy == Vacancy::InUse {
            return Ok(self.import_more(&loaded.records, mode)?);
        }
        let mut problems = loaded.records.faults_as_whole();
        problems.extend(std::mem::take(&mut loaded.journal).faults(&loaded.records, loaded.history.mark()));
        let import =
            Import { problems, new: loaded.records.tally(), events: loaded.history.length(), ..Import::default() };
        if import.problems.is_empty() && !mode.dry_run {
            let name = format!("{:016x}", (self.author().random())());
            let mut parts = Parts { ipam: self, name, begun: false, entries: Vec::new(), bytes: 0, written: 0, part };
            if matches!(vacancy, Vacancy::Importing(_)) {
                parts.clear()?;
            }
            parts.write_all(path, &loaded, progress)?;
        }
        Ok(import)
    }

    fn import_more(&self, more: &Records, mode: ImportMode) -> super::Result<Import> {
        let mut first: Option<Import> = None;
        for _ in 0..MERGE_ATTEMPTS {
            let merge = self.read(|reader| reader.merge(more))?;
            let import = first.get_or_insert_with(|| describe(&merge)).clone();
            if merge.is_empty() && merge.conflicts.is_empty() {
                // Either there was nothing to do, or an earlier attempt was committed although the store did not
                // confirm it.
                return Ok(import);
            }
            if !merge.conflicts.is_empty() || mode.dry_run {
                return Ok(describe(&merge));
            }
            let written = self.transact(|ledger| {
                ledger.initialize()?;
                ledger.carry_out(&merge)
            });
            match written {
                Ok(true) => return Ok(describe(&merge)),
                // Another writer changed the store since the merge was prepared.
                Ok(false) => first = None,
                Err(Error::Store(store::Error::Uncertain(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Store(store::Error::Busy(format!("{MERGE_ATTEMPTS} attempts"))))
    }
}

fn describe(merge: &Merge) -> Import {
    Import {
        problems: merge.conflicts.clone(),
        notes: merge.notes.clone(),
        new: merge.new,
        present: merge.present,
        events: merge.new.sum(),
        merged: true,
    }
}

fn open(path: &Path) -> std::result::Result<File, Stopped> {
    open_regular(path).map_err(|error| Stopped::File(path.to_owned(), error))
}

/// The objects of a file without mistakes.
pub(super) fn load_records(
    path: &Path,
    progress: &mut Progress<'_>,
) -> std::result::Result<Result<Records, Vec<Finding>>, Stopped> {
    Ok(load(path, progress)?.map(|loaded| loaded.records))
}

/// Reads the file and makes all checks that are possible for each object by itself.
fn load(path: &Path, progress: &mut Progress<'_>) -> std::result::Result<Result<Loaded, Vec<Finding>>, Stopped> {
    let file = open(path)?;
    let metadata = file.metadata().map_err(|error| Stopped::File(path.to_owned(), error))?;
    let (mut records, mut history, mut mistakes) = (Records::default(), Chain::default(), Vec::new());
    let mut journal = Journal::default();
    let mut remembered = Remembered::default();
    let mut marked_at = 1;
    let mut failed = None;
    let length = metadata.len();
    let read = file::read(file, &mut |bytes| progress("bytes", bytes, Some(length)), &mut |line, item| {
        let mut note = |what: String| mistakes.push(Mistake { line, what });
        match item {
            Err(what) => note(what),
            Ok(Item::Event(event)) => match history.follow(&event) {
                Ok(faults) => {
                    journal.follow(&event);
                    faults.into_iter().for_each(|what| note(format!("Event {}: {what}", event.sequence)));
                }
                Err(error) => failed = Some(error),
            },
            Ok(Item::Mark(mark)) if history == Chain::default() => {
                history = Chain::after(Some(*mark));
                marked_at = line;
            }
            Ok(Item::Mark(_)) => note("An export has one mark, and the mark is before the events.".to_owned()),
            Ok(Item::Remnant(remnant)) => failed = remembered.add(&remnant).err(),
            Ok(item) => {
                let id = item.id().to_owned();
                if !records.admit(item) {
                    note(match id.as_str() {
                        "" => "This entry appears twice.".to_owned(),
                        id => format!("There are two objects with the id {id}."),
                    });
                }
            }
        }
        failed.is_none()
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let whole = read.is_ok();
    mistakes.extend(read.err());
    if whole && !history.mark().map_or(remembered == Remembered::default(), |mark| mark.fits(&remembered)) {
        let what = "The data that is kept about forgotten events differs from the data that the mark was written with.";
        mistakes.push(Mistake { line: marked_at, what: what.to_owned() });
    }
    if let Some(what) = history.fault_of_mark().filter(|_| whole) {
        mistakes.push(Mistake { line: marked_at, what });
    }
    if mistakes.is_empty() {
        return Ok(Ok(Loaded { records, history, journal }));
    }
    let place = |mistake: Mistake| Finding { place: format!("line {}", mistake.line), what: mistake.what };
    Ok(Err(mistakes.into_iter().map(place).collect()))
}

/// Writes entries to an empty store, one part at a time.
struct Parts<'a> {
    ipam: &'a Local,
    /// The name of this import, so that two imports at the same time do not mix.
    name: String,
    begun: bool,
    entries: Vec<Entry>,
    bytes: usize,
    written: u64,
    /// The maximum number of entries in one transaction.
    part: usize,
}

impl Parts<'_> {
    /// Writes everything; reads the file again for the history.
    fn write_all(
        mut self,
        path: &Path,
        loaded: &Loaded,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<(), Stopped> {
        let total = loaded.records.entries_about() + loaded.history.length();
        loaded.records.entries(&mut |entry| {
            self.put(entry)?;
            progress("entries", self.written.min(total), Some(total));
            Ok(())
        })?;
        let mut history = Chain::after(loaded.history.mark().cloned());
        let mut outcome = Ok(());
        let read = file::read(open(path)?, &mut |_| (), &mut |_, item| {
            if let Ok(item @ (Item::Event(_) | Item::Remnant(_))) = item {
                outcome = match item {
                    Item::Event(event) => history.follow(&event).and_then(|_| self.put(event_entry(&event)?)),
                    Item::Remnant(remnant) => remnant.entry().and_then(|entry| self.put(entry)),
                    _ => Ok(()),
                };
                progress("entries", self.written.min(total), Some(total));
            }
            outcome.is_ok()
        });
        outcome?;
        if read.is_err() || history != loaded.history {
            let changed = std::io::Error::other("it changed while it was read; run the import again");
            return Err(Stopped::File(path.to_owned(), changed));
        }
        Ok(self.finish(&history)?)
    }

    /// Removes the entries of an import that was interrupted.
    fn clear(&mut self) -> super::Result<()> {
        self.ipam.transact_surely(|ledger| ledger.begin_import(&self.name))?;
        self.begun = true;
        while self.ipam.transact_surely(|ledger| ledger.wipe(&self.name))? {}
        Ok(())
    }

    fn put(&mut self, entry: Entry) -> super::Result<()> {
        self.bytes += entry.0.len() + entry.1.len();
        self.entries.push(entry);
        self.written += 1;
        if self.entries.len() < self.part && self.bytes < PART_BYTES_MAX {
            return Ok(());
        }
        self.ipam.transact_surely(|ledger| self.write(ledger))?;
        self.begun = true;
        self.entries.clear();
        self.bytes = 0;
        Ok(())
    }

    fn write(&self, ledger: &mut crate::ipam::Ledger<'_>) -> super::Result<()> {
        if !self.begun {
            ledger.begin_import(&self.name)?;
        }
        ledger.write_part(&self.name, &self.entries)
    }

    /// Writes the last entries and marks the store as complete.
    fn finish(self, history: &Chain) -> super::Result<()> {
        let run = || {
            self.ipam.transact(|ledger| {
                self.write(ledger)?;
                ledger.end_import(&self.name, history)
            })
        };
        match run() {
            Err(Error::Store(store::Error::Uncertain(_))) => {
                match self.ipam.read_any(|reader| reader.is_whole_with(history))? {
                    true => Ok(()),
                    false => run(),
                }
            }
            outcome => outcome,
        }
    }
}
