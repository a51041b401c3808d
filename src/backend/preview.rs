//! The answers of a backend to plans that may not write.

use crate::ipam::{
    Allocation, AllocationSpec, Pool, PoolChange, PoolCidrSpec, PoolSpec, Resize, Result, ScopeSpec, Size, Terms,
};

/// A new object that a user asks for.
#[derive(Clone, Copy, Debug)]
pub enum New<'a> {
    Scope(&'a ScopeSpec),
    Pool(&'a PoolSpec),
    PoolCidr(&'a PoolCidrSpec),
    Allocation(&'a AllocationSpec),
}

/// The future of an object, as far as a backend can tell it without writing anything.
pub trait Preview: Send + Sync {
    /// Reports the error that a new object would meet, as far as it can be found
    /// without writing. `growing`: the pool that the space comes from grows in the same apply, so its present free
    /// space does not count. A self-managed store also takes the other new objects of this plan into account.
    fn check_new(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()>;

    /// The pool as it will be after the change; `None` when only a replacement can make the change.
    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;

    /// The allocation that a plan would get for `spec`. Its id is empty where the backend chooses the id at apply.
    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;

    /// Whether the allocation can have the size in place, and its block then.
    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;
}
