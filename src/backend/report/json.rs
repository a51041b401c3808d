//! Writes the report as JSON, for programs. Fields may be added, but are never renamed or removed. Counts of addresses
//! are decimal strings, because IPv6 counts exceed the numbers that many JSON parsers support.

use jiff::Timestamp;
use serde::Serialize;

use super::{DiscoveredResource, PoolReport, Problem, Report, subject};
use crate::backend::allocation_json::AllocationJson;
use crate::backend::observation::PublicAddress;
use crate::backend::{Forecast, TrendPoint};
use crate::ipam::{Actor, Cidr, Event, Family, Kind, Rules, Scope, ScopeType, State, Tags};

#[derive(Serialize)]
struct Whole<'a> {
    store: &'a str,
    program: String,
    generated_at: Timestamp,
    since: Timestamp,
    narrowed_to: Option<&'a str>,
    problems: Vec<ProblemFacts<'a>>,
    scopes: Vec<ScopeFacts<'a>>,
    pools: Vec<PoolFacts<'a>>,
    allocations: Vec<AllocationJson<'a>>,
    events: Vec<EventFacts<'a>>,
    oldest_sample: Option<Timestamp>,
    resources: Vec<ResourceFacts<'a>>,
    public_addresses: Vec<AddressFacts<'a>>,
}

/// The resources inside a resource follow it, one level deeper.
#[derive(Serialize)]
struct ResourceFacts<'a> {
    level: usize,
    resource_type: String,
    resource_id: &'a str,
    name: Option<&'a str>,
    cidr: Cidr,
    region: &'a str,
    account_id: Option<&'a str>,
    vpc_id: Option<&'a str>,
    scope_id: &'a str,
    pool_id: Option<&'a str>,
    management: Option<String>,
    compliance: Option<String>,
    overlap: Option<String>,
    reasons: &'a [String],
    overlaps_with: &'a [String],
    usage: Option<f64>,
    tags: &'a Tags,
}

#[derive(Serialize)]
struct AddressFacts<'a> {
    address: String,
    region: &'a str,
    account_id: Option<&'a str>,
    address_type: String,
    association: Option<String>,
    idle: bool,
    service: Option<String>,
    service_resource: Option<&'a str>,
    instance_id: Option<&'a str>,
    network_interface_id: Option<&'a str>,
    vpc_id: Option<&'a str>,
    tags: &'a Tags,
}

#[derive(Serialize)]
struct ProblemFacts<'a> {
    severity: &'static str,
    topic: &'static str,
    place: &'a str,
    name: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct ScopeFacts<'a> {
    id: &'a str,
    name: &'a str,
    scope_type: ScopeType,
    is_default: bool,
    state: State,
    owner: &'a str,
    description: Option<&'a str>,
    tags: &'a Tags,
}

#[derive(Serialize)]
struct PoolFacts<'a> {
    id: &'a str,
    name: &'a str,
    path: &'a str,
    scope_id: &'a str,
    source_pool_id: Option<&'a str>,
    address_family: Family,
    locale: Option<&'a str>,
    state: State,
    owner: &'a str,
    description: Option<&'a str>,
    tags: &'a Tags,
    rules: &'a Rules,
    cidrs: &'a [Cidr],
    provisioned: String,
    used: String,
    held: String,
    free: String,
    largest_free: Option<Cidr>,
    allocations: u64,
    trend: Vec<PointFacts>,
    forecast: Option<ForecastFacts>,
}

#[derive(Serialize)]
struct PointFacts {
    time: Timestamp,
    provisioned: String,
    used: String,
}

#[derive(Serialize)]
struct ForecastFacts {
    addresses_per_day: f64,
    standard_error: f64,
    r_squared: f64,
    full_at: Option<Timestamp>,
    full_at_earliest: Option<Timestamp>,
    full_at_latest: Option<Timestamp>,
}

#[derive(Serialize)]
struct EventFacts<'a> {
    sequence: u64,
    time: Timestamp,
    action: &'a str,
    kind: Kind,
    id: &'a str,
    name: &'a str,
    cidrs: Vec<Cidr>,
    actor: &'a Actor,
}

impl Report {
    /// The report as indented JSON.
    pub fn json(&self) -> String {
        let paths = self.paths();
        let whole = Whole {
            store: &self.store,
            program: program(),
            generated_at: self.at,
            since: self.since,
            narrowed_to: self.narrowed_to.as_deref(),
            problems: self.problems.iter().map(ProblemFacts::from).collect(),
            scopes: self.scopes.iter().map(ScopeFacts::from).collect(),
            pools: self.pools.iter().map(PoolFacts::from).collect(),
            allocations: self
                .allocations
                .iter()
                .map(|one| {
                    AllocationJson::new(one, paths.get(one.pool_id.as_str()).copied().unwrap_or_default()).dated()
                })
                .collect(),
            events: self.events.iter().map(EventFacts::from).collect(),
            oldest_sample: self.discovered.as_ref().and_then(|found| found.oldest),
            resources: self.discovered.iter().flat_map(|found| &found.resources).map(ResourceFacts::from).collect(),
            public_addresses: self
                .discovered
                .iter()
                .flat_map(|found| &found.addresses)
                .map(AddressFacts::from)
                .collect(),
        };
        // Only maps whose keys are not strings fail, and there is none.
        serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
    }
}

/// The program that made the report.
pub(super) fn program() -> String {
    concat!("terraform-provider-ipam ", env!("CARGO_PKG_VERSION")).to_owned()
}

impl<'a> From<&'a Problem> for ProblemFacts<'a> {
    fn from(problem: &'a Problem) -> Self {
        let (severity, topic) = (problem.severity.word(), problem.topic.word());
        Self { severity, topic, place: &problem.place, name: &problem.name, what: &problem.what }
    }
}

fn word<T: ToString>(word: Option<T>) -> Option<String> {
    word.map(|word| word.to_string())
}

impl<'a> From<&'a DiscoveredResource> for ResourceFacts<'a> {
    fn from(one: &'a DiscoveredResource) -> Self {
        let found = &one.found;
        Self {
            level: one.level,
            resource_type: found.resource_type.to_string(),
            resource_id: &found.resource_id,
            name: found.resource_name.as_deref(),
            cidr: found.cidr,
            region: &found.region,
            account_id: found.owner_id.as_deref(),
            vpc_id: found.vpc_id.as_deref(),
            scope_id: &found.scope_id,
            pool_id: found.pool_id.as_deref(),
            management: word(found.management),
            compliance: word(found.compliance),
            overlap: word(found.overlap),
            reasons: &found.reasons,
            overlaps_with: &found.overlaps_with,
            usage: found.usage,
            tags: &found.tags,
        }
    }
}

impl<'a> From<&'a PublicAddress> for AddressFacts<'a> {
    fn from(one: &'a PublicAddress) -> Self {
        Self {
            address: one.address.to_string(),
            region: &one.region,
            account_id: one.owner_id.as_deref(),
            address_type: one.address_type.to_string(),
            association: word(one.association),
            idle: one.is_idle(),
            service: word(one.service),
            service_resource: one.service_resource.as_deref(),
            instance_id: one.instance_id.as_deref(),
            network_interface_id: one.network_interface_id.as_deref(),
            vpc_id: one.vpc_id.as_deref(),
            tags: &one.tags,
        }
    }
}

impl<'a> From<&'a Scope> for ScopeFacts<'a> {
    fn from(scope: &'a Scope) -> Self {
        Self {
            id: &scope.meta.id,
            name: &scope.meta.name,
            scope_type: scope.scope_type,
            is_default: scope.is_default,
            state: scope.meta.state,
            owner: &scope.meta.owner,
            description: scope.description.as_deref(),
            tags: &scope.tags,
        }
    }
}

impl<'a> From<&'a PoolReport> for PoolFacts<'a> {
    fn from(one: &'a PoolReport) -> Self {
        let (pool, sums) = (one.pool(), &one.utilization);
        Self {
            id: &pool.meta.id,
            name: &pool.meta.name,
            path: &one.path,
            scope_id: &pool.scope_id,
            source_pool_id: pool.source_pool_id.as_deref(),
            address_family: pool.address_family,
            locale: pool.locale.as_deref(),
            state: pool.meta.state,
            owner: &pool.meta.owner,
            description: pool.description.as_deref(),
            tags: &pool.tags,
            rules: &pool.rules,
            cidrs: &one.cidrs,
            provisioned: sums.provisioned.to_string(),
            used: sums.used.to_string(),
            held: sums.held.to_string(),
            free: sums.free.to_string(),
            largest_free: sums.largest_free,
            allocations: sums.allocations,
            trend: one.trend.iter().map(PointFacts::from).collect(),
            forecast: one.forecast.as_ref().map(ForecastFacts::from),
        }
    }
}

impl From<&TrendPoint> for PointFacts {
    fn from(point: &TrendPoint) -> Self {
        Self { time: point.time, provisioned: point.provisioned.to_string(), used: point.used.to_string() }
    }
}

impl From<&Forecast> for ForecastFacts {
    fn from(found: &Forecast) -> Self {
        Self {
            addresses_per_day: found.addresses_per_day,
            standard_error: found.standard_error,
            r_squared: found.r_squared,
            full_at: found.full_at,
            full_at_earliest: found.full_at_earliest,
            full_at_latest: found.full_at_latest,
        }
    }
}

impl<'a> From<&'a Event> for EventFacts<'a> {
    fn from(event: &'a Event) -> Self {
        let (name, cidrs) = subject(event);
        Self {
            sequence: event.sequence,
            time: event.time,
            action: &event.action,
            kind: event.kind,
            id: &event.id,
            name,
            cidrs,
            actor: &event.actor,
        }
    }
}
