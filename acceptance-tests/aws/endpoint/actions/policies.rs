//! Policies: the pools from which services get public addresses.

use serde_json::{Value, json};

use super::super::fault::{Fault, Result};
use super::super::thing::{Kind, Thing};
use super::super::world::{DELETING, members};
use super::{Ask, Members};

/// Largest number of rules for one locale and resource type.
const RULES_MAX: usize = 10;

pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let tags = ask.tags(Kind::Policy)?;
    if ipam.text("tier") == "free" {
        return Err(Fault::value("Policies need the advanced tier."));
    }
    if ask.world.inside(Kind::Policy, &ipam.id).count() >= ask.world.script.quotas.policies_per_ipam {
        return Err(Fault::limit(format!("{} has as many policies as it can.", ipam.id)));
    }
    let id = ask.world.new_id(Kind::Policy);
    let body = members(json!({"ownerId": ask.account, "ipamPolicyRegion": ask.region, "ipamId": ipam.id}));
    ask.create(Kind::Policy, &id, &ipam.id, body, tags);
    let secret = &mut ask.world.get_mut(&id).secret;
    secret.insert("documents".to_owned(), json!([]));
    secret.insert("targets".to_owned(), json!([]));
    ask.answer("ipamPolicy", &id)
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    ask.describe(Kind::Policy, "IpamPolicyId", "ipamPolicySet")
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let policy = ask.own(Kind::Policy, "IpamPolicyId")?;
    if let Some(target) = listed(&policy, "targets").first() {
        return Err(Fault::dependency(format!("{} is enabled for {target}.", policy.id)));
    }
    ask.world.delete(&policy.id, DELETING);
    ask.answer("ipamPolicy", &policy.id)
}

fn listed(policy: &Thing, list: &str) -> Vec<Value> {
    policy.secret[list].as_array().cloned().unwrap_or_default()
}

/// Replaces the rules of one locale and resource type.
pub(super) fn modify_rules(ask: &mut Ask<'_>) -> Result<Members> {
    let policy = ask.usable(Kind::Policy, "IpamPolicyId")?;
    let (locale, resource_type) = (ask.need("Locale"), ask.need("ResourceType"));
    let mut rules = Vec::new();
    for rule in ask.structures("AllocationRule") {
        let pool = rule.get("SourceIpamPoolId").and_then(Value::as_str).unwrap_or_default();
        let known = ask.world.find(pool).filter(|thing| thing.kind == Kind::Pool && thing.is_usable());
        let known = known.ok_or_else(|| super::super::world::not_found(Kind::Pool, pool))?;
        if known.text("ipamScopeType") != "public" || known.text("locale") != locale {
            return Err(Fault::value(format!("{pool} is not a public pool with the locale {locale}.")));
        }
        rules.push(json!({"sourceIpamPoolId": pool}));
    }
    if rules.len() > RULES_MAX {
        return Err(Fault::limit(format!("There are at most {RULES_MAX} rules for {resource_type} in {locale}.")));
    }
    let mut documents = listed(&policy, "documents");
    documents.retain(|known| known["locale"] != locale.as_str() || known["resourceType"] != resource_type.as_str());
    let document = json!({
        "ipamPolicyId": policy.id, "locale": locale, "resourceType": resource_type, "allocationRuleSet": rules,
    });
    if !rules.is_empty() {
        documents.push(document.clone());
    }
    ask.world.get_mut(&policy.id).secret.insert("documents".to_owned(), documents.into());
    Ok(members(json!({ "ipamPolicyDocument": document })))
}

pub(super) fn get_rules(ask: &mut Ask<'_>) -> Result<Members> {
    let policy = ask.thing(Kind::Policy, "IpamPolicyId")?;
    let (locale, resource_type) = (ask.value("Locale"), ask.value("ResourceType"));
    let fits = |known: &Value| {
        (locale.is_null() || known["locale"] == locale)
            && (resource_type.is_null() || known["resourceType"] == resource_type)
    };
    let found: Vec<Members> = listed(&policy, "documents").into_iter().filter(fits).map(members).collect();
    ask.list_bodies("ipamPolicyDocumentSet", &found)
}

/// The target of a request: an account or a part of the organization; by default the account of the caller.
fn target(ask: &Ask<'_>) -> String {
    ask.text("OrganizationTargetId").unwrap_or(&ask.account).to_owned()
}

/// Enables a policy for a target. It replaces the policy that was enabled there.
pub(super) fn enable(ask: &mut Ask<'_>) -> Result<Members> {
    let policy = ask.usable(Kind::Policy, "IpamPolicyId")?;
    let target = target(ask);
    if target != ask.account && ask.world.administrator.as_ref() != Some(&ask.account) {
        return Err(Fault::unauthorized("Only the delegated administrator enables a policy for others."));
    }
    for thing in ask.world.things.iter_mut().filter(|thing| thing.kind == Kind::Policy) {
        let is_it = thing.id == policy.id;
        if let Some(targets) = thing.secret.get_mut("targets").and_then(Value::as_array_mut) {
            targets.retain(|known| *known != target.as_str());
            if is_it {
                targets.push(target.clone().into());
            }
        }
    }
    Ok(members(json!({"ipamPolicyId": policy.id})))
}

pub(super) fn disable(ask: &mut Ask<'_>) -> Result<Members> {
    let policy = ask.usable(Kind::Policy, "IpamPolicyId")?;
    let target = target(ask);
    let mut targets = listed(&policy, "targets");
    if !targets.iter().any(|known| *known == target.as_str()) {
        return Err(Fault::value(format!("{} is not enabled for {target}.", policy.id)));
    }
    targets.retain(|known| *known != target.as_str());
    ask.world.get_mut(&policy.id).secret.insert("targets".to_owned(), targets.into());
    Ok(members(json!({"return": true})))
}

pub(super) fn get_enabled(ask: &mut Ask<'_>) -> Result<Members> {
    let is_enabled = |policy: &&Thing| listed(policy, "targets").iter().any(|known| *known == ask.account.as_str());
    let Some(policy) = ask.world.all(Kind::Policy).find(is_enabled) else {
        return Ok(members(json!({"ipamPolicyEnabled": false})));
    };
    let managed_by = if policy.account == ask.account { "account" } else { "delegated-administrator-for-ipam" };
    Ok(members(json!({"ipamPolicyEnabled": true, "ipamPolicyId": policy.id, "managedBy": managed_by})))
}

pub(super) fn targets(ask: &mut Ask<'_>) -> Result<Members> {
    let policy = ask.thing(Kind::Policy, "IpamPolicyId")?;
    let found: Vec<Members> =
        listed(&policy, "targets").into_iter().map(|id| members(json!({"organizationTargetId": id}))).collect();
    ask.list_bodies("organizationTargetSet", &found)
}
