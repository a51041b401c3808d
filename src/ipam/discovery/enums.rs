//! Words for sightings. They are the words of AWS IPAM, including `other`.

use crate::ipam::model::text_enum::{Word, words};

/// The type of the resource on which a block was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeenType {
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// An Elastic IP address.
    Eip,
    /// A public IPv4 pool.
    PublicIpv4Pool,
    /// An IPv6 pool.
    Ipv6Pool,
    /// A network interface.
    Eni,
    /// A list of anycast addresses.
    AnycastIpList,
    /// Any other resource.
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Whether the space of a resource was allocated from a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManagementState {
    /// Allocated from a pool.
    Managed,
    /// Not allocated from a pool; overlaps are monitored.
    Unmanaged,
    /// Not monitored.
    Ignored,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Whether a resource complies with the rules of its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComplianceStatus {
    /// The resource complies.
    Compliant,
    /// The resource does not comply.
    Noncompliant,
    /// The resource is in no pool.
    Unmanaged,
    /// The resource is not monitored.
    Ignored,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Whether another block of the scope shares addresses with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverlapStatus {
    /// Another block shares addresses with it.
    Overlapping,
    /// No other block shares addresses with it.
    Nonoverlapping,
    /// The resource is not monitored.
    Ignored,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Origin of the addresses of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IpSource {
    /// Public addresses of Amazon.
    Amazon,
    /// Public addresses that the user brought to AWS.
    Byoip,
    /// Private addresses.
    None,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Whether a network interface is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttachmentStatus {
    /// The interface is free.
    Available,
    /// The interface is attached.
    InUse,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Code of the reason why a scan of an account failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureCode {
    /// The role in the account cannot be assumed.
    AssumeRole,
    /// Too many requests.
    Throttling,
    /// The role does not have the required permissions.
    Unauthorized,
    /// Another reason.
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Type of a public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressType {
    /// An Elastic IP address from the space of Amazon.
    AmazonOwnedEip,
    /// An Elastic IP address from a contiguous block of Amazon.
    AmazonOwnedContig,
    /// An address that the user brought to AWS.
    Byoip,
    /// An address that EC2 assigned to an instance automatically.
    Ec2PublicIp,
    /// An address that a service manages.
    ServiceManagedIp,
    /// An address that the user brought to AWS and that a service manages.
    ServiceManagedByoip,
    /// An address of an anycast list.
    AnycastIpListIp,
    /// Any other address.
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Whether a resource uses a public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssociationStatus {
    /// A resource uses the address.
    Associated,
    /// The address is idle.
    Disassociated,
    /// Another word of AWS.
    Unlisted(Word),
}

/// The service that uses a public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressService {
    NatGateway,
    DatabaseMigration,
    Redshift,
    ElasticContainer,
    RelationalDatabase,
    SiteToSiteVpn,
    LoadBalancer,
    GlobalAccelerator,
    Cloudfront,
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

/// Type of the resource that had an address in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PastType {
    /// An Elastic IP address.
    Eip,
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// A network interface.
    NetworkInterface,
    /// An instance.
    Instance,
    /// Any other resource.
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

words!(SeenType:
    Vpc = "vpc", Subnet = "subnet", Eip = "eip", PublicIpv4Pool = "public-ipv4-pool", Ipv6Pool = "ipv6-pool",
    Eni = "eni", AnycastIpList = "anycast-ip-list", Other = "other");
words!(ManagementState: Managed = "managed", Unmanaged = "unmanaged", Ignored = "ignored");
words!(ComplianceStatus:
    Compliant = "compliant", Noncompliant = "noncompliant", Unmanaged = "unmanaged", Ignored = "ignored");
words!(OverlapStatus: Overlapping = "overlapping", Nonoverlapping = "nonoverlapping", Ignored = "ignored");
words!(IpSource: Amazon = "amazon", Byoip = "byoip", None = "none");
words!(AttachmentStatus: Available = "available", InUse = "in-use");
words!(FailureCode:
    AssumeRole = "assume-role-failure", Throttling = "throttling-failure", Unauthorized = "unauthorized-failure",
    Other = "other");
words!(AddressType:
    AmazonOwnedEip = "amazon-owned-eip", AmazonOwnedContig = "amazon-owned-contig", Byoip = "byoip",
    Ec2PublicIp = "ec2-public-ip", ServiceManagedIp = "service-managed-ip",
    ServiceManagedByoip = "service-managed-byoip", AnycastIpListIp = "anycast-ip-list-ip", Other = "other");
words!(AssociationStatus: Associated = "associated", Disassociated = "disassociated");
words!(AddressService:
    NatGateway = "nat-gateway", DatabaseMigration = "database-migration-service", Redshift = "redshift",
    ElasticContainer = "elastic-container-service", RelationalDatabase = "relational-database-service",
    SiteToSiteVpn = "site-to-site-vpn", LoadBalancer = "load-balancer", GlobalAccelerator = "global-accelerator",
    Cloudfront = "cloudfront", Other = "other");
words!(PastType:
    Eip = "eip", Vpc = "vpc", Subnet = "subnet", NetworkInterface = "network-interface", Instance = "instance",
    Other = "other");
