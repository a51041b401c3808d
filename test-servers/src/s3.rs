//! An S3 server: moto.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::install::Python;
use crate::machine::{free_port, last_lines, random_word};
use crate::watchdog::{Job, Watchdog};
use crate::{ASK_AGAIN, START_LIMIT};

/// Seen to refuse (412) a PUT with `If-None-Match: *` on an object that is there.
const PACKAGE: &str = "moto[server,s3]==5.2.5";

/// Starts moto, whose PUT looks whether an object is there and then writes it: two requests may both find nothing. In S3
/// that is one step, so here one PUT waits for the other.
const SERVER: &str = "
import threading
from moto.s3 import responses
from moto.server import main

lock = threading.Lock()
put_object = responses.S3Response.put_object

def one_after_the_other(self):
    with lock:
        return put_object(self)

responses.S3Response.put_object = one_after_the_other
main()
";

/// Of nobody: moto looks only whether a request is signed.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// How often another port is tried when somebody took the one that was free.
const PORTS_MAX: usize = 5;

/// An answer takes no longer.
const LIMIT: Duration = Duration::from_secs(30);

static SHARED: OnceLock<S3> = OnceLock::new();

/// An S3 server. Buckets are part of the path (`http://127.0.0.1:port/bucket/key`).
///
/// It takes any credentials, but clients want to have some: set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` to
/// anything, `AWS_REGION` to [`REGION`](Self::REGION), and allow plain HTTP. It keeps everything in memory: what was
/// in it is gone when it ends.
#[derive(Debug)]
pub struct S3 {
    port: u16,
    directory: PathBuf,
    /// `None`: killed.
    running: Mutex<Option<Watchdog>>,
}

impl S3 {
    /// The region of its buckets.
    pub const REGION: &str = "us-east-1";

    /// The server of this test process, started when first asked for; it ends with the process.
    ///
    /// # Panics
    /// When it cannot be had; the message says what to install.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    /// A server of one's own. It is stopped when it is dropped or the process ends.
    ///
    /// # Panics
    /// When it cannot be had; the message says what to install.
    pub fn start() -> Self {
        let installed = Python::find().and_then(|python| Ok((python.install(PACKAGE, true)?, python)));
        let (packages, python) = installed.unwrap_or_else(|why| {
            panic!("These tests need an S3 server, and fetch the package {PACKAGE} from PyPI, which failed: {why}")
        });
        let directory = tempfile::Builder::new().prefix("ipam-s3-").tempdir().expect("a scratch directory").keep();
        let mut server = Self { port: 0, directory, running: Mutex::new(None) };
        for _ in 0..PORTS_MAX {
            server.port = free_port();
            if server.run(&python, &packages.display().to_string()) {
                return server;
            }
        }
        panic!("moto did not start:\n{}", last_lines(&server.directory.join("log")));
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Makes a new bucket and returns its name.
    pub fn create_bucket(&self) -> String {
        let name = format!("ipam-test-{}", random_word());
        let answer = self.ask("PUT", &format!("/{name}"), "");
        assert!(answer.as_deref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")), "no bucket: {answer:?}");
        name
    }

    /// Whether objects in this bucket may be written and deleted, by its policy.
    ///
    /// # Panics
    /// When the server refuses the policy.
    pub fn set_writable(&self, bucket: &str, is_writable: bool) {
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::{bucket}/*"}}]}}"#
        );
        let path = format!("/{bucket}?policy");
        let answer = if is_writable { self.ask("DELETE", &path, "") } else { self.ask("PUT", &path, &policy) };
        assert!(answer.as_deref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 2")), "no policy: {answer:?}");
    }

    /// SIGKILL. What was in it is gone.
    pub fn kill(&self) {
        if let Some(watchdog) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            watchdog.stop();
        }
    }

    /// Starts the server and waits until it answers; `false` when it ended instead.
    fn run(&self, python: &Python, packages: &str) -> bool {
        let log = self.directory.join("log");
        // Its own word says that it is this server which answers, and not one that had the port before.
        let port = self.port.to_string();
        let environment = [("PYTHONPATH", packages), ("PYTHONNOUSERSITE", "1"), ("PYTHONUNBUFFERED", "1")];
        let job =
            Job { directory: &self.directory, log: &log, account: None, signal: "KILL", environment: &environment };
        let arguments = ["-c", SERVER, "-H", "127.0.0.1", "-p", &port].map(str::to_owned);
        let watchdog = Watchdog::start(&job, &python.program, &arguments);
        let start = Instant::now();
        loop {
            let listens =
                fs::read_to_string(&log).unwrap_or_default().contains(&format!("Running on http://127.0.0.1:{port}"));
            if listens && self.ask("GET", "/moto-api/", "").is_ok() {
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

    /// One request; the whole answer as text.
    fn ask(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address())?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {SIGNATURE}\r\n", self.address())?;
        write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        match self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(watchdog) => watchdog.remove(),
            None => drop(fs::remove_dir_all(&self.directory)),
        }
    }
}
