//! PostgreSQL: what grouping writes saves, and how the time of a create grows with the store.
//!
//! `cargo bench --bench postgres`. The server is the one that the tests start, with `fsync` on. A smaller largest store:
//! `BENCH_ALLOCATIONS_MAX=10000`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

use std::process::ExitCode;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use terraform_provider_ipam::backend::{Ipam, Local, Surroundings};
use terraform_provider_ipam::ipam::{Actor, AllocationSpec, Planned, PoolSpec, Provision, Rules, Size, Strategy};
use terraform_provider_ipam::store::memory::Memory;
use terraform_provider_ipam::store::{self, Order, Store, StoreUrl};

const AT_ONCE: usize = 1_000;
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Creates measured at each size.
const SAMPLES: usize = 300;
/// Entries copied in one transaction.
const PAGE: usize = 20_000;
/// Grouped creates must be so many times as fast as the same ones alone.
const GAIN_MIN: f64 = 5.0;
/// Longest time in the largest store, in that of the smallest.
const RATIO_MAX: f64 = 3.0;

fn main() -> ExitCode {
    // `cargo test --benches` runs every benchmark once; this one is only for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let size_max = std::env::var("BENCH_ALLOCATIONS_MAX").map_or(usize::MAX, |text| text.parse().unwrap());
    let server = test_servers::Postgres::start();
    let gain = grouping(&server);
    println!("together {gain:.1} times as fast");
    let mut times = Vec::new();
    let mut filling = Filling::default();
    for size in SIZES.into_iter().filter(|size| *size <= size_max) {
        let time = filling.measure(&server, size);
        println!("one create with {size} allocations: {time:.2?} (median of {SAMPLES})");
        times.push(time);
    }
    let ratio = times[times.len() - 1].as_secs_f64() / times[0].as_secs_f64();
    println!("ratio {ratio:.2}");
    if gain < GAIN_MIN || ratio > RATIO_MAX { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn open(server: &test_servers::Postgres) -> (Arc<dyn Store>, String) {
    let database = server.create_database();
    (store::open(&StoreUrl::new(server.url(&database))).unwrap(), database)
}

fn local(store: &Arc<dyn Store>) -> Local {
    Local::over(Arc::clone(store), Actor { owner: "bench".to_owned(), ..Actor::default() }, Surroundings::default())
}

fn create_pool(local: &Local) -> String {
    let spec = PoolSpec {
        name: "bench".to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: None,
        locale: None,
        description: None,
        rules: Rules::default(),
        strategy: Strategy::BestFit,
        tags: Default::default(),
        provision: Provision::Cidrs(["10.0.0.0/8".parse().unwrap()].into()),
    };
    local.create_pool(&spec, &Planned::Unknown).unwrap().meta.id
}

fn create(local: &Local, pool_id: &str, name: String) {
    let spec = AllocationSpec {
        pool_id: pool_id.to_owned(),
        name,
        size: Size::NetmaskLength(29),
        disallowed_cidrs: Default::default(),
        description: Some("made by a benchmark".to_owned()),
        tags: [("team".to_owned(), "network".to_owned())].into(),
    };
    local.create_allocation(&spec, &Planned::Unknown).unwrap();
}

/// How many times as fast creates are together.
fn grouping(server: &test_servers::Postgres) -> f64 {
    let rate = |how: &str, time: Duration, commits: &str| {
        let rate = AT_ONCE as f64 / time.as_secs_f64();
        println!("{AT_ONCE} creates {how}: {time:.2?}, {rate:.0} a second, {commits} commits");
        rate
    };
    let commits = |database: &str| server.admin_in(database, "SELECT generation FROM ipam.meta");
    let (store, database) = open(server);
    let alone = local(&store);
    let pool_id = create_pool(&alone);
    let begun = Instant::now();
    (0..AT_ONCE).for_each(|number| create(&alone, &pool_id, format!("net-{number:04}")));
    let slow = rate("one after another", begun.elapsed(), &commits(&database));

    let (store, database) = open(server);
    let grouped = local(&store);
    let pool_id = create_pool(&grouped);
    let ready = Barrier::new(AT_ONCE + 1);
    let begun = thread::scope(|scope| {
        for number in 0..AT_ONCE {
            let (ready, grouped, pool_id) = (&ready, &grouped, &pool_id);
            scope.spawn(move || {
                ready.wait();
                create(grouped, pool_id, format!("net-{number:04}"));
            });
        }
        ready.wait();
        Instant::now()
    });
    rate("at once", begun.elapsed(), &commits(&database)) / slow
}

/// A store that grows in memory and is copied.
struct Filling {
    memory: Arc<dyn Store>,
    pool_id: String,
    allocations: usize,
}

impl Default for Filling {
    fn default() -> Self {
        let memory: Arc<dyn Store> = Arc::new(Memory::default());
        let pool_id = create_pool(&local(&memory));
        Self { memory, pool_id, allocations: 0 }
    }
}

impl Filling {
    /// The median time of a create in a store of so many allocations, with holes everywhere.
    fn measure(&mut self, server: &test_servers::Postgres, size: usize) -> Duration {
        let filler = local(&self.memory);
        for number in self.allocations..size {
            create(&filler, &self.pool_id, format!("fill-{number:07}"));
            // Every eighth goes again, and leaves a hole of its size for a while.
            if number % 8 == 7 {
                create(&filler, &self.pool_id, format!("gone-{number:07}"));
                let gone = filler.find_allocation(&self.pool_id, &format!("gone-{number:07}")).unwrap().unwrap();
                filler.delete_allocation(&gone.meta.id).unwrap();
            }
        }
        self.allocations = size;
        let (store, database) = open(server);
        let mut start = String::new();
        loop {
            let mut page = Vec::new();
            self.memory.read(&mut |s| s.scan(&start.."~", Order::Ascending, PAGE).map(|found| page = found)).unwrap();
            let Some((last, _)) = page.last() else { break };
            start = format!("{last}\u{1}");
            store.write(&mut |tx| page.iter().try_for_each(|(k, v)| tx.put(k, v.clone())).map(|()| true)).unwrap();
        }
        server.admin_in(&database, "ANALYZE ipam.entries");
        server.admin("CHECKPOINT");
        let measured = local(&store);
        (0..20).for_each(|number| create(&measured, &self.pool_id, format!("warm-{number}")));
        let mut times: Vec<Duration> = (0..SAMPLES)
            .map(|number| {
                let begun = Instant::now();
                create(&measured, &self.pool_id, format!("measured-{number}"));
                begun.elapsed()
            })
            .collect();
        times.sort();
        times[times.len() / 2]
    }
}
