//! Discovery is limited by the API, not by us.

use std::time::Instant;

use serde_json::json;

use crate::estate::{ACCOUNTS, Estate};
use crate::looking::look;
use crate::python;

/// Before every answer; on a page are so many items that the longest list of a place has nine.
const LATENCY_SECONDS: f64 = 0.3;
const PAGE_ITEMS: u64 = 20;
const RATIO_MAX: f64 = 1.5;

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
    let bare = python::run("bare.py", &[], &estate.wish());
    estate.order(&json!({"order": "forget"}));
    let began = Instant::now();
    let samples = look(&estate.url(), &Estate::survey());
    let ours = began.elapsed().as_secs_f64();
    let most = ACCOUNTS.map(|id| estate.order(&json!({"order": "calls", "account": id}))["most"].as_u64().unwrap());
    for undo in [
        json!({"order": "latency", "seconds": 0}),
        json!({"order": "freeze", "is": false}),
        json!({"order": "page", "items": 0}),
    ] {
        estate.order(&undo);
    }
    assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
    let slowest = ACCOUNTS.map(|id| bare[id].as_f64().unwrap()).into_iter().fold(0.0, f64::max);
    let ratio = ours / slowest;
    println!("look at 12 places {ours:.2} s, slowest account's bare calls {slowest:.2} s, ratio {ratio:.2}; {bare}");
    println!("most calls in the air by account: {most:?}");
    assert!(ratio <= RATIO_MAX, "{ours:.2} s are {ratio:.2} times {slowest:.2} s");
    assert!(most.into_iter().all(|most| most <= 24), "six lists in four Regions: {most:?}");
}
