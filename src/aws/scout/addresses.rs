//! Public addresses: Elastic IP addresses in the lists of EC2, and other public addresses of network interfaces.

use std::collections::BTreeMap;
use std::net::IpAddr;

use aws_sdk_ec2::types as ec2;

use crate::ipam::discovery::types::{AddressService, AddressType, AssociationStatus, PublicAddress};
use crate::ipam::{Cidr, Tags};

use super::ec2::{Origin, is_brought, owned, single, tags};
use super::lists::Lists;

/// The data of EC2 about one public address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'a> {
    /// The Elastic IP address, if the address is one.
    pub(super) elastic: Option<&'a ec2::Address>,
    /// The network interface that has the address.
    pub(super) interface: Option<&'a ec2::NetworkInterface>,
    /// The owner of the address, according to the interface: an account, `amazon`, or a service such as `amazon-elb`.
    pub(super) owner: Option<&'a str>,
    /// Whether the address is in a range that an account brought to AWS.
    pub(super) is_brought: bool,
}

/// Type of the address, and the service and the resource of the service that use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nature {
    pub(super) address_type: AddressType,
    pub(super) service: Option<AddressService>,
    pub(super) service_resource: Option<String>,
}

/// Services by the descriptions of the interfaces that they create, and by the requester of the interface.
///
/// Tools that sort interfaces by service use the same descriptions (the provider hashicorp/aws waits for
/// `DMSNetworkInterface` and `ELB ...`). The EC2 reference documents none of them.
const BY_DESCRIPTION: [(&str, &str, AddressService); 6] = [
    ("ELB ", "amazon-elb", AddressService::LoadBalancer),
    ("Interface for NAT Gateway ", "amazon-nat", AddressService::NatGateway),
    ("RDSNetworkInterface", "amazon-rds", AddressService::RelationalDatabase),
    ("RedshiftNetworkInterface", "amazon-redshift", AddressService::Redshift),
    ("DMSNetworkInterface", "amazon-dms", AddressService::DatabaseMigration),
    ("GlobalAccelerator", "amazon-aga", AddressService::GlobalAccelerator),
];

/// The type of an address, in the words of AWS.
///
/// | type | when | source |
/// |---|---|---|
/// | `anycast-ip-list-ip` | Elastic, brought to AWS, advertised from the network border group `GLOBAL` | IPAM guide: locale `global` is for anycast addresses |
/// | `service-managed-byoip`, `service-managed-ip` | Elastic, and `ServiceManaged` names a service | EC2 API, `Address` |
/// | `byoip` | Elastic, in a range of DescribeByoipCidrs or of a pool `ipv4pool-ec2-...` | EC2 API, `Address.PublicIpv4Pool`; IPAM guide, public IP insights |
/// | `amazon-owned-contig` | Elastic, of an IPAM pool (`ipam-pool-...`), and not brought to AWS | IPAM guide, sequential Elastic IP addresses |
/// | `amazon-owned-eip` | Elastic, any other | IPAM guide, public IP insights |
/// | `service-managed-byoip`, `service-managed-ip` | not Elastic, on an interface of a service | IPAM guide: "managed by an AWS service" |
/// | `byoip`, `ec2-public-ip` | not Elastic, on any other interface | IPAM guide: assigned at launch |
///
/// EC2 alone does not show whether another account brought the addresses of an IPAM pool to AWS, because the ranges of
/// that account are not in DescribeByoipCidrs of this account: such addresses count as Amazon's. CloudFront and the
/// tunnels of VPN connections are in none of these lists, so the services `cloudfront` and `site-to-site-vpn` are never
/// reported.
pub(super) fn nature(facts: &Facts<'_>, account: &str) -> Nature {
    let service = service(facts, account);
    let address_type = match facts.elastic {
        Some(elastic) => of_elastic(elastic, facts.is_brought),
        None => of_interface(facts, service, account),
    };
    Nature { address_type, service, service_resource: facts.interface.and_then(service_resource) }
}

fn of_elastic(elastic: &ec2::Address, is_brought: bool) -> AddressType {
    let is_global = elastic.network_border_group().is_some_and(|group| group.eq_ignore_ascii_case("global"));
    let is_of_ipam = elastic.public_ipv4_pool().is_some_and(|pool| pool.starts_with("ipam-pool-"));
    match (elastic.service_managed().is_some(), is_brought) {
        (_, true) if is_global => AddressType::AnycastIpListIp,
        (true, true) => AddressType::ServiceManagedByoip,
        (true, false) => AddressType::ServiceManagedIp,
        (false, true) => AddressType::Byoip,
        (false, false) if is_of_ipam => AddressType::AmazonOwnedContig,
        (false, false) => AddressType::AmazonOwnedEip,
    }
}

fn of_interface(facts: &Facts<'_>, service: Option<AddressService>, account: &str) -> AddressType {
    // `amazon` owns addresses that are assigned at launch; a service has its own name as the owner.
    let is_services = facts.owner.is_some_and(|owner| owner.starts_with("amazon-") && owner != account);
    match (service.is_some() || is_services, facts.is_brought) {
        (true, true) => AddressType::ServiceManagedByoip,
        (true, false) => AddressType::ServiceManagedIp,
        (false, true) => AddressType::Byoip,
        (false, false) => AddressType::Ec2PublicIp,
    }
}

/// The AWS service that uses the address.
///
/// | from | source |
/// |---|---|
/// | `Address.ServiceManaged`: `alb`, `nlb`, `rds`, `rnat` | EC2 API, `Address` |
/// | `NetworkInterface.InterfaceType` of gateways, load balancers and accelerators | EC2 API, `NetworkInterface` |
/// | requester of the interface, or its description | see [`BY_DESCRIPTION`] |
///
/// Descriptions count only on interfaces that a service created, because any user can give an interface such a
/// description.
fn service(facts: &Facts<'_>, account: &str) -> Option<AddressService> {
    use AddressService as Service;
    let managed = facts.elastic.and_then(ec2::Address::service_managed).map(|managed| match managed.as_str() {
        "alb" | "nlb" => Service::LoadBalancer,
        "rds" => Service::RelationalDatabase,
        "rnat" => Service::NatGateway,
        _ => Service::Other,
    });
    if managed.is_some() {
        return managed;
    }
    let interface = facts.interface?;
    match interface.interface_type().map_or("interface", ec2::NetworkInterfaceType::as_str) {
        "nat_gateway" => return Some(Service::NatGateway),
        "load_balancer" | "network_load_balancer" | "gateway_load_balancer" => return Some(Service::LoadBalancer),
        "global_accelerator_managed" => return Some(Service::GlobalAccelerator),
        _ => {}
    }
    if !is_of_a_service(interface, account) {
        return None;
    }
    let description = interface.description().unwrap_or_default();
    let attached_by = interface.attachment().and_then(ec2::NetworkInterfaceAttachment::instance_owner_id);
    let is_by = |name: &str| [interface.requester_id(), attached_by, facts.owner].contains(&Some(name));
    let known = BY_DESCRIPTION.iter().find(|(begin, name, _)| description.starts_with(begin) || is_by(name));
    if description.starts_with("arn:") && description.contains(":ecs:") {
        return Some(Service::ElasticContainer);
    }
    Some(known.map_or(Service::Other, |(_, _, service)| *service))
}

/// Whether a service created the interface, or attached it to a machine of the service.
fn is_of_a_service(interface: &ec2::NetworkInterface, account: &str) -> bool {
    let attached_by = interface.attachment().and_then(ec2::NetworkInterfaceAttachment::instance_owner_id);
    interface.requester_managed() == Some(true)
        || attached_by.is_some_and(|owner| !owner.is_empty() && owner != account)
}

/// The ID or ARN at the end of the description of a service's interface.
fn service_resource(interface: &ec2::NetworkInterface) -> Option<String> {
    let description = interface.description().unwrap_or_default();
    let is_nat = interface.interface_type() == Some(&ec2::NetworkInterfaceType::NatGateway);
    if !is_nat && interface.requester_managed() != Some(true) {
        return None;
    }
    let named = description.strip_prefix("Interface for NAT Gateway ").or_else(|| description.strip_prefix("ELB "));
    named.or_else(|| description.starts_with("arn:").then_some(description)).map(str::to_owned)
}

/// All public IPv4 addresses, each once, sorted.
pub(super) fn all(lists: &Lists, origin: &Origin<'_>) -> Vec<PublicAddress> {
    let mut found: BTreeMap<Cidr, Facts<'_>> = BTreeMap::new();
    for elastic in &lists.addresses {
        let Some(address) = single(elastic.public_ip()) else { continue };
        let is_brought = is_brought(&address, elastic.public_ipv4_pool(), &lists.byoip);
        let facts = Facts { elastic: Some(elastic), is_brought, ..Facts::default() };
        found.insert(address, facts);
    }
    for interface in &lists.interfaces {
        let more = interface.private_ip_addresses().iter().filter_map(|one| one.association());
        for association in interface.association().into_iter().chain(more) {
            let Some(address) = single(association.public_ip()) else { continue };
            let is_elastic = association.allocation_id().is_some_and(|id| !id.is_empty());
            if is_elastic && association.ip_owner_id() == Some(origin.account) && !found.contains_key(&address) {
                // The survey excludes this Elastic IP address.
                continue;
            }
            let facts = found
                .entry(address)
                .or_insert_with(|| Facts { is_brought: is_brought(&address, None, &lists.byoip), ..Facts::default() });
            facts.interface = Some(interface);
            facts.owner = association.ip_owner_id();
        }
    }
    found.into_iter().map(|(address, facts)| public_address(address.first_address(), &facts, origin)).collect()
}

fn public_address(address: IpAddr, facts: &Facts<'_>, origin: &Origin<'_>) -> PublicAddress {
    let Facts { elastic, interface, .. } = *facts;
    let Nature { address_type, service, service_resource } = nature(facts, origin.account);
    let network_interface_id = elastic
        .and_then(|one| owned(one.network_interface_id()))
        .or_else(|| interface.and_then(|one| owned(one.network_interface_id())));
    let instance_id = elastic
        .and_then(|one| owned(one.instance_id()))
        .or_else(|| interface.and_then(|one| one.attachment()).and_then(|attachment| owned(attachment.instance_id())));
    let is_used = elastic.is_none_or(|one| {
        owned(one.association_id()).is_some() || network_interface_id.is_some() || instance_id.is_some()
    });
    let groups = interface.map(ec2::NetworkInterface::groups).unwrap_or_default().iter();
    PublicAddress {
        address,
        region: origin.region.to_owned(),
        address_type,
        association: Some(if is_used { AssociationStatus::Associated } else { AssociationStatus::Disassociated }),
        owner_id: Some(origin.account.to_owned()),
        allocation_id: elastic.and_then(|one| owned(one.allocation_id())),
        service,
        service_resource,
        vpc_id: interface.and_then(|one| owned(one.vpc_id())),
        subnet_id: interface.and_then(|one| owned(one.subnet_id())),
        // EC2 calls its own pool `amazon`. AWS IPAM reports no pool for it.
        public_ipv4_pool_id: elastic.and_then(|one| owned(one.public_ipv4_pool())).filter(|pool| pool != "amazon"),
        network_interface_id,
        network_interface_description: interface.and_then(|one| owned(one.description())),
        instance_id,
        network_border_group: elastic.and_then(|one| owned(one.network_border_group())),
        security_groups: groups
            .filter_map(|group| Some((group.group_id()?.to_owned(), group.group_name().unwrap_or_default().to_owned())))
            .collect(),
        tags: elastic.map_or_else(Tags::new, |one| tags(one.tags())),
        sampled_at: Some(origin.taken_at),
    }
}

#[cfg(test)]
#[path = "addresses_tests.rs"]
mod tests;
