//! AWS IPAM as a backend. Each kind of object has its part of the trait in its own file.

use jiff::Timestamp;

use crate::backend::observation::Observation;
use crate::backend::service::Service;
use crate::backend::{Capabilities, FreeSpace, Ipam, New, Preview, ReservedTags};
use crate::ipam::{
    Allocation, AllocationSpec, Audit, Cidr, Finding, Pool, PoolChange, Resize, Result, Size, Terms, Utilization,
};

use super::tags::{NAME, OURS};
use super::{AwsIpam, STORE};

impl AwsIpam {
    async fn audit(&self) -> Result<Audit> {
        let (scopes, pools) = (self.scopes().await?, self.pools(|_| true).await?);
        let (mut findings, mut allocations) = (Vec::new(), 0);
        for pool in &pools {
            let pool_space = self.pool_space(&pool.meta.id).await?;
            allocations += u64::try_from(pool_space.allocations.len()).unwrap_or(u64::MAX);
            for (position, one) in pool_space.allocations.iter().enumerate() {
                let place = one.meta.id.clone();
                if !pool_space.provisioned.iter().any(|block| block.contains(&one.cidr)) {
                    let what = format!("{} is not inside a CIDR of pool {}.", one.cidr, pool.meta.id);
                    findings.push(Finding { place: place.clone(), what });
                }
                let next = pool_space.allocations.get(position + 1).filter(|next| next.cidr.overlaps(&one.cidr));
                if let Some(next) = next {
                    let what = format!("{} overlaps {} ({}).", one.cidr, next.cidr, next.meta.id);
                    findings.push(Finding { place, what });
                }
            }
        }
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
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
}

impl Ipam for AwsIpam {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            strategies: false,
            public_scopes: false,
            surveys: false,
            special: true,
            reserved_tags: ReservedTags { keys: &[NAME], prefixes: &[OURS, "aws:"] },
        }
    }

    fn service(&self) -> Option<&(dyn Service + 'static)> {
        Some(self)
    }

    fn observation(&self) -> Option<&(dyn Observation + 'static)> {
        Some(self)
    }

    fn check(&self) -> Result<Audit> {
        self.run(self.audit())
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn describe(&self) -> String {
        let ipam = self.wished_ipam.as_deref().unwrap_or("the only IPAM");
        format!("{STORE} ({ipam} in {})", self.clients.home_region())
    }
}

impl Preview for AwsIpam {
    fn check_new(&self, new: New<'_>, terms: &Terms, growing: bool) -> Result<()> {
        self.run(self.preflight(new, terms, growing))
    }

    fn preview_pool_change(&self, id: &str, change: &PoolChange, _terms: &Terms) -> Result<Option<Pool>> {
        self.run(self.preflight_change(id, change))
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

    fn preview_resize(&self, id: &str, size: Size, _terms: &Terms) -> Result<Resize> {
        self.run(self.preview_resize(id, size))
    }
}

impl FreeSpace for AwsIpam {
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
}
