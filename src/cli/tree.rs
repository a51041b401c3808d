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

use super::allocations::{Answer as AllocationAnswer, standing};
use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean};
use super::paths;
use crate::backend::explain::percent;
use crate::backend::{AllocationFilter, Ipam, PoolFilter, Utilization};
use crate::ipam::{Allocation, Cidr, Family, Pool, PoolCidr, Scope, ScopeType, State};

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

/// A number of levels that a tree of pools never reaches.
const FAR_BELOW: u32 = 64;

/// A scope with its top-level pools.
struct Root {
    scope: Scope,
    pools: Vec<Branch>,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let roots = Loader::new(ipam, options)?.roots()?;
    if options.format.json {
        let scopes: Vec<ScopeAnswer<'_>> = roots.iter().map(ScopeAnswer::new).collect();
        return Ok(Page::json(&serde_json::json!({ "store": ipam.describe(), "scopes": scopes })));
    }
    Ok(Page::text(draw(&roots, ipam.now())))
}

/// Reads the objects that the options select.
struct Loader<'a> {
    ipam: &'a dyn Ipam,
    options: &'a Options,
    pools: Vec<Pool>,
    paths: HashMap<String, String>,
    /// Indexes into `pools` by the ID of the pool above.
    children: HashMap<String, Vec<usize>>,
    /// Number of all pools below, by ID.
    below: HashMap<String, usize>,
    /// The pool at which the tree starts.
    start: Option<String>,
}

impl<'a> Loader<'a> {
    fn new(ipam: &'a dyn Ipam, options: &'a Options) -> Result<Self, CommandFailure> {
        let pools = ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })?;
        let paths = paths::of(&pools);
        let start = options.pool.as_deref().map(|wanted| paths::find(&pools, &paths, wanted)).transpose()?;
        let start = start.map(|pool| pool.meta.id.clone());
        let (children, below) = descent(&pools);
        Ok(Self { ipam, options, pools, paths, children, below, start })
    }

    fn roots(&self) -> Result<Vec<Root>, CommandFailure> {
        let mut roots = Vec::new();
        for scope in self.ipam.list_scopes(true)? {
            let tops = self.pools.iter().filter(|pool| pool.scope_id == scope.meta.id && self.is_top(pool));
            let pools = tops.filter_map(|pool| self.branch(pool, 1).transpose()).collect::<Result<Vec<_>, _>>()?;
            if self.start.is_none() || !pools.is_empty() {
                roots.push(Root { scope, pools });
            }
        }
        Ok(roots)
    }

    fn is_top(&self, pool: &Pool) -> bool {
        self.start.as_ref().map_or(pool.source_pool_id.is_none(), |start| pool.meta.id == *start)
    }

    /// The pool with its contents; `None` if the pool was deleted after it was listed.
    fn branch(&self, pool: &Pool, level: u32) -> Result<Option<Branch>, CommandFailure> {
        let id = &pool.meta.id;
        if level > FAR_BELOW {
            // Only a damaged store has so many levels. The error of `pool_path` reports the damage.
            self.ipam.pool_path(id)?;
        }
        let utilization = match self.ipam.utilization(id) {
            Err(crate::ipam::Error::NotFound { .. }) => return Ok(None),
            other => other?,
        };
        let is_planned = |found: &PoolCidr| found.meta.state == State::Planned && pool.meta.state == State::Active;
        let (planned, provisioned): (Vec<_>, Vec<_>) =
            self.ipam.list_pool_cidrs(id, true)?.into_iter().partition(is_planned);
        let blocks = |list: Vec<PoolCidr>| list.into_iter().map(|found| found.cidr).collect::<Vec<Cidr>>();
        let (cidrs, planned_cidrs) = (blocks(provisioned), blocks(planned));
        let allocations = if self.options.no_allocations { Vec::new() } else { self.allocations(id)? };
        let mut below = Vec::new();
        if self.options.depth.is_none_or(|depth| level < depth) {
            // A chain of iterators would need far more stack for each level.
            for child in self.children(id) {
                below.extend(self.branch(child, level + 1)?);
            }
        }
        let path = self.paths.get(id).cloned().unwrap_or_default();
        Ok(Some(Branch {
            utilization,
            path,
            cidrs,
            planned_cidrs,
            allocations,
            below,
            pools_below: self.below.get(id).copied().unwrap_or(0),
        }))
    }

    fn allocations(&self, pool_id: &str) -> Result<Vec<Allocation>, CommandFailure> {
        Ok(self.ipam.list_allocations(&AllocationFilter {
            pool_id: Some(pool_id.to_owned()),
            include_planned: true,
            ..AllocationFilter::default()
        })?)
    }

    fn children(&self, id: &str) -> impl Iterator<Item = &Pool> {
        self.children.get(id).into_iter().flatten().map(|index| &self.pools[*index])
    }
}

/// For each pool, the indexes of the pools directly below it, and the number of all pools below. `pools` has parents
/// before children.
fn descent(pools: &[Pool]) -> (HashMap<String, Vec<usize>>, HashMap<String, usize>) {
    let mut children: HashMap<String, Vec<usize>> = HashMap::new();
    let mut below: HashMap<String, usize> = HashMap::new();
    for (index, pool) in pools.iter().enumerate() {
        if let Some(source) = &pool.source_pool_id {
            children.entry(source.clone()).or_default().push(index);
        }
    }
    for pool in pools.iter().rev() {
        if let Some(source) = &pool.source_pool_id {
            let own = below.get(&pool.meta.id).copied().unwrap_or(0);
            *below.entry(source.clone()).or_default() += 1 + own;
        }
    }
    (children, below)
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
    allocations: Vec<AllocationAnswer<'a>>,
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
                .map(|allocation| AllocationAnswer::new(allocation, &branch.path))
                .collect(),
        }
    }
}

/// The tree as text. Default scopes without pools are left out, because every store has them.
fn draw(roots: &[Root], now: Timestamp) -> String {
    let mut text = String::new();
    for root in roots.iter().filter(|root| !root.scope.is_default || !root.pools.is_empty()) {
        let scope = &root.scope;
        let mark = standing(&scope.meta, now).map(|words| format!(", {words}")).unwrap_or_default();
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
        let mark = standing(&allocation.meta, now).map(|words| format!("  ({words})")).unwrap_or_default();
        let growth = allocation.growth.as_ref().map(|growth| format!("  (growing to {})", growth.cidr));
        let _ = writeln!(
            text,
            "{indent}{elbow}{:width$}  {}{mark}{}",
            allocation.cidr.to_string(),
            clean(&allocation.meta.name),
            growth.unwrap_or_default()
        );
    }
    draw_pools(text, &branch.below, indent, now);
    if hidden {
        let plural = if branch.pools_below == 1 { "pool" } else { "pools" };
        let _ = writeln!(text, "{indent}└─ … {} {plural} below", branch.pools_below);
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
    if let Some(mark) = standing(&pool.meta, now) {
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
