//! Reads one object by its id, and lists objects.

use std::collections::BTreeMap;

use crate::ipam::operations::context::{LEVELS_MAX, TOO_DEEP};
use crate::ipam::space::free;
use crate::ipam::storage::codec::{self, BlockEntry, Record};
use crate::ipam::storage::{keys, names};
use crate::ipam::{Allocation, AllocationFilter, Cidr, Pool, PoolCidr, PoolFilter, Reader, Result, Scope};
use crate::store::Order;

impl Reader<'_> {
    /// The scope with this id, `None` when it is gone.
    pub fn get_scope(&mut self, id: &str) -> Result<Option<Scope>> {
        codec::live(self.snapshot, id)
    }

    /// The pool with this id, `None` when it is gone.
    pub fn get_pool(&mut self, id: &str) -> Result<Option<Pool>> {
        codec::live(self.snapshot, id)
    }

    /// The pool CIDR with this id, `None` when it is gone.
    pub fn get_pool_cidr(&mut self, id: &str) -> Result<Option<PoolCidr>> {
        codec::live(self.snapshot, id)
    }

    /// The allocation with this id, `None` when it is gone.
    pub fn get_allocation(&mut self, id: &str) -> Result<Option<Allocation>> {
        codec::live(self.snapshot, id)
    }

    /// All records of one kind that pass `keep`, in order of their ids.
    fn all<R: Record>(&mut self, keep: &dyn Fn(&R) -> bool) -> Result<Vec<R>> {
        let mut records = Vec::new();
        self.each_record(&mut |record| {
            if keep(&record) {
                records.push(record);
            }
            true
        })?;
        Ok(records)
    }

    /// Scopes by name.
    pub fn list_scopes(&mut self, include_planned: bool) -> Result<Vec<Scope>> {
        let mut scopes = self.all(&|scope: &Scope| scope.meta.is_listed(include_planned))?;
        scopes.sort_by(|a, b| (&a.meta.name, &a.meta.id).cmp(&(&b.meta.name, &b.meta.id)));
        Ok(scopes)
    }

    /// The pools directly in a scope or a pool, by name, including holds.
    pub(in crate::ipam) fn children(&mut self, container: &str) -> Result<Vec<Pool>> {
        let range = keys::under(&keys::children_of(container));
        let entries = self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)?;
        let mut pools: Vec<Pool> = codec::expect_tails(self.snapshot, &entries)?;
        if let Some(((key, _), _)) = entries.iter().zip(&pools).find(|(_, pool)| pool.container() != container) {
            return Err(codec::corrupt(key, "a damaged record: the pool is elsewhere"));
        }
        pools.sort_by(|a, b| (&a.meta.name, &a.meta.id).cmp(&(&b.meta.name, &b.meta.id)));
        Ok(pools)
    }

    /// The pools directly below a pool, for a descent of the tree. Each must be one level deeper, so that the descent
    /// ends.
    pub(in crate::ipam) fn below(&mut self, pool: &Pool) -> Result<Vec<Pool>> {
        let pools = self.children(&pool.meta.id)?;
        let is_right =
            |below: &Pool| Some(below.depth) == pool.depth.checked_add(1) && below.depth as usize <= LEVELS_MAX;
        match pools.iter().find(|below| !is_right(below)) {
            Some(wrong) => Err(codec::corrupt(&keys::record(Pool::KIND, &wrong.meta.id), TOO_DEEP)),
            None => Ok(pools),
        }
    }

    /// Pools by scope, then depth-first by name: parents come before children.
    pub fn list_pools(&mut self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        let wanted = |pool: &Pool| filter.fits(pool);
        if let Some(source) = &filter.source_pool_id {
            let below = match codec::load::<Pool>(self.snapshot, source)? {
                Some(pool) => self.below(&pool)?,
                None => self.children(source)?,
            };
            return Ok(below.into_iter().filter(wanted).collect());
        }
        if let Some(name) = &filter.name {
            return self.pools_called(name, &wanted);
        }
        let mut below: BTreeMap<String, Vec<Pool>> = BTreeMap::new();
        for pool in self.all(&|pool: &Pool| pool.meta.is_live())? {
            below.entry(pool.container().to_owned()).or_default().push(pool);
        }
        for pools in below.values_mut() {
            pools.sort_by(|a, b| (&b.meta.name, &b.meta.id).cmp(&(&a.meta.name, &a.meta.id)));
        }
        let mut listed = Vec::new();
        for scope in self.list_scopes(true)? {
            let mut next = |id: &str, level: usize| {
                below.remove(id).unwrap_or_default().into_iter().map(move |pool| (pool, level))
            };
            let mut open: Vec<(Pool, usize)> = next(&scope.meta.id, 1).collect();
            while let Some((pool, level)) = open.pop() {
                // Callers descend the tree with this list and write paths.
                if level > LEVELS_MAX {
                    return Err(codec::corrupt(&keys::record(Pool::KIND, &pool.meta.id), TOO_DEEP));
                }
                open.extend(next(&pool.meta.id, level + 1));
                if wanted(&pool) {
                    listed.push(pool);
                }
            }
        }
        Ok(listed)
    }

    fn pools_called(&mut self, name: &str, wanted: &dyn Fn(&Pool) -> bool) -> Result<Vec<Pool>> {
        let mut placed = Vec::new();
        for pool in self.pools_with_name(name)? {
            if wanted(&pool) {
                let scope: Option<Scope> = codec::load(self.snapshot, &pool.scope_id)?;
                let scope_name = scope.map(|scope| scope.meta.name).unwrap_or_default();
                placed.push(((scope_name, self.path_of(&pool)?, pool.meta.id.clone()), pool));
            }
        }
        placed.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(placed.into_iter().map(|(_, pool)| pool).collect())
    }

    /// Pools with this name anywhere in the store, including holds.
    pub(in crate::ipam) fn pools_with_name(&mut self, name: &str) -> Result<Vec<Pool>> {
        let range = keys::under(&keys::pools_named(name));
        let entries = self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)?;
        codec::expect_tails(self.snapshot, &entries)
    }

    /// CIDRs of a pool by address: those of its own declaration, and those of `ipam_pool_cidr`.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when there is no such pool.
    pub fn list_pool_cidrs(&mut self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>> {
        codec::require::<Pool>(self.snapshot, pool_id)?;
        let mut pool_cidrs = codec::pool_cidrs(self.snapshot, pool_id)?;
        pool_cidrs.retain(|pool_cidr| pool_cidr.meta.is_listed(include_planned));
        Ok(pool_cidrs)
    }

    /// A page of the allocations of a pool by address, with the keys to continue from, including holds and pools below.
    /// With a block, only allocations that share addresses with it.
    pub(in crate::ipam) fn allocations_page(
        &mut self,
        pool_id: &str,
        within: Option<&Cidr>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Allocation)>> {
        let (mut start, mut end) = keys::under(&keys::at_of(pool_id));
        if let Some(within) = within {
            let prefix = keys::at_of(pool_id);
            start = keys::at(pool_id, within.family(), within.first());
            // An allocation that starts before the block may reach into it.
            for (key, bytes) in self.snapshot.scan(&prefix..&start, Order::Descending, 1)? {
                if codec::decode::<BlockEntry>(&key, &bytes)?.cidr.overlaps(within) {
                    start = key;
                }
            }
            end = keys::under(&keys::at(pool_id, within.family(), within.last())).1;
        }
        if let Some(after) = after {
            start = keys::after(after);
        }
        let entries = self.snapshot.scan(&start..&end, Order::Ascending, limit)?;
        let allocations = codec::expect_all(self.snapshot, &codec::ids_of_entries(&entries)?)?;
        Ok(entries.into_iter().map(|(key, _)| key).zip(allocations).collect())
    }

    /// A page of the allocations of a pool by address: those behind the block `after`, at most `limit`, including holds and
    /// pools below. Empty at the end, and when there is no such pool.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn allocations_after(&mut self, pool_id: &str, after: Option<Cidr>, limit: usize) -> Result<Vec<Allocation>> {
        let after = after.map(|block| keys::at(pool_id, block.family(), block.first()));
        let page = self.allocations_page(pool_id, None, after.as_deref(), limit)?;
        Ok(page.into_iter().map(|(_, allocation)| allocation).collect())
    }

    /// Allocations by pool (in the order of [`Reader::list_pools`]), then by address.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when the filter names a pool that does not exist.
    pub fn list_allocations(&mut self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        let wanted = |allocation: &Allocation| filter.fits(allocation);
        let Some(pool_id) = &filter.pool_id else {
            let allocations = self.all(&wanted)?;
            return self.by_pool(allocations);
        };
        let pool: Pool = codec::require(self.snapshot, pool_id)?;
        let mut found = match (&filter.name, filter.containing.or(filter.within)) {
            (Some(name), _) if !filter.include_pools => self.allocations_called(pool_id, name)?,
            (_, Some(block)) if block.family() == pool.address_family => {
                let entries = free::entries_over(self.snapshot, &keys::at_of(pool_id), &block, usize::MAX)?;
                let ids: Vec<String> = entries.into_iter().map(|entry| entry.id).collect();
                codec::expect_all(self.snapshot, &ids)?
            }
            (_, Some(_)) => Vec::new(),
            _ => {
                let page = self.allocations_page(pool_id, None, None, usize::MAX)?;
                page.into_iter().map(|(_, allocation)| allocation).collect()
            }
        };
        found.retain(wanted);
        found.sort_by(|a, b| (a.cidr, &a.meta.id).cmp(&(b.cidr, &b.meta.id)));
        Ok(found)
    }

    /// The active allocation and the hold with this name.
    fn allocations_called(&mut self, pool_id: &str, name: &str) -> Result<Vec<Allocation>> {
        let entry = names::entry(self.snapshot, Allocation::KIND, pool_id, name)?;
        let ids = entry.active.into_iter().chain(entry.planned);
        ids.map(|id| codec::expect(self.snapshot, &id)).collect()
    }

    fn by_pool(&mut self, mut allocations: Vec<Allocation>) -> Result<Vec<Allocation>> {
        let pools = self.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
        let order: BTreeMap<&str, usize> =
            pools.iter().enumerate().map(|(index, pool)| (pool.meta.id.as_str(), index)).collect();
        allocations.sort_by_key(|allocation| {
            (order.get(allocation.pool_id.as_str()).copied(), allocation.cidr, allocation.meta.id.clone())
        });
        Ok(allocations)
    }
}
