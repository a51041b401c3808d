//! A planned CIDR of a pool is reserved for the plan that holds it: no object of another plan is placed there, neither
//! before the plan is applied nor after its hold has expired.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::space::free;
use crate::ipam::space::placement::{self, BlockRequest};
use crate::ipam::storage::{codec, keys};
use crate::ipam::{
    Allocation, Cidr, Error, Finding, Kind, Ledger, Pool, PoolCidr, Reader, Records, ResourceType, Result, State,
    Utilization,
};

impl Reader<'_> {
    /// The planned CIDR of a pool that contains `block`, unless the present run of its owner holds it.
    pub(in crate::ipam) fn planned_for_others(&mut self, pool: &Pool, block: &Cidr) -> Result<Option<PoolCidr>> {
        let Some(entry) = free::provisioned_around(self.snapshot, &pool.meta.id, block)? else { return Ok(None) };
        let pool_cidr: PoolCidr = codec::expect(self.snapshot, &entry.id)?;
        if pool_cidr.meta.state == State::Active {
            return Ok(None);
        }
        let of_the_pool = pool_cidr.inline && pool.meta.state == State::Planned;
        let holder = if of_the_pool { &pool.meta } else { &pool_cidr.meta };
        let is_ours = holder.owner == self.env.actor.owner && self.env.is_of_this_run(holder.run.as_deref());
        Ok((!is_ours).then_some(pool_cidr))
    }

    /// Whether a block in the source pool of `pool` is in a CIDR that another owner has only planned. Another run of the
    /// same owner does not count, because it may apply the plan of this run.
    pub(in crate::ipam) fn is_in_planned_of_others(&mut self, pool: &Pool, block: &Cidr) -> Result<bool> {
        let Some(source_id) = &pool.source_pool_id else { return Ok(false) };
        let Some(entry) = free::provisioned_around(self.snapshot, source_id, block)? else { return Ok(false) };
        let around: PoolCidr = codec::expect(self.snapshot, &entry.id)?;
        Ok(around.meta.state == State::Planned && around.meta.owner != self.env.actor.owner)
    }

    /// Checks that objects of this owner can be in a pool: the pool is active, or planned by the same owner.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`].
    pub(in crate::ipam) fn require_own_if_planned(&self, pool: &Pool) -> Result<()> {
        if pool.meta.state == State::Planned && pool.meta.owner != self.env.actor.owner {
            return Err(Error::NotFound { kind: Kind::Pool, id: pool.meta.id.clone() });
        }
        Ok(())
    }

    /// The planned CIDRs of an active pool. In a planned pool, all CIDRs are planned.
    pub(in crate::ipam) fn planned_cidrs(&mut self, pool: &Pool) -> Result<Vec<PoolCidr>> {
        if pool.meta.state != State::Active {
            return Ok(Vec::new());
        }
        let all = codec::pool_cidrs(self.snapshot, &pool.meta.id)?;
        Ok(all.into_iter().filter(|pool_cidr| pool_cidr.meta.state == State::Planned).collect())
    }

    /// The utilization without the planned CIDRs of the pool and without the holds in them.
    pub(in crate::ipam) fn without_planned(&mut self, mut utilization: Utilization) -> Result<Utilization> {
        for pool_cidr in self.planned_cidrs(&utilization.pool)? {
            let (mut used, mut held) = (BigUint::default(), BigUint::default());
            let at = keys::at_of(&utilization.pool.meta.id);
            for entry in free::entries_over(self.snapshot, &at, &pool_cidr.cidr, usize::MAX)? {
                let allocation: Allocation = codec::expect(self.snapshot, &entry.id)?;
                let sum = if allocation.meta.state == State::Active { &mut used } else { &mut held };
                *sum += entry.cidr.address_count();
            }
            let all = pool_cidr.cidr.address_count();
            utilization.free -= &all - &used - &held;
            utilization.provisioned -= all;
            utilization.used -= used;
            utilization.held -= held;
        }
        Ok(utilization)
    }
}

impl Ledger<'_> {
    /// The free block that the strategy chooses, outside of reserved space and of CIDRs that other plans hold.
    pub(in crate::ipam) fn find_block(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<Option<Cidr>> {
        let mut disallowed: Option<BTreeSet<Cidr>> = None;
        loop {
            let ask = BlockRequest { disallowed: disallowed.as_ref().unwrap_or(ask.disallowed), ..*ask };
            let Some(block) = placement::find(self.tx, pool, &ask, self.env.random)? else { return Ok(None) };
            let Some(planned) = self.reader().planned_for_others(pool, &block)? else { return Ok(Some(block)) };
            let mut more = ask.disallowed.clone();
            more.insert(planned.cidr);
            disallowed = Some(more);
        }
    }
}

impl Records {
    /// Findings for active objects in a CIDR that is only planned, unless an apply in progress may have created them.
    /// Earlier versions gave such space to other owners. In a planned pool there may be no active object at all, which
    /// [`Records::faults`] reports.
    pub(in crate::ipam) fn faults_in_planned_cidrs(&self, now: Timestamp) -> Vec<Finding> {
        let mut planned: BTreeMap<&str, Vec<&PoolCidr>> = BTreeMap::new();
        for pool_cidr in self.pool_cidrs.values().filter(|found| found.meta.state == State::Planned && !found.deferred)
        {
            if self.pools.get(&pool_cidr.pool_id).is_some_and(|pool| pool.meta.state == State::Active) {
                planned.entry(&pool_cidr.pool_id).or_default().push(pool_cidr);
            }
        }
        let standing = self.allocations.values().filter(|found| found.meta.state == State::Active);
        let faults = standing.filter_map(|allocation| {
            let of_its_pool = planned.get(allocation.pool_id.as_str())?;
            let around = of_its_pool.iter().find(|planned| planned.cidr.contains(&allocation.cidr))?;
            stands_in_planned(allocation, around, now)
        });
        faults.collect()
    }
}

/// The finding for an allocation that is active in a CIDR that is only planned. The owner of that plan may be applying
/// it until the hold expires.
fn stands_in_planned(allocation: &Allocation, around: &PoolCidr, now: Timestamp) -> Option<Finding> {
    if allocation.meta.owner == around.meta.owner && !around.meta.is_expired(now) {
        return None;
    }
    let (place, what) = match &allocation.resource_id {
        Some(pool_id) if allocation.resource_type == ResourceType::IpamPool => {
            (pool_id, format!("The pool has the space {}", allocation.cidr))
        }
        _ => (&allocation.meta.id, format!("The allocation has the block {}", allocation.cidr)),
    };
    let until = around.meta.hold_expires_at.map_or_else(String::new, |expiry| {
        let verb = if expiry <= now { "expired" } else { "expires" };
        format!(" The hold of the plan {verb} at {expiry}.")
    });
    let what = format!(
        "{what} in {}, which owner {:?} has only planned for pool {} ({}).{until} Apply that plan, or release the \
         space.",
        around.cidr, around.meta.owner, around.pool_id, around.meta.id
    );
    Some(Finding { place: place.clone(), what })
}
