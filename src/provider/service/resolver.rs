//! `ipam_prefix_list_resolver`: rules that select the CIDRs of prefix lists.

use crate::backend::Ipam;
use crate::backend::service::{ResolverNoun, ResolverRecord, ResolverRule, ResolverSpec};
use crate::ipam::{Error, Family, Tags};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model};

use super::super::noun::{AssignedModel, NounModel, Timeouts, differs, fields_with_tags, name_of, named};
use super::super::resources::check_name;
use super::data::ServiceData;
use super::quotas::Quota;
use super::resolver_rules::RuleModel;

/// The number of rules of one resolver.
const RULES: Quota = Quota {
    usual: 100,
    of: "rules of one resolver",
    otherwise: "In that case, replace several rules with one rule for a pool or for tagged resources, or create a \
                second resolver.",
};

model! {
    /// Manages a prefix list resolver of AWS IPAM, whose rules select CIDRs (only with the store `aws-ipam`). When the
    /// selected CIDRs change, AWS creates a new version, and the prefix lists of its
    /// `ipam_prefix_list_resolver_target`s follow. It requires the advanced tier. AWS IPAM does not know the contents
    /// of a self-managed store: with such a store, fill an `aws_ec2_managed_prefix_list` with the CIDRs of `ipam_pool`
    /// and `ipam_allocation`. Changes are made in place, except where an argument says that a change replaces the
    /// resolver.
    pub(crate) struct ResolverModel {
        /// Name of the resolver, which is the value of its tag `Name`.
        name: String => optional(),
        /// ID of the IPAM that the resolver belongs to. Default: the IPAM of the `aws` block, or the only IPAM in the
        /// Region. A change replaces the resolver.
        ipam_id: String => optional().computed().replace(),
        /// Address family of all CIDRs that the resolver selects: `ipv4` or `ipv6`. A change replaces the resolver.
        address_family: Family => required().replace(),
        /// Description of the resolver.
        description: String => optional(),
        /// List of the rules that select CIDRs. The next version contains each CIDR that at least one rule selects.
        /// Without rules, versions are empty. AWS allows 100 rules, unless AWS Support has raised this quota. Removing
        /// all rules replaces the resolver, because AWS cannot remove them in place.
        rule: Vec<RuleModel> => optional(),
        /// Map of tags for the resolver.
        tags: Tags => optional(),
        /// ID of the resolver.
        id: String => computed(),
        /// ARN of the resolver.
        arn: String => computed(),
        /// ID of the AWS account that owns the resolver.
        owner_id: String => computed(),
        /// Home Region of the resolver.
        ipam_region: String => computed(),
        /// Whether AWS could create the last version: `pending`, `success` or `failure`; null before the first version.
        last_version_creation_status: String => computed(),
        /// Reason why AWS could not create the last version, such as too many CIDRs.
        last_version_creation_status_message: String => computed(),
        /// All tags of the resolver: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ResolverModel {
    fn rules(&self) -> &[RuleModel] {
        self.rule.get().map_or(&[], Vec::as_slice)
    }

    /// Whether AWS has the rules of the configuration, in any order.
    fn has(&self, rules: &[ResolverRule]) -> bool {
        let own: Option<Vec<ResolverRule>> = self.rules().iter().map(RuleModel::rule).collect();
        own.is_some_and(|mut own| {
            let mut rules = rules.to_vec();
            own.sort();
            rules.sort();
            own == rules
        })
    }
}

impl NounModel for ResolverModel {
    type Noun = ResolverNoun;

    fn check(&self) -> Diagnostics {
        let mut found: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        let rules = self.rules();
        let mut seen = Vec::new();
        for (position, rule) in rules.iter().enumerate() {
            let at = at!(Self, rule).index(position);
            found.append(rule.check(self.address_family.cloned(), &at));
            let Some(whole) = rule.rule() else { continue };
            if seen.contains(&whole) {
                let why = "The same rule already exists. Remove one of the two.";
                found.push(Diagnostic::error("Duplicate rule", why).at(at));
            }
            seen.push(whole);
        }
        found
    }

    fn fill(&mut self, record: &ResolverRecord) {
        self.name = name_of(&record.tags);
        self.ipam_id = record.ipam_id.clone().into();
        self.address_family = record.address_family.into();
        self.description = record.description.clone().into();
        if !self.has(&record.rules) {
            self.rule = record.rules.iter().map(RuleModel::of).collect::<Vec<_>>().into();
        }
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.ipam_region = record.region.clone().into();
        self.last_version_creation_status = record.last_version_creation_status.clone().into();
        self.last_version_creation_status_message = record.last_version_creation_status_message.clone().into();
    }

    fields_with_tags!();

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::Service(fault) if fault.action.ends_with("ResolverVersion") => at!(Self, rule),
            _ => Path::root(),
        }
    }
}

impl AssignedModel for ResolverModel {
    fn spec(&self) -> Option<ResolverSpec> {
        (!self.description.is_unknown() && !self.rule.is_unknown()).then_some(())?;
        Some(ResolverSpec {
            ipam_id: self.ipam_id.cloned(),
            address_family: self.address_family.cloned()?,
            description: self.description.cloned(),
            rules: self.rules().iter().map(RuleModel::rule).collect::<Option<_>>()?,
            tags: named(&self.name, &self.tags_all)?,
        })
    }

    fn plan_change(prior: &Self, planned: &mut Self) {
        if differs(prior, planned) {
            planned.last_version_creation_status = Tf::Unknown;
            planned.last_version_creation_status_message = Tf::Unknown;
        }
    }

    /// A request without rules leaves the rules in AWS as they are.
    fn replaces(prior: &Self, planned: &Self) -> Vec<Path> {
        let loses_all = !prior.rules().is_empty() && !planned.rule.is_unknown() && planned.rules().is_empty();
        if loses_all { vec![at!(Self, rule)] } else { Vec::new() }
    }

    fn preflight(&self, prior: Option<&Self>, _: &dyn Ipam) -> Diagnostics {
        let present = prior.map_or(0, |prior| prior.rules().len());
        let mut found: Diagnostics = RULES.warning(self.rules().len(), present, at!(Self, rule)).into_iter().collect();
        let failed = |prior: &&Self| prior.last_version_creation_status.get().is_some_and(|word| word == "failure");
        let Some(prior) = prior.filter(failed).filter(|prior| !differs(*prior, self)) else {
            return found;
        };
        let why = format!(
            "AWS could not create the last version: {} Prefix lists keep their current entries. Change the rules.",
            sentence(&prior.last_version_creation_status_message)
        );
        found.push(Diagnostic::warning("The resolver has no new version", why).at(at!(Self, rule)));
        found
    }

    fn failure(record: &ResolverRecord) -> Option<&Error> {
        record.failure.as_ref()
    }
}

/// The reason that AWS gave, with a full stop.
pub(super) fn sentence(reason: &Tf<String>) -> String {
    let reason = reason.get().map_or("AWS gave no reason", String::as_str).trim();
    if reason.ends_with('.') { reason.to_owned() } else { format!("{reason}.") }
}

model! {
    /// The attributes of a prefix list resolver.
    pub(crate) struct ResolverFacts {
        /// ID of the resolver.
        id: String => computed(),
        /// Name of the resolver; null if it has none.
        name: String => computed(),
        /// ARN of the resolver.
        arn: String => computed(),
        /// ID of the AWS account that owns the resolver.
        owner_id: String => computed(),
        /// Home Region of the resolver.
        ipam_region: String => computed(),
        /// ID of the IPAM that the resolver belongs to.
        ipam_id: String => computed(),
        /// Address family of all CIDRs that the resolver selects: `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// Description of the resolver.
        description: String => computed(),
        /// Number of rules of the resolver.
        rule_count: u64 => computed(),
        /// Whether AWS could create the last version: `pending`, `success` or `failure`; null before the first version.
        last_version_creation_status: String => computed(),
        /// Reason why AWS could not create the last version.
        last_version_creation_status_message: String => computed(),
        /// Map of the tags of the resolver.
        tags: Tags => computed(),
    }
}

impl ResolverFacts {
    fn of(record: ResolverRecord) -> Self {
        Self {
            name: name_of(&record.tags),
            rule_count: u64::try_from(record.rules.len()).unwrap_or(u64::MAX).into(),
            id: record.id.into(),
            arn: record.arn.into(),
            owner_id: record.owner_id.into(),
            ipam_region: record.region.into(),
            ipam_id: record.ipam_id.into(),
            address_family: record.address_family.into(),
            description: record.description.into(),
            last_version_creation_status: record.last_version_creation_status.into(),
            last_version_creation_status_message: record.last_version_creation_status_message.into(),
            tags: record.tags.into(),
        }
    }
}

model! {
    /// Lists the prefix list resolvers in the Region of the provider (only with the store `aws-ipam`). A self-managed
    /// store has no resolvers.
    pub(crate) struct ResolversModel {
        /// ID of an IPAM. Only resolvers of this IPAM are listed.
        ipam_id: String => optional(),
        /// List of the resolvers, sorted by ID.
        ipam_prefix_list_resolvers: Vec<ResolverFacts> => computed(),
    }
}

impl ServiceData for ResolversModel {
    type Noun = ResolverNoun;
    const TYPE: &'static str = "ipam_prefix_list_resolvers";

    fn fill(self, mut all: Vec<ResolverRecord>) -> Result<Self, Diagnostics> {
        all.retain(|resolver| self.ipam_id.get().is_none_or(|ipam_id| resolver.ipam_id == *ipam_id));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self {
            ipam_prefix_list_resolvers: all.into_iter().map(ResolverFacts::of).collect::<Vec<_>>().into(),
            ..self
        })
    }
}
