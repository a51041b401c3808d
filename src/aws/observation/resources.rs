//! Blocks of resources: as a discovery has found them, and as they count in scopes.

use aws_sdk_ec2::types as ec2;

use crate::backend::observation::{DiscoveredCidr, DiscoveryFilter, ResourceCidr, ResourceFilter, Seen, SeenType};
use crate::ipam::{Error, Kind, Result};

use super::super::convert::{cidr, id_of_arn, need};
use super::super::pool::Pools;
use super::super::response::ask;
use super::super::scope::Scopes;
use super::{Observations, owned, resource_tags, time, word};

fn seen_type(found: Option<&ec2::IpamResourceType>) -> SeenType {
    word(found.map(ec2::IpamResourceType::as_str)).unwrap_or(SeenType::Other)
}

fn discovered(found: &ec2::IpamDiscoveredResourceCidr, asked: &str) -> Result<DiscoveredCidr> {
    let attachment = found.network_interface_attachment_status();
    Ok(DiscoveredCidr {
        region: found.resource_region().unwrap_or(asked).to_owned(),
        resource_id: need(found.resource_id(), "resource id")?.to_owned(),
        resource_type: seen_type(found.resource_type()),
        owner_id: owned(found.resource_owner_id()),
        cidr: found.resource_cidr().map(|text| cidr(Some(text))).transpose()?,
        ip_source: word(found.ip_source().map(ec2::IpamResourceCidrIpSource::as_str)),
        tags: resource_tags(found.resource_tags()),
        usage: found.ip_usage(),
        vpc_id: owned(found.vpc_id()),
        subnet_id: owned(found.subnet_id()),
        attachment: word(attachment.map(ec2::IpamNetworkInterfaceAttachmentStatus::as_str)),
        instance_id: None,
        availability_zone_id: owned(found.availability_zone_id()),
        sampled_at: time(found.sample_time()),
    })
}

fn in_scope(found: &ec2::IpamResourceCidr, asked: &str) -> Result<ResourceCidr> {
    Ok(ResourceCidr {
        scope_id: found.ipam_scope_id().unwrap_or(asked).to_owned(),
        pool_id: owned(found.ipam_pool_id()),
        region: found.resource_region().unwrap_or_default().to_owned(),
        owner_id: owned(found.resource_owner_id()),
        resource_id: need(found.resource_id(), "resource id")?.to_owned(),
        resource_name: owned(found.resource_name()),
        resource_type: seen_type(found.resource_type()),
        cidr: cidr(found.resource_cidr())?,
        tags: resource_tags(found.resource_tags()),
        usage: found.ip_usage(),
        compliance: word(found.compliance_status().map(ec2::IpamComplianceStatus::as_str)),
        management: word(found.management_state().map(ec2::IpamManagementState::as_str)),
        overlap: word(found.overlap_status().map(ec2::IpamOverlapStatus::as_str)),
        reasons: Vec::new(),
        overlaps_with: Vec::new(),
        vpc_id: owned(found.vpc_id()),
        availability_zone_id: owned(found.availability_zone_id()),
    })
}

impl Observations<'_> {
    pub(in crate::aws) async fn discovered_cidrs(&self, filter: &DiscoveryFilter) -> Result<Seen<DiscoveredCidr>> {
        let discovery = self.discovery(filter).await?;
        let mut cidrs = Vec::new();
        for region in &discovery.regions {
            let request = self
                .aws
                .clients
                .home()
                .get_ipam_discovered_resource_cidrs()
                .ipam_resource_discovery_id(&discovery.discovery_id)
                .resource_region(region);
            let found = request.into_paginator().items().send().try_collect();
            let found: Vec<ec2::IpamDiscoveredResourceCidr> = ask("GetIpamDiscoveredResourceCidrs", found).await?;
            for one in &found {
                cidrs.push(discovered(one, region)?);
            }
        }
        cidrs.sort_by(|a, b| (a.cidr, &a.resource_id, &a.region).cmp(&(b.cidr, &b.resource_id, &b.region)));
        Ok(discovery.seen(cidrs))
    }

    /// AWS applies the filters that it supports. The others are applied here.
    pub(in crate::aws) async fn resource_cidrs(&self, filter: &ResourceFilter) -> Result<Vec<ResourceCidr>> {
        let mut cidrs = Vec::new();
        for scope_id in self.scopes_to_read(filter).await? {
            for one in self.describe_resource_cidrs(&scope_id, filter).await? {
                cidrs.push(in_scope(&one, &scope_id)?);
            }
        }
        cidrs.retain(|one| filter.passes(one));
        cidrs.sort_by(|a, b| (a.cidr, &a.resource_id, &a.region).cmp(&(b.cidr, &b.resource_id, &b.region)));
        Ok(cidrs)
    }

    /// The scopes to read, because AWS is asked for one scope at a time. A pool is in only one scope.
    async fn scopes_to_read(&self, filter: &ResourceFilter) -> Result<Vec<String>> {
        if let Some(id) = &filter.scope_id {
            return Ok(vec![id.clone()]);
        }
        if let Some(id) = &filter.pool_id {
            let found = Pools { aws: self.aws }.describe(id).await?;
            let found = found.ok_or_else(|| Error::NotFound { kind: Kind::Pool, id: id.clone() })?;
            return Ok(vec![id_of_arn(need(found.ipam_scope_arn(), "scope")?).to_owned()]);
        }
        Ok(Scopes { aws: self.aws }.list().await?.into_iter().map(|scope| scope.meta.id).collect())
    }

    async fn describe_resource_cidrs(
        &self,
        scope_id: &str,
        filter: &ResourceFilter,
    ) -> Result<Vec<ec2::IpamResourceCidr>> {
        let known = filter.resource_type.filter(|known| *known != SeenType::Other);
        let tag = filter.tags.first_key_value();
        let request = self
            .aws
            .clients
            .home()
            .get_ipam_resource_cidrs()
            .ipam_scope_id(scope_id)
            .set_ipam_pool_id(filter.pool_id.clone())
            .set_resource_id(filter.resource_id.clone())
            .set_resource_type(known.map(|known| ec2::IpamResourceType::from(known.to_string().as_str())))
            .set_resource_owner(filter.owner_id.clone())
            .set_resource_tag(
                tag.map(|(key, value)| ec2::RequestIpamResourceTag::builder().key(key).value(value).build()),
            );
        let found = request.into_paginator().items().send().try_collect();
        Ok(ask("GetIpamResourceCidrs", found).await?)
    }
}
