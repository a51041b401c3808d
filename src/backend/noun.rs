//! Nouns: the kinds of objects that users declare, each with one resource type in Terraform.
//!
//! Each noun has a configuration ([`Noun::Spec`]) and an answer of the backend ([`Noun::Record`]). Abilities are further
//! traits: every backend has the nouns that are [`super::Holdable`], and plans can hold their objects; the others
//! are [`super::service::Kept`] by some backends only.

/// A kind of object.
pub trait Noun: Sized + 'static {
    /// The name of the noun in messages, such as `resource discovery`.
    const WORD: &'static str;
    /// The resource type in Terraform, such as `ipam_resource_discovery`.
    const RESOURCE: &'static str;
    /// The configuration of an object.
    type Spec: Clone + PartialEq;
    /// The answer of the backend about an object.
    type Record;
}
