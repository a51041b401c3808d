//! What the store keeps: scopes, pools, provisioned CIDRs, allocations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{Word, words};
use super::{Cidr, Family, GivenUp, Proof, Run, Special};

/// Key-value tags.
pub type Tags = BTreeMap<String, String>;

/// The kinds of object that have an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A scope: one overlap domain.
    Scope,
    /// A pool.
    Pool,
    /// A CIDR provisioned into a pool.
    PoolCidr,
    /// A block allocated out of a pool.
    Allocation,
    /// A resource discovery.
    Discovery,
    /// How a block that was seen on a resource is treated.
    Treatment,
    /// The history itself: what forgetting a part of it is an event of. There is one, and no record of it.
    History,
}

impl Kind {
    /// What ids of this kind start with (AWS's prefixes).
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::Scope => "ipam-scope-",
            Self::Pool => "ipam-pool-",
            Self::PoolCidr => "ipam-pool-cidr-",
            Self::Allocation => "ipam-pool-alloc-",
            Self::Discovery => "ipam-res-disco-",
            // Its id says what it is of: vpc-1_10.0.0.0/16_us-east-1.
            Self::Treatment => "",
            Self::History => "history",
        }
    }

    /// The kind that an id says it is of.
    pub fn of_id(id: &str) -> Option<Self> {
        // The longer prefixes first: that of a pool starts those of its CIDRs and allocations.
        [Self::Scope, Self::PoolCidr, Self::Allocation, Self::Pool, Self::Discovery]
            .into_iter()
            .find(|kind| id.starts_with(kind.id_prefix()))
            .or_else(|| id.parse::<super::seen::ResourceCidrId>().is_ok().then_some(Self::Treatment))
    }

    /// The word for messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Pool => "pool",
            Self::PoolCidr => "pool CIDR",
            Self::Allocation => "allocation",
            Self::Discovery => "resource discovery",
            Self::Treatment => "resource CIDR",
            Self::History => "history",
        }
    }
}

/// Where an object is between plan and apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A hold: planned. Its space is taken until it expires, or another run of its owner asks for it, and somebody needs
    /// it.
    Planned,
    /// A hold that was taken back, because somebody else needed its space or its name. Kept so that its owner is told.
    Lapsed,
    /// Applied.
    Active,
}

/// What every object has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Generated, never reused; starts with [`Kind::id_prefix`].
    pub id: String,
    /// Unique in the parent among active objects, and among holds.
    pub name: String,
    /// The configuration that made it (provider argument `owner`).
    pub owner: String,
    /// Between plan and apply.
    pub state: State,
    /// When a hold may be taken back; `None` once active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_expires_at: Option<Timestamp>,
    /// Whether a refresh or an import has seen the active object, that is, it is in somebody's state.
    pub confirmed: bool,
    /// When the hold or the object was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Id of the active object of the same name that this one takes the place (and the name) of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Ids of more active objects of that name: the one that this one replaces was to replace them, and they were still
    /// there, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces_also: Vec<String>,
    /// The run of Terraform that asked for a hold last; `None` once active, and in holds of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
    /// A block that a resource of the same run asked for by CIDR and could not have, because this hold, which was placed by
    /// size, has addresses of it. The next plan places this one elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_the_way_of: Option<Cidr>,
    /// Space that the hold is to get, and that active objects still have when it is planned: the same apply releases it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<GivenUp>,
    /// Until when a plan may be applied that keeps arguments of the active object, because they were not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments_kept_until: Option<Timestamp>,
    /// Until when the next plan knows that a plan of this owner deletes or renames the active object: a new object was planned
    /// first, and could not have its name or its block for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up_until: Option<Timestamp>,
}

impl Meta {
    /// Whether the object is there for others: active, or a hold that nobody took back.
    pub fn is_live(&self) -> bool {
        self.state != State::Lapsed
    }

    /// Whether this is a hold that anybody may take back.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.state == State::Planned && self.hold_expires_at.is_some_and(|expiry| expiry <= now)
    }
}

/// Whether a scope's space is meant for the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeType {
    /// Not reachable from the internet.
    Private,
    /// Globally unique space.
    Public,
}

impl fmt::Display for ScopeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Private => "private",
            Self::Public => "public",
        })
    }
}

impl FromStr for ScopeType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => Err(format!("{text:?} is not a scope type: use \"private\" or \"public\".")),
        }
    }
}

/// One overlap domain: inside it, top-level pools may not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Private or public.
    pub scope_type: ScopeType,
    /// One of the two scopes that every store has; they cannot be deleted.
    pub is_default: bool,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// The IPAM that it is in; `None` in a store of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipam_id: Option<String>,
}

/// What the caller decides about a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeSpec {
    /// Unique in the store.
    pub name: String,
    /// Private or public; fixed at creation.
    pub scope_type: ScopeType,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// In AWS, the IPAM to make it in; `None`: the one that there is.
    pub ipam_id: Option<String>,
}

/// Which free block an allocation by size gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The smallest free block that is large enough; among equals the lowest. Keeps large blocks whole.
    #[default]
    BestFit,
    /// The lowest free address.
    FirstFit,
    /// The highest free address.
    LastFit,
    /// The start of the largest free block, so that neighbours have room to grow (RFC 3531).
    Sparse,
    /// Any free block.
    Random,
}

impl Strategy {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 5] = [Self::BestFit, Self::FirstFit, Self::LastFit, Self::Sparse, Self::Random];
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BestFit => "best-fit",
            Self::FirstFit => "first-fit",
            Self::LastFit => "last-fit",
            Self::Sparse => "sparse",
            Self::Random => "random",
        })
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|strategy| strategy.to_string() == text).ok_or_else(|| {
            let words = Self::ALL.map(|strategy| format!("{:?}", strategy.to_string()));
            format!("{text:?} is not an allocation strategy: use one of {}.", words.join(", "))
        })
    }
}

/// What a pool asks of allocations made in it. Not inherited by pools inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Smallest netmask length, that is, the largest block allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_netmask_length: Option<u8>,
    /// Largest netmask length, that is, the smallest block allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_netmask_length: Option<u8>,
    /// Used when an allocation gives neither CIDR nor netmask length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_netmask_length: Option<u8>,
    /// Tags that every allocation must carry with these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required_tags: Tags,
}

/// What is provisioned together with a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provision {
    /// Nothing; `ipam_pool_cidr` does it.
    #[default]
    Nothing,
    /// These blocks: any in a top-level pool, from the source pool's space otherwise.
    Cidrs(BTreeSet<Cidr>),
    /// One block of this size out of the source pool.
    NetmaskLength(u8),
}

/// A pool: space, and the rules for giving it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Scope the pool is in; a child is in its source pool's scope.
    pub scope_id: String,
    /// Pool whose space this one divides; `None` for a top-level pool.
    pub source_pool_id: Option<String>,
    /// 1 for a top-level pool.
    pub depth: u32,
    /// Family of everything in it.
    pub address_family: Family,
    /// Region or site; all pools below one with a locale carry the same.
    pub locale: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Allocation rules.
    pub rules: Rules,
    /// Placement of allocations by size.
    pub strategy: Strategy,
    /// Tags.
    pub tags: Tags,
    /// What the pool's own declaration provisions.
    pub provision: Provision,
    /// The blocks that `provision` came to; those of `ipam_pool_cidr` are not among them.
    pub cidrs: BTreeSet<Cidr>,
    /// What only AWS has of it.
    #[serde(default, skip_serializing_if = "Special::is_empty")]
    pub special: Special,
    /// A plan's note: blocks of `ipam_pool_cidr` that become part of the pool's own declaration in its apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaring: Option<Declaring>,
}

/// Blocks that a plan moves from `ipam_pool_cidr` into the declaration of their pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaring {
    /// The blocks.
    pub cidrs: BTreeSet<Cidr>,
    /// When the plan does not count any more.
    pub expires_at: Timestamp,
}

impl Pool {
    /// What the pool is directly in: its source pool, or its scope.
    pub fn container(&self) -> &str {
        self.source_pool_id.as_deref().unwrap_or(&self.scope_id)
    }
}

/// What the caller decides about a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// Unique among the pools of the same source pool, or of the scope for a top-level pool.
    pub name: String,
    /// `None`: the source pool's, or the default private scope.
    pub scope_id: Option<String>,
    /// Pool to take space from.
    pub source_pool_id: Option<String>,
    /// `None`: the source pool's, or that of the given CIDRs.
    pub address_family: Option<Family>,
    /// `None`: the source pool's.
    pub locale: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Allocation rules.
    pub rules: Rules,
    /// Placement of allocations by size.
    pub strategy: Strategy,
    /// Tags.
    pub tags: Tags,
    /// What to provision with it.
    pub provision: Provision,
    /// What only AWS has of it.
    pub special: Special,
}

/// A CIDR provisioned into a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCidr {
    /// Id, name, owner, state. The name is the CIDR's text unless one was given.
    #[serde(flatten)]
    pub meta: Meta,
    /// Pool it is provisioned into.
    pub pool_id: String,
    /// The block.
    pub cidr: Cidr,
    /// Provisioned by the pool's own declaration (`cidrs`, `netmask_length`), not by `ipam_pool_cidr`.
    pub inline: bool,
    /// The allocation of kind `ipam-pool` in the source pool that this block is; `None` in a top-level pool.
    pub source_allocation_id: Option<String>,
    /// A hold whose block is still its predecessor's, or that of the pool that its pool replaces: it takes no space
    /// in the source pool or scope yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
}

impl PoolCidr {
    /// Whether the pool can give its addresses out. A block that waits for its predecessor in the same pool cannot.
    pub fn is_provisioned(&self) -> bool {
        self.meta.is_live() && (self.inline || !self.deferred)
    }
}

/// What the caller decides about a pool CIDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCidrSpec {
    /// Pool to provision into.
    pub pool_id: String,
    /// Needed with a netmask length (it is how the plan finds its hold again); with a CIDR the CIDR is the name.
    pub name: Option<String>,
    /// This block, or one of this size out of the source pool.
    pub size: Size,
    /// In AWS, that the block is one's own.
    pub proof: Option<Proof>,
}

/// What an allocation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// Made by a person or a configuration.
    Custom,
    /// The space of a pool below (its id is the resource id).
    IpamPool,
    /// A VPC, seen by AWS.
    Vpc,
    /// A subnet, seen by AWS.
    Subnet,
    /// An Elastic IP address, seen by AWS.
    Eip,
    /// A public IPv4 pool of EC2, seen by AWS.
    Ec2PublicIpv4Pool,
    /// A list of anycast addresses, seen by AWS.
    AnycastIpList,
    /// Something that nobody has a word for.
    Other,
    /// Something else that AWS has a word for.
    Unlisted(Word),
}

words!(ResourceType:
    Custom = "custom", IpamPool = "ipam-pool", Vpc = "vpc", Subnet = "subnet", Eip = "eip",
    Ec2PublicIpv4Pool = "ec2-public-ipv4-pool", AnycastIpList = "anycast-ip-list", Other = "other");

/// How a block is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Exactly this block.
    Cidr(Cidr),
    /// Any block of this netmask length.
    NetmaskLength(u8),
    /// The pool's default netmask length.
    Default,
}

/// A block taken out of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Pool the block comes from.
    pub pool_id: String,
    /// The block.
    pub cidr: Cidr,
    /// How it was asked for.
    pub size: Size,
    /// Blocks that an allocation by size had to avoid.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// What it is for.
    pub resource_type: ResourceType,
    /// For `ipam-pool` the pool's id.
    pub resource_id: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// A planned growth in place: the space beyond `cidr` is taken until it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// A planned growth into space that other objects still have. It takes no space before they have released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_growth: Option<WaitingGrowth>,
    /// A hold that takes no space yet: its block is still its predecessor's ([`Meta::replaces`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Where it was seen, when it was made of what a discovery saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// Where a resource was seen that became an allocation by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Through which discovery.
    pub discovery_id: String,
    /// In which account.
    pub account_id: String,
    /// In which Region.
    pub region: String,
    /// The sample that it was seen in.
    pub sampled_at: Timestamp,
}

impl Allocation {
    /// The space it takes from the pool: its block, or the block that it is planned to grow to.
    pub fn reserved(&self) -> Option<Cidr> {
        let takes_space = self.meta.is_live() && !self.deferred;
        takes_space.then(|| self.growth.as_ref().map_or(self.cidr, |growth| growth.cidr))
    }

    /// Whether a plan that still counts grows it to `target` when other objects have released the space.
    pub fn waits_to_grow(&self, target: &Cidr, now: Timestamp) -> bool {
        self.waiting_growth.as_ref().is_some_and(|waiting| waiting.cidr == *target && waiting.expires_at > now)
    }
}

/// A hold on the space that an allocation is planned to grow into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// The block after growing; contains the present one.
    pub cidr: Cidr,
    /// When the space may be taken back.
    pub expires_at: Timestamp,
    /// The run of Terraform that asked for it last; `None` in holds of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
}

/// A growth into space that active objects have when it is planned: the same apply releases it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingGrowth {
    /// The block after growing; contains the present one.
    pub cidr: Cidr,
    /// When the plan does not count any more.
    pub expires_at: Timestamp,
    /// The run of Terraform that asked for it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
    /// The space that it waits for.
    pub waits_for: Vec<GivenUp>,
}

/// What the caller decides about an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationSpec {
    /// Pool to allocate from.
    pub pool_id: String,
    /// Unique in the pool.
    pub name: String,
    /// How large, or which.
    pub size: Size,
    /// Blocks to avoid when placing by size.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// Who does something, for events and ownership.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Provider argument `owner`.
    pub owner: String,
    /// Operating system user, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// URL of the CI run, when the environment names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
}

/// One entry of the history. The hash covers everything else in it and the previous hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 1 for the first.
    pub sequence: u64,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub actor: Actor,
    /// `hold`, `create`, `update`, `resize`, `delete`, `expire`, `release` (a hold, before it expired), `import`, `prune`.
    pub action: String,
    /// Kind of the object.
    pub kind: Kind,
    /// Id of the object.
    pub id: String,
    /// The record before, `null` for a new one.
    pub before: serde_json::Value,
    /// The record after, `null` for a deleted one.
    pub after: serde_json::Value,
    /// `hash` of the previous event; empty for the first.
    pub previous_hash: String,
    /// SHA-256, hexadecimal.
    pub hash: String,
}
