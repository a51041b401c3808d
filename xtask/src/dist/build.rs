//! Builds the program of a release.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::NAME;
use crate::Outcome;

/// Builds the program for a target, and returns its path.
pub(super) fn build(root: &Path, target: &str, features: &[String]) -> Outcome<PathBuf> {
    let is_linux = target.contains("-linux-");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .arg(if is_linux { "zigbuild" } else { "build" })
        .args(["--release", "--locked", "--package", NAME, "--bin", NAME, "--target", target])
        .args(features)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(root))
        .env("CARGO_INCREMENTAL", "0")
        .stderr(Stdio::inherit());
    if is_linux {
        // C libraries keep the paths of their files in assertions.
        command.env("CFLAGS", places(root).map(|(from, to)| format!("-ffile-prefix-map={from}={to}")).join(" "));
    }
    let output = command.output().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        let hint = if is_linux {
            "\nIf cargo does not know `zigbuild`: pip install cargo-zigbuild ziglang; if it does not know the target: rustup target add."
        } else {
            ""
        };
        return Err(format!("The program for {target} does not build; see above.{hint}"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_program = message["target"]["name"] == NAME && message["target"]["kind"][0] == "bin";
        message["executable"].as_str().filter(|_| is_program).map(PathBuf::from)
    });
    built.ok_or_else(|| "cargo did not say where it put the program.".to_owned())
}

/// The directories that differ between machines, and what the program has in their place.
fn places(root: &Path) -> [(String, &'static str); 2] {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let cargo = home.unwrap_or_else(|| ".cargo".into());
    [(root.display().to_string(), "/source"), (cargo.display().to_string(), "/cargo")]
}

/// The flags of rustc that keep these directories out of the program, in the form of `CARGO_ENCODED_RUSTFLAGS`.
fn remapped(root: &Path) -> String {
    places(root).map(|(from, to)| format!("--remap-path-prefix={from}={to}")).join("\x1f")
}
