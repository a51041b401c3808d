//! `ipam_discovered_accounts`: which accounts are looked at, and how that goes.

use std::sync::Arc;

use crate::backend::observation::{DiscoveredAccount, FailureCode, Spot};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::{NO_DISCOVERY, explained, freshen, moment};

model! {
    /// An account in a Region, and how looking at it goes.
    pub(super) struct AccountFacts {
        /// The account.
        account_id: String => computed(),
        /// The Region.
        discovery_region: String => computed(),
        /// Organizational unit of the account; null outside of an organization.
        organizational_unit_id: String => computed(),
        /// Whether the last attempt failed.
        is_failing: bool => computed(),
        /// Why: `assume-role-failure`, `throttling-failure`, `unauthorized-failure` or `other`; null when it did not fail.
        failure_code: FailureCode => computed(),
        /// The reason in words; null when it did not fail.
        failure_message: String => computed(),
        /// When it was last tried, as RFC 3339 time.
        last_attempted_discovery_time: Time => computed(),
        /// When it last succeeded, as RFC 3339 time; null when it never did.
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
    /// Lists the accounts that a resource discovery looks at, in each Region, and how the last attempt went.
    pub(super) struct AccountsModel {
        /// The resource discovery. When not set: the only one of the store, or in AWS the one that came with the IPAM.
        ipam_resource_discovery_id: String => optional().computed(),
        /// Only this Region; every Region of the discovery when not set.
        discovery_region: String => optional(),
        /// How old what is told may be, such as `1h`. On a store of one's own, what was seen longer ago (or never) is looked at
        /// first, in this run; what cannot be looked at is an error. AWS IPAM looks by itself: older samples are an error.
        max_age: HumanDuration => optional(),
        /// Only accounts at which the last attempt failed.
        failing_only: bool => default(false),
        /// The accounts, by id and Region.
        accounts: Vec<AccountFacts> => computed(),
        /// Their ids, each once.
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
        let spot =
            Spot { discovery_id: config.ipam_resource_discovery_id.cloned(), region: config.discovery_region.cloned() };
        freshen(ipam.as_ref(), Some(&spot), &config.max_age)?;
        let seen = super::of(ipam.as_ref())?.discovered_accounts(&spot);
        let place = (NO_DISCOVERY, at!(AccountsModel, ipam_resource_discovery_id));
        let seen = seen.map_err(explained(&[place], Path::root()))?;
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
