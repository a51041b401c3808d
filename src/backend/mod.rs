//! The backends that resources and commands call: the [`Ipam`] trait, and its implementation over a self-managed store.
//!
//! Every call blocks; run it off the async threads.

mod account;
mod actor;
pub mod allocation_json;
pub mod explain;
pub mod files;
pub mod find;
mod group;
mod local;
pub mod observation;
pub mod report;
mod run;
pub mod scout;
pub mod service;
#[cfg(test)]
pub(crate) mod testing;
pub mod upkeep;

pub use actor::actor;
pub use explain::{Explanation, explain};
pub use group::{GROUP_SIZE_MAX, Group};
pub use local::{Counted, Local, Looked, LookedAt, LookedPlace, Progress, Surroundings};
pub use run::current_run;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Event, Missing, Occupant, Overview, OverviewQuery, Pool, PoolCidr,
    PoolCidrSpec, PoolSpec, Provision, Scope, ScopeSpec, Size, Unsupported,
};
pub use crate::ipam::{
    AllocationChange, AllocationFilter, Audit, EventFilter, Finding, Forecast, HistoryQuery, Mark, Match, Planned,
    PoolChange, PoolFilter, Resize, Result, ScopeChange, Tenure, Terms, TrendPoint, Utilization, forecast,
};

/// Abilities of a backend. The provider reports the use of a missing ability as a diagnostic at plan time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether plans can hold space, so that they show ids and addresses.
    pub holds: bool,
    /// Whether pools place allocations by any [`crate::ipam::Strategy`], rather than by the service's own only.
    pub strategies: bool,
    /// Whether there can be public scopes in addition to the default one.
    pub public_scopes: bool,
    /// Whether the survey of a discovery can be configured: its roles, its files, and the kinds of resources. Otherwise
    /// a discovery covers the organization, except the parts that are excluded.
    pub surveys: bool,
    /// Whether pools, their CIDRs and scopes can have settings that only AWS has ([`crate::ipam::OnlyAws`]).
    pub special: bool,
    /// Tags in which the backend keeps other attributes of an object (its name, ...). Users cannot set these tags.
    pub reserved_tags: ReservedTags,
}

/// Keys of tags in which a backend keeps other attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReservedTags {
    /// Exact keys.
    pub keys: &'static [&'static str],
    /// Prefixes of keys.
    pub prefixes: &'static [&'static str],
}

impl ReservedTags {
    /// The reserved key or prefix that `key` matches.
    pub fn hit(&self, key: &str) -> Option<&'static str> {
        let exact = self.keys.iter().find(|reserved| **reserved == key);
        exact.or_else(|| self.prefixes.iter().find(|prefix| key.starts_with(**prefix))).copied()
    }
}

/// A new object that a user asks for.
#[derive(Clone, Copy, Debug)]
pub enum New<'a> {
    Scope(&'a ScopeSpec),
    Pool(&'a PoolSpec),
    PoolCidr(&'a PoolCidrSpec),
    Allocation(&'a AllocationSpec),
}

/// IP address management over some kind of storage.
///
/// `plan_*` finds or places the hold for a new object and is stable: a second call answers the same.
/// `create_*` turns the hold into the object and is idempotent. `get_*` answers `None` for an object that is gone
/// (lapsed holds too).
/// `confirm` records that the object is in a Terraform state. `delete_*` of an object that is gone succeeds.
pub trait Ipam: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// For plans that cannot hold anything: reports the error that a new object would meet, as far as it can be found
    /// without writing. `growing`: the pool that the space comes from grows in the same apply, so its present free
    /// space does not count. A self-managed store also takes the other new objects of this plan into account.
    fn speaks_against(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()>;

    fn plan_scope(&self, spec: &ScopeSpec, terms: &Terms) -> Result<Scope>;
    fn create_scope(&self, spec: &ScopeSpec, planned: &Planned) -> Result<Scope>;
    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope>;
    fn delete_scope(&self, id: &str) -> Result<()>;
    fn get_scope(&self, id: &str) -> Result<Option<Scope>>;
    fn list_scopes(&self, include_planned: bool) -> Result<Vec<Scope>>;
    /// The scope of exactly that name, planned ones too (an active one before a hold of the same name); `None` when
    /// there is none. Reads the name index, not all scopes.
    fn find_scope(&self, name: &str) -> Result<Option<Scope>>;

    fn plan_pool(&self, spec: &PoolSpec, terms: &Terms) -> Result<Pool>;
    fn create_pool(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool>;
    /// The pool as it will be after the change, with holds on the added blocks; `None` when only a replacement can make
    /// the change.
    fn plan_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;
    /// The answer of [`Ipam::plan_pool_change`], without writing anything.
    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;
    /// Looks for objects that prevent the pool from having other blocks. `goes` answers for an object, from its id and
    /// whether it has this owner, whether it is deleted before the change is carried out. Does nothing where
    /// [`Ipam::plan_pool_change`] already reports these conflicts.
    ///
    /// # Errors
    /// [`Error::InUse`] with the allocations in space that the pool would lose; [`Error::Across`].
    fn in_the_way(&self, _id: &str, _provision: &Provision, _goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        Ok(())
    }
    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool>;
    /// `cascade` also deletes everything inside. Without it, a pool that is not empty is [`Error::InUse`].
    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()>;
    fn get_pool(&self, id: &str) -> Result<Option<Pool>>;
    /// The pools by scope, depth-first, by name: parents before children.
    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>>;
    /// Every pool, planned ones too, that `path` names, in the order of [`Ipam::list_pools`]; empty when there is none.
    ///
    /// `path` is a pool's own name (`prod`: any depth), or the end of its path (`eu-west-1/prod`: a pool `prod` right
    /// inside a pool `eu-west-1`), up to the whole path from the top-level pool (`top/eu-west-1/prod`, see
    /// [`Ipam::pool_path`]). Pools of all scopes count. A name may itself contain `/`: a pool matches when its whole
    /// path equals `path` or ends in `/` and `path`. Costs no more than looking up the names.
    fn find_pool(&self, path: &str) -> Result<Vec<Pool>>;
    /// The names from the top-level pool down to this one, joined by `/`: `top/eu-west-1/prod`. [`Error::NotFound`]
    /// when the pool is gone.
    fn pool_path(&self, id: &str) -> Result<String>;

    fn plan_pool_cidr(&self, spec: &PoolCidrSpec, terms: &Terms) -> Result<PoolCidr>;
    fn create_pool_cidr(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr>;
    /// Renames a pool CIDR. `None` gives it the name of its block. Does nothing where pool CIDRs have no names.
    fn rename_pool_cidr(&self, _id: &str, _name: Option<&str>) -> Result<()> {
        Ok(())
    }
    /// [`Error::InUse`] while it contains an allocation.
    fn delete_pool_cidr(&self, id: &str) -> Result<()>;
    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>>;
    /// The CIDRs of `ipam_pool_cidr` and those that the pool itself declares, by address.
    fn list_pool_cidrs(&self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>>;

    fn plan_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;
    /// The id and block that [`Ipam::plan_allocation`] would hold, without writing anything.
    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;
    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation>;
    fn plan_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;
    /// The answer of [`Ipam::plan_resize`], without writing anything.
    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;
    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation>;
    fn delete_allocation(&self, id: &str) -> Result<()>;
    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>>;
    /// The allocations by pool, then by address.
    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>>;
    /// The custom allocation of exactly that name in exactly that pool, a hold too (an active one before a hold of the
    /// same name); `None` when there is no such allocation or pool. Reads the name index, not all allocations.
    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>>;
    /// The allocation of exactly that pool whose block contains `address` (a single address or a whole block), holds
    /// and the space of pools below included; `None` when no single allocation contains all of `address`, or when there
    /// is no such pool. Looks up the blocks around `address`, not all allocations.
    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>>;

    /// Holds of the same owner that were reclaimed before they expired, since the last call of this method, and that a
    /// plan made elsewhere showed: in another CI run, on another machine, or in another directory.
    fn displaced(&self) -> Vec<Occupant> {
        Vec::new()
    }

    /// Restores an object that is in a Terraform state but not in this backend, with its id and block. `false`: the
    /// object was released, or this backend cannot restore objects. An object that exists stays as it is.
    ///
    /// # Errors
    /// The errors of the rules for a new object; [`Error::Overlap`] when its space is not free.
    fn restore(&self, _id: &str, _missing: &Missing) -> Result<bool> {
        Ok(false)
    }

    /// Marks an active object as being in a Terraform state. Does nothing when the object is marked already or gone.
    fn confirm(&self, id: &str) -> Result<()>;
    /// [`Ipam::confirm`] for several objects, in one write.
    fn confirm_all(&self, ids: &[String]) -> Result<()>;

    /// Notes for an active object that a plan keeps arguments of it that are not known yet. The note lasts `hold`.
    fn keep_arguments(&self, _id: &str, _hold: Duration) -> Result<()> {
        Ok(())
    }
    /// Whether a plan with such a note may still be applied. Removes the note when the store can be written.
    fn take_kept_arguments(&self, _id: &str) -> Result<bool> {
        Ok(false)
    }

    /// Notes that a plan deletes or renames an active object. Another object of that plan wanted the name or the block
    /// of this one and was planned first, so it could not have it yet.
    fn give_up(&self, _id: &str, _hold: Duration) -> Result<()> {
        Ok(())
    }
    /// Whether a plan of the same owner wrote such a note that has not expired.
    fn is_given_up(&self, _id: &str) -> Result<bool> {
        Ok(false)
    }

    /// Up to `count` disjoint free blocks, as successive allocations of that size would get them.
    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>>;
    /// Free blocks of a pool by address, at most `limit`, with netmask lengths of at most `max_netmask_length`.
    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>>;
    fn utilization(&self, pool_id: &str) -> Result<Utilization>;
    /// Pools with their paths, blocks, sums and allocations, and the data of a report, as they are at one time.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the query names a pool that does not exist.
    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview>;

    /// Events after `after` (0: from the first that is kept), oldest first, at most `limit`. The events up to
    /// [`Ipam::mark`] were pruned.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>>;
    /// The newest events that match `filter`, at most `limit`, oldest first. Reads from the end, as far as necessary.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn newest_events(&self, _filter: &EventFilter, _limit: usize) -> Result<Vec<Event>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// The event after which the history begins; `None`: it begins with the first event. Call this after another query
    /// to learn what may be missing in its answer.
    fn mark(&self) -> Result<Option<Mark>> {
        Ok(None)
    }
    /// The owners of blocks over time, by the event that began each tenure. Tenures that ended before [`Ipam::mark`]
    /// are left out. Reads the whole history.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn history(&self, _query: &HistoryQuery) -> Result<Vec<Tenure>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// The utilization of a pool at `from` and after each `step` (more than zero) until `to`. Moments before the time
    /// of [`Ipam::mark`] are left out. Reads the whole history.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NotFound`]; [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn trend(&self, _pool_id: &str, _from: Timestamp, _to: Timestamp, _step: Duration) -> Result<Vec<TrendPoint>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// [`Ipam::trend`] for every pool that exists, by id. Reads the whole history, once.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn trends(&self, _from: Timestamp, _to: Timestamp, _step: Duration) -> Result<BTreeMap<String, Vec<TrendPoint>>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// Verifies everything: free, held and used space are disjoint and add up to the provisioned space; indexes; event
    /// chain.
    fn check(&self) -> Result<Audit>;

    /// The operations that only a service has, when this backend is a service.
    fn service(&self) -> Option<&(dyn service::Service + 'static)> {
        None
    }

    /// The keeper of discoveries, when this backend has them.
    fn discoveries(&self) -> Option<&dyn service::Keeps<service::DiscoveryNoun>> {
        self.service().map(|service| service as _)
    }

    /// The keeper of treatments of blocks on resources, when this backend has them.
    fn treatments(&self) -> Option<&dyn service::Keeps<service::ResourceCidrNoun>> {
        self.service().map(|service| service as _)
    }

    /// The results of discoveries, when this backend has them.
    fn observation(&self) -> Option<&(dyn observation::Observation + 'static)> {
        None
    }

    /// The owner for whom this backend acts; `None` where objects do not have owners.
    fn owner(&self) -> Option<&str> {
        None
    }
    /// The time by which this backend judges holds.
    fn now(&self) -> Timestamp;
    /// The location of the data, in words, without secrets.
    fn describe(&self) -> String;
}
