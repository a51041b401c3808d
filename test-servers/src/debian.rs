//! Programs from Debian's packages, unpacked without installing them: that needs no root and does not change the
//! machine.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_programs::once;

use crate::machine::{run, write_program};

/// Puts the libraries of the packages before those of the machine. The script is in `bin`, next to `root`.
const WRAPPER: &str = r#"#!/bin/sh
top=$(cd "$(dirname "$0")/.." && pwd)
for directory in DIRECTORIES; do
  libraries="${libraries:+$libraries:}$top/root/$directory"
done
export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
for program in "$top"/root/PROGRAM; do
  exec "$program" "$@"
done
"#;

/// A part of the directory's name. Another number makes the directories anew after a change of how they are made.
const MAKING: u32 = 2;

/// The subdirectory of the programs in the result of [`programs`].
pub(crate) const PROGRAMS: &str = "bin";

/// A directory that contains these programs (paths inside of the package, `*` allowed) in [`PROGRAMS`]. They come from
/// the package, and from the packages that it depends on and that the machine lacks.
///
/// # Errors
/// Fails with a message about the problem: not Debian or a relative of it, no such package, no network.
pub(crate) fn programs(package: &str, programs: &[&str]) -> Result<PathBuf, String> {
    once(&format!("debian-{package}-{MAKING}"), |partial| {
        fetch(package, partial)?;
        unpack(partial)?;
        let libraries = libraries(&partial.join("root"))?;
        programs.iter().try_for_each(|program| wrap(partial, program, &libraries))
    })
}

/// Downloads the packages with separate lists and a separate cache: those of the machine need root, and may be empty.
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

/// The directories below `root` that hold libraries, the upper ones first. Some packages have their own libraries,
/// which their other libraries need.
fn libraries(root: &Path) -> Result<Vec<String>, String> {
    let words = |error: std::io::Error| format!("{}: {error}", root.display());
    let mut found = Vec::new();
    let mut directories = VecDeque::from([PathBuf::new()]);
    while let Some(directory) = directories.pop_front() {
        let mut has_library = false;
        for entry in fs::read_dir(root.join(&directory)).map_err(words)? {
            let entry = entry.map_err(words)?;
            if entry.file_type().map_err(words)?.is_dir() {
                directories.push_back(directory.join(entry.file_name()));
            }
            has_library |= is_library(&entry.file_name().to_string_lossy());
        }
        if has_library {
            found.push(directory.display().to_string());
        }
    }
    Ok(found)
}

/// Whether a file name is that of a library: `libx.so`, `libx.so.1`, `libx-1.0.so`.
fn is_library(name: &str) -> bool {
    name.ends_with(".so") || name.contains(".so.")
}

fn wrap(to: &Path, program: &str, libraries: &[String]) -> Result<(), String> {
    let bin = to.join(PROGRAMS);
    fs::create_dir_all(&bin).map_err(|error| format!("{}: {error}", bin.display()))?;
    let wrapper = bin.join(Path::new(program).file_name().unwrap_or_default());
    let quoted: Vec<String> = libraries.iter().map(|directory| format!("'{directory}'")).collect();
    write_program(&wrapper, &WRAPPER.replace("DIRECTORIES", &quoted.join(" ")).replace("PROGRAM", program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_with_libraries_counts_the_upper_ones_first() {
        let root = tempfile::tempdir().expect("a scratch directory");
        for file in
            ["usr/lib/machine/deep/own/libc.so.6.1", "usr/lib/machine/liba.so.1", "usr/lib/p/b-1.0.so", "etc/x.conf"]
        {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a scratch directory can be written");
            fs::write(path, "").expect("a scratch directory can be written");
        }
        let mut found = libraries(root.path()).expect("a scratch directory can be read");
        found[..2].sort();
        assert_eq!(found, ["usr/lib/machine", "usr/lib/p", "usr/lib/machine/deep/own"]);
    }

    #[test]
    fn a_wrapped_program_finds_its_libraries() {
        let top = tempfile::tempdir().expect("a scratch directory");
        let directory = top.path().join("root/usr/bin");
        fs::create_dir_all(&directory).expect("a scratch directory can be written");
        write_program(&directory.join("tell"), "#!/bin/sh\necho \"$1:$LD_LIBRARY_PATH\"\n").expect("it is written");
        wrap(top.path(), "usr/*/tell", &["usr/lib/a".to_owned(), "usr/lib/a b".to_owned()]).expect("it is wrapped");
        let output = Command::new(top.path().join("bin/tell")).arg("x").env("LD_LIBRARY_PATH", "/own").output();
        let said = String::from_utf8(output.expect("it runs").stdout).expect("text");
        let root = top.path().canonicalize().expect("it is there").join("root");
        assert_eq!(said, format!("x:{0}/usr/lib/a:{0}/usr/lib/a b:/own\n", root.display()));
    }
}
