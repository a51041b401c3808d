//! The cost of reading at ten times the store: `cargo bench --bench reading`, also a part of `cargo xtask bench`.
//!
//! Measures the overview that `tree` shows, the report as JSON, and the list of one pool, on SQLite, PostgreSQL and a
//! bucket (a directory; it is opened before the measurement). The bars are for ratios of one run, in which the
//! two stores take turns, so they hold in any build profile and beside other work on the machine. `-- sqlite` measures
//! one kind of store.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]
#![allow(unreachable_pub, dead_code, reason = "modules of a program, which others use more of")]

#[path = "core/filled.rs"]
mod filled;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use terraform_provider_ipam::backend::prelude::*;
use terraform_provider_ipam::backend::report::{Ask, Report};
use terraform_provider_ipam::backend::{AllocationFilter, Local, PoolFilter, Surroundings};
use terraform_provider_ipam::ipam::{OverviewQuery, Planned, PoolChoice, PoolSpec, Provision, ScopeChoice, Size};
use terraform_provider_ipam::store::memory::Memory;
use terraform_provider_ipam::store::{Store, StoreUrl, open};
use test_servers::Postgres;

use filled::Dice;

/// A query that returns the number of things that it has read.
type Read<'a> = &'a dyn Fn(&Local) -> usize;

/// The larger store has this many times the pools, and one of its pools has this many times the allocations.
const TIMES: usize = 10;
/// Largest ratio of the times when the content that is read is [`TIMES`] times as large.
const GROWTH_MAX: f64 = 11.0;
/// Largest ratio of the times when only the rest of the store is larger.
const REST_MAX: f64 = 1.3;

/// Pools of the smaller store, besides those of [`FIXED`] and [`GROWING`].
const POOLS: usize = 10;
/// Allocations of each of them.
const IN_POOL: usize = 30;
/// A pool that has the same number of allocations in both stores.
const FIXED: &str = "fixed";
const IN_FIXED: usize = 200;
/// A pool that has [`TIMES`] times the allocations in the larger store.
const GROWING: &str = "growing";
const IN_GROWING: usize = 200;

/// Number of times that each store is measured; they take turns.
const ROUNDS: usize = 7;
/// Work is repeated for at least this time in each round.
const ROUND_MIN: Duration = Duration::from_millis(30);

fn main() -> ExitCode {
    // `cargo test --benches` runs every benchmark once; this one is only for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let (small, large) = (content(1), content(TIMES));
    let scratch = tempfile::tempdir_in(filled::directory()).unwrap();
    let file = |form: &str, name: &str| format!("{form}{}/{name}", scratch.path().display());
    let server = Postgres::start();
    let (first, second) = (server.create_database(), server.create_database());
    let stores = [
        ("sqlite", [file("sqlite:", "small.db"), file("sqlite:", "large.db")]),
        ("postgres", [server.url(&first), server.url(&second)]),
        ("bucket", [file("file://", "small"), file("file://", "large")]),
    ];
    let mut holds = true;
    for (kind, urls) in stores.into_iter().filter(|(kind, _)| chosen.is_empty() || chosen.iter().any(|one| one == kind))
    {
        let [small, large] = [(&small, &urls[0]), (&large, &urls[1])].map(|(content, url)| copied(content, url));
        if kind == "postgres" {
            // Autovacuum does this after a while.
            for database in [&first, &second] {
                server.admin_in(database, "VACUUM ANALYZE");
            }
        }
        holds &= compare(kind, &small, &large);
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A store in memory with `times` the pools.
fn content(times: usize) -> Memory {
    let store = Memory::default();
    let mut dice = Dice(times as u64);
    let mut blocks = (0..).map(|number| format!("10.{number}.0.0/16"));
    let mut fill = |name: &str, allocations: usize| {
        let block = blocks.next().unwrap().parse().unwrap();
        filled::write(&store, &mut dice, |ledger| {
            ledger.initialize().unwrap();
            let spec = PoolSpec { provision: Provision::Cidrs([block].into()), ..filled::pool_spec(name) };
            let pool = ledger.create_pool(&spec, &Planned::Unknown).unwrap();
            for number in 0..allocations {
                let spec = filled::spec(&pool.meta.id, &format!("net-{number:05}"), Size::NetmaskLength(29));
                ledger.create_allocation(&spec, &Planned::Unknown).unwrap();
            }
        });
    };
    fill(FIXED, IN_FIXED);
    fill(GROWING, IN_GROWING * times);
    (1..times).for_each(|number| fill(&format!("{FIXED}-{number}"), IN_FIXED));
    (0..POOLS * times).for_each(|number| fill(&format!("pool-{number:03}"), IN_POOL));
    store
}

/// A copy of `content` at `url`, opened.
fn copied(content: &Memory, url: &str) -> Local {
    let store: Arc<dyn Store> = open(&StoreUrl::new(url)).unwrap();
    filled::copy(content, &*store);
    let local = Local::over(store, filled::actor(), Surroundings::default());
    local.list_scopes(true).unwrap();
    local
}

/// Measures all work on a smaller and a larger store. Returns whether the bars hold.
fn compare(kind: &str, small: &Local, large: &Local) -> bool {
    let tree = |local: &Local| {
        let pools = PoolChoice::Matching(PoolFilter { include_planned: true, ..PoolFilter::default() });
        let query = OverviewQuery {
            scopes: ScopeChoice::All,
            utilization: true,
            allocations: true,
            ..OverviewQuery::of(&pools)
        };
        local.overview(&query).unwrap().pools.len()
    };
    let report = |local: &Local| Report::gather(local, &Ask::default()).unwrap().json().len();
    let [growing, fixed] = [GROWING, FIXED].map(|name| {
        move |local: &Local| {
            let pool_id = Some(local.find_pool(name).unwrap()[0].meta.id.clone());
            local.list_allocations(&AllocationFilter { pool_id, ..AllocationFilter::default() }).unwrap().len()
        }
    });
    let work: [(&str, Read<'_>, f64); 4] = [
        ("tree", &tree, GROWTH_MAX),
        ("report --json", &report, GROWTH_MAX),
        ("one pool, as much larger", &growing, GROWTH_MAX),
        ("one pool, as large", &fixed, REST_MAX),
    ];
    let mut holds = true;
    for (name, read, ratio_max) in work {
        let (before, after) = in_turns(&|| read(small), &|| read(large));
        let ratio = |part: usize| after[part].as_secs_f64() / before[part].as_secs_f64();
        let (medians, fastest) = (ratio(ROUNDS / 2), ratio(0));
        // Other work on the machine may spoil one of the two values; real growth shows in both.
        let is_kept = medians.min(fastest) <= ratio_max;
        let verdict = if is_kept { "" } else { "  EXCEEDED" };
        let [before, after] = [before, after].map(|times| times[ROUNDS / 2]);
        println!(
            "{kind:<10}{name:<26}{before:>10.2?}, at {TIMES} times the store {after:>10.2?}: {medians:.2}, fastest \
             {fastest:.2} (at most {ratio_max}){verdict}"
        );
        holds &= is_kept;
    }
    holds
}

/// The times of two kinds of work that take turns, sorted.
fn in_turns(first: &dyn Fn() -> usize, second: &dyn Fn() -> usize) -> (Vec<Duration>, Vec<Duration>) {
    let (mut of_first, mut of_second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_first.push(timed(first));
        of_second.push(timed(second));
    }
    of_first.sort();
    of_second.sort();
    (of_first, of_second)
}

/// The mean time of one run.
fn timed(work: &dyn Fn() -> usize) -> Duration {
    let (started, mut runs) = (Instant::now(), 0);
    while runs == 0 || started.elapsed() < ROUND_MIN {
        assert!(work() > 0);
        runs += 1;
    }
    started.elapsed() / runs
}
