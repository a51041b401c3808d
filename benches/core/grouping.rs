//! What grouping writes saves: many creates at once in as few commits as possible.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use terraform_provider_ipam::backend::{Ipam, Local, Planned, Surroundings};
use terraform_provider_ipam::ipam::Size;
use terraform_provider_ipam::store::sqlite::Sqlite;
use terraform_provider_ipam::store::{Error, ReadBody, Store, WriteBody};

use crate::filled::{self, Dice};

const AT_ONCE: usize = 1_000;
const ONE_BY_ONE: usize = 300;

/// A store that counts what it commits.
struct Counting {
    store: Sqlite,
    commits: AtomicU64,
}

impl Store for Counting {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.store.read(body)
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        let mut commits = false;
        self.store.write(&mut |tx| body(tx).inspect(|answer| commits = *answer))?;
        self.commits.fetch_add(commits.into(), Ordering::Relaxed);
        Ok(())
    }

    fn describe(&self) -> String {
        self.store.describe()
    }

    fn kind(&self) -> &'static str {
        self.store.kind()
    }
}

/// Prints both.
pub fn report() {
    let (commits, time) = with_new_store(at_once);
    print("at once, 1 thread each", AT_ONCE, commits, time);
    let (commits, time) = with_new_store(one_by_one);
    print("one after another", ONE_BY_ONE, commits, time);
}

fn print(how: &str, creates: usize, commits: u64, time: Duration) {
    let rate = creates as f64 / time.as_secs_f64();
    println!("{creates} creates {how}: {commits} commits, {time:.2?}, {rate:.0} creates a second");
}

fn with_new_store(work: fn(&Local, &str) -> Duration) -> (u64, Duration) {
    let path = filled::directory().join("grouping.db");
    filled::remove(&path);
    let store = Arc::new(Counting { store: Sqlite::new(&path).unwrap(), commits: AtomicU64::new(0) });
    let pool_id = filled::create_pool(&*store, &mut Dice(3));
    let before = store.commits.load(Ordering::Relaxed);
    let local = Local::over(Arc::clone(&store) as Arc<dyn Store>, filled::actor(), Surroundings::default());
    let time = work(&local, &pool_id);
    let commits = store.commits.load(Ordering::Relaxed) - before;
    drop((local, store));
    filled::remove(&path);
    (commits, time)
}

fn create(local: &Local, pool_id: &str, number: usize) {
    let spec = filled::spec(pool_id, &format!("net-{number:04}"), Size::NetmaskLength(28));
    local.create_allocation(&spec, &Planned::Unknown).unwrap();
}

fn at_once(local: &Local, pool_id: &str) -> Duration {
    let ready = Barrier::new(AT_ONCE + 1);
    thread::scope(|scope| {
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
    })
}

fn one_by_one(local: &Local, pool_id: &str) -> Duration {
    let start = Instant::now();
    (0..ONE_BY_ONE).for_each(|number| create(local, pool_id, number));
    start.elapsed()
}
