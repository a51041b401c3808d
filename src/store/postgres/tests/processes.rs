//! Other processes: this test binary again, running the same test, which then does the child's part.

use std::process::{Child, Command, Stdio};

use super::*;
use crate::store::suite::{get, increment};

/// The URL of the store that a child process works on.
const CHILD_URL: &str = "STORE_TEST_CHILD_URL";

fn child(test: &str, url: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let test = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    command.args(["--exact", &test, "--nocapture"]).env(CHILD_URL, url);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn succeed(child: Child) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn eight_processes_start_at_once_on_a_new_database_and_lose_nothing() {
    if let Ok(url) = std::env::var(CHILD_URL) {
        let store = store_at(&url);
        return (0..25).for_each(|_| increment(&store, "count").unwrap());
    }
    let database = server().create_database();
    let test = "eight_processes_start_at_once_on_a_new_database_and_lose_nothing";
    let children: Vec<_> = (0..8).map(|_| child(test, &server().url(&database))).collect();
    children.into_iter().for_each(succeed);
    assert_eq!(get(&store_in(&database), "count").as_deref(), Some(&b"200"[..]));
}

#[test]
fn a_killed_process_leaves_whole_transactions_and_no_lock() {
    if let Ok(url) = std::env::var(CHILD_URL) {
        let store = store_at(&url);
        for n in 0.. {
            let n = format!("{n:>9}");
            crate::store::suite::put(&store, &[("left", &n), ("filler", &"x".repeat(20_000)), ("right", &n)]);
        }
    }
    let database = server().create_database();
    let store = store_in(&database);
    for round in 0..4 {
        let test = "a_killed_process_leaves_whole_transactions_and_no_lock";
        let before = get(&store, "left");
        let mut writer = child(test, &server().url(&database));
        // Some commits, so that the kill meets another moment each time.
        let begun = std::time::Instant::now();
        while get(&store, "left") == before {
            assert!(begun.elapsed() < Duration::from_secs(60), "the child writes nothing");
        }
        (0..round * 3).for_each(|_| drop(get(&store, "left")));
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert_eq!(get(&store, "left"), get(&store, "right"));
        increment(&store, "count").unwrap();
    }
    assert_eq!(get(&store, "count").as_deref(), Some(&b"4"[..]));
}
