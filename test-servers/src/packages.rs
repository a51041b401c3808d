//! Python with packages from PyPI, for clients and models that are written in it.

use std::path::PathBuf;
use std::process::Command;

use test_programs::Python;

/// Packages that Python finds.
#[derive(Clone, Debug)]
pub struct Packages {
    python: PathBuf,
    directory: PathBuf,
}

impl Packages {
    /// These packages (`name==version`, with spaces between) and all that they need.
    ///
    /// # Panics
    /// When they cannot be had; the message says what to install.
    pub fn of(requirements: &str) -> Self {
        let installed = Python::find().and_then(|python| Ok((python.install(requirements, true)?, python)));
        let (directory, python) =
            installed.unwrap_or_else(|why| panic!("These tests fetch {requirements} from PyPI, which failed: {why}"));
        Self { python: python.program, directory }
    }

    /// `python3` that knows them and nothing of the user's own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.env("PYTHONPATH", &self.directory).env("PYTHONNOUSERSITE", "1").env("PYTHONUNBUFFERED", "1");
        command
    }
}
