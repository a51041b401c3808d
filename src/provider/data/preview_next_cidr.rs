//! `ipam_preview_next_cidr`: the CIDRs that a pool would allocate next.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::backend::Ipam;
use crate::ipam::{Cidr, Error, Exhausted, KeptOff, Pool};
use crate::provider::errors;
use crate::provider::minimum::{Count, Minimums};
use crate::provider::resources::other_family;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path, wrong_value};
use crate::{at, model};

use super::lookup::{self, explained};

/// Largest number of CIDRs in a preview.
const COUNT_MAX: u32 = 1_000;

model! {
    /// Shows the CIDRs that a pool would allocate next.
    ///
    /// A preview does not reserve anything: after the next allocation in the pool, another read shows other CIDRs. Do
    /// not set them as `cidr` of resources, which would then change on later runs. Set `netmask_length` of an
    /// `ipam_allocation` instead: on a self-managed store, its plan shows the CIDR and holds it.
    pub(super) struct PreviewNextCidrModel {
        /// ID of the pool.
        ipam_pool_id: String => required(),
        /// Netmask length of the CIDRs. Default: the `allocation_default_netmask_length` of the pool.
        netmask_length: u8 => optional(),
        /// Smallest number of addresses of each CIDR, in place of `netmask_length`, as in `ipam_allocation`.
        minimum_addresses: Count => optional(),
        /// Smallest number of hosts that each CIDR must have room for, in place of `netmask_length`, as in
        /// `ipam_allocation`.
        minimum_hosts: Count => optional(),
        /// Number of disjoint CIDRs to show, from 1 to 1000. Default: `1`. If the pool has room for fewer CIDRs,
        /// reading fails.
        cidr_count: u32 => default(1_i64),
        /// Set of CIDRs that the preview must not use.
        disallowed_cidrs: BTreeSet<Cidr> => optional(),
        /// First of the CIDRs.
        cidr: Cidr => computed(),
        /// List of the CIDRs, in the order in which allocations would get them.
        cidrs: Vec<Cidr> => computed(),
    }
}

impl PreviewNextCidrModel {
    fn minimums(&self) -> Minimums {
        Minimums { addresses: self.minimum_addresses.clone(), hosts: self.minimum_hosts.clone() }
    }
}

pub(super) struct PreviewNextCidrData(pub(super) Arc<Shared>);

impl DataSource for PreviewNextCidrData {
    type Model = PreviewNextCidrModel;
    const TYPE: &'static str = "ipam_preview_next_cidr";

    fn validate(&self, config: &PreviewNextCidrModel) -> Diagnostics {
        let others = [("netmask_length", config.netmask_length.is_known())];
        let mut diagnostics: Diagnostics = config.minimums().check(&others, &Path::root()).into_iter().collect();
        if let Some(&count) = config.cidr_count.get()
            && !(1..=COUNT_MAX).contains(&count)
        {
            let sentence = format!("{count} is not a number from 1 to {COUNT_MAX}.");
            diagnostics.append(wrong_value(&at!(PreviewNextCidrModel, cidr_count), sentence));
        }
        diagnostics
    }

    fn read(&self, config: PreviewNextCidrModel) -> Result<PreviewNextCidrModel, Diagnostics> {
        self.validate(&config).into_result()?;
        let ipam = self.0.ipam()?;
        let pool_at = || at!(PreviewNextCidrModel, ipam_pool_id);
        let pool = lookup::pool(ipam.as_ref(), config.ipam_pool_id.known(pool_at())?, pool_at())?;
        if let Some(wrong) = other_family(config.disallowed_cidrs.get(), pool.address_family, "the pool is") {
            return Err(wrong.at(at!(PreviewNextCidrModel, disallowed_cidrs)).into());
        }
        let disallowed: Vec<Cidr> = config.disallowed_cidrs.get().into_iter().flatten().copied().collect();
        let count = config.cidr_count.cloned().unwrap_or(1) as usize;
        let by_number = config.minimums().netmask_length(Some(pool.address_family), &Path::root())?;
        let length = config.netmask_length.cloned().or(by_number.cloned());
        let here = match config.minimums().attribute(&Path::root()) {
            Some(minimum) => minimum,
            None if length.is_some() => at!(PreviewNextCidrModel, netmask_length),
            None => pool_at(),
        };
        let cidrs = ipam.preview_next(&pool.meta.id, length, &disallowed, count).map_err(explained(here.clone()))?;
        match cidrs.first() {
            Some(&first) if cidrs.len() >= count => {
                Ok(PreviewNextCidrModel { cidr: first.into(), cidrs: cidrs.into(), ..config })
            }
            _ => {
                let length = length.or(pool.rules.default_netmask_length).unwrap_or(pool.address_family.bits());
                Err(too_few(ipam.as_ref(), &pool, length, cidrs.len(), count, !disallowed.is_empty(), here))
            }
        }
    }
}

fn too_few(
    ipam: &dyn Ipam,
    pool: &Pool,
    netmask_length: u8,
    fitting: usize,
    count: usize,
    some_disallowed: bool,
    here: Path,
) -> Diagnostics {
    let now = match ipam.utilization(&pool.meta.id) {
        Ok(now) => now,
        Err(error) => return explained(here)(error),
    };
    if fitting > 0 {
        let largest = now.largest_free.map(|block| format!("; the largest free block is {block}")).unwrap_or_default();
        return Diagnostic::error(
            format!("Pool {:?} has no room for {count} blocks", pool.meta.name),
            format!(
                "{count} disjoint blocks of netmask length {netmask_length} were asked for, and only {fitting} fit. \
                 {} addresses are free{largest}. Ask for fewer or smaller blocks, or provision more space into {}.",
                now.free, pool.meta.id
            ),
        )
        .at(here)
        .into();
    }
    let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
    let is_large = |block: &Cidr| block.netmask_length() <= netmask_length;
    let large = now.largest_free.filter(is_large);
    let draining = large.filter(|block| pool.rules.draining(block).is_some());
    let error = if now.provisioned == 0u8.into() {
        Error::PoolEmpty { pool_id, pool_name }
    } else {
        Error::PoolExhausted(Exhausted {
            pool_id,
            pool_name,
            netmask_length,
            largest_free: now.largest_free,
            free: now.free,
            disallowed: some_disallowed && large.is_some(),
            draining: draining.map(Box::new),
            held: now.held,
            reserved: now.reserved,
            resting: now.resting,
            first_rest: None,
            first_expiry: None,
            lost: None,
            // It is free and large enough, and the configuration does not exclude it.
            kept_off: large.filter(|_| !some_disallowed && draining.is_none()).map(|block| {
                Box::new(KeptOff { block: block.resized(netmask_length), seen: Vec::new(), largest: None })
            }),
        })
    };
    errors::explain(&error).at(here).into()
}
