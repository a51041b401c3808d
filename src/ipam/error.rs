//! What the rules say: facts and no prose. `provider/` and `cli/` turn them into sentences.

use jiff::Timestamp;
use num_bigint::BigUint;

use super::seen::ResourceCidrId;
use super::{Cidr, Family, Kind, OnlyAws, Run, State, Staying, Untreatable};

/// Result of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An object in the way, named for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// Kind of the object.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub owner: String,
    /// Planned or active.
    pub state: State,
    /// Its block, when it has one.
    pub cidr: Option<Cidr>,
    /// When its hold expires, for a planned one.
    pub hold_expires_at: Option<Timestamp>,
    /// Names from the top-level pool down to it, with `/` between.
    pub path: String,
    /// The run that asked for its hold last, when it is known.
    pub run: Option<Box<Run>>,
}

/// A hold that expired, and whose space was given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostHold {
    /// What the plan showed; `None` for a pool without a block.
    pub cidr: Option<Cidr>,
    /// When the hold expired.
    pub expired_at: Option<Timestamp>,
    /// What takes addresses of the block now (the first few).
    pub now_held_by: Vec<Occupant>,
}

/// Why the core refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No object with this id.
    NotFound { kind: Kind, id: String },
    /// The name is taken in this parent, by an active object or by another owner's hold. `asked_by`: the owner that asked for
    /// it; `None` where everything is of one owner.
    NameTaken { existing: Occupant, asked_by: Option<String> },
    /// The object cannot be given to another owner.
    Staying { of: Box<Occupant>, why: Staying },
    /// The block shares addresses with these (the first few).
    Overlap { cidr: Cidr, with: Vec<Occupant> },
    /// The block is not inside one provisioned CIDR of the pool.
    OutsidePool { cidr: Cidr, pool_id: String, pool_name: String, provisioned: Vec<Cidr> },
    /// No free block of this size.
    PoolExhausted {
        pool_id: String,
        pool_name: String,
        netmask_length: u8,
        /// Largest free block now, `None` when nothing is free.
        largest_free: Option<Cidr>,
        /// Free addresses in all blocks together.
        free: BigUint,
        /// Free blocks that are large enough, but disallowed by the request.
        disallowed: bool,
        /// Addresses under holds, and when the first of those expires.
        held: BigUint,
        first_expiry: Option<Timestamp>,
        /// There would be a block if nobody kept off what discoveries have seen.
        kept_off: Option<Box<KeptOff>>,
        /// The block that an earlier plan held for the same request, when that hold expired and the block was given away.
        lost: Option<Box<LostHold>>,
    },
    /// The pool has no CIDR at all.
    PoolEmpty { pool_id: String, pool_name: String },
    /// A netmask length breaks a rule of the pool.
    NetmaskRule { pool_id: String, pool_name: String, netmask_length: u8, min: Option<u8>, max: Option<u8> },
    /// A tag that the pool requires is missing or has another value.
    TagRule { pool_id: String, pool_name: String, key: String, required: String, found: Option<String> },
    /// Neither CIDR nor netmask length, and the pool has no default.
    NoSize { pool_id: String, pool_name: String },
    /// A rule of the pool contradicts itself or the family: `rule` is the attribute that is wrong, in words why.
    BadRules { rule: RuleName, why: String },
    /// Netmask length longer than the family has bits, or not longer than the provisioned space allows.
    NetmaskRange { netmask_length: u8, family: Family },
    /// Mixed or contradicting families.
    FamilyMismatch { cidr: Option<Cidr>, expected: Family, found: Family },
    /// Nothing says which family a top-level pool has.
    NoFamily,
    /// The pool below must carry the locale of the one above.
    LocaleMismatch { source_pool_id: String, source_locale: String, asked: String },
    /// Pools below carry another locale: the first few, each with its locale, and how many more.
    LocalesBelow { asked: String, below: Vec<(Occupant, String)>, more: u64 },
    /// The pool below must be in the scope of the one above.
    ScopeMismatch { source_pool_id: String, source_scope_id: String, asked: String },
    /// A top-level pool cannot be provisioned by netmask length.
    NoSourcePool,
    /// Blocks given for one pool overlap each other.
    OwnOverlap { a: Cidr, b: Cidr },
    /// The object still has things in it: the first few, and how many more.
    InUse { kind: Kind, id: String, name: String, contents: Vec<Occupant>, more: u64 },
    /// These lie across the blocks into which `cidr` is to be split: the first few, and how many more.
    Across { cidr: Cidr, contents: Vec<Occupant>, more: u64 },
    /// A default scope cannot be deleted.
    DefaultScope { id: String },
    /// The hold that the plan relied on is gone or was changed by a later plan: plan again.
    HoldLost {
        kind: Kind,
        id: String,
        name: String,
        cidr: Option<Cidr>,
        expired_at: Option<Timestamp>,
        now_held_by: Vec<Occupant>,
    },
    /// A pool that imports what is seen in its space must say of which Region.
    NoLocale,
    /// Nobody looks into accounts.
    NoDiscovery,
    /// Several look into accounts, and none was named: ids and names.
    ManyDiscoveries { there: Vec<(String, String)> },
    /// A block that was seen cannot be treated so.
    Untreatable { of: Box<ResourceCidrId>, why: Untreatable },
    /// Too deep a pool tree.
    TooDeep { limit: u32 },
    /// Something that should be fixed changed (scope type, family, ...).
    Fixed { kind: Kind, id: String, what: &'static str },
    /// An import into the store is under way, or was broken off: what is there is a part.
    Importing,
    /// An import wants an empty store, and this one is not.
    NotVacant,
    /// The service that keeps everything refused, or did not answer as it should.
    Service(Box<Fault>),
    /// The service took the request and is not done with it in the time there was.
    Pending(Unfinished),
    /// What keeps everything has no such thing.
    Unsupported { what: Unsupported },
    /// The store failed.
    Store(crate::store::Error),
}

/// Space that is free, and that allocations by size keep off because of what discoveries have seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOff {
    /// The block that there would be.
    pub block: Cidr,
    /// What was seen there, the first few.
    pub seen: Vec<SeenThere>,
    /// Largest block that is free and that nobody keeps off; `None` when there is none, or nobody has looked for it.
    pub largest: Option<Cidr>,
}

/// A resource in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenThere {
    pub resource_id: String,
    pub cidr: Cidr,
    pub account_id: String,
    pub region: String,
}

/// What a service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The service, as people call it.
    pub service: &'static str,
    /// The action that was asked for.
    pub action: &'static str,
    /// The service's code; `None` when there was no answer.
    pub code: Option<String>,
    /// The service's words.
    pub message: String,
    /// By which the service finds the request again.
    pub request_id: Option<String>,
    /// What there is, when the request was about space.
    pub space: Option<Space>,
}

/// What a pool has free, and who is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    pub pool_id: String,
    pub pool_name: String,
    pub free: BigUint,
    pub largest_free: Option<Cidr>,
    /// The first few.
    pub holders: Vec<Occupant>,
    /// How many more.
    pub more: u64,
}

/// An object that the service is not done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// What it is, such as `pool`.
    pub word: &'static str,
    /// Terraform's type of it, such as `ipam_pool`.
    pub resource: &'static str,
    pub id: String,
    pub name: String,
    /// What is waited for, in the service's words: a state, an allocation that goes.
    pub waits_for: String,
}

/// What only some places can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// Holding space for a plan.
    Holds,
    /// A history of changes.
    Events,
    /// Making public scopes.
    PublicScopes,
    /// Placement by a strategy of one's choice.
    Strategies,
    /// Allocating in a pool that has no locale.
    NoLocale,
    /// Merging and splitting blocks of a pool, and changing their size.
    Regrouping,
    /// What only AWS has.
    OnlyAws(OnlyAws),
    /// A tag by this name is the provider's own.
    ReservedTag(&'static str),
}

/// Names of the allocation rules, as attributes are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleName {
    /// `allocation_min_netmask_length`
    MinNetmaskLength,
    /// `allocation_max_netmask_length`
    MaxNetmaskLength,
    /// `allocation_default_netmask_length`
    DefaultNetmaskLength,
}

impl Error {
    /// The same error of a request whose earlier hold is lost: without room for another block, that is the reason.
    pub(super) fn after_losing(mut self, hold: Option<LostHold>) -> Self {
        if let Self::PoolExhausted { lost, .. } = &mut self {
            *lost = hold.map(Box::new);
        }
        self
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        Self::Store(error)
    }
}
