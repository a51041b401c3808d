//! `ipam_allocation`: a CIDR allocated from a pool.

use std::collections::BTreeSet;

use crate::backend::observation::Unallocated;
use crate::backend::{AllocationChange, Ipam, Noun, Planned};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, GivenUp, Kind, Missing, ResourceType, Size, Tags, Unsupported,
};
use crate::tf::{Diagnostic, Diagnostics, Path, Private, Tf};
use crate::{at, fill_block_attributes, model};

use super::super::block_attributes::block_attributes;
use super::super::noun::{HeldModel, NounModel, Timeouts, check_import, fields_with_tags};
use super::super::shared::{Configured, Shared};
use super::super::shown::{Carried, plan_again};
use super::super::{create, tags};
use super::{agreement, allocation_contents, candidate, check_length, check_name, growth};

model! {
    /// Manages an allocation, which is a CIDR from a pool. The plan shows the CIDR, and apply keeps it. AWS has no
    /// holds: with `aws-ipam`, a CIDR that is allocated by `netmask_length` is normally known after apply. Changes are
    /// made in place, except where an argument says that a change replaces the allocation.
    pub(crate) struct AllocationModel {
        /// ID of the pool from which the CIDR is allocated. A change replaces the allocation.
        ipam_pool_id: String => required().replace(),
        /// Name of the allocation, unique in the pool.
        name: String => required(),
        /// CIDR to allocate. If `netmask_length` is set as well, it must be the netmask length of this CIDR. If neither
        /// is set, the allocation has the `allocation_default_netmask_length` of the pool. A change to a CIDR that
        /// contains the present one, or lies in it, is made in place when the space is free. Any other change replaces
        /// the allocation. With `aws-ipam`, every change replaces the allocation.
        cidr: Cidr => optional().computed(),
        /// Netmask length of the CIDR to allocate. The `allocation_strategy` of the pool chooses the place. A change is
        /// made in place when the neighbouring space is free, or when the same apply releases it. Otherwise it
        /// replaces the allocation. With `aws-ipam`, every change replaces the allocation.
        netmask_length: u8 => optional().computed(),
        /// Set of CIDRs that an allocation by `netmask_length` must not use, and that `cidr` must not overlap. A change
        /// replaces the allocation only if one of the CIDRs overlaps the present CIDR.
        disallowed_cidrs: BTreeSet<Cidr> => optional(),
        /// Description of the allocation.
        description: String => optional(),
        /// Map of tags for the allocation. `tags_all` must contain the `allocation_resource_tags` of the pool.
        tags: Tags => optional(),
        /// ID of the allocation.
        id: String => computed(),
        /// ID of the allocation without the ID of the pool. With `aws-ipam`, `id` consists of this ID, an underscore
        /// and the ID of the pool. On a self-managed store, it is the same as `id`.
        ipam_pool_allocation_id: String => computed(),
        /// Type of the allocation: `custom` if a configuration created it. An allocation that a scan imported has the
        /// type of its resource, such as `vpc`.
        resource_type: String => computed(),
        /// ID of the resource that a scan imported; null for `custom` allocations.
        resource_id: String => computed(),
        /// Owner of the allocation: the provider argument `owner` of the configuration that it belongs to. With
        /// `aws-ipam`, the ID of the AWS account.
        owner: String => computed(),
        include block_attributes;
        /// All tags of the allocation: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

impl AllocationModel {
    /// How the configuration asks for the block; `None` while that is unknown. In a plan, `config` decides, because the
    /// other model still contains the computed one of the two arguments.
    pub(in crate::provider) fn size(config: &Self) -> Option<Size> {
        match (&config.cidr, &config.netmask_length) {
            // A netmask length next to the block agrees with it.
            (Tf::Known(cidr), _) => Some(Size::Cidr(*cidr)),
            (Tf::Unknown, _) | (_, Tf::Unknown) => None,
            (Tf::Null, Tf::Known(length)) => Some(Size::NetmaskLength(*length)),
            (Tf::Null, Tf::Null) => Some(Size::Default),
        }
    }

    pub(in crate::provider) fn request(&self, size: Size, tags: &Tags) -> Option<AllocationSpec> {
        if self.description.is_unknown() || self.disallowed_cidrs.is_unknown() {
            return None;
        }
        Some(AllocationSpec {
            pool_id: self.ipam_pool_id.cloned()?,
            name: self.name.cloned()?,
            size,
            disallowed_cidrs: self.disallowed_cidrs.cloned().unwrap_or_default(),
            description: self.description.cloned(),
            tags: tags.clone(),
        })
    }

    /// The allocation that would cover the block of a resource. It has no ID yet.
    pub(in crate::provider) fn covering(configured: &Configured, found: &Unallocated) -> Self {
        let mut model = Self {
            ipam_pool_id: found.pool_id.clone().into(),
            name: candidate::name(&found.resource_id, &found.cidr).into(),
            description: candidate::description(found).into(),
            resource_type: ResourceType::Custom.to_string().into(),
            tags: tags::own(&configured.default_tags, &found.tags, (&Tf::Null, &Tf::Null)),
            ..Self::default()
        };
        fill_block_attributes!(&mut model, found.cidr);
        model
    }

    /// Fills in the values that follow from the configuration alone.
    pub(super) fn fill_from_config(&mut self, config: &Self) {
        self.resource_type = ResourceType::Custom.to_string().into();
        self.resource_id = Tf::Null;
        if let Some(cidr) = config.cidr.get() {
            fill_block_attributes!(&mut *self, *cidr);
        }
    }

    /// The block will change. (The values that the user wrote stay, because the lifecycle keeps them.)
    pub(super) fn forget_block(&mut self) {
        self.cidr = Tf::Unknown;
        self.netmask_length = Tf::Unknown;
        self.network = Tf::Unknown;
        self.netmask = Tf::Unknown;
        self.first_address = Tf::Unknown;
        self.last_address = Tf::Unknown;
        self.address_count = Tf::Unknown;
        self.reverse_zones = Tf::Unknown;
    }

    /// The attribute to edit for another size.
    pub(super) fn size_at(&self) -> Path {
        if self.cidr.is_known() { at!(Self, cidr) } else { at!(Self, netmask_length) }
    }
}

impl NounModel for AllocationModel {
    type Noun = Allocation;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        let length_at = at!(Self, netmask_length);
        diagnostics.extend(agreement::of_cidr(&self.cidr, &self.netmask_length, length_at));
        let disallowed_at = at!(Self, disallowed_cidrs);
        diagnostics.extend(agreement::of_disallowed(&self.cidr, &self.disallowed_cidrs, disallowed_at));
        diagnostics.extend(check_length(&self.netmask_length, None, at!(Self, netmask_length)));
        let disallowed = self.disallowed_cidrs.get();
        let first = disallowed.and_then(|blocks| blocks.first()).map(Cidr::family);
        diagnostics.extend(
            first
                .and_then(|family| super::other_family(disallowed, family, "the others are"))
                .map(|wrong| wrong.at(at!(Self, disallowed_cidrs))),
        );
        diagnostics
    }

    fn fill(&mut self, allocation: &Allocation) {
        self.ipam_pool_id = allocation.pool_id.clone().into();
        self.name = allocation.meta.name.clone().into();
        self.description = allocation.description.clone().into();
        self.id = allocation.meta.id.clone().into();
        self.ipam_pool_allocation_id = super::own_id(&allocation.meta.id).into();
        self.resource_type = allocation.resource_type.to_string().into();
        self.resource_id = allocation.resource_id.clone().into();
        self.owner = allocation.meta.owner.clone().into();
        self.tags_all = allocation.tags.clone().into();
        fill_block_attributes!(self, allocation.cidr);
    }

    fields_with_tags!();

    fn leave_out_what_follows(&mut self) {
        self.netmask_length = Tf::Null;
    }

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => at!(Self, name),
            Error::NotFound { kind: Kind::Pool, .. }
            | Error::PoolEmpty { .. }
            | Error::Unsupported { what: Unsupported::NoLocale } => at!(Self, ipam_pool_id),
            Error::TagRule { .. } => at!(Self, tags),
            Error::NoSize { .. } => at!(Self, netmask_length),
            Error::PoolExhausted { .. } if self.cidr.is_null() && self.netmask_length.is_null() => {
                at!(Self, ipam_pool_id)
            }
            Error::Overlap { .. }
            | Error::Reserved { .. }
            | Error::OutsidePool { .. }
            | Error::PoolExhausted { .. }
            | Error::NetmaskRule { .. }
            | Error::NetmaskRange { .. }
            | Error::FamilyMismatch { .. }
            | Error::Addresses(_) => self.size_at(),
            Error::Service(fault) if fault.space.is_some() => self.size_at(),
            _ => Path::root(),
        }
    }
}

impl HeldModel for AllocationModel {
    const IMPORTED_BY: &'static str = "id (ipam-pool-alloc-...), by path (pool-name/name), by cidr, or by cidr_pool, \
                                       such as 10.0.0.0/24_ipam-pool-...";

    fn owner(&self) -> &Tf<String> {
        &self.owner
    }

    fn name(&self) -> &Tf<String> {
        &self.name
    }

    fn spec(&self, config: &Self) -> Option<AllocationSpec> {
        self.request(Self::size(config)?, self.tags_all.get()?)
    }

    fn change(&self, config: &Self) -> Option<AllocationChange> {
        Some(AllocationChange {
            name: self.name.cloned()?,
            description: self.description.cloned(),
            tags: self.tags_all.cloned()?,
            disallowed_cidrs: self.disallowed_cidrs.cloned().unwrap_or_default(),
            // The update must lead to the block that the plan showed.
            size: match Self::size(config) {
                Some(Size::NetmaskLength(length)) => Size::NetmaskLength(length),
                _ => Size::Cidr(self.cidr.cloned()?),
            },
        })
    }

    fn differs(&self, prior: &Self, _config: &Self) -> bool {
        self.name != prior.name
            || self.description != prior.description
            || self.tags_all != prior.tags_all
            || self.cidr != prior.cidr
            || self.disallowed_cidrs != prior.disallowed_cidrs
    }

    fn planned(&self, shared: &Shared, private: &Private) -> Planned {
        // The second plan has refused data that cannot be read.
        match Carried::of(private).ok().flatten() {
            Some(Carried { id, cidr: Some(cidr), .. }) => Planned::Previewed { id, cidr },
            _ => create::planned(shared, self.id.get()),
        }
    }

    fn explain_creation(diagnostics: Diagnostics, planned: &Planned, error: &Error) -> Diagnostics {
        match (planned, error) {
            (Planned::Previewed { cidr, .. }, Error::Overlap { .. } | Error::Reserved { .. }) => {
                plan_again(diagnostics, Some(*cidr))
            }
            (Planned::Previewed { cidr, .. }, Error::Service(fault)) if fault.space.is_some() => {
                plan_again(diagnostics, Some(*cidr))
            }
            _ => diagnostics,
        }
    }

    fn waits_to_change(ipam: &dyn Ipam, id: &str) -> Result<Vec<GivenUp>, Error> {
        growth::allocation_waits_for(ipam, id)
    }

    fn delete(&self, ipam: &dyn Ipam, id: &str) -> Result<(), Error> {
        ipam.delete_allocation(id)
    }

    fn check_delete(shared: &Shared, id: &str) -> Result<(), Diagnostics> {
        allocation_contents::check_deleted(shared, id)
    }

    fn missing(&self) -> Option<Missing> {
        let spec = self.request(Size::Cidr(*self.cidr.get()?), self.tags_all.get()?)?;
        (self.resource_type == Tf::Known(ResourceType::Custom.to_string())).then_some(Missing::Allocation(spec))
    }

    fn check_import(ipam: &dyn Ipam, allocation: &Allocation) -> Result<(), Diagnostics> {
        check_import(Allocation::WORD, &allocation.meta)?;
        if let (ResourceType::IpamPool, Some(pool_id)) = (allocation.resource_type, &allocation.resource_id) {
            let detail = format!("{} is the space of pool {pool_id}: import that pool instead.", allocation.cidr);
            return Err(Diagnostic::error("This allocation belongs to a pool", detail).into());
        }
        // On a self-managed store, a scan imported it, and nothing except this resource ever removes it.
        if allocation.resource_type != ResourceType::Custom && ipam.service().is_some() {
            let what = allocation.resource_id.as_deref().unwrap_or("a resource");
            let detail = format!(
                "{} is the space of {} {what}, and is released with it. It cannot be managed separately.",
                allocation.cidr, allocation.resource_type
            );
            return Err(Diagnostic::error("This allocation belongs to a resource of AWS", detail).into());
        }
        Ok(())
    }

    fn candidate(configured: &Configured, id: &str) -> Result<Option<Self>, Diagnostics> {
        Ok(candidate::find(configured, id)?.map(|found| Self::covering(configured, &found)))
    }

    fn candidate_id(&self) -> Option<String> {
        Some(candidate::candidate_id(self.ipam_pool_id.get()?, self.cidr.get()?))
    }

    fn is_candidate_id(id: &str) -> bool {
        candidate::is_candidate_id(id)
    }

    fn fill_imported(&mut self, allocation: &Allocation) {
        if !allocation.disallowed_cidrs.is_empty() {
            self.disallowed_cidrs = allocation.disallowed_cidrs.clone().into();
        }
    }
}
