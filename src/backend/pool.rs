//! What every backend does with pools.

use super::{Holdable, Holds, Ipam, New, Noun, find};
use crate::ipam::{Cidr, Kind, Meta, Planned, Pool, PoolChange, PoolFilter, PoolSpec, Result, Terms};

/// The pools of a backend.
pub trait Pools: Send + Sync {
    /// Creates a pool with its blocks, or turns the hold of a plan into it.
    fn create_pool(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool>;

    /// Changes a pool, and its blocks if `change` says so.
    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool>;

    /// Deletes a pool. `cascade` also deletes everything inside. Without it, a pool that is not empty is [`crate::ipam::Error::InUse`].
    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()>;

    /// `None` when the pool is gone.
    fn get_pool(&self, id: &str) -> Result<Option<Pool>>;

    /// The pools by scope, depth-first, by name: parents before children.
    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>>;

    /// Every pool, planned ones too, that `path` names, in the order of [`Pools::list_pools`]; empty when there is none.
    ///
    /// `path` is a pool's own name (`prod`: any depth), or the end of its path (`eu-west-1/prod`: a pool `prod` right
    /// inside a pool `eu-west-1`), up to the whole path from the top-level pool (`top/eu-west-1/prod`, see
    /// [`Pools::pool_path`]). Pools of all scopes count. A name may itself contain `/`: a pool matches when its whole
    /// path equals `path` or ends in `/` and `path`. Costs no more than looking up the names.
    fn find_pool(&self, path: &str) -> Result<Vec<Pool>>;

    /// The names from the top-level pool down to this one, joined by `/`: `top/eu-west-1/prod`. [`crate::ipam::Error::NotFound`]
    /// when the pool is gone.
    fn pool_path(&self, id: &str) -> Result<String>;
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
