//! Plans with space that the same apply releases. The hold of a new object shows the block while another object still
//! has it. The apply takes the block after that object is deleted or smaller.

use std::collections::BTreeSet;

use crate::ipam::holds::reclaim::PAGE;
use crate::ipam::holds::standing::{self, NAMED_IN_ERRORS};
use crate::ipam::space::placement::BlockRequest;
use crate::ipam::space::{aggregates, blocks, free, reserved};
use crate::ipam::storage::codec::{self, BlockEntry};
use crate::ipam::storage::keys;
use crate::ipam::{
    Allocation, Cidr, Error, GivenUp, Kind, Ledger, Occupant, Pool, PoolCidr, ResourceType, Result, State, Terms,
    WaitingGrowth,
};

/// A hold that waits for space of a pool or a scope.
enum Waiting {
    Allocation(Box<Allocation>),
    PoolCidr(Box<(Pool, PoolCidr)>),
    /// An active allocation that is to grow.
    Growth(Box<(Allocation, WaitingGrowth)>),
}

impl Waiting {
    fn cidr(&self) -> Cidr {
        match self {
            Self::Allocation(hold) => hold.cidr,
            Self::PoolCidr(hold) => hold.1.cidr,
            Self::Growth(growing) => growing.1.cidr,
        }
    }
}

impl Ledger<'_> {
    /// The note that the apply of this plan releases `block`, which an object with one of these ids has.
    fn given_up_of(&self, ids: &[&str], block: &Cidr) -> Option<GivenUp> {
        let found = self.given_up.iter().find(|given_up| ids.iter().any(|id| given_up.covers(id, block)))?;
        Some(GivenUp { cidr: Some(*block), ..found.clone() })
    }

    /// Divides entries of a pool into those that the same apply releases and all others.
    pub(in crate::ipam) fn given_up_in_pool(
        &mut self,
        entries: &[BlockEntry],
    ) -> Result<(Vec<GivenUp>, Vec<BlockEntry>)> {
        let (mut given_up, mut others) = (Vec::new(), Vec::new());
        for entry in entries {
            match self.given_up_allocation(&entry.id)? {
                Some(found) => given_up.push(found),
                None => others.push(entry.clone()),
            }
        }
        Ok((given_up, others))
    }

    fn given_up_allocation(&mut self, id: &str) -> Result<Option<GivenUp>> {
        if self.given_up.is_empty() {
            return Ok(None);
        }
        let Some(allocation) = codec::live::<Allocation>(self.tx, id)? else { return Ok(None) };
        if allocation.meta.state != State::Active {
            return Ok(None);
        }
        match &allocation.resource_id {
            Some(pool_id) if allocation.resource_type == ResourceType::IpamPool => {
                let around = free::provisioned_around(self.tx, pool_id, &allocation.cidr)?;
                let pool_cidr_id = around.map_or_else(String::new, |entry| entry.id);
                Ok(self.given_up_of(&[pool_id, &pool_cidr_id], &allocation.cidr))
            }
            _ => Ok(self.given_up_of(&[&allocation.meta.id], &allocation.cidr)),
        }
    }

    /// The same as [`Self::given_up_in_pool`] for entries of a scope, which are blocks of its top-level pools.
    pub(in crate::ipam) fn given_up_on_top(
        &mut self,
        entries: &[BlockEntry],
    ) -> Result<(Vec<GivenUp>, Vec<BlockEntry>)> {
        let (mut given_up, mut others) = (Vec::new(), Vec::new());
        for entry in entries {
            let found: Option<PoolCidr> =
                if self.given_up.is_empty() { None } else { codec::live(self.tx, &entry.id)? };
            let found = found.filter(|found| found.meta.state == State::Active);
            match found.and_then(|found| self.given_up_of(&[&found.pool_id, &found.meta.id], &found.cidr)) {
                Some(found) => given_up.push(found),
                None => others.push(entry.clone()),
            }
        }
        Ok((given_up, others))
    }

    /// Makes the new hold wait for the space that is released. Returns `false` when there is no such space.
    ///
    /// # Errors
    /// Returns [`Error::Overlap`] with another hold that waits for addresses of `block` in the same pool or scope.
    pub(in crate::ipam) fn wait_for(&mut self, given_up: Vec<GivenUp>, container: &str, block: &Cidr) -> Result<bool> {
        if given_up.is_empty() {
            return Ok(false);
        }
        self.clear_waiting(container, block)?;
        self.waits_for.extend(given_up);
        Ok(true)
    }

    /// The holds that wait for space in a pool or a scope.
    fn waiting(&mut self, container: &str) -> Result<Vec<Waiting>> {
        let mut waiting = Vec::new();
        for hold in codec::deferred::<Allocation>(self.tx, container)? {
            waiting.push(match hold.waiting_growth.clone() {
                Some(growth) => Waiting::Growth(Box::new((hold, growth))),
                None => Waiting::Allocation(Box::new(hold)),
            });
        }
        let spared = self.spared.clone();
        for pool in self.reader().children(container)?.into_iter().filter(|pool| spared.as_ref() != Some(&pool.meta.id))
        {
            for hold in codec::deferred::<PoolCidr>(self.tx, &pool.meta.id)? {
                waiting.push(Waiting::PoolCidr(Box::new((pool.clone(), hold))));
            }
            // A block of the pool's own declaration is in the pool already, and has no entry of its own.
            for hold in codec::pool_cidrs(self.tx, &pool.meta.id)? {
                if hold.inline && hold.deferred {
                    waiting.push(Waiting::PoolCidr(Box::new((pool.clone(), hold))));
                }
            }
        }
        Ok(waiting)
    }

    /// Reclaims the holds that wait for addresses of `block`.
    ///
    /// # Errors
    /// Returns [`Error::Overlap`] with a hold that may not be reclaimed.
    fn clear_waiting(&mut self, container: &str, block: &Cidr) -> Result<()> {
        for hold in self.waiting(container)?.iter().filter(|hold| hold.cidr().overlaps(block)) {
            if !self.is_waiting_in_vain(hold)? {
                let with = match hold {
                    Waiting::Allocation(hold) => standing::occupant(self.tx, &**hold)?,
                    Waiting::PoolCidr(hold) => standing::occupant(self.tx, &hold.1)?,
                    Waiting::Growth(growing) => standing::occupant(self.tx, &growing.0)?,
                };
                return Err(Error::Overlap { cidr: *block, with: vec![with] });
            }
            match hold {
                Waiting::Allocation(hold) => self.lapse_allocation(hold)?,
                Waiting::Growth(growing) => self.hold_growth(&growing.0, None).map(drop)?,
                Waiting::PoolCidr(hold) => {
                    // An earlier hold in this loop may have been of the same pool, and this one was reclaimed with it.
                    let (pool, pool_cidr) = &**hold;
                    if codec::live::<PoolCidr>(self.tx, &pool_cidr.meta.id)?.is_some()
                        && let Some(unit) = self.reader().reclaimable_cidr(pool.clone(), &pool_cidr.meta.id)?
                    {
                        self.lapse_unit(unit)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a waiting hold may be reclaimed or is gone already.
    fn is_waiting_in_vain(&mut self, hold: &Waiting) -> Result<bool> {
        match hold {
            Waiting::Allocation(hold) => Ok(self.env.is_reclaimable(&hold.meta)),
            Waiting::Growth(growing) => {
                let (allocation, growth) = &**growing;
                Ok(self.env.makes_way(&allocation.meta.owner, Some(growth.expires_at), growth.run.as_deref()))
            }
            Waiting::PoolCidr(hold) => {
                let (pool, pool_cidr) = &**hold;
                let is_there = codec::live::<PoolCidr>(self.tx, &pool_cidr.meta.id)?.is_some();
                Ok(!is_there || self.reader().reclaimable_cidr(pool.clone(), &pool_cidr.meta.id)?.is_some())
            }
        }
    }

    /// What an allocation has to wait for to grow to `target`, when the same apply releases everything that is in the way. `None`:
    /// something else is in the way.
    pub(in crate::ipam) fn room_given_up(
        &mut self,
        pool: &Pool,
        allocation: &Allocation,
        target: &Cidr,
        terms: &Terms,
    ) -> Result<Option<Vec<GivenUp>>> {
        let pool_id = &pool.meta.id;
        self.given_up = terms.all_given_up();
        if self.given_up.is_empty()
            || free::provisioned_around(self.tx, pool_id, target)?.is_none()
            || self.reader().planned_for_others(pool, target)?.is_some()
            || self.reader().grows_over_reserved(pool, allocation, &allocation.cidr, target)?
        {
            return Ok(None);
        }
        let neighbours = blocks::growth_blocks(&allocation.cidr, target);
        for neighbour in &neighbours {
            let entries = free::entries_over(self.tx, &keys::at_of(pool_id), neighbour, usize::MAX)?;
            let (_, others) = self.given_up_in_pool(&entries)?;
            if !self.reader().are_clearable(&others, neighbour)? {
                return Ok(None);
            }
        }
        for neighbour in &neighbours {
            match self.clear_in_pool(pool, neighbour) {
                Err(Error::Overlap { .. }) => return Ok(None),
                answer => answer?,
            };
        }
        Ok(Some(std::mem::take(&mut self.waits_for)).filter(|waits_for| !waits_for.is_empty()))
    }

    /// Objects that have addresses of `block` in a pool, except those that the same apply releases: the first few.
    pub(in crate::ipam) fn others_in_pool(&mut self, pool_id: &str, block: &Cidr) -> Result<Vec<Occupant>> {
        let entries = free::entries_over(self.tx, &keys::at_of(pool_id), block, NAMED_IN_ERRORS + PAGE)?;
        let (_, others) = self.given_up_in_pool(&entries)?;
        self.reader().occupants_at(&others)
    }

    /// The same as [`Self::others_in_pool`] for the blocks of top-level pools in a scope.
    pub(in crate::ipam) fn others_on_top(&mut self, scope_id: &str, block: &Cidr) -> Result<Vec<Occupant>> {
        let prefix = keys::top_of(scope_id, block.family());
        let entries = free::entries_over(self.tx, &prefix, block, NAMED_IN_ERRORS + PAGE)?;
        let (_, others) = self.given_up_on_top(&entries)?;
        self.reader().top_occupants_at(&others)
    }

    /// A block for a request by size, and whether the block is free. If it is not free, the same apply releases it, and
    /// the hold has to wait for it.
    ///
    /// # Errors
    /// Returns the errors of [`Ledger::allocate_block`].
    pub(in crate::ipam) fn place_or_wait(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<(Cidr, bool)> {
        match self.allocate_block(pool, ask) {
            Err(exhausted @ Error::PoolExhausted { .. }) => match self.place_in_given_up(pool, ask)? {
                Some(block) => Ok((block, false)),
                None => Err(exhausted),
            },
            placed => Ok((placed?, true)),
        }
    }

    /// The first block of the requested size in the smallest released block that is large enough, of those with the
    /// lowest priority.
    fn place_in_given_up(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<Option<Cidr>> {
        let gone = self.aggregates_given_up(&pool.meta.id)?;
        let mut released = self.given_up_blocks(pool)?;
        released.extend(&gone);
        released.retain(|block| block.netmask_length() <= ask.netmask_length);
        let key = |block: &Cidr| (pool.rules.priority_of(block), std::cmp::Reverse(block.netmask_length()), *block);
        released.sort_by_key(key);
        let first =
            |avoid: &BTreeSet<Cidr>| released.iter().find_map(|block| block.first_apart(ask.netmask_length, avoid));
        let waiting = if released.is_empty() { Vec::new() } else { self.waiting(&pool.meta.id)? };
        let mut kept = ask.disallowed | &pool.rules.draining_cidrs;
        for block in &released {
            if let Some(around) = free::provisioned_around(self.tx, &pool.meta.id, block)? {
                kept.extend(reserved::within(&pool.rules, &around.cidr));
            }
        }
        kept.extend(aggregates::all(self.tx, &pool.meta.id)?.iter().filter(|block| !gone.contains(block)));
        let mut all = kept.clone();
        for hold in &waiting {
            all.insert(hold.cidr());
            if !self.is_waiting_in_vain(hold)? {
                kept.insert(hold.cidr());
            }
        }
        Ok(first(&all).or_else(|| first(&kept)))
    }

    /// The blocks of a pool that the same apply releases.
    fn given_up_blocks(&mut self, pool: &Pool) -> Result<Vec<Cidr>> {
        let mut blocks = Vec::new();
        for released in self.given_up.clone() {
            let part = |block: &Cidr| released.cidr.is_none_or(|cidr| cidr.contains(block));
            match Kind::of_id(&released.id) {
                Some(Kind::Allocation) => {
                    let found: Option<Allocation> = codec::live(self.tx, &released.id)?;
                    let found = found.filter(|found| found.pool_id == pool.meta.id);
                    blocks.extend(found.map(|found| found.cidr).filter(part));
                }
                Some(Kind::Pool) => {
                    let found: Option<Pool> = codec::live(self.tx, &released.id)?;
                    if found.is_some_and(|found| found.source_pool_id.as_ref() == Some(&pool.meta.id)) {
                        let all = codec::pool_cidrs(self.tx, &released.id)?;
                        blocks.extend(all.iter().map(|found| found.cidr).filter(part));
                    }
                }
                Some(Kind::PoolCidr) => {
                    let found: Option<PoolCidr> = codec::live(self.tx, &released.id)?;
                    let Some(found) = found else { continue };
                    let above: Pool = codec::expect(self.tx, &found.pool_id)?;
                    if above.source_pool_id.as_ref() == Some(&pool.meta.id) {
                        blocks.extend(Some(found.cidr).filter(part));
                    }
                }
                _ => {}
            }
        }
        Ok(blocks)
    }
}
