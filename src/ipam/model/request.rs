//! The requests of callers and the answers to them, in addition to the records themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use num_bigint::BigUint;

use crate::ipam::{Cidr, GivenUp, Pool, Rules};

/// The way in which a plan treats the space that it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Duration of a hold.
    pub hold: Duration,
    /// Whether the plan is the second one, inside an apply. Then a hold that is lost, or that a later plan changed, is
    /// [`crate::ipam::Error::HoldLost`] and is not placed anew.
    pub committing: bool,
    /// Id of the active object of the same name that the new object will replace. The new object may take over its
    /// name.
    pub replaces: Option<String>,
    /// Whether that object only gives up its name and stays, so that its space does not become free.
    pub only_name: bool,
    /// Whether Terraform deletes that object right before it creates the new one, because both are the same resource.
    pub in_place: bool,
    /// The rules that the same plan gives the pool. They count instead of the present rules of the pool.
    pub pool_rules: Option<Rules>,
    /// The same for the pools that an allocation may be chosen from, by their ids.
    pub candidate_rules: BTreeMap<String, Rules>,
    /// Space that the same apply releases. A block there can be planned, and is taken once it is free.
    pub given_up: Vec<GivenUp>,
    /// Whether to place a hold anew that waits for a block to be released, because the object that has the block may
    /// stay now.
    pub place_anew: bool,
    /// What an earlier plan showed of the new object without a hold: the hold gets exactly that, or the request fails.
    pub shown: Option<Shown>,
    /// Whether the user sees the answer of a preview, so that later previews must not change it.
    pub shows: bool,
}

/// The values of a new object that a plan showed and could not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    /// The block, if the object has exactly one.
    pub cidr: Option<Cidr>,
}

impl Terms {
    /// All space that the same apply releases, including that of the object that the new one replaces.
    pub(in crate::ipam) fn all_given_up(&self) -> Vec<GivenUp> {
        let replaced = self.replaces.iter().filter(|_| !self.only_name);
        let replaced = replaced.map(|id| GivenUp { id: id.clone(), cidr: None, in_place: self.in_place });
        replaced.chain(self.given_up.iter().cloned()).collect()
    }

    /// The pool as it will be after this plan is applied.
    pub(in crate::ipam) fn future(&self, mut pool: Pool) -> Pool {
        if let Some(rules) = self.pool_rules.as_ref().or_else(|| self.candidate_rules.get(&pool.meta.id)) {
            pool.rules.clone_from(rules);
        }
        pool
    }
}

/// The data that an apply has about the object to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// The plan had unknown values: create the object now.
    Unknown,
    /// The plan showed the hold with this id. If that object is active already, this same creation was carried out
    /// before.
    Held(String),
    /// The same, but this creation cannot have been carried out before. If that object is active already, another
    /// configuration with the same owner planned the same name ([`crate::ipam::Error::NameTaken`]).
    Fresh(String),
    /// The plan showed this id and block without a hold: create exactly this block or fail with
    /// [`crate::ipam::Error::Overlap`].
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

    /// The block that the plan showed without a hold.
    pub const fn block(&self) -> Option<Cidr> {
        match self {
            Self::Previewed { cidr, .. } => Some(*cidr),
            Self::Unknown | Self::Held(_) | Self::Fresh(_) => None,
        }
    }
}

/// Addresses of one pool. used + held + free = provisioned, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utilization {
    pub pool: Pool,
    pub provisioned: BigUint,
    /// Addresses in active allocations, including the space of pools below.
    pub used: BigUint,
    /// Addresses under holds.
    pub held: BigUint,
    pub free: BigUint,
    /// Free addresses that the rules of the pool reserve. No new object gets them.
    pub reserved: BigUint,
    /// The part of `held` that was released and rests.
    pub resting: BigUint,
    /// Largest block that is free and not reserved.
    pub largest_free: Option<Cidr>,
    /// Number of active allocations in the pool itself.
    pub allocations: u64,
    /// Addresses in active custom allocations of this pool and of all pools below it.
    pub assigned_in_subtree: BigUint,
}

/// A finding: one fault in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place of the fault: the id of an object, a key, or the event log.
    pub place: String,
    /// The fault, as a sentence.
    pub what: String,
}

/// The result of an audit: the contents of a store, in numbers, and the findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub findings: Vec<Finding>,
    pub scopes: u64,
    pub pools: u64,
    pub allocations: u64,
    pub holds: u64,
    /// Number of events that are kept.
    pub events: u64,
    /// Number of the last event that was removed, 0 when none was. The first kept event comes after it.
    pub forgotten: u64,
}
