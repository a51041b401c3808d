//! `ipam_prefix_list_resolver_target`: a prefix list that follows a resolver.

use crate::backend::Ipam;
use crate::backend::service::{Follows, TargetNoun, TargetRecord, TargetSpec};
use crate::ipam::{Error, Tags};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};
use crate::{at, model};

use super::super::noun::{AssignedModel, NounModel, Timeouts, differs, fields_with_tags, name_of, named};
use super::super::resources::check_name;
use super::resolver::sentence;

model! {
    /// Makes a managed prefix list of EC2 follow an `ipam_prefix_list_resolver` (only with the store `aws-ipam`). AWS
    /// writes the CIDRs of the latest version, or of a chosen version, into the prefix list. AWS IPAM does not know the
    /// contents of a self-managed store: with such a store, fill an `aws_ec2_managed_prefix_list` with the CIDRs of
    /// `ipam_pool` and `ipam_allocation`. Changes are made in place, except where an argument says that a change
    /// replaces the target.
    pub(crate) struct TargetModel {
        /// Name of the target, which is the value of its tag `Name`.
        name: String => optional(),
        /// ID of the resolver. A change replaces the target.
        ipam_prefix_list_resolver_id: String => required().replace(),
        /// ID of the prefix list, `pl-...`. It must be a customer-managed prefix list. A change replaces the target.
        prefix_list_id: String => required().replace(),
        /// Region of the prefix list. A change replaces the target.
        prefix_list_region: String => required().replace(),
        /// Whether the prefix list gets every new version. Default: `false`. Set either this argument to `true`, or
        /// `desired_version`.
        track_latest_version: bool => default(false),
        /// Number of the version that the prefix list has until you set another one. AWS keeps the last ten versions
        /// for each target. Set either this argument, or `track_latest_version = true`.
        desired_version: i64 => optional(),
        /// Map of tags for the target.
        tags: Tags => optional(),
        /// ID of the target.
        id: String => computed(),
        /// ARN of the target.
        arn: String => computed(),
        /// ID of the AWS account that owns the target.
        owner_id: String => computed(),
        /// State of the target, as AWS reports it, such as `sync-complete` or `sync-failed`.
        state: String => computed(),
        /// Reason for the state, for example why AWS could not write the prefix list.
        state_message: String => computed(),
        /// Number of the version that the prefix list has; null before the first version.
        last_synced_version: i64 => computed(),
        /// All tags of the target: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl TargetModel {
    fn follows(&self) -> Option<Follows> {
        match self.track_latest_version.get() {
            Some(true) => Some(Follows::Latest),
            _ => self.desired_version.cloned().map(Follows::Version),
        }
    }

    fn check_follows(&self) -> Option<Diagnostic> {
        let tracks = self.track_latest_version.get() == Some(&true);
        if let Some(version) = self.desired_version.get().filter(|version| **version < 1) {
            let why = format!("{version} is not a version: versions are counted from 1.");
            return Some(Diagnostic::error("Invalid desired_version", why).at(at!(Self, desired_version)));
        }
        if tracks && !self.desired_version.is_null() {
            let why = "track_latest_version follows every new version, and desired_version stays with one. Set one of \
                       the two.";
            return Some(Diagnostic::error("Conflicting arguments", why).at(at!(Self, desired_version)));
        }
        let is_open = tracks || self.track_latest_version.is_unknown();
        (!is_open && self.desired_version.is_null()).then(|| {
            let why = "The configuration does not say which version the prefix list is to have. Set \
                       track_latest_version = true to follow every new one, or desired_version to stay with one.";
            Diagnostic::error("No version given", why).at(at!(Self, track_latest_version))
        })
    }

    /// Refuses a version that AWS does not keep, or no longer keeps.
    fn check_version(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Option<Diagnostic> {
        let (resolver, version) = (self.ipam_prefix_list_resolver_id.get()?, *self.desired_version.get()?);
        if prior.is_some_and(|prior| prior.desired_version.get() == Some(&version)) {
            return None;
        }
        let there = ipam.service()?.resolver_versions(resolver).ok()??;
        // A resolver that was just created may not have its first version yet.
        (!there.is_empty() && !there.contains(&version)).then(|| {
            let kept: Vec<_> = there.iter().map(ToString::to_string).collect();
            let why = format!("AWS keeps these versions of {resolver}: {}. Use one of them.", kept.join(", "));
            Diagnostic::error(format!("There is no version {version}"), why).at(at!(Self, desired_version))
        })
    }
}

impl NounModel for TargetModel {
    type Noun = TargetNoun;

    fn check(&self) -> Diagnostics {
        let mut found: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        if let Some(id) = self.prefix_list_id.get().filter(|id| !id.starts_with("pl-")) {
            let why = format!("{id:?} is not the id of a prefix list, which begins with pl-.");
            found.push(Diagnostic::error("Invalid prefix_list_id", why).at(at!(Self, prefix_list_id)));
        }
        if self.prefix_list_region.get().is_some_and(|region| region.trim().is_empty()) {
            let why = "The Region is empty. Set the Region of the prefix list, such as \"us-east-1\".";
            found.push(Diagnostic::error("Invalid prefix_list_region", why).at(at!(Self, prefix_list_region)));
        }
        found.extend(self.check_follows());
        found
    }

    fn fill(&mut self, record: &TargetRecord) {
        self.name = name_of(&record.tags);
        self.ipam_prefix_list_resolver_id = record.resolver_id.clone().into();
        self.prefix_list_id = record.prefix_list_id.clone().into();
        self.prefix_list_region = record.prefix_list_region.clone().into();
        self.track_latest_version = (record.follows == Follows::Latest).into();
        self.desired_version = match record.follows {
            Follows::Latest => Tf::Null,
            Follows::Version(version) => version.into(),
        };
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.state = record.state.clone().into();
        self.state_message = record.state_message.clone().into();
        self.last_synced_version = record.last_synced_version.into();
    }

    fields_with_tags!();

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::Service(fault) if fault.code.as_deref() == Some("sync-failed") => at!(Self, prefix_list_id),
            _ => Path::root(),
        }
    }
}

impl AssignedModel for TargetModel {
    fn spec(&self) -> Option<TargetSpec> {
        Some(TargetSpec {
            resolver_id: self.ipam_prefix_list_resolver_id.cloned()?,
            prefix_list_id: self.prefix_list_id.cloned()?,
            prefix_list_region: self.prefix_list_region.cloned()?,
            follows: self.follows()?,
            tags: named(&self.name, &self.tags_all)?,
        })
    }

    fn plan_change(prior: &Self, planned: &mut Self) {
        if differs(prior, planned) {
            planned.state = Tf::Unknown;
            planned.state_message = Tf::Unknown;
            planned.last_synced_version = Tf::Unknown;
        }
    }

    fn preflight(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        let mut found: Diagnostics = self.check_version(prior, ipam).into_iter().collect();
        let failed = |prior: &&Self| prior.state.get().is_some_and(|word| word == "sync-failed");
        if let Some(prior) = prior.filter(failed).filter(|prior| !differs(*prior, self)) {
            let why = format!(
                "AWS could not write the prefix list: {} Correct that. Then replace this target, or set another \
                 version, so that AWS tries again.",
                sentence(&prior.state_message)
            );
            found.push(Diagnostic::warning("The prefix list is out of date", why).at(at!(Self, prefix_list_id)));
        }
        found
    }

    fn failure(record: &TargetRecord) -> Option<&Error> {
        record.failure.as_ref()
    }
}
