//! `ipam_discovered_public_addresses`: public addresses, their use, and the idle addresses.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::observation::{AddressService, AddressType, AssociationStatus, DiscoveryFilter, PublicAddress};
use crate::backend::service::AccountId;
use crate::ipam::Tags;
use crate::provider::attributes::{HumanDuration, Time};
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostics, Path};
use crate::{at, model};

use super::super::capabilities;
use super::conversion::{NO_DISCOVERY, explained, fits, fits_text, moment, of};
use super::freshness::{check_scanned, freshen};

model! {
    /// The attributes of a public address.
    pub(super) struct AddressFacts {
        /// Public IP address.
        address: String => computed(),
        /// Region of the address.
        address_region: String => computed(),
        /// ID of the AWS account that has the address.
        address_owner_id: String => computed(),
        /// Allocation ID of an Elastic IP address; null for other types.
        address_allocation_id: String => computed(),
        /// Type of the address: `amazon-owned-eip`, `amazon-owned-contig`, `byoip`, `ec2-public-ip`,
        /// `service-managed-ip`, `service-managed-byoip`, `anycast-ip-list-ip` or `other`.
        address_type: AddressType => computed(),
        /// Association status of the address: `associated` or `disassociated`.
        association_status: AssociationStatus => computed(),
        /// Whether the address is an Elastic IP address that is not associated and can be released.
        is_idle: bool => computed(),
        /// AWS service that uses the address, such as `nat-gateway`; null if no service uses it.
        service: AddressService => computed(),
        /// ARN or ID of the resource of the service that uses the address.
        service_resource: String => computed(),
        /// ID of the VPC in which the address is used.
        vpc_id: String => computed(),
        /// ID of the subnet in which the address is used.
        subnet_id: String => computed(),
        /// ID of the public IPv4 pool that provides the address.
        public_ipv4_pool_id: String => computed(),
        /// ID of the network interface that has the address.
        network_interface_id: String => computed(),
        /// Description of the network interface that has the address.
        network_interface_description: String => computed(),
        /// ID of the instance that has the address.
        instance_id: String => computed(),
        /// Network border group in which the address is advertised.
        network_border_group: String => computed(),
        /// Map of the security groups of the network interface, with IDs as keys and names as values.
        security_groups: Tags => computed(),
        /// Map of the tags of the Elastic IP address.
        tags: Tags => computed(),
        /// Time of the scan that found the address, in RFC 3339 format.
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
    /// Lists and counts the public addresses that a resource discovery found, in one or all of its Regions. Each
    /// argument narrows the list and the counts. If no address matches, the list is empty. On a self-managed store,
    /// reading fails before the first scan.
    pub(super) struct PublicAddressesModel {
        /// ID of the resource discovery. Default: the only discovery of a self-managed store, or the discovery that was
        /// created together with the IPAM. Required if a self-managed store has several discoveries.
        ipam_resource_discovery_id: String => optional().computed(),
        /// Region. Only addresses in this Region are listed. Default: all Regions of the discovery.
        address_region: String => optional(),
        /// Maximum age of the data: a duration such as `1h`. Default: no limit. On a self-managed store, older or
        /// missing data starts a new scan in this run, and a failed scan is an error. AWS IPAM makes its own scans:
        /// with `aws-ipam`, older data is an error.
        max_age: HumanDuration => optional(),
        /// Type of address, such as `amazon-owned-eip`. Only addresses of this type are listed.
        address_type: AddressType => optional(),
        /// Association status, such as `associated` or `disassociated`. Only addresses with this status are listed.
        association_status: AssociationStatus => optional(),
        /// AWS service, such as `nat-gateway`. Only addresses that this service uses are listed.
        service: AddressService => optional(),
        /// ID of an AWS account. Only addresses of this account are listed.
        address_owner_id: AccountId => optional(),
        /// ID of a VPC. Only addresses that are used in this VPC are listed.
        vpc_id: String => optional(),
        /// List of the addresses, sorted by address.
        addresses: Vec<AddressFacts> => computed(),
        /// Number of the listed addresses.
        total_count: u64 => computed(),
        /// Number of the listed addresses that are associated.
        associated_count: u64 => computed(),
        /// Number of the listed addresses that are not associated.
        disassociated_count: u64 => computed(),
        /// Map of the number of listed addresses for each type.
        count_by_type: BTreeMap<String, u64> => computed(),
        /// Map of the number of listed addresses for each service.
        count_by_service: BTreeMap<String, u64> => computed(),
        /// List of the Elastic IP addresses that are not associated and can be released.
        idle_addresses: Vec<String> => computed(),
        /// Time of the oldest data for the Regions of the list, in RFC 3339 format; null if AWS IPAM does not report
        /// it.
        oldest_sample_time: Time => computed(),
    }
}

/// How often each word occurs.
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

    fn filled(self, discovery_id: String, found: Vec<PublicAddress>, oldest_sample: Option<Timestamp>) -> Self {
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
        capabilities::listed(ipam.as_ref(), &config.address_type, at!(PublicAddressesModel, address_type))?;
        capabilities::listed(ipam.as_ref(), &config.association_status, at!(PublicAddressesModel, association_status))?;
        capabilities::listed(ipam.as_ref(), &config.service, at!(PublicAddressesModel, service))?;
        let filter = DiscoveryFilter {
            discovery_id: config.ipam_resource_discovery_id.cloned(),
            region: config.address_region.cloned(),
        };
        freshen(ipam.as_ref(), Some(&filter), &config.max_age)?;
        let seen = of(ipam.as_ref())?.discovered_public_addresses(&filter);
        let argument = (NO_DISCOVERY, at!(PublicAddressesModel, ipam_resource_discovery_id));
        let seen = seen.map_err(explained(&[argument], Path::root()))?;
        check_scanned(ipam.as_ref(), seen.oldest_sample, Some(&seen.discovery_id))?;
        let found = seen.items.into_iter().filter(|one| config.is_wanted(one)).collect();
        Ok(config.filled(seen.discovery_id, found, seen.oldest_sample))
    }
}
