//! The nouns that not every store has, one file each. Most of them exist only in a service such as AWS IPAM. A service
//! holds nothing for a plan: the values that it assigns are known after apply.

pub(super) mod association;
pub(super) mod byoasn;
pub(super) mod byoip;
mod data;
pub(super) mod discovery;
mod discovery_noun;
mod discovery_rules;
pub(super) mod ipam;
pub(super) mod organization;
pub(super) mod policy;
pub(super) mod policy_enablement;
mod quotas;
pub(super) mod resolver;
mod resolver_rules;
pub(super) mod resolver_target;
mod resolver_versions;
pub(super) mod resource_cidr;
pub(super) mod token;

use std::sync::Arc;

use crate::tf::ErasedDataSource;

use super::shared::Shared;

/// All data sources of this module.
pub(super) fn all_data(shared: &Arc<Shared>) -> Vec<Box<dyn ErasedDataSource>> {
    vec![
        Box::new(data::Listed::<ipam::IpamsModel>::new(shared)),
        Box::new(data::Listed::<policy::PoliciesModel>::new(shared)),
        Box::new(data::Listed::<resolver::ResolversModel>::new(shared)),
        Box::new(resolver_versions::VersionsData(Arc::clone(shared))),
        Box::new(data::Listed::<association::AssociationsModel>::new(shared)),
        Box::new(data::Listed::<discovery::DiscoveriesModel>::new(shared)),
        Box::new(data::Listed::<byoasn::ByoasnsModel>::new(shared)),
        Box::new(data::Listed::<byoip::ByoipCidrsModel>::new(shared)),
        Box::new(data::Listed::<token::TokensModel>::new(shared)),
    ]
}
