//! `ipam_scopes`: lists scopes with common properties.

use std::sync::Arc;

use crate::model;
use crate::provider::filters::{scope_filters, wanted_scopes};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};

use super::facts::ScopeFacts;
use super::lookup::{explained, is_true};

model! {
    /// Lists scopes. Each argument narrows the list; without arguments, the list contains all scopes. If no scope
    /// matches, the list is empty.
    pub(super) struct ScopesModel {
        include scope_filters;
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
        let (ipam, wanted) = (self.0.ipam()?, wanted_scopes!(config));
        let scopes = wanted.of(ipam.as_ref(), is_true(&config.include_planned)).map_err(explained(Path::root()))?;
        let ids = scopes.iter().map(|scope| scope.meta.id.clone()).collect::<Vec<_>>();
        let scopes = scopes.into_iter().map(ScopeFacts::of).collect::<Vec<_>>();
        Ok(ScopesModel { scopes: scopes.into(), ids: ids.into(), ..config })
    }
}
