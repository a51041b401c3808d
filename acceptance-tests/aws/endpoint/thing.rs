//! The objects of the world: IPAMs, scopes, pools and so on, each with its body as answers show it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Kinds of objects that have an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ipam,
    Scope,
    Pool,
    PoolCidr,
    Allocation,
    Discovery,
    DiscoveryAssociation,
    Token,
    Policy,
    Resolver,
    ResolverTarget,
    Byoasn,
    ByoipCidr,
    AsnAssociation,
}

/// Names that belong to a kind.
#[derive(Debug)]
pub(crate) struct Names {
    /// The prefix of ids.
    pub(crate) prefix: &'static str,
    /// The resource type in ARNs and tag specifications; empty if the kind has no tags.
    pub(crate) resource_type: &'static str,
    /// The member with the id.
    pub(crate) id: &'static str,
    /// The member with the ARN; empty if the kind has no ARN.
    pub(crate) arn: &'static str,
    /// A part of the error code for an unknown id. If the documentation names no code, the part follows the pattern of
    /// the others.
    pub(crate) not_found: &'static str,
}

const fn names(
    prefix: &'static str,
    resource_type: &'static str,
    id: &'static str,
    arn: &'static str,
    not_found: &'static str,
) -> Names {
    Names { prefix, resource_type, id, arn, not_found }
}

impl Kind {
    pub(crate) const ALL: [Self; 14] = [
        Self::Ipam,
        Self::Scope,
        Self::Pool,
        Self::PoolCidr,
        Self::Allocation,
        Self::Discovery,
        Self::DiscoveryAssociation,
        Self::Token,
        Self::Policy,
        Self::Resolver,
        Self::ResolverTarget,
        Self::Byoasn,
        Self::ByoipCidr,
        Self::AsnAssociation,
    ];

    pub(crate) const fn names(self) -> Names {
        match self {
            Self::Ipam => names("ipam-", "ipam", "ipamId", "ipamArn", "InvalidIpamId"),
            Self::Scope => names("ipam-scope-", "ipam-scope", "ipamScopeId", "ipamScopeArn", "InvalidIpamScopeId"),
            Self::Pool => names("ipam-pool-", "ipam-pool", "ipamPoolId", "ipamPoolArn", "InvalidIpamPoolId"),
            Self::PoolCidr => names("ipam-pool-cidr-", "", "ipamPoolCidrId", "", "InvalidIpamPoolCidrId"),
            Self::Allocation => names(
                "ipam-pool-alloc-",
                "ipam-pool-allocation",
                "ipamPoolAllocationId",
                "",
                "InvalidIpamPoolAllocationId",
            ),
            Self::Discovery => names(
                "ipam-res-disco-",
                "ipam-resource-discovery",
                "ipamResourceDiscoveryId",
                "ipamResourceDiscoveryArn",
                "InvalidIpamResourceDiscoveryId",
            ),
            Self::DiscoveryAssociation => names(
                "ipam-res-disco-assoc-",
                "ipam-resource-discovery-association",
                "ipamResourceDiscoveryAssociationId",
                "ipamResourceDiscoveryAssociationArn",
                "InvalidIpamResourceDiscoveryAssociationId",
            ),
            Self::Token => names(
                "ipam-ext-res-ver-token-",
                "ipam-external-resource-verification-token",
                "ipamExternalResourceVerificationTokenId",
                "ipamExternalResourceVerificationTokenArn",
                "InvalidIpamExternalResourceVerificationTokenId",
            ),
            Self::Policy => {
                names("ipam-policy-", "ipam-policy", "ipamPolicyId", "ipamPolicyArn", "InvalidIpamPolicyId")
            }
            Self::Resolver => names(
                "ipam-pl-resolver-",
                "ipam-prefix-list-resolver",
                "ipamPrefixListResolverId",
                "ipamPrefixListResolverArn",
                "InvalidIpamPrefixListResolverId",
            ),
            Self::ResolverTarget => names(
                "ipam-pl-resolver-target-",
                "ipam-prefix-list-resolver-target",
                "ipamPrefixListResolverTargetId",
                "ipamPrefixListResolverTargetArn",
                "InvalidIpamPrefixListResolverTargetId",
            ),
            Self::Byoasn => names("", "", "asn", "", "InvalidAsn"),
            Self::ByoipCidr | Self::AsnAssociation => names("", "", "cidr", "", "InvalidCidr"),
        }
    }

    /// Whether objects of this kind have the member `state`.
    pub(crate) const fn has_state(self) -> bool {
        !matches!(self, Self::Allocation)
    }
}

/// One object.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    /// A number that rises with each new object.
    pub(crate) sequence: u64,
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// The account that owns the object.
    pub(crate) account: String,
    /// The Region in which requests find the object.
    pub(crate) region: String,
    /// The id of the object that contains this one.
    pub(crate) parent: String,
    /// The body as answers show it, by names on the wire; state, tags and counts are added when it is shown.
    pub(crate) body: Map<String, Value>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) state: String,
    /// The changes to come.
    pub(crate) steps: VecDeque<Step>,
    /// The time until the object is listed; `None` if it is listed already.
    pub(crate) hidden: Option<Countdown>,
    /// Members that answers do not show.
    pub(crate) secret: Map<String, Value>,
}

/// A change to come.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) after: Countdown,
    pub(crate) state: &'static str,
    pub(crate) effect: Effect,
}

/// The effect of a change of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Nothing,
    /// Adds these members to the body.
    Set(Map<String, Value>),
    /// Releases the space, or puts the object into the state `failed-deprovision`.
    Deprovision,
    /// Deletes the object and all its content from the core.
    Delete,
    /// Removes the object from lists.
    Vanish,
}

/// The time at which a change happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Countdown {
    Reads(u32),
    Until(Timestamp),
    Never,
}

impl Countdown {
    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        match self {
            Self::Reads(left) => left == 0,
            Self::Until(time) => time <= now,
            Self::Never => false,
        }
    }

    /// Counts one more read.
    pub(crate) fn read(&mut self) {
        if let Self::Reads(left) = self {
            *left = left.saturating_sub(1);
        }
    }
}

impl Thing {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.body.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn optional(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, member: &str) -> Option<i64> {
        self.body.get(member).and_then(Value::as_i64)
    }

    pub(crate) fn flag(&self, member: &str) -> bool {
        self.body.get(member).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Whether requests can use the content of the object.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(
            self.state.as_str(),
            "create-complete" | "modify-complete" | "modify-in-progress" | "sync-complete" | "associate-complete"
        )
    }

    /// Whether the object itself can be changed.
    pub(crate) fn is_steady(&self) -> bool {
        self.is_usable() && self.state != "modify-in-progress"
    }

    /// Whether the object is deleted, even if it is still listed.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(
            self.state.as_str(),
            "delete-complete" | "deprovisioned" | "disassociate-complete" | "disassociated" | "failed-provision"
        )
    }
}
