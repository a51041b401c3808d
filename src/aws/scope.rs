//! Scopes.

use aws_sdk_ec2::types as ec2;

use crate::backend::Scopes;
use crate::ipam::{
    Error, Kind, Occupant, Planned, Result, Scope, ScopeChange, ScopeSpec, ScopeType, State, Unfinished, Unsupported,
};

use super::AwsIpam;
use super::convert::{self, need};
use super::pending::RequestKey;
use super::response::{ask, fault};
use super::tags;
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
        },
        asked_by: None,
    }
}

impl AwsIpam {
    pub(super) async fn make_scope(&self, spec: &ScopeSpec) -> Result<Scope> {
        if spec.scope_type == ScopeType::Public {
            return Err(Error::Unsupported { what: Unsupported::PublicScopes });
        }
        let ipam_id = match &spec.ipam_id {
            Some(id) => id.clone(),
            None => self.ipam().await?.id.clone(),
        };
        let key = RequestKey::new(Kind::Scope.into(), &ipam_id, &spec.name);
        let queue = self.pending.queue(&ipam_id);
        let _turn = queue.lock().await;
        let id = match self.pending.begun(&key) {
            Some(id) => id,
            None => self.begin_scope(&ipam_id, spec, &key).await?,
        };
        let made = self.finished_scope(&id, &spec.name, true).await;
        if !matches!(made, Err(Error::Pending(_))) {
            self.pending.end(&key);
        }
        made
    }

    async fn begin_scope(&self, ipam_id: &str, spec: &ScopeSpec, key: &RequestKey) -> Result<String> {
        if let Some(existing) = self.scopes_in(ipam_id).await?.iter().find(|scope| scope.meta.name == spec.name) {
            return Err(name_taken(existing));
        }
        let tags = tags::specification(convert::tagged(Kind::Scope), &tags::named(&spec.name, &spec.tags));
        let request = self
            .clients
            .home()
            .create_ipam_scope()
            .ipam_id(ipam_id)
            .set_description(spec.description.clone())
            .tag_specifications(tags)
            .client_token(self.pending.token(key));
        let answer = ask("CreateIpamScope", request.send()).await;
        self.pending.answered(key, &answer);
        let id = need(answer?.ipam_scope.and_then(|scope| scope.ipam_scope_id), "scope id")?;
        self.pending.begin(key, &id);
        Ok(id)
    }

    /// Waits until the scope can be used. A `new` scope may not be listed yet.
    async fn finished_scope(&self, id: &str, name: &str, new: bool) -> Result<Scope> {
        use ec2::IpamScopeState as State;
        until(&self.pace, unfinished(id, name), || async move {
            let found = match self.raw_scope(id).await? {
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

    pub(super) async fn change_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        let gone = || Error::NotFound { kind: Kind::Scope, id: id.to_owned() };
        let found = self.raw_scope(id).await?.ok_or_else(gone)?;
        let before = convert::scope(&found)?;
        if change.name != before.meta.name
            && let Some(other) = self.scopes().await?.iter().find(|scope| scope.meta.name == change.name)
        {
            return Err(name_taken(other));
        }
        if change.description != before.description {
            let description = change.description.clone().unwrap_or_default();
            let request = self.clients.home().modify_ipam_scope().ipam_scope_id(id).description(description);
            ask("ModifyIpamScope", request.send()).await?;
        }
        let all = tags::all(Some(found.tags()));
        self.retag(&self.clients.home(), id, &all, &tags::named(&change.name, &change.tags)).await?;
        self.finished_scope(id, &change.name, false).await
    }

    pub(super) async fn drop_scope(&self, id: &str) -> Result<()> {
        let Some(scope) = self.scope(id).await? else { return self.scope_gone(id, id).await };
        if scope.is_default {
            return Err(Error::DefaultScope { id: id.to_owned() });
        }
        let answer = ask("DeleteIpamScope", self.clients.home().delete_ipam_scope().ipam_scope_id(id).send()).await;
        match answer {
            Ok(_) => {}
            Err(refusal) if refusal.is_not_found() => {}
            Err(refusal) if refusal.is("DependencyViolation") => {
                let inside = self.pool_names().await?.into_iter().filter(|pool| pool.scope_id == id);
                let (contents, more) = super::usage::first_few(inside.map(|pool| Occupant::from(&pool)).collect());
                let name = scope.meta.name;
                return Err(Error::InUse { kind: Kind::Scope, id: id.to_owned(), name, contents, more });
            }
            Err(refusal) => return Err(refusal.into()),
        }
        self.scope_gone(id, &scope.meta.name).await
    }

    async fn scope_gone(&self, id: &str, name: &str) -> Result<()> {
        use ec2::IpamScopeState as State;
        until(&self.pace, unfinished(id, name), || async move {
            match self.raw_scope(id).await?.as_ref().and_then(ec2::IpamScope::state) {
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

impl Scopes for AwsIpam {
    fn create_scope(&self, spec: &ScopeSpec, _planned: &Planned) -> Result<Scope> {
        self.run(self.make_scope(spec))
    }

    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        self.run(self.change_scope(id, change))
    }

    fn delete_scope(&self, id: &str) -> Result<()> {
        self.run(self.drop_scope(id))
    }

    fn get_scope(&self, id: &str) -> Result<Option<Scope>> {
        self.run(self.scope(id))
    }

    fn list_scopes(&self, _include_planned: bool) -> Result<Vec<Scope>> {
        self.run(self.scopes())
    }

    fn find_scope(&self, name: &str) -> Result<Option<Scope>> {
        self.run(async { Ok(self.scopes().await?.into_iter().find(|scope| scope.meta.name == name)) })
    }
}
