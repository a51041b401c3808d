//! `ipam_allocation`: a CIDR allocated from a pool.

use std::collections::BTreeSet;

use crate::backend::observation::Unallocated;
use crate::backend::{AllocationChange, Ipam, Noun};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, GivenUp, Kind, Missing, ResourceType, Size, Tags, Unsupported,
};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf, Value};
use crate::{at, fill_block_attributes, model};

use super::super::attributes::{HumanDuration, Time};
use super::super::block_attributes::block_attributes;
use super::super::minimum::{Count, Minimums, family_of};
use super::super::noun::{HeldModel, NounModel, Timeouts, check_import, fields_with_tags};
use super::super::shared::{Configured, Shared};
use super::super::tags;
use super::pool_arguments::{PoolArguments, SelectorModel};
use super::{agreement, allocation_contents, candidate, check_length, check_name, growth};

model! {
    /// Manages an allocation, which is a CIDR from a pool. The plan shows the CIDR, and apply keeps it. AWS has no
    /// holds: with `aws-ipam`, a CIDR that is allocated by `netmask_length` is normally known after apply. Changes are
    /// made in place, except where an argument says that a change replaces the allocation.
    pub(crate) struct AllocationModel {
        /// ID of the pool from which the CIDR is allocated. A change replaces the allocation. Exactly one of
        /// `ipam_pool_id`, `ipam_pool_ids` and `pool_selector` is set. With the others, the plan shows the chosen pool
        /// here.
        ipam_pool_id: String => optional().computed().replace(),
        /// List of IDs of 1 to 100 pools of one address family. The CIDR comes from the first pool that can give it: one
        /// whose rules allow it and that has room. Free space in any of these pools comes before space that earlier plans
        /// of the same owner still hold. The choice is final: the allocation stays in its pool when an earlier pool has
        /// room again. A change of the list replaces the allocation only if its pool is no longer in the list. Not
        /// available with `aws-ipam`.
        ipam_pool_ids: Vec<String> => optional(),
        /// Properties of the pools that the CIDR may come from. Matching pools are tried in the order of their names and
        /// then of their IDs, as those of `ipam_pool_ids`. A pool that the same configuration creates counts only
        /// if `depends_on` names it. The choice is final: the allocation stays in its pool when the tags of pools
        /// change. A change of the selector replaces the allocation only if its pool does not match the new one. Not
        /// available with `aws-ipam`.
        pool_selector: SelectorModel => optional(),
        /// Name of the allocation, unique in the pool. If the pool is chosen, the name must be free in all pools that
        /// the CIDR may come from.
        name: String => required(),
        /// CIDR to allocate. If `netmask_length` is set as well, it must be the netmask length of this CIDR. If no size
        /// is set, the allocation has the `allocation_default_netmask_length` of the pool. A change to a CIDR that
        /// contains the present one, or lies in it, is made in place when the space is free. Any other change replaces
        /// the allocation. With `aws-ipam`, every change replaces the allocation.
        cidr: Cidr => optional().computed(),
        /// Netmask length of the CIDR to allocate. The `allocation_strategy` of the pool chooses the place. A change is
        /// made in place when the neighbouring space is free, or when the same apply releases it. Otherwise it
        /// replaces the allocation. With `aws-ipam`, every change replaces the allocation.
        netmask_length: u8 => optional().computed(),
        /// Smallest number of addresses that the CIDR must have, in place of `netmask_length`: the allocation gets the
        /// longest netmask length that is enough, and the plan shows it. For example, 500 asks for a /23 in an IPv4 pool.
        /// Another number that leads to the same netmask length changes nothing. Otherwise the change is made as one of
        /// `netmask_length`. Only one of `cidr`, `netmask_length`, `minimum_addresses` and `minimum_hosts` can be set.
        minimum_addresses: Count => optional(),
        /// Smallest number of hosts that the CIDR must have room for, in place of `netmask_length`, as with
        /// `minimum_addresses`. Hosts can have all addresses of a CIDR except the first and the last one in IPv4, and except
        /// the first one in IPv6; all addresses of a /31, /32, /127 and /128. For example, 254 asks for a /24, and 255 for a
        /// /23, in an IPv4 pool. Addresses that the pool reserves are not part of any allocation, and do not count. A cloud
        /// may keep more addresses of a subnet (AWS keeps 5): add them to the number.
        minimum_hosts: Count => optional(),
        /// CIDR to allocate if it is free. Otherwise, the allocation gets another CIDR of the same netmask length. If
        /// several pools can be chosen, a pool in which this CIDR is free comes first. A change has no effect on an
        /// existing allocation, which keeps its CIDR. Not available with `aws-ipam`.
        preferred_cidr: Cidr => optional(),
        /// Set of CIDRs that an allocation by `netmask_length` must not use, and that `cidr` must not overlap. A change
        /// replaces the allocation only if one of the CIDRs overlaps the present CIDR.
        disallowed_cidrs: BTreeSet<Cidr> => optional(),
        /// Description of the allocation.
        description: String => optional(),
        /// Time for which the allocation is needed, for example `72h` for a preview environment, counted from the apply
        /// that sets it. A change counts from the apply of the change. When the time is over, the command `gc` releases
        /// the allocation, unless a discovery sees a resource in it or an address set has addresses in it; until then, nothing changes. Without `ttl` and
        /// `expires_at`, the allocation is permanent. Conflicts with `expires_at`. Not with `aws-ipam`.
        ttl: HumanDuration => optional(),
        /// Time from which `gc` releases the allocation, as with `ttl`, in RFC 3339 format. Computed from `ttl` if that is
        /// set. Not with `aws-ipam`.
        expires_at: Time => optional().computed(),
        /// Whether every release of the allocation is refused: by this configuration (a plan that destroys or replaces the
        /// allocation fails), by other configurations, by commands and by `gc`. Turn it off, and apply that, before you
        /// destroy the allocation. Default: `false`. Not with `aws-ipam`.
        prevent_release: bool => optional(),
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
            // A size in numbers that no netmask length was settled for.
            (Tf::Null, Tf::Null) if !config.minimums().is_absent() => None,
            (Tf::Null, Tf::Null) => Some(Size::Default),
        }
    }

    fn minimums(&self) -> Minimums {
        Minimums { addresses: self.minimum_addresses.clone(), hosts: self.minimum_hosts.clone() }
    }

    fn check_minimums(&self) -> Option<Diagnostic> {
        let others = [("cidr", self.cidr.is_known()), ("netmask_length", self.netmask_length.is_known())];
        self.minimums().check(&others, &Path::root())
    }

    /// Whether the arguments about the size differ from those of the state.
    pub(super) fn asks_for_other_size(&self, prior: &Self) -> bool {
        let minimums = |model: &Self| (model.minimum_addresses.clone(), model.minimum_hosts.clone());
        self.cidr != prior.cidr || self.netmask_length != prior.netmask_length || minimums(self) != minimums(prior)
    }

    /// [`Self::size`] for a new allocation: without another size, it has that of the preferred block.
    pub(in crate::provider) fn new_size(config: &Self) -> Option<Size> {
        match (Self::size(config)?, &config.preferred_cidr) {
            (_, Tf::Unknown) => None,
            (Size::Default, Tf::Known(preferred)) => Some(Size::NetmaskLength(preferred.netmask_length())),
            (size, _) => Some(size),
        }
    }

    pub(in crate::provider) fn request(&self, size: Size, tags: &Tags) -> Option<AllocationSpec> {
        if self.description.is_unknown() || self.disallowed_cidrs.is_unknown() || self.preferred_cidr.is_unknown() {
            return None;
        }
        let (pool_id, candidates) = self.pool_arguments().pools()?;
        Some(AllocationSpec {
            candidates: candidates.map(Box::new),
            preferred_cidr: self.preferred_cidr.cloned(),
            disallowed_cidrs: self.disallowed_cidrs.cloned().unwrap_or_default(),
            description: self.description.cloned(),
            tags: tags.clone(),
            lifetime: self.lifetime(),
            ..AllocationSpec::new(pool_id, self.name.cloned()?, size)
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
        } else if config.cidr.is_null() && config.netmask_length.is_known() {
            self.netmask_length = config.netmask_length.clone();
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

    /// The arguments that say where the allocation comes from.
    pub(super) fn pool_arguments(&self) -> PoolArguments<'_> {
        PoolArguments { pool_id: &self.ipam_pool_id, pool_ids: &self.ipam_pool_ids, selector: &self.pool_selector }
    }

    /// The one of these arguments that is set.
    pub(super) fn pool_at(&self) -> Path {
        self.pool_arguments().at()
    }

    /// Refuses what only self-managed stores can do.
    ///
    /// # Errors
    /// At the argument.
    pub(super) fn check_store(&self, configured: &Configured) -> Result<(), Diagnostics> {
        self.pool_arguments().check_store(configured, (&self.preferred_cidr, at!(Self, preferred_cidr)))
    }

    /// The attribute to edit for another size.
    pub(super) fn size_at(&self) -> Path {
        match self.minimums().attribute(&Path::root()) {
            _ if self.cidr.is_known() => at!(Self, cidr),
            Some(minimum) => minimum,
            None if self.netmask_length.is_null() && self.preferred_cidr.is_known() => at!(Self, preferred_cidr),
            None => at!(Self, netmask_length),
        }
    }

    /// The attribute that shows the size, and that an allocation is replaced for.
    pub(super) fn block_at(&self) -> Path {
        if self.cidr.is_known() { at!(Self, cidr) } else { at!(Self, netmask_length) }
    }
}

impl NounModel for AllocationModel {
    type Noun = Allocation;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), true).into_iter().collect();
        diagnostics.append(self.pool_arguments().check());
        let sizes = (&self.cidr, &self.netmask_length);
        let preferred_at = at!(Self, preferred_cidr);
        diagnostics.extend(agreement::of_preferred(&self.preferred_cidr, sizes, &self.disallowed_cidrs, preferred_at));
        let length_at = at!(Self, netmask_length);
        diagnostics.extend(agreement::of_cidr(&self.cidr, &self.netmask_length, length_at));
        diagnostics.extend(self.check_minimums());
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
        diagnostics.append(self.check_lifetime());
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
        self.fill_lifetime(&allocation.lifetime);
        fill_block_attributes!(self, allocation.cidr);
    }

    fields_with_tags!();

    fn leave_out_what_follows(&mut self) {
        self.netmask_length = Tf::Null;
        if !self.ttl.is_null() {
            self.expires_at = Tf::Null;
        }
    }

    fn attribute_for(&self, error: &Error) -> Path {
        if let Some(at) = self.lifetime_attribute(error) {
            return at;
        }
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => at!(Self, name),
            Error::NotFound { kind: Kind::Pool, .. }
            | Error::NoPool(_)
            | Error::PoolEmpty { .. }
            | Error::Unsupported { what: Unsupported::NoLocale } => self.pool_at(),
            Error::TagRule { .. } => at!(Self, tags),
            Error::FamilyMismatch { cidr: Some(cidr), .. } if self.preferred_cidr.get() == Some(cidr) => {
                at!(Self, preferred_cidr)
            }
            Error::NoSize { .. } => at!(Self, netmask_length),
            Error::PoolExhausted { .. } if self.cidr.is_null() && self.netmask_length.is_null() => self.pool_at(),
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
        self.request(Self::new_size(config)?, self.tags_all.get()?)
    }

    fn settle_size(&mut self, configured: &Configured) -> Result<(), Diagnostics> {
        let minimums = self.minimums();
        if minimums.is_absent() {
            return Ok(());
        }
        if let Some(conflict) = self.check_minimums() {
            return Err(conflict.into());
        }
        let family = match &self.ipam_pool_id {
            Tf::Known(_) => family_of(configured, &self.ipam_pool_id, at!(Self, ipam_pool_id))?,
            _ => self.pool_arguments().family(configured)?,
        };
        if let (None, Some(selector), Some(minimum)) =
            (family, self.pool_selector.get(), minimums.attribute(&Path::root()))
            && selector.address_family.is_null()
        {
            let detail = "The address family decides which netmask length this number needs. Set `address_family` in \
                          `pool_selector`.";
            return Err(Diagnostic::error("The address family is missing", detail).at(minimum).into());
        }
        self.netmask_length = minimums.netmask_length(family, &Path::root())?;
        let sizes = (&self.cidr, &self.netmask_length);
        let preferred_at = at!(Self, preferred_cidr);
        let conflict = agreement::of_preferred(&self.preferred_cidr, sizes, &self.disallowed_cidrs, preferred_at);
        conflict.map_or(Ok(()), |conflict| Err(conflict.into()))
    }

    fn explain_size(&self, errors: Diagnostics) -> Diagnostics {
        self.minimums().explain(errors, &self.netmask_length, &Path::root())
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
            lifetime: self.lifetime(),
        })
    }

    fn differs(&self, prior: &Self, _config: &Self) -> bool {
        self.name != prior.name
            || self.description != prior.description
            || self.tags_all != prior.tags_all
            || self.cidr != prior.cidr
            || self.disallowed_cidrs != prior.disallowed_cidrs
            || self.expires_at != prior.expires_at
            || self.lifetime() != prior.lifetime()
    }

    fn check_limits(configured: &Configured, config: &Self) -> Result<(), Diagnostics> {
        config.check_store(configured)?;
        config.check_lifetime_limits(configured)?;
        config.check_lifetime().into_result()
    }

    fn check_delete(prior: &Value) -> Result<(), Diagnostics> {
        Self::check_deletion(prior)
    }

    fn waits_to_change(ipam: &dyn Ipam, id: &str) -> Result<Vec<GivenUp>, Error> {
        growth::allocation_waits_for(ipam, id)
    }

    fn delete(&self, ipam: &dyn Ipam, id: &str) -> Result<(), Error> {
        ipam.delete_allocation(id)
    }

    fn check_contents(shared: &Shared, id: &str) -> Result<(), Diagnostics> {
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
