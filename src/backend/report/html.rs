//! Writes the report as one self-contained HTML page: it needs no network and no other file.
//!
//! The page and all of its scripts are part of this program (`page/`). The data is JSON inside the page, escaped so
//! that no name can end its element, and the script inserts it as text only. A content security policy in the page
//! allows only the one style and the script, by hash, and forbids every request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use num_bigint::BigUint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::json::program;
use super::{Discovered, DiscoveredResource, PoolReport, Report, subject};
use crate::backend::observation::PublicAddress;
use crate::backend::{Forecast, TrendPoint};
use crate::ipam::{Allocation, Event, State};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/data.js"),
    include_str!("page/parts.js"),
    include_str!("page/table.js"),
    include_str!("page/map.js"),
    include_str!("page/chart.js"),
    include_str!("page/seen.js"),
    include_str!("page/page.js"),
);

impl Report {
    /// The report as one page.
    pub fn html(&self) -> String {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
             form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        let mut page = String::new();
        for (place, part) in PAGE.split("{{").enumerate() {
            let Some((name, rest)) = part.split_once("}}").filter(|_| place > 0) else {
                page.push_str(part);
                continue;
            };
            match name {
                "policy" => page.push_str(&policy),
                "style" => page.push_str(STYLE),
                "script" => page.push_str(SCRIPT),
                // Inside a script element, only `<` can end the element or begin a comment.
                "data" => page.push_str(&self.page_data().to_string().replace('<', "\\u003c")),
                _ => {}
            }
            page.push_str(rest);
        }
        page
    }

    /// The data that the script reads: with short names, and with lists where there are many items.
    fn page_data(&self) -> Value {
        let positions = self.positions();
        let scopes: Vec<Value> = self
            .scopes
            .iter()
            .map(|one| {
                json!({ "id": one.meta.id, "name": one.meta.name, "type": one.scope_type, "description": one.description })
            })
            .collect();
        let problems: Vec<Value> = self
            .problems
            .iter()
            .map(|one| json!([one.severity.word(), one.topic.word(), one.place, one.name, one.what]))
            .collect();
        let owners = Interned::of(self.allocations.iter().map(|one| one.meta.owner.as_str()));
        let allocations: Vec<Value> = self
            .allocations
            .iter()
            .map(|one| allocation(one, positions.get(one.pool_id.as_str()).copied(), &owners))
            .collect();
        json!({
            "store": self.store,
            "program": program(),
            "at": self.at.as_second(),
            "since": self.since.as_second(),
            "narrowed": self.narrowed_to,
            "history": self.has_history,
            "scopes": scopes,
            "pools": self.pools.iter().map(|one| self.pool(one, &positions)).collect::<Vec<_>>(),
            "owners": owners.texts,
            "allocations": allocations,
            "problems": problems,
            "events": self.events.iter().map(event).collect::<Vec<_>>(),
            "seen": self.discovered.as_ref().map(|found| self.discovered(found, &positions)),
        })
    }

    fn discovered(&self, found: &Discovered, positions: &std::collections::HashMap<&str, usize>) -> Value {
        let scope = |id: &str| self.scopes.iter().position(|scope| scope.meta.id == id);
        let pool = |id: &Option<String>| id.as_deref().and_then(|id| positions.get(id).copied());
        let resource =
            |one: &DiscoveredResource| resource_value(one, scope(&one.found.scope_id), pool(&one.found.pool_id));
        json!({
            "oldest": found.oldest.map(jiff::Timestamp::as_second),
            "resources": found.resources.iter().map(resource).collect::<Vec<_>>(),
            "addresses": found.addresses.iter().map(address).collect::<Vec<_>>(),
        })
    }

    fn pool(&self, one: &PoolReport, positions: &std::collections::HashMap<&str, usize>) -> Value {
        let (pool, sums) = (one.pool(), &one.utilization);
        let source = pool.source_pool_id.as_ref().and_then(|id| positions.get(id.as_str()));
        json!({
            "id": pool.meta.id,
            "name": pool.meta.name,
            "path": one.path,
            "scope": self.scopes.iter().position(|scope| scope.meta.id == pool.scope_id),
            "source": source,
            "family": pool.address_family,
            "locale": pool.locale,
            "planned": pool.meta.state == State::Planned,
            "owner": pool.meta.owner,
            "description": pool.description,
            "tags": pool.tags,
            "rules": pool.rules,
            "strategy": pool.strategy,
            "cidrs": one.cidrs,
            "provisioned": sums.provisioned.to_string(),
            "used": sums.used.to_string(),
            "held": sums.held.to_string(),
            "free": sums.free.to_string(),
            "largest": sums.largest_free,
            "count": sums.allocations,
            "trend": one.trend.iter().map(point).collect::<Vec<_>>(),
            "forecast": one.forecast.as_ref().map(forecast),
        })
    }
}

/// `[id, name, cidr, index of the pool, index of the owner, other attributes]`.
fn allocation(one: &Allocation, pool: Option<usize>, owners: &Interned<'_>) -> Value {
    let mut more = serde_json::Map::new();
    if let Some(expiry) = one.meta.hold_expires_at {
        more.insert("expires".to_owned(), expiry.as_second().into());
    }
    if let Some(end) = one.lifetime.expires_at() {
        more.insert("lent".to_owned(), end.as_second().into());
    }
    if one.meta.is_resting {
        more.insert("resting".to_owned(), true.into());
    }
    if one.meta.state == State::Planned {
        more.insert("planned".to_owned(), true.into());
    }
    if one.resource_type != crate::ipam::ResourceType::Custom {
        more.insert("for".to_owned(), one.resource_type.to_string().into());
    }
    let texts = [("resource", &one.resource_id), ("description", &one.description)];
    for (name, text) in texts {
        if let Some(text) = text {
            more.insert(name.to_owned(), text.as_str().into());
        }
    }
    if let Some(growth) = &one.growth {
        more.insert("growing".to_owned(), growth.cidr.to_string().into());
    }
    if !one.tags.is_empty() {
        more.insert("tags".to_owned(), json!(one.tags));
    }
    json!([one.meta.id, one.meta.name, one.cidr, pool, owners.place(&one.meta.owner), more])
}

/// `[level, type, id, name, cidr, region, account, scope, pool, [management, compliance, overlap], reasons, overlaps
/// with, usage]`.
fn resource_value(one: &DiscoveredResource, scope: Option<usize>, pool: Option<usize>) -> Value {
    let found = &one.found;
    json!([
        one.level,
        found.resource_type,
        found.resource_id,
        found.resource_name,
        found.cidr,
        found.region,
        found.owner_id,
        scope,
        pool,
        [json!(found.management), json!(found.compliance), json!(found.overlap)],
        found.reasons,
        found.overlaps_with,
        found.usage
    ])
}

/// `[address, kind, association, whether it is idle, service, resource, region, account]`.
fn address(one: &PublicAddress) -> Value {
    let on = one.service_resource.as_ref().or(one.instance_id.as_ref()).or(one.network_interface_id.as_ref());
    json!([one.address, one.address_type, one.association, one.is_idle(), one.service, on, one.region, one.owner_id])
}

/// `[seconds, provisioned, used]`; floating point numbers are precise enough for a drawing.
fn point(point: &TrendPoint) -> Value {
    let float = |sum: &BigUint| sum.to_string().parse::<f64>().unwrap_or(f64::MAX);
    json!([point.time.as_second(), float(&point.provisioned), float(&point.used)])
}

fn forecast(found: &Forecast) -> Value {
    let second = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_second);
    json!({
        "perDay": found.addresses_per_day,
        "fit": found.r_squared,
        "full": second(found.full_at),
        "earliest": second(found.full_at_earliest),
        "latest": second(found.full_at_latest),
    })
}

/// `[number, seconds, owner, user, run, action, kind, id, name, blocks]`.
fn event(event: &Event) -> Value {
    let (name, cidrs) = subject(event);
    let actor = &event.actor;
    json!([
        event.sequence,
        event.time.as_second(),
        actor.owner,
        actor.user,
        actor.run_url,
        event.action,
        event.kind.word(),
        event.id,
        name,
        cidrs
    ])
}

/// Texts that occur repeatedly, each stored once.
struct Interned<'a> {
    texts: Vec<&'a str>,
    positions: std::collections::HashMap<&'a str, usize>,
}

impl<'a> Interned<'a> {
    fn of(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut interned = Self { texts: Vec::new(), positions: std::collections::HashMap::new() };
        for text in texts {
            interned.positions.entry(text).or_insert_with(|| {
                interned.texts.push(text);
                interned.texts.len() - 1
            });
        }
        interned
    }

    fn place(&self, text: &str) -> Option<usize> {
        self.positions.get(text).copied()
    }
}

fn hash(text: &str) -> String {
    BASE64.encode(Sha256::digest(text.as_bytes()))
}
