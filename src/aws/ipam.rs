//! The implementation of [`Ipam`] by AWS IPAM.

use jiff::Timestamp;

use crate::backend::observation::Observation;
use crate::backend::service::Service;
use crate::backend::{Capabilities, Ipam, New, ReservedTags};
use crate::ipam::{
    Allocation, AllocationChange, AllocationFilter, AllocationSpec, Audit, Cidr, Error, Event, Overview, OverviewQuery,
    Planned, Pool, PoolChange, PoolCidr, PoolCidrSpec, PoolFilter, PoolSpec, PoolTree, Resize, ResourceType, Result,
    Scope, ScopeChange, ScopeSpec, Size, Terms, Unsupported, Utilization,
};

use super::tags::{NAME, OURS};
use super::{AwsIpam, STORE};

const NO_HOLDS: Error = Error::Unsupported { what: Unsupported::Holds };

/// The key by which pools are sorted: by scope, depth-first, by name.
pub(super) fn sort_key(pool: &Pool, tree: &PoolTree) -> (String, Vec<String>, String) {
    let parts = tree.path(&pool.meta.id).unwrap_or_default().split('/').map(str::to_owned).collect();
    (pool.scope_id.clone(), parts, pool.meta.id.clone())
}

/// Pools in order of scope, depth-first, by name. `tree` has all pools.
fn in_order(mut pools: Vec<Pool>, tree: &PoolTree) -> Vec<Pool> {
    pools.sort_by_cached_key(|pool| sort_key(pool, tree));
    pools
}

impl AwsIpam {
    async fn allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        let pool_ids: Vec<String> = match &filter.pool_id {
            Some(id) => vec![id.clone()],
            None => {
                let all = self.pool_names().await?;
                let tree = PoolTree::new(&all);
                in_order(all, &tree).into_iter().map(|pool| pool.meta.id).collect()
            }
        };
        let wanted = |one: &Allocation| {
            filter.name.as_ref().is_none_or(|name| one.meta.name == *name)
                && filter.within.is_none_or(|block| block.contains(&one.cidr))
                && filter.containing.is_none_or(|block| one.cidr.contains(&block))
                && (filter.include_pools || one.resource_type != ResourceType::IpamPool)
        };
        let mut found = Vec::new();
        for id in pool_ids {
            found.extend(self.allocations_of(&id).await?.into_iter().filter(wanted));
        }
        Ok(found)
    }
}

impl Ipam for AwsIpam {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            holds: false,
            strategies: false,
            public_scopes: false,
            surveys: false,
            special: true,
            reserved_tags: ReservedTags { keys: &[NAME], prefixes: &[OURS, "aws:"] },
        }
    }

    fn speaks_against(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        self.run(self.preflight(new, terms, growing))
    }

    fn plan_scope(&self, _spec: &ScopeSpec, _terms: &Terms) -> Result<Scope> {
        Err(NO_HOLDS)
    }

    fn create_scope(&self, spec: &ScopeSpec, _planned: &Planned) -> Result<Scope> {
        self.run(self.make_scope(spec))
    }

    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        self.run(self.change_scope(id, change))
    }

    fn delete_scope(&self, id: &str) -> Result<()> {
        self.run(self.drop_scope(id))
    }

    fn get_scope(&self, id: &str) -> Result<Option<Scope>> {
        self.run(self.scope(id))
    }

    fn list_scopes(&self, _include_planned: bool) -> Result<Vec<Scope>> {
        self.run(self.scopes())
    }

    fn find_scope(&self, name: &str) -> Result<Option<Scope>> {
        self.run(async { Ok(self.scopes().await?.into_iter().find(|scope| scope.meta.name == name)) })
    }

    fn plan_pool(&self, _spec: &PoolSpec, _terms: &Terms) -> Result<Pool> {
        Err(NO_HOLDS)
    }

    fn create_pool(&self, spec: &PoolSpec, _planned: &Planned) -> Result<Pool> {
        self.run(self.make_pool(spec))
    }

    fn plan_pool_change(&self, _id: &str, _change: &PoolChange, _terms: &Terms) -> Result<Option<Pool>> {
        Err(NO_HOLDS)
    }

    fn preview_pool_change(&self, id: &str, change: &PoolChange, _terms: &Terms) -> Result<Option<Pool>> {
        self.run(self.preflight_change(id, change))
    }

    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool> {
        self.run(self.change_pool(id, change))
    }

    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()> {
        self.run(self.drop_pool(id, cascade))
    }

    fn get_pool(&self, id: &str) -> Result<Option<Pool>> {
        self.run(self.pool(id))
    }

    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        self.run(async {
            let found = self.pools(|pool| super::overview::passes(filter, pool)).await?;
            Ok(in_order(found, &PoolTree::new(&self.pool_names().await?)))
        })
    }

    fn find_pool(&self, wanted: &str) -> Result<Vec<Pool>> {
        self.run(async {
            let all = self.pool_names().await?;
            let tree = PoolTree::new(&all);
            let called: Vec<&str> =
                tree.called(wanted).into_iter().map(|position| all[position].meta.id.as_str()).collect();
            Ok(in_order(self.pools(|pool| called.contains(&pool.meta.id.as_str())).await?, &tree))
        })
    }

    fn pool_path(&self, id: &str) -> Result<String> {
        self.run(async {
            let pool = self.the_pool(id).await?;
            // An account that only uses a shared pool has no IPAM whose pools it could list.
            let all = if pool.source_pool_id.is_some() { self.pool_names().await? } else { Vec::new() };
            let others = all.iter().filter(|other| other.meta.id != id);
            let tree = PoolTree::new(others.chain([&pool]));
            Ok(tree.path(id).unwrap_or_default().to_owned())
        })
    }

    fn plan_pool_cidr(&self, _spec: &PoolCidrSpec, _terms: &Terms) -> Result<PoolCidr> {
        Err(NO_HOLDS)
    }

    fn create_pool_cidr(&self, spec: &PoolCidrSpec, _planned: &Planned) -> Result<PoolCidr> {
        self.run(self.make_pool_cidr(spec))
    }

    fn delete_pool_cidr(&self, id: &str) -> Result<()> {
        self.run(self.drop_pool_cidr(id))
    }

    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>> {
        self.run(self.pool_cidr(id))
    }

    fn list_pool_cidrs(&self, pool_id: &str, _include_planned: bool) -> Result<Vec<PoolCidr>> {
        self.run(self.pool_cidrs(pool_id))
    }

    fn plan_allocation(&self, _spec: &AllocationSpec, _terms: &Terms) -> Result<Allocation> {
        Err(NO_HOLDS)
    }

    fn preview_allocation(&self, spec: &AllocationSpec, terms: &Terms) -> Result<Allocation> {
        self.run(async {
            let mut pool = self.the_pool(&spec.pool_id).await?;
            if let Some(rules) = &terms.pool_rules {
                pool.rules.clone_from(rules);
            }
            self.preview_allocation(spec, &pool).await
        })
    }

    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation> {
        self.run(self.make_allocation(spec, planned))
    }

    fn plan_resize(&self, _id: &str, _size: Size, _terms: &Terms) -> Result<Resize> {
        Err(NO_HOLDS)
    }

    fn preview_resize(&self, id: &str, size: Size, _terms: &Terms) -> Result<Resize> {
        self.run(self.preview_resize(id, size))
    }

    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation> {
        self.run(self.change_allocation(id, change))
    }

    fn delete_allocation(&self, id: &str) -> Result<()> {
        self.run(self.drop_allocation(id))
    }

    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>> {
        self.run(self.allocation(id))
    }

    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        self.run(self.allocations(filter))
    }

    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>> {
        self.run(self.allocation_named(pool_id, name))
    }

    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>> {
        self.run(async {
            let all = self.allocations_of(pool_id).await?;
            Ok(all.into_iter().find(|one| one.cidr.contains(&address)))
        })
    }

    fn confirm(&self, _id: &str) -> Result<()> {
        // AWS keeps every object that it has created, so there is nothing to mark.
        Ok(())
    }

    fn confirm_all(&self, _ids: &[String]) -> Result<()> {
        Ok(())
    }

    fn preview_next(
        &self,
        pool_id: &str,
        netmask_length: Option<u8>,
        disallowed: &[Cidr],
        count: usize,
    ) -> Result<Vec<Cidr>> {
        self.run(self.next_blocks(pool_id, netmask_length, disallowed, count))
    }

    fn free_cidrs(&self, pool_id: &str, max_netmask_length: Option<u8>, limit: usize) -> Result<Vec<Cidr>> {
        self.run(async {
            self.the_pool(pool_id).await?;
            let free = self.pool_space(pool_id).await?.free.into_iter();
            let large = free.filter(|block| max_netmask_length.is_none_or(|max| block.netmask_length() <= max));
            Ok(large.take(limit).collect())
        })
    }

    fn utilization(&self, pool_id: &str) -> Result<Utilization> {
        self.run(self.use_of(pool_id))
    }

    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview> {
        self.run(self.read_overview(query))
    }

    fn events(&self, _after: u64, _limit: usize) -> Result<Vec<Event>> {
        Err(Error::Unsupported { what: Unsupported::Events })
    }

    fn check(&self) -> Result<Audit> {
        self.run(self.audit())
    }

    fn service(&self) -> Option<&(dyn Service + 'static)> {
        Some(self)
    }

    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        Some(self)
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn describe(&self) -> String {
        let ipam = self.wished_ipam.as_deref().unwrap_or("the only IPAM");
        format!("{STORE} ({ipam} in {})", self.clients.home_region())
    }
}
