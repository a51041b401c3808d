//! The keepers of nouns, and a service as the keeper of all of them.

use super::{
    AdminNoun, AssociationNoun, ByoasnAssociationNoun, ByoasnNoun, ByoipCidrNoun, DiscoveryNoun, EnablementNoun,
    IpamNoun, PolicyNoun, ResolverNoun, ResolverVersions, ResourceCidrNoun, TargetNoun, TokenNoun,
};
use crate::backend::Noun;
use crate::ipam::Result;

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
