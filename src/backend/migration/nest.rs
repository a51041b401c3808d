//! Which network lies in which, and which of them are pools.
//!
//! Blocks are aligned, so two of them either nest or are apart. What is wrong is a block that is there twice, a block in
//! an allocation, and a pool whose blocks do not belong together.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::Item;
use super::types::{Place, Remark};
use crate::ipam::Cidr;
use crate::sources::Role;

/// The items as a forest. All vectors are as long as the items.
#[derive(Debug, Default)]
pub(super) struct Nest {
    /// The items by scope and address, containers first.
    pub(super) order: Vec<usize>,
    /// The smallest item around each item.
    pub(super) around: Vec<Option<usize>>,
    /// Whether the item is a pool, or a block of one.
    pub(super) is_pool: Vec<bool>,
    /// Whether the item is not used, because it is part of another one or of a conflict.
    pub(super) is_dropped: Vec<bool>,
}

/// Finds out which item lies in which.
pub(super) fn nest(items: &mut [Item], conflicts: &mut Vec<Remark>, notes: &mut Vec<Remark>) -> Nest {
    let mut nest = Nest {
        order: order(items),
        around: vec![None; items.len()],
        is_pool: vec![false; items.len()],
        is_dropped: vec![false; items.len()],
    };
    nest.sweep(items, conflicts, notes);
    nest.find_pools(items, notes);
    nest.promote_parts(items);
    nest.refuse_blocks_in_allocations(items, conflicts);
    nest
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Pool => 0,
        Role::Network => 1,
        Role::Allocation => 2,
        Role::Reserved => 3,
        Role::Address => 4,
    }
}

/// Whether `outer` says that it contains `inner`.
fn is_parent(outer: &Item, inner: &Item) -> bool {
    let by_id = outer.network.source_id.is_some() && outer.network.source_id == inner.network.parent_id;
    let vpc = inner.network.resource.as_ref().and_then(|resource| resource.vpc_id.as_ref());
    let resource = outer.network.resource.as_ref().map(|resource| &resource.id);
    let own = inner.network.resource.as_ref().map(|resource| &resource.id);
    by_id || (vpc.is_some() && vpc == resource && own != resource)
}

fn order(items: &[Item]) -> Vec<usize> {
    let mut same: BTreeMap<(usize, Cidr), Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        same.entry((item.scope, item.network.cidr)).or_default().push(index);
    }
    let parents = |index: usize| {
        let item = &items[index];
        let group = same.get(&(item.scope, item.network.cidr)).map_or(&[] as &[usize], Vec::as_slice);
        group.iter().filter(|other| **other != index && is_parent(&items[**other], item)).count()
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_cached_key(|index| {
        let Item { scope, network, .. } = &items[*index];
        let cidr = network.cidr;
        (*scope, cidr.family(), cidr.first(), cidr.netmask_length(), rank(network.role), parents(*index), *index)
    });
    order
}

impl Nest {
    fn sweep(&mut self, items: &mut [Item], conflicts: &mut Vec<Remark>, notes: &mut Vec<Remark>) {
        let mut stack: Vec<usize> = Vec::new();
        for index in self.order.clone() {
            let cidr = items[index].network.cidr;
            let contains =
                |outer: &usize| items[*outer].scope == items[index].scope && items[*outer].network.cidr.contains(&cidr);
            while stack.last().is_some_and(|outer| !contains(outer)) {
                stack.pop();
            }
            let twin = stack.last().copied().filter(|outer| items[*outer].network.cidr == cidr);
            match twin {
                Some(twin) if is_same_pool(&items[twin], &items[index]) => {
                    merge(items, twin, index, notes);
                    self.is_dropped[index] = true;
                    continue;
                }
                Some(twin) if !may_fill(&items[twin], &items[index]) => {
                    let what = format!("{cidr} is there twice, first in {}.", items[twin].place);
                    conflicts.push(Remark { place: items[index].place.clone(), what });
                    self.is_dropped[index] = true;
                    continue;
                }
                _ => {}
            }
            self.around[index] = stack.last().copied();
            stack.push(index);
        }
    }

    /// The items that are used, containers last.
    fn inner_first(&self) -> impl Iterator<Item = usize> {
        self.order.iter().rev().copied().filter(|index| !self.is_dropped[*index])
    }

    fn find_pools(&mut self, items: &[Item], notes: &mut Vec<Remark>) {
        let mut holds_networks = vec![false; items.len()];
        let inner_first: Vec<usize> = self.inner_first().collect();
        for index in inner_first {
            let role = items[index].network.role;
            self.is_pool[index] = match role {
                Role::Pool => true,
                Role::Network | Role::Reserved => holds_networks[index],
                Role::Allocation | Role::Address => false,
            };
            if role == Role::Reserved && self.is_pool[index] {
                let what = format!(
                    "{} is reserved and other blocks are in it, so it becomes a pool.",
                    items[index].network.cidr
                );
                notes.push(Remark { place: items[index].place.clone(), what });
            }
            let counts = !matches!(role, Role::Reserved | Role::Address) || self.is_pool[index];
            if let Some(outer) = self.around[index].filter(|_| counts) {
                holds_networks[outer] = true;
            }
        }
    }

    /// The other blocks of a network that is a pool are blocks of that pool, if they are in the same pool.
    fn promote_parts(&mut self, items: &[Item]) {
        let key = |index: usize| {
            let Item { scope, network, .. } = &items[index];
            let id = network.source_id.clone().filter(|_| network.role == Role::Network)?;
            Some((*scope, network.cidr.family(), id, self.around[index]))
        };
        let pools: BTreeSet<_> = self.inner_first().filter(|index| self.is_pool[*index]).filter_map(key).collect();
        let parts: Vec<usize> =
            self.inner_first().filter(|index| key(*index).is_some_and(|key| pools.contains(&key))).collect();
        for part in parts {
            self.is_pool[part] = true;
        }
    }

    fn refuse_blocks_in_allocations(&mut self, items: &[Item], conflicts: &mut Vec<Remark>) {
        for index in self.order.clone() {
            let Some(outer) = self.around[index].filter(|_| !self.is_dropped[index]) else { continue };
            if self.is_dropped[outer] {
                self.is_dropped[index] = true;
                continue;
            }
            let is_plain = matches!(items[index].network.role, Role::Address | Role::Reserved);
            if self.is_pool[outer] || (is_plain && !self.is_pool[index]) {
                continue;
            }
            let what = format!(
                "{} lies in {}, which is an allocation ({}). An allocation contains no other blocks: it is a pool, or one of \
                 the two is wrong.",
                items[index].network.cidr, items[outer].network.cidr, items[outer].place
            );
            conflicts.push(Remark { place: items[index].place.clone(), what });
            self.is_dropped[index] = true;
        }
    }

    /// The outermost item around this one, or this one, that is not a pool.
    pub(super) fn leaf_of(&self, index: usize) -> usize {
        let mut leaf = index;
        while let Some(outer) = self.around[leaf].filter(|outer| !self.is_pool[*outer]) {
            leaf = outer;
        }
        leaf
    }
}

/// Whether two files describe the same pool: an aggregate and a container are in two tables.
fn is_same_pool(twin: &Item, item: &Item) -> bool {
    let are_pools = twin.network.role == Role::Pool && item.network.role == Role::Pool;
    are_pools && twin.place.file != item.place.file && !is_parent(twin, item)
}

/// Whether a block may fill another one wholly.
fn may_fill(twin: &Item, item: &Item) -> bool {
    match (twin.network.role, item.network.role) {
        (Role::Address, _) => false,
        (_, Role::Address) => true,
        (Role::Pool, role) => role != Role::Pool || is_parent(twin, item),
        _ => is_parent(twin, item),
    }
}

fn merge(items: &mut [Item], twin: usize, index: usize, notes: &mut Vec<Remark>) {
    let other = items[index].network.clone();
    let place: Place = items[twin].place.clone();
    let network = &mut items[twin].network;
    let what = format!("{} is the same pool as in {place}.", network.cidr);
    network.name = network.name.take().or(other.name);
    network.description = network.description.take().or(other.description);
    network.region = network.region.take().or(other.region);
    network.account = network.account.take().or(other.account);
    network.source_id = network.source_id.take().or(other.source_id);
    network.parent_id = network.parent_id.take().or(other.parent_id);
    for (key, value) in other.tags {
        network.tags.entry(key).or_insert(value);
    }
    notes.push(Remark { place: items[index].place.clone(), what });
}
