//! The nouns that plans can hold: every backend has them.

use super::{Holds, Ipam, New, Noun, PoolCidrChange, find};
use crate::ipam::{
    Allocation, AllocationChange, AllocationSpec, Cidr, Kind, Meta, Occupant, Planned, Pool, PoolChange, PoolCidr,
    PoolCidrSpec, PoolSpec, Result, Scope, ScopeChange, ScopeSpec, State, Terms,
};

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

    /// The facts about the object that a message contains.
    fn occupant(&self) -> Occupant {
        Occupant::named(Self::KIND, self.meta(), self.block())
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

impl Noun for Scope {
    const WORD: &'static str = "scope";
    const RESOURCE: &'static str = "ipam_scope";
    type Spec = ScopeSpec;
    type Record = Self;
}

impl Holdable for Scope {
    const KIND: Kind = Kind::Scope;
    type Change = ScopeChange;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn container(&self) -> &str {
        ""
    }

    fn new_object(spec: &ScopeSpec) -> New<'_> {
        New::Scope(spec)
    }

    fn hold(holds: &dyn Holds, spec: &ScopeSpec, terms: &Terms) -> Result<Self> {
        holds.plan_scope(spec, terms)
    }

    fn create(ipam: &dyn Ipam, spec: &ScopeSpec, planned: &Planned) -> Result<Self> {
        ipam.create_scope(spec, planned)
    }

    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>> {
        ipam.get_scope(id)
    }

    fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>> {
        find::scopes(ipam, text)
    }

    fn update(ipam: &dyn Ipam, id: &str, change: &ScopeChange) -> Result<Self> {
        ipam.update_scope(id, change)
    }

    fn renamed(change: &ScopeChange, name: &str) -> ScopeChange {
        ScopeChange { name: name.to_owned(), ..change.clone() }
    }
}

impl Noun for Pool {
    const WORD: &'static str = "pool";
    const RESOURCE: &'static str = "ipam_pool";
    type Spec = PoolSpec;
    type Record = Self;
}

impl Holdable for Pool {
    const KIND: Kind = Kind::Pool;
    type Change = PoolChange;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn block(&self) -> Option<Cidr> {
        self.cidrs.first().copied().filter(|_| self.cidrs.len() == 1)
    }

    fn container(&self) -> &str {
        Self::container(self)
    }

    fn new_object(spec: &PoolSpec) -> New<'_> {
        New::Pool(spec)
    }

    fn hold(holds: &dyn Holds, spec: &PoolSpec, terms: &Terms) -> Result<Self> {
        holds.plan_pool(spec, terms)
    }

    fn create(ipam: &dyn Ipam, spec: &PoolSpec, planned: &Planned) -> Result<Self> {
        ipam.create_pool(spec, planned)
    }

    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>> {
        ipam.get_pool(id)
    }

    fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>> {
        find::pools(ipam, text)
    }

    fn update(ipam: &dyn Ipam, id: &str, change: &PoolChange) -> Result<Self> {
        ipam.update_pool(id, change)
    }

    fn renamed(change: &PoolChange, name: &str) -> PoolChange {
        PoolChange { name: name.to_owned(), ..change.clone() }
    }
}

impl Noun for PoolCidr {
    const WORD: &'static str = "pool CIDR";
    const RESOURCE: &'static str = "ipam_pool_cidr";
    type Spec = PoolCidrSpec;
    type Record = Self;
}

impl Holdable for PoolCidr {
    const KIND: Kind = Kind::PoolCidr;
    type Change = PoolCidrChange;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn block(&self) -> Option<Cidr> {
        Some(self.cidr)
    }

    fn container(&self) -> &str {
        &self.pool_id
    }

    fn new_object(spec: &PoolCidrSpec) -> New<'_> {
        New::PoolCidr(spec)
    }

    fn hold(holds: &dyn Holds, spec: &PoolCidrSpec, terms: &Terms) -> Result<Self> {
        holds.plan_pool_cidr(spec, terms)
    }

    fn create(ipam: &dyn Ipam, spec: &PoolCidrSpec, planned: &Planned) -> Result<Self> {
        ipam.create_pool_cidr(spec, planned)
    }

    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>> {
        ipam.get_pool_cidr(id)
    }

    fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>> {
        find::pool_cidrs(ipam, text)
    }

    fn update(ipam: &dyn Ipam, id: &str, change: &PoolCidrChange) -> Result<Self> {
        ipam.update_pool_cidr(id, change)
    }

    fn renamed(_: &PoolCidrChange, name: &str) -> PoolCidrChange {
        PoolCidrChange { name: name.to_owned() }
    }
}

impl Noun for Allocation {
    const WORD: &'static str = "allocation";
    const RESOURCE: &'static str = "ipam_allocation";
    type Spec = AllocationSpec;
    type Record = Self;
}

impl Holdable for Allocation {
    const KIND: Kind = Kind::Allocation;
    type Change = AllocationChange;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn block(&self) -> Option<Cidr> {
        Some(self.cidr)
    }

    fn container(&self) -> &str {
        &self.pool_id
    }

    fn new_object(spec: &AllocationSpec) -> New<'_> {
        New::Allocation(spec)
    }

    fn hold(holds: &dyn Holds, spec: &AllocationSpec, terms: &Terms) -> Result<Self> {
        holds.plan_allocation(spec, terms)
    }

    fn create(ipam: &dyn Ipam, spec: &AllocationSpec, planned: &Planned) -> Result<Self> {
        ipam.create_allocation(spec, planned)
    }

    fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>> {
        ipam.get_allocation(id)
    }

    fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>> {
        find::allocations(ipam, text)
    }

    fn update(ipam: &dyn Ipam, id: &str, change: &AllocationChange) -> Result<Self> {
        ipam.update_allocation(id, change)
    }

    fn renamed(change: &AllocationChange, name: &str) -> AllocationChange {
        AllocationChange { name: name.to_owned(), ..change.clone() }
    }
}
