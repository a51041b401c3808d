//! `ipam_resource_discovery`: what looks into accounts.

use std::collections::BTreeSet;

use crate::backend::Ipam;
use crate::backend::observation::SeenType;
use crate::backend::service::{AccountId, DiscoveryNoun, DiscoveryRecord, DiscoverySpec, EntityPath, RoleArn};
use crate::ipam::Tags;
use crate::ipam::seen::{Exclusions, Survey, SurveyRole, UnknownColumns};
use crate::tf::{Diagnostics, Tf};
use crate::{at, model, text_attr};

use super::super::resources::{Timeouts, check_name};
use super::ServiceModel;
use super::data::ServiceData;
use super::discovery_rules::{check, check_capabilities, check_quota};

text_attr!(EntityPath);
text_attr!(RoleArn);
text_attr!(UnknownColumns);

model! {
    /// A resource discovery: what looks into accounts, and where.
    ///
    /// On a store of one's own it says where `terraform-provider-ipam discover` looks: through roles into accounts, in Regions,
    /// and into files about networks outside of AWS. What it saw is in the data sources `ipam_discovered_*` and
    /// `ipam_resource_cidrs`; the guide "Discovery" tells the rest.
    ///
    /// In AWS IPAM it looks at what the account, or the whole organization, uses in Regions. Every IPAM comes with one of
    /// its own; one more is for sharing with the IPAM of another organization. There can be one in each Region of an
    /// account. The one of an IPAM can be imported and changed; it goes with its IPAM, so that destroying it is refused.
    pub(crate) struct DiscoveryModel {
        /// Name of the discovery; in AWS it is kept in the tag `Name`.
        name: String => optional(),
        /// Free text.
        description: String => optional(),
        /// Regions in which resources are looked at. Needed, but for a discovery of a store of one's own that has `files`.
        /// In AWS IPAM the home Region belongs to them.
        operating_regions: BTreeSet<String> => optional(),
        /// Organizational units that are not looked at: paths such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`, with
        /// `/*` at the end for all units below it too, none of which covers another. AWS allows 10 until its support
        /// raises that. Only in AWS IPAM, which knows the organization.
        organizational_unit_exclusions: BTreeSet<EntityPath> => optional(),
        /// With `role` blocks: also looks into the account of whoever runs `discover`. Without any it does so anyway.
        /// Not in AWS IPAM, as everything from here to `avoided`, and the `role` blocks.
        own_account: bool => optional().computed(),
        /// Kinds of resources to look at: `vpc`, `subnet`, `eni`, `eip` or `public-ipv4-pool`. All of them when not set.
        resource_types: BTreeSet<SeenType> => optional(),
        /// Accounts that are left out.
        excluded_account_ids: BTreeSet<AccountId> => optional(),
        /// Resources that are left out, by id; of a VPC also what is in it.
        excluded_resource_ids: BTreeSet<String> => optional(),
        /// Resources that have one of these tags with this value are left out, of a VPC also what is in it.
        excluded_tags: Tags => optional(),
        /// Files (CSV or JSON) about networks outside of AWS: paths as `discover` sees them. They are read only below
        /// directories that whoever looks names: with `discover --files-below` (the working directory when not given), and
        /// for the look of a plan with `discovery_files_below` in the provider block (none when not set).
        files: BTreeSet<String> => optional(),
        /// What becomes of columns of those files (in JSON: of members) that are not known: `refuse` (nothing of such a file
        /// is taken; also when not set), `tags` (each is a tag of the resource, with the name of the column for its key), or
        /// `ignore` (`discover` prints a warning with the numbers of the columns).
        unknown_columns: UnknownColumns => optional(),
        /// Whether allocations by size keep off the VPCs that it has seen, and in a pool that has the CIDR of a VPC off
        /// what is in that VPC. `true` when not set. An allocation by `cidr` may take such a block, and says by that
        /// whose it is.
        avoided: bool => optional().computed(),
        /// Tags of the discovery.
        tags: Tags => optional(),
        /// Id of the discovery.
        id: String => computed(),
        /// ARN of the discovery; null in a store of one's own.
        arn: String => computed(),
        /// Account that owns it; null in a store of one's own.
        owner_id: String => computed(),
        /// Whether it came with an IPAM.
        is_default: bool => computed(),
        /// Home Region; null in a store of one's own.
        ipam_resource_discovery_region: String => computed(),
        /// `tags` and the provider's `default_tags`.
        tags_all: Tags => computed(),
    }
    blocks { role: Vec<RoleModel>, timeouts: Timeouts }
}

model! {
    /// A role in an account that is looked at, one block for each account. Not in AWS IPAM.
    pub(crate) struct RoleModel {
        /// ARN of the role, such as `arn:aws:iam::111122223333:role/discovery`.
        role_arn: RoleArn => required(),
        /// What the owner of the role asks for.
        external_id: String => optional(),
    }
}

/// None and an empty set are the same: the state keeps what the user wrote.
fn shown<T: Default + PartialEq>(kept: T, state: &mut Tf<T>) {
    let is_empty = kept == T::default();
    if is_empty && (state.is_null() || state.get() == Some(&kept)) {
        return;
    }
    *state = Some(kept).filter(|_| !is_empty).into();
}

/// Texts as values of a type that only takes right ones; what is kept is right.
fn parsed<'a, T: std::str::FromStr + Ord>(texts: impl IntoIterator<Item = &'a String>) -> BTreeSet<T> {
    texts.into_iter().filter_map(|text| text.parse().ok()).collect()
}

fn texts<T: ToString>(set: &Tf<BTreeSet<T>>) -> BTreeSet<String> {
    set.get().into_iter().flatten().map(ToString::to_string).collect()
}

impl RoleModel {
    fn of(role: &SurveyRole) -> Option<Self> {
        Some(Self {
            role_arn: role.role_arn.parse::<RoleArn>().ok()?.into(),
            external_id: role.external_id.clone().into(),
        })
    }

    fn role(&self) -> Option<SurveyRole> {
        let external_id = (!self.external_id.is_unknown()).then(|| self.external_id.cloned())?;
        Some(SurveyRole { role_arn: self.role_arn.get()?.to_string(), external_id })
    }
}

impl DiscoveryModel {
    fn is_unknown(&self) -> bool {
        let flags = [self.own_account.is_unknown(), self.avoided.is_unknown(), self.description.is_unknown()];
        let sets = [
            self.organizational_unit_exclusions.is_unknown(),
            self.operating_regions.is_unknown(),
            self.resource_types.is_unknown(),
            self.excluded_account_ids.is_unknown(),
            self.excluded_resource_ids.is_unknown(),
            self.excluded_tags.is_unknown(),
            self.files.is_unknown(),
            self.unknown_columns.is_unknown(),
        ];
        flags.into_iter().chain(sets).any(|is_unknown| is_unknown)
    }

    /// Where it looks; `None` while something of it is unknown.
    fn survey(&self) -> Option<Survey> {
        let roles = if self.role.is_unknown() { return None } else { self.role.cloned().unwrap_or_default() };
        Some(Survey {
            operating_regions: self.operating_regions.cloned().unwrap_or_default(),
            roles: roles.iter().map(RoleModel::role).collect::<Option<_>>()?,
            own_account: self.own_account.cloned().unwrap_or(false),
            resource_types: self.resource_types.cloned().unwrap_or_default(),
            exclusions: Exclusions {
                account_ids: texts(&self.excluded_account_ids),
                resource_ids: self.excluded_resource_ids.cloned().unwrap_or_default(),
                tags: self.excluded_tags.cloned().unwrap_or_default(),
            },
            files: self.files.cloned().unwrap_or_default(),
            unknown_columns: self.unknown_columns.cloned().unwrap_or_default(),
            avoided: self.avoided.cloned().unwrap_or(false),
        })
    }

    fn fill_survey(&mut self, survey: &Survey) {
        shown(survey.operating_regions.clone(), &mut self.operating_regions);
        shown(survey.resource_types.clone(), &mut self.resource_types);
        shown(parsed(&survey.exclusions.account_ids), &mut self.excluded_account_ids);
        shown(survey.exclusions.resource_ids.clone(), &mut self.excluded_resource_ids);
        shown(survey.exclusions.tags.clone(), &mut self.excluded_tags);
        shown(survey.files.clone(), &mut self.files);
        shown(survey.unknown_columns, &mut self.unknown_columns);
        let roles: Vec<_> = survey.roles.iter().filter_map(RoleModel::of).collect();
        self.role = Tf::Known(roles);
    }
}

impl ServiceModel for DiscoveryModel {
    type Noun = DiscoveryNoun;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        diagnostics.append(check(self));
        diagnostics
    }

    fn settle(config: &Self, planned: &mut Self, ipam: &dyn Ipam) {
        let has_survey = ipam.capabilities().surveys;
        let settled = |said: &Tf<bool>, otherwise| match said {
            Tf::Null if has_survey => Tf::Known(otherwise),
            said => said.clone(),
        };
        planned.own_account = settled(&config.own_account, false);
        planned.avoided = settled(&config.avoided, true);
        if has_survey {
            (planned.arn, planned.owner_id, planned.ipam_resource_discovery_region) = (Tf::Null, Tf::Null, Tf::Null);
            planned.is_default = false.into();
        }
    }

    fn foresee(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        let mut said = check_capabilities(self, ipam);
        said.append(check_quota(prior, self));
        said
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

    fn fill(&mut self, record: &DiscoveryRecord) {
        self.name = record.name.clone().into();
        self.description = record.description.clone().into();
        self.fill_survey(&record.survey);
        shown(record.exclusions.clone(), &mut self.organizational_unit_exclusions);
        // Only a store that takes surveys says these.
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
}

model! {
    /// A resource discovery that the account has, or that is shared with it.
    pub(crate) struct DiscoveryFacts {
        /// Id.
        id: String => computed(),
        /// Its name; null when it has none.
        name: String => computed(),
        /// ARN; null in a store of one's own.
        arn: String => computed(),
        /// Account that owns it; null in a store of one's own.
        owner_id: String => computed(),
        /// Whether it came with an IPAM.
        is_default: bool => computed(),
        /// Home Region; null in a store of one's own.
        ipam_resource_discovery_region: String => computed(),
        /// Free text.
        description: String => computed(),
        /// Regions in which resources are looked at.
        operating_regions: BTreeSet<String> => computed(),
        /// Organizational units that are not looked at.
        organizational_unit_exclusions: BTreeSet<EntityPath> => computed(),
        /// Roles that are taken on to look into accounts; null in AWS IPAM, as what follows.
        role_arns: BTreeSet<String> => computed(),
        /// Whether the account of whoever looks is looked at too.
        own_account: bool => computed(),
        /// Kinds of resources that are looked at; empty: all of them.
        resource_types: BTreeSet<SeenType> => computed(),
        /// Accounts that are left out.
        excluded_account_ids: BTreeSet<String> => computed(),
        /// Resources that are left out.
        excluded_resource_ids: BTreeSet<String> => computed(),
        /// Resources with one of these tags are left out.
        excluded_tags: Tags => computed(),
        /// Files about networks outside of AWS.
        files: BTreeSet<String> => computed(),
        /// What becomes of columns of those files that are not known: `refuse`, `tags` or `ignore`.
        unknown_columns: UnknownColumns => computed(),
        /// Whether allocations by size keep off the VPCs that it has seen.
        avoided: bool => computed(),
        /// Tags.
        tags: Tags => computed(),
    }
}

impl DiscoveryFacts {
    fn of(record: DiscoveryRecord) -> Self {
        let survey = record.survey;
        // AWS says nothing of the rest of a survey.
        let own = record.arn.is_none().then(|| survey.clone());
        let exclusions = own.as_ref().map(|own| own.exclusions.clone());
        Self {
            name: record.name.into(),
            role_arns: own.as_ref().map(|own| own.roles.iter().map(|role| role.role_arn.clone()).collect()).into(),
            own_account: own.as_ref().map(|own| own.own_account || own.roles.is_empty()).into(),
            resource_types: own.as_ref().map(|own| own.resource_types.clone()).into(),
            excluded_account_ids: exclusions.as_ref().map(|exclusions| exclusions.account_ids.clone()).into(),
            excluded_resource_ids: exclusions.as_ref().map(|exclusions| exclusions.resource_ids.clone()).into(),
            excluded_tags: exclusions.map(|exclusions| exclusions.tags).into(),
            files: own.as_ref().map(|own| own.files.clone()).into(),
            unknown_columns: own.as_ref().map(|own| own.unknown_columns).into(),
            avoided: own.map(|own| own.avoided).into(),
            id: record.id.into(),
            arn: record.arn.into(),
            owner_id: record.owner_id.into(),
            is_default: record.is_default.into(),
            ipam_resource_discovery_region: record.region.into(),
            description: record.description.into(),
            operating_regions: survey.operating_regions.into(),
            organizational_unit_exclusions: record.exclusions.into(),
            tags: record.tags.into(),
        }
    }
}

model! {
    /// Lists the resource discoveries: those of the store, or in AWS IPAM those that the account sees in the provider's
    /// Region, its own and those that are shared with it.
    pub(crate) struct DiscoveriesModel {
        /// Only those that came with an IPAM (true), or that did not (false).
        is_default: bool => optional(),
        /// The discoveries, by id.
        resource_discoveries: Vec<DiscoveryFacts> => computed(),
        /// Their ids, in the same order.
        ids: Vec<String> => computed(),
    }
}

impl ServiceData for DiscoveriesModel {
    type Noun = DiscoveryNoun;
    const TYPE: &'static str = "ipam_resource_discoveries";

    fn answer(self, mut all: Vec<DiscoveryRecord>) -> Result<Self, Diagnostics> {
        all.retain(|one| self.is_default.get().is_none_or(|wanted| one.is_default == *wanted));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let ids: Vec<_> = all.iter().map(|one| one.id.clone()).collect();
        let found: Vec<_> = all.into_iter().map(DiscoveryFacts::of).collect();
        Ok(Self { ids: ids.into(), resource_discoveries: found.into(), ..self })
    }
}
