//! `ipam_allocations`: lists allocations with common properties.

use std::sync::Arc;

use crate::ipam::{Cidr, ResourceType};
use crate::provider::capabilities;
use crate::provider::filters::{allocation_filters, wanted_allocations};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model, text_attr};

use super::facts::AllocationFacts;
use super::lookup::{self, explained, is_true};

text_attr!(ResourceType);

model! {
    /// Lists allocations, sorted by pool and address. Each argument narrows the list; without arguments, the list
    /// contains all allocations. If no allocation matches, the list is empty.
    pub(super) struct AllocationsModel {
        include allocation_filters;
        /// Type of allocation. Only allocations of this type are listed: `custom` for those that a configuration
        /// created, `ipam-pool` for the space of pools below, or the type of the resource that has the space, such as
        /// `vpc`. AWS IPAM also has types such as `subnet`, `eip`, `ec2-public-ipv4-pool` and `anycast-ip-list`.
        /// Default: all types.
        resource_type: ResourceType => optional(),
        /// Whether the list also contains allocations that are only planned. Default: `false`.
        include_planned: bool => default(false),
        /// List of the allocations.
        allocations: Vec<AllocationFacts> => computed(),
        /// List of the CIDRs of the allocations, in the order of `allocations`.
        cidrs: Vec<Cidr> => computed(),
        /// List of the IDs of the allocations, in the order of `allocations`.
        ids: Vec<String> => computed(),
    }
}

pub(super) struct AllocationsData(pub(super) Arc<Shared>);

impl DataSource for AllocationsData {
    type Model = AllocationsModel;
    const TYPE: &'static str = "ipam_allocations";

    fn validate(&self, _config: &AllocationsModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: AllocationsModel) -> Result<AllocationsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        capabilities::listed(ipam.as_ref(), &config.resource_type, at!(AllocationsModel, resource_type))?;
        if let Some(id) = config.ipam_pool_id.get() {
            lookup::pool(ipam.as_ref(), id, at!(AllocationsModel, ipam_pool_id))?;
        }
        let wanted = wanted_allocations!(config);
        let listed = wanted.of(ipam.as_ref(), config.ipam_pool_id.cloned(), is_true(&config.include_planned));
        let listed = listed.map_err(explained(Path::root()))?;
        let cidrs = listed.iter().map(|allocation| allocation.cidr).collect::<Vec<_>>();
        let ids = listed.iter().map(|allocation| allocation.meta.id.clone()).collect::<Vec<_>>();
        let allocations = listed.into_iter().map(AllocationFacts::of).collect::<Vec<_>>();
        Ok(AllocationsModel { allocations: allocations.into(), cidrs: cidrs.into(), ids: ids.into(), ..config })
    }
}
