//! IPAMs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::ScopeType;

use super::super::fault::{Fault, Result};
use super::super::space::Space;
use super::super::thing::{Kind, Thing};
use super::super::world::{CREATED, CREATING, DELETING, New, arn, dice, members};
use super::{Ask, Members};

/// The locale of a pool without a locale.
pub(super) const NO_LOCALE: &str = "None";

pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let has_one = |thing: &Thing| thing.account == ask.account && thing.region == ask.region;
    if ask.world.all(Kind::Ipam).any(has_one) {
        return Err(Fault::limit(format!("The account has an IPAM in {} already.", ask.region)));
    }
    let tags = ask.tags(Kind::Ipam)?;
    let id = ask.world.new_id(Kind::Ipam);
    let (seed, now) = (dice(&mut ask.world.seed), ask.world.now);
    let mut space = Space::new(&ask.account, seed, now);
    let private = space.default_scope(ScopeType::Private)?;
    let public = space.default_scope(ScopeType::Public)?;
    ask.world.spaces.insert(id.clone(), space);
    let discovery = default_discovery(ask, &id);
    let association = ask.world.new_id(Kind::DiscoveryAssociation);
    let regions: Vec<Value> =
        ask.regions("OperatingRegion").into_iter().map(|region| json!({"regionName": region})).collect();
    let body = members(json!({
        "ownerId": ask.account,
        "ipamRegion": ask.region,
        "publicDefaultScopeId": public,
        "privateDefaultScopeId": private,
        "description": ask.text("Description"),
        "operatingRegionSet": regions,
        "defaultResourceDiscoveryId": discovery,
        "defaultResourceDiscoveryAssociationId": association,
        "tier": ask.text("Tier").unwrap_or("advanced"),
        "enablePrivateGua": ask.flag("EnablePrivateGua").unwrap_or(false),
        "meteredAccount": ask.text("MeteredAccount").unwrap_or("ipam-owner"),
    }));
    ask.create(Kind::Ipam, &id, "", body, tags);
    for (scope, scope_type) in [(private, "private"), (public, "public")] {
        let body = scope_body(ask, &id, scope_type, true, None);
        ask.create_as(Kind::Scope, &scope, &id, body, BTreeMap::new(), CREATED);
    }
    let body = association_body(ask, &id, &discovery, true);
    let states = ("associate-complete", "associate-complete");
    ask.create_as(Kind::DiscoveryAssociation, &association, &id, body, BTreeMap::new(), states);
    ask.answer("ipam", &id)
}

/// The default discovery in this Region, which is created and deleted with the IPAM.
fn default_discovery(ask: &mut Ask<'_>, ipam: &str) -> String {
    let is_default =
        |thing: &&Thing| thing.flag("isDefault") && thing.account == ask.account && thing.region == ask.region;
    if let Some(known) = ask.world.all(Kind::Discovery).find(is_default) {
        return known.id.clone();
    }
    let id = ask.world.new_id(Kind::Discovery);
    let body = members(json!({
        "ownerId": ask.account,
        "ipamResourceDiscoveryRegion": ask.region,
        "operatingRegionSet": ask.regions("OperatingRegion").into_iter().map(|region| json!({"regionName": region}))
            .collect::<Vec<_>>(),
        "isDefault": true,
        "organizationalUnitExclusionSet": [],
    }));
    ask.create_as(Kind::Discovery, &id, ipam, body, BTreeMap::new(), CREATED);
    id
}

pub(super) fn association_body(ask: &Ask<'_>, ipam: &str, discovery: &str, is_default: bool) -> Members {
    members(json!({
        "ownerId": ask.account,
        "ipamResourceDiscoveryId": discovery,
        "ipamId": ipam,
        "ipamArn": arn(Kind::Ipam, &ask.account, ipam),
        "ipamRegion": ask.region,
        "isDefault": is_default,
        "resourceDiscoveryStatus": "active",
    }))
}

pub(super) fn scope_body(
    ask: &Ask<'_>,
    ipam: &str,
    scope_type: &str,
    is_default: bool,
    description: Option<&str>,
) -> Members {
    members(json!({
        "ownerId": ask.account,
        "ipamArn": arn(Kind::Ipam, &ask.account, ipam),
        "ipamRegion": ask.region,
        "ipamScopeType": scope_type,
        "isDefault": is_default,
        "description": description,
    }))
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    ask.describe(Kind::Ipam, "IpamId", "ipamSet")
}

pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.own(Kind::Ipam, "IpamId")?;
    ask.require_modification("ipam")?;
    let mut regions = region_names(&ipam);
    let added = ask.regions("AddOperatingRegion");
    regions.retain(|region| !added.contains(region));
    regions.extend(added);
    let removed = ask.regions("RemoveOperatingRegion");
    if let Some(region) = removed.iter().find(|region| !regions.contains(region)) {
        return Err(Fault::value(format!("{region} is not an operating Region of {}.", ipam.id)));
    }
    let uses =
        |pool: &&Thing| ask.world.ipam_of(&pool.id) == ipam.id && removed.iter().any(|r| r == pool.text("locale"));
    if let Some(pool) = ask.world.all(Kind::Pool).find(uses) {
        return Err(Fault::dependency(format!("{} has the locale {}.", pool.id, pool.text("locale"))));
    }
    regions.retain(|region| !removed.contains(region));
    if ask.text("Tier") == Some("free") && ipam.text("tier") == "advanced" {
        check_downgrade(ask, &ipam)?;
    }
    let regions: Vec<Value> = regions.into_iter().map(|region| json!({"regionName": region})).collect();
    let mut changes = members(json!({
        "description": ask.value("Description"),
        "tier": ask.value("Tier"),
        "enablePrivateGua": ask.value("EnablePrivateGua"),
        "meteredAccount": ask.value("MeteredAccount"),
    }));
    changes.insert("operatingRegionSet".to_owned(), regions.into());
    ask.world.modify(&ipam.id, |body| body.extend(changes));
    ask.answer("ipam", &ipam.id)
}

pub(super) fn region_names(thing: &Thing) -> Vec<String> {
    let regions = thing.body.get("operatingRegionSet").and_then(Value::as_array);
    regions.into_iter().flatten().filter_map(|region| region["regionName"].as_str()).map(str::to_owned).collect()
}

/// Refuses the free tier while the IPAM has objects or pools that this tier does not allow.
fn check_downgrade(ask: &Ask<'_>, ipam: &Thing) -> Result<()> {
    let world = &ask.world;
    let pools: Vec<&Thing> = world.all(Kind::Pool).filter(|pool| world.ipam_of(&pool.id) == ipam.id).collect();
    let elsewhere = |pool: &&Thing| ![NO_LOCALE, ipam.text("ipamRegion")].contains(&pool.text("locale"));
    let foreign = |allocation: &Thing| allocation.account != ipam.account && world.ipam_of(&allocation.id) == ipam.id;
    let obstacle = if pools.iter().any(|pool| pool.text("ipamScopeType") == "private") {
        "has pools in private scopes"
    } else if pools.iter().copied().any(|pool| elsewhere(&pool)) {
        "has pools with the locale of another Region"
    } else if world.inside(Kind::Scope, &ipam.id).any(|scope| !scope.flag("isDefault")) {
        "has scopes beside the default ones"
    } else if world.inside(Kind::DiscoveryAssociation, &ipam.id).any(|association| !association.flag("isDefault")) {
        "is associated with other resource discoveries"
    } else if world.all(Kind::Allocation).any(foreign) {
        "has allocations of other accounts"
    } else {
        return Ok(());
    };
    Err(Fault::incorrect_state(format!("{} {obstacle}, so its tier cannot be free.", ipam.id)))
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.own(Kind::Ipam, "IpamId")?;
    let world = &ask.world;
    let pools: Vec<&Thing> = world.all(Kind::Pool).filter(|pool| world.ipam_of(&pool.id) == ipam.id).collect();
    if ask.flag("Cascade") == Some(true) {
        if let Some(pool) = pools.iter().find(|pool| pool.text("ipamScopeType") == "public") {
            return Err(Fault::dependency(format!("{} is in the public scope: delete it first.", pool.id)));
        }
    } else {
        let scopes = world.inside(Kind::Scope, &ipam.id);
        let associations = world.inside(Kind::DiscoveryAssociation, &ipam.id);
        let others =
            [Kind::Token, Kind::Policy, Kind::Resolver].into_iter().flat_map(|kind| world.inside(kind, &ipam.id));
        let own = scopes.chain(associations).filter(|thing| !thing.flag("isDefault")).chain(others);
        if let Some(thing) = pools.into_iter().chain(own).next() {
            return Err(Fault::dependency(format!("{} has dependencies: {}.", ipam.id, thing.id)));
        }
    }
    ask.world.delete(&ipam.id, DELETING);
    ask.answer("ipam", &ipam.id)
}

impl Ask<'_> {
    /// Creates an object of this account in this Region.
    pub(super) fn create(&mut self, kind: Kind, id: &str, parent: &str, body: Members, tags: BTreeMap<String, String>) {
        self.create_as(kind, id, parent, body, tags, CREATING);
    }

    /// Creates an object with other states than those of creation.
    pub(super) fn create_as(
        &mut self,
        kind: Kind,
        id: &str,
        parent: &str,
        body: Members,
        tags: BTreeMap<String, String>,
        states: (&'static str, &'static str),
    ) {
        let delay = match states.1 {
            "create-complete" | "associate-complete" => self.world.script.create,
            "advertised" => self.world.script.advertise,
            _ => self.world.script.provision,
        };
        let (account, region) = (self.account.clone(), self.region.clone());
        let (id, parent) = (id.to_owned(), parent.to_owned());
        self.world.create(New { kind, id, account, region, parent, body, tags, states, delay });
    }

    /// # Errors
    /// Fails with `InvalidParameterCombination` for a request that names an object and no change.
    pub(super) fn require_modification(&self, what: &str) -> Result<()> {
        let changes = self.parameters.keys().filter(|name| !["DryRun", "ClientToken"].contains(&name.as_str()));
        match changes.count() > 1 {
            true => Ok(()),
            false => Err(Fault::combination(format!("The request must contain a modification to the {what}."))),
        }
    }
}
