//! What resources and commands talk to: the [`Ipam`] trait, and the store-backed implementation of it.
//!
//! Every call blocks; run it off the async threads.

mod account;
mod actor;
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

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Event, Missing, Occupant, Pool, PoolCidr, PoolCidrSpec, PoolSpec,
    Provision, Scope, ScopeSpec, Size, Unsupported,
};
pub use crate::ipam::{
    AllocationChange, AllocationFilter, Audit, EventFilter, Finding, Forecast, HistoryQuery, Mark, Match, Planned,
    PoolChange, PoolFilter, Resize, Result, ScopeChange, Tenure, Terms, TrendPoint, Utilization, forecast,
};

/// What a backend can do; what it cannot is a diagnostic at plan time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Plans can hold space, so that they show ids and addresses.
    pub holds: bool,
    /// Pools place allocations by any [`crate::ipam::Strategy`], not by the service's own only.
    pub strategies: bool,
    /// More public scopes than the default one.
    pub public_scopes: bool,
    /// Discoveries look wherever they are told to: through roles of their own, into files, at some things and not at
    /// others. Else they look at what an organization has, leaving out parts of it.
    pub surveys: bool,
    /// Pools, their CIDRs and scopes can be what only AWS has ([`crate::ipam::OnlyAws`]).
    pub special: bool,
    /// Tags that are what else an object has (its name, ...), and so cannot be tags of a user's own.
    pub reserved_tags: ReservedTags,
}

/// Events read at a time.
const PAGE: usize = 1024;

/// The newest events that are asked for, at most `limit`, oldest first. Reads the whole history, a page at a time.
///
/// # Errors
/// As [`Ipam::events`].
pub fn newest_events(ipam: &dyn Ipam, filter: &EventFilter, limit: usize) -> Result<Vec<Event>> {
    let mut found = VecDeque::new();
    let mut after = 0;
    loop {
        let page = ipam.events(after, PAGE)?;
        let is_last = page.len() < PAGE;
        after = page.last().map_or(after, |event| event.sequence);
        for event in page.into_iter().filter(|event| filter.fits(event)) {
            found.push_back(event);
            if found.len() > limit {
                found.pop_front();
            }
        }
        if is_last {
            return Ok(found.into());
        }
    }
}

/// Keys of tags that a backend keeps other things in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReservedTags {
    /// These keys.
    pub keys: &'static [&'static str],
    /// Keys that begin like this.
    pub prefixes: &'static [&'static str],
}

impl ReservedTags {
    /// What of it `key` is, when it is reserved.
    pub fn hit(&self, key: &str) -> Option<&'static str> {
        let exact = self.keys.iter().find(|reserved| **reserved == key);
        exact.or_else(|| self.prefixes.iter().find(|prefix| key.starts_with(**prefix))).copied()
    }
}

/// A new object as somebody wants it.
#[derive(Clone, Copy, Debug)]
pub enum New<'a> {
    Scope(&'a ScopeSpec),
    Pool(&'a PoolSpec),
    PoolCidr(&'a PoolCidrSpec),
    Allocation(&'a AllocationSpec),
}

/// IP address management, kept somewhere.
///
/// `plan_*` finds or places the hold for a new object and is stable: asked again it answers the same.
/// `create_*` turns it into the object and is idempotent. `get_*` answers `None` for what is gone (lapsed holds too).
/// `confirm` says that the object is in a Terraform state. `delete_*` of something gone is success.
pub trait Ipam: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// Where nothing can be held, what is wrong with a new object as far as it can be seen without writing. `growing`:
    /// the pool that the space comes from gets more in the same apply, so that what it has free now does not count. A store of our own
    /// sees the other new objects of this plan, too.
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
    /// The pool as it will be after the change: added blocks are held; `None` when only a replacement can do it.
    fn plan_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;
    /// What [`Ipam::plan_pool_change`] would answer, without writing anything.
    fn preview_pool_change(&self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>>;
    /// Looks for what keeps the pool from having other blocks. `goes` says whether an object goes before the change is
    /// carried out, from its id and whether it is of this owner. Where [`Ipam::plan_pool_change`] tells it all, this says nothing.
    ///
    /// # Errors
    /// [`Error::InUse`] with what is allocated where the pool is not to be any more; [`Error::Across`].
    fn in_the_way(&self, _id: &str, _provision: &Provision, _goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        Ok(())
    }
    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool>;
    /// `cascade` also deletes everything inside; otherwise a pool with contents is [`Error::InUse`].
    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()>;
    fn get_pool(&self, id: &str) -> Result<Option<Pool>>;
    /// In order of scope, depth-first, by name: parents before children.
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
    /// Gives it another name; `None`: that of its block. Where pool CIDRs have no names this does nothing.
    fn rename_pool_cidr(&self, _id: &str, _name: Option<&str>) -> Result<()> {
        Ok(())
    }
    /// [`Error::InUse`] while something is allocated in it.
    fn delete_pool_cidr(&self, id: &str) -> Result<()>;
    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>>;
    /// Those of `ipam_pool_cidr` and those of the pool's own declaration, by address.
    fn list_pool_cidrs(&self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>>;

    fn plan_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;
    /// The id and block that [`Ipam::plan_allocation`] would hold, without writing anything.
    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation>;
    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation>;
    fn plan_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;
    /// What [`Ipam::plan_resize`] would answer, without writing anything.
    fn preview_resize(&self, id: &str, size: Size, terms: &Terms) -> Result<Resize>;
    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation>;
    fn delete_allocation(&self, id: &str) -> Result<()>;
    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>>;
    /// By pool, then by address.
    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>>;
    /// The custom allocation of exactly that name in exactly that pool, a hold too (an active one before a hold of the
    /// same name); `None` when there is none, or no such pool. Reads the name index, not all allocations.
    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>>;
    /// The allocation of exactly that pool whose block contains `address` (a single address or a whole block), holds
    /// and the space of pools below included; `None` when no single one contains all of it, or no such pool. Looks up
    /// the blocks around `address`, not all allocations.
    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>>;

    /// The holds of the same owner that have made way, before they expired, since this was last asked, and that plans made
    /// elsewhere had shown: by another CI run, on another machine, or in another directory.
    fn displaced(&self) -> Vec<Occupant> {
        Vec::new()
    }

    /// Brings back an object that a state has and this backend has not, with its id and block. `false`: it was released, or
    /// nothing can be brought back here. One that is there stays as it is.
    ///
    /// # Errors
    /// What the rules say of a new object; [`Error::Overlap`] when its space is not free.
    fn restore(&self, _id: &str, _missing: &Missing) -> Result<bool> {
        Ok(false)
    }

    /// Marks an active object as being in a Terraform state. Nothing happens when it already is, or is gone.
    fn confirm(&self, id: &str) -> Result<()>;
    /// [`Ipam::confirm`] of all of these, in one write.
    fn confirm_all(&self, ids: &[String]) -> Result<()>;

    /// Notes beside an active object that a plan keeps arguments of it that are not known yet, for as long as plans hold.
    fn keep_arguments(&self, _id: &str, _hold: Duration) -> Result<()> {
        Ok(())
    }
    /// Whether such a plan may still be applied. Takes its note back, where that can be written.
    fn take_kept_arguments(&self, _id: &str) -> Result<bool> {
        Ok(false)
    }

    /// Notes that a plan deletes or renames an active object whose name or block another object of that plan could not have yet,
    /// because it was planned first.
    fn give_up(&self, _id: &str, _hold: Duration) -> Result<()> {
        Ok(())
    }
    /// Whether a plan of the same owner noted that not long ago.
    fn is_given_up(&self, _id: &str) -> Result<bool> {
        Ok(false)
    }

    /// Up to `count` disjoint blocks that are free now, as allocations of that size would get them one after another.
    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>>;
    /// Free blocks of a pool by address, at most `limit`, no smaller than `max_netmask_length`.
    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>>;
    fn utilization(&self, pool_id: &str) -> Result<Utilization>;

    /// Events after `after` (0: from the first that is kept), oldest first, at most `limit`. Those up to [`Ipam::mark`] were
    /// forgotten.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>>;
    /// After which event the history begins; `None`: with the first. Asked after a question it says what may be missing
    /// in the answer.
    fn mark(&self) -> Result<Option<Mark>> {
        Ok(None)
    }
    /// Who had which blocks when, by the event that began it; what was over by the time of [`Ipam::mark`] is not told.
    /// Reads the whole history.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn history(&self, _query: &HistoryQuery) -> Result<Vec<Tenure>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// How full a pool was, at `from` and after each `step` (more than zero) until `to`; moments before the time of
    /// [`Ipam::mark`] are left out. Reads the whole history.
    ///
    /// # Errors
    /// [`crate::ipam::Error::NotFound`]; [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn trend(&self, _pool_id: &str, _from: Timestamp, _to: Timestamp, _step: Duration) -> Result<Vec<TrendPoint>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// The same of every pool that there is, by id. Reads the whole history, once.
    ///
    /// # Errors
    /// [`crate::ipam::Error::Unsupported`] where no history is kept.
    fn trends(&self, _from: Timestamp, _to: Timestamp, _step: Duration) -> Result<BTreeMap<String, Vec<TrendPoint>>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }
    /// Verifies everything: free + held + used = provisioned and disjoint, indexes, event chain.
    fn check(&self) -> Result<Audit>;

    /// What only a service has, when this is one.
    fn service(&self) -> Option<&(dyn service::Service + 'static)> {
        None
    }

    /// Who keeps where accounts are looked into, when this backend does.
    fn discoveries(&self) -> Option<&dyn service::Keeps<service::DiscoveryNoun>> {
        self.service().map(|service| service as _)
    }

    /// Who keeps how blocks on resources are treated, when this backend does.
    fn treatments(&self) -> Option<&dyn service::Keeps<service::ResourceCidrNoun>> {
        self.service().map(|service| service as _)
    }

    /// What was seen in accounts, when this backend has seen something.
    fn observation(&self) -> Option<&(dyn observation::Observation + 'static)> {
        None
    }

    /// For whom this acts, where objects belong to owners; `None` where everything is of one owner.
    fn owner(&self) -> Option<&str> {
        None
    }
    /// The time by which this backend judges holds.
    fn now(&self) -> Timestamp;
    /// Where everything is kept, in words, without secrets.
    fn describe(&self) -> String;
}
