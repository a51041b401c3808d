//! A file that is either complete or absent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps apart the temporary files of one process.
static FILES: AtomicU64 = AtomicU64::new(0);

/// A temporary file that gets its name when it is complete, and is deleted otherwise.
pub struct AtomicFile {
    /// Where the content goes.
    pub writer: BufWriter<File>,
    /// The temporary file, while it exists.
    path: Option<PathBuf>,
}

/// A new file that only its owner can read.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl AtomicFile {
    /// Creates the temporary file next to `target`. Only its owner can read it.
    ///
    /// # Errors
    /// When `target` is something else than a file, or when its directory cannot be written.
    pub fn new(target: &Path) -> io::Result<Self> {
        if target.exists() && !target.is_file() {
            return Err(io::Error::other("it exists and is not a file"));
        }
        let Some(name) = target.file_name() else { return Err(io::Error::other("it does not name a file")) };
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let temporary = format!(".{}.{}.{number}.part", name.to_string_lossy(), std::process::id());
        let path = target.with_file_name(temporary);
        let writer = BufWriter::new(create_new(&path)?);
        Ok(Self { writer, path: Some(path) })
    }

    /// Writes the complete file to the disk under the name `target`, in place of a file that has that name.
    ///
    /// # Errors
    /// The error of the system. A file with that name stays as it was.
    pub fn replace(mut self, target: &Path) -> io::Result<()> {
        self.settle()?;
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
        }
        self.path = None;
        sync_directory_of(target);
        Ok(())
    }

    /// Writes the complete file to the disk under the name `target`, unless something has that name.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] when something has that name, also when it got the name in this moment; the error
    /// of the system.
    pub fn create(mut self, target: &Path) -> io::Result<()> {
        self.settle()?;
        let Some(path) = &self.path else { return Ok(()) };
        match fs::hard_link(path, target) {
            // A file system without hard links: the name is taken by an empty file, for as long as a renaming takes.
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
                drop(create_new(target)?);
                fs::rename(path, target).inspect_err(|_| drop(fs::remove_file(target)))?;
                self.path = None;
            }
            // The temporary name is removed with the struct.
            outcome => outcome?,
        }
        sync_directory_of(target);
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        io::Write::flush(&mut self.writer)?;
        self.writer.get_ref().sync_all()
    }
}

/// The name is in the directory. Not every system can flush a directory to the disk.
fn sync_directory_of(target: &Path) {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(directory) = File::open(directory) {
        directory.sync_all().ok();
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            fs::remove_file(path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_file_takes_no_name_that_something_has() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a.json");
        let write = |text: &str| {
            let mut file = AtomicFile::new(&target).unwrap();
            file.writer.write_all(text.as_bytes()).unwrap();
            file
        };
        let (first, second) = (write("first"), write("second"));
        first.create(&target).unwrap();
        assert_eq!(second.create(&target).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&target).unwrap(), "first");
        assert_eq!(names(directory.path()), ["a.json"], "no temporary file is left");
        write("third").replace(&target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "third");
        drop(write("never complete"));
        assert_eq!(names(directory.path()), ["a.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_new_file() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a.json");
        AtomicFile::new(&target).unwrap().create(&target).unwrap();
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
