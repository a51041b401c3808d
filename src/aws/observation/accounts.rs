//! Accounts that a discovery scans.

use aws_sdk_ec2::types as ec2;

use crate::backend::observation::{DiscoveredAccount, DiscoveryFilter, Failure, FailureCode, Seen};
use crate::ipam::Result;

use super::super::convert::need;
use super::super::response::ask;
use super::{Observations, owned, time, word};

fn account(found: &ec2::IpamDiscoveredAccount, asked: &str) -> Result<DiscoveredAccount> {
    let failure = found.failure_reason().map(|reason| Failure {
        code: word(reason.code().map(ec2::IpamDiscoveryFailureCode::as_str)).unwrap_or(FailureCode::Other),
        message: owned(reason.message()),
    });
    Ok(DiscoveredAccount {
        account_id: need(found.account_id(), "account id")?.to_owned(),
        region: found.discovery_region().unwrap_or(asked).to_owned(),
        organizational_unit_id: owned(found.organizational_unit_id()),
        failure,
        last_attempt: time(found.last_attempted_discovery_time()),
        last_success: time(found.last_successful_discovery_time()),
    })
}

impl Observations<'_> {
    pub(in crate::aws) async fn accounts(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredAccount>> {
        let discovery = self.discovery(filter).await?;
        let mut accounts = Vec::new();
        for region in &discovery.regions {
            let request = self
                .aws
                .clients
                .home()
                .get_ipam_discovered_accounts()
                .ipam_resource_discovery_id(&discovery.discovery_id)
                .discovery_region(region);
            let found = request.into_paginator().items().send().try_collect();
            let found: Vec<ec2::IpamDiscoveredAccount> = ask("GetIpamDiscoveredAccounts", found).await?;
            for one in &found {
                accounts.push(account(one, region)?);
            }
        }
        accounts.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
        Ok(discovery.seen(accounts))
    }
}
