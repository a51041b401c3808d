//! `tree`: scopes, pools, allocations.
//!
//! JSON: `{store, scopes: [{id, name, scope_type, is_default, state, hold_expires_at, owner, pools: [pool]}]}`; a pool is
//! `{id, name, path, cidrs, planned_cidrs, address_family, locale, state, hold_expires_at, owner, provisioned, used,
//! held, free, largest_free, pools_below, pools: [pool], allocations: [as in allocations --json]}`. Counts of addresses
//! are decimal strings. `pools_below` counts all pools below, including those that `--depth` leaves out.

use std::collections::HashMap;
use std::fmt::Write;

use clap::{ArgAction, Args};
use jiff::Timestamp;
use serde::Serialize;

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean};
use super::paths;
use super::words::{allocation_remark, count, state_remark};
use crate::backend::allocation_json::AllocationJson;
use crate::backend::explain::percent;
use crate::backend::{Ipam, PoolFilter, Utilization};
use crate::ipam::{
    Allocation, Cidr, Family, OverviewQuery, Pool, PoolChoice, PoolCidr, PoolOverview, PoolTree, Scope, ScopeChoice,
    ScopeType, State,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shows only this pool and everything below it: a path, the end of a path, or an id.
    #[arg(long)]
    pool: Option<String>,
    /// Shows at most this many levels of pools.
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u32).range(1..))]
    depth: Option<u32>,
    /// Shows allocations (the default, unless --no-allocations is given).
    #[arg(long, overrides_with = "no_allocations", action = ArgAction::SetTrue)]
    allocations: bool,
    /// Shows only pools.
    #[arg(long)]
    no_allocations: bool,
    #[command(flatten)]
    format: OutputFormat,
}

/// A pool with everything that the tree shows about it.
struct Branch {
    utilization: Utilization,
    path: String,
    cidrs: Vec<Cidr>,
    /// CIDRs that a plan adds to an active pool.
    planned_cidrs: Vec<Cidr>,
    allocations: Vec<Allocation>,
    below: Vec<Branch>,
    /// Number of all pools below, including those that are not in `below`.
    pools_below: usize,
}

/// A scope with its top-level pools.
struct Root {
    scope: Scope,
    pools: Vec<Branch>,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let roots = roots(ipam, options)?;
    if options.format.json {
        let scopes: Vec<ScopeAnswer<'_>> = roots.iter().map(ScopeAnswer::new).collect();
        return Ok(Page::json(&serde_json::json!({ "store": ipam.describe(), "scopes": scopes })));
    }
    Ok(Page::text(draw(&roots, ipam.now())))
}

/// Reads the objects that the options select.
fn roots(ipam: &dyn Ipam, options: &Options) -> Result<Vec<Root>, CommandFailure> {
    let start = options.pool.as_deref().map(|wanted| paths::find(ipam, wanted)).transpose()?;
    let depth_of_start = start.as_ref().map_or(1, |pool| pool.depth);
    let start = start.map(|pool| pool.meta.id);
    let pools = match &start {
        Some(id) => PoolChoice::Under(id.clone()),
        None => PoolChoice::Matching(PoolFilter { include_planned: true, ..PoolFilter::default() }),
    };
    let is_shown = |pool: &Pool| options.depth.is_none_or(|levels| pool.depth < depth_of_start.saturating_add(levels));
    let overview = ipam.overview(&OverviewQuery {
        keep: &is_shown,
        scopes: ScopeChoice::All,
        utilization: true,
        allocations: !options.no_allocations,
        ..OverviewQuery::of(&pools)
    })?;
    let mut tops = nested(overview.pools, &overview.tree, start.as_deref());
    let root = |scope: Scope| Root { pools: tops.remove(&scope.meta.id).unwrap_or_default(), scope };
    let is_shown = |root: &Root| start.is_none() || !root.pools.is_empty();
    Ok(overview.scopes.into_iter().map(root).filter(is_shown).collect())
}

/// The top-level pools by scope, or the pool `start`, each with the pools below it. `pools` has parents before children.
fn nested(pools: Vec<PoolOverview>, tree: &PoolTree, start: Option<&str>) -> HashMap<String, Vec<Branch>> {
    let mut tops: HashMap<String, Vec<Branch>> = HashMap::new();
    let mut inside: HashMap<String, Vec<Branch>> = HashMap::new();
    // Children are complete before their parent.
    for one in pools.into_iter().rev() {
        let (id, scope_id) = (one.pool.meta.id.clone(), one.pool.scope_id.clone());
        let source = one.pool.source_pool_id.clone().filter(|_| start != Some(id.as_str()));
        let mut below = inside.remove(&id).unwrap_or_default();
        below.reverse();
        let siblings = match source {
            Some(source) => inside.entry(source).or_default(),
            None => tops.entry(scope_id).or_default(),
        };
        siblings.extend(Branch::new(one, below, tree.count_below(&id)));
    }
    tops.values_mut().for_each(|pools| pools.reverse());
    tops
}

impl Branch {
    fn new(one: PoolOverview, below: Vec<Branch>, pools_below: usize) -> Option<Self> {
        let is_active = one.pool.meta.state == State::Active;
        let is_planned = |found: &&PoolCidr| found.meta.state == State::Planned && is_active;
        let (planned, provisioned): (Vec<_>, Vec<_>) = one.pool_cidrs.iter().partition(is_planned);
        let blocks = |list: Vec<&PoolCidr>| list.into_iter().map(|found| found.cidr).collect::<Vec<Cidr>>();
        Some(Self {
            utilization: one.utilization.clone()?,
            path: one.path.clone(),
            cidrs: blocks(provisioned),
            planned_cidrs: blocks(planned),
            allocations: one.taking_space().collect(),
            below,
            pools_below,
        })
    }
}

#[derive(Serialize)]
struct ScopeAnswer<'a> {
    id: &'a str,
    name: &'a str,
    scope_type: ScopeType,
    is_default: bool,
    state: State,
    hold_expires_at: Option<Timestamp>,
    owner: &'a str,
    pools: Vec<PoolAnswer<'a>>,
}

impl<'a> ScopeAnswer<'a> {
    fn new(root: &'a Root) -> Self {
        let scope = &root.scope;
        Self {
            id: &scope.meta.id,
            name: &scope.meta.name,
            scope_type: scope.scope_type,
            is_default: scope.is_default,
            state: scope.meta.state,
            hold_expires_at: scope.meta.hold_expires_at,
            owner: &scope.meta.owner,
            pools: root.pools.iter().map(PoolAnswer::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct PoolAnswer<'a> {
    id: &'a str,
    name: &'a str,
    path: &'a str,
    cidrs: &'a [Cidr],
    planned_cidrs: &'a [Cidr],
    address_family: Family,
    locale: Option<&'a str>,
    state: State,
    hold_expires_at: Option<Timestamp>,
    owner: &'a str,
    provisioned: String,
    used: String,
    held: String,
    free: String,
    largest_free: Option<Cidr>,
    pools_below: usize,
    pools: Vec<PoolAnswer<'a>>,
    allocations: Vec<AllocationJson<'a>>,
}

impl<'a> PoolAnswer<'a> {
    fn new(branch: &'a Branch) -> Self {
        let Utilization { pool, .. } = &branch.utilization;
        Self {
            id: &pool.meta.id,
            name: &pool.meta.name,
            path: &branch.path,
            cidrs: &branch.cidrs,
            planned_cidrs: &branch.planned_cidrs,
            address_family: pool.address_family,
            locale: pool.locale.as_deref(),
            state: pool.meta.state,
            hold_expires_at: pool.meta.hold_expires_at,
            owner: &pool.meta.owner,
            provisioned: branch.utilization.provisioned.to_string(),
            used: branch.utilization.used.to_string(),
            held: branch.utilization.held.to_string(),
            free: branch.utilization.free.to_string(),
            largest_free: branch.utilization.largest_free,
            pools_below: branch.pools_below,
            pools: branch.below.iter().map(Self::new).collect(),
            allocations: branch
                .allocations
                .iter()
                .map(|allocation| AllocationJson::new(allocation, &branch.path))
                .collect(),
        }
    }
}

/// The tree as text. Default scopes without pools are left out, because every store has them.
fn draw(roots: &[Root], now: Timestamp) -> String {
    let mut text = String::new();
    for root in roots.iter().filter(|root| !root.scope.is_default || !root.pools.is_empty()) {
        let scope = &root.scope;
        let mark = state_remark(&scope.meta, now).map(|words| format!(", {words}")).unwrap_or_default();
        let _ = writeln!(text, "{} ({}{mark})", clean(&scope.meta.name), scope.meta.id);
        draw_pools(&mut text, &root.pools, "", now);
    }
    if text.is_empty() {
        text.push_str("No pools.\n");
    }
    text
}

fn draw_pools(text: &mut String, pools: &[Branch], indent: &str, now: Timestamp) {
    for (index, branch) in pools.iter().enumerate() {
        let (elbow, bar) = lines(index + 1 == pools.len());
        let _ = writeln!(text, "{indent}{elbow}{}", pool_words(branch, now));
        draw_contents(text, branch, &format!("{indent}{bar}"), now);
    }
}

/// Allocations first, then the pools below.
fn draw_contents(text: &mut String, branch: &Branch, indent: &str, now: Timestamp) {
    let hidden = branch.below.is_empty() && branch.pools_below > 0;
    let width = branch.allocations.iter().map(|one| one.cidr.to_string().len()).max().unwrap_or(0);
    for (index, allocation) in branch.allocations.iter().enumerate() {
        let is_last = index + 1 == branch.allocations.len() && branch.below.is_empty() && !hidden;
        let (elbow, _) = lines(is_last);
        let mark = allocation_remark(allocation, now).map(|words| format!("  ({words})")).unwrap_or_default();
        let growth = allocation.growth.as_ref().map(|growth| format!("  (growing to {})", growth.cidr));
        let _ = writeln!(
            text,
            "{indent}{elbow}{:width$}  {}{mark}{}{}",
            allocation.cidr.to_string(),
            clean(&allocation.meta.name),
            growth.unwrap_or_default(),
            allocation.aggregate.map(|block| format!("  (set {block})")).unwrap_or_default()
        );
    }
    draw_pools(text, &branch.below, indent, now);
    if hidden {
        let _ = writeln!(text, "{indent}└─ … {} below", count(branch.pools_below as u64, "pool"));
    }
}

fn pool_words(branch: &Branch, now: Timestamp) -> String {
    let Utilization { pool, provisioned, used, held, largest_free, .. } = &branch.utilization;
    let mut words = clean(&pool.meta.name);
    let mut cidrs: Vec<String> = branch.cidrs.iter().map(ToString::to_string).collect();
    cidrs.extend(branch.planned_cidrs.iter().map(|block| format!("{block} (planned)")));
    if cidrs.is_empty() {
        words.push_str("  no CIDR");
    } else {
        let _ = write!(words, "  {}  {} used", cidrs.join(" "), percent(used, provisioned));
        if *held != num_bigint::BigUint::ZERO {
            let _ = write!(words, ", {} held", percent(held, provisioned));
        }
        match largest_free {
            Some(block) => words.push_str(&format!(", largest free {block}")),
            None => words.push_str(", full"),
        }
    }
    if let Some(locale) = pool.locale.as_deref().filter(|locale| *locale != pool.meta.name) {
        let _ = write!(words, "  [{}]", clean(locale));
    }
    if let Some(mark) = state_remark(&pool.meta, now) {
        let _ = write!(words, "  ({mark})");
    }
    words
}

const fn lines(is_last: bool) -> (&'static str, &'static str) {
    if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") }
}

#[cfg(test)]
#[path = "tree_samples.rs"]
pub(super) mod samples;

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
