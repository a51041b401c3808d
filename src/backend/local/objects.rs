//! Scopes, pools, their CIDRs and allocations as records of the store.

use super::super::{Allocations, PoolCidrChange, PoolCidrs, Pools, Result, Scopes};
use super::Local;
use crate::ipam::{
    Allocation, AllocationChange, AllocationFilter, AllocationSpec, Cidr, Error, Planned, Pool, PoolChange, PoolCidr,
    PoolCidrSpec, PoolFilter, PoolSpec, Scope, ScopeChange, ScopeSpec, Size,
};
use crate::store;

impl Scopes for Local {
    fn create_scope(&self, spec: &ScopeSpec, planned: &Planned) -> Result<Scope> {
        let wish = spec.clone();
        self.create(&spec.name, planned, move |ledger, planned| ledger.create_scope(&wish, planned))
    }

    fn update_scope(&self, id: &str, change: &ScopeChange) -> Result<Scope> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.update_scope(&id, &wish))
    }

    fn delete_scope(&self, id: &str) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_scope(&gone))
    }

    fn get_scope(&self, id: &str) -> Result<Option<Scope>> {
        self.look(|reader| reader.get_scope(id))
    }

    fn list_scopes(&self, include_planned: bool) -> Result<Vec<Scope>> {
        let scopes = self.look(|reader| reader.list_scopes(include_planned))?;
        if !scopes.is_empty() {
            return Ok(scopes);
        }
        // The store was never written. Every store gets its default scopes with the first write, which is this one.
        match self.write("", |_| Ok(())) {
            Ok(()) => self.look(|reader| reader.list_scopes(include_planned)),
            Err(Error::Store(store::Error::ReadOnly(_))) => Ok(scopes),
            Err(error) => Err(error),
        }
    }

    fn find_scope(&self, name: &str) -> Result<Option<Scope>> {
        self.look(|reader| reader.find_scope(name))
    }
}

impl Pools for Local {
    fn create_pool(&self, spec: &PoolSpec, planned: &Planned) -> Result<Pool> {
        let wish = spec.clone();
        self.create(&spec.name, planned, move |ledger, planned| ledger.create_pool(&wish, planned))
    }

    fn update_pool(&self, id: &str, change: &PoolChange) -> Result<Pool> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.update_pool(&id, &wish))
    }

    fn delete_pool(&self, id: &str, cascade: bool) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_pool(&gone, cascade))
    }

    fn get_pool(&self, id: &str) -> Result<Option<Pool>> {
        self.look(|reader| reader.get_pool(id))
    }

    fn list_pools(&self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        self.look(|reader| reader.list_pools(filter))
    }

    fn find_pool(&self, path: &str) -> Result<Vec<Pool>> {
        self.look(|reader| reader.find_pool(path))
    }

    fn pool_path(&self, id: &str) -> Result<String> {
        self.look(|reader| reader.pool_path(id))
    }
}

/// The name by which a pool CIDR is sorted.
pub(super) fn pool_cidr_name(spec: &PoolCidrSpec) -> String {
    match (&spec.name, spec.size) {
        (Some(name), _) => name.clone(),
        (None, Size::Cidr(cidr)) => cidr.to_string(),
        (None, _) => String::new(),
    }
}

impl PoolCidrs for Local {
    fn create_pool_cidr(&self, spec: &PoolCidrSpec, planned: &Planned) -> Result<PoolCidr> {
        let wish = spec.clone();
        self.create(&pool_cidr_name(spec), planned, move |ledger, planned| ledger.create_pool_cidr(&wish, planned))
    }

    fn update_pool_cidr(&self, id: &str, change: &PoolCidrChange) -> Result<PoolCidr> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.rename_pool_cidr(&id, Some(&wish.name)))
    }

    fn delete_pool_cidr(&self, id: &str) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_pool_cidr(&gone))
    }

    fn get_pool_cidr(&self, id: &str) -> Result<Option<PoolCidr>> {
        self.look(|reader| reader.get_pool_cidr(id))
    }

    fn list_pool_cidrs(&self, pool_id: &str, include_planned: bool) -> Result<Vec<PoolCidr>> {
        self.look(|reader| reader.list_pool_cidrs(pool_id, include_planned))
    }
}

impl Allocations for Local {
    fn create_allocation(&self, spec: &AllocationSpec, planned: &Planned) -> Result<Allocation> {
        let wish = spec.clone();
        self.create(&spec.name, planned, move |ledger, planned| ledger.create_allocation(&wish, planned))
    }

    fn update_allocation(&self, id: &str, change: &AllocationChange) -> Result<Allocation> {
        let (id, wish) = (id.to_owned(), change.clone());
        self.write(&change.name, move |ledger| ledger.update_allocation(&id, &wish))
    }

    fn delete_allocation(&self, id: &str) -> Result<()> {
        let gone = id.to_owned();
        self.write(id, move |ledger| ledger.delete_allocation(&gone))
    }

    fn get_allocation(&self, id: &str) -> Result<Option<Allocation>> {
        self.look(|reader| reader.get_allocation(id))
    }

    fn list_allocations(&self, filter: &AllocationFilter) -> Result<Vec<Allocation>> {
        self.look(|reader| reader.list_allocations(filter))
    }

    fn allocations_page(&self, pool_id: &str, after: Option<Cidr>, limit: usize) -> Result<Vec<Allocation>> {
        self.read(|reader| reader.allocations_after(pool_id, after, limit))
    }

    fn find_allocation(&self, pool_id: &str, name: &str) -> Result<Option<Allocation>> {
        self.look(|reader| reader.find_allocation(pool_id, name))
    }

    fn allocation_at(&self, pool_id: &str, address: Cidr) -> Result<Option<Allocation>> {
        self.look(|reader| reader.allocation_at(pool_id, &address))
    }
}
