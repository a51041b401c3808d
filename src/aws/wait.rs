//! Waiting for AWS, in slices: the caller has the patience, and asks again while it lasts.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::backend::explain;
use crate::backend::service::Noun;
use crate::ipam::{Error, Kind, Result, Unfinished};

use super::said::Refusal;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest wait inside of one call.
    pub slice: Duration,
    /// Between the first two looks; later ones are farther apart.
    pub first: Duration,
    /// Between two looks at most.
    pub longest: Duration,
    /// How long after it was made an allocation may not be seen by reads.
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

/// Of what kind the object is that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct What {
    /// Such as `pool`.
    pub(super) word: &'static str,
    /// Such as `ipam_pool`.
    pub(super) resource: &'static str,
}

impl What {
    /// One that only the service has.
    pub(super) const fn of<N: Noun>() -> Self {
        Self { word: N::WORD, resource: N::RESOURCE }
    }
}

impl From<Kind> for What {
    fn from(kind: Kind) -> Self {
        Self { word: kind.word(), resource: explain::resource_type(kind) }
    }
}

/// The sentence-maker for an object that is not done.
pub(super) fn unfinished(what: What, id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    let (What { word, resource }, id, name) = (what, id.to_owned(), name.to_owned());
    move |waits_for| Unfinished { word, resource, id: id.clone(), name: name.clone(), waits_for }
}

/// What a look shows.
pub(super) enum Look<T> {
    Ready(T),
    /// Not yet: what is waited for, in AWS's words.
    Wait(String),
}

/// Looks until it is ready.
///
/// # Errors
/// What `look` answered; [`Error::Pending`] when the slice is over, `unfinished` saying of what.
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

/// Makes a call again while AWS says that too much is going on at once, which the SDK does not do.
///
/// # Errors
/// The last answer, when it was still so after the slice.
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

/// Between half and all of it, so that those who came at once do not come back at once.
fn jittered(pause: Duration) -> Duration {
    let part = getrandom::u32().unwrap_or(u32::MAX) % 512;
    pause * (512 + part) / 1024
}
