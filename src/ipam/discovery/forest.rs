//! Items with blocks, sorted so that the items that share addresses with a block are found without examining the
//! others.
//!
//! If two blocks share an address, one contains the other. So the items that share addresses with a block are those
//! around it, which form a chain, and those inside it, which are adjacent.

use crate::ipam::Cidr;

/// Items by their blocks.
pub(super) struct Forest<T> {
    /// Sorted by block: by address, larger ones first.
    items: Vec<(Cidr, T)>,
    /// The distinct blocks, in the same order.
    groups: Vec<Group>,
}

struct Group {
    block: Cidr,
    /// Index of the first item of the group; its last item is right before the first item of the next group.
    start: usize,
    /// The smallest group that contains this group.
    parent: Option<usize>,
}

impl<T> Forest<T> {
    /// A forest of `items`. Items with equal blocks keep their order.
    pub(super) fn new(mut items: Vec<(Cidr, T)>) -> Self {
        items.sort_by_key(|(block, _)| *block);
        let mut groups: Vec<Group> = Vec::new();
        let mut around: Vec<usize> = Vec::new();
        for (start, (block, _)) in items.iter().enumerate() {
            if groups.last().is_some_and(|last| last.block == *block) {
                continue;
            }
            while around.last().is_some_and(|open| !groups[*open].block.contains(block)) {
                around.pop();
            }
            groups.push(Group { block: *block, start, parent: around.last().copied() });
            around.push(groups.len() - 1);
        }
        Self { items, groups }
    }

    fn group(&self, index: usize) -> &[(Cidr, T)] {
        let end = self.groups.get(index + 1).map_or(self.items.len(), |next| next.start);
        &self.items[self.groups[index].start..end]
    }

    /// The items with exactly this block.
    pub(super) fn at(&self, block: &Cidr) -> impl Iterator<Item = &T> {
        let found = self.groups.binary_search_by_key(block, |group| group.block).ok();
        found.map(|index| self.group(index)).unwrap_or_default().iter().map(|(_, item)| item)
    }

    /// The items that share addresses with the block: around it, at it, and inside it.
    pub(super) fn over(&self, block: &Cidr) -> impl Iterator<Item = &(Cidr, T)> {
        let start = self.groups.partition_point(|group| group.block < *block);
        let after = self.groups[start..].partition_point(|group| block.contains(&group.block));
        // Either the group right before the block contains it, or a group around that one does, or no group does.
        let mut open = start.checked_sub(1);
        while let Some(index) = open
            && !self.groups[index].block.contains(block)
        {
            open = self.groups[index].parent;
        }
        let around = std::iter::successors(open, |index| self.groups[*index].parent);
        let end = self.groups.get(start + after).map_or(self.items.len(), |next| next.start);
        let begin = self.groups.get(start).map_or(self.items.len(), |first| first.start);
        around.flat_map(|index| self.group(index)).chain(&self.items[begin..end])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ipam::Family;

    fn block() -> impl Strategy<Value = Cidr> {
        (any::<u8>(), 24..=32u8, any::<bool>()).prop_map(|(host, length, v6)| {
            let (family, more) = if v6 { (Family::Ipv6, 96) } else { (Family::Ipv4, 0) };
            Cidr::around(family, u128::from(host), length + more)
        })
    }

    proptest! {
        #[test]
        fn exactly_the_items_that_share_addresses_are_found(blocks in prop::collection::vec(block(), 0..40), asked in block()) {
            let forest = Forest::new(blocks.iter().copied().enumerate().map(|(index, block)| (block, index)).collect());
            let mut found: Vec<usize> = forest.over(&asked).map(|(_, index)| *index).collect();
            found.sort_unstable();
            let expected: Vec<usize> = (0..blocks.len()).filter(|index| blocks[*index].overlaps(&asked)).collect();
            prop_assert_eq!(found, expected);
            let mut at: Vec<usize> = forest.at(&asked).copied().collect();
            at.sort_unstable();
            let equal: Vec<usize> = (0..blocks.len()).filter(|index| blocks[*index] == asked).collect();
            prop_assert_eq!(at, equal);
        }
    }
}
