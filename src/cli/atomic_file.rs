//! A file that is either complete or absent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// A temporary file that replaces another file when it is complete, and is deleted otherwise.
pub(super) struct AtomicFile {
    pub(super) writer: BufWriter<File>,
    path: Option<PathBuf>,
}

impl AtomicFile {
    /// Creates the temporary file next to `target`. Only its owner can read it.
    pub(super) fn new(target: &Path) -> io::Result<Self> {
        if target.exists() && !target.is_file() {
            return Err(io::Error::other("it exists and is not a file"));
        }
        let Some(name) = target.file_name() else { return Err(io::Error::other("it does not name a file")) };
        let path = target.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let writer = BufWriter::new(options.open(&path)?);
        Ok(Self { writer, path: Some(path) })
    }

    /// Writes the complete file to the disk, under the name `target`.
    pub(super) fn replace(mut self, target: &Path) -> io::Result<()> {
        io::Write::flush(&mut self.writer)?;
        self.writer.get_ref().sync_all()?;
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
        }
        self.path = None;
        // The name is in the directory. Not every system can flush a directory to the disk.
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(directory) = File::open(directory) {
            directory.sync_all().ok();
        }
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            fs::remove_file(path).ok();
        }
    }
}
