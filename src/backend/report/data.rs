//! The data of a report.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Discovered, Problem, Severity};
use crate::backend::{Forecast, TrendPoint, Utilization, forecast};
use crate::ipam::{Allocation, Cidr, Event, Pool, PoolCidr, Scope, event_blocks};

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
    pub(super) fn new(utilization: Utilization, path: String, pool_cidrs: &[PoolCidr], trend: Vec<TrendPoint>) -> Self {
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
    pub discovered: Option<Discovered>,
}

impl Report {
    /// Positions of pools in `pools`, by id.
    pub(super) fn positions(&self) -> HashMap<&str, usize> {
        self.pools.iter().enumerate().map(|(position, pool)| (pool.pool().meta.id.as_str(), position)).collect()
    }

    /// Path of every pool, by id.
    pub(super) fn paths(&self) -> HashMap<&str, &str> {
        self.pools.iter().map(|pool| (pool.pool().meta.id.as_str(), pool.path.as_str())).collect()
    }

    /// Number of problems of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }
}

/// The name and the blocks of the object of an event.
pub(super) fn subject(event: &Event) -> (&str, Vec<Cidr>) {
    let record = if event.after.is_null() { &event.before } else { &event.after };
    (record.get("name").and_then(serde_json::Value::as_str).unwrap_or_default(), event_blocks(record))
}
