//! Resources of the machine for servers: ports, random words, and directories that another user may enter.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ports outside of the range from which operating systems choose ports for connections. A port of that range may be
/// one end of a connection for a moment, and a server that was killed could not use its own port again.
const PORTS: Range<u16> = 10_000..32_768;

/// A port that is free now. Another process may take it before the caller does, so a start on it can fail.
pub(crate) fn free_port() -> u16 {
    let any = || PORTS.start + (random_number() % u64::from(PORTS.end - PORTS.start)) as u16;
    let mut tries = std::iter::repeat_with(any).take(1000);
    tries.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("127.0.0.1 has a free port")
}

/// An address of this machine on which no server listens, `127.0.0.1:port`, for as long as this process runs.
pub fn address_without_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("127.0.0.1 has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let stream = TcpStream::connect(address).expect("the listener accepts connections");
    let end = stream.local_addr().expect("a connection has two ends");
    // The port is one end of a connection, so no other process can listen on it.
    std::mem::forget((listener, stream));
    end.to_string()
}

/// A unique word of 16 hexadecimal digits.
pub(crate) fn random_word() -> String {
    format!("{:016x}", random_number())
}

fn random_number() -> u64 {
    getrandom::u64().expect("the operating system has random bytes")
}

/// The user who runs a server if the tests run as root and the server refuses to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// `None` if this process, which owns `file`, does not run as root and so can start every server itself.
    pub(crate) fn instead_of_root(file: &Path) -> Option<Self> {
        let owner = fs::metadata(file).expect("a file of this process has metadata").uid();
        if owner != 0 {
            return None;
        }
        let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = ["postgres", "nobody"].into_iter().find_map(|name| Self::named(name, &list));
        Some(account.expect(
            "PostgreSQL does not run as root, and /etc/passwd has neither the user postgres nor nobody: add one, or run \
             the tests as another user",
        ))
    }

    fn named(name: &str, passwd: &str) -> Option<Self> {
        let fields: Vec<&str> = passwd.lines().map(|line| line.split(':')).find_map(|mut fields| {
            let is_it = fields.next() == Some(name);
            is_it.then(|| fields.collect())
        })?;
        Some(Self { uid: fields.get(1)?.parse().ok()?, gid: fields.get(2)?.parse().ok()? })
    }

    /// Makes this user the owner of `path` and of everything in it.
    pub(crate) fn own(self, path: &Path) {
        let is_directory = fs::symlink_metadata(path).expect("the new file exists").is_dir();
        if is_directory {
            for entry in fs::read_dir(path).expect("a directory of this process can be read") {
                self.own(&entry.expect("a directory of this process can be read").path());
            }
        }
        lchown(path, Some(self.uid), Some(self.gid))
            .unwrap_or_else(|error| panic!("{} cannot be given to another user: {error}", path.display()));
    }
}

/// Makes a new directory. Returns it, and the user who owns it and runs programs in it if that is not the user of this
/// process.
pub(crate) fn scratch_directory(name: &str) -> (PathBuf, Option<Account>) {
    let places = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    for place in &places {
        let Ok(made) = tempfile::Builder::new().prefix(name).tempdir_in(place) else { continue };
        let Some(account) = Account::instead_of_root(made.path()) else { return (made.keep(), None) };
        if everybody_reaches(place) {
            account.own(made.path());
            return (made.keep(), Some(account));
        }
    }
    panic!(
        "none of {places:?} can hold a directory of another user than root: set TMPDIR to one that everybody can enter"
    );
}

/// Whether every user can reach `path` and read its content.
pub(crate) fn everybody_reaches(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let allows = |path: &Path| fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0);
    path.ancestors().all(allows)
}

/// Copies a directory of programs, with all its content, to a path that does not exist yet.
///
/// Another process does the copying. A file that this process writes is also open in every child that another thread
/// starts at that moment, and a program that is open for writing cannot be started ("Text file busy").
///
/// # Errors
/// Fails with the error message of `cp`.
pub(crate) fn copy_programs(from: &Path, to: &Path) -> Result<(), String> {
    run(Command::new("cp").arg("-R").arg(from).arg(to))
}

/// Writes a program. Another process does that, for the same reason.
///
/// # Errors
/// Fails with the error message of the shell.
pub(crate) fn write_program(path: &Path, text: &str) -> Result<(), String> {
    let script = "printf %s \"$2\" >\"$1\" && chmod 755 \"$1\"";
    run(Command::new("sh").args(["-c", script, "sh"]).arg(path).arg(text))
}

/// Runs a command to its end.
///
/// # Errors
/// Fails with the output of the command, if it failed.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name} does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// The last lines of a log, for the message of a panic.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
