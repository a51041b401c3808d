//! Public addresses that a discovery has found.

use std::net::IpAddr;

use aws_sdk_ec2::types as ec2;

use crate::backend::observation::{AddressType, DiscoveryFilter, PublicAddress, Seen};
use crate::ipam::Result;

use super::super::convert::need;
use super::super::response::{ask, fault};
use super::{DiscoveryRegions, Observations, owned, time, word};

const ACTION: &str = "GetIpamDiscoveredPublicAddresses";

fn address(found: &ec2::IpamDiscoveredPublicAddress, asked: &str) -> Result<PublicAddress> {
    let text = need(found.address(), "address")?;
    let address: IpAddr =
        text.parse().map_err(|_| fault(ACTION, "UnexpectedAnswer", format!("{text:?} is not an address")))?;
    let groups = found.security_groups().iter();
    let tags = found.tags().map(ec2::IpamPublicAddressTags::eip_tags).unwrap_or_default().iter();
    Ok(PublicAddress {
        address,
        region: found.address_region().unwrap_or(asked).to_owned(),
        address_type: word(found.address_type().map(ec2::IpamPublicAddressType::as_str)).unwrap_or(AddressType::Other),
        association: word(found.association_status().map(ec2::IpamPublicAddressAssociationStatus::as_str)),
        owner_id: owned(found.address_owner_id()),
        allocation_id: owned(found.address_allocation_id()),
        service: word(found.service().map(ec2::IpamPublicAddressAwsService::as_str)),
        service_resource: owned(found.service_resource()),
        vpc_id: owned(found.vpc_id()),
        subnet_id: owned(found.subnet_id()),
        public_ipv4_pool_id: owned(found.public_ipv4_pool_id()),
        network_interface_id: owned(found.network_interface_id()),
        network_interface_description: owned(found.network_interface_description()),
        instance_id: owned(found.instance_id()),
        network_border_group: owned(found.network_border_group()),
        security_groups: groups
            .filter_map(|group| Some((group.group_id()?.to_owned(), group.group_name().unwrap_or_default().to_owned())))
            .collect(),
        tags: tags
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
            .collect(),
        sampled_at: time(found.sample_time()),
    })
}

impl Observations<'_> {
    pub(in crate::aws) async fn public_addresses(&self, filter: &DiscoveryFilter) -> Result<Seen<PublicAddress>> {
        let discovery = self.discovery(filter).await?;
        let (mut addresses, mut oldest_sample) = (Vec::new(), None);
        for region in &discovery.regions {
            let oldest = self.addresses_in(&discovery, region, &mut addresses).await?;
            oldest_sample = [oldest_sample, oldest].into_iter().flatten().min();
        }
        addresses.sort_by(|a, b| (a.address, &a.region).cmp(&(b.address, &b.region)));
        Ok(Seen { oldest_sample, ..discovery.seen(addresses) })
    }

    /// Adds the addresses of one Region, and returns their oldest sample time. The SDK has no paginator for this request.
    async fn addresses_in(
        &self,
        discovery: &DiscoveryRegions,
        region: &str,
        addresses: &mut Vec<PublicAddress>,
    ) -> Result<Option<jiff::Timestamp>> {
        let (mut next, mut oldest) = (None, None);
        loop {
            let request = self
                .aws
                .clients
                .home()
                .get_ipam_discovered_public_addresses()
                .ipam_resource_discovery_id(&discovery.discovery_id)
                .address_region(region)
                .set_next_token(next.take());
            let answer = ask(ACTION, request.send()).await?;
            for one in answer.ipam_discovered_public_addresses() {
                addresses.push(address(one, region)?);
            }
            oldest = [oldest, time(answer.oldest_sample_time())].into_iter().flatten().min();
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(oldest);
            }
        }
    }
}
