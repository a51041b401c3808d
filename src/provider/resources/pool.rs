//! `ipam_pool`: a collection of CIDRs, and the rules for allocations from them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::backend::{Ipam, PoolChange};
use crate::ipam::{
    AwsService, Cidr, Error, Family, GivenUp, Kind, Missing, Pool, PoolSpec, Provision, PublicIpSource, RuleName,
    Rules, ScopeType, Strategy, Tags, Unsupported, check_rules,
};
use crate::tf::{Diagnostic, Diagnostics, Path, Plan, Tf};
use crate::{at, model};

use super::super::noun::{DEFAULT_TIMEOUT, Held, HeldModel, NounModel, Timeouts, fields_with_tags};
use super::super::shared::{Configured, Shared};
use super::super::{errors, kept_arguments};
use super::pool_change::waits_to_grow;
use super::pool_plan::PoolPlanner;
use super::pool_special::{self, SourceResourceModel};
use super::{agreement, check_length, check_name, pool_sizes};

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

impl PoolModel {
    pub(super) fn rules(&self) -> Option<Rules> {
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
    pub(super) fn request(&self, config: &Self, tags: &Tags) -> Option<PoolSpec> {
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

    pub(super) fn change_with(&self, config: &Self, tags: &Tags) -> Option<PoolChange> {
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

    /// Fills in the values that follow from the configuration alone.
    pub(super) fn foretell(&mut self, config: &Self) {
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

    /// The blocks will change.
    pub(super) fn forget_blocks(&mut self) {
        self.cidrs = Tf::Unknown;
        self.cidr = Tf::Unknown;
    }

    pub(super) fn explain(&self, error: &Error) -> Diagnostics {
        errors::at(error, self.attribute_for(error))
    }
}

/// A bound that allows everything means the same as no bound. The state keeps the one that the user wrote.
fn bound(field: &mut Tf<u8>, kept: Option<u8>, all: u8) {
    if !(kept.is_none() && *field == Tf::Known(all)) {
        *field = kept.into();
    }
}

impl PoolModel {
    fn check_family(&self, diagnostics: &mut Diagnostics) {
        let (Some(cidrs), Some(family)) = (self.cidrs.get(), self.address_family.get()) else { return };
        for cidr in cidrs.iter().filter(|cidr| cidr.family() != *family) {
            diagnostics.push(
                Diagnostic::error(
                    "Wrong address family",
                    format!("{cidr} is an {} block, and address_family says {family}.", cidr.family()),
                )
                .at(at!(Self, cidrs)),
            );
        }
    }
}

impl NounModel for PoolModel {
    type Noun = Pool;
    type Life = Held;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), false).into_iter().collect();
        let length_at = at!(Self, netmask_length);
        diagnostics.extend(agreement::of_cidrs(&self.cidrs, &self.netmask_length, length_at));
        // Amazon provides public space by size without a source pool.
        let is_given = matches!(self.public_ip_source, Tf::Unknown | Tf::Known(PublicIpSource::Amazon));
        let only_size = self.netmask_length.is_known() && self.cidrs.is_null();
        if only_size && self.source_ipam_pool_id.is_null() && !is_given {
            diagnostics.push(errors::explain(&Error::NoSourcePool).at(at!(Self, netmask_length)));
        }
        self.check_family(&mut diagnostics);
        diagnostics.append(self.check_special());
        diagnostics.append(pool_sizes::check(self));
        let of_cidrs = self.cidrs.get().and_then(BTreeSet::first).map(Cidr::family);
        let family = self.address_family.cloned().or(of_cidrs);
        diagnostics.extend(check_length(&self.netmask_length, family, at!(Self, netmask_length)));
        // Without a family, only a violation of the limits of the longer addresses is certain.
        let wrong = self.rules().and_then(|rules| check_rules(&rules, family.unwrap_or(Family::Ipv6)).err());
        if let Some(error) = wrong {
            diagnostics.push(errors::explain(&error).at(self.attribute_for(&error)));
        }
        diagnostics
    }

    fn fill(&mut self, pool: &Pool) {
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
        self.owner = pool.meta.owner.clone().into();
        self.tags_all = pool.tags.clone().into();
        self.fill_special(&pool.special);
        self.fill_cidrs(&pool.cidrs);
    }

    fields_with_tags!();

    fn attribute_for(&self, error: &Error) -> Path {
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
}

impl HeldModel for PoolModel {
    const IMPORTED_BY: &'static str =
        "id (ipam-pool-...) or by path, such as top/eu-west-1 or, with the scope, lab/top/eu-west-1";

    fn owner(&self) -> &Tf<String> {
        &self.owner
    }

    fn name(&self) -> &Tf<String> {
        &self.name
    }

    fn plan_new(shared: &Shared, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        PoolPlanner(shared).plan_new(plan)
    }

    fn plan_change(shared: &Shared, prior: &Self, plan: &mut Plan<Self>) -> Result<(), Diagnostics> {
        PoolPlanner(shared).plan_update(prior, plan)
    }

    fn may_keep(shared: &Shared, argument: &str) -> bool {
        // In a self-managed store the locale changes in place, and the pools below follow: see `PoolPlanner::plan_locale`.
        let is_in_place = argument == "locale" && shared.service().is_none();
        !is_in_place && kept_arguments::may_keep(shared)
    }

    fn creation_timeout(&self) -> Duration {
        if self.is_planning() { PLANNING_TIMEOUT } else { DEFAULT_TIMEOUT }
    }

    fn spec(&self, config: &Self) -> Option<PoolSpec> {
        self.request(config, self.tags_all.get()?)
    }

    fn change(&self, config: &Self) -> Option<PoolChange> {
        self.change_with(config, self.tags_all.get()?)
    }

    fn check_limits(configured: &Configured, config: &Self) -> Result<(), Diagnostics> {
        pool_special::check(configured, config)
    }

    fn waits_to_change(ipam: &dyn Ipam, id: &str) -> Result<Vec<GivenUp>, Error> {
        let mut waits_for = waits_to_grow(ipam, id)?;
        if ipam.holds().is_some() {
            waits_for.extend(ipam.list_pool_cidrs(id, true)?.into_iter().flat_map(|found| found.meta.waits_for));
        }
        Ok(waits_for)
    }

    fn delete(&self, ipam: &dyn Ipam, id: &str) -> Result<(), Error> {
        ipam.delete_pool(id, self.cascade == Tf::Known(true))
    }

    fn complete(&mut self, ipam: &dyn Ipam, pool: &Pool) -> Result<(), Diagnostics> {
        let scope = ipam.get_scope(&pool.scope_id).map_err(|error| errors::at(&error, at!(Self, ipam_scope_id)))?;
        self.ipam_scope_type = scope.map(|scope| scope.scope_type).into();
        Ok(())
    }

    fn missing(&self) -> Option<Missing> {
        let spec = PoolSpec { provision: self.provision()?, ..self.request(self, self.tags_all.get()?)? };
        Some(Missing::Pool(Box::new(spec), self.cidrs.get().and_then(BTreeSet::first).copied()))
    }

    fn note_read(shared: &Shared, pool: &Pool) {
        if pool.declaring.is_some() {
            shared.changes.note_declaring(&pool.meta.id);
        }
    }
}
