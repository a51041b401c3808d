//! Python with packages from PyPI, for clients and models that are written in Python.

use std::path::PathBuf;
use std::process::Command;

use test_programs::Python;

/// Installed packages that Python can import.
#[derive(Clone, Debug)]
pub struct Packages {
    python: PathBuf,
    directory: PathBuf,
}

impl Packages {
    /// Installs these packages (`name==version`, separated by spaces) and all that they depend on.
    ///
    /// # Panics
    /// Panics if they cannot be installed; the message names what to install.
    pub fn of(requirements: &str) -> Self {
        let installed = Python::find().and_then(|python| Ok((python.install(requirements, true)?, python)));
        let (directory, python) =
            installed.unwrap_or_else(|why| panic!("These tests fetch {requirements} from PyPI, which failed: {why}"));
        Self { python: python.program, directory }
    }

    /// A command of `python3` that finds these packages, and none of the user's.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.env("PYTHONPATH", &self.directory).env("PYTHONNOUSERSITE", "1").env("PYTHONUNBUFFERED", "1");
        command
    }
}
