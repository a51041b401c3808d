//! `ipam_scope`: the address space of one network.

use std::sync::Arc;

use crate::backend::{New, ScopeChange, find};
use crate::ipam::{Error, Kind, Missing, OnlyAws, Scope, ScopeSpec, ScopeType, Tags, Unsupported};
use crate::tf::{Apply, Diagnostics, MoveSource, Path, Plan, Resource, Stop, Tf, Value};
use crate::{at, model};

use super::super::shared::{Configured, Shared, once_emptied, within};
use super::super::tags::PlannedTags;
use super::super::{capabilities, create, errors, hand_over, kept_arguments, moves, rename, tags};
use super::missing::{self, Found, Lost};
use super::others;
use super::{Timeouts, carry_out, check_import, check_name, confirm, id_of, keep, only, state_loaded, timeout};

model! {
    /// Manages a scope, which contains the address space of one network. Top-level pools of one scope cannot overlap;
    /// pools of different scopes can contain the same addresses. Every store has a default private scope and a default
    /// public scope, so most configurations need no other scope. Changes are made in place, except where an argument
    /// says that a change replaces the scope.
    pub(crate) struct ScopeModel {
        /// Name of the scope, unique in the store.
        name: String => required(),
        /// Type of the scope: `private` (the default) or `public`. With `aws-ipam`, only `private` is allowed, because
        /// every IPAM has exactly one public scope. A change replaces the scope.
        scope_type: ScopeType => default("private").replace(),
        /// ID of the IPAM in which the scope is created. Only with `aws-ipam`. Default: the IPAM of the `aws` block, or
        /// the only IPAM in the Region. Set it to the ID of an `ipam_ipam` of the same configuration, so that the scope
        /// is created after the IPAM. A change replaces the scope.
        ipam_id: String => optional().computed().replace(),
        /// Description of the scope.
        description: String => optional(),
        /// Map of tags for the scope.
        tags: Tags => optional(),
        /// ID of the scope.
        id: String => computed(),
        /// Whether the scope is one of the two default scopes that every store has.
        is_default: bool => computed(),
        /// Owner of the scope: the provider argument `owner` of the configuration that it belongs to, or `ipam` for a
        /// default scope. With `aws-ipam`, the ID of the AWS account.
        owner: String => computed(),
        /// All tags of the scope: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

pub(in crate::provider) struct ScopeResource(pub(in crate::provider) Arc<Shared>);

impl ScopeModel {
    fn spec(&self, config: &Self, tags: &Tags) -> Option<ScopeSpec> {
        if self.description.is_unknown() || config.ipam_id.is_unknown() {
            return None;
        }
        Some(ScopeSpec {
            name: self.name.cloned()?,
            scope_type: self.scope_type.cloned()?,
            description: self.description.cloned(),
            tags: tags.clone(),
            ipam_id: config.ipam_id.cloned(),
        })
    }

    fn fill(&mut self, scope: &Scope) {
        self.name = scope.meta.name.clone().into();
        self.scope_type = scope.scope_type.into();
        self.description = scope.description.clone().into();
        self.ipam_id = scope.ipam_id.clone().into();
        self.id = scope.meta.id.clone().into();
        self.is_default = scope.is_default.into();
        self.owner = scope.meta.owner.clone().into();
        self.tags_all = scope.tags.clone().into();
    }

    fn read(&mut self, scope: &Scope, configured: &Configured) {
        self.tags = tags::own(&configured.default_tags, &scope.tags, (&self.tags, &self.tags_all));
        self.fill(scope);
    }
}

fn place(error: &Error) -> Path {
    match error {
        Error::NameTaken { .. } | Error::HoldLost { .. } => at!(ScopeModel, name),
        Error::Unsupported { what: Unsupported::OnlyAws(_) } => at!(ScopeModel, ipam_id),
        _ => Path::root(),
    }
}

impl ScopeModel {
    /// This object of a state, in case it is not in the store.
    fn lost<'a>(&'a self, id: &'a str) -> Lost<'a> {
        let spec = || self.spec(self, self.tags_all.get()?);
        let missing = spec().filter(|_| self.is_default != Tf::Known(true)).map(Missing::Scope);
        Lost::new(Kind::Scope, id, &self.name, &self.owner, missing)
    }

    /// This object, before a change.
    fn before(&self) -> Result<rename::Before<'_>, Diagnostics> {
        Ok(rename::Before {
            id: id_of(&self.id)?,
            name: self.name.known(at!(Self, name))?,
            owner: self.owner.known(at!(Self, owner))?,
        })
    }
}

impl Resource for ScopeResource {
    type Model = ScopeModel;
    const TYPE: &'static str = "ipam_scope";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &ScopeModel) -> Diagnostics {
        check_name(&config.name, at!(ScopeModel, name), false).into_iter().collect()
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        state_loaded(&self.0, state);
    }

    fn plan_delete(&self, id: &str) {
        self.0.session.goes(id);
        hand_over::give_up(&self.0, id);
    }

    fn plan_create(&self, plan: &mut Plan<ScopeModel>) -> Result<(), Diagnostics> {
        create::note_replacement(&self.0, &plan.private);
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(ScopeModel, tags))?;
        capabilities::scope_type(&configured, &plan.planned.scope_type, at!(ScopeModel, scope_type))?;
        if plan.config.ipam_id.is_known() {
            capabilities::only_aws(&configured, OnlyAws::IpamId, at!(ScopeModel, ipam_id))?;
        } else if !configured.ipam.capabilities().special {
            plan.planned.ipam_id = Tf::Null;
        }
        plan.planned.is_default = false.into();
        let Some(spec) = plan.planned.spec(&plan.config, &tags.known) else { return Ok(()) };
        if configured.plan_hold.is_zero() {
            return create::look(&self.0, &configured, plan, New::Scope(&spec), at!(ScopeModel, name), place);
        }
        let hold = |terms: &_| configured.ipam.plan_scope(&spec, terms);
        let Some(scope) = create::plan(&self.0, &configured, plan, at!(ScopeModel, name), place, hold)? else {
            return create::look(&self.0, &configured, plan, New::Scope(&spec), at!(ScopeModel, name), place);
        };
        plan.planned.fill(&scope);
        plan.planned.tags_all = tags.all;
        Ok(())
    }

    fn plan_update(&self, prior: &ScopeModel, plan: &mut Plan<ScopeModel>) -> Result<(), Diagnostics> {
        let stays = plan.replace.is_empty();
        keep(&self.0, &mut plan.private, &prior.id, (&prior.name, &plan.planned.name), at!(ScopeModel, name), stays)?;
        let Some(configured) = self.0.configured()? else {
            plan.planned.tags_all = Tf::Unknown;
            return Ok(());
        };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(ScopeModel, tags))?;
        kept_arguments::note(&configured, &prior.id, plan);
        match plan.planned.name.get() {
            Some(name) if stays && plan.planned.name != prior.name => {
                let taken_by = configured.ipam.find_scope(name);
                rename::check(&self.0, &prior.before()?, plan.committing, taken_by, at!(ScopeModel, name))
            }
            _ => Ok(()),
        }
    }

    fn may_keep(&self, _argument: &str) -> bool {
        kept_arguments::may_keep(&self.0)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &ScopeModel, plan: &Plan<ScopeModel>) -> bool {
        kept_arguments::has_kept(&self.0, &prior.id, plan)
    }

    fn create(&self, apply: &mut Apply<ScopeModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let planned = create::planned(&self.0, state.id.get());
        apply.private.clear();
        let spec = state.tags_all.get().and_then(|tags| state.spec(&apply.config, tags));
        let spec = spec.ok_or_else(|| create::still_unknown(Self::TYPE))?;
        let work = create::once_free(&self.0, &configured, || configured.ipam.create_scope(&spec, &planned));
        let scope = within(timeout(&state.timeouts, |timeouts| &timeouts.create), &apply.stop, work)
            .map_err(|error| errors::at(&error, place(&error)))?;
        self.0.session.made(&scope.meta.id);
        state.fill(&scope);
        Ok(())
    }

    fn update(&self, prior: &ScopeModel, apply: &mut Apply<ScopeModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let spec = |model: &ScopeModel| model.spec(model, model.tags_all.get()?);
        if spec(prior) == spec(state) {
            // Only `timeouts` differ, and they are only in the state.
            return Ok(());
        }
        let wished = ScopeChange {
            name: state.name.known(at!(ScopeModel, name))?.clone(),
            description: state.description.cloned(),
            tags: state.tags_all.known(at!(ScopeModel, tags_all))?.clone(),
        };
        let id = id_of(&prior.id)?;
        let before = prior.before()?;
        let change =
            |name: &str| configured.ipam.update_scope(id, &ScopeChange { name: name.to_owned(), ..wished.clone() });
        let patience = (timeout(&state.timeouts, |timeouts| &timeouts.update), &apply.stop);
        match carry_out(&self.0, &before, &wished.name, patience, change) {
            Ok(scope) => {
                state.fill(&scope);
                Ok(())
            }
            Err((error, reached)) => {
                apply.reached = reached.map(|scope| {
                    let mut model = state.clone();
                    model.fill(&scope);
                    model
                });
                Err(errors::at(&error, place(&error)))
            }
        }
    }

    fn delete(&self, prior: &ScopeModel, stop: &Stop) -> Result<(), Diagnostics> {
        let (ipam, id) = (self.0.ipam()?, id_of(&prior.id)?);
        let patience = (timeout(&prior.timeouts, |timeouts| &timeouts.delete), self.0.sibling_wait);
        once_emptied(patience, stop, || ipam.delete_scope(id)).map_err(|error| errors::at(&error, Path::root()))
    }

    fn read(&self, state: ScopeModel) -> Result<Option<ScopeModel>, Diagnostics> {
        self.refresh(state, &mut Diagnostics::new())
    }

    fn refresh(&self, mut state: ScopeModel, warnings: &mut Diagnostics) -> Result<Option<ScopeModel>, Diagnostics> {
        let configured = self.0.ready()?;
        let id = id_of(&state.id)?.clone();
        let get = || configured.ipam.get_scope(&id);
        let found =
            missing::find((&self.0, &configured), &state.lost(&id), |found: &Scope| &found.meta, get, warnings)?;
        let scope = match found {
            Found::Here(found) => found,
            Found::Stays => return Ok(Some(state)),
            Found::Gone => return moves::not_here(configured.ipam.as_ref(), Self::TYPE, &id, state.name.is_null()),
        };
        confirm(&self.0, &scope.meta)?;
        state.read(&scope, &configured);
        Ok(Some(state))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<ScopeModel>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }

    fn import(&self, id: &str) -> Result<ScopeModel, Diagnostics> {
        let configured = self.0.ready()?;
        let id = super::without_region(configured.ipam.as_ref(), id);
        let found = find::scopes(configured.ipam.as_ref(), id);
        let scope = only(("scope", id, "id (ipam-scope-...) or by name"), found, |one| &one.meta)?;
        check_import("scope", &scope.meta)?;
        let mut model = ScopeModel { tags: Tf::Null, ..ScopeModel::default() };
        model.read(&scope, &configured);
        Ok(model)
    }

    fn imported(&self, imported: &ScopeModel) -> Diagnostics {
        let name = imported.name.get().map_or("", String::as_str);
        others::warn(&self.0, Kind::Scope, &imported.id, name, &imported.owner)
    }
}
