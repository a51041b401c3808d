//! What there is in the world: IPAMs, scopes, pools and so on, each with its body as answers show it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Kinds of things that have an id.
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
    /// What ids begin with.
    pub(crate) prefix: &'static str,
    /// Resource type in ARNs and tag specifications; empty when it can have no tags.
    pub(crate) resource_type: &'static str,
    /// Member with the id.
    pub(crate) id: &'static str,
    /// Member with the ARN; empty when it has none.
    pub(crate) arn: &'static str,
    /// Part of the error code for an unknown id. Where the facts name none, it follows the others.
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

    /// Whether it has the member `state`.
    pub(crate) const fn has_state(self) -> bool {
        !matches!(self, Self::Allocation)
    }
}

/// One thing.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    /// Rises with each thing made.
    pub(crate) sequence: u64,
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// Account that owns it.
    pub(crate) account: String,
    /// Region that it is looked for in.
    pub(crate) region: String,
    /// Id of what it is in.
    pub(crate) parent: String,
    /// As answers show it, by names on the wire; state, tags and counts come in when it is shown.
    pub(crate) body: Map<String, Value>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) state: String,
    /// What becomes of it.
    pub(crate) steps: VecDeque<Step>,
    /// Not listed yet.
    pub(crate) hidden: Option<Countdown>,
    /// What answers do not show.
    pub(crate) secret: Map<String, Value>,
}

/// A change to come.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) after: Countdown,
    pub(crate) state: &'static str,
    pub(crate) effect: Effect,
}

/// What happens with a change of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Nothing,
    /// The body gets these members.
    Set(Map<String, Value>),
    /// The space goes back, or the step ends in `failed-deprovision`.
    Deprovision,
    /// It and all in it leaves the core.
    Delete,
    /// It is not listed any more.
    Vanish,
}

/// When a change comes.
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

    /// Looked at once more.
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

    /// Something can be done with what is in it.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(
            self.state.as_str(),
            "create-complete" | "modify-complete" | "modify-in-progress" | "sync-complete" | "associate-complete"
        )
    }

    /// It can be changed itself.
    pub(crate) fn is_steady(&self) -> bool {
        self.is_usable() && self.state != "modify-in-progress"
    }

    /// Gone, though it may still be listed.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(
            self.state.as_str(),
            "delete-complete" | "deprovisioned" | "disassociate-complete" | "disassociated" | "failed-provision"
        )
    }
}
