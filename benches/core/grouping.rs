//! The gain of grouping writes: many creates at the same time share few commits, compared with the same creates one
//! after another.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use terraform_provider_ipam::backend::prelude::*;
use terraform_provider_ipam::backend::{Local, Planned, Surroundings};
use terraform_provider_ipam::ipam::Size;
use terraform_provider_ipam::store::counting::Counting;
use terraform_provider_ipam::store::{self, Store, StoreUrl};

use crate::filled::{self, Dice};

const AT_ONCE: usize = 1_000;
const ONE_BY_ONE: usize = 300;
/// Smallest number of creates per commit when a thousand creates come at the same time.
const CREATES_PER_COMMIT_MIN: u64 = 20;

/// The result of a series of creates.
struct Outcome {
    creates: usize,
    commits: u64,
    time: Duration,
}

impl Outcome {
    fn rate(&self) -> f64 {
        self.creates as f64 / self.time.as_secs_f64()
    }

    fn print(&self, kind: &str, how: &str) {
        let Self { creates, commits, time } = self;
        println!("{kind}: {creates} creates {how}: {commits} commits, {time:.2?}, {:.0} a second", self.rate());
    }
}

/// Measures both on new stores and prints the results. Returns whether enough creates shared a commit, and whether they
/// were `gain_min` times as fast as one after another.
pub fn compare(kind: &str, gain_min: Option<f64>, new_url: &mut dyn FnMut() -> String) -> bool {
    let together = with_store(&new_url(), at_once);
    let apart = with_store(&new_url(), one_by_one);
    together.print(kind, "at once, a thread each");
    apart.print(kind, "one after another");
    let gain = together.rate() / apart.rate();
    let shared = AT_ONCE as u64 / together.commits;
    let holds = shared >= CREATES_PER_COMMIT_MIN && gain_min.is_none_or(|min| gain >= min);
    let verdict = if holds { "" } else { "  EXCEEDED" };
    let limit = gain_min.map_or_else(String::new, |min| format!(", {min} times the rate"));
    println!(
        "{kind}: {shared} creates in a commit, {gain:.1} times the rate (at least {CREATES_PER_COMMIT_MIN}{limit}){verdict}"
    );
    holds
}

fn with_store(url: &str, work: fn(&Local, &str) -> (usize, Duration)) -> Outcome {
    let store = Arc::new(Counting::new(store::open(&StoreUrl::new(url)).unwrap()));
    let pool_id = filled::create_pool(&*store, &mut Dice(3));
    let before = store.commits();
    let local = Local::over(Arc::clone(&store) as Arc<dyn Store>, filled::actor(), Surroundings::default());
    let (creates, time) = work(&local, &pool_id);
    Outcome { creates, commits: store.commits() - before, time }
}

fn create(local: &Local, pool_id: &str, number: usize) {
    let spec = filled::spec(pool_id, &format!("net-{number:04}"), Size::NetmaskLength(28));
    local.create_allocation(&spec, &Planned::Unknown).unwrap();
}

fn at_once(local: &Local, pool_id: &str) -> (usize, Duration) {
    let ready = Barrier::new(AT_ONCE + 1);
    let time = thread::scope(|scope| {
        let creators: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    create(local, pool_id, number);
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        creators.into_iter().for_each(|creator| creator.join().unwrap());
        start.elapsed()
    });
    (AT_ONCE, time)
}

fn one_by_one(local: &Local, pool_id: &str) -> (usize, Duration) {
    let start = Instant::now();
    (0..ONE_BY_ONE).for_each(|number| create(local, pool_id, number));
    (ONE_BY_ONE, start.elapsed())
}
