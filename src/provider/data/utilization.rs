//! `ipam_utilization`: the utilization of a pool and of all pools below it.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use num_bigint::{BigInt, BigUint};

use crate::backend::Utilization;
use crate::ipam::{Cidr, Error, Kind, OverviewQuery, Pool, PoolChoice, PoolOverview};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Number};
use crate::{at, model};

use super::facts::count;
use super::lookup::{self, explained, is_true};

model! {
    /// The attributes of the utilization of a pool.
    pub(super) struct UtilizationFacts {
        /// ID of the pool.
        ipam_pool_id: String => computed(),
        /// Name of the pool.
        name: String => computed(),
        /// Path of the pool: the names from the top-level pool down to this pool, joined by `/`.
        path: String => computed(),
        /// ID of the source pool, from which the pool takes its CIDRs; null for a top-level pool.
        source_ipam_pool_id: String => computed(),
        /// Depth of the pool in the tree of pools: 1 for a top-level pool, and one more for each pool above.
        pool_depth: u32 => computed(),
        /// Number of addresses that are provisioned into the pool. Always exactly `used + held + free`.
        provisioned: Number => computed(),
        /// Number of addresses in active allocations, including the space of pools below.
        used: Number => computed(),
        /// Number of addresses that plans hold and that are not applied yet, or that rest; 0 in AWS IPAM, which has no holds.
        held: Number => computed(),
        /// Number of addresses that no allocation and no hold has, including reserved ones.
        free: Number => computed(),
        /// Number of free addresses that the pool reserves (`reserved_cidrs`, `reserve_first`, `reserve_last`). No new
        /// allocation gets them.
        reserved: Number => computed(),
        /// Number of the `held` addresses that were released and rest (`quarantine` of the pool).
        resting: Number => computed(),
        /// `used` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is provisioned.
        used_percent: Number => computed(),
        /// `held` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is provisioned.
        held_percent: Number => computed(),
        /// `free` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is provisioned.
        free_percent: Number => computed(),
        /// Largest CIDR that is free and not reserved; null if there is none.
        largest_free_cidr: Cidr => computed(),
        /// Fragmentation of the free space, from 0 (one CIDR) towards 1 (many small CIDRs): 1 minus the size of the
        /// largest free CIDR divided by the number of free addresses, without reserved ones, rounded to four decimals
        /// (half up); 0 if nothing is free.
        fragmentation: Number => computed(),
        /// Number of active allocations in the pool itself. Each CIDR of a pool directly below counts as one.
        allocation_count: Number => computed(),
        /// Number of addresses in active allocations of this pool and of all pools below it, without the space of
        /// pools. These addresses are actually in use.
        assigned_in_subtree: Number => computed(),
        /// `assigned_in_subtree` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is
        /// provisioned.
        assigned_percent: Number => computed(),
    }
}

impl UtilizationFacts {
    fn of(now: Utilization, path: String) -> Self {
        let percent = |part: &BigUint| Number::Finite(share(&(part * 100u8), &now.provisioned, 2)).into();
        // A backend that makes two requests may see a block that is larger than its count of free addresses.
        let available = if now.reserved < now.free { &now.free - &now.reserved } else { BigUint::default() };
        let largest = now.largest_free.map(|block| block.address_count()).unwrap_or_default().min(available.clone());
        let scattered = if now.largest_free.is_some() { &available - largest } else { BigUint::default() };
        Self {
            path: path.into(),
            ipam_pool_id: now.pool.meta.id.into(),
            name: now.pool.meta.name.into(),
            source_ipam_pool_id: now.pool.source_pool_id.into(),
            pool_depth: now.pool.depth.into(),
            used_percent: percent(&now.used),
            held_percent: percent(&now.held),
            free_percent: percent(&now.free),
            assigned_percent: percent(&now.assigned_in_subtree),
            fragmentation: Number::Finite(share(&scattered, &available, 4)).into(),
            provisioned: count(now.provisioned),
            used: count(now.used),
            held: count(now.held),
            free: count(now.free),
            reserved: count(now.reserved),
            resting: count(now.resting),
            largest_free_cidr: now.largest_free.into(),
            allocation_count: count(now.allocations),
            assigned_in_subtree: count(now.assigned_in_subtree),
        }
    }
}

/// `part / whole`, rounded half up to `decimals`; 0 if `whole` is 0.
pub(super) fn share(part: &BigUint, whole: &BigUint, decimals: u32) -> BigDecimal {
    if *whole == BigUint::default() {
        return BigDecimal::default();
    }
    let rounded: BigUint = (part * BigUint::from(10u8).pow(decimals) * 2u8 + whole) / (whole * 2u8);
    BigDecimal::new(BigInt::from(rounded), i64::from(decimals)).normalized()
}

model! {
    /// Reads the utilization of a pool, and of every pool below it. The numbers of addresses are exact, for IPv6 as
    /// well.
    pub(super) struct UtilizationModel {
        /// ID of the pool. It may be a planned pool.
        ipam_pool_id: String => required(),
        /// Whether `pools` also contains pools that are only planned. Default: `false`.
        include_planned: bool => default(false),
        /// Name of the pool.
        name: String => computed(),
        /// Path of the pool: the names from the top-level pool down to this pool, joined by `/`.
        path: String => computed(),
        /// ID of the source pool, from which the pool takes its CIDRs; null for a top-level pool.
        source_ipam_pool_id: String => computed(),
        /// Depth of the pool in the tree of pools: 1 for a top-level pool, and one more for each pool above.
        pool_depth: u32 => computed(),
        /// Number of addresses that are provisioned into the pool. Always exactly `used + held + free`.
        provisioned: Number => computed(),
        /// Number of addresses in active allocations, including the space of pools below.
        used: Number => computed(),
        /// Number of addresses that plans hold and that are not applied yet, or that rest; 0 in AWS IPAM, which has no holds.
        held: Number => computed(),
        /// Number of addresses that no allocation and no hold has, including reserved ones.
        free: Number => computed(),
        /// Number of free addresses that the pool reserves (`reserved_cidrs`, `reserve_first`, `reserve_last`). No new
        /// allocation gets them.
        reserved: Number => computed(),
        /// Number of the `held` addresses that were released and rest (`quarantine` of the pool).
        resting: Number => computed(),
        /// `used` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is provisioned.
        used_percent: Number => computed(),
        /// `held` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is provisioned.
        held_percent: Number => computed(),
        /// `free` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is provisioned.
        free_percent: Number => computed(),
        /// Largest CIDR that is free and not reserved; null if there is none.
        largest_free_cidr: Cidr => computed(),
        /// Fragmentation of the free space, from 0 (one CIDR) towards 1 (many small CIDRs): 1 minus the size of the
        /// largest free CIDR divided by the number of free addresses, without reserved ones, rounded to four decimals
        /// (half up); 0 if nothing is free.
        fragmentation: Number => computed(),
        /// Number of active allocations in the pool itself. Each CIDR of a pool directly below counts as one.
        allocation_count: Number => computed(),
        /// Number of addresses in active allocations of this pool and of all pools below it, without the space of
        /// pools. These addresses are actually in use.
        assigned_in_subtree: Number => computed(),
        /// `assigned_in_subtree` as a percentage of `provisioned`, rounded to two decimals (half up); 0 if nothing is
        /// provisioned.
        assigned_percent: Number => computed(),
        /// List of the pools below this pool, at any depth, with their utilization. Each pool comes before the pools
        /// below it.
        pools: Vec<UtilizationFacts> => computed(),
    }
}

pub(super) struct UtilizationData(pub(super) Arc<Shared>);

impl DataSource for UtilizationData {
    type Model = UtilizationModel;
    const TYPE: &'static str = "ipam_utilization";

    fn validate(&self, _config: &UtilizationModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: UtilizationModel) -> Result<UtilizationModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let here = || at!(UtilizationModel, ipam_pool_id);
        let id = config.ipam_pool_id.known(here())?;
        let choice = PoolChoice::Under(id.clone());
        let include_planned = is_true(&config.include_planned);
        let keep = |pool: &Pool| pool.meta.id == *id || pool.meta.is_listed(include_planned);
        let query = OverviewQuery { keep: &keep, utilization: true, ..OverviewQuery::of(&choice) };
        let overview = ipam.overview(&query).map_err(|error| match error {
            Error::NotFound { .. } => lookup::no_such_id(Kind::Pool, id, here()),
            error => explained(here())(error),
        })?;
        let facts = |one: PoolOverview| Some(UtilizationFacts::of(one.utilization?, one.path));
        let mut pools = overview.pools.into_iter().filter_map(facts);
        let facts = pools.next().ok_or_else(|| lookup::no_such_id(Kind::Pool, id, here()))?;
        Ok(UtilizationModel {
            name: facts.name,
            path: facts.path,
            source_ipam_pool_id: facts.source_ipam_pool_id,
            pool_depth: facts.pool_depth,
            provisioned: facts.provisioned,
            used: facts.used,
            held: facts.held,
            free: facts.free,
            reserved: facts.reserved,
            resting: facts.resting,
            used_percent: facts.used_percent,
            held_percent: facts.held_percent,
            free_percent: facts.free_percent,
            largest_free_cidr: facts.largest_free_cidr,
            fragmentation: facts.fragmentation,
            allocation_count: facts.allocation_count,
            assigned_in_subtree: facts.assigned_in_subtree,
            assigned_percent: facts.assigned_percent,
            pools: pools.collect::<Vec<_>>().into(),
            ..config
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up_and_exact_beyond_floats() {
        let all_of_ipv6 = BigUint::from(1u8) << 128u32;
        for (part, whole, decimals, expected) in [
            (0u8.into(), 0u8.into(), 2, "0"),
            (0u8.into(), 256u16.into(), 2, "0"),
            (BigUint::from(100u8) * 256u16, 256u16.into(), 2, "100"),
            (BigUint::from(100u8), 3u8.into(), 2, "33.33"),
            (BigUint::from(200u8), 3u8.into(), 2, "66.67"),
            (BigUint::from(1u8), 8u8.into(), 2, "0.13"),
            (BigUint::from(1u8), 201u8.into(), 2, "0"),
            (BigUint::from(1u8), 200u8.into(), 2, "0.01"),
            (BigUint::from(1u8), 3u8.into(), 4, "0.3333"),
            (&all_of_ipv6 * 50u8, all_of_ipv6.clone(), 2, "50"),
            ((&all_of_ipv6 - 1u8) * 100u8, all_of_ipv6.clone(), 2, "100"),
        ] {
            assert_eq!(Number::Finite(share(&part, &whole, decimals)).to_string(), expected, "{part} of {whole}");
        }
    }
}
