//! PostgreSQL starts, can be killed and restarted, and always ends with its test process.

use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use test_servers::Postgres;

/// Variable in the environment of this test program when it runs itself again.
const CHILD: &str = "TEST_SERVERS_CHILD";

fn is_listening(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_server_serves_the_whole_process() {
    let server = Postgres::shared();
    assert_eq!(server.port(), Postgres::shared().port());
    assert_eq!(server.admin("SELECT 1, NULL, 'b' UNION ALL SELECT 2, 'x', 'c' ORDER BY 1"), "1||b\n2|x|c");
    assert_eq!(server.admin("SHOW fsync; SHOW max_connections"), "on\n100");
}

#[test]
fn databases_are_new_and_empty() {
    let server = Postgres::shared();
    let (one, two) = (server.create_database(), server.create_database());
    assert_ne!(one, two);
    server.admin_in(&one, "CREATE TABLE t (a int); INSERT INTO t VALUES (7)");
    assert_eq!(server.admin_in(&one, "SELECT a FROM t"), "7");
    assert_eq!(server.admin_in(&two, "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0");
    assert!(server.url(&one).contains(&format!("@127.0.0.1:{}/{one}?sslmode=disable", server.port())));
}

#[test]
#[should_panic(expected = "nonsense")]
fn refusals_of_the_server_are_reported() {
    Postgres::shared().admin("SELECT nonsense");
}

#[test]
fn a_killed_server_comes_back_with_what_was_committed() {
    let server = Postgres::start();
    let port = server.port();
    server.admin("CREATE TABLE t (a int); INSERT INTO t VALUES (7)");
    server.kill();
    assert!(!is_listening(port));
    server.restart();
    assert_eq!((server.port(), server.admin("SELECT a FROM t").as_str()), (port, "7"));
    drop(server);
    assert!(!is_listening(port));
}

#[test]
fn tls_is_offered_for_localhost() {
    let server = Postgres::start();
    let root = server.tls_root();
    assert_eq!(server.admin("SHOW ssl"), "on");
    assert!(std::fs::read_to_string(root).unwrap().starts_with("-----BEGIN CERTIFICATE"));
    server.admin("ALTER SYSTEM SET ssl = off");
    server.admin("SELECT pg_reload_conf()");
    wait_until("TLS to be off", || server.admin("SHOW ssl") == "off");
}

/// The process that the next test kills; it is not a test by itself.
#[test]
fn child_that_is_killed() {
    if std::env::var_os(CHILD).is_some() {
        let server = Postgres::start();
        println!("\nchild {} {}", server.port(), server.admin("SHOW data_directory"));
        // Waits until it is killed, or until the next test has failed.
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }
}

#[test]
fn a_server_ends_when_the_test_process_is_killed() {
    let mut child = test_servers::child(module_path!(), "child_that_is_killed");
    let mut child = child.env(CHILD, "1").stdin(Stdio::piped()).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let told = lines.map_while(Result::ok).find(|line| line.starts_with("child ")).unwrap();
    let (port, directory) = told["child ".len()..].split_once(' ').unwrap();
    let (port, directory) = (port.parse().unwrap(), Path::new(directory));
    assert!(is_listening(port) && directory.is_dir());
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the server to end", || !is_listening(port));
    wait_until("its directory to go", || !directory.exists());
}
