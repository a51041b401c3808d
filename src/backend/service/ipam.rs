//! The IPAM itself: the root of scopes, pools and discoveries.

use std::collections::BTreeSet;

use crate::ipam::{Tags, Word, words};

use crate::backend::Noun;

/// An IPAM.
#[derive(Debug)]
pub enum IpamNoun {}

impl Noun for IpamNoun {
    const WORD: &'static str = "IPAM";
    const RESOURCE: &'static str = "ipam_ipam";
    type Spec = IpamSpec;
    type Record = IpamRecord;
}

/// The set of features of an IPAM, and its billing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// No private pools, no sharing, no history.
    Free,
    /// All features; billed by active address.
    Advanced,
    /// Another value that AWS reports.
    Unlisted(Word),
}

/// The account that is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MeteredAccount {
    /// The account of the IPAM.
    IpamOwner,
    /// The account of each resource. Needs an organization with a delegated administrator.
    ResourceOwner,
    /// Another value that AWS reports.
    Unlisted(Word),
}

words!(Tier: Free = "free", Advanced = "advanced");
words!(MeteredAccount: IpamOwner = "ipam-owner", ResourceOwner = "resource-owner");

/// The configuration of an IPAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpamSpec {
    /// Free text.
    pub description: Option<String>,
    /// Regions in which pools may be used and resources are discovered.
    pub operating_regions: BTreeSet<String>,
    /// `None`: the default of AWS.
    pub tier: Option<Tier>,
    /// Whether private scopes may hold the account's own IPv6 global unicast space.
    pub enable_private_gua: bool,
    /// `None`: the default of AWS.
    pub metered_account: Option<MeteredAccount>,
    /// Whether the deletion also deletes everything in private scopes.
    pub cascade: bool,
    /// Tags, including the name.
    pub tags: Tags,
}

/// An IPAM as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpamRecord {
    /// `ipam-...`.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Account.
    pub owner_id: String,
    /// Home Region.
    pub region: String,
    /// Free text.
    pub description: Option<String>,
    /// See [`IpamSpec`].
    pub operating_regions: BTreeSet<String>,
    /// See [`IpamSpec`].
    pub tier: Tier,
    /// See [`IpamSpec`].
    pub enable_private_gua: bool,
    /// See [`IpamSpec`].
    pub metered_account: MeteredAccount,
    /// Scope of private space that does not name another scope.
    pub private_default_scope_id: String,
    /// Scope of public space.
    pub public_default_scope_id: String,
    /// The discovery that AWS created together with the IPAM.
    pub default_resource_discovery_id: Option<String>,
    /// The association of that discovery.
    pub default_resource_discovery_association_id: Option<String>,
    /// Number of scopes.
    pub scope_count: u32,
    /// Tags, including the name.
    pub tags: Tags,
}
