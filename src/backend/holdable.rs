//! The nouns that plans can hold: every backend has them.

use super::{Holds, Ipam, Made, New, Noun, PoolCidrChange, find};
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

    /// The record in a preview of an object of this kind.
    fn of_preview(made: Made) -> Option<Self>;

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

/// Implements [`Noun`] and [`Holdable`] for a record by the methods of the backend for its kind. What differs in another
/// way stands in the braces.
macro_rules! holdable {
    (
        $Record:ident, $word:literal, $resource:literal, $Spec:ident, $Change:ident,
        $plan:ident, $create:ident, $get:ident, $find:path, $update:ident;
        $($own:item)*
    ) => {
        impl Noun for $Record {
            const WORD: &'static str = $word;
            const RESOURCE: &'static str = $resource;
            type Spec = $Spec;
            type Record = Self;
        }

        impl Holdable for $Record {
            const KIND: Kind = Kind::$Record;
            type Change = $Change;

            fn meta(&self) -> &Meta {
                &self.meta
            }

            fn new_object(spec: &$Spec) -> New<'_> {
                New::$Record(spec)
            }

            fn of_preview(made: Made) -> Option<Self> {
                if let Made::$Record(record) = made { Some(record) } else { None }
            }

            fn hold(holds: &dyn Holds, spec: &$Spec, terms: &Terms) -> Result<Self> {
                holds.$plan(spec, terms)
            }

            fn create(ipam: &dyn Ipam, spec: &$Spec, planned: &Planned) -> Result<Self> {
                ipam.$create(spec, planned)
            }

            fn get(ipam: &dyn Ipam, id: &str) -> Result<Option<Self>> {
                ipam.$get(id)
            }

            fn find(ipam: &dyn Ipam, text: &str) -> Result<Vec<Self>> {
                $find(ipam, text)
            }

            fn update(ipam: &dyn Ipam, id: &str, change: &$Change) -> Result<Self> {
                ipam.$update(id, change)
            }

            $($own)*
        }
    };
}

holdable! {
    Scope, "scope", "ipam_scope", ScopeSpec, ScopeChange,
    plan_scope, create_scope, get_scope, find::scopes, update_scope;

    fn container(&self) -> &str {
        ""
    }

    fn renamed(change: &ScopeChange, name: &str) -> ScopeChange {
        ScopeChange { name: name.to_owned(), ..change.clone() }
    }
}

holdable! {
    Pool, "pool", "ipam_pool", PoolSpec, PoolChange,
    plan_pool, create_pool, get_pool, find::pools, update_pool;

    fn block(&self) -> Option<Cidr> {
        self.cidrs.first().copied().filter(|_| self.cidrs.len() == 1)
    }

    fn container(&self) -> &str {
        Self::container(self)
    }

    fn renamed(change: &PoolChange, name: &str) -> PoolChange {
        PoolChange { name: name.to_owned(), ..change.clone() }
    }
}

holdable! {
    PoolCidr, "pool CIDR", "ipam_pool_cidr", PoolCidrSpec, PoolCidrChange,
    plan_pool_cidr, create_pool_cidr, get_pool_cidr, find::pool_cidrs, update_pool_cidr;

    fn block(&self) -> Option<Cidr> {
        Some(self.cidr)
    }

    fn container(&self) -> &str {
        &self.pool_id
    }

    fn renamed(_: &PoolCidrChange, name: &str) -> PoolCidrChange {
        PoolCidrChange { name: name.to_owned() }
    }
}

holdable! {
    Allocation, "allocation", "ipam_allocation", AllocationSpec, AllocationChange,
    plan_allocation, create_allocation, get_allocation, find::allocations, update_allocation;

    fn block(&self) -> Option<Cidr> {
        Some(self.cidr)
    }

    fn container(&self) -> &str {
        &self.pool_id
    }

    fn renamed(change: &AllocationChange, name: &str) -> AllocationChange {
        AllocationChange { name: name.to_owned(), ..change.clone() }
    }
}
