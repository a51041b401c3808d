//! The noun of `ipam_pool`: its checks, its record, and how an apply creates, changes and deletes it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::at;
use crate::backend::{Ipam, PoolChange};
use crate::ipam::{
    Cidr, Error, Family, GivenUp, Kind, Missing, Pool, PoolSpec, Provision, PublicIpSource, RuleName, Unsupported,
    check_rules,
};
use crate::tf::{Diagnostic, Diagnostics, Path, Tf};

use super::super::attributes::HumanDuration;
use super::super::minimum::family_of;
use super::super::noun::{DEFAULT_TIMEOUT, HeldModel, NounModel, fields_with_tags};
use super::super::priorities::CidrPriorities;
use super::super::shared::{Configured, Shared};
use super::super::{errors, kept_arguments};
use super::pool::PoolModel;
use super::{agreement, check_length, check_name, growth, pool_sizes, pool_special};

/// Default time limit for creating a pool for a VPC: AWS finds the VPC after up to half an hour.
const PLANNING_TIMEOUT: Duration = Duration::from_mins(35);

/// A bound that allows everything means the same as no bound. The state keeps the one that the user wrote.
fn bound(field: &mut Tf<u8>, kept: Option<u8>, all: u8) {
    if !(kept.is_none() && *field == Tf::Known(all)) {
        *field = kept.into();
    }
}

/// A missing number of reserved addresses and 0 mean the same.
fn reserve(field: &mut Tf<u32>, kept: u32) {
    if kept > 0 || !field.is_null() {
        *field = kept.into();
    }
}

impl PoolModel {
    pub(super) fn explain(&self, error: &Error) -> Diagnostics {
        errors::at(error, self.attribute_for(error))
    }

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

impl PoolModel {
    fn check_minimums(&self) -> Option<Diagnostic> {
        let others = [("cidrs", self.cidrs.is_known()), ("netmask_length", self.netmask_length.is_known())];
        self.minimums().check(&others, &Path::root())
    }

    /// Whether a size in numbers leads to this netmask length.
    fn asks_for(&self, length: u8, family: Family) -> bool {
        self.minimums().netmask_length(Some(family), &Path::root()) == Ok(Tf::Known(length))
    }
}

impl NounModel for PoolModel {
    type Noun = Pool;

    fn check(&self) -> Diagnostics {
        let mut diagnostics: Diagnostics = check_name(&self.name, at!(Self, name), false).into_iter().collect();
        let length_at = at!(Self, netmask_length);
        diagnostics.extend(agreement::of_cidrs(&self.cidrs, &self.netmask_length, length_at));
        diagnostics.extend(self.check_minimums());
        // Amazon provides public space by size without a source pool.
        let is_given = matches!(self.public_ip_source, Tf::Unknown | Tf::Known(PublicIpSource::Amazon));
        let is_sized = self.netmask_length.is_known() || self.minimums().attribute(&Path::root()).is_some();
        if is_sized && self.cidrs.is_null() && self.source_ipam_pool_id.is_null() && !is_given {
            diagnostics.push(errors::explain(&Error::NoSourcePool).at(self.size_at()));
        }
        self.check_family(&mut diagnostics);
        diagnostics.append(pool_special::check_config(self));
        diagnostics.append(pool_sizes::check(self));
        let of_cidrs = self.cidrs.get().and_then(BTreeSet::first).map(Cidr::family);
        let family = self.address_family.cloned().or(of_cidrs);
        diagnostics.extend(check_length(&self.netmask_length, family, at!(Self, netmask_length)));
        let prioritized = self.cidr_priorities.get().and_then(|all| all.0.keys().next());
        let named = [&self.reserved_cidrs, &self.draining_cidrs].map(|cidrs| cidrs.get().and_then(BTreeSet::first));
        let of_rules = named.into_iter().chain([prioritized]).flatten().next().map(Cidr::family);
        // Without a family, only a violation of the limits of the longer addresses is certain.
        let assumed = family.or(of_rules).unwrap_or(Family::Ipv6);
        let wrong = self.rules().and_then(|rules| check_rules(&rules, assumed).err());
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
            // The user gave a number that leads to this size.
            Provision::NetmaskLength(length) if self.asks_for(length, pool.address_family) => Tf::Null,
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
        if !(pool.rules.reserved_cidrs.is_empty() && self.reserved_cidrs.is_null()) {
            self.reserved_cidrs = pool.rules.reserved_cidrs.clone().into();
        }
        reserve(&mut self.reserve_first, pool.rules.reserve_first);
        reserve(&mut self.reserve_last, pool.rules.reserve_last);
        if !(pool.rules.cidr_priorities.is_empty() && self.cidr_priorities.is_null()) {
            self.cidr_priorities = CidrPriorities(pool.rules.cidr_priorities.clone()).into();
        }
        if !(pool.rules.draining_cidrs.is_empty() && self.draining_cidrs.is_null()) {
            self.draining_cidrs = pool.rules.draining_cidrs.clone().into();
        }
        if pool.rules.quarantine_ms > 0 || !self.quarantine.is_null() {
            self.quarantine = HumanDuration(Duration::from_millis(pool.rules.quarantine_ms)).into();
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

    fn leave_out_what_follows(&mut self) {
        if self.netmask_length.is_known() || self.cidrs.get().is_some_and(BTreeSet::is_empty) {
            self.cidrs = Tf::Null;
        }
        if self.source_ipam_pool_id.is_known() {
            self.ipam_scope_id = Tf::Null;
            self.address_family = Tf::Null;
        } else if self.cidrs.is_known() {
            self.address_family = Tf::Null;
        }
    }

    fn attribute_for(&self, error: &Error) -> Path {
        match error {
            Error::NameTaken { .. } | Error::HoldLost { .. } => at!(Self, name),
            Error::NotFound { kind: Kind::Scope, .. } | Error::ScopeMismatch { .. } => at!(Self, ipam_scope_id),
            Error::NotFound { kind: Kind::Pool, .. } | Error::TooDeep { .. } | Error::PoolEmpty { .. } => {
                at!(Self, source_ipam_pool_id)
            }
            Error::LocaleMismatch { .. } | Error::LocalesBelow { .. } => at!(Self, locale),
            Error::NoLocale => at!(Self, auto_import),
            Error::Unsupported { what: Unsupported::OnlyAws(what) } => pool_special::attribute_for(*what),
            Error::Unsupported { what: Unsupported::Regrouping } => at!(Self, cidrs),
            Error::Service(_) if self.is_planning() => at!(Self, source_resource),
            // An earlier plan showed the block, and the configuration has only its size.
            Error::Reserved { .. } | Error::Overlap { .. } | Error::OutsidePool { .. }
                if self.netmask_length.is_known() && !self.cidrs.is_known() =>
            {
                self.size_at()
            }
            Error::FamilyMismatch { cidr: Some(_), .. }
            | Error::Reserved { .. }
            | Error::Overlap { .. }
            | Error::OutsidePool { .. }
            | Error::OwnOverlap { .. } => at!(Self, cidrs),
            Error::FamilyMismatch { cidr: None, .. } | Error::NoFamily => at!(Self, address_family),
            Error::NetmaskRange { .. } | Error::PoolExhausted { .. } | Error::NoSourcePool => self.size_at(),
            Error::BadRules { rule, .. } => match rule {
                RuleName::MinNetmaskLength => at!(Self, allocation_min_netmask_length),
                RuleName::MaxNetmaskLength => at!(Self, allocation_max_netmask_length),
                RuleName::DefaultNetmaskLength => at!(Self, allocation_default_netmask_length),
                RuleName::ReservedCidrs => at!(Self, reserved_cidrs),
                RuleName::ReserveFirst => at!(Self, reserve_first),
                RuleName::ReserveLast => at!(Self, reserve_last),
                RuleName::CidrPriorities => at!(Self, cidr_priorities),
                RuleName::DrainingCidrs => at!(Self, draining_cidrs),
                RuleName::ContiguousSet => Path::root(),
            },
            Error::InUse { .. } if self.cidrs.is_known() => at!(Self, cidrs),
            Error::InUse { .. } if self.netmask_length.is_known() => self.size_at(),
            Error::Across { .. } => at!(Self, cidrs),
            Error::Service(fault) if fault.space.is_some() && self.cidrs.is_known() => at!(Self, cidrs),
            Error::Service(fault) if fault.space.is_some() => self.size_at(),
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

    fn may_keep(shared: &Shared, argument: &str) -> bool {
        // In a self-managed store the locale changes in place, and the pools below follow: see `pool_change::plan_locale`.
        let is_in_place = argument == "locale" && shared.service().is_none();
        !is_in_place && kept_arguments::may_keep(shared)
    }

    fn settle_size(&mut self, configured: &Configured) -> Result<(), Diagnostics> {
        let minimums = self.minimums();
        if minimums.is_absent() {
            return Ok(());
        }
        if let Some(conflict) = self.check_minimums() {
            return Err(conflict.into());
        }
        let family = match (&self.address_family, &self.source_ipam_pool_id) {
            (Tf::Null, source_id) => family_of(configured, source_id, at!(Self, source_ipam_pool_id))?,
            (family, _) => family.cloned(),
        };
        self.netmask_length = minimums.netmask_length(family, &Path::root())?;
        Ok(())
    }

    fn explain_size(&self, errors: Diagnostics) -> Diagnostics {
        self.minimums().explain(errors, &self.netmask_length, &Path::root())
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
        let mut waits_for = growth::pool_waits_for(ipam, id)?;
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
