//! Records of a small store, for the tests of the commands.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ipam::{Allocation, Pool, Scope};

pub(in crate::cli) fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn record(id: &str, name: &str, planned: bool, rest: Value) -> Value {
    let mut all = json!({
        "id": id, "name": name, "owner": "network", "state": "active", "confirmed": true, "tags": {},
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "description": null,
    });
    let fields = all.as_object_mut().unwrap();
    if planned {
        fields.insert("state".to_owned(), json!("planned"));
        fields.insert("hold_expires_at".to_owned(), json!("2026-01-01T13:00:00Z"));
    }
    fields.extend(rest.as_object().unwrap().clone());
    all
}

pub(in crate::cli) fn scope(id: &str, name: &str, is_default: bool) -> Scope {
    let rest = json!({ "scope_type": "private", "is_default": is_default });
    serde_json::from_value(record(id, name, false, rest)).unwrap()
}

fn pool(id: &str, name: &str, source: Option<&str>, cidr: &str) -> Pool {
    let rest = json!({
        "scope_id": "ipam-scope-1", "source_pool_id": source, "depth": 1, "address_family": "ipv4",
        "locale": source.map(|_| "eu"), "rules": {}, "strategy": "best-fit", "provision": "nothing", "cidrs": [cidr],
    });
    serde_json::from_value(record(id, name, false, rest)).unwrap()
}

fn allocation(id: &str, name: &str, cidr: &str, planned: bool) -> Allocation {
    let rest = json!({
        "pool_id": "ipam-pool-3", "cidr": cidr, "size": { "netmask_length": 24 }, "disallowed_cidrs": [],
        "resource_type": "custom", "resource_id": null,
    });
    serde_json::from_value(record(id, name, planned, rest)).unwrap()
}

/// `top` with `eu` and `us` below it, and a `prod` in each.
pub(in crate::cli) fn pools() -> Vec<Pool> {
    vec![
        pool("ipam-pool-1", "top", None, "10.0.0.0/8"),
        pool("ipam-pool-2", "eu", Some("ipam-pool-1"), "10.0.0.0/16"),
        pool("ipam-pool-3", "prod", Some("ipam-pool-2"), "10.0.0.0/20"),
        pool("ipam-pool-4", "us", Some("ipam-pool-1"), "10.1.0.0/16"),
        pool("ipam-pool-5", "prod", Some("ipam-pool-4"), "10.1.0.0/20"),
    ]
}

/// An active and a planned allocation, both in `top/eu/prod`.
pub(in crate::cli) fn allocations() -> Vec<Allocation> {
    vec![
        allocation("ipam-pool-alloc-1", "web", "10.0.0.0/24", false),
        allocation("ipam-pool-alloc-2", "api", "10.0.1.0/24", true),
    ]
}
