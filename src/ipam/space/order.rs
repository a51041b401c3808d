//! The order in which requests by size fill the space of a pool: by the priorities of its blocks, and never in a block
//! that is draining.
//!
//! The order is a rule of the pool and not stored with the free space. The addresses of one priority are a *part* of the
//! pool, and the search for a block goes through the parts, the lowest number first.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::{Cidr, Family, Rules};
use crate::store::Order;

impl Rules {
    /// The priority of space that no rule names.
    pub const DEFAULT_PRIORITY: u32 = 100;

    /// Whether the rules say anything about the order in which space is filled.
    pub fn has_order(&self) -> bool {
        !self.cidr_priorities.is_empty() || !self.draining_cidrs.is_empty()
    }

    /// The same rules without an order.
    #[must_use]
    pub fn without_order(self) -> Self {
        Self { cidr_priorities: BTreeMap::new(), draining_cidrs: BTreeSet::new(), ..self }
    }

    /// The draining CIDR that shares addresses with `block`.
    pub fn draining(&self, block: &Cidr) -> Option<Cidr> {
        self.draining_cidrs.iter().find(|draining| draining.overlaps(block)).copied()
    }

    /// The priority of a block.
    pub(in crate::ipam) fn priority_of(&self, block: &Cidr) -> u32 {
        let around = self.cidr_priorities.iter().find(|(cidr, _)| cidr.contains(block));
        around.map_or(Self::DEFAULT_PRIORITY, |(_, priority)| *priority)
    }

    /// The parts of the address space in the order in which they are filled. The last one is all of it, for a block that
    /// lies in no single part.
    pub(in crate::ipam) fn parts(&self, family: Family) -> Vec<Part> {
        let whole = Part::whole(family);
        if self.cidr_priorities.is_empty() {
            return vec![whole];
        }
        let mut of: BTreeMap<u32, Vec<(u128, u128)>> = BTreeMap::new();
        let mut next = Some(0);
        // The blocks are sorted by address. Only in a damaged store they overlap, or are of another family.
        for (cidr, priority) in self.cidr_priorities.iter().filter(|(cidr, _)| cidr.family() == family) {
            let Some(first) = next.filter(|first| *first <= cidr.first()) else { continue };
            if first < cidr.first() {
                of.entry(Self::DEFAULT_PRIORITY).or_default().push((first, cidr.first() - 1));
            }
            of.entry(*priority).or_default().push((cidr.first(), cidr.last()));
            next = if cidr.last() == whole.last() { None } else { Some(cidr.last() + 1) };
        }
        of.entry(Self::DEFAULT_PRIORITY).or_default().extend(next.map(|first| (first, whole.last())));
        of.into_values().filter(|ranges| !ranges.is_empty()).map(Part::new).chain([whole]).collect()
    }
}

/// Some addresses of a family: disjoint ranges, sorted by address, with other addresses between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ipam) struct Part(Vec<(u128, u128)>);

impl Part {
    pub(in crate::ipam) fn whole(family: Family) -> Self {
        Self(vec![(0, Cidr::around(family, 0, 0).last())])
    }

    /// Ranges that are sorted by address; neighbours become one.
    fn new(ranges: Vec<(u128, u128)>) -> Self {
        let mut joined: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if before.1.checked_add(1) == Some(first) => before.1 = last,
                _ => joined.push((first, last)),
            }
        }
        Self(joined)
    }

    /// The last address.
    pub(in crate::ipam) fn last(&self) -> u128 {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    /// The first address.
    pub(in crate::ipam) fn first(&self) -> u128 {
        self.0.first().map_or(0, |(first, _)| *first)
    }

    /// Whether all addresses of a block are in the part.
    pub(in crate::ipam) fn contains(&self, block: &Cidr) -> bool {
        self.range_from(block.first()).is_some_and(|(first, last)| first <= block.first() && block.last() <= last)
    }

    /// Whether no address of a block is in the part, and if so, the next address of the part behind the block (in
    /// descending order: before it).
    pub(in crate::ipam) fn beyond(&self, block: &Cidr, order: Order) -> Beyond {
        match self.range_from(block.first()) {
            Some((first, _)) if first <= block.last() => Beyond::Overlaps,
            next if order == Order::Ascending => next.map_or(Beyond::Nothing, |(first, _)| Beyond::Next(first)),
            _ => match self.0.partition_point(|(_, last)| *last < block.first()).checked_sub(1) {
                Some(position) => Beyond::Next(self.0[position].1),
                None => Beyond::Nothing,
            },
        }
    }

    /// The outermost block of the netmask length of `place` that is in the part, not before `place`, and inside `space`.
    pub(in crate::ipam) fn settle(&self, place: Cidr, space: &Cidr, order: Order) -> Option<Cidr> {
        let mut place = place;
        while !self.contains(&place) {
            let address = match (self.beyond(&place, order), order) {
                (Beyond::Nothing, _) => return None,
                (Beyond::Next(address), _) => address,
                // A boundary of the part is inside the place.
                (Beyond::Overlaps, Order::Ascending) => place.last().checked_add(1)?,
                (Beyond::Overlaps, Order::Descending) => place.first().checked_sub(1)?,
            };
            if address < space.first() || address > space.last() {
                return None;
            }
            place = Cidr::around(place.family(), address, place.netmask_length());
        }
        Some(place)
    }

    /// The first range that does not end before `address`.
    fn range_from(&self, address: u128) -> Option<(u128, u128)> {
        self.0.get(self.0.partition_point(|(_, last)| *last < address)).copied()
    }
}

/// Where a part goes on from a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ipam) enum Beyond {
    /// It has addresses of the block.
    Overlaps,
    /// It has no address of the block, and this is the next one.
    Next(u128),
    /// It has no address of the block, and none behind it.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::cidr;

    fn rules(priorities: &[(&str, u32)]) -> Rules {
        let cidr_priorities = priorities.iter().map(|(block, priority)| (cidr(block), *priority)).collect();
        Rules { cidr_priorities, ..Rules::default() }
    }

    #[test]
    fn parts_cover_each_address_once_and_the_lowest_number_comes_first() {
        let last = u128::from(u32::MAX);
        let whole = Part(vec![(0, last)]);
        assert_eq!(rules(&[]).parts(Family::Ipv4), std::slice::from_ref(&whole));
        let parts = rules(&[("0.0.0.0/1", 200), ("128.0.0.0/2", 10), ("192.0.0.0/2", 10)]).parts(Family::Ipv4);
        let half = 1 << 31;
        assert_eq!(parts, [Part(vec![(half, last)]), Part(vec![(0, half - 1)]), whole.clone()]);
        let parts = rules(&[("0.0.1.0/24", 1), ("0.0.2.0/24", 100)]).parts(Family::Ipv4);
        assert_eq!(parts, [Part(vec![(0x100, 0x1ff)]), Part(vec![(0, 0xff), (0x200, last)]), whole]);
        let damaged = rules(&[("0.0.1.0/24", 1), ("0.0.1.0/25", 2), ("::/64", 3)]);
        assert_eq!(damaged.parts(Family::Ipv4), rules(&[("0.0.1.0/24", 1)]).parts(Family::Ipv4));
        let six = rules(&[("::/0", 7)]).parts(Family::Ipv6);
        assert_eq!(six, [Part(vec![(0, u128::MAX)]), Part(vec![(0, u128::MAX)])]);
    }

    #[test]
    fn a_place_settles_on_the_next_block_that_is_in_the_part() {
        let part = Part(vec![(16, 31), (40, 71)]);
        let settle = |first: u128, length: u8, space: &str, order: Order| {
            let place = Cidr::around(Family::Ipv4, first, length);
            part.settle(place, &cidr(space), order).map(|found| found.first())
        };
        for (first, length, space, ascending, descending) in [
            (16, 28, "0.0.0.0/24", Some(16), Some(16)),
            (0, 28, "0.0.0.0/24", Some(16), None),
            (0, 28, "0.0.0.0/28", None, None),
            (32, 28, "0.0.0.0/24", Some(48), Some(16)),
            (240, 28, "0.0.0.0/24", None, Some(48)),
            (240, 28, "0.0.0.64/26", None, None),
            (0, 27, "0.0.0.0/24", None, None),
            (36, 29, "0.0.0.0/24", Some(40), Some(24)),
        ] {
            assert_eq!(settle(first, length, space, Order::Ascending), ascending, "{first}/{length} in {space}");
            assert_eq!(settle(first, length, space, Order::Descending), descending, "{first}/{length} in {space}");
        }
    }
}
