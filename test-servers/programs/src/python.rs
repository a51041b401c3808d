//! Packages from PyPI, kept in `target/test-servers`.

use std::path::PathBuf;
use std::process::Command;

use crate::cache;

/// The Python that installs packages and runs servers.
#[derive(Clone, Debug)]
pub struct Python {
    /// Its path.
    pub program: PathBuf,
    /// Its version in the form `3.11`.
    version: String,
}

impl Python {
    /// Finds the `python3` in `PATH`.
    ///
    /// # Errors
    /// Fails with a message that names what is missing.
    pub fn find() -> Result<Self, String> {
        let question = "import sys; print(sys.executable); print('%d.%d' % sys.version_info[:2])";
        let missing = || "python3 is not in PATH: install Python 3.10 or later, with pip".to_owned();
        let answer = Command::new("python3").args(["-c", question]).output().map_err(|_| missing())?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let mut lines = text.lines();
        match (lines.next(), lines.next()) {
            (Some(program), Some(version)) => Ok(Self { program: program.into(), version: version.to_owned() }),
            _ => Err(missing()),
        }
    }

    /// Installs `requirement` at the first call (`name==version`, or several separated by spaces) and returns its
    /// directory. Packages that it depends on are installed only if `whole`. If several processes call at the same
    /// time, one installs and the others wait.
    ///
    /// # Errors
    /// Fails with a message about the problem.
    pub fn install(&self, requirement: &str, whole: bool) -> Result<PathBuf, String> {
        // Compiled packages work only with one version of Python.
        let name = format!("{requirement}-python{}", self.version).replace(['[', ']', ',', '=', ' '], "-");
        cache::once(&name, |partial| self.run_pip(requirement, whole, partial))
    }

    fn run_pip(&self, requirement: &str, whole: bool, target: &std::path::Path) -> Result<(), String> {
        let mut pip = Command::new(&self.program);
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
        pip.args(["--only-binary=:all:", "--target"]).arg(target);
        if !whole {
            pip.arg("--no-deps");
        }
        let output =
            pip.args(requirement.split(' ')).output().map_err(|error| format!("python3 does not start: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        if text.contains("No module named pip") {
            return Err("python3 has no pip: install it (Debian and Ubuntu: apt install python3-pip)".to_owned());
        }
        Err(format!("pip cannot install {requirement} for Python {}:\n{}", self.version, text.trim()))
    }
}
