//! `cargo xtask dist`: the files of a release, in the form that both registries want, and the same files for a mirror.
//!
//! The same source, tools and options give the same bytes, except for the signature.

mod build;
mod libraries;
mod licences;
mod mirror;
mod package;
mod platform;
mod sbom;
mod signature;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use libraries::Libraries;
use package::Package;
pub use platform::Platform;

const USAGE: &str = "\
usage: cargo xtask dist [options]

  --target TARGET           a Rust target to build, such as x86_64-unknown-linux-musl; may be repeated. Linux targets are
                            built with cargo-zigbuild, which needs Zig (`pip install cargo-zigbuild ziglang`); a suffix
                            such as .2.17 is the oldest glibc. Without --target and --binary:
                            x86_64-unknown-linux-gnu.2.17
  --binary [PLATFORM=]PATH  package this program instead, for a platform such as darwin_arm64 (by default the one of this
                            machine); may be repeated
  --no-default-features     as of cargo, for programs with fewer stores
  --features LIST           as of cargo
  --version VERSION         the version in the names; only with --binary. By default that of Cargo.toml
  --sign KEY                sign SHA256SUMS with this key of gpg
  --gpg-home DIR            where gpg keeps its keys, if not in the home directory of the user
  --mirror DIR              also write a mirror that Terraform and OpenTofu can install from, into this directory; versions
                            that are there stay
  --output DIR              by default target/dist, which is emptied first";

/// Name of the program, and of all files of a release.
const NAME: &str = "terraform-provider-ipam";

/// What is built when no option says what.
const DEFAULT_TARGET: &str = "x86_64-unknown-linux-gnu.2.17";

/// What to package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Rust targets to build.
    pub targets: Vec<String>,
    /// Programs that are built already.
    pub binaries: Vec<(Platform, PathBuf)>,
    /// The options of cargo that choose features.
    pub features: Vec<String>,
    /// The version in the names of the files.
    pub version: Option<String>,
    /// A key of gpg.
    pub sign: Option<String>,
    /// Where gpg keeps its keys.
    pub gpg_home: Option<PathBuf>,
    /// Directory of a mirror.
    pub mirror: Option<PathBuf>,
    /// Directory of the files of the release.
    pub output: Option<PathBuf>,
}

impl Options {
    /// Reads the options of the command line.
    fn read(arguments: &[&str]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            if *option == "--no-default-features" {
                options.features.push((*option).to_owned());
                continue;
            }
            let mut value = || rest.next().map(|value| (*value).to_owned()).ok_or(format!("{option} needs a value."));
            match *option {
                "--target" => options.targets.push(value()?),
                "--binary" => options.binaries.push(binary(&value()?)?),
                "--features" => options.features.extend(["--features".to_owned(), value()?]),
                "--version" => options.version = Some(value()?),
                "--sign" => options.sign = Some(value()?),
                "--gpg-home" => options.gpg_home = Some(value()?.into()),
                "--mirror" => options.mirror = Some(value()?.into()),
                "--output" => options.output = Some(value()?.into()),
                _ => return Err(format!("{option} is not an option of this task.\n\n{USAGE}")),
            }
        }
        options.verify()?;
        Ok(options)
    }

    fn verify(&self) -> Outcome<()> {
        let Some(version) = &self.version else { return Ok(()) };
        if self.binaries.is_empty() || !self.targets.is_empty() {
            return Err(
                "--version is only for --binary: a program that is built has the version of Cargo.toml.".to_owned()
            );
        }
        let numbers: Vec<&str> = version.split(['-', '+']).next().unwrap_or_default().split('.').collect();
        let are_numbers = numbers.iter().all(|number| number.parse::<u64>().is_ok());
        if numbers.len() == 3 && are_numbers {
            return Ok(());
        }
        Err(format!("{version:?} is not a version such as 1.2.3, without a `v`."))
    }
}

/// `PLATFORM=PATH`, or the path of a program for this machine.
fn binary(text: &str) -> Outcome<(Platform, PathBuf)> {
    let (platform, path) = match text.split_once('=') {
        Some((platform, path)) => (Platform::named(platform)?, path),
        None => (Platform::here()?, text),
    };
    Ok((platform, path.into()))
}

pub(crate) fn run(root: &Path, arguments: &[&str]) -> Outcome<()> {
    if arguments == ["--help"] {
        println!("{USAGE}");
        return Ok(());
    }
    let files = make(root, &Options::read(arguments)?)?;
    for file in files {
        println!("{}", file.display());
    }
    Ok(())
}

/// Makes the files of a release of the repository in `root`, and returns their paths.
///
/// # Errors
/// The reason why there is no complete release: a program does not build, a file cannot be written, gpg does not sign.
pub fn make(root: &Path, options: &Options) -> Outcome<Vec<PathBuf>> {
    let mut options = options.clone();
    if options.targets.is_empty() && options.binaries.is_empty() {
        options.targets.push(DEFAULT_TARGET.to_owned());
    }
    let version = match &options.version {
        Some(version) => version.clone(),
        None => libraries::version(root)?,
    };
    let output = options.output.clone().unwrap_or_else(|| root.join("target/dist"));
    let mut programs = options.binaries.clone();
    for target in &options.targets {
        programs.push((Platform::of_target(target)?, build::build(root, target, &options.features)?));
    }
    programs.sort();
    if let Some(pair) = programs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!("There are two programs for {}: a release has one.", pair[0].0));
    }

    empty(&output)?;
    let package = Package { version: &version, directory: &output };
    let readme = read(&root.join("README.md"))?;
    let licence = read(&root.join("LICENSE"))?;
    for (platform, program) in &programs {
        let libraries = Libraries::of(root, platform, &options.features)?;
        let inside = [
            ("LICENSE".to_owned(), licence.clone()),
            ("README.md".to_owned(), readme.clone()),
            ("THIRD_PARTY_LICENSES.txt".to_owned(), licences::texts(&libraries)?.into_bytes()),
        ];
        let zip = package.zip(platform, program, &inside)?;
        package.write(&format!("{zip}.sbom.json"), &sbom::of(&libraries, &version, &read(program)?))?;
    }
    package.manifest()?;
    package.sums()?;
    if let Some(key) = &options.sign {
        signature::sign(&package.path("SHA256SUMS"), key, options.gpg_home.as_deref())?;
    }
    if let Some(mirror) = &options.mirror {
        mirror::add(mirror, &package)?;
    }
    package.files()
}

fn empty(directory: &Path) -> Outcome<()> {
    let cannot = |error: std::io::Error| format!("{} cannot be emptied: {error}", directory.display());
    if directory.exists() {
        // Not a directory that has something else in it, such as a home directory given by mistake.
        for entry in fs::read_dir(directory).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name();
            if !name.to_string_lossy().starts_with(NAME) {
                return Err(format!(
                    "{} contains {}, which is no file of a release: name another directory, or remove it.",
                    directory.display(),
                    name.display()
                ));
            }
        }
        fs::remove_dir_all(directory).map_err(cannot)?;
    }
    fs::create_dir_all(directory).map_err(cannot)
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}
