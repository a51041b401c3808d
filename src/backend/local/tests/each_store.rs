//! Runs the same life cycle over every kind of store: a real one that works, and a real one that fails.

use test_servers::{Postgres, S3};

use super::*;
use crate::store::bucket::Bucket;
use crate::store::counting::Counting;

/// A new store of each kind, and the guard that keeps it alive.
struct New {
    kind: &'static str,
    store: Arc<dyn Store>,
    _directory: Option<TempDir>,
}

fn sqlite() -> New {
    let directory = TempDir::new().unwrap();
    New { kind: "sqlite", store: sqlite_in(directory.path()), _directory: Some(directory) }
}

fn file() -> New {
    let directory = TempDir::new().unwrap();
    let url = StoreUrl::new(format!("file://{}/plan", directory.path().display()));
    New { kind: "file", store: store::open(&url).unwrap(), _directory: Some(directory) }
}

fn postgres() -> New {
    let server = Postgres::shared();
    let url = StoreUrl::new(server.url(&server.create_database()));
    New { kind: "postgres", store: store::open(&url).unwrap(), _directory: None }
}

fn s3() -> New {
    let server = S3::shared();
    let url = format!("s3://{}/plan?region={}&endpoint={}", server.create_bucket(), S3::REGION, server.endpoint());
    let variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name.to_owned(), "tests".to_owned()));
    let store = Bucket::with_environment(&StoreUrl::new(url), variables).unwrap();
    New { kind: "s3", store: Arc::new(store), _directory: None }
}

const EACH: [fn() -> New; 4] = [sqlite, postgres, file, s3];

#[test]
fn a_small_tree_lives_the_same_in_every_store() {
    let stands = |store: Arc<dyn Store>| {
        let (pools, allocations) = life(&local(store));
        let cidrs: Vec<_> = allocations.iter().map(|allocation| allocation.cidr.to_string()).collect();
        (pools.len(), cidrs)
    };
    let in_memory = stands(Arc::new(Memory::default()));
    assert_eq!(in_memory.0, 2);
    for new in EACH {
        let new = new();
        assert_eq!(new.store.kind(), new.kind);
        assert_eq!(stands(new.store), in_memory, "{}", new.kind);
    }
}

/// Retries until done and runs `check` at the end; [`life`] does both.
fn converges(new: fn() -> New) {
    for seed in 100..104 {
        let new = new();
        life(&local(Arc::new(Faulty::seeded(Arc::clone(&new.store), seed))));
    }
}

#[test]
fn whatever_fails_a_retry_converges_in_sqlite() {
    converges(sqlite);
}

#[test]
fn whatever_fails_a_retry_converges_in_postgres() {
    converges(postgres);
}

#[test]
fn whatever_fails_a_retry_converges_in_a_directory() {
    converges(file);
}

#[test]
fn whatever_fails_a_retry_converges_in_a_bucket() {
    converges(s3);
}

/// Creates a thousand objects at the same time in each store, in at most a twentieth as many commits.
#[test]
fn a_thousand_creates_at_once_share_their_commits() {
    for new in EACH {
        let new = new();
        let counting = Arc::new(Counting::new(Arc::clone(&new.store)));
        let ipam = local(Arc::clone(&counting) as Arc<dyn Store>);
        let pool = ipam.create_pool(&top("top", &["10.0.0.0/8"]), &Planned::Unknown).unwrap();
        let before = counting.commits();
        let ready = std::sync::Barrier::new(1000);
        thread::scope(|scope| {
            for n in 0..1000 {
                let (ipam, pool, ready) = (&ipam, &pool, &ready);
                scope.spawn(move || {
                    ready.wait();
                    ipam.create_allocation(&block(&format!("net-{n}"), &pool.meta.id, 28), &Planned::Unknown).unwrap();
                });
            }
        });
        let commits = counting.commits() - before;
        assert!(commits <= 50, "{}: {commits} commits", new.kind);
        assert_eq!(assert_clean(&ipam).allocations, 1000, "{}", new.kind);
    }
}
