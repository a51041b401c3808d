//! The settings of the connection: from the URL, from libpq's environment variables, and the defaults.
//!
//! The parameters in [`PARAMETERS`] have the same meaning as in libpq. Other parameters of libpq are refused by name,
//! because a user would otherwise assume that they take effect. Values are never shown.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::config::ChannelBinding;

use super::location::{self, UrlParameters};
use super::parameters::PARAMETERS;
use crate::store::{Error, StoreUrl};

const SCHEMA: &str = "ipam";
const PORT: u16 = 5432;
/// The total time for connecting, for all hosts together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum length of a name that PostgreSQL does not truncate, in bytes.
const NAME_MAX: usize = 63;
/// The directories in which distributions put the socket.
const SOCKET_DIRECTORIES: [&str; 3] = ["/run/postgresql", "/var/run/postgresql", "/tmp"];

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The level of TLS, as libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// The trusted certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// Nothing is configured, and there is no `root.crt` in the home directory.
    Default,
    /// The authorities of the operating system.
    System,
    /// Only the authorities in this file.
    File(PathBuf),
}

/// The servers that are suitable, as libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// One server to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// Name for the certificate and for messages, or the directory of a socket.
    pub(super) name: String,
    /// The address to use instead of resolving the name.
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
    pub(super) ssl_mode: SslMode,
}

impl Host {
    /// Whether the name is the directory of a socket.
    pub(super) fn is_socket(&self) -> bool {
        self.name.starts_with('/') && self.address.is_none()
    }

    fn is_this_machine(name: &str, address: Option<IpAddr>) -> bool {
        match address.or_else(|| name.parse().ok()) {
            Some(address) => address.is_loopback(),
            None => name.starts_with('/') || name.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// All settings of a connection.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) password: Option<Secret>,
    /// The password file, which is read when there is no password.
    pub(super) passfile: Option<PathBuf>,
    pub(super) database: String,
    pub(super) schema: String,
    pub(super) roots: Roots,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) channel_binding: ChannelBinding,
    /// The total time for connecting, for all hosts together.
    pub(super) connect_timeout: Duration,
    pub(super) application_name: String,
    pub(super) options: Option<String>,
    pub(super) target: Target,
}

/// Reads environment variables, or those that a test sets.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The parameters of the URL, and the environment that completes them.
struct Sources<'a> {
    given: UrlParameters,
    lookup: Lookup<'a>,
}

impl Sources<'_> {
    /// The value of a parameter; an empty one counts as not given, as in libpq.
    fn value(&self, name: &str) -> Option<String> {
        let variable = PARAMETERS.iter().find(|(known, _)| *known == name).and_then(|(_, variable)| *variable);
        let given = self.given.parameters.get(name).cloned();
        given.or_else(|| variable.and_then(self.lookup)).filter(|value| !value.is_empty())
    }

    fn parsed<T>(&self, name: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
        let Some(text) = self.value(name) else { return Ok(None) };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(Error::Url(format!("{} must be {what}.", self.origin(name)))),
        }
    }

    /// The source of the value of a parameter, in words.
    fn origin(&self, name: &str) -> String {
        let variable = PARAMETERS.iter().find(|(known, _)| *known == name).and_then(|(_, variable)| *variable);
        match variable {
            Some(variable) if !self.given.parameters.contains_key(name) => {
                format!("The environment variable {variable}")
            }
            _ => format!("The {name} of the PostgreSQL store URL"),
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.value(name).map_or_else(Vec::new, |list| list.split(',').map(|item| item.trim().to_owned()).collect())
    }

    /// A file in the user's directory for PostgreSQL, if it exists.
    fn home_file(&self, name: &str) -> Option<PathBuf> {
        let path = match (self.lookup)("APPDATA") {
            Some(data) if cfg!(windows) => Path::new(&data).join("postgresql").join(name),
            _ => Path::new(&(self.lookup)("HOME")?).join(".postgresql").join(name),
        };
        path.exists().then_some(path)
    }

    fn passfile(&self) -> Option<PathBuf> {
        let default = || match (self.lookup)("APPDATA") {
            Some(data) if cfg!(windows) => Some(Path::new(&data).join("postgresql/pgpass.conf")),
            _ => Some(Path::new(&(self.lookup)("HOME")?).join(".pgpass")),
        };
        self.value("passfile").map(PathBuf::from).or_else(default)
    }
}

impl Settings {
    /// The settings from a URL and the environment. Opens no file; only checks whether libpq's default files exist.
    ///
    /// # Errors
    /// [`Error::Url`] with the name of the parameter or variable, never with its value.
    pub(super) fn new(url: &StoreUrl, lookup: Lookup<'_>) -> Result<Self, Error> {
        let sources = Sources { given: location::parse(url)?, lookup };
        let roots = match sources.value("sslrootcert") {
            Some(word) if word == "system" => Roots::System,
            Some(path) => Roots::File(path.into()),
            None => sources.home_file("root.crt").map_or(Roots::Default, Roots::File),
        };
        let hosts = hosts(&sources, ssl_mode(&sources, &roots)?)?;
        let user = sources.value("user").or_else(|| ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(lookup));
        let Some(user) = user.filter(|user| !user.is_empty()) else {
            return Err(Error::Url(
                "The PostgreSQL store URL names no user, and neither PGUSER nor the system does: write \
                 \"postgres://<user>@<host>/<database>\"."
                    .to_owned(),
            ));
        };
        let seconds = |text: &str| text.parse().ok().filter(|seconds: &i64| *seconds >= 0);
        let timeout = sources.parsed("connect_timeout", "a whole number of seconds", seconds)?;
        let timeout = timeout.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
        Ok(Self {
            hosts,
            password: url.password().map(str::to_owned).or_else(|| sources.value("password")).map(Secret),
            passfile: sources.passfile(),
            database: sources.value("dbname").unwrap_or_else(|| user.clone()),
            user,
            schema: schema(&sources)?,
            roots,
            certificate: file(&sources, "sslcert", "postgresql.crt"),
            key: file(&sources, "sslkey", "postgresql.key"),
            channel_binding: sources
                .parsed("channel_binding", "disable, prefer or require", channel_binding)?
                .unwrap_or(ChannelBinding::Prefer),
            connect_timeout: timeout.map_or(CONNECT_TIMEOUT, Duration::from_secs),
            application_name: sources
                .value("application_name")
                .or_else(|| sources.value("fallback_application_name"))
                .unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned()),
            options: sources.value("options"),
            target: sources.parsed("target_session_attrs", TARGET_WORDS, target)?.unwrap_or(Target::Any),
        })
    }

    /// The location in words, without user and password.
    pub(super) fn describe(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        format!("PostgreSQL at {}, database {:?}, schema {:?}", hosts.join(", "), self.database, self.schema)
    }
}

fn file(sources: &Sources<'_>, parameter: &str, default: &str) -> Option<PathBuf> {
    sources.value(parameter).map(PathBuf::from).or_else(|| sources.home_file(default))
}

fn schema(sources: &Sources<'_>) -> Result<String, Error> {
    let usable = |name: &str| {
        let is_short = name.len() <= NAME_MAX;
        let is_own = !name.to_ascii_lowercase().starts_with("pg_") && name != "information_schema";
        (is_short && is_own && !name.contains(char::is_control)).then(|| name.to_owned())
    };
    let what = "the name of a schema: at most 63 bytes, no control characters, not a schema of the system";
    Ok(sources.parsed("schema", what, usable)?.unwrap_or_else(|| SCHEMA.to_owned()))
}

/// The mode that the user chose; `None`: the mode depends on the host.
fn ssl_mode(sources: &Sources<'_>, roots: &Roots) -> Result<Option<SslMode>, Error> {
    let parse = |word: &str| {
        Some(match word {
            "disable" => SslMode::Disable,
            "allow" => SslMode::Allow,
            "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            _ => return None,
        })
    };
    let what = "disable, allow, prefer, require, verify-ca or verify-full";
    let mode = sources.parsed("sslmode", what, parse)?;
    match (mode, roots) {
        // As in libpq: anyone can get a certificate for some name from a public authority.
        (Some(mode), Roots::System) if mode < SslMode::VerifyFull => Err(Error::Url(format!(
            "{} must be verify-full when sslrootcert is \"system\": otherwise a certificate of a public authority for \
             any name would be accepted.",
            sources.origin("sslmode")
        ))),
        (None, Roots::System) => Ok(Some(SslMode::VerifyFull)),
        (mode, _) => Ok(mode),
    }
}

const TARGET_WORDS: &str = "any, read-write, read-only, primary, standby or prefer-standby";

fn target(word: &str) -> Option<Target> {
    Some(match word {
        "any" => Target::Any,
        "read-write" => Target::ReadWrite,
        "read-only" => Target::ReadOnly,
        "primary" => Target::Primary,
        "standby" => Target::Standby,
        "prefer-standby" => Target::PreferStandby,
        _ => return None,
    })
}

fn channel_binding(word: &str) -> Option<ChannelBinding> {
    Some(match word {
        "disable" => ChannelBinding::Disable,
        "prefer" => ChannelBinding::Prefer,
        "require" => ChannelBinding::Require,
        _ => return None,
    })
}

/// The servers in the order in which they are tried.
fn hosts(sources: &Sources<'_>, mode: Option<SslMode>) -> Result<Vec<Host>, Error> {
    let (names, addresses, ports) = (sources.list("host"), sources.list("hostaddr"), sources.list("port"));
    let count = names.len().max(addresses.len()).max(1);
    let fits = |list: &[String]| list.is_empty() || list.len() == count;
    if !fits(&names) || !fits(&addresses) {
        return Err(Error::Url("There must be as many PostgreSQL hosts as host addresses (hostaddr).".to_owned()));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(Error::Url("There must be one PostgreSQL port, or one for each host.".to_owned()));
    }
    let origin = |name| sources.origin(name);
    let host = |index: usize| {
        let port = match ports.get(index).or(ports.first()).map(String::as_str) {
            None | Some("") => PORT,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(Error::Url(format!("{} must be a number from 1 to 65535.", origin("port")))),
            },
        };
        let address: Option<IpAddr> = match addresses.get(index).map(String::as_str) {
            None | Some("") => None,
            Some(text) => match text.parse() {
                Ok(address) => Some(address),
                Err(_) => return Err(Error::Url(format!("{} must be an IP address.", origin("hostaddr")))),
            },
        };
        let name = match (names.get(index).map(String::as_str), address) {
            (None | Some(""), Some(address)) => address.to_string(),
            (None | Some(""), None) => default_host(port),
            (Some(name), _) => name.to_owned(),
        };
        let default = if Host::is_this_machine(&name, address) { SslMode::Prefer } else { SslMode::VerifyFull };
        Ok(Host { name, address, port, ssl_mode: mode.unwrap_or(default) })
    };
    (0..count).map(host).collect()
}

/// The directory with a socket for this port, or else this machine.
fn default_host(port: u16) -> String {
    let has_socket = |directory: &&str| Path::new(directory).join(socket_name(port)).exists();
    SOCKET_DIRECTORIES.into_iter().find(has_socket).unwrap_or("localhost").to_owned()
}

/// The file name of a socket in its directory.
pub(super) fn socket_name(port: u16) -> String {
    format!(".s.PGSQL.{port}")
}

/// Whether `directory` is one in which a server puts its socket by default.
pub(super) fn is_default_socket(directory: &str) -> bool {
    SOCKET_DIRECTORIES.contains(&directory)
}
