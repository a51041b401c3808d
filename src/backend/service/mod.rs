//! Nouns that not every backend keeps: most have no meaning in a store of our own, and are a service's such as AWS IPAM.
//!
//! Each noun is a type here, with what a configuration says of it ([`Noun::Spec`]) and what the backend answers
//! ([`Noun::Record`]). A backend that has the noun implements [`Keeps`] for it, and [`Noun::keeper`] finds it; [`Service`]
//! is all of them. Adding one is a file here, one in `aws/service`, one in `provider/service`, and a line in [`Service`].

/// For a noun that only a service keeps: whom to ask.
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

use super::Ipam;
use crate::ipam::Result;

/// A kind of object that not every backend keeps.
pub trait Noun: Sized + 'static {
    /// The word for messages, such as `resource discovery`.
    const WORD: &'static str;
    /// Terraform's type, such as `ipam_resource_discovery`.
    const RESOURCE: &'static str;
    /// Why other stores have none, and what to use there: sentences.
    const ELSEWHERE: &'static str;
    /// What a configuration says.
    type Spec: Clone + PartialEq;
    /// What the backend answers.
    type Record;

    /// Who keeps it, where `ipam` does.
    fn keeper(ipam: &dyn Ipam) -> Option<&dyn Keeps<Self>>;
}

/// Keeps the objects of a noun.
pub trait Keeps<N: Noun>: Send + Sync {
    /// Makes it and waits until it can be used. Called again after [`crate::ipam::Error::Pending`] it goes on.
    ///
    /// # Errors
    /// What the service refused; [`crate::ipam::Error::Pending`] when it is not done in the time of one call.
    fn create(&self, spec: &N::Spec) -> Result<N::Record>;

    /// `None` when it is gone.
    ///
    /// # Errors
    /// What the service refused.
    fn get(&self, id: &str) -> Result<Option<N::Record>>;

    /// Every one that this account sees.
    ///
    /// # Errors
    /// What the service refused.
    fn list(&self) -> Result<Vec<N::Record>>;

    /// Makes it what `after` says. Only what differs from `before` is sent.
    ///
    /// # Errors
    /// As [`Keeps::create`].
    fn update(&self, id: &str, before: &N::Spec, after: &N::Spec) -> Result<N::Record>;

    /// Deletes it and waits until it is gone; deleting what is gone is success. `spec` is what was last applied.
    ///
    /// # Errors
    /// As [`Keeps::create`].
    fn delete(&self, id: &str, spec: &N::Spec) -> Result<()>;
}

/// A service is what keeps all of these.
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
