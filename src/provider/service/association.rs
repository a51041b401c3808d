//! `ipam_resource_discovery_association`: an IPAM uses the results of a resource discovery.

use crate::backend::service::{AssociationNoun, AssociationRecord, AssociationSpec};
use crate::ipam::{Error, Tags};
use crate::tf::{Diagnostics, Path};
use crate::{at, model};

use super::super::noun::{AssignedModel, NounModel, Timeouts, fields_with_tags};
use super::data::ServiceData;

model! {
    /// Associates a resource discovery with an AWS IPAM (only with the store `aws-ipam`). The IPAM then uses what the
    /// discovery finds. The discovery may belong to another account, which must share it with this account through AWS
    /// RAM in the home Region of the IPAM. Every IPAM has an association with its own discovery from the start. A
    /// self-managed store needs no association, because all its discoveries belong to the store. Changes are made in
    /// place, except where an argument says that a change replaces the association.
    pub(crate) struct AssociationModel {
        /// ID of the IPAM. A change replaces the association.
        ipam_id: String => required().replace(),
        /// ID of the resource discovery. A change replaces the association.
        ipam_resource_discovery_id: String => required().replace(),
        /// Map of tags for the association.
        tags: Tags => optional(),
        /// ID of the association.
        id: String => computed(),
        /// ARN of the association.
        arn: String => computed(),
        /// ID of the AWS account that owns the IPAM.
        owner_id: String => computed(),
        /// ARN of the IPAM.
        ipam_arn: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// Whether the association was created together with the IPAM.
        is_default: bool => computed(),
        /// State of the association, as AWS reports it, such as `associate-complete`.
        state: String => computed(),
        /// Status of the resource discovery: `active`, or `not-found` when it no longer exists or is no longer shared
        /// with this account. With `not-found`, the IPAM finds no new resources through it.
        resource_discovery_status: String => computed(),
        /// All tags of the association: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl NounModel for AssociationModel {
    type Noun = AssociationNoun;

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

    fn attribute_for(&self, error: &Error) -> Path {
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

impl AssignedModel for AssociationModel {
    fn spec(&self) -> Option<AssociationSpec> {
        Some(AssociationSpec {
            ipam_id: self.ipam_id.cloned()?,
            discovery_id: self.ipam_resource_discovery_id.cloned()?,
            tags: self.tags_all.cloned()?,
        })
    }
}

model! {
    /// The attributes of an association of a resource discovery with an IPAM.
    pub(crate) struct AssociationFacts {
        /// ID of the association.
        id: String => computed(),
        /// ARN of the association.
        arn: String => computed(),
        /// ID of the AWS account that owns the IPAM.
        owner_id: String => computed(),
        /// ID of the IPAM.
        ipam_id: String => computed(),
        /// ARN of the IPAM.
        ipam_arn: String => computed(),
        /// Home Region of the IPAM.
        ipam_region: String => computed(),
        /// ID of the resource discovery.
        ipam_resource_discovery_id: String => computed(),
        /// Whether the association was created together with the IPAM.
        is_default: bool => computed(),
        /// State of the association, as AWS reports it, such as `associate-complete`.
        state: String => computed(),
        /// Status of the resource discovery: `active`, or `not-found` when it no longer exists or is no longer shared
        /// with this account.
        resource_discovery_status: String => computed(),
        /// Map of the tags of the association.
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
    /// Lists the associations of resource discoveries with AWS IPAMs (only with the store `aws-ipam`). The list
    /// contains the associations that are visible to the account in the Region of the provider. A self-managed store
    /// has no associations.
    pub(crate) struct AssociationsModel {
        /// ID of an IPAM. Only associations of this IPAM are listed.
        ipam_id: String => optional(),
        /// ID of a resource discovery. Only associations of this resource discovery are listed.
        ipam_resource_discovery_id: String => optional(),
        /// List of the associations, sorted by ID.
        resource_discovery_associations: Vec<AssociationFacts> => computed(),
        /// List of the IDs of the associations, in the order of `resource_discovery_associations`.
        ids: Vec<String> => computed(),
    }
}

impl ServiceData for AssociationsModel {
    type Noun = AssociationNoun;
    const TYPE: &'static str = "ipam_resource_discovery_associations";

    fn fill(self, mut all: Vec<AssociationRecord>) -> Result<Self, Diagnostics> {
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
