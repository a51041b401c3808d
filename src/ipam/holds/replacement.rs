//! Replacements that Terraform creates before it destroys the old object (`create_before_destroy`).
//!
//! The plan showed the block of the old object for the new one, and both are one resource of the configuration. So the
//! block stays with that resource all the time: the new object gets the block when it is created, and the later
//! deletion of the old object finds nothing to do. The block is handed over only when it is exactly the same. With a
//! part of it, the rest would be free while the old object is still deployed in it.

use crate::ipam::history::log;
use crate::ipam::model::event::Action;
use crate::ipam::storage::{codec, index, names};
use crate::ipam::{Allocation, Cidr, Kind, Ledger, Meta, Pool, PoolCidr, Result, State};

/// Id of the object that the hold replaces and whose block `block` the hold waits for.
fn replaced<'a>(hold: &'a Meta, block: &Cidr, kind: Kind) -> Option<&'a str> {
    let is_it = |id: &str| Kind::of_id(id) == Some(kind);
    let found = hold.waits_for.iter().find(|one| one.in_place && one.cidr == Some(*block) && is_it(&one.id))?;
    Some(&found.id)
}

impl Ledger<'_> {
    /// Frees the block of the allocation that this hold replaces, if that allocation still exists.
    pub(in crate::ipam) fn release_replaced(&mut self, hold: &Allocation) -> Result<()> {
        let Some(id) = replaced(&hold.meta, &hold.cidr, Kind::Allocation) else { return Ok(()) };
        match codec::live::<Allocation>(self.tx, id)? {
            Some(old) if is_same(&old.meta, &hold.meta) && old.pool_id == hold.pool_id && old.cidr == hold.cidr => {
                old.check_release()?;
                self.drop_allocation(&old, Action::Delete)
            }
            _ => Ok(()),
        }
    }

    /// Deletes the pool that this hold replaces, if that pool is empty.
    pub(in crate::ipam) fn delete_replaced(&mut self, hold: &Pool) -> Result<()> {
        let replaced = hold.cidrs.iter().find_map(|block| replaced(&hold.meta, block, Kind::Pool));
        let Some(id) = replaced else { return Ok(()) };
        let Some(old) = codec::live::<Pool>(self.tx, id)? else { return Ok(()) };
        let is_it = is_same(&old.meta, &hold.meta) && old.container() == hold.container() && old.cidrs == hold.cidrs;
        if is_it && self.reader().is_unused(&old)? { self.remove_pool(&old, Action::Delete) } else { Ok(()) }
    }

    /// The pool CIDR that this hold replaces, if it still exists.
    pub(in crate::ipam) fn replaced_pool_cidr(&mut self, hold: &PoolCidr) -> Result<Option<PoolCidr>> {
        let Some(id) = replaced(&hold.meta, &hold.cidr, Kind::PoolCidr) else { return Ok(None) };
        let old: Option<PoolCidr> = codec::live(self.tx, id)?;
        let is_it = |old: &PoolCidr| {
            is_same(&old.meta, &hold.meta) && old.pool_id == hold.pool_id && old.cidr == hold.cidr && !old.inline
        };
        Ok(old.filter(is_it))
    }

    /// Makes a hold active with the block of another CIDR of the same pool, and with everything that is allocated in
    /// the block.
    pub(in crate::ipam) fn exchange(&mut self, pool: &Pool, old: &PoolCidr, hold: &PoolCidr) -> Result<PoolCidr> {
        if !old.inline {
            names::leave(self.tx, old)?;
            log::append(self.tx, &self.env, Action::Delete, Some(old), None)?;
        }
        let mut active = self.reader().with_name(hold)?;
        active.deferred = false;
        active.source_allocation_id.clone_from(&old.source_allocation_id);
        index::write_pool_cidr(self.tx, pool, Some(hold), None)?;
        index::regroup_pool_cidrs(self.tx, pool, std::slice::from_ref(old), std::slice::from_ref(&active))?;
        names::enter(self.tx, &active)?;
        log::append(self.tx, &self.env, self.env.creation(), Some(hold), Some(&active))?;
        Ok(active)
    }
}

/// Whether `old` is the object that a hold with `meta` was planned to replace.
fn is_same(old: &Meta, hold: &Meta) -> bool {
    old.state == State::Active && old.owner == hold.owner && old.id != hold.id
}
