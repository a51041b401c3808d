//! Tests of pruning, and of handles that are idle or suspended meanwhile.

use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::*;
use crate::store::Order;
use crate::store::bucket::entries::Entries;

/// Limits with which a store prunes at once and doubts every position.
const IMPATIENT: Limits = Limits { trusted: Duration::ZERO, write_max: Duration::ZERO, keep_min: Duration::ZERO };
/// Limits with which a store prunes at once, but trusts positions like a suspended machine, whose clocks show that no
/// time has passed.
const SUSPENDED: Limits =
    Limits { trusted: Duration::from_secs(3600), write_max: Duration::ZERO, keep_min: Duration::ZERO };

fn with(limits: Limits, objects: &Arc<InMemory>) -> Bucket {
    Bucket { limits, ..over(Arc::clone(objects) as _) }
}

fn names(store: &Bucket, folder: &str) -> Vec<String> {
    let found = block_on(store.objects().unwrap().list(folder, None)).unwrap().unwrap();
    found.iter().map(|object| object.location.filename().unwrap().trim_start_matches('0').to_owned()).collect()
}

#[test]
fn pruning_removes_what_a_checkpoint_covers_and_changes_nothing_that_is_read() {
    let directory = TempDir::new().unwrap();
    for url in [directory_url(directory.path()), s3_url()] {
        let store = Bucket { limits: IMPATIENT, ..open(&url) };
        (0..30).for_each(|_| increment(&store, "count").unwrap());
        let pruned = store.prune(Duration::ZERO).unwrap().unwrap();
        assert_eq!(pruned, Pruned { removed: 29, left: 2 }, "{url}");
        assert_eq!((names(&store, "log"), names(&store, "pruned")), (vec!["30".to_owned()], vec!["30".to_owned()]));
        for store in [store, open(&url)] {
            increment(&store, "count").unwrap();
        }
        assert_eq!(get(&open(&url), "count"), Some(b"32".to_vec()));
        // The next prune removes old marks and checkpoints.
        let store = Bucket { limits: IMPATIENT, ..open(&url) };
        store.prune(Duration::ZERO).unwrap();
        assert_eq!(
            (names(&store, "checkpoint"), names(&store, "pruned")),
            (vec!["32".to_owned()], vec!["32".to_owned()])
        );
    }
}

#[test]
fn recent_commits_stay_whatever_time_is_requested() {
    let objects = memory();
    let store = over(Arc::clone(&objects) as _);
    (0..5).for_each(|_| increment(&store, "count").unwrap());
    assert_eq!(store.prune(Duration::ZERO).unwrap(), Some(Pruned { removed: 0, left: 5 }));
    assert!(names(&store, "pruned").is_empty());
}

#[test]
fn pruning_an_empty_store_does_nothing() {
    assert_eq!(over(memory()).prune(Duration::ZERO).unwrap(), Some(Pruned::default()));
}

#[test]
fn a_handle_left_idle_across_a_prune_starts_again_and_loses_nothing() {
    for first in ["read", "write"] {
        let objects = memory();
        let (idle, other) = (with(IMPATIENT, &objects), with(IMPATIENT, &objects));
        (0..5).for_each(|_| increment(&idle, "count").unwrap());
        (0..10).for_each(|_| increment(&other, "count").unwrap());
        other.prune(Duration::ZERO).unwrap();
        assert_eq!(names(&other, "log"), ["15"]);
        if first == "read" {
            assert_eq!(get(&idle, "count"), Some(b"15".to_vec()));
        }
        increment(&idle, "count").unwrap();
        assert_eq!(get(&with(IMPATIENT, &objects), "count"), Some(b"16".to_vec()), "{first}");
    }
}

#[test]
fn a_commit_into_the_pruned_part_of_the_log_is_never_read() {
    let objects = memory();
    let (asleep, other) = (with(SUSPENDED, &objects), with(IMPATIENT, &objects));
    (0..5).for_each(|_| increment(&asleep, "count").unwrap());
    let also_idle = with(IMPATIENT, &objects);
    assert_eq!(get(&also_idle, "count"), Some(b"5".to_vec()));
    (0..10).for_each(|_| increment(&other, "count").unwrap());
    other.prune(Duration::ZERO).unwrap();
    let outcome = increment(&asleep, "count");
    assert!(matches!(outcome, Err(Error::Uncertain(_))), "{outcome:?}");
    assert_eq!(names(&other, "log"), ["6", "15"], "the stray commit exists");
    for store in [&other, &also_idle, &asleep, &with(IMPATIENT, &objects), &over(Arc::clone(&objects) as _)] {
        assert_eq!(get(store, "count"), Some(b"15".to_vec()));
    }
    increment(&asleep, "count").unwrap();
    other.prune(Duration::ZERO).unwrap();
    assert_eq!(names(&other, "log"), ["16"]);
    assert_eq!(get(&also_idle, "count"), Some(b"16".to_vec()));
}

#[test]
fn an_opener_whose_checkpoint_was_pruned_during_the_load_starts_again() {
    let objects = memory();
    let store = with(IMPATIENT, &objects);
    (0..5).for_each(|_| increment(&store, "count").unwrap());
    store.prune(Duration::ZERO).unwrap();
    // The newest checkpoint is listed, but gone when it is read, as in a listing from before another prune.
    let path = Path::from(format!("plan/{}", checkpoint_name(4)));
    block_on(objects.put(&path, "{}".into())).unwrap().unwrap();
    assert_eq!(get(&with(IMPATIENT, &objects), "count"), Some(b"5".to_vec()));
}

#[test]
fn nothing_is_removed_when_the_checkpoint_differs_from_the_log() {
    let objects = memory();
    let store = with(IMPATIENT, &objects);
    (0..5).for_each(|_| increment(&store, "count").unwrap());
    let state = store.refresh().unwrap();
    store.write_checkpoint(&store.objects().unwrap(), &state).unwrap();
    let mut other = Vec::new();
    format::write_checkpoint(&mut other, 5, state.id.as_ref().unwrap(), &Entries::default()).unwrap();
    block_on(store.objects().unwrap().overwrite(&checkpoint_name(5), other)).unwrap().unwrap();
    let outcome = store.prune(Duration::ZERO);
    assert!(matches!(outcome, Err(Error::Corrupt(_) | Error::Unavailable(_))), "{outcome:?}");
    assert_eq!(names(&store, "log").len(), 5);
}

#[test]
fn two_prunes_at_once_leave_a_whole_store() {
    let url = s3_url();
    let stores: Vec<_> = (0..3).map(|_| Bucket { limits: IMPATIENT, ..open(&url) }).collect();
    std::thread::scope(|scope| {
        for (n, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                for round in 0..15 {
                    // If objects need not stay for any time, a commit may be pruned before its writer checks it.
                    super::faults::append_until_sure(store, &format!("{n}-{round}"));
                    if round % 5 == n {
                        store.prune(Duration::ZERO).unwrap();
                    }
                }
            });
        }
    });
    let mut last = Vec::new();
    let all = "log/".."log0";
    open(&url).read(&mut |s| s.scan(all.clone(), Order::Descending, 1).map(|found| last = found)).unwrap();
    assert_eq!(last[0].0, "log/00000045");
}
