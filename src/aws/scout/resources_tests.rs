use jiff::Timestamp;

use super::*;

const SPOT: Origin<'_> = Origin { account: "111122223333", region: "eu-west-1", taken_at: Timestamp::UNIX_EPOCH };

/// `id block source usage` of each resource, sorted.
fn shown(lists: &Lists) -> Vec<String> {
    let word = |one: &DiscoveredCidr| one.ip_source.map_or("-".to_owned(), |source| source.to_string());
    let usage = |one: &DiscoveredCidr| one.usage.map_or("-".to_owned(), |usage| usage.to_string());
    all(lists, &SPOT)
        .iter()
        .map(|one| format!("{} {} {} {}", one.resource_id, one.cidr.unwrap(), word(one), usage(one)))
        .collect()
}

#[test]
fn a_vpc_has_all_its_associated_blocks() {
    let state = |code| ec2::VpcCidrBlockState::builder().state(code).build();
    let v4 = |cidr: &str, code| {
        ec2::VpcCidrBlockAssociation::builder().cidr_block(cidr).cidr_block_state(state(code)).build()
    };
    let v6 = ec2::VpcIpv6CidrBlockAssociation::builder()
        .ipv6_cidr_block("2001:db8::/56")
        .ipv6_cidr_block_state(state(ec2::VpcCidrBlockStateCode::Associated))
        .ip_source(ec2::IpSource::Amazon);
    let vpc = ec2::Vpc::builder()
        .vpc_id("vpc-1")
        .cidr_block("10.0.0.0/16")
        .cidr_block_association_set(v4("10.0.0.0/16", ec2::VpcCidrBlockStateCode::Associated))
        .cidr_block_association_set(v4("10.1.0.0/16", ec2::VpcCidrBlockStateCode::Associated))
        .cidr_block_association_set(v4("10.2.0.0/16", ec2::VpcCidrBlockStateCode::Disassociated))
        .ipv6_cidr_block_association_set(v6.build());
    let lists = Lists { vpcs: vec![vpc.build()], ..Lists::default() };
    assert_eq!(shown(&lists), ["vpc-1 10.0.0.0/16 none -", "vpc-1 10.1.0.0/16 none -", "vpc-1 2001:db8::/56 amazon -"]);
}

#[test]
fn a_subnet_shows_how_much_of_its_ipv4_block_is_used() {
    let state = ec2::SubnetCidrBlockState::builder().state(ec2::SubnetCidrBlockStateCode::Associated).build();
    let v6 = ec2::SubnetIpv6CidrBlockAssociation::builder().ipv6_cidr_block("fd00::/64").ipv6_cidr_block_state(state);
    let subnet = ec2::Subnet::builder().subnet_id("subnet-1").cidr_block("10.0.0.0/24");
    let subnet = subnet.available_ip_address_count(192).ipv6_cidr_block_association_set(v6.build());
    let lists = Lists { subnets: vec![subnet.build()], ..Lists::default() };
    assert_eq!(shown(&lists), ["subnet-1 10.0.0.0/24 none 0.25", "subnet-1 fd00::/64 none -"]);
}

#[test]
fn an_interface_has_all_its_addresses_and_prefixes() {
    let private = |ip: &str| ec2::NetworkInterfacePrivateIpAddress::builder().private_ip_address(ip).build();
    let v6 = |ip: &str| ec2::NetworkInterfaceIpv6Address::builder().ipv6_address(ip).build();
    let interface = ec2::NetworkInterface::builder()
        .network_interface_id("eni-1")
        .status(ec2::NetworkInterfaceStatus::InUse)
        .attachment(ec2::NetworkInterfaceAttachment::builder().instance_id("i-1").build())
        .private_ip_address("10.0.0.4")
        .private_ip_addresses(private("10.0.0.4"))
        .private_ip_addresses(private("10.0.0.5"))
        .ipv4_prefixes(ec2::Ipv4PrefixSpecification::builder().ipv4_prefix("10.0.0.16/28").build())
        .ipv6_addresses(v6("2001:db8::4"))
        .build();
    let lists = Lists { interfaces: vec![interface], ..Lists::default() };
    let says = [
        "eni-1 10.0.0.4/32 none -",
        "eni-1 10.0.0.5/32 none -",
        "eni-1 10.0.0.16/28 none -",
        "eni-1 2001:db8::4/128 - -",
    ];
    assert_eq!(shown(&lists), says);
    let found = all(&lists, &SPOT).remove(0);
    assert_eq!((found.attachment, found.instance_id), (Some(AttachmentStatus::InUse), Some("i-1".to_owned())));
}

#[test]
fn public_space_consists_of_addresses_pools_and_ipv6_ranges() {
    let address = |ip: &str, pool: &str| {
        ec2::Address::builder().public_ip(ip).allocation_id(format!("e-{ip}")).public_ipv4_pool(pool).build()
    };
    let range = |first: &str, last: &str| {
        ec2::PublicIpv4PoolRange::builder()
            .first_address(first)
            .last_address(last)
            .address_count(6)
            .available_address_count(3)
            .build()
    };
    let pool = ec2::PublicIpv4Pool::builder().pool_id("ipv4pool-ec2-1");
    let byoip = |cidr: &str| ec2::ByoipCidr::builder().cidr(cidr).build();
    let lists = Lists {
        addresses: vec![address("192.0.2.1", "amazon"), address("198.51.100.7", "amazon")],
        pools: vec![pool.pool_address_ranges(range("203.0.113.0", "203.0.113.5")).build()],
        byoip: vec![byoip("198.51.100.0/24"), byoip("2001:db8:1::/48")],
        ..Lists::default()
    };
    let says = [
        "e-192.0.2.1 192.0.2.1/32 amazon -",
        "e-198.51.100.7 198.51.100.7/32 byoip -",
        "ipv4pool-ec2-1 203.0.113.0/30 byoip 0.5",
        "ipv4pool-ec2-1 203.0.113.4/31 byoip 0.5",
        "2001:db8:1::/48 2001:db8:1::/48 byoip -",
    ];
    assert_eq!(shown(&lists), says);
}
