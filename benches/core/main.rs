//! The time of one operation in pools of a thousand to a million allocations: `cargo xtask bench`, which prints the
//! table, or `cargo bench --bench core -- <filter>`. Then the gain of shared commits, on SQLite and PostgreSQL.
//!
//! Each operation is measured in two ways. `commit` is the time that users wait, through the backend and onto the disk.
//! `core` is the time inside one open transaction, where the time of the disk cannot hide growth (not on PostgreSQL).
//! The pools are kept in `target/bench`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]
#![allow(unreachable_pub, reason = "modules of a program")]

mod filled;
mod grouping;
mod operations;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode};
use terraform_provider_ipam::backend::{Local, Surroundings};
use terraform_provider_ipam::store::Store;
use test_servers::Postgres;

use filled::Dice;
use operations::{Operation, Places, Uncommitted, Writes};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Smallest ratio on PostgreSQL of creates per second at the same time to creates with one transaction each.
const POSTGRES_GAIN_MIN: f64 = 5.0;
/// Variable with the size of a smaller largest pool, for a shorter run.
const SIZE_MAX: &str = "BENCH_ALLOCATIONS_MAX";

fn main() -> ExitCode {
    // `cargo test --benches` runs every benchmark once; this one is only for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let size_max = std::env::var(SIZE_MAX).map_or(usize::MAX, |text| text.parse().unwrap());
    let sizes: Vec<usize> = SIZES.into_iter().filter(|&size| size <= size_max).collect();
    filled::prepare(&sizes);
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .nresamples(10_000)
        .without_plots()
        .configure_from_args();
    let server = Postgres::start();
    for size in sizes {
        for (name, store) in [("sqlite", filled::sqlite(size)), ("memory", filled::memory(size))] {
            measure_core(&mut criterion, name, &*store, size);
            measure_commits(&mut criterion, name, &store, size);
        }
        // `core` is not measured here: inside one long transaction the store remembers what it has read, and sends few
        // queries to PostgreSQL.
        measure_commits(&mut criterion, "postgres", &filled::postgres(&server, size), size);
    }
    criterion.final_summary();
    filled::remove(&filled::directory().join("work.db"));
    if group(&server) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures the gain of shared commits. Returns whether the limits hold.
fn group(server: &Postgres) -> bool {
    let scratch = tempfile::tempdir_in(filled::directory()).unwrap();
    let mut number = 0;
    let sqlite = grouping::compare("sqlite", None, &mut || {
        number += 1;
        format!("sqlite:{}/{number}.db", scratch.path().display())
    });
    let postgres =
        grouping::compare("postgres", Some(POSTGRES_GAIN_MIN), &mut || server.url(&server.create_database()));
    sqlite && postgres
}

/// Measures the cost of the core on a store, without any commit.
fn measure_core(criterion: &mut Criterion, name: &str, store: &dyn Store, size: usize) {
    for operation in Operation::ALL {
        let mut places = Places::of(store, size);
        store
            .write(&mut |tx| {
                let mut uncommitted = Uncommitted { tx, dice: &mut Dice(2), actor: &filled::actor() };
                run(criterion, operation, &format!("{name}-core"), size, &mut places, &mut uncommitted);
                Ok(false)
            })
            .unwrap();
    }
}

/// Measures the time that users wait.
fn measure_commits(criterion: &mut Criterion, name: &str, store: &Arc<dyn Store>, size: usize) {
    let local = Local::over(Arc::clone(store), filled::actor(), Surroundings::default());
    for operation in Operation::ALL {
        let mut places = Places::of(&**store, size);
        run(criterion, operation, &format!("{name}-commit"), size, &mut places, &mut &local);
    }
}

fn run(
    criterion: &mut Criterion,
    operation: Operation,
    name: &str,
    size: usize,
    places: &mut Places,
    writes: &mut dyn Writes,
) {
    let mut group = criterion.benchmark_group(operation.word());
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(BenchmarkId::new(name, size), |bencher| {
        bencher.iter_custom(|count| places.measure(operation, writes, count));
    });
    group.finish();
}
