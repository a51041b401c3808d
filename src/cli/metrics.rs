//! `metrics`: the numbers of a store as OpenMetrics text, for Prometheus and everything that reads its format.
//!
//! The names of metrics and labels are stable: they are added, never renamed or removed. Every sample is of the time of the
//! call. For AWS IPAM, everything is listed, and there are no holds, events and forecasts.
//!
//! | metric | meaning |
//! |---|---|
//! | `ipam_build_info` | the version of this program, as a label |
//! | `ipam_store_info` | the kind of store, as a label |
//! | `ipam_pool_{provisioned,used,held,free,reserved}_addresses` | addresses of a pool; used + held + free = provisioned; `reserved` are free addresses that no new object gets |
//! | `ipam_pool_largest_free_addresses` | addresses of the largest block that is free |
//! | `ipam_pool_allocations` | active allocations in the pool itself |
//! | `ipam_pool_exhaustion_seconds` | seconds until the pool is full, if the trend of the last thirty days continues; missing when it does not fill up |
//! | `ipam_scopes`, `ipam_pools`, `ipam_pool_cidrs`, `ipam_allocations`, `ipam_holds`, `ipam_expired_holds` | objects, as `status` counts them |
//! | `ipam_problems` | problems that the report finds, by severity and topic |
//! | `ipam_discovery_age_seconds` | seconds since the last successful scan of an account in a Region |
//! | `ipam_discovery_failed` | 1 if the last scan of an account in a Region failed |
//! | `ipam_events_total` | events since the store exists |
//! | `ipam_last_event_timestamp_seconds` | the time of the last event |

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use clap::Args;
use jiff::Timestamp;
use num_bigint::BigUint;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::failure::CommandFailure;
use super::out::Page;
use super::target::Target;
use crate::backend::Ipam;
use crate::backend::observation::{DiscoveredAccount, DiscoveryFilter};
use crate::backend::report::{Ask, PoolReport, Problem, Report, Severity, Topic};
use crate::backend::upkeep::{AtomicFile, Status, listed};
use crate::ipam::{Cidr, Error};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Writes the metrics to this file, for example for the textfile collector of the node exporter. The file appears when
    /// it is complete.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Labels of a sample: names and values.
type Labels = Vec<(&'static str, String)>;
/// A number for each set of labels.
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

pub(super) fn page(target: &Target, options: &Options) -> Result<Page, CommandFailure> {
    let ipam = target.ipam();
    let status = match target {
        Target::SelfManaged(local) => local.status()?,
        Target::Service(kind, ipam) => listed::status(ipam.as_ref(), kind)?,
    };
    let report = Report::gather(ipam, &Ask::default())?;
    let scans = scans(ipam)?;
    let text = text(&status, &report, &scans, ipam.now());
    match &options.output {
        None => Ok(Page::text(text)),
        Some(path) => write(path, &text)
            .map(|()| Page::text(String::new()))
            .map_err(|error| CommandFailure::Usage(format!("{} cannot be written: {error}.", path.display()))),
    }
}

/// The accounts and Regions that are scanned, each with the result of its last scan.
fn scans(ipam: &dyn Ipam) -> Result<Vec<DiscoveredAccount>, Error> {
    let Some(observation) = ipam.observation() else { return Ok(Vec::new()) };
    match observation.discovered_accounts(&DiscoveryFilter::default()) {
        // The results belong to another account, or there is nothing that scans.
        Err(Error::Service(_) | Error::Unsupported { .. } | Error::NoDiscovery) => Ok(Vec::new()),
        seen => Ok(seen?.items),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = AtomicFile::new(path)?;
    file.writer.write_all(text.as_bytes())?;
    file.replace(path)
}

/// All metrics in the text format of OpenMetrics 1.0.
fn text(status: &Status, report: &Report, scans: &[DiscoveredAccount], now: Timestamp) -> String {
    let mut registry = Registry::with_prefix("ipam");
    let program = Info::new(vec![("version", env!("CARGO_PKG_VERSION").to_owned())]);
    registry.register("build", "The version of the program that made these metrics", program);
    registry.register("store", "The kind of store", Info::new(vec![("kind", status.kind.to_owned())]));
    add_pools(&mut registry, report, now);
    add_counts(&mut registry, status);
    add_problems(&mut registry, &report.problems);
    add_scans(&mut registry, scans, now);
    add_events(&mut registry, status);
    let mut text = String::new();
    // Writing to memory fails only when there is none left.
    let _ = encode(&mut text, &registry);
    text
}

/// A gauge with labels, which is left out when nothing is added to it.
fn gauges(registry: &mut Registry, name: &str, help: &str, unit: Option<Unit>, samples: Vec<(Labels, f64)>) {
    if samples.is_empty() {
        return;
    }
    let family = Gauges::default();
    for (labels, value) in samples {
        family.get_or_create(&labels).set(value);
    }
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, family),
        None => registry.register(name, help, family),
    }
}

fn add_pools(registry: &mut Registry, report: &Report, now: Timestamp) {
    let labels = |one: &PoolReport| -> Labels {
        let pool = one.pool();
        let scope = report.scopes.iter().find(|scope| scope.meta.id == pool.scope_id);
        vec![
            ("scope", scope.map_or_else(|| pool.scope_id.clone(), |scope| scope.meta.name.clone())),
            ("pool", one.path.clone()),
            ("pool_id", pool.meta.id.clone()),
            ("address_family", pool.address_family.to_string()),
            ("locale", pool.locale.clone().unwrap_or_default()),
        ]
    };
    let mut add = |name: &str, help: &str, value: &dyn Fn(&PoolReport) -> f64| {
        gauges(registry, name, help, None, report.pools.iter().map(|one| (labels(one), value(one))).collect());
    };
    add("pool_provisioned_addresses", "Addresses provisioned to the pool", &|one| float(&one.utilization.provisioned));
    add("pool_used_addresses", "Addresses in active allocations", &|one| float(&one.utilization.used));
    add("pool_held_addresses", "Addresses that plans hold", &|one| float(&one.utilization.held));
    add("pool_free_addresses", "Addresses that are free", &|one| float(&one.utilization.free));
    add("pool_reserved_addresses", "Free addresses that no new object gets", &|one| float(&one.utilization.reserved));
    let largest = |one: &PoolReport| one.utilization.largest_free.as_ref().map(Cidr::address_count);
    add("pool_largest_free_addresses", "Addresses of the largest block that is free", &|one| {
        largest(one).map_or(0.0, |count| float(&count))
    });
    #[allow(clippy::cast_precision_loss, reason = "a number of allocations is far below 2^53")]
    add("pool_allocations", "Active allocations in the pool itself", &|one| one.utilization.allocations as f64);
    let until = |one: &PoolReport| {
        let full_at = one.forecast.as_ref()?.full_at?;
        Some((labels(one), full_at.duration_since(now).as_secs_f64().max(0.0)))
    };
    let help = "Time until the pool is full, if its trend continues";
    gauges(registry, "pool_exhaustion", help, Some(Unit::Seconds), report.pools.iter().filter_map(until).collect());
}

/// The nearest number that a sample can have; IPv6 has more addresses than it has digits.
fn float(count: &BigUint) -> f64 {
    count.to_string().parse().unwrap_or(f64::INFINITY)
}

fn add_counts(registry: &mut Registry, status: &Status) {
    let census = &status.census;
    for (name, help, count) in [
        ("scopes", "Scopes", census.scopes),
        ("pools", "Pools", census.pools),
        ("pool_cidrs", "CIDRs of pools", census.pool_cidrs),
        ("allocations", "Active allocations without the space of pools below", census.allocations),
        ("holds", "Planned objects", census.holds),
        ("expired_holds", "Planned objects whose hold has expired", census.expired_holds),
    ] {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
}

fn add_problems(registry: &mut Registry, problems: &[Problem]) {
    let mut samples = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        for topic in [Topic::Damage, Topic::Overlap, Topic::Compliance, Topic::Space, Topic::Idle] {
            let count = problems.iter().filter(|one| one.severity == severity && one.topic == topic).count();
            let labels = vec![("severity", severity.word().to_owned()), ("topic", topic.word().to_owned())];
            #[allow(clippy::cast_precision_loss, reason = "a number of problems is far below 2^53")]
            samples.push((labels, count as f64));
        }
    }
    gauges(registry, "problems", "Problems that the report finds", None, samples);
}

fn add_scans(registry: &mut Registry, scans: &[DiscoveredAccount], now: Timestamp) {
    let labels = |one: &DiscoveredAccount| -> Labels {
        vec![("account_id", one.account_id.clone()), ("region", one.region.clone())]
    };
    let age = |one: &DiscoveredAccount| Some((labels(one), now.duration_since(one.last_success?).as_secs_f64()));
    let help = "Time since the last successful scan";
    gauges(registry, "discovery_age", help, Some(Unit::Seconds), scans.iter().filter_map(age).collect());
    let failed = |one: &DiscoveredAccount| (labels(one), f64::from(u8::from(one.failure.is_some())));
    gauges(registry, "discovery_failed", "Whether the last scan failed", None, scans.iter().map(failed).collect());
}

fn add_events(registry: &mut Registry, status: &Status) {
    let Some(last) = &status.last_event else { return };
    registry.register("events", "Events since the store exists", ConstCounter::new(last.sequence));
    let at = Gauge::<f64, AtomicU64>::default();
    at.set(last.time.as_duration().as_secs_f64());
    registry.register_with_unit("last_event_timestamp", "The time of the last event", Unit::Seconds, at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_have_an_age_if_one_succeeded_and_tell_whether_the_last_one_failed() {
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let never = DiscoveredAccount::unseen("111122223333", "eu-west-1", None);
        let good = DiscoveredAccount { last_success: Some("2026-01-01T11:00:00Z".parse().unwrap()), ..never.clone() };
        let mut registry = Registry::with_prefix("ipam");
        let other = DiscoveredAccount { region: "us-east-1".to_owned(), ..never };
        add_scans(&mut registry, &[good, other], now);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let labels = r#"account_id="111122223333",region="eu-west-1""#;
        assert!(text.contains(&format!("ipam_discovery_age_seconds{{{labels}}} 3600.0\n")), "{text}");
        assert_eq!(text.matches("ipam_discovery_age_seconds{").count(), 1, "{text}");
        assert_eq!(text.matches("ipam_discovery_failed{").count(), 2, "{text}");
    }
}
