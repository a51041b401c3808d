//! `allocations`: a table.
//!
//! JSON: `{store, allocations: [{id, name, cidr, scope, scope_id, pool, pool_id, state, hold_expires_at, owner,
//! resource_type, resource_id, description, tags, expires_at, prevent_release}]}`; `pool` is the path of the pool, and the last
//! two fields are there if the allocation has an end or prevents its release. Holds are included, with `planned`
//! as their `state`.

use std::collections::HashMap;

use clap::Args;
use jiff::Timestamp;

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean, table};
use super::words::allocation_remark;
use super::{arguments, paths};
use crate::backend::allocation_json::AllocationJson;
use crate::backend::{AllocationFilter, Ipam, PoolFilter};
use crate::ipam::{Allocation, Cidr, Pool, PoolTree, Scope};

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
    format: OutputFormat,
}

/// The names of pools and scopes.
struct Names {
    /// Paths of pools, by the ID of the pool.
    paths: HashMap<String, String>,
    /// IDs of scopes, by the ID of the pool.
    scopes_of_pools: HashMap<String, String>,
    /// Names of scopes, by the ID of the scope.
    scopes: HashMap<String, String>,
}

impl Names {
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

    fn json<'a>(&'a self, one: &'a Allocation) -> AllocationJson<'a> {
        let scope_id = self.scopes_of_pools.get(&one.pool_id).map(String::as_str);
        AllocationJson::new(one, self.path(one)).in_scope(scope_id.map(|id| self.scope_name(id)), scope_id)
    }

    fn scope<'a>(&'a self, allocation: &'a Allocation) -> &'a str {
        self.scopes_of_pools.get(&allocation.pool_id).map_or("", |id| self.scope_name(id))
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let pool = options.pool.as_deref().map(|wanted| paths::find(ipam, wanted)).transpose()?;
    let names = match &pool {
        Some(pool) => Names::of_one(pool, ipam.pool_path(&pool.meta.id)?, ipam.get_scope(&pool.scope_id)?),
        None => {
            let pools = ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
            Names::new(&pools, &ipam.list_scopes(true)?)
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
        found.retain(|allocation| names.scopes_of_pools.get(&allocation.pool_id) == Some(scope_id));
    }
    Ok(if options.format.json { json(&found, &names, &ipam.describe()) } else { text(&found, &names, ipam.now()) })
}

fn json(allocations: &[Allocation], names: &Names, store: &str) -> Page {
    let answers: Vec<AllocationJson<'_>> = allocations.iter().map(|one| names.json(one)).collect();
    Page::json(&serde_json::json!({ "store": store, "allocations": answers }))
}

fn text(allocations: &[Allocation], names: &Names, now: Timestamp) -> Page {
    let row = |allocation: &Allocation| {
        vec![
            clean(names.scope(allocation)),
            clean(names.path(allocation)),
            clean(&allocation.meta.name),
            allocation.cidr.to_string(),
            allocation_remark(allocation, now).unwrap_or_else(|| "active".to_owned()),
            clean(&allocation.meta.owner),
            allocation.meta.id.clone(),
        ]
    };
    if allocations.is_empty() {
        return Page::text("No allocations.\n");
    }
    Page::text(table(&["SCOPE", "POOL", "NAME", "CIDR", "STATE", "OWNER", "ID"], allocations.iter().map(row)))
}

#[cfg(test)]
mod tests {
    use super::super::tree::samples;
    use super::*;

    fn names() -> Names {
        Names::new(&samples::pools(), &[samples::scope("ipam-scope-1", "default-private", true)])
    }

    #[test]
    fn the_table_names_scope_and_pool_and_marks_holds() {
        let page = text(&samples::allocations(), &names(), samples::now());
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
            serde_json::from_str(&json(&samples::allocations(), &names(), "ipam.db").text).unwrap();
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
