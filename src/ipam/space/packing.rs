//! Packs blocks into free space in memory.

use std::collections::BTreeSet;

use crate::ipam::Cidr;
use crate::ipam::space::blocks;

/// Free space inside one block: the largest aligned blocks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ipam) struct Room(BTreeSet<Cidr>);

impl Room {
    /// All of these blocks, which share no address.
    pub(in crate::ipam) fn new(blocks: impl IntoIterator<Item = Cidr>) -> Self {
        Self(blocks.into_iter().collect())
    }

    /// Takes `block` out, or the part of it that is free.
    pub(in crate::ipam) fn cut(&mut self, block: &Cidr) {
        let hit: Vec<Cidr> = self.0.iter().filter(|free| free.overlaps(block)).copied().collect();
        for free in hit {
            self.0.remove(&free);
            self.0.extend(blocks::rest(&free, &[*block]));
        }
    }

    /// Whether all of `block` is free.
    pub(in crate::ipam) fn has(&self, block: &Cidr) -> bool {
        self.0.iter().any(|free| free.contains(block))
    }

    /// The place for a block of this netmask length: the first one in the smallest free block that is large enough, which
    /// leaves the largest blocks whole. So blocks by size fit in any order into a block that has as many addresses.
    pub(in crate::ipam) fn place(&self, netmask_length: u8) -> Option<Cidr> {
        let large = self.0.iter().filter(|free| free.netmask_length() <= netmask_length);
        let smallest = large.min_by_key(|free| (std::cmp::Reverse(free.netmask_length()), **free))?;
        Some(Cidr::around(smallest.family(), smallest.first(), netmask_length))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ipam::testing::cidr;

    #[test]
    fn a_block_goes_into_the_smallest_gap_that_is_large_enough() {
        let mut room = Room::new([cidr("10.0.0.0/24")]);
        room.cut(&cidr("10.0.0.64/26"));
        assert_eq!(room.place(27), Some(cidr("10.0.0.0/27")));
        assert_eq!(room.place(25), Some(cidr("10.0.0.128/25")));
        assert_eq!(room.place(24), None);
        assert!(room.has(&cidr("10.0.0.0/28")) && !room.has(&cidr("10.0.0.0/25")));
        room.cut(&cidr("10.0.0.0/8"));
        assert_eq!(room.place(32), None);
    }

    proptest! {
        #[test]
        fn blocks_fit_in_any_order_whenever_their_sum_does(lengths in prop::collection::vec(24u8..=32, 1..20)) {
            let (mut room, mut used) = (Room::new([cidr("10.0.0.0/24")]), 0u32);
            for length in lengths {
                let size = 1u32 << (32 - length);
                match room.place(length) {
                    Some(block) => {
                        prop_assert!(room.has(&block));
                        room.cut(&block);
                        used += size;
                    }
                    None => prop_assert!(used + size > 256),
                }
            }
        }
    }
}
