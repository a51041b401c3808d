//! The noun of `ipam_resource_discovery`: its checks, its record and its request.

use crate::at;
use crate::backend::Ipam;
use crate::backend::service::{DiscoveryNoun, DiscoveryRecord, DiscoverySpec};
use crate::tf::{Diagnostics, Tf};

use super::super::noun::{AssignedModel, NounModel, fields_with_tags};
use super::super::resources::check_name;
use super::discovery::{DiscoveryModel, shown};
use super::discovery_rules::{check, check_capabilities, check_quota};

impl NounModel for DiscoveryModel {
    type Noun = DiscoveryNoun;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        diagnostics.append(check(self));
        diagnostics
    }

    fn fill(&mut self, record: &DiscoveryRecord) {
        self.name = record.name.clone().into();
        self.description = record.description.clone().into();
        self.fill_survey(&record.survey);
        shown(record.exclusions.clone(), &mut self.organizational_unit_exclusions);
        // Only a store that makes its own scans has these values.
        let says = record.arn.is_none();
        self.own_account = says.then_some(record.survey.own_account).into();
        self.avoided = says.then_some(record.survey.avoided).into();
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.is_default = record.is_default.into();
        self.ipam_resource_discovery_region = record.region.clone().into();
    }

    fields_with_tags!();

    /// Without roles, `own_account = false` is an error, and it is the default.
    fn leave_out_what_follows(&mut self) {
        if self.own_account == Tf::Known(false) {
            self.own_account = Tf::Null;
        }
    }
}

impl AssignedModel for DiscoveryModel {
    fn settle(config: &Self, planned: &mut Self, ipam: &dyn Ipam) {
        let has_survey = ipam.capabilities().surveys;
        let settled = |written: &Tf<bool>, otherwise| match written {
            Tf::Null if has_survey => Tf::Known(otherwise),
            written => written.clone(),
        };
        planned.own_account = settled(&config.own_account, false);
        planned.avoided = settled(&config.avoided, true);
        if has_survey {
            (planned.arn, planned.owner_id, planned.ipam_resource_discovery_region) = (Tf::Null, Tf::Null, Tf::Null);
            planned.is_default = false.into();
        }
    }

    fn preflight(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        let mut diagnostics = check_capabilities(self, ipam);
        diagnostics.append(check_quota(prior, self));
        diagnostics
    }

    fn spec(&self) -> Option<DiscoverySpec> {
        if self.is_unknown() || self.name.is_unknown() {
            return None;
        }
        Some(DiscoverySpec {
            name: self.name.cloned(),
            description: self.description.cloned(),
            survey: self.survey()?,
            exclusions: self.organizational_unit_exclusions.cloned().unwrap_or_default(),
            tags: self.tags_all.cloned()?,
        })
    }
}
