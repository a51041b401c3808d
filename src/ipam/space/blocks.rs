//! Arithmetic on sets of blocks: merge, subtract, split, ranges, reverse DNS zones. The functions are pure, and the
//! size of their results is limited, so that a short request cannot ask for gigabytes.

use std::collections::BTreeMap;
use std::fmt::Write;

use num_bigint::BigUint;

use crate::ipam::{Cidr, Family};

/// Largest number of blocks that one call returns; for more it returns [`BlocksError::TooMany`].
pub const BLOCK_COUNT_MAX: usize = 65_536;

/// Longest netmask of a zone of IPv4 reverse DNS: one octet is left to name the hosts.
const ZONE_LENGTH_MAX_V4: u8 = 24;
/// Longest netmask of a zone of IPv6 reverse DNS: one nibble is left to name the hosts.
const ZONE_LENGTH_MAX_V6: u8 = 124;

/// The reasons why a set of blocks cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlocksError {
    /// The netmask length exceeds the family's address bits.
    BeyondFamily {
        /// The netmask length that was requested.
        netmask_length: u8,
        /// The family whose address bits the netmask length exceeds.
        family: Family,
    },
    /// Blocks of this netmask length are larger than the block to divide.
    TooLarge {
        /// The netmask length that was requested.
        netmask_length: u8,
    },
    /// The answer has more than [`BLOCK_COUNT_MAX`] blocks.
    TooMany {
        /// Number of blocks in the answer; `None` when the count was stopped early.
        count: Option<BigUint>,
    },
    /// The rest of the block to divide is too small.
    DoesNotFit {
        /// Position of the netmask length in the request, from 0.
        position: usize,
        /// The netmask length that was requested.
        netmask_length: u8,
        /// Number of addresses left.
        left: BigUint,
    },
}

/// The smallest list of blocks with exactly the addresses of `blocks`, in order. Blocks of different families are not
/// merged.
pub fn merge(blocks: impl IntoIterator<Item = Cidr>) -> Vec<Cidr> {
    let mut sorted: Vec<_> = blocks.into_iter().collect();
    sorted.sort_unstable();
    let mut merged: Vec<Cidr> = Vec::new();
    for block in sorted {
        if merged.last().is_some_and(|last| last.contains(&block)) {
            continue;
        }
        merged.push(block);
        while let [.., lower, upper] = merged.as_slice()
            && let Some(whole) = whole_of(lower, upper)
        {
            merged.truncate(merged.len() - 2);
            merged.push(whole);
        }
    }
    merged
}

/// The block whose two halves are `lower` and `upper`.
fn whole_of(lower: &Cidr, upper: &Cidr) -> Option<Cidr> {
    let length = lower.netmask_length();
    (length > 0 && lower.buddy() == *upper).then(|| lower.resized(length - 1))
}

/// The smallest list of blocks with the addresses of `from` that are not in `remove`, in order.
///
/// # Errors
/// Returns [`BlocksError::TooMany`].
pub fn subtract(
    from: impl IntoIterator<Item = Cidr>,
    remove: impl IntoIterator<Item = Cidr>,
) -> Result<Vec<Cidr>, BlocksError> {
    let remove = merge(remove);
    let mut rest = Vec::new();
    // Merged blocks are maximal, so the remainders of two of them never join again. The answer needs no merge.
    for block in merge(from) {
        rest.extend(holes_cut(block, &remove));
        if rest.len() > BLOCK_COUNT_MAX {
            return Err(BlocksError::TooMany { count: None });
        }
    }
    Ok(rest)
}

/// `block` without `holes`, which are disjoint and in order. Stops soon after [`BLOCK_COUNT_MAX`] blocks.
fn holes_cut(block: Cidr, holes: &[Cidr]) -> Vec<Cidr> {
    let begin = holes.partition_point(|hole| (hole.family(), hole.last()) < (block.family(), block.first()));
    let holes = holes[begin..].iter().take_while(|hole| hole.overlaps(&block));
    let mut rest = Vec::new();
    // First address that was not examined yet; `None` after the last address.
    let mut next = Some(block.first());
    for hole in holes {
        if let Some(first) = next
            && first < hole.first()
        {
            rest.extend(range_to_cidrs(block.family(), first, hole.first() - 1));
        }
        next = hole.last().checked_add(1);
        if rest.len() > BLOCK_COUNT_MAX {
            return rest;
        }
    }
    if let Some(first) = next {
        rest.extend(range_to_cidrs(block.family(), first, block.last()));
    }
    rest
}

/// The smallest list of blocks with exactly the addresses from `first` to `last`, in order; at most two for each
/// address bit. Empty when `first` is after `last`.
pub fn range_to_cidrs(family: Family, first: u128, last: u128) -> Vec<Cidr> {
    let mut blocks = Vec::new();
    let mut next = Some(first);
    while let Some(first) = next.filter(|first| *first <= last) {
        let block = largest_from(family, first, last);
        next = block.last().checked_add(1);
        blocks.push(block);
    }
    blocks
}

/// The largest block that begins at `first` and does not go beyond `last`.
fn largest_from(family: Family, first: u128, last: u128) -> Cidr {
    let mut block = Cidr::around(family, first, family.bits());
    while block.netmask_length() > 0 {
        let larger = block.resized(block.netmask_length() - 1);
        if larger.first() != first || larger.last() > last {
            break;
        }
        block = larger;
    }
    block
}

/// All blocks of `netmask_length` in `cidr`, in order.
///
/// # Errors
/// Returns [`BlocksError::BeyondFamily`], [`BlocksError::TooLarge`] or [`BlocksError::TooMany`].
pub fn split(cidr: Cidr, netmask_length: u8) -> Result<Vec<Cidr>, BlocksError> {
    let count = block_count(cidr, netmask_length)?;
    if count > BigUint::from(BLOCK_COUNT_MAX) {
        return Err(BlocksError::TooMany { count: Some(count) });
    }
    Ok(pieces(cidr, netmask_length))
}

/// `cidr` cut into blocks of `netmask_length`, or `cidr` itself when it is no larger than such a block.
fn pieces(cidr: Cidr, netmask_length: u8) -> Vec<Cidr> {
    let mut blocks = vec![cidr];
    for _ in cidr.netmask_length()..netmask_length {
        blocks = blocks.iter().filter_map(Cidr::halves).flat_map(|(lower, upper)| [lower, upper]).collect();
    }
    blocks
}

/// Number of blocks of `netmask_length` in `cidr`.
///
/// # Errors
/// Returns [`BlocksError::BeyondFamily`] or [`BlocksError::TooLarge`].
pub fn block_count(cidr: Cidr, netmask_length: u8) -> Result<BigUint, BlocksError> {
    let family = cidr.family();
    if netmask_length > family.bits() {
        return Err(BlocksError::BeyondFamily { netmask_length, family });
    }
    let more_bits =
        netmask_length.checked_sub(cidr.netmask_length()).ok_or(BlocksError::TooLarge { netmask_length })?;
    Ok(BigUint::from(1u8) << more_bits)
}

/// Disjoint blocks of these netmask lengths in `cidr`, in the order of the request. Each block is placed in the
/// smallest free block that is large enough. So a set of lengths that fits at all fits in any order, and a length that
/// is added at the end moves no other block.
///
/// # Errors
/// Returns [`BlocksError::BeyondFamily`], [`BlocksError::DoesNotFit`] or [`BlocksError::TooMany`].
pub fn split_into(cidr: Cidr, netmask_lengths: &[u8]) -> Result<Vec<Cidr>, BlocksError> {
    if netmask_lengths.len() > BLOCK_COUNT_MAX {
        return Err(BlocksError::TooMany { count: Some(netmask_lengths.len().into()) });
    }
    // Free blocks by netmask length. There is never more than one of a length: a block is split only when none of the
    // lengths that the split produces is free.
    let mut free = BTreeMap::from([(cidr.netmask_length(), cidr)]);
    let mut blocks = Vec::with_capacity(netmask_lengths.len());
    for (position, &netmask_length) in netmask_lengths.iter().enumerate() {
        if netmask_length > cidr.family().bits() {
            return Err(BlocksError::BeyondFamily { netmask_length, family: cidr.family() });
        }
        let smallest = free.range(..=netmask_length).next_back().map(|(length, _)| *length);
        let Some(mut block) = smallest.and_then(|length| free.remove(&length)) else {
            let left = free.values().map(Cidr::address_count).sum();
            return Err(BlocksError::DoesNotFit { position, netmask_length, left });
        };
        while let Some((lower, upper)) = block.halves().filter(|_| block.netmask_length() < netmask_length) {
            free.insert(upper.netmask_length(), upper);
            block = lower;
        }
        blocks.push(block);
    }
    Ok(blocks)
}

/// Names of the reverse DNS zones (`in-addr.arpa`, `ip6.arpa`; RFC 1035 §3.5, RFC 3596 §2.5) that together cover the
/// block, cut at the next octet or nibble boundary: four for a /22, at most 128. For a block that is too small for a
/// zone of its own (longer than /24 or /124), the result is the zone that contains it.
pub fn reverse_zones(cidr: Cidr) -> Vec<String> {
    let (label_bits, zone_length_max) = match cidr.family() {
        Family::Ipv4 => (8, ZONE_LENGTH_MAX_V4),
        Family::Ipv6 => (4, ZONE_LENGTH_MAX_V6),
    };
    let zone_length = cidr.netmask_length().next_multiple_of(label_bits).min(zone_length_max);
    let whole = cidr.resized(cidr.netmask_length().min(zone_length));
    pieces(whole, zone_length).iter().map(|zone| zone_name(zone, label_bits)).collect()
}

/// The labels of the block's netmask, last first, under the family's domain.
fn zone_name(zone: &Cidr, label_bits: u8) -> String {
    let family = zone.family();
    let mut name = String::new();
    for end in (label_bits..=zone.netmask_length()).step_by(usize::from(label_bits)).rev() {
        let label = (zone.first() >> (family.bits() - end)) & ((1 << label_bits) - 1);
        // Writing to a String cannot fail.
        let _ = match family {
            Family::Ipv4 => write!(name, "{label}."),
            Family::Ipv6 => write!(name, "{label:x}."),
        };
    }
    name.push_str(match family {
        Family::Ipv4 => "in-addr.arpa",
        Family::Ipv6 => "ip6.arpa",
    });
    name
}

/// The blocks that make up `whole` without `parts`, in order. Each part is inside `whole`, contains it, or shares no
/// address with it.
pub(in crate::ipam) fn rest(whole: &Cidr, parts: &[Cidr]) -> Vec<Cidr> {
    if parts.iter().any(|part| part.contains(whole)) {
        return Vec::new();
    }
    let inside: Vec<Cidr> = parts.iter().filter(|part| whole.contains(part)).copied().collect();
    match whole.halves() {
        Some((low, high)) if !inside.is_empty() => [rest(&low, &inside), rest(&high, &inside)].concat(),
        _ => vec![*whole],
    }
}

/// The blocks that make up `target` without `present`.
pub(in crate::ipam) fn growth_blocks(present: &Cidr, target: &Cidr) -> Vec<Cidr> {
    let mut blocks = Vec::new();
    let mut block = *present;
    while block != *target && block.netmask_length() > target.netmask_length() {
        blocks.push(block.buddy());
        block = block.resized(block.netmask_length() - 1);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn cidrs(texts: &[&str]) -> Vec<Cidr> {
        texts.iter().map(|text| cidr(text)).collect()
    }

    /// A block in 10.0.0.0/24 or 2001:db8::/120, at the same offset in both families.
    fn small_block(family: Family) -> impl Strategy<Value = Cidr> {
        let network = network(family);
        (0u128..256, 0u8..=8)
            .prop_map(move |(host, host_bits)| Cidr::around(family, network.first() + host, family.bits() - host_bits))
    }

    fn network(family: Family) -> Cidr {
        match family {
            Family::Ipv4 => cidr("10.0.0.0/24"),
            Family::Ipv6 => cidr("2001:db8::/120"),
        }
    }

    fn some_blocks() -> impl Strategy<Value = (Family, Vec<Cidr>, Vec<Cidr>)> {
        prop_oneof![Just(Family::Ipv4), Just(Family::Ipv6)].prop_flat_map(|family| {
            let blocks = || prop::collection::vec(small_block(family), 0..12);
            (Just(family), blocks(), blocks())
        })
    }

    /// The naive model: a set of blocks is a set of addresses.
    fn addresses(blocks: &[Cidr]) -> BTreeSet<u128> {
        blocks.iter().flat_map(|block| block.first()..=block.last()).collect()
    }

    /// The smallest list, found the slow way: every block of the network that is entirely in the set and whose parent
    /// is not.
    fn smallest_list(set: &BTreeSet<u128>, family: Family) -> Vec<Cidr> {
        let network = network(family);
        let whole = |block: &Cidr| (block.first()..=block.last()).all(|address| set.contains(&address));
        let all = (network.netmask_length()..=family.bits()).flat_map(|length| split(network, length).unwrap());
        let maximal = |block: &Cidr| *block == network || !whole(&block.resized(block.netmask_length() - 1));
        let mut list: Vec<_> = all.filter(|block| whole(block) && maximal(block)).collect();
        list.sort();
        list
    }

    proptest! {
        #[test]
        fn merged_blocks_are_the_smallest_list_of_the_same_addresses((family, blocks, _) in some_blocks()) {
            prop_assert_eq!(merge(blocks.clone()), smallest_list(&addresses(&blocks), family));
        }

        #[test]
        fn subtracting_leaves_exactly_the_other_addresses((family, from, remove) in some_blocks()) {
            let left = &addresses(&from) - &addresses(&remove);
            prop_assert_eq!(subtract(from, remove).unwrap(), smallest_list(&left, family));
        }

        #[test]
        fn range_is_covered_exactly_by_the_fewest_blocks(a in 0u128..256, b in 0u128..256) {
            for family in [Family::Ipv4, Family::Ipv6] {
                let (first, last) = (network(family).first() + a, network(family).first() + b);
                let set = (first..=last).collect();
                prop_assert_eq!(range_to_cidrs(family, first, last), smallest_list(&set, family));
            }
        }

        #[test]
        fn lengths_fit_in_any_order_whenever_their_sum_does(lengths in prop::collection::vec(24u8..=32, 1..16)) {
            let network = network(Family::Ipv4);
            let wanted: u128 = lengths.iter().map(|length| 1u128 << (32 - length)).sum();
            match split_into(network, &lengths) {
                Ok(blocks) => {
                    prop_assert!(blocks.iter().map(Cidr::netmask_length).eq(lengths.iter().copied()));
                    prop_assert!(blocks.iter().all(|block| network.contains(block)));
                    prop_assert_eq!(addresses(&blocks).len() as u128, wanted, "blocks overlap: {:?}", blocks);
                }
                Err(BlocksError::DoesNotFit { position, .. }) => {
                    prop_assert!(wanted > 256);
                    let before = split_into(network, &lengths[..position]);
                    prop_assert!(before.is_ok());
                }
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn length_added_at_the_end_moves_no_block(lengths in prop::collection::vec(26u8..=32, 1..5)) {
            let all = split_into(network(Family::Ipv4), &lengths);
            if let Ok(all) = all {
                let fewer = split_into(network(Family::Ipv4), &lengths[..lengths.len() - 1]).unwrap();
                prop_assert_eq!(&all[..all.len() - 1], &fewer);
            }
        }

        #[test]
        fn every_reverse_name_of_a_block_is_in_one_of_its_zones(block in small_block(Family::Ipv6), host: u128) {
            let host = Cidr::around(Family::Ipv6, block.first() + host % (block.last() - block.first() + 1), 128);
            let name = zone_name(&host, 4);
            let zones = reverse_zones(block);
            prop_assert_eq!(zones.iter().filter(|zone| name.ends_with(&format!(".{zone}"))).count(), 1);
        }
    }

    #[test]
    fn whole_address_space_is_exact() {
        let (v4, v6) = (cidr("0.0.0.0/0"), cidr("::/0"));
        assert_eq!(merge(cidrs(&["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"])), [v4, v6]);
        assert_eq!(range_to_cidrs(Family::Ipv4, 0, u128::from(u32::MAX)), [v4]);
        assert_eq!(range_to_cidrs(Family::Ipv6, 0, u128::MAX), [v6]);
        assert_eq!(subtract([v6], cidrs(&["::/1"])).unwrap(), cidrs(&["8000::/1"]));
        assert_eq!(subtract([v6], [v6]).unwrap(), []);
        assert_eq!(subtract([v6], [v4]).unwrap(), [v6]);
        let last = cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
        assert_eq!(subtract([v6], [last]).unwrap().len(), 128);
        assert_eq!(range_to_cidrs(Family::Ipv6, 1, u128::MAX - 1).len(), 254);
        assert_eq!(split_into(v6, &[1, 128, 2]).unwrap(), cidrs(&["::/1", "8000::/128", "c000::/2"]));
    }

    #[test]
    fn split_gives_every_block_in_order_and_no_more_than_65536() {
        let four = ["198.18.12.0/24", "198.18.13.0/24", "198.18.14.0/24", "198.18.15.0/24"];
        assert_eq!(split(cidr("198.18.12.0/22"), 24).unwrap(), cidrs(&four));
        assert_eq!(split(cidr("::1/128"), 128).unwrap(), cidrs(&["::1/128"]));
        assert_eq!(split(cidr("10.0.0.0/8"), 24).unwrap().len(), BLOCK_COUNT_MAX);
        let too_many = BlocksError::TooMany { count: Some(131_072u32.into()) };
        assert_eq!(split(cidr("10.0.0.0/8"), 25), Err(too_many));
        let too_many = BlocksError::TooMany { count: Some(BigUint::from(1u8) << 128) };
        assert_eq!(split(cidr("::/0"), 128), Err(too_many));
        assert_eq!(split(cidr("10.0.0.0/8"), 7), Err(BlocksError::TooLarge { netmask_length: 7 }));
        let beyond = BlocksError::BeyondFamily { netmask_length: 33, family: Family::Ipv4 };
        assert_eq!(split(cidr("10.0.0.0/8"), 33), Err(beyond));
    }

    #[test]
    fn length_that_does_not_fit_is_named_with_what_is_left() {
        let error = BlocksError::DoesNotFit { position: 2, netmask_length: 25, left: 64u8.into() };
        assert_eq!(split_into(cidr("10.0.0.0/24"), &[26, 25, 25]), Err(error));
        let error = BlocksError::DoesNotFit { position: 0, netmask_length: 8, left: 256u32.into() };
        assert_eq!(split_into(cidr("10.0.0.0/24"), &[8]), Err(error));
    }

    #[test]
    fn too_many_blocks_are_an_error_and_not_gigabytes() {
        let every_other = (0..=70_000u128).map(|position| Cidr::around(Family::Ipv6, position * 2, 128));
        assert_eq!(subtract([cidr("::/0")], every_other), Err(BlocksError::TooMany { count: None }));
    }

    #[test]
    fn reverse_zones_are_cut_at_the_next_label() {
        let check = |block: &str, zones: &[&str]| assert_eq!(reverse_zones(cidr(block)), zones, "{block}");
        check(
            "198.18.12.0/22",
            &["12.18.198.in-addr.arpa", "13.18.198.in-addr.arpa", "14.18.198.in-addr.arpa", "15.18.198.in-addr.arpa"],
        );
        check(
            "2001:db8:80::/42",
            &[
                "8.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                "9.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                "a.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                "b.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
            ],
        );
        check("10.0.0.0/8", &["10.in-addr.arpa"]);
        check("192.0.2.128/25", &["2.0.192.in-addr.arpa"]);
        check("192.0.2.1/32", &["2.0.192.in-addr.arpa"]);
        check("0.0.0.0/0", &["in-addr.arpa"]);
        check("::/0", &["ip6.arpa"]);
        check(
            "::/1",
            &[
                "0.ip6.arpa",
                "1.ip6.arpa",
                "2.ip6.arpa",
                "3.ip6.arpa",
                "4.ip6.arpa",
                "5.ip6.arpa",
                "6.ip6.arpa",
                "7.ip6.arpa",
            ],
        );
        assert_eq!(reverse_zones(cidr("128.0.0.0/1")).len(), 128);
        assert_eq!(reverse_zones(cidr("2001:db8::1/128")), reverse_zones(cidr("2001:db8::/124")));
        assert_eq!(reverse_zones(cidr("2001:db8::/124")), [format!("{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(23))]);
    }
}
