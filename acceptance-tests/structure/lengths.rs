//! A file can be kept in mind, and a function fits on a screen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::source::{is_test, root, rust_files, sources};

/// Most lines of a source file. A longer file should be divided.
const LINES_MAX: usize = 500;

/// Most lines of a file of tests, which nothing else builds on.
const TEST_LINES_MAX: usize = 700;

/// Most lines of a function outside tests.
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn files_are_short_enough_to_read() {
    let mut long = BTreeMap::new();
    for directory in ["src", "xtask", "acceptance-tests", "benches", "test-servers"] {
        for path in rust_files(&root().join(directory)) {
            let inside = path.strip_prefix(root()).unwrap();
            let of_tests = directory == "acceptance-tests" || is_test(inside);
            let allowed = if of_tests { TEST_LINES_MAX } else { LINES_MAX };
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > allowed {
                long.insert(inside.display().to_string(), format!("{lines} lines, {allowed} are allowed"));
            }
        }
    }
    assert!(long.is_empty(), "too long: {long:#?}");
}

#[test]
fn functions_fit_on_a_screen() {
    let mut long = BTreeMap::new();
    for source in sources() {
        for (name, lines) in functions(&source.code).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES_MAX) {
            let place = format!("{}: {name}", source.path.display());
            long.insert(place, format!("{lines} lines, {FUNCTION_LINES_MAX} are allowed"));
        }
    }
    assert!(long.is_empty(), "too long: {long:#?}");
}

/// The functions in formatted code, each with the number of its lines. The last line of a function is the first brace
/// that is indented like its first line.
fn functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().map(str::trim_end).collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let Some(name) = name_of_function(line.trim_start()) else { continue };
        let signature_end = lines[first..].iter().find(|line| line.ends_with(['{', '}', ';']));
        if signature_end.is_some_and(|line| line.ends_with('{')) {
            let closing = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
            let last = lines[first..].iter().position(|line| *line == closing).unwrap();
            found.push((name.to_owned(), last + 1));
        }
    }
    found
}

/// The name, if a function begins in this line.
fn name_of_function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_declaration = before.split_whitespace().all(|word| {
        ["const", "async", "unsafe", "extern", "pub", "in"].contains(&word)
            || word.starts_with("pub(")
            || word.ends_with(')')
    });
    let end = after.find(['(', '<'])?;
    (is_declaration && end > 0).then(|| &after[..end])
}

#[test]
fn functions_are_counted_with_their_first_and_last_line() {
    let code = "\
pub(in crate::ipam) fn one<T>(
    t: T,
) -> u8
where
    T: Copy,
{
    let f = |x: fn (u8)| {
    };
}

trait Two {
    fn declared(&self);

    fn short(&self) {}

    async fn two(&self) {
        three();
    }
}
";
    let found = functions(code);
    assert_eq!(found, [("one".to_owned(), 9), ("two".to_owned(), 3)]);
    assert!(is_test(Path::new("src/tf/testing.rs")) && !is_test(Path::new("src/tf/model.rs")));
}
