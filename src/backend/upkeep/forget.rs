//! Prunes old events after they were written to an archive.
//!
//! The order of the steps makes it safe to kill the process at any moment: events are in the archive and on the disk
//! before the first is deleted, and the transaction that deletes them also moves the mark. After an interruption, some
//! events may be in both the archive and the store. The next run finds them in the archive, does not write them again,
//! and continues.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::{Mark, Until};

use super::super::{Ipam, Local};
use super::archive::Archive;
use super::{Progress, Stopped};

/// Number of events that are deleted in one transaction. Each transaction writes one event.
const PART: usize = 500;

/// The events to prune, and how.
#[derive(Clone, Copy, Debug)]
pub struct ForgetMode<'a> {
    /// Events that are more recent than this are kept.
    pub keep: Duration,
    /// The archive to which events are written first; `None`: they are lost.
    pub archive: Option<&'a Path>,
    /// Whether to find out everything and write nothing.
    pub dry_run: bool,
}

/// The result of [`Local::prune_events`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrunedEvents {
    /// Number of events that were deleted.
    pub forgotten: u64,
    /// Number of events that were written to the archive, without those that it had already.
    pub archived: u64,
    /// Number of the last event that this run deleted.
    pub until: Option<u64>,
    /// Number of events that the store has now.
    pub kept: u64,
    /// The event after which the history begins now.
    pub mark: Option<Mark>,
}

impl Local {
    /// Deletes events that are older than `keep`. The data of these events that is needed to describe the present state
    /// stays. A run after an interruption continues.
    ///
    /// # Errors
    /// [`Stopped::Archive`] when the archive does not continue into this store or cannot be written; nothing was
    /// deleted then. [`Stopped::Refused`] when the history is damaged, or when the store cannot be reached any more.
    pub fn prune_events(
        &self,
        mode: ForgetMode<'_>,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<PrunedEvents, Stopped> {
        self.prune_events_in_parts(mode, PART, progress)
    }

    /// [`Self::prune_events`] with at most `part` events in each transaction.
    pub(super) fn prune_events_in_parts(
        &self,
        mode: ForgetMode<'_>,
        part: usize,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<PrunedEvents, Stopped> {
        let before = self.now().saturating_sub(mode.keep).unwrap_or(Timestamp::MIN);
        let mut archive = mode.archive.map(|path| Archive::open(path, mode.dry_run)).transpose()?;
        let (until, old) = self.archive_events(before, archive.as_mut(), progress)?;
        let begin = old.as_ref().map_or(0, |mark| mark.sequence);
        let mut pruned = PrunedEvents {
            forgotten: until.as_ref().map_or(0, |until| until.sequence - begin),
            archived: archive.as_ref().map_or(0, |archive| archive.appended),
            until: until.as_ref().map(|until| until.sequence),
            ..PrunedEvents::default()
        };
        if let Some(until) = until.filter(|_| !mode.dry_run) {
            self.forget(&until, archive.is_some(), (begin, part), progress)?;
        }
        (pruned.kept, pruned.mark) = self.read(|reader| Ok((reader.events_kept()?, reader.mark()?)))?;
        if mode.dry_run {
            pruned.kept = pruned.kept.saturating_sub(pruned.forgotten);
        }
        Ok(pruned)
    }

    /// Writes the events that will be deleted to the archive, and waits for the disk. Answers the last of these events,
    /// and the mark.
    fn archive_events(
        &self,
        before: Timestamp,
        mut archive: Option<&mut Archive>,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<(Option<Until>, Option<Mark>), Stopped> {
        let (mut why, mut done) = (None, 0);
        let found = self.read(|reader| {
            let mark = reader.mark()?;
            if let Some(archive) = archive.as_deref_mut()
                && let Some(gap) = archive.gap(reader, mark.as_ref())?
            {
                why = Some(gap);
                return Ok((None, mark));
            }
            let until = reader.forgettable(before, &mut |event| {
                done += 1;
                progress("events to archive", done, None);
                if let Some(archive) = archive.as_deref_mut().filter(|_| why.is_none())
                    && let Err(error) = archive.take(event)
                {
                    why = Some(format!("It cannot be written: {error}."));
                }
                Ok(())
            })?;
            Ok((until, mark))
        })?;
        if let Some(archive) = archive.as_deref_mut()
            && why.is_none()
            && let Err(error) = archive.keep()
        {
            why = Some(format!("It cannot be written: {error}."));
        }
        match (why, archive) {
            (Some(why), Some(archive)) => Err(archive.refuse(why)),
            _ => Ok(found),
        }
    }

    fn forget(
        &self,
        until: &Until,
        archived: bool,
        (begin, part): (u64, usize),
        progress: &mut Progress<'_>,
    ) -> super::super::Result<()> {
        loop {
            let mark = self.transact_surely(|ledger| {
                ledger.initialize()?;
                ledger.forget_events(until, archived, part)
            })?;
            let at = mark.map_or(0, |mark| mark.sequence);
            progress("events", at.saturating_sub(begin), Some(until.sequence - begin));
            if at >= until.sequence {
                return Ok(());
            }
        }
    }
}
