//! A mirror: a directory that works as a filesystem mirror, and as a network mirror on any HTTPS server of files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::package::{Package, sum};
use crate::Outcome;
use crate::tool::SOURCE;

/// The hosts in whose names the clients look for a provider without a host.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Adds the zips of a version to the mirror. The versions that it has stay.
pub(super) fn add(mirror: &Path, package: &Package<'_>) -> Outcome<()> {
    let zips = package.zips()?;
    for host in HOSTS {
        let directory = mirror.join(host).join(SOURCE);
        let cannot = |error: std::io::Error| format!("{} cannot be written: {error}", directory.display());
        fs::create_dir_all(&directory).map_err(cannot)?;
        let mut archives = json!({});
        for (platform, zip) in &zips {
            let name = zip.file_name().unwrap_or_default();
            fs::copy(zip, directory.join(name)).map_err(cannot)?;
            let hashes = [format!("zh:{}", sum(zip)?)];
            archives[platform] = json!({ "hashes": hashes, "url": name.to_string_lossy() });
        }
        write(&directory.join(format!("{}.json", package.version)), &json!({ "archives": archives }))?;
        let index = directory.join("index.json");
        let mut versions = match fs::read(&index) {
            Ok(text) => serde_json::from_slice::<Value>(&text)
                .map_err(|error| format!("{} is not the index of a mirror: {error}", index.display()))?,
            Err(_) => json!({ "versions": {} }),
        };
        versions["versions"][package.version] = json!({});
        write(&index, &versions)?;
    }
    Ok(())
}

fn write(path: &Path, value: &Value) -> Outcome<()> {
    let text = format!("{value:#}\n");
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
