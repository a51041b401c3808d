//! Changes to pools. Only differences are sent, because AWS refuses a change that changes nothing.

use std::collections::BTreeSet;

use aws_sdk_ec2::types as ec2;

use crate::ipam::{
    Cidr, Error, Kind, Occupant, Pool, PoolChange, Provision, Result, Rules, Special, Strategy, Tags, Unsupported,
};

use super::allocation::Allocations;
use super::pool::Pools;
use super::pool_cidr::PoolCidrs;
use super::response::ask;
use super::tags;
use super::usage::first_few;
use super::wait::retry_concurrent;

/// The blocks to add to and to remove from the pool's declaration; `None` if only a new pool can have the wanted
/// provision.
fn difference(pool: &Pool, wanted: &Provision) -> Option<(BTreeSet<Cidr>, BTreeSet<Cidr>)> {
    let none = BTreeSet::new();
    match wanted {
        Provision::Nothing => Some((none, pool.cidrs.clone())),
        Provision::Cidrs(wanted) => Some((wanted - &pool.cidrs, &pool.cidrs - wanted)),
        Provision::NetmaskLength(length) => {
            let has = pool.cidrs.iter().map(Cidr::netmask_length).collect::<Vec<_>>();
            (has.is_empty() || has == [*length]).then_some((none.clone(), none))
        }
    }
}

impl Pools<'_> {
    /// The pool as it will be after the change; `None` when only a replacement can do it.
    pub(super) async fn preview_change(&self, id: &str, change: &PoolChange) -> Result<Option<Pool>> {
        let pool = self.require(id).await?;
        if change.strategy != Strategy::default() {
            return Err(Error::Unsupported { what: Unsupported::Strategies });
        }
        let Some((added, removed)) = difference(&pool, &change.provision) else { return Ok(None) };
        if let Some(wrong) = added.iter().find(|cidr| cidr.family() != pool.address_family) {
            let (expected, found) = (pool.address_family, wrong.family());
            return Err(Error::FamilyMismatch { cidr: Some(*wrong), expected, found });
        }
        // AWS refuses a CIDR that shares addresses with an existing one.
        if added.iter().any(|block| pool.cidrs.iter().any(|own| own.overlaps(block))) {
            return Err(Error::Unsupported { what: Unsupported::Regrouping });
        }
        if !removed.is_empty() {
            self.require_removable(&pool, &removed).await?;
        }
        let cidrs = match &change.provision {
            Provision::NetmaskLength(_) => pool.cidrs.clone(),
            _ => &(&pool.cidrs | &added) - &removed,
        };
        let mut meta = pool.meta.clone();
        meta.name.clone_from(&change.name);
        Ok(Some(Pool {
            meta,
            description: change.description.clone(),
            rules: change.rules.clone(),
            tags: change.tags.clone(),
            provision: change.provision.clone(),
            cidrs,
            special: Special { auto_import: change.auto_import, ..pool.special },
            ..pool
        }))
    }

    async fn require_removable(&self, pool: &Pool, removed: &BTreeSet<Cidr>) -> Result<()> {
        let mut inside = Allocations { aws: self.aws }.list_in(&pool.meta.id).await?;
        inside.retain(|one| removed.iter().any(|cidr| cidr.overlaps(&one.cidr)));
        if inside.is_empty() {
            return Ok(());
        }
        let (contents, more) = first_few(inside.iter().map(Occupant::from).collect());
        let (id, name) = (pool.meta.id.clone(), pool.meta.name.clone());
        Err(Error::InUse { kind: Kind::Pool, id, name, contents, more })
    }

    pub(super) async fn update(&self, id: &str, change: &PoolChange) -> Result<Pool> {
        let gone = || Error::NotFound { kind: Kind::Pool, id: id.to_owned() };
        let found = self.describe(id).await?.ok_or_else(gone)?;
        let before = self.require(id).await?;
        if change.name != before.meta.name
            && let Some(other) = self.namesake(before.container(), &change.name, None).await?
        {
            return Err(Error::NameTaken { existing: (&other).into(), asked_by: None });
        }
        // The tags are set first: if the rest fails, the existing blocks are marked as blocks of the pool's declaration.
        let wanted = match &change.provision {
            Provision::Cidrs(wanted) => wanted.clone(),
            Provision::Nothing => BTreeSet::new(),
            Provision::NetmaskLength(_) => before.cidrs.clone(),
        };
        let mut after = tags::named(&change.name, &change.tags);
        tags::mark(&mut after, &change.provision, &(&wanted | &before.cidrs));
        let client = self.aws.clients.home();
        self.aws.retag(&client, id, &tags::all(Some(found.tags())), &after).await?;
        if let Some(request) = self.modification(id, &before, change) {
            retry_concurrent(&self.aws.pace, || ask("ModifyIpamPool", request.clone().send())).await?;
        }
        self.wait_until_usable(id, &change.name, false).await?;
        self.provision(id, &change.provision, None).await?;
        let removed = match &change.provision {
            Provision::NetmaskLength(_) => BTreeSet::new(),
            _ => &before.cidrs - &wanted,
        };
        if !removed.is_empty() {
            self.deprovision(&before, &removed).await?;
            self.mark(id, &change.provision, &wanted).await?;
        }
        self.require(id).await
    }

    async fn deprovision(&self, pool: &Pool, removed: &BTreeSet<Cidr>) -> Result<()> {
        for found in self.describe_present_cidrs(&pool.meta.id).await? {
            let cidr = found.cidr().and_then(|text| text.parse().ok());
            if cidr.is_some_and(|cidr| removed.contains(&cidr)) {
                PoolCidrs { aws: self.aws }.deprovision(pool, &found).await?;
            }
        }
        Ok(())
    }

    /// The request for the changed attributes that AWS itself has; `None` if none of them differs.
    fn modification(
        &self,
        id: &str,
        before: &Pool,
        change: &PoolChange,
    ) -> Option<aws_sdk_ec2::operation::modify_ipam_pool::builders::ModifyIpamPoolFluentBuilder> {
        let (old, new) = (&before.rules, &change.rules);
        let imports = before.special.auto_import;
        if before.description == change.description && old == new && imports == change.auto_import {
            return None;
        }
        let mut request = self.aws.clients.home().modify_ipam_pool().ipam_pool_id(id);
        if before.description != change.description {
            request = request.description(change.description.clone().unwrap_or_default());
        }
        if imports != change.auto_import {
            request = request.auto_import(change.auto_import);
        }
        // A bound cannot be removed, but it can be set to a value that allows everything.
        if old.min_netmask_length != new.min_netmask_length {
            request = request.allocation_min_netmask_length(new.min_netmask_length.unwrap_or(0).into());
        }
        if old.max_netmask_length != new.max_netmask_length {
            let all = before.address_family.bits();
            request = request.allocation_max_netmask_length(new.max_netmask_length.unwrap_or(all).into());
        }
        request = match (old.default_netmask_length, new.default_netmask_length) {
            (old, new) if old == new => request,
            (_, Some(length)) => request.allocation_default_netmask_length(length.into()),
            (_, None) => request.clear_allocation_default_netmask_length(true),
        };
        let (added, removed) = required_tags(old, new);
        Some(
            request
                .set_add_allocation_resource_tags(Some(added).filter(|tags| !tags.is_empty()))
                .set_remove_allocation_resource_tags(Some(removed).filter(|tags| !tags.is_empty())),
        )
    }
}

fn required_tags(old: &Rules, new: &Rules) -> (Vec<ec2::RequestIpamResourceTag>, Vec<ec2::RequestIpamResourceTag>) {
    let those_not_in = |one: &Tags, other: &Tags| -> Vec<ec2::RequestIpamResourceTag> {
        let differ = one.iter().filter(|(key, value)| other.get(*key) != Some(*value));
        differ.map(|(key, value)| ec2::RequestIpamResourceTag::builder().key(key).value(value).build()).collect()
    };
    (those_not_in(&new.required_tags, &old.required_tags), those_not_in(&old.required_tags, &new.required_tags))
}
