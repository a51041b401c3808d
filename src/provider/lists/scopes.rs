//! The list resource `ipam_scope`.

use std::sync::Arc;

use crate::model;
use crate::provider::data::explained;
use crate::provider::filters::{scope_filters, wanted_scopes};
use crate::provider::resources::scope::ScopeModel;
use crate::provider::shared::Shared;
use crate::tf::{Diagnostics, Entries, Found, ListOptions, ListResource, Path};

use super::entries::entries;

model! {
    /// Lists scopes, sorted by name. Each argument narrows the list; without arguments, the list contains all scopes.
    pub(crate) struct ScopeListModel {
        include scope_filters;
    }
}

pub(super) struct ScopeList(pub(super) Arc<Shared>);

impl ListResource for ScopeList {
    type Config = ScopeListModel;
    type Object = ScopeModel;
    const TYPE: &'static str = "ipam_scope";

    fn list<'a>(
        &'a self,
        config: ScopeListModel,
        options: ListOptions,
    ) -> Result<Entries<'a, Found<ScopeModel>>, Diagnostics> {
        let configured = self.0.ready()?;
        let scopes = wanted_scopes!(config).of(configured.ipam.as_ref(), false).map_err(explained(Path::root()))?;
        let named = scopes.into_iter().map(|scope| {
            let name = scope.meta.name.clone();
            Ok((scope, name))
        });
        Ok(entries(configured, options, named))
    }
}
