//! `ipam_resource_cidr`: a block that was seen on a resource is ignored, watched again, or moved to another scope.

use std::time::Duration;

use crate::backend::Ipam;
use crate::backend::service::{Noun, ResourceCidrId, ResourceCidrNoun, ResourceCidrRecord, ResourceCidrSpec};
use crate::ipam::{Cidr, Error, Untreatable};
use crate::tf::{Diagnostics, Path, Tf, wrong_value};
use crate::{at, model};

use super::super::errors;
use super::super::resources::Timeouts;
use super::ServiceModel;

/// A resource is seen minutes after it was made, and space that is released goes late.
const PATIENCE: Duration = Duration::from_mins(20);

model! {
    /// How a CIDR that was seen on a resource (a VPC, ...) is treated: whether it is watched, and in which private scope it
    /// counts. The resource itself stays as it is. In AWS IPAM creating waits until the CIDR has been seen, which is minutes
    /// after the resource was made; 20 minutes when `timeouts` does not say. A store of one's own waits for nothing: what no
    /// discovery has seen is an error, and `terraform-provider-ipam discover` looks.
    ///
    /// Destroying gives it back: it is watched again, in the scope that it came from. When AWS refuses that (the scope is
    /// gone, ...), destroying fails and says what it leaves.
    pub(crate) struct ResourceCidrModel {
        /// Id of the resource, such as `vpc-...`.
        resource_id: String => required().replace(),
        /// Its CIDR.
        resource_cidr: Cidr => required().replace(),
        /// Its Region.
        resource_region: String => required().replace(),
        /// Whether it is watched. With false it is ignored: space that was imported for it goes back to the pool, and it is
        /// not imported into a pool by itself again. Public scopes do not have that.
        monitored: bool => default(true),
        /// The private scope that it is to count in; only the CIDRs of VPCs move, and those of their subnets with them.
        /// In AWS IPAM one that is allocated from a pool moves when that allocation is released. It stays where it is when
        /// not set.
        ipam_scope_id: String => optional().computed(),
        /// The scope that it goes back to when this is destroyed. The one that it was found in when not set.
        original_ipam_scope_id: String => optional().computed(),
        /// `resource_id`, `resource_cidr` and `resource_region`, joined by `_`.
        id: String => computed(),
        /// `managed`, `unmanaged` or `ignored`.
        management_state: String => computed(),
        /// What it is on: `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list` or `other`.
        resource_type: String => computed(),
        /// Account of the resource.
        resource_owner_id: String => computed(),
        /// Pool that it is allocated from; null when it is from none.
        ipam_pool_id: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// Ids of what a file told of are free text.
fn check_id(id: &Tf<String>) -> Diagnostics {
    match id.get() {
        Some(id) if id.is_empty() || id.trim() != id => wrong_value(
            &at!(ResourceCidrModel, resource_id),
            format!("{id:?} is not the id of a resource: it is empty, or has white space around it."),
        ),
        _ => Diagnostics::new(),
    }
}

fn check_region(region: &Tf<String>) -> Diagnostics {
    match region.get() {
        Some(name) if name.is_empty() || name.contains('_') || name.chars().any(char::is_whitespace) => wrong_value(
            &at!(ResourceCidrModel, resource_region),
            format!("{name:?} is not a Region: it is empty, or contains white space or a \"_\"."),
        ),
        _ => Diagnostics::new(),
    }
}

impl ServiceModel for ResourceCidrModel {
    type Noun = ResourceCidrNoun;
    const PATIENCE: Duration = PATIENCE;

    fn check(&self) -> Diagnostics {
        let mut diagnostics = check_id(&self.resource_id);
        diagnostics.append(check_region(&self.resource_region));
        diagnostics
    }

    fn spec(&self) -> Option<ResourceCidrSpec> {
        Some(ResourceCidrSpec {
            of: ResourceCidrId {
                resource_id: self.resource_id.cloned()?,
                cidr: self.resource_cidr.cloned()?,
                region: self.resource_region.cloned()?,
            },
            monitored: self.monitored.cloned()?,
            scope_id: self.ipam_scope_id.cloned(),
            original_scope_id: self.original_ipam_scope_id.cloned(),
        })
    }

    fn fill(&mut self, record: &ResourceCidrRecord) {
        self.resource_id = record.of.resource_id.clone().into();
        self.resource_cidr = record.of.cidr.into();
        self.resource_region = record.of.region.clone().into();
        self.monitored = record.is_monitored().into();
        self.ipam_scope_id = record.scope_id.clone().into();
        if !self.original_ipam_scope_id.is_known() {
            self.original_ipam_scope_id = record.found_in.clone().into();
        }
        self.id = record.of.to_string().into();
        self.management_state = record.management.map(|state| state.to_string()).into();
        self.resource_type = record.resource_type.to_string().into();
        self.resource_owner_id = record.owner_id.clone().into();
        self.ipam_pool_id = record.pool_id.clone().into();
    }

    fields!();

    fn plan_change(prior: &Self, planned: &mut Self) {
        if prior.spec() != planned.spec() {
            planned.management_state = Tf::Unknown;
            planned.ipam_pool_id = Tf::Unknown;
        }
    }

    /// On a store of one's own, which does not wait: that nobody has seen it.
    fn foresee(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        if prior.is_some() || !ipam.capabilities().surveys {
            return Diagnostics::new();
        }
        let (Some(spec), Some(keeper)) = (self.spec(), ResourceCidrNoun::keeper(ipam)) else {
            return Diagnostics::new();
        };
        match keeper.get(&spec.of.to_string()) {
            Ok(None) => {
                let error = Error::Untreatable { of: Box::new(spec.of), why: Untreatable::NotSeen };
                errors::at(&error, self.place(&error))
            }
            Ok(Some(_)) => Diagnostics::new(),
            Err(error) => errors::at(&error, Path::root()),
        }
    }

    fn place(&self, error: &Error) -> Path {
        match error {
            Error::Untreatable { why: Untreatable::NotSeen, .. } => at!(Self, resource_cidr),
            Error::Untreatable { why: Untreatable::Public, .. } if self.monitored == Tf::Known(false) => {
                at!(Self, monitored)
            }
            Error::Untreatable { .. } | Error::NotFound { .. } => at!(Self, ipam_scope_id),
            Error::Service(fault) if fault.code.as_deref() == Some("InvalidIpamScopeId.NotFound") => {
                at!(Self, ipam_scope_id)
            }
            Error::Pending(_) => at!(Self, resource_cidr),
            _ => Path::root(),
        }
    }
}
