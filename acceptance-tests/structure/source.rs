//! Reads the source: its files, and their code without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tokens::{paths_after, tokens, without_tests};

/// A source file of the crate.
pub(crate) struct Source {
    /// Path from the top directory.
    pub(crate) path: PathBuf,
    /// Top-level module it belongs to.
    pub(crate) module: String,
    /// Code without comments and without tests.
    pub(crate) code: String,
    /// The same as words and signs.
    pub(crate) tokens: Vec<String>,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub(crate) fn sources() -> Vec<Source> {
    let src = root().join("src");
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&src).unwrap();
        let first = Path::new(inside.components().next().unwrap().as_os_str());
        let module = first.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let (code, tokens) = (code_of(&text), without_tests(tokens(&text)));
        Source { path: path.strip_prefix(root()).unwrap().to_path_buf(), module, code, tokens }
    };
    rust_files(&src).into_iter().filter(|path| !is_test(path)).map(read).collect()
}

/// Files that only tests use: `tests.rs`, `x_tests.rs`, `testing.rs`, `x_samples.rs`, `suite.rs`, or in a `tests`
/// directory.
pub(crate) fn is_test(path: &Path) -> bool {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let in_tests = path.components().any(|part| part.as_os_str() == "tests");
    in_tests || ["tests", "testing", "suite"].contains(&stem) || stem.ends_with("_tests") || stem.ends_with("_samples")
}

/// The text without comments, and without a test module at the end of the file.
fn code_of(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The paths of this crate that code names.
pub(crate) fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    ["crate", "terraform_provider_ipam"].iter().flat_map(|root| paths_after(root, tokens)).collect()
}
