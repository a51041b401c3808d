//! Data sources for the results of scans, one file each. A backend that scans returns them ([`Observation`]). Before
//! the first scan, the plan shows an error that explains what to do.
//!
//! [`Observation`]: crate::backend::observation::Observation

mod accounts;
mod conversion;
mod discovered_cidrs;
mod freshness;
mod history;
mod public_addresses;
mod resource_cidrs;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::tf::ErasedDataSource;

use super::shared::Shared;

pub(super) use conversion::{NO_POOL, NO_SCOPE, explained, of as observed};
pub(super) use freshness::{check_scanned, freshen_for};

/// All data sources of this module.
pub(super) fn all(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedDataSource>> {
    vec![
        Box::new(accounts::AccountsData(Arc::clone(shared))),
        Box::new(discovered_cidrs::DiscoveredCidrsData(Arc::clone(shared))),
        Box::new(history::HistoryData(Arc::clone(shared))),
        Box::new(public_addresses::PublicAddressesData(Arc::clone(shared))),
        Box::new(resource_cidrs::ResourceCidrsData(Arc::clone(shared))),
    ]
}
