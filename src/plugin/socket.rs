//! The socket of the plugin: a Unix socket that no other user can reach, or a TCP port of the loopback interface.

use std::env;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::connection::Stream;

/// The address for clients, in the format of go-plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `unix` or `tcp`.
    pub(super) network: &'static str,
    pub(super) text: String,
}

/// The requests of the client for the socket.
#[derive(Clone, Debug)]
pub(super) struct SocketOptions {
    /// Directory for a Unix socket.
    pub(super) directory: PathBuf,
    /// Name or number of the group that may connect to the Unix socket as well.
    pub(super) group: Option<String>,
    /// Ports for TCP.
    pub(super) ports: RangeInclusive<u16>,
}

impl SocketOptions {
    pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let port = |name: &str, default: u16| match get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("{name} is {text:?}, which is not a port number.")),
        };
        Ok(Self {
            directory: get("PLUGIN_UNIX_SOCKET_DIR").map_or_else(env::temp_dir, PathBuf::from),
            group: get("PLUGIN_UNIX_SOCKET_GROUP"),
            // Without limits, the operating system chooses a port.
            ports: port("PLUGIN_MIN_PORT", 0)?..=port("PLUGIN_MAX_PORT", 0)?,
        })
    }
}

/// A bound socket.
pub(super) enum Socket {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    #[cfg_attr(unix, allow(dead_code))]
    Tcp(TcpListener),
}

/// Files and directories that are removed when this value is dropped.
#[derive(Default)]
pub(super) struct Leftovers(Vec<PathBuf>);

impl Drop for Leftovers {
    fn drop(&mut self) {
        // The directory was created only for this socket.
        for directory in &self.0 {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

impl Socket {
    #[cfg(unix)]
    pub(super) async fn bind(options: &SocketOptions) -> Result<(Self, Address, Leftovers), String> {
        unix::bind(options)
            .map_err(|error| format!("No socket can be created in {}: {error}.", options.directory.display()))
    }

    #[cfg(not(unix))]
    pub(super) async fn bind(options: &SocketOptions) -> Result<(Self, Address, Leftovers), String> {
        let (socket, address) = bind_tcp(options).await?;
        Ok((socket, address, Leftovers::default()))
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            #[cfg(unix)]
            Self::Unix(listener) => Box::pin(listener.accept().await?.0),
            Self::Tcp(listener) => {
                let stream = listener.accept().await?.0;
                stream.set_nodelay(true)?;
                Box::pin(stream)
            }
        })
    }
}

/// Binds the first free port.
#[cfg_attr(unix, allow(dead_code))]
async fn bind_tcp(options: &SocketOptions) -> Result<(Socket, Address), String> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for port in options.ports.clone() {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => {
                let address = listener.local_addr().map_err(|error| error.to_string())?;
                return Ok((Socket::Tcp(listener), Address { network: "tcp", text: address.to_string() }));
            }
            Err(error) => last = error,
        }
    }
    Err(format!("No port from {} to {} is free: {last}.", options.ports.start(), options.ports.end()))
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, DirBuilder, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
    use std::path::Path;

    use tokio::net::UnixListener;

    use super::{Address, Leftovers, Socket, SocketOptions};

    pub(super) fn bind(options: &SocketOptions) -> io::Result<(Socket, Address, Leftovers)> {
        // The name is short, because the path of a socket may have little more than a hundred bytes.
        let directory = options.directory.join(format!("ipam-{:08x}", getrandom::u32().map_err(io::Error::other)?));
        DirBuilder::new().mode(0o700).create(&directory)?;
        let leftovers = Leftovers(vec![directory.clone()]);
        let path = directory.join("s");
        let listener = UnixListener::bind(&path)?;
        if let Some(group) = &options.group {
            let id = group_id(group)?;
            for (path, mode) in [(&path, 0o660), (&directory, 0o750)] {
                chown(path, None, Some(id))?;
                fs::set_permissions(path, Permissions::from_mode(mode))?;
            }
        }
        let text = path.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8"))?.to_owned();
        Ok((Socket::Unix(listener), Address { network: "unix", text }, leftovers))
    }

    fn group_id(group: &str) -> io::Result<u32> {
        if let Ok(id) = group.parse() {
            return Ok(id);
        }
        let groups = fs::read_to_string(Path::new("/etc/group"))?;
        find_group(&groups, group).ok_or_else(|| io::Error::other(format!("there is no group {group:?}")))
    }

    /// The number of a group. Lines have the format `name:password:number:members`.
    pub(super) fn find_group(groups: &str, name: &str) -> Option<u32> {
        groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(ports: std::ops::RangeInclusive<u16>) -> SocketOptions {
        SocketOptions { directory: std::env::temp_dir(), group: None, ports }
    }

    #[tokio::test]
    async fn first_free_port_of_the_range_is_taken() {
        let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind_tcp(&options(port..=port)).await.err().unwrap();
        assert!(error.starts_with(&format!("No port from {port} to {port} is free")), "{error}");
        let (_socket, address) = bind_tcp(&options(port..=u16::MAX)).await.unwrap();
        assert_eq!(address.network, "tcp");
        let bound: std::net::SocketAddr = address.text.parse().unwrap();
        assert!(bound.port() > port);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn no_other_user_can_reach_the_socket_and_its_files_are_removed() {
        use std::os::unix::fs::PermissionsExt;
        let (_socket, address, leftovers) = Socket::bind(&options(0..=0)).await.unwrap();
        let directory = PathBuf::from(&address.text).parent().unwrap().to_owned();
        assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
        drop(leftovers);
        assert!(!directory.exists());
    }

    #[cfg(unix)]
    #[test]
    fn group_is_found_by_name() {
        let groups = "root:x:0:\nstaff:x:50:ada,bob\nbroken\n";
        assert_eq!(unix::find_group(groups, "staff"), Some(50));
        assert_eq!(unix::find_group(groups, "broken"), None);
        assert_eq!(unix::find_group(groups, "nobody"), None);
    }

    #[test]
    fn an_invalid_port_is_an_error() {
        let options = SocketOptions::read(|name| (name == "PLUGIN_MIN_PORT").then(|| "many".to_owned()));
        assert_eq!(options.unwrap_err(), "PLUGIN_MIN_PORT is \"many\", which is not a port number.");
    }
}
