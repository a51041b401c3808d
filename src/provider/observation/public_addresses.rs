//! `ipam_discovered_public_addresses`: public addresses, what they work for, and which of them are idle.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::observation::{AddressService, AddressType, AssociationStatus, PublicAddress, Spot};
use crate::backend::service::AccountId;
use crate::ipam::Tags;
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::super::limits;
use super::{NO_DISCOVERY, explained, fits, fits_text, freshen, moment, seen_once};

model! {
    /// A public address.
    pub(super) struct AddressFacts {
        /// The address.
        address: String => computed(),
        /// Its Region.
        address_region: String => computed(),
        /// Account that has it.
        address_owner_id: String => computed(),
        /// Id of the Elastic IP address; null for other types.
        address_allocation_id: String => computed(),
        /// `amazon-owned-eip`, `amazon-owned-contig`, `byoip`, `ec2-public-ip`, `service-managed-ip`,
        /// `service-managed-byoip`, `anycast-ip-list-ip` or `other`.
        address_type: AddressType => computed(),
        /// `associated` or `disassociated`.
        association_status: AssociationStatus => computed(),
        /// Whether it is an Elastic IP address that is on nothing, and could be released.
        is_idle: bool => computed(),
        /// Service that it works for, such as `nat-gateway`; null for none.
        service: AddressService => computed(),
        /// What it works for there, by ARN or id.
        service_resource: String => computed(),
        /// VPC that it is used in.
        vpc_id: String => computed(),
        /// Subnet that it is used in.
        subnet_id: String => computed(),
        /// Public IPv4 pool that it comes from.
        public_ipv4_pool_id: String => computed(),
        /// Network interface that it is on.
        network_interface_id: String => computed(),
        /// Description of that network interface.
        network_interface_description: String => computed(),
        /// Instance that it is on.
        instance_id: String => computed(),
        /// Where it is advertised.
        network_border_group: String => computed(),
        /// Security groups of the network interface: names by id.
        security_groups: Tags => computed(),
        /// Tags of the Elastic IP address.
        tags: Tags => computed(),
        /// When it was seen so, as RFC 3339 time.
        sample_time: Time => computed(),
    }
}

impl AddressFacts {
    fn of(found: PublicAddress) -> Self {
        Self {
            is_idle: found.is_idle().into(),
            address: found.address.to_string().into(),
            address_region: found.region.into(),
            address_owner_id: found.owner_id.into(),
            address_allocation_id: found.allocation_id.into(),
            address_type: found.address_type.into(),
            association_status: found.association.into(),
            service: found.service.into(),
            service_resource: found.service_resource.into(),
            vpc_id: found.vpc_id.into(),
            subnet_id: found.subnet_id.into(),
            public_ipv4_pool_id: found.public_ipv4_pool_id.into(),
            network_interface_id: found.network_interface_id.into(),
            network_interface_description: found.network_interface_description.into(),
            instance_id: found.instance_id.into(),
            network_border_group: found.network_border_group.into(),
            security_groups: found.security_groups.into(),
            tags: found.tags.into(),
            sample_time: moment(found.sampled_at),
        }
    }
}

model! {
    /// Lists the public addresses that a resource discovery has seen, in one or all of its Regions, and counts them.
    /// Every argument narrows list and counts; no match is an empty list.
    pub(super) struct PublicAddressesModel {
        /// The resource discovery. When not set: the only one of the store, or in AWS the one that came with the IPAM.
        ipam_resource_discovery_id: String => optional().computed(),
        /// Only this Region; every Region of the discovery when not set.
        address_region: String => optional(),
        /// How old what is told may be, such as `1h`. On a store of one's own, what was seen longer ago (or never) is looked at
        /// first, in this run; what cannot be looked at is an error. AWS IPAM looks by itself: older samples are an error.
        max_age: HumanDuration => optional(),
        /// Only addresses of this type, such as `amazon-owned-eip`.
        address_type: AddressType => optional(),
        /// Only addresses of this status, such as `associated` or `disassociated`.
        association_status: AssociationStatus => optional(),
        /// Only addresses that work for this service, such as `nat-gateway`.
        service: AddressService => optional(),
        /// Only addresses of this account.
        address_owner_id: AccountId => optional(),
        /// Only addresses that are used in this VPC.
        vpc_id: String => optional(),
        /// The addresses, in order.
        addresses: Vec<AddressFacts> => computed(),
        /// How many there are.
        total_count: u64 => computed(),
        /// How many are on something.
        associated_count: u64 => computed(),
        /// How many are on nothing.
        disassociated_count: u64 => computed(),
        /// How many there are of each type that there is.
        count_by_type: BTreeMap<String, u64> => computed(),
        /// How many work for each service that there is.
        count_by_service: BTreeMap<String, u64> => computed(),
        /// Elastic IP addresses that are on nothing, and could be released.
        idle_addresses: Vec<String> => computed(),
        /// When the oldest sample of those Regions was taken, as RFC 3339 time; null without addresses.
        oldest_sample_time: Time => computed(),
    }
}

/// How often each word is there.
fn counted<T: ToString>(words: impl Iterator<Item = T>) -> BTreeMap<String, u64> {
    words.fold(BTreeMap::new(), |mut counts, word| {
        *counts.entry(word.to_string()).or_default() += 1;
        counts
    })
}

impl PublicAddressesModel {
    fn is_wanted(&self, one: &PublicAddress) -> bool {
        fits(&self.address_type, Some(&one.address_type))
            && fits(&self.association_status, one.association.as_ref())
            && fits(&self.service, one.service.as_ref())
            && fits_text(&self.address_owner_id, one.owner_id.as_deref())
            && fits(&self.vpc_id, one.vpc_id.as_ref())
    }

    fn answered(self, discovery_id: String, found: Vec<PublicAddress>, oldest_sample: Option<Timestamp>) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let with = |status| number(found.iter().filter(|one| one.association == Some(status)).count());
        let idle = found.iter().filter(|one| one.is_idle()).map(|one| one.address.to_string());
        Self {
            ipam_resource_discovery_id: discovery_id.into(),
            total_count: number(found.len()).into(),
            associated_count: with(AssociationStatus::Associated).into(),
            disassociated_count: with(AssociationStatus::Disassociated).into(),
            count_by_type: counted(found.iter().map(|one| one.address_type)).into(),
            count_by_service: counted(found.iter().filter_map(|one| one.service)).into(),
            idle_addresses: idle.collect::<Vec<_>>().into(),
            oldest_sample_time: moment(oldest_sample),
            addresses: found.into_iter().map(AddressFacts::of).collect::<Vec<_>>().into(),
            ..self
        }
    }
}

pub(super) struct PublicAddressesData(pub(super) Arc<Shared>);

impl DataSource for PublicAddressesData {
    type Model = PublicAddressesModel;
    const TYPE: &'static str = "ipam_discovered_public_addresses";

    fn validate(&self, _config: &PublicAddressesModel) -> Diagnostics {
        Diagnostics::new()
    }

    fn read(&self, config: PublicAddressesModel) -> Result<PublicAddressesModel, Diagnostics> {
        let ipam = self.0.ipam()?;
        limits::listed(ipam.as_ref(), &config.address_type, at!(PublicAddressesModel, address_type))?;
        limits::listed(ipam.as_ref(), &config.association_status, at!(PublicAddressesModel, association_status))?;
        limits::listed(ipam.as_ref(), &config.service, at!(PublicAddressesModel, service))?;
        let spot =
            Spot { discovery_id: config.ipam_resource_discovery_id.cloned(), region: config.address_region.cloned() };
        freshen(ipam.as_ref(), Some(&spot), &config.max_age)?;
        let seen = super::of(ipam.as_ref())?.discovered_public_addresses(&spot);
        let place = (NO_DISCOVERY, at!(PublicAddressesModel, ipam_resource_discovery_id));
        let seen = seen.map_err(explained(&[place], Path::root()))?;
        seen_once(ipam.as_ref(), seen.oldest_sample, Some(&seen.discovery_id))?;
        let found = seen.items.into_iter().filter(|one| config.is_wanted(one)).collect();
        Ok(config.answered(seen.discovery_id, found, seen.oldest_sample))
    }
}
