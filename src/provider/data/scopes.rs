//! `ipam_scopes`: lists scopes with common properties.

use std::sync::Arc;

use crate::ipam::{Scope, ScopeType, Tags};
use crate::model;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};

use super::facts::ScopeFacts;
use super::glob::Glob;
use super::lookup::{self, explained, is_true};

model! {
    /// Lists scopes. Each argument narrows the list; without arguments, the list contains all scopes. If no scope
    /// matches, the list is empty.
    pub(super) struct ScopesModel {
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only scopes with a matching name are listed.
        name_pattern: String => optional(),
        /// Type of scope: `private` or `public`. Only scopes of this type are listed. Default: both.
        scope_type: ScopeType => optional(),
        /// Map of tags. Only scopes that have all of these tags, with the same values, are listed.
        tags: Tags => optional(),
        /// Whether the list also contains scopes that are only planned. Default: `false`.
        include_planned: bool => default(false),
        /// List of the scopes.
        scopes: Vec<ScopeFacts> => computed(),
        /// List of the IDs of the scopes, in the order of `scopes`.
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
