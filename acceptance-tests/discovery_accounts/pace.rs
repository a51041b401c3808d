//! A scan must be limited by the API of AWS, not by the provider.

use std::time::Instant;

use serde_json::json;

use super::estate::{ACCOUNTS, Estate};
use super::python;
use super::scanner::scan;

/// Latency of every answer. A page has so many items that the longest list of a place has nine pages.
const LATENCY_SECONDS: f64 = 0.5;
const PAGE_ITEMS: u64 = 20;
const RATIO_MAX: f64 = 1.5;
/// Other work on the machine may slow down one of the two measurements, but not in every round.
const ROUNDS_MAX: usize = 3;

/// Seconds for the bare calls of the slowest account, and for the provider's scan of all places.
fn measure(estate: &Estate) -> (f64, f64) {
    let bare = python::run("bare.py", &[], &estate.wish());
    let slowest = ACCOUNTS.map(|id| bare[id].as_f64().unwrap()).into_iter().fold(0.0, f64::max);
    let began = Instant::now();
    let samples = scan(&estate.url(), &Estate::survey());
    let ours = began.elapsed().as_secs_f64();
    assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
    println!(
        "scan at 12 places {ours:.2} s, slowest account's bare calls {slowest:.2} s, ratio {:.2}; {bare}",
        ours / slowest
    );
    (slowest, ours)
}

/// Compares two times. One is the provider's scan of all twelve places (three accounts in four Regions), from the first
/// call to the last sample; it includes finding out the account of the keys, and both roles. The other is the time of
/// the calls of the slowest single account made by boto3 alone (`bare.py`); it includes the keys of its role, and all
/// Regions and lists are called at the same time, as in the scan. Answers cost the server next to nothing (`freeze`),
/// so the test measures how calls follow each other.
#[test]
fn a_scan_of_all_places_takes_hardly_longer_than_the_bare_calls_of_one_account() {
    let estate = Estate::alone();
    estate.order(&json!({"order": "page", "items": PAGE_ITEMS}));
    estate.order(&json!({"order": "freeze", "is": true}));
    // Every call is made once before the clocks run.
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
    assert!(is_fast, "none of {ROUNDS_MAX} scans took at most {RATIO_MAX} times as long as the bare calls");
    assert!(most.into_iter().all(|most| most <= 24), "at most six lists in four Regions at a time: {most:?}");
}
