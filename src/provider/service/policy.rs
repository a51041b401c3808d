//! `ipam_policy`: the pools from which services get their public IPv4 addresses.

use std::collections::BTreeSet;

use crate::backend::Ipam;
use crate::backend::service::{PolicyNoun, PolicyRecord, PolicyResourceType, PolicyRules, PolicySpec};
use crate::ipam::{Error, Family, ScopeType, Tags};
use crate::tf::{Diagnostic, Diagnostics, Path};
use crate::{at, model, text_attr};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields_with_tags, name_of, named};
use super::super::resources::check_name;
use super::data::ServiceData;
use super::quotas::Quota;

text_attr!(PolicyResourceType);

/// Pools for one pair of resource type and locale.
const POOLS: Quota = Quota {
    usual: 10,
    of: "pools for one resource type and locale",
    otherwise: "In that case, provision more CIDRs into fewer pools.",
};

model! {
    /// Pools for one type of resource in one Region or Local Zone.
    pub(crate) struct AllocationRule {
        /// Type of the resources that get addresses: `eip` (Elastic IP addresses), `alb` (Application Load Balancers),
        /// `rds` (databases of Amazon RDS), `rnat` (regional NAT gateways), or another type that AWS supports.
        resource_type: PolicyResourceType => required(),
        /// Region or Local Zone of the rule, which is the `locale` of its pools.
        locale: String => required(),
        /// List of the IDs of public IPv4 pools. The first pool that has free addresses provides them. When all pools
        /// are empty, the resources get Amazon-owned addresses. AWS allows 10 pools, unless AWS Support has raised this
        /// quota.
        source_ipam_pool_ids: Vec<String> => required(),
    }
}

model! {
    /// Manages an IPAM policy (only with the store `aws-ipam`). It defines the pools from which Elastic IP addresses,
    /// load balancers, databases and regional NAT gateways get their public IPv4 addresses. The policy applies to the
    /// accounts for which an `ipam_policy_enablement` enables it. It requires the advanced tier. No AWS service reads a
    /// self-managed store: allocate from its pools directly. Changes are made in place, except where an argument says
    /// that a change replaces the policy.
    pub(crate) struct PolicyModel {
        /// Name of the policy, which is the value of its tag `Name`.
        name: String => optional(),
        /// ID of the IPAM that the policy belongs to. Default: the IPAM of the `aws` block, or the only IPAM in the
        /// Region. A change replaces the policy.
        ipam_id: String => optional().computed().replace(),
        /// List of the rules of the policy, at most one for each `resource_type` and `locale`. Resources without a rule
        /// get Amazon-owned addresses.
        allocation_rule: Vec<AllocationRule> => optional(),
        /// Map of tags for the policy.
        tags: Tags => optional(),
        /// ID of the policy.
        id: String => computed(),
        /// ARN of the policy.
        arn: String => computed(),
        /// ID of the AWS account that owns the policy.
        owner_id: String => computed(),
        /// Home Region of the policy.
        ipam_policy_region: String => computed(),
        /// All tags of the policy: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

type Pair = (PolicyResourceType, String);

impl AllocationRule {
    /// The number of pools in the rule.
    fn count(&self) -> usize {
        self.source_ipam_pool_ids.get().map_or(0, Vec::len)
    }

    fn pair(&self) -> Option<Pair> {
        Some((self.resource_type.cloned()?, self.locale.cloned()?))
    }

    fn of((resource_type, locale): &Pair, pools: &[String]) -> Self {
        Self {
            resource_type: (*resource_type).into(),
            locale: locale.clone().into(),
            source_ipam_pool_ids: pools.to_vec().into(),
        }
    }

    fn check(&self, at: &Path) -> Diagnostics {
        let mut found = Diagnostics::new();
        if self.locale.get().is_some_and(|locale| locale.trim().is_empty()) {
            let why = "The locale is empty. Give the Region or Local Zone of the pools, such as \"us-east-1\".";
            found.push(Diagnostic::error("Invalid locale", why).at(at.then("locale")));
        }
        let Some(pools) = self.source_ipam_pool_ids.get() else { return found };
        let at = at.then("source_ipam_pool_ids");
        if pools.is_empty() {
            let why = "A rule without a pool has no effect: a resource without a rule gets Amazon-provided addresses. \
                       Set a pool, or leave the rule out.";
            found.push(Diagnostic::error("A rule without a pool", why).at(at.clone()));
        }
        let mut seen = BTreeSet::new();
        for (position, pool) in pools.iter().enumerate() {
            if !seen.insert(pool) {
                let why =
                    format!("{pool} is already in the rule: once a pool is exhausted, AWS does not use it again.");
                found.push(Diagnostic::error("A pool twice in one rule", why).at(at.index(position)));
            }
        }
        found
    }

    /// Existing pools that cannot serve the rule. AWS reports them only after it has created the policy.
    fn check_pools(&self, at: &Path, ipam: &dyn Ipam) -> Diagnostics {
        let pools = self.source_ipam_pool_ids.get().into_iter().flatten().enumerate();
        pools
            .filter_map(|(position, id)| {
                let why = unfit(ipam, id, self.locale.get()?)?;
                let at = at.then("source_ipam_pool_ids").index(position);
                Some(Diagnostic::error("The pool cannot serve the rule", why).at(at))
            })
            .collect()
    }
}

/// Why a pool cannot provide public IPv4 addresses there. `None` when AWS does not answer: the apply reports the error
/// then.
fn unfit(ipam: &dyn Ipam, id: &str, locale: &str) -> Option<String> {
    let Some(pool) = ipam.get_pool(id).ok()? else {
        return Some(format!("There is no pool {id}."));
    };
    if pool.address_family != Family::Ipv4 {
        return Some(format!(
            "Policies are about public IPv4 addresses, and {id} is a pool of {}.",
            pool.address_family
        ));
    }
    if pool.locale.as_deref() != Some(locale) {
        let there = pool.locale.map_or_else(|| "no locale".to_owned(), |there| format!("the locale {there:?}"));
        return Some(format!(
            "The rule is for the locale {locale:?}, and {id} has {there}. Use a pool with the same locale."
        ));
    }
    let scope = ipam.get_scope(&pool.scope_id).ok()??;
    (scope.scope_type == ScopeType::Private)
        .then(|| format!("{id} is in the private scope {}. Use a pool of the public scope of the IPAM.", pool.scope_id))
}

/// The rules in the order of the configuration. Rules that it does not contain come last.
fn in_order(rules: &PolicyRules, known: &[AllocationRule]) -> Vec<AllocationRule> {
    let mut order: Vec<Pair> = known.iter().filter_map(AllocationRule::pair).collect();
    order.retain(|pair| rules.contains_key(pair));
    let others: Vec<Pair> = rules.keys().filter(|pair| !order.contains(pair)).cloned().collect();
    order.extend(others);
    order.iter().filter_map(|pair| Some(AllocationRule::of(pair, rules.get(pair)?))).collect()
}

impl PolicyModel {
    fn rules(&self) -> &[AllocationRule] {
        self.allocation_rule.get().map_or(&[], Vec::as_slice)
    }
}

impl NounModel for PolicyModel {
    type Noun = PolicyNoun;

    fn check(&self) -> Diagnostics {
        let mut found: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        let mut seen: Vec<Pair> = Vec::new();
        for (position, rule) in self.rules().iter().enumerate() {
            let at = at!(Self, allocation_rule).index(position);
            found.append(rule.check(&at));
            let Some(pair) = rule.pair() else { continue };
            if seen.contains(&pair) {
                let why = format!(
                    "There is already a rule for {} in {:?}. Put all pools into one rule, in the order in which AWS \
                     uses them.",
                    pair.0, pair.1
                );
                found.push(Diagnostic::error("Two rules for the same type and locale", why).at(at));
            }
            seen.push(pair);
        }
        found
    }

    fn fill(&mut self, record: &PolicyRecord) {
        self.name = name_of(&record.tags);
        self.ipam_id = record.ipam_id.clone().into();
        if !record.rules.is_empty() || self.allocation_rule.is_known() {
            self.allocation_rule = in_order(&record.rules, self.rules()).into();
        }
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.ipam_policy_region = record.region.clone().into();
    }

    fields_with_tags!();

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::Service(fault) if fault.action == "ModifyIpamPolicyAllocationRules" => at!(Self, allocation_rule),
            _ => Path::root(),
        }
    }
}

impl AssignedModel for PolicyModel {
    fn spec(&self) -> Option<PolicySpec> {
        (!self.allocation_rule.is_unknown()).then_some(())?;
        let rules = self.rules().iter().map(|rule| Some((rule.pair()?, rule.source_ipam_pool_ids.cloned()?)));
        Some(PolicySpec {
            ipam_id: self.ipam_id.cloned(),
            rules: rules.collect::<Option<PolicyRules>>()?,
            tags: named(&self.name, &self.tags_all)?,
        })
    }

    /// Checks the pools of rules that are new or changed.
    fn preflight(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        let known = prior.map_or(&[] as &[AllocationRule], Self::rules);
        let mut found = Diagnostics::new();
        for (position, rule) in self.rules().iter().enumerate().filter(|(_, rule)| !known.contains(rule)) {
            let at = at!(Self, allocation_rule).index(position);
            found.append(rule.check_pools(&at, ipam));
            let before = known.iter().find(|before| before.pair() == rule.pair());
            let warning =
                POOLS.warning(rule.count(), before.map_or(0, AllocationRule::count), at.then("source_ipam_pool_ids"));
            warning.into_iter().for_each(|warning| found.push(warning));
        }
        found
    }

    fn failure(record: &PolicyRecord) -> Option<&Error> {
        record.failure.as_ref()
    }
}

model! {
    /// The attributes of a policy.
    pub(crate) struct PolicyFacts {
        /// ID of the policy.
        id: String => computed(),
        /// Name of the policy; null if it has none.
        name: String => computed(),
        /// ARN of the policy.
        arn: String => computed(),
        /// ID of the AWS account that owns the policy.
        owner_id: String => computed(),
        /// Home Region of the policy.
        ipam_policy_region: String => computed(),
        /// ID of the IPAM that the policy belongs to.
        ipam_id: String => computed(),
        /// List of the rules of the policy, sorted by resource type and locale.
        allocation_rule: Vec<AllocationRuleFacts> => computed(),
        /// Map of the tags of the policy.
        tags: Tags => computed(),
    }
}

model! {
    /// Pools for one type of resource in one Region or Local Zone.
    pub(crate) struct AllocationRuleFacts {
        /// Type of the resources that get addresses, such as `eip`, `alb`, `rds` or `rnat`.
        resource_type: PolicyResourceType => computed(),
        /// Region or Local Zone of the rule.
        locale: String => computed(),
        /// List of the IDs of the pools, in the order in which AWS uses them.
        source_ipam_pool_ids: Vec<String> => computed(),
    }
}

impl PolicyFacts {
    fn of(record: PolicyRecord) -> Self {
        let rules = record.rules.into_iter().map(|((resource_type, locale), pools)| AllocationRuleFacts {
            resource_type: resource_type.into(),
            locale: locale.into(),
            source_ipam_pool_ids: pools.into(),
        });
        Self {
            name: name_of(&record.tags),
            allocation_rule: rules.collect::<Vec<_>>().into(),
            id: record.id.into(),
            arn: record.arn.into(),
            owner_id: record.owner_id.into(),
            ipam_policy_region: record.region.into(),
            ipam_id: record.ipam_id.into(),
            tags: record.tags.into(),
        }
    }
}

model! {
    /// Lists the IPAM policies in the Region of the provider, with their rules (only with the store `aws-ipam`). A
    /// self-managed store has no policies.
    pub(crate) struct PoliciesModel {
        /// ID of an IPAM. Only policies of this IPAM are listed.
        ipam_id: String => optional(),
        /// List of the policies, sorted by ID.
        ipam_policies: Vec<PolicyFacts> => computed(),
    }
}

impl ServiceData for PoliciesModel {
    type Noun = PolicyNoun;
    const TYPE: &'static str = "ipam_policies";

    fn fill(self, mut all: Vec<PolicyRecord>) -> Result<Self, Diagnostics> {
        all.retain(|policy| self.ipam_id.get().is_none_or(|ipam_id| policy.ipam_id == *ipam_id));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { ipam_policies: all.into_iter().map(PolicyFacts::of).collect::<Vec<_>>().into(), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Local;
    use crate::ipam::Actor;
    use crate::tf::Severity;

    fn policy(pools: usize) -> PolicyModel {
        let pools = (0..pools).map(|n| format!("ipam-pool-{n}")).collect::<Vec<_>>();
        let pair = (PolicyResourceType::Eip, "us-east-1".to_owned());
        PolicyModel { allocation_rule: vec![AllocationRule::of(&pair, &pools)].into(), ..PolicyModel::default() }
    }

    #[test]
    fn more_pools_than_the_usual_quota_are_a_warning_until_aws_has_accepted_them() {
        let ipam = Local::open("memory:", None, Actor::default()).unwrap();
        let warnings = |planned: usize, prior: Option<usize>| {
            let diagnostics = policy(planned).preflight(prior.map(policy).as_ref(), &ipam);
            diagnostics
                .into_iter()
                .filter(|one| one.severity == Severity::Warning)
                .map(|one| one.detail)
                .collect::<Vec<_>>()
        };
        assert_eq!(policy(11).check(), Diagnostics::new());
        assert_eq!((warnings(10, None).len(), warnings(11, None).len(), warnings(11, Some(3)).len()), (0, 1, 1));
        assert_eq!((warnings(11, Some(11)).len(), warnings(11, Some(12)).len()), (0, 0));
        assert!(
            warnings(11, None)[0]
                .starts_with("The configuration has 11 pools for one resource type and locale. AWS allows 10")
        );
    }
}
