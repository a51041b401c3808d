//! Resources as IPAM sees them, and their history. A test adds the resources.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fault::{Fault, Result};
use super::super::thing::{Kind, Thing};
use super::super::world::{World, members};
use super::{Ask, Members};

const SET: &str = "ipamResourceCidrSet";

impl Ask<'_> {
    /// The items of a set that fit, without the members that only the endpoint uses (names that begin with `_`).
    pub(super) fn seeded(&self, set: &str, fits: impl Fn(&Members) -> bool) -> Vec<Members> {
        let plain = |item: &Members| -> Members {
            item.iter()
                .filter(|(name, _)| !name.starts_with('_'))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        self.world.seeds.get(set).into_iter().flatten().filter(|item| fits(item)).map(plain).collect()
    }
}

/// Types of resources with public addresses.
const PUBLIC: [&str; 3] = ["eip", "public-ipv4-pool", "anycast-ip-list"];

/// Whether an item is in a scope. An item without a scope is where AWS would discover it: in a default scope.
fn is_in(item: &Members, scope: &Thing) -> bool {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    match text("ipamScopeId").or_else(|| text("_ipamScopeId")) {
        Some(id) => id == scope.id,
        None => {
            let is_public = text("resourceType").is_some_and(|found| PUBLIC.contains(&found));
            scope.flag("isDefault") && (scope.text("ipamScopeType") == "public") == is_public
        }
    }
}

pub(super) fn get(ask: &mut Ask<'_>) -> Result<Members> {
    let scope = ask.thing(Kind::Scope, "IpamScopeId")?;
    let asked = [
        ("ipamPoolId", ask.value("IpamPoolId")),
        ("resourceId", ask.value("ResourceId")),
        ("resourceType", ask.value("ResourceType")),
        ("resourceOwnerId", ask.value("ResourceOwner")),
    ];
    let tag = ask.value("ResourceTag");
    let has_tag = |item: &Members| {
        let tags = item.get("resourceTagSet").and_then(Value::as_array).into_iter().flatten();
        tags.into_iter()
            .any(|found| found["key"] == tag["Key"] && (tag["Value"].is_null() || found["value"] == tag["Value"]))
    };
    let fits = |item: &Members| {
        is_in(item, &scope)
            && asked.iter().all(|(name, value)| value.is_null() || item.get(*name) == Some(value))
            && (tag.is_null() || has_tag(item))
    };
    let mut found = ask.seeded(SET, fits);
    for item in &mut found {
        item.insert("ipamScopeId".to_owned(), scope.id.clone().into());
    }
    ask.list_bodies(SET, &found)
}

pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let scope = ask.usable(Kind::Scope, "CurrentIpamScopeId")?;
    let destination = match ask.text("DestinationIpamScopeId") {
        Some(_) => Some(ask.usable(Kind::Scope, "DestinationIpamScopeId")?),
        None => None,
    };
    let monitored = ask.flag("Monitored").unwrap_or(true);
    let is_public = |scope: &super::super::thing::Thing| scope.text("ipamScopeType") == "public";
    if is_public(&scope) && (!monitored || destination.is_some()) || destination.as_ref().is_some_and(is_public) {
        return Err(Fault::value("What is in a public scope is neither ignored nor moved."));
    }
    let wanted = [
        ("resourceId", ask.value("ResourceId")),
        ("resourceCidr", ask.value("ResourceCidr")),
        ("resourceRegion", ask.value("ResourceRegion")),
    ];
    let is_it =
        |item: &&mut Members| is_in(item, &scope) && wanted.iter().all(|(name, value)| item.get(*name) == Some(value));
    let now = ask.world.now;
    let items = ask.world.seeds.entry(SET.to_owned()).or_default();
    let item = items.iter_mut().find(is_it);
    let item = item.ok_or_else(|| Fault::value(format!("{} has no CIDR {}.", wanted[0].1, wanted[1].1)))?;
    let was_ignored = item.get("managementState").is_some_and(|state| state == "ignored");
    if !monitored {
        item.extend(members(json!({
            "managementState": "ignored", "complianceStatus": "ignored", "overlapStatus": "ignored",
        })));
        item.remove("ipamPoolId");
    } else if was_ignored {
        item.extend(members(json!({
            "managementState": "unmanaged", "complianceStatus": "unmanaged", "overlapStatus": "nonoverlapping",
        })));
    }
    item.insert("ipamScopeId".to_owned(), scope.id.clone().into());
    if let Some(destination) = destination {
        item.insert("_destination".to_owned(), destination.id.into());
    }
    let moved = arrive(item);
    let shown: Members =
        item.iter().filter(|(name, _)| !name.starts_with('_')).map(|(n, v)| (n.clone(), v.clone())).collect();
    if let Some(destination) = moved {
        let ids = (ask.need("ResourceId"), ask.need("ResourceCidr"));
        hand_over(ask.world, (&ids.0, &ids.1), &scope, &destination, now);
    }
    Ok(members(json!({ "ipamResourceCidr": shown })))
}

/// Carries out a requested move; an allocated CIDR moves only when it is released.
fn arrive(item: &mut Members) -> Option<String> {
    if item.contains_key("ipamPoolId") {
        return None;
    }
    let destination = item.remove("_destination")?;
    item.insert("ipamScopeId".to_owned(), destination.clone());
    destination.as_str().map(str::to_owned)
}

/// Ends the record of a moved CIDR in the old scope, and begins one in the new scope.
fn hand_over(world: &mut World, (id, cidr): (&str, &str), from: &Thing, to: &str, now: Timestamp) {
    let records = world.seeds.entry("historyRecordSet".to_owned()).or_default();
    let is_open = |item: &&mut Members| {
        is_in(item, from)
            && item.get("resourceId").is_some_and(|found| found == id)
            && item.get("resourceCidr").is_some_and(|found| found == cidr)
            && item.get("sampledEndTime").is_none_or(Value::is_null)
    };
    let Some(record) = records.iter_mut().find(is_open) else { return };
    let mut new = record.clone();
    record.insert("_ipamScopeId".to_owned(), from.id.clone().into());
    record.insert("sampledEndTime".to_owned(), now.to_string().into());
    new.extend(members(json!({"_ipamScopeId": to, "sampledStartTime": now.to_string()})));
    records.push(new);
}

/// Releases the allocation of a resource from its pool; the resource keeps its CIDR.
pub(in super::super) fn release(world: &mut World, resource_id: &str) {
    let items = world.seeds.entry(SET.to_owned()).or_default();
    for item in items.iter_mut().filter(|item| item.get("resourceId").is_some_and(|found| found == resource_id)) {
        item.remove("ipamPoolId");
        item.extend(members(json!({"managementState": "unmanaged", "complianceStatus": "unmanaged"})));
        arrive(item);
    }
}

/// Records of exactly this CIDR whose time touches the window.
pub(super) fn history(ask: &mut Ask<'_>) -> Result<Members> {
    let scope = ask.thing(Kind::Scope, "IpamScopeId")?;
    let cidr = ask.need("Cidr");
    let vpc = ask.value("VpcId");
    let time = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    let start = time(ask.parameters.get("StartTime"));
    let end = time(ask.parameters.get("EndTime"));
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err(Fault::combination("The StartTime is after the EndTime."));
    }
    let fits = |item: &Members| {
        is_in(item, &scope)
            && item.get("resourceCidr").is_some_and(|found| *found == cidr)
            && (vpc.is_null() || item.get("vpcId") == Some(&vpc))
            && end.zip(time(item.get("sampledStartTime"))).is_none_or(|(end, began)| began <= end)
            && start.zip(time(item.get("sampledEndTime"))).is_none_or(|(start, ended)| ended >= start)
    };
    let found = ask.seeded("historyRecordSet", fits);
    ask.list_bodies("historyRecordSet", &found)
}
