//! Discovery is limited by the API, not by us.

use std::time::Instant;

use serde_json::json;

use crate::estate::{ACCOUNTS, Estate};
use crate::looking::look;
use crate::python;

/// Before every answer; on a page are so many items that the longest list of a place has nine.
const LATENCY_SECONDS: f64 = 0.5;
const PAGE_ITEMS: u64 = 20;
const RATIO_MAX: f64 = 1.5;
/// What else this machine does may fall on one of the two measured; it does not every time.
const ROUNDS_MAX: usize = 3;

/// Seconds of the slowest account's bare calls, and of our look at all places.
fn measure(estate: &Estate) -> (f64, f64) {
    let bare = python::run("bare.py", &[], &estate.wish());
    let slowest = ACCOUNTS.map(|id| bare[id].as_f64().unwrap()).into_iter().fold(0.0, f64::max);
    let began = Instant::now();
    let samples = look(&estate.url(), &Estate::survey());
    let ours = began.elapsed().as_secs_f64();
    assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
    println!(
        "look at 12 places {ours:.2} s, slowest account's bare calls {slowest:.2} s, ratio {:.2}; {bare}",
        ours / slowest
    );
    (slowest, ours)
}

/// Compared are: our look at all twelve places (three accounts in four Regions), from the first call to the last sample,
/// with finding out whose keys these are and both roles; and the calls of the slowest single account made by boto3 alone
/// (`bare.py`), its role's keys included, with all Regions and lists at once as ours. Answers cost the server next to
/// nothing (`freeze`), so what is measured is how calls follow each other.
#[test]
fn a_look_at_all_places_takes_hardly_longer_than_the_bare_calls_of_one_account() {
    let estate = Estate::alone();
    estate.order(&json!({"order": "page", "items": PAGE_ITEMS}));
    estate.order(&json!({"order": "freeze", "is": true}));
    // Each question is asked once before the clocks run.
    python::run("bare.py", &[], &estate.wish());
    estate.order(&json!({"order": "latency", "seconds": LATENCY_SECONDS}));
    estate.order(&json!({"order": "forget"}));
    let is_fast = (0..ROUNDS_MAX).any(|_| {
        let (slowest, ours) = measure(&estate);
        ours <= slowest * RATIO_MAX
    });
    let most = ACCOUNTS.map(|id| estate.order(&json!({"order": "calls", "account": id}))["most"].as_u64().unwrap());
    for undo in [
        json!({"order": "latency", "seconds": 0}),
        json!({"order": "freeze", "is": false}),
        json!({"order": "page", "items": 0}),
    ] {
        estate.order(&undo);
    }
    println!("most calls in the air by account: {most:?}");
    assert!(is_fast, "none of {ROUNDS_MAX} looks was done within {RATIO_MAX} times the bare calls");
    assert!(most.into_iter().all(|most| most <= 24), "six lists in four Regions: {most:?}");
}
