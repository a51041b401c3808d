//! Objects that only AWS has, one file for each noun: [`crate::backend::service::Keeps`] over the SDK.

mod association;
mod byoasn;
mod byoip;
mod discovery;
mod ipam;
mod organization;
mod policy;
mod policy_enablement;
mod resolver;
mod resolver_rules;
mod resolver_target;
mod resource_cidr;
mod token;

use crate::backend::service::Noun;
use crate::ipam::{Error, Result};

use super::AwsIpam;
use super::pending::RequestKey;
use super::response::Refusal;
use super::wait::What;

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
        let key = RequestKey::new(What::of::<N>(), parent, name);
        let queue = self.pending.queue(parent);
        let turn = queue.lock().await;
        let id = match self.pending.begun(&key) {
            Some(id) => id,
            None => {
                let answer = begin(self.pending.token(&key)).await;
                self.pending.answered(&key, &answer);
                let id = answer?;
                self.pending.begin(&key, &id);
                id
            }
        };
        drop(turn);
        let made = finish(id).await;
        if !matches!(made, Err(Error::Pending(_))) {
            self.pending.end(&key);
        }
        made
    }
}
