//! Chooses the free block for a request by size. Reads one key for each size of free block, and a few more for each
//! block to step over: a disallowed CIDR, reserved space, or a block that a discovery has seen. Blocks that are not in
//! the way are not read. If the blocks of the pool have priorities, the same search runs for one priority after the
//! other, and reads one more key for each gap between the blocks of that priority.

use std::collections::BTreeSet;

use crate::ipam::discovery::Avoided;
use crate::ipam::space::order::{Beyond, Part};
use crate::ipam::space::{aggregates, reserved};
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Cidr, Family, Pool, Result, Strategy};
use crate::store::{Entry, Order, Snapshot};

/// A request by size.
#[derive(Clone, Copy, Debug)]
pub(in crate::ipam) struct BlockRequest<'a> {
    pub(in crate::ipam) family: Family,
    /// Requested netmask length, at most the bits of the family.
    pub(in crate::ipam) netmask_length: u8,
    pub(in crate::ipam) strategy: Strategy,
    /// Blocks to avoid.
    pub(in crate::ipam) disallowed: &'a BTreeSet<Cidr>,
    /// Whether the request avoids blocks that discoveries have seen.
    pub(in crate::ipam) keep_off: KeepOff<'a>,
}

/// The degree to which a request avoids blocks that discoveries have seen in a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ipam) enum KeepOff<'a> {
    /// Ignores them.
    Never,
    /// Takes a block without sightings if there is one, else any free block.
    Rather(&'a Pool),
    /// Takes only a block without sightings.
    Always(&'a Pool),
}

impl BlockRequest<'_> {
    const fn host_bits(&self) -> u8 {
        self.family.bits() - self.netmask_length
    }
}

/// The free block of the requested size that the strategy chooses in a pool: among the blocks with the lowest priority
/// that have room. `None` when there is none. Reserved space and space that is draining are never chosen.
pub(in crate::ipam) fn find(
    snapshot: &mut dyn Snapshot,
    pool: &Pool,
    ask: &BlockRequest<'_>,
    random: &mut dyn FnMut() -> u64,
) -> Result<Option<Cidr>> {
    let plain = BlockRequest { keep_off: KeepOff::Never, ..*ask };
    match ask.keep_off {
        KeepOff::Never => search(snapshot, pool, ask, random),
        // Most scopes have no sightings, so this is checked once before any block is examined.
        KeepOff::Rather(of) | KeepOff::Always(of) if !Avoided::any(snapshot, &of.scope_id, ask.family)? => {
            search(snapshot, pool, &plain, random)
        }
        KeepOff::Always(_) => search(snapshot, pool, ask, random),
        KeepOff::Rather(of) => {
            let strict = BlockRequest { keep_off: KeepOff::Always(of), ..*ask };
            match search(snapshot, pool, &strict, random)? {
                None => search(snapshot, pool, &plain, random),
                found => Ok(found),
            }
        }
    }
}

fn search(
    snapshot: &mut dyn Snapshot,
    pool: &Pool,
    ask: &BlockRequest<'_>,
    random: &mut dyn FnMut() -> u64,
) -> Result<Option<Cidr>> {
    let has_aggregates = aggregates::any(snapshot, &pool.meta.id)?;
    for part in pool.rules.parts(ask.family) {
        let mut search = Search { snapshot: &mut *snapshot, pool, pool_id: &pool.meta.id, ask, part, has_aggregates };
        let found = match ask.strategy {
            Strategy::BestFit => search.best(),
            Strategy::FirstFit => search.outermost(Order::Ascending),
            Strategy::LastFit => search.outermost(Order::Descending),
            Strategy::Sparse => search.sparse(),
            Strategy::Random => search.random(random),
        };
        if let Some(found) = found? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Number of free blocks of one size that the strategy `sparse` compares.
const SPARSE_BLOCKS_MAX: usize = 256;

struct Search<'a> {
    snapshot: &'a mut dyn Snapshot,
    pool: &'a Pool,
    pool_id: &'a str,
    ask: &'a BlockRequest<'a>,
    /// The addresses that count.
    part: Part,
    /// Whether contiguous sets keep space of the pool.
    has_aggregates: bool,
}

impl Search<'_> {
    fn best(&mut self) -> Result<Option<Cidr>> {
        let mut from = self.ask.host_bits();
        while let Some(level) = self.level(from)? {
            if let Some((_, hit)) = self.hit(level, Order::Ascending, 0)? {
                return Ok(Some(hit));
            }
            from = level + 1;
        }
        Ok(None)
    }

    fn outermost(&mut self, order: Order) -> Result<Option<Cidr>> {
        let mut found: Option<Cidr> = None;
        for level in self.levels()? {
            let Some((_, hit)) = self.hit(level, order, 0)? else { continue };
            let better = match (order, found) {
                (_, None) => true,
                (Order::Ascending, Some(best)) => hit < best,
                (Order::Descending, Some(best)) => hit > best,
            };
            if better {
                found = Some(hit);
            }
        }
        Ok(found)
    }

    /// Places in the order of RFC 3531: among the free blocks of the largest size, it chooses the block whose number is
    /// the smallest when its bits are read from the last to the first. So allocations stay as far apart as possible,
    /// whatever was allocated before.
    fn sparse(&mut self) -> Result<Option<Cidr>> {
        for level in self.levels()?.into_iter().rev() {
            let start = self.key_at(level, self.part.first());
            let end = self.key_after(level, self.part.last());
            let entries = self.snapshot.scan(&start..&end, Order::Ascending, SPARSE_BLOCKS_MAX)?;
            let mut blocks: Vec<Cidr> = Vec::with_capacity(entries.len());
            for entry in &entries {
                blocks.extend(self.free_block(std::slice::from_ref(entry))?);
            }
            blocks.sort_by_key(|block| block.first().reverse_bits());
            for block in blocks {
                if let Fit::Place(place) = self.fit(&block, Order::Ascending)? {
                    return Ok(Some(place));
                }
            }
            if entries.len() < SPARSE_BLOCKS_MAX {
                continue;
            }
            // With so many blocks of one size, the lowest is as good as any.
            if let Some((_, hit)) = self.hit(level, Order::Ascending, 0)? {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }

    fn random(&mut self, random: &mut dyn FnMut() -> u64) -> Result<Option<Cidr>> {
        let mut levels = self.levels()?;
        if levels.is_empty() {
            return Ok(None);
        }
        let dice = random();
        let start = usize::try_from(dice % levels.len() as u64).unwrap_or(0);
        levels.rotate_left(start);
        let wide = (u128::from(random()) << 64) | u128::from(random());
        let pivot = if self.ask.family == Family::Ipv4 { wide >> 96 } else { wide };
        for level in levels {
            let hit = match self.hit(level, Order::Ascending, pivot)? {
                None => self.hit(level, Order::Ascending, 0)?,
                hit => hit,
            };
            let Some((block, fallback)) = hit else { continue };
            let offset = wide.rotate_left(64) & (block.last() - block.first());
            let dart = Cidr::around(self.ask.family, block.first() | offset, self.ask.netmask_length);
            let free = self.part.contains(&dart) && self.obstacle(&dart, &block)?.is_none();
            return Ok(Some(if free { dart } else { fallback }));
        }
        Ok(None)
    }

    /// The next size, from this many host bits up, of which there are free blocks.
    fn level(&mut self, from: u8) -> Result<Option<u8>> {
        let start = keys::free_level(self.pool_id, from);
        let (_, end) = keys::under(&keys::free_of(self.pool_id));
        let entries = self.snapshot.scan(&start..&end, Order::Ascending, 1)?;
        Ok(self.free_block(&entries)?.map(|block| block.host_bits()))
    }

    /// The block of the first of these entries.
    fn free_block(&self, entries: &[Entry]) -> Result<Option<Cidr>> {
        let Some((key, _)) = entries.first() else { return Ok(None) };
        let block = keys::free_block(key, self.ask.family);
        block.map(Some).ok_or_else(|| codec::corrupt(key, "a damaged record: no free block of its pool"))
    }

    /// All sizes with free blocks that are large enough, smallest first.
    fn levels(&mut self) -> Result<Vec<u8>> {
        let mut levels = Vec::new();
        let mut from = self.ask.host_bits();
        while let Some(level) = self.level(from)? {
            levels.push(level);
            from = level + 1;
        }
        Ok(levels)
    }

    /// The outermost free block of one size in which the request fits, and its position there. In ascending order, the
    /// search begins at the address `from`.
    ///
    /// Each miss skips all addresses that one avoided block covers, so there are at most about two misses for each
    /// avoided block.
    fn hit(&mut self, level: u8, order: Order, from: u128) -> Result<Option<(Cidr, Cidr)>> {
        let family = self.ask.family;
        let mut start = keys::free_at(self.pool_id, family, level, from);
        let (_, mut end) = keys::under(&keys::free_level(self.pool_id, level));
        loop {
            let entries = self.snapshot.scan(&start..&end, order, 1)?;
            let Some(block) = self.free_block(&entries)? else { return Ok(None) };
            match (self.part.beyond(&block, order), order) {
                (Beyond::Overlaps, _) => {}
                (Beyond::Nothing, _) => return Ok(None),
                (Beyond::Next(address), Order::Ascending) => {
                    start = self.key_at(level, address);
                    continue;
                }
                (Beyond::Next(address), Order::Descending) => {
                    end = self.key_after(level, address);
                    continue;
                }
            }
            let skip = match self.fit(&block, order)? {
                Fit::Place(place) => return Ok(Some((block, place))),
                Fit::Skip(skip) => skip,
            };
            match order {
                Order::Ascending if skip.last() == last_of(family) => return Ok(None),
                Order::Ascending => start = keys::free_at(self.pool_id, family, level, skip.last() + 1),
                Order::Descending => end = keys::free_at(self.pool_id, family, level, skip.first()),
            }
        }
    }

    /// The key of the block of this size that contains the address.
    fn key_at(&self, level: u8, address: u128) -> String {
        let block = Cidr::around(self.ask.family, address, self.ask.family.bits() - level);
        keys::free_at(self.pool_id, self.ask.family, level, block.first())
    }

    /// The end of the keys of blocks of this size that begin with the address or before it.
    fn key_after(&self, level: u8, address: u128) -> String {
        if address == last_of(self.ask.family) {
            return keys::under(&keys::free_level(self.pool_id, level)).1;
        }
        keys::free_at(self.pool_id, self.ask.family, level, address + 1)
    }

    /// An avoided, draining or reserved block that shares addresses with `block`, which is in the free block `space`.
    fn obstacle(&mut self, block: &Cidr, space: &Cidr) -> Result<Option<Cidr>> {
        if let Some(disallowed) = self.ask.disallowed.iter().find(|disallowed| disallowed.overlaps(block)) {
            return Ok(Some(*disallowed));
        }
        if let Some(draining) = self.pool.rules.draining(block) {
            return Ok(Some(draining));
        }
        if let Some((reserved, _)) = reserved::over_by_rules(self.snapshot, self.pool, block)? {
            return Ok(Some(reserved));
        }
        if self.has_aggregates
            && let Some(found) = aggregates::over(self.snapshot, self.pool_id, block, None)?
        {
            return Ok(Some(found.cidr));
        }
        match self.ask.keep_off {
            KeepOff::Always(pool) => Avoided::off(self.snapshot, pool, block, space),
            KeepOff::Never | KeepOff::Rather(_) => Ok(None),
        }
    }

    /// The outermost position in a free block that shares no address with an avoided block. Steps over one avoided
    /// block at a time.
    fn fit(&mut self, block: &Cidr, order: Order) -> Result<Fit> {
        let (family, length) = (self.ask.family, self.ask.netmask_length);
        let edge = if order == Order::Ascending { block.first() } else { block.last() };
        let mut place = Cidr::around(family, edge, length);
        loop {
            match self.part.settle(place, block, order) {
                Some(settled) => place = settled,
                None => return Ok(Fit::Skip(*block)),
            }
            let Some(obstacle) = self.obstacle(&place, block)? else { return Ok(Fit::Place(place)) };
            if obstacle.contains(block) {
                return Ok(Fit::Skip(obstacle));
            }
            let (first, last) = (obstacle.first().min(place.first()), obstacle.last().max(place.last()));
            place = match order {
                Order::Ascending if last < block.last() => Cidr::around(family, last + 1, length),
                Order::Descending if first > block.first() => Cidr::around(family, first - 1, length),
                _ => return Ok(Fit::Skip(*block)),
            };
        }
    }
}

/// The result of fitting a request into a free block.
enum Fit {
    Place(Cidr),
    /// The request does not fit here, nor into other free blocks inside this block.
    Skip(Cidr),
}

const fn last_of(family: Family) -> u128 {
    Cidr::around(family, 0, 0).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::space::free;
    use crate::ipam::testing::{Map, World};

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    /// Free: 10.0.0.16/28, 10.0.0.64/26, 10.0.1.0/24, 10.0.2.0/23, 10.0.4.0/28.
    fn map() -> Map {
        let mut map = Map::default();
        for block in ["10.0.0.16/28", "10.0.0.64/26", "10.0.1.0/24", "10.0.2.0/23", "10.0.4.0/28"].map(cidr) {
            free::give(&mut map, "p", &block, &block).unwrap();
        }
        map
    }

    fn pool() -> Pool {
        let mut pool = World::new().top("p", &["10.0.0.0/16"]);
        pool.meta.id = "p".to_owned();
        pool
    }

    fn place(strategy: Strategy, netmask_length: u8, disallowed: &[&str]) -> Option<String> {
        let disallowed = disallowed.iter().map(|text| cidr(text)).collect();
        let keep_off = KeepOff::Never;
        let ask = BlockRequest { family: Family::Ipv4, netmask_length, strategy, disallowed: &disallowed, keep_off };
        let mut seed = 7;
        let mut random = move || {
            seed += 1;
            seed
        };
        find(&mut map(), &pool(), &ask, &mut random).unwrap().map(|block| block.to_string())
    }

    #[test]
    fn each_strategy_has_its_own_place() {
        let table = [
            (Strategy::BestFit, 28, &[][..], Some("10.0.0.16/28")),
            (Strategy::BestFit, 27, &[], Some("10.0.0.64/27")),
            (Strategy::BestFit, 24, &[], Some("10.0.1.0/24")),
            (Strategy::BestFit, 22, &[], None),
            (Strategy::FirstFit, 26, &[], Some("10.0.0.64/26")),
            (Strategy::FirstFit, 24, &[], Some("10.0.1.0/24")),
            (Strategy::LastFit, 28, &[], Some("10.0.4.0/28")),
            (Strategy::LastFit, 26, &[], Some("10.0.3.192/26")),
            (Strategy::Sparse, 28, &[], Some("10.0.2.0/28")),
        ];
        for (strategy, length, disallowed, expected) in table {
            assert_eq!(place(strategy, length, disallowed).as_deref(), expected, "{strategy:?} /{length}");
        }
    }

    #[test]
    fn disallowed_blocks_are_avoided_by_every_strategy() {
        let table = [
            (Strategy::BestFit, 28, &["10.0.0.0/27"][..], Some("10.0.4.0/28")),
            (Strategy::BestFit, 28, &["10.0.0.0/27", "10.0.4.0/24"], Some("10.0.0.64/28")),
            (Strategy::BestFit, 26, &["10.0.0.70/32", "10.0.1.0/25"], Some("10.0.1.128/26")),
            (Strategy::BestFit, 24, &["10.0.0.0/23", "10.0.2.7/32"], Some("10.0.3.0/24")),
            (Strategy::BestFit, 24, &["10.0.0.0/8"], None),
            (Strategy::BestFit, 24, &["0.0.0.0/0"], None),
            (Strategy::FirstFit, 28, &["10.0.0.0/25"], Some("10.0.1.0/28")),
            (Strategy::LastFit, 28, &["10.0.4.0/32", "10.0.3.255/32"], Some("10.0.3.224/28")),
            (Strategy::Sparse, 28, &["10.0.2.0/24"], Some("10.0.3.0/28")),
            (Strategy::Random, 23, &["10.0.2.0/32"], None),
        ];
        for (strategy, length, disallowed, expected) in table {
            assert_eq!(
                place(strategy, length, disallowed).as_deref(),
                expected,
                "{strategy:?} /{length} without {disallowed:?}"
            );
        }
        assert_eq!(place(Strategy::BestFit, 28, &["::/0"]).as_deref(), Some("10.0.0.16/28"));
    }

    #[test]
    fn sparse_pools_are_filled_in_the_order_of_rfc_3531() {
        let (mut map, whole) = (Map::default(), cidr("10.0.0.0/24"));
        free::give(&mut map, "p", &whole, &whole).unwrap();
        let disallowed = BTreeSet::new();
        let (strategy, keep_off) = (Strategy::Sparse, KeepOff::Never);
        let ask =
            BlockRequest { family: Family::Ipv4, netmask_length: 28, strategy, disallowed: &disallowed, keep_off };
        let mut order = Vec::new();
        while let Some(block) = find(&mut map, &pool(), &ask, &mut || 0).unwrap() {
            free::take(&mut map, "p", &block, &whole).unwrap();
            order.push((block.first() & 0xff) >> 4);
        }
        assert_eq!(order, [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]);
    }

    #[test]
    fn random_choice_is_free_and_repeats_for_the_same_dice() {
        for length in 23..=32 {
            let first = place(Strategy::Random, length, &["10.0.1.0/24"]).unwrap();
            assert_eq!(place(Strategy::Random, length, &["10.0.1.0/24"]), Some(first.clone()));
            let block = cidr(&first);
            let free = ["10.0.0.16/28", "10.0.0.64/26", "10.0.2.0/23", "10.0.4.0/28"].map(cidr);
            assert!(free.iter().any(|free| free.contains(&block)), "{first}");
        }
    }
}
