//! `ipam_prefix_list_resolver`: rules that choose the CIDRs of prefix lists.

use crate::backend::Ipam;
use crate::backend::service::{ResolverNoun, ResolverRecord, ResolverRule, ResolverSpec};
use crate::ipam::{Error, Family, Tags};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model};

use super::super::resources::{Timeouts, check_name};
use super::data::ServiceData;
use super::quotas::Quota;
use super::resolver_rules::RuleModel;
use super::{ServiceModel, differs, name_of, named};

/// Rules of one resolver.
const RULES: Quota = Quota {
    usual: 100,
    of: "rules of one resolver",
    otherwise: "In that case, replace several rules with one rule for a pool or for tagged resources, or create a \
                second resolver.",
};

model! {
    /// A prefix list resolver of AWS IPAM: rules that choose CIDRs. Whenever what they come to changes, AWS makes a new
    /// version, and the prefix lists of its `ipam_prefix_list_resolver_target`s follow. Needs the advanced tier.
    pub(crate) struct ResolverModel {
        /// Name of the resolver, kept in its tag `Name`.
        name: String => optional(),
        /// IPAM that the resolver belongs to; the one that the provider works with when not set.
        ipam_id: String => optional().computed().replace(),
        /// `ipv4` or `ipv6`: family of all CIDRs that it chooses.
        address_family: Family => required().replace(),
        /// Free text.
        description: String => optional(),
        /// A CIDR that any of the rules chooses is in the next version; AWS allows 100 rules until its support raises that. Without rules, versions are
        /// empty. To take all rules away replaces the resolver, because AWS cannot do it otherwise.
        rule: Vec<RuleModel> => optional(),
        /// Tags of the resolver.
        tags: Tags => optional(),
        /// Id of the resolver.
        id: String => computed(),
        /// ARN of the resolver.
        arn: String => computed(),
        /// Account that owns it.
        owner_id: String => computed(),
        /// Home Region.
        ipam_region: String => computed(),
        /// `pending`, `success` or `failure`: whether AWS could make the last version; null before the first.
        last_version_creation_status: String => computed(),
        /// Why it could not, such as too many CIDRs.
        last_version_creation_status_message: String => computed(),
        /// `tags` and the provider's `default_tags`.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ResolverModel {
    fn rules(&self) -> &[RuleModel] {
        self.rule.get().map_or(&[], Vec::as_slice)
    }

    /// Whether AWS's rules are those of the configuration, in whatever order.
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

impl ServiceModel for ResolverModel {
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

    fn plan_change(prior: &Self, planned: &mut Self) {
        if differs(prior, planned) {
            planned.last_version_creation_status = Tf::Unknown;
            planned.last_version_creation_status_message = Tf::Unknown;
        }
    }

    /// A request without rules is one that leaves the rules as they are.
    fn replaces(prior: &Self, planned: &Self) -> Vec<Path> {
        let loses_all = !prior.rules().is_empty() && !planned.rule.is_unknown() && planned.rules().is_empty();
        if loses_all { vec![at!(Self, rule)] } else { Vec::new() }
    }

    fn place(&self, error: &Error) -> Path {
        match error {
            Error::Service(fault) if fault.action.ends_with("ResolverVersion") => at!(Self, rule),
            _ => Path::root(),
        }
    }

    fn foresee(&self, prior: Option<&Self>, _: &dyn Ipam) -> Diagnostics {
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

/// What AWS gave as a reason, with a full stop.
pub(super) fn sentence(reason: &Tf<String>) -> String {
    let reason = reason.get().map_or("AWS gave no reason", String::as_str).trim();
    if reason.ends_with('.') { reason.to_owned() } else { format!("{reason}.") }
}

model! {
    /// A prefix list resolver.
    pub(crate) struct ResolverFacts {
        /// Id.
        id: String => computed(),
        /// Its name; null when it has none.
        name: String => computed(),
        /// ARN.
        arn: String => computed(),
        /// Account that owns it.
        owner_id: String => computed(),
        /// Home Region.
        ipam_region: String => computed(),
        /// IPAM that it belongs to.
        ipam_id: String => computed(),
        /// `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// Free text.
        description: String => computed(),
        /// Number of its rules.
        rule_count: u64 => computed(),
        /// `pending`, `success` or `failure`; null before the first version.
        last_version_creation_status: String => computed(),
        /// Why the last version could not be made.
        last_version_creation_status_message: String => computed(),
        /// Tags.
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
    /// Lists the prefix list resolvers in the provider's Region.
    pub(crate) struct ResolversModel {
        /// Only those of this IPAM.
        ipam_id: String => optional(),
        /// The resolvers, by id.
        ipam_prefix_list_resolvers: Vec<ResolverFacts> => computed(),
    }
}

impl ServiceData for ResolversModel {
    type Noun = ResolverNoun;
    const TYPE: &'static str = "ipam_prefix_list_resolvers";

    fn answer(self, mut all: Vec<ResolverRecord>) -> Result<Self, Diagnostics> {
        all.retain(|resolver| self.ipam_id.get().is_none_or(|ipam_id| resolver.ipam_id == *ipam_id));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self {
            ipam_prefix_list_resolvers: all.into_iter().map(ResolverFacts::of).collect::<Vec<_>>().into(),
            ..self
        })
    }
}
