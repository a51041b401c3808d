//! `ipam_pool_cidrs`: the space of a pool.

use std::sync::Arc;

use crate::ipam::{Cidr, PoolCidr};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics};
use crate::{at, model};

use super::facts::state_word;
use super::{explained, is_true};

model! {
    /// A CIDR provisioned into a pool.
    pub(super) struct PoolCidrFacts {
        /// The block.
        cidr: Cidr => computed(),
        /// `active`, or `planned` while it is only held by a plan.
        state: String => computed(),
        /// Id of the provisioned CIDR.
        ipam_pool_cidr_id: String => computed(),
        /// `true`: provisioned by the pool's own declaration (`cidrs`, `netmask_length`); `false`: by `ipam_pool_cidr`.
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
    /// Lists the CIDRs provisioned into a pool, in order of address.
    pub(super) struct PoolCidrsModel {
        /// The pool. A planned pool is found too; its CIDRs are then planned themselves.
        ipam_pool_id: String => required(),
        /// Also list CIDRs that are only planned.
        include_planned: bool => default(false),
        /// The CIDRs.
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
        super::pool(ipam.as_ref(), id, here())?;
        let listed = ipam.list_pool_cidrs(id, is_true(&config.include_planned)).map_err(explained(here()))?;
        let listed = listed.into_iter().map(PoolCidrFacts::of).collect::<Vec<_>>();
        Ok(PoolCidrsModel { ipam_pool_cidrs: listed.into(), ..config })
    }
}
