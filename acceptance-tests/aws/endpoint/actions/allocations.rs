//! Allocations in pools.

use std::collections::BTreeSet;

use serde_json::json;
use terraform_provider_ipam::ipam::{Cidr, Size, blocks};

use super::super::fault::{Fault, Result};
use super::super::thing::{Effect, Kind, Thing};
use super::super::world::members;
use super::ipams::NO_LOCALE;
use super::{Ask, Members, pool_cidrs};

/// The pool, if it is visible and the request came to the Region of its locale.
fn pool_here(ask: &Ask<'_>) -> Result<Thing> {
    let id = ask.need("IpamPoolId");
    let world = &ask.world;
    let home = world.find(&id).map(|pool| pool.region.clone()).unwrap_or_default();
    let pool = world.require(Kind::Pool, &id, &ask.account, &home)?.clone();
    let region = if pool.text("locale") == NO_LOCALE { pool.region.as_str() } else { pool.text("locale") };
    if region != ask.region && region != "global" {
        return Err(Fault::value(format!("The pool {id} is not in the current region.")));
    }
    Ok(pool)
}

pub(super) fn allocate(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = pool_here(ask)?;
    let tags = ask.tags(Kind::Allocation)?;
    if !pool.is_usable() {
        return Err(Fault::incorrect_state(format!("{} is in the state {}.", pool.id, pool.state)));
    }
    if pool.text("locale") == NO_LOCALE {
        return Err(Fault::value(format!("{} has no locale, so nothing can be allocated from it.", pool.id)));
    }
    let size = wanted(ask, &pool)?;
    let mut disallowed = disallowed(ask, &pool, size)?;
    let pending = pool_cidrs::pending(ask, &pool.id);
    if let Size::Cidr(cidr) = size
        && pending.iter().any(|pending| pending.overlaps(&cidr))
    {
        return Err(Fault::value(format!("The CIDR {cidr} is not in the CIDRs provisioned to the pool {}.", pool.id)));
    }
    disallowed.extend(pending);
    if ask.flag("PreviewNextCidr") == Some(true) {
        return preview(ask, &pool, size, &disallowed);
    }
    let now = ask.world.now;
    let (id, cidr) = ask.world.space_of(&pool.id).allocate(now, &pool.id, size, &disallowed)?;
    let body = members(json!({
        "cidr": cidr.to_string(),
        "description": ask.text("Description"),
        "resourceType": "custom",
        "resourceOwner": ask.account,
    }));
    let states = ("create-complete", "create-complete");
    ask.create_as(Kind::Allocation, &id, &pool.id, body, tags, states);
    ask.answer("ipamPoolAllocation", &id)
}

fn wanted(ask: &Ask<'_>, pool: &Thing) -> Result<Size> {
    match (ask.text("Cidr"), ask.netmask_length("NetmaskLength")) {
        (Some(_), Some(_)) => {
            Err(Fault::combination("The request can contain a Cidr or a NetmaskLength, but not both."))
        }
        (Some(cidr), None) => {
            if ask.has("AllowedCidr") || ask.has("DisallowedCidr") {
                let message = "AllowedCidrs and DisallowedCidrs go with a NetmaskLength, not with a Cidr.";
                return Err(Fault::combination(message));
            }
            Ok(Size::Cidr(cidr.parse().map_err(Fault::value)?))
        }
        (None, Some(length)) => Ok(Size::NetmaskLength(length)),
        (None, None) if pool.number("allocationDefaultNetmaskLength").is_some() => Ok(Size::Default),
        (None, None) => Err(Fault::combination(
            "The request contains an empty CIDR and Netmask Length for a pool with no default netmask length.",
        )),
    }
}

/// CIDRs that an allocation may not have: those that are disallowed, and those outside of the allowed ones.
fn disallowed(ask: &mut Ask<'_>, pool: &Thing, size: Size) -> Result<BTreeSet<Cidr>> {
    let parse = |texts: Vec<String>| -> Result<Vec<Cidr>> {
        texts.iter().map(|text| text.parse().map_err(Fault::value)).collect()
    };
    let mut disallowed: BTreeSet<Cidr> = parse(ask.texts("DisallowedCidr"))?.into_iter().collect();
    if ask.has("AllowedCidr") && !matches!(size, Size::Cidr(_)) {
        let allowed = parse(ask.texts("AllowedCidr"))?;
        let all = ask.world.space_of(&pool.id).provisioned(&pool.id)?;
        let rest = blocks::subtract(all, allowed).map_err(|error| Fault::value(format!("{error:?}")))?;
        disallowed.extend(rest);
    }
    Ok(disallowed)
}

/// The next free block. Every caller gets the same one until an allocation takes it.
fn preview(ask: &mut Ask<'_>, pool: &Thing, size: Size, disallowed: &BTreeSet<Cidr>) -> Result<Members> {
    let length = match size {
        Size::NetmaskLength(length) => Some(length),
        Size::Default => None,
        Size::Cidr(_) => return Err(Fault::combination("A preview goes with a NetmaskLength, not with a Cidr.")),
    };
    let found = ask.world.space_of(&pool.id).preview(&pool.id, length, disallowed)?;
    let cidr = found.ok_or_else(|| Fault::value("The allocation size is too big for the pool."))?;
    Ok(members(json!({"ipamPoolAllocation": {"cidr": cidr.to_string(), "resourceType": "custom"}})))
}

/// Lists the allocations of all accounts in a pool.
pub(super) fn get(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = pool_here(ask)?;
    let wanted = ask.text("IpamPoolAllocationId").map(str::to_owned);
    let is_wanted = |thing: &Thing| wanted.as_ref().is_none_or(|id| *id == thing.id);
    let found = ask.world.listed(|thing| thing.kind == Kind::Allocation && thing.parent == pool.id && is_wanted(thing));
    if let Some(id) = wanted.filter(|_| found.is_empty()) {
        return Err(super::super::world::not_found(Kind::Allocation, &id));
    }
    ask.list("ipamPoolAllocationSet", &found)
}

/// Lists allocations by id across pools; only those of the caller's account.
pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    let ids = ask.texts("IpamPoolAllocationId");
    let (account, region) = (ask.account.clone(), ask.region.clone());
    let found = ask.world.listed(|thing| {
        let is_own = thing.kind == Kind::Allocation && thing.account == account && thing.region == region;
        is_own && (ids.is_empty() || ids.contains(&thing.id))
    });
    if let Some(missing) = ids.iter().find(|id| !found.contains(id)) {
        return Err(super::super::world::not_found(Kind::Allocation, missing));
    }
    ask.list("ipamPoolAllocationSet", &found)
}

pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let allocation = ask.thing(Kind::Allocation, "IpamPoolAllocationId")?;
    if allocation.text("resourceType") != "custom" {
        return Err(Fault::value(format!("{} is not a custom allocation.", allocation.id)));
    }
    let description = ask.value("Description");
    let body = &mut ask.world.get_mut(&allocation.id).body;
    body.insert("description".to_owned(), description);
    body.retain(|_, value| !value.is_null());
    ask.answer("ipamPoolAllocation", &allocation.id)
}

pub(super) fn release(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = pool_here(ask)?;
    let (id, cidr) = (ask.need("IpamPoolAllocationId"), ask.need("Cidr"));
    let found = ask.world.find(&id).filter(|thing| {
        thing.kind == Kind::Allocation
            && thing.parent == pool.id
            && thing.text("cidr") == cidr
            && thing.steps.is_empty()
    });
    let message = format!("No allocation found for the pool {}, the CIDR {cidr} and the ID {id}.", pool.id);
    let found = found.ok_or_else(|| Fault::combination(message))?;
    if found.text("resourceType") != "custom" {
        return Err(Fault::value(format!("{id} is not a custom allocation.")));
    }
    if found.account != ask.account && pool.account != ask.account {
        return Err(Fault::unauthorized(format!("{id} belongs to another account.")));
    }
    let released = ask.world.step(ask.world.script.release, "", Effect::Delete);
    let vanished = ask.world.step(super::super::script::Delay::Reads(0), "", Effect::Vanish);
    ask.world.get_mut(&id).steps = [released, vanished].into();
    Ok(members(json!({"success": true})))
}
