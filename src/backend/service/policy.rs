//! Policies: which pools the public IPv4 addresses of services come from.

use std::collections::BTreeMap;

use crate::ipam::{Error, Tags, Word, words};

use super::Noun;

const ELSEWHERE: &str = "A policy defines where AWS services take public IPv4 addresses from, and AWS services do not \
                         use another store. Leave the resource out, and allocate from the pools themselves.";

/// A policy.
#[derive(Debug)]
pub enum PolicyNoun {}

impl Noun for PolicyNoun {
    const WORD: &'static str = "IPAM policy";
    const RESOURCE: &'static str = "ipam_policy";
    const ELSEWHERE: &'static str = ELSEWHERE;
    type Spec = PolicySpec;
    type Record = PolicyRecord;

    kept_by_a_service!();
}

/// What asks for public addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyResourceType {
    /// Application Load Balancers.
    Alb,
    /// Elastic IP addresses.
    Eip,
    /// Databases of RDS.
    Rds,
    /// Regional NAT gateways.
    Rnat,
    /// Another one of AWS's.
    Unlisted(Word),
}

words!(PolicyResourceType: Alb = "alb", Eip = "eip", Rds = "rds", Rnat = "rnat");

/// Ids of source pools, the first one first, by who asks and where.
pub type PolicyRules = BTreeMap<(PolicyResourceType, String), Vec<String>>;

/// What a configuration says of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    /// `None`: the IPAM that the provider works with.
    pub ipam_id: Option<String>,
    /// Pairs without a pool are not in it.
    pub rules: PolicyRules,
    /// Tags, the name among them.
    pub tags: Tags,
}

/// A policy as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRecord {
    /// `ipam-policy-...`.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Account.
    pub owner_id: String,
    /// Home Region.
    pub region: String,
    /// IPAM that it belongs to.
    pub ipam_id: String,
    /// See [`PolicySpec`].
    pub rules: PolicyRules,
    /// Tags, the name among them.
    pub tags: Tags,
    /// Why it is not what was asked for, though it is there.
    pub failure: Option<Error>,
}

/// That a policy counts for an account or a part of the organization.
#[derive(Debug)]
pub enum EnablementNoun {}

impl Noun for EnablementNoun {
    const WORD: &'static str = "policy enablement";
    const RESOURCE: &'static str = "ipam_policy_enablement";
    const ELSEWHERE: &'static str = ELSEWHERE;
    type Spec = Enablement;
    type Record = Enabled;

    kept_by_a_service!();
}

/// Which policy counts for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enablement {
    /// The policy.
    pub policy_id: String,
    /// An account, an organizational unit or a root of the organization; `None`: the account that asks.
    pub target: Option<String>,
}

/// Between the ids of the policy and the target; neither holds one.
const AND: char = '_';

impl Enablement {
    /// The id: AWS has none for it.
    pub fn id(&self) -> String {
        match &self.target {
            None => self.policy_id.clone(),
            Some(target) => format!("{}{AND}{target}", self.policy_id),
        }
    }

    /// The enablement with this id.
    pub fn of_id(id: &str) -> Self {
        let (policy_id, target) = id.split_once(AND).map_or((id, None), |(policy, target)| (policy, Some(target)));
        Self { policy_id: policy_id.to_owned(), target: target.map(str::to_owned) }
    }
}

/// Who may change that a policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManagedBy {
    /// The account itself.
    Account,
    /// The administrator of the organization's IPAM.
    DelegatedAdministrator,
    /// Another one of AWS's.
    Unlisted(Word),
}

words!(ManagedBy: Account = "account", DelegatedAdministrator = "delegated-administrator-for-ipam");

/// A policy that counts, as AWS answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enabled {
    /// Which one for whom.
    pub enablement: Enablement,
    /// AWS says it of the account that asks only.
    pub managed_by: Option<ManagedBy>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enablement_is_found_by_its_id() {
        for (id, target) in [("ipam-policy-1", None), ("ipam-policy-1_ou-ab12-cd34", Some("ou-ab12-cd34"))] {
            let enablement = Enablement::of_id(id);
            assert_eq!((enablement.policy_id.as_str(), enablement.target.as_deref()), ("ipam-policy-1", target));
            assert_eq!(enablement.id(), id);
        }
    }
}
