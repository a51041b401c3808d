//! An S3 server: moto.

use std::sync::OnceLock;

use crate::machine::random_word;
use crate::moto::Moto;

/// Starts moto. Its PUT checks whether an object exists and then writes it, so two requests may both find no object. In
/// S3 that is one step, so here the PUTs wait for each other.
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

/// A signature of no real user: moto checks only whether a request is signed.
const SIGNATURE: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
                         SignedHeaders=host, Signature=0\r\n";

static SHARED: OnceLock<S3> = OnceLock::new();

/// An S3 server. Buckets are part of the path (`http://127.0.0.1:port/bucket/key`).
///
/// It accepts any credentials, but clients need some: set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` to any
/// values, set `AWS_REGION` to [`REGION`](Self::REGION), and allow plain HTTP. It keeps everything in memory, so its
/// content is lost when it ends.
#[derive(Debug)]
pub struct S3 {
    moto: Moto,
}

impl S3 {
    /// The region of its buckets.
    pub const REGION: &str = "us-east-1";

    /// The server of this test process, which is started at the first call and ends with the process.
    ///
    /// # Panics
    /// Panics if the server cannot be started; the message names what to install.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    /// Starts a separate server. It is stopped when it is dropped or the process ends.
    ///
    /// # Panics
    /// Panics if the server cannot be started; the message names what to install.
    pub fn start() -> Self {
        Self { moto: Moto::start("an S3 server", SERVER) }
    }

    /// The URL of the server: `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The address of the server: `127.0.0.1:port`.
    pub fn address(&self) -> String {
        self.moto.address()
    }

    /// Makes a new bucket and returns its name.
    pub fn create_bucket(&self) -> String {
        let name = format!("ipam-test-{}", random_word());
        let answer = self.ask("PUT", &format!("/{name}"), "");
        assert!(answer.as_deref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")), "no bucket: {answer:?}");
        name
    }

    /// Sets whether objects in this bucket may be written and deleted, by the policy of the bucket.
    ///
    /// # Panics
    /// Panics if the server refuses the policy.
    pub fn set_writable(&self, bucket: &str, is_writable: bool) {
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::{bucket}/*"}}]}}"#
        );
        let path = format!("/{bucket}?policy");
        let answer = if is_writable { self.ask("DELETE", &path, "") } else { self.ask("PUT", &path, &policy) };
        assert!(answer.as_deref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 2")), "no policy: {answer:?}");
    }

    /// Sends SIGKILL. The content of the server is lost.
    pub fn kill(&self) {
        self.moto.kill();
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        self.moto.ask(method, path, SIGNATURE, body)
    }
}
