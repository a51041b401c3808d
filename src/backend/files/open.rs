//! Decides which files may be read, and opens them. A discovery comes from a store that other users write, and this
//! process may have the right to read files that those users may not read. So the user of this process names the
//! directories in which files may be read, and files elsewhere are never read.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::unread::Unread;

/// Directories in which files are never read: memory and environment of processes, the state of the system, devices.
const NEVER: [&str; 3] = ["/proc", "/sys", "/dev"];

/// The directories below which files may be read, as the user of this process named them. Without any, no file is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Below(Vec<PathBuf>);

impl Below {
    /// Relative directories are resolved against the working directory.
    pub fn new(directories: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self(directories.into_iter().map(Into::into).collect())
    }

    /// The directories after links and `..` are resolved.
    ///
    /// # Errors
    /// [`Unread::NotAllowed`] when one of them is not a directory: the user who named it needs to know.
    fn resolved(&self) -> Result<Vec<PathBuf>, Unread> {
        let resolve = |directory: &PathBuf| {
            let is_there = fs::canonicalize(directory).ok().filter(|place| place.is_dir());
            is_there.ok_or_else(|| {
                let words = "is not a directory that can be used. Discovery files may be read from this directory, so \
                             it must exist: check the path.";
                Unread::NotAllowed(format!("{} {words}", directory.display()))
            })
        };
        self.0.iter().map(resolve).collect()
    }
}

/// Opens a file of a discovery: a regular file that lies, after links and `..`, below a directory that may be read.
///
/// # Errors
/// The reason why the file was not opened. The error about a file elsewhere does not reveal whether the file exists.
pub(super) fn open(path: &Path, below: &Below) -> Result<File, Unread> {
    let name = path.display();
    let not_allowed = || {
        Unread::NotAllowed(format!(
            "{name} is not read: it is not below a directory that files may be read from. Name such a directory with \
             `discover --files-below`, or for plans with `discovery_files_below` in the provider block."
        ))
    };
    let directories = below.resolved()?;
    if directories.is_empty() {
        return Err(not_allowed());
    }
    let resolved = fs::canonicalize(path);
    let place = match &resolved {
        Ok(place) => Some(place.clone()),
        Err(_) => nearest(path),
    };
    if place.as_ref().is_some_and(|place| NEVER.iter().any(|never| place.starts_with(never))) {
        let words = "files in /proc, /sys and /dev are never read. Use a file in another directory.";
        return Err(Unread::Wrong(format!("{name} cannot be read: {words}")));
    }
    if !place.is_some_and(|place| directories.iter().any(|directory| place.starts_with(directory))) {
        return Err(not_allowed());
    }
    let file = resolved.and_then(|place| open_at(&place));
    file.map_err(|error| Unread::Wrong(format!("{name} cannot be read: {}", words(&error))))
}

/// The nearest existing ancestor of a path that does not exist, with links resolved; `None` when that path goes through
/// a link without a target.
fn nearest(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    for part in whole.ancestors() {
        if let Ok(place) = fs::canonicalize(part) {
            return Some(place);
        }
        if part.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            return None;
        }
    }
    None
}

/// Opens a regular file at a path without links. Anything that is not a regular file is not opened, so that no call
/// waits for the other end of a pipe and no device is affected. A link that replaces a directory or the file in the
/// meantime is not followed.
fn open_at(place: &Path) -> io::Result<File> {
    require_file(&fs::symlink_metadata(place)?)?;
    let file = without_links(place)?;
    require_file(&file.metadata()?)?;
    require_kept(&file)?;
    Ok(file)
}

/// Requires that the file is not on a file system of the kernel, such as `/proc`, which may be mounted in several
/// places.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn require_kept(file: &File) -> io::Result<()> {
    const SYSFS: rustix::fs::FsWord = 0x6265_6572;
    let is_made_up = [rustix::fs::PROC_SUPER_MAGIC, SYSFS].contains(&rustix::fs::fstatfs(file)?.f_type);
    if is_made_up {
        Err(io::Error::other("it is part of the running system, and such files are never read"))
    } else {
        Ok(())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn require_kept(_: &File) -> io::Result<()> {
    Ok(())
}

/// Opens a regular file that a user named, and follows links. Anything else is refused at once.
///
/// # Errors
/// The error of the system; an error when the file is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    require_file(&fs::metadata(path)?)?;
    let mut options = fs::OpenOptions::new();
    options.read(true);
    // The file may have become a pipe in between.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    require_file(&file.metadata()?)?;
    Ok(file)
}

/// Requires a regular file.
///
/// # Errors
/// A description of what exists instead.
pub fn require_file(metadata: &Metadata) -> io::Result<()> {
    match metadata {
        metadata if metadata.is_file() => Ok(()),
        metadata if metadata.is_dir() => {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory, and must be a file"))
        }
        _ => Err(io::Error::other("it is a pipe, a socket or a device, and must be a file")),
    }
}

/// Opens each directory from the root down and does not follow links. The path has no links, unless another process
/// changes it at this moment.
#[cfg(unix)]
fn without_links(place: &Path) -> io::Result<File> {
    use std::path::Component;

    use rustix::fs::{Mode, OFlags, open, openat};

    // Passing through a directory does not require the right to list it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const THROUGH: OFlags = OFlags::PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const THROUGH: OFlags = OFlags::RDONLY;
    let directory = THROUGH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut names = place.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let last = names.next_back().ok_or(io::ErrorKind::IsADirectory)?;
    let mut at = open("/", directory, Mode::empty())?;
    for name in names {
        at = openat(&at, name, directory, Mode::empty())?;
    }
    Ok(File::from(openat(&at, last, file, Mode::empty())?))
}

/// Opens the file, and checks that the path still leads to the same place.
#[cfg(not(unix))]
fn without_links(place: &Path) -> io::Result<File> {
    let file = File::open(place)?;
    match fs::canonicalize(place)? == place {
        true => Ok(file),
        false => Err(io::Error::other("it was replaced while it was opened")),
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file. Check the path.".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory. Name a file in it.".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it. Check its permissions.".to_owned(),
        _ => format!("{error}."),
    }
}

#[cfg(unix)]
#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
