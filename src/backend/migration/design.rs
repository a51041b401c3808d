//! The design: scopes, pools, allocations and address sets with names.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::{Gathered, Item, gather};
use super::naming::{Named, block_word, cleaned, names};
use super::nest::{Nest, nest};
use super::types::{AllocationDesign, Choices, Design, Place, PoolDesign, Remark, Source};
use crate::ipam::{Cidr, Family, Tags, address};
use crate::sources::{Network, Role};

/// The maximum number of blocks that a pool can reserve. If there are more, all of them become allocations.
const RESERVED_MAX: usize = 1000;
/// Blocks of private addresses that a pool would have, for a hint.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// The design that follows from files.
pub fn design(sources: &[Source], choices: &Choices) -> Design {
    let Gathered { scopes, mut items, mut conflicts, mut notes } = gather(sources, choices);
    let nest = nest(&mut items, &mut conflicts, &mut notes);
    check_parents(&items, &nest, &mut conflicts);
    let design = Design { scopes, conflicts, notes, ..Design::default() };
    let mut draft = Draft { items: &items, nest: &nest, choices, design, pool_of: vec![None; items.len()] };
    draft.pools();
    draft.name_pools();
    draft.leaves();
    let mut design = draft.design;
    design.conflicts.sort();
    design.conflicts.dedup();
    design.notes.sort();
    design
}

/// Checks that the pool which a network names as its parent is there and contains it.
fn check_parents(items: &[Item], nest: &Nest, conflicts: &mut Vec<Remark>) {
    let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(id) = &item.network.source_id {
            by_id.entry(id).or_default().push(index);
        }
    }
    for (index, item) in items.iter().enumerate().filter(|(index, _)| !nest.is_dropped[*index]) {
        let Some(parent) = &item.network.parent_id else { continue };
        let cidr = item.network.cidr;
        let found = by_id.get(parent.as_str()).map_or(&[] as &[usize], Vec::as_slice);
        let contains = |outer: &&usize| {
            **outer != index && items[**outer].scope == item.scope && items[**outer].network.cidr.contains(&cidr)
        };
        let what = match found.iter().find(contains) {
            Some(_) => continue,
            None if found.is_empty() => format!("The parent of {cidr} is in none of the files."),
            None if found.iter().all(|outer| items[*outer].network.cidr.family() != cidr.family()) => {
                format!("{cidr} is {}, and its parent is not ({}).", cidr.family(), items[found[0]].place)
            }
            None => format!("{cidr} is not in its parent ({}).", items[found[0]].place),
        };
        conflicts.push(Remark { place: item.place.clone(), what });
    }
}

/// The design as far as it is known.
struct Draft<'a> {
    items: &'a [Item],
    nest: &'a Nest,
    choices: &'a Choices,
    design: Design,
    /// The pool of each item that is a block of a pool.
    pool_of: Vec<Option<usize>>,
}

/// What makes items blocks of one pool.
type PoolKey = (usize, Family, String, Option<Option<usize>>);

impl Draft<'_> {
    fn conflict(&mut self, place: &Place, what: String) {
        self.design.conflicts.push(Remark { place: place.clone(), what });
    }

    fn pools(&mut self) {
        let mut known: BTreeMap<PoolKey, usize> = BTreeMap::new();
        for index in self.nest.order.clone() {
            if !self.nest.is_pool[index] || self.nest.is_dropped[index] {
                continue;
            }
            let Item { place, scope, network } = &self.items[index];
            let parent = self.nest.around[index].and_then(|outer| self.pool_of[outer]);
            let key = network.source_id.clone().map(|id| {
                // The blocks of a network may be in several pools. The CIDRs of a pool may not.
                let of_network = (network.role != Role::Pool).then_some(parent);
                (*scope, network.cidr.family(), id, of_network)
            });
            let pool = match key.as_ref().and_then(|key| known.get(key)).copied() {
                Some(pool) => {
                    let is_inside = parent == Some(pool);
                    if is_inside || self.design.pools[pool].parent != parent {
                        let first = self.design.pools[pool].place.clone();
                        let what = if is_inside {
                            format!("{} lies in another CIDR of the same pool ({first}).", network.cidr)
                        } else {
                            format!("{} is a CIDR of the pool in {first}, and lies in another pool.", network.cidr)
                        };
                        self.conflict(place, what);
                    }
                    self.design.pools[pool].cidrs.insert(network.cidr);
                    pool
                }
                None => {
                    let pool = self.new_pool(place, *scope, parent, network);
                    self.design.pools.push(pool);
                    self.design.pools.len() - 1
                }
            };
            self.pool_of[index] = Some(pool);
            known.extend(key.map(|key| (key, pool)));
        }
    }

    fn new_pool(&self, place: &Place, scope: usize, parent: Option<usize>, network: &Network) -> PoolDesign {
        let above = parent.and_then(|parent| self.design.pools[parent].locale.clone());
        let other_region = above.is_some() && network.region.is_some() && above != network.region;
        // The Region of a network is a fact; that of a pool is a rule, which the store checks.
        let locale = if other_region && network.role != Role::Pool { above } else { network.region.clone().or(above) };
        let mut tags = facts(network);
        if network.region == locale {
            tags.remove("region");
        }
        PoolDesign {
            place: place.clone(),
            scope,
            parent,
            family: network.cidr.family(),
            name: String::new(),
            cidrs: [network.cidr].into(),
            description: network.description.clone(),
            tags,
            locale,
            rules: network.rules.clone(),
            reserved: BTreeSet::new(),
        }
    }

    /// The first item of each pool.
    fn first_items(&self) -> Vec<usize> {
        let mut first = vec![usize::MAX; self.design.pools.len()];
        for index in self.nest.order.iter().rev() {
            if let Some(pool) = self.pool_of[*index] {
                first[pool] = *index;
            }
        }
        first
    }

    fn name_pools(&mut self) {
        let first = self.first_items();
        let mut siblings: BTreeMap<(usize, Option<usize>), Vec<usize>> = BTreeMap::new();
        for (index, pool) in self.design.pools.iter().enumerate() {
            siblings.entry((pool.scope, pool.parent)).or_default().push(index);
        }
        for ((_, parent), pools) in siblings {
            let named: Vec<Named<'_>> = pools.iter().map(|pool| self.named(first[*pool])).collect();
            let where_ = match parent {
                Some(parent) => format!("in the pool {:?}", self.design.pools[parent].name),
                None => "among the pools of the scope".to_owned(),
            };
            let mut conflicts = Vec::new();
            let names = names(&named, self.choices.distinct_names, false, &where_, &mut conflicts);
            self.design.conflicts.append(&mut conflicts);
            for (pool, name) in pools.into_iter().zip(names) {
                self.design.pools[pool].name = name;
            }
        }
    }

    fn named(&self, index: usize) -> Named<'_> {
        let Item { place, network, .. } = &self.items[index];
        let is_single = network.role == Role::Address;
        let block = if is_single { network.cidr.first_address().to_string() } else { block_word(&network.cidr) };
        Named {
            name: network.name.as_deref(),
            description: network.description.as_deref(),
            block,
            place,
            source_id: network.source_id.as_deref(),
            is_ipv6: network.cidr.family() == Family::Ipv6,
        }
    }

    /// Everything that is not a pool: allocations, what is in them, and reserved blocks.
    fn leaves(&mut self) {
        let mut inside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let used = |index: &usize| !self.nest.is_dropped[*index] && !self.nest.is_pool[*index];
        for index in self.nest.order.iter().copied().filter(used) {
            let leaf = self.nest.leaf_of(index);
            let all = inside.entry(leaf).or_default();
            if leaf != index {
                all.push(index);
            }
        }
        let mut allocations: BTreeMap<usize, Vec<(usize, Vec<usize>)>> = BTreeMap::new();
        let mut reserved: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let leaves: Vec<usize> = self.nest.order.iter().copied().filter(|index| inside.contains_key(index)).collect();
        for leaf in leaves {
            let within = inside.remove(&leaf).unwrap_or_default();
            let Item { place, network, .. } = &self.items[leaf];
            let Some(pool) = self.nest.around[leaf].and_then(|outer| self.pool_of[outer]) else {
                let place = place.clone();
                self.conflict(&place, without_pool(&network.cidr));
                continue;
            };
            let is_address = |index: &usize| self.items[*index].network.role == Role::Address;
            if network.role == Role::Reserved && !within.iter().any(is_address) {
                reserved.entry(pool).or_default().push(leaf);
            } else {
                allocations.entry(pool).or_default().push((leaf, within));
            }
        }
        for (pool, blocks) in reserved {
            if blocks.len() > RESERVED_MAX {
                allocations.entry(pool).or_default().extend(blocks.into_iter().map(|leaf| (leaf, Vec::new())));
                continue;
            }
            let cidrs = blocks.iter().map(|leaf| self.items[*leaf].network.cidr);
            self.design.pools[pool].reserved = cidrs.collect();
        }
        for (pool, mut leaves) in allocations {
            leaves.sort_by_key(|(leaf, _)| self.items[*leaf].network.cidr);
            self.allocations(pool, &leaves);
        }
    }

    fn allocations(&mut self, pool: usize, leaves: &[(usize, Vec<usize>)]) {
        let named: Vec<Named<'_>> = leaves.iter().map(|(leaf, _)| self.named(*leaf)).collect();
        let where_ = format!("in the pool {:?}", self.design.pools[pool].name);
        let mut conflicts = Vec::new();
        let names = names(&named, self.choices.distinct_names, true, &where_, &mut conflicts);
        self.design.conflicts.append(&mut conflicts);
        for ((leaf, within), name) in leaves.iter().zip(names) {
            let Item { place, network, .. } = &self.items[*leaf];
            for index in within.iter().filter(|index| self.items[**index].network.role != Role::Address) {
                let Item { place, network: inner, .. } = &self.items[*index];
                let what = format!(
                    "{} is left out: it lies in the allocation {name:?}, which has all of {}.",
                    inner.cidr, network.cidr
                );
                self.design.notes.push(Remark { place: place.clone(), what });
            }
            let mut tags = facts(network);
            tags.extend(network.region.clone().map(|region| ("region".to_owned(), region)));
            self.design.allocations.push(AllocationDesign {
                place: place.clone(),
                pool,
                name,
                cidr: network.cidr,
                description: network.description.clone(),
                tags,
                may_be_pool: network.role == Role::Network,
                addresses: self.addresses(within),
            });
        }
    }

    /// The addresses in an allocation, by name. Names of hosts may occur twice.
    fn addresses(&self, within: &[usize]) -> BTreeMap<String, std::net::IpAddr> {
        let hosts: Vec<usize> =
            within.iter().copied().filter(|index| self.items[*index].network.role == Role::Address).collect();
        let named: Vec<Named<'_>> = hosts.iter().map(|host| self.named(*host)).collect();
        let names = names(&named, true, false, "", &mut Vec::new());
        let addresses = hosts.iter().map(|host| {
            let cidr = self.items[*host].network.cidr;
            address(cidr.family(), cidr.first())
        });
        names.into_iter().map(|name| cleaned(&name, false)).zip(addresses).collect()
    }
}

/// The tags of a network, with what its file knows about its resource.
fn facts(network: &Network) -> Tags {
    let mut tags = network.tags.clone();
    let id = network.resource.as_ref().map(|resource| resource.id.clone());
    let region = network.resource.as_ref().and(network.region.clone());
    for (key, value) in [("resource-id", id), ("account", network.account.clone()), ("region", region)] {
        if let Some(value) = value {
            tags.entry(key.to_owned()).or_insert(value);
        }
    }
    tags
}

fn without_pool(cidr: &Cidr) -> String {
    let private = PRIVATE.iter().filter_map(|block| block.parse::<Cidr>().ok());
    let around = private.into_iter().find(|block| block.contains(cidr)).unwrap_or(*cidr);
    format!("No pool contains {cidr}. Declare a pool for it, such as --pool {around}=NAME.")
}
