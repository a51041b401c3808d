//! Archives of pruned events: files with one event on each line, as `events --json-lines` prints them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::ipam::{Audit, Chain, Event, Finding, Mark, Reader, Witness};

use super::super::files::{open_regular, require_file};
use super::super::{Local, Result};
use super::{Stopped, json_mistake};

/// An archive to which events are appended.
pub(super) struct Archive {
    path: PathBuf,
    /// The open and locked file; `None` until there is something to write, and in a dry run.
    file: Option<BufWriter<File>>,
    /// Number of the first event in the archive.
    first: Option<u64>,
    /// Number and hash of the last event in the archive.
    last: Option<(u64, String)>,
    /// Number of bytes in complete lines. An incomplete line after them is written again.
    whole: u64,
    dry_run: bool,
    /// Number of events that were written, or that a run without `dry_run` would write.
    pub(super) appended: u64,
}

/// The complete lines of a file of events, and an incomplete line after them.
struct Lines {
    bytes: u64,
    rest: Vec<u8>,
}

/// Passes each event of a file to `sink` with the number of its line. A line that is not an event is passed on as an
/// error sentence.
fn each_line(file: &File, sink: &mut dyn FnMut(u64, std::result::Result<Event, String>)) -> io::Result<Lines> {
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let (mut bytes, mut number, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let count = reader.read_until(b'\n', &mut line)?;
        if count == 0 || line.last() != Some(&b'\n') {
            return Ok(Lines { bytes, rest: line });
        }
        number += 1;
        bytes += count as u64;
        sink(
            number,
            serde_json::from_slice(&line)
                .map_err(|error| format!("It is not an event: {}.", json_mistake::describe(&error))),
        )
    }
}

impl Archive {
    /// Reads the archive, if it exists.
    ///
    /// # Errors
    /// [`Stopped::Archive`] when the archive is not a part of a history, or when another process is writing it.
    pub(super) fn open(path: &Path, dry_run: bool) -> std::result::Result<Self, Stopped> {
        let mut archive =
            Self { path: path.to_owned(), file: None, first: None, last: None, whole: 0, dry_run, appended: 0 };
        // Opening or reading a pipe would wait forever.
        let is_file = fs::metadata(path).and_then(|metadata| require_file(&metadata));
        match is_file.and_then(|()| OpenOptions::new().read(true).write(!dry_run).open(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(archive.refuse(format!("It cannot be opened: {error}."))),
            Ok(file) => archive.take_over(file)?,
        }
        Ok(archive)
    }

    fn take_over(&mut self, file: File) -> std::result::Result<(), Stopped> {
        if !self.dry_run {
            file.try_lock().map_err(|error| self.refuse(format!("Another process is writing it: {error}.")))?;
        }
        let (mut chain, mut fault): (Option<Chain>, Option<String>) = (None, None);
        let lines = each_line(&file, &mut |line, event| {
            if fault.is_some() {
                return;
            }
            let found = event.and_then(|event| {
                let chain = chain.get_or_insert_with(|| Chain::with(&event));
                self.first.get_or_insert(event.sequence);
                let faults = chain.follow(&event).map_err(|error| format!("It cannot be read: {error:?}."))?;
                self.last = Some((event.sequence, event.hash));
                faults.into_iter().next().map_or(Ok(()), Err)
            });
            fault = found.err().map(|what| format!("Line {line}: {what} Nothing is written to a damaged archive."));
        });
        let lines = lines.map_err(|error| self.refuse(format!("It cannot be read: {error}.")))?;
        if let Some(fault) = fault {
            return Err(self.refuse(fault));
        }
        if !self.is_beginning(&lines.rest) {
            let what = "The text at its end is not the beginning of the next event. Check that the file is an archive.";
            return Err(self.refuse(what.to_owned()));
        }
        self.whole = lines.bytes;
        if !self.dry_run {
            self.file = Some(BufWriter::new(file));
        }
        Ok(())
    }

    /// Whether `rest` may be the incomplete line of a run that was killed. It is truncated, so it must not be anything
    /// else.
    fn is_beginning(&self, rest: &[u8]) -> bool {
        let next = match &self.last {
            Some((last, _)) => format!("{{\"sequence\":{},", last.saturating_add(1)),
            None => "{\"sequence\":".to_owned(),
        };
        rest.starts_with(next.as_bytes()) || next.as_bytes().starts_with(rest)
    }

    pub(super) fn refuse(&self, why: String) -> Stopped {
        Stopped::Archive(self.path.clone(), why)
    }

    /// The reason why nothing may be written to the archive: its events do not come right before those of the store.
    /// `None`: they do.
    pub(super) fn gap(&self, reader: &mut Reader<'_>, mark: Option<&Mark>) -> Result<Option<String>> {
        let (Some(first), Some((last, hash))) = (self.first, &self.last) else { return Ok(None) };
        let begin = mark.map_or(0, |mark| mark.sequence);
        let else_ = match begin {
            0 => "Give a new file.".to_owned(),
            _ => format!("Give the archive that ends with event {begin}, or a new file."),
        };
        if first > begin.saturating_add(1) {
            let missing = between(begin.saturating_add(1), first - 1);
            return Ok(Some(format!("It begins with event {first}, and {missing} would be in no archive. {else_}")));
        }
        if *last < begin {
            let missing = between(last.saturating_add(1), begin);
            return Ok(Some(format!("It ends with event {last}, and the store has forgotten {missing}. {else_}")));
        }
        let known = match mark {
            Some(mark) if mark.sequence == *last => Some(mark.hash.clone()),
            _ => reader
                .events(last.saturating_sub(1), 1)?
                .pop()
                .filter(|event| event.sequence == *last)
                .map(|event| event.hash),
        };
        let is_other = known.as_ref() != Some(hash);
        Ok(is_other.then(|| {
            format!(
                "Its last event, {last}, is not an event of this store: it is the archive of another store. {else_}"
            )
        }))
    }

    /// Writes the next event, unless the archive has it already.
    pub(super) fn take(&mut self, event: &Event) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|(last, _)| event.sequence <= *last) {
            return Ok(());
        }
        if !self.dry_run {
            let to = self.writer()?;
            serde_json::to_writer(&mut *to, event)?;
            to.write_all(b"\n")?;
        }
        self.appended += 1;
        self.last = Some((event.sequence, event.hash.clone()));
        Ok(())
    }

    /// The end of the complete lines. An incomplete line there is the beginning of the event that is written first, so
    /// the write replaces it.
    fn writer(&mut self) -> io::Result<&mut BufWriter<File>> {
        if self.appended == 0 {
            let mut file = match self.file.take() {
                Some(file) => file,
                None => BufWriter::new(create(&self.path)?),
            };
            file.seek(SeekFrom::Start(self.whole))?;
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("it is not open"))
    }

    /// Waits until everything is on the disk, the name of a new file included.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        // This is necessary even when nothing was written: a run that was killed may have written without waiting for
        // the disk.
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush()?;
        if self.appended == 0 {
            // The event of the incomplete line may now be too recent to be pruned: its beginning must not stay.
            file.get_ref().set_len(self.whole)?;
        }
        file.get_ref().sync_all()?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Not every system can sync a directory.
        if let Ok(directory) = File::open(directory) {
            directory.sync_all().ok();
        }
        Ok(())
    }
}

/// Creates a file that only its owner can read, and locks it.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    file.try_lock()?;
    Ok(file)
}

/// The numbers of events in words.
fn between(first: u64, last: u64) -> String {
    if first == last { format!("event {first}") } else { format!("events {first} to {last}") }
}

/// The combined history of archives and a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witnessed {
    /// Number of events in the archives.
    pub archived: u64,
    /// Number of the last event of the store.
    pub last: u64,
}

impl Local {
    /// Verifies the store as [`super::Ipam::check`] does, and verifies that the store and these archives, in any order,
    /// form one unbroken history from event 1 on.
    ///
    /// # Errors
    /// [`Stopped::File`] for an archive that cannot be read. Damage is a finding.
    pub fn check_with_archives(&self, paths: &[PathBuf]) -> std::result::Result<(Audit, Witnessed), Stopped> {
        let mut failed = None;
        let checked = self.read(|reader| {
            let mut audit = reader.check()?;
            let mut witness = Witness::new(reader.mark()?);
            match follow_all(paths, &mut witness) {
                Ok(findings) => audit.findings.extend(findings),
                Err(stopped) => failed = Some(stopped),
            }
            audit.findings.extend(reader.prove(&witness)?);
            let last = audit.forgotten.saturating_add(audit.events);
            Ok((audit, Witnessed { archived: witness.events(), last }))
        });
        match failed {
            Some(stopped) => Err(stopped),
            None => Ok(checked?),
        }
    }
}

/// Follows archives in the order of their first events, and answers the findings about them.
fn follow_all(paths: &[PathBuf], witness: &mut Witness) -> std::result::Result<Vec<Finding>, Stopped> {
    let mut files = Vec::new();
    for path in paths {
        let fails = |error: io::Error| Stopped::File(path.clone(), error);
        let mut file = open_regular(path).map_err(fails)?;
        let mut line = Vec::new();
        BufReader::new(&file).read_until(b'\n', &mut line).map_err(fails)?;
        file.rewind().map_err(fails)?;
        let first = serde_json::from_slice::<Event>(&line).map_or(0, |event| event.sequence);
        files.push((first, path, file));
    }
    files.sort_by_key(|(first, path, _)| (*first, (*path).clone()));
    let mut findings = Vec::new();
    for (_, path, file) in files {
        let mut find = |line: Option<u64>, what: String| {
            let line = line.map_or_else(String::new, |line| format!(" line {line}"));
            findings.push(Finding { place: format!("{}{line}", path.display()), what });
        };
        let mut failed = None;
        let lines = each_line(&file, &mut |line, event| match event.map(|event| witness.follow(&event)) {
            Ok(Ok(faults)) => faults.into_iter().for_each(|what| find(Some(line), what)),
            Ok(Err(error)) => failed = Some(error),
            Err(what) => find(Some(line), what),
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        if !lines.map_err(|error| Stopped::File(path.clone(), error))?.rest.is_empty() {
            find(
                None,
                "Its last line is incomplete. `prune --events` with this file as the archive replaces the line and \
                 continues."
                    .to_owned(),
            );
        }
    }
    Ok(findings)
}
