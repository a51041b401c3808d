//! `allocations`: a table.
//!
//! JSON: `{store, allocations: [{id, name, cidr, pool, pool_id, state, hold_expires_at, owner, resource_type,
//! resource_id, description, tags}]}`; `pool` is the pool's path.

use std::collections::HashMap;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::out::{Page, clean, table};
use super::{Failure, Format, arguments, paths};
use crate::backend::{AllocationFilter, Ipam, PoolFilter, explain::time};
use crate::ipam::{Allocation, Cidr, Meta, ResourceType, State, Tags};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only in this pool: a path, the end of one, or an id.
    #[arg(long)]
    pool: Option<String>,
    /// Only of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// Only inside this block.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block)]
    within: Option<Cidr>,
    /// Only those that contain this block or address.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block)]
    containing: Option<Cidr>,
    /// Also planned ones, that is, holds.
    #[arg(long)]
    planned: bool,
    /// Also the space of pools below.
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
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, Failure> {
    let pools = ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
    let paths = paths::of(&pools);
    let pool = options.pool.as_deref().map(|wanted| paths::find(&pools, &paths, wanted)).transpose()?;
    let mut found = ipam.list_allocations(&AllocationFilter {
        pool_id: pool.map(|pool| pool.meta.id.clone()),
        within: options.within,
        containing: options.containing,
        include_planned: options.planned,
        include_pools: options.pools,
        ..AllocationFilter::default()
    })?;
    if let Some(owner) = &options.owner {
        found.retain(|allocation| allocation.meta.owner == *owner);
    }
    Ok(if options.format.json { json(&found, &paths, &ipam.describe()) } else { text(&found, &paths, ipam.now()) })
}

fn json(allocations: &[Allocation], paths: &HashMap<String, String>, store: &str) -> Page {
    let answers: Vec<Answer<'_>> =
        allocations.iter().map(|allocation| Answer::new(allocation, path(paths, allocation))).collect();
    Page::json(&serde_json::json!({ "store": store, "allocations": answers }))
}

fn text(allocations: &[Allocation], paths: &HashMap<String, String>, now: Timestamp) -> Page {
    let row = |allocation: &Allocation| {
        vec![
            clean(path(paths, allocation)),
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
    Page::text(table(&["POOL", "NAME", "CIDR", "STATE", "OWNER", "ID"], allocations.iter().map(row)))
}

fn path<'a>(paths: &'a HashMap<String, String>, allocation: &'a Allocation) -> &'a str {
    paths.get(&allocation.pool_id).unwrap_or(&allocation.pool_id)
}

/// What there is to say of an object that is not simply active.
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

    #[test]
    fn the_table_names_the_pool_by_path_and_marks_holds() {
        let paths = paths::of(&samples::pools());
        let page = text(&samples::allocations(), &paths, samples::now());
        assert_eq!(
            page.text,
            "POOL         NAME  CIDR         STATE                                     OWNER    ID\n\
             top/eu/prod  web   10.0.0.0/24  active                                    network  ipam-pool-alloc-1\n\
             top/eu/prod  api   10.0.1.0/24  planned, held until 2026-01-01T13:00:00Z  network  ipam-pool-alloc-2\n"
        );
    }

    #[test]
    fn json_has_the_documented_fields() {
        let paths = paths::of(&samples::pools());
        let value: serde_json::Value =
            serde_json::from_str(&json(&samples::allocations(), &paths, "ipam.db").text).unwrap();
        assert_eq!(
            value["allocations"][1],
            serde_json::json!({
                "id": "ipam-pool-alloc-2", "name": "api", "cidr": "10.0.1.0/24", "pool": "top/eu/prod",
                "pool_id": "ipam-pool-3", "state": "planned", "hold_expires_at": "2026-01-01T13:00:00Z",
                "owner": "network", "resource_type": "custom", "resource_id": null, "description": null, "tags": {},
            })
        );
    }
}
