//! Tests of the log: its cost, its content, and the content that is refused.

use std::thread;

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions};

use super::faulty::Faulty;
use super::*;

fn write_object(objects: &dyn ObjectStore, name: &str, bytes: &[u8]) {
    block_on(objects.put(&Path::from(format!("plan/{name}")), bytes.to_vec().into())).unwrap().unwrap();
}

fn remove_object(objects: &dyn ObjectStore, name: &str) {
    block_on(objects.delete(&Path::from(format!("plan/{name}")))).unwrap().unwrap();
}

fn read_object(objects: &dyn ObjectStore, name: &str) -> Vec<u8> {
    block_on(async { objects.get(&Path::from(format!("plan/{name}"))).await?.bytes().await }).unwrap().unwrap().to_vec()
}

fn read_error(objects: Arc<dyn ObjectStore>) -> Error {
    over(objects).read(&mut |_| Ok(())).unwrap_err()
}

fn requests(objects: &Faulty) -> (usize, usize, usize) {
    let taken = |count: &std::sync::atomic::AtomicUsize| count.swap(0, Ordering::Relaxed);
    (taken(&objects.creations), taken(&objects.reads), taken(&objects.lists))
}

#[test]
fn a_commit_costs_one_request_and_so_does_a_read() {
    let objects = Arc::new(Faulty::script(memory(), []));
    let store = over(Arc::clone(&objects) as _);
    increment(&store, "count").unwrap();
    requests(&objects);
    increment(&store, "count").unwrap();
    assert_eq!(requests(&objects), (1, 0, 0));
    get(&store, "count");
    assert_eq!(requests(&objects), (0, 1, 0));
    // A body that writes nothing was right only if it saw the newest state.
    store.write(&mut |_| Ok(false)).unwrap();
    assert_eq!(requests(&objects), (0, 1, 0));
}

#[test]
fn readers_that_wait_together_share_one_request() {
    let proxy = test_servers::Proxy::to(&S3::shared().address());
    let store = open(&s3_url_at(&proxy.address()));
    put(&store, &[("a", "1")]);
    // The delay is so long that all callers have come before the first answer.
    proxy.delay(Duration::from_millis(300));
    let before = proxy.requests();
    thread::scope(|scope| (0..16).for_each(|_| drop(scope.spawn(|| get(&store, "a")))));
    let asked = proxy.requests() - before;
    assert!((1..=8).contains(&asked), "{asked} requests for 16 reads");
}

#[test]
fn a_read_sees_what_was_committed_before_it_began() {
    let url = s3_url();
    let (writer, reader) = (open(&url), open(&url));
    for n in 0..20 {
        let n = n.to_string();
        put(&writer, &[("a", &n)]);
        assert_eq!(get(&reader, "a"), Some(n.into_bytes()));
    }
}

#[test]
fn a_body_without_a_write_runs_again_when_it_ran_on_an_old_state() {
    let objects = memory();
    let (store, other) = (over(Arc::clone(&objects) as _), over(objects));
    put(&store, &[("a", "old")]);
    put(&other, &[("a", "new")]);
    let mut seen = Vec::new();
    store.write(&mut |tx| tx.get("a").map(|value| seen.push(value)).map(|()| false)).unwrap();
    assert_eq!(seen, [Some(b"old".to_vec()), Some(b"new".to_vec())]);
    put(&other, &[("a", "newest")]);
    let outcome = store.write(&mut |tx| Err(Error::Corrupt(String::from_utf8(tx.get("a")?.unwrap()).unwrap())));
    assert_eq!(outcome, Err(Error::Corrupt("newest".to_owned())));
}

#[test]
fn a_writer_that_always_loses_is_busy_in_the_end() {
    let objects = memory();
    let other = over(Arc::clone(&objects) as _);
    let store = Bucket { patience: Duration::from_millis(100), ..over(objects) };
    let outcome = store.write(&mut |tx| {
        increment(&other, "count")?;
        tx.put("mine", Vec::new())?;
        Ok(true)
    });
    assert!(matches!(outcome, Err(Error::Busy(_))), "{outcome:?}");
    assert_eq!(get(&store, "mine"), None);
}

#[test]
fn a_handle_far_behind_catches_up() {
    let objects = memory();
    let (behind, ahead) = (over(Arc::clone(&objects) as _), over(objects));
    increment(&behind, "count").unwrap();
    (0..300).for_each(|_| increment(&ahead, "count").unwrap());
    assert_eq!(get(&behind, "count"), Some(b"301".to_vec()));
}

#[test]
fn long_logs_get_checkpoints_and_openers_start_from_them() {
    let objects = memory();
    let store = over(Arc::clone(&objects) as _);
    let store = Bucket { weights: Weights { log_min: 4096, object: 100 }, ..store };
    for n in 0..200 {
        put(&store, &[(&format!("key/{n:04}"), &n.to_string()), ("bytes", "\u{0}\u{7f}")]);
    }
    store.write(&mut |tx| tx.put("binary", vec![0xff, 0, 0xfe]).map(|()| true)).unwrap();
    let facts = |store: &Bucket| store.facts().unwrap().into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let (of_writer, of_opener) = (facts(&store), facts(&over(Arc::clone(&objects) as _)));
    assert_eq!(of_writer, of_opener);
    assert_eq!((of_opener["last_commit"].as_str(), of_opener["entries"].as_str()), ("201", "202"));
    assert!(of_opener["last_checkpoint"].parse::<u64>().unwrap() > 100, "{of_opener:?}");
    // The log before the checkpoint is not needed to open.
    remove_object(&*objects, &log_name(1));
    let opened = over(objects);
    assert_eq!(get(&opened, "binary"), Some(vec![0xff, 0, 0xfe]));
    assert_eq!(get(&opened, "key/0199"), Some(b"199".to_vec()));
}

#[test]
fn a_checkpoint_that_cannot_be_written_fails_no_commit() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory_url(directory.path()));
    let store = Bucket { weights: Weights { log_min: 0, object: 1 }, ..store };
    increment(&store, "count").unwrap();
    let folder = directory.path().join("plan/checkpoint");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    assert_eq!(increment(&store, "count"), Ok(()));
}

#[test]
fn a_log_with_a_gap_is_damaged_and_the_missing_object_is_named() {
    let objects = memory();
    let store = over(Arc::clone(&objects) as _);
    (0..5).for_each(|_| increment(&store, "count").unwrap());
    remove_object(&*objects, &log_name(3));
    let Error::Corrupt(text) = read_error(objects) else { panic!("the gap was not seen") };
    assert!(text.contains("log/00000000000000000003 is missing"), "{text}");
}

#[test]
fn commits_from_another_log_are_damage() {
    let (objects, elsewhere) = (memory(), memory());
    let (store, other) = (over(Arc::clone(&objects) as _), over(Arc::clone(&elsewhere) as _));
    (0..3).for_each(|_| increment(&store, "count").unwrap());
    (0..4).for_each(|_| increment(&other, "count").unwrap());
    write_object(&*objects, &log_name(4), &read_object(&*elsewhere, &log_name(4)));
    let expected = "log/00000000000000000004 does not continue log/00000000000000000003";
    let Error::Corrupt(text) = read_error(Arc::clone(&objects) as _) else { panic!("the fork was not seen") };
    assert!(text.contains(expected), "{text}");
    // A handle that is open already finds the damage too.
    let outcome = increment(&store, "count");
    let Err(Error::Corrupt(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains(expected), "{text}");
}

#[test]
fn damaged_objects_are_named() {
    for (name, bytes) in [
        (log_name(2), &b"{\"version\":1}"[..]),
        (log_name(2), b"half a"),
        (log_name(2), b"\x28\xb5\x2f\xfd broken"),
        (log_name(2), b"{\"version\":0}"),
        ("format".to_owned(), b"<html>"),
        (format!("checkpoint/{:020}", 2), b"{\"version\":1}"),
    ] {
        let objects = memory();
        let store = over(Arc::clone(&objects) as _);
        (0..2).for_each(|_| increment(&store, "count").unwrap());
        write_object(&*objects, &name, bytes);
        let Error::Corrupt(text) = read_error(objects) else { panic!("{name} was taken") };
        assert!(text.contains(&name), "{text}");
    }
}

#[test]
fn newer_objects_are_refused_also_when_they_appear_later() {
    for name in [log_name(2), "format".to_owned()] {
        let objects = memory();
        let store = over(Arc::clone(&objects) as _);
        increment(&store, "count").unwrap();
        write_object(&*objects, &name, b"{\"version\":2,\"unknown\":[]}");
        assert_eq!(read_error(Arc::clone(&objects) as _), Error::Newer { found: 2, known: 1 });
        if name != "format" {
            assert_eq!(increment(&store, "count"), Err(Error::Newer { found: 2, known: 1 }));
        }
    }
}

/// Objects of version 1. These files never change; a later version has files of its own.
#[test]
fn objects_of_version_1_are_read() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/bucket/tests/samples/v1");
    let objects = memory();
    for name in ["format", &checkpoint_2(), &log_name(3), &log_name(4)] {
        let bytes = std::fs::read(samples.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        write_object(&*objects, name, &bytes);
    }
    let store = over(objects);
    let facts = store.facts().unwrap();
    assert_eq!(facts[..2], [("last_commit", "4".to_owned()), ("last_checkpoint", "2".to_owned())]);
    assert_eq!(get(&store, "pool/a").as_deref(), Some("{\"name\":\"näme\"}".as_bytes()));
    assert_eq!(get(&store, "binary"), Some(vec![0xff, 0x00, 0xfe]));
    assert_eq!(get(&store, "deleted"), None);
    assert_eq!(get(&store, "large").map(|value| value.len()), Some(10_000));
    increment(&store, "count").unwrap();
}

fn checkpoint_2() -> String {
    format!("checkpoint/{:020}", 2)
}

/// For a format version without samples, the first run of this test writes them and fails with a message.
#[test]
fn the_newest_version_has_samples() {
    let samples = format!("{}/src/store/bucket/tests/samples/v{}", env!("CARGO_MANIFEST_DIR"), format::VERSION);
    if std::path::Path::new(&samples).exists() {
        return;
    }
    let objects = memory();
    let store = over(Arc::clone(&objects) as _);
    put(&store, &[("pool/a", "{\"name\":\"näme\"}"), ("deleted", "soon")]);
    store.write(&mut |tx| tx.put("binary", vec![0xff, 0x00, 0xfe]).map(|()| true)).unwrap();
    let state = store.refresh().unwrap();
    store.write_checkpoint(&store.objects().unwrap(), &state).unwrap();
    put(&store, &[("large", &"text".repeat(2500))]);
    store.write(&mut |tx| tx.delete("deleted").map(|()| true)).unwrap();
    for name in ["format", &checkpoint_2(), &log_name(3), &log_name(4)] {
        let path = std::path::Path::new(&samples).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, read_object(&*objects, name)).unwrap();
    }
    panic!("{samples} was missing, and is written now: look at it, and commit it");
}

#[test]
fn reading_creates_nothing() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory_url(directory.path()));
    assert_eq!(get(&store, "a"), None);
    store.write(&mut |_| Ok(false)).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    let url = s3_url();
    assert_eq!(get(&open(&url), "a"), None);
    let objects = open(&url).objects().unwrap();
    assert!(block_on(objects.list("log", None)).unwrap().unwrap().is_empty());
}

#[test]
fn the_stores_of_the_tests_refuse_a_second_creation() {
    let directory = TempDir::new().unwrap();
    for url in [directory_url(directory.path()), s3_url()] {
        let objects = open(&url).objects().unwrap();
        let create = || block_on(objects.create("x", &PutPayload::from_static(b"x"))).unwrap();
        assert!(create().is_ok());
        assert!(matches!(create(), Err(RequestFailure::Exists)), "{url}");
    }
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    let objects = memory();
    let create = || block_on(objects.put_opts(&Path::from("x"), "x".into(), options.clone())).unwrap();
    assert!(create().is_ok() && create().is_err());
}
