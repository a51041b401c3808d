//! Free space of a pool as buddy blocks: inside each provisioned CIDR, the free space is stored as the smallest
//! possible number of aligned blocks. Blocks of two provisioned CIDRs never merge, so that each CIDR can be removed.

use crate::ipam::space::blocks;
use crate::ipam::storage::codec::{self, BlockEntry};
use crate::ipam::storage::keys;
use crate::ipam::{Cidr, Family, Result};
use crate::store::{Order, Snapshot, Tx};

/// The provisioned CIDR that contains `block`.
pub(in crate::ipam) fn provisioned_around(
    snapshot: &mut dyn Snapshot,
    pool_id: &str,
    block: &Cidr,
) -> Result<Option<BlockEntry>> {
    let entries = entries_over(snapshot, &keys::provisioned_of(pool_id), block, 1)?;
    Ok(entries.into_iter().find(|entry| entry.cidr.contains(block)))
}

/// Entries of an index by address (disjoint blocks under `prefix`) that share addresses with `block`, lowest first.
/// Returns about `limit` of them.
pub(in crate::ipam) fn entries_over(
    snapshot: &mut dyn Snapshot,
    prefix: &str,
    block: &Cidr,
    limit: usize,
) -> Result<Vec<BlockEntry>> {
    let first = format!("{prefix}{}", keys::address(block.family(), block.first()));
    let (_, end) = keys::under(&format!("{prefix}{}", keys::address(block.family(), block.last())));
    let mut entries = snapshot.scan(prefix..&first, Order::Descending, 1)?;
    entries.extend(snapshot.scan(&first..&end, Order::Ascending, limit)?);
    let mut found = Vec::with_capacity(entries.len());
    for (key, bytes) in &entries {
        let entry: BlockEntry = codec::decode(key, bytes)?;
        if entry.cidr.overlaps(block) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Checks that the entries which were found and reclaimed a moment ago are not found again. A damaged index would
/// otherwise cause an endless loop.
pub(in crate::ipam) fn require_change(last: &mut Vec<BlockEntry>, entries: &[BlockEntry]) -> Result<()> {
    if let Some(entry) = entries.first().filter(|_| last == entries) {
        return Err(codec::corrupt(&entry.id, "a damaged record: its block was released, but is still listed"));
    }
    *last = entries.to_vec();
    Ok(())
}

/// The free block that contains `block`, if `block` is entirely free. `within` is the provisioned CIDR around it.
pub(in crate::ipam) fn enclosing(
    snapshot: &mut dyn Snapshot,
    pool_id: &str,
    block: &Cidr,
    within: &Cidr,
) -> Result<Option<Cidr>> {
    for netmask_length in (within.netmask_length()..=block.netmask_length()).rev() {
        let candidate = block.resized(netmask_length);
        if snapshot.get(&keys::free(pool_id, &candidate))?.is_some() {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// Removes `block` from the free space, and splits the free block around it.
///
/// # Errors
/// Returns [`crate::store::Error::Corrupt`] when `block` is not free. Callers make sure that it is.
pub(in crate::ipam) fn take(tx: &mut dyn Tx, pool_id: &str, block: &Cidr, within: &Cidr) -> Result<()> {
    let Some(mut free) = enclosing(tx, pool_id, block, within)? else {
        return Err(codec::corrupt(&keys::free(pool_id, block), "the block to take is not free"));
    };
    tx.delete(&keys::free(pool_id, &free))?;
    while free != *block {
        let half = block.resized(free.netmask_length() + 1);
        tx.put(&keys::free(pool_id, &half.buddy()), Vec::new())?;
        free = half;
    }
    Ok(())
}

/// Returns `block` to the free space and merges it with its free buddies, never beyond `within`.
pub(in crate::ipam) fn give(tx: &mut dyn Tx, pool_id: &str, block: &Cidr, within: &Cidr) -> Result<()> {
    let mut block = *block;
    while block != *within {
        let buddy = keys::free(pool_id, &block.buddy());
        if tx.get(&buddy)?.is_none() {
            break;
        }
        tx.delete(&buddy)?;
        block = block.resized(block.netmask_length() - 1);
    }
    Ok(tx.put(&keys::free(pool_id, &block), Vec::new())?)
}

/// Replaces the provisioned blocks `old` by `new`: several blocks by one that they make up, or one block by several.
///
/// # Errors
/// Returns [`crate::store::Error::Corrupt`] when a part of `old` that is not in `new` is not free. Callers make sure
/// that it is, and that no allocation crosses a boundary of the blocks in `new`.
pub(in crate::ipam) fn regroup(tx: &mut dyn Tx, pool_id: &str, old: &[Cidr], new: &[Cidr]) -> Result<()> {
    let within = |whole: &Cidr, parts: &[Cidr]| -> Vec<Cidr> {
        parts.iter().filter(|part| *part != whole && whole.contains(part)).copied().collect()
    };
    for whole in old.iter().filter(|whole| !new.iter().any(|block| block.contains(whole))) {
        let parts = within(whole, new);
        for block in blocks::rest(whole, &parts) {
            take(tx, pool_id, &block, whole)?;
        }
        for part in parts {
            if enclosing(tx, pool_id, &part, whole)?.is_some() {
                take(tx, pool_id, &part, whole)?;
                tx.put(&keys::free(pool_id, &part), Vec::new())?;
            }
        }
    }
    for whole in new {
        let mut free = Vec::new();
        for block in within(whole, old) {
            if tx.get(&keys::free(pool_id, &block))?.is_some() {
                tx.delete(&keys::free(pool_id, &block))?;
                free.push(block);
            }
        }
        for block in free {
            give(tx, pool_id, &block, whole)?;
        }
    }
    Ok(())
}

/// Whether all addresses of `target` outside of `present` are free. `present` itself is taken.
pub(in crate::ipam) fn can_grow(
    snapshot: &mut dyn Snapshot,
    pool_id: &str,
    present: &Cidr,
    target: &Cidr,
) -> Result<bool> {
    if !target.contains(present) {
        return Ok(false);
    }
    let mut block = *present;
    while block != *target {
        if snapshot.get(&keys::free(pool_id, &block.buddy()))?.is_none() {
            return Ok(false);
        }
        block = block.resized(block.netmask_length() - 1);
    }
    Ok(true)
}

/// Largest free block; the lowest one if there are several.
pub(in crate::ipam) fn largest(snapshot: &mut dyn Snapshot, pool_id: &str, family: Family) -> Result<Option<Cidr>> {
    let all = keys::under(&keys::free_of(pool_id));
    let highest = snapshot.scan(keys::range(&all), Order::Descending, 1)?;
    let Some(block) = highest.first().and_then(|(key, _)| keys::free_block(key, family)) else { return Ok(None) };
    let level = keys::under(&keys::free_level(pool_id, block.host_bits()));
    let lowest = snapshot.scan(keys::range(&level), Order::Ascending, 1)?;
    Ok(lowest.first().and_then(|(key, _)| keys::free_block(key, family)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::Map;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn free_blocks(map: &mut Map) -> Vec<String> {
        let all = keys::under(&keys::free_of("p"));
        let entries = map.scan(keys::range(&all), Order::Ascending, usize::MAX).unwrap();
        entries.iter().map(|(key, _)| keys::free_block(key, Family::Ipv4).unwrap().to_string()).collect()
    }

    #[test]
    fn taking_splits_and_returning_merges_back_to_the_whole() {
        let mut map = Map::default();
        let whole = cidr("10.0.0.0/24");
        give(&mut map, "p", &whole, &whole).unwrap();
        take(&mut map, "p", &cidr("10.0.0.128/26"), &whole).unwrap();
        assert_eq!(free_blocks(&mut map), ["10.0.0.192/26", "10.0.0.0/25"]);
        take(&mut map, "p", &cidr("10.0.0.0/32"), &whole).unwrap();
        assert_eq!(free_blocks(&mut map).len(), 8);
        give(&mut map, "p", &cidr("10.0.0.128/26"), &whole).unwrap();
        give(&mut map, "p", &cidr("10.0.0.0/32"), &whole).unwrap();
        assert_eq!(free_blocks(&mut map), ["10.0.0.0/24"]);
    }

    #[test]
    fn adjacent_provisioned_cidrs_do_not_merge() {
        let mut map = Map::default();
        for half in ["10.0.0.0/25", "10.0.0.128/25"].map(cidr) {
            give(&mut map, "p", &half, &half).unwrap();
        }
        assert_eq!(free_blocks(&mut map), ["10.0.0.0/25", "10.0.0.128/25"]);
    }

    #[test]
    fn whole_address_spaces_and_single_addresses_work() {
        for (whole, single) in [("0.0.0.0/0", "255.255.255.255/32"), ("::/0", "ffff::1/128")] {
            let (whole, single) = (cidr(whole), cidr(single));
            let mut map = Map::default();
            give(&mut map, "p", &whole, &whole).unwrap();
            take(&mut map, "p", &single, &whole).unwrap();
            assert_eq!(map.len(), usize::from(whole.family().bits()));
            assert!(can_grow(&mut map, "p", &single, &whole).unwrap());
            give(&mut map, "p", &single, &whole).unwrap();
            assert_eq!(map.len(), 1);
            take(&mut map, "p", &whole, &whole).unwrap();
            assert_eq!(map.len(), 0);
        }
    }

    #[test]
    fn largest_free_block_is_the_lowest_of_equals() {
        let mut map = Map::default();
        let whole = cidr("10.0.0.0/22");
        give(&mut map, "p", &whole, &whole).unwrap();
        take(&mut map, "p", &cidr("10.0.1.0/24"), &whole).unwrap();
        take(&mut map, "p", &cidr("10.0.3.0/24"), &whole).unwrap();
        assert_eq!(largest(&mut map, "p", Family::Ipv4).unwrap(), Some(cidr("10.0.0.0/24")));
        assert!(!can_grow(&mut map, "p", &cidr("10.0.1.0/24"), &whole).unwrap());
        assert!(can_grow(&mut map, "p", &cidr("10.0.1.0/24"), &cidr("10.0.0.0/23")).unwrap());
    }
}
