//! The interface for Terraform users: the provider block, and one file for each resource, data source, ephemeral resource,
//! action and function.
//!
//! A new resource needs one file and one line in [`resources()`].

mod actions;
mod attributes;
mod aws;
mod block_attributes;
mod capabilities;
mod changes;
mod config;
mod create;
mod data;
mod ephemeral;
mod errors;
mod filters;
mod functions;
mod glob;
mod hand_over;
mod holding;
mod kept_arguments;
mod leases;
mod lists;
mod minimum;
mod moves;
mod naming;
mod noun;
mod observation;
mod on_missing;
mod priorities;
mod queue;
mod rename;
mod resources;
mod service;
mod service_blocks;
mod session;
mod shared;
mod shown;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::scout::Scout;
use crate::tf;

pub use config::NamedService;

use config::IpamProvider;
use noun::{AssignedResource, HeldResource};
use resources::address_set::AddressSetResource;
use resources::allocation_set::SetResource;
use resources::dual_stack::DualStackResource;
use resources::{allocation, pool, pool_cidr, scope};
use service::{
    association, byoasn, byoip, discovery, ipam, organization, policy, policy_enablement, resolver, resolver_target,
    resource_cidr, token,
};
use shared::Shared;

/// The provider with everything that it offers, before it is configured.
pub fn provider() -> tf::Provider {
    over(&Arc::new(Shared::default()))
}

/// The service that `store` names (`aws-ipam`), for commands, with access from the environment. `None` for a self-managed
/// store.
///
/// The inner result is an error, as sentences, if the service cannot be used.
pub fn service(store: &str) -> Option<Result<NamedService, String>> {
    config::service(store)
}

/// The scout that scans AWS accounts for a self-managed store, for commands, with access from the environment. `None` in
/// a build without AWS.
pub fn scout() -> Option<Arc<dyn Scout>> {
    config::scout()
}

/// The owner that the provider acts for: `argument` from its block, or else the value of `IPAM_OWNER`.
pub fn owner(argument: Option<String>) -> String {
    config::owner(argument)
}

/// The fault of a name of an allocation, as a sentence; `None` if the name is good.
pub fn fault_of_allocation_name(name: &str) -> Option<&'static str> {
    resources::name_fault(name, true)
}

/// All resources. Registration, documentation and the tests of the rules of Terraform follow from this list.
fn resources(shared: &Arc<Shared>) -> Vec<Box<dyn tf::ErasedResource>> {
    macro_rules! of {
        ($($Resource:ident { $($model:ident::$Model:ident),+ $(,)? })+) => {
            vec![$($(Box::new($Resource::<$model::$Model>::new(shared)) as Box<dyn tf::ErasedResource>),+),+]
        };
    }
    let mut all = of! {
        HeldResource {
            scope::ScopeModel,
            pool::PoolModel,
            pool_cidr::PoolCidrModel,
            allocation::AllocationModel,
        }
        AssignedResource {
            ipam::IpamModel,
            policy::PolicyModel,
            policy_enablement::EnablementModel,
            resolver::ResolverModel,
            resolver_target::TargetModel,
            association::AssociationModel,
            discovery::DiscoveryModel,
            organization::AdminModel,
            resource_cidr::ResourceCidrModel,
            byoasn::ByoasnModel,
            byoasn::ByoasnAssociationModel,
            byoip::ByoipCidrModel,
            token::TokenModel,
        }
    };
    all.push(Box::new(SetResource::new(shared)));
    all.push(Box::new(AddressSetResource::new(shared)));
    all.push(Box::new(DualStackResource::new(shared)));
    all
}

fn over(shared: &Arc<Shared>) -> tf::Provider {
    tf::Provider {
        config: Box::new(IpamProvider(Arc::clone(shared))),
        resources: resources(shared),
        data_sources: {
            let mut all = data::all(shared);
            all.extend(observation::all(shared));
            all.extend(service::all_data(shared));
            all
        },
        ephemeral_resources: ephemeral::all(shared),
        actions: actions::all(shared),
        list_resources: lists::all(shared),
        functions: functions::all(),
        stop: tf::Stop::default(),
        finish: {
            let shared = Arc::clone(shared);
            Arc::new(move || shared.finish())
        },
    }
}
