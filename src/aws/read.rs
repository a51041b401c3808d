//! Reads from AWS. Objects that were deleted, or are being deleted, count as absent.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types as ec2;

use crate::ipam::{Allocation, Cidr, Error, Kind, Pool, Result, Scope};

use super::AwsIpam;
use super::convert::{self, composite, need};
use super::response::{Refusal, ask, fault};

/// The objects that were found; empty if the object that should contain them does not exist.
pub(super) fn or_nothing<T>(answer: Result<Vec<T>, Refusal>) -> Result<Vec<T>, Refusal> {
    match answer {
        Err(refusal) if refusal.is_not_found() => Ok(Vec::new()),
        answer => answer,
    }
}

/// The requested object among those that were found. Another object is never returned in its place.
pub(super) fn the_one<T>(found: Vec<T>, id: &str, id_of: impl Fn(&T) -> Option<&str>) -> Result<Option<T>, Refusal> {
    let others = found.iter().filter(|one| id_of(one) != Some(id)).count();
    let one = found.into_iter().find(|one| id_of(one) == Some(id));
    if one.is_none() && others > 0 {
        return Err(fault(
            "Describe",
            "UnexpectedAnswer",
            format!("AWS was asked for {id} and answered with another object"),
        ));
    }
    Ok(one)
}

/// Whether a CIDR is in the pool, or is being added to it.
fn is_present(state: Option<&ec2::IpamPoolCidrState>) -> bool {
    use ec2::IpamPoolCidrState as State;
    matches!(
        state,
        Some(State::Provisioned | State::PendingProvision | State::PendingImport | State::FailedDeprovision)
    )
}

impl AwsIpam {
    pub(super) async fn raw_scope(&self, id: &str) -> Result<Option<ec2::IpamScope>, Refusal> {
        let found = self.clients.home().describe_ipam_scopes().ipam_scope_ids(id).into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpamScopes", found.try_collect()).await)?;
        the_one(found, id, ec2::IpamScope::ipam_scope_id)
    }

    /// The scopes of the IPAM.
    pub(super) async fn scopes(&self) -> Result<Vec<Scope>> {
        self.scopes_in(&self.ipam().await?.id).await
    }

    pub(super) async fn scopes_in(&self, ipam_id: &str) -> Result<Vec<Scope>> {
        let found = self.clients.home().describe_ipam_scopes().into_paginator().items().send();
        let found: Vec<ec2::IpamScope> = ask("DescribeIpamScopes", found.try_collect()).await?;
        let is_here = |scope: &&ec2::IpamScope| {
            scope.ipam_arn().map(convert::id_of_arn) == Some(ipam_id) && !is_scope_gone(scope.state())
        };
        found.iter().filter(is_here).map(convert::scope).collect()
    }

    pub(super) async fn scope(&self, id: &str) -> Result<Option<Scope>> {
        let found = self.raw_scope(id).await?.filter(|scope| !is_scope_gone(scope.state()));
        found.as_ref().map(convert::scope).transpose()
    }

    pub(super) async fn raw_pool(&self, id: &str) -> Result<Option<ec2::IpamPool>, Refusal> {
        let found = self.clients.home().describe_ipam_pools().ipam_pool_ids(id).into_paginator().items().send();
        let found = or_nothing(ask("DescribeIpamPools", found.try_collect()).await)?;
        let found = the_one(found, id, ec2::IpamPool::ipam_pool_id)?;
        if let Some(pool) = &found {
            self.pending.has_locale(id, convert::locale(pool));
        }
        Ok(found)
    }

    pub(super) async fn pool(&self, id: &str) -> Result<Option<Pool>> {
        match self.raw_pool(id).await?.filter(|pool| !is_pool_gone(pool.state())) {
            Some(found) => self.with_cidrs(&found).await.map(Some),
            None => Ok(None),
        }
    }

    /// The pool, which must exist.
    pub(super) async fn the_pool(&self, id: &str) -> Result<Pool> {
        self.pool(id).await?.ok_or_else(|| Error::NotFound { kind: Kind::Pool, id: id.to_owned() })
    }

    /// Reads the blocks of the pool only if some of them are in its declaration.
    pub(super) async fn with_cidrs(&self, found: &ec2::IpamPool) -> Result<Pool> {
        let marked = super::tags::marks(&super::tags::all(Some(found.tags())));
        let present = if marked == (None, BTreeSet::new()) {
            BTreeSet::new()
        } else {
            self.present_cidrs(need(found.ipam_pool_id(), "pool id")?).await?
        };
        convert::pool(found, &present)
    }

    pub(super) async fn all_raw_pools(&self) -> Result<Vec<ec2::IpamPool>> {
        let ipam_id = &self.ipam().await?.id;
        let found = self.clients.home().describe_ipam_pools().into_paginator().items().send();
        let found: Vec<ec2::IpamPool> = ask("DescribeIpamPools", found.try_collect()).await?;
        let is_here = |pool: &ec2::IpamPool| {
            pool.ipam_arn().map(convert::id_of_arn) == Some(ipam_id) && !is_pool_gone(pool.state())
        };
        let found: Vec<_> = found.into_iter().filter(is_here).collect();
        for pool in &found {
            self.pending.has_locale(pool.ipam_pool_id().unwrap_or_default(), convert::locale(pool));
        }
        Ok(found)
    }

    /// The pools of the IPAM, without their blocks.
    pub(super) async fn pool_names(&self) -> Result<Vec<Pool>> {
        self.all_raw_pools().await?.iter().map(|pool| convert::pool(pool, &BTreeSet::new())).collect()
    }

    /// The pools of the IPAM for which `is_wanted` is true.
    pub(super) async fn pools(&self, is_wanted: impl Fn(&Pool) -> bool) -> Result<Vec<Pool>> {
        let mut pools = Vec::new();
        for found in self.all_raw_pools().await? {
            if is_wanted(&convert::pool(&found, &BTreeSet::new())?) {
                pools.push(self.with_cidrs(&found).await?);
            }
        }
        Ok(pools)
    }

    /// All CIDRs that AWS lists, including failed and removed ones; `None` if the pool does not exist.
    pub(super) async fn raw_pool_cidrs(&self, pool_id: &str) -> Result<Option<Vec<ec2::IpamPoolCidr>>, Refusal> {
        let found = self.clients.home().get_ipam_pool_cidrs().ipam_pool_id(pool_id).into_paginator().items().send();
        match ask("GetIpamPoolCidrs", found.try_collect()).await {
            Err(refusal) if refusal.is_not_found() => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The blocks of a pool, including those that are being added.
    pub(super) async fn present_cidrs(&self, pool_id: &str) -> Result<BTreeSet<Cidr>> {
        let found = self.present_raw_cidrs(pool_id).await?;
        found.iter().filter(|one| one.cidr().is_some()).map(|one| convert::cidr(one.cidr())).collect()
    }

    pub(super) async fn present_raw_cidrs(&self, pool_id: &str) -> Result<Vec<ec2::IpamPoolCidr>> {
        let mut found = self.raw_pool_cidrs(pool_id).await?.unwrap_or_default();
        found.retain(|one| is_present(one.state()));
        Ok(found)
    }

    /// The client for the allocations of a pool; `None` if the pool does not exist.
    pub(super) async fn client_of(&self, pool_id: &str) -> Result<Option<Client>, Refusal> {
        if self.pending.locale(pool_id).is_none() {
            self.raw_pool(pool_id).await?;
        }
        let locale = self.pending.locale(pool_id);
        // Pools with the locale `global` are read in the home Region.
        let region = |locale: Option<String>| locale.filter(|locale| locale != "global");
        Ok(locale.map(|locale| match region(locale) {
            Some(region) => self.clients.in_region(&region),
            None => self.clients.home(),
        }))
    }

    /// One or all allocations of a pool; `None` if the pool does not exist.
    async fn raw_allocations(
        &self,
        pool_id: &str,
        id: Option<&str>,
    ) -> Result<Option<Vec<ec2::IpamPoolAllocation>>, Refusal> {
        let Some(client) = self.client_of(pool_id).await? else { return Ok(None) };
        let request =
            client.get_ipam_pool_allocations().ipam_pool_id(pool_id).set_ipam_pool_allocation_id(id.map(str::to_owned));
        match ask("GetIpamPoolAllocations", request.into_paginator().items().send().try_collect()).await {
            Err(refusal) if refusal.is_not_found() => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The allocations of a pool, sorted by address; empty if the pool does not exist.
    pub(super) async fn allocations_of(&self, pool_id: &str) -> Result<Vec<Allocation>> {
        let found = self.raw_allocations(pool_id, None).await?.unwrap_or_default();
        let found: Result<Vec<_>> = found.iter().map(|one| convert::allocation(one, pool_id)).collect();
        let mut found = found?;
        found.sort_by_key(|one| (one.cidr.family(), one.cidr.first(), one.cidr.netmask_length()));
        Ok(found)
    }

    pub(super) async fn allocation_in(&self, pool_id: &str, id: &str) -> Result<Option<Allocation>> {
        let found = self.raw_allocations(pool_id, Some(id)).await?.unwrap_or_default();
        let one = the_one(found, id, ec2::IpamPoolAllocation::ipam_pool_allocation_id)?;
        one.as_ref().map(|one| convert::allocation(one, pool_id)).transpose()
    }

    /// The composite ID of an allocation or pool CIDR of which only the ID of AWS is known.
    pub(super) async fn with_pool(&self, kind: Kind, id: &str) -> Result<Option<String>> {
        for pool in self.pool_names().await? {
            let pool_id = &pool.meta.id;
            let is_in = match kind {
                Kind::Allocation => self.allocation_in(pool_id, id).await?.is_some(),
                _ => {
                    let listed = self.raw_pool_cidrs(pool_id).await?.unwrap_or_default();
                    listed.iter().any(|one| one.ipam_pool_cidr_id() == Some(id))
                }
            };
            if is_in {
                return Ok(Some(composite(id, pool_id)));
            }
        }
        Ok(None)
    }
}

fn is_scope_gone(state: Option<&ec2::IpamScopeState>) -> bool {
    use ec2::IpamScopeState as State;
    matches!(state, Some(State::DeleteInProgress | State::DeleteComplete | State::CreateFailed))
}

pub(super) fn is_pool_gone(state: Option<&ec2::IpamPoolState>) -> bool {
    use ec2::IpamPoolState as State;
    matches!(state, Some(State::DeleteInProgress | State::DeleteComplete | State::CreateFailed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: a read that answered with another allocation overwrote the state.
    #[test]
    fn an_answer_about_another_object_is_never_taken_for_the_requested_one() {
        let raw = |id: &str| ec2::IpamPoolAllocation::builder().ipam_pool_allocation_id(id).build();
        let pick = |found: Vec<_>| the_one(found, "a", ec2::IpamPoolAllocation::ipam_pool_allocation_id);
        assert_eq!(pick(vec![raw("a")]).unwrap(), Some(raw("a")));
        assert_eq!(pick(vec![raw("b"), raw("a")]).unwrap(), Some(raw("a")));
        assert_eq!(pick(vec![]).unwrap(), None);
        let error = Error::from(pick(vec![raw("b")]).unwrap_err());
        assert!(
            matches!(&error, Error::Service(fault) if fault.message.contains("answered with another")),
            "{error:?}"
        );
    }
}
