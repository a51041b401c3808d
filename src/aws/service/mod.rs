//! Objects that only AWS has, one file for each noun: [`crate::backend::service::Keeps`] over the SDK.

mod associations;
mod byoasns;
mod byoips;
mod discoveries;
mod ipams;
mod organization;
mod policies;
mod policy_enablements;
mod resolver_rules;
mod resolver_targets;
mod resolvers;
mod resource_cidrs;
mod tokens;
mod waits;

use crate::backend::Noun;
use crate::ipam::{Error, Result};

use super::AwsIpam;
use super::memory::Wish;
use super::said::Refusal;
use super::wait::What;

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

impl AwsIpam {
    /// Creates an object once: a repeated call, after [`Error::Pending`] or a lost answer, continues the same creation.
    /// `begin` requests the object with a client token and returns its ID. `finish` waits until the object can be used.
    pub(super) async fn make<N: Noun, Begun, Done>(
        &self,
        parent: &str,
        name: &str,
        begin: impl FnOnce(String) -> Begun,
        finish: impl FnOnce(String) -> Done,
    ) -> Result<N::Record>
    where
        Begun: Future<Output = Result<String, Refusal>>,
        Done: Future<Output = Result<N::Record>>,
    {
        let wish = Wish::new(What::of::<N>(), parent, name);
        let queue = self.memory.queue(parent);
        let turn = queue.lock().await;
        let id = match self.memory.begun(&wish) {
            Some(id) => id,
            None => {
                let answer = begin(self.memory.token(&wish)).await;
                self.memory.answered(&wish, &answer);
                let id = answer?;
                self.memory.begin(&wish, &id);
                id
            }
        };
        drop(turn);
        let made = finish(id).await;
        if !matches!(made, Err(Error::Pending(_))) {
            self.memory.end(&wish);
        }
        made
    }
}
