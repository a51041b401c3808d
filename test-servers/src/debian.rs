//! Programs of Debian's packages, unpacked and not installed: that needs no root and changes nothing of the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_programs::once;

/// Sets the libraries of the packages beside those of the machine. It stands in `bin`, next to `root`.
const WRAPPER: &str = r#"#!/bin/sh
top=$(cd "$(dirname "$0")/.." && pwd)
for directory in "$top"/root/usr/lib/*-linux-gnu* "$top"/root/lib/*-linux-gnu*; do
  [ -d "$directory" ] && LD_LIBRARY_PATH="$directory${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
for program in "$top"/root/PROGRAM; do
  exec "$program" "$@"
done
"#;

/// Where the programs are in what [`programs`] answers.
pub(crate) const PROGRAMS: &str = "bin";

/// A directory with these programs (paths inside of the package, `*` allowed) in [`PROGRAMS`]; the package, and what the
/// machine lacks of its needs, bring them.
///
/// # Errors
/// Words that say what went wrong: not Debian or a relative of it, no such package, no network.
pub(crate) fn programs(package: &str, programs: &[&str]) -> Result<PathBuf, String> {
    once(&format!("debian-{package}"), |partial| {
        fetch(package, partial)?;
        unpack(partial)?;
        programs.iter().try_for_each(|program| wrap(partial, program))
    })
}

/// Downloads the packages, with lists and a cache of its own: those of the machine need root, and may be empty.
fn fetch(package: &str, to: &Path) -> Result<(), String> {
    for directory in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(to.join(directory)).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    let settings = [
        format!("Dir::State::Lists={}", to.join("lists").display()),
        format!("Dir::Cache={}", to.join("cache").display()),
        "Debug::NoLocking=true".to_owned(),
        "APT::Sandbox::User=".to_owned(),
    ];
    let apt = |words: &[&str]| {
        let options = settings.iter().flat_map(|setting| ["-o", setting]);
        run(Command::new("apt-get").args(options).args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["-q", "update"])?;
    apt(&["-q", "-y", "--no-install-recommends", "--download-only", "install", package])
}

fn unpack(to: &Path) -> Result<(), String> {
    let words = |error: std::io::Error| format!("{}: {error}", to.display());
    let root = to.join("root");
    for entry in fs::read_dir(to.join("cache/archives")).map_err(words)? {
        let archive = entry.map_err(words)?.path();
        if archive.extension().is_some_and(|end| end == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(archive).arg(&root))?;
        }
    }
    ["lists", "cache"].iter().try_for_each(|left| fs::remove_dir_all(to.join(left))).map_err(words)
}

fn wrap(to: &Path, program: &str) -> Result<(), String> {
    let words = |error: std::io::Error| format!("{}: {error}", to.display());
    let bin = to.join(PROGRAMS);
    fs::create_dir_all(&bin).map_err(words)?;
    let wrapper = bin.join(Path::new(program).file_name().unwrap_or_default());
    fs::write(&wrapper, WRAPPER.replace("PROGRAM", program)).map_err(words)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).map_err(words)
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{name} does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
