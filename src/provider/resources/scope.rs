//! `ipam_scope`: the address space of one network.

use crate::backend::{Ipam, ScopeChange};
use crate::ipam::{Error, Missing, OnlyAws, Scope, ScopeSpec, ScopeType, Tags, Unsupported};
use crate::tf::{Diagnostics, Path, Plan, Tf};
use crate::{at, model};

use super::super::create::{self, Request};
use super::super::noun::{
    HeldModel, HeldPlan, NounModel, Timeouts, check_rename, fields_with_tags, keep, show_planned,
};
use super::super::shared::Shared;
use super::super::tags::PlannedTags;
use super::super::{capabilities, holding, kept_arguments};
use super::check_name;

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

impl ScopeModel {
    fn request(&self, config: &Self, tags: &Tags) -> Option<ScopeSpec> {
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
}

impl NounModel for ScopeModel {
    type Noun = Scope;

    fn check(&self) -> Diagnostics {
        check_name(&self.name, at!(ScopeModel, name), false).into_iter().collect()
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

    fields_with_tags!();

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => at!(Self, name),
            Error::Unsupported { what: Unsupported::OnlyAws(_) } => at!(Self, ipam_id),
            _ => Path::root(),
        }
    }
}

impl HeldModel for ScopeModel {
    const IMPORTED_BY: &'static str = "id (ipam-scope-...) or by name";

    fn owner(&self) -> &Tf<String> {
        &self.owner
    }

    fn name(&self) -> &Tf<String> {
        &self.name
    }

    fn spec(&self, config: &Self) -> Option<ScopeSpec> {
        self.request(config, self.tags_all.get()?)
    }

    fn change(&self, _config: &Self) -> Option<ScopeChange> {
        if self.description.is_unknown() {
            return None;
        }
        let (name, description, tags) = (self.name.cloned()?, self.description.cloned(), self.tags_all.cloned()?);
        Some(ScopeChange { name, description, tags })
    }

    fn delete(&self, ipam: &dyn Ipam, id: &str) -> Result<(), Error> {
        ipam.delete_scope(id)
    }

    fn missing(&self) -> Option<Missing> {
        let spec = self.request(self, self.tags_all.get()?)?;
        (self.is_default != Tf::Known(true)).then_some(Missing::Scope(spec))
    }
}

impl HeldPlan for ScopeModel {
    fn plan_new(shared: &Shared, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        create::note_replacement(shared, &plan.private);
        let Some(configured) = shared.configured()? else { return Ok(()) };
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
        let Some(spec) = plan.planned.request(&plan.config, &tags.known) else { return Ok(()) };
        let request = Request {
            shared,
            configured: &configured,
            name_at: at!(Self, name),
            attribute_for: &|error| NounModel::attribute_for(&Self::default(), error),
            pool_rules: None,
            candidate_rules: std::collections::BTreeMap::new(),
        };
        match holding::hold_or_check::<_, Scope>(&request, plan, &spec)? {
            Some(scope) => show_planned(&configured, &mut plan.planned, &scope, &tags),
            None => Ok(()),
        }
    }

    fn plan_change(shared: &Shared, prior: &Self, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        let stays = plan.replace.is_empty();
        keep(shared, prior, plan, at!(Self, name))?;
        let Some(configured) = shared.configured()? else {
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
                check_rename(shared, prior, plan.committing, taken_by, at!(Self, name))
            }
            _ => Ok(()),
        }
    }
}
