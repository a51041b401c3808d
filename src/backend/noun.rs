//! Nouns: the kinds of objects that users declare, each with one resource type in Terraform.
//!
//! Each noun has a configuration ([`Noun::Spec`]) and an answer of the backend ([`Noun::Record`]). Abilities are further
//! traits: every backend has the nouns that are [`Holdable`], and plans can hold their objects; the others
//! are [`super::service::Kept`] by some backends only.

use super::{Holds, Ipam, New};
use crate::ipam::{Cidr, Kind, Meta, Planned, Result, State, Terms};

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

/// A noun whose objects a plan can hold: a self-managed store shows the ids and blocks of new objects, and keeps them for
/// the apply. The noun is the record itself.
pub trait Holdable: Noun<Record = Self> {
    /// The kind of the record.
    const KIND: Kind;
    /// A change to an object.
    type Change: Clone + PartialEq;

    /// What every record has.
    fn meta(&self) -> &Meta;

    /// The block of the object, if it has exactly one.
    fn block(&self) -> Option<Cidr> {
        None
    }

    /// The pool or scope that contains the object; empty for a scope.
    fn container(&self) -> &str;

    /// The request for a new object, for [`super::Preview::check_new`].
    fn new_object(spec: &Self::Spec) -> New<'_>;

    /// Finds or places the hold of a new object.
    ///
    /// # Errors
    /// The rule that the object violates; the errors of the store.
    fn hold(holds: &dyn Holds, spec: &Self::Spec, terms: &Terms) -> Result<Self>;

    /// Creates the object, or turns the hold of a plan into it.
    ///
    /// # Errors
    /// As [`Holdable::hold`], and the errors of a service.
    fn create(ipam: &dyn Ipam, spec: &Self::Spec, planned: &Planned) -> Result<Self>;

    /// The object with this id, active or held.
    ///
    /// # Errors
    /// The errors of the backend.
    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>>;

    /// Every object that `text` may mean: see [`super::find`].
    ///
    /// # Errors
    /// The errors of the backend.
    fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>>;

    /// Changes the object.
    ///
    /// # Errors
    /// As [`Holdable::create`].
    fn update(ipam: &dyn Ipam, id: &str, change: &Self::Change) -> Result<Self>;

    /// `change` with another name.
    #[must_use]
    fn renamed(change: &Self::Change, name: &str) -> Self::Change;

    /// The active object with this id, if it has this name.
    ///
    /// # Errors
    /// The errors of the backend.
    fn named(ipam: &dyn Ipam, id: &str, name: &str) -> Result<Option<Self>> {
        let is_it = |found: &Self| found.meta().state == State::Active && found.meta().name == name;
        Ok(Self::get(ipam, id)?.filter(is_it))
    }
}
