//! Objects that only AWS has, one file and one struct for each noun. `keeper.rs` has their trait.

pub(super) mod association;
pub(super) mod byoasn;
pub(super) mod byoasn_association;
pub(super) mod byoip;
pub(super) mod discovery;
pub(super) mod ipam;
pub(super) mod keeper;
pub(super) mod organization;
pub(super) mod policy;
pub(super) mod policy_enablement;
pub(super) mod resolver;
mod resolver_rules;
pub(super) mod resolver_target;
pub(super) mod resource_cidr;
pub(super) mod token;
