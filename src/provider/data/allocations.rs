//! `ipam_allocations`: lists allocations with common properties.

use std::sync::Arc;

use crate::backend::AllocationFilter;
use crate::ipam::{Allocation, Cidr, ResourceType, Tags};
use crate::provider::capabilities;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model, text_attr};

use super::facts::AllocationFacts;
use super::glob::Glob;
use super::lookup::{self, explained, is_true};

text_attr!(ResourceType);

model! {
    /// Lists allocations, sorted by pool and address. Each argument narrows the list; without arguments, the list
    /// contains all allocations. If no allocation matches, the list is empty.
    pub(super) struct AllocationsModel {
        /// ID of a pool. Only allocations of this pool are listed, and not those of the pools below it.
        ipam_pool_id: String => optional(),
        /// Pattern that the whole name must match: `*` stands for any number of characters, `?` for exactly one, and
        /// any other character for itself. The pattern is case-sensitive. Only allocations with a matching name are
        /// listed.
        name_pattern: String => optional(),
        /// Map of tags. Only allocations that have all of these tags, with the same values, are listed.
        tags: Tags => optional(),
        /// CIDR. Only allocations that lie inside this CIDR are listed.
        within_cidr: Cidr => optional(),
        /// CIDR. Only allocations that contain this whole CIDR are listed.
        containing_cidr: Cidr => optional(),
        /// Owner (the provider argument `owner`). Only allocations of this owner are listed.
        owner: String => optional(),
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
        let resource_type = config.resource_type.cloned();
        if let Some(id) = config.ipam_pool_id.get() {
            lookup::pool(ipam.as_ref(), id, at!(AllocationsModel, ipam_pool_id))?;
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
