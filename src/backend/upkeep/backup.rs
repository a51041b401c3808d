//! A backup: an export that is written to a file or to an object in a bucket, whole or not at all.
//!
//! A backup replaces only another backup, and only when the caller asks for it. So a wrong path cannot destroy a store or
//! anything else. Messages name the destination and never quote what is in it.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf, is_separator};

use super::atomic_file::AtomicFile;
use super::file;
use super::listed;
use crate::backend::administration::{Exported, Progress, Stopped};
use crate::backend::files::{open_regular, require_file};
use crate::backend::{Finding, Ipam};
use crate::ipam::Error;
use crate::store::{self, BucketObject, Written};

/// The beginning of a file that is read to find out whether it is a backup.
const BEGINNING: u64 = 256;

/// Where a backup is written.
pub enum Destination {
    /// A file; a relative path is below the working directory.
    File(PathBuf),
    /// An object in a bucket.
    Object(BucketObject),
}

/// The reason why there is no backup.
#[derive(Debug)]
pub enum BackupFailure {
    /// The destination exists, and must not be overwritten.
    Exists,
    /// The destination exists, and is not a backup.
    NotABackup,
    /// The destination cannot be used; the reason in words.
    Unusable(String),
    /// The caller asked for the end.
    Ended,
    /// The store that is exported refused.
    Refused(Error),
}

/// A backup that was written.
#[derive(Debug)]
pub struct Backup {
    /// What is in it.
    pub exported: Exported,
    /// Parts of it that a store would not accept. A self-managed store has none.
    pub findings: Vec<Finding>,
}

/// Writes everything that `ipam` has. Also answers the parts that a store would not accept; there are none for a
/// self-managed store.
///
/// # Errors
/// [`Stopped::Output`] or [`Stopped::Refused`]; the output until then is not an export.
pub fn export(
    ipam: &dyn Ipam,
    to: &mut dyn Write,
    progress: &mut Progress<'_>,
) -> Result<(Exported, Vec<Finding>), Stopped> {
    match ipam.administration() {
        Some(administration) => Ok((administration.export(to, progress)?, Vec::new())),
        None => listed::export(ipam, to, progress),
    }
}

impl Destination {
    /// The object that a URL names.
    ///
    /// # Errors
    /// [`BackupFailure::Unusable`] with the mistake; never with the value of a parameter.
    pub fn object(url: &str) -> Result<Self, BackupFailure> {
        BucketObject::from_url(url).map(Self::Object).map_err(of_bucket)
    }

    /// The destination in words.
    pub fn describe(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Object(object) => object.describe(),
        }
    }

    /// Whether a backup can be written there, as far as that can be seen without writing.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self, overwrite: bool) -> Result<(), BackupFailure> {
        let beginning = match self {
            Self::File(path) => beginning_of_file(path, overwrite)?,
            Self::Object(object) => object.beginning(BEGINNING).map_err(of_bucket)?,
        };
        match beginning {
            None => Ok(()),
            Some(_) if !overwrite => Err(BackupFailure::Exists),
            Some(bytes) if bytes.is_empty() || file::is_beginning(&bytes) => Ok(()),
            Some(_) => Err(BackupFailure::NotABackup),
        }
    }

    /// Exports everything that `ipam` has to this destination. Asks `should_end` again and again.
    ///
    /// # Errors
    /// The reason why there is no backup. What was there before is unchanged, but an object in a bucket may have been
    /// replaced when the bucket did not answer.
    pub fn write(
        &self,
        ipam: &dyn Ipam,
        overwrite: bool,
        progress: &mut Progress<'_>,
        should_end: &(dyn Fn() -> bool + Sync),
    ) -> Result<Backup, BackupFailure> {
        self.check(overwrite)?;
        match self {
            Self::File(path) => {
                let fails = |error: io::Error| of_file(path, &error);
                let mut file = AtomicFile::new(path).map_err(fails)?;
                let backup = exported(ipam, &mut file.writer, progress, should_end, &fails)?;
                let written = if overwrite { file.replace(path) } else { file.create(path) };
                written.map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => BackupFailure::Exists,
                    _ => fails(error),
                })?;
                Ok(backup)
            }
            Self::Object(object) => {
                let mut bytes = Vec::new();
                let fails = |error: io::Error| BackupFailure::Unusable(format!("The export failed: {error}."));
                let backup = exported(ipam, &mut bytes, progress, should_end, &fails)?;
                match object.write(bytes, overwrite, should_end).map_err(of_bucket)? {
                    Written::Done => Ok(backup),
                    Written::Exists => Err(BackupFailure::Exists),
                    Written::Ended => Err(BackupFailure::Ended),
                }
            }
        }
    }
}

/// An output that refuses to go on when the caller asks for the end.
struct Interruptible<'a> {
    to: &'a mut dyn Write,
    should_end: &'a (dyn Fn() -> bool + Sync),
    has_ended: bool,
}

impl Write for Interruptible<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.should_end)() {
            self.has_ended = true;
            // Not `ErrorKind::Interrupted`: after that, a writer tries again.
            return Err(io::Error::other("the run is being stopped"));
        }
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Exports to `to`. `fails` explains an error of the output.
fn exported(
    ipam: &dyn Ipam,
    to: &mut dyn Write,
    progress: &mut Progress<'_>,
    should_end: &(dyn Fn() -> bool + Sync),
    fails: &dyn Fn(io::Error) -> BackupFailure,
) -> Result<Backup, BackupFailure> {
    let mut to = Interruptible { to, should_end, has_ended: false };
    let outcome = export(ipam, &mut to, progress);
    let has_ended = to.has_ended;
    match outcome {
        Ok((exported, findings)) => Ok(Backup { exported, findings }),
        Err(_) if has_ended => Err(BackupFailure::Ended),
        Err(Stopped::Refused(error)) => Err(BackupFailure::Refused(error)),
        Err(Stopped::Output(error) | Stopped::File(_, error)) => Err(fails(error)),
        Err(Stopped::Archive(_, why)) => Err(BackupFailure::Unusable(why)),
    }
}

/// The first bytes of a file, or nothing when it is not to be read; `None` when there is no file.
fn beginning_of_file(path: &Path, read: bool) -> Result<Option<Vec<u8>>, BackupFailure> {
    let unusable = |why: &str| BackupFailure::Unusable(format!("{} cannot be written: {why}.", path.display()));
    let names_a_directory = path.as_os_str().to_string_lossy().ends_with(is_separator);
    if names_a_directory || path.file_name().is_none() {
        return Err(unusable("it names a directory, and not a file in it"));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.is_dir() {
        return Err(unusable("its directory does not exist"));
    }
    // A link without a target has the name, too.
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(of_file(path, &error)),
        Ok(_) => {}
    }
    if let Ok(metadata) = fs::metadata(path) {
        require_file(&metadata).map_err(|error| of_file(path, &error))?;
    }
    if !read {
        return Ok(Some(Vec::new()));
    }
    let mut bytes = Vec::new();
    let opened = open_regular(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut bytes));
    opened.map(|_| Some(bytes)).map_err(|error| of_file(path, &error))
}

fn of_file(path: &Path, error: &io::Error) -> BackupFailure {
    BackupFailure::Unusable(format!("{} cannot be written: {error}.", path.display()))
}

fn of_bucket(error: store::Error) -> BackupFailure {
    let words = match error {
        store::Error::Unavailable(words) | store::Error::Uncertain(words) | store::Error::ReadOnly(words) => words,
        other => other.to_string(),
    };
    BackupFailure::Unusable(words)
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
