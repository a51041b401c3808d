//! `ipam_allocation`: a CIDR allocated from a pool.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::backend::{AllocationChange, New, Planned, Terms, find};
use crate::ipam::{
    Allocation, AllocationSpec, Cidr, Error, Family, Kind, Missing, ResourceType, Rules, Size, Tags, Unsupported,
    check_tags,
};
use crate::tf::{Apply, Diagnostic, Diagnostics, MoveSource, Number, Path, Plan, Resource, Stop, Tf, Value};
use crate::{at, fill_block_attributes, model};

use super::super::shared::{Configured, Shared, within};
use super::super::tags::PlannedTags;
use super::super::{capabilities, create, errors, hand_over, kept_arguments, moves, rename, tags};
use super::allocation_size::waits_to_grow;
use super::missing::{self, Found, Lost};
use super::pool_change::check_kept;
use super::replaced::Replaced;
use super::{Timeouts, carry_out, check_import, check_name, confirm, id_of, keep, only, state_loaded, timeout};
use super::{agreement, others};

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
        /// Address family of the CIDR: `ipv4` or `ipv6`.
        address_family: Family => computed(),
        /// Network address of the CIDR, which is the same as `first_address`.
        network: String => computed(),
        /// Netmask in dotted decimal form; null for IPv6.
        netmask: String => computed(),
        /// First address of the CIDR.
        first_address: String => computed(),
        /// Last address of the CIDR.
        last_address: String => computed(),
        /// Exact number of addresses in the CIDR.
        address_count: Number => computed(),
        /// Names of the reverse DNS zones that cover the CIDR, at octet (IPv4) or nibble (IPv6) boundaries.
        reverse_zones: Vec<String> => computed(),
        /// All tags of the allocation: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

pub(in crate::provider) struct AllocationResource(pub(in crate::provider) Arc<Shared>);

/// Private data of a plan without holds: the ID and the block that the first plan showed.
const PREVIEW_ID: &str = "preview_id";
const PREVIEW_CIDR: &str = "preview_cidr";

impl AllocationModel {
    /// How the configuration asks for the block; `None` while that is unknown. In a plan, `config` decides, because the
    /// other model still contains the computed one of the two arguments.
    pub(super) fn size(config: &Self) -> Option<Size> {
        match (&config.cidr, &config.netmask_length) {
            // A netmask length next to the block agrees with it.
            (Tf::Known(cidr), _) => Some(Size::Cidr(*cidr)),
            (Tf::Unknown, _) | (_, Tf::Unknown) => None,
            (Tf::Null, Tf::Known(length)) => Some(Size::NetmaskLength(*length)),
            (Tf::Null, Tf::Null) => Some(Size::Default),
        }
    }

    fn spec(&self, size: Size, tags: &Tags) -> Option<AllocationSpec> {
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

    /// Fills in the values that follow from the configuration alone.
    fn foretell(&mut self, config: &Self) {
        self.resource_type = ResourceType::Custom.to_string().into();
        self.resource_id = Tf::Null;
        if let Some(cidr) = config.cidr.get() {
            fill_block_attributes!(&mut *self, *cidr);
        }
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

    fn read(&mut self, allocation: &Allocation, configured: &Configured) {
        self.tags = tags::own(&configured.default_tags, &allocation.tags, (&self.tags, &self.tags_all));
        self.fill(allocation);
    }

    /// The attribute to edit for another size.
    pub(super) fn size_at(&self) -> Path {
        if self.cidr.is_known() { at!(Self, cidr) } else { at!(Self, netmask_length) }
    }

    pub(super) fn place(config: &Self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => at!(Self, name),
            Error::NotFound { kind: Kind::Pool, .. }
            | Error::PoolEmpty { .. }
            | Error::Unsupported { what: Unsupported::NoLocale } => at!(Self, ipam_pool_id),
            Error::TagRule { .. } => at!(Self, tags),
            Error::NoSize { .. } => at!(Self, netmask_length),
            Error::PoolExhausted { .. } if config.cidr.is_null() && config.netmask_length.is_null() => {
                at!(Self, ipam_pool_id)
            }
            Error::Overlap { .. }
            | Error::OutsidePool { .. }
            | Error::PoolExhausted { .. }
            | Error::NetmaskRule { .. }
            | Error::NetmaskRange { .. }
            | Error::FamilyMismatch { .. } => config.size_at(),
            Error::Service(fault) if fault.space.is_some() => config.size_at(),
            _ => Path::root(),
        }
    }
}

impl AllocationResource {
    /// A plan that may not write and shows no block. It reports mistakes nevertheless.
    fn look(
        &self,
        configured: &Configured,
        plan: &mut Plan<AllocationModel>,
        spec: AllocationSpec,
        tags: &PlannedTags,
    ) -> Result<(), Diagnostics> {
        let config = plan.config.clone();
        let place = |error: &Error| AllocationModel::place(&config, error);
        let rules = self.rules_for(configured, &spec.pool_id, tags).unwrap_or_default();
        let spec = AllocationSpec { tags: tags.assumed(&rules), ..spec };
        create::look(&self.0, configured, plan, New::Allocation(&spec), at!(AllocationModel, name), place)
    }

    /// A plan that may not write. The shown block is kept if the client carries it to the second plan and to apply.
    fn preview(
        &self,
        configured: &Configured,
        plan: &mut Plan<AllocationModel>,
        spec: AllocationSpec,
        tags: &PlannedTags,
    ) -> Result<(), Diagnostics> {
        if !plan.carries_private {
            return self.look(configured, plan, spec, tags);
        }
        let text = |key: &str| plan.first_plan.as_ref().and_then(|kept| kept.get(key)).and_then(|value| value.as_str());
        let cidr = text(PREVIEW_CIDR).and_then(|text| text.parse().ok());
        let kept: Option<(String, Cidr)> = text(PREVIEW_ID).map(str::to_owned).zip(cidr);
        if kept.is_none() && self.takes_a_place(configured, plan, &spec)? {
            return Ok(());
        }
        // One preview at a time, so that no two new allocations show the same block.
        let mut shown = self.0.session.previews();
        let spec = match &kept {
            Some((_, cidr)) => AllocationSpec { size: Size::Cidr(*cidr), disallowed_cidrs: BTreeSet::new(), ..spec },
            None => spec,
        };
        let (own, config) = (spec.disallowed_cidrs.is_empty(), plan.config.clone());
        let others = shown.of(&spec.pool_id);
        let apart = AllocationSpec { disallowed_cidrs: &spec.disallowed_cidrs | &others, ..spec.clone() };
        let look = |terms: &Terms| {
            let answer =
                configured.ipam.preview_allocation(&apart, &self.for_new(configured, terms, &spec.pool_id, tags));
            answer.map_err(|mut error| {
                // The user did not disallow the blocks of other previews.
                if let Error::PoolExhausted { disallowed, .. } = &mut error {
                    *disallowed &= !own;
                }
                error
            })
        };
        let place = |error: &Error| AllocationModel::place(&config, error);
        let found = create::plan(&self.0, configured, plan, at!(AllocationModel, name), place, look);
        let found = found.map_err(|said| match &kept {
            Some((_, cidr)) => plan_again(said, *cidr),
            None => said,
        })?;
        let Some(mut found) = found else { return Ok(()) };
        if let Some((id, _)) = kept {
            found.meta.id = id;
        }
        shown.add(&spec.pool_id, found.cidr);
        plan.private.insert(PREVIEW_ID.to_owned(), found.meta.id.clone().into());
        plan.private.insert(PREVIEW_CIDR.to_owned(), found.cidr.to_string().into());
        plan.planned.fill(&found);
        plan.planned.tags_all = tags.all.clone();
        if found.meta.id.is_empty() {
            // AWS assigns the ID and the owner when it creates the object.
            plan.planned.id = Tf::Unknown;
            plan.planned.ipam_pool_allocation_id = Tf::Unknown;
            plan.planned.owner = Tf::Unknown;
        }
        Ok(())
    }

    /// Whether this allocation takes the place of another one. A service cannot predict which space is free after that
    /// one is deleted.
    fn takes_a_place(
        &self,
        configured: &Configured,
        plan: &Plan<AllocationModel>,
        spec: &AllocationSpec,
    ) -> Result<bool, Diagnostics> {
        if configured.ipam.capabilities().holds {
            return Ok(false);
        }
        let found = configured.ipam.find_allocation(&spec.pool_id, &spec.name);
        let found = found.map_err(|error| errors::at(&error, AllocationModel::place(&plan.config, &error)))?;
        Ok(create::is_replacement(&plan.private) || found.is_some())
    }

    /// The terms with the rules that this plan gives the pool, so that a rule and an allocation that needs it can
    /// change at the same time.
    pub(super) fn with_rules(&self, terms: &Terms, pool_id: &str) -> Terms {
        Terms { pool_rules: self.0.changes.planned_rules(pool_id), ..terms.clone() }
    }

    /// The terms for a new allocation. Tags that are known only after apply are checked then.
    fn for_new(&self, configured: &Configured, terms: &Terms, pool_id: &str, tags: &PlannedTags) -> Terms {
        let mut pool_rules = self.rules_for(configured, pool_id, tags);
        pool_rules.iter_mut().for_each(|rules| tags.relax(rules));
        Terms { pool_rules, ..terms.clone() }
    }

    /// The rules that this plan gives the pool. If it gives none, the present rules while tags are not known yet.
    fn rules_for(&self, configured: &Configured, pool_id: &str, tags: &PlannedTags) -> Option<Rules> {
        let planned = self.0.changes.planned_rules(pool_id);
        if planned.is_some() || !tags.is_pending() {
            return planned;
        }
        // The check of the new allocation fails with the same error, and reports it.
        configured.ipam.get_pool(pool_id).ok().flatten().map(|pool| pool.rules)
    }

    /// Refuses CIDRs to avoid that no block of the pool can overlap.
    fn check_disallowed(&self, configured: &Configured, config: &AllocationModel) -> Result<(), Diagnostics> {
        let (Some(pool_id), Some(_)) = (config.ipam_pool_id.get(), config.disallowed_cidrs.get()) else {
            return Ok(());
        };
        let pool = configured.ipam.get_pool(pool_id);
        let pool = pool.map_err(|error| errors::at(&error, at!(AllocationModel, ipam_pool_id)))?;
        let wrong = pool
            .and_then(|pool| super::other_family(config.disallowed_cidrs.get(), pool.address_family, "the pool is"));
        wrong.map_or(Ok(()), |said| Err(said.at(at!(AllocationModel, disallowed_cidrs)).into()))
    }

    /// Checks the tags that the pool requires when the tags change, and not only at apply.
    fn check_required_tags(
        &self,
        configured: &Configured,
        planned: &AllocationModel,
        tags: &PlannedTags,
    ) -> Result<(), Diagnostics> {
        let Some(pool_id) = planned.ipam_pool_id.get() else { return Ok(()) };
        let pool = configured
            .ipam
            .get_pool(pool_id)
            .map_err(|error| errors::at(&error, at!(AllocationModel, ipam_pool_id)))?;
        let Some(mut pool) = pool else { return Ok(()) };
        if let Some(rules) = self.0.changes.planned_rules(pool_id) {
            pool.rules = rules;
        }
        tags.relax(&mut pool.rules);
        let checked = check_tags(&tags.known, &pool);
        checked.map_err(|error| errors::at(&error, at!(AllocationModel, tags)))
    }
}

impl AllocationModel {
    /// Whether an update changes anything in the store.
    fn differs(&self, prior: &Self) -> bool {
        self.name != prior.name
            || self.description != prior.description
            || self.tags_all != prior.tags_all
            || self.cidr != prior.cidr
            || self.disallowed_cidrs != prior.disallowed_cidrs
    }
}

/// Explains an error about a block that a plan showed and did not hold.
fn plan_again(said: Diagnostics, shown: Cidr) -> Diagnostics {
    let more = format!(
        " The plan showed {shown}, which was free then but is not held for this plan. Nothing was changed: plan again."
    );
    said.into_iter().map(|one| Diagnostic { detail: one.detail + &more, ..one }).collect()
}

impl AllocationModel {
    /// This object of a state, in case it is not in the store.
    fn lost<'a>(&'a self, id: &'a str) -> Lost<'a> {
        let is_own = self.resource_type == Tf::Known(ResourceType::Custom.to_string());
        let spec = || self.spec(Size::Cidr(*self.cidr.get()?), self.tags_all.get()?);
        let missing = spec().filter(|_| is_own).map(Missing::Allocation);
        Lost::new(Kind::Allocation, id, &self.name, &self.owner, missing)
    }

    /// This object, before a change.
    fn before(&self) -> Result<rename::Before<'_>, Diagnostics> {
        Ok(rename::Before {
            id: id_of(&self.id)?,
            name: self.name.known(at!(Self, name))?,
            owner: self.owner.known(at!(Self, owner))?,
        })
    }
}

impl Resource for AllocationResource {
    type Model = AllocationModel;
    const TYPE: &'static str = "ipam_allocation";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &AllocationModel) -> Diagnostics {
        let mut diagnostics: Diagnostics =
            check_name(&config.name, at!(AllocationModel, name), true).into_iter().collect();
        let length_at = at!(AllocationModel, netmask_length);
        diagnostics.extend(agreement::of_cidr(&config.cidr, &config.netmask_length, length_at));
        let disallowed_at = at!(AllocationModel, disallowed_cidrs);
        diagnostics.extend(agreement::of_disallowed(&config.cidr, &config.disallowed_cidrs, disallowed_at));
        diagnostics.extend(super::check_length(&config.netmask_length, None, at!(AllocationModel, netmask_length)));
        let disallowed = config.disallowed_cidrs.get();
        let first = disallowed.and_then(|blocks| blocks.first()).map(Cidr::family);
        diagnostics.extend(
            first
                .and_then(|family| super::other_family(disallowed, family, "the others are"))
                .map(|said| said.at(at!(AllocationModel, disallowed_cidrs))),
        );
        diagnostics
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        state_loaded(&self.0, state);
    }

    fn plan_delete(&self, id: &str) {
        self.0.session.goes(id);
        hand_over::give_up(&self.0, id);
    }

    fn plan_create(&self, plan: &mut Plan<AllocationModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(AllocationModel, tags))?;
        plan.planned.foretell(&plan.config);
        self.check_disallowed(&configured, &plan.config)?;
        let spec = AllocationModel::size(&plan.config).and_then(|size| plan.planned.spec(size, &tags.known));
        let Some(spec) = spec else { return Ok(()) };
        if configured.plan_hold.is_zero() {
            return self.preview(&configured, plan, spec, &tags);
        }
        let config = plan.config.clone();
        let place = |error: &Error| AllocationModel::place(&config, error);
        let hold = |terms: &Terms| {
            configured.ipam.plan_allocation(&spec, &self.for_new(&configured, terms, &spec.pool_id, &tags))
        };
        let held = create::plan(&self.0, &configured, plan, at!(AllocationModel, name), place, hold)?;
        let Some(allocation) = held else { return self.look(&configured, plan, spec, &tags) };
        plan.planned.fill(&allocation);
        plan.planned.tags_all = tags.all.clone();
        Ok(())
    }

    fn plan_update(&self, prior: &AllocationModel, plan: &mut Plan<AllocationModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else {
            plan.planned.tags_all = Tf::Unknown;
            if plan.planned.cidr != prior.cidr || plan.planned.netmask_length != prior.netmask_length {
                plan.planned.forget_block();
            }
            return Ok(());
        };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        capabilities::tags(&configured, &tags.known, at!(AllocationModel, tags))?;
        if plan.planned.disallowed_cidrs != prior.disallowed_cidrs {
            self.check_disallowed(&configured, &plan.config)?;
        }
        if AllocationModel::must_avoid_block(prior, plan) {
            plan.planned.forget_block();
            plan.replace.push(at!(AllocationModel, disallowed_cidrs));
        }
        self.plan_resize(&configured, prior, plan)?;
        let stays = plan.replace.is_empty();
        if let (true, Some(pool_id), Some(name)) = (stays, prior.ipam_pool_id.get(), plan.planned.name.get())
            && plan.planned.name != prior.name
        {
            let taken_by = configured.ipam.find_allocation(pool_id, name);
            rename::check(&self.0, &prior.before()?, plan.committing, taken_by, at!(AllocationModel, name))?;
        }
        if let (true, Some(pool_id), Some(cidr)) = (stays, prior.ipam_pool_id.get(), plan.planned.cidr.get()) {
            check_kept(&self.0, pool_id, cidr, at!(AllocationModel, ipam_pool_id))?;
        }
        if stays && plan.planned.tags_all != prior.tags_all {
            self.check_required_tags(&configured, &plan.planned, &tags)?;
        }
        kept_arguments::note(&configured, &prior.id, plan);
        let blocks = prior.cidr.get().into_iter().copied().collect();
        Replaced { word: "allocation", id: &prior.id, name: &prior.name, blocks, more: "" }.warn(plan);
        keep(
            &self.0,
            &mut plan.private,
            &prior.id,
            (&prior.name, &plan.planned.name),
            at!(AllocationModel, name),
            stays,
        )?;
        let blocks = plan.planned.cidr.get().filter(|_| stays).into_iter().copied().collect();
        hand_over::check_kept(&self.0, &prior.id, &blocks, plan.config.size_at())
    }

    fn may_keep(&self, _argument: &str) -> bool {
        kept_arguments::may_keep(&self.0)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &AllocationModel, plan: &Plan<AllocationModel>) -> bool {
        kept_arguments::has_kept(&self.0, &prior.id, plan)
    }

    fn create(&self, apply: &mut Apply<AllocationModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let preview = |key: &str| apply.private.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        let planned = match (preview(PREVIEW_ID), preview(PREVIEW_CIDR).and_then(|text| text.parse().ok())) {
            (Some(id), Some(cidr)) => Planned::Previewed { id, cidr },
            _ => create::planned(&self.0, state.id.get()),
        };
        apply.private.clear();
        let spec = AllocationModel::size(&apply.config)
            .and_then(|size| state.spec(size, state.tags_all.get()?))
            .ok_or_else(|| create::still_unknown(Self::TYPE))?;
        let waits_for = || hand_over::waits_for::<Allocation>(&configured, &planned);
        let patience = (timeout(&state.timeouts, |timeouts| &timeouts.create), &apply.stop);
        let work = create::once_free(&self.0, &configured, || configured.ipam.create_allocation(&spec, &planned));
        let allocation = hand_over::once_given_up(&self.0, patience, waits_for, work);
        let allocation = allocation.map_err(|error| {
            let said = errors::at(&error, AllocationModel::place(&apply.config, &error));
            let said = hand_over::explain(said, &error, &waits_for());
            match (&planned, &error) {
                (Planned::Previewed { cidr, .. }, Error::Overlap { .. }) => plan_again(said, *cidr),
                (Planned::Previewed { cidr, .. }, Error::Service(fault)) if fault.space.is_some() => {
                    plan_again(said, *cidr)
                }
                _ => said,
            }
        })?;
        self.0.session.made(&allocation.meta.id);
        state.fill(&allocation);
        Ok(())
    }

    fn update(&self, prior: &AllocationModel, apply: &mut Apply<AllocationModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        if !state.differs(prior) {
            // Only `timeouts` differ, and they are only in the state.
            return Ok(());
        }
        let wished = AllocationChange {
            name: state.name.known(at!(AllocationModel, name))?.clone(),
            description: state.description.cloned(),
            tags: state.tags_all.known(at!(AllocationModel, tags))?.clone(),
            disallowed_cidrs: state.disallowed_cidrs.cloned().unwrap_or_default(),
            // The update must lead to the block that the plan showed.
            size: match AllocationModel::size(&apply.config) {
                Some(Size::NetmaskLength(length)) => Size::NetmaskLength(length),
                _ => Size::Cidr(*state.cidr.known(at!(AllocationModel, cidr))?),
            },
        };
        let id = id_of(&prior.id)?;
        let before = prior.before()?;
        let patience = (timeout(&state.timeouts, |timeouts| &timeouts.update), &apply.stop);
        let waits_for = || waits_to_grow(&configured, id);
        let change = |name: &str| {
            let change = AllocationChange { name: name.to_owned(), ..wished.clone() };
            let update = || configured.ipam.update_allocation(id, &change);
            hand_over::once_given_up(&self.0, patience, waits_for, update)
        };
        match carry_out(&self.0, &before, &wished.name, patience, change) {
            Ok(allocation) => {
                self.0.queue.progress();
                state.fill(&allocation);
                Ok(())
            }
            Err((error, reached)) => {
                apply.reached = reached.map(|allocation| {
                    let mut model = state.clone();
                    model.fill(&allocation);
                    model
                });
                let said = errors::at(&error, AllocationModel::place(&apply.config, &error));
                Err(hand_over::explain(said, &error, &waits_for()))
            }
        }
    }

    fn delete(&self, prior: &AllocationModel, stop: &Stop) -> Result<(), Diagnostics> {
        let (ipam, id) = (self.0.ipam()?, id_of(&prior.id)?);
        within(timeout(&prior.timeouts, |timeouts| &timeouts.delete), stop, || ipam.delete_allocation(id))
            .map_err(|error| errors::at(&error, Path::root()))?;
        self.0.queue.progress();
        Ok(())
    }

    fn read(&self, state: AllocationModel) -> Result<Option<AllocationModel>, Diagnostics> {
        self.refresh(state, &mut Diagnostics::new())
    }

    fn refresh(
        &self,
        mut state: AllocationModel,
        warnings: &mut Diagnostics,
    ) -> Result<Option<AllocationModel>, Diagnostics> {
        let configured = self.0.ready()?;
        let id = id_of(&state.id)?.clone();
        let get = || configured.ipam.get_allocation(&id);
        let found =
            missing::find((&self.0, &configured), &state.lost(&id), |found: &Allocation| &found.meta, get, warnings)?;
        let allocation = match found {
            Found::Here(found) => found,
            Found::Stays => return Ok(Some(state)),
            Found::Gone => return moves::not_here(configured.ipam.as_ref(), Self::TYPE, &id, state.name.is_null()),
        };
        confirm(&self.0, &allocation.meta)?;
        state.read(&allocation, &configured);
        Ok(Some(state))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<AllocationModel>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }

    fn import(&self, id: &str) -> Result<AllocationModel, Diagnostics> {
        let configured = self.0.ready()?;
        let id = super::without_region(configured.ipam.as_ref(), id);
        let forms = "id (ipam-pool-alloc-...), by path (pool-name/name), by cidr, or by cidr_pool, such as \
                     10.0.0.0/24_ipam-pool-...";
        let found = find::allocations(configured.ipam.as_ref(), id);
        let allocation = only(("allocation", id, forms), found, |one| &one.meta)?;
        check_import("allocation", &allocation.meta)?;
        if let (ResourceType::IpamPool, Some(pool_id)) = (allocation.resource_type, &allocation.resource_id) {
            let detail = format!("{} is the space of pool {pool_id}: import that pool instead.", allocation.cidr);
            return Err(Diagnostic::error("This allocation belongs to a pool", detail).into());
        }
        // On a self-managed store, a scan imported it, and nothing except this resource ever removes it.
        if allocation.resource_type != ResourceType::Custom && configured.ipam.service().is_some() {
            let what = allocation.resource_id.as_deref().unwrap_or("a resource");
            let detail = format!(
                "{} is the space of {} {what}, and is released with it. It cannot be managed separately.",
                allocation.cidr, allocation.resource_type
            );
            return Err(Diagnostic::error("This allocation belongs to a resource of AWS", detail).into());
        }
        let mut model = AllocationModel::default();
        model.read(&allocation, &configured);
        if !allocation.disallowed_cidrs.is_empty() {
            model.disallowed_cidrs = allocation.disallowed_cidrs.into();
        }
        Ok(model)
    }

    fn imported(&self, imported: &AllocationModel) -> Diagnostics {
        let name = imported.name.get().map_or("", String::as_str);
        others::warn(&self.0, Kind::Allocation, &imported.id, name, &imported.owner)
    }
}
