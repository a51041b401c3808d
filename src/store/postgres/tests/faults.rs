//! Tests with connections that are cut and servers that die in the middle of a transaction.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use test_servers::Proxy;

use super::*;
use crate::store::suite::{PATIENT, SOON, get, increment, put};

/// The outcomes of many increments.
#[derive(Default)]
struct Tally {
    done: AtomicU64,
    uncertain: AtomicU64,
}

impl Tally {
    fn count(&self, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => self.done.fetch_add(1, Ordering::Relaxed),
            Err(Error::Uncertain(_)) => self.uncertain.fetch_add(1, Ordering::Relaxed),
            Err(other) => panic!("{other}"),
        };
    }

    /// Asserts that no increment is lost, and that no more are counted twice than were reported as uncertain.
    fn agrees_with(&self, store: &dyn Store) {
        let found: u64 = String::from_utf8(get(store, "count").unwrap()).unwrap().parse().unwrap();
        let (done, uncertain) = (self.done.load(Ordering::Relaxed), self.uncertain.load(Ordering::Relaxed));
        assert!(done <= found && found <= done + uncertain, "{done} done, {uncertain} uncertain, {found} found");
    }
}

const A_MINUTE: Duration = Duration::from_secs(60);

/// Ends the threads of a test when the test fails too, so that it reports the failure instead of waiting for them
/// forever.
struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn through(proxy: &Proxy, database: &str) -> String {
    let url = server().url(database);
    let (login, _) = url.split_once('@').unwrap();
    format!("{login}@{}/{database}?sslmode=disable&connect_timeout=60", proxy.address())
}

fn proxy() -> Proxy {
    Proxy::to(&format!("127.0.0.1:{}", server().port()))
}

#[test]
fn a_connection_cut_before_the_commit_is_replaced_without_an_error() {
    let (database, proxy) = (server().create_database(), proxy());
    let store = store_at(&through(&proxy, &database));
    put(&store, &[("a", "1")]);
    let mut runs = 0;
    let outcome = store.write(&mut |tx| {
        runs += 1;
        if runs == 1 {
            proxy.cut();
        }
        tx.get("never asked for before")?;
        tx.put("a", b"2".to_vec())?;
        Ok(true)
    });
    assert_eq!((outcome, runs), (Ok(()), 2));
    // Cut idle connections too, of the writer and of readers.
    for cut_before in ["read", "write", "read"] {
        proxy.cut();
        match cut_before {
            "read" => assert_eq!(get(&store, "a").as_deref(), Some(&b"2"[..])),
            _ => put(&store, &[("b", "1")]),
        }
    }
    let mut runs = 0;
    let outcome = store.read(&mut |snapshot| {
        runs += 1;
        if runs == 1 {
            proxy.cut();
        }
        snapshot.get("x").map(|_| ())
    });
    assert_eq!((outcome, runs), (Ok(()), 2));
}

#[test]
fn a_cut_at_any_moment_loses_nothing_and_doubles_nothing_unreported() {
    let (database, proxy) = (server().create_database(), proxy());
    let store = store_at(&through(&proxy, &database));
    put(&store, &[("count", "0")]);
    proxy.delay(Duration::from_millis(4));
    let tally = Tally::default();
    let begun = Instant::now();
    increment(&store, "count").unwrap();
    tally.done.fetch_add(1, Ordering::Relaxed);
    // From the first message to the last, in steps; several times, because the timing differs.
    let span = begun.elapsed();
    for round in 0..90_u32 {
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(span * (round % 30) / 24);
                proxy.cut();
            });
            tally.count(increment(&store, "count"));
        });
        if round >= 29 && tally.uncertain.load(Ordering::Relaxed) > 0 {
            break;
        }
    }
    proxy.pass();
    tally.agrees_with(&store);
    let (done, uncertain) = (tally.done.into_inner(), tally.uncertain.into_inner());
    println!("{done} done, {uncertain} uncertain");
    assert!(uncertain > 0 && done > uncertain, "{done} done, {uncertain} uncertain: no cut met a commit, or all did");
}

#[test]
fn a_server_that_stays_silent_after_connecting_is_an_error_too() {
    let (database, proxy) = (server().create_database(), proxy());
    let url = through(&proxy, &database);
    put(&store_in(&database), &[("a", "1")]);
    let mut store = with_patience(&url.replace("timeout=60", "timeout=5"), Duration::from_secs(1));
    Arc::get_mut(&mut store.common).unwrap().answer_max = Duration::from_secs(5);
    put(&store, &[("b", "1")]);
    let outcome = store.write(&mut |tx| {
        proxy.stall();
        tx.get("asked into the silence").map(|_| true)
    });
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    proxy.pass();
    put(&store, &[("a", "2")]);
    proxy.stall();
    let outcome = read_one(&store);
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

#[test]
fn a_store_waits_no_longer_than_its_patience_for_a_server_that_is_gone() {
    let (database, proxy) = (server().create_database(), proxy());
    put(&store_in(&database), &[("a", "1")]);
    let store = with_patience(&through(&proxy, &database), Duration::from_millis(400));
    put(&store, &[("b", "1")]);
    proxy.refuse();
    proxy.cut();
    let begun = Instant::now();
    let outcome = write_one(&store);
    assert!(matches!(&outcome, Err(Error::Unavailable(why)) if why.contains("cannot be reached")), "{outcome:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn a_server_killed_and_started_again_in_the_middle_is_survived() {
    let server = test_servers::Postgres::start();
    let database = server.create_database();
    let url = server.url(&database);
    put(&store_at(&url), &[("count", "0")]);
    let stores: Vec<_> = (0..4).map(|_| store_at(&url)).collect();
    // All stores connect before the server goes away: a store does not wait for a server that it never reached.
    stores.iter().for_each(|store| drop(read_one(store).unwrap()));
    let (tally, is_over) = (Tally::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    tally.count(increment(store, "count"));
                }
            });
        }
        let _end = SetWhenDropped(&is_over);
        for _ in 0..3 {
            let before = tally.done.load(Ordering::Relaxed);
            let begun = Instant::now();
            while tally.done.load(Ordering::Relaxed) < before + 20 {
                assert!(begun.elapsed() < PATIENT, "increments have stopped");
                thread::sleep(Duration::from_millis(1));
            }
            server.kill();
            server.restart();
        }
    });
    tally.agrees_with(&store_at(&url));
}

#[test]
fn a_writer_that_never_ends_is_reported_as_busy() {
    let database = server().create_database();
    let store = store_in(&database);
    put(&store, &[("a", "1")]);
    let other = with_patience(&server().url(&database), Duration::from_millis(300));
    store
        .write(&mut |tx| {
            tx.put("a", b"2".to_vec())?;
            let outcome = write_one(&other);
            let Err(Error::Busy(text)) = outcome else { panic!("{outcome:?}") };
            assert!(text.starts_with("300ms (PostgreSQL at"), "{text}");
            // Readers do not block the writer, and the writer does not block them.
            assert_eq!(read_one(&other), Ok(Some(b"1".to_vec())));
            Ok(true)
        })
        .unwrap();
    write_one(&other).unwrap();
}

#[test]
fn sessions_that_the_server_ends_are_replaced() {
    let database = server().create_database();
    let store = store_in(&database);
    put(&store, &[("a", "1")]);
    read_one(&store).unwrap();
    let end = || {
        let all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend'";
        server().admin(&format!("{all} AND datname = '{database}'"))
    };
    assert_eq!(end(), "2");
    put(&store, &[("a", "2")]);
    let mut runs = 0;
    let outcome = store.write(&mut |tx| {
        runs += 1;
        if runs == 1 {
            end();
        }
        tx.put("a", b"3".to_vec()).map(|()| true)
    });
    assert_eq!((outcome, runs), (Ok(()), 2));
    assert_eq!(get(&store, "a").as_deref(), Some(&b"3"[..]));
}

#[test]
fn many_readers_share_few_connections() {
    let database = server().create_database();
    let store = store_in(&database);
    put(&store, &[("a", "1")]);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| (0..20).for_each(|_| assert_eq!(get(&store, "a").as_deref(), Some(&b"1"[..]))));
        }
    });
    // When a reader waited for long, one more connection was opened for it; that connection ends when it is returned.
    let all = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname =";
    let sessions = || server().admin(&format!("{all} '{database}'")).parse::<usize>().unwrap();
    let begun = Instant::now();
    while sessions() > READERS_MAX + 1 {
        assert!(begun.elapsed() < A_MINUTE, "{} sessions", sessions());
        thread::sleep(Duration::from_millis(20));
    }
    // A read inside a read is served too.
    let mut deepest = None;
    fn nested(store: &Postgres, depth: usize, deepest: &mut Option<Vec<u8>>) -> Result<(), Error> {
        store.read(&mut |snapshot| match depth {
            0 => snapshot.get("a").map(|value| *deepest = value),
            _ => nested(store, depth - 1, deepest),
        })
    }
    nested(&store, READERS_MAX, &mut deepest).unwrap();
    assert_eq!(deepest.as_deref(), Some(&b"1"[..]));
}
