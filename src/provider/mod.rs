//! What Terraform users see: the provider block, one file for each resource, data sources, functions.
//!
//! Adding a resource is one file and one line in [`provider`].

mod attributes;
mod aws;
mod changes;
mod config;
mod create;
mod data;
mod errors;
mod facts;
mod functions;
mod hand_over;
mod kept_arguments;
mod limits;
mod moves;
mod observation;
mod on_missing;
mod rename;
mod resources;
mod service;
mod session;
mod shared;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::Ipam;
use crate::backend::scout::Scout;
use crate::tf;

use config::IpamProvider;
use resources::{AllocationResource, PoolCidrResource, PoolResource, ScopeResource};
use shared::Shared;

/// The provider with everything it offers, not configured yet.
pub fn provider() -> tf::Provider {
    over(&Arc::new(Shared::default()))
}

/// A service, and what it is called in `store`.
pub type NamedService = (&'static str, Arc<dyn Ipam>);

/// The service that `store` names (`aws-ipam`), for commands: reached as the environment says. `None`: a store of our own.
///
/// The inner result is an error, as sentences, when the service cannot be used.
pub fn service(store: &str) -> Option<Result<NamedService, String>> {
    config::service(store)
}

/// Who looks into accounts of AWS for a store of our own, for commands: reached as the environment says. `None`: this build
/// has no AWS in it.
pub fn scout() -> Option<Arc<dyn Scout>> {
    config::scout()
}

/// The owner that the provider acts for when its block names `argument`: that, or else what `IPAM_OWNER` says.
pub fn owner(argument: Option<String>) -> String {
    config::owner(argument)
}

fn over(shared: &Arc<Shared>) -> tf::Provider {
    tf::Provider {
        config: Box::new(IpamProvider(Arc::clone(shared))),
        resources: {
            let mut all: Vec<Box<dyn tf::ErasedResource>> = vec![
                Box::new(ScopeResource(Arc::clone(shared))),
                Box::new(PoolResource(Arc::clone(shared))),
                Box::new(PoolCidrResource(Arc::clone(shared))),
                Box::new(AllocationResource(Arc::clone(shared))),
            ];
            all.extend(service::all(shared));
            all
        },
        data_sources: {
            let mut all = data::all(shared);
            all.extend(observation::all(shared));
            all.extend(service::all_data(shared));
            all
        },
        functions: functions::all(),
        stop: tf::Stop::default(),
        finish: {
            let shared = Arc::clone(shared);
            Arc::new(move || shared.finish())
        },
    }
}
