//! The holders of blocks by scope, with which sightings are compared.

use std::collections::{BTreeMap, HashMap};

use super::forest::Forest;
use super::stored::Sighted;
use super::types::SeenType;
use crate::ipam::operations::context::LEVELS_MAX;
use crate::ipam::{Allocation, Cidr, Pool, PoolCidr, ResourceType, Size};

/// All inputs of an evaluation.
#[derive(Default)]
pub(super) struct Gathered {
    /// Each block of each resource once, in the order in which it was first seen.
    pub(super) sightings: Vec<Sighted>,
    /// The active pools.
    pub(super) pools: BTreeMap<String, Pool>,
    /// The active allocations of types that count.
    pub(super) allocations: Vec<Allocation>,
    /// The active blocks of top-level pools.
    pub(super) tops: Vec<PoolCidr>,
}

/// An object with exactly one block, which may manage a resource with the same block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder<'a> {
    /// The pool whose rules count: the pool of the allocation, or the pool whose space the block is.
    pub(super) pool_id: &'a str,
    /// The allocation; `None`: the block is the space of the pool.
    pub(super) allocation: Option<&'a str>,
    /// The only resource that the object may manage.
    resource_id: Option<&'a str>,
    /// Whether the object is an allocation that requested a size, and not this block.
    is_placed: bool,
    /// Depth of the object in the tree of pools.
    depth: u32,
}

/// An evaluation of the sightings.
pub(super) struct Evaluation<'a> {
    pub(super) gathered: &'a Gathered,
    /// The holders of blocks, by scope.
    holders: HashMap<&'a str, Forest<Holder<'a>>>,
    /// The first of the sightings in a scope that have exactly this block.
    first: HashMap<(&'a str, Cidr), &'a Sighted>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn of(gathered: &'a Gathered) -> Self {
        let mut holders: HashMap<&str, Vec<(Cidr, Holder<'_>)>> = HashMap::new();
        for allocation in &gathered.allocations {
            let Some(around) = gathered.pools.get(&allocation.pool_id) else { continue };
            let below =
                allocation.resource_id.as_deref().filter(|_| allocation.resource_type == ResourceType::IpamPool);
            let holder = match below {
                Some(pool_id) => {
                    Holder { pool_id, allocation: None, resource_id: None, is_placed: false, depth: around.depth }
                }
                None => Holder {
                    pool_id: &allocation.pool_id,
                    allocation: Some(&allocation.meta.id),
                    resource_id: allocation.resource_id.as_deref(),
                    is_placed: !matches!(allocation.size, Size::Cidr(_)),
                    depth: around.depth,
                },
            };
            holders.entry(&around.scope_id).or_default().push((allocation.cidr, holder));
        }
        for top in &gathered.tops {
            let Some(pool) = gathered.pools.get(&top.pool_id) else { continue };
            let holder =
                Holder { pool_id: &top.pool_id, allocation: None, resource_id: None, is_placed: false, depth: 0 };
            holders.entry(&pool.scope_id).or_default().push((top.cidr, holder));
        }
        let mut first: HashMap<(&str, Cidr), &Sighted> = HashMap::new();
        // Sightings are in the order in which they were first seen. A VPC takes precedence over all other resources.
        for sighted in gathered.sightings.iter().filter(|sighted| !sighted.ignored) {
            let Some(cidr) = sighted.resource.cidr else { continue };
            let is_vpc = |sighted: &Sighted| sighted.resource.resource_type == SeenType::Vpc;
            let place = first.entry((&sighted.scope_id, cidr)).or_insert(sighted);
            if is_vpc(sighted) && !is_vpc(place) {
                *place = sighted;
            }
        }
        let holders = holders.into_iter().map(|(scope_id, holders)| (scope_id, Forest::new(holders))).collect();
        Self { gathered, holders, first }
    }

    /// The object that manages a sighting. An allocation that names the resource takes precedence over one that names
    /// none, and the deepest allocation over others. A subnet or an interface that counts as a network of its own (see
    /// [`Sighted::alone`]) is not managed by an allocation by size, which has the block only by chance.
    pub(super) fn manager(&self, sighted: &Sighted) -> Option<&Holder<'a>> {
        let cidr = sighted.resource.cidr.filter(|_| !sighted.ignored)?;
        let holders = self.holders.get(sighted.scope_id.as_str())?;
        let is_first =
            self.first.get(&(sighted.scope_id.as_str(), cidr)).is_some_and(|first| std::ptr::eq(*first, sighted));
        let own = sighted.resource.resource_id.as_str();
        let able = holders.at(&cidr).filter(|holder| match holder.resource_id {
            Some(resource_id) => resource_id == own,
            None => is_first && !(sighted.alone && holder.is_placed),
        });
        able.max_by_key(|holder| (holder.resource_id.is_some(), holder.depth, holder.allocation))
    }

    /// Whether the pool is `above`, or below it at any depth.
    pub(super) fn is_in_subtree(&self, pool_id: &str, above: &str) -> bool {
        let mut at = Some(pool_id);
        // In a damaged store, a pool may be inside itself.
        for _ in 0..LEVELS_MAX {
            let Some(id) = at else { return false };
            if id == above {
                return true;
            }
            at = self.gathered.pools.get(id).and_then(|pool| pool.source_pool_id.as_deref());
        }
        false
    }
}
