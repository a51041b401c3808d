//! Resource discoveries, their associations, and the resources that they have found.

use serde_json::{Value, json};

use super::super::fault::{Fault, Result};
use super::super::thing::{Kind, Thing};
use super::super::world::{DELETING, arn, members};
use super::ipams::{association_body, region_names};
use super::{Ask, Members};

/// Largest number of parts of organizations that one discovery can exclude.
const EXCLUSIONS_MAX: usize = 10;

fn regions(names: Vec<String>) -> Value {
    names.into_iter().map(|region| json!({"regionName": region})).collect()
}

/// Creates a discovery: an account has one in a Region, and none next to the default one of an IPAM.
pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let tags = ask.tags(Kind::Discovery)?;
    let is_known = |found: &Thing| found.account == ask.account && found.region == ask.region;
    if ask.world.all(Kind::Discovery).any(is_known) {
        return Err(Fault::limit(format!("The account has a resource discovery in {} already.", ask.region)));
    }
    let id = ask.world.new_id(Kind::Discovery);
    let body = members(json!({
        "ownerId": ask.account,
        "ipamResourceDiscoveryRegion": ask.region,
        "description": ask.value("Description"),
        "operatingRegionSet": regions(ask.regions("OperatingRegion")),
        "isDefault": false,
        "organizationalUnitExclusionSet": [],
    }));
    ask.create(Kind::Discovery, &id, "", body, tags);
    ask.answer("ipamResourceDiscovery", &id)
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    ask.describe(Kind::Discovery, "IpamResourceDiscoveryId", "ipamResourceDiscoverySet")
}

fn paths(ask: &Ask<'_>, parameter: &str) -> Vec<String> {
    let given = ask.structures(parameter);
    given.iter().filter_map(|one| one.get("OrganizationsEntityPath")?.as_str().map(str::to_owned)).collect()
}

pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let discovery = ask.own(Kind::Discovery, "IpamResourceDiscoveryId")?;
    ask.require_modification("resource discovery")?;
    let mut names = region_names(&discovery);
    let removed = ask.regions("RemoveOperatingRegion");
    names.retain(|name| !removed.contains(name));
    names.extend(ask.regions("AddOperatingRegion"));
    let known = discovery.body["organizationalUnitExclusionSet"].as_array().cloned().unwrap_or_default();
    let mut excluded: Vec<String> =
        known.iter().filter_map(|one| one["organizationsEntityPath"].as_str().map(str::to_owned)).collect();
    let removed = paths(ask, "RemoveOrganizationalUnitExclusion");
    excluded.retain(|path| !removed.contains(path));
    for path in paths(ask, "AddOrganizationalUnitExclusion") {
        let root = |path: &str| path.trim_end_matches('*').to_owned();
        if let Some(other) = excluded.iter().find(|other| covers(other, &root(&path)) || covers(&path, &root(other))) {
            return Err(Fault::value(format!("The exclusions {path} and {other} overlap.")));
        }
        excluded.push(path);
    }
    if excluded.len() > EXCLUSIONS_MAX {
        return Err(Fault::limit(format!("A resource discovery has at most {EXCLUSIONS_MAX} exclusions.")));
    }
    let excluded: Vec<Value> = excluded.into_iter().map(|path| json!({"organizationsEntityPath": path})).collect();
    let changes = members(json!({
        "description": ask.value("Description"),
        "operatingRegionSet": regions(names),
        "organizationalUnitExclusionSet": excluded,
    }));
    ask.world.modify(&discovery.id, |body| body.extend(changes));
    ask.answer("ipamResourceDiscovery", &discovery.id)
}

/// Whether the part of an organization that `path` names contains `other`. A path with `/*` includes everything below
/// it.
fn covers(path: &str, other: &str) -> bool {
    match path.strip_suffix('*') {
        Some(root) => other.starts_with(root),
        None => other == path,
    }
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let discovery = ask.own(Kind::Discovery, "IpamResourceDiscoveryId")?;
    let uses = |found: &&Thing| found.text("ipamResourceDiscoveryId") == discovery.id;
    if let Some(association) = ask.world.all(Kind::DiscoveryAssociation).find(uses) {
        return Err(Fault::dependency(format!("{} has dependencies: {}.", discovery.id, association.id)));
    }
    ask.world.delete(&discovery.id, DELETING);
    ask.answer("ipamResourceDiscovery", &discovery.id)
}

pub(super) fn associate(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let discovery = ask.usable(Kind::Discovery, "IpamResourceDiscoveryId")?;
    let tags = ask.tags(Kind::DiscoveryAssociation)?;
    if ipam.text("tier") == "free" {
        return Err(Fault::value("More resource discoveries need the advanced tier."));
    }
    let known: Vec<_> = ask.world.inside(Kind::DiscoveryAssociation, &ipam.id).collect();
    if known.iter().any(|found| found.text("ipamResourceDiscoveryId") == discovery.id) {
        return Err(Fault::value(format!("{} is associated with {} already.", discovery.id, ipam.id)));
    }
    if known.len() >= ask.world.script.quotas.discovery_associations_per_ipam {
        return Err(Fault::limit(format!("{} has as many associations as it can.", ipam.id)));
    }
    let id = ask.world.new_id(Kind::DiscoveryAssociation);
    let mut body = association_body(ask, &ipam.id, &discovery.id, false);
    body.insert("ipamArn".to_owned(), arn(Kind::Ipam, &ipam.account, &ipam.id).into());
    let states = ("associate-in-progress", "associate-complete");
    ask.create_as(Kind::DiscoveryAssociation, &id, &ipam.id, body, tags, states);
    ask.answer("ipamResourceDiscoveryAssociation", &id)
}

pub(super) fn describe_associations(ask: &mut Ask<'_>) -> Result<Members> {
    let parameter = "IpamResourceDiscoveryAssociationId";
    ask.describe(Kind::DiscoveryAssociation, parameter, "ipamResourceDiscoveryAssociationSet")
}

pub(super) fn disassociate(ask: &mut Ask<'_>) -> Result<Members> {
    let association = ask.own(Kind::DiscoveryAssociation, "IpamResourceDiscoveryAssociationId")?;
    if association.flag("isDefault") {
        return Err(Fault::value(format!("{} is the default association, which stays.", association.id)));
    }
    ask.world.delete(&association.id, ("disassociate-in-progress", "disassociate-complete"));
    ask.answer("ipamResourceDiscoveryAssociation", &association.id)
}

/// Resources found in the Region that a parameter names, as the test has added them: for one discovery, or else for the
/// default one.
fn seen(ask: &Ask<'_>, set: &str, parameter: &str, member: &str) -> Result<Vec<Members>> {
    let discovery = ask.thing(Kind::Discovery, "IpamResourceDiscoveryId")?;
    let region = ask.need(parameter);
    let fits = |item: &Members| {
        let of = item.get("ipamResourceDiscoveryId").or(item.get("_ipamResourceDiscoveryId"));
        of.map_or(discovery.flag("isDefault"), |id| *id == discovery.id)
            && item.get(member).is_some_and(|found| *found == region)
    };
    Ok(ask.seeded(set, fits))
}

pub(super) fn accounts(ask: &mut Ask<'_>) -> Result<Members> {
    let set = "ipamDiscoveredAccountSet";
    let found = seen(ask, set, "DiscoveryRegion", "discoveryRegion")?;
    ask.list_bodies(set, &found)
}

pub(super) fn resource_cidrs(ask: &mut Ask<'_>) -> Result<Members> {
    let set = "ipamDiscoveredResourceCidrSet";
    let found = seen(ask, set, "ResourceRegion", "resourceRegion")?;
    ask.list_bodies(set, &found)
}

pub(super) fn public_addresses(ask: &mut Ask<'_>) -> Result<Members> {
    let set = "ipamDiscoveredPublicAddressSet";
    let found = seen(ask, set, "AddressRegion", "addressRegion")?;
    let oldest = found.iter().filter_map(|item| item.get("sampleTime").and_then(Value::as_str)).min();
    let oldest = oldest.map(str::to_owned);
    let mut answer = ask.list_bodies(set, &found)?;
    answer.extend(members(json!({ "oldestSampleTime": oldest })));
    Ok(answer)
}
