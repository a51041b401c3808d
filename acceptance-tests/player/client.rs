//! Starts the provider as go-plugin does, and calls it over mutual TLS.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P521_SHA512,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use terraform_provider_ipam::protocol::MESSAGE_SIZE_MAX;
use terraform_provider_ipam::protocol::wire::provider_client::ProviderClient;
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

pub const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// Longest time for any action of the plugin before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A certificate as go-plugin's clients make them: P-521, self-signed, and a CA.
pub struct Identity {
    pub pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), certificate: certificate.der().clone(), key: key.serialize_der() }
    }

    /// An impostor: this certificate, with a key that does not match it.
    pub fn with_key_of(&self, other: &Self) -> Self {
        Self { pem: self.pem.clone(), certificate: self.certificate.clone(), key: other.key.clone() }
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

/// The fields of the handshake line.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub line: String,
    pub version: String,
    pub socket: PathBuf,
    /// The certificate of the provider in DER; `None` without TLS.
    pub certificate: Option<CertificateDer<'static>>,
}

impl Handshake {
    fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.split('|').collect();
        let [core, version, network, address, "grpc", certificate] = fields[..] else {
            panic!("not a handshake: {line:?}")
        };
        assert_eq!((core, network), ("1", "unix"), "{line:?}");
        let certificate =
            (!certificate.is_empty()).then(|| STANDARD_NO_PAD.decode(certificate).expect("unpadded base64").into());
        Self { line: line.to_owned(), version: version.to_owned(), socket: address.into(), certificate }
    }
}

/// The command of the provider's program, with only this environment.
pub fn program(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terraform-provider-ipam"));
    for name in ["TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_IPAM", COOKIE.0] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The environment that Terraform sets for a plugin.
pub fn environment(identity: Option<&Identity>) -> Vec<(&str, &str)> {
    let mut environment =
        vec![COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6"), ("PLUGIN_MIN_PORT", "10000"), ("PLUGIN_MAX_PORT", "25000")];
    environment.extend(identity.map(|identity| ("PLUGIN_CLIENT_CERT", identity.pem.as_str())));
    environment
}

/// A process whose output is read as it arrives. It is killed when it is dropped.
pub struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
    errors: Option<thread::JoinHandle<String>>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut err = child.stderr.take().unwrap();
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = err.read_to_string(&mut text);
            text
        });
        Self { child, lines, errors: Some(errors) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output; `None` at its end.
    pub fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program neither prints a line nor ends"),
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal by its name, such as `INT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the program has not ended in {PATIENCE:?}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Everything that the process wrote to standard error; to be called only after its end.
    pub fn errors(&mut self) -> String {
        self.errors.take().expect("read once").join().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running plugin and a connection to it.
pub struct Plugin {
    pub process: Process,
    pub handshake: Handshake,
    pub channel: Channel,
    pub provider: ProviderClient<Channel>,
}

impl Plugin {
    /// Starts the provider with mutual TLS.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts the provider with mutual TLS and additional variables in its environment.
    pub async fn start_with(more: &[(&str, &str)]) -> Self {
        let identity = Identity::new();
        let (process, handshake) = Self::spawn(Some(&identity), more);
        let channel = connect(&handshake, Some(&identity)).await.expect("the plugin accepts the connection");
        Self { process, handshake, provider: provider(channel.clone()), channel }
    }

    /// Starts the provider and reads its handshake, without connecting.
    pub fn spawn(identity: Option<&Identity>, more: &[(&str, &str)]) -> (Process, Handshake) {
        let process = Process::start(program(&environment(identity)).envs(more.iter().copied()));
        let handshake = Handshake::parse(&process.line().expect("a handshake line"));
        (process, handshake)
    }

    /// Ends the plugin as go-plugin does: sends the request, then waits. Returns what it wrote to standard error, too.
    pub async fn shut_down(mut self) -> (ExitStatus, String) {
        use terraform_provider_ipam::plugin::wire::Empty;
        use terraform_provider_ipam::plugin::wire::grpc_controller_client::GrpcControllerClient;
        GrpcControllerClient::new(self.channel.clone()).shutdown(Empty {}).await.expect("Shutdown is answered");
        drop((self.provider, self.channel));
        let wait = move || (self.process.end(), self.process.errors());
        tokio::task::spawn_blocking(wait).await.unwrap()
    }
}

/// A client of the provider's service, with the same message limits as Terraform.
pub fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel).max_decoding_message_size(MESSAGE_SIZE_MAX).max_encoding_message_size(MESSAGE_SIZE_MAX)
}

/// Connects as Terraform does. The TLS handshake is completed, so the channel is not lazy.
pub async fn connect(handshake: &Handshake, identity: Option<&Identity>) -> Result<Channel, tonic::transport::Error> {
    let config = handshake.certificate.as_ref().map(|server| tls_config(server, identity, &[&rustls::version::TLS13]));
    let socket = handshake.socket.clone();
    let connector = tower::service_fn(move |_| {
        let (socket, config) = (socket.clone(), config.clone());
        async move {
            let stream = UnixStream::connect(socket).await?;
            Ok::<_, std::io::Error>(match config {
                None => TokioIo::new(Transport::Plain(stream)),
                Some(config) => TokioIo::new(Transport::Tls(Box::new(tls(stream, config).await?))),
            })
        }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connector).await
}

/// The TLS settings of a client that trusts exactly the certificate of the handshake, for the name `localhost`.
pub fn tls_config(
    server: &CertificateDer<'static>,
    identity: Option<&Identity>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).unwrap();
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(crypto)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => {
            // Certificate and key are not compared here: an impostor must get as far as the server.
            let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&identity.key()).unwrap();
            let certified = CertifiedKey::new(vec![identity.certificate.clone()], key);
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

pub async fn tls(stream: UnixStream, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<UnixStream>> {
    TlsConnector::from(config).connect("localhost".try_into().unwrap(), stream).await
}

/// A connection with or without TLS.
enum Transport {
    Plain(UnixStream),
    Tls(Box<TlsStream<UnixStream>>),
}

mod transport {
    use super::Transport;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    macro_rules! either {
        ($transport:expr, $stream:ident => $do:expr) => {
            match $transport.get_mut() {
                Transport::Plain(stream) => {
                    let $stream = Pin::new(stream);
                    $do
                }
                Transport::Tls(stream) => {
                    let $stream = Pin::new(&mut **stream);
                    $do
                }
            }
        };
    }

    impl AsyncRead for Transport {
        fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            either!(self, stream => stream.poll_read(cx, buf))
        }
    }

    impl AsyncWrite for Transport {
        fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            either!(self, stream => stream.poll_write(cx, buf))
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            either!(self, stream => stream.poll_flush(cx))
        }

        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            either!(self, stream => stream.poll_shutdown(cx))
        }
    }
}
