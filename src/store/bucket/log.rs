//! The names of the objects of the log, and what a listing of them shows.

use object_store::ObjectMeta;

use super::objects::Objects;
use crate::store::Error;

pub(super) fn log_name(number: u64) -> String {
    format!("log/{number:020}")
}

/// The number of the commit after `number`.
pub(super) fn next_after(number: u64) -> Result<u64, Error> {
    number.checked_add(1).ok_or_else(|| Error::Corrupt(format!("{} is the last possible commit", log_name(number))))
}

/// The error about a gap in the log.
pub(super) fn missing(number: u64, later: u64) -> Error {
    Error::Corrupt(format!("{} is missing, but {} exists", log_name(number), log_name(later)))
}

pub(super) fn checkpoint_name(number: u64) -> String {
    format!("checkpoint/{number:020}")
}

/// The number in the name of an object; `None` for an object of another origin.
pub(super) fn number_of(object: &ObjectMeta) -> Option<u64> {
    object.location.filename().filter(|name| name.len() == 20)?.parse().ok()
}

/// Whether commits from `first` on may have been removed.
pub(super) async fn is_pruned(objects: &Objects, first: u64) -> Result<bool, Error> {
    let after = format!("{first:020}");
    let (marks, later) =
        futures::future::try_join(objects.list("pruned", Some(&after)), objects.list("log", Some(&after))).await?;
    if marks.iter().any(|mark| number_of(mark).is_some()) {
        return Ok(true);
    }
    // A later commit exists, so the missing one was removed, whether or not there is a mark.
    Ok(later.iter().any(|commit| number_of(commit).is_some()) && objects.get(&log_name(first)).await?.is_none())
}
