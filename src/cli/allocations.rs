//! `allocations`: a table.
//!
//! JSON: `{store, allocations: [{id, name, cidr, scope, scope_id, pool, pool_id, state, hold_expires_at, owner,
//! resource_type, resource_id, description, tags}]}`; `pool` is the path of the pool. Holds are included, with `planned`
//! as their `state`.

use std::collections::HashMap;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::out::{Page, clean, table};
use super::{Failure, Format, arguments, paths};
use crate::backend::{AllocationFilter, Ipam, PoolFilter, explain::time};
use crate::ipam::{Allocation, Cidr, Meta, Pool, PoolTree, ResourceType, Scope, State, Tags};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shows only allocations in this pool: a path, the end of a path, or an id.
    #[arg(long)]
    pool: Option<String>,
    /// Shows only allocations in this scope: a name or an id.
    #[arg(long)]
    scope: Option<String>,
    /// Shows only allocations of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// Shows only allocations inside this block.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block)]
    within: Option<Cidr>,
    /// Shows only allocations that contain this block or address.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block)]
    containing: Option<Cidr>,
    /// Shows only active allocations, without holds of plans.
    #[arg(long)]
    active: bool,
    /// Has no effect: holds are always shown, unless --active is given.
    #[arg(long, hide = true, conflicts_with = "active")]
    planned: bool,
    /// Also shows the space of pools below.
    #[arg(long)]
    pools: bool,
    #[command(flatten)]
    format: Format,
}

/// An allocation as `--json` shows it.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    id: &'a str,
    name: &'a str,
    cidr: Cidr,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope_id: Option<&'a str>,
    pool: &'a str,
    pool_id: &'a str,
    state: State,
    hold_expires_at: Option<Timestamp>,
    owner: &'a str,
    resource_type: ResourceType,
    resource_id: Option<&'a str>,
    description: Option<&'a str>,
    tags: &'a Tags,
}

impl<'a> Answer<'a> {
    pub(super) fn new(allocation: &'a Allocation, pool: &'a str) -> Self {
        Self {
            id: &allocation.meta.id,
            name: &allocation.meta.name,
            cidr: allocation.cidr,
            scope: None,
            scope_id: None,
            pool,
            pool_id: &allocation.pool_id,
            state: allocation.meta.state,
            hold_expires_at: allocation.meta.hold_expires_at,
            owner: &allocation.meta.owner,
            resource_type: allocation.resource_type,
            resource_id: allocation.resource_id.as_deref(),
            description: allocation.description.as_deref(),
            tags: &allocation.tags,
        }
    }

    fn in_scope(self, places: &'a Places, pool_id: &str) -> Self {
        let scope_id = places.scopes_of_pools.get(pool_id).map(String::as_str);
        Self { scope: scope_id.map(|id| places.scope_name(id)), scope_id, ..self }
    }
}

/// The places of allocations, in words.
struct Places {
    /// Paths of pools, by the ID of the pool.
    paths: HashMap<String, String>,
    /// IDs of scopes, by the ID of the pool.
    scopes_of_pools: HashMap<String, String>,
    /// Names of scopes, by the ID of the scope.
    scopes: HashMap<String, String>,
}

impl Places {
    fn new(pools: &[Pool], scopes: &[Scope]) -> Self {
        let tree = PoolTree::new(pools);
        let path = |pool: &Pool| Some((pool.meta.id.clone(), tree.path(&pool.meta.id)?.to_owned()));
        Self {
            paths: pools.iter().filter_map(path).collect(),
            scopes_of_pools: pools.iter().map(|pool| (pool.meta.id.clone(), pool.scope_id.clone())).collect(),
            scopes: scopes.iter().map(|scope| (scope.meta.id.clone(), scope.meta.name.clone())).collect(),
        }
    }

    fn of_one(pool: &Pool, path: String, scope: Option<Scope>) -> Self {
        Self {
            paths: [(pool.meta.id.clone(), path)].into(),
            scopes_of_pools: [(pool.meta.id.clone(), pool.scope_id.clone())].into(),
            scopes: scope.into_iter().map(|scope| (scope.meta.id, scope.meta.name)).collect(),
        }
    }

    fn path<'a>(&'a self, allocation: &'a Allocation) -> &'a str {
        self.paths.get(&allocation.pool_id).unwrap_or(&allocation.pool_id)
    }

    /// The name of a scope, or its ID if it has no name.
    fn scope_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.scopes.get(id).filter(|name| !name.is_empty()).map_or(id, String::as_str)
    }

    fn scope<'a>(&'a self, allocation: &'a Allocation) -> &'a str {
        self.scopes_of_pools.get(&allocation.pool_id).map_or("", |id| self.scope_name(id))
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, Failure> {
    let pool = options.pool.as_deref().map(|wanted| paths::find(ipam, wanted)).transpose()?;
    let places = match &pool {
        Some(pool) => Places::of_one(pool, ipam.pool_path(&pool.meta.id)?, ipam.get_scope(&pool.scope_id)?),
        None => {
            let pools = ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
            Places::new(&pools, &ipam.list_scopes(true)?)
        }
    };
    let scope_id = options.scope.as_deref().map(|wanted| paths::present_scope_id(ipam, wanted)).transpose()?;
    let mut found = ipam.list_allocations(&AllocationFilter {
        pool_id: pool.map(|pool| pool.meta.id),
        within: options.within,
        containing: options.containing,
        include_planned: !options.active,
        include_pools: options.pools,
        ..AllocationFilter::default()
    })?;
    if let Some(owner) = &options.owner {
        found.retain(|allocation| allocation.meta.owner == *owner);
    }
    if let Some(scope_id) = &scope_id {
        found.retain(|allocation| places.scopes_of_pools.get(&allocation.pool_id) == Some(scope_id));
    }
    Ok(if options.format.json { json(&found, &places, &ipam.describe()) } else { text(&found, &places, ipam.now()) })
}

fn json(allocations: &[Allocation], places: &Places, store: &str) -> Page {
    let answer = |one| Answer::new(one, places.path(one)).in_scope(places, &one.pool_id);
    let answers: Vec<Answer<'_>> = allocations.iter().map(answer).collect();
    Page::json(&serde_json::json!({ "store": store, "allocations": answers }))
}

fn text(allocations: &[Allocation], places: &Places, now: Timestamp) -> Page {
    let row = |allocation: &Allocation| {
        vec![
            clean(places.scope(allocation)),
            clean(places.path(allocation)),
            clean(&allocation.meta.name),
            allocation.cidr.to_string(),
            standing(&allocation.meta, now).unwrap_or_else(|| "active".to_owned()),
            clean(&allocation.meta.owner),
            allocation.meta.id.clone(),
        ]
    };
    if allocations.is_empty() {
        return Page::text("No allocations.\n");
    }
    Page::text(table(&["SCOPE", "POOL", "NAME", "CIDR", "STATE", "OWNER", "ID"], allocations.iter().map(row)))
}

/// A remark about an object that is not simply active.
pub(super) fn standing(meta: &Meta, now: Timestamp) -> Option<String> {
    match (meta.state, meta.hold_expires_at) {
        (State::Active, _) => None,
        (State::Planned, Some(expiry)) if expiry > now => Some(format!("planned, held until {}", time(expiry))),
        (State::Planned, Some(expiry)) => Some(format!("planned, hold expired {}", time(expiry))),
        (State::Planned, None) => Some("planned".to_owned()),
        (State::Lapsed, _) => Some("lapsed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::samples;
    use super::*;

    fn places() -> Places {
        Places::new(&samples::pools(), &[samples::scope("ipam-scope-1", "default-private", true)])
    }

    #[test]
    fn the_table_names_scope_and_pool_and_marks_holds() {
        let page = text(&samples::allocations(), &places(), samples::now());
        assert_eq!(
            page.text,
            "SCOPE            POOL         NAME  CIDR         STATE                                     OWNER    ID\n\
             default-private  top/eu/prod  web   10.0.0.0/24  active                                    network  ipam-pool-alloc-1\n\
             default-private  top/eu/prod  api   10.0.1.0/24  planned, held until 2026-01-01T13:00:00Z  network  ipam-pool-alloc-2\n"
        );
    }

    #[test]
    fn json_has_the_documented_fields() {
        let value: serde_json::Value =
            serde_json::from_str(&json(&samples::allocations(), &places(), "ipam.db").text).unwrap();
        assert_eq!(
            value["allocations"][1],
            serde_json::json!({
                "id": "ipam-pool-alloc-2", "name": "api", "cidr": "10.0.1.0/24", "pool": "top/eu/prod",
                "scope": "default-private", "scope_id": "ipam-scope-1",
                "pool_id": "ipam-pool-3", "state": "planned", "hold_expires_at": "2026-01-01T13:00:00Z",
                "owner": "network", "resource_type": "custom", "resource_id": null, "description": null, "tags": {},
            })
        );
    }
}
