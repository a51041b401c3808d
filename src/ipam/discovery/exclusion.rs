//! The blocks that allocations by size avoid: VPCs and other networks that were seen by a discovery with `avoided`.
//!
//! `avoiding/<scope>/<block>/<whose>` is one entry for each such sighting. `avoided/<scope>/<family>/<first address>`
//! is one entry for each distinct block that no other of these blocks contains. So the `avoided` entries of a scope are
//! disjoint, and one read shows whether a block shares addresses with any of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::stored::Sighted;
use crate::ipam::space::blocks;
use crate::ipam::storage::{codec, discovery_keys, keys};
use crate::ipam::{Cidr, Error, Family, Pool, Reader, Result, SeenThere};
use crate::store::{Order, Snapshot, Tx};

/// Entries read at a time.
const PAGE: usize = 256;
/// Number of sightings that an error names.
const NAMED: usize = 5;

/// An avoided block that no other avoided block contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ipam) struct Avoided {
    pub(in crate::ipam) cidr: Cidr,
}

impl Avoided {
    /// Whether allocations avoid any block of this family. One read.
    pub(in crate::ipam) fn any(snapshot: &mut dyn Snapshot, scope_id: &str, family: Family) -> Result<bool> {
        let range = keys::under(&discovery_keys::avoided_of(scope_id, family));
        Ok(!snapshot.scan(keys::range(&range), Order::Ascending, 1)?.is_empty())
    }

    /// The outermost avoided block that shares addresses with `block`; the highest one if there are several. One read.
    pub(in crate::ipam) fn over(snapshot: &mut dyn Snapshot, scope_id: &str, block: &Cidr) -> Result<Option<Cidr>> {
        let start = discovery_keys::avoided_of(scope_id, block.family());
        let end = keys::after(&format!("{start}{}", keys::address(block.family(), block.last())));
        // The blocks are disjoint: if any block shares addresses, it is the last one that begins before the end of
        // `block`.
        let found = snapshot.scan(&start..&end, Order::Descending, 1)?;
        let Some((key, bytes)) = found.first() else { return Ok(None) };
        let avoided: Self = codec::decode(key, bytes)?;
        if discovery_keys::avoided(scope_id, &avoided.cidr) != *key {
            return Err(codec::corrupt(key, "a damaged record: it contains another block"));
        }
        Ok(Some(avoided.cidr).filter(|cidr| cidr.overlaps(block)))
    }
}

/// The blocks that no other of these blocks contains.
pub(in crate::ipam) fn outermost(blocks: impl IntoIterator<Item = Cidr>) -> Vec<Cidr> {
    let sorted: BTreeSet<Cidr> = blocks.into_iter().collect();
    let mut outermost: Vec<Cidr> = Vec::new();
    for block in sorted {
        if !outermost.last().is_some_and(|last| last.contains(&block)) {
            outermost.push(block);
        }
    }
    outermost
}

/// Adds an avoided block; the entry of its sighting exists already.
pub(super) fn cover(tx: &mut dyn Tx, scope_id: &str, block: &Cidr) -> Result<()> {
    // A block that contains this one begins before it or with it. Otherwise all blocks that share addresses with it are
    // inside it.
    while let Some(other) = Avoided::over(tx, scope_id, block)? {
        if other.contains(block) {
            return Ok(());
        }
        tx.delete(&discovery_keys::avoided(scope_id, &other))?;
    }
    put(tx, scope_id, block)
}

fn put(tx: &mut dyn Tx, scope_id: &str, block: &Cidr) -> Result<()> {
    Ok(tx.put(&discovery_keys::avoided(scope_id, block), codec::encode(&Avoided { cidr: *block })?)?)
}

/// Removes an avoided block; the entry of its sighting is gone already. Blocks that it contained may become outermost.
pub(super) fn uncover(tx: &mut dyn Tx, scope_id: &str, block: &Cidr) -> Result<()> {
    let key = discovery_keys::avoided(scope_id, block);
    let is_outermost = codec::read::<Avoided>(tx, &key)?.is_some_and(|found| found.cidr == *block);
    let same = keys::under(&discovery_keys::avoiding_at(scope_id, block));
    if !is_outermost || !tx.scan(keys::range(&same), Order::Ascending, 1)?.is_empty() {
        return Ok(());
    }
    tx.delete(&key)?;
    let at = |first: u128| discovery_keys::avoiding_from(scope_id, block.family(), first);
    let (mut start, end) = (at(block.first()), format!("{}\u{7f}", at(block.last())));
    loop {
        let page = tx.scan(&start..&end, Order::Ascending, PAGE)?;
        let mut last: Option<Cidr> = None;
        for (key, _) in &page {
            let found = block_in(key)?;
            if !last.is_some_and(|last| last.contains(&found)) {
                put(tx, scope_id, &found)?;
                last = Some(found);
            }
        }
        match last {
            // Blocks inside the last one are skipped.
            Some(last) if page.len() == PAGE && last.last() < block.last() => {
                // The position never moves back, even when keys are damaged.
                start = at(last.last() + 1).max(page.last().map(|(key, _)| keys::after(key)).unwrap_or_default());
            }
            _ => return Ok(()),
        }
    }
}

impl Avoided {
    /// A few of the sightings behind the outermost block `avoided` that are in the way of `block`.
    pub(super) fn sightings(
        snapshot: &mut dyn Snapshot,
        scope_id: &str,
        avoided: &Cidr,
        block: &Cidr,
        limit: usize,
    ) -> Result<Vec<Sighted>> {
        let (start, end) = if avoided.contains(block) {
            keys::under(&discovery_keys::avoiding_at(scope_id, avoided))
        } else {
            (
                discovery_keys::avoiding_from(scope_id, block.family(), block.first()),
                discovery_keys::avoiding_from(scope_id, block.family(), block.last()) + "\u{7f}",
            )
        };
        let mut found = Vec::new();
        for (key, _) in snapshot.scan(&start..&end, Order::Ascending, limit)? {
            found.push(Sighted::of_index(snapshot, &key)?);
        }
        Ok(found)
    }
}

impl Reader<'_> {
    /// A few of the sightings because of which allocations of a pool avoid a block.
    pub(in crate::ipam) fn seen_there(&mut self, pool: &Pool, block: &Cidr) -> Result<Vec<SeenThere>> {
        let found = Avoided::because(self.snapshot, pool, block, NAMED)?;
        Ok(found
            .into_iter()
            .filter_map(|sighted| {
                let (account_id, region, cidr) = (sighted.account_id, sighted.region, sighted.resource.cidr?);
                Some(SeenThere { resource_id: sighted.resource.resource_id, cidr, account_id, region })
            })
            .collect())
    }

    /// Whether the space that an allocation of a pool would gain, when it grows from `present` to `target`, has a block
    /// that allocations avoid.
    pub(in crate::ipam) fn grows_over_seen(&mut self, pool: &Pool, present: &Cidr, target: &Cidr) -> Result<bool> {
        if Avoided::over(self.snapshot, &pool.scope_id, target)?.is_none() {
            return Ok(false);
        }
        for beside in blocks::growth_blocks(present, target) {
            if Avoided::off(self.snapshot, pool, &beside, &beside)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The block of an entry of an index by address.
pub(super) fn block_in(key: &str) -> Result<Cidr> {
    let block = discovery_keys::block_in_index(key);
    block.ok_or_else(|| -> Error { codec::corrupt(key, "there is no block in it") })
}
