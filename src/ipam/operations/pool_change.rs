//! Changing a pool: its rules, its name, and the blocks of its own declaration.

use std::collections::BTreeSet;

use super::regroup::Moves;
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::{self, Birth};
use crate::ipam::operations::pool_cidr;
use crate::ipam::operations::pool_rules::{check_auto_import, check_provision, check_rules};
use crate::ipam::operations::regroup::{self, Regroup};
use crate::ipam::space::{blocks, free};
use crate::ipam::storage::{codec, index, names};
use crate::ipam::{
    Allocation, Cidr, Error, Growth, Kind, Ledger, Pool, PoolChange, PoolCidr, Provision, Reader, Result, Size, State,
    Terms,
};

fn applied(pool: &Pool, change: &PoolChange, cidrs: BTreeSet<Cidr>) -> Pool {
    let mut after = pool.clone();
    after.meta.name.clone_from(&change.name);
    after.description.clone_from(&change.description);
    after.rules.clone_from(&change.rules);
    after.strategy = change.strategy;
    after.tags.clone_from(&change.tags);
    after.provision.clone_from(&change.provision);
    after.special.auto_import = change.auto_import;
    if change.locale.is_some() {
        after.locale.clone_from(&change.locale);
    }
    after.cidrs = cidrs;
    after.declaring = None;
    after
}

impl Reader<'_> {
    /// The answer of [`Ledger::plan_pool_change`] when no write is needed for it, because no block is added or grows;
    /// `None` otherwise.
    pub fn find_pool_change(&mut self, id: &str, change: &PoolChange) -> Result<Option<Pool>> {
        let pool = self.check_change(id, change)?;
        let Some(moves) = self.moves(&pool, &change.provision)? else { return Ok(None) };
        let shrinks = moves.resized.iter().all(|(from, to)| from.cidr.contains(to));
        let leftovers = moves.unwanted().next().is_some() || !moves.overgrown.is_empty();
        let cut = moves.regrouped.iter().all(Regroup::is_split);
        let quiet = moves.added.is_empty() && !leftovers && shrinks && cut && pool.declaring.is_none();
        Ok(quiet.then(|| applied(&pool, change, moves.result(&pool.cidrs))))
    }

    fn check_change(&mut self, id: &str, change: &PoolChange) -> Result<Pool> {
        let found: Option<Pool> = codec::live(self.snapshot, id)?;
        let Some(pool) = found.filter(|pool| pool.meta.state == State::Active) else {
            return Err(Error::NotFound { kind: Kind::Pool, id: id.to_owned() });
        };
        check_auto_import(change.auto_import, change.locale.as_deref().or(pool.locale.as_deref()))?;
        self.check_locale(&pool, change.locale.as_deref())?;
        check_rules(&change.rules, pool.address_family)?;
        check_provision(&change.provision, pool.address_family, pool.source_pool_id.is_some())?;
        self.name_is_free_for(&pool, &change.name)?;
        Ok(pool)
    }

    /// The changes that lead from the present blocks to `provision`; `None` when only a new pool can have such blocks.
    pub(in crate::ipam) fn moves(&mut self, pool: &Pool, provision: &Provision) -> Result<Option<Moves>> {
        let inline = codec::pool_cidrs(self.snapshot, &pool.meta.id)?.into_iter().filter(|found| found.inline);
        let (present, pending): (Vec<_>, Vec<_>) = inline.partition(|found| found.meta.state == State::Active);
        let sources: Vec<_> = present
            .iter()
            .filter_map(|found| Some((found.meta.id.clone(), found.source_allocation_id.clone()?)))
            .collect();
        let mut moves = Moves::default();
        for held in pending {
            let is_unusable = self.is_in_planned_of_others(pool, &held.cidr)?;
            if is_unusable { moves.unusable.push(held) } else { moves.pending.push(held) }
        }
        match provision {
            Provision::Nothing => moves.removed = present,
            Provision::NetmaskLength(length) => match <[PoolCidr; 1]>::try_from(present) {
                Ok([only]) if only.cidr.netmask_length() == *length => {}
                Ok([only]) => {
                    let target = only.cidr.resized(*length);
                    moves.resized.push((only, target));
                }
                Err(none) if none.is_empty() => moves.added.push(Size::NetmaskLength(*length)),
                Err(_) => return Ok(None),
            },
            Provision::Cidrs(wished) => {
                let added: Vec<Cidr> = wished.iter().filter(|cidr| !pool.cidrs.contains(*cidr)).copied().collect();
                moves.removed = present.into_iter().filter(|found| !wished.contains(&found.cidr)).collect();
                regroup::sort(&mut moves, &added);
            }
        }
        for (pool_cidr_id, source_id) in sources {
            let source: Allocation = codec::expect(self.snapshot, &source_id)?;
            let is_growing = source.growth.is_some() || source.waiting_growth.is_some();
            if is_growing && !moves.resized.iter().any(|(from, _)| from.meta.id == pool_cidr_id) {
                moves.overgrown.push(source);
            }
        }
        Ok(Some(moves))
    }
}

impl Ledger<'_> {
    /// The pool as it will be after a change: added blocks and growth are held. `None` when the change requires a
    /// replacement.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`], [`Error::NameTaken`], and an error when the change breaks a rule; returns
    /// [`Error::Overlap`] and other placement errors for added blocks; returns [`Error::HoldLost`] in a committing plan
    /// that cannot have its growth any more.
    pub fn plan_pool_change(&mut self, id: &str, change: &PoolChange, terms: &Terms) -> Result<Option<Pool>> {
        let pool = self.reader().check_change(id, change)?;
        let Some(mut moves) = self.reader().moves(&pool, &change.provision)? else { return Ok(None) };
        let mut cidrs = moves.result(&pool.cidrs);
        let (mut missing, mut declared) = (Vec::new(), Vec::new());
        for size in std::mem::take(&mut moves.added) {
            if let Size::Cidr(block) = size
                && self.can_declare(&pool, &block, terms)?
            {
                declared.push(block);
                cidrs.insert(block);
                continue;
            }
            match moves.take_pending(size) {
                Some(held) => {
                    self.renew_pending(&pool, &held, terms)?;
                    cidrs.insert(held.cidr);
                }
                None => missing.push(size),
            }
        }
        self.note_declaring(&pool, declared, terms)?;
        let mut gaps = Vec::new();
        for regroup in &moves.regrouped.clone() {
            self.check_regroup(&pool, regroup)?;
            for gap in regroup.gaps() {
                match moves.take_pending(Size::Cidr(gap)) {
                    Some(held) => self.renew_pending(&pool, &held, terms)?,
                    None => gaps.push(gap),
                }
            }
        }
        for unwanted in moves.unwanted() {
            self.remove_pool_cidr(&pool, unwanted)?;
        }
        for unwanted in &moves.overgrown {
            self.hold_growth(unwanted, None)?;
        }
        let fixed = matches!(change.provision, Provision::Cidrs(_));
        for (pool_cidr, target) in &moves.resized {
            if !self.hold_pool_growth(&pool, pool_cidr, target, fixed, terms)? {
                return Ok(None);
            }
        }
        // A block that grows takes its space at once. Only an added block can wait for space.
        self.given_up = terms.all_given_up();
        self.source_rules.clone_from(&terms.pool_rules);
        let birth = Birth::Hold { expires_at: context::expiry(self.env.now, terms), replaces: None, id: None };
        for size in missing {
            cidrs.insert(self.provision(&pool, None, size, &birth)?.cidr);
        }
        for gap in gaps {
            self.provision(&pool, None, Size::Cidr(gap), &birth)?;
        }
        Ok(Some(applied(&pool, change, cidrs)))
    }

    fn renew_pending(&mut self, pool: &Pool, held: &PoolCidr, terms: &Terms) -> Result<()> {
        let mut renewed = held.clone();
        self.reader().renew(&mut renewed, terms, &|_| {});
        if renewed != *held {
            index::write_pool_cidr(self.tx, pool, Some(held), Some(&renewed))?;
        }
        Ok(())
    }

    /// Holds the space that a block of a pool is to grow by; `false` when the block cannot grow and another block would
    /// do.
    fn hold_pool_growth(
        &mut self,
        pool: &Pool,
        pool_cidr: &PoolCidr,
        target: &Cidr,
        fixed: bool,
        terms: &Terms,
    ) -> Result<bool> {
        let source = self.source_of(pool, pool_cidr)?.map(|(source, taken)| (terms.future(source), taken));
        let Some((source, allocation)) = source else {
            for neighbour in blocks::growth_blocks(&pool_cidr.cidr, target) {
                self.clear_in_scope(&pool.scope_id, &neighbour)?;
            }
            return Ok(true);
        };
        if pool_cidr.cidr.contains(target) {
            self.hold_growth(&allocation, None)?;
            return Ok(true);
        }
        if !self.make_room(&source, &allocation, target)? {
            let is_noted = terms.committing && allocation.waits_to_grow(target);
            if is_noted || self.reader().waits_well(&allocation, target, terms) {
                return Ok(true);
            }
            let free = self.hold_growth(&allocation, None)?;
            if let Some(waits_for) = self.room_given_up(&source, &free, target, terms)? {
                self.hold_waiting_growth(&free, *target, waits_for, terms)?;
                return Ok(true);
            }
            if fixed {
                if free::provisioned_around(self.tx, &source.meta.id, target)?.is_none() {
                    return Err(self.outside(&source, target)?);
                }
                self.clear_beside(&source, &allocation, target)?;
            }
            return if terms.committing { Err(self.growth_lost(&allocation, *target)?) } else { Ok(false) };
        }
        let expires_at = match &allocation.growth {
            Some(growth) if growth.cidr == *target => standing::renewed(growth.expires_at, self.env.now, terms),
            _ => context::expiry(self.env.now, terms),
        };
        self.hold_growth(&allocation, Some(Growth { cidr: *target, expires_at, run: self.env.asking() }))?;
        Ok(true)
    }

    /// Makes room for the growth of an allocation, or fails with the reason why it cannot grow.
    fn clear_beside(&mut self, source: &Pool, allocation: &Allocation, target: &Cidr) -> Result<()> {
        let present = allocation.reserved().unwrap_or(allocation.cidr);
        for neighbour in blocks::growth_blocks(&present, target) {
            self.require_unreserved(source, &neighbour, None)?;
            self.clear_in_pool(source, &neighbour)?;
        }
        Ok(())
    }

    fn source_of(&mut self, pool: &Pool, pool_cidr: &PoolCidr) -> Result<Option<(Pool, Allocation)>> {
        let (Some(pool_id), Some(id)) = (&pool.source_pool_id, &pool_cidr.source_allocation_id) else {
            return Ok(None);
        };
        Ok(Some((codec::expect(self.tx, pool_id)?, codec::expect(self.tx, id)?)))
    }

    /// Changes a pool. A repeated call changes nothing.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::plan_pool_change`]; [`Error::InUse`] when something is allocated in a block that
    /// is removed; [`Error::Across`] when an allocation crosses a boundary between the blocks into which one is split;
    /// and [`Error::Fixed`] when only a new pool can have such blocks.
    pub fn update_pool(&mut self, id: &str, change: &PoolChange) -> Result<Pool> {
        let pool = self.reader().check_change(id, change)?;
        let Some(mut moves) = self.reader().moves(&pool, &change.provision)? else {
            return Err(Error::Fixed { kind: Kind::Pool, id: id.to_owned(), what: "cidrs" });
        };
        let mut cidrs = moves.result(&pool.cidrs);
        for unwanted in &moves.overgrown {
            self.hold_growth(unwanted, None)?;
        }
        for removed in &moves.removed {
            match self.remove_pool_cidr(&pool, removed) {
                Err(Error::InUse { .. }) if self.hand_to_resource(&pool, removed)? => {}
                answer => answer?,
            }
        }
        // Holds are activated first, because the placement of a new block could reclaim an expired hold.
        let mut missing = Vec::new();
        for size in std::mem::take(&mut moves.added) {
            match moves.take_pending(size) {
                Some(held) => {
                    cidrs.insert(self.activate_pool_cidr(&pool, &held)?.cidr);
                }
                None => match self.declare_added(&pool, size)? {
                    Some(block) => cidrs.extend([block]),
                    None => missing.push(size),
                },
            }
        }
        for regroup in moves.regrouped.clone() {
            let gaps = self.fill_gaps(&pool, &regroup, &mut moves)?;
            self.regroup(&pool, &regroup, &gaps)?;
        }
        for unwanted in moves.unwanted() {
            self.remove_pool_cidr(&pool, unwanted)?;
        }
        for (pool_cidr, target) in &moves.resized {
            self.resize_pool_cidr(&pool, pool_cidr, target)?;
        }
        for size in missing {
            cidrs.insert(self.provision(&pool, None, size, &Birth::Active { id: None })?.cidr);
        }
        let mut after = applied(&pool, change, cidrs);
        if after == pool {
            return Ok(after);
        }
        self.requarantine(&pool.rules, &after)?;
        after.meta.updated_at = self.env.now;
        if after.meta.name != pool.meta.name {
            self.clear_name(&pool, &after.meta.name)?;
            names::rename(self.tx, &pool, &after)?;
            self.rename_sources(&after)?;
        }
        let after = self.change_pool(Action::Update, &pool, after)?;
        if after.locale != pool.locale {
            self.take_locale_down(&after)?;
        }
        Ok(after)
    }

    /// Renames the allocations of a pool in its source pool, which carry the name of the pool.
    fn rename_sources(&mut self, pool: &Pool) -> Result<()> {
        for pool_cidr in codec::pool_cidrs(self.tx, &pool.meta.id)? {
            if let Some((_, before)) = self.source_of(pool, &pool_cidr)? {
                let mut after = before.clone();
                after.meta.name = pool_cidr::source_name(&pool.meta.name, &pool_cidr.cidr);
                index::write_allocation(self.tx, Some(&before), Some(&after))?;
            }
        }
        Ok(())
    }

    fn resize_pool_cidr(&mut self, pool: &Pool, before: &PoolCidr, target: &Cidr) -> Result<()> {
        if before.cidr.contains(target) {
            self.vacate(pool, before, &blocks::growth_blocks(target, &before.cidr))?;
        }
        match self.source_of(pool, before)? {
            None => {
                for neighbour in blocks::growth_blocks(&before.cidr, target) {
                    self.clear_in_scope(&pool.scope_id, &neighbour)?;
                }
            }
            Some((source, taken)) => {
                if !self.make_room(&source, &taken, target)? {
                    return Err(self.no_room(&taken, *target)?);
                }
                let size = Size::Cidr(*target);
                let mut resized =
                    Allocation { cidr: *target, size, growth: None, waiting_growth: None, ..taken.clone() };
                resized.meta.name = pool_cidr::source_name(&pool.meta.name, target);
                resized.meta.updated_at = self.env.now;
                index::write_allocation(self.tx, Some(&taken), Some(&resized))?;
            }
        }
        let mut after = PoolCidr { cidr: *target, ..before.clone() };
        after.meta.name = target.to_string();
        after.meta.updated_at = self.env.now;
        index::write_pool_cidr(self.tx, pool, Some(before), Some(&after))
    }
}
