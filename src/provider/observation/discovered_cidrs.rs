//! `ipam_discovered_resource_cidrs`: blocks that a discovery has seen on resources.

use std::sync::Arc;

use crate::backend::observation::{AttachmentStatus, DiscoveredCidr, IpSource, SeenType, Spot};
use crate::backend::service::AccountId;
use crate::ipam::{Cidr, Tags};
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Number, Path};
use crate::{at, model};

use super::super::limits;
use super::{NO_DISCOVERY, explained, fits, fits_text, freshen, moment, seen_once, usage};

model! {
    /// A block that was seen on a resource.
    pub(super) struct DiscoveredCidrFacts {
        /// Region of the resource.
        resource_region: String => computed(),
        /// Id of the resource.
        resource_id: String => computed(),
        /// What it is: `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list` or `other`.
        resource_type: SeenType => computed(),
        /// Account of the resource.
        resource_owner_id: String => computed(),
        /// The block; null when the resource has none.
        resource_cidr: Cidr => computed(),
        /// Where its addresses come from: `amazon`, `byoip` or `none`.
        ip_source: IpSource => computed(),
        /// Tags of the resource.
        resource_tags: Tags => computed(),
        /// Part of the block that is in use, from 0 to 1; null where that is not computed.
        ip_usage: Number => computed(),
        /// The same in percent, from 0 to 100.
        ip_usage_percent: Number => computed(),
        /// VPC that the resource is or is in.
        vpc_id: String => computed(),
        /// Subnet that the resource is or is in.
        subnet_id: String => computed(),
        /// Of a network interface: `available` or `in-use`.
        network_interface_attachment_status: AttachmentStatus => computed(),
        /// Availability zone, by id.
        availability_zone_id: String => computed(),
        /// When it was seen so, as RFC 3339 time.
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
    /// Lists what a resource discovery has seen on resources, whichever scope it counts in: VPCs, subnets, network
    /// interfaces, ... Samples are minutes apart. Every argument narrows the list; no match is an empty list.
    pub(super) struct DiscoveredCidrsModel {
        /// The resource discovery. When not set: the only one of the store, or in AWS the one that came with the IPAM.
        ipam_resource_discovery_id: String => optional().computed(),
        /// Only this Region; every Region of the discovery when not set.
        resource_region: String => optional(),
        /// How old what is told may be, such as `1h`. On a store of one's own, what was seen longer ago (or never) is looked at
        /// first, in this run; what cannot be looked at is an error. AWS IPAM looks by itself: older samples are an error.
        max_age: HumanDuration => optional(),
        /// Only resources of this type, such as `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`,
        /// `anycast-ip-list` or `other`.
        resource_type: SeenType => optional(),
        /// Only resources of this account.
        resource_owner_id: AccountId => optional(),
        /// Only this resource.
        resource_id: String => optional(),
        /// Only what is in this VPC.
        vpc_id: String => optional(),
        /// Only resources that have all of these tags, with these values.
        resource_tags: Tags => optional(),
        /// Only blocks that lie inside this one.
        within_cidr: Cidr => optional(),
        /// What was seen, by block.
        resource_cidrs: Vec<DiscoveredCidrFacts> => computed(),
        /// The blocks, each once.
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
        limits::listed(ipam.as_ref(), &config.resource_type, at!(DiscoveredCidrsModel, resource_type))?;
        let spot =
            Spot { discovery_id: config.ipam_resource_discovery_id.cloned(), region: config.resource_region.cloned() };
        freshen(ipam.as_ref(), Some(&spot), &config.max_age)?;
        let seen = super::of(ipam.as_ref())?.discovered_resource_cidrs(&spot);
        let place = (NO_DISCOVERY, at!(DiscoveredCidrsModel, ipam_resource_discovery_id));
        let seen = seen.map_err(explained(&[place], Path::root()))?;
        seen_once(ipam.as_ref(), seen.oldest_sample, Some(&seen.discovery_id))?;
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
