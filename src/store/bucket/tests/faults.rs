//! Tests of requests that fail: the answer that the caller gets, and that a retry converges.

use std::thread;

use test_servers::Proxy;

use super::faulty::{Faulty, Trouble};
use super::*;
use crate::store::suite::SOON;

fn faulty(script: impl IntoIterator<Item = Trouble>) -> Bucket {
    let objects = memory();
    // The first write of a process proves the bucket; another test covers that.
    increment(&over(Arc::clone(&objects) as _), "count").unwrap();
    let store = over(Arc::new(Faulty::script(objects, script)));
    store.proven.store(true, Ordering::Relaxed);
    store
}

fn count(store: &Bucket) -> u64 {
    String::from_utf8(get(store, "count").unwrap_or_else(|| b"0".to_vec())).unwrap().parse().unwrap()
}

#[test]
fn a_write_that_was_done_and_reported_as_failed_is_found_and_not_done_again() {
    for trouble in [Trouble::CutAfter, Trouble::DoneButStatus(500), Trouble::DoneButStatus(412)] {
        let store = faulty([trouble]);
        assert_eq!(increment(&store, "count"), Ok(()), "{trouble:?}");
        assert_eq!(count(&store), 2, "{trouble:?}");
    }
}

#[test]
fn a_write_that_was_not_done_is_done_again() {
    for trouble in
        [Trouble::Refused, Trouble::CutBefore, Trouble::Status(503), Trouble::Status(409), Trouble::Status(429)]
    {
        let store = faulty([trouble, trouble]);
        assert_eq!(increment(&store, "count"), Ok(()), "{trouble:?}");
        assert_eq!(count(&store), 2, "{trouble:?}");
    }
}

#[test]
fn an_outcome_that_stays_unknown_is_uncertain_and_a_request_that_was_never_sent_is_not() {
    let endless = |trouble| Bucket { patience: Duration::from_millis(200), ..faulty([trouble; 1000]) };
    for trouble in [Trouble::CutBefore, Trouble::Status(503)] {
        let store = endless(trouble);
        let outcome = increment(&store, "count");
        assert!(matches!(outcome, Err(Error::Uncertain(_))), "{trouble:?}: {outcome:?}");
        assert_eq!(count(&store), 1);
    }
    let outcome = increment(&endless(Trouble::Refused), "count");
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

#[test]
fn after_an_uncertain_write_the_state_is_read_before_it_is_used() {
    // The write happens at once, but all answers are lost, also those of the attempts to find out.
    let objects = memory();
    let own = over(Arc::new(Faulty::script(Arc::clone(&objects) as _, [Trouble::CutAfter])));
    own.proven.store(true, Ordering::Relaxed);
    let own = Bucket { patience: Duration::ZERO, ..own };
    let outcome = increment(&own, "count");
    assert!(matches!(outcome, Err(Error::Uncertain(_))), "{outcome:?}");
    let mut seen = None;
    own.write(&mut |tx| {
        seen = tx.get("count")?;
        tx.put("other", Vec::new())?;
        Ok(true)
    })
    .unwrap();
    assert_eq!(seen.as_deref(), Some(&b"1"[..]), "the commit was kept, and must be seen by the next body");
}

#[test]
fn seeded_faults_lose_nothing_and_do_nothing_twice() {
    for seed in 0..12 {
        let objects = memory();
        let stores: Vec<_> =
            (0..3).map(|n| over(Arc::new(Faulty::seeded(Arc::clone(&objects) as _, seed * 10 + n)))).collect();
        thread::scope(|scope| {
            for (writer, store) in stores.iter().enumerate() {
                scope.spawn(move || {
                    for n in 0..20 {
                        append_until_sure(store, &format!("{writer}-{n}"));
                    }
                });
            }
        });
        let reader = over(objects);
        let mut entries = Vec::new();
        reader
            .read(&mut |s| s.scan("log/".."log0", crate::store::Order::Ascending, 999).map(|all| entries = all))
            .unwrap();
        let numbers: Vec<_> = entries.iter().map(|(key, _)| key["log/".len()..].parse::<usize>().unwrap()).collect();
        assert_eq!(numbers, (1..=60).collect::<Vec<_>>(), "seed {seed}");
        let mut names: Vec<_> = entries.into_iter().map(|(_, value)| value).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 60, "seed {seed}");
    }
}

/// Appends `name` once; idempotent, like every body of the core.
pub(super) fn append_until_sure(store: &Bucket, name: &str) {
    loop {
        let outcome = store.write(&mut |tx| {
            if tx.get(&format!("done/{name}"))?.is_some() {
                return Ok(false);
            }
            let last = tx.scan("log/".."log0", crate::store::Order::Descending, 1)?;
            let next = last.first().map_or(0, |(key, _)| key["log/".len()..].parse::<u64>().unwrap()) + 1;
            tx.put(&format!("log/{next:08}"), name.as_bytes().to_vec())?;
            tx.put(&format!("done/{name}"), Vec::new())?;
            Ok(true)
        });
        match outcome {
            Ok(()) => return,
            Err(Error::Uncertain(_) | Error::Unavailable(_) | Error::Busy(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_bucket_that_overwrites_what_should_only_be_created_is_refused_before_the_first_commit() {
    let objects = memory();
    let mut careless = Faulty::script(Arc::clone(&objects) as _, []);
    careless.ignores_conditions = true;
    let store = over(Arc::new(careless));
    let Err(Error::Unavailable(text)) = increment(&store, "count") else { panic!("it was written") };
    assert!(text.contains("s3://memory/plan overwrites an object that should only be created"), "{text}");
    assert_eq!(count(&over(objects)), 0);
}

#[test]
fn a_write_whose_answer_is_cut_off_is_found() {
    let proxy = Proxy::to(&S3::shared().address());
    let store = open(&s3_url_at(&proxy.address()));
    increment(&store, "count").unwrap();
    for _ in 0..5 {
        proxy.cut_after_request(1);
        assert_eq!(increment(&store, "count"), Ok(()));
        proxy.pass();
    }
    assert_eq!(count(&store), 6);
}

#[test]
fn requests_are_repeated_after_error_statuses() {
    let proxy = Proxy::to(&S3::shared().address());
    let store = open(&s3_url_at(&proxy.address()));
    increment(&store, "count").unwrap();
    for (status, times) in [(503, 3), (500, 1), (412, 1), (409, 2), (429, 1)] {
        proxy.answer(status, times);
        assert_eq!(increment(&store, "count"), Ok(()), "{status}");
    }
    proxy.cut();
    assert_eq!(increment(&store, "count"), Ok(()));
    assert_eq!(count(&store), 7);
}

#[test]
fn a_server_that_is_silent_or_gone_is_reported_soon() {
    for silent in [true, false] {
        let proxy = Proxy::to(&S3::shared().address());
        let store = open(&s3_url_at(&proxy.address()));
        if silent {
            proxy.stall()
        } else {
            proxy.refuse()
        }
        let began = std::time::Instant::now();
        let Err(Error::Unavailable(text)) = store.read(&mut |_| Ok(())) else { panic!("it was read") };
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        assert!(text.contains(if silent { "did not answer in time" } else { "cannot be reached" }), "{text}");
        proxy.pass();
        assert_eq!(increment(&store, "count"), Ok(()), "it recovers by itself");
    }
}
