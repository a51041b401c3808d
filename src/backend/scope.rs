//! What every backend does with scopes.

use crate::ipam::{Planned, Result, Scope, ScopeChange, ScopeSpec};

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
