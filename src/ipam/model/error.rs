//! Errors of the core, as facts without prose. `backend/explain/` turns them into sentences.

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::model::resource_cidr::ResourceCidrId;
use crate::ipam::{AddressError, Allocation, Cidr, Family, Kind, Meta, OnlyAws, Pool, PoolSelector, Run, State};

/// Result type of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An object that is in the way of a request, with the details that a message needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// Kind of the object.
    pub kind: Kind,
    /// Id of the object.
    pub id: String,
    /// Name of the object.
    pub name: String,
    /// Owner of the object.
    pub owner: String,
    /// State of the object: planned or active.
    pub state: State,
    /// Block of the object, when it has exactly one.
    pub cidr: Option<Cidr>,
    /// The time at which the hold of a planned object expires.
    pub hold_expires_at: Option<Timestamp>,
    /// Names from the top-level pool down to the object, separated by `/`.
    pub path: String,
    /// The run that requested the hold last, when it is known.
    pub run: Option<Box<Run>>,
    /// Whether the hold is a lease.
    pub is_lease: bool,
    /// Whether the hold is a reservation.
    pub is_reservation: bool,
    /// Whether this is space that rests.
    pub is_resting: bool,
}

impl Occupant {
    /// The object with this metadata. Its path is its name alone.
    pub fn named(kind: Kind, meta: &Meta, cidr: Option<Cidr>) -> Self {
        Self {
            kind,
            id: meta.id.clone(),
            name: meta.name.clone(),
            owner: meta.owner.clone(),
            state: meta.state,
            cidr,
            hold_expires_at: meta.hold_expires_at,
            path: meta.name.clone(),
            run: meta.run.clone(),
            is_lease: meta.is_lease,
            is_reservation: meta.is_reservation,
            is_resting: meta.is_resting,
        }
    }
}

impl From<&Pool> for Occupant {
    fn from(pool: &Pool) -> Self {
        Self::named(Kind::Pool, &pool.meta, None)
    }
}

impl From<&Allocation> for Occupant {
    fn from(allocation: &Allocation) -> Self {
        Self::named(Kind::Allocation, &allocation.meta, Some(allocation.cidr))
    }
}

/// A hold that expired and whose space was given to another object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostHold {
    /// The block that the plan showed; `None` for a pool without a block.
    pub cidr: Option<Cidr>,
    /// The time at which the hold expired.
    pub expired_at: Option<Timestamp>,
    /// Objects that have addresses of the block now (the first few).
    pub now_held_by: Vec<Occupant>,
}

/// The reasons why the core refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no object with this id.
    NotFound { kind: Kind, id: String },
    /// An active object in the same parent, or a hold of another owner, has the name. `asked_by`: the owner that
    /// requested the name; `None` in a backend where all objects have one owner.
    NameTaken { existing: Occupant, asked_by: Option<String> },
    /// The object cannot be transferred to another owner.
    Staying { of: Box<Occupant>, why: Staying },
    /// The block shares addresses with these objects (the first few).
    Overlap { cidr: Cidr, with: Vec<Occupant> },
    /// The block is not inside one provisioned CIDR of the pool.
    OutsidePool { cidr: Cidr, pool_id: String, pool_name: String, provisioned: Vec<Cidr> },
    /// A rule of the pool, or a contiguous set, reserves the block `reserved`, which shares addresses with the requested block.
    Reserved { cidr: Cidr, pool_id: String, pool_name: String, reserved: Cidr, rule: RuleName },
    /// A contiguous set has no room for a member of this size: `aggregate` is full, and cannot grow in place to `larger`,
    /// where these objects have addresses (the first few; none if `larger` is outside the pool or reserved).
    AggregateFull { aggregate: Cidr, netmask_length: u8, larger: Cidr, with: Vec<Occupant> },
    /// There is no free block of this size.
    PoolExhausted(Exhausted),
    /// No pool can be chosen for an allocation.
    NoPool(Box<NoPool>),
    /// The pool has no CIDR.
    PoolEmpty { pool_id: String, pool_name: String },
    /// A netmask length breaks a rule of the pool.
    NetmaskRule { pool_id: String, pool_name: String, netmask_length: u8, min: Option<u8>, max: Option<u8> },
    /// A tag that the pool requires is missing or has another value.
    TagRule { pool_id: String, pool_name: String, key: String, required: String, found: Option<String> },
    /// The request has neither CIDR nor netmask length, and the pool has no default.
    NoSize { pool_id: String, pool_name: String },
    /// A rule of the pool contradicts another rule or the family. `rule` is the wrong attribute, `why` the reason in
    /// words.
    BadRules { rule: RuleName, why: String },
    /// The netmask length exceeds the bits of the family, or is not longer than that of the provisioned space.
    NetmaskRange { netmask_length: u8, family: Family },
    /// The request mixes address families.
    FamilyMismatch { cidr: Option<Cidr>, expected: Family, found: Family },
    /// The family of a top-level pool cannot be derived from the request.
    NoFamily,
    /// The pool below must have the locale of the pool above.
    LocaleMismatch { source_pool_id: String, source_locale: String, asked: String },
    /// Pools below have another locale: the first few, each with its locale, and the number of further ones.
    LocalesBelow { asked: String, below: Vec<(Occupant, String)>, more: u64 },
    /// The pool below must be in the scope of the pool above.
    ScopeMismatch { source_pool_id: String, source_scope_id: String, asked: String },
    /// A top-level pool cannot be provisioned by netmask length.
    NoSourcePool,
    /// Blocks in the request for one pool overlap each other.
    OwnOverlap { a: Cidr, b: Cidr },
    /// The object still has contents: the first few, and the number of further ones.
    InUse { kind: Kind, id: String, name: String, contents: Vec<Occupant>, more: u64 },
    /// These allocations cross a boundary between the blocks into which `cidr` is to be split: the first few, and the
    /// number of further ones.
    Across { cidr: Cidr, contents: Vec<Occupant>, more: u64 },
    /// A default scope cannot be deleted.
    DefaultScope { id: String },
    /// The hold that the plan relied on is gone, or a later plan changed it. The user must plan again.
    HoldLost {
        kind: Kind,
        id: String,
        name: String,
        cidr: Option<Cidr>,
        expired_at: Option<Timestamp>,
        now_held_by: Vec<Occupant>,
    },
    /// A pool that imports discovered VPCs needs a locale, which is a Region.
    NoLocale,
    /// There is no discovery.
    NoDiscovery,
    /// There are several discoveries, and the request names none. Holds their ids and names.
    ManyDiscoveries { there: Vec<(String, String)> },
    /// The block of a resource cannot be treated as requested.
    Untreatable { of: Box<ResourceCidrId>, why: Untreatable },
    /// The request would release an allocation that prevents its release.
    Protected { id: String, name: String, cidr: Cidr },
    /// The loan that the request asks for is over already.
    LoanOver { expires_at: Timestamp, now: Timestamp },
    /// The tree of pools would be too deep.
    TooDeep { limit: u32 },
    /// The request changes an attribute that is fixed at creation (scope type, family, ...).
    Fixed { kind: Kind, id: String, what: &'static str },
    /// An import into the store is in progress or was interrupted. The contents of the store are incomplete.
    Importing,
    /// An import needs an empty store, and this store is not empty.
    NotVacant,
    /// The service behind the backend refused the request, or gave an unexpected answer.
    Service(Box<Fault>),
    /// The service accepted the request and did not finish it in time.
    Pending(Unfinished),
    /// The backend does not support this feature.
    Unsupported { what: Unsupported },
    /// An address set cannot have what it asks for, or has addresses in space that is to be given up.
    Addresses(Box<AddressError>),
    /// The request for one member of an allocation set failed, and so the request for the whole set.
    OfMember { key: String, error: Box<Error> },
    /// The store failed.
    Store(crate::store::Error),
}

/// The reasons why no pool can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPool {
    /// None of the pools can give the block: each with the reason.
    NoRoom { tried: Vec<(Pool, Error)> },
    /// No pool matches.
    NoMatch { selector: PoolSelector },
    /// The pools have both address families: the first pool, and one of the other family.
    MixedFamilies { first: Box<Pool>, other: Box<Pool> },
}

/// A pool without a free block of the requested size, and the reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    pub pool_id: String,
    pub pool_name: String,
    pub netmask_length: u8,
    /// Largest block that is free and not reserved now; `None` when the pool has no free addresses.
    pub largest_free: Option<Cidr>,
    /// Number of free addresses in all blocks together.
    pub free: BigUint,
    /// Number of these that the rules of the pool reserve.
    pub reserved: BigUint,
    /// Whether there are free blocks that are large enough, but the request disallows them.
    pub disallowed: bool,
    /// A free block that is large enough, in a CIDR of the pool that is draining.
    pub draining: Option<Box<Cidr>>,
    /// Number of addresses that rest after their release, and the end of the first rest.
    pub resting: BigUint,
    pub first_rest: Option<Timestamp>,
    /// Number of addresses under holds, those that rest included, and the time at which the first hold of a plan expires.
    pub held: BigUint,
    pub first_expiry: Option<Timestamp>,
    /// A block that would be free if the request did not avoid the sightings of discoveries.
    pub kept_off: Option<Box<KeptOff>>,
    /// The block that an earlier plan held for the same request, when that hold expired and another object has the
    /// block.
    pub lost: Option<Box<LostHold>>,
}

/// Free space that allocations by size avoid because of the sightings of discoveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOff {
    /// The free block that the request would get without the sightings.
    pub block: Cidr,
    /// Resources that were seen there (the first few).
    pub seen: Vec<SeenThere>,
    /// Largest free block without sightings; `None` when there is none, or when it was not searched for.
    pub largest: Option<Cidr>,
}

/// A resource that was seen in the requested space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenThere {
    pub resource_id: String,
    pub cidr: Cidr,
    pub account_id: String,
    pub region: String,
}

/// An error of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Name of the service, as used in messages.
    pub service: &'static str,
    /// The action that was requested.
    pub action: &'static str,
    /// Error code of the service; `None` when there was no answer.
    pub code: Option<String>,
    /// Error message of the service.
    pub message: String,
    /// The id by which the service can find the request.
    pub request_id: Option<String>,
    /// The state of the space, when the request was about space.
    pub space: Option<Space>,
}

/// The free space of a pool, and the objects in the way of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    pub pool_id: String,
    pub pool_name: String,
    pub free: BigUint,
    pub largest_free: Option<Cidr>,
    /// The first few objects in the way.
    pub holders: Vec<Occupant>,
    /// Number of further objects.
    pub more: u64,
}

/// An object that the service has not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The word for the object, such as `pool`.
    pub word: &'static str,
    /// The Terraform resource type of the object, such as `ipam_pool`.
    pub resource: &'static str,
    pub id: String,
    pub name: String,
    /// The state or change that the provider waits for, in the words of the service: a state, or an allocation that is
    /// being released.
    pub waits_for: String,
}

/// Features that only some backends support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// A history of changes.
    Events,
    /// Creation of public scopes.
    PublicScopes,
    /// A choice of the allocation strategy.
    Strategies,
    /// Allocations in a pool without a locale.
    NoLocale,
    /// Merging and splitting blocks of a pool, and changing their size.
    Regrouping,
    /// A feature that only self-managed stores have.
    OnlySelfManaged(OnlySelfManaged),
    /// A feature that only AWS has.
    OnlyAws(OnlyAws),
    /// A tag with this key is reserved for the provider.
    ReservedTag(&'static str),
}

/// Features that only self-managed stores have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlySelfManaged {
    /// Scans when a user wants them.
    Scans,
    /// The release of holds.
    HoldRelease,
    /// Reserved space in a pool.
    ReservedSpace,
    /// An order in which the CIDRs of a pool are filled.
    CidrOrder,
    /// Blocks for the length of one run.
    Leases,
    /// Allocations that are made together, all or none.
    AllocationSets,
    /// Allocations with an end.
    Loans,
    /// Allocations that refuse their release.
    ReleaseProtection,
    /// A rest for released space.
    Quarantine,
    /// The choice of a pool for an allocation.
    PoolChoice,
    /// A preferred block.
    PreferredCidr,
    /// Names of single addresses in an allocation.
    AddressSets,
    /// An IPv4 and an IPv6 allocation that are made together, both or none.
    DualStacks,
}

/// The allocation rules, by the names of their attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleName {
    /// `allocation_min_netmask_length`
    MinNetmaskLength,
    /// `allocation_max_netmask_length`
    MaxNetmaskLength,
    /// `allocation_default_netmask_length`
    DefaultNetmaskLength,
    /// `reserved_cidrs`
    ReservedCidrs,
    /// No rule of the pool: a contiguous set keeps the space for its members.
    ContiguousSet,
    /// `reserve_first`
    ReserveFirst,
    /// `reserve_last`
    ReserveLast,
    /// `cidr_priorities`
    CidrPriorities,
    /// `draining_cidrs`
    DrainingCidrs,
}

/// The reasons why an object cannot be transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staying {
    /// The object is only a hold of a plan.
    Planned,
    /// Every store has the object, and no configuration created it.
    Default,
    /// The object is a part of this pool, and is transferred with it.
    OfPool { id: String },
    /// The object does not belong to this owner, whom the request named as its present owner.
    NotOf { owner: String },
}

/// The reasons why a block cannot be treated as requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untreatable {
    /// No discovery has seen the block.
    NotSeen,
    /// The block is public space, which can be neither ignored nor moved.
    Public,
    /// Only blocks of VPCs can be moved.
    NotVpc,
    /// The target scope is public.
    PublicScope,
}

impl Error {
    /// The error itself, without the member of a set that it is about.
    pub fn cause(&self) -> &Self {
        match self {
            Self::OfMember { error, .. } => error,
            error => error,
        }
    }

    /// Whether the request might have succeeded with more space in its pool, or in one of its pools.
    pub fn lacks_space(&self) -> bool {
        match self {
            Self::PoolExhausted(_) | Self::PoolEmpty { .. } | Self::OutsidePool { .. } => true,
            Self::NoPool(why) => matches!(**why, NoPool::NoRoom { .. }),
            _ => false,
        }
    }

    /// The requested block with what is in its way: in one pool, or in each pool that the request may be placed in.
    pub fn overlaps(&self) -> Vec<(Cidr, &[Occupant])> {
        match self.cause() {
            Self::Overlap { cidr, with } => vec![(*cidr, with.as_slice())],
            Self::NoPool(why) => match &**why {
                NoPool::NoRoom { tried } => tried.iter().flat_map(|(_, error)| error.overlaps()).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// The same error with the lost hold of an earlier plan as its reason, when there is no room for another block.
    pub(in crate::ipam) fn after_losing(mut self, hold: Option<LostHold>) -> Self {
        if let Self::PoolExhausted(Exhausted { lost, .. }) = &mut self {
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
