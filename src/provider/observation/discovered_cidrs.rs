//! `ipam_discovered_resource_cidrs`: the CIDRs of resources that a discovery found.

use std::sync::Arc;

use crate::backend::observation::{AttachmentStatus, DiscoveredCidr, DiscoveryFilter, IpSource, SeenType};
use crate::ipam::{Cidr, Tags};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::filters::resource_filters;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Number, Path};
use crate::{at, model};

use super::super::capabilities;
use super::conversion::{NO_DISCOVERY, explained, fits, fits_text, moment, of, usage};
use super::freshness::{check_scanned, freshen};

model! {
    /// The attributes of a CIDR that was found on a resource.
    pub(super) struct DiscoveredCidrFacts {
        /// Region of the resource.
        resource_region: String => computed(),
        /// ID of the resource.
        resource_id: String => computed(),
        /// Type of the resource: `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list` or
        /// `other`.
        resource_type: SeenType => computed(),
        /// ID of the AWS account that owns the resource.
        resource_owner_id: String => computed(),
        /// CIDR of the resource; null if it has none.
        resource_cidr: Cidr => computed(),
        /// Source of the addresses: `amazon`, `byoip`, or `none` for private addresses.
        ip_source: IpSource => computed(),
        /// Map of the tags of the resource.
        resource_tags: Tags => computed(),
        /// Share of the CIDR that is in use, from 0 to 1; null if it is not computed.
        ip_usage: Number => computed(),
        /// `ip_usage` as a percentage, from 0 to 100.
        ip_usage_percent: Number => computed(),
        /// ID of the VPC that the resource is, or that contains it.
        vpc_id: String => computed(),
        /// ID of the subnet that the resource is, or that contains it.
        subnet_id: String => computed(),
        /// Attachment status of a network interface: `available` or `in-use`; null for other resources.
        network_interface_attachment_status: AttachmentStatus => computed(),
        /// ID of the Availability Zone.
        availability_zone_id: String => computed(),
        /// Time of the scan that found the resource, in RFC 3339 format.
        sample_time: Time => computed(),
    }
}

impl DiscoveredCidrFacts {
    fn of(found: DiscoveredCidr) -> Self {
        let (ip_usage, ip_usage_percent) = usage(found.usage);
        Self {
            ip_usage,
            ip_usage_percent,
            resource_region: found.region.into(),
            resource_id: found.resource_id.into(),
            resource_type: found.resource_type.into(),
            resource_owner_id: found.owner_id.into(),
            resource_cidr: found.cidr.into(),
            ip_source: found.ip_source.into(),
            resource_tags: found.tags.into(),
            vpc_id: found.vpc_id.into(),
            subnet_id: found.subnet_id.into(),
            network_interface_attachment_status: found.attachment.into(),
            availability_zone_id: found.availability_zone_id.into(),
            sample_time: moment(found.sampled_at),
        }
    }
}

model! {
    /// Lists the CIDRs of resources that a resource discovery found, such as VPCs, subnets and network interfaces, in
    /// all scopes. AWS IPAM scans every few minutes; on a self-managed store, you start the scans, and reading fails
    /// before the first one. Each argument narrows the list. If nothing matches, the list is empty.
    pub(super) struct DiscoveredCidrsModel {
        /// ID of the resource discovery. Default: the only discovery of a self-managed store, or the discovery that was
        /// created together with the IPAM. Required if a self-managed store has several discoveries.
        ipam_resource_discovery_id: String => optional().computed(),
        /// Region. Only resources in this Region are listed. Default: all Regions of the discovery.
        resource_region: String => optional(),
        /// Maximum age of the data: a duration such as `1h`. Default: no limit. On a self-managed store, older or
        /// missing data starts a new scan in this run, and a failed scan is an error. AWS IPAM makes its own scans:
        /// with `aws-ipam`, older data is an error.
        max_age: HumanDuration => optional(),
        include resource_filters;
        /// CIDR. Only CIDRs that lie inside this CIDR are listed.
        within_cidr: Cidr => optional(),
        /// List of the CIDRs with their resources, sorted by CIDR.
        resource_cidrs: Vec<DiscoveredCidrFacts> => computed(),
        /// List of the CIDRs, without duplicates.
        cidrs: Vec<Cidr> => computed(),
    }
}

pub(super) struct DiscoveredCidrsData(pub(super) Arc<Shared>);

impl DataSource for DiscoveredCidrsData {
    type Model = DiscoveredCidrsModel;
    const TYPE: &'static str = "ipam_discovered_resource_cidrs";

    fn validate(&self, _config: &DiscoveredCidrsModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: DiscoveredCidrsModel) -> Result<DiscoveredCidrsModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        capabilities::listed(ipam.as_ref(), &config.resource_type, at!(DiscoveredCidrsModel, resource_type))?;
        let filter = DiscoveryFilter {
            discovery_id: config.ipam_resource_discovery_id.cloned(),
            region: config.resource_region.cloned(),
        };
        freshen(ipam.as_ref(), Some(&filter), &config.max_age)?;
        let seen = of(ipam.as_ref())?.discovered_resource_cidrs(&filter);
        let argument = (NO_DISCOVERY, at!(DiscoveredCidrsModel, ipam_resource_discovery_id));
        let seen = seen.map_err(explained(&[argument], Path::root()))?;
        check_scanned(ipam.as_ref(), seen.oldest_sample, Some(&seen.discovery_id))?;
        let found: Vec<_> = seen.items.into_iter().filter(|one| is_wanted(&config, one)).collect();
        let mut cidrs: Vec<_> = found.iter().filter_map(|one| one.cidr).collect();
        cidrs.dedup();
        Ok(DiscoveredCidrsModel {
            ipam_resource_discovery_id: seen.discovery_id.into(),
            resource_cidrs: found.into_iter().map(DiscoveredCidrFacts::of).collect::<Vec<_>>().into(),
            cidrs: cidrs.into(),
            ..config
        })
    }
}

fn is_wanted(config: &DiscoveredCidrsModel, one: &DiscoveredCidr) -> bool {
    let is_within = |block: &Cidr| one.cidr.is_some_and(|cidr| block.contains(&cidr));
    let has_tags = |tags: &Tags| tags.iter().all(|(key, value)| one.tags.get(key) == Some(value));
    fits(&config.resource_type, Some(&one.resource_type))
        && fits_text(&config.resource_owner_id, one.owner_id.as_deref())
        && fits(&config.resource_id, Some(&one.resource_id))
        && fits(&config.vpc_id, one.vpc_id.as_ref())
        && config.resource_tags.get().is_none_or(has_tags)
        && config.within_cidr.get().is_none_or(is_within)
}
