//! PostgreSQL servers for tests.

mod binaries;
mod client;
mod scram;
pub(crate) mod tls;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use url::Url;

use crate::machine::{Account, free_port, last_lines, random_word, scratch_directory};
use crate::watchdog::{Job, Watchdog, command, kill};
use crate::{ASK_AGAIN, START_LIMIT};

/// The superuser of the servers that this crate starts.
const SUPERUSER: &str = "ipam_admin";

/// Variable with the URL of an existing server, for [`Postgres::shared`].
const VARIABLE: &str = "IPAM_TEST_POSTGRES";

/// Number of ports that are tried, because another process may take a port that was free.
const PORTS_MAX: usize = 5;

static SHARED: OnceLock<Postgres> = OnceLock::new();

/// A PostgreSQL server.
///
/// It requires passwords (SCRAM), writes commits to the disk (`fsync`), allows 100 connections, and offers TLS under
/// the name `localhost`. A test with a separate server may switch TLS off: `ALTER SYSTEM SET ssl = off`, then `SELECT
/// pg_reload_conf()`.
#[derive(Debug)]
pub struct Postgres {
    /// The URL of the superuser, with the database `postgres`.
    url: Url,
    /// `None` for a server that this crate did not start.
    own: Option<Own>,
}

/// The parts of a server that this crate started.
#[derive(Debug)]
struct Own {
    directory: PathBuf,
    programs: PathBuf,
    account: Option<Account>,
    offers_tls: bool,
    /// `None` after the server was killed.
    running: Mutex<Option<Watchdog>>,
}

impl Postgres {
    /// The server of this test process: the one in `IPAM_TEST_POSTGRES` (the URL of a superuser, reached without TLS),
    /// or else one that is started at the first call and ends with the process.
    ///
    /// # Panics
    /// Panics if there is none and none can be started; the message names what to install.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(url) if !url.is_empty() => Self::of_somebody_else(&url),
            _ => Self::start(),
        })
    }

    fn of_somebody_else(url: &str) -> Self {
        let parsed = Url::parse(url).ok().filter(|url| url.scheme().starts_with("postgres") && url.has_host());
        let url = parsed
            .unwrap_or_else(|| panic!("{VARIABLE} is not a URL such as postgres://user:password@host:5432/postgres"));
        let server = Self { url, own: None };
        if let Err(why) = client::run(&server.url, "postgres", "SELECT 1") {
            panic!("the server in {VARIABLE} does not answer: {why}");
        }
        server
    }

    /// Starts a separate server. It is stopped, and its directory removed, when it is dropped or the process ends.
    ///
    /// # Panics
    /// Panics if none can be started; the message names what to install.
    pub fn start() -> Self {
        let password = random_word();
        let own = Own::initialised(&password);
        let url = |port: u16| {
            let place = format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres");
            // On a busy machine a login takes longer than the seconds that clients usually wait.
            let text = format!("{place}?sslmode=disable&connect_timeout=60");
            Url::parse(&text).expect("this is a URL")
        };
        for _ in 0..PORTS_MAX {
            let url = url(free_port());
            if own.run(&url) {
                return Self { url, own: Some(own) };
            }
        }
        panic!("PostgreSQL did not start:\n{}", last_lines(&own.log()));
    }

    /// The URL of a database, with user and password of the superuser.
    pub fn url(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }

    /// Makes a new, empty database and returns its name.
    pub fn create_database(&self) -> String {
        let name = format!("ipam_test_{}", random_word());
        self.admin(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        name
    }

    /// Runs SQL as superuser in the database `postgres`. Each row becomes a line, with `|` between the columns.
    ///
    /// # Panics
    /// Panics if the server refuses the SQL, with its message.
    #[track_caller]
    pub fn admin(&self, sql: &str) -> String {
        self.admin_in("postgres", sql)
    }

    /// Runs SQL as superuser in another database.
    ///
    /// # Panics
    /// Panics if the server refuses the SQL, with its message.
    #[track_caller]
    pub fn admin_in(&self, database: &str, sql: &str) -> String {
        match client::run(&self.url, database, sql) {
            Ok(rows) => rows,
            Err(why) => panic!("{sql}\n{why}"),
        }
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(5432)
    }

    /// The certificate authority (a PEM file) of the server's certificate, which is for the host name `localhost`.
    ///
    /// # Panics
    /// Panics if the server is the one in `IPAM_TEST_POSTGRES`, or if its programs lack TLS.
    pub fn tls_root(&self) -> PathBuf {
        let own = self.own();
        assert!(
            own.offers_tls,
            "this test needs TLS, and the PostgreSQL in {} was built without it: install another one (Debian and Ubuntu: \
             apt install postgresql)",
            own.programs.display()
        );
        own.directory.join(tls::ROOT)
    }

    /// Sends SIGKILL to all processes of the server: it finishes no work, and sends no message to clients.
    ///
    /// # Panics
    /// Panics if the server is the one in `IPAM_TEST_POSTGRES`.
    pub fn kill(&self) {
        let own = self.own();
        let mut running = own.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watchdog) = running.take() else { return };
        own.kill();
        watchdog.stop();
    }

    /// Starts the server again after [`kill`](Self::kill), on the same port with the same data, and waits until it
    /// answers.
    ///
    /// # Panics
    /// Panics if the server is the one in `IPAM_TEST_POSTGRES`, or if it does not answer.
    pub fn restart(&self) {
        let own = self.own();
        self.kill();
        let start = Instant::now();
        // Another process may use the port for a moment, as one end of a connection.
        while !own.run(&self.url) {
            assert!(start.elapsed() < START_LIMIT, "PostgreSQL did not start again:\n{}", last_lines(&own.log()));
            thread::sleep(ASK_AGAIN);
        }
    }

    fn own(&self) -> &Own {
        self.own.as_ref().unwrap_or_else(|| panic!("this test needs Postgres::start(), not the server in {VARIABLE}"))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        match self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(watchdog) => watchdog.remove(),
            None => drop(fs::remove_dir_all(&self.directory)),
        }
    }
}

impl Own {
    /// Makes a data directory and certificates, without starting a server.
    fn initialised(password: &str) -> Self {
        let (directory, account) = scratch_directory("ipam-postgres-");
        let mut own =
            Self { directory, programs: PathBuf::new(), account, offers_tls: false, running: Mutex::new(None) };
        own.programs = binaries::find(account, &own.directory);
        initialise(&own.programs, &own.directory, account, password);
        own.offers_tls = is_built_with_tls(&own.programs, &own.directory, account);
        if own.offers_tls {
            tls::configure(&own.data().join("postgresql.conf"), &own.directory);
        }
        own
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Starts the server and waits until it answers. Returns `false` if it ended instead.
    fn run(&self, url: &Url) -> bool {
        let (log, directory) = (self.log(), self.directory.as_path());
        let job = Job { directory, log: &log, account: self.account, signal: "QUIT", environment: &[] };
        let watchdog = Watchdog::start(&job, &self.programs.join("postgres"), &self.arguments(url));
        let start = Instant::now();
        loop {
            if client::run(url, "postgres", "SELECT 1").is_ok() && self.has_port(url) {
                *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(watchdog);
                return true;
            }
            if watchdog.has_server_ended() || start.elapsed() > START_LIMIT {
                watchdog.stop();
                return false;
            }
            thread::sleep(ASK_AGAIN);
        }
    }

    /// Whether this server listens on the port of `url`: its file names the port.
    fn has_port(&self, url: &Url) -> bool {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        text.lines().nth(3).and_then(|line| line.trim().parse().ok()) == url.port()
    }

    fn arguments(&self, url: &Url) -> Vec<String> {
        let mut arguments = vec!["-D".to_owned(), self.data().display().to_string()];
        let mut set = |name: &str, value: &str| arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        set("listen_addresses", "127.0.0.1");
        set("port", &url.port().unwrap_or(5432).to_string());
        set("unix_socket_directories", "");
        set("max_connections", "100");
        set("fsync", "on");
        arguments
    }

    /// Kills the first process of the server, then those that it started: each leads a process group, and would notice
    /// the end of the first one only at its next wait. Without `/proc` the others end when they notice it.
    fn kill(&self) {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let Some(first) = text.lines().next().and_then(|line| line.trim().parse().ok()) else { return };
        let others = children(first);
        kill(&[first]);
        kill(&others);
    }
}

/// Running processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // Fields of stat: id, name in parentheses, state, parent.
    let parent_of = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    ids.filter(|id| parent_of(*id) == Some(parent)).collect()
}

/// Makes the data directory and the certificates.
fn initialise(programs: &Path, directory: &Path, account: Option<Account>, password: &str) {
    let password_file = directory.join("password");
    fs::write(&password_file, scram::verifier(password)).expect("a scratch directory can be written");
    tls::write(directory);
    if let Some(account) = account {
        account.own(directory);
    }
    let mut initdb = command(&programs.join("initdb"), account);
    initdb.args(["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync", "--username", SUPERUSER]);
    initdb.arg("--pwfile").arg(&password_file).arg("-D").arg(directory.join("data")).current_dir(directory);
    let output = initdb.output().unwrap_or_else(|error| panic!("initdb does not start: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "initdb in {} failed:\n{text}", programs.display());
    fs::remove_file(password_file).expect("the password file can be removed");
}

/// Whether the server has TLS: a server that was built without TLS refuses even the setting.
fn is_built_with_tls(programs: &Path, directory: &Path, account: Option<Account>) -> bool {
    let mut postgres = command(&programs.join("postgres"), account);
    postgres.args(["-C", "ssl", "-c", "ssl=on", "-D"]).arg(directory.join("data")).current_dir(directory);
    postgres.output().is_ok_and(|output| output.status.success())
}
