//! The IPAM itself: the root of scopes, pools and what is seen in accounts.

use std::collections::BTreeSet;

use crate::ipam::{Tags, Word, words};

use super::Noun;

/// An IPAM.
#[derive(Debug)]
pub enum IpamNoun {}

impl Noun for IpamNoun {
    const WORD: &'static str = "IPAM";
    const RESOURCE: &'static str = "ipam_ipam";
    const ELSEWHERE: &'static str = "A self-managed store does not need an IPAM object: it has its two default scopes \
                                     from the start. Leave the resource out, and use one provider block for each \
                                     store.";
    type Spec = IpamSpec;
    type Record = IpamRecord;

    kept_by_a_service!();
}

/// What AWS offers in an IPAM, and bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// No private pools, no sharing, no history.
    Free,
    /// Everything; billed by active address.
    Advanced,
    /// Another one of AWS's.
    Unlisted(Word),
}

/// Whose account is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MeteredAccount {
    /// That of the IPAM.
    IpamOwner,
    /// That of each resource. Needs an organization with a delegated administrator.
    ResourceOwner,
    /// Another one of AWS's.
    Unlisted(Word),
}

words!(Tier: Free = "free", Advanced = "advanced");
words!(MeteredAccount: IpamOwner = "ipam-owner", ResourceOwner = "resource-owner");

/// What a configuration says of an IPAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpamSpec {
    /// Free text.
    pub description: Option<String>,
    /// Regions in which pools may be used and resources are looked at.
    pub operating_regions: BTreeSet<String>,
    /// `None`: as AWS has it.
    pub tier: Option<Tier>,
    /// Whether private scopes may hold IPv6 global unicast space of one's own.
    pub enable_private_gua: bool,
    /// `None`: as AWS has it.
    pub metered_account: Option<MeteredAccount>,
    /// Whether deleting takes everything in private scopes along.
    pub cascade: bool,
    /// Tags, the name among them.
    pub tags: Tags,
}

/// An IPAM as AWS answers it.
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
    /// Scope that private space goes to when nobody says.
    pub private_default_scope_id: String,
    /// Scope of public space.
    pub public_default_scope_id: String,
    /// The discovery that came with it.
    pub default_resource_discovery_id: Option<String>,
    /// Its association.
    pub default_resource_discovery_association_id: Option<String>,
    /// Number of scopes.
    pub scope_count: u32,
    /// Tags, the name among them.
    pub tags: Tags,
}
