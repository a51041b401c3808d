//! AWS IPAM as a backend. Each kind of object has its part of the trait in its own file.

use jiff::Timestamp;

use crate::backend::observation::Observation;
use crate::backend::service::Service;
use crate::backend::{Capabilities, FreeSpace, Ipam, New, Preview, ReservedTags};
use crate::ipam::{
    Allocation, AllocationSpec, Audit, Cidr, Overview, OverviewQuery, Pool, PoolChange, Resize, Result, Size, Terms,
    Utilization,
};

use super::tags::{NAME, OURS};
use super::{AwsIpam, STORE};

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

    fn overview(&self, query: &OverviewQuery<'_>) -> Result<Overview> {
        self.run(self.read_overview(query))
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
