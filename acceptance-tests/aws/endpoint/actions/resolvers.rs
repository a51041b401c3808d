//! Prefix list resolvers: rules, versions of the CIDRs that the rules choose, and the prefix lists that follow the
//! versions.

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::Cidr;

use super::super::fault::{Fault, Result};
use super::super::script::Delay;
use super::super::thing::{Effect, Kind, Thing};
use super::super::world::{DELETING, World, arn, members};
use super::{Ask, Members};

const RULES_MAX: usize = 100;

pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let tags = ask.tags(Kind::Resolver)?;
    if ipam.text("tier") == "free" {
        return Err(Fault::value("Prefix list resolvers need the advanced tier."));
    }
    let rules = rules(ask)?;
    let id = ask.world.new_id(Kind::Resolver);
    let body = members(json!({
        "ownerId": ask.account,
        "ipamArn": arn(Kind::Ipam, &ipam.account, &ipam.id),
        "ipamRegion": ask.region,
        "description": ask.value("Description"),
        "addressFamily": ask.value("AddressFamily"),
        "lastVersionCreationStatus": "success",
    }));
    ask.create(Kind::Resolver, &id, &ipam.id, body, tags);
    let secret = &mut ask.world.get_mut(&id).secret;
    secret.insert("rules".to_owned(), rules);
    secret.insert("versions".to_owned(), json!([]));
    refresh(ask.world);
    ask.answer("ipamPrefixListResolver", &id)
}

/// The rules of a request, in the form of answers.
fn rules(ask: &Ask<'_>) -> Result<Value> {
    let given = ask.structures("Rule");
    if given.len() > RULES_MAX {
        return Err(Fault::limit(format!("A resolver has at most {RULES_MAX} rules.")));
    }
    given.iter().map(|rule| rule_of(ask, rule)).collect()
}

fn rule_of(ask: &Ask<'_>, rule: &Members) -> Result<Value> {
    let is_static = rule["RuleType"] == "static-cidr";
    if is_static != rule.contains_key("StaticCidr") || is_static == rule.contains_key("IpamScopeId") {
        return Err(Fault::combination("A rule static-cidr has a StaticCidr, the others have an IpamScopeId."));
    }
    if (rule["RuleType"] == "ipam-resource-cidr") != rule.contains_key("ResourceType") {
        return Err(Fault::combination("A rule ipam-resource-cidr has a ResourceType, the others have none."));
    }
    if let Some(cidr) = rule.get("StaticCidr").and_then(Value::as_str) {
        cidr.parse::<Cidr>().map_err(Fault::value)?;
    }
    if let Some(scope) = rule.get("IpamScopeId").and_then(Value::as_str) {
        ask.world.require(Kind::Scope, scope, &ask.account, &ask.region)?;
    }
    let conditions: Vec<Value> = rule
        .get("Condition")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|condition| {
            Value::Object(members(json!({
                "operation": condition["Operation"],
                "ipamPoolId": condition["IpamPoolId"],
                "resourceId": condition["ResourceId"],
                "resourceOwner": condition["ResourceOwner"],
                "resourceRegion": condition["ResourceRegion"],
                "resourceTag": match &condition["ResourceTag"] {
                    Value::Object(tag) => json!({"key": tag.get("Key"), "value": tag.get("Value")}),
                    _ => Value::Null,
                },
                "cidr": condition["Cidr"],
            })))
        })
        .collect();
    Ok(Value::Object(members(json!({
        "ruleType": rule["RuleType"],
        "staticCidr": rule.get("StaticCidr"),
        "ipamScopeId": rule.get("IpamScopeId"),
        "resourceType": rule.get("ResourceType"),
        "conditionSet": conditions,
    }))))
}

/// A CIDR that rules choose from, with the values that conditions test.
struct Candidate {
    cidr: String,
    seen: Value,
}

fn candidates(world: &World, rule: &Value) -> Vec<Candidate> {
    let scope = &rule["ipamScopeId"];
    match rule["ruleType"].as_str() {
        Some("static-cidr") => {
            let cidr = rule["staticCidr"].as_str().unwrap_or_default().to_owned();
            vec![Candidate { seen: json!({"cidr": cidr}), cidr }]
        }
        Some("ipam-pool-cidr") => {
            let provisioned = world.all(Kind::PoolCidr).filter(|cidr| {
                cidr.state == "provisioned" && world.get(&cidr.parent).secret.get("scope") == Some(scope)
            });
            let of = |found: &Thing| {
                let cidr = found.text("cidr").to_owned();
                Candidate { seen: json!({"cidr": cidr, "ipamPoolId": found.parent}), cidr }
            };
            provisioned.map(of).collect()
        }
        _ => {
            let resources = world.seeds.get("ipamResourceCidrSet").into_iter().flatten();
            let fits = |item: &&Members| {
                item.get("ipamScopeId") == Some(scope) && item.get("resourceType") == Some(&rule["resourceType"])
            };
            let of = |item: &Members| {
                let mut seen = Value::Object(item.clone());
                seen["cidr"] = seen["resourceCidr"].clone();
                seen["resourceOwner"] = seen["resourceOwnerId"].clone();
                Candidate { cidr: seen["cidr"].as_str().unwrap_or_default().to_owned(), seen }
            };
            resources.filter(fits).map(of).collect()
        }
    }
}

fn holds(condition: &Value, seen: &Value) -> bool {
    let operation = condition["operation"].as_str().unwrap_or_default();
    let Some((name, wanted)) = condition.as_object().into_iter().flatten().find(|(name, _)| *name != "operation")
    else {
        return true;
    };
    let is_equal = match name.as_str() {
        "resourceTag" => seen["resourceTagSet"].as_array().is_some_and(|tags| tags.contains(wanted)),
        _ => seen[name] == *wanted,
    };
    let parse = |value: &Value| value.as_str().and_then(|text| text.parse::<Cidr>().ok());
    match operation {
        "equals" => is_equal,
        "not-equals" => !is_equal,
        _ => parse(wanted).zip(parse(&seen["cidr"])).is_some_and(|(around, cidr)| around.contains(&cidr)),
    }
}

/// The CIDRs that the rules of a resolver choose now.
fn entries(world: &World, resolver: &Thing) -> Value {
    let mut found: Vec<Cidr> = Vec::new();
    for rule in resolver.secret["rules"].as_array().into_iter().flatten() {
        let conditions = rule["conditionSet"].as_array().cloned().unwrap_or_default();
        let chosen = candidates(world, rule).into_iter().filter(|one| conditions.iter().all(|it| holds(it, &one.seen)));
        found.extend(chosen.filter_map(|one| one.cidr.parse::<Cidr>().ok()));
    }
    found.retain(|cidr| cidr.family().to_string() == resolver.text("addressFamily"));
    found.sort();
    found.dedup();
    found.into_iter().map(|cidr| json!({"cidr": cidr.to_string()})).collect()
}

fn versions(resolver: &Thing) -> Vec<Value> {
    resolver.secret["versions"].as_array().cloned().unwrap_or_default()
}

/// Makes new versions where the CIDRs have changed, and updates the prefix lists that follow them.
fn refresh(world: &mut World) {
    let resolvers: Vec<Thing> = world.all(Kind::Resolver).cloned().collect();
    for resolver in resolvers {
        let (mut known, now) = (versions(&resolver), entries(world, &resolver));
        let max = world.script.quotas.cidrs_per_resolver_version;
        let is_too_much = now.as_array().is_some_and(|entries| entries.len() > max);
        note_version(world, &resolver.id, is_too_much.then(|| format!("The rules choose more than {max} CIDRs.")));
        if known.last() != Some(&now) && !is_too_much {
            known.push(now);
            let latest = known.len();
            world.get_mut(&resolver.id).secret.insert("versions".to_owned(), known.into());
            let rests = |target: &Thing| matches!(target.state.as_str(), "sync-complete" | "sync-failed");
            let follows = |target: &&Thing| target.flag("trackLatestVersion") && rests(target);
            let followers = world.inside(Kind::ResolverTarget, &resolver.id).filter(follows);
            for id in followers.map(|target| target.id.clone()).collect::<Vec<_>>() {
                let synced = synced(world, latest);
                let target = world.get_mut(&id);
                target.state = "sync-in-progress".to_owned();
                target.body.remove("stateMessage");
                target.steps = [synced].into();
            }
        }
    }
}

/// Records whether the last version could be made.
fn note_version(world: &mut World, id: &str, failure: Option<String>) {
    let body = &mut world.get_mut(id).body;
    let status = if failure.is_some() { "failure" } else { "success" };
    body.insert("lastVersionCreationStatus".to_owned(), status.into());
    body.remove("lastVersionCreationStatusMessage");
    body.extend(failure.map(|why| ("lastVersionCreationStatusMessage".to_owned(), why.into())));
}

fn synced(world: &World, version: usize) -> super::super::thing::Step {
    if let Some(message) = world.script.sync_failure {
        let why = Effect::Set(members(json!({"stateMessage": message})));
        return world.step(world.script.sync, "sync-failed", why);
    }
    let known = Effect::Set(members(json!({"lastSyncedVersion": version})));
    world.step(world.script.sync, "sync-complete", known)
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    refresh(ask.world);
    ask.describe(Kind::Resolver, "IpamPrefixListResolverId", "ipamPrefixListResolverSet")
}

/// Replaces all rules.
pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let resolver = ask.own(Kind::Resolver, "IpamPrefixListResolverId")?;
    ask.require_modification("prefix list resolver")?;
    let (rules, description) = (rules(ask)?, ask.value("Description"));
    ask.world.modify(&resolver.id, |body| {
        if !description.is_null() {
            body.insert("description".to_owned(), description);
        }
    });
    if ask.has("Rule") {
        ask.world.get_mut(&resolver.id).secret.insert("rules".to_owned(), rules);
    }
    refresh(ask.world);
    ask.answer("ipamPrefixListResolver", &resolver.id)
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let resolver = ask.own(Kind::Resolver, "IpamPrefixListResolverId")?;
    if let Some(target) = ask.world.inside(Kind::ResolverTarget, &resolver.id).next() {
        return Err(Fault::dependency(format!("{} has dependencies: {}.", resolver.id, target.id)));
    }
    ask.world.delete(&resolver.id, DELETING);
    ask.answer("ipamPrefixListResolver", &resolver.id)
}

fn resolver(ask: &mut Ask<'_>) -> Result<Thing> {
    refresh(ask.world);
    ask.thing(Kind::Resolver, "IpamPrefixListResolverId")
}

pub(super) fn get_rules(ask: &mut Ask<'_>) -> Result<Members> {
    let found = resolver(ask)?.secret["rules"].as_array().cloned().unwrap_or_default();
    ask.list_bodies("ruleSet", &found.into_iter().map(members).collect::<Vec<_>>())
}

pub(super) fn get_versions(ask: &mut Ask<'_>) -> Result<Members> {
    let latest = versions(&resolver(ask)?).len();
    let asked = ask.value("IpamPrefixListResolverVersion");
    let fits = |version: &usize| asked.as_array().is_none_or(|asked| asked.contains(&json!(version)));
    let found: Vec<Members> = (1..=latest).filter(fits).map(|version| members(json!({"version": version}))).collect();
    ask.list_bodies("ipamPrefixListResolverVersionSet", &found)
}

pub(super) fn get_entries(ask: &mut Ask<'_>) -> Result<Members> {
    let known = versions(&resolver(ask)?);
    let asked = ask.number("IpamPrefixListResolverVersion").unwrap_or_default();
    let place = usize::try_from(asked - 1).ok().filter(|place| *place < known.len());
    let place = place.ok_or_else(|| Fault::value(format!("There is no version {asked}.")))?;
    let found: Vec<Members> = known[place].as_array().cloned().unwrap_or_default().into_iter().map(members).collect();
    ask.list_bodies("entrySet", &found)
}

/// The version that a target asks for: a fixed one, or the newest.
fn wanted(resolver: &Thing, tracks: bool, desired: Option<i64>) -> Result<usize> {
    let latest = versions(resolver).len();
    match (tracks, desired) {
        (true, None) => Ok(latest),
        (false, Some(version)) => {
            let known = usize::try_from(version).ok().filter(|version| (1..=latest).contains(version));
            known.ok_or_else(|| Fault::value(format!("There is no version {version}.")))
        }
        _ => Err(Fault::combination("A target tracks the latest version or has a DesiredVersion.")),
    }
}

/// Creates a target. Whether the prefix list exists is not checked: prefix lists are not part of this API.
pub(super) fn create_target(ask: &mut Ask<'_>) -> Result<Members> {
    refresh(ask.world);
    let resolver = ask.usable(Kind::Resolver, "IpamPrefixListResolverId")?;
    let tags = ask.tags(Kind::ResolverTarget)?;
    let tracks = ask.flag("TrackLatestVersion").unwrap_or(false);
    let version = wanted(&resolver, tracks, ask.number("DesiredVersion"))?;
    let id = ask.world.new_id(Kind::ResolverTarget);
    let body = members(json!({
        "ownerId": ask.account,
        "ipamPrefixListResolverId": resolver.id,
        "prefixListId": ask.value("PrefixListId"),
        "prefixListRegion": ask.value("PrefixListRegion"),
        "desiredVersion": ask.value("DesiredVersion"),
        "trackLatestVersion": tracks,
    }));
    ask.create(Kind::ResolverTarget, &id, &resolver.id, body, tags);
    let syncs = ask.world.step(Delay::Reads(1), "sync-in-progress", Effect::Nothing);
    let synced = synced(ask.world, version);
    ask.world.get_mut(&id).steps.extend([syncs, synced]);
    ask.answer("ipamPrefixListResolverTarget", &id)
}

pub(super) fn describe_targets(ask: &mut Ask<'_>) -> Result<Members> {
    refresh(ask.world);
    let set = "ipamPrefixListResolverTargetSet";
    if !ask.has("IpamPrefixListResolverId") {
        return ask.describe(Kind::ResolverTarget, "IpamPrefixListResolverTargetId", set);
    }
    let resolver = resolver(ask)?;
    let found: Vec<String> =
        ask.world.inside(Kind::ResolverTarget, &resolver.id).map(|target| target.id.clone()).collect();
    ask.list(set, &found)
}

pub(super) fn modify_target(ask: &mut Ask<'_>) -> Result<Members> {
    refresh(ask.world);
    let target = ask.own(Kind::ResolverTarget, "IpamPrefixListResolverTargetId")?;
    ask.require_modification("prefix list resolver target")?;
    let resolver = ask.world.get(&target.parent).clone();
    let tracks = ask.flag("TrackLatestVersion").unwrap_or(target.flag("trackLatestVersion"));
    let desired = ask.number("DesiredVersion").or(target.number("desiredVersion").filter(|_| !tracks));
    let version = wanted(&resolver, tracks, desired)?;
    ask.world.modify(&target.id, |body| {
        body.insert("trackLatestVersion".to_owned(), tracks.into());
        body.insert("desiredVersion".to_owned(), desired.into());
        body.remove("stateMessage");
    });
    let syncs = ask.world.step(Delay::Reads(1), "sync-in-progress", Effect::Nothing);
    let synced = synced(ask.world, version);
    ask.world.get_mut(&target.id).steps.extend([syncs, synced]);
    ask.answer("ipamPrefixListResolverTarget", &target.id)
}

pub(super) fn delete_target(ask: &mut Ask<'_>) -> Result<Members> {
    let target = ask.own(Kind::ResolverTarget, "IpamPrefixListResolverTargetId")?;
    ask.world.delete(&target.id, DELETING);
    ask.answer("ipamPrefixListResolverTarget", &target.id)
}
