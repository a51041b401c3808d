//! The report on an address plan: all data that a reader needs, gathered once and rendered as one HTML page, JSON, CSV
//! or Markdown.
//!
//! [`Report::gather`] queries an [`Ipam`] through the same trait as all other code; `problems` finds the problems in
//! the answers; the other modules only render the report. A section without data is left out.

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

/// The period of a report when the user does not give one.
const USUAL: Duration = Duration::from_hours(30 * 24);
/// The points of a trend: enough for a curve, few enough for thousands of pools.
const POINTS: u32 = 60;
/// The maximum number of events in a report; these are the newest.
const EVENTS_MAX: usize = 500;
/// Number of events read at a time.
const PAGE: u64 = 1024;

/// The subject of a report. A field that is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Only this scope.
    pub scope_id: Option<String>,
    /// Only this pool and those below it.
    pub pool_id: Option<String>,
    /// The start of trends and events; thirty days ago by default. The start is never before the beginning of the
    /// history that the store still has.
    pub since: Option<Timestamp>,
}

/// A pool with all data about it.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolReport {
    /// The pool and its sums.
    pub utilization: Utilization,
    /// Names from the top-level pool down to this one, joined by `/`.
    pub path: String,
    /// The provisioned blocks, by address.
    pub cidrs: Vec<Cidr>,
    /// The utilization since the pool had space; empty where no history is kept.
    pub trend: Vec<TrendPoint>,
    /// The forecast of when the pool will be full.
    pub forecast: Option<Forecast>,
}

impl PoolReport {
    /// The pool.
    pub fn pool(&self) -> &Pool {
        &self.utilization.pool
    }
}

/// The objects, and the problems with them, at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The location of the store, without secrets.
    pub store: String,
    /// The time of the report.
    pub at: Timestamp,
    /// The start of trends and events.
    pub since: Timestamp,
    /// Time between two points of a trend.
    pub step: Duration,
    /// Whether the backend keeps a history.
    pub has_history: bool,
    /// The scope or pool to which the report is narrowed, in words.
    pub narrowed_to: Option<String>,
    /// The scopes, by name.
    pub scopes: Vec<Scope>,
    /// The pools; parents come before their children.
    pub pools: Vec<PoolReport>,
    /// The allocations, by pool, then by address, without the space of pools below.
    pub allocations: Vec<Allocation>,
    /// The problems, the most severe first.
    pub problems: Vec<Problem>,
    /// The events, the newest first.
    pub events: Vec<Event>,
    /// The discovered resources; `None` when there are none.
    pub seen: Option<Seen>,
}

impl Report {
    /// Queries all data. `progress` gets the number of pools that are done.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a scope or pool of `ask` that does not exist; the errors of every query.
    pub fn gather(ipam: &dyn Ipam, ask: &Ask, progress: &mut Progress<'_>) -> Result<Self> {
        let at = ipam.now();
        let wanted = ask.since.unwrap_or_else(|| at.checked_sub(USUAL).unwrap_or(Timestamp::MIN)).min(at);
        // Events that were pruned cannot be in the report.
        let mark = ipam.history().map_or(Ok(None), |history| history.mark())?;
        let since = mark.map_or(wanted, |mark| mark.time.clamp(wanted, at));
        let step = (at.duration_since(since).unsigned_abs() / POINTS).max(Duration::from_secs(1));
        let (scopes, listed) = narrowed(ipam, ask)?;
        let narrowed_to = words(ask, &scopes, &listed);
        let mut trends = kept(ipam.require_history().and_then(|history| history.trends(since, at, step)))?;
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

    /// Indexes of pools in `pools`, by id.
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

/// A backend without this data is not an error of a report.
fn kept<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(Error::Unsupported { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}

/// A pool with its path in front.
type PlacedPool = (String, Pool);

/// The scopes and the pools that the report covers.
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

/// `None` when the pool was deleted after it was listed.
fn pool_report(ipam: &dyn Ipam, id: &str, path: String, trend: Vec<TrendPoint>) -> Result<Option<PoolReport>> {
    let utilization = match ipam.utilization(id) {
        Err(Error::NotFound { .. }) => return Ok(None),
        answer => answer?,
    };
    let cidrs = ipam.list_pool_cidrs(id, true)?.into_iter().map(|one| one.cidr).collect();
    // Points from before the pool had space are left out, so that the curve begins with the space.
    let trend: Vec<_> = trend.into_iter().skip_while(|point| point.provisioned == Default::default()).collect();
    Ok(Some(PoolReport { forecast: forecast(&trend), utilization, path, cidrs, trend }))
}

/// The allocations of these pools, and separately the space of pools below.
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

/// The ids of the objects whose events are in the report: `None` for all events.
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

/// The newest events since that time, the newest first. Reads from the end, only as far as necessary: `kept` events
/// come after the first `forgotten`.
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
        let page = ipam.require_history()?.events(start, usize::try_from(end - start).unwrap_or(usize::MAX))?;
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

/// The name and the blocks of the object of an event.
fn subject(event: &Event) -> (&str, Vec<Cidr>) {
    let record = if event.after.is_null() { &event.before } else { &event.after };
    (record.get("name").and_then(serde_json::Value::as_str).unwrap_or_default(), event_blocks(record))
}
