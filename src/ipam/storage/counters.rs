//! Running sums for each pool, so that no request has to count allocations.

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use crate::ipam::storage::codec::{self, decimal};
use crate::ipam::storage::keys;
use crate::ipam::{Allocation, Cidr, Pool, ResourceType, Result, State, Utilization};
use crate::store::{Snapshot, Tx};

/// Addresses and allocations of one pool. Free = provisioned - used - held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ipam) struct Counters {
    /// Addresses in the pool's CIDRs, planned ones included.
    #[serde(with = "decimal")]
    pub(in crate::ipam) provisioned: BigUint,
    /// Addresses in active allocations.
    #[serde(with = "decimal")]
    pub(in crate::ipam) used: BigUint,
    /// Addresses under holds, planned growth included.
    #[serde(with = "decimal")]
    pub(in crate::ipam) held: BigUint,
    /// Addresses in active allocations that are not pools below.
    #[serde(with = "decimal")]
    pub(in crate::ipam) assigned: BigUint,
    /// Active allocations.
    #[serde(with = "decimal")]
    pub(in crate::ipam) allocations: BigUint,
    /// Planned allocations.
    #[serde(with = "decimal")]
    pub(in crate::ipam) holds: BigUint,
    /// Members of contiguous sets, planned ones included. A pool without any has no aggregate to keep off.
    #[serde(with = "decimal", default, skip_serializing_if = "is_zero")]
    pub(in crate::ipam) contiguous: BigUint,
}

fn is_zero(number: &BigUint) -> bool {
    *number == BigUint::ZERO
}

impl Counters {
    pub(in crate::ipam) fn free(&self) -> BigUint {
        let taken = &self.used + &self.held;
        if taken > self.provisioned { BigUint::default() } else { &self.provisioned - taken }
    }

    /// The part of the sums of a pool that one allocation contributes.
    pub(in crate::ipam) fn of(allocation: &Allocation) -> Self {
        let mut share = Self::default();
        let one = BigUint::from(1u8);
        if allocation.aggregate.is_some() && allocation.meta.is_live() {
            share.contiguous = one.clone();
        }
        let Some(reserved) = allocation.reserved() else { return share };
        if allocation.meta.state == State::Active {
            share.used = allocation.cidr.address_count();
            // The growth is smaller than the block only in a damaged record.
            let reserved = reserved.address_count();
            share.held = if reserved > share.used { reserved - &share.used } else { BigUint::default() };
            share.allocations = one;
            if allocation.resource_type != ResourceType::IpamPool {
                share.assigned = share.used.clone();
            }
        } else {
            share.held = reserved.address_count();
            share.holds = one;
        }
        share
    }

    /// These sums as the utilization of a pool, planned CIDRs included. Reserved space is not part of the sums.
    pub(in crate::ipam) fn utilization(
        self,
        pool: Pool,
        largest_free: Option<Cidr>,
        assigned_in_subtree: BigUint,
    ) -> Utilization {
        Utilization {
            pool,
            free: self.free(),
            provisioned: self.provisioned,
            used: self.used,
            held: self.held,
            reserved: BigUint::ZERO,
            resting: BigUint::ZERO,
            largest_free,
            allocations: u64::try_from(&self.allocations).unwrap_or(u64::MAX),
            assigned_in_subtree,
        }
    }

    /// Adds `other`.
    pub(in crate::ipam) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.pairs(other) {
            *mine += theirs;
        }
    }

    /// Subtracts `other`. Returns `false` when a sum would fall below zero, which happens only in a damaged store.
    #[must_use]
    pub(in crate::ipam) fn subtract(&mut self, other: &Self) -> bool {
        self.pairs(other).into_iter().all(|(mine, theirs)| {
            let enough = *mine >= *theirs;
            if enough {
                *mine -= theirs;
            }
            enough
        })
    }

    fn pairs<'a>(&'a mut self, other: &'a Self) -> [(&'a mut BigUint, &'a BigUint); 7] {
        [
            (&mut self.provisioned, &other.provisioned),
            (&mut self.used, &other.used),
            (&mut self.held, &other.held),
            (&mut self.assigned, &other.assigned),
            (&mut self.allocations, &other.allocations),
            (&mut self.holds, &other.holds),
            (&mut self.contiguous, &other.contiguous),
        ]
    }
}

pub(in crate::ipam) fn read(snapshot: &mut dyn Snapshot, pool_id: &str) -> Result<Counters> {
    Ok(codec::read(snapshot, &keys::count(pool_id))?.unwrap_or_default())
}

/// Replaces the share `before` in the sums of a pool by `after`.
pub(in crate::ipam) fn shift(tx: &mut dyn Tx, pool_id: &str, before: &Counters, after: &Counters) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let key = keys::count(pool_id);
    let mut sums = read(tx, pool_id)?;
    sums.add(after);
    if !sums.subtract(before) {
        return Err(codec::corrupt(&key, "a sum falls below zero"));
    }
    Ok(tx.put(&key, codec::encode(&sums)?)?)
}
