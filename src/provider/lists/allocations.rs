//! The list resource `ipam_allocation`.

use std::sync::Arc;

use crate::ipam::{Allocation, ResourceType};
use crate::provider::capabilities;
use crate::provider::data::explained;
use crate::provider::filters::{allocation_filters, wanted_allocations};
use crate::provider::resources::allocation::AllocationModel;
use crate::provider::shared::Shared;
use crate::tf::{Diagnostic, Diagnostics, Entries, Found, ListOptions, ListResource, Path, wrong_value};
use crate::{at, model};

use super::discovered::{self, DiscoveredFilter};
use super::entries::entries;
use super::pool_cidrs::pools;

model! {
    /// Lists allocations, sorted by pool and address. Each argument narrows the list; without arguments, the list
    /// contains all allocations that a configuration can manage. The space of pools below is not listed.
    pub(crate) struct AllocationListModel {
        include allocation_filters;
        /// Type of allocation. Only allocations of this type are listed: `custom` for those that a configuration
        /// created, or `vpc` for those that a scan imported. With `aws-ipam`, only `custom` allocations are listed.
        /// Default: all types.
        resource_type: ResourceType => optional(),
        /// Lists CIDRs that no allocation covers, in place of allocations: those of the VPCs, subnets and addresses that a
        /// resource discovery found, each as the allocation that would cover it. The arguments of this object narrow the
        /// list; `{}` has none. Of `ipam_allocation`'s other arguments, only `ipam_pool_id` and `within_cidr` may be set as
        /// well: `ipam_pool_id` is then the pool in which the CIDR would be allocated. A CIDR inside another one of the list
        /// is not listed, and a warning names those that cannot be allocated. An import takes a listed CIDR up: the plan
        /// shows a new allocation as a change in place, and apply makes it. Only on self-managed stores.
        discovered: DiscoveredFilter => optional(),
    }
}

pub(super) struct AllocationList(pub(super) Arc<Shared>);

impl ListResource for AllocationList {
    type Config = AllocationListModel;
    type Object = AllocationModel;
    const TYPE: &'static str = "ipam_allocation";

    fn validate(&self, config: &AllocationListModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if config.resource_type.get() == Some(&ResourceType::IpamPool) {
            let why =
                "The space of a pool below cannot be managed as an allocation. List the pools: `list \"ipam_pool\"`.";
            diagnostics.append(wrong_value(&at!(AllocationListModel, resource_type), why));
        }
        if config.discovered.is_known() {
            diagnostics.extend(of_allocations(config).map(|path| {
                let detail = format!(
                    "{path} is about allocations, and `discovered` lists CIDRs that have none. Remove one of the two. \
                     `discovered` has arguments of its own."
                );
                Diagnostic::error(format!("{path} beside discovered"), detail).at(path)
            }));
        }
        diagnostics
    }

    fn list<'a>(
        &'a self,
        config: AllocationListModel,
        options: ListOptions,
    ) -> Result<Entries<'a, Found<AllocationModel>>, Diagnostics> {
        let configured = self.0.ready()?;
        if let Some(filter) = config.discovered.get() {
            let limits = (config.ipam_pool_id.get().map(String::as_str), config.within_cidr.cloned());
            return discovered::entries(configured, filter, limits, options);
        }
        let type_at = at!(AllocationListModel, resource_type);
        capabilities::listed(configured.ipam.as_ref(), &config.resource_type, type_at)?;
        let pools = pools(&configured, config.ipam_pool_id.get(), at!(AllocationListModel, ipam_pool_id))?;
        let (ipam, wanted) = (Arc::clone(&configured.ipam), wanted_allocations!(config));
        // A page is read when the client has the entries of the pages before.
        let found = pools.into_iter().flat_map(move |pool| wanted.in_pages(Arc::clone(&ipam), pool.meta.id));
        let found = found.map(|one| one.map(named).map_err(explained(Path::root())));
        Ok(entries(configured, options, found))
    }
}

/// The arguments that are set and that only allocations have.
fn of_allocations(config: &AllocationListModel) -> impl Iterator<Item = Path> {
    let arguments = [
        (config.name_pattern.is_known(), at!(AllocationListModel, name_pattern)),
        (config.tags.is_known(), at!(AllocationListModel, tags)),
        (config.containing_cidr.is_known(), at!(AllocationListModel, containing_cidr)),
        (config.owner.is_known(), at!(AllocationListModel, owner)),
        (config.resource_type.is_known(), at!(AllocationListModel, resource_type)),
    ];
    arguments.into_iter().filter(|(is_set, _)| *is_set).map(|(_, path)| path)
}

fn named(allocation: Allocation) -> (Allocation, String) {
    let name = format!("{} ({})", allocation.meta.name, allocation.cidr);
    (allocation, name)
}
