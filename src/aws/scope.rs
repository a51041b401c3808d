//! Scopes.

use aws_sdk_ec2::types as ec2;

use crate::ipam::{
    Error, Kind, Occupant, Result, Scope, ScopeChange, ScopeSpec, ScopeType, State, Unfinished, Unsupported,
};

use super::connection::Connection;
use super::convert::{self, need};
use super::pending::RequestKey;
use super::pool::Pools;
use super::response::{Refusal, ask, fault, or_nothing, the_one};
use super::tags;
use super::usage::first_few;
use super::wait::{self, Progress, until};

fn unfinished(id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    wait::unfinished(Kind::Scope.into(), id, name)
}

pub(super) fn name_taken(existing: &Scope) -> Error {
    Error::NameTaken {
        existing: Occupant {
            kind: Kind::Scope,
            id: existing.meta.id.clone(),
            name: existing.meta.name.clone(),
            owner: existing.meta.owner.clone(),
            state: State::Active,
            cidr: None,
            hold_expires_at: None,
            path: existing.meta.name.clone(),
            run: None,
            is_lease: false,
            is_reservation: false,
            is_resting: false,
        },
        asked_by: None,
    }
}

fn is_gone(state: Option<&ec2::IpamScopeState>) -> bool {
    use ec2::IpamScopeState as State;
    matches!(state, Some(State::DeleteInProgress | State::DeleteComplete | State::CreateFailed))
}

/// The scopes of the IPAM.
#[derive(Clone, Copy)]
pub(super) struct Scopes<'a> {
    pub(super) aws: &'a Connection,
}

impl Scopes<'_> {
    /// The scope as AWS describes it; also a deleted one, while AWS lists it.
    async fn describe(&self, id: &str) -> Result<Option<ec2::IpamScope>, Refusal> {
        let found = self.aws.clients.home().describe_ipam_scopes().ipam_scope_ids(id).into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpamScopes", found.try_collect()).await)?;
        the_one(found, id, ec2::IpamScope::ipam_scope_id)
    }

    /// The scopes of the IPAM.
    pub(super) async fn list(&self) -> Result<Vec<Scope>> {
        self.list_in(&self.aws.ipam().await?.id).await
    }

    async fn list_in(&self, ipam_id: &str) -> Result<Vec<Scope>> {
        let found = self.aws.clients.home().describe_ipam_scopes().into_paginator().items().send();
        let found: Vec<ec2::IpamScope> = ask("DescribeIpamScopes", found.try_collect()).await?;
        let is_here = |scope: &&ec2::IpamScope| {
            scope.ipam_arn().map(convert::id_of_arn) == Some(ipam_id) && !is_gone(scope.state())
        };
        found.iter().filter(is_here).map(convert::scope).collect()
    }

    pub(super) async fn get(&self, id: &str) -> Result<Option<Scope>> {
        let found = self.describe(id).await?.filter(|scope| !is_gone(scope.state()));
        found.as_ref().map(convert::scope).transpose()
    }

    pub(super) async fn find(&self, name: &str) -> Result<Option<Scope>> {
        Ok(self.list().await?.into_iter().find(|scope| scope.meta.name == name))
    }

    pub(super) async fn create(&self, spec: &ScopeSpec) -> Result<Scope> {
        if spec.scope_type == ScopeType::Public {
            return Err(Error::Unsupported { what: Unsupported::PublicScopes });
        }
        let ipam_id = match &spec.ipam_id {
            Some(id) => id.clone(),
            None => self.aws.ipam().await?.id.clone(),
        };
        let key = RequestKey::new(Kind::Scope.into(), &ipam_id, &spec.name);
        let queue = self.aws.pending.queue(&ipam_id);
        let _guard = queue.lock().await;
        let id = match self.aws.pending.begun(&key) {
            Some(id) => id,
            None => self.begin(&ipam_id, spec, &key).await?,
        };
        let made = self.wait_until_usable(&id, &spec.name, true).await;
        self.aws.pending.finished(&key, &made);
        made
    }

    async fn begin(&self, ipam_id: &str, spec: &ScopeSpec, key: &RequestKey) -> Result<String> {
        if let Some(existing) = self.list_in(ipam_id).await?.iter().find(|scope| scope.meta.name == spec.name) {
            return Err(name_taken(existing));
        }
        let tags = tags::specification(convert::tagged(Kind::Scope), &tags::named(&spec.name, &spec.tags));
        let request = self
            .aws
            .clients
            .home()
            .create_ipam_scope()
            .ipam_id(ipam_id)
            .set_description(spec.description.clone())
            .tag_specifications(tags)
            .client_token(self.aws.pending.token(key));
        let answer = ask("CreateIpamScope", request.send()).await;
        self.aws.pending.answered(key, &answer);
        let id = need(answer?.ipam_scope.and_then(|scope| scope.ipam_scope_id), "scope id")?;
        self.aws.pending.begin(key, &id);
        Ok(id)
    }

    /// Waits until the scope can be used. A `new` scope may not be listed yet.
    async fn wait_until_usable(&self, id: &str, name: &str, new: bool) -> Result<Scope> {
        use ec2::IpamScopeState as State;
        until(&self.aws.pace, unfinished(id, name), || async move {
            let found = match self.describe(id).await? {
                Some(found) => found,
                None if new => return Ok(Progress::Wait("it is not listed yet".to_owned())),
                None => return Err(Error::NotFound { kind: Kind::Scope, id: id.to_owned() }),
            };
            match found.state() {
                Some(State::CreateComplete | State::ModifyComplete) | None => {
                    Ok(Progress::Ready(convert::scope(&found)?))
                }
                Some(state @ (State::CreateInProgress | State::ModifyInProgress | State::RestoreInProgress)) => {
                    Ok(Progress::Wait(format!("its state is {state}")))
                }
                Some(state) => {
                    Err(fault("DescribeIpamScopes", state.as_str(), format!("scope {id} is in the state {state}"))
                        .into())
                }
            }
        })
        .await
    }

    pub(super) async fn update(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        let gone = || Error::NotFound { kind: Kind::Scope, id: id.to_owned() };
        let found = self.describe(id).await?.ok_or_else(gone)?;
        let before = convert::scope(&found)?;
        if change.name != before.meta.name
            && let Some(other) = self.list().await?.iter().find(|scope| scope.meta.name == change.name)
        {
            return Err(name_taken(other));
        }
        if change.description != before.description {
            let description = change.description.clone().unwrap_or_default();
            let request = self.aws.clients.home().modify_ipam_scope().ipam_scope_id(id).description(description);
            ask("ModifyIpamScope", request.send()).await?;
        }
        let all = tags::all(Some(found.tags()));
        self.aws.retag(&self.aws.clients.home(), id, &all, &tags::named(&change.name, &change.tags)).await?;
        self.wait_until_usable(id, &change.name, false).await
    }

    pub(super) async fn delete(&self, id: &str) -> Result<()> {
        let Some(scope) = self.get(id).await? else { return self.wait_until_gone(id, id).await };
        if scope.is_default {
            return Err(Error::DefaultScope { id: id.to_owned() });
        }
        let answer = ask("DeleteIpamScope", self.aws.clients.home().delete_ipam_scope().ipam_scope_id(id).send()).await;
        match answer {
            Ok(_) => {}
            Err(refusal) if refusal.is_not_found() => {}
            Err(refusal) if refusal.is("DependencyViolation") => {
                let inside =
                    Pools { aws: self.aws }.list_without_cidrs().await?.into_iter().filter(|pool| pool.scope_id == id);
                let (contents, more) = first_few(inside.map(|pool| Occupant::from(&pool)).collect());
                let name = scope.meta.name;
                return Err(Error::InUse { kind: Kind::Scope, id: id.to_owned(), name, contents, more });
            }
            Err(refusal) => return Err(refusal.into()),
        }
        self.wait_until_gone(id, &scope.meta.name).await
    }

    async fn wait_until_gone(&self, id: &str, name: &str) -> Result<()> {
        use ec2::IpamScopeState as State;
        until(&self.aws.pace, unfinished(id, name), || async move {
            match self.describe(id).await?.as_ref().and_then(ec2::IpamScope::state) {
                None | Some(State::DeleteComplete) => Ok(Progress::Ready(())),
                Some(State::DeleteFailed) => {
                    Err(fault("DeleteIpamScope", "delete-failed", format!("AWS could not delete scope {id}")).into())
                }
                Some(state) => Ok(Progress::Wait(format!("its state is {state}"))),
            }
        })
        .await
    }
}
