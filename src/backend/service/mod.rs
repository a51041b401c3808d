//! The nouns that not every backend keeps. Most of them exist only in a service such as AWS IPAM and have no meaning in a
//! self-managed store.
//!
//! Each noun is a type in this module, with its configuration ([`Noun::Spec`]) and the answer of the backend
//! ([`Noun::Record`]). A backend that has the noun implements [`Keeps`] for it, and [`Kept::keeper`] finds that
//! implementation; [`Service`] is the sum of all of them.

/// [`Kept::keeper`] for a noun that only a service keeps.
macro_rules! kept_by_a_service {
    () => {
        fn keeper(ipam: &dyn $crate::backend::Ipam) -> Option<&dyn $crate::backend::service::Keeps<Self>> {
            ipam.service().map(|service| service as _)
        }
    };
}

mod byoasn;
mod byoip;
mod discovery;
mod ipam;
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

use super::{Ipam, Noun};
use crate::ipam::Result;

/// A noun that not every backend keeps.
pub trait Kept: Noun {
    /// The reason why other stores do not have the noun, and the alternative there, in sentences.
    const ELSEWHERE: &'static str;

    /// The keeper of this noun in `ipam`, if it has one.
    fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>>;
}

/// Keeps the objects of a noun.
pub trait Keeps<N: Noun>: Send + Sync {
    /// Creates the object and waits until it can be used. A call after [`crate::ipam::Error::Pending`] continues the
    /// creation.
    ///
    /// # Errors
    /// The errors of the service; [`crate::ipam::Error::Pending`] when the creation takes longer than one call.
    fn create(&self, spec: &N::Spec) -> Result<N::Record>;

    /// `None` when the object is gone.
    ///
    /// # Errors
    /// The errors of the service.
    fn get(&self, id: &str) -> Result<Option<N::Record>>;

    /// Every object that this account can see.
    ///
    /// # Errors
    /// The errors of the service.
    fn list(&self) -> Result<Vec<N::Record>>;

    /// Changes the object from `before` to `after`. Only the differences are sent.
    ///
    /// # Errors
    /// As [`Keeps::create`].
    fn update(&self, id: &str, before: &N::Spec, after: &N::Spec) -> Result<N::Record>;

    /// Deletes the object and waits until it is gone. The deletion of an object that is gone succeeds. `spec` is the
    /// configuration that was last applied.
    ///
    /// # Errors
    /// As [`Keeps::create`].
    fn delete(&self, id: &str, spec: &N::Spec) -> Result<()>;
}

/// Defines [`Service`] as the keeper of all of these nouns.
macro_rules! service {
    ($($Noun:ident),+) => {
        /// A backend that is a service.
        pub trait Service: $(Keeps<$Noun> +)+ ResolverVersions {}

        impl<T: $(Keeps<$Noun> +)+ ResolverVersions> Service for T {}
    };
}

service!(
    AdminNoun,
    AssociationNoun,
    ByoasnAssociationNoun,
    ByoasnNoun,
    ByoipCidrNoun,
    DiscoveryNoun,
    EnablementNoun,
    IpamNoun,
    PolicyNoun,
    ResolverNoun,
    ResourceCidrNoun,
    TargetNoun,
    TokenNoun
);
