//! `ipam_allocations`: allocations by what they have in common.

use std::sync::Arc;

use crate::backend::AllocationFilter;
use crate::ipam::{Allocation, Cidr, ResourceType, Tags};
use crate::provider::limits;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model, text_attr};

use super::facts::AllocationFacts;
use super::glob::Glob;
use super::{explained, is_true, lookup};

text_attr!(ResourceType);

model! {
    /// Lists allocations, by pool and in order of address. Every argument narrows the list; without any it is all of
    /// them. No match is an empty list.
    pub(super) struct AllocationsModel {
        /// Only allocations of this very pool, not of the pools below it.
        ipam_pool_id: String => optional(),
        /// Only allocations whose whole name matches: `*` stands for any characters, also none, `?` for exactly one,
        /// everything else for itself. Case counts.
        name_pattern: String => optional(),
        /// Only allocations that have all of these tags, with these values.
        tags: Tags => optional(),
        /// Only allocations that lie inside this block.
        within_cidr: Cidr => optional(),
        /// Only allocations that contain all of this block.
        containing_cidr: Cidr => optional(),
        /// Only allocations of this owner (provider argument `owner` of the configuration that made them).
        owner: String => optional(),
        /// Only `custom` allocations, made by a configuration, or only `ipam-pool`, the space of pools below; with AWS
        /// IPAM also such as `vpc`, `subnet`, `eip`, `ec2-public-ipv4-pool` or `anycast-ip-list`. All when not set.
        resource_type: ResourceType => optional(),
        /// Also list allocations that are only planned.
        include_planned: bool => default(false),
        /// The allocations.
        allocations: Vec<AllocationFacts> => computed(),
        /// Blocks of the allocations, in the same order.
        cidrs: Vec<Cidr> => computed(),
        /// Ids of the allocations, in the same order.
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
        limits::listed(ipam.as_ref(), &config.resource_type, at!(AllocationsModel, resource_type))?;
        let resource_type = config.resource_type.cloned();
        if let Some(id) = config.ipam_pool_id.get() {
            super::pool(ipam.as_ref(), id, at!(AllocationsModel, ipam_pool_id))?;
        }
        let glob = config.name_pattern.get().map(|pattern| Glob::new(pattern));
        let filter = AllocationFilter {
            pool_id: config.ipam_pool_id.cloned(),
            name: glob.as_ref().and_then(Glob::exact),
            within: config.within_cidr.cloned(),
            containing: config.containing_cidr.cloned(),
            include_planned: is_true(&config.include_planned),
            include_pools: resource_type != Some(ResourceType::Custom),
        };
        let wanted = |allocation: &Allocation| {
            glob.as_ref().is_none_or(|glob| glob.matches(&allocation.meta.name))
                && config.owner.get().is_none_or(|owner| allocation.meta.owner == *owner)
                && resource_type.is_none_or(|resource_type| allocation.resource_type == resource_type)
                && lookup::has_tags(&allocation.tags, config.tags.get())
        };
        let listed = ipam.list_allocations(&filter).map_err(explained(Path::root()))?;
        let listed: Vec<_> = listed.into_iter().filter(wanted).collect();
        let cidrs = listed.iter().map(|allocation| allocation.cidr).collect::<Vec<_>>();
        let ids = listed.iter().map(|allocation| allocation.meta.id.clone()).collect::<Vec<_>>();
        let allocations = listed.into_iter().map(AllocationFacts::of).collect::<Vec<_>>();
        Ok(AllocationsModel { allocations: allocations.into(), cidrs: cidrs.into(), ids: ids.into(), ..config })
    }
}
