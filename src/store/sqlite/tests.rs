//! Tests of what can happen only to files: other processes, permissions, foreign content, full disks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use test_servers::{hear, succeed};

use super::*;
use crate::store::suite::{PATIENT, get, increment, put, scan, suite};

suite!({
    let directory = TempDir::new().unwrap();
    move || Arc::new(store_at(&directory.path().join("ipam.db"))) as Arc<dyn Store>
});

fn store_at(path: &Path) -> Sqlite {
    Sqlite { patience: PATIENT, ..Sqlite::new(path).unwrap() }
}

fn in_new_directory() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("ipam.db");
    (directory, path)
}

fn write_one(store: &Sqlite) -> Result<(), Error> {
    store.write(&mut |tx| tx.put("a", b"1".to_vec()).map(|()| true))
}

fn read_one(store: &Sqlite) -> Result<Option<Vec<u8>>, Error> {
    let mut found = None;
    store.read(&mut |snapshot| snapshot.get("a").map(|value| found = value)).map(|()| found)
}

fn integrity(path: &Path) -> String {
    Connection::open(path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_read_creates_no_file() {
    let (directory, path) = in_new_directory();
    assert_eq!(read_one(&store_at(&path)), Ok(None));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn an_empty_file_reads_as_an_empty_store_and_is_filled_by_the_first_write() {
    let (_directory, path) = in_new_directory();
    fs::write(&path, "").unwrap();
    let store = store_at(&path);
    assert_eq!(read_one(&store), Ok(None));
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    write_one(&store).unwrap();
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
}

#[test]
fn closing_leaves_one_file() {
    let (directory, path) = in_new_directory();
    let store = store_at(&path);
    write_one(&store).unwrap();
    read_one(&store).unwrap();
    drop(store);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_directory_is_reported_and_not_created() {
    let (directory, path) = in_new_directory();
    let store = store_at(&directory.path().join("no/such/ipam.db"));
    for outcome in [read_one(&store).map(|_| ()), write_one(&store)] {
        let Err(Error::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
        assert!(text.contains("no/such does not exist"), "{text}");
    }
    let store = store_at(directory.path());
    let Err(Error::Unavailable(text)) = write_one(&store) else { panic!("a directory was written") };
    assert!(text.contains("is a directory"), "{text}");
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_not_a_database_is_damaged_and_left_alone() {
    let (_directory, path) = in_new_directory();
    let content = "resource \"ipam_pool\" {}\n".repeat(100);
    fs::write(&path, &content).unwrap();
    let store = store_at(&path);
    for outcome in [read_one(&store).map(|_| ()), write_one(&store)] {
        let Err(Error::Corrupt(text)) = outcome else { panic!("{outcome:?}") };
        assert!(text.contains("ipam.db is not an SQLite database"), "{text}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

#[test]
fn overwritten_pages_are_damage() {
    let (_directory, path) = in_new_directory();
    let store = store_at(&path);
    for n in 0..500 {
        put(&store, &[(&format!("key/{n}"), &"x".repeat(200))]);
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let outcome = store_at(&path).read(&mut |s| s.scan("key/".."key0", Order::Ascending, 9999).map(|_| ()));
    let Err(Error::Corrupt(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("ipam.db"), "{text}");
}

#[test]
fn another_programs_database_is_left_alone() {
    for header in ["", "PRAGMA application_id = 77", "PRAGMA user_version = 3"] {
        let (_directory, path) = in_new_directory();
        let foreign = Connection::open(&path).unwrap();
        foreign.execute_batch(&format!("{header}; CREATE TABLE bookmarks (url TEXT)")).unwrap();
        drop(foreign);
        let before = fs::read(&path).unwrap();
        let store = store_at(&path);
        for outcome in [read_one(&store).map(|_| ()), write_one(&store)] {
            let Err(Error::Corrupt(text)) = outcome else { panic!("{header}: {outcome:?}") };
            assert!(text.contains("another program"), "{text}");
        }
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_newer_file_is_refused_also_when_it_became_newer_meanwhile() {
    let (_directory, path) = in_new_directory();
    let store = store_at(&path);
    write_one(&store).unwrap();
    read_one(&store).unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for store in [store, store_at(&path)] {
        assert_eq!(read_one(&store), Err(Error::Newer { found: 2, known: 1 }));
        assert_eq!(write_one(&store), Err(Error::Newer { found: 2, known: 1 }));
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_there() {
    let (_directory, path) = in_new_directory();
    let store = Sqlite { page_count_max: Some(40), ..store_at(&path) };
    write_one(&store).unwrap();
    let outcome = store.write(&mut |tx| {
        tx.delete("a")?;
        tx.put("big", vec![b'x'; 1 << 20])?;
        Ok(true)
    });
    let Err(Error::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("the disk is full"), "{text}");
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
    put(&store, &[("small", "fits")]);
    assert_eq!(integrity(&path), "ok");
}

#[test]
fn a_writer_that_never_ends_is_reported_as_busy() {
    let (_directory, path) = in_new_directory();
    write_one(&store_at(&path)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store = Sqlite { patience: Duration::from_millis(100), ..store_at(&path) };
    let Err(Error::Busy(text)) = write_one(&store) else { panic!("the lock was taken twice") };
    assert!(text.starts_with("100ms (SQLite file"), "{text}");
    // Readers do not block the writer, and the writer does not block them.
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
    other.execute_batch("ROLLBACK").unwrap();
    write_one(&store).unwrap();
}

#[test]
fn a_file_that_was_replaced_is_opened_again() {
    let (directory, path) = in_new_directory();
    let store = store_at(&path);
    put(&store, &[("a", "old")]);
    read_one(&store).unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert_eq!(read_one(&store), Ok(None));
    write_one(&store).unwrap();
    assert_eq!(read_one(&store_at(&path)), Ok(Some(b"1".to_vec())));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_a_new_file_and_an_existing_file_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt;

    let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (directory, path) = in_new_directory();
    let store = store_at(&path);
    write_one(&store).unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(rights(&path), 0o600, "{}", path.display());
    }
    drop(store);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    write_one(&store_at(&path)).unwrap();
    assert_eq!(rights(&path), 0o640);
}

#[test]
fn values_are_text_and_the_views_can_be_queried() {
    let (_directory, path) = in_new_directory();
    let store = store_at(&path);
    put(
        &store,
        &[
            ("scope/s", r#"{"id":"s","name":"private","scope_type":"private","is_default":true,"tags":{}}"#),
            ("pool/p", r#"{"id":"p","name":"top","cidrs":["10.0.0.0/8"],"rules":{"min_netmask_length":16}}"#),
            ("pool-cidr/c", r#"{"id":"c","pool_id":"p","cidr":"10.0.0.0/8","inline":true}"#),
            ("allocation/a", r#"{"id":"a","name":"web","pool_id":"p","cidr":"10.1.0.0/16","state":"active"}"#),
            ("event/00000001", r#"{"sequence":1,"action":"create","actor":{"owner":"me"},"after":{"id":"a"}}"#),
        ],
    );
    let connection = Connection::open(&path).unwrap();
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("SELECT DISTINCT typeof(value) FROM entries"), "text");
    assert_eq!(text("SELECT id || name || is_default FROM ipam_scopes"), "sprivate1");
    assert_eq!(text("SELECT id || cidrs || allocation_min_netmask_length FROM ipam_pools"), r#"p["10.0.0.0/8"]16"#);
    assert_eq!(text("SELECT pool_id || cidr || inline FROM ipam_pool_cidrs"), "p10.0.0.0/81");
    assert_eq!(text("SELECT name || cidr || state FROM ipam_allocations"), "web10.1.0.0/16active");
    assert_eq!(text("SELECT sequence || action || owner || after FROM ipam_events"), r#"1createme{"id":"a"}"#);
}

// Other processes: this test binary again, running the same test, which then does the work of the child.

/// The file that a child process works on.
const CHILD_PATH: &str = "STORE_TEST_CHILD_PATH";

/// The test `test` of this module, as a child that works on the file at `path`.
fn child(test: &str, path: &Path) -> Command {
    with_path(test_servers::child(module_path!(), test), path)
}

fn with_path(mut command: Command, path: &Path) -> Command {
    command.env(CHILD_PATH, path);
    command
}

/// In a child process: the store to work on.
fn child_store() -> Option<Sqlite> {
    std::env::var_os(CHILD_PATH).map(|path| store_at(Path::new(&path)))
}

#[test]
fn eight_processes_start_at_once_on_a_new_file_and_lose_nothing() {
    if let Some(store) = child_store() {
        return (0..25).for_each(|_| increment(&store, "count").unwrap());
    }
    let (_directory, path) = in_new_directory();
    let test = "eight_processes_start_at_once_on_a_new_file_and_lose_nothing";
    let children: Vec<_> = (0..8).map(|_| child(test, &path).spawn().unwrap()).collect();
    children.into_iter().for_each(|child| drop(succeed(child)));
    assert_eq!(get(&store_at(&path), "count"), Some(b"200".to_vec()));
    assert_eq!(integrity(&path), "ok");
}

#[test]
fn a_killed_process_leaves_whole_transactions_only() {
    if let Some(store) = child_store() {
        return write_pairs_until_killed(&store);
    }
    let (_directory, path) = in_new_directory();
    for round in 0..5 {
        let test = "a_killed_process_leaves_whole_transactions_only";
        let mut writer = child(test, &path).spawn().unwrap();
        // Wait for a number of lines, so that the kill comes at another moment in each round.
        hear(&mut writer, 4000 + 37 * round);
        writer.kill().unwrap();
        writer.wait().unwrap();
        let pair: Vec<_> = ["left", "right"].map(|key| get(&store_at(&path), key)).into();
        assert!(pair[0].is_some() && pair[0] == pair[1], "{pair:?}");
        assert_eq!(integrity(&path), "ok");
        increment(&store_at(&path), "count").unwrap();
    }
    assert_eq!(scan(&store_at(&path), "count".."d", Order::Ascending, 9), [("count".to_owned(), b"5".to_vec())]);
}

/// Changes two keys together, forever.
fn write_pairs_until_killed(store: &Sqlite) {
    for n in 0.. {
        let n = format!("{n:>9}");
        put(store, &[("left", &n), ("filler", &"x".repeat(20_000)), ("right", &n)]);
        println!("written");
    }
}

/// Write protection does not stop root, so the work is done by a child process without root's rights.
#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn without_privileges(test: &str, path: &Path) {
        let child = test_servers::unprivileged_child(module_path!(), test);
        succeed(with_path(child, path).spawn().unwrap());
    }

    fn find_read_only(store: &Sqlite) {
        assert_eq!(read_one(store), Ok(Some(b"1".to_vec())));
        let outcome = write_one(store);
        assert!(matches!(outcome, Err(Error::ReadOnly(_))), "{outcome:?}");
        assert_eq!(read_one(store), Ok(Some(b"1".to_vec())));
    }

    #[test]
    fn a_read_only_file_can_be_read_and_writes_are_refused() {
        if let Some(store) = child_store() {
            return find_read_only(&store);
        }
        let (_directory, path) = in_new_directory();
        write_one(&store_at(&path)).unwrap();
        allow(&path, 0o444);
        without_privileges("a_read_only_file_can_be_read_and_writes_are_refused", &path);
    }

    #[test]
    fn a_file_in_a_read_only_directory_can_be_read_and_writes_are_refused() {
        if let Some(store) = child_store() {
            return find_read_only(&store);
        }
        let (directory, path) = in_new_directory();
        write_one(&store_at(&path)).unwrap();
        allow(directory.path(), 0o555);
        without_privileges("a_file_in_a_read_only_directory_can_be_read_and_writes_are_refused", &path);
        allow(directory.path(), 0o755);
    }

    #[test]
    fn a_file_that_cannot_be_created_is_read_as_empty_and_is_unavailable_for_writes() {
        if let Some(store) = child_store() {
            assert_eq!(read_one(&store), Ok(None));
            let outcome = write_one(&store);
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
            return;
        }
        let (directory, path) = in_new_directory();
        allow(directory.path(), 0o555);
        without_privileges("a_file_that_cannot_be_created_is_read_as_empty_and_is_unavailable_for_writes", &path);
        allow(directory.path(), 0o755);
    }
}
