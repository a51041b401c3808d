//! Pools.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::{Cidr, Family, Meta, Special, Tags};

/// The strategy that chooses the free block for an allocation by size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The smallest free block that is large enough; among equals the lowest. Keeps large blocks whole.
    #[default]
    BestFit,
    /// The lowest free address.
    FirstFit,
    /// The highest free address.
    LastFit,
    /// The start of the largest free block, so that neighbours have room to grow (RFC 3531).
    Sparse,
    /// Any free block.
    Random,
}

impl Strategy {
    /// All strategies, in the order in which they are documented.
    pub const ALL: [Self; 5] = [Self::BestFit, Self::FirstFit, Self::LastFit, Self::Sparse, Self::Random];
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BestFit => "best-fit",
            Self::FirstFit => "first-fit",
            Self::LastFit => "last-fit",
            Self::Sparse => "sparse",
            Self::Random => "random",
        })
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|strategy| strategy.to_string() == text).ok_or_else(|| {
            let words = Self::ALL.map(|strategy| format!("{:?}", strategy.to_string()));
            format!("{text:?} is not an allocation strategy: use one of {}.", words.join(", "))
        })
    }
}

/// The rules of a pool for its allocations. Pools below do not inherit them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Smallest netmask length, that is, the largest block allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_netmask_length: Option<u8>,
    /// Largest netmask length, that is, the smallest block allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_netmask_length: Option<u8>,
    /// Used when an allocation has neither CIDR nor netmask length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_netmask_length: Option<u8>,
    /// Tags that every allocation must carry with these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required_tags: Tags,
    /// CIDRs in which no new object gets addresses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reserved_cidrs: BTreeSet<Cidr>,
    /// Number of addresses at the start of every CIDR of the pool that no new object gets.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserve_first: u32,
    /// Number of addresses at the end of every CIDR of the pool that no new object gets.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserve_last: u32,
    /// Priorities of blocks in which requests by size are placed: the lower number is filled first. Space in none of
    /// them has [`Rules::DEFAULT_PRIORITY`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cidr_priorities: BTreeMap<Cidr, u32>,
    /// CIDRs in which nothing new is placed by size. What is there stays, and a request for a block is not affected.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub draining_cidrs: BTreeSet<Cidr>,
    /// The time for which released space rests, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero_ms")]
    pub quarantine_ms: u64,
}

// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero_ms(number: &u64) -> bool {
    *number == 0
}

// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The space that is provisioned together with a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provision {
    /// No space; `ipam_pool_cidr` provisions it.
    #[default]
    Nothing,
    /// These blocks: any blocks in a top-level pool, otherwise blocks from the source pool.
    Cidrs(BTreeSet<Cidr>),
    /// One block of this size from the source pool.
    NetmaskLength(u8),
}

/// A pool: space, and the rules for giving it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Scope of the pool; a pool below is in the scope of its source pool.
    pub scope_id: String,
    /// Pool whose space this one divides; `None` for a top-level pool.
    pub source_pool_id: Option<String>,
    /// Depth in the tree of pools: 1 for a top-level pool.
    pub depth: u32,
    /// Family of all addresses in the pool.
    pub address_family: Family,
    /// Region or site; all pools below a pool with a locale have the same locale.
    pub locale: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Allocation rules.
    pub rules: Rules,
    /// Placement of allocations by size.
    pub strategy: Strategy,
    /// Tags.
    pub tags: Tags,
    /// The space that the pool's own declaration provisions.
    pub provision: Provision,
    /// The blocks that `provision` resulted in; those of `ipam_pool_cidr` are not included.
    pub cidrs: BTreeSet<Cidr>,
    /// Attributes that only AWS has.
    #[serde(default, skip_serializing_if = "Special::is_empty")]
    pub special: Special,
    /// Note of a plan: blocks of `ipam_pool_cidr` that become part of the pool's own declaration in the apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaring: Option<Declaring>,
}

/// Blocks that a plan moves from `ipam_pool_cidr` into the declaration of their pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaring {
    /// The blocks.
    pub cidrs: BTreeSet<Cidr>,
    /// The time from which the plan does not count any more.
    pub expires_at: Timestamp,
}

impl Pool {
    /// The container of the pool: its source pool, or its scope.
    pub fn container(&self) -> &str {
        self.source_pool_id.as_deref().unwrap_or(&self.scope_id)
    }
}

/// The attributes of a pool that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// Unique among the pools of the same source pool, or of the scope for a top-level pool.
    pub name: String,
    /// `None`: that of the source pool, or the default private scope.
    pub scope_id: Option<String>,
    /// Pool to take space from.
    pub source_pool_id: Option<String>,
    /// `None`: that of the source pool, or that of the given CIDRs.
    pub address_family: Option<Family>,
    /// `None`: that of the source pool.
    pub locale: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Allocation rules.
    pub rules: Rules,
    /// Placement of allocations by size.
    pub strategy: Strategy,
    /// Tags.
    pub tags: Tags,
    /// The space to provision with the pool.
    pub provision: Provision,
    /// Attributes that only AWS has.
    pub special: Special,
}

/// Changeable attributes of a pool. Each is the new value, not a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolChange {
    pub name: String,
    pub description: Option<String>,
    pub rules: Rules,
    pub strategy: Strategy,
    pub tags: Tags,
    pub provision: Provision,
    /// See [`crate::ipam::Special`].
    pub auto_import: bool,
    /// Region or site; `None` leaves it unchanged. Some backends cannot change it.
    pub locale: Option<String>,
}

/// A filter of pools. Every field restricts the result; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFilter {
    pub scope_id: Option<String>,
    pub source_pool_id: Option<String>,
    /// Exact name.
    pub name: Option<String>,
    /// Includes holds.
    pub include_planned: bool,
}

impl PoolFilter {
    /// Whether the pool passes the filter.
    pub fn fits(&self, pool: &Pool) -> bool {
        pool.meta.is_listed(self.include_planned)
            && self.scope_id.as_ref().is_none_or(|id| *id == pool.scope_id)
            && self.source_pool_id.as_ref().is_none_or(|id| Some(id) == pool.source_pool_id.as_ref())
            && self.name.as_ref().is_none_or(|name| *name == pool.meta.name)
    }
}
