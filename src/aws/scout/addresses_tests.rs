use super::*;

const OWN: &str = "111122223333";

fn interface(kind: &str, requester: Option<&str>, description: &str) -> ec2::NetworkInterface {
    ec2::NetworkInterface::builder()
        .network_interface_id("eni-1")
        .interface_type(kind.into())
        .set_requester_id(requester.map(str::to_owned))
        .requester_managed(requester.is_some())
        .description(description)
        .build()
}

fn elastic(pool: &str, managed: Option<&str>, group: &str) -> ec2::Address {
    let managed = managed.map(Into::into);
    ec2::Address::builder().public_ipv4_pool(pool).set_service_managed(managed).network_border_group(group).build()
}

#[test]
fn elastic_addresses_have_the_types_of_aws() {
    use AddressType as Type;
    for (pool, managed, group, is_brought, says) in [
        ("amazon", None, "eu-west-1", false, Type::AmazonOwnedEip),
        ("ipam-pool-1", None, "eu-west-1", false, Type::AmazonOwnedContig),
        ("ipam-pool-1", None, "eu-west-1", true, Type::Byoip),
        ("ipv4pool-ec2-1", None, "eu-west-1", true, Type::Byoip),
        ("amazon", Some("alb"), "eu-west-1", false, Type::ServiceManagedIp),
        ("ipam-pool-1", Some("rnat"), "eu-west-1", true, Type::ServiceManagedByoip),
        ("ipam-pool-1", None, "GLOBAL", true, Type::AnycastIpListIp),
    ] {
        let elastic = elastic(pool, managed, group);
        let facts = Facts { elastic: Some(&elastic), is_brought, ..Facts::default() };
        assert_eq!(nature(&facts, OWN).address_type, says, "{pool} {managed:?} {group} {is_brought}");
    }
}

#[test]
fn addresses_on_interfaces_have_the_types_and_services_of_aws() {
    use AddressService as Service;
    use AddressType as Type;
    let managed = |service| (Type::ServiceManagedIp, Some(service));
    for (kind, requester, description, owner, says) in [
        ("interface", None, "", "amazon", (Type::Ec2PublicIp, None)),
        ("interface", None, "ELB of my own", "amazon", (Type::Ec2PublicIp, None)),
        ("interface", Some("amazon-elb"), "ELB app/web/50dc6c495c0c9188", "amazon-elb", managed(Service::LoadBalancer)),
        ("interface", Some("amazon-elb"), "", "amazon-elb", managed(Service::LoadBalancer)),
        ("network_load_balancer", Some("amazon-elb"), "ELB net/n/1", "amazon", managed(Service::LoadBalancer)),
        ("nat_gateway", Some("123"), "Interface for NAT Gateway nat-1", "amazon", managed(Service::NatGateway)),
        ("interface", Some("123"), "Interface for NAT Gateway nat-1", "amazon", managed(Service::NatGateway)),
        ("interface", Some("amazon-rds"), "RDSNetworkInterface", "amazon-rds", managed(Service::RelationalDatabase)),
        ("interface", Some("123"), "RedshiftNetworkInterface", "amazon", managed(Service::Redshift)),
        ("interface", Some("123"), "DMSNetworkInterface", "amazon", managed(Service::DatabaseMigration)),
        (
            "interface",
            Some("123"),
            "arn:aws:ecs:eu-west-1:111122223333:attachment/1",
            "amazon",
            managed(Service::ElasticContainer),
        ),
        ("global_accelerator_managed", Some("123"), "", "amazon", managed(Service::GlobalAccelerator)),
        ("interface", Some("123"), "Amazon Workspaces", "amazon", managed(Service::Other)),
        ("interface", None, "", "amazon-new", (Type::ServiceManagedIp, None)),
    ] {
        let interface = interface(kind, requester, description);
        let facts = Facts { interface: Some(&interface), owner: Some(owner), ..Facts::default() };
        let found = nature(&facts, OWN);
        assert_eq!((found.address_type, found.service), says, "{kind} {requester:?} {description}");
        let brought = nature(&Facts { is_brought: true, ..facts }, OWN).address_type;
        let expected = if says.0 == Type::Ec2PublicIp { Type::Byoip } else { Type::ServiceManagedByoip };
        assert_eq!(brought, expected, "{kind} {requester:?} {description}");
    }
}

#[test]
fn an_interface_on_a_machine_of_another_owner_belongs_to_a_service() {
    let attached = |owner: &str| {
        let attachment = ec2::NetworkInterfaceAttachment::builder().instance_owner_id(owner).build();
        ec2::NetworkInterface::builder().description("DMSNetworkInterface").attachment(attachment).build()
    };
    for (owner, says) in [("820883240614", Some(AddressService::DatabaseMigration)), (OWN, None)] {
        let interface = attached(owner);
        let facts = Facts { interface: Some(&interface), owner: Some("amazon"), ..Facts::default() };
        assert_eq!(nature(&facts, OWN).service, says, "{owner}");
    }
}

#[test]
fn an_elastic_address_of_a_gateway_is_elastic_and_names_the_gateway() {
    let (elastic, interface) =
        (elastic("amazon", None, ""), interface("nat_gateway", Some("123"), "Interface for NAT Gateway nat-1"));
    let facts = Facts { elastic: Some(&elastic), interface: Some(&interface), owner: Some(OWN), is_brought: false };
    let says = Nature {
        address_type: AddressType::AmazonOwnedEip,
        service: Some(AddressService::NatGateway),
        service_resource: Some("nat-1".to_owned()),
    };
    assert_eq!(nature(&facts, OWN), says);
}

#[test]
fn each_address_is_listed_once_and_idle_addresses_are_marked() {
    let address = |ip: &str, interface: Option<&str>| {
        ec2::Address::builder()
            .public_ip(ip)
            .allocation_id(format!("eipalloc-{ip}"))
            .set_network_interface_id(interface.map(str::to_owned))
            .build()
    };
    let association = |ip: &str, owner: &str, id: Option<&str>| {
        let id = id.map(str::to_owned);
        ec2::NetworkInterfaceAssociation::builder().public_ip(ip).ip_owner_id(owner).set_allocation_id(id).build()
    };
    let private = |association| ec2::NetworkInterfacePrivateIpAddress::builder().association(association).build();
    let interface = ec2::NetworkInterface::builder()
        .network_interface_id("eni-1")
        .association(association("192.0.2.1", OWN, Some("eipalloc-192.0.2.1")))
        .private_ip_addresses(private(association("192.0.2.1", OWN, Some("eipalloc-192.0.2.1"))))
        .private_ip_addresses(private(association("192.0.2.9", "amazon", None)))
        .private_ip_addresses(private(association("192.0.2.8", OWN, Some("eipalloc-left-out"))));
    let lists = Lists {
        addresses: vec![address("192.0.2.2", None), address("192.0.2.1", Some("eni-1"))],
        interfaces: vec![interface.build()],
        ..Lists::default()
    };
    let origin = Origin { account: OWN, region: "eu-west-1", taken_at: jiff::Timestamp::UNIX_EPOCH };
    let found: Vec<_> =
        all(&lists, &origin).iter().map(|one| (one.address.to_string(), one.address_type, one.is_idle())).collect();
    let says = [
        ("192.0.2.1", AddressType::AmazonOwnedEip, false),
        ("192.0.2.2", AddressType::AmazonOwnedEip, true),
        ("192.0.2.9", AddressType::Ec2PublicIp, false),
    ];
    assert_eq!(found, says.map(|(ip, kind, is_idle)| (ip.to_owned(), kind, is_idle)));
}
