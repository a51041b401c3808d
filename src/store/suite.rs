//! The test suite that every store must pass.
//!
//! The tests of a store use `suite!({ ...; move || open })`: the block sets up one place and returns a function that
//! opens a store there, as often as it is called.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::{Entry, Error, Order, Store};

/// The time that a store waits for its turn in tests. On a busy machine, many writers to one store need more time than
/// a user has.
pub(crate) const PATIENT: Duration = Duration::from_secs(180);

/// A failure that must be reported soon is reported within this time, even on a busy machine. A store that waited for
/// its whole patience would take longer.
#[cfg(any(feature = "postgres", feature = "object-storage"))]
pub(crate) const SOON: Duration = Duration::from_secs(25);

/// Opens the place that a test uses.
pub(crate) type Opener<'a> = &'a dyn Fn() -> Arc<dyn Store>;

macro_rules! suite {
    ($open:expr) => {
        $crate::store::suite::suite!($open;
            a_new_store_is_empty,
            what_was_put_is_got,
            many_keys_are_got_in_their_order,
            a_transaction_sees_its_own_writes,
            scans_answer_the_range_in_both_orders,
            scans_stop_at_the_limit,
            empty_and_inverted_ranges_hold_nothing,
            keys_are_ordered_by_their_bytes,
            keys_may_hold_any_character,
            values_may_be_large_or_empty_or_no_text,
            a_body_that_declines_changes_nothing,
            a_body_that_fails_changes_nothing,
            a_body_that_panics_changes_nothing,
            a_snapshot_does_not_change,
            what_was_written_is_there_after_reopening,
            racing_threads_lose_no_increment,
            racing_threads_append_without_gaps,
            a_decision_on_an_empty_range_is_made_once,
        );
    };
    ($open:expr; $($test:ident),* $(,)?) => {
        mod contract {
            use super::*;
            $(
                #[test]
                fn $test() {
                    let open = $open;
                    $crate::store::suite::$test(&open);
                }
            )*
        }
    };
}
pub(crate) use suite;

pub(crate) fn put(store: &dyn Store, entries: &[(&str, &str)]) {
    store
        .write(&mut |tx| {
            entries.iter().try_for_each(|(key, value)| tx.put(key, value.as_bytes().to_vec()))?;
            Ok(true)
        })
        .unwrap();
}

pub(crate) fn get(store: &dyn Store, key: &str) -> Option<Vec<u8>> {
    let mut found = None;
    store.read(&mut |snapshot| snapshot.get(key).map(|value| found = value)).unwrap();
    found
}

pub(crate) fn scan(store: &dyn Store, range: Range<&str>, order: Order, limit: usize) -> Vec<Entry> {
    let mut found = Vec::new();
    store.read(&mut |snapshot| snapshot.scan(range.clone(), order, limit).map(|entries| found = entries)).unwrap();
    found
}

fn keys(store: &dyn Store, range: Range<&str>, order: Order, limit: usize) -> Vec<String> {
    scan(store, range, order, limit).into_iter().map(|(key, _)| key).collect()
}

fn number(value: Option<Vec<u8>>) -> u64 {
    value.map_or(0, |bytes| std::str::from_utf8(&bytes).unwrap().parse().unwrap())
}

/// Adds one to the number at `key`.
pub(crate) fn increment(store: &dyn Store, key: &str) -> Result<(), Error> {
    store.write(&mut |tx| {
        let count = number(tx.get(key)?);
        tx.put(key, (count + 1).to_string().into_bytes())?;
        Ok(true)
    })
}

/// Runs `work` on 16 threads that start together, each with its number.
fn on_threads(work: impl Fn(usize) + Sync) {
    let start = Barrier::new(16);
    thread::scope(|scope| {
        for thread in 0..16 {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(thread);
            });
        }
    });
}

pub(crate) fn a_new_store_is_empty(open: Opener<'_>) {
    let store = open();
    assert_eq!(get(&*store, "a"), None);
    assert_eq!(scan(&*store, "".."\u{10ffff}", Order::Ascending, 10), []);
}

pub(crate) fn what_was_put_is_got(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "2")]);
    put(&*store, &[("b", "3")]);
    assert_eq!(get(&*store, "a").as_deref(), Some(&b"1"[..]));
    assert_eq!(get(&*store, "b").as_deref(), Some(&b"3"[..]));
    store
        .write(&mut |tx| {
            tx.delete("a")?;
            tx.delete("never there")?;
            Ok(true)
        })
        .unwrap();
    assert_eq!(get(&*store, "a"), None);
    assert_eq!(get(&*store, "b").as_deref(), Some(&b"3"[..]));
}

pub(crate) fn many_keys_are_got_in_their_order(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "2"), ("c", "3")]);
    let keys = ["c", "none", "a", "c", ""].map(str::to_owned);
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let mut found = Vec::new();
    store.read(&mut |snapshot| snapshot.get_all(&keys).map(|values| found = values)).unwrap();
    assert_eq!(found, [text("3"), None, text("1"), text("3"), None]);
    store
        .write(&mut |tx| {
            tx.put("none", b"new".to_vec())?;
            tx.delete("a")?;
            assert_eq!(tx.get_all(&keys)?, [text("3"), text("new"), None, text("3"), None]);
            assert!(tx.get_all(&[])?.is_empty());
            Ok(false)
        })
        .unwrap();
}

pub(crate) fn a_transaction_sees_its_own_writes(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "2"), ("c", "3")]);
    store
        .write(&mut |tx| {
            tx.put("b", b"new".to_vec())?;
            tx.delete("c")?;
            tx.put("d", b"4".to_vec())?;
            assert_eq!(tx.get("b")?.as_deref(), Some(&b"new"[..]));
            assert_eq!(tx.get("c")?, None);
            let seen: Vec<_> = tx.scan("a".."z", Order::Descending, 2)?.into_iter().map(|(key, _)| key).collect();
            assert_eq!(seen, ["d", "b"]);
            Ok(true)
        })
        .unwrap();
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 9), ["a", "b", "d"]);
}

pub(crate) fn scans_answer_the_range_in_both_orders(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "2"), ("ba", "3"), ("c", "4"), ("d", "5")]);
    // The start is in the range, the end is not.
    assert_eq!(keys(&*store, "b".."d", Order::Ascending, 9), ["b", "ba", "c"]);
    assert_eq!(keys(&*store, "b".."d", Order::Descending, 9), ["c", "ba", "b"]);
    assert_eq!(keys(&*store, "b\u{1}".."c\u{1}", Order::Ascending, 9), ["ba", "c"]);
    assert_eq!(scan(&*store, "c".."d", Order::Ascending, 9), [("c".to_owned(), b"4".to_vec())]);
}

pub(crate) fn scans_stop_at_the_limit(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "2"), ("c", "3")]);
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 2), ["a", "b"]);
    assert_eq!(keys(&*store, "a".."z", Order::Descending, 2), ["c", "b"]);
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 3), ["a", "b", "c"]);
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, usize::MAX).len(), 3);
    assert!(keys(&*store, "a".."z", Order::Ascending, 0).is_empty());
}

pub(crate) fn empty_and_inverted_ranges_hold_nothing(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "2")]);
    for order in [Order::Ascending, Order::Descending] {
        assert!(keys(&*store, "a".."a", order, 9).is_empty());
        assert!(keys(&*store, "b".."a", order, 9).is_empty());
    }
}

pub(crate) fn keys_are_ordered_by_their_bytes(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("é", ""), ("Z", ""), ("a", ""), ("a/", ""), ("a0", ""), ("a-", ""), ("\u{10000}", "")]);
    let ordered = ["Z", "a", "a-", "a/", "a0", "é", "\u{10000}"];
    assert_eq!(keys(&*store, "".."\u{10ffff}", Order::Ascending, 99), ordered);
    assert_eq!(keys(&*store, "a/".."a0", Order::Ascending, 99), ["a/"]);
}

pub(crate) fn keys_may_hold_any_character(open: Opener<'_>) {
    let store = open();
    let odd = ["'; drop table entries; --", "%_\\\"", "line\nbreak", "雪/❄", " "];
    put(&*store, &odd.map(|key| (key, key)));
    for key in odd {
        assert_eq!(get(&*store, key).as_deref(), Some(key.as_bytes()), "{key:?}");
    }
}

pub(crate) fn values_may_be_large_or_empty_or_no_text(open: Opener<'_>) {
    let store = open();
    let values = [vec![b'x'; 4 << 20], Vec::new(), vec![0xff, 0x00, 0xfe], b"{\"a\":\"\\u0000\"}\0tail".to_vec()];
    for (n, value) in values.iter().enumerate() {
        store.write(&mut |tx| tx.put(&format!("k{n}"), value.clone()).map(|()| true)).unwrap();
    }
    for (n, value) in values.iter().enumerate() {
        assert!(get(&*store, &format!("k{n}")).as_ref() == Some(value), "value {n} came back changed");
    }
}

pub(crate) fn a_body_that_declines_changes_nothing(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1")]);
    store
        .write(&mut |tx| {
            tx.put("b", Vec::new())?;
            tx.delete("a")?;
            Ok(false)
        })
        .unwrap();
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 9), ["a"]);
}

pub(crate) fn a_body_that_fails_changes_nothing(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1")]);
    let failure = Error::Corrupt("as asked".to_owned());
    let outcome = store.write(&mut |tx| {
        tx.put("b", Vec::new())?;
        tx.delete("a")?;
        Err(failure.clone())
    });
    assert_eq!(outcome, Err(failure.clone()));
    assert_eq!(store.read(&mut |_| Err(failure.clone())), Err(failure));
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 9), ["a"]);
    put(&*store, &[("c", "3")]);
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 9), ["a", "c"]);
}

pub(crate) fn a_body_that_panics_changes_nothing(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1")]);
    let shared = Arc::clone(&store);
    let panicked = thread::spawn(move || {
        let _ = shared.write(&mut |tx| {
            tx.put("b", Vec::new())?;
            panic!("as asked");
        });
    });
    assert!(panicked.join().is_err());
    put(&*store, &[("c", "3")]);
    assert_eq!(keys(&*store, "a".."z", Order::Ascending, 9), ["a", "c"]);
}

pub(crate) fn a_snapshot_does_not_change(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1"), ("b", "1")]);
    store
        .read(&mut |snapshot| {
            assert_eq!(snapshot.get("a")?.as_deref(), Some(&b"1"[..]));
            put(&*store, &[("a", "2"), ("b", "2"), ("c", "2")]);
            assert_eq!(snapshot.get("b")?.as_deref(), Some(&b"1"[..]));
            assert_eq!(snapshot.scan("a".."z", Order::Ascending, 9)?.len(), 2);
            Ok(())
        })
        .unwrap();
    assert_eq!(get(&*store, "b").as_deref(), Some(&b"2"[..]));
}

pub(crate) fn what_was_written_is_there_after_reopening(open: Opener<'_>) {
    let store = open();
    put(&*store, &[("a", "1")]);
    let other = open();
    assert_eq!(get(&*other, "a").as_deref(), Some(&b"1"[..]));
    put(&*other, &[("a", "2")]);
    assert_eq!(get(&*store, "a").as_deref(), Some(&b"2"[..]));
    drop((store, other));
    assert_eq!(get(&*open(), "a").as_deref(), Some(&b"2"[..]));
}

pub(crate) fn racing_threads_lose_no_increment(open: Opener<'_>) {
    let handles = [open(), open()];
    on_threads(|thread| {
        for _ in 0..10 {
            increment(&*handles[thread % 2], "count").unwrap();
        }
    });
    assert_eq!(number(get(&*open(), "count")), 160);
}

pub(crate) fn racing_threads_append_without_gaps(open: Opener<'_>) {
    let handles = [open(), open()];
    let appended = AtomicU64::new(0);
    on_threads(|thread| {
        for _ in 0..8 {
            let outcome = handles[thread % 2].write(&mut |tx| {
                let last = tx.scan("log/".."log0", Order::Descending, 1)?;
                let next = last.first().map_or(0, |(key, _)| key["log/".len()..].parse::<u64>().unwrap()) + 1;
                tx.put(&format!("log/{next:08}"), thread.to_string().into_bytes())?;
                Ok(true)
            });
            outcome.unwrap();
            appended.fetch_add(1, Ordering::Relaxed);
        }
    });
    let log = keys(&*open(), "log/".."log0", Order::Ascending, 999);
    let expected: Vec<_> = (1..=appended.into_inner()).map(|n| format!("log/{n:08}")).collect();
    assert_eq!(log, expected);
}

/// A scan without results is a read too: two transactions may not both conclude that the range is free.
pub(crate) fn a_decision_on_an_empty_range_is_made_once(open: Opener<'_>) {
    let handles = [open(), open()];
    on_threads(|thread| {
        let outcome = handles[thread % 2].write(&mut |tx| {
            if tx.scan("winner/".."winner0", Order::Ascending, 1)?.is_empty() {
                tx.put(&format!("winner/{thread}"), Vec::new())?;
            }
            Ok(true)
        });
        outcome.unwrap();
    });
    assert_eq!(keys(&*open(), "winner/".."winner0", Order::Ascending, 99).len(), 1);
}
