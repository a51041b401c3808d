//! The nouns that not every backend keeps. Most of them exist only in a service such as AWS IPAM and have no meaning in a
//! self-managed store.
//!
//! Each noun is a type in this module, with its configuration ([`Noun::Spec`](super::Noun::Spec)) and the answer of the
//! backend ([`Noun::Record`](super::Noun::Record)). A backend that has the noun implements [`Keeps`] for it, and [`Kept::keeper`] finds that
//! implementation; [`Service`] is the sum of all of them.

mod byoasn;
mod byoip;
mod discovery;
mod ipam;
mod keeps;
mod kept;
mod organization;
mod policy;
mod resolver;
mod resource_cidr;
mod token;

pub use byoasn::{
    Asn, ByoasnAssociationNoun, ByoasnAssociationRecord, ByoasnAssociationSpec, ByoasnNoun, ByoasnRecord, ByoasnSpec,
};
pub use byoip::{ByoipCidrNoun, ByoipCidrRecord, ByoipCidrSpec};
pub use discovery::{
    AssociationNoun, AssociationRecord, AssociationSpec, DiscoveryNoun, DiscoveryRecord, DiscoverySpec, EntityPath,
    RoleArn,
};
pub use ipam::{IpamNoun, IpamRecord, IpamSpec, MeteredAccount, Tier};
pub use keeps::{Keeps, Service};
pub use kept::Kept;
pub use organization::{AccountId, AdminNoun, AdminRecord, AdminSpec};
pub use policy::{
    Enabled, Enablement, EnablementNoun, ManagedBy, PolicyNoun, PolicyRecord, PolicyResourceType, PolicyRules,
    PolicySpec,
};
pub use resolver::{
    Condition, Follows, Operation, Property, ResolverNoun, ResolverRecord, ResolverRule, ResolverSpec,
    ResolverVersions, RuleType, TargetNoun, TargetRecord, TargetSpec,
};
pub use resource_cidr::{ResourceCidrId, ResourceCidrNoun, ResourceCidrRecord, ResourceCidrSpec};
pub use token::{TokenNoun, TokenRecord, TokenSpec};
