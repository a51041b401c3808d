//! Answers of EC2 as blocks on resources.

use aws_sdk_ec2::types as ec2;

use crate::ipam::blocks::range_to_cidrs;
use crate::ipam::discovery::types::{AttachmentStatus, DiscoveredCidr, IpSource, SeenType};
use crate::ipam::{Cidr, Family, Tags, Words};

use super::ec2::{Origin, is_brought, owned, single, tags};
use super::lists::Lists;

/// All blocks, sorted by block and resource. Blocks of EC2 that cannot be parsed are left out, because no user could
/// correct them.
pub(super) fn all(lists: &Lists, origin: &Origin<'_>) -> Vec<DiscoveredCidr> {
    let mut found: Vec<DiscoveredCidr> = Vec::new();
    found.extend(lists.vpcs.iter().flat_map(|vpc| of_vpc(vpc, origin)));
    found.extend(lists.subnets.iter().flat_map(|subnet| of_subnet(subnet, origin)));
    found.extend(lists.interfaces.iter().flat_map(|interface| of_interface(interface, origin)));
    found.extend(lists.addresses.iter().filter_map(|address| of_address(address, lists, origin)));
    found.extend(lists.pools.iter().flat_map(|pool| of_pool(pool, origin)));
    found.extend(lists.byoip.iter().filter_map(|range| of_byoip(range, origin)));
    found.sort_by(|a, b| (a.cidr, a.resource_type, &a.resource_id).cmp(&(b.cidr, b.resource_type, &b.resource_id)));
    // The first block of a VPC is also one of its associations.
    found.dedup_by(|a, b| (a.cidr, a.resource_type, &a.resource_id) == (b.cidr, b.resource_type, &b.resource_id));
    found
}

/// A resource, without values that only some types have.
fn resource(id: &str, kind: SeenType, tags: Tags, origin: &Origin<'_>) -> DiscoveredCidr {
    DiscoveredCidr {
        region: origin.region.to_owned(),
        resource_id: id.to_owned(),
        resource_type: kind,
        owner_id: Some(origin.account.to_owned()),
        cidr: None,
        ip_source: None,
        tags,
        usage: None,
        vpc_id: None,
        subnet_id: None,
        attachment: None,
        instance_id: None,
        availability_zone_id: None,
        sampled_at: Some(origin.taken_at),
    }
}

fn on(resource: &DiscoveredCidr, cidr: Cidr, source: Option<IpSource>) -> DiscoveredCidr {
    DiscoveredCidr { cidr: Some(cidr), ip_source: source, ..resource.clone() }
}

fn parse(text: Option<&str>) -> Option<Cidr> {
    text?.parse().ok()
}

/// The source of a block for which EC2 reports none: IPv4 blocks and unique local addresses (RFC 4193) are private. Other
/// IPv6 addresses have an owner, whom EC2 does not name.
fn source_of(cidr: &Cidr) -> Option<IpSource> {
    let is_local = cidr.family() == Family::Ipv6 && cidr.first() >> 121 == 0xfc >> 1;
    (cidr.family() == Family::Ipv4 || is_local).then_some(IpSource::None)
}

fn source(reported: Option<&ec2::IpSource>, cidr: &Cidr) -> Option<IpSource> {
    reported.map(|reported| IpSource::from_text(reported.as_str())).or_else(|| source_of(cidr))
}

fn of_vpc(vpc: &ec2::Vpc, origin: &Origin<'_>) -> Vec<DiscoveredCidr> {
    let Some(id) = vpc.vpc_id() else { return Vec::new() };
    let resource =
        DiscoveredCidr { vpc_id: Some(id.to_owned()), ..resource(id, SeenType::Vpc, tags(vpc.tags()), origin) };
    let is_there = |state: Option<&ec2::VpcCidrBlockState>| {
        state.and_then(ec2::VpcCidrBlockState::state) == Some(&ec2::VpcCidrBlockStateCode::Associated)
    };
    let v4 = vpc.cidr_block_association_set().iter().filter(|one| is_there(one.cidr_block_state()));
    let v4 = v4.filter_map(|one| parse(one.cidr_block()));
    let v6 = vpc.ipv6_cidr_block_association_set().iter().filter(|one| is_there(one.ipv6_cidr_block_state()));
    let v6 = v6.filter_map(|one| {
        let cidr = parse(one.ipv6_cidr_block())?;
        Some(on(&resource, cidr, source(one.ip_source(), &cidr)))
    });
    let first = parse(vpc.cidr_block());
    first.into_iter().chain(v4).map(|cidr| on(&resource, cidr, source_of(&cidr))).chain(v6).collect()
}

fn of_subnet(subnet: &ec2::Subnet, origin: &Origin<'_>) -> Vec<DiscoveredCidr> {
    let Some(id) = subnet.subnet_id() else { return Vec::new() };
    let resource = DiscoveredCidr {
        vpc_id: owned(subnet.vpc_id()),
        subnet_id: Some(id.to_owned()),
        availability_zone_id: owned(subnet.availability_zone_id()),
        ..resource(id, SeenType::Subnet, tags(subnet.tags()), origin)
    };
    let v4 = parse(subnet.cidr_block()).map(|cidr| DiscoveredCidr {
        usage: used(cidr.address_count().try_into().ok(), subnet.available_ip_address_count()),
        ..on(&resource, cidr, source_of(&cidr))
    });
    let is_there = |one: &&ec2::SubnetIpv6CidrBlockAssociation| {
        let state = one.ipv6_cidr_block_state().and_then(ec2::SubnetCidrBlockState::state);
        state == Some(&ec2::SubnetCidrBlockStateCode::Associated)
    };
    let v6 = subnet.ipv6_cidr_block_association_set().iter().filter(is_there).filter_map(|one| {
        let cidr = parse(one.ipv6_cidr_block())?;
        Some(on(&resource, cidr, source(one.ip_source(), &cidr)))
    });
    v4.into_iter().chain(v6).collect()
}

/// The used fraction, from the total and the available addresses.
fn used(total: Option<i64>, available: Option<i32>) -> Option<f64> {
    let (total, available) = (total.filter(|total| *total > 0)?, i64::from(available?));
    #[expect(clippy::cast_precision_loss, reason = "counts of addresses in a subnet or a public pool")]
    let part = (total - available).clamp(0, total) as f64 / total as f64;
    Some(part)
}

fn of_interface(interface: &ec2::NetworkInterface, origin: &Origin<'_>) -> Vec<DiscoveredCidr> {
    let Some(id) = interface.network_interface_id() else { return Vec::new() };
    let attachment = interface.status().map(|status| match status {
        ec2::NetworkInterfaceStatus::Available => AttachmentStatus::Available,
        _ => AttachmentStatus::InUse,
    });
    let instance = interface.attachment().and_then(ec2::NetworkInterfaceAttachment::instance_id);
    let resource = DiscoveredCidr {
        owner_id: owned(interface.owner_id()).or_else(|| Some(origin.account.to_owned())),
        vpc_id: owned(interface.vpc_id()),
        subnet_id: owned(interface.subnet_id()),
        attachment,
        instance_id: owned(instance),
        availability_zone_id: owned(interface.availability_zone_id()),
        ..resource(id, SeenType::Eni, tags(interface.tag_set()), origin)
    };
    let v4 = interface.private_ip_addresses().iter().filter_map(|one| single(one.private_ip_address()));
    let v6 = interface.ipv6_addresses().iter().filter_map(|one| single(one.ipv6_address()));
    let prefixes = interface.ipv4_prefixes().iter().filter_map(|one| parse(one.ipv4_prefix()));
    let v6_prefixes = interface.ipv6_prefixes().iter().filter_map(|one| parse(one.ipv6_prefix()));
    let blocks =
        single(interface.private_ip_address()).into_iter().chain(v4).chain(v6).chain(prefixes).chain(v6_prefixes);
    blocks.map(|cidr| on(&resource, cidr, source_of(&cidr))).collect()
}

/// The block of an Elastic IP address.
fn of_address(address: &ec2::Address, lists: &Lists, origin: &Origin<'_>) -> Option<DiscoveredCidr> {
    let cidr = single(address.public_ip())?;
    let id = address.allocation_id().filter(|id| !id.is_empty()).or(address.public_ip())?;
    let interface = lists
        .interfaces
        .iter()
        .find(|one| one.network_interface_id().is_some_and(|id| address.network_interface_id() == Some(id)));
    let is_byoip = is_brought(&cidr, address.public_ipv4_pool(), &lists.byoip);
    Some(DiscoveredCidr {
        cidr: Some(cidr),
        ip_source: Some(if is_byoip { IpSource::Byoip } else { IpSource::Amazon }),
        vpc_id: interface.and_then(|one| owned(one.vpc_id())),
        subnet_id: interface.and_then(|one| owned(one.subnet_id())),
        instance_id: owned(address.instance_id()),
        ..resource(id, SeenType::Eip, tags(address.tags()), origin)
    })
}

/// The blocks of the ranges of a public IPv4 pool. The used part of a range consists of its Elastic IP addresses.
fn of_pool(pool: &ec2::PublicIpv4Pool, origin: &Origin<'_>) -> Vec<DiscoveredCidr> {
    let Some(id) = pool.pool_id() else { return Vec::new() };
    let resource = resource(id, SeenType::PublicIpv4Pool, tags(pool.tags()), origin);
    let of_range = |range: &ec2::PublicIpv4PoolRange| {
        let (first, last) = (single(range.first_address())?, single(range.last_address())?);
        let usage = used(range.address_count().map(i64::from), range.available_address_count());
        Some((range_to_cidrs(first.family(), first.first(), last.first()), usage))
    };
    let ranges = pool.pool_address_ranges().iter().filter_map(of_range);
    let blocks = ranges.flat_map(|(blocks, usage)| blocks.into_iter().map(move |block| (block, usage)));
    blocks.map(|(block, usage)| DiscoveredCidr { usage, ..on(&resource, block, Some(IpSource::Byoip)) }).collect()
}

/// An IPv6 range that was brought to AWS. IPv4 ranges are in public IPv4 pools.
fn of_byoip(range: &ec2::ByoipCidr, origin: &Origin<'_>) -> Option<DiscoveredCidr> {
    let cidr = parse(range.cidr()).filter(|cidr| cidr.family() == Family::Ipv6)?;
    let id = range.pool_id().filter(|id| !id.is_empty()).or(range.cidr())?;
    Some(on(&resource(id, SeenType::Ipv6Pool, Tags::new(), origin), cidr, Some(IpSource::Byoip)))
}

#[cfg(test)]
#[path = "resources_tests.rs"]
mod tests;
