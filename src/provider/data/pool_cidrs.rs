//! `ipam_pool_cidrs`: the CIDRs of a pool.

use std::sync::Arc;

use crate::ipam::{Cidr, PoolCidr};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics};
use crate::{at, model};

use super::facts::state_word;
use super::lookup::{self, explained, is_true};

model! {
    /// The attributes of a CIDR that is provisioned into a pool.
    pub(super) struct PoolCidrFacts {
        /// CIDR that is provisioned into the pool.
        cidr: Cidr => computed(),
        /// State of the pool CIDR: `active`, or `planned` while only a plan holds it.
        state: String => computed(),
        /// ID of the pool CIDR.
        ipam_pool_cidr_id: String => computed(),
        /// Whether the declaration of the pool provisions the CIDR (`cidrs` or `netmask_length` of `ipam_pool`).
        /// `false` for an `ipam_pool_cidr`.
        inline: bool => computed(),
    }
}

impl PoolCidrFacts {
    fn of(pool_cidr: PoolCidr) -> Self {
        Self {
            cidr: pool_cidr.cidr.into(),
            state: state_word(pool_cidr.meta.state).into(),
            ipam_pool_cidr_id: pool_cidr.meta.id.into(),
            inline: pool_cidr.inline.into(),
        }
    }
}

model! {
    /// Lists the CIDRs that are provisioned into a pool, sorted by address.
    pub(super) struct PoolCidrsModel {
        /// ID of the pool. It may be a planned pool, whose CIDRs are planned as well.
        ipam_pool_id: String => required(),
        /// Whether the list also contains CIDRs that are only planned. Default: `false`.
        include_planned: bool => default(false),
        /// List of the CIDRs.
        ipam_pool_cidrs: Vec<PoolCidrFacts> => computed(),
    }
}

pub(super) struct PoolCidrsData(pub(super) Arc<Shared>);

impl DataSource for PoolCidrsData {
    type Model = PoolCidrsModel;
    const TYPE: &'static str = "ipam_pool_cidrs";

    fn validate(&self, _config: &PoolCidrsModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: PoolCidrsModel) -> Result<PoolCidrsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        let here = || at!(PoolCidrsModel, ipam_pool_id);
        let id = config.ipam_pool_id.known(here())?;
        lookup::pool(ipam.as_ref(), id, here())?;
        let listed = ipam.list_pool_cidrs(id, is_true(&config.include_planned)).map_err(explained(here()))?;
        let listed = listed.into_iter().map(PoolCidrFacts::of).collect::<Vec<_>>();
        Ok(PoolCidrsModel { ipam_pool_cidrs: listed.into(), ..config })
    }
}
