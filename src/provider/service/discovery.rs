//! `ipam_resource_discovery`: what looks into accounts.

use std::collections::BTreeSet;

use crate::backend::Ipam;
use crate::backend::service::{DiscoveryNoun, DiscoveryRecord, DiscoverySpec, EntityPath};
use crate::ipam::Tags;
use crate::tf::{Diagnostics, Tf, wrong_value};
use crate::{at, model, text_attr};

use super::super::resources::{Timeouts, check_name};
use super::data::ServiceData;
use super::quotas::Quota;
use super::{ServiceModel, name_of, named};

text_attr!(EntityPath);

/// Parts of an organization that a discovery leaves out.
const EXCLUSIONS: Quota = Quota {
    usual: 10,
    of: "organizational units that one resource discovery leaves out",
    otherwise: "Name a unit above them then, with \"/*\" at the end.",
};

model! {
    /// A resource discovery of AWS IPAM: it looks at what the account, or the whole organization, uses in Regions. Every
    /// IPAM comes with one of its own; one more is for sharing with the IPAM of another organization. There can be one
    /// in each Region of an account. The one of an IPAM can be imported and changed; it goes with its IPAM, so that
    /// destroying it is refused.
    pub(crate) struct DiscoveryModel {
        /// Name of the discovery, kept in its tag `Name`.
        name: String => optional(),
        /// Free text.
        description: String => optional(),
        /// Regions in which resources are looked at. The home Region belongs to them.
        operating_regions: BTreeSet<String> => required(),
        /// Organizational units that are not looked at: paths such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`, with
        /// `/*` at the end for all units below it too, none of which covers another. AWS allows 10 until its support
        /// raises that.
        organizational_unit_exclusions: BTreeSet<EntityPath> => optional(),
        /// Tags of the discovery.
        tags: Tags => optional(),
        /// Id of the discovery.
        id: String => computed(),
        /// ARN of the discovery.
        arn: String => computed(),
        /// Account that owns it.
        owner_id: String => computed(),
        /// Whether it came with an IPAM.
        is_default: bool => computed(),
        /// Home Region.
        ipam_resource_discovery_region: String => computed(),
        /// `tags` and the provider's `default_tags`.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// Exclusions that AWS would refuse beside each other.
fn check_exclusions(exclusions: &Tf<BTreeSet<EntityPath>>) -> Diagnostics {
    let at = at!(DiscoveryModel, organizational_unit_exclusions);
    let Some(paths) = exclusions.get() else { return Diagnostics::new() };
    let covered = |path: &&EntityPath| paths.iter().find(|other| other != path && other.covers(path));
    match paths.iter().find_map(|path| covered(&path).map(|other| (path, other))) {
        Some((path, other)) => {
            wrong_value(&at, format!("\"{other}\" covers \"{path}\" already, and AWS takes none twice. Leave one out."))
        }
        None => Diagnostics::new(),
    }
}

impl ServiceModel for DiscoveryModel {
    type Noun = DiscoveryNoun;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        diagnostics.append(check_exclusions(&self.organizational_unit_exclusions));
        diagnostics
    }

    fn spec(&self) -> Option<DiscoverySpec> {
        let unknown = self.description.is_unknown() || self.organizational_unit_exclusions.is_unknown();
        (!unknown).then_some(())?;
        Some(DiscoverySpec {
            description: self.description.cloned(),
            operating_regions: self.operating_regions.cloned()?,
            exclusions: self.organizational_unit_exclusions.cloned().unwrap_or_default(),
            tags: named(&self.name, &self.tags_all)?,
        })
    }

    fn fill(&mut self, record: &DiscoveryRecord) {
        self.name = name_of(&record.tags);
        self.description = record.description.clone().into();
        self.operating_regions = record.operating_regions.clone().into();
        // None and an empty set are the same to AWS: the state keeps what the user wrote.
        if !record.exclusions.is_empty() || self.organizational_unit_exclusions.get().is_some_and(|old| !old.is_empty())
        {
            let found = Some(record.exclusions.clone()).filter(|found| !found.is_empty());
            self.organizational_unit_exclusions = found.into();
        }
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.is_default = record.is_default.into();
        self.ipam_resource_discovery_region = record.region.clone().into();
    }

    fields_with_tags!();

    fn foresee(&self, prior: Option<&Self>, _: &dyn Ipam) -> Diagnostics {
        let count = |model: &Self| model.organizational_unit_exclusions.get().map_or(0, BTreeSet::len);
        let at = at!(Self, organizational_unit_exclusions);
        EXCLUSIONS.warning(count(self), prior.map_or(0, count), at).into_iter().collect()
    }
}

model! {
    /// A resource discovery that the account has, or that is shared with it.
    pub(crate) struct DiscoveryFacts {
        /// Id.
        id: String => computed(),
        /// Its name; null when it has none.
        name: String => computed(),
        /// ARN.
        arn: String => computed(),
        /// Account that owns it.
        owner_id: String => computed(),
        /// Whether it came with an IPAM.
        is_default: bool => computed(),
        /// Home Region.
        ipam_resource_discovery_region: String => computed(),
        /// Free text.
        description: String => computed(),
        /// Regions in which resources are looked at.
        operating_regions: BTreeSet<String> => computed(),
        /// Organizational units that are not looked at.
        organizational_unit_exclusions: BTreeSet<EntityPath> => computed(),
        /// Tags.
        tags: Tags => computed(),
    }
}

impl DiscoveryFacts {
    fn of(record: DiscoveryRecord) -> Self {
        Self {
            name: name_of(&record.tags),
            id: record.id.into(),
            arn: record.arn.into(),
            owner_id: record.owner_id.into(),
            is_default: record.is_default.into(),
            ipam_resource_discovery_region: record.region.into(),
            description: record.description.into(),
            operating_regions: record.operating_regions.into(),
            organizational_unit_exclusions: record.exclusions.into(),
            tags: record.tags.into(),
        }
    }
}

model! {
    /// Lists the resource discoveries that the account sees in the provider's Region: its own, and those that are
    /// shared with it.
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
