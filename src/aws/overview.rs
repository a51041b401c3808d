//! An overview, put together from the lists of AWS. Each list of a pool is requested at most once.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ec2::types as ec2;

use crate::ipam::{
    Allocation, Audit, Cidr, Error, Finding, Kind, Overview, OverviewQuery, Pool, PoolChoice, PoolOverview, PoolTree,
    Result, Review, Scope, ScopeChoice,
};

use super::allocation::Allocations;
use super::connection::Connection;
use super::convert;
use super::pool::{Pools, is_gone};
use super::pool_tree::sort_key;
use super::scope::Scopes;
use super::usage::{PoolSpace, assigned_in};

/// The lists of pools, each requested when it is needed first.
pub(super) struct PoolLists<'a> {
    aws: &'a Connection,
    cidrs: HashMap<String, Vec<ec2::IpamPoolCidr>>,
    allocations: HashMap<String, Vec<Allocation>>,
}

impl<'a> PoolLists<'a> {
    pub(super) fn new(aws: &'a Connection) -> Self {
        Self { aws, cidrs: HashMap::new(), allocations: HashMap::new() }
    }

    const fn pools(&self) -> Pools<'a> {
        Pools { aws: self.aws }
    }

    const fn scopes(&self) -> Scopes<'a> {
        Scopes { aws: self.aws }
    }

    async fn cidrs(&mut self, pool_id: &str) -> Result<&[ec2::IpamPoolCidr]> {
        if !self.cidrs.contains_key(pool_id) {
            let mut found = self.pools().describe_present_cidrs(pool_id).await?;
            found.retain(|one| one.cidr().is_some());
            self.cidrs.insert(pool_id.to_owned(), found);
        }
        Ok(self.cidrs.get(pool_id).map_or(&[], Vec::as_slice))
    }

    async fn blocks(&mut self, pool_id: &str) -> Result<BTreeSet<Cidr>> {
        self.cidrs(pool_id).await?.iter().map(|one| convert::cidr(one.cidr())).collect()
    }

    async fn allocations(&mut self, pool_id: &str) -> Result<&[Allocation]> {
        if !self.allocations.contains_key(pool_id) {
            let found = Allocations { aws: self.aws }.list_in(pool_id).await?;
            self.allocations.insert(pool_id.to_owned(), found);
        }
        Ok(self.allocations.get(pool_id).map_or(&[], Vec::as_slice))
    }

    async fn pool_space(&mut self, pool_id: &str) -> Result<PoolSpace> {
        let blocks = self.blocks(pool_id).await?;
        Ok(PoolSpace::new(blocks, self.allocations(pool_id).await?.to_vec()))
    }
}

/// A pool as AWS lists it, and as a record without its blocks.
type Listed = (ec2::IpamPool, Pool);

impl PoolLists<'_> {
    pub(super) async fn overview(&mut self, query: &OverviewQuery<'_>) -> Result<Overview> {
        let (mut listed, audited) = self.listed_pools(query.pools).await?;
        let tree = PoolTree::new(listed.iter().map(|(_, pool)| pool));
        listed.sort_by_cached_key(|(_, pool)| sort_key(pool, &tree));
        let tree = PoolTree::new(listed.iter().map(|(_, pool)| pool));
        let chosen = chosen(query.pools, &listed, &tree);
        let mut pools = Vec::new();
        for position in chosen.into_iter().filter(|position| (query.keep)(&listed[*position].1)) {
            pools.push(self.pool(query, &listed, &tree, position).await?);
        }
        let scopes = self.scopes_for(query, &pools).await?;
        let review = match &query.review {
            Some(asked) => {
                let audit = self.audit_of(&audited).await?;
                Some(Review { since: asked.since, step: asked.step(asked.since), history: None, audit })
            }
            None => None,
        };
        Ok(Overview { scopes, pools, tree, review })
    }

    /// The pools of the IPAM, and their ids. A pool that was asked for by its id may also be one that another account
    /// shares.
    async fn listed_pools(&self, choice: &PoolChoice) -> Result<(Vec<Listed>, Vec<String>)> {
        let mut found = self.pools().describe_all().await?;
        let own = found.iter().filter_map(|pool| pool.ipam_pool_id().map(str::to_owned)).collect();
        if let PoolChoice::Under(id) = choice
            && !found.iter().any(|pool| pool.ipam_pool_id() == Some(id))
        {
            let shared = self.pools().describe(id).await?.filter(|pool| !is_gone(pool.state()));
            found.push(shared.ok_or_else(|| Error::NotFound { kind: Kind::Pool, id: id.clone() })?);
        }
        let with_record = |found: ec2::IpamPool| {
            let pool = convert::pool(&found, &BTreeSet::new())?;
            Ok((found, pool))
        };
        Ok((found.into_iter().map(with_record).collect::<Result<_>>()?, own))
    }

    async fn scopes_for(&self, query: &OverviewQuery<'_>, pools: &[PoolOverview]) -> Result<Vec<Scope>> {
        match (query.scopes, query.pools) {
            (ScopeChoice::None, _) => Ok(Vec::new()),
            (ScopeChoice::All, PoolChoice::Matching(filter)) => {
                let mut scopes = self.scopes().list().await?;
                scopes.retain(|scope| filter.scope_id.as_ref().is_none_or(|id| *id == scope.meta.id));
                Ok(scopes)
            }
            (ScopeChoice::OfPools | ScopeChoice::All, _) => {
                let ids: BTreeSet<&str> = pools.iter().map(|one| one.pool.scope_id.as_str()).collect();
                let mut scopes = Vec::with_capacity(ids.len());
                for id in ids {
                    scopes.extend(self.scopes().get(id).await?);
                }
                Ok(scopes)
            }
        }
    }

    pub(super) async fn audit(&mut self) -> Result<Audit> {
        let ids: Vec<String> = self.pools().list_without_cidrs().await?.into_iter().map(|pool| pool.meta.id).collect();
        self.audit_of(&ids).await
    }

    async fn audit_of(&mut self, pools: &[String]) -> Result<Audit> {
        let scopes = self.scopes().list().await?;
        let (mut findings, mut allocations) = (Vec::new(), 0);
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        for pool_id in pools {
            let pool_space = self.pool_space(pool_id).await?;
            allocations += count(pool_space.allocations.len());
            findings.extend(findings_in(pool_id, &pool_space));
        }
        Ok(Audit {
            findings,
            scopes: count(scopes.len()),
            pools: count(pools.len()),
            allocations,
            holds: 0,
            events: 0,
            forgotten: 0,
        })
    }

    async fn pool(
        &mut self,
        query: &OverviewQuery<'_>,
        listed: &[Listed],
        tree: &PoolTree,
        position: usize,
    ) -> Result<PoolOverview> {
        let (raw, named) = &listed[position];
        let id = &named.meta.id;
        let pool = convert::pool(raw, &self.blocks(id).await?)?;
        let mut pool_cidrs = Vec::new();
        for one in self.cidrs(id).await? {
            pool_cidrs.push(convert::pool_cidr(one, &pool)?);
        }
        pool_cidrs.sort_by_key(|one| (one.cidr.first(), one.cidr.netmask_length()));
        let utilization = if query.utilization {
            let mut assigned = num_bigint::BigUint::ZERO;
            for position in subtree(id, position, listed, tree) {
                assigned += assigned_in(self.allocations(&listed[position].1.meta.id).await?);
            }
            Some(self.pool_space(id).await?.utilization(pool.clone(), assigned))
        } else {
            None
        };
        let allocations = if query.allocations { self.allocations(id).await?.to_vec() } else { Vec::new() };
        Ok(PoolOverview {
            path: tree.path(id).unwrap_or_default().to_owned(),
            pool,
            pool_cidrs,
            utilization,
            allocations,
        })
    }
}

/// The positions of the chosen pools.
fn chosen(choice: &PoolChoice, listed: &[Listed], tree: &PoolTree) -> Vec<usize> {
    match choice {
        PoolChoice::Matching(filter) => {
            listed.iter().enumerate().filter(|(_, (_, pool))| filter.fits(pool)).map(|(position, _)| position).collect()
        }
        PoolChoice::Under(id) => {
            let start = listed.iter().position(|(_, pool)| pool.meta.id == *id);
            start.map_or_else(Vec::new, |start| subtree(id, start, listed, tree))
        }
    }
}

/// The positions of a pool and of all pools below it, parents before children.
fn subtree(id: &str, position: usize, listed: &[Listed], tree: &PoolTree) -> Vec<usize> {
    let mut found = vec![position];
    let mut open: Vec<usize> = tree.children(id).iter().rev().copied().collect();
    while let Some(position) = open.pop() {
        found.push(position);
        open.extend(tree.children(&listed[position].1.meta.id).iter().rev());
    }
    found
}

/// Allocations outside of the blocks of their pool, and allocations that overlap.
fn findings_in(pool_id: &str, pool_space: &PoolSpace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, one) in pool_space.allocations.iter().enumerate() {
        let place = one.meta.id.clone();
        if !pool_space.provisioned.iter().any(|block| block.contains(&one.cidr)) {
            let what = format!("{} is not inside a CIDR of pool {pool_id}.", one.cidr);
            findings.push(Finding { place: place.clone(), what });
        }
        let next = pool_space.allocations.get(position + 1).filter(|next| next.cidr.overlaps(&one.cidr));
        if let Some(next) = next {
            let what = format!("{} overlaps {} ({}).", one.cidr, next.cidr, next.meta.id);
            findings.push(Finding { place, what });
        }
    }
    findings
}
