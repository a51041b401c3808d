//! Moves a block of a pool between `ipam_pool_cidr` and the pool's own declaration, with everything that is allocated
//! in it.
//!
//! Terraform deletes the resource before it changes the pool, and changes the pool before it creates the resource. In
//! both cases the first step alone would remove a block that is in use from the pool. So the first step reads the note
//! of the plan: the pool's [`Declaring`], or the hold of the new resource. A resource that replaces another resource of
//! the same block gets the block in the same way.

use std::collections::BTreeSet;

use crate::ipam::history::log;
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context;
use crate::ipam::space::free;
use crate::ipam::storage::{codec, index, names};
use crate::ipam::{Cidr, Declaring, Ledger, Pool, PoolCidr, Provision, Result, Size, State, Terms};

impl Pool {
    /// Whether a plan makes `block`, which an `ipam_pool_cidr` provisioned, part of the pool's declaration.
    fn is_declaring(&self, block: &Cidr, now: jiff::Timestamp) -> bool {
        self.declaring.as_ref().is_some_and(|declaring| declaring.expires_at > now && declaring.cidrs.contains(block))
    }
}

impl Ledger<'_> {
    /// The active pool CIDR of an `ipam_pool_cidr` that is exactly `block` of the pool.
    fn own_resource_of(&mut self, pool: &Pool, block: &Cidr) -> Result<Option<PoolCidr>> {
        let Some(entry) = free::provisioned_around(self.tx, &pool.meta.id, block)? else { return Ok(None) };
        let found: PoolCidr = codec::expect(self.tx, &entry.id)?;
        let is_it = found.cidr == *block && !found.inline && found.meta.state == State::Active;
        Ok(Some(found).filter(|_| is_it))
    }

    /// Whether `block` can become part of the pool's declaration in place, because the apply of this plan deletes the
    /// resource that provisioned it.
    pub(in crate::ipam) fn can_declare(&mut self, pool: &Pool, block: &Cidr, terms: &Terms) -> Result<bool> {
        let Some(found) = self.own_resource_of(pool, block)? else { return Ok(false) };
        let is_given_up = terms.given_up.iter().any(|given_up| given_up.covers(&found.meta.id, block));
        Ok(is_given_up || (terms.committing && pool.is_declaring(block, self.env.now)))
    }

    /// Writes the note that these blocks become part of the pool's declaration. It replaces the note of an earlier
    /// plan.
    pub(in crate::ipam) fn note_declaring(&mut self, pool: &Pool, blocks: Vec<Cidr>, terms: &Terms) -> Result<()> {
        let cidrs: BTreeSet<Cidr> = blocks.into_iter().collect();
        let expires_at = match &pool.declaring {
            Some(known) if known.cidrs == cidrs => standing::renewed(known.expires_at, self.env.now, terms),
            _ => context::expiry(self.env.now, terms),
        };
        let declaring = Some(Declaring { cidrs, expires_at }).filter(|declaring| !declaring.cidrs.is_empty());
        self.change_pool(Action::Hold, pool, Pool { declaring, ..pool.clone() })?;
        Ok(())
    }

    /// Makes a block part of the pool's declaration when the pool is changed before the resource is deleted. `None`: no
    /// plan noted that.
    pub(in crate::ipam) fn declare_added(&mut self, pool: &Pool, added: Size) -> Result<Option<Cidr>> {
        let Size::Cidr(block) = added else { return Ok(None) };
        if !pool.is_declaring(&block, self.env.now) {
            return Ok(None);
        }
        let Some(found) = self.own_resource_of(pool, &block)? else { return Ok(None) };
        self.make_inline(pool, &found)?;
        Ok(Some(block))
    }

    /// Makes a block in use part of the pool's declaration when its resource is deleted before the pool is changed.
    /// `false`: no plan noted that.
    pub(in crate::ipam) fn declare_deleted(&mut self, pool: &Pool, deleted: &PoolCidr) -> Result<bool> {
        if deleted.meta.state != State::Active || !pool.is_declaring(&deleted.cidr, self.env.now) {
            return Ok(false);
        }
        self.make_inline(pool, deleted)?;
        let mut after = pool.clone();
        after.cidrs.insert(deleted.cidr);
        after.provision = Provision::Cidrs(after.cidrs.clone());
        if let Some(declaring) = &mut after.declaring {
            declaring.cidrs.remove(&deleted.cidr);
        }
        after.declaring = after.declaring.filter(|declaring| !declaring.cidrs.is_empty());
        after.meta.updated_at = self.env.now;
        self.change_pool(Action::Update, pool, after)?;
        Ok(true)
    }

    fn make_inline(&mut self, pool: &Pool, found: &PoolCidr) -> Result<()> {
        names::leave(self.tx, found)?;
        let mut inline = PoolCidr { inline: true, ..found.clone() };
        inline.meta.name = found.cidr.to_string();
        inline.meta.confirmed = true;
        inline.meta.updated_at = self.env.now;
        index::write_pool_cidr(self.tx, pool, Some(found), Some(&inline))?;
        log::append(self.tx, &self.env, Action::Delete, Some(found), None)
    }

    /// Gives a block in use that leaves the pool's declaration, or whose resource is deleted, to the resource whose
    /// hold of the same owner waits for exactly this block of the same pool. `false`: there is no such hold.
    pub(in crate::ipam) fn hand_to_resource(&mut self, pool: &Pool, removed: &PoolCidr) -> Result<bool> {
        let waiting = codec::deferred::<PoolCidr>(self.tx, &pool.meta.id)?;
        let is_for_this = |hold: &&PoolCidr| {
            hold.cidr == removed.cidr
                && hold.meta.owner == self.env.actor.owner
                && hold.meta.state == State::Planned
                && !hold.meta.is_expired(self.env.now)
        };
        let Some(hold) = waiting.iter().find(is_for_this) else { return Ok(false) };
        self.exchange(pool, removed, hold)?;
        Ok(true)
    }
}
