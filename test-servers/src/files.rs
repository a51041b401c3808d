//! An HTTPS server for the files of a directory, such as a mirror of providers.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::postgres::tls;

/// Longest time that a client may need for a request.
const LIMIT: Duration = Duration::from_secs(60);

/// A server on a free port of this machine. It ends when it is dropped. Its certificate is for the host name `localhost`.
#[derive(Debug)]
pub struct Files {
    address: SocketAddr,
    certificates: TempDir,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    has_ended: AtomicBool,
    /// The paths that clients asked for.
    asked: Mutex<Vec<String>>,
}

impl Files {
    /// Serves the files below `directory`.
    ///
    /// # Panics
    /// Panics if this machine has no free port, or the certificates cannot be made.
    pub fn serve(directory: &Path) -> Self {
        let certificates = tempfile::tempdir().expect("a scratch directory");
        tls::write(certificates.path());
        let settings = Arc::new(settings(certificates.path()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared =
            Arc::new(Shared { directory: directory.to_owned(), has_ended: false.into(), asked: Mutex::default() });
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if server.has_ended.load(Ordering::SeqCst) {
                    return;
                }
                let (server, settings) = (Arc::clone(&server), Arc::clone(&settings));
                // An error, such as a client that does not trust the certificate, ends this connection only.
                thread::spawn(move || answer(stream, settings, &server).ok());
            }
        });
        Self { address, certificates, shared }
    }

    /// The URL of the directory, with a slash at its end.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.address.port())
    }

    /// The certificate authority (a PEM file) of the server's certificate.
    pub fn authority(&self) -> PathBuf {
        self.certificates.path().join(tls::ROOT)
    }

    /// The paths that clients asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::SeqCst);
        // This wakes the thread that waits for connections.
        TcpStream::connect(self.address).ok();
    }
}

fn settings(certificates: &Path) -> ServerConfig {
    let chain = CertificateDer::from_pem_file(certificates.join(tls::CERTIFICATE)).expect("the certificate was made");
    let key = PrivateKeyDer::from_pem_file(certificates.join(tls::KEY)).expect("the key was made");
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![chain], key))
        .expect("the certificate and the key belong together")
}

/// Answers one request and closes the connection.
fn answer(stream: TcpStream, settings: Arc<ServerConfig>, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    let connection = ServerConnection::new(settings).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut request = String::new();
    {
        let mut lines = BufReader::new(&mut stream);
        lines.read_line(&mut request)?;
        let mut header = String::new();
        while lines.read_line(&mut header)? > 2 {
            header.clear();
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
    let file = Path::new(&path);
    let is_inside = file.components().all(|part| matches!(part, Component::Normal(_)));
    let content = if is_inside { fs::read(shared.directory.join(file)).ok() } else { None };
    let kind = if path.ends_with(".json") { "application/json" } else { "application/octet-stream" };
    let (status, content) = content.map_or(("404 Not Found", Vec::new()), |content| ("200 OK", content));
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content.len()
    )?;
    stream.write_all(&content)?;
    stream.conn.send_close_notify();
    stream.flush()
}
