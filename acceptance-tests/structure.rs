//! Rules of the dependencies between modules. The table states the architecture; ARCHITECTURE.md explains it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]

#[path = "structure/circles.rs"]
mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each top-level module, and the modules that it may name.
const MAY_KNOW: [(&str, &[&str]); 11] = [
    ("main", &["plugin", "provider", "cli"]),
    ("cli", &["backend", "ipam", "plugin", "provider"]),
    ("plugin", &["protocol", "tf"]),
    ("protocol", &["tf"]),
    ("provider", &["tf", "aws", "backend", "ipam", "store"]),
    ("tf", &[]),
    ("backend", &["ipam", "store"]),
    ("ipam", &["store"]),
    ("store", &["runtime"]),
    ("aws", &["backend", "ipam", "store", "runtime"]),
    ("runtime", &[]),
];

/// The only items of `store` that these modules may use: the core its transactions, the provider the reasons of
/// failures.
const OF_STORE: [(&str, &[&str]); 2] =
    [("ipam", &["Tx", "Snapshot", "Order", "Entry", "Error", "Overlay"]), ("provider", &["Error"])];

/// The only modules that speak gRPC.
const KNOW_TONIC: [&str; 2] = ["plugin", "protocol"];

/// Longest source file. A longer file should be divided.
const LINES_MAX: usize = 700;

/// A source file of the crate.
struct Source {
    /// Path from the top directory.
    path: PathBuf,
    /// Top-level module it belongs to.
    module: String,
    /// Code without comments and without tests.
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
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

fn sources() -> Vec<Source> {
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
fn is_test(path: &Path) -> bool {
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
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate::", "terraform_provider_ipam::"] {
        for (at, _) in code.match_indices(root) {
            let starts_a_word = !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
            if starts_a_word {
                branches(&code[at + root.len()..], &[], &mut found);
            }
        }
    }
    found
}

/// Reads one path, or the group that it ends in, from the start of `text`.
fn branches(text: &str, before: &[String], found: &mut Vec<Vec<String>>) {
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

/// Exported macros are at the top of the crate; they belong to the module that defines them.
fn macros(sources: &[Source]) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for source in sources {
        for part in source.code.split("#[macro_export]").skip(1) {
            let name = part.split("macro_rules!").nth(1).unwrap_or("").trim_start();
            let name: String = name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            owners.insert(name, source.module.clone());
        }
    }
    owners
}

#[test]
fn modules_name_only_the_modules_that_they_may() {
    let table: BTreeMap<&str, &[&str]> = MAY_KNOW.into_iter().collect();
    let sources = sources();
    let macros = macros(&sources);
    let modules: BTreeSet<&str> = sources.iter().map(|source| source.module.as_str()).collect();
    let mut wrong = BTreeSet::new();
    for source in sources.iter().filter(|source| source.module != "lib") {
        let Some(allowed) = table.get(source.module.as_str()) else {
            wrong.insert(format!("src/{} is not in the table of acceptance-tests/structure.rs", source.module));
            continue;
        };
        for path in paths(&source.code) {
            let Some(first) = path.first() else { continue };
            let named = macros.get(first).unwrap_or(first);
            // Every module may use the other items at the top of the crate (constants of lib.rs).
            if modules.contains(named.as_str()) && *named != source.module && !allowed.contains(&named.as_str()) {
                let (file, module) = (source.path.display(), &source.module);
                wrong.insert(format!("{file} names {}: {module} may know only {allowed:?}", path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn core_and_provider_see_only_their_part_of_a_store() {
    let mut wrong = BTreeSet::new();
    for (module, allowed) in OF_STORE {
        for source in sources().iter().filter(|source| source.module == module) {
            for item in items_of("store", &source.code).into_iter().filter(|item| !allowed.contains(&item.as_str())) {
                let file = source.path.display();
                wrong.insert(format!("{file} names store::{item}: {module} may know only {allowed:?} of it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The items of a top-level module that `code` names, as `crate::module::Item` or as `module::Item` after an import.
fn items_of(module: &str, code: &str) -> Vec<String> {
    let named: Vec<_> =
        paths(code).into_iter().filter(|path| path.first().is_some_and(|name| name == module)).collect();
    let mut items: Vec<String> = named.iter().filter_map(|path| path.get(1).cloned()).collect();
    if named.iter().any(|path| path.len() == 1 || path[1] == "self") {
        let prefix = format!("{module}::");
        for (at, _) in code.match_indices(&prefix) {
            let starts_a_path = !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
            if starts_a_path {
                let mut found = Vec::new();
                branches(&code[at + prefix.len()..], &[], &mut found);
                items.extend(found.into_iter().filter_map(|path| path.first().cloned()));
            }
        }
    }
    items.retain(|item| item != "self");
    items
}

#[test]
fn only_plugin_and_protocol_speak_grpc() {
    for source in sources().iter().filter(|source| !KNOW_TONIC.contains(&source.module.as_str())) {
        let names_tonic = source.code.contains("tonic::") || source.code.contains("prost::");
        assert!(!names_tonic, "{} names tonic or prost: only {KNOW_TONIC:?} may", source.path.display());
    }
}

#[test]
fn files_are_short_enough_to_read() {
    let mut long = Vec::new();
    for directory in ["src", "xtask", "acceptance-tests", "benches", "test-servers"].map(|name| root().join(name)) {
        for path in if directory.is_dir() { rust_files(&directory) } else { Vec::new() } {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > LINES_MAX {
                long.push(format!("{} has {lines} lines, {LINES_MAX} are allowed", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn groups_and_paths_are_split() {
    let code = "use crate::{a, store::{Tx, error::Error}, b::C};\nlet x = crate::tf::Value::Null; $crate::ipam::f(1);";
    let found: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a", "store::Tx", "store::error::Error", "b::C", "tf::Value::Null", "ipam::f"]);
    let imported = "use crate::store::{self, Overlay};\nfn f() -> store::Error { tf::store::None }";
    assert_eq!(items_of("store", imported), ["Overlay", "Error"]);
}
