//! The location of the file: its URL, the reasons why it cannot be opened, and whether it is still the same file.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::ErrorCode;

use crate::store::{Error, StoreUrl};

/// The content of a URL.
pub(super) struct StoreLocation {
    pub(super) path: PathBuf,
    pub(super) busy_timeout: Option<Duration>,
}

pub(super) fn parse(url: &StoreUrl) -> Result<StoreLocation, Error> {
    let refuse = |why: &str| Err(Error::Url(format!("The store URL {url} {why}")));
    let (location, parameters) = url.rest().split_once('?').unwrap_or((url.rest(), ""));
    let path = match location.strip_prefix("//") {
        None => location,
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(relative) => {
            return refuse(&format!(
                "names a host, and SQLite has none. For a file in the working directory write \"sqlite:{relative}\"."
            ));
        }
    };
    match path {
        "" => return refuse("does not say where the file is: write \"sqlite:ipam.db\" or \"sqlite:/path/ipam.db\"."),
        ":memory:" => return refuse("would forget everything between plan and apply. For tests write \"memory:\"."),
        home if home.starts_with('~') => {
            return refuse("starts with ~, which only a shell understands: write the whole path.");
        }
        _ => {}
    }
    let mut busy_timeout = None;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "busy_timeout" => match humantime::parse_duration(value) {
                Ok(duration) => busy_timeout = Some(duration),
                Err(_) => return refuse("has a busy_timeout that is not a duration such as 30s."),
            },
            // The name is not shown, because it may be any text.
            _ => return refuse("has a parameter that SQLite stores do not have (busy_timeout)."),
        }
    }
    Ok(StoreLocation { path: PathBuf::from(path), busy_timeout })
}

/// The identity of a file: it changes when another file is renamed or copied over this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::from_metadata(&metadata))
    }

    #[cfg(unix)]
    fn from_metadata(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    /// On other systems an open file cannot be replaced.
    #[cfg(not(unix))]
    fn from_metadata(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// The signs that a file was written: length and time, and whether a write is in progress next to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    len: u64,
    modified: Option<SystemTime>,
    has_wal: bool,
}

impl Fingerprint {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let has_wal = companion(path, "-wal").exists();
        Some(Self { len: metadata.len(), modified: metadata.modified().ok(), has_wal })
    }
}

/// Whether a file that does not exist is an empty store (`Ok`) or a mistake in the path (the error).
pub(super) fn absent(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) if !parent.is_dir() => Err(Error::Unavailable(format!(
            "the directory {} does not exist, and {} should be in it",
            parent.display(),
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// The reason why SQLite could not open `path`, as far as the file system shows it.
///
/// Never opens an existing file: closing it would release the locks that SQLite holds on it in this process (POSIX
/// locks belong to the process, not to the descriptor).
pub(super) fn why_not(path: &Path) -> Option<Error> {
    if path.is_dir() {
        return Some(Error::Unavailable(format!("{} is a directory, not a file", path.display())));
    }
    if path.exists() {
        return Some(Error::Unavailable(format!("{} cannot be opened: check its permissions", path.display())));
    }
    if let Err(error) = absent(path) {
        return Some(error);
    }
    let error = fs::File::create_new(path).err()?;
    let text = format!("{} cannot be created: {error}", path.display());
    // This is not `ReadOnly`, whatever the reason is: a store that does not exist cannot be read either.
    (error.kind() != io::ErrorKind::AlreadyExists).then_some(Error::Unavailable(text))
}

/// Whether `error` means that SQLite could not create its files next to `path`, and there are none: no process writes.
pub(super) fn is_sealed(path: &Path, error: &rusqlite::Error) -> bool {
    let refused = matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly));
    refused && !companion(path, "-wal").exists()
}

/// Creates the file, if it does not exist, so that only its owner can read and write it, because it contains names and
/// descriptions. SQLite gives the files next to it the same rights. An existing file keeps its rights. SQLite reports
/// the reason when the file cannot be created.
pub(super) fn make_private(path: &Path) {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// The path of a file of SQLite, which is next to the database file itself and not next to a link to it.
fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// `path` as an SQLite URI that promises that no process writes.
pub(super) fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> PathBuf {
        parse(&StoreUrl::new(url)).unwrap().path
    }

    #[test]
    fn urls_name_relative_and_absolute_files() {
        assert_eq!(path("sqlite:ipam.db"), Path::new("ipam.db"));
        assert_eq!(path("sqlite:../state/ipam.db"), Path::new("../state/ipam.db"));
        assert_eq!(path("sqlite:/var/lib/ipam.db"), Path::new("/var/lib/ipam.db"));
        assert_eq!(path("sqlite:///var/lib/ipam.db"), Path::new("/var/lib/ipam.db"));
        assert_eq!(path("sqlite:/with space/ä.db"), Path::new("/with space/ä.db"));
    }

    #[test]
    fn busy_timeout_is_a_duration() {
        let location = parse(&StoreUrl::new("sqlite:ipam.db?busy_timeout=1m30s")).unwrap();
        assert_eq!(location.busy_timeout, Some(Duration::from_secs(90)));
        assert_eq!(location.path, Path::new("ipam.db"));
    }

    #[test]
    fn an_immutable_uri_escapes_characters_with_a_meaning_in_uris() {
        assert_eq!(immutable_uri(Path::new("/a b/100%?#.db")), "file:/a%20b/100%25%3f%23.db?immutable=1");
    }
}
