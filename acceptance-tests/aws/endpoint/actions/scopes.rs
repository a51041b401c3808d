//! Scopes.

use serde_json::{Value, json};

use super::super::fault::{Fault, Result};
use super::super::thing::{Kind, Thing};
use super::super::world::{DELETING, members};
use super::ipams::scope_body;
use super::{Ask, Members};

/// Creates a scope, which is always private.
pub(super) fn create(ask: &mut Ask<'_>) -> Result<Members> {
    let ipam = ask.usable(Kind::Ipam, "IpamId")?;
    let tags = ask.tags(Kind::Scope)?;
    if ipam.text("tier") == "free" {
        return Err(Fault::value("More scopes need the advanced tier."));
    }
    if ask.world.inside(Kind::Scope, &ipam.id).count() >= ask.world.script.quotas.scopes_per_ipam {
        return Err(Fault::limit(format!("{} has as many scopes as it can.", ipam.id)));
    }
    let mut body = scope_body(ask, &ipam.id, "private", false, ask.text("Description"));
    body.extend(authority(ask)?);
    let now = ask.world.now;
    let id = ask.world.space_of(&ipam.id).create_scope(now)?;
    ask.create(Kind::Scope, &id, &ipam.id, body, tags);
    ask.answer("ipamScope", &id)
}

fn authority(ask: &Ask<'_>) -> Result<Members> {
    let Value::Object(given) = ask.value("ExternalAuthorityConfiguration") else { return Ok(Members::new()) };
    if given.get("Type").is_none() || given.get("ExternalResourceIdentifier").is_none() {
        return Err(Fault::combination("An external authority has a Type and an ExternalResourceIdentifier."));
    }
    let (kind, identifier) = (&given["Type"], &given["ExternalResourceIdentifier"]);
    let configuration = json!({"type": kind, "externalResourceIdentifier": identifier});
    Ok(members(json!({ "externalAuthorityConfiguration": configuration })))
}

pub(super) fn describe(ask: &mut Ask<'_>) -> Result<Members> {
    ask.describe(Kind::Scope, "IpamScopeId", "ipamScopeSet")
}

pub(super) fn modify(ask: &mut Ask<'_>) -> Result<Members> {
    let scope = ask.own(Kind::Scope, "IpamScopeId")?;
    ask.require_modification("ipam scope")?;
    let removes = ask.flag("RemoveExternalAuthorityConfiguration") == Some(true);
    let authority = authority(ask)?;
    if removes && !authority.is_empty() {
        return Err(Fault::combination("An external authority is set or removed, not both."));
    }
    let description = ask.value("Description");
    ask.world.modify(&scope.id, |body| {
        if removes {
            body.remove("externalAuthorityConfiguration");
        }
        body.extend(authority);
        if !description.is_null() {
            body.insert("description".to_owned(), description);
        }
    });
    ask.answer("ipamScope", &scope.id)
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Members> {
    let scope = ask.own(Kind::Scope, "IpamScopeId")?;
    if scope.flag("isDefault") {
        return Err(Fault::value(format!("{} is a default scope, which cannot be deleted.", scope.id)));
    }
    let is_inside = |pool: &&Thing| pool.secret["scope"] == scope.id.as_str();
    if let Some(pool) = ask.world.all(Kind::Pool).find(is_inside) {
        return Err(Fault::dependency(format!("{} has dependencies: {}.", scope.id, pool.id)));
    }
    ask.world.delete(&scope.id, DELETING);
    ask.answer("ipamScope", &scope.id)
}
