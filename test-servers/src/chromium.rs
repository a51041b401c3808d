//! Finds a browser.

use std::path::PathBuf;

use crate::debian;

/// Names of the programs of Chromium, in the order of preference.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Path of a Chromium: the one in `PATH`, or else Debian's, unpacked into `target/test-servers`.
///
/// # Panics
/// Panics if there is none and none can be fetched; the message names what to install.
pub fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = PROGRAMS
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |directory| directory.join(name)))
        .find(|program| program.is_file());
    in_path.unwrap_or_else(|| fetched().unwrap_or_else(|why| {
        panic!(
            "The tests of the report need Chromium, and there is none in PATH: install it (Debian and Ubuntu: apt install \
             chromium). Fetching Debian's package failed: {why}"
        )
    }))
}

/// Fetches Debian's Chromium and unpacks it.
fn fetched() -> Result<PathBuf, String> {
    let top = debian::programs("chromium", &["usr/lib/chromium/chromium"])?;
    Ok(top.join(debian::PROGRAMS).join("chromium"))
}
