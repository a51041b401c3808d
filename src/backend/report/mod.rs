//! The report: everything a person wants to know of an address plan, gathered once and rendered as one HTML page, JSON,
//! CSV or Markdown.
//!
//! [`Report::gather`] asks an [`Ipam`] as everybody else does; `problems` says what is wrong with what it answers; the
//! renderers beside it only write down what the report holds. A section without data is left out.

mod csv;
mod html;
mod json;
mod markdown;
mod problems;
mod seen;
#[cfg(test)]
mod tests;

pub use problems::{Problem, Severity, Topic};
pub use seen::{Seen, SeenResource};

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::upkeep::Progress;
use super::{Forecast, Ipam, Result, TrendPoint, Utilization, forecast};
use crate::ipam::{
    Allocation, AllocationFilter, Cidr, Error, Event, Kind, Pool, PoolFilter, ResourceType, Scope, event_blocks,
};

/// How far back a report looks when nobody says.
const USUAL: Duration = Duration::from_hours(30 * 24);
/// Points of a trend: enough for a curve, few enough for thousands of pools.
const POINTS: u32 = 60;
/// Events that a report shows, the newest.
const EVENTS_MAX: usize = 500;
/// Events read at a time.
const PAGE: u64 = 1024;

/// What a report is about. What is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Only this scope.
    pub scope_id: Option<String>,
    /// Only this pool and those below it.
    pub pool_id: Option<String>,
    /// How far back trends and events go; thirty days when not given. Not beyond what the store still knows.
    pub since: Option<Timestamp>,
}

/// A pool with everything to say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolReport {
    /// The pool, and its sums.
    pub utilization: Utilization,
    /// Names from the top-level pool down to this one, joined by `/`.
    pub path: String,
    /// What is provisioned into it, by address.
    pub cidrs: Vec<Cidr>,
    /// How full it was since it had space; empty where no history is kept.
    pub trend: Vec<TrendPoint>,
    /// When it will be full.
    pub forecast: Option<Forecast>,
}

impl PoolReport {
    /// The pool.
    pub fn pool(&self) -> &Pool {
        &self.utilization.pool
    }
}

/// What there is and what is wrong with it, at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Where it is kept, without secrets.
    pub store: String,
    /// When it was asked.
    pub at: Timestamp,
    /// Since when trends and events are told.
    pub since: Timestamp,
    /// Time between two points of a trend.
    pub step: Duration,
    /// Whether the backend keeps a history.
    pub has_history: bool,
    /// What the report was narrowed to, in words.
    pub narrowed_to: Option<String>,
    /// By name.
    pub scopes: Vec<Scope>,
    /// Parents before children.
    pub pools: Vec<PoolReport>,
    /// By pool, then by address; the space of pools below is told by the pools.
    pub allocations: Vec<Allocation>,
    /// The worst first.
    pub problems: Vec<Problem>,
    /// The newest first.
    pub events: Vec<Event>,
    /// What was seen in accounts; `None` when nothing was.
    pub seen: Option<Seen>,
}

impl Report {
    /// Asks for all of it. `progress` is told how many pools are done.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a scope or pool of `ask` that is not there; those of every question.
    pub fn gather(ipam: &dyn Ipam, ask: &Ask, progress: &mut Progress<'_>) -> Result<Self> {
        let at = ipam.now();
        let wanted = ask.since.unwrap_or_else(|| at.checked_sub(USUAL).unwrap_or(Timestamp::MIN)).min(at);
        // What was forgotten cannot be told.
        let since = ipam.mark()?.map_or(wanted, |mark| mark.time.clamp(wanted, at));
        let step = (at.duration_since(since).unsigned_abs() / POINTS).max(Duration::from_secs(1));
        let (scopes, listed) = narrowed(ipam, ask)?;
        let narrowed_to = words(ask, &scopes, &listed);
        let mut trends = kept(ipam.trends(since, at, step))?;
        let has_history = trends.is_some();
        let total = u64::try_from(listed.len()).ok();
        let mut pools = Vec::with_capacity(listed.len());
        for (path, pool) in listed {
            progress("pools", pools.len() as u64, total);
            let trend = trends.as_mut().and_then(|trends| trends.remove(&pool.meta.id)).unwrap_or_default();
            pools.extend(pool_report(ipam, &pool.meta.id, path, trend)?);
        }
        let (allocations, below) = allocations(ipam, ask, &pools)?;
        let audit = ipam.check()?;
        let events = if has_history {
            newest(ipam, since, (audit.forgotten, audit.events), &subjects(ask, &scopes, &pools))?
        } else {
            Vec::new()
        };
        let ids: Vec<&str> = pools.iter().map(|pool: &PoolReport| pool.pool().meta.id.as_str()).collect();
        let seen = Seen::gather(ipam, ask, &scopes, &ids)?;
        let mut report = Self {
            store: ipam.describe(),
            at,
            since,
            step,
            has_history,
            narrowed_to,
            scopes,
            pools,
            allocations,
            problems: Vec::new(),
            events,
            seen,
        };
        report.problems = problems::of(&report, &below, &audit.findings);
        Ok(report)
    }

    /// Places of pools in `pools`, by id.
    fn places(&self) -> HashMap<&str, usize> {
        self.pools.iter().enumerate().map(|(place, pool)| (pool.pool().meta.id.as_str(), place)).collect()
    }

    /// Path of every pool, by id.
    fn paths(&self) -> HashMap<&str, &str> {
        self.pools.iter().map(|pool| (pool.pool().meta.id.as_str(), pool.path.as_str())).collect()
    }

    /// Number of problems of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }
}

/// What is not kept is no error of a report.
fn kept<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(Error::Unsupported { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}

/// A pool after its path.
type PlacedPool = (String, Pool);

/// The scopes and the pools that the report is about.
fn narrowed(ipam: &dyn Ipam, ask: &Ask) -> Result<(Vec<Scope>, Vec<PlacedPool>)> {
    let mut scopes = ipam.list_scopes(true)?;
    if let Some(id) = &ask.scope_id
        && !scopes.iter().any(|scope| scope.meta.id == *id)
    {
        return Err(Error::NotFound { kind: Kind::Scope, id: id.clone() });
    }
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    let mut inside = HashSet::new();
    let mut pools = Vec::new();
    for pool in ipam.list_pools(&PoolFilter { include_planned: true, ..PoolFilter::default() })? {
        let above = pool.source_pool_id.as_ref().and_then(|id| paths.get(id));
        let path = above.map_or_else(|| pool.meta.name.clone(), |above| format!("{above}/{}", pool.meta.name));
        paths.insert(pool.meta.id.clone(), path.clone());
        let is_below = pool.source_pool_id.as_ref().is_some_and(|id| inside.contains(id));
        let is_asked = ask.pool_id.as_ref().is_none_or(|id| *id == pool.meta.id || is_below)
            && ask.scope_id.as_ref().is_none_or(|id| *id == pool.scope_id);
        if is_asked {
            inside.insert(pool.meta.id.clone());
            pools.push((path, pool));
        }
    }
    if let Some(id) = &ask.pool_id
        && pools.is_empty()
    {
        return Err(Error::NotFound { kind: Kind::Pool, id: id.clone() });
    }
    let is_shown = |scope: &Scope| {
        ask.scope_id.as_ref().is_none_or(|id| *id == scope.meta.id)
            && (ask.pool_id.is_none() || pools.iter().any(|(_, pool)| pool.scope_id == scope.meta.id))
    };
    scopes.retain(is_shown);
    Ok((scopes, pools))
}

fn words(ask: &Ask, scopes: &[Scope], pools: &[PlacedPool]) -> Option<String> {
    match (pools.first(), scopes.first()) {
        (Some((path, _)), _) if ask.pool_id.is_some() => Some(format!("pool {path} and the pools below it")),
        (_, Some(scope)) if ask.scope_id.is_some() => Some(format!("scope {}", scope.meta.name)),
        _ => None,
    }
}

/// `None` when the pool went away since it was listed.
fn pool_report(ipam: &dyn Ipam, id: &str, path: String, trend: Vec<TrendPoint>) -> Result<Option<PoolReport>> {
    let utilization = match ipam.utilization(id) {
        Err(Error::NotFound { .. }) => return Ok(None),
        answer => answer?,
    };
    let cidrs = ipam.list_pool_cidrs(id, true)?.into_iter().map(|one| one.cidr).collect();
    // Before it had space there is nothing to tell, and nothing that a line should be drawn through.
    let trend: Vec<_> = trend.into_iter().skip_while(|point| point.provisioned == Default::default()).collect();
    Ok(Some(PoolReport { forecast: forecast(&trend), utilization, path, cidrs, trend }))
}

/// The allocations of these pools, and apart from them the space of pools below.
fn allocations(ipam: &dyn Ipam, ask: &Ask, pools: &[PoolReport]) -> Result<(Vec<Allocation>, Vec<Allocation>)> {
    let all = AllocationFilter { include_planned: true, include_pools: true, ..AllocationFilter::default() };
    let mut found = match &ask.pool_id {
        None => ipam.list_allocations(&all)?,
        Some(_) => {
            let mut found = Vec::new();
            for pool in pools {
                let pool_id = Some(pool.pool().meta.id.clone());
                found.extend(ipam.list_allocations(&AllocationFilter { pool_id, ..all.clone() })?);
            }
            found
        }
    };
    let there: HashSet<&str> = pools.iter().map(|pool| pool.pool().meta.id.as_str()).collect();
    found.retain(|allocation| there.contains(allocation.pool_id.as_str()));
    Ok(found.into_iter().partition(|allocation| allocation.resource_type != ResourceType::IpamPool))
}

/// What events must be about: `None` for everything.
fn subjects<'a>(ask: &Ask, scopes: &'a [Scope], pools: &'a [PoolReport]) -> Option<HashSet<&'a str>> {
    if ask.scope_id.is_none() && ask.pool_id.is_none() {
        return None;
    }
    let scopes = scopes.iter().filter(|_| ask.pool_id.is_none()).map(|scope| scope.meta.id.as_str());
    Some(scopes.chain(pools.iter().map(|pool| pool.pool().meta.id.as_str())).collect())
}

fn is_about(event: &Event, subjects: &HashSet<&str>) -> bool {
    let names = |record: &serde_json::Value| {
        let fields = ["pool_id", "source_pool_id", "scope_id"];
        fields.iter().filter_map(|field| record.get(field)?.as_str()).any(|id| subjects.contains(id))
    };
    subjects.contains(event.id.as_str()) || names(&event.after) || names(&event.before)
}

/// The newest events since then, the newest first. Reads from the end, as far as it must: `kept` events come after the first
/// `forgotten`.
fn newest(
    ipam: &dyn Ipam,
    since: Timestamp,
    (forgotten, kept): (u64, u64),
    subjects: &Option<HashSet<&str>>,
) -> Result<Vec<Event>> {
    let mut found = Vec::new();
    let mut end = forgotten.saturating_add(kept);
    while end > forgotten && found.len() < EVENTS_MAX {
        let start = end.saturating_sub(PAGE).max(forgotten);
        let page = ipam.events(start, usize::try_from(end - start).unwrap_or(usize::MAX))?;
        let is_past = page.first().is_some_and(|first| first.time < since);
        let wanted =
            |event: &Event| event.time >= since && subjects.as_ref().is_none_or(|subjects| is_about(event, subjects));
        found.extend(page.into_iter().rev().filter(wanted));
        if is_past {
            break;
        }
        end = start;
    }
    found.truncate(EVENTS_MAX);
    Ok(found)
}

/// Name and blocks of what an event is about.
fn subject(event: &Event) -> (&str, Vec<Cidr>) {
    let record = if event.after.is_null() { &event.before } else { &event.after };
    (record.get("name").and_then(serde_json::Value::as_str).unwrap_or_default(), event_blocks(record))
}
