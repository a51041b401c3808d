//! The report on an address plan: all data that a reader needs, gathered once and rendered as one HTML page, JSON, CSV
//! or Markdown.
//!
//! [`Report::gather`] asks an [`Ipam`] once, so that the numbers are of one time, and then for the results of
//! discoveries; `problems` finds the problems in the answers; the other modules only render the report. A section without data is left out.

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

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Forecast, Ipam, Result, TrendPoint, Utilization, forecast};
use crate::ipam::{
    Allocation, Cidr, Error, Event, Kind, Overview, OverviewQuery, Pool, PoolChoice, PoolCidr, PoolFilter,
    ResourceType, Review, ReviewQuery, Scope, ScopeChoice, Unsupported, event_blocks,
};

/// The period of a report when the user does not give one.
const USUAL: Duration = Duration::from_hours(30 * 24);
/// The points of a trend: enough for a curve, few enough for thousands of pools.
const POINTS: u32 = 60;
/// The maximum number of events in a report; these are the newest.
const EVENTS_MAX: usize = 500;

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
    fn new(utilization: Utilization, path: String, pool_cidrs: &[PoolCidr], trend: Vec<TrendPoint>) -> Self {
        // Points from before the pool had space are left out, so that the curve begins with the space.
        let trend: Vec<_> = trend.into_iter().skip_while(|point| point.provisioned == Default::default()).collect();
        let cidrs = pool_cidrs.iter().map(|one| one.cidr).collect();
        Self { forecast: forecast(&trend), utilization, path, cidrs, trend }
    }

    /// The pool.
    pub fn pool(&self) -> &Pool {
        &self.utilization.pool
    }
}

/// The objects, and the problems with them, at one time. The results of discoveries are read after that.
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
    /// Queries all data.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a scope or pool of `ask` that does not exist; the errors of every query.
    pub fn gather(ipam: &dyn Ipam, ask: &Ask) -> Result<Self> {
        let at = ipam.now();
        let since = ask.since.unwrap_or_else(|| at.checked_sub(USUAL).unwrap_or(Timestamp::MIN)).min(at);
        let Overview { scopes, pools, review, .. } = overview(ipam, ask, since, at)?;
        let Some(Review { since, step, history, audit }) = review else {
            return Err(Error::Unsupported { what: Unsupported::Events });
        };
        let has_history = history.is_some();
        let (mut trends, mut events) = history.unwrap_or_default();
        events.reverse();
        let (mut reports, mut allocations, mut below) = (Vec::with_capacity(pools.len()), Vec::new(), Vec::new());
        for one in pools {
            let Some(utilization) = one.utilization else { continue };
            let (spaces, own) =
                one.allocations.into_iter().partition(|one| one.resource_type == ResourceType::IpamPool);
            allocations.extend::<Vec<_>>(own);
            below.extend::<Vec<_>>(spaces);
            let trend = trends.remove(&one.pool.meta.id).unwrap_or_default();
            reports.push(PoolReport::new(utilization, one.path, &one.pool_cidrs, trend));
        }
        let ids: Vec<&str> = reports.iter().map(|pool: &PoolReport| pool.pool().meta.id.as_str()).collect();
        let seen = Seen::gather(ipam, ask, &scopes, &ids)?;
        let mut report = Self {
            store: ipam.describe(),
            at,
            since,
            step,
            has_history,
            narrowed_to: words(ask, &scopes, &reports),
            scopes,
            pools: reports,
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

/// Everything that the report is about, read at one time, except the results of discoveries.
fn overview(ipam: &dyn Ipam, ask: &Ask, since: Timestamp, until: Timestamp) -> Result<Overview> {
    let no_scope = |id: &String| Error::NotFound { kind: Kind::Scope, id: id.clone() };
    let pools = match &ask.pool_id {
        Some(id) => PoolChoice::Under(id.clone()),
        None => PoolChoice::Matching(PoolFilter {
            scope_id: ask.scope_id.clone(),
            include_planned: true,
            ..PoolFilter::default()
        }),
    };
    if let (Some(_), Some(scope_id)) = (&ask.pool_id, &ask.scope_id)
        && ipam.get_scope(scope_id)?.is_none()
    {
        return Err(no_scope(scope_id));
    }
    let found = ipam.overview(&OverviewQuery {
        scopes: ScopeChoice::All,
        utilization: true,
        allocations: true,
        review: Some(ReviewQuery { since, until, steps: POINTS, events_max: EVENTS_MAX }),
        ..OverviewQuery::of(&pools)
    })?;
    if let Some(scope_id) = &ask.scope_id
        && !found.scopes.iter().any(|scope| scope.meta.id == *scope_id)
    {
        return Err(match &ask.pool_id {
            Some(id) => Error::NotFound { kind: Kind::Pool, id: id.clone() },
            None => no_scope(scope_id),
        });
    }
    Ok(found)
}

fn words(ask: &Ask, scopes: &[Scope], pools: &[PoolReport]) -> Option<String> {
    match (pools.first(), scopes.first()) {
        (Some(pool), _) if ask.pool_id.is_some() => Some(format!("pool {} and the pools below it", pool.path)),
        (_, Some(scope)) if ask.scope_id.is_some() => Some(format!("scope {}", scope.meta.name)),
        _ => None,
    }
}

/// The name and the blocks of the object of an event.
fn subject(event: &Event) -> (&str, Vec<Cidr>) {
    let record = if event.after.is_null() { &event.before } else { &event.after };
    (record.get("name").and_then(serde_json::Value::as_str).unwrap_or_default(), event_blocks(record))
}
