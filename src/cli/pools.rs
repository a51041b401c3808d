//! `pools`: the pools as a table, with their utilization.
//!
//! JSON: `{store, pools: [{id, name, path, scope, scope_id, cidrs, address_family, locale, owner, provisioned, used, held,
//! free, largest_free, tags}]}`. Counts of addresses are decimal strings.

use std::collections::HashMap;

use clap::Args;
use serde_json::{Value, json};

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean, table};
use super::{arguments, paths};
use crate::backend::explain::percent;
use crate::backend::{Ipam, PoolFilter, Utilization};
use crate::ipam::{Cidr, Family, Overview, OverviewQuery, Pool, PoolChoice, PoolOverview, ScopeChoice};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Lists only pools in this scope: a name or an id.
    #[arg(long)]
    scope: Option<String>,
    /// Lists only pools with this locale.
    #[arg(long)]
    locale: Option<String>,
    /// Lists only pools of this address family: ipv4 or ipv6.
    #[arg(long, value_name = "FAMILY")]
    address_family: Option<Family>,
    /// Lists only pools with this tag. The option can be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = arguments::tag)]
    tags: Vec<(String, String)>,
    #[command(flatten)]
    format: OutputFormat,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let scope_id = options.scope.as_deref().map(|wanted| paths::present_scope_id(ipam, wanted)).transpose()?;
    let choice = PoolChoice::Matching(PoolFilter { scope_id, ..PoolFilter::default() });
    let is_wanted = |pool: &Pool| {
        options.locale.as_ref().is_none_or(|locale| pool.locale.as_ref() == Some(locale))
            && options.address_family.is_none_or(|family| pool.address_family == family)
            && options.tags.iter().all(|(key, value)| pool.tags.get(key) == Some(value))
    };
    let query = OverviewQuery {
        keep: &is_wanted,
        scopes: ScopeChoice::OfPools,
        utilization: true,
        ..OverviewQuery::of(&choice)
    };
    let Overview { scopes, pools, .. } = ipam.overview(&query)?;
    let scopes: HashMap<String, String> = scopes.into_iter().map(|scope| (scope.meta.id, scope.meta.name)).collect();
    let rows: Vec<Row<'_>> = pools.iter().filter_map(|one| Row::new(one, &scopes)).collect();
    if options.format.json {
        let pools: Vec<Value> = rows.iter().map(Row::json).collect();
        return Ok(Page::json(&json!({ "store": ipam.describe(), "pools": pools })));
    }
    if rows.is_empty() {
        return Ok(Page::text("No pools.\n"));
    }
    let header = ["SCOPE", "POOL", "CIDRS", "USED", "HELD", "LARGEST FREE", "LOCALE", "ID"];
    Ok(Page::text(table(&header, rows.iter().map(Row::cells))))
}

/// One pool.
struct Row<'a> {
    of: &'a PoolOverview,
    utilization: &'a Utilization,
    cidrs: Vec<Cidr>,
    scope: &'a str,
}

impl<'a> Row<'a> {
    fn new(of: &'a PoolOverview, scopes: &'a HashMap<String, String>) -> Option<Self> {
        let scope = scopes.get(&of.pool.scope_id).filter(|name| !name.is_empty()).unwrap_or(&of.pool.scope_id);
        Some(Self { of, utilization: of.utilization.as_ref()?, cidrs: of.provisioned().collect(), scope })
    }

    fn cells(&self) -> Vec<String> {
        let Utilization { provisioned, used, held, largest_free, .. } = self.utilization;
        let cidrs: Vec<String> = self.cidrs.iter().map(ToString::to_string).collect();
        vec![
            clean(self.scope),
            clean(&self.of.path),
            cidrs.join(" "),
            percent(used, provisioned),
            percent(held, provisioned),
            largest_free.map(|block| block.to_string()).unwrap_or_default(),
            clean(self.of.pool.locale.as_deref().unwrap_or_default()),
            self.of.pool.meta.id.clone(),
        ]
    }

    fn json(&self) -> Value {
        let (pool, of) = (&self.of.pool, self.utilization);
        json!({
            "id": pool.meta.id,
            "name": pool.meta.name,
            "path": self.of.path,
            "scope": self.scope,
            "scope_id": pool.scope_id,
            "cidrs": self.cidrs,
            "address_family": pool.address_family,
            "locale": pool.locale,
            "owner": pool.meta.owner,
            "provisioned": of.provisioned.to_string(),
            "used": of.used.to_string(),
            "held": of.held.to_string(),
            "free": of.free.to_string(),
            "largest_free": of.largest_free,
            "tags": pool.tags,
        })
    }
}
