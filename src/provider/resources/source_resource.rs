//! The argument `source_resource` of `ipam_pool`.

use crate::ipam::{SourceResource, SourceResourceType};
use crate::model;
use crate::tf::{Diagnostic, Path};

model! {
    /// The VPC whose address space a pool plans.
    pub(crate) struct SourceResourceModel {
        /// ID of the VPC, `vpc-...`. The provider does not look it up, because the VPC may belong to another account.
        resource_id: String => required(),
        /// ID of the AWS account that owns the VPC, twelve digits.
        resource_owner: String => required(),
        /// Region of the VPC.
        resource_region: String => required(),
        /// Type of the resource, such as `vpc`.
        resource_type: String => required(),
    }
}

impl SourceResourceModel {
    pub(super) fn of(resource: &SourceResource) -> Self {
        Self {
            resource_id: resource.resource_id.clone().into(),
            resource_owner: resource.resource_owner.clone().into(),
            resource_region: resource.resource_region.clone().into(),
            resource_type: resource.resource_type.to_string().into(),
        }
    }

    pub(super) fn resource(&self) -> Option<SourceResource> {
        Some(SourceResource {
            resource_id: self.resource_id.cloned()?,
            resource_owner: self.resource_owner.cloned()?,
            resource_region: self.resource_region.cloned()?,
            resource_type: self.resource_type.get()?.parse().ok()?,
        })
    }

    /// The first error in it.
    pub(super) fn wrong(&self) -> Option<Diagnostic> {
        let at = Path::attribute("source_resource");
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(owner) = self.resource_owner.get().filter(|owner| !is_account(owner)) {
            let why = format!("{owner:?} is not the id of an account, which has 12 digits.");
            return Some(Diagnostic::error("Invalid resource_owner", why).at(at));
        }
        let resource_type = match self.resource_type.get().map(|word| word.parse::<SourceResourceType>()) {
            // For a member of a single object, Terraform shows the whole resource.
            Some(Err(why)) => return Some(Diagnostic::error("Invalid resource_type", why).at(at)),
            Some(Ok(word)) => Some(word),
            None => None,
        };
        let is_vpc = resource_type == Some(SourceResourceType::Vpc);
        let id = self.resource_id.get().filter(|id| is_vpc && !id.starts_with("vpc-"))?;
        let why = format!("{id:?} is not the id of a VPC, which begins with vpc-.");
        Some(Diagnostic::error("Invalid resource_id", why).at(at))
    }
}
