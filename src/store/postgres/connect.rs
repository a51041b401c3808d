//! Connects to the server: tries hosts one after the other, with or without TLS, within one bounded time.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::tls::{MakeTlsConnect, NoTls};
use tokio_postgres::{Client, Config, SimpleQueryMessage, config};

use super::failure::{self, Step, Stop};
use super::settings::{Host, Settings, SslMode, Target};
use super::{passfile, tls};
use crate::store::Error;

/// The settings that a session begins with. Database engines that do not know one of them work without it.
///
/// No process may hold the writers' lock forever: a process that hangs in a transaction loses its session. A commit is
/// durable even where the server is configured with weaker guarantees. The search path is empty, so that names have the
/// meaning that PostgreSQL itself gives them.
fn preparations(patience: Duration) -> [String; 5] {
    let milliseconds = |duration: Duration| duration.as_millis();
    [
        format!("SET lock_timeout = {}", milliseconds(patience)),
        format!("SET statement_timeout = {}", milliseconds(patience + Duration::from_secs(5))),
        format!("SET idle_in_transaction_session_timeout = {}", milliseconds(IDLE_MAX)),
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
            .to_owned(),
        "SET search_path = ''".to_owned(),
    ]
}

/// The time that a transaction may be open without a statement. It is longer than any computation of this program in
/// between.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// The bytes of a connection, over any transport.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The target of one attempt.
enum Address {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Socket(std::path::PathBuf),
}

/// A session with the first suitable server. Its executor must be the current one.
pub(super) async fn connect(settings: &Settings, patience: Duration) -> Result<Client, Stop> {
    let deadline = Instant::now() + settings.connect_timeout;
    let mut reasons = Vec::new();
    let rounds: &[Target] = match settings.target {
        Target::PreferStandby => &[Target::Standby, Target::Any],
        _ => &[settings.target],
    };
    let attempts = rounds.iter().flat_map(|target| settings.hosts.iter().map(move |host| (*target, host)));
    let attempts: Vec<_> = attempts.collect();
    for (number, (target, host)) in attempts.iter().enumerate() {
        // A host that does not answer may use up its share of the time, not that of the hosts after it.
        let share = share_of(deadline, attempts.len() - number);
        match connect_host(settings, host, *target, patience, share).await {
            Err(Stop::Lost(why)) => reasons.push(why),
            outcome => return outcome,
        }
    }
    reasons.dedup();
    Err(Stop::Lost(format!(
        "{} cannot be reached: {}. Check the host and the port, that the server runs, and that no firewall blocks the \
         connection",
        settings.describe(),
        reasons.join("; ")
    )))
}

/// The time at which the first of `attempts_left` attempts should be over.
fn share_of(deadline: Instant, attempts_left: usize) -> Instant {
    let now = Instant::now();
    let attempts_left = u32::try_from(attempts_left).unwrap_or(u32::MAX).max(1);
    now + deadline.saturating_duration_since(now) / attempts_left
}

async fn connect_host(
    settings: &Settings,
    host: &Host,
    target: Target,
    patience: Duration,
    deadline: Instant,
) -> Result<Client, Stop> {
    let late = |what: &str| Stop::Lost(format!("{host} did not {what} in time"));
    let addresses = match timeout_at(deadline, addresses(host)).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(Stop::Lost(format!("{host}: the name is not known: {error}"))),
        Err(_) => return Err(late("get an address")),
    };
    let mut last = Stop::Lost(format!("{host}: the name has no address"));
    for (number, address) in addresses.iter().enumerate() {
        let share = share_of(deadline, addresses.len() - number);
        let attempt = connect_address(settings, host, address, target, patience);
        last = match timeout_at(share, attempt).await {
            Ok(Err(Stop::Lost(why))) => Stop::Lost(why),
            Ok(outcome) => return outcome,
            Err(_) => late("answer"),
        };
    }
    Err(last)
}

async fn addresses(host: &Host) -> io::Result<Vec<Address>> {
    #[cfg(unix)]
    if host.is_socket() {
        let path = Path::new(&host.name).join(super::settings::socket_name(host.port));
        return Ok(vec![Address::Socket(path)]);
    }
    match host.address {
        Some(address) => Ok(vec![Address::Tcp(SocketAddr::new(address, host.port))]),
        None => Ok(lookup_host((host.name.as_str(), host.port)).await?.map(Address::Tcp).collect()),
    }
}

/// Tries with and without TLS, in the order of the mode.
async fn connect_address(
    settings: &Settings,
    host: &Host,
    address: &Address,
    target: Target,
    patience: Duration,
) -> Result<Client, Stop> {
    let is_socket = !matches!(address, Address::Tcp(_));
    let (first, second) = match host.ssl_mode {
        _ if is_socket => (config::SslMode::Disable, None),
        SslMode::Disable => (config::SslMode::Disable, None),
        SslMode::Allow => (config::SslMode::Disable, Some(config::SslMode::Require)),
        SslMode::Prefer => (config::SslMode::Prefer, Some(config::SslMode::Disable)),
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (config::SslMode::Require, None),
    };
    let client = match (start(settings, host, address, first).await, second) {
        (Err(Refusal { concerns_tls: true, stop }), Some(second)) => {
            // When both attempts fail, the error of the first one is the better explanation.
            start(settings, host, address, second).await.map_err(|_| stop)?
        }
        (outcome, _) => outcome.map_err(|refusal| refusal.stop)?,
    };
    prepare(&client, settings, patience).await?;
    check_target(&client, settings, host, target).await?;
    Ok(client)
}

/// The reason why a session did not start, and whether the other choice about TLS could help.
struct Refusal {
    stop: Stop,
    concerns_tls: bool,
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self { stop, concerns_tls: false }
    }
}

async fn start(settings: &Settings, host: &Host, address: &Address, mode: config::SslMode) -> Result<Client, Refusal> {
    let stream = open(address).await.map_err(|error| Stop::Lost(format!("{host}: {error}")))?;
    let config = login(settings, host, mode);
    if mode == config::SslMode::Disable {
        let outcome = config.connect_raw(stream, NoTls).await;
        return outcome.map(drive).map_err(|error| refusal(&error, settings));
    }
    let mut connector = tls::connector(settings, host.ssl_mode).map_err(Stop::from)?;
    let make = MakeTlsConnect::<Box<dyn Stream>>::make_tls_connect(&mut connector, &host.name);
    let tls = make.map_err(|error| Stop::Lost(format!("{host}: {error}")))?;
    let outcome = config.connect_raw(stream, tls).await;
    outcome.map(drive).map_err(|error| refusal(&error, settings))
}

fn refusal(error: &tokio_postgres::Error, settings: &Settings) -> Refusal {
    let concerns_tls = match error.code() {
        // pg_hba.conf has no line for this user with, or without, TLS.
        Some(code) => code.code() == "28000",
        None => error.to_string().contains("TLS"),
    };
    Refusal { stop: failure::stop(error, Step::Connect, settings), concerns_tls }
}

async fn open(address: &Address) -> io::Result<Box<dyn Stream>> {
    Ok(match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
        #[cfg(unix)]
        Address::Socket(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
    })
}

fn login(settings: &Settings, host: &Host, mode: config::SslMode) -> Config {
    let mut config = Config::new();
    config.user(&settings.user).dbname(&settings.database).application_name(&settings.application_name);
    config.ssl_mode(mode).channel_binding(settings.channel_binding);
    if let Some(options) = &settings.options {
        config.options(options);
    }
    let from_file = || passfile::password(settings.passfile.as_deref()?, host, &settings.database, &settings.user);
    if let Some(password) = settings.password.clone().or_else(from_file) {
        config.password(password.0);
    }
    config
}

/// Lets the executor move the bytes while the client exists.
fn drive<S, T>((client, connection): (Client, tokio_postgres::Connection<S, T>)) -> Client
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to PostgreSQL ended");
        }
    });
    client
}

async fn prepare(client: &Client, settings: &Settings, patience: Duration) -> Result<(), Stop> {
    let statements = preparations(patience);
    // All statements are sent before the first answer is awaited.
    for outcome in join_all(statements.iter().map(|statement| client.batch_execute(statement))).await {
        match outcome {
            Err(error) if error.as_db_error().is_some() => {
                tracing::debug!(%error, "the server does not know a setting");
            }
            Err(error) => return Err(failure::stop(&error, Step::Connect, settings)),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Whether this server is suitable.
async fn check_target(client: &Client, settings: &Settings, host: &Host, target: Target) -> Result<(), Stop> {
    let (question, wanted, what) = match target {
        Target::Any | Target::PreferStandby => return Ok(()),
        Target::ReadWrite => ("SHOW transaction_read_only", "off", "does not accept writes"),
        Target::ReadOnly => ("SHOW transaction_read_only", "on", "accepts writes"),
        Target::Primary => ("SELECT CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END", "off", "is a standby"),
        Target::Standby => ("SELECT CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END", "on", "is not a standby"),
    };
    let answer = client.simple_query(question).await.map_err(|error| failure::stop(&error, Step::Connect, settings))?;
    let answer = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    match answer {
        Some(answer) if answer == wanted => Ok(()),
        Some(_) => Err(Stop::Lost(format!("{host} {what}, and target_session_attrs requires another server"))),
        None => Err(Stop::Failed(Error::Unavailable(format!("{host} did not answer {question:?}")))),
    }
}
