//! The contents of a pool: what keeps it from being deleted or from losing space.

use crate::ipam::holds::reclaim::PAGE;
use crate::ipam::holds::standing::{NAMED_IN_ERRORS, occupant};
use crate::ipam::space::reserved;
use crate::ipam::storage::codec;
use crate::ipam::{Allocation, Cidr, Occupant, Pool, Reader, ResourceType, Result, Rules, State};

impl Reader<'_> {
    /// The first few objects that have addresses in the space that these rules of a pool would reserve.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`].
    pub fn in_reserved(&mut self, pool_id: &str, rules: &Rules) -> Result<Vec<Occupant>> {
        let pool = Pool { rules: rules.clone(), ..self.pool(pool_id)? };
        let mut found: Vec<Occupant> = Vec::new();
        for block in reserved::by_rules(self.snapshot, &pool)? {
            for occupant in self.occupants(pool_id, &block, "")? {
                if found.len() < NAMED_IN_ERRORS && !found.iter().any(|known| known.id == occupant.id) {
                    found.push(occupant);
                }
            }
        }
        Ok(found)
    }

    /// Whether a pool is a hold that no other plan relies on: the pool and everything in it are holds that have expired or
    /// belong to the acting owner. A lease and a reservation count until they end.
    pub(in crate::ipam) fn is_leftover(&mut self, pool: &Pool) -> Result<bool> {
        Ok(self.is_spent(&pool.meta) && self.contents(pool)?.0.is_empty())
    }

    /// Whether a hold counts for nothing when the space around it goes. Nothing rests in space that goes.
    pub(in crate::ipam) fn is_spent(&self, meta: &crate::ipam::Meta) -> bool {
        let is_own_hold = meta.state == State::Planned && meta.owner == self.env.actor.owner;
        meta.is_resting || meta.is_expired(self.env.now) || (is_own_hold && !meta.is_of_no_plan())
    }

    /// Whether a pool can be deleted.
    pub(in crate::ipam) fn is_unused(&mut self, pool: &Pool) -> Result<bool> {
        Ok(self.contents(pool)?.0.is_empty())
    }

    /// The first objects that prevent the deletion of a pool, and the number of further ones.
    pub(super) fn contents(&mut self, pool: &Pool) -> Result<(Vec<Occupant>, u64)> {
        let mut found = Contents::default();
        for child in self.below(pool)? {
            if !self.is_leftover(&child)? {
                found.add(|| occupant(self.snapshot, &child))?;
            }
        }
        for pool_cidr in codec::pool_cidrs(self.snapshot, &pool.meta.id)? {
            if !pool_cidr.inline && !self.is_spent(&pool_cidr.meta) {
                found.add(|| occupant(self.snapshot, &pool_cidr))?;
            }
        }
        self.allocated(pool, None, &|_, _| false, &mut found)?;
        Ok((found.named, found.more))
    }

    /// The same as [`Self::contents`] for one block of a pool, including pools below.
    pub(in crate::ipam) fn contents_within(&mut self, pool: &Pool, block: &Cidr) -> Result<(Vec<Occupant>, u64)> {
        self.contents_but(pool, block, &|_, _| false)
    }

    /// The same without the objects for which `goes` returns `true`; see [`Reader::in_the_way`].
    pub(in crate::ipam) fn contents_but(
        &mut self,
        pool: &Pool,
        block: &Cidr,
        goes: &dyn Fn(&str, bool) -> bool,
    ) -> Result<(Vec<Occupant>, u64)> {
        let mut found = Contents::default();
        self.allocated(pool, Some(block), goes, &mut found)?;
        Ok((found.named, found.more))
    }

    fn allocated(
        &mut self,
        pool: &Pool,
        within: Option<&Cidr>,
        goes: &dyn Fn(&str, bool) -> bool,
        found: &mut Contents,
    ) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.allocations_page(&pool.meta.id, within, after.as_deref(), PAGE)?;
            for (key, allocation) in &page {
                after = Some(key.clone());
                let only_growth = within.is_some_and(|within| !allocation.cidr.overlaps(within));
                let counts = match allocation.resource_type {
                    _ if only_growth => self.is_growth_kept(allocation),
                    // For a whole pool, these were counted as pools.
                    ResourceType::IpamPool => within.is_some() && !self.is_spent_below(allocation)?,
                    _ => !self.is_spent(&allocation.meta),
                };
                let id = allocation.resource_id.as_ref().unwrap_or(&allocation.meta.id);
                if counts && !goes(id, allocation.meta.owner == self.env.actor.owner) {
                    found.add(|| occupant(self.snapshot, allocation))?;
                }
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    pub(in crate::ipam) fn is_growth_kept(&self, allocation: &Allocation) -> bool {
        let expired = allocation.growth.as_ref().is_none_or(|growth| growth.expires_at <= self.env.now);
        !expired && allocation.meta.owner != self.env.actor.owner
    }

    pub(in crate::ipam) fn is_spent_below(&mut self, allocation: &Allocation) -> Result<bool> {
        let pool = match &allocation.resource_id {
            Some(id) => codec::load::<Pool>(self.snapshot, id)?,
            None => None,
        };
        pool.map_or(Ok(true), |pool| self.is_leftover(&pool))
    }
}

#[derive(Default)]
struct Contents {
    named: Vec<Occupant>,
    more: u64,
}

impl Contents {
    fn add(&mut self, occupant: impl FnOnce() -> Result<Occupant>) -> Result<()> {
        if self.named.len() < NAMED_IN_ERRORS {
            self.named.push(occupant()?);
        } else {
            self.more += 1;
        }
        Ok(())
    }
}
