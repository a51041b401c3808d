//! `ipam_discovered_accounts`: the accounts that a discovery scans, and the results.

use std::sync::Arc;

use crate::backend::observation::{DiscoveredAccount, DiscoveryFilter, FailureCode};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::conversion::{NO_DISCOVERY, explained, moment, of};
use super::freshness::freshen;

model! {
    /// The attributes of an account in a Region, with the result of its last scan.
    pub(super) struct AccountFacts {
        /// ID of the AWS account. For a file, the account that it names, or the name of the file.
        account_id: String => computed(),
        /// Region of the scan. For a file, the Region that it names, or `none`.
        discovery_region: String => computed(),
        /// ID of the organizational unit of the account; null outside of an organization, and on a self-managed store.
        organizational_unit_id: String => computed(),
        /// Whether the last scan failed.
        is_failing: bool => computed(),
        /// Code of the failure: `assume-role-failure`, `throttling-failure`, `unauthorized-failure` or `other`; null if
        /// the last scan did not fail.
        failure_code: FailureCode => computed(),
        /// Reason for the failure, in words; null if the last scan did not fail.
        failure_message: String => computed(),
        /// Time of the last scan, in RFC 3339 format.
        last_attempted_discovery_time: Time => computed(),
        /// Time of the last successful scan, in RFC 3339 format; null if no scan succeeded.
        last_successful_discovery_time: Time => computed(),
    }
}

impl AccountFacts {
    fn of(found: DiscoveredAccount) -> Self {
        Self {
            account_id: found.account_id.into(),
            discovery_region: found.region.into(),
            organizational_unit_id: found.organizational_unit_id.into(),
            is_failing: found.failure.is_some().into(),
            failure_code: found.failure.as_ref().map(|failure| failure.code).into(),
            failure_message: found.failure.and_then(|failure| failure.message).into(),
            last_attempted_discovery_time: moment(found.last_attempt),
            last_successful_discovery_time: moment(found.last_success),
        }
    }
}

model! {
    /// Lists the accounts that a resource discovery scans in each Region, with the results of their last scans.
    pub(super) struct AccountsModel {
        /// ID of the resource discovery. Default: the only discovery of a self-managed store, or the discovery that was
        /// created together with the IPAM. Required if a self-managed store has several discoveries.
        ipam_resource_discovery_id: String => optional().computed(),
        /// Region. Only accounts in this Region are listed. Default: all Regions of the discovery.
        discovery_region: String => optional(),
        /// Maximum age of the data: a duration such as `1h`. Default: no limit. On a self-managed store, older or
        /// missing data starts a new scan in this run, and a failed scan is an error. AWS IPAM makes its own scans:
        /// with `aws-ipam`, older data is an error.
        max_age: HumanDuration => optional(),
        /// Whether to list only accounts whose last scan failed. Default: `false`.
        failing_only: bool => default(false),
        /// List of the accounts, sorted by ID and Region.
        accounts: Vec<AccountFacts> => computed(),
        /// List of the IDs of the accounts, without duplicates.
        account_ids: Vec<String> => computed(),
    }
}

pub(super) struct AccountsData(pub(super) Arc<Shared>);

impl DataSource for AccountsData {
    type Model = AccountsModel;
    const TYPE: &'static str = "ipam_discovered_accounts";

    fn validate(&self, _config: &AccountsModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: AccountsModel) -> Result<AccountsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let filter = DiscoveryFilter {
            discovery_id: config.ipam_resource_discovery_id.cloned(),
            region: config.discovery_region.cloned(),
        };
        freshen(ipam.as_ref(), Some(&filter), &config.max_age)?;
        let seen = of(ipam.as_ref())?.discovered_accounts(&filter);
        let argument = (NO_DISCOVERY, at!(AccountsModel, ipam_resource_discovery_id));
        let seen = seen.map_err(explained(&[argument], Path::root()))?;
        let failing_only = config.failing_only.cloned().unwrap_or(false);
        let found: Vec<_> = seen.items.into_iter().filter(|one| one.failure.is_some() || !failing_only).collect();
        let mut account_ids: Vec<_> = found.iter().map(|one| one.account_id.clone()).collect();
        account_ids.dedup();
        Ok(AccountsModel {
            ipam_resource_discovery_id: seen.discovery_id.into(),
            accounts: found.into_iter().map(AccountFacts::of).collect::<Vec<_>>().into(),
            account_ids: account_ids.into(),
            ..config
        })
    }
}
