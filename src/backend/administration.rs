//! The part of a self-managed store that serves its administrators: scans, the release of holds, the export.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::ipam::{Error, Event, Hold, HoldFilter, Result, Tally};

use super::local::{Progress as ScanProgress, Scans};

/// The progress of a long command: the present step, how much of it is done, and how much there is, if that is known.
pub type Progress<'a> = dyn FnMut(&'static str, u64, Option<u64>) + 'a;

/// The reason why an export, an import or pruning stopped.
#[derive(Debug)]
pub enum Stopped {
    /// The store or the rules refused it.
    Refused(Error),
    /// The file to read or to write failed.
    File(PathBuf, io::Error),
    /// The output of an export failed.
    Output(io::Error),
    /// Nothing can be written to the archive of events; the reason as a sentence.
    Archive(PathBuf, String),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The numbers of items in an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: Tally,
    pub events: u64,
}

/// The result of [`Administration::release_holds`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReleasedHolds {
    /// The events of the released holds: one for each hold.
    pub events: Vec<Event>,
    /// Holds that match and were not released, because a hold of another owner, or of this run, is inside.
    pub kept: Vec<Hold>,
}

/// Operations that a self-managed store has, because its content is known to this program. A service has none of them.
/// The commands of the same names call the same code.
pub trait Administration: Send + Sync {
    /// Scans everything that every discovery (or the one with the id or name `which`) covers.
    ///
    /// # Errors
    /// When there is no such discovery, or when the store fails. The reason why a target could not be scanned is in the
    /// answer.
    fn discover(&self, which: Option<&str>, progress: ScanProgress<'_>) -> Result<Scans>;

    /// The holds that match.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn list_holds(&self, filter: &HoldFilter) -> Result<Vec<Hold>>;

    /// Releases the holds that match.
    ///
    /// # Errors
    /// [`Error::Store`]; holds that were released until then stay released.
    fn release_holds(&self, filter: &HoldFilter) -> Result<ReleasedHolds>;

    /// Writes everything to `to`, as it is at one moment.
    ///
    /// # Errors
    /// [`Stopped::Output`] or [`Stopped::Refused`]; the output until then is not an export.
    fn export(&self, to: &mut dyn Write, progress: &mut Progress<'_>) -> std::result::Result<Exported, Stopped>;
}
