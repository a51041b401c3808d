//! Tests with other processes: this test binary again, running the same test, which then does the work of the child.

use test_servers::{child, hear, succeed};

use super::*;
use crate::store::suite::{get, increment, put};

/// The URL of the store that a child process works on.
const CHILD_URL: &str = "STORE_TEST_CHILD_URL";

/// In a child process: the store to work on.
fn child_store() -> Option<Postgres> {
    std::env::var(CHILD_URL).ok().map(|url| store_at(&url))
}

#[test]
fn eight_processes_start_at_once_on_a_new_database_and_lose_nothing() {
    if let Some(store) = child_store() {
        return (0..25).for_each(|_| increment(&store, "count").unwrap());
    }
    let database = server().create_database();
    let test = "eight_processes_start_at_once_on_a_new_database_and_lose_nothing";
    let start = || child(module_path!(), test).env(CHILD_URL, server().url(&database)).spawn().unwrap();
    let children: Vec<_> = (0..8).map(|_| start()).collect();
    children.into_iter().for_each(|child| drop(succeed(child)));
    assert_eq!(get(&store_in(&database), "count").as_deref(), Some(&b"200"[..]));
}

#[test]
fn a_killed_process_leaves_whole_transactions_and_no_lock() {
    if let Some(store) = child_store() {
        for n in 0.. {
            let n = format!("{n:>9}");
            put(&store, &[("left", &n), ("filler", &"x".repeat(20_000)), ("right", &n)]);
            println!("written");
        }
    }
    let database = server().create_database();
    let store = store_in(&database);
    for round in 0..4 {
        let test = "a_killed_process_leaves_whole_transactions_and_no_lock";
        let mut writer = child(module_path!(), test).env(CHILD_URL, server().url(&database)).spawn().unwrap();
        // Wait for a number of lines, so that the kill comes at another moment in each round.
        hear(&mut writer, 100 + 37 * round);
        writer.kill().unwrap();
        writer.wait().unwrap();
        // The server may carry out the last commit of the killed process only now, so both keys are read in one
        // snapshot.
        let mut pair = (None, None);
        let outcome = store.read(&mut |snapshot| {
            pair = (snapshot.get("left")?, snapshot.get("right")?);
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
        assert!(pair.0.is_some() && pair.0 == pair.1, "{pair:?}");
        increment(&store, "count").unwrap();
    }
    assert_eq!(get(&store, "count").as_deref(), Some(&b"4"[..]));
}
