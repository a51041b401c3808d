//! `ipam_pool`: a collection of CIDRs, and the rules for allocations from them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{New, PoolChange, Terms, find};
use crate::ipam::{
    AwsService, Cidr, Error, Family, Kind, Missing, Pool, PoolSpec, Provision, PublicIpSource, RuleName, Rules,
    ScopeType, Strategy, Tags, Unsupported, check_rules,
};
use crate::tf::{Apply, Diagnostic, Diagnostics, MoveSource, Path, Plan, Resource, Stop, Tf, Value};
use crate::{at, model};

use super::super::shared::{Configured, Shared, once_emptied};
use super::super::tags::PlannedTags;
use super::super::{capabilities, create, errors, hand_over, kept_arguments, moves, rename, tags};
use super::missing::{self, Found, Lost};
use super::pool_change::{check_kept, waits_to_grow};
use super::pool_special::{self, SourceResourceModel};
use super::{
    DEFAULT_TIMEOUT, Timeouts, carry_out, check_import, check_length, check_name, confirm, id_of, keep, only,
    state_loaded, timeout, timeout_or,
};
use super::{agreement, others, pool_sizes};

model! {
    /// Manages a pool, which is a collection of CIDRs with rules for allocations from them. The configuration gives a
    /// top-level pool its CIDRs; a pool with a `source_ipam_pool_id` takes its CIDRs from that pool. Changes are made
    /// in place, except where an argument says that a change replaces the pool.
    pub(crate) struct PoolModel {
        /// Name of the pool, unique among the pools with the same source pool, or among the top-level pools of the
        /// scope.
        name: String => required(),
        /// ID of the scope that contains the pool. Default: the scope of the source pool, or the default private scope
        /// for a top-level pool. A pool with a source pool is always in the scope of that pool. A change replaces the
        /// pool.
        ipam_scope_id: String => optional().computed().replace(),
        /// ID of the source pool, from which the pool takes its CIDRs. Not set for a top-level pool. A change replaces
        /// the pool.
        source_ipam_pool_id: String => optional().replace(),
        /// Address family of the pool: `ipv4` or `ipv6`. Default: the family of the source pool or of `cidrs`; required
        /// if there is neither. A change replaces the pool.
        address_family: Family => optional().computed().replace(),
        /// Region or site of the pool, such as `eu-west-1`. Default: the locale of the source pool. All pools below a
        /// pool with a locale have the same locale. On a self-managed store, the locale is a label: a change is made in
        /// place, and the pools below change with it. A pool without a locale cannot get one that differs from the
        /// locale of a pool below. When the argument is removed, the pool keeps its locale. With `aws-ipam`, a change
        /// replaces the pool, and only pools with a locale can contain allocations.
        locale: String => optional().computed().replace(),
        /// Set of CIDRs to provision: any CIDRs for a top-level pool, otherwise CIDRs of the source pool. CIDRs can be
        /// added, and removed while they contain no allocation. On a self-managed store, CIDRs can also be merged,
        /// split, enlarged and shrunk in place, if every allocation lies in one of the new CIDRs. If something is in
        /// the way, the plan fails. A change of `cidrs` never replaces the pool.
        cidrs: BTreeSet<Cidr> => optional().computed(),
        /// Netmask length of one CIDR to provision from the source pool, or from Amazon with
        /// `public_ip_source = "amazon"`. Together with `cidrs`, it must be the netmask length of the only CIDR. A
        /// change is made in place when the space for it is free, or when the same apply releases it, and replaces the
        /// pool otherwise. With `aws-ipam`, a change of the size replaces the pool.
        netmask_length: u8 => optional(),
        /// Smallest netmask length (the largest CIDR) that an allocation may have. Default: no limit.
        allocation_min_netmask_length: u8 => optional(),
        /// Largest netmask length (the smallest CIDR) that an allocation may have. Default: no limit.
        allocation_max_netmask_length: u8 => optional(),
        /// Netmask length of allocations that set neither `cidr` nor `netmask_length`. Default: none, so each
        /// allocation must set one of them.
        allocation_default_netmask_length: u8 => optional(),
        /// Map of tags that every allocation must have, with the same values.
        allocation_resource_tags: Tags => optional(),
        /// Which free space an allocation by `netmask_length` gets: `best-fit` (the default, the smallest free space
        /// that is large enough), `first-fit` (the lowest address), `last-fit` (the highest address), `sparse` (with
        /// room to grow behind each allocation, RFC 3531) or `random`. With `aws-ipam`, only `best-fit` is allowed,
        /// because AWS chooses the space.
        allocation_strategy: Strategy => default("best-fit"),
        /// Description of the pool.
        description: String => optional(),
        /// Whether deleting the pool also deletes everything in it. Default: `false`. AWS supports this in private
        /// scopes, and for pools with a `source_resource`; the VPC is not deleted.
        cascade: bool => default(false),
        /// VPC whose address space the pool plans: the CIDR of the pool must be exactly one of the CIDRs of the VPC.
        /// Only with `aws-ipam`. AWS may take up to half an hour to find the VPC, so the default of `timeouts.create`
        /// is 35 minutes for such a pool. A change replaces the pool.
        source_resource: SourceResourceModel => optional().computed().replace(),
        /// Source of the addresses of a pool in a public scope, such as `byoip` or `amazon`. Only with `aws-ipam`. A
        /// change replaces the pool.
        public_ip_source: PublicIpSource => optional().computed().replace(),
        /// AWS service that may use the addresses of a pool in a public scope, such as `ec2`, or `global-services` for
        /// anycast addresses. Only with `aws-ipam`. A change replaces the pool.
        aws_service: AwsService => optional().computed().replace(),
        /// Whether the IPv6 addresses of the pool, which you bring to AWS, can be advertised. Only with `aws-ipam`, and
        /// only with `address_family = "ipv6"` and `public_ip_source = "byoip"` in the public scope. A change replaces
        /// the pool.
        publicly_advertisable: bool => optional().computed().replace(),
        /// Whether VPCs that are found in the address space of the pool become its allocations automatically. Default:
        /// `false`. Requires a `locale`, which is the Region of the VPCs. On a self-managed store, an
        /// `ipam_resource_discovery` finds the VPCs, and they become allocations at the end of a scan, for example by
        /// the command `discover`.
        auto_import: bool => optional(),
        /// Map of tags for the pool.
        tags: Tags => optional(),
        /// ID of the pool.
        id: String => computed(),
        /// CIDR of the pool, if `cidrs` has exactly one element; null otherwise.
        cidr: Cidr => computed(),
        /// Depth of the pool in the tree of pools: 1 for a top-level pool, and one more for each pool above.
        pool_depth: u32 => computed(),
        /// Type of the scope that contains the pool: `private` or `public`.
        ipam_scope_type: ScopeType => computed(),
        /// Owner of the pool: the provider argument `owner` of the configuration that it belongs to. With `aws-ipam`,
        /// the ID of the AWS account.
        owner: String => computed(),
        /// All tags of the pool: `tags` and the `default_tags` of the provider.
        tags_all: Tags => computed(),
    }
    blocks { timeouts: Timeouts }
}

/// Default time limit for creating a pool for a VPC: AWS finds the VPC after up to half an hour.
const PLANNING_TIMEOUT: Duration = Duration::from_mins(35);

pub(in crate::provider) struct PoolResource(pub(in crate::provider) Arc<Shared>);

impl PoolModel {
    fn rules(&self) -> Option<Rules> {
        let unknown = self.allocation_min_netmask_length.is_unknown()
            || self.allocation_max_netmask_length.is_unknown()
            || self.allocation_default_netmask_length.is_unknown()
            || self.allocation_resource_tags.is_unknown();
        (!unknown).then(|| Rules {
            min_netmask_length: self.allocation_min_netmask_length.cloned(),
            max_netmask_length: self.allocation_max_netmask_length.cloned(),
            default_netmask_length: self.allocation_default_netmask_length.cloned(),
            required_tags: self.allocation_resource_tags.cloned().unwrap_or_default(),
        })
    }

    /// `None` while a value that the placement needs is unknown.
    fn spec(&self, config: &Self, tags: &Tags) -> Option<PoolSpec> {
        let unknown = config.ipam_scope_id.is_unknown()
            || config.source_ipam_pool_id.is_unknown()
            || config.address_family.is_unknown()
            || config.locale.is_unknown()
            || config.description.is_unknown();
        if unknown {
            return None;
        }
        Some(PoolSpec {
            name: config.name.cloned()?,
            scope_id: config.ipam_scope_id.cloned(),
            source_pool_id: config.source_ipam_pool_id.cloned(),
            address_family: config.address_family.cloned(),
            locale: config.locale.cloned(),
            description: config.description.cloned(),
            rules: config.rules()?,
            strategy: self.allocation_strategy.cloned()?,
            tags: tags.clone(),
            provision: config.asked()?,
            special: config.special()?,
        })
    }

    pub(super) fn change(&self, config: &Self, tags: &Tags) -> Option<PoolChange> {
        if self.description.is_unknown() || self.auto_import.is_unknown() {
            return None;
        }
        Some(PoolChange {
            name: self.name.cloned()?,
            description: self.description.cloned(),
            rules: self.rules()?,
            strategy: self.allocation_strategy.cloned()?,
            tags: tags.clone(),
            provision: self.provision_by(config)?,
            auto_import: self.auto_import.cloned().unwrap_or(false),
            locale: self.locale.cloned(),
        })
    }

    fn fill(&mut self, pool: &Pool, scope_type: Option<ScopeType>) {
        self.name = pool.meta.name.clone().into();
        self.ipam_scope_id = pool.scope_id.clone().into();
        self.source_ipam_pool_id = pool.source_pool_id.clone().into();
        self.address_family = pool.address_family.into();
        self.locale = pool.locale.clone().into();
        self.netmask_length = match pool.provision {
            Provision::NetmaskLength(length) => length.into(),
            // The user may also give the size of the only block.
            Provision::Cidrs(_) if pool_sizes::agrees(&self.netmask_length, &pool.cidrs) => self.netmask_length.clone(),
            _ => Tf::Null,
        };
        bound(&mut self.allocation_min_netmask_length, pool.rules.min_netmask_length, 0);
        bound(&mut self.allocation_max_netmask_length, pool.rules.max_netmask_length, pool.address_family.bits());
        self.allocation_default_netmask_length = pool.rules.default_netmask_length.into();
        if !(pool.rules.required_tags.is_empty() && self.allocation_resource_tags.is_null()) {
            self.allocation_resource_tags = pool.rules.required_tags.clone().into();
        }
        self.allocation_strategy = pool.strategy.into();
        self.description = pool.description.clone().into();
        self.id = pool.meta.id.clone().into();
        self.pool_depth = pool.depth.into();
        self.ipam_scope_type = scope_type.into();
        self.owner = pool.meta.owner.clone().into();
        self.tags_all = pool.tags.clone().into();
        self.fill_special(&pool.special);
        self.fill_cidrs(&pool.cidrs);
    }

    /// Fills in the values that follow from the configuration alone.
    fn foretell(&mut self, config: &Self) {
        match config.asked() {
            Some(Provision::Cidrs(cidrs)) => self.fill_cidrs(&cidrs),
            Some(Provision::Nothing) => self.fill_cidrs(&BTreeSet::new()),
            Some(Provision::NetmaskLength(_)) | None => {}
        }
        if let (Tf::Null, Some(first)) = (&config.address_family, config.cidrs.get().and_then(BTreeSet::first)) {
            self.address_family = first.family().into();
        }
        if config.source_ipam_pool_id.is_null() {
            self.pool_depth = 1.into();
            self.locale = config.locale.clone();
            if config.ipam_scope_id.is_null() {
                self.ipam_scope_type = ScopeType::Private.into();
            }
        }
    }

    pub(super) fn fill_cidrs(&mut self, cidrs: &BTreeSet<Cidr>) {
        self.cidrs = cidrs.clone().into();
        self.cidr = match cidrs.len() {
            1 => cidrs.first().copied().into(),
            _ => Tf::Null,
        };
    }

    fn read(&mut self, pool: &Pool, scope_type: Option<ScopeType>, configured: &Configured) {
        self.tags = tags::own(&configured.default_tags, &pool.tags, (&self.tags, &self.tags_all));
        self.fill(pool, scope_type);
    }

    fn place(&self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => at!(Self, name),
            Error::NotFound { kind: Kind::Scope, .. } | Error::ScopeMismatch { .. } => at!(Self, ipam_scope_id),
            Error::NotFound { kind: Kind::Pool, .. } | Error::TooDeep { .. } | Error::PoolEmpty { .. } => {
                at!(Self, source_ipam_pool_id)
            }
            Error::LocaleMismatch { .. } | Error::LocalesBelow { .. } => at!(Self, locale),
            Error::NoLocale => at!(Self, auto_import),
            Error::Unsupported { what: Unsupported::OnlyAws(what) } => pool_special::place(*what),
            Error::Unsupported { what: Unsupported::Regrouping } => at!(Self, cidrs),
            Error::Service(_) if self.is_planning() => at!(Self, source_resource),
            Error::FamilyMismatch { cidr: Some(_), .. }
            | Error::Overlap { .. }
            | Error::OutsidePool { .. }
            | Error::OwnOverlap { .. } => at!(Self, cidrs),
            Error::FamilyMismatch { cidr: None, .. } | Error::NoFamily => at!(Self, address_family),
            Error::NetmaskRange { .. } | Error::PoolExhausted { .. } | Error::NoSourcePool => at!(Self, netmask_length),
            Error::BadRules { rule, .. } => match rule {
                RuleName::MinNetmaskLength => at!(Self, allocation_min_netmask_length),
                RuleName::MaxNetmaskLength => at!(Self, allocation_max_netmask_length),
                RuleName::DefaultNetmaskLength => at!(Self, allocation_default_netmask_length),
            },
            Error::InUse { .. } if self.cidrs.is_known() => at!(Self, cidrs),
            Error::InUse { .. } if self.netmask_length.is_known() => at!(Self, netmask_length),
            Error::Across { .. } => at!(Self, cidrs),
            Error::Service(fault) if fault.space.is_some() && self.cidrs.is_known() => at!(Self, cidrs),
            Error::Service(fault) if fault.space.is_some() => at!(Self, netmask_length),
            _ => Path::root(),
        }
    }

    pub(super) fn explain(&self, error: &Error) -> Diagnostics {
        errors::at(error, self.place(error))
    }
}

/// A bound that allows everything means the same as no bound. The state keeps the one that the user wrote.
fn bound(field: &mut Tf<u8>, kept: Option<u8>, all: u8) {
    if !(kept.is_none() && *field == Tf::Known(all)) {
        *field = kept.into();
    }
}

impl PoolResource {
    fn check_limits(
        configured: &Configured,
        planned: &PoolModel,
        config: &PoolModel,
        tags: &Tags,
    ) -> Result<(), Diagnostics> {
        capabilities::tags(configured, tags, at!(PoolModel, tags))?;
        capabilities::strategy(configured, &planned.allocation_strategy, at!(PoolModel, allocation_strategy))?;
        pool_special::check(configured, config)
    }

    fn scope_type(configured: &Configured, pool: &Pool) -> Result<Option<ScopeType>, Diagnostics> {
        let scope = configured.ipam.get_scope(&pool.scope_id);
        let scope = scope.map_err(|error| errors::at(&error, at!(PoolModel, ipam_scope_id)))?;
        Ok(scope.map(|scope| scope.scope_type))
    }

    fn check_family(config: &PoolModel, diagnostics: &mut Diagnostics) {
        let (Some(cidrs), Some(family)) = (config.cidrs.get(), config.address_family.get()) else { return };
        for cidr in cidrs.iter().filter(|cidr| cidr.family() != *family) {
            diagnostics.push(
                Diagnostic::error(
                    "Wrong address family",
                    format!("{cidr} is an {} block, and address_family says {family}.", cidr.family()),
                )
                .at(at!(PoolModel, cidrs)),
            );
        }
    }
}

impl PoolModel {
    /// This object of a state, in case it is not in the store.
    fn lost<'a>(&'a self, id: &'a str) -> Lost<'a> {
        let spec = || Some(PoolSpec { provision: self.provision()?, ..self.spec(self, self.tags_all.get()?)? });
        let block = self.cidrs.get().and_then(BTreeSet::first).copied();
        Lost::new(Kind::Pool, id, &self.name, &self.owner, spec().map(|spec| Missing::Pool(Box::new(spec), block)))
    }

    /// This object, before a change.
    pub(super) fn before(&self) -> Result<rename::Before<'_>, Diagnostics> {
        Ok(rename::Before {
            id: id_of(&self.id)?,
            name: self.name.known(at!(Self, name))?,
            owner: self.owner.known(at!(Self, owner))?,
        })
    }
}

impl Resource for PoolResource {
    type Model = PoolModel;
    const TYPE: &'static str = "ipam_pool";

    fn service(&self) -> Option<String> {
        self.0.service()
    }

    fn validate(&self, config: &PoolModel) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&config.name, at!(PoolModel, name), false).into_iter().collect();
        let length_at = at!(PoolModel, netmask_length);
        diagnostics.extend(agreement::of_cidrs(&config.cidrs, &config.netmask_length, length_at));
        // Amazon provides public space by size without a source pool.
        let is_given = matches!(config.public_ip_source, Tf::Unknown | Tf::Known(PublicIpSource::Amazon));
        let only_size = config.netmask_length.is_known() && config.cidrs.is_null();
        if only_size && config.source_ipam_pool_id.is_null() && !is_given {
            diagnostics.push(errors::explain(&Error::NoSourcePool).at(at!(PoolModel, netmask_length)));
        }
        Self::check_family(config, &mut diagnostics);
        diagnostics.append(config.check_special());
        diagnostics.append(pool_sizes::check(config));
        let of_cidrs = config.cidrs.get().and_then(BTreeSet::first).map(Cidr::family);
        let family = config.address_family.cloned().or(of_cidrs);
        diagnostics.extend(check_length(&config.netmask_length, family, at!(PoolModel, netmask_length)));
        // Without a family, only a violation of the capabilities of the longer addresses is certain.
        let wrong = config.rules().and_then(|rules| check_rules(&rules, family.unwrap_or(Family::Ipv6)).err());
        if let Some(error) = wrong {
            diagnostics.push(errors::explain(&error).at(config.place(&error)));
        }
        diagnostics
    }

    fn state_loaded(&self, state: &serde_json::Value) {
        state_loaded(&self.0, state);
    }

    fn plan_delete(&self, id: &str) {
        self.0.session.goes(id);
        hand_over::give_up(&self.0, id);
    }

    fn plan_create(&self, plan: &mut Plan<PoolModel>) -> Result<(), Diagnostics> {
        create::note_replacement(&self.0, &plan.private);
        let Some(configured) = self.0.configured()? else { return Ok(()) };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        Self::check_limits(&configured, &plan.planned, &plan.config, &tags.known)?;
        pool_special::settle(&configured, &mut plan.planned);
        plan.planned.foretell(&plan.config);
        let followed = self.follow_locale(&plan.config.source_ipam_pool_id.clone(), plan)?;
        let Some(mut spec) = plan.planned.spec(&plan.config, &tags.known) else { return Ok(()) };
        if let Some(followed) = &followed {
            spec.locale = followed.asked(&plan.planned.locale);
        }
        let config = plan.config.clone();
        let place = |error: &Error| config.place(error);
        if configured.plan_hold.is_zero() {
            return create::look(&self.0, &configured, plan, New::Pool(&spec), at!(PoolModel, name), place);
        }
        let hold = |terms: &Terms| configured.ipam.plan_pool(&spec, terms);
        let Some(pool) = create::plan(&self.0, &configured, plan, at!(PoolModel, name), place, hold)? else {
            return create::look(&self.0, &configured, plan, New::Pool(&spec), at!(PoolModel, name), place);
        };
        plan.planned.fill(&pool, Self::scope_type(&configured, &pool)?);
        plan.planned.tags_all = tags.all;
        if let Some(followed) = followed {
            plan.planned.locale = followed.becomes;
        }
        Ok(())
    }

    fn plan_update(&self, prior: &PoolModel, plan: &mut Plan<PoolModel>) -> Result<(), Diagnostics> {
        let Some(configured) = self.0.configured()? else {
            plan.planned.tags_all = Tf::Unknown;
            if plan.planned.provision_by(&plan.config) != prior.provision_by(&plan.config) {
                plan.planned.cidrs = Tf::Unknown;
                plan.planned.cidr = Tf::Unknown;
            }
            return Ok(());
        };
        let tags = PlannedTags::new(&configured.default_tags, &plan.planned.tags);
        plan.planned.tags_all = tags.all.clone();
        Self::check_limits(&configured, &plan.planned, &plan.config, &tags.known)?;
        pool_special::settle(&configured, &mut plan.planned);
        let followed = self.plan_locale(&configured, prior, plan)?;
        if plan.replace.is_empty() {
            self.plan_change(&configured, prior, plan, (&tags.known, followed.as_ref()))?;
        }
        if plan.replace.is_empty() {
            self.check_rename(&configured, prior, plan)?;
        }
        let stays = plan.replace.is_empty();
        if let (true, Some(source_id), Some(cidrs)) = (stays, prior.source_ipam_pool_id.get(), plan.planned.cidrs.get())
        {
            cidrs
                .iter()
                .try_for_each(|cidr| check_kept(&self.0, source_id, cidr, at!(PoolModel, source_ipam_pool_id)))?;
        }
        if let (true, Some(id), Some(rules)) = (stays, prior.id.get(), plan.planned.rules())
            && prior.rules().as_ref() != Some(&rules)
        {
            self.0.changes.plan_rules(id, rules);
        }
        kept_arguments::note(&configured, &prior.id, plan);
        self.warn_of_replacement(&configured, prior, plan);
        keep(&self.0, &mut plan.private, &prior.id, (&prior.name, &plan.planned.name), at!(PoolModel, name), stays)?;
        let blocks = plan.planned.cidrs.get().filter(|_| stays).cloned().unwrap_or_default();
        hand_over::check_kept(&self.0, &prior.id, &blocks, at!(PoolModel, cidrs))
    }

    fn may_keep(&self, argument: &str) -> bool {
        // In a self-managed store the locale changes in place, and the pools below follow: see `PoolResource::plan_locale`.
        let is_in_place = argument == "locale" && self.0.service().is_none();
        !is_in_place && kept_arguments::may_keep(&self.0)
    }

    fn stays(&self, prior: &Value) -> bool {
        kept_arguments::stays(&self.0, prior)
    }

    fn has_kept(&self, prior: &PoolModel, plan: &Plan<PoolModel>) -> bool {
        kept_arguments::has_kept(&self.0, &prior.id, plan)
    }

    fn create(&self, apply: &mut Apply<PoolModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let planned = create::planned(&self.0, state.id.get());
        apply.private.clear();
        let spec = state.tags_all.get().and_then(|tags| state.spec(&apply.config, tags));
        let spec = spec.ok_or_else(|| create::still_unknown(Self::TYPE))?;
        pool_special::check(&configured, &apply.config)?;
        let work = create::once_free(&self.0, &configured, || configured.ipam.create_pool(&spec, &planned));
        let usual = if state.is_planning() { PLANNING_TIMEOUT } else { DEFAULT_TIMEOUT };
        let patience = timeout_or(&state.timeouts, |timeouts| &timeouts.create, usual);
        let waits_for = || hand_over::waits_for::<Pool>(&configured, &planned);
        let pool = hand_over::once_given_up(&self.0, (patience, &apply.stop), waits_for, work);
        let pool = pool.map_err(|error| hand_over::explain(apply.config.explain(&error), &error, &waits_for()))?;
        self.0.session.made(&pool.meta.id);
        state.fill(&pool, Self::scope_type(&configured, &pool)?);
        Ok(())
    }

    fn update(&self, prior: &PoolModel, apply: &mut Apply<PoolModel>) -> Result<(), Diagnostics> {
        let configured = self.0.ready()?;
        let state = &mut apply.state;
        state.tags_all = tags::all(&configured.default_tags, &state.tags);
        let change = |model: &PoolModel| model.tags_all.get().and_then(|tags| model.change(&apply.config, tags));
        let wished = change(state).ok_or_else(|| create::still_unknown(Self::TYPE))?;
        if change(prior).as_ref() == Some(&wished) {
            // Only `cascade` and `timeouts` differ, and they are only in the state.
            return Ok(());
        }
        let id = id_of(&prior.id)?;
        let before = prior.before()?;
        let patience = (timeout(&state.timeouts, |timeouts| &timeouts.update), &apply.stop);
        let waits_for = || {
            let all = configured.ipam.list_pool_cidrs(id, true).unwrap_or_default();
            let growing = waits_to_grow(&configured, id);
            all.into_iter().flat_map(|pool_cidr| pool_cidr.meta.waits_for).chain(growing).collect::<Vec<_>>()
        };
        let change = |name: &str| {
            let change = PoolChange { name: name.to_owned(), ..wished.clone() };
            let waits = (patience.0, self.0.sibling_wait);
            let update = || once_emptied(waits, patience.1, || configured.ipam.update_pool(id, &change));
            hand_over::once_given_up(&self.0, patience, waits_for, update)
        };
        match carry_out(&self.0, &before, &wished.name, patience, change) {
            Ok(pool) => {
                self.0.queue.progress();
                state.fill(&pool, Self::scope_type(&configured, &pool)?);
                Ok(())
            }
            Err((error, reached)) => {
                if let Some(pool) = reached {
                    let mut model = state.clone();
                    model.fill(&pool, Self::scope_type(&configured, &pool)?);
                    apply.reached = Some(model);
                }
                Err(hand_over::explain(apply.config.explain(&error), &error, &waits_for()))
            }
        }
    }

    fn delete(&self, prior: &PoolModel, stop: &Stop) -> Result<(), Diagnostics> {
        let (ipam, id) = (self.0.ipam()?, id_of(&prior.id)?);
        let cascade = prior.cascade == Tf::Known(true);
        let patience = (timeout(&prior.timeouts, |timeouts| &timeouts.delete), self.0.sibling_wait);
        once_emptied(patience, stop, || ipam.delete_pool(id, cascade))
            .map_err(|error| errors::at(&error, Path::root()))?;
        self.0.queue.progress();
        Ok(())
    }

    fn read(&self, state: PoolModel) -> Result<Option<PoolModel>, Diagnostics> {
        self.refresh(state, &mut Diagnostics::new())
    }

    fn refresh(&self, mut state: PoolModel, warnings: &mut Diagnostics) -> Result<Option<PoolModel>, Diagnostics> {
        let configured = self.0.ready()?;
        let id = id_of(&state.id)?.clone();
        let get = || configured.ipam.get_pool(&id);
        let found = missing::find((&self.0, &configured), &state.lost(&id), |found: &Pool| &found.meta, get, warnings)?;
        let pool = match found {
            Found::Here(found) => found,
            Found::Stays => return Ok(Some(state)),
            Found::Gone => return moves::not_here(configured.ipam.as_ref(), Self::TYPE, &id, state.name.is_null()),
        };
        confirm(&self.0, &pool.meta)?;
        if pool.declaring.is_some() {
            self.0.changes.note_declaring(&pool.meta.id);
        }
        state.read(&pool, Self::scope_type(&configured, &pool)?, &configured);
        Ok(Some(state))
    }

    fn move_from(&self, source: &MoveSource<'_>) -> Result<Option<PoolModel>, Diagnostics> {
        moves::from_aws(Self::TYPE, source)
    }

    fn import(&self, id: &str) -> Result<PoolModel, Diagnostics> {
        let configured = self.0.ready()?;
        let id = super::without_region(configured.ipam.as_ref(), id);
        let forms = "id (ipam-pool-...) or by path, such as top/eu-west-1 or, with the scope, lab/top/eu-west-1";
        let found = find::pools(configured.ipam.as_ref(), id);
        let pool = only(("pool", id, forms), found, |one| &one.meta)?;
        check_import("pool", &pool.meta)?;
        let mut model = PoolModel::default();
        model.read(&pool, Self::scope_type(&configured, &pool)?, &configured);
        Ok(model)
    }

    fn imported(&self, imported: &PoolModel) -> Diagnostics {
        let name = imported.name.get().map_or("", String::as_str);
        others::warn(&self.0, Kind::Pool, &imported.id, name, &imported.owner)
    }
}
