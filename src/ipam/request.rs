//! What callers ask for and get back, beside the records themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::{Cidr, Pool, Provision, Rules, Size, Strategy, Tags};

/// Space that an active object gives up in the same apply, because that apply deletes the object or makes it smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Id of the object: an allocation, a pool, or a pool CIDR.
    pub id: String,
    /// The part of its space that it gives up; `None`: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<Cidr>,
    /// The new object replaces this one, and Terraform deletes this one right before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_place: bool,
}

impl GivenUp {
    /// Whether `block` of the object with this id is given up.
    pub fn covers(&self, id: &str, block: &Cidr) -> bool {
        self.id == id && self.cidr.is_none_or(|cidr| cidr.contains(block))
    }
}

/// How a plan treats the space it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long a hold lasts.
    pub hold: Duration,
    /// The plan is the second one, inside an apply: a hold that is lost, or that a later plan changed, is
    /// [`super::Error::HoldLost`] instead of being placed anew.
    pub committing: bool,
    /// Id of the active object of the same name that the new one will replace (its name may be taken over).
    pub replaces: Option<String>,
    /// Checks that object only gives its name up and stays: its space does not become free.
    pub only_name: bool,
    /// Terraform deletes that object right before it creates the new one: it is the same resource.
    pub in_place: bool,
    /// Rules that the same plan gives the pool: they count instead of those that the pool still has.
    pub pool_rules: Option<Rules>,
    /// What the same apply releases. A block there can be planned; it is taken once it is free.
    pub given_up: Vec<GivenUp>,
    /// A hold that waits for a block to be released is not good enough: what releases it may stay now. It is placed anew.
    pub place_anew: bool,
}

impl Terms {
    /// All that the same apply releases, the object that the new one replaces included.
    pub(super) fn all_given_up(&self) -> Vec<GivenUp> {
        let replaced = self.replaces.iter().filter(|_| !self.only_name);
        let replaced = replaced.map(|id| GivenUp { id: id.clone(), cidr: None, in_place: self.in_place });
        replaced.chain(self.given_up.iter().cloned()).collect()
    }

    /// The pool as it will be when this plan is carried out.
    pub(super) fn future(&self, mut pool: Pool) -> Pool {
        if let Some(rules) = &self.pool_rules {
            pool.rules.clone_from(rules);
        }
        pool
    }
}

/// What apply knows of the object to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// The plan had unknown values: create now.
    Unknown,
    /// The plan showed the hold with this id. When it is active already, this very creation was carried out before.
    Held(String),
    /// The same, and nobody can have carried it out before: an object that is active already is somebody else's, who
    /// planned the same name as the same owner ([`super::Error::NameTaken`]).
    Fresh(String),
    /// The plan showed this id and block without a hold: create exactly that or fail with
    /// [`super::Error::Overlap`].
    Previewed { id: String, cidr: Cidr },
}

impl Planned {
    /// Id of the hold that the plan showed.
    pub fn hold(&self) -> Option<&str> {
        match self {
            Self::Held(id) | Self::Fresh(id) => Some(id),
            Self::Unknown | Self::Previewed { .. } => None,
        }
    }
}

/// What a change of size comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resize {
    /// The same object can get this block in place; growth is held until apply.
    InPlace(Cidr),
    /// It cannot: replace.
    Replace,
}

/// Changeable attributes of a pool; everything is the wished value, not a delta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolChange {
    pub name: String,
    pub description: Option<String>,
    pub rules: Rules,
    pub strategy: Strategy,
    pub tags: Tags,
    pub provision: Provision,
    /// See [`super::Special`].
    pub auto_import: bool,
    /// Region or site; `None`: as it is. A service may be unable to change it.
    pub locale: Option<String>,
}

/// Changeable attributes of an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationChange {
    pub name: String,
    pub description: Option<String>,
    pub tags: Tags,
    /// Blocks that growth must avoid from now on.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// The wished size; a change of it was planned by `plan_resize`.
    pub size: Size,
}

/// Changeable attributes of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeChange {
    pub name: String,
    pub description: Option<String>,
    pub tags: Tags,
}

/// Which pools to list. Every field narrows; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFilter {
    pub scope_id: Option<String>,
    pub source_pool_id: Option<String>,
    /// Exact name.
    pub name: Option<String>,
    /// Also holds.
    pub include_planned: bool,
}

/// Which allocations to list. Every field narrows; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationFilter {
    pub pool_id: Option<String>,
    /// Exact name.
    pub name: Option<String>,
    /// Only blocks inside this one.
    pub within: Option<Cidr>,
    /// Only blocks that contain this one.
    pub containing: Option<Cidr>,
    /// Also holds.
    pub include_planned: bool,
    /// Also the space of pools below (kind `ipam-pool`).
    pub include_pools: bool,
}

/// Addresses of one pool. used + held + free = provisioned, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utilization {
    pub pool: Pool,
    pub provisioned: BigUint,
    /// In active allocations, the space of pools below included.
    pub used: BigUint,
    /// Under holds.
    pub held: BigUint,
    pub free: BigUint,
    pub largest_free: Option<Cidr>,
    /// Number of active allocations in this very pool.
    pub allocations: u64,
    /// Addresses in active custom allocations of this pool and of all pools below it.
    pub assigned_in_subtree: BigUint,
}

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: an object's id, a key, or the event log.
    pub place: String,
    /// What, as a sentence.
    pub what: String,
}

/// What is where in a store, in one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub findings: Vec<Finding>,
    pub scopes: u64,
    pub pools: u64,
    pub allocations: u64,
    pub holds: u64,
    /// Those that are kept.
    pub events: u64,
    /// Number of the last event that was forgotten, 0 when none was: the first that is kept comes after it.
    pub forgotten: u64,
}
