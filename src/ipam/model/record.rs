//! The records of the store: scopes, pools, provisioned CIDRs, allocations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::model::text_enum::{Word, words};
use crate::ipam::{Cidr, Family, GivenUp, Proof, Run, Special};

/// Key-value tags.
pub type Tags = BTreeMap<String, String>;

/// The kinds of object that have an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A scope. Inside one scope, top-level pools do not overlap.
    Scope,
    /// A pool.
    Pool,
    /// A CIDR provisioned into a pool.
    PoolCidr,
    /// A block allocated out of a pool.
    Allocation,
    /// A resource discovery.
    Discovery,
    /// The treatment of a block that was seen on a resource.
    Treatment,
    /// The history itself, which is the object of `prune` events. There is one history, and no record of it.
    History,
}

impl Kind {
    /// Prefix of the ids of this kind (those of AWS).
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::Scope => "ipam-scope-",
            Self::Pool => "ipam-pool-",
            Self::PoolCidr => "ipam-pool-cidr-",
            Self::Allocation => "ipam-pool-alloc-",
            Self::Discovery => "ipam-res-disco-",
            // The id names the treated block: vpc-1_10.0.0.0/16_us-east-1.
            Self::Treatment => "",
            Self::History => "history",
        }
    }

    /// The kind of the object with this id, by the prefix of the id.
    pub fn of_id(id: &str) -> Option<Self> {
        // Longer prefixes come first, because the prefix of a pool is the beginning of those of its CIDRs and
        // allocations.
        [Self::Scope, Self::PoolCidr, Self::Allocation, Self::Pool, Self::Discovery]
            .into_iter()
            .find(|kind| id.starts_with(kind.id_prefix()))
            .or_else(|| id.parse::<crate::ipam::discovery::types::ResourceCidrId>().is_ok().then_some(Self::Treatment))
    }

    /// The word for this kind in messages.
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

/// The state of an object between plan and apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A hold. Its space is taken until another request needs it and either the hold has expired or the request is from
    /// another run of its owner.
    Planned,
    /// A hold that was reclaimed because another request needed its space or its name. Its record stays so that its
    /// owner gets an explanation.
    Lapsed,
    /// An applied object.
    Active,
}

/// The attributes that every object has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Generated and never reused; starts with [`Kind::id_prefix`].
    pub id: String,
    /// Unique in the parent among active objects, and among holds.
    pub name: String,
    /// The owner (provider argument `owner`) that created the object.
    pub owner: String,
    /// State between plan and apply.
    pub state: State,
    /// The time from which a hold may be reclaimed; `None` once active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_expires_at: Option<Timestamp>,
    /// Whether a refresh or an import has read the active object, so that it is in a Terraform state.
    pub confirmed: bool,
    /// The time at which the hold or the object was first written.
    pub created_at: Timestamp,
    /// The time of the last write.
    pub updated_at: Timestamp,
    /// Id of the active object of the same name that this object replaces and whose name it takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Ids of further active objects of that name, the latest first: the object that this one replaces was to replace
    /// them, and they still existed then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces_also: Vec<String>,
    /// The run of Terraform that requested a hold last; `None` once active, and in holds of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<Run>>,
    /// A block that a resource of the same run requested by CIDR and could not have, because this hold, which was
    /// placed by size, has addresses of it. The next plan places this hold elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_the_way_of: Option<Cidr>,
    /// Space that the hold is to get and that active objects still have at the time of the plan. The same apply
    /// releases it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<GivenUp>,
    /// The time until which a plan may be applied that keeps arguments of the active object, because they were not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments_kept_until: Option<Timestamp>,
    /// The time until which the note counts that a plan of this owner deletes or renames the active object. A new
    /// object was planned before that note, and could not have the name or the block of this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up_until: Option<Timestamp>,
}

impl Meta {
    /// Whether the object counts for others: it is active, or a hold that was not reclaimed.
    pub fn is_live(&self) -> bool {
        self.state != State::Lapsed
    }

    /// Whether a list shows the object: active objects always, holds on request.
    pub fn is_listed(&self, include_planned: bool) -> bool {
        match self.state {
            State::Active => true,
            State::Planned => include_planned,
            State::Lapsed => false,
        }
    }

    /// Whether this is an expired hold, which any owner may reclaim.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.state == State::Planned && self.hold_expires_at.is_some_and(|expiry| expiry <= now)
    }
}

/// Type of a scope: whether its space is meant for the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeType {
    /// Space that is not reachable from the internet.
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

/// A scope. Inside a scope, top-level pools may not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Private or public.
    pub scope_type: ScopeType,
    /// Whether this is one of the two scopes that every store has and that cannot be deleted.
    pub is_default: bool,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// The IPAM of the scope; `None` in a self-managed store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipam_id: Option<String>,
}

/// The attributes of a scope that the caller chooses.
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
    /// In AWS, the IPAM to create the scope in; `None`: the only IPAM that exists.
    pub ipam_id: Option<String>,
}

/// The strategy that chooses the free block for an allocation by size.
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
    /// All strategies, in the order in which they are documented.
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

/// The rules of a pool for its allocations. Pools below do not inherit them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Smallest netmask length, that is, the largest block allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_netmask_length: Option<u8>,
    /// Largest netmask length, that is, the smallest block allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_netmask_length: Option<u8>,
    /// Used when an allocation has neither CIDR nor netmask length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_netmask_length: Option<u8>,
    /// Tags that every allocation must carry with these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required_tags: Tags,
}

/// The space that is provisioned together with a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provision {
    /// No space; `ipam_pool_cidr` provisions it.
    #[default]
    Nothing,
    /// These blocks: any blocks in a top-level pool, otherwise blocks from the source pool.
    Cidrs(BTreeSet<Cidr>),
    /// One block of this size from the source pool.
    NetmaskLength(u8),
}

/// A pool: space, and the rules for giving it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Id, name, owner, state.
    #[serde(flatten)]
    pub meta: Meta,
    /// Scope of the pool; a pool below is in the scope of its source pool.
    pub scope_id: String,
    /// Pool whose space this one divides; `None` for a top-level pool.
    pub source_pool_id: Option<String>,
    /// Depth in the tree of pools: 1 for a top-level pool.
    pub depth: u32,
    /// Family of all addresses in the pool.
    pub address_family: Family,
    /// Region or site; all pools below a pool with a locale have the same locale.
    pub locale: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Allocation rules.
    pub rules: Rules,
    /// Placement of allocations by size.
    pub strategy: Strategy,
    /// Tags.
    pub tags: Tags,
    /// The space that the pool's own declaration provisions.
    pub provision: Provision,
    /// The blocks that `provision` resulted in; those of `ipam_pool_cidr` are not included.
    pub cidrs: BTreeSet<Cidr>,
    /// Attributes that only AWS has.
    #[serde(default, skip_serializing_if = "Special::is_empty")]
    pub special: Special,
    /// Note of a plan: blocks of `ipam_pool_cidr` that become part of the pool's own declaration in the apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaring: Option<Declaring>,
}

/// Blocks that a plan moves from `ipam_pool_cidr` into the declaration of their pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaring {
    /// The blocks.
    pub cidrs: BTreeSet<Cidr>,
    /// The time from which the plan does not count any more.
    pub expires_at: Timestamp,
}

impl Pool {
    /// The container of the pool: its source pool, or its scope.
    pub fn container(&self) -> &str {
        self.source_pool_id.as_deref().unwrap_or(&self.scope_id)
    }
}

/// The attributes of a pool that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// Unique among the pools of the same source pool, or of the scope for a top-level pool.
    pub name: String,
    /// `None`: that of the source pool, or the default private scope.
    pub scope_id: Option<String>,
    /// Pool to take space from.
    pub source_pool_id: Option<String>,
    /// `None`: that of the source pool, or that of the given CIDRs.
    pub address_family: Option<Family>,
    /// `None`: that of the source pool.
    pub locale: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Allocation rules.
    pub rules: Rules,
    /// Placement of allocations by size.
    pub strategy: Strategy,
    /// Tags.
    pub tags: Tags,
    /// The space to provision with the pool.
    pub provision: Provision,
    /// Attributes that only AWS has.
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
    /// Whether the pool's own declaration (`cidrs`, `netmask_length`) provisioned the block, and not an
    /// `ipam_pool_cidr`.
    pub inline: bool,
    /// The allocation of type `ipam-pool` that stands for this block in the source pool; `None` in a top-level pool.
    pub source_allocation_id: Option<String>,
    /// Whether this is a hold whose block still belongs to its predecessor, or to the pool that its pool replaces. Such
    /// a hold takes no space in the source pool or scope yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
}

impl PoolCidr {
    /// Whether the pool can allocate the addresses of the block. It cannot while the block waits for its predecessor in
    /// the same pool.
    pub fn is_provisioned(&self) -> bool {
        self.meta.is_live() && (self.inline || !self.deferred)
    }
}

/// The attributes of a pool CIDR that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCidrSpec {
    /// Pool to provision into.
    pub pool_id: String,
    /// Required with a netmask length, because the plan finds its hold by the name. With a CIDR, the default name is
    /// the CIDR.
    pub name: Option<String>,
    /// Exactly this block, or a block of this size from the source pool.
    pub size: Size,
    /// In AWS, the proof that the block belongs to the account.
    pub proof: Option<Proof>,
}

/// The kind of resource that an allocation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// Created by a person or a configuration.
    Custom,
    /// The space of a pool below, whose id is the resource id.
    IpamPool,
    /// A VPC that AWS found.
    Vpc,
    /// A subnet that AWS found.
    Subnet,
    /// An Elastic IP address that AWS found.
    Eip,
    /// A public IPv4 pool of EC2 that AWS found.
    Ec2PublicIpv4Pool,
    /// A list of anycast addresses that AWS found.
    AnycastIpList,
    /// A resource of another kind.
    Other,
    /// Another word of AWS.
    Unlisted(Word),
}

words!(ResourceType:
    Custom = "custom", IpamPool = "ipam-pool", Vpc = "vpc", Subnet = "subnet", Eip = "eip",
    Ec2PublicIpv4Pool = "ec2-public-ipv4-pool", AnycastIpList = "anycast-ip-list", Other = "other");

/// The size of a requested block.
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
    /// The size as it was requested.
    pub size: Size,
    /// Blocks that an allocation by size had to avoid.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// The kind of resource that the allocation is for.
    pub resource_type: ResourceType,
    /// Id of that resource; for `ipam-pool` the id of the pool.
    pub resource_id: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// A planned growth in place: the space outside of `cidr` is taken until the hold expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// A planned growth into space that other objects still have. It takes no space before they have released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_growth: Option<WaitingGrowth>,
    /// Whether this is a hold that takes no space yet, because its block still belongs to its predecessor
    /// ([`Meta::replaces`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Origin of an allocation that was imported from a sighting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// Origin of a resource that became an allocation automatically.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The discovery that saw the resource.
    pub discovery_id: String,
    /// Account of the resource.
    pub account_id: String,
    /// Region of the resource.
    pub region: String,
    /// Time of the sample that saw the resource.
    pub sampled_at: Timestamp,
}

impl Allocation {
    /// The space that the allocation takes from the pool: its block, or the block that it is planned to grow to.
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
    /// The block after growing, which contains the present block.
    pub cidr: Cidr,
    /// The time from which the space may be reclaimed.
    pub expires_at: Timestamp,
    /// The run of Terraform that requested the growth last; `None` in holds of earlier versions.
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

/// The attributes of an allocation that the caller chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllocationSpec {
    /// Pool to allocate from.
    pub pool_id: String,
    /// Unique in the pool.
    pub name: String,
    /// The requested size, or the requested block.
    pub size: Size,
    /// Blocks to avoid when placing by size.
    pub disallowed_cidrs: BTreeSet<Cidr>,
    /// Free text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// The actor of an operation, for events and ownership.
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
    /// Number of the event; 1 for the first.
    pub sequence: u64,
    /// Time of the event.
    pub time: Timestamp,
    /// Actor of the event.
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
