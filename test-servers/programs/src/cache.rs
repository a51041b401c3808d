//! Files that are fetched once and kept in `target/test-servers`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The directory `name`, which `make` fills at the first call. If several processes call at the same time, one fills it
/// and the others wait.
///
/// # Errors
/// Fails with the error of `make`, or a message about the file that cannot be written.
pub fn once(name: &str, make: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    let top = top();
    let words = |error: std::io::Error| format!("{} cannot be written: {error}", top.display());
    fs::create_dir_all(&top).map_err(words)?;
    let done = top.join(name);
    let lock = File::create(top.join(format!("{name}.lock"))).map_err(words)?;
    lock.lock().map_err(words)?;
    if done.is_dir() {
        return Ok(done);
    }
    let partial = top.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(words)?;
    }
    make(&partial)?;
    fs::rename(&partial, &done).map_err(words)?;
    Ok(done)
}

/// The path of `target/test-servers`.
fn top() -> PathBuf {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top.join("target"), |path| top.join(path));
    target.join("test-servers")
}
