//! `ipam_resource_cidrs`: blocks of resources in scopes, compared with pools and with each other.

use std::sync::Arc;

use crate::backend::observation::{
    ComplianceStatus, ManagementState, OverlapStatus, ResourceCidr, ResourceFilter, SeenType,
};
use crate::backend::service::AccountId;
use crate::ipam::{Cidr, Tags};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Number, Path};
use crate::{at, model};

use super::super::limits;
use super::{NO_POOL, NO_SCOPE, explained, freshen, moment, seen_once, usage};

model! {
    /// A block of a resource in a scope.
    pub(super) struct ResourceCidrFacts {
        /// The block.
        resource_cidr: Cidr => computed(),
        /// Id of the resource.
        resource_id: String => computed(),
        /// Its name; null when it has none.
        resource_name: String => computed(),
        /// What it is: `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list` or `other`.
        resource_type: SeenType => computed(),
        /// Its Region.
        resource_region: String => computed(),
        /// Its account.
        resource_owner_id: String => computed(),
        /// Its tags.
        resource_tags: Tags => computed(),
        /// Scope that the block counts in.
        ipam_scope_id: String => computed(),
        /// Pool that it is allocated from; null when it is from none.
        ipam_pool_id: String => computed(),
        /// `managed` (allocated from a pool), `unmanaged` or `ignored`.
        management_state: ManagementState => computed(),
        /// Whether it keeps the rules of its pool: `compliant`, `noncompliant`, `unmanaged` or `ignored`.
        compliance_status: ComplianceStatus => computed(),
        /// Whether another block of the scope shares addresses with it: `overlapping`, `nonoverlapping` or `ignored`.
        overlap_status: OverlapStatus => computed(),
        /// Why it is noncompliant, a sentence for each reason; always empty in AWS IPAM, which does not say.
        noncompliance_reasons: Vec<String> => computed(),
        /// What shares addresses with it, in words; always empty in AWS IPAM, which does not say.
        overlaps_with: Vec<String> => computed(),
        /// Part of the block that is in use, from 0 to 1: of a VPC what its subnets cover, of a subnet the addresses that
        /// are taken; null where that is not computed.
        ip_usage: Number => computed(),
        /// The same in percent, from 0 to 100.
        ip_usage_percent: Number => computed(),
        /// VPC that the resource is or is in.
        vpc_id: String => computed(),
        /// Availability zone, by id.
        availability_zone_id: String => computed(),
    }
}

impl ResourceCidrFacts {
    fn of(found: ResourceCidr) -> Self {
        let (ip_usage, ip_usage_percent) = usage(found.usage);
        Self {
            ip_usage,
            ip_usage_percent,
            resource_cidr: found.cidr.into(),
            resource_id: found.resource_id.into(),
            resource_name: found.resource_name.into(),
            resource_type: found.resource_type.into(),
            resource_region: found.region.into(),
            resource_owner_id: found.owner_id.into(),
            resource_tags: found.tags.into(),
            ipam_scope_id: found.scope_id.into(),
            ipam_pool_id: found.pool_id.into(),
            management_state: found.management.into(),
            compliance_status: found.compliance.into(),
            overlap_status: found.overlap.into(),
            noncompliance_reasons: found.reasons.into(),
            overlaps_with: found.overlaps_with.into(),
            vpc_id: found.vpc_id.into(),
            availability_zone_id: found.availability_zone_id.into(),
        }
    }
}

model! {
    /// Lists the blocks of resources in scopes: whether they come out of a pool, keep its rules, overlap
    /// others, and how full they are. Every argument narrows the list; no match is an empty list.
    pub(super) struct ResourceCidrsModel {
        /// Only this scope; all scopes when not set.
        ipam_scope_id: String => optional(),
        /// Only blocks that are allocated from this pool.
        ipam_pool_id: String => optional(),
        /// Only this resource.
        resource_id: String => optional(),
        /// Only resources of this type, such as `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`,
        /// `anycast-ip-list` or `other`.
        resource_type: SeenType => optional(),
        /// Only resources of this account.
        resource_owner_id: AccountId => optional(),
        /// Only resources in this Region.
        resource_region: String => optional(),
        /// Only resources that have all of these tags, with these values.
        resource_tags: Tags => optional(),
        /// Only what is in this VPC.
        vpc_id: String => optional(),
        /// Only blocks that lie inside this one.
        within_cidr: Cidr => optional(),
        /// Only resources in this state, such as `managed`, `unmanaged` or `ignored`.
        management_state: ManagementState => optional(),
        /// Only resources of this status, such as `compliant`, `noncompliant`, `unmanaged` or `ignored`.
        compliance_status: ComplianceStatus => optional(),
        /// Only resources of this status, such as `overlapping`, `nonoverlapping` or `ignored`.
        overlap_status: OverlapStatus => optional(),
        /// How old what is told may be, such as `1h`. On a store of one's own, what was seen longer ago (or never) is looked at
        /// first, in this run; what cannot be looked at is an error. AWS IPAM looks by itself: older samples are an error.
        max_age: HumanDuration => optional(),
        /// The blocks, in order.
        resource_cidrs: Vec<ResourceCidrFacts> => computed(),
        /// The blocks alone, each once.
        cidrs: Vec<Cidr> => computed(),
        /// When the oldest of what is compared was seen, as RFC 3339 time; null in AWS IPAM, which does not say.
        oldest_sample_time: Time => computed(),
    }
}

pub(super) struct ResourceCidrsData(pub(super) Arc<Shared>);

impl DataSource for ResourceCidrsData {
    type Model = ResourceCidrsModel;
    const TYPE: &'static str = "ipam_resource_cidrs";

    fn validate(&self, _config: &ResourceCidrsModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: ResourceCidrsModel) -> Result<ResourceCidrsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        limits::listed(ipam.as_ref(), &config.resource_type, at!(ResourceCidrsModel, resource_type))?;
        limits::listed(ipam.as_ref(), &config.management_state, at!(ResourceCidrsModel, management_state))?;
        limits::listed(ipam.as_ref(), &config.compliance_status, at!(ResourceCidrsModel, compliance_status))?;
        limits::listed(ipam.as_ref(), &config.overlap_status, at!(ResourceCidrsModel, overlap_status))?;
        let filter = ResourceFilter {
            scope_id: config.ipam_scope_id.cloned(),
            pool_id: config.ipam_pool_id.cloned(),
            resource_id: config.resource_id.cloned(),
            resource_type: config.resource_type.cloned(),
            owner_id: config.resource_owner_id.get().map(ToString::to_string),
            region: config.resource_region.cloned(),
            vpc_id: config.vpc_id.cloned(),
            tags: config.resource_tags.cloned().unwrap_or_default(),
            within: config.within_cidr.cloned(),
            management: config.management_state.cloned(),
            compliance: config.compliance_status.cloned(),
            overlap: config.overlap_status.cloned(),
        };
        freshen(ipam.as_ref(), None, &config.max_age)?;
        let observation = super::of(ipam.as_ref())?;
        let found = observation.resource_cidrs(&filter);
        let places =
            [(NO_SCOPE, at!(ResourceCidrsModel, ipam_scope_id)), (NO_POOL, at!(ResourceCidrsModel, ipam_pool_id))];
        let found = found.map_err(explained(&places, Path::root()))?;
        let oldest = observation.oldest_sample().map_err(explained(&[], Path::root()))?;
        seen_once(ipam.as_ref(), oldest, None)?;
        let mut cidrs: Vec<_> = found.iter().map(|one| one.cidr).collect();
        cidrs.dedup();
        Ok(ResourceCidrsModel {
            resource_cidrs: found.into_iter().map(ResourceCidrFacts::of).collect::<Vec<_>>().into(),
            cidrs: cidrs.into(),
            oldest_sample_time: moment(oldest),
            ..config
        })
    }
}
