//! Tests of listings that leave out existing objects: they must never make a store look damaged, empty or older than it
//! is.

use std::sync::atomic::AtomicBool;
use std::thread;

use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::faulty::Faulty;
use super::*;

/// Limits with which a store prunes at once and doubts every position.
const IMPATIENT: Limits = Limits { trusted: Duration::ZERO, write_max: Duration::ZERO, keep_min: Duration::ZERO };

/// The same objects, without those for which `unlisted` holds in any listing.
fn hiding(objects: &Arc<InMemory>, unlisted: impl Fn(&str) -> bool + Send + Sync + 'static) -> Bucket {
    let mut faulty = Faulty::script(Arc::clone(objects) as _, []);
    faulty.unlisted = Box::new(unlisted);
    over(Arc::new(faulty))
}

fn impatient(store: Bucket) -> Bucket {
    Bucket { limits: IMPATIENT, ..store }
}

fn count(store: &Bucket) -> String {
    String::from_utf8(get(store, "count").unwrap_or_default()).unwrap()
}

fn exists(objects: &InMemory, name: &str) -> bool {
    block_on(objects.head(&Path::from(format!("plan/{name}")))).unwrap().is_ok()
}

/// Three writes, a prune with its checkpoint, and two more writes.
fn pruned() -> Arc<InMemory> {
    let objects = memory();
    let store = impatient(over(Arc::clone(&objects) as _));
    (0..3).for_each(|_| increment(&store, "count").unwrap());
    store.prune(Duration::ZERO).unwrap();
    (0..2).for_each(|_| increment(&store, "count").unwrap());
    assert!(!exists(&objects, &log_name(2)) && exists(&objects, &checkpoint_name(3)));
    objects
}

#[test]
fn an_opener_reads_the_commits_that_a_listing_of_the_log_leaves_out() {
    for left_out in 1..=0b11111_u32 {
        let objects = memory();
        let store = over(Arc::clone(&objects) as _);
        (0..5).for_each(|_| increment(&store, "count").unwrap());
        let is_left_out =
            move |name: &str| (1..=5).any(|n| (left_out >> (n - 1)) & 1 == 1 && name.ends_with(&log_name(n)));
        assert_eq!(count(&hiding(&objects, is_left_out)), "5", "{left_out:05b}");
        let writer = hiding(&objects, is_left_out);
        increment(&writer, "count").unwrap();
        assert_eq!(count(&store), "6", "{left_out:05b}");
    }
}

#[test]
fn an_opener_finds_the_newest_checkpoint_that_no_listing_shows() {
    let objects = pruned();
    let hidden = |name: &str| name.contains("/checkpoint/");
    assert_eq!(count(&hiding(&objects, hidden)), "5");
    increment(&hiding(&objects, hidden), "count").unwrap();
    // An older checkpoint is not taken for the newest either, although it is the only one in the listing.
    let store = impatient(over(Arc::clone(&objects) as _));
    let state = store.refresh().unwrap();
    store.write_checkpoint(&store.objects().unwrap(), &state).unwrap();
    let older = block_on(objects.get(&Path::from(format!("plan/{}", checkpoint_name(3))))).unwrap().unwrap();
    let older = block_on(older.bytes()).unwrap().unwrap();
    (0..3).for_each(|_| increment(&store, "count").unwrap());
    store.prune(Duration::ZERO).unwrap();
    let path = Path::from(format!("plan/{}", checkpoint_name(3)));
    block_on(objects.put(&path, older.into())).unwrap().unwrap();
    let hidden = |name: &str| name.ends_with(&checkpoint_name(9));
    assert_eq!(count(&hiding(&objects, hidden)), "9");
    assert_eq!(count(&hiding(&objects, |name| name.contains("/checkpoint/"))), "9");
}

#[test]
fn an_opener_that_sees_no_log_does_not_take_a_pruned_store_for_an_empty_one() {
    let objects = pruned();
    let store = hiding(&objects, |name: &str| name.contains("/log/") || name.contains("/checkpoint/"));
    let store = Bucket { patience: Duration::ZERO, ..store };
    for outcome in [increment(&store, "count"), store.read(&mut |_| Ok(()))] {
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }
    assert!(!exists(&objects, &log_name(1)), "a second history was begun");
    assert_eq!(count(&hiding(&objects, |name| name.contains("/log/"))), "5");
}

#[test]
fn an_idle_handle_starts_again_though_no_listing_shows_the_mark_of_a_prune() {
    for first in ["read", "write"] {
        let objects = memory();
        let idle = impatient(hiding(&objects, |name| name.contains("/pruned/")));
        (0..3).for_each(|_| increment(&idle, "count").unwrap());
        let other = impatient(over(Arc::clone(&objects) as _));
        (0..4).for_each(|_| increment(&other, "count").unwrap());
        other.prune(Duration::ZERO).unwrap();
        if first == "read" {
            assert_eq!(count(&idle), "7");
        }
        increment(&idle, "count").unwrap();
        assert_eq!(count(&over(Arc::clone(&objects) as _)), "8", "{first}");
        assert!(!exists(&objects, &log_name(4)), "{first}");
    }
}

#[test]
fn pruning_by_a_listing_with_holes_leaves_a_whole_store() {
    for left_out in ["log/00000000000000000002", "log/00000000000000000004", "/log/", "/checkpoint/", "/pruned/"] {
        let objects = pruned();
        let store = impatient(hiding(&objects, move |name| name.contains(left_out)));
        store.prune(Duration::ZERO).unwrap();
        increment(&store, "count").unwrap();
        store.prune(Duration::ZERO).unwrap();
        let reader = over(Arc::clone(&objects) as _);
        assert_eq!(count(&reader), "6", "{left_out}");
        increment(&reader, "count").unwrap();
        assert_eq!(count(&store), "7", "{left_out}");
    }
}

#[test]
fn a_young_mark_keeps_the_one_before_it_for_listings_that_are_running() {
    let objects = pruned();
    let mark = |number: u64| format!("pruned/{number:020}");
    let store = impatient(over(Arc::clone(&objects) as _));
    store.prune(Duration::ZERO).unwrap();
    assert!(!exists(&objects, &mark(3)) && exists(&objects, &mark(5)));
    block_on(objects.put(&Path::from(format!("plan/{}", mark(4))), "{}".into())).unwrap().unwrap();
    let store = over(Arc::clone(&objects) as _);
    store.prune(Duration::ZERO).unwrap();
    assert!(exists(&objects, &mark(4)) && exists(&objects, &mark(5)));
}

#[test]
fn a_checkpoint_that_is_not_listed_is_written_again_and_the_status_works() {
    let objects = memory();
    let store = hiding(&objects, |name| name.contains("/checkpoint/") || name.contains("/log/"));
    let store = Bucket { weights: Weights { log_min: 0, object: 1 }, ..store };
    (0..5).for_each(|_| increment(&store, "count").unwrap());
    let facts = store.facts().unwrap();
    assert_eq!(facts[..2], [("last_commit", "5".to_owned()), ("last_checkpoint", "5".to_owned())]);
    assert_eq!(count(&over(objects)), "5");
}

#[test]
fn a_directory_opened_while_others_write_and_prune_is_never_damaged() {
    let directory = TempDir::new().unwrap();
    let url = directory_url(directory.path());
    increment(&open(&url), "count").unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..2 {
            let (url, done) = (&url, &done);
            scope.spawn(move || {
                let store = impatient(open(url));
                for round in 0_u64.. {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    super::faults::append_until_sure(&store, &format!("{writer}-{round}"));
                    if round % 200 == 199 {
                        // A prune at the same time as others may be late; only damage would be wrong.
                        let outcome = store.prune(Duration::ZERO);
                        assert!(!matches!(outcome, Err(Error::Corrupt(_))), "{outcome:?}");
                    }
                }
            });
        }
        let outcomes: Vec<_> = (0..150).map(|_| open(&url).read(&mut |_| Ok(()))).collect();
        done.store(true, Ordering::Relaxed);
        let wrong: Vec<_> = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Corrupt(_)))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    });
}
