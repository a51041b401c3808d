//! `ipam_scope`: reads one scope.

use std::sync::Arc;

use crate::backend::Ipam;
use crate::ipam::{Kind, Scope, ScopeType, Tags};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics};
use crate::{at, model};

use super::facts::ScopeFacts;
use super::lookup::{self, argument, explained, is_true};

model! {
    /// Reads one scope. Set one of `id`, `name` and `is_default`. `is_default = true` requires `scope_type`. If there
    /// is no such scope, reading fails.
    pub(super) struct ScopeModel {
        /// ID of the scope. A look-up by ID also finds a planned scope.
        id: String => optional().computed(),
        /// Name of the scope, unique in the store.
        name: String => optional().computed(),
        /// Whether the scope is one of the two default scopes that every store has. A default scope cannot be deleted.
        /// Set it to `true` to look up the default scope of the given `scope_type`.
        is_default: bool => optional().computed(),
        /// Type of the scope: `private` or `public`. Set it only together with `is_default`.
        scope_type: ScopeType => optional().computed(),
        /// Whether a look-up by `name` also finds a scope that is only planned. Default: `false`.
        include_planned: bool => default(false),
        /// Description of the scope.
        description: String => computed(),
        /// Map of the tags of the scope.
        tags: Tags => computed(),
        /// Owner of the scope: the provider argument `owner` of the configuration that it belongs to, or `ipam` for a
        /// default scope. With `aws-ipam`, the ID of the AWS account.
        owner: String => computed(),
        /// State of the scope: `active`, or `planned` while only a plan holds it.
        state: String => computed(),
        /// Time at which the hold of a planned scope expires, in RFC 3339 format; null for an active scope.
        hold_expires_at: String => computed(),
    }
}

pub(super) struct ScopeData(pub(super) Arc<Shared>);

impl DataSource for ScopeData {
    type Model = ScopeModel;
    const TYPE: &'static str = "ipam_scope";

    fn validate(&self, config: &ScopeModel) -> Diagnostics {
        let way = || argument!(ScopeModel, config, is_default);
        let by_name = || [argument!(ScopeModel, config, id), argument!(ScopeModel, config, name)];
        let [id, name] = by_name();
        let scope_type = argument!(ScopeModel, config, scope_type);
        let mut diagnostics = if scope_type_alone(config) {
            Diagnostic::error(
                "Missing is_default",
                "scope_type alone does not identify a scope, because many scopes can have the same type. Set \
                 is_default = true as well.",
            )
            .at(at!(ScopeModel, is_default))
            .into()
        } else {
            lookup::exactly_one(Kind::Scope, &[id, name, way()])
        };
        diagnostics.append(lookup::only_beside(&scope_type, &[way()], &by_name()));
        if config.is_default.get() == Some(&false) {
            diagnostics.push(
                Diagnostic::error(
                    "is_default = false does not identify a scope",
                    "A store can have many scopes that are not a default scope. Look up a scope by id or name, or list \
                     the scopes with ipam_scopes.",
                )
                .at(at!(ScopeModel, is_default)),
            );
        } else {
            diagnostics.append(lookup::needs(&[way()], &scope_type, "there is a private and a public default scope"));
        }
        diagnostics
    }

    fn read(&self, config: ScopeModel) -> Result<ScopeModel, Diagnostics> {
        self.validate(&config).into_result()?;
        let ipam = self.0.ipam()?;
        let facts = ScopeFacts::of(find(ipam.as_ref(), &config)?);
        Ok(ScopeModel {
            id: facts.id,
            name: facts.name,
            is_default: facts.is_default,
            scope_type: facts.scope_type,
            include_planned: config.include_planned,
            description: facts.description,
            tags: facts.tags,
            owner: facts.owner,
            state: facts.state,
            hold_expires_at: facts.hold_expires_at,
        })
    }
}

fn scope_type_alone(config: &ScopeModel) -> bool {
    config.scope_type.is_known() && config.id.is_null() && config.name.is_null() && config.is_default.is_null()
}

fn find(ipam: &dyn Ipam, config: &ScopeModel) -> Result<Scope, Diagnostics> {
    if let Some(id) = config.id.get() {
        return scope(ipam, id, at!(ScopeModel, id));
    }
    if let Some(name) = config.name.get() {
        let here = || at!(ScopeModel, name);
        let scope = ipam.find_scope(name).map_err(explained(here()))?.ok_or_else(|| {
            lookup::no_such(Kind::Scope, format!("There is no scope named {name:?} in this store."), here())
        })?;
        if !scope.meta.is_listed(is_true(&config.include_planned)) {
            return Err(lookup::only_planned(Kind::Scope, &scope.meta, here()));
        }
        return Ok(scope);
    }
    let here = || at!(ScopeModel, is_default);
    let wanted = config.scope_type.known(at!(ScopeModel, scope_type))?;
    let scopes = ipam.list_scopes(false).map_err(explained(here()))?;
    scopes.into_iter().find(|scope| scope.is_default && scope.scope_type == *wanted).ok_or_else(|| {
        lookup::no_such(Kind::Scope, format!("This store has no default scope of type {wanted}."), here())
    })
}

/// The scope with this ID, planned or not.
pub(in crate::provider) fn scope(ipam: &dyn Ipam, id: &str, path: crate::tf::Path) -> Result<Scope, Diagnostics> {
    ipam.get_scope(id).map_err(explained(path.clone()))?.ok_or_else(|| lookup::no_such_id(Kind::Scope, id, path))
}
