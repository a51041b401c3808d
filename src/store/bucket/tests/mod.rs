//! Tests of what can happen only to a log of commits. The suite of all stores runs over a directory and over an S3
//! server.

mod faults;
mod faulty;
mod listings;
mod locations;
mod log;
mod pruning;
mod single;

use std::path::Path as FilePath;
use std::sync::Arc;

use object_store::memory::InMemory;
use tempfile::TempDir;
use test_servers::{S3, child, hear, succeed};

use super::log::checkpoint_name;
use super::*;
use crate::store::suite::{PATIENT, get, increment, put, suite};

/// Keys that must never be shown anywhere.
pub(super) const KEY_ID: &str = "AKIAPLANTEDKEYID";
pub(super) const SECRET: &str = "planted-s3cret-key";

pub(super) fn open(url: &str) -> Bucket {
    open_in(url, &[("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET)])
}

/// The store at `url`, with only these environment variables.
pub(super) fn open_in(url: &str, variables: &[(&str, &str)]) -> Bucket {
    let location = StoreLocation::parse(&StoreUrl::new(url)).unwrap();
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Bucket { patience: PATIENT, ..Bucket::at(location, Environment::new(owned)) }
}

pub(super) fn directory_url(directory: &FilePath) -> String {
    format!("file://{}/plan", directory.display())
}

/// A new bucket of the shared server, behind `address` (the server's own or that of a proxy).
pub(super) fn s3_url_at(address: &str) -> String {
    let bucket = S3::shared().create_bucket();
    format!("s3://{bucket}/teams/plan?endpoint=http://{address}&region={}", S3::REGION)
}

pub(super) fn s3_url() -> String {
    s3_url_at(&S3::shared().address())
}

/// A store over objects in memory.
pub(super) fn over(objects: Arc<dyn ObjectStore>) -> Bucket {
    Bucket::over(objects, StoreLocation::parse(&StoreUrl::new("s3://memory/plan")).unwrap())
}

pub(super) fn memory() -> Arc<InMemory> {
    Arc::new(InMemory::new())
}

mod in_directory {
    use super::*;

    suite!({
        let directory = TempDir::new().unwrap();
        move || Arc::new(open(&directory_url(directory.path()))) as Arc<dyn Store>
    });
}

mod in_s3 {
    use super::*;

    suite!({
        let url = s3_url();
        move || Arc::new(open(&url)) as Arc<dyn Store>
    });
}

/// Runs the suite with a checkpoint after every write and with snapshots that doubt their position.
mod with_checkpoints_all_the_time {
    use super::*;

    suite!({
        let objects = memory();
        move || {
            let weights = Weights { log_min: 0, object: 1 };
            let limits = Limits { trusted: Duration::ZERO, write_max: Duration::ZERO, keep_min: Duration::ZERO };
            Arc::new(Bucket { weights, limits, ..over(Arc::clone(&objects) as _) }) as Arc<dyn Store>
        }
    });
}

// Other processes: this test binary again, running the same test, which then does the work of the child.

/// The URL that a child process works on.
pub(super) const CHILD_URL: &str = "STORE_TEST_CHILD_URL";

/// In a child process: the store to work on.
pub(super) fn child_store() -> Option<Bucket> {
    std::env::var(CHILD_URL).ok().map(|url| open(&url))
}

fn race_of_eight(test: &str, url: &str) {
    let start = || child(module_path!(), test).env(CHILD_URL, url).spawn().unwrap();
    let children: Vec<_> = (0..8).map(|_| start()).collect();
    children.into_iter().for_each(|child| drop(succeed(child)));
    assert_eq!(get(&open(url), "count"), Some(b"200".to_vec()));
}

#[test]
fn eight_processes_start_at_once_in_a_new_directory_and_lose_nothing() {
    if let Some(store) = child_store() {
        return (0..25).for_each(|_| increment(&store, "count").unwrap());
    }
    let directory = TempDir::new().unwrap();
    race_of_eight(
        "eight_processes_start_at_once_in_a_new_directory_and_lose_nothing",
        &directory_url(directory.path()),
    );
}

#[test]
fn eight_processes_start_at_once_on_a_new_bucket_and_lose_nothing() {
    if let Some(store) = child_store() {
        return (0..25).for_each(|_| increment(&store, "count").unwrap());
    }
    race_of_eight("eight_processes_start_at_once_on_a_new_bucket_and_lose_nothing", &s3_url());
}

#[test]
fn a_killed_process_leaves_whole_commits_only() {
    if let Some(store) = child_store() {
        for n in 0.. {
            let n = format!("{n:>9}");
            put(&store, &[("left", &n), ("filler", &"x".repeat(20_000)), ("right", &n)]);
            println!("written");
        }
    }
    let directory = TempDir::new().unwrap();
    let url = directory_url(directory.path());
    for round in 0..5 {
        let test = "a_killed_process_leaves_whole_commits_only";
        let mut writer = child(module_path!(), test).env(CHILD_URL, &url).spawn().unwrap();
        // Wait for a number of lines, so that the kill comes at another moment in each round.
        hear(&mut writer, 800 + 37 * round);
        writer.kill().unwrap();
        writer.wait().unwrap();
        let pair: Vec<_> = ["left", "right"].map(|key| get(&open(&url), key)).into();
        assert!(pair[0].is_some() && pair[0] == pair[1], "{pair:?}");
        increment(&open(&url), "count").unwrap();
    }
    assert_eq!(get(&open(&url), "count"), Some(b"5".to_vec()));
}
