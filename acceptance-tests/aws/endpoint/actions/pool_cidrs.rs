//! CIDRs provisioned into pools.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::{self, Cidr, Family, PoolCidr, Size};

use super::super::fault::{Fault, Result};
use super::super::thing::{Effect, Kind, Thing};
use super::super::world::members;
use super::ipams::NO_LOCALE;
use super::{Ask, Members, byoip};

/// Space that Amazon provides: documentation prefixes, with the shortest and longest netmask lengths.
const AMAZON_V4: (&str, [u8; 2]) = ("203.0.113.0/24", [29, 30]);
const AMAZON_V6: (&str, [u8; 2]) = ("2001:db8::/32", [40, 52]);

/// Number of blocks that are tried before Amazon has no more space.
const TRIES_MAX: u32 = 1024;

/// The outcome of a request.
struct Outcome {
    /// The core's record, when there is space.
    made: Option<PoolCidr>,
    /// Code and message of the reason otherwise.
    reason: (&'static str, String),
}

pub(super) fn provision(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = ask.usable(Kind::Pool, "IpamPoolId")?;
    if pool.account != ask.account {
        return Err(Fault::unauthorized(format!("{} belongs to another account.", pool.id)));
    }
    let size = match (ask.text("Cidr"), ask.netmask_length("NetmaskLength")) {
        (Some(cidr), None) => Size::Cidr(cidr.parse().map_err(Fault::value)?),
        (None, Some(length)) => Size::NetmaskLength(length),
        _ => return Err(Fault::combination("The request must contain either a Cidr or a NetmaskLength.")),
    };
    check(ask, &pool, size)?;
    let outcome = carry_out(ask, &pool, size)?;
    let id = match &outcome.made {
        Some(made) => made.meta.id.clone(),
        None => ask.world.new_id(Kind::PoolCidr),
    };
    let asked = match size {
        Size::Cidr(cidr) => json!({"cidr": cidr.to_string()}),
        Size::NetmaskLength(length) => json!({"netmaskLength": length}),
        Size::Default => Value::Null,
    };
    let states = ("pending-provision", "pending-provision");
    ask.create_as(Kind::PoolCidr, &id, &pool.id, members(asked), BTreeMap::new(), states);
    if let Some(made) = &outcome.made {
        show_in_source(ask, &pool, made);
        if pool.text("publicIpSource") == "byoip" && pool.text("locale") != NO_LOCALE {
            byoip::of_pool(ask, &pool, &id, made.cidr);
        }
    }
    finish(ask, &id, outcome);
    ask.answer("ipamPoolCidr", &id)
}

/// Schedules the end of a request.
fn finish(ask: &mut Ask<'_>, id: &str, outcome: Outcome) {
    let delay = ask.world.script.provision;
    let Outcome { made, reason: (code, message) } = outcome;
    let steps = match made {
        Some(made) => {
            let secret = members(json!({
                "cidr": made.cidr.to_string(),
                "sourceAllocation": made.source_allocation_id,
            }));
            ask.world.get_mut(id).secret = secret;
            let known = Effect::Set(members(json!({"cidr": made.cidr.to_string()})));
            vec![ask.world.step(delay, "provisioned", known)]
        }
        None => {
            let known = members(json!({"failureReason": {"code": code, "message": message}}));
            if ask.world.script.reason_shows_early {
                ask.world.get_mut(id).body.extend(known.clone());
            }
            let vanished = ask.world.step(ask.world.script.cidr_linger, "", Effect::Vanish);
            vec![ask.world.step(delay, "failed-provision", Effect::Set(known)), vanished]
        }
    };
    ask.world.get_mut(id).steps = steps.into();
}

/// Refuses requests that AWS refuses at once.
fn check(ask: &Ask<'_>, pool: &Thing, size: Size) -> Result<()> {
    let family: Family = pool.text("addressFamily").parse().map_err(Fault::internal)?;
    let is_top = !pool.body.contains_key("sourceIpamPoolId");
    let is_public = pool.text("ipamScopeType") == "public";
    let is_amazon = pool.text("publicIpSource") == "amazon";
    match size {
        Size::NetmaskLength(length) if length > family.bits() => {
            return Err(Fault::value(format!("The netmask length {length} is out of range.")));
        }
        Size::NetmaskLength(_) if is_top && !is_amazon => {
            return Err(Fault::combination("A NetmaskLength needs a pool that has a source pool, or Amazon's space."));
        }
        Size::Cidr(cidr) if cidr.family() != family => {
            return Err(Fault::value(format!("The CIDR {cidr} is not of the family {family}.")));
        }
        Size::Cidr(_) if is_amazon && is_top => {
            return Err(Fault::combination("Amazon's space is provisioned by NetmaskLength."));
        }
        _ => {}
    }
    let proven = ask.has("CidrAuthorizationContext") || ask.has("IpamExternalResourceVerificationTokenId");
    if proven && !is_public {
        return Err(Fault::combination("The request can only contain a CIDR Authorization Context in a public scope."));
    }
    let Size::Cidr(cidr) = size else { return Ok(()) };
    match (is_top, is_public) {
        (true, true) => check_byoip(ask, pool, cidr, proven),
        (true, false) if family == Family::Ipv6 => check_private_v6(ask, pool, cidr),
        _ => Ok(()),
    }
}

fn check_byoip(ask: &Ask<'_>, pool: &Thing, cidr: Cidr, proven: bool) -> Result<()> {
    if !proven {
        return Err(Fault::combination("The request must contain a CIDR Authorization Context."));
    }
    let longest = match (cidr.family(), pool.flag("publiclyAdvertisable")) {
        (Family::Ipv4, _) => 24,
        (Family::Ipv6, true) => 48,
        (Family::Ipv6, false) => 60,
    };
    if cidr.netmask_length() > longest {
        return Err(Fault::value(format!("{cidr} is more specific than /{longest}.")));
    }
    if ask.text("VerificationMethod") == Some("dns-token") && !ask.has("IpamExternalResourceVerificationTokenId") {
        return Err(Fault::combination("The verification method dns-token needs a verification token."));
    }
    if ask.has("IpamExternalResourceVerificationTokenId") {
        let token = ask.usable(Kind::Token, "IpamExternalResourceVerificationTokenId")?;
        let shown = ask.world.render(&token);
        if shown["status"] == "expired" {
            return Err(Fault::value(format!("{} is expired.", token.id)));
        }
    }
    Ok(())
}

fn check_private_v6(ask: &Ask<'_>, pool: &Thing, cidr: Cidr) -> Result<()> {
    let ula: Cidr = "fd00::/8".parse().map_err(Fault::internal)?;
    let reserved: Cidr = "fd00::/16".parse().map_err(Fault::internal)?;
    let ipam = ask.world.get(&ask.world.ipam_of(&pool.id));
    if ula.contains(&cidr) && !cidr.overlaps(&reserved) && (9..=60).contains(&cidr.netmask_length()) {
        return Ok(());
    }
    if !ula.overlaps(&cidr) && ipam.flag("enablePrivateGua") {
        return Ok(());
    }
    Err(Fault::value(format!("{cidr} is not private IPv6 space that this IPAM takes.")))
}

/// Provisions the space in the core, or returns the reason of the failure.
fn carry_out(ask: &mut Ask<'_>, pool: &Thing, size: Size) -> Result<Outcome> {
    if let Some((code, message)) = ask.world.script.provision_failure {
        return Ok(Outcome { made: None, reason: (code, message.to_owned()) });
    }
    if ask.world.inside(Kind::PoolCidr, &pool.id).count() >= ask.world.script.quotas.cidrs_per_pool {
        return Ok(Outcome { made: None, reason: ("limit-exceeded", "The pool has as many CIDRs as it can.".into()) });
    }
    if !resource_has(ask, pool, size) {
        let message = "The CIDR is none of the source resource.".to_owned();
        return Ok(Outcome { made: None, reason: ("cidr-not-available", message) });
    }
    let now = ask.world.now;
    let pending = pool.optional("sourceIpamPoolId").map(|source| pending(ask, source)).unwrap_or_default();
    let space = ask.world.space_of(&pool.id);
    let result = match size {
        Size::NetmaskLength(length) if !pool.body.contains_key("sourceIpamPoolId") => amazon_block(pool, length)?
            .find_map(|block| space.provision(now, &pool.id, Size::Cidr(block)).ok())
            .ok_or(ipam::Error::NoSourcePool),
        _ => space.provision(now, &pool.id, size),
    };
    let message = match result {
        Ok(made) if pending.iter().any(|cidr| cidr.overlaps(&made.cidr)) => {
            space.deprovision(now, &made.meta.id)?;
            "The space of the source pool is not provisioned yet.".to_owned()
        }
        Ok(made) => return Ok(Outcome { made: Some(made), reason: ("", String::new()) }),
        Err(error) => Fault::from(error).message,
    };
    Ok(Outcome { made: None, reason: ("cidr-not-available", message) })
}

/// Whether the space of a planning pool belongs to the resource of the pool.
fn resource_has(ask: &Ask<'_>, pool: &Thing, size: Size) -> bool {
    let Some(resource) = pool.body.get("sourceResource") else { return true };
    let Size::Cidr(cidr) = size else { return false };
    let seeds = ask.world.seeds.get("ipamResourceCidrSet").into_iter().flatten();
    seeds.into_iter().any(|seen| {
        seen.get("resourceId") == resource.get("resourceId")
            && seen.get("resourceCidr").is_some_and(|found| found == cidr.to_string().as_str())
    })
}

fn amazon_block(pool: &Thing, length: u8) -> Result<impl Iterator<Item = Cidr> + use<>> {
    let (space, [shortest, longest]) = if pool.text("addressFamily") == "ipv4" { AMAZON_V4 } else { AMAZON_V6 };
    if !(shortest..=longest).contains(&length) {
        return Err(Fault::value(format!("Amazon's space has netmask lengths from {shortest} to {longest}.")));
    }
    let all: Cidr = space.parse().map_err(Fault::internal)?;
    let size = 1u128 << (all.family().bits() - length);
    let block = move |number: u32| Cidr::around(all.family(), all.first() + u128::from(number) * size, length);
    Ok((0..TRIES_MAX).map(block).filter(move |block| all.contains(block)))
}

/// Blocks of a pool that cannot be allocated yet.
pub(super) fn pending(ask: &Ask<'_>, pool_id: &str) -> Vec<Cidr> {
    let waiting = ask.world.inside(Kind::PoolCidr, pool_id).filter(|cidr| cidr.state == "pending-provision");
    waiting.filter_map(|cidr| cidr.secret.get("cidr").and_then(Value::as_str)?.parse().ok()).collect()
}

/// Adds the block to the source pool as an allocation of type `ipam-pool`.
fn show_in_source(ask: &mut Ask<'_>, pool: &Thing, made: &PoolCidr) {
    let Some(id) = &made.source_allocation_id else { return };
    let body = members(json!({
        "cidr": made.cidr.to_string(),
        "resourceId": pool.id,
        "resourceType": "ipam-pool",
        "resourceRegion": pool.text("ipamRegion"),
        "resourceOwner": pool.account,
    }));
    let source = pool.text("sourceIpamPoolId").to_owned();
    let states = ("create-complete", "create-complete");
    ask.create_as(Kind::Allocation, id, &source, body, BTreeMap::new(), states);
}

pub(super) fn get(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = ask.thing(Kind::Pool, "IpamPoolId")?;
    let mine = |thing: &&Thing| thing.kind == Kind::PoolCidr && thing.parent == pool.id;
    let found: Vec<String> = ask.world.things.iter().filter(mine).map(|thing| thing.id.clone()).collect();
    ask.list("ipamPoolCidrSet", &found)
}

pub(super) fn deprovision(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = ask.usable(Kind::Pool, "IpamPoolId")?;
    let cidr = ask.text("Cidr").ok_or_else(|| Fault::new("MissingParameter", "The request must contain a Cidr."))?;
    let asked: Cidr = cidr.parse().map_err(Fault::value)?;
    let known = |thing: &&Thing| {
        thing.kind == Kind::PoolCidr && thing.parent == pool.id && thing.text("cidr") == asked.to_string()
    };
    let newest = ask.world.things.iter().rev().find(known);
    let found = newest.ok_or_else(|| Fault::value(format!("{asked} is not provisioned to {}.", pool.id)))?;
    if !["provisioned", "failed-deprovision"].contains(&found.state.as_str()) {
        return Err(Fault::incorrect_state(format!("{asked} is in the state {}.", found.state)));
    }
    let id = found.id.clone();
    let done = ask.world.step(ask.world.script.deprovision, "deprovisioned", Effect::Deprovision);
    let thing = ask.world.get_mut(&id);
    thing.body.remove("failureReason");
    thing.state = "pending-deprovision".to_owned();
    thing.steps = [done].into();
    ask.answer("ipamPoolCidr", &id)
}
