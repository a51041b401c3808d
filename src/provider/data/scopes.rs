//! `ipam_scopes`: scopes by what they have in common.

use std::sync::Arc;

use crate::ipam::{Scope, ScopeType, Tags};
use crate::model;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};

use super::facts::ScopeFacts;
use super::glob::Glob;
use super::{explained, is_true, lookup};

model! {
    /// Lists scopes. Every argument narrows the list; without any it is all of them. No match is an empty list.
    pub(super) struct ScopesModel {
        /// Only scopes whose whole name matches: `*` stands for any characters, also none, `?` for exactly one,
        /// everything else for itself. Case counts.
        name_pattern: String => optional(),
        /// Only `private` or only `public` scopes.
        scope_type: ScopeType => optional(),
        /// Only scopes that have all of these tags, with these values.
        tags: Tags => optional(),
        /// Also list scopes that are only planned.
        include_planned: bool => default(false),
        /// The scopes.
        scopes: Vec<ScopeFacts> => computed(),
        /// Ids of the scopes, in the same order.
        ids: Vec<String> => computed(),
    }
}

pub(super) struct ScopesData(pub(super) Arc<Shared>);

impl DataSource for ScopesData {
    type Model = ScopesModel;
    const TYPE: &'static str = "ipam_scopes";

    fn validate(&self, _config: &ScopesModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: ScopesModel) -> Result<ScopesModel, Diagnostics> {
        let scopes = self.0.ipam()?.list_scopes(is_true(&config.include_planned)).map_err(explained(Path::root()))?;
        let glob = config.name_pattern.get().map(|pattern| Glob::new(pattern));
        let wanted = |scope: &Scope| {
            glob.as_ref().is_none_or(|glob| glob.matches(&scope.meta.name))
                && config.scope_type.get().is_none_or(|scope_type| scope.scope_type == *scope_type)
                && lookup::has_tags(&scope.tags, config.tags.get())
        };
        let scopes: Vec<_> = scopes.into_iter().filter(wanted).collect();
        let ids = scopes.iter().map(|scope| scope.meta.id.clone()).collect::<Vec<_>>();
        let scopes = scopes.into_iter().map(ScopeFacts::of).collect::<Vec<_>>();
        Ok(ScopesModel { scopes: scopes.into(), ids: ids.into(), ..config })
    }
}
