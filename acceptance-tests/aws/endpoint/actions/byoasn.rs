//! AS numbers that an account brings (BYOASN).

use std::collections::BTreeMap;

use serde_json::json;

use super::super::fault::{Fault, Result};
use super::super::thing::{Effect, Kind, Thing};
use super::super::world::members;
use super::{Ask, Members, byoip};

pub(super) fn provision(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let asn = number(&ask.need("Asn"))?;
    if find(ask, &asn).is_ok() {
        return Err(Fault::value(format!("The ASN {asn} is provisioned already.")));
    }
    let id = ask.world.new_id(Kind::Byoasn);
    let body = members(json!({"asn": asn, "ipamId": ipam.id}));
    ask.create_as(Kind::Byoasn, &id, &ipam.id, body, BTreeMap::new(), ("pending-provision", "provisioned"));
    ask.answer("byoasn", &id)
}

/// Reads an AS number of 32 bits, with or without the prefix `AS`.
fn number(text: &str) -> Result<String> {
    let digits = text.strip_prefix("AS").unwrap_or(text);
    let number = digits.parse::<u32>().map_err(|_| Fault::value(format!("'{text}' is not an ASN.")))?;
    Ok(number.to_string())
}

fn find(ask: &Ask<'_>, asn: &str) -> Result<Thing> {
    let is_it = |found: &&Thing| found.text("asn") == asn && found.account == ask.account;
    let found = ask.world.all(Kind::Byoasn).find(is_it).cloned();
    found.ok_or_else(|| Fault::value(format!("The ASN {asn} is not provisioned.")))
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    let is_mine =
        |thing: &&Thing| thing.kind == Kind::Byoasn && thing.account == ask.account && thing.region == ask.region;
    let found: Vec<String> = ask.world.things.iter().filter(is_mine).map(|thing| thing.id.clone()).collect();
    ask.list("byoasnSet", &found)
}

pub(super) fn deprovision(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let found = find(ask, &number(&ask.need("Asn"))?)?;
    if found.parent != ipam.id {
        return Err(Fault::value(format!("The ASN {} is not in {}.", found.text("asn"), ipam.id)));
    }
    let uses =
        |association: &Thing| association.text("asn") == found.text("asn") && association.account == found.account;
    if ask.world.all(Kind::AsnAssociation).any(uses) || found.state != "provisioned" {
        return Err(Fault::incorrect_state(format!("The ASN {} is still associated or not there.", found.text("asn"))));
    }
    let gone = ask.world.step(ask.world.script.deprovision, "deprovisioned", Effect::Nothing);
    let vanished = ask.world.step(byoip::FORGOTTEN, "", Effect::Vanish);
    let thing = ask.world.get_mut(&found.id);
    thing.state = "pending-deprovision".to_owned();
    thing.steps = [gone, vanished].into();
    ask.answer("byoasn", &found.id)
}

pub(super) fn associate(ask: &mut Ask<'_>) -> Result<Members> {
    let asn = find(ask, &number(&ask.need("Asn"))?)?;
    let cidr = byoip::find(ask)?;
    if asn.state != "provisioned" {
        return Err(Fault::incorrect_state(format!("The ASN {} is in the state {}.", asn.text("asn"), asn.state)));
    }
    if ask.world.inside(Kind::AsnAssociation, &cidr.id).any(|known| known.text("asn") == asn.text("asn")) {
        return Err(Fault::value(format!("The ASN {} is associated already.", asn.text("asn"))));
    }
    let id = ask.world.new_id(Kind::AsnAssociation);
    let body = members(json!({"asn": asn.text("asn"), "cidr": cidr.text("cidr")}));
    let states = ("pending-association", "associated");
    ask.create_as(Kind::AsnAssociation, &id, &cidr.id, body, BTreeMap::new(), states);
    ask.answer("asnAssociation", &id)
}

pub(super) fn disassociate(ask: &mut Ask<'_>) -> Result<Members> {
    let asn = number(&ask.need("Asn"))?;
    let cidr = byoip::find(ask)?;
    let known = ask.world.inside(Kind::AsnAssociation, &cidr.id).find(|known| known.text("asn") == asn);
    let known = known.ok_or_else(|| Fault::value(format!("The ASN {asn} is not associated with it.")))?;
    let id = known.id.clone();
    let gone = ask.world.step(ask.world.script.deprovision, "disassociated", Effect::Nothing);
    let vanished = ask.world.step(ask.world.script.linger, "", Effect::Vanish);
    let thing = ask.world.get_mut(&id);
    thing.state = "pending-disassociation".to_owned();
    thing.steps = [gone, vanished].into();
    ask.answer("asnAssociation", &id)
}
