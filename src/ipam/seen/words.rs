//! Words for what was seen. They are AWS IPAM's, `other` among them.

use super::super::words::{Word, words};

/// What a block was seen on.
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
    /// Something else.
    Other,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whether the space of a resource comes out of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManagementState {
    /// Allocated from a pool.
    Managed,
    /// Not allocated from a pool; overlaps are watched.
    Unmanaged,
    /// Left out of everything.
    Ignored,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whether a resource keeps the rules of its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComplianceStatus {
    /// It does.
    Compliant,
    /// It does not.
    Noncompliant,
    /// It is in no pool.
    Unmanaged,
    /// Nobody looks.
    Ignored,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whether another block of the scope shares addresses with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverlapStatus {
    /// One does.
    Overlapping,
    /// None does.
    Nonoverlapping,
    /// Nobody looks.
    Ignored,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Where the addresses of a resource come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IpSource {
    /// Amazon's.
    Amazon,
    /// The user's own public ones.
    Byoip,
    /// Private ones.
    None,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whether a network interface is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttachmentStatus {
    /// It is free.
    Available,
    /// It is attached.
    InUse,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Why an account could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureCode {
    /// The role in the account cannot be assumed.
    AssumeRole,
    /// Too many requests.
    Throttling,
    /// The role may not look.
    Unauthorized,
    /// Another reason.
    Other,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// What kind of public address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressType {
    /// An Elastic IP address out of Amazon's space.
    AmazonOwnedEip,
    /// An Elastic IP address out of a contiguous block of Amazon's.
    AmazonOwnedContig,
    /// One of the user's own.
    Byoip,
    /// One that an instance got by itself.
    Ec2PublicIp,
    /// One that a service manages.
    ServiceManagedIp,
    /// One of the user's own that a service manages.
    ServiceManagedByoip,
    /// One of an anycast list.
    AnycastIpListIp,
    /// Something else.
    Other,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whether a public address is on something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssociationStatus {
    /// It is.
    Associated,
    /// It is idle.
    Disassociated,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// The service that a public address works for.
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
    /// Another one of AWS's.
    Unlisted(Word),
}

/// What had an address in the past.
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
    /// Something else.
    Other,
    /// Another one of AWS's.
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
