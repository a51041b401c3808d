//! Blocks that follow from other blocks: the addresses that two sets share, the block around a set, the n-th block of a
//! size. The functions are pure.

use num_bigint::BigUint;

use crate::ipam::Cidr;
use crate::ipam::space::blocks::{BlocksError, block_count, merge};

/// The smallest list of blocks with the addresses that are in `a` and in `b`, in order.
pub fn intersect(a: impl IntoIterator<Item = Cidr>, b: impl IntoIterator<Item = Cidr>) -> Vec<Cidr> {
    let (a, b) = (merge(a), merge(b));
    let mut common = Vec::new();
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    // Merged blocks are maximal, so a block whose addresses are all in both sets lies in one block of each. The smaller
    // blocks of all pairs that overlap therefore need no merge.
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        if x.overlaps(y) {
            common.push(if x.contains(y) { **y } else { **x });
        }
        if (x.family(), x.last()) <= (y.family(), y.last()) {
            left.next();
        } else {
            right.next();
        }
    }
    common
}

/// The smallest block that contains all of `blocks`, which are of one family; `None` when there are none.
pub fn supernet(blocks: impl IntoIterator<Item = Cidr>) -> Option<Cidr> {
    blocks.into_iter().reduce(|mut whole, block| {
        while !whole.contains(&block) && whole.netmask_length() > 0 {
            whole = whole.resized(whole.netmask_length() - 1);
        }
        whole
    })
}

/// The block of `netmask_length` in `cidr` at this position, from 0; `None` when there are not that many.
///
/// # Errors
/// Returns [`BlocksError::BeyondFamily`] or [`BlocksError::TooLarge`].
pub fn nth(cidr: Cidr, netmask_length: u8, position: &BigUint) -> Result<Option<Cidr>, BlocksError> {
    if *position >= block_count(cidr, netmask_length)? {
        return Ok(None);
    }
    let family = cidr.family();
    // The offset is less than the number of addresses in `cidr`, because the position is less than the count.
    let offset = u128::try_from(position << (family.bits() - netmask_length)).ok();
    Ok(offset.map(|offset| Cidr::around(family, cidr.first() + offset, netmask_length)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::ipam::Family;
    use crate::ipam::space::blocks::split;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    /// A block in the last 256 addresses of a family.
    fn small_block(family: Family) -> impl Strategy<Value = Cidr> {
        let end = Cidr::around(family, 0, 0).last();
        (0u128..256, 0u8..=8)
            .prop_map(move |(host, host_bits)| Cidr::around(family, end - host, family.bits() - host_bits))
    }

    fn two_sets() -> impl Strategy<Value = (Vec<Cidr>, Vec<Cidr>)> {
        prop_oneof![Just(Family::Ipv4), Just(Family::Ipv6)].prop_flat_map(|family| {
            let blocks = || prop::collection::vec(small_block(family), 0..12);
            (blocks(), blocks())
        })
    }

    fn addresses(blocks: &[Cidr]) -> BTreeSet<u128> {
        blocks.iter().flat_map(|block| block.first()..=block.last()).collect()
    }

    proptest! {
        #[test]
        fn intersection_is_the_smallest_list_of_the_common_addresses((a, b) in two_sets()) {
            let common = intersect(a.clone(), b.clone());
            prop_assert_eq!(addresses(&common), &addresses(&a) & &addresses(&b));
            prop_assert_eq!(merge(common.clone()), common);
        }

        #[test]
        fn supernet_is_the_smallest_block_around_all((blocks, _) in two_sets()) {
            let contains_all = |whole: &Cidr| blocks.iter().all(|block| whole.contains(block));
            match supernet(blocks.clone()) {
                None => prop_assert!(blocks.is_empty()),
                Some(whole) => {
                    prop_assert!(contains_all(&whole));
                    prop_assert!(!whole.halves().is_some_and(|(low, high)| contains_all(&low) || contains_all(&high)));
                }
            }
        }

        #[test]
        fn nth_block_is_that_of_the_list((blocks, _) in two_sets(), more_bits in 0u8..4, position in 0usize..10) {
            for block in blocks {
                let length = (block.netmask_length() + more_bits).min(block.family().bits());
                let all = split(block, length).unwrap();
                prop_assert_eq!(nth(block, length, &position.into()).unwrap(), all.get(position).copied());
            }
        }
    }

    #[test]
    fn the_whole_address_space_is_exact() {
        let (v4, v6) = (cidr("0.0.0.0/0"), cidr("::/0"));
        assert_eq!(intersect([v4, v6], [v6]), [v6]);
        assert_eq!(intersect([v4], [v6]), []);
        assert_eq!(supernet([cidr("::/128"), cidr("8000::/1")]), Some(v6));
        assert_eq!(nth(v6, 0, &BigUint::ZERO), Ok(Some(v6)));
        assert_eq!(nth(v6, 0, &BigUint::from(1u8)), Ok(None));
        let last = (BigUint::from(1u8) << 128u8) - 1u8;
        assert_eq!(nth(v6, 128, &last), Ok(Some(cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"))));
        assert_eq!(nth(v6, 128, &(last + 1u8)), Ok(None));
        assert!(matches!(nth(v4, 33, &BigUint::ZERO), Err(BlocksError::BeyondFamily { .. })));
    }
}
