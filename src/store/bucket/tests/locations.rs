//! Tests of mistakes of every kind: each error is a sentence that says what to do, comes in time, and has no secrets.

use std::fs;
use std::io;
use std::time::Instant;

use test_servers::Proxy;

use super::*;
use crate::store::suite::SOON;

fn read_one(store: &Bucket) -> Result<Option<Vec<u8>>, Error> {
    let mut found = None;
    store.read(&mut |snapshot| snapshot.get("a").map(|value| found = value))?;
    Ok(found)
}

fn write_one(store: &Bucket) -> Result<(), Error> {
    store.write(&mut |tx| tx.put("a", b"1".to_vec()).map(|()| true))
}

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    let Err(Error::Unavailable(text)) = outcome else { panic!("{outcome:?}") };
    assert!(!text.contains(SECRET) && !text.contains(KEY_ID), "{text}");
    text
}

fn error_body(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>As asked.</Message></Error>")
}

#[test]
fn a_missing_bucket_is_reported() {
    let endpoint = S3::shared().endpoint();
    let store = open(&format!("s3://no-such-bucket/plan?endpoint={endpoint}"));
    for text in [unavailable(read_one(&store)), unavailable(write_one(&store))] {
        assert!(text.contains("the bucket no-such-bucket does not exist: create it"), "{text}");
    }
}

#[test]
fn the_refusals_of_a_server_are_reported_with_advice() {
    let proxy = Proxy::to(&S3::shared().address());
    let url = s3_url_at(&proxy.address());
    for (status, code, words) in [
        (403, "RequestTimeTooSkewed", "the clock of this machine is wrong: set it by NTP"),
        (403, "InvalidAccessKeyId", "does not know these credentials: check AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "does not know these credentials"),
        (400, "ExpiredToken", "the credentials for s3://"),
        (400, "AuthorizationHeaderMalformed", "is in another region: set AWS_REGION"),
        (301, "PermanentRedirect", "is in another region: set AWS_REGION"),
        (403, "AccessDenied", "Grant s3:GetObject on the objects and s3:ListBucket on the bucket"),
        (404, "NoSuchBucket", "does not exist: create it"),
    ] {
        proxy.answer_with(status, &error_body(code), 50);
        let began = Instant::now();
        let text = unavailable(read_one(&open(&url)));
        assert!(text.contains(words), "{code}: {text}");
        assert!(began.elapsed() < SOON, "{code}");
        unavailable(write_one(&open(&url)));
    }
    proxy.pass();
    assert_eq!(read_one(&open(&url)), Ok(None));
}

#[test]
fn read_only_credentials_can_read_and_their_errors_say_what_writing_needs() {
    let proxy = Proxy::to(&S3::shared().address());
    let url = s3_url_at(&proxy.address());
    write_one(&open(&url)).unwrap();
    let store = open(&url);
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
    proxy.answer_with(403, &error_body("AccessDenied"), 1);
    let outcome = write_one(&store);
    let Err(Error::ReadOnly(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("AccessDenied") && text.contains("grant s3:PutObject"), "{text}");
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
}

#[test]
fn a_server_without_conditional_writes_is_refused() {
    let proxy = Proxy::to(&S3::shared().address());
    let url = s3_url_at(&proxy.address());
    let store = open(&url);
    read_one(&store).unwrap();
    proxy.answer_with(501, &error_body("NotImplemented"), 1);
    let text = unavailable(write_one(&store));
    assert!(text.contains("Use a store that honours conditional writes"), "{text}");
}

#[test]
fn missing_credentials_are_reported_soon() {
    let began = Instant::now();
    let nowhere = [("HOME", "/nonexistent"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let text = unavailable(read_one(&open_in("s3://bucket/plan", &nowhere)));
    assert!(
        text.contains("no credentials were found for s3://bucket/plan. The provider looked for AWS_ACCESS_KEY_ID"),
        "{text}"
    );
    // A metadata service that does not exist, as on every machine outside of the cloud.
    let metadata = [("HOME", "/nonexistent"), ("AWS_METADATA_ENDPOINT", "http://169.254.169.254:1")];
    let text = unavailable(read_one(&open_in("s3://bucket/plan", &metadata)));
    assert!(text.contains("no credentials were found"), "{text}");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let text = unavailable(read_one(&open_in("az://container/plan", &[])));
    assert!(text.contains("set AZURE_STORAGE_ACCOUNT_NAME"), "{text}");
}

#[test]
fn unusable_credentials_are_reported_and_not_shown() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("google.json");
    fs::write(&file, format!("{{\"private_key\": \"{SECRET}\", \"type\": 7}}")).unwrap();
    let file = file.display().to_string();
    for (url, variables) in [
        ("gs://bucket/plan", [("GOOGLE_APPLICATION_CREDENTIALS", file.as_str()), ("HOME", "/nonexistent")]),
        ("gs://bucket/plan", [("GOOGLE_SERVICE_ACCOUNT_KEY", SECRET), ("HOME", "/nonexistent")]),
        ("az://bucket/plan?account=a", [("AZURE_STORAGE_ACCOUNT_KEY", SECRET), ("HOME", "/nonexistent")]),
        ("az://bucket/plan?account=a", [("AZURE_STORAGE_SAS_TOKEN", SECRET), ("HOME", "/nonexistent")]),
        ("s3://bucket/plan", [("AWS_SECRET_ACCESS_KEY", SECRET), ("HOME", "/nonexistent")]),
        ("s3://bucket/plan", [("AWS_PROFILE", "missing"), ("HOME", "/nonexistent")]),
    ] {
        let text = unavailable(read_one(&open_in(url, &variables)));
        assert!(!text.is_empty(), "{url}");
    }
}

#[test]
fn keys_come_from_a_profile() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    let text = format!("[team]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\nregion={}\n", S3::REGION);
    fs::write(home.path().join(".aws/credentials"), text).unwrap();
    let home = home.path().display().to_string();
    let url = s3_url();
    write_one(&open_in(&url, &[("HOME", &home), ("AWS_PROFILE", "team")])).unwrap();
    assert_eq!(read_one(&open_in(&format!("{url}&profile=team"), &[("HOME", &home)])), Ok(Some(b"1".to_vec())));
}

#[test]
fn encryption_is_requested_for_every_object() {
    let url = format!("{}&sse=aws:kms&sse_kms_key_id=alias%2Fplan", s3_url());
    write_one(&open(&url)).unwrap();
    let objects = open(&url).objects().unwrap();
    // moto answers a HEAD request with the encryption of the PUT request, and refuses unknown kinds.
    assert!(block_on(objects.written_at(&log_name(1))).unwrap().is_ok());
    let refused = open(&format!("{}&sse=AES256", s3_url()));
    assert_eq!(write_one(&refused), Ok(()));
}

#[test]
fn errors_of_a_disk_are_classified() {
    let location = StoreLocation::parse(&StoreUrl::new("file:///var/plan")).unwrap();
    let failure = |kind: io::ErrorKind| {
        let source = Box::new(io::Error::from(kind));
        RequestFailure::of(&object_store::Error::Generic { store: "file", source }, &location)
    };
    let RequestFailure::Final { error: Error::Unavailable(text), .. } = failure(io::ErrorKind::StorageFull) else {
        panic!("a full disk is final")
    };
    assert_eq!(text, "the disk is full: directory /var/plan");
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
        let error = failure(kind).into_write_error(&location);
        assert!(
            matches!(&error, Error::ReadOnly(text) if text.contains("grant this user write permission")),
            "{error:?}"
        );
    }
    assert!(matches!(failure(io::ErrorKind::NotFound), RequestFailure::Absent));
}

#[test]
fn a_file_where_a_directory_should_be_is_reported() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("plan"), "in the way").unwrap();
    let store = open(&directory_url(directory.path()));
    for text in [unavailable(read_one(&store)), unavailable(write_one(&store))] {
        assert!(text.contains("a part of its path is a file"), "{text}");
    }
}

#[test]
fn stale_temporary_files_are_harmless() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory_url(directory.path()));
    write_one(&store).unwrap();
    let log = directory.path().join("plan/log");
    // The file that a process leaves when it is killed in the middle of a write.
    fs::write(log.join(format!("{:020}#1", 2)), "half a comm").unwrap();
    assert_eq!(read_one(&open(&directory_url(directory.path()))), Ok(Some(b"1".to_vec())));
    increment(&store, "count").unwrap();
    assert_eq!(get(&open(&directory_url(directory.path())), "count"), Some(b"1".to_vec()));
}

/// Logs everything at TRACE in a child process, while it uses the store, which fails in several ways.
#[test]
fn secrets_are_in_no_log_at_trace() {
    let token = "planted-session-token";
    let variables = [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", token)];
    if let Ok(url) = std::env::var(CHILD_URL) {
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(io::stderr).init();
        let store = open_in(&url, &variables);
        write_one(&store).unwrap();
        read_one(&store).unwrap();
        for wrong in [url.replace("teams", "x/../y"), url.replace("s3://", "s3://no-")] {
            let error = StoreLocation::parse(&StoreUrl::new(&wrong))
                .map(|_| ())
                .and_then(|()| read_one(&open_in(&wrong, &variables)));
            eprintln!("{error:?}");
        }
        return;
    }
    let mut child = child(module_path!(), "secrets_are_in_no_log_at_trace");
    let error_body = succeed(child.env(CHILD_URL, s3_url()).spawn().unwrap());
    assert!(error_body.contains("TRACE"), "{error_body}");
    for planted in [SECRET, token] {
        assert!(!error_body.contains(planted), "{planted} is in a log");
    }
}

/// Write protection does not stop root, so the work is done by a child process without root's rights.
#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Makes a directory, and those in it, read-only or writable.
    fn protect(directory: &FilePath, is_protected: bool) {
        let mode = if is_protected { 0o555 } else { 0o755 };
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
        let inside = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        inside.filter(|path| path.is_dir()).for_each(|path| protect(&path, is_protected));
    }

    /// Runs the child's part of `test` on the store in this directory, in which it cannot create anything.
    fn on_protected(directory: &FilePath, test: &str) {
        protect(directory, true);
        let mut child = test_servers::unprivileged_child(module_path!(), test);
        succeed(child.env(CHILD_URL, directory_url(directory)).spawn().unwrap());
        protect(directory, false);
    }

    #[test]
    fn a_directory_that_cannot_be_written_can_be_read_and_writes_are_refused() {
        if let Some(store) = child_store() {
            assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
            let outcome = write_one(&store);
            assert!(matches!(outcome, Err(Error::ReadOnly(_))), "{outcome:?}");
            assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
            return;
        }
        let directory = TempDir::new().unwrap();
        write_one(&open(&directory_url(directory.path()))).unwrap();
        on_protected(directory.path(), "a_directory_that_cannot_be_written_can_be_read_and_writes_are_refused");
    }

    #[test]
    fn a_directory_that_cannot_be_created_is_not_available() {
        if let Some(store) = child_store() {
            assert_eq!(read_one(&store), Ok(None));
            let text = unavailable(write_one(&store));
            assert!(text.contains("the directory cannot be created"), "{text}");
            return;
        }
        let directory = TempDir::new().unwrap();
        on_protected(directory.path(), "a_directory_that_cannot_be_created_is_not_available");
    }
}
