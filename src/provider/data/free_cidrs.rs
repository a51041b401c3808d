//! `ipam_free_cidrs`: the free space of a pool.

use std::sync::Arc;

use crate::ipam::Cidr;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, wrong_value};
use crate::{at, model};

use super::lookup::{self, explained};

/// Number of CIDRs in a list when the configuration does not set a limit.
const LIMIT_DEFAULT: u32 = 1_000;
/// Largest number of CIDRs in a list.
const LIMIT_MAX: u32 = 100_000;

model! {
    /// Lists the free CIDRs of a pool: space that belongs to no allocation and to no pool below, and that no plan
    /// holds. Each CIDR is as large as its alignment allows. Space that is draining is listed, because a particular `cidr` can
    /// be allocated there. Reading does not reserve anything.
    pub(super) struct FreeCidrsModel {
        /// ID of the pool.
        ipam_pool_id: String => required(),
        /// Largest netmask length (the smallest CIDR) to list. Default: no limit.
        max_netmask_length: u8 => optional(),
        /// Maximum number of CIDRs to list, from 1 to 100000. Default: `1000`.
        limit: u32 => default(i64::from(LIMIT_DEFAULT)),
        /// List of the free CIDRs, sorted by address.
        cidrs: Vec<Cidr> => computed(),
        /// Whether the pool has more free CIDRs than `limit` allows.
        truncated: bool => computed(),
        /// Largest free CIDR of the whole pool, even if the list is truncated. If several have that size, the one with
        /// the lowest address. Null if no free CIDR exists, or none that `max_netmask_length` allows.
        largest: Cidr => computed(),
    }
}

pub(super) struct FreeCidrsData(pub(super) Arc<Shared>);

impl DataSource for FreeCidrsData {
    type Model = FreeCidrsModel;
    const TYPE: &'static str = "ipam_free_cidrs";

    fn validate(&self, config: &FreeCidrsModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if let Some(&limit) = config.limit.get()
            && !(1..=LIMIT_MAX).contains(&limit)
        {
            let sentence = format!("{limit} is not a number from 1 to {LIMIT_MAX}.");
            diagnostics.append(wrong_value(&at!(FreeCidrsModel, limit), sentence));
        }
        if let Some(&length) = config.max_netmask_length.get()
            && length > 128
        {
            let sentence =
                format!("{length} is not a netmask length: netmask lengths are 0 to 32 (IPv4) or 0 to 128 (IPv6).");
            diagnostics.append(wrong_value(&at!(FreeCidrsModel, max_netmask_length), sentence));
        }
        diagnostics
    }

    fn read(&self, config: FreeCidrsModel) -> Result<FreeCidrsModel, Diagnostics> {
        self.validate(&config).into_result()?;
        let ipam = self.0.ipam()?;
        let pool_at = || at!(FreeCidrsModel, ipam_pool_id);
        let id = config.ipam_pool_id.known(pool_at())?;
        lookup::pool(ipam.as_ref(), id, pool_at())?;
        let limit = config.limit.cloned().unwrap_or(LIMIT_DEFAULT) as usize;
        // One more than the limit shows whether there are more.
        let mut cidrs =
            ipam.free_cidrs(id, config.max_netmask_length.cloned(), limit + 1).map_err(explained(pool_at()))?;
        let truncated = cidrs.len() > limit;
        cidrs.truncate(limit);
        let largest = if truncated {
            ipam.utilization(id).map_err(explained(pool_at()))?.largest_free
        } else {
            cidrs.iter().min_by_key(|block| (block.netmask_length(), block.first())).copied()
        };
        Ok(FreeCidrsModel { cidrs: cidrs.into(), truncated: truncated.into(), largest: largest.into(), ..config })
    }
}
