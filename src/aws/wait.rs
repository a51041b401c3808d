//! Waits for AWS, in slices: each call waits for a limited time, and the caller repeats the call until its own time
//! limit.
//!
//! [`until`] is the wait. [`Pace::wait_until_usable`] waits for an object that becomes usable or fails.
//! [`Pace::wait_until_settled`] waits for an object that AWS creates and may then fail to complete.

use std::future::Future;
use std::time::{Duration, Instant};

use aws_sdk_ec2::types as ec2;

use crate::backend::{Noun, explain};
use crate::ipam::{Error, Kind, Result, Unfinished};

use super::response::{Refusal, fault};

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
pub(super) struct ObjectKind {
    /// Word for the kind, such as `pool`.
    pub(super) word: &'static str,
    /// Type of the resource, such as `ipam_pool`.
    pub(super) resource: &'static str,
}

impl ObjectKind {
    /// The kind of an object that only the service has.
    pub(super) const fn of<N: Noun>() -> Self {
        Self { word: N::WORD, resource: N::RESOURCE }
    }
}

impl From<Kind> for ObjectKind {
    fn from(kind: Kind) -> Self {
        Self { word: kind.word(), resource: explain::resource_type(kind) }
    }
}

/// Makes the sentence for an object that is not complete.
pub(super) fn unfinished(kind: ObjectKind, id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    let (ObjectKind { word, resource }, id, name) = (kind, id.to_owned(), name.to_owned());
    move |waits_for| Unfinished { word, resource, id: id.clone(), name: name.clone(), waits_for }
}

/// The result of a read.
pub(super) enum Progress<T> {
    Ready(T),
    /// The object is not ready. Contains the reason, in the words of AWS.
    Wait(String),
}

/// Reads until the object is ready.
///
/// # Errors
/// The error of `read`; [`Error::Pending`] from `unfinished` if the slice is over.
pub(super) async fn until<T, F>(
    pace: &Pace,
    unfinished: impl Fn(String) -> Unfinished,
    mut read: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<Progress<T>>>,
{
    let end = Instant::now() + pace.slice;
    let mut pause = pace.first;
    loop {
        let waits_for = match read().await? {
            Progress::Ready(found) => return Ok(found),
            Progress::Wait(waits_for) => waits_for,
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
pub(super) async fn retry_concurrent<T, F>(pace: &Pace, mut call: impl FnMut() -> F) -> Result<T, Refusal>
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

/// The meaning of an object's state in AWS.
pub(super) enum Stage {
    /// The object can be used.
    Usable,
    /// AWS is changing the object.
    Moving,
    /// The object will not become usable, for this reason of AWS.
    Failed(String),
    /// The object is deleted.
    Gone,
}

impl Stage {
    /// The stage for the states of most objects: `create-in-progress`, `modify-complete`, ... (`IpamState`,
    /// `IpamScopeState`, `IpamResourceDiscoveryState`, ... in the EC2 model).
    pub(super) fn of(state: Option<&str>, why: Option<&str>) -> Self {
        match state.unwrap_or("create-complete") {
            "create-complete" | "modify-complete" | "associate-complete" | "sync-complete" => Self::Usable,
            "delete-complete" | "disassociate-complete" => Self::Gone,
            state if state.ends_with("-in-progress") => Self::Moving,
            state => Self::Failed(format!("its state is {state}: {}", why.unwrap_or("AWS gave no reason"))),
        }
    }

    /// The stage for the states of objects that an account brings to AWS: ranges, AS numbers and their associations
    /// (`ByoipCidrState`, `AsnState`, `AsnAssociationState` in the EC2 model).
    pub(super) fn of_brought(state: Option<&str>, why: Option<&str>) -> Self {
        match state.unwrap_or("provisioned") {
            "provisioned" | "provisioned-not-publicly-advertisable" | "advertised" | "associated" => Self::Usable,
            "deprovisioned" | "disassociated" => Self::Gone,
            state if state.starts_with("pending-") => Self::Moving,
            state => Self::Failed(format!("its state is {state}: {}", why.unwrap_or("AWS gave no reason"))),
        }
    }
}

/// An object that reports its state.
pub(super) trait Stateful {
    /// The action that describes the object.
    const ACTION: &'static str;

    /// The word of AWS for the state.
    fn state_word(&self) -> Option<&str>;

    /// The reason of AWS for the state.
    fn reason(&self) -> Option<&str>;

    /// The meaning of the word.
    fn stage(&self) -> Stage {
        Stage::of(self.state_word(), self.reason())
    }

    /// Whether the object exists for a read-up.
    fn is_there(&self) -> bool {
        !matches!(self.stage(), Stage::Gone)
    }

    /// Whether the deletion of the object was requested or is complete.
    fn is_going(&self) -> bool {
        let going = ["delete-in-progress", "delete-complete", "disassociate-in-progress", "disassociate-complete"];
        self.state_word().is_some_and(|state| going.contains(&state))
    }
}

macro_rules! stateful {
    ($Type:ty, $action:literal, $why:expr) => {
        impl Stateful for $Type {
            const ACTION: &'static str = $action;

            fn state_word(&self) -> Option<&str> {
                self.state().map(|state| state.as_str())
            }

            fn reason(&self) -> Option<&str> {
                let why: fn(&Self) -> Option<&str> = $why;
                why(self)
            }
        }
    };
}

stateful!(ec2::Ipam, "DescribeIpams", Self::state_message);
stateful!(ec2::IpamExternalResourceVerificationToken, "DescribeIpamExternalResourceVerificationTokens", |_| None);
stateful!(ec2::IpamPolicy, "DescribeIpamPolicies", Self::state_message);
stateful!(ec2::IpamPrefixListResolver, "DescribeIpamPrefixListResolvers", Self::last_version_creation_status_message);
stateful!(ec2::IpamPrefixListResolverTarget, "DescribeIpamPrefixListResolverTargets", Self::state_message);

stateful!(ec2::IpamResourceDiscovery, "DescribeIpamResourceDiscoveries", |_| None);
stateful!(ec2::IpamResourceDiscoveryAssociation, "DescribeIpamResourceDiscoveryAssociations", |_| None);

fn is_gone<T: Stateful>(id: &str) -> Error {
    fault(T::ACTION, "NotFound", format!("{id} is gone")).into()
}

impl Pace {
    /// Waits until AWS has finished with the object, and returns the object with the reason of a failure. A `new` object
    /// may not be listed yet. `waits_for` returns, in the words of AWS, why an object in a good state is not complete
    /// yet.
    pub(super) async fn wait_until_settled<N: Noun, T: Stateful, F>(
        &self,
        id: &str,
        new: bool,
        read: impl Fn() -> F,
        waits_for: impl AsyncFn(&T) -> Result<Option<String>>,
    ) -> Result<(T, Option<Error>)>
    where
        F: Future<Output = Result<Option<T>, Refusal>>,
    {
        let (read, waits_for) = (&read, &waits_for);
        until(self, unfinished(ObjectKind::of::<N>(), id, id), || async move {
            let Some(found) = read().await? else {
                return if new { Ok(Progress::Wait("it is not listed yet".to_owned())) } else { Err(is_gone::<T>(id)) };
            };
            match found.stage() {
                Stage::Moving => Ok(Progress::Wait(found.state_word().unwrap_or_default().to_owned())),
                Stage::Gone => Err(is_gone::<T>(id)),
                Stage::Failed(why) => {
                    let state = found.state_word().unwrap_or_default().to_owned();
                    let failure = fault(T::ACTION, &state, format!("{id}: {why}"));
                    Ok(Progress::Ready((found, Some(failure.into()))))
                }
                Stage::Usable => Ok(match waits_for(&found).await? {
                    Some(why) => Progress::Wait(why),
                    None => Progress::Ready((found, None)),
                }),
            }
        })
        .await
    }

    /// Waits until the object can be used. A `new` object may not be listed yet.
    pub(super) async fn wait_until_usable<N: Noun, T: Stateful, F>(
        &self,
        id: &str,
        new: bool,
        read: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<Option<T>, Refusal>>,
    {
        let (found, failure) = self.wait_until_settled::<N, T, F>(id, new, read, async |_| Ok(None)).await?;
        failure.map_or(Ok(found), Err)
    }

    /// Waits until the object is deleted.
    pub(super) async fn wait_until_gone<N: Noun, T: Stateful, F>(&self, id: &str, read: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = Result<Option<T>, Refusal>>,
    {
        let read = &read;
        until(self, unfinished(ObjectKind::of::<N>(), id, id), || async move {
            let Some(found) = read().await? else { return Ok(Progress::Ready(())) };
            match (found.stage(), found.state_word()) {
                (Stage::Gone, _) => Ok(Progress::Ready(())),
                (Stage::Failed(why), Some(state @ ("delete-failed" | "disassociate-failed"))) => {
                    Err(fault(T::ACTION, state, why).into())
                }
                _ => Ok(Progress::Wait("it is being deleted".to_owned())),
            }
        })
        .await
    }
}
