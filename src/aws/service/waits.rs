//! Waits for objects that report their state in words.
//!
//! [`AwsIpam::usable`] waits for an object that becomes usable or fails. [`AwsIpam::rested`] waits for an object that AWS
//! creates and may then fail to complete.

use aws_sdk_ec2::types as ec2;

use crate::backend::service::Noun;
use crate::ipam::{Error, Result};

use super::super::AwsIpam;
use super::super::said::{Refusal, fault};
use super::super::wait::{Look, What, unfinished, until};
use super::Stage;

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

    /// Whether the object exists for a look-up.
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

impl AwsIpam {
    /// Waits until AWS has finished with the object, and returns the object with the reason of a failure. A `new` object
    /// may not be listed yet. `waits_for` returns, in the words of AWS, why an object in a good state is not complete
    /// yet.
    pub(super) async fn rested<N: Noun, T: Stateful, F>(
        &self,
        id: &str,
        new: bool,
        look: impl Fn() -> F,
        waits_for: impl AsyncFn(&T) -> Result<Option<String>>,
    ) -> Result<(T, Option<Error>)>
    where
        F: Future<Output = Result<Option<T>, Refusal>>,
    {
        let (look, waits_for) = (&look, &waits_for);
        until(&self.pace, unfinished(What::of::<N>(), id, id), || async move {
            let Some(found) = look().await? else {
                return if new { Ok(Look::Wait("it is not listed yet".to_owned())) } else { Err(is_gone::<T>(id)) };
            };
            match found.stage() {
                Stage::Moving => Ok(Look::Wait(found.state_word().unwrap_or_default().to_owned())),
                Stage::Gone => Err(is_gone::<T>(id)),
                Stage::Failed(why) => {
                    let state = found.state_word().unwrap_or_default().to_owned();
                    let failure = fault(T::ACTION, &state, format!("{id}: {why}"));
                    Ok(Look::Ready((found, Some(failure.into()))))
                }
                Stage::Usable => Ok(match waits_for(&found).await? {
                    Some(why) => Look::Wait(why),
                    None => Look::Ready((found, None)),
                }),
            }
        })
        .await
    }

    /// Waits until the object can be used. A `new` object may not be listed yet.
    pub(super) async fn usable<N: Noun, T: Stateful, F>(&self, id: &str, new: bool, look: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<Option<T>, Refusal>>,
    {
        let (found, failure) = self.rested::<N, T, F>(id, new, look, async |_| Ok(None)).await?;
        failure.map_or(Ok(found), Err)
    }

    /// Waits until the object is deleted.
    pub(super) async fn vanished<N: Noun, T: Stateful, F>(&self, id: &str, look: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = Result<Option<T>, Refusal>>,
    {
        let look = &look;
        until(&self.pace, unfinished(What::of::<N>(), id, id), || async move {
            let Some(found) = look().await? else { return Ok(Look::Ready(())) };
            match (found.stage(), found.state_word()) {
                (Stage::Gone, _) => Ok(Look::Ready(())),
                (Stage::Failed(why), Some(state @ ("delete-failed" | "disassociate-failed"))) => {
                    Err(fault(T::ACTION, state, why).into())
                }
                _ => Ok(Look::Wait("it is being deleted".to_owned())),
            }
        })
        .await
    }
}

/// Distinguishes two equal requests of one configuration where AWS does not require unique names: a repeated operation
/// runs on the same thread, and another operation at the same time does not.
pub(super) fn wish_of(spec: &impl std::fmt::Debug) -> String {
    format!("{:?} {spec:?}", std::thread::current().id())
}
