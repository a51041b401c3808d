//! Waits for AWS, in slices: each call waits for a limited time, and the caller repeats the call until its own time
//! limit.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::backend::Noun;
use crate::backend::explain;
use crate::ipam::{Error, Kind, Result, Unfinished};

use super::said::Refusal;

/// The times of waits.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest wait inside one call.
    pub slice: Duration,
    /// Pause between the first two reads. Later pauses are longer.
    pub first: Duration,
    /// Longest pause between two reads.
    pub longest: Duration,
    /// Time after the creation of an allocation in which reads may not find it.
    pub read_lag: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            slice: Duration::from_secs(6),
            first: Duration::from_millis(150),
            longest: Duration::from_millis(2500),
            read_lag: Duration::from_secs(60),
        }
    }
}

/// The kind of an object that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct What {
    /// Word for the kind, such as `pool`.
    pub(super) word: &'static str,
    /// Type of the resource, such as `ipam_pool`.
    pub(super) resource: &'static str,
}

impl What {
    /// The kind of an object that only the service has.
    pub(super) const fn of<N: Noun>() -> Self {
        Self { word: N::WORD, resource: N::RESOURCE }
    }
}

impl From<Kind> for What {
    fn from(kind: Kind) -> Self {
        Self { word: kind.word(), resource: explain::resource_type(kind) }
    }
}

/// Makes the sentence for an object that is not complete.
pub(super) fn unfinished(what: What, id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    let (What { word, resource }, id, name) = (what, id.to_owned(), name.to_owned());
    move |waits_for| Unfinished { word, resource, id: id.clone(), name: name.clone(), waits_for }
}

/// The result of a read.
pub(super) enum Look<T> {
    Ready(T),
    /// The object is not ready. Contains the reason, in the words of AWS.
    Wait(String),
}

/// Reads until the object is ready.
///
/// # Errors
/// The error of `look`; [`Error::Pending`] from `unfinished` if the slice is over.
pub(super) async fn until<T, F>(
    pace: &Pace,
    unfinished: impl Fn(String) -> Unfinished,
    mut look: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<Look<T>>>,
{
    let end = Instant::now() + pace.slice;
    let mut pause = pace.first;
    loop {
        let waits_for = match look().await? {
            Look::Ready(found) => return Ok(found),
            Look::Wait(waits_for) => waits_for,
        };
        let pending = unfinished(waits_for);
        tracing::info!(id = pending.id, name = pending.name, waits_for = pending.waits_for, "waiting for AWS");
        if Instant::now() + pause > end {
            return Err(Error::Pending(pending));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 8 / 5).min(pace.longest);
    }
}

/// Repeats a call while AWS reports too many concurrent requests, which the SDK does not do.
///
/// # Errors
/// The last answer, if AWS still refuses the call after the slice.
pub(super) async fn uncrowded<T, F>(pace: &Pace, mut call: impl FnMut() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    let end = Instant::now() + pace.slice * 10;
    let mut pause = pace.first;
    loop {
        match call().await {
            Err(refusal) if refusal.is("ConcurrentMutationLimitExceeded") && Instant::now() + pause < end => {
                tokio::time::sleep(jittered(pause)).await;
                pause = (pause * 2).min(pace.longest);
            }
            answer => return answer,
        }
    }
}

/// A random time between half and all of the pause, so that concurrent calls are not repeated at the same time.
fn jittered(pause: Duration) -> Duration {
    let part = getrandom::u32().unwrap_or(u32::MAX) % 512;
    pause * (512 + part) / 1024
}
