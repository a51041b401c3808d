//! Merges and splits blocks of a pool in place. The allocations in them stay.

use std::collections::BTreeSet;

use crate::ipam::holds::standing::{NAMED_IN_ERRORS, occupant};
use crate::ipam::operations::pool_cidr;
use crate::ipam::space::{blocks, free};
use crate::ipam::storage::{codec, index, keys};
use crate::ipam::{
    Allocation, Cidr, Error, Kind, Ledger, Occupant, Pool, PoolCidr, Provision, Reader, ResourceType, Result, Size,
    State,
};

/// Several blocks that become one, or one block that becomes several.
#[derive(Clone, Debug)]
pub(in crate::ipam) struct Regroup {
    /// The present blocks.
    pub(in crate::ipam) from: Vec<PoolCidr>,
    /// The blocks after the change.
    pub(in crate::ipam) to: Vec<Cidr>,
}

impl Regroup {
    /// The parts of the one future block that are not in the present blocks.
    pub(in crate::ipam) fn gaps(&self) -> Vec<Cidr> {
        let from: Vec<Cidr> = self.from.iter().map(|found| found.cidr).collect();
        self.to.iter().flat_map(|whole| blocks::rest(whole, &from)).collect()
    }

    /// The parts of the one present block that are not in the future blocks.
    fn leftovers(&self) -> Vec<Cidr> {
        self.from.iter().flat_map(|whole| blocks::rest(&whole.cidr, &self.to)).collect()
    }

    /// Whether one block becomes several.
    pub(in crate::ipam) const fn is_split(&self) -> bool {
        self.from.len() == 1
    }
}

/// The changes of the blocks of a pool that a new declaration requires.
#[derive(Clone, Debug, Default)]
pub(in crate::ipam) struct Moves {
    pub(in crate::ipam) added: Vec<Size>,
    pub(in crate::ipam) removed: Vec<PoolCidr>,
    /// Blocks that grow or shrink in place.
    pub(in crate::ipam) resized: Vec<(PoolCidr, Cidr)>,
    /// Blocks that are merged or split in place.
    pub(in crate::ipam) regrouped: Vec<Regroup>,
    /// Blocks that an earlier plan of a change holds.
    pub(super) pending: Vec<PoolCidr>,
    /// Blocks that a plan of another owner holds, in space that only that owner can use.
    pub(super) unusable: Vec<PoolCidr>,
    /// Allocations in the source pool whose growth an earlier plan holds and this plan does not need.
    pub(super) overgrown: Vec<Allocation>,
}

impl Moves {
    /// The blocks after the change, except those whose position is not known yet.
    pub(super) fn result(&self, present: &BTreeSet<Cidr>) -> BTreeSet<Cidr> {
        let mut blocks = present.clone();
        for removed in &self.removed {
            blocks.remove(&removed.cidr);
        }
        for (from, to) in &self.resized {
            blocks.remove(&from.cidr);
            blocks.insert(*to);
        }
        for Regroup { from, to } in &self.regrouped {
            blocks.retain(|block| from.iter().all(|found| found.cidr != *block));
            blocks.extend(to);
        }
        blocks
    }

    /// The blocks that an earlier plan holds and that this change does not use.
    pub(super) fn unwanted(&self) -> impl Iterator<Item = &PoolCidr> {
        self.pending.iter().chain(&self.unusable)
    }

    /// Takes the hold for one added block from the holds of an earlier plan.
    pub(in crate::ipam) fn take_pending(&mut self, size: Size) -> Option<PoolCidr> {
        let found = self.pending.iter().position(|held| match size {
            Size::Cidr(cidr) => held.cidr == cidr,
            Size::NetmaskLength(length) => held.cidr.netmask_length() == length,
            Size::Default => false,
        })?;
        Some(self.pending.remove(found))
    }
}

/// Sorts the changes of a declaration into blocks that are added, removed, resized, merged and split.
pub(in crate::ipam) fn sort(moves: &mut Moves, added: &[Cidr]) {
    let mut splits: Vec<Regroup> = Vec::new();
    for block in added {
        let (inside, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut moves.removed).into_iter().partition(|found| block.contains(&found.cidr));
        moves.removed = others;
        match <[PoolCidr; 1]>::try_from(inside) {
            Ok([only]) => moves.resized.push((only, *block)),
            Err(several) if !several.is_empty() => {
                moves.regrouped.push(Regroup { from: several, to: vec![*block] });
            }
            Err(_) => {
                let around = |found: &PoolCidr| found.cidr.contains(block);
                if let Some(split) = splits.iter_mut().find(|split| split.from.iter().any(around)) {
                    split.to.push(*block);
                } else if let Some(index) = moves.removed.iter().position(around) {
                    splits.push(Regroup { from: vec![moves.removed.remove(index)], to: vec![*block] });
                } else {
                    moves.added.push(Size::Cidr(*block));
                }
            }
        }
    }
    for mut split in splits {
        match (split.from.pop(), &split.to[..]) {
            (Some(only), [part]) => moves.resized.push((only, *part)),
            (from, _) => moves.regrouped.push(Regroup { from: from.into_iter().collect(), to: split.to }),
        }
    }
}

impl Reader<'_> {
    /// Searches for objects that prevent a pool from having other blocks: objects that are allocated in space that the
    /// pool loses, and objects that cross a boundary between the blocks into which one is split. `goes` decides whether
    /// an object will be gone before the change is carried out, from its id (for a pool below, that of the pool) and whether
    /// it belongs to this owner. Holds that no other plan relies on are not in the way.
    ///
    /// # Errors
    /// Returns [`Error::InUse`], [`Error::Across`] or [`Error::NotFound`].
    pub fn in_the_way(&mut self, id: &str, provision: &Provision, goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        let pool: Pool = codec::require(self.snapshot, id)?;
        let Some(moves) = self.moves(&pool, provision)? else { return Ok(()) };
        for removed in &moves.removed {
            self.require_vacant(&pool, removed, &[removed.cidr], goes)?;
        }
        for (from, to) in moves.resized.iter().filter(|(from, to)| from.cidr.contains(to)) {
            self.require_vacant(&pool, from, &blocks::rest(&from.cidr, &[*to]), goes)?;
        }
        for split in moves.regrouped.iter().filter(|regroup| regroup.is_split()) {
            for from in &split.from {
                self.require_vacant(&pool, from, &split.leftovers(), goes)?;
                self.require_apart(&pool, &from.cidr, &split.to, goes)?;
            }
        }
        Ok(())
    }

    /// Checks that no object that counts is allocated in `blocks` of a pool CIDR.
    fn require_vacant(
        &mut self,
        pool: &Pool,
        pool_cidr: &PoolCidr,
        blocks: &[Cidr],
        goes: &dyn Fn(&str, bool) -> bool,
    ) -> Result<()> {
        for block in blocks {
            let (contents, more) = self.contents_but(pool, block, goes)?;
            if !contents.is_empty() {
                let (id, name) = (pool_cidr.meta.id.clone(), pool_cidr.meta.name.clone());
                return Err(Error::InUse { kind: Kind::PoolCidr, id, name, contents, more });
            }
        }
        Ok(())
    }

    /// Checks that no object that counts crosses a boundary between the parts of a block.
    fn require_apart(
        &mut self,
        pool: &Pool,
        block: &Cidr,
        parts: &[Cidr],
        goes: &dyn Fn(&str, bool) -> bool,
    ) -> Result<()> {
        let mut contents: Vec<Occupant> = Vec::new();
        let mut more = 0;
        for allocation in self.across(pool, parts)? {
            let id = allocation.resource_id.as_ref().unwrap_or(&allocation.meta.id);
            let is_told = contents.iter().any(|told| told.id == *id);
            if is_told
                || goes(id, allocation.meta.owner == self.env.actor.owner)
                || !self.counts_across(&allocation, parts)?
            {
                continue;
            }
            if contents.len() < NAMED_IN_ERRORS {
                contents.push(occupant(self.snapshot, &allocation)?);
            } else {
                more += 1;
            }
        }
        if contents.is_empty() { Ok(()) } else { Err(Error::Across { cidr: *block, contents, more }) }
    }

    /// Allocations that cross a boundary between `parts`, their planned growth included. An allocation that crosses
    /// several parts is listed as often.
    fn across(&mut self, pool: &Pool, parts: &[Cidr]) -> Result<Vec<Allocation>> {
        let mut found = Vec::new();
        for part in parts {
            // Allocations are disjoint, so an allocation that contains the whole part is the only one there.
            let entries = free::entries_over(self.snapshot, &keys::at_of(&pool.meta.id), part, 1)?;
            if let Some(entry) = entries.into_iter().find(|entry| holds_more(&entry.cidr, part)) {
                found.push(codec::expect(self.snapshot, &entry.id)?);
            }
        }
        Ok(found)
    }

    fn counts_across(&mut self, allocation: &Allocation, parts: &[Cidr]) -> Result<bool> {
        if !parts.iter().any(|part| holds_more(&allocation.cidr, part)) {
            // Only the planned growth of this allocation crosses the boundary.
            return Ok(self.is_growth_kept(allocation));
        }
        match allocation.resource_type {
            ResourceType::IpamPool => Ok(!self.is_spent_below(allocation)?),
            _ => Ok(!self.is_spent(&allocation.meta)),
        }
    }
}

fn holds_more(block: &Cidr, part: &Cidr) -> bool {
    block != part && block.contains(part)
}

impl Ledger<'_> {
    /// Checks that the blocks to be merged can be one block: in a source pool, the result must be inside one
    /// provisioned CIDR.
    ///
    /// # Errors
    /// Returns [`Error::OutsidePool`].
    pub(in crate::ipam) fn check_regroup(&mut self, pool: &Pool, regroup: &Regroup) -> Result<()> {
        let Some(source_id) = &pool.source_pool_id else { return Ok(()) };
        let source: Pool = codec::expect(self.tx, source_id)?;
        for block in &regroup.to {
            if free::provisioned_around(self.tx, source_id, block)?.is_none() {
                return Err(self.outside(&source, block)?);
            }
        }
        Ok(())
    }

    /// Merges or splits blocks of a pool. `gaps` are the blocks to be merged in addition to `regroup.from`.
    ///
    /// # Errors
    /// Returns [`Error::InUse`], [`Error::Across`] or [`Error::OutsidePool`].
    pub(in crate::ipam) fn regroup(&mut self, pool: &Pool, regroup: &Regroup, gaps: &[PoolCidr]) -> Result<()> {
        self.check_regroup(pool, regroup)?;
        if let ([whole], true) = (&regroup.from[..], regroup.is_split()) {
            self.vacate(pool, whole, &regroup.leftovers())?;
            self.separate(pool, &whole.cidr, &regroup.to)?;
        }
        let mut from = regroup.from.clone();
        from.extend_from_slice(gaps);
        let Some(first) = from.first().cloned() else { return Ok(()) };
        let mut to = Vec::new();
        for (index, block) in regroup.to.iter().enumerate() {
            let mut after = PoolCidr { cidr: *block, ..first.clone() };
            after.meta.name = block.to_string();
            after.meta.updated_at = self.env.now;
            if index > 0 {
                after.meta.id = self.new_id(Kind::PoolCidr)?;
                after.meta.created_at = self.env.now;
            }
            to.push(after);
        }
        self.regroup_sources(pool, &from, &mut to)?;
        index::regroup_pool_cidrs(self.tx, pool, &from, &to)
    }

    /// The same for the allocations that stand for the blocks in the source pool.
    fn regroup_sources(&mut self, pool: &Pool, from: &[PoolCidr], to: &mut [PoolCidr]) -> Result<()> {
        let mut sources = Vec::new();
        for id in from.iter().filter_map(|found| found.source_allocation_id.as_ref()) {
            sources.push(codec::expect::<Allocation>(self.tx, id)?);
        }
        let Some(first) = sources.first().cloned() else { return Ok(()) };
        for source in &sources {
            index::remove_allocation(self.tx, source)?;
        }
        for (index, pool_cidr) in to.iter_mut().enumerate() {
            let block = pool_cidr.cidr;
            let mut after = Allocation { cidr: block, size: Size::Cidr(block), growth: None, ..first.clone() };
            after.meta.name = pool_cidr::source_name(&pool.meta.name, &block);
            after.meta.updated_at = self.env.now;
            if index > 0 {
                after.meta.id = self.new_id(Kind::Allocation)?;
                after.meta.created_at = self.env.now;
            }
            index::write_allocation(self.tx, None, Some(&after))?;
            pool_cidr.source_allocation_id = Some(after.meta.id);
        }
        Ok(())
    }

    /// Makes sure that no object crosses a boundary between the parts of a block, and drops holds that no other plan
    /// relies on.
    fn separate(&mut self, pool: &Pool, block: &Cidr, parts: &[Cidr]) -> Result<()> {
        self.reader().require_apart(pool, block, parts, &|_, _| false)?;
        for part in parts {
            let mut last = Vec::new();
            loop {
                let entries = free::entries_over(self.tx, &keys::at_of(&pool.meta.id), part, 1)?;
                let Some(entry) = entries.first().filter(|entry| holds_more(&entry.cidr, part)) else { break };
                free::require_change(&mut last, &entries)?;
                let allocation: Allocation = codec::expect(self.tx, &entry.id)?;
                self.drop_leftover(&allocation)?;
            }
        }
        Ok(())
    }

    /// Provisions the space that a merge needs in addition to the present blocks, unless an earlier plan holds it
    /// already.
    pub(in crate::ipam) fn fill_gaps(
        &mut self,
        pool: &Pool,
        regroup: &Regroup,
        moves: &mut Moves,
    ) -> Result<Vec<PoolCidr>> {
        let mut filled = Vec::new();
        for gap in regroup.gaps() {
            filled.push(match moves.take_pending(Size::Cidr(gap)) {
                Some(held) => self.activate_pool_cidr(pool, &held)?,
                None => self.provision(
                    pool,
                    None,
                    Size::Cidr(gap),
                    &crate::ipam::operations::context::Birth::Active { id: None },
                )?,
            });
        }
        debug_assert!(regroup.from.iter().all(|found| found.meta.state == State::Active));
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::testing::{cidr, cidrs};

    #[test]
    fn the_rest_without_parts_is_the_fewest_blocks() {
        for (whole, parts, expected) in [
            ("10.0.0.0/24", &[][..], &["10.0.0.0/24"][..]),
            ("10.0.0.0/24", &["10.0.0.0/24"], &[]),
            ("10.0.0.0/24", &["10.0.0.0/8"], &[]),
            ("10.0.0.0/24", &["10.0.1.0/24"], &["10.0.0.0/24"]),
            ("10.0.0.0/24", &["10.0.0.0/25", "10.0.0.128/25"], &[]),
            ("10.0.0.0/24", &["10.0.0.64/26"], &["10.0.0.0/26", "10.0.0.128/25"]),
            ("10.0.0.0/32", &[], &["10.0.0.0/32"]),
            ("::/0", &["8000::/1"], &["::/1"]),
        ] {
            let parts: Vec<Cidr> = cidrs(parts).into_iter().collect();
            let expected: Vec<Cidr> = cidrs(expected).into_iter().collect();
            assert_eq!(blocks::rest(&cidr(whole), &parts), expected, "{whole} without {parts:?}");
        }
    }
}
