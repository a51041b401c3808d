//! `ipam_prefix_list_resolver_versions`: the versions of a resolver.

use std::sync::Arc;

use crate::backend::service::ResolverNoun;
use crate::ipam::Cidr;
use crate::tf::{DataSource, Diagnostic, Diagnostics};
use crate::{at, model};

use super::super::errors;
use super::super::noun::service;
use super::super::shared::Shared;

model! {
    /// Reads the versions of a prefix list resolver that AWS keeps, and the CIDRs of one of them (only with the store
    /// `aws-ipam`). A self-managed store has no resolvers.
    pub(crate) struct VersionsModel {
        /// ID of the resolver.
        ipam_prefix_list_resolver_id: String => required(),
        /// Number of the version whose CIDRs are listed. Default: the latest version.
        version: i64 => optional(),
        /// List of the numbers of the versions, in ascending order.
        versions: Vec<i64> => computed(),
        /// Number of the latest version; null if there is none.
        latest_version: i64 => computed(),
        /// List of the CIDRs of the version, sorted by address.
        entries: Vec<Cidr> => computed(),
    }
}

/// The data source.
pub(super) struct VersionsData(pub(super) Arc<Shared>);

impl DataSource for VersionsData {
    type Model = VersionsModel;
    const TYPE: &'static str = "ipam_prefix_list_resolver_versions";

    fn validate(&self, config: &VersionsModel) -> Diagnostics {
        let wrong = config.version.get().filter(|version| **version < 1);
        let refuse = |version: &i64| {
            let why = format!("{version} is not a version: versions are counted from 1.");
            Diagnostic::error("Invalid version", why).at(at!(VersionsModel, version))
        };
        wrong.map(refuse).into_iter().collect()
    }

    fn read(&self, config: VersionsModel) -> Result<VersionsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let service = service::<ResolverNoun>(ipam.as_ref())?;
        let here = || at!(VersionsModel, ipam_prefix_list_resolver_id);
        let id = config.ipam_prefix_list_resolver_id.known(here())?;
        let versions = service.resolver_versions(id).map_err(|error| errors::at(&error, here()))?;
        let versions = versions.ok_or_else(|| {
            let why = format!("AWS has no prefix list resolver {id:?} in this account and Region.");
            Diagnostics::from(Diagnostic::error("No such prefix list resolver", why).at(here()))
        })?;
        let latest = versions.last().copied();
        let version = config.version.cloned().or(latest);
        if let Some(version) = config.version.get().filter(|version| !versions.contains(version)) {
            let kept: Vec<_> = versions.iter().map(ToString::to_string).collect();
            let why = format!("AWS keeps these versions of {id}: {}.", kept.join(", "));
            let error = Diagnostic::error(format!("There is no version {version}"), why);
            return Err(error.at(at!(VersionsModel, version)).into());
        }
        let entries = match version {
            Some(version) => service
                .resolver_version_entries(id, version)
                .map_err(|error| errors::at(&error, at!(VersionsModel, version)))?,
            None => Vec::new(),
        };
        Ok(VersionsModel {
            versions: versions.into(),
            latest_version: latest.into(),
            entries: entries.into(),
            ..config
        })
    }
}
