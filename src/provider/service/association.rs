//! `ipam_resource_discovery_association`: an IPAM takes what a resource discovery sees.

use crate::backend::service::{AssociationNoun, AssociationRecord, AssociationSpec};
use crate::ipam::{Error, Tags};
use crate::tf::{Diagnostics, Path};
use crate::{at, model};

use super::super::resources::Timeouts;
use super::ServiceModel;
use super::data::ServiceData;

model! {
    /// Brings a resource discovery and an IPAM of AWS together: the IPAM takes what the discovery sees. The discovery may
    /// be of another account, which has to share it with this one (AWS RAM) in the IPAM's home Region. An IPAM has one
    /// with its own discovery from the start.
    pub(crate) struct AssociationModel {
        /// The IPAM.
        ipam_id: String => required().replace(),
        /// The resource discovery.
        ipam_resource_discovery_id: String => required().replace(),
        /// Tags of the association.
        tags: Tags => optional(),
        /// Id of the association.
        id: String => computed(),
        /// ARN of the association.
        arn: String => computed(),
        /// Account that owns the IPAM.
        owner_id: String => computed(),
        /// ARN of the IPAM.
        ipam_arn: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// Whether it came with the IPAM.
        is_default: bool => computed(),
        /// AWS's word for how it stands, such as `associate-complete`.
        state: String => computed(),
        /// `active`, or `not-found`: the discovery is gone, or is not shared with this account any more, and nothing new
        /// is seen through it.
        resource_discovery_status: String => computed(),
        /// `tags` and the provider's `default_tags`.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl ServiceModel for AssociationModel {
    type Noun = AssociationNoun;

    fn spec(&self) -> Option<AssociationSpec> {
        Some(AssociationSpec {
            ipam_id: self.ipam_id.cloned()?,
            discovery_id: self.ipam_resource_discovery_id.cloned()?,
            tags: self.tags_all.cloned()?,
        })
    }

    fn fill(&mut self, record: &AssociationRecord) {
        self.ipam_id = record.ipam_id.clone().into();
        self.ipam_resource_discovery_id = record.discovery_id.clone().into();
        self.id = record.id.clone().into();
        self.arn = record.arn.clone().into();
        self.owner_id = record.owner_id.clone().into();
        self.ipam_arn = record.ipam_arn.clone().into();
        self.ipam_region = record.ipam_region.clone().into();
        self.is_default = record.is_default.into();
        self.state = record.state.clone().into();
        self.resource_discovery_status = record.discovery_status.clone().into();
    }

    fields_with_tags!();

    fn place(&self, error: &Error) -> Path {
        let code = match error {
            Error::Service(fault) => fault.code.as_deref().unwrap_or_default(),
            _ => "",
        };
        match code {
            "InvalidIpamResourceDiscoveryId.NotFound" => at!(Self, ipam_resource_discovery_id),
            "InvalidIpamId.NotFound" => at!(Self, ipam_id),
            _ => Path::root(),
        }
    }
}

model! {
    /// An association of a resource discovery with an IPAM.
    pub(crate) struct AssociationFacts {
        /// Id.
        id: String => computed(),
        /// ARN.
        arn: String => computed(),
        /// Account that owns the IPAM.
        owner_id: String => computed(),
        /// The IPAM.
        ipam_id: String => computed(),
        /// ARN of the IPAM.
        ipam_arn: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// The resource discovery.
        ipam_resource_discovery_id: String => computed(),
        /// Whether it came with the IPAM.
        is_default: bool => computed(),
        /// AWS's word for how it stands, such as `associate-complete`.
        state: String => computed(),
        /// `active`, or `not-found`: the discovery is gone, or is not shared with this account any more.
        resource_discovery_status: String => computed(),
        /// Tags.
        tags: Tags => computed(),
    }
}

impl AssociationFacts {
    fn of(record: AssociationRecord) -> Self {
        Self {
            id: record.id.into(),
            arn: record.arn.into(),
            owner_id: record.owner_id.into(),
            ipam_id: record.ipam_id.into(),
            ipam_arn: record.ipam_arn.into(),
            ipam_region: record.ipam_region.into(),
            ipam_resource_discovery_id: record.discovery_id.into(),
            is_default: record.is_default.into(),
            state: record.state.into(),
            resource_discovery_status: record.discovery_status.into(),
            tags: record.tags.into(),
        }
    }
}

model! {
    /// Lists the associations of resource discoveries with IPAMs that the account sees in the provider's Region.
    pub(crate) struct AssociationsModel {
        /// Only those of this IPAM.
        ipam_id: String => optional(),
        /// Only those of this resource discovery.
        ipam_resource_discovery_id: String => optional(),
        /// The associations, by id.
        resource_discovery_associations: Vec<AssociationFacts> => computed(),
        /// Their ids, in the same order.
        ids: Vec<String> => computed(),
    }
}

impl ServiceData for AssociationsModel {
    type Noun = AssociationNoun;
    const TYPE: &'static str = "ipam_resource_discovery_associations";

    fn answer(self, mut all: Vec<AssociationRecord>) -> Result<Self, Diagnostics> {
        all.retain(|one| {
            self.ipam_id.get().is_none_or(|wanted| one.ipam_id == *wanted)
                && self.ipam_resource_discovery_id.get().is_none_or(|wanted| one.discovery_id == *wanted)
        });
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let ids: Vec<_> = all.iter().map(|one| one.id.clone()).collect();
        let found: Vec<_> = all.into_iter().map(AssociationFacts::of).collect();
        Ok(Self { ids: ids.into(), resource_discovery_associations: found.into(), ..self })
    }
}
