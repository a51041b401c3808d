//! `ipam_resource_discovery`: where scans look for resources.

use std::collections::{BTreeMap, BTreeSet};

use crate::backend::observation::SeenType;
use crate::backend::service::{AccountId, DiscoveryNoun, DiscoveryRecord, EntityPath, RoleArn};
use crate::ipam::Tags;
use crate::ipam::discovery::types::{Exclusions, FileFormat, Survey, SurveyRole, UnknownColumns};
use crate::tf::{Diagnostics, Tf};
use crate::{model, text_attr};

use super::super::noun::Timeouts;
use super::data::ServiceData;

text_attr!(EntityPath);
text_attr!(FileFormat);
text_attr!(RoleArn);
text_attr!(UnknownColumns);

model! {
    /// Manages a resource discovery, which defines where existing resources and their addresses are found. Changes are
    /// made in place.
    ///
    /// On a self-managed store, it configures the scans of `terraform-provider-ipam discover`, and of data sources with
    /// `max_age`: the accounts (through roles), the Regions, and the files about networks outside of AWS. The data
    /// sources `ipam_discovered_*` and `ipam_resource_cidrs` return the results. The guide "Discovery" explains the
    /// details.
    ///
    /// In AWS IPAM, it monitors the resources of the account, or of the whole organization, in its Regions. Every IPAM
    /// has its own discovery; create another one to share it with the IPAM of another organization. There can be one in
    /// each Region of an account. The discovery of an IPAM can be imported and changed. It cannot be destroyed, because
    /// it is deleted together with its IPAM.
    pub(crate) struct DiscoveryModel {
        /// Name of the discovery. In AWS IPAM, it is the value of the tag `Name`. It does not have to be unique.
        name: String => optional(),
        /// Description of the discovery.
        description: String => optional(),
        /// Set of the Regions in which scans look for resources. Required, except for a discovery with `files` in a
        /// self-managed store. In AWS IPAM, the set must contain the home Region.
        operating_regions: BTreeSet<String> => optional(),
        /// Set of paths of organizational units that are excluded, such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`.
        /// With `/*` at its end, a path also excludes all units below. No path may cover another path. AWS allows 10
        /// paths, unless AWS Support has raised this quota. Only with `aws-ipam`, because self-managed stores do not
        /// know the organization.
        organizational_unit_exclusions: BTreeSet<EntityPath> => optional(),
        /// Whether scans cover the account of the caller in addition to the accounts of the `role` blocks. Default:
        /// `false`. Without `role` blocks, scans cover the account of the caller in any case. Not available with
        /// `aws-ipam`.
        own_account: bool => optional().computed(),
        /// Set of the types of resources that scans look for: `vpc`, `subnet`, `eni`, `eip` or `public-ipv4-pool`.
        /// Default: all of them. Not available with `aws-ipam`.
        resource_types: BTreeSet<SeenType> => optional(),
        /// Set of the IDs of AWS accounts whose resources are excluded. Not available with `aws-ipam`.
        excluded_account_ids: BTreeSet<AccountId> => optional(),
        /// Set of the IDs of resources that are excluded. When a VPC is excluded, everything in it is excluded as well.
        /// Not available with `aws-ipam`.
        excluded_resource_ids: BTreeSet<String> => optional(),
        /// Map of tags. A resource that has one of these tags with the same value is excluded. When a VPC is excluded,
        /// everything in it is excluded as well. Not available with `aws-ipam`.
        excluded_tags: Tags => optional(),
        /// Set of paths of files that describe networks outside of AWS: CSV or JSON with the columns in the guide
        /// "Discovery", or exports of NetBox, Infoblox, phpIPAM, Terraform and the command lines of Azure, Google Cloud
        /// and AWS. A relative path starts at the working directory of the scan. A scan reads files only below the directories that its caller names: with
        /// `discover --files-below` (default: the working directory), or for the scan of a plan with
        /// `discovery_files_below` in the provider block (default: none). Not available with `aws-ipam`.
        files: BTreeSet<String> => optional(),
        /// Map from paths in `files` to the formats of these files: `ipam` (the columns of a discovery), `netbox`,
        /// `infoblox`, `phpipam`, `aws`, `azure`, `gcp` or `terraform`. Default: the content tells the format, and a scan
        /// uses nothing from a file whose content fits no format, or several. Not available with `aws-ipam`.
        file_formats: BTreeMap<String, FileFormat> => optional(),
        /// Treatment of unknown columns in `files` (in JSON: of unknown members), except in exports of other systems.
        /// With `refuse` (the default), a scan
        /// uses nothing from such a file. With `tags`, each column becomes a tag of the resource, with the name of the
        /// column as its key. With `ignore`, the columns are skipped, and `discover` prints a warning with their
        /// numbers. Not available with `aws-ipam`.
        unknown_columns: UnknownColumns => optional(),
        /// Whether allocations by `netmask_length` avoid the VPCs and other networks that the discovery found. In a
        /// pool that has the CIDR of a VPC, such allocations avoid the resources in that VPC instead. Default: `true`.
        /// An allocation by `cidr` may use the CIDR of a resource, and manages the resource then. Not available with
        /// `aws-ipam`.
        avoided: bool => optional().computed(),
        /// Map of tags for the discovery.
        tags: Tags => optional(),
        /// ID of the discovery.
        id: String => computed(),
        /// ARN of the discovery; null on a self-managed store.
        arn: String => computed(),
        /// ID of the AWS account that owns the discovery; null on a self-managed store.
        owner_id: String => computed(),
        /// Whether the discovery was created together with an IPAM.
        is_default: bool => computed(),
        /// Home Region of the discovery; null on a self-managed store.
        ipam_resource_discovery_region: String => computed(),
        /// All tags of the discovery: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { role: Vec<RoleModel>, timeouts: Timeouts }
}

model! {
    /// Role in an account that scans cover, one block for each account. Not available with `aws-ipam`.
    pub(crate) struct RoleModel {
        /// ARN of the role, such as `arn:aws:iam::111122223333:role/discovery`.
        role_arn: RoleArn => required(),
        /// External ID that the trust policy of the role requires, at least two characters.
        external_id: String => optional(),
    }
}

/// A missing set and an empty set mean the same. The state keeps the one that the user wrote.
pub(super) fn shown<T: Default + PartialEq>(kept: T, state: &mut Tf<T>) {
    let is_empty = kept == T::default();
    if is_empty && (state.is_null() || state.get() == Some(&kept)) {
        return;
    }
    *state = Some(kept).filter(|_| !is_empty).into();
}

/// The values of texts from the store, which are valid.
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
    pub(super) fn is_unknown(&self) -> bool {
        let flags = [self.own_account.is_unknown(), self.avoided.is_unknown(), self.description.is_unknown()];
        let sets = [
            self.organizational_unit_exclusions.is_unknown(),
            self.operating_regions.is_unknown(),
            self.resource_types.is_unknown(),
            self.excluded_account_ids.is_unknown(),
            self.excluded_resource_ids.is_unknown(),
            self.excluded_tags.is_unknown(),
            self.files.is_unknown(),
            self.file_formats.is_unknown(),
            self.unknown_columns.is_unknown(),
        ];
        flags.into_iter().chain(sets).any(|is_unknown| is_unknown)
    }

    /// The configuration of the scans; `None` while a part of it is unknown.
    pub(super) fn survey(&self) -> Option<Survey> {
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
            file_formats: self.file_formats.cloned().unwrap_or_default(),
            unknown_columns: self.unknown_columns.cloned().unwrap_or_default(),
            avoided: self.avoided.cloned().unwrap_or(false),
        })
    }

    pub(super) fn fill_survey(&mut self, survey: &Survey) {
        shown(survey.operating_regions.clone(), &mut self.operating_regions);
        shown(survey.resource_types.clone(), &mut self.resource_types);
        shown(parsed(&survey.exclusions.account_ids), &mut self.excluded_account_ids);
        shown(survey.exclusions.resource_ids.clone(), &mut self.excluded_resource_ids);
        shown(survey.exclusions.tags.clone(), &mut self.excluded_tags);
        shown(survey.files.clone(), &mut self.files);
        shown(survey.file_formats.clone(), &mut self.file_formats);
        shown(survey.unknown_columns, &mut self.unknown_columns);
        let roles: Vec<_> = survey.roles.iter().filter_map(RoleModel::of).collect();
        self.role = Tf::Known(roles);
    }
}

model! {
    /// The attributes of a resource discovery that belongs to the account or is shared with it.
    pub(crate) struct DiscoveryFacts {
        /// ID of the discovery.
        id: String => computed(),
        /// Name of the discovery; null if it has none.
        name: String => computed(),
        /// ARN of the discovery; null on a self-managed store.
        arn: String => computed(),
        /// ID of the AWS account that owns the discovery; null on a self-managed store.
        owner_id: String => computed(),
        /// Whether the discovery was created together with an IPAM.
        is_default: bool => computed(),
        /// Home Region of the discovery; null on a self-managed store.
        ipam_resource_discovery_region: String => computed(),
        /// Description of the discovery.
        description: String => computed(),
        /// Set of the Regions in which scans look for resources.
        operating_regions: BTreeSet<String> => computed(),
        /// Set of paths of organizational units that are excluded; empty on a self-managed store.
        organizational_unit_exclusions: BTreeSet<EntityPath> => computed(),
        /// Set of the ARNs of the roles through which scans cover other accounts; null in AWS IPAM.
        role_arns: BTreeSet<String> => computed(),
        /// Whether scans cover the account of the caller; null in AWS IPAM.
        own_account: bool => computed(),
        /// Set of the types of resources that scans look for, empty for all types; null in AWS IPAM.
        resource_types: BTreeSet<SeenType> => computed(),
        /// Set of the IDs of AWS accounts whose resources are excluded; null in AWS IPAM.
        excluded_account_ids: BTreeSet<String> => computed(),
        /// Set of the IDs of resources that are excluded; null in AWS IPAM.
        excluded_resource_ids: BTreeSet<String> => computed(),
        /// Map of tags. Resources with one of these tags are excluded. Null in AWS IPAM.
        excluded_tags: Tags => computed(),
        /// Set of paths of files about networks outside of AWS; null in AWS IPAM.
        files: BTreeSet<String> => computed(),
        /// Map from paths in `files` to the formats of these files; null in AWS IPAM.
        file_formats: BTreeMap<String, FileFormat> => computed(),
        /// Treatment of unknown columns in `files`: `refuse`, `tags` or `ignore`; null in AWS IPAM.
        unknown_columns: UnknownColumns => computed(),
        /// Whether allocations by `netmask_length` avoid the VPCs and other networks that the discovery found; null in
        /// AWS IPAM.
        avoided: bool => computed(),
        /// Map of the tags of the discovery.
        tags: Tags => computed(),
    }
}

impl DiscoveryFacts {
    fn of(record: DiscoveryRecord) -> Self {
        let survey = record.survey;
        // AWS does not report the other parts of a survey.
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
            file_formats: own.as_ref().map(|own| own.file_formats.clone()).into(),
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
    /// Lists resource discoveries: those of a self-managed store, or with `aws-ipam` those that are visible to the
    /// account in the Region of the provider, including those that are shared with it.
    pub(crate) struct DiscoveriesModel {
        /// Whether to list only discoveries that were created together with an IPAM (`true`), or only the others
        /// (`false`). Default: both. On a self-managed store, no discovery was created together with an IPAM.
        is_default: bool => optional(),
        /// List of the discoveries, sorted by ID.
        resource_discoveries: Vec<DiscoveryFacts> => computed(),
        /// List of the IDs of the discoveries, in the order of `resource_discoveries`.
        ids: Vec<String> => computed(),
    }
}

impl ServiceData for DiscoveriesModel {
    type Noun = DiscoveryNoun;
    const TYPE: &'static str = "ipam_resource_discoveries";

    fn fill(self, mut all: Vec<DiscoveryRecord>) -> Result<Self, Diagnostics> {
        all.retain(|one| self.is_default.get().is_none_or(|wanted| one.is_default == *wanted));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let ids: Vec<_> = all.iter().map(|one| one.id.clone()).collect();
        let found: Vec<_> = all.into_iter().map(DiscoveryFacts::of).collect();
        Ok(Self { ids: ids.into(), resource_discoveries: found.into(), ..self })
    }
}
