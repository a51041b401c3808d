//! Forgetting old events, after they were written to an archive.
//!
//! The order makes it safe to be killed anywhere: events are in the archive and on the disk before the first is deleted, and
//! a transaction deletes them together with moving the mark. What was archived and not forgotten is in both; the next run
//! finds it there, writes it no second time, and goes on.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::{Mark, Until};

use super::super::{Ipam, Local};
use super::archive::Archive;
use super::{Progress, Stopped};

/// Events forgotten in one transaction. Each of them writes one event.
const PART: usize = 500;

/// Which events are forgotten, and how.
#[derive(Clone, Copy, Debug)]
pub struct ForgetMode<'a> {
    /// What is younger is kept.
    pub keep: Duration,
    /// Where they are written first; `None`: they are lost.
    pub archive: Option<&'a Path>,
    /// Finds out everything, and writes nothing.
    pub dry_run: bool,
}

/// What forgetting came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrunedEvents {
    /// Events that were forgotten.
    pub forgotten: u64,
    /// Events that were written to the archive: not those that were there already.
    pub archived: u64,
    /// Number of the last event that was forgotten now.
    pub until: Option<u64>,
    /// Events that the store has now.
    pub kept: u64,
    /// After which event the history begins now.
    pub mark: Option<Mark>,
}

impl Local {
    /// Forgets events that are older than `keep`, but for what must be known of them to tell what is still so. Run again
    /// after a break it goes on.
    ///
    /// # Errors
    /// [`Stopped::Archive`] when the archive does not continue into this store or cannot be written; nothing was forgotten
    /// then. [`Stopped::Refused`] when the history is damaged, or the store is lost on the way.
    pub fn prune_events(
        &self,
        mode: ForgetMode<'_>,
        progress: &mut Progress<'_>,
    ) -> std::result::Result<PrunedEvents, Stopped> {
        self.prune_events_in_parts(mode, PART, progress)
    }

    /// [`Self::prune_events`] with so many events in each transaction.
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

    /// Writes what is to be forgotten to the archive, and waits for the disk. Answers up to where that is, and the mark.
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
