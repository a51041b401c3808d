//! The signature of the sums.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Signs `file` with a key of gpg, into `file.sig`: a detached signature in binary form, which is what the registries read.
pub(super) fn sign(file: &Path, key: &str, home: Option<&Path>) -> Outcome<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    let mut command = Command::new("gpg");
    if let Some(home) = home {
        command.arg("--homedir").arg(home);
    }
    let output = command
        .args(["--batch", "--yes", "--no-armor", "--local-user", key, "--output"])
        .arg(name)
        .arg("--detach-sign")
        .arg(file)
        .output()
        .map_err(|error| format!("gpg cannot be started (install GnuPG to sign a release): {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("gpg does not sign with the key {key:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
