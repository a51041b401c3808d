//! `ipam_resource_cidrs`: the CIDRs of resources in scopes, compared with pools and with each other.

use std::sync::Arc;

use crate::backend::observation::{
    ComplianceStatus, ManagementState, OverlapStatus, ResourceCidr, ResourceFilter, SeenType,
};
use crate::ipam::{Cidr, Tags};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::filters::resource_filters;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Number, Path};
use crate::{at, model};

use super::super::capabilities;
use super::conversion::{NO_POOL, NO_SCOPE, explained, moment, of, usage};
use super::freshness::{check_scanned, freshen};

model! {
    /// The attributes of a CIDR of a resource in a scope.
    pub(super) struct ResourceCidrFacts {
        /// CIDR of the resource.
        resource_cidr: Cidr => computed(),
        /// ID of the resource.
        resource_id: String => computed(),
        /// Name of the resource; null if it has none.
        resource_name: String => computed(),
        /// Type of the resource: `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list` or
        /// `other`.
        resource_type: SeenType => computed(),
        /// Region of the resource.
        resource_region: String => computed(),
        /// ID of the AWS account that owns the resource.
        resource_owner_id: String => computed(),
        /// Map of the tags of the resource.
        resource_tags: Tags => computed(),
        /// ID of the scope in which the CIDR counts.
        ipam_scope_id: String => computed(),
        /// ID of the pool from which the CIDR is allocated; null if it is allocated from no pool.
        ipam_pool_id: String => computed(),
        /// Management state of the CIDR: `managed` (allocated from a pool), `unmanaged` or `ignored`.
        management_state: ManagementState => computed(),
        /// Whether the resource keeps the rules of its pool: `compliant`, `noncompliant`, `unmanaged` or `ignored`.
        compliance_status: ComplianceStatus => computed(),
        /// Whether another CIDR of the scope shares addresses with this one: `overlapping`, `nonoverlapping` or
        /// `ignored`.
        overlap_status: OverlapStatus => computed(),
        /// List of the reasons why the resource is noncompliant, one sentence for each. Always empty in AWS IPAM, which
        /// does not report reasons.
        noncompliance_reasons: Vec<String> => computed(),
        /// List of the resources and objects that share addresses with the CIDR, in words. Always empty in AWS IPAM,
        /// which does not report them.
        overlaps_with: Vec<String> => computed(),
        /// Share of the CIDR that is in use, from 0 to 1. For a VPC, the share that its subnets cover; for a subnet,
        /// the share of the addresses that are taken. Null if it is not computed.
        ip_usage: Number => computed(),
        /// `ip_usage` as a percentage, from 0 to 100.
        ip_usage_percent: Number => computed(),
        /// ID of the VPC that the resource is, or that contains it.
        vpc_id: String => computed(),
        /// ID of the Availability Zone.
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
    /// Lists the CIDRs of resources in scopes: whether they are allocated from a pool, keep its rules and overlap
    /// others, and how full they are. Each argument narrows the list. If nothing matches, the list is empty. On a
    /// self-managed store, reading fails before the first scan.
    pub(super) struct ResourceCidrsModel {
        /// ID of a scope. Only CIDRs in this scope are listed. Default: all scopes.
        ipam_scope_id: String => optional(),
        /// ID of a pool. Only CIDRs that are allocated from this pool are listed.
        ipam_pool_id: String => optional(),
        include resource_filters;
        /// Region. Only resources in this Region are listed.
        resource_region: String => optional(),
        /// CIDR. Only CIDRs that lie inside this CIDR are listed.
        within_cidr: Cidr => optional(),
        /// Management state, such as `managed`, `unmanaged` or `ignored`. Only CIDRs in this state are listed.
        management_state: ManagementState => optional(),
        /// Compliance status, such as `compliant`, `noncompliant`, `unmanaged` or `ignored`. Only CIDRs with this
        /// status are listed.
        compliance_status: ComplianceStatus => optional(),
        /// Overlap status, such as `overlapping`, `nonoverlapping` or `ignored`. Only CIDRs with this status are
        /// listed.
        overlap_status: OverlapStatus => optional(),
        /// Maximum age of the data: a duration such as `1h`. Default: no limit. On a self-managed store, older or
        /// missing data starts a new scan in this run, and a failed scan is an error. AWS IPAM makes its own scans:
        /// with `aws-ipam`, older data is an error.
        max_age: HumanDuration => optional(),
        /// List of the CIDRs with their resources, sorted by CIDR.
        resource_cidrs: Vec<ResourceCidrFacts> => computed(),
        /// List of the CIDRs, without duplicates.
        cidrs: Vec<Cidr> => computed(),
        /// Time of the oldest data, in RFC 3339 format; null in AWS IPAM, which does not report it.
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
        capabilities::listed(ipam.as_ref(), &config.resource_type, at!(ResourceCidrsModel, resource_type))?;
        capabilities::listed(ipam.as_ref(), &config.management_state, at!(ResourceCidrsModel, management_state))?;
        capabilities::listed(ipam.as_ref(), &config.compliance_status, at!(ResourceCidrsModel, compliance_status))?;
        capabilities::listed(ipam.as_ref(), &config.overlap_status, at!(ResourceCidrsModel, overlap_status))?;
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
        let observation = of(ipam.as_ref())?;
        let found = observation.resource_cidrs(&filter);
        let arguments =
            [(NO_SCOPE, at!(ResourceCidrsModel, ipam_scope_id)), (NO_POOL, at!(ResourceCidrsModel, ipam_pool_id))];
        let found = found.map_err(explained(&arguments, Path::root()))?;
        let oldest = observation.oldest_sample().map_err(explained(&[], Path::root()))?;
        check_scanned(ipam.as_ref(), oldest, None)?;
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
