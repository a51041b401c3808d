//! Where the file is: its URL, what stands in the way of opening it, and whether it is still the same file.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::ErrorCode;

use crate::store::{Error, StoreUrl};

/// What a URL says.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) busy_timeout: Option<Duration>,
}

pub(super) fn parse(url: &StoreUrl) -> Result<Place, Error> {
    let refuse = |why: &str| Err(Error::Url(format!("The store URL {url} {why}")));
    let (place, parameters) = url.rest().split_once('?').unwrap_or((url.rest(), ""));
    let path = match place.strip_prefix("//") {
        None => place,
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
            // Not by its name: what stands there may be anything.
            _ => return refuse("has a parameter that SQLite stores do not have (busy_timeout)."),
        }
    }
    Ok(Place { path: PathBuf::from(path), busy_timeout })
}

/// What makes a file the same file: renaming or copying another one over it changes this.
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

    /// Elsewhere an open file cannot be replaced.
    #[cfg(not(unix))]
    fn from_metadata(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// By what one notices that a file was written: length and time, and whether a write is under way beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    len: u64,
    modified: Option<SystemTime>,
    has_wal: bool,
}

impl Fingerprint {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let has_wal = beside(path, "-wal").exists();
        Some(Self { len: metadata.len(), modified: metadata.modified().ok(), has_wal })
    }
}

/// Whether a file that is not there is a store without entries (yes) or a mistake in the path (the error).
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

/// Why SQLite could not open `path`, as far as the file system tells.
///
/// Never opens a file that is there: closing it again would drop the locks that SQLite holds on it in this process
/// (POSIX locks belong to the process, not to the descriptor).
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
    // Not `ReadOnly`, whatever the reason: a store that is not there cannot be read either.
    (error.kind() != io::ErrorKind::AlreadyExists).then_some(Error::Unavailable(text))
}

/// Whether `error` says that SQLite could not make its files beside `path`, and there are none: nobody writes.
pub(super) fn is_sealed(path: &Path, error: &rusqlite::Error) -> bool {
    let refused = matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly));
    refused && !beside(path, "-wal").exists()
}

/// SQLite puts its files beside the file itself, not beside a link to it.
/// Makes the file, when it is not there, as one that only its owner reads and writes: names and descriptions are in it. SQLite
/// gives the files beside it the same rights. One that is there keeps its rights; why it cannot be made, SQLite says.
pub(super) fn make_private(path: &Path) {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// `path` as an SQLite URI that promises nobody writes.
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
        let place = parse(&StoreUrl::new("sqlite:ipam.db?busy_timeout=1m30s")).unwrap();
        assert_eq!(place.busy_timeout, Some(Duration::from_secs(90)));
        assert_eq!(place.path, Path::new("ipam.db"));
    }

    #[test]
    fn an_immutable_uri_escapes_what_a_uri_would_read_otherwise() {
        assert_eq!(immutable_uri(Path::new("/a b/100%?#.db")), "file:/a%20b/100%25%3f%23.db?immutable=1");
    }
}
