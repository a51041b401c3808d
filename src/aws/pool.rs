//! The pools, as AWS lists them. Pools that were deleted, or are being deleted, count as absent.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;

use crate::ipam::{Cidr, Error, Kind, Pool, PoolFilter, PoolTree, Result, Rules, Unfinished};

use super::connection::Connection;
use super::convert::{self, need};
use super::pool_tree::in_order;
use super::response::{Refusal, ask, or_nothing, the_one};
use super::tags;
use super::wait;

pub(super) fn unfinished(id: &str, name: &str) -> impl Fn(String) -> Unfinished + use<> {
    wait::unfinished(Kind::Pool.into(), id, name)
}

pub(super) fn is_gone(state: Option<&ec2::IpamPoolState>) -> bool {
    use ec2::IpamPoolState as State;
    matches!(state, Some(State::DeleteInProgress | State::DeleteComplete | State::CreateFailed))
}

/// Whether a CIDR is in its pool, or is being added to it.
fn is_present(state: Option<&ec2::IpamPoolCidrState>) -> bool {
    use ec2::IpamPoolCidrState as State;
    matches!(
        state,
        Some(State::Provisioned | State::PendingProvision | State::PendingImport | State::FailedDeprovision)
    )
}

/// The pools of the IPAM, and those that other accounts share.
#[derive(Clone, Copy)]
pub(super) struct Pools<'a> {
    pub(super) aws: &'a Connection,
}

impl Pools<'_> {
    /// The pool as AWS describes it; also a deleted one, while AWS lists it.
    pub(super) async fn describe(&self, id: &str) -> Result<Option<ec2::IpamPool>, Refusal> {
        let found = self.aws.clients.home().describe_ipam_pools().ipam_pool_ids(id).into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpamPools", found.try_collect()).await)?;
        let found = the_one(found, id, ec2::IpamPool::ipam_pool_id)?;
        if let Some(pool) = &found {
            self.aws.pending.has_locale(id, convert::locale(pool));
        }
        Ok(found)
    }

    pub(super) async fn get(&self, id: &str) -> Result<Option<Pool>> {
        match self.describe(id).await?.filter(|pool| !is_gone(pool.state())) {
            Some(found) => self.with_cidrs(&found).await.map(Some),
            None => Ok(None),
        }
    }

    /// The pool, which must exist.
    pub(super) async fn require(&self, id: &str) -> Result<Pool> {
        self.get(id).await?.ok_or_else(|| Error::NotFound { kind: Kind::Pool, id: id.to_owned() })
    }

    /// The same, with the rules that the pool gets in the same apply.
    pub(super) async fn require_with_rules(&self, id: &str, rules: Option<&Rules>) -> Result<Pool> {
        let mut pool = self.require(id).await?;
        if let Some(rules) = rules {
            pool.rules.clone_from(rules);
        }
        Ok(pool)
    }

    /// Reads the blocks of the pool only if some of them are in its declaration.
    pub(super) async fn with_cidrs(&self, found: &ec2::IpamPool) -> Result<Pool> {
        let marked = tags::marks(&tags::all(Some(found.tags())));
        let present = if marked == (None, BTreeSet::new()) {
            BTreeSet::new()
        } else {
            self.present_cidrs(need(found.ipam_pool_id(), "pool id")?).await?
        };
        convert::pool(found, &present)
    }

    /// The pools of the IPAM as AWS describes them.
    pub(super) async fn describe_all(&self) -> Result<Vec<ec2::IpamPool>> {
        let ipam_id = &self.aws.ipam().await?.id;
        let found = self.aws.clients.home().describe_ipam_pools().into_paginator().items().send();
        let found: Vec<ec2::IpamPool> = ask("DescribeIpamPools", found.try_collect()).await?;
        let is_here =
            |pool: &ec2::IpamPool| pool.ipam_arn().map(convert::id_of_arn) == Some(ipam_id) && !is_gone(pool.state());
        let found: Vec<_> = found.into_iter().filter(is_here).collect();
        for pool in &found {
            self.aws.pending.has_locale(pool.ipam_pool_id().unwrap_or_default(), convert::locale(pool));
        }
        Ok(found)
    }

    /// The pools of the IPAM, without their blocks.
    pub(super) async fn list_without_cidrs(&self) -> Result<Vec<Pool>> {
        self.describe_all().await?.iter().map(|pool| convert::pool(pool, &BTreeSet::new())).collect()
    }

    /// The pools of the IPAM for which `is_wanted` is true.
    async fn list_where(&self, is_wanted: impl Fn(&Pool) -> bool) -> Result<Vec<Pool>> {
        let mut pools = Vec::new();
        for found in self.describe_all().await? {
            if is_wanted(&convert::pool(&found, &BTreeSet::new())?) {
                pools.push(self.with_cidrs(&found).await?);
            }
        }
        Ok(pools)
    }

    /// All CIDRs that AWS lists, including failed and removed ones; `None` if the pool does not exist.
    pub(super) async fn describe_cidrs(&self, pool_id: &str) -> Result<Option<Vec<ec2::IpamPoolCidr>>, Refusal> {
        let found = self.aws.clients.home().get_ipam_pool_cidrs().ipam_pool_id(pool_id).into_paginator().items().send();
        match ask("GetIpamPoolCidrs", found.try_collect()).await {
            Err(refusal) if refusal.is_not_found() => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The blocks of a pool, including those that are being added.
    pub(super) async fn present_cidrs(&self, pool_id: &str) -> Result<BTreeSet<Cidr>> {
        let found = self.describe_present_cidrs(pool_id).await?;
        found.iter().filter(|one| one.cidr().is_some()).map(|one| convert::cidr(one.cidr())).collect()
    }

    /// The CIDRs of a pool as AWS describes them, including those that are being added.
    pub(super) async fn describe_present_cidrs(&self, pool_id: &str) -> Result<Vec<ec2::IpamPoolCidr>> {
        let mut found = self.describe_cidrs(pool_id).await?.unwrap_or_default();
        found.retain(|one| is_present(one.state()));
        Ok(found)
    }

    /// The pools that the filter selects, by scope, depth-first, by name.
    pub(super) async fn list(&self, filter: &PoolFilter) -> Result<Vec<Pool>> {
        let found = self.list_where(|pool| filter.fits(pool)).await?;
        Ok(in_order(found, &PoolTree::new(&self.list_without_cidrs().await?)))
    }

    /// The pools that `wanted`, a name or the end of a path, refers to.
    pub(super) async fn find(&self, wanted: &str) -> Result<Vec<Pool>> {
        let all = self.list_without_cidrs().await?;
        let tree = PoolTree::new(&all);
        let called: Vec<&str> =
            tree.called(wanted).into_iter().map(|position| all[position].meta.id.as_str()).collect();
        Ok(in_order(self.list_where(|pool| called.contains(&pool.meta.id.as_str())).await?, &tree))
    }

    /// The names from the top-level pool down to this one.
    pub(super) async fn path(&self, id: &str) -> Result<String> {
        let pool = self.require(id).await?;
        // An account that only uses a shared pool has no IPAM whose pools it could list.
        let all = if pool.source_pool_id.is_some() { self.list_without_cidrs().await? } else { Vec::new() };
        let others = all.iter().filter(|other| other.meta.id != id);
        let tree = PoolTree::new(others.chain([&pool]));
        Ok(tree.path(id).unwrap_or_default().to_owned())
    }

    /// The other pool with that name in the same container. The pool `leaving` does not count.
    pub(super) async fn namesake(&self, container: &str, name: &str, leaving: Option<&str>) -> Result<Option<Pool>> {
        let is_it = |pool: &Pool| {
            pool.container() == container && pool.meta.name == name && Some(pool.meta.id.as_str()) != leaving
        };
        Ok(self.list_without_cidrs().await?.into_iter().find(is_it))
    }
}
