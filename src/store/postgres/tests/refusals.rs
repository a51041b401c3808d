//! Tests of servers that cannot be reached or refuse the login: the error explains it, comes soon, and does not contain
//! the password.

use std::net::TcpListener;
use std::time::Instant;

use test_servers::address_without_server;

use super::*;
use crate::backend::explain;
use crate::store::suite::SOON;

const PLANTED: &str = "pl4nted";

/// Reads and writes at a URL where both must fail; answers the error text, which must be the same for both.
fn failure(url: &str) -> String {
    let store = store_at(url);
    let mut messages = Vec::new();
    for work in [&|store: &dyn Store| read_one(store).map(|_| ()), &write_one as &dyn Fn(&dyn Store) -> _] {
        let begun = Instant::now();
        let outcome = work(&store);
        assert!(begun.elapsed() < SOON, "{:?}: {outcome:?}", begun.elapsed());
        let Err(error @ Error::Unavailable(_)) = outcome else { panic!("{outcome:?}") };
        let shown = format!("{error} {error:?} {:?}", explain(&crate::ipam::Error::Store(error.clone())));
        assert!(!shown.contains(PLANTED), "{shown}");
        messages.push(error.to_string());
    }
    assert_eq!(messages[0], messages[1]);
    messages.remove(0)
}

#[test]
fn bad_logins_are_explained_without_the_password() {
    let database = server().create_database();
    let (role, url) = new_role(&database, "known");
    for (url, words) in [
        (url_of(&url, &role, PLANTED), vec!["28P01", "PGPASSWORD", "pg_hba.conf"]),
        (url_of(&url, "nobody_at_all", PLANTED), vec!["28P01", "Check the user and the password"]),
        (url_of(&url, &role, ""), vec!["requires a password, and there is none", "~/.pgpass"]),
        (url.replace(&format!("/{database}"), "/no_such_db"), vec!["3D000", "createdb no_such_db", "PGDATABASE"]),
    ] {
        let text = failure(&url);
        for words in words {
            assert!(text.contains(words), "{text}");
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let text = failure(&format!("postgres://me:{PLANTED}@{}/x", address_without_server()));
    assert!(text.contains("refused") && text.contains("that the server runs"), "{text}");
    let text = failure(&format!("postgres://me:{PLANTED}@no-such-host.invalid/x"));
    assert!(text.contains("no-such-host.invalid:5432: the name is not known"), "{text}");
    let text = failure(&format!("postgres://me:{PLANTED}@%2Fno%2Fsuch%2Fplace/x"));
    assert!(text.contains("/no/such/place"), "{text}");
}

#[test]
fn a_server_that_accepts_and_stays_silent_is_an_error() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = failure(&format!("postgres://me:{PLANTED}@127.0.0.1:{port}/x?connect_timeout=1"));
    assert!(text.contains(&format!("127.0.0.1:{port} did not answer in time")), "{text}");
    let begun = Instant::now();
    read_one(&store_at(&format!("postgres://me:{PLANTED}@127.0.0.1:{port}/x"))).unwrap_err();
    assert!(begun.elapsed() >= Duration::from_secs(4) && begun.elapsed() < SOON);
}

#[test]
fn the_next_host_is_tried_when_one_is_silent_or_gone() {
    let database = server().create_database();
    let gone = address_without_server();
    let stalled = TcpListener::bind("127.0.0.1:0").unwrap();
    let stalled_port = stalled.local_addr().unwrap().port();
    let url = server().url(&database);
    let (login, _) = url.split_once('@').unwrap();
    let hosts = format!("{gone},127.0.0.1:{stalled_port},127.0.0.1:{}", server().port());
    let store = store_at(&format!("{login}@{hosts}/{database}?sslmode=disable&connect_timeout=12"));
    write_one(&store).unwrap();
    assert_eq!(read_one(&store), Ok(Some(b"1".to_vec())));
}

#[test]
fn a_server_without_tls_is_reported_when_tls_is_required() {
    // A listener that answers like a server without TLS.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in plain.incoming().take(2) {
            let mut stream = stream.unwrap();
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(b"N").unwrap();
        }
    });
    let text = failure(&format!("postgres://me:{PLANTED}@127.0.0.1:{port}/x?sslmode=require"));
    assert!(text.contains("does not offer TLS"), "{text}");
}

#[test]
fn the_password_file_is_used_last() {
    let database = server().create_database();
    let (role, url) = new_role(&database, "filed");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pass");
    std::fs::write(&path, format!("*:*:{database}:{role}:role-secret\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let url = format!("{}&passfile={}", url_of(&url, &role, ""), path.display());
    assert_eq!(read_one(&store_at(&url)), Ok(None));
    let text = failure(&format!("{url}&password={PLANTED}"));
    assert!(text.contains("28P01"), "{text}");
}

#[test]
fn logs_of_every_level_leave_secrets_out() {
    let database = server().create_database();
    let (role, url) = new_role(&database, "logged");
    let place = tempfile::NamedTempFile::new().unwrap();
    let log = Arc::new(place.reopen().unwrap());
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::level_filters::LevelFilter::TRACE).with_writer(log).finish();
    tracing::subscriber::with_default(subscriber, || {
        tracing::trace!("the log works");
        failure(&url_of(&url, &role, PLANTED));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pass");
        std::fs::write(&path, format!("*:*:*:{role}:{PLANTED}\n")).unwrap();
        failure(&format!("{}&passfile={}", url_of(&url, &role, ""), path.display()));
        let store = store_at(&url);
        write_one(&store).unwrap_err();
        read_one(&store).unwrap();
    });
    let log = std::fs::read_to_string(place.path()).unwrap();
    assert!(log.contains("the log works") && log.contains("the password file is not used"), "{log}");
    assert!(!log.contains(PLANTED) && !log.contains("role-secret"), "{log}");
}
