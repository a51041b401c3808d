//! What every backend does with scopes.

use super::{Holdable, Holds, Ipam, New, Noun, find};
use crate::ipam::{Kind, Meta, Planned, Result, Scope, ScopeChange, ScopeSpec, Terms};

/// The scopes of a backend.
pub trait Scopes: Send + Sync {
    /// Creates a scope, or turns the hold of a plan into it.
    fn create_scope(&self, spec: &ScopeSpec, planned: &Planned) -> Result<Scope>;

    /// Changes a scope.
    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope>;

    /// Deletes a scope. [`crate::ipam::Error::InUse`] while it contains a pool.
    fn delete_scope(&self, id: &str) -> Result<()>;

    /// `None` when the scope is gone.
    fn get_scope(&self, id: &str) -> Result<Option<Scope>>;

    /// The scopes by name, on request with those that are only planned.
    fn list_scopes(&self, include_planned: bool) -> Result<Vec<Scope>>;

    /// The scope of exactly that name, planned ones too (an active one before a hold of the same name); `None` when
    /// there is none. Reads the name index, not all scopes.
    fn find_scope(&self, name: &str) -> Result<Option<Scope>>;
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
