//! Pools.

use serde_json::{Value, json};
use terraform_provider_ipam::ipam::{Family, Rules, check_rules};

use super::super::fault::{Fault, Result};
use super::super::thing::{Kind, Thing};
use super::super::world::{DELETING, arn, members};
use super::ipams::{NO_LOCALE, region_names};
use super::{Ask, Members};

/// The locale of pools whose space is not bound to a Region.
const GLOBAL: &str = "global";

pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let scope = ask.usable(Kind::Scope, "IpamScopeId")?;
    if scope.account != ask.account {
        return Err(Fault::unauthorized(format!("{} belongs to another account.", scope.id)));
    }
    let source = match ask.text("SourceIpamPoolId") {
        Some(_) => Some(ask.usable(Kind::Pool, "SourceIpamPoolId")?),
        None => None,
    };
    let tags = ask.tags(Kind::Pool)?;
    let family: Family = ask.need("AddressFamily").parse().map_err(Fault::value)?;
    let ipam = ask.world.get(&scope.parent).clone();
    check_source(ask, &scope, family, source.as_ref())?;
    let locale = check_locale(ask, &ipam, source.as_ref())?;
    check_public(ask, &scope)?;
    let rules = Rules {
        min_netmask_length: ask.netmask_length("AllocationMinNetmaskLength"),
        max_netmask_length: ask.netmask_length("AllocationMaxNetmaskLength"),
        default_netmask_length: ask.netmask_length("AllocationDefaultNetmaskLength"),
        ..Rules::default()
    };
    check_rules(&rules, family)?;
    let body = members(json!({
        "ownerId": ask.account,
        "sourceIpamPoolId": source.as_ref().map(|source| source.id.clone()),
        "ipamScopeArn": arn(Kind::Scope, &ask.account, &scope.id),
        "ipamScopeType": scope.text("ipamScopeType"),
        "ipamArn": arn(Kind::Ipam, &ask.account, &ipam.id),
        "ipamRegion": ipam.text("ipamRegion"),
        "locale": locale,
        "poolDepth": source.as_ref().and_then(|source| source.number("poolDepth")).unwrap_or(0) + 1,
        "description": ask.text("Description"),
        "autoImport": ask.flag("AutoImport").unwrap_or(false),
        "publiclyAdvertisable": ask.value("PubliclyAdvertisable"),
        "addressFamily": family.to_string(),
        "allocationMinNetmaskLength": rules.min_netmask_length,
        "allocationMaxNetmaskLength": rules.max_netmask_length,
        "allocationDefaultNetmaskLength": rules.default_netmask_length,
        "allocationResourceTagSet": resource_tags(&ask.structures("AllocationResourceTag")),
        "awsService": ask.value("AwsService"),
        "publicIpSource": public_source(ask, &scope),
        "sourceResource": source_resource(ask),
    }));
    let now = ask.world.now;
    let planning = ask.has("SourceResource");
    let space = ask.world.space_of(&scope.id);
    // The space of a planning pool belongs to a resource, and is allocated in another pool already.
    let core_scope = if planning { space.create_scope(now)? } else { scope.id.clone() };
    let core_source = source.as_ref().filter(|_| !planning).map(|source| source.id.as_str());
    let id = space.create_pool(now, &core_scope, core_source, family, &rules)?;
    let parent = source.map_or(scope.id.clone(), |source| source.id);
    ask.create(Kind::Pool, &id, &parent, body, tags);
    ask.world.get_mut(&id).secret.insert("scope".to_owned(), scope.id.into());
    ask.answer("ipamPool", &id)
}

fn resource_tags(tags: &[Members]) -> Vec<Value> {
    tags.iter().map(|tag| json!({"key": tag.get("Key"), "value": tag.get("Value")})).collect()
}

fn public_source(ask: &Ask<'_>, scope: &Thing) -> Value {
    match ask.value("PublicIpSource") {
        Value::Null if scope.text("ipamScopeType") == "public" => "byoip".into(),
        given => given,
    }
}

fn source_resource(ask: &Ask<'_>) -> Value {
    let Value::Object(given) = ask.value("SourceResource") else { return Value::Null };
    Value::Object(members(json!({
        "resourceId": given.get("ResourceId"),
        "resourceType": given.get("ResourceType"),
        "resourceRegion": given.get("ResourceRegion"),
        "resourceOwner": given.get("ResourceOwner"),
    })))
}

fn check_source(ask: &Ask<'_>, scope: &Thing, family: Family, source: Option<&Thing>) -> Result<()> {
    let (world, quotas) = (&ask.world, ask.world.script.quotas);
    let parent = source.map_or(&scope.id, |source| &source.id);
    let creating = world.inside(Kind::Pool, parent).filter(|pool| pool.state == "create-in-progress").count();
    if world.script.concurrent_creates_max.is_some_and(|max| creating >= max) {
        let message = format!("There are too many concurrent mutations of {parent}.");
        return Err(Fault::new("ConcurrentMutationLimitExceeded", message));
    }
    let pools = world.all(Kind::Pool).filter(|pool| pool.secret["scope"] == scope.id.as_str()).count();
    if pools >= quotas.pools_per_scope {
        return Err(Fault::limit(format!("{} has as many pools as it can.", scope.id)));
    }
    let Some(source) = source else { return Ok(()) };
    if source.secret["scope"] != scope.id.as_str() {
        return Err(Fault::value(format!("{} is not in the scope {}.", source.id, scope.id)));
    }
    if source.text("addressFamily") != family.to_string() {
        return Err(Fault::value(format!("{} is of the family {}.", source.id, source.text("addressFamily"))));
    }
    if source.number("poolDepth").unwrap_or(0) >= i64::from(quotas.pool_depth) {
        return Err(Fault::limit(format!("{} is as deep as a pool can be.", source.id)));
    }
    Ok(())
}

fn check_locale(ask: &Ask<'_>, ipam: &Thing, source: Option<&Thing>) -> Result<String> {
    let locale = ask.text("Locale").filter(|locale| *locale != NO_LOCALE).unwrap_or(NO_LOCALE);
    let operating = region_names(ipam);
    if ![NO_LOCALE, GLOBAL].contains(&locale) && !operating.iter().any(|region| region == locale) {
        return Err(Fault::value(format!("The locale {locale} is not an operating Region of {}.", ipam.id)));
    }
    if ipam.text("tier") == "free" && ![NO_LOCALE, ipam.text("ipamRegion")].contains(&locale) {
        return Err(Fault::value("In the free tier the locale must be the IPAM's own Region."));
    }
    let above = source.map_or(NO_LOCALE, |source| source.text("locale"));
    if above != NO_LOCALE && above != locale {
        return Err(Fault::value(format!("The locale {locale} does not match the locale {above} of the source pool.")));
    }
    if ask.flag("AutoImport") == Some(true) && locale == NO_LOCALE {
        return Err(Fault::combination("AutoImport needs a Locale."));
    }
    Ok(locale.to_owned())
}

/// Refuses options that only public space has.
fn check_public(ask: &Ask<'_>, scope: &Thing) -> Result<()> {
    let is_public = scope.text("ipamScopeType") == "public";
    let only_public = ["AwsService", "PublicIpSource"].into_iter().find(|name| ask.has(name));
    if let Some(name) = only_public.filter(|_| !is_public) {
        return Err(Fault::combination(format!("The request can only contain {name} in a public scope.")));
    }
    let advertisable =
        is_public && ask.text("AddressFamily") == Some("ipv6") && ask.text("PublicIpSource") != Some("amazon");
    if ask.has("PubliclyAdvertisable") && !advertisable {
        return Err(Fault::combination(
            "The request can only contain PubliclyAdvertisable if the AddressFamily is IPv6 and the PublicIpSource is \
             byoip.",
        ));
    }
    if is_public && ask.has("SourceResource") {
        return Err(Fault::combination("The request can only contain SourceResource in a private scope."));
    }
    let top = !ask.has("SourceIpamPoolId");
    let amazon_v6 = ask.text("AddressFamily") == Some("ipv6") && ask.text("PublicIpSource") == Some("amazon");
    if top && amazon_v6 && !ask.has("Locale") {
        return Err(Fault::combination("A pool of Amazon's IPv6 space needs a Locale."));
    }
    Ok(())
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    ask.describe(Kind::Pool, "IpamPoolId", "ipamPoolSet")
}

pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = ask.own(Kind::Pool, "IpamPoolId")?;
    ask.require_modification("ipam pool")?;
    let clears = ask.flag("ClearAllocationDefaultNetmaskLength") == Some(true);
    if clears && ask.has("AllocationDefaultNetmaskLength") {
        return Err(Fault::combination("The default netmask length is set or cleared, not both."));
    }
    if ask.flag("AutoImport") == Some(true) && pool.text("locale") == NO_LOCALE {
        return Err(Fault::combination("AutoImport needs a pool with a locale."));
    }
    let old = rules_of(&pool);
    let rules = Rules {
        min_netmask_length: ask.netmask_length("AllocationMinNetmaskLength").or(old.min_netmask_length),
        max_netmask_length: ask.netmask_length("AllocationMaxNetmaskLength").or(old.max_netmask_length),
        default_netmask_length: match clears {
            true => None,
            false => ask.netmask_length("AllocationDefaultNetmaskLength").or(old.default_netmask_length),
        },
        ..Rules::default()
    };
    let family: Family = pool.text("addressFamily").parse().map_err(Fault::internal)?;
    check_rules(&rules, family)?;
    let now = ask.world.now;
    ask.world.space_of(&pool.id).set_rules(now, &pool.id, &rules)?;
    let tags = changed_tags(ask, &pool);
    let (description, auto_import) = (ask.value("Description"), ask.value("AutoImport"));
    ask.world.modify(&pool.id, |body| {
        for (name, value) in [("description", description), ("autoImport", auto_import)] {
            if !value.is_null() {
                body.insert(name.to_owned(), value);
            }
        }
        let lengths = json!({
            "allocationMinNetmaskLength": rules.min_netmask_length,
            "allocationMaxNetmaskLength": rules.max_netmask_length,
            "allocationDefaultNetmaskLength": rules.default_netmask_length,
            "allocationResourceTagSet": tags,
        });
        body.extend(lengths.as_object().cloned().unwrap_or_default());
    });
    ask.answer("ipamPool", &pool.id)
}

fn rules_of(pool: &Thing) -> Rules {
    let length = |name: &str| pool.number(name).and_then(|length| u8::try_from(length).ok());
    Rules {
        min_netmask_length: length("allocationMinNetmaskLength"),
        max_netmask_length: length("allocationMaxNetmaskLength"),
        default_netmask_length: length("allocationDefaultNetmaskLength"),
        ..Rules::default()
    }
}

fn changed_tags(ask: &Ask<'_>, pool: &Thing) -> Vec<Value> {
    let removed = resource_tags(&ask.structures("RemoveAllocationResourceTag"));
    let added = resource_tags(&ask.structures("AddAllocationResourceTag"));
    let known = pool.body.get("allocationResourceTagSet").and_then(Value::as_array).cloned().unwrap_or_default();
    let stays = |tag: &Value| !removed.contains(tag) && !added.iter().any(|new| new["key"] == tag["key"]);
    known.into_iter().filter(stays).chain(added.iter().cloned()).collect()
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let pool = ask.own(Kind::Pool, "IpamPoolId")?;
    let world = &ask.world;
    if ask.flag("Cascade") == Some(true) {
        if pool.text("ipamScopeType") == "public" && !pool.body.contains_key("sourceResource") {
            return Err(Fault::combination("Cascade is for pools in private scopes."));
        }
    } else {
        let inside = world.inside(Kind::Pool, &pool.id).chain(world.inside(Kind::Allocation, &pool.id)).next();
        if let Some(thing) = inside {
            return Err(Fault::dependency(format!("{} has dependencies: {}.", pool.id, thing.id)));
        }
        if let Some(cidr) = world.inside(Kind::PoolCidr, &pool.id).next() {
            let message = format!("{} still has the CIDR {}: deprovision it first.", pool.id, cidr.text("cidr"));
            return Err(Fault::incorrect_state(message));
        }
    }
    ask.world.delete(&pool.id, DELETING);
    ask.answer("ipamPool", &pool.id)
}
