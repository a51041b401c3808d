//! Public CIDRs that an account brings (BYOIP): those outside IPAM, and those of IPAM pools that have a locale.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;
use terraform_provider_ipam::ipam::{Cidr, Family, Size};

use super::super::fault::{Fault, Result};
use super::super::script::Delay;
use super::super::thing::{Effect, Kind, Thing};
use super::super::world::members;
use super::{Ask, Members};

const SET: &str = "byoipCidrSet";

/// The name that requests use for Amazon's own AS number.
const AMAZON: &str = "AWS";

/// The state of a provisioned CIDR, which depends on whether it can be advertised.
fn steady(cidr: &Cidr, advertisable: bool) -> &'static str {
    match cidr.family() {
        Family::Ipv6 if !advertisable => "provisioned-not-publicly-advertisable",
        _ => "provisioned",
    }
}

pub(super) fn provision(ask: &mut Ask<'_>) -> Result<Members> {
    let cidr: Cidr = ask.need("Cidr").parse().map_err(Fault::value)?;
    let advertisable = ask.flag("PubliclyAdvertisable").unwrap_or(true);
    let longest = match (cidr.family(), advertisable) {
        (Family::Ipv4, _) => 24,
        (Family::Ipv6, true) => 48,
        (Family::Ipv6, false) => 56,
    };
    if cidr.netmask_length() > longest {
        return Err(Fault::value(format!("{cidr} is more specific than /{longest}.")));
    }
    if cidr.family() == Family::Ipv4 && ask.has("PubliclyAdvertisable") {
        return Err(Fault::combination("PubliclyAdvertisable is for IPv6."));
    }
    if !ask.has("CidrAuthorizationContext") {
        return Err(Fault::combination("The request must contain a CIDR Authorization Context."));
    }
    if ask.world.all(Kind::ByoipCidr).any(|known| known.text("cidr") == cidr.to_string()) {
        return Err(Fault::value(format!("{cidr} is provisioned already.")));
    }
    let id = ask.world.new_id(Kind::ByoipCidr);
    let body = members(json!({
        "cidr": cidr.to_string(),
        "description": ask.value("Description"),
        "networkBorderGroup": ask.text("NetworkBorderGroup").unwrap_or(&ask.region),
        "advertisementType": if ask.flag("MultiRegion") == Some(true) { "global" } else { "regional" },
    }));
    let states = ("pending-provision", steady(&cidr, advertisable));
    ask.create_as(Kind::ByoipCidr, &id, "", body, BTreeMap::new(), states);
    ask.answer("byoipCidr", &id)
}

/// A CIDR of an IPAM pool with a locale can be advertised in that Region.
pub(super) fn of_pool(ask: &mut Ask<'_>, pool: &Thing, pool_cidr: &str, cidr: Cidr) {
    let id = ask.world.new_id(Kind::ByoipCidr);
    let body = members(json!({
        "cidr": cidr.to_string(),
        "networkBorderGroup": pool.text("locale"),
        "advertisementType": "regional",
        "ipamPoolId": pool.id,
    }));
    let advertisable = pool.body.get("publiclyAdvertisable").is_none_or(|flag| flag == true);
    let states = ("pending-provision", steady(&cidr, advertisable));
    ask.create_as(Kind::ByoipCidr, &id, pool_cidr, body, BTreeMap::new(), states);
    ask.world.get_mut(&id).region = pool.text("locale").to_owned();
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    let is_here =
        |thing: &&Thing| thing.kind == Kind::ByoipCidr && thing.account == ask.account && thing.region == ask.region;
    let found: Vec<String> = ask.world.things.iter().filter(is_here).map(|thing| thing.id.clone()).collect();
    ask.list(SET, &found)
}

/// The account's CIDR in this Region.
pub(super) fn find(ask: &Ask<'_>) -> Result<Thing> {
    let cidr = ask.need("Cidr");
    let is_it =
        |found: &&Thing| found.text("cidr") == cidr && found.account == ask.account && found.region == ask.region;
    let found = ask.world.all(Kind::ByoipCidr).find(is_it).cloned();
    found.ok_or_else(|| Fault::value(format!("{cidr} is not provisioned in {}.", ask.region)))
}

fn require_state(found: &Thing, state: &str) -> Result<()> {
    match found.state == state {
        true => Ok(()),
        false => Err(Fault::incorrect_state(format!("{} is in the state {}.", found.text("cidr"), found.state))),
    }
}

/// Refuses a call that comes too soon after the last one: AWS requires some seconds between them.
fn rest(ask: &mut Ask<'_>) -> Result<()> {
    let rest = SignedDuration::try_from(ask.world.script.advertise_rest).unwrap_or_default();
    let now = ask.world.now;
    let last = ask.world.advertised.get(&ask.account);
    if last.is_some_and(|last| now.duration_since(*last) < rest) {
        return Err(Fault::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503));
    }
    ask.world.advertised.insert(ask.account.clone(), now);
    Ok(())
}

fn turn(ask: &mut Ask<'_>, id: &str, states: (&str, &'static str)) -> Result<Members> {
    let step = ask.world.step(ask.world.script.advertise, states.1, Effect::Nothing);
    let thing = ask.world.get_mut(id);
    thing.state = states.0.to_owned();
    thing.steps = [step].into();
    ask.answer("byoipCidr", id)
}

pub(super) fn advertise(ask: &mut Ask<'_>) -> Result<Members> {
    let found = find(ask)?;
    if let Some(asn) = ask.text("Asn").filter(|asn| *asn != AMAZON) {
        let is_associated = |known: &Thing| {
            known.text("asn") == asn && ["associated", "pending-association"].contains(&known.state.as_str())
        };
        if !ask.world.inside(Kind::AsnAssociation, &found.id).any(is_associated) {
            return Err(Fault::value(format!("{asn} is not associated with {}.", found.text("cidr"))));
        }
    }
    let changes_asn = ask.has("Asn") && found.state == "advertised";
    if !changes_asn {
        require_state(&found, "provisioned")?;
    }
    rest(ask)?;
    turn(ask, &found.id, ("pending-advertising", "advertised"))
}

pub(super) fn withdraw(ask: &mut Ask<'_>) -> Result<Members> {
    let found = find(ask)?;
    require_state(&found, "advertised")?;
    rest(ask)?;
    turn(ask, &found.id, ("pending-withdrawal", "provisioned"))
}

pub(super) fn deprovision(ask: &mut Ask<'_>) -> Result<Members> {
    let found = find(ask)?;
    if found.body.contains_key("ipamPoolId") {
        return Err(Fault::value(format!("{} belongs to an IPAM pool: deprovision it there.", found.text("cidr"))));
    }
    if !found.state.starts_with("provisioned") {
        require_state(&found, "provisioned")?;
    }
    let gone = ask.world.step(ask.world.script.deprovision, "deprovisioned", Effect::Nothing);
    let vanished = ask.world.step(ask.world.script.linger, "", Effect::Vanish);
    let thing = ask.world.get_mut(&found.id);
    thing.state = "pending-deprovision".to_owned();
    thing.steps = [gone, vanished].into();
    ask.answer("byoipCidr", &found.id)
}

/// Moves a CIDR from EC2 into a pool of IPAM. Only IPv4.
pub(super) fn move_to_ipam(ask: &mut Ask<'_>) -> Result<Members> {
    let found = find(ask)?;
    let cidr: Cidr = found.text("cidr").parse().map_err(Fault::internal)?;
    let pool_id = ask.need("IpamPoolId");
    let home = ask.world.find(&pool_id).map(|pool| pool.region.clone()).unwrap_or_default();
    let pool = ask.world.require(Kind::Pool, &pool_id, &ask.account, &home)?.clone();
    if cidr.family() == Family::Ipv6 {
        return Err(Fault::value("Only IPv4 moves to IPAM."));
    }
    if pool.account != ask.need("IpamPoolOwner") {
        return Err(Fault::value(format!("{pool_id} does not belong to {}.", ask.need("IpamPoolOwner"))));
    }
    if found.body.contains_key("ipamPoolId") {
        return Err(Fault::value(format!("{cidr} is in an IPAM pool already.")));
    }
    let now = ask.world.now;
    let made = ask.world.space_of(&pool_id).provision(now, &pool_id, Size::Cidr(cidr));
    let (id, end, effect) = match made {
        Ok(made) => (made.meta.id, "provisioned", Effect::Nothing),
        Err(error) => {
            let reason =
                json!({"failureReason": {"code": "cidr-not-available", "message": Fault::from(error).message}});
            (ask.world.new_id(Kind::PoolCidr), "failed-import", Effect::Set(members(reason)))
        }
    };
    let states = ("pending-import", "pending-import");
    let body = members(json!({"cidr": cidr.to_string()}));
    ask.create_as(Kind::PoolCidr, &id, &pool_id, body, BTreeMap::new(), states);
    let step = ask.world.step(ask.world.script.provision, end, effect);
    ask.world.get_mut(&id).steps = [step].into();
    if end == "provisioned" {
        let byoip = ask.world.get_mut(&found.id);
        byoip.body.insert("ipamPoolId".to_owned(), pool_id.into());
        byoip.parent = id;
    }
    ask.answer("byoipCidr", &found.id)
}

/// Time for which a deprovisioned AS number is still listed: seven days.
pub(super) const FORGOTTEN: Delay = Delay::Time(std::time::Duration::from_secs(7 * 24 * 3600));
