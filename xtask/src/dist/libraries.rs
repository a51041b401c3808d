//! The libraries that are in a program, as cargo sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{NAME, Platform};
use crate::Outcome;

/// A library in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Library {
    /// The id that cargo gives it.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: String,
    pub(super) repository: Option<String>,
    /// SHA-256 of the file in the registry.
    pub(super) checksum: Option<String>,
    pub(super) directory: PathBuf,
    /// The ids of the libraries that it uses.
    pub(super) uses: Vec<String>,
}

/// The program's own package, and all libraries that are compiled into it, by name and version.
#[derive(Debug)]
pub(super) struct Libraries {
    pub(super) own: Library,
    pub(super) all: Vec<Library>,
}

impl Libraries {
    /// Those of the program for a platform, built with these options of cargo.
    pub(super) fn of(root: &Path, platform: &Platform, features: &[String]) -> Outcome<Self> {
        let metadata =
            metadata(root, &[&["--filter-platform", &platform.target()], features_of(features).as_slice()].concat())?;
        let lock = fs::read_to_string(root.join("Cargo.lock"))
            .map_err(|error| format!("Cargo.lock cannot be read: {error}"))?;
        Self::read(&metadata, &checksums(&lock))
    }

    pub(super) fn read(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Outcome<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        // What a library needs only to be built or tested is not in the program.
        let is_inside = |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let uses: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let inside = list(&node["deps"]).into_iter().filter(is_inside).map(|one| text(&one["pkg"])).collect();
                (text(&node["id"]), inside)
            })
            .collect();
        let library = |package: &Value| {
            let (id, name, version) = (text(&package["id"]), text(&package["name"]), text(&package["version"]));
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            Library {
                uses: uses.get(&id).cloned().unwrap_or_default(),
                licence: text(&package["license"]).replace('/', " OR "),
                repository: package["repository"].as_str().map(str::to_owned),
                checksum: checksums.get(&(name.clone(), version.clone())).cloned(),
                directory: manifest.parent().map(Path::to_path_buf).unwrap_or_default(),
                id,
                name,
                version,
            }
        };
        let packages: BTreeMap<String, Library> =
            list(&metadata["packages"]).iter().map(library).map(|one| (one.id.clone(), one)).collect();
        let own =
            packages.values().find(|one| one.name == NAME).ok_or("cargo does not know the package of the provider.")?;
        let (mut reached, mut next) = (BTreeSet::new(), own.uses.clone());
        while let Some(id) = next.pop() {
            if let Some(library) = packages.get(&id).filter(|_| reached.insert(id.clone())) {
                next.extend(library.uses.iter().cloned());
            }
        }
        let mut all: Vec<Library> = reached.iter().filter_map(|id| packages.get(id)).cloned().collect();
        all.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        Ok(Self { own: own.clone(), all })
    }
}

fn features_of(features: &[String]) -> Vec<&str> {
    features.iter().map(String::as_str).collect()
}

/// The version of the provider in Cargo.toml.
pub(super) fn version(root: &Path) -> Outcome<String> {
    let metadata = metadata(root, &["--no-deps"])?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let own = packages.iter().find(|package| package["name"] == NAME).and_then(|package| package["version"].as_str());
    own.map(str::to_owned).ok_or_else(|| "cargo does not know the version of the provider.".to_owned())
}

fn metadata(root: &Path, arguments: &[&str]) -> Outcome<Value> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo does not list the libraries: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo's list of libraries is not JSON: {error}"))
}

/// The checksums of Cargo.lock, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |package: &str, key: &str| {
        let start = format!("{key} = \"");
        package.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"').map(str::to_owned))
    };
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            Some(((value(package, "name")?, value(package, "version")?), value(package, "checksum")?))
        })
        .collect()
}
