//! Reading the source: its files, their code without comments and tests, and the paths that it names.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the crate.
pub(crate) struct Source {
    /// Path from the top directory.
    pub(crate) path: PathBuf,
    /// Top-level module it belongs to.
    pub(crate) module: String,
    /// Code without comments and without tests.
    pub(crate) code: String,
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
        let code = code_of(&fs::read_to_string(&path).unwrap());
        Source { path: path.strip_prefix(root()).unwrap().to_path_buf(), module, code }
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

/// Paths after every `crate::` (or the crate's name), with groups expanded: `store::{Tx, Error}` is two paths.
pub(crate) fn paths(code: &str) -> Vec<Vec<String>> {
    ["crate::", "terraform_provider_ipam::"].iter().flat_map(|root| paths_after(root, code)).collect()
}

/// Paths after every `root`, such as `std::`, with groups expanded.
pub(crate) fn paths_after(root: &str, code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        let starts_a_word = !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        if starts_a_word {
            branches(&code[at + root.len()..], &[], &mut found);
        }
    }
    found
}

/// Reads one path, or the group that it ends in, from the start of `text`.
pub(crate) fn branches(text: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        for member in members(group) {
            branches(member, before, found);
        }
        return;
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let mut path = before.to_vec();
    if end > 0 {
        path.push(text[..end].to_owned());
    }
    match text[end..].strip_prefix("::") {
        Some(rest) if end > 0 => branches(rest, &path, found),
        _ => found.push(path),
    }
}

/// The members of a group: the texts between its commas, up to its closing brace.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut list) = (0, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            ',' if depth == 0 => {
                list.push(&group[start..at]);
                start = at + 1;
            }
            '}' if depth == 0 => {
                list.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    list.retain(|member| !member.trim().is_empty());
    list
}
