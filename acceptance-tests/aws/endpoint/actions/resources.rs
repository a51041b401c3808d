//! Resources as IPAM sees them, and their history. What there is, the test has put there.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fault::{Fault, Result};
use super::super::thing::Kind;
use super::super::world::members;
use super::{Ask, Members};

const SET: &str = "ipamResourceCidrSet";

impl Ask<'_> {
    /// Items of a set that fit, without what is for the endpoint only (names that begin with `_`).
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
        item.get("ipamScopeId").is_some_and(|found| *found == scope.id)
            && asked.iter().all(|(name, value)| value.is_null() || item.get(*name) == Some(value))
            && (tag.is_null() || has_tag(item))
    };
    let found = ask.seeded(SET, fits);
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
        ("ipamScopeId", scope.id.clone()),
        ("resourceId", ask.need("ResourceId")),
        ("resourceCidr", ask.need("ResourceCidr")),
        ("resourceRegion", ask.need("ResourceRegion")),
    ];
    let is_it =
        |item: &&mut Members| wanted.iter().all(|(name, value)| item.get(*name).is_some_and(|known| known == value));
    let items = ask.world.seeds.entry(SET.to_owned()).or_default();
    let item = items.iter_mut().find(is_it);
    let item = item.ok_or_else(|| Fault::value(format!("{} has no CIDR {}.", wanted[1].1, wanted[2].1)))?;
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
    // What is allocated moves when it is released.
    if let Some(destination) = destination.filter(|_| !item.contains_key("ipamPoolId")) {
        item.insert("ipamScopeId".to_owned(), destination.id.into());
    }
    let shown: Members =
        item.iter().filter(|(name, _)| !name.starts_with('_')).map(|(n, v)| (n.clone(), v.clone())).collect();
    Ok(members(json!({ "ipamResourceCidr": shown })))
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
        item.get("_ipamScopeId").is_some_and(|found| *found == scope.id)
            && item.get("resourceCidr").is_some_and(|found| *found == cidr)
            && (vpc.is_null() || item.get("vpcId") == Some(&vpc))
            && end.zip(time(item.get("sampledStartTime"))).is_none_or(|(end, began)| began <= end)
            && start.zip(time(item.get("sampledEndTime"))).is_none_or(|(start, ended)| ended >= start)
    };
    let found = ask.seeded("historyRecordSet", fits);
    ask.list_bodies("historyRecordSet", &found)
}
