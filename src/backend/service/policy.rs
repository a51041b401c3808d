//! Policies: the pools that the public IPv4 addresses of services come from.

use std::collections::BTreeMap;

use crate::ipam::{Error, Tags, Word, words};

use crate::backend::Noun;

/// A policy.
#[derive(Debug)]
pub enum PolicyNoun {}

impl Noun for PolicyNoun {
    const WORD: &'static str = "IPAM policy";
    const RESOURCE: &'static str = "ipam_policy";
    type Spec = PolicySpec;
    type Record = PolicyRecord;
}

/// A service that requests public addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyResourceType {
    /// Application Load Balancers.
    Alb,
    /// Elastic IP addresses.
    Eip,
    /// RDS databases.
    Rds,
    /// Regional NAT gateways.
    Rnat,
    /// Another value that AWS reports.
    Unlisted(Word),
}

words!(PolicyResourceType: Alb = "alb", Eip = "eip", Rds = "rds", Rnat = "rnat");

/// Ids of source pools in order of preference, by service and locale.
pub type PolicyRules = BTreeMap<(PolicyResourceType, String), Vec<String>>;

/// The configuration of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    /// `None`: the IPAM that the provider works with.
    pub ipam_id: Option<String>,
    /// Pairs of service and locale without a pool are left out.
    pub rules: PolicyRules,
    /// Tags, including the name.
    pub tags: Tags,
}

/// A policy as AWS reports it.
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
    /// Tags, including the name.
    pub tags: Tags,
    /// The reason why the object exists but differs from its configuration.
    pub failure: Option<Error>,
}

/// An enablement, which makes a policy effective for an account or a part of the organization.
#[derive(Debug)]
pub enum EnablementNoun {}

impl Noun for EnablementNoun {
    const WORD: &'static str = "policy enablement";
    const RESOURCE: &'static str = "ipam_policy_enablement";
    type Spec = Enablement;
    type Record = Enabled;
}

/// A policy, and the target for which it is effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enablement {
    /// The policy.
    pub policy_id: String,
    /// An account, an organizational unit or a root of the organization; `None`: the account that asks.
    pub target: Option<String>,
}

/// The separator between the ids of the policy and of the target; neither contains it.
const AND: char = '_';

impl Enablement {
    /// The id of the enablement: AWS has none for it.
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

/// The party that may change whether a policy is effective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManagedBy {
    /// The account itself.
    Account,
    /// The administrator of the organization's IPAM.
    DelegatedAdministrator,
    /// Another value that AWS reports.
    Unlisted(Word),
}

words!(ManagedBy: Account = "account", DelegatedAdministrator = "delegated-administrator-for-ipam");

/// An enablement as AWS reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enabled {
    /// The policy and its target.
    pub enablement: Enablement,
    /// AWS reports this only for the account that asks.
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
