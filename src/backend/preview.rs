//! The answers of a backend to plans that may not write.

use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Meta, Pool, PoolChange, PoolCidr, PoolCidrSpec, PoolSpec, Resize, Result, Scope,
    ScopeSpec, Size, State, Terms,
};

/// A new object that a user asks for.
#[derive(Clone, Copy, Debug)]
pub enum New<'a> {
    Scope(&'a ScopeSpec),
    Pool(&'a PoolSpec),
    PoolCidr(&'a PoolCidrSpec),
    Allocation(&'a AllocationSpec),
}

/// A new object as a preview shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    Scope(Scope),
    Pool(Pool),
    PoolCidr(PoolCidr),
    Allocation(Allocation),
}

impl Made {
    /// What every record has.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Scope(scope) => &scope.meta,
            Self::Pool(pool) => &pool.meta,
            Self::PoolCidr(pool_cidr) => &pool_cidr.meta,
            Self::Allocation(allocation) => &allocation.meta,
        }
    }

    /// The block of the object, if it has exactly one.
    pub fn block(&self) -> Option<Cidr> {
        match self {
            Self::Scope(_) => None,
            Self::Pool(pool) => pool.cidrs.first().copied().filter(|_| pool.cidrs.len() == 1),
            Self::PoolCidr(pool_cidr) => Some(pool_cidr.cidr),
            Self::Allocation(allocation) => Some(allocation.cidr),
        }
    }

    /// Whether the object exists already.
    pub fn is_there(&self) -> bool {
        self.meta().state == State::Active
    }
}

/// The future of an object, as far as a backend can tell it without writing anything.
pub trait Preview: Send + Sync {
    /// Reports the error that a new object would meet, as far as it can be found
    /// without writing. `growing`: the pool that the space comes from grows in the same apply, so its present free
    /// space does not count. A self-managed store also takes the other new objects of this plan into account.
    fn check_new(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()>;

    /// The new object as a plan shows it that cannot hold it. Later previews of this process build on it, and so do the
    /// answers about objects and free space. `None`: the backend cannot predict this object.
    fn preview_new(&self, _new: New<'_>, _terms: &Terms) -> Result<Option<Made>> {
        Ok(None)
    }

    /// The pool as it will be after the change; `None` when only a replacement can make the change.
    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;

    /// The allocation that a plan would get for `spec`. Its id is empty where the backend chooses the id at apply.
    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;

    /// Whether the allocation can have the size in place, and its block then.
    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;
}
