//! Queries everything that is in a report.

use std::time::Duration;

use jiff::Timestamp;

use super::{Ask, Discovered, PoolReport, Report, problems};
use crate::backend::{Ipam, Result};
use crate::ipam::{
    Error, Kind, Overview, OverviewQuery, PoolChoice, PoolFilter, ResourceType, Review, ReviewQuery, Scope,
    ScopeChoice, Unsupported,
};

/// The period of a report when the user does not give one.
const USUAL: Duration = Duration::from_hours(30 * 24);
/// The points of a trend: enough for a curve, few enough for thousands of pools.
const POINTS: u32 = 60;
/// The maximum number of events in a report; these are the newest.
const EVENTS_MAX: usize = 500;

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
        let discovered = Discovered::gather(ipam, ask, &scopes, &ids)?;
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
            discovered,
        };
        report.problems = problems::of(&report, &below, &audit.findings);
        Ok(report)
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
