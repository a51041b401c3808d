//! The attributes that all objects have.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ipam::{Cidr, Run};

/// Key-value tags.
pub type Tags = BTreeMap<String, String>;

/// Owner of objects that no configuration created.
pub const NO_OWNER: &str = "ipam";

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
    /// Whether a hold is a lease: an ephemeral resource has the block for the length of one run. Only the passing of
    /// its expiry, or the end of that run, makes it give way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_lease: bool,
    /// Whether a hold is a reservation, which a command made. It gives way when it has expired, and becomes the hold of a
    /// plan that asks for its name and size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_reservation: bool,
    /// Whether a hold is no hold of a plan: the space that an object of this name and owner released rests
    /// ([`crate::ipam::Rules::quarantine_ms`]). `created_at` is the time of the release. It has no entry in the index of
    /// names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_resting: bool,
    /// In a hold that took over a rest: the end of that rest. A hold that is gone before leaves its block to rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_until: Option<Timestamp>,
    /// The run of Terraform that requested a hold last; `None` once active, outside of Terraform, and in holds of
    /// earlier versions.
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
    /// Whether a hold stands for itself, and not for an object of a plan: a lease or a reservation.
    pub fn is_of_no_plan(&self) -> bool {
        self.is_lease || self.is_reservation
    }

    /// Whether the object counts for others: it is active, or a hold that was not reclaimed.
    pub fn is_live(&self) -> bool {
        self.state != State::Lapsed
    }

    /// Whether a list shows the object: active objects always, holds on request. Space that rests is no object.
    pub fn is_listed(&self, include_planned: bool) -> bool {
        match self.state {
            State::Active => true,
            State::Planned => include_planned && !self.is_resting,
            State::Lapsed => false,
        }
    }

    /// Whether this is an expired hold, which any owner may reclaim.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.state == State::Planned && self.hold_expires_at.is_some_and(|expiry| expiry <= now)
    }
}

/// Space that an active object gives up in the same apply, because that apply deletes the object or makes it smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Id of the object: an allocation, a pool, or a pool CIDR.
    pub id: String,
    /// The part of its space that it gives up; `None`: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<Cidr>,
    /// Whether the new object replaces this object and Terraform deletes this object right before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_place: bool,
}

impl GivenUp {
    /// Whether `block` of the object with this id is given up.
    pub fn covers(&self, id: &str, block: &Cidr) -> bool {
        self.id == id && self.cidr.is_none_or(|cidr| cidr.contains(block))
    }

    /// Whether all that `other` names is given up.
    pub fn covers_all_of(&self, other: &Self) -> bool {
        other.cidr.map_or(self.id == other.id && self.cidr.is_none(), |block| self.covers(&other.id, &block))
    }
}
