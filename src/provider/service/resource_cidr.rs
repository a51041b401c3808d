//! `ipam_resource_cidr`: ignores a CIDR that was found on a resource, monitors it again, or moves it to another scope.

use std::time::Duration;

use crate::backend::Ipam;
use crate::backend::service::{Kept, ResourceCidrId, ResourceCidrNoun, ResourceCidrRecord, ResourceCidrSpec};
use crate::ipam::{Cidr, Error, Untreatable};
use crate::tf::{Diagnostics, Path, Tf, wrong_value};
use crate::{at, model};

use super::super::errors;
use super::super::noun::{AssignedModel, NounModel, Timeouts, fields};

/// AWS IPAM finds a resource minutes after its creation, and releases space late.
const PATIENCE: Duration = Duration::from_mins(20);

model! {
    /// Manages how a CIDR that was found on a resource, such as a VPC, is treated: whether it is monitored, and in
    /// which private scope it counts. The resource itself does not change. In AWS IPAM, creating waits until AWS has
    /// found the CIDR, which takes minutes after the creation of the resource; the defaults of `timeouts` are 20
    /// minutes. A self-managed store does not wait: a CIDR that no scan has found is an error, and you run
    /// `terraform-provider-ipam discover` first. Changes are made in place, except where an argument says that a change
    /// replaces the resource CIDR.
    ///
    /// Destroying reverts the treatment: the CIDR is monitored again, in its original scope. When AWS refuses that, for
    /// example because the scope no longer exists, destroying fails, and the error names what remains.
    pub(crate) struct ResourceCidrModel {
        /// ID of the resource that has the CIDR, such as `vpc-...`. A change replaces the resource CIDR.
        resource_id: String => required().replace(),
        /// CIDR of the resource. A change replaces the resource CIDR.
        resource_cidr: Cidr => required().replace(),
        /// Region of the resource. A change replaces the resource CIDR.
        resource_region: String => required().replace(),
        /// Whether the CIDR is monitored. Default: `true`. With `false`, it is ignored: space that was imported for it
        /// returns to the pool, and is not imported automatically again. A CIDR in a public scope cannot be ignored.
        monitored: bool => default(true),
        /// ID of the private scope in which the CIDR counts. Default: the scope in which it is. Only CIDRs of VPCs can
        /// move, and the CIDRs of their subnets (on a self-managed store, also of their network interfaces) move with
        /// them. In AWS IPAM, a CIDR that is allocated from a pool moves when that allocation is released.
        ipam_scope_id: String => optional().computed(),
        /// ID of the scope to which the CIDR returns when the resource is destroyed. Default: the scope in which it was
        /// found.
        original_ipam_scope_id: String => optional().computed(),
        /// `resource_id`, `resource_cidr` and `resource_region`, joined by `_`.
        id: String => computed(),
        /// Management state of the CIDR: `managed`, `unmanaged` or `ignored`.
        management_state: String => computed(),
        /// Type of the resource: `vpc`, `subnet`, `eip`, `public-ipv4-pool`, `ipv6-pool`, `eni`, `anycast-ip-list` or
        /// `other`.
        resource_type: String => computed(),
        /// ID of the AWS account that owns the resource.
        resource_owner_id: String => computed(),
        /// ID of the pool from which the CIDR is allocated; null if it is allocated from no pool.
        ipam_pool_id: String => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// An ID of a resource in a file may be any text.
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

impl NounModel for ResourceCidrModel {
    type Noun = ResourceCidrNoun;

    fn check(&self) -> Diagnostics {
        let mut diagnostics = check_id(&self.resource_id);
        diagnostics.append(check_region(&self.resource_region));
        diagnostics
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

    fn leave_out_what_follows(&mut self) {
        if self.ipam_scope_id == self.original_ipam_scope_id {
            (self.ipam_scope_id, self.original_ipam_scope_id) = (Tf::Null, Tf::Null);
        }
    }

    fn attribute_for(&self, error: &Error) -> Path {
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

impl AssignedModel for ResourceCidrModel {
    const PATIENCE: Duration = PATIENCE;

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

    fn plan_change(prior: &Self, planned: &mut Self) {
        if prior.spec() != planned.spec() {
            planned.management_state = Tf::Unknown;
            planned.ipam_pool_id = Tf::Unknown;
        }
    }

    /// On a self-managed store, which does not wait, reports that no scan has found the CIDR.
    fn preflight(&self, prior: Option<&Self>, ipam: &dyn Ipam) -> Diagnostics {
        if prior.is_some() || !ipam.capabilities().surveys {
            return Diagnostics::new();
        }
        let (Some(spec), Some(keeper)) = (self.spec(), ResourceCidrNoun::keeper(ipam)) else {
            return Diagnostics::new();
        };
        match keeper.get(&spec.of.to_string()) {
            Ok(None) => {
                let error = Error::Untreatable { of: Box::new(spec.of), why: Untreatable::NotSeen };
                errors::at(&error, self.attribute_for(&error))
            }
            Ok(Some(_)) => Diagnostics::new(),
            Err(error) => errors::at(&error, Path::root()),
        }
    }
}
