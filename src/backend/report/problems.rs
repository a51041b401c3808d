//! Finds the problems of an address plan and describes them in sentences: damage, overlaps, rules that are not kept,
//! and pools that are full or will be soon.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use num_bigint::BigUint;

use super::{Discovered, PoolReport, Problem, Report, Severity, Topic};
use crate::backend::Finding;
use crate::backend::explain::{percent, time};
use crate::ipam::{Allocation, Cidr, Error, Pool, check_length, check_tags};

/// A pool that is full within this number of days gets a warning.
const SOON: i64 = 90;
/// A forecast whose line explains a smaller part of the changes does not cause a warning.
const TRUSTED: f64 = 0.5;

/// All problems, the most severe first. `below` is the space of pools below others.
pub(super) fn of(report: &Report, below: &[Allocation], findings: &[Finding]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = findings.iter().map(damage).collect();
    problems.extend(overlaps_in_pools(report, below));
    problems.extend(overlaps_of_tops(report));
    problems.extend(compliance(report));
    problems.extend(report.allocations.iter().filter(|one| one.is_overdue(report.at)).map(|one| overdue(report, one)));
    let divided: HashSet<&str> = report.pools.iter().filter_map(|pool| pool.pool().source_pool_id.as_deref()).collect();
    // A pool that is divided among others is meant to be full.
    let undivided = report.pools.iter().filter(|pool| !divided.contains(pool.pool().meta.id.as_str()));
    problems.extend(undivided.filter_map(|pool| space(pool, report.at)));
    problems.extend(report.discovered.iter().flat_map(Discovered::problems));
    problems.sort_by_key(|problem| (problem.severity, problem.topic));
    problems
}

/// A loan that is over: nothing has released the allocation.
fn overdue(report: &Report, one: &Allocation) -> Problem {
    let paths = report.paths();
    let path = paths.get(one.pool_id.as_str()).copied().unwrap_or_default();
    let end = one.lifetime.expires_at().map(time).unwrap_or_default();
    Problem {
        severity: Severity::Note,
        topic: Topic::Space,
        place: one.meta.id.clone(),
        name: format!("{path}: {} {}", one.meta.name, one.cidr),
        what: format!("Its loan ended at {end}. Run `gc` to release it, or extend the loan."),
    }
}

fn damage(finding: &Finding) -> Problem {
    Problem {
        severity: Severity::Error,
        topic: Topic::Damage,
        place: finding.place.clone(),
        name: String::new(),
        what: finding.what.clone(),
    }
}

/// A block with its owner.
struct OwnedBlock<'a> {
    cidr: Cidr,
    /// Blocks with the same value here may overlap each other.
    owner: &'a str,
    id: &'a str,
    name: String,
    /// Different scopes may have the same addresses, for example a default private scope and a test network.
    scope: &'a str,
}

/// Each block with the nearest block before it that shares addresses with it. Blocks are aligned: one contains the
/// other.
fn overlaps<'t, 'a>(blocks: &'t mut [OwnedBlock<'a>]) -> Vec<(&'t OwnedBlock<'a>, &'t OwnedBlock<'a>)> {
    // Of equal blocks, the one that is listed first counts as the earlier one.
    blocks.sort_by_key(|one| (one.cidr.family(), one.cidr.first(), one.cidr.netmask_length()));
    let mut around: Vec<&OwnedBlock<'_>> = Vec::new();
    let mut found = Vec::new();
    for one in blocks.iter() {
        while around.last().is_some_and(|last| !last.cidr.contains(&one.cidr)) {
            around.pop();
        }
        if let Some(other) = around.iter().rev().find(|other| other.owner != one.owner) {
            found.push((*other, one));
        }
        around.push(one);
    }
    found
}

fn overlaps_in_pools(report: &Report, below: &[Allocation]) -> Vec<Problem> {
    let paths = report.paths();
    let mut by_pool: HashMap<&str, Vec<OwnedBlock<'_>>> = HashMap::new();
    for allocation in report.allocations.iter().chain(below) {
        let Some(cidr) = allocation.reserved() else { continue };
        let path = paths.get(allocation.pool_id.as_str()).copied().unwrap_or_default();
        let id = allocation.meta.id.as_str();
        let name = format!("{path}: {} {cidr}", allocation.meta.name);
        by_pool.entry(&allocation.pool_id).or_default().push(OwnedBlock { cidr, owner: id, id, name, scope: "" });
    }
    let mut pools: Vec<_> = by_pool.into_iter().collect();
    pools.sort_by_key(|(pool_id, _)| *pool_id);
    let mut problems = Vec::new();
    for (_, mut blocks) in pools {
        problems.extend(overlaps(&mut blocks).into_iter().map(|(other, one)| Problem {
            severity: Severity::Error,
            topic: Topic::Overlap,
            place: one.id.to_owned(),
            name: one.name.clone(),
            what: format!("{} overlaps {} ({}) in the same pool.", one.cidr, other.name, other.id),
        }));
    }
    problems
}

/// An overlap in one scope is an error. Between scopes it is a note, because it matters only when the two networks are
/// connected.
fn overlaps_of_tops(report: &Report) -> Vec<Problem> {
    let scopes: HashMap<&str, &str> =
        report.scopes.iter().map(|scope| (scope.meta.id.as_str(), scope.meta.name.as_str())).collect();
    let mut blocks = Vec::new();
    for one in report.pools.iter().filter(|one| one.pool().source_pool_id.is_none()) {
        let pool = one.pool();
        let scope = scopes.get(pool.scope_id.as_str()).copied().unwrap_or_default();
        blocks.extend(one.cidrs.iter().map(|cidr| OwnedBlock {
            cidr: *cidr,
            owner: &pool.meta.id,
            id: &pool.meta.id,
            name: format!("{} {cidr} in scope {scope}", one.path),
            scope: &pool.scope_id,
        }));
    }
    let problem = |(other, one): (&OwnedBlock<'_>, &OwnedBlock<'_>)| {
        let is_one_scope = other.scope == one.scope;
        Problem {
            severity: if is_one_scope { Severity::Error } else { Severity::Note },
            topic: Topic::Overlap,
            place: one.id.to_owned(),
            name: one.name.clone(),
            what: if is_one_scope {
                format!("It overlaps {}, in the same scope.", other.name)
            } else {
                format!(
                    "It overlaps {}. Scopes may overlap, but the two networks cannot be connected without address \
                     translation.",
                    other.name
                )
            },
        }
    };
    overlaps(&mut blocks).into_iter().map(problem).collect()
}

/// Rules are checked when an allocation is made. After a change of the rules, earlier allocations may not keep them.
fn compliance(report: &Report) -> Vec<Problem> {
    let positions = report.positions();
    let mut problems = Vec::new();
    for allocation in &report.allocations {
        let Some(position) = positions.get(allocation.pool_id.as_str()) else { continue };
        let pool = &report.pools[*position];
        let broken = broken_rules(allocation, pool.pool());
        if !broken.is_empty() {
            problems.push(Problem {
                severity: Severity::Error,
                topic: Topic::Compliance,
                place: allocation.meta.id.clone(),
                name: format!("{}: {} {}", pool.path, allocation.meta.name, allocation.cidr),
                what: broken.join(" "),
            });
        }
    }
    problems
}

/// One sentence for each rule that an allocation does not keep; the core checks the rules.
pub(super) fn broken_rules(allocation: &Allocation, pool: &Pool) -> Vec<String> {
    let mut broken = Vec::new();
    if let Err(Error::NetmaskRule { netmask_length, min, max, .. }) =
        check_length(allocation.cidr.netmask_length(), pool)
    {
        broken.push(match (min, max) {
            (Some(min), _) if netmask_length < min => {
                format!("It is larger than the pool allows: /{min} is the largest (allocation_min_netmask_length).")
            }
            (_, max) => format!(
                "It is smaller than the pool allows: /{} is the smallest (allocation_max_netmask_length).",
                max.unwrap_or(netmask_length)
            ),
        });
    }
    let mut rules = pool.clone();
    while let Err(Error::TagRule { key, required, found, .. }) = check_tags(&allocation.tags, &rules) {
        rules.rules.required_tags.remove(&key);
        let found = found.map_or_else(|| "is missing".to_owned(), |found| format!("is {found:?}"));
        broken.push(format!("The tag {key:?} {found}, and must be {required:?} (allocation_resource_tags)."));
    }
    broken
}

fn space(one: &PoolReport, at: Timestamp) -> Option<Problem> {
    let now = &one.utilization;
    if now.provisioned == BigUint::ZERO {
        return None;
    }
    let what = if now.free == BigUint::ZERO {
        let held = if now.held == BigUint::ZERO {
            String::new()
        } else {
            format!(" {} of it is held by plans.", percent(&now.held, &now.provisioned))
        };
        format!("It is full: no allocation can be made in it.{held}")
    } else {
        let found = one.forecast.as_ref().filter(|found| found.r_squared >= TRUSTED)?;
        let full_at = found.full_at.filter(|full| days(at, *full) <= SOON)?;
        format!(
            "At this rate, it is full on {} ({:.0} more addresses each day, {} used now).",
            full_at.strftime("%Y-%m-%d"),
            found.addresses_per_day,
            percent(&now.used, &now.provisioned)
        )
    };
    Some(Problem {
        severity: Severity::Warning,
        topic: Topic::Space,
        place: now.pool.meta.id.clone(),
        name: one.path.clone(),
        what,
    })
}

fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_hours() / 24
}
