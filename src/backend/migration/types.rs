//! The inventories that are moved, the design that follows from them, and the result.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use crate::ipam::{Allocation, Cidr, Family, Pool, Scope, Tags};
use crate::sources::{Inventory, Rules};

/// The networks of one file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name of the file, for messages.
    pub file: String,
    /// Its networks.
    pub inventory: Inventory,
}

/// A pool that no file has, and that the user declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredPool {
    /// Its scope; `None`: the default private scope.
    pub scope: Option<String>,
    /// Its block.
    pub cidr: Cidr,
    /// Its name.
    pub name: String,
}

/// What the user decides.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Pools that no file has.
    pub pools: Vec<DeclaredPool>,
    /// The scope of networks without one; `None`: the default private scope.
    pub scope: Option<String>,
    /// Whether objects that have the same name get their block as a part of it.
    pub distinct_names: bool,
}

/// Where something is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The name of a file, or the option of a command.
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// A sentence about one place: a conflict or a note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Where.
    pub place: Place,
    /// The sentence.
    pub what: String,
}

/// Scopes, pools and allocations that follow from the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Design {
    /// Scopes. The first one is the default private scope.
    pub scopes: Vec<ScopeDesign>,
    /// Pools. A pool comes after the pool that it is in.
    pub pools: Vec<PoolDesign>,
    /// Allocations.
    pub allocations: Vec<AllocationDesign>,
    /// Why the design cannot be written. Sorted by place.
    pub conflicts: Vec<Remark>,
    /// What was left out, or is not as the file says.
    pub notes: Vec<Remark>,
}

/// A scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeDesign {
    /// Where it is said first.
    pub place: Place,
    /// Its name; `None`: the default private scope.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDesign {
    /// Where its first block is.
    pub place: Place,
    /// Its scope, by position.
    pub scope: usize,
    /// Its source pool, by position.
    pub parent: Option<usize>,
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// Its blocks.
    pub cidrs: BTreeSet<Cidr>,
    /// Its description.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its locale.
    pub locale: Option<String>,
    /// Its rules.
    pub rules: Rules,
    /// Blocks that it does not give out.
    pub reserved: BTreeSet<Cidr>,
}

/// An allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationDesign {
    /// Where it is.
    pub place: Place,
    /// Its pool, by position.
    pub pool: usize,
    /// Its name.
    pub name: String,
    /// Its block.
    pub cidr: Cidr,
    /// Its description.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Whether it is an allocation only because nothing is in it, so that a pool in the store with its block is as good.
    pub may_be_pool: bool,
    /// The addresses in it, by name.
    pub addresses: BTreeMap<String, IpAddr>,
}

/// What becomes of one object of the design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is in the store as it is.
    #[default]
    Present,
    /// It is in the store and changes: the names of what changes.
    Changed(Vec<&'static str>),
    /// It is new.
    New,
}

/// An object of the design in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved<R> {
    /// The record afterwards.
    pub record: R,
    /// What became of it.
    pub fate: Fate,
}

/// An object in a pool of the design that no file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Its id.
    pub id: String,
    /// Its name, behind the name of its pool.
    pub path: String,
    /// Its blocks.
    pub cidrs: Vec<Cidr>,
}

/// A design in the store, or what the store would have. Each list is as long as that of the design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// Conflicts with what is in the store. If there are any, nothing was written.
    pub conflicts: Vec<Remark>,
    /// Scopes.
    pub scopes: Vec<Option<Moved<Scope>>>,
    /// Pools.
    pub pools: Vec<Option<Moved<Pool>>>,
    /// Allocations; an allocation that is a pool in the store is in `as_pools`.
    pub allocations: Vec<Option<Moved<Allocation>>>,
    /// Allocations of the design that are pools in the store, by position.
    pub as_pools: BTreeMap<usize, Moved<Pool>>,
    /// Objects that no file has any more. They stay.
    pub gone: Vec<Gone>,
}
