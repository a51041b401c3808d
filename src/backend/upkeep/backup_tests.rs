use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::backend::Local;
use crate::backend::prelude::*;
use crate::ipam::{Actor, Planned, ScopeSpec, ScopeType, Tags};

fn ipam() -> Local {
    let local = Local::open("memory:", None, Actor::default()).unwrap();
    let spec = ScopeSpec {
        name: "lab".into(),
        scope_type: ScopeType::Private,
        description: None,
        tags: Tags::new(),
        ipam_id: None,
    };
    local.create_scope(&spec, &Planned::Unknown).unwrap();
    local
}

fn never() -> bool {
    false
}

fn write(to: &Destination, overwrite: bool) -> Result<Backup, BackupFailure> {
    to.write(&ipam(), overwrite, &mut |_, _, _| (), &never)
}

/// The reason of a failure, in a word.
fn word<T>(outcome: Result<T, BackupFailure>) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(BackupFailure::Exists) => "exists",
        Err(BackupFailure::NotABackup) => "not a backup",
        Err(BackupFailure::Unusable(_)) => "unusable",
        Err(BackupFailure::Ended) => "ended",
        Err(BackupFailure::Refused(_)) => "refused",
    }
}

#[test]
fn a_backup_replaces_a_backup_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.json");
    let to = Destination::File(path.clone());
    assert_eq!(word(to.check(false)), "done");
    assert!(!path.exists(), "a check writes nothing");
    assert_eq!(write(&to, false).unwrap().exported.records.scopes, 3);
    let first = fs::read_to_string(&path).unwrap();
    assert_eq!((word(to.check(false)), word(write(&to, false))), ("exists", "exists"));
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
    assert_eq!((word(to.check(true)), word(write(&to, true))), ("done", "done"));

    for other in
        ["{\"version\": 4, \"serial\": 7}", "SQLite format 3\0", "{\"format\":\"terraform-provider-ipam/exporter\""]
    {
        fs::write(&path, other).unwrap();
        assert_eq!((word(to.check(true)), word(write(&to, true))), ("not a backup", "not a backup"), "{other}");
        assert_eq!(word(write(&to, false)), "exists", "{other}");
        assert_eq!(fs::read_to_string(&path).unwrap(), other, "it is as it was");
    }
    // What an interrupted copy leaves has nothing to lose; another program may have formatted a backup.
    let formatted = "{\n  \"format\": \"terraform-provider-ipam/export\",\n  \"version\": 1\n}";
    for replaced in ["", formatted] {
        fs::write(&path, replaced).unwrap();
        assert_eq!(word(write(&to, true)), "done", "{replaced}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_destination_that_is_no_file_is_refused_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::create_dir(place.join("directory")).unwrap();
    for (path, words) in [
        (place.join("directory"), "it is a directory, and must be a file"),
        (place.join("no/such/ipam.json"), "its directory does not exist"),
        (place.join("new/"), "it names a directory, and not a file in it"),
        (place.join(".."), "it names a directory, and not a file in it"),
    ] {
        for overwrite in [false, true] {
            let to = Destination::File(path.clone());
            let Err(BackupFailure::Unusable(told)) = to.check(overwrite) else { panic!("{path:?}") };
            assert!(told.contains(words) && told.ends_with('.'), "{told}");
            assert_eq!(word(write(&to, overwrite)), "unusable");
        }
    }
    assert_eq!(fs::read_dir(place).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_when_a_backup_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (link, target) = (directory.path().join("link"), directory.path().join("target"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let to = Destination::File(link.clone());
    assert_eq!(word(write(&to, false)), "exists", "a link without a target has the name");
    fs::write(&target, "precious").unwrap();
    assert_eq!(word(write(&to, true)), "not a backup");
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

#[test]
fn an_interrupted_backup_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipam.json");
    let asked = AtomicU64::new(0);
    let soon = || asked.fetch_add(1, Ordering::SeqCst) > 3;
    let to = Destination::File(path);
    assert_eq!(word(to.write(&ipam(), false, &mut |_, _, _| (), &soon)), "ended");
    assert!(asked.load(Ordering::SeqCst) > 3, "the export had begun");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[cfg(feature = "object-storage")]
#[test]
fn the_url_of_an_object_is_refused_without_its_secrets() {
    for (url, words) in [
        ("", "does not start with"),
        ("backup.json", "does not start with"),
        ("file:///backup/s3cret.json", "does not start with"),
        ("https://bucket.s3.amazonaws.com/s3cret", "does not start with"),
        ("s3://me:s3cret@bucket/a.json", "contains credentials"),
        ("s3://bucket", "does not name an object in the bucket"),
        ("s3://bucket/folder/", "does not name an object in the bucket"),
        ("s3://bucket/a.json?s3cret=1", "a parameter that s3 stores do not have"),
        ("gs://bucket/a.json?region=s3cret", "a parameter that gs stores do not have"),
    ] {
        let Err(BackupFailure::Unusable(told)) = Destination::object(url) else { panic!("{url} was taken") };
        assert!(told.contains(words) && !told.contains("s3cret") && !told.contains("store URL"), "{url}: {told}");
    }
    let object = Destination::object("s3://bucket/backups/a.json?region=eu-west-1").ok().unwrap();
    assert_eq!(object.describe(), "s3://bucket/backups/a.json");
}
