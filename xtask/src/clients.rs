//! `cargo xtask clients`: runs the acceptance tests on three real clients, the one on the machine and two that are
//! built.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::tool;

/// All tests that run Terraform.
const TESTS: [&str; 2] = ["--test", "acceptance"];

/// A part of the names of tests that run on OpenTofu, whatever the client is.
const ALWAYS_ON_OPENTOFU: &str = "on_opentofu";

/// The beginning of the message of a test that needs another release; the missing feature follows.
const NOT_SUPPORTED: &str = "not supported: ";
const END_OF_NEED: &str = ", and this is ";

/// The results of the tests on one client.
#[derive(Debug, Default, PartialEq)]
struct Count {
    passed: usize,
    failed: Vec<String>,
    /// The features that the release lacks, and the number of tests that need each.
    needs: BTreeMap<String, usize>,
}

/// Builds OpenTofu, which `cargo test` needs too. Only the first call takes time.
pub(crate) fn build_opentofu() {
    println!("{}", test_programs::opentofu().display());
}

/// Runs the tests with these arguments of `cargo test`, or all tests without arguments.
pub(crate) fn run(arguments: &[&str]) -> Outcome<()> {
    let mut counts = Vec::new();
    for program in [tool::terraform()?, test_programs::opentofu().to_owned(), test_programs::terraform_1_5().to_owned()]
    {
        let name = name(&program)?;
        println!("\n== {name}: {}\n", program.display());
        let arguments = if arguments.is_empty() { &TESTS } else { arguments };
        counts.push((name, Count::of(&test(&program, arguments)?)));
    }
    println!("\n{}", table(&counts));
    let failed = counts.iter().flat_map(|(name, count)| count.failed.iter().map(move |test| format!("{name}: {test}")));
    let failed: Vec<String> = failed.collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("These tests failed:\n{}", failed.join("\n"))) }
}

/// Name and version that a program reports: `Terraform 1.11.4`.
fn name(program: &Path) -> Outcome<String> {
    let mut command = Command::new(program);
    let output = command.arg("version").env("CHECKPOINT_DISABLE", "1").env_remove("TF_CLI_CONFIG_FILE").output();
    let output = output.map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next().filter(|line| line.contains(" v"));
    line.map(|line| line.replace(" v", " ")).ok_or_else(|| format!("{} says no version: {text}", program.display()))
}

/// Runs the tests on a client and prints their output as it comes. Returns the lines, which also report failed tests.
fn test(program: &Path, arguments: &[&str]) -> Outcome<Vec<String>> {
    let cannot = |error: std::io::Error| format!("cargo test cannot be run: {error}");
    let mut child = cargo()
        .args(["test", "--no-fail-fast"])
        .args(arguments)
        .args(["--", "--skip", ALWAYS_ON_OPENTOFU])
        .env("IPAM_TEST_CLIENT", program)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let mut lines = Vec::new();
    for line in child.stdout.take().into_iter().flat_map(|pipe| BufReader::new(pipe).lines()) {
        let line = line.map_err(cannot)?;
        println!("{line}");
        lines.push(line);
    }
    let status = child.wait().map_err(cannot)?;
    if !lines.iter().any(|line| line.starts_with("test result: ")) {
        return Err(format!("cargo test ended with {status} before it ran a test."));
    }
    Ok(lines)
}

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(tool::root());
    command
}

impl Count {
    /// Counts the results in the output of libtest: a line for each test, and further below the output of each that
    /// failed.
    fn of(lines: &[String]) -> Self {
        let mut count = Self::default();
        let needs = needs(lines);
        for line in lines {
            let Some((test, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) else {
                continue;
            };
            match (outcome, needs.get(test)) {
                ("ok", _) => count.passed += 1,
                ("FAILED", Some(need)) => *count.needs.entry((*need).to_owned()).or_default() += 1,
                ("FAILED", None) => count.failed.push(test.to_owned()),
                _ => {}
            }
        }
        count
    }

    fn not_supported(&self) -> String {
        let needs: Vec<String> = self.needs.iter().map(|(need, tests)| format!("{need} ({tests})")).collect();
        let total: usize = self.needs.values().sum();
        if needs.is_empty() { total.to_string() } else { format!("{total}: {}", needs.join(", ")) }
    }
}

/// The missing feature of each test that failed because of it.
fn needs(lines: &[String]) -> BTreeMap<&str, &str> {
    let mut test = "";
    let mut needs = BTreeMap::new();
    for line in lines {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            test = name;
        }
        if let Some((need, _)) = line.strip_prefix(NOT_SUPPORTED).and_then(|rest| rest.split_once(END_OF_NEED)) {
            needs.insert(test, need);
        }
    }
    needs
}

fn table(counts: &[(String, Count)]) -> String {
    let mut text = "| client | passed | failed | not supported by this release |\n|---|---|---|---|\n".to_owned();
    for (name, count) in counts {
        text += &format!("| {name} | {} | {} | {} |\n", count.passed, count.failed.len(), count.not_supported());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Count, table};

    const PRINTED: &str = "
test names::one ... ok
test names::two ... ignored
test names::three ... FAILED
test names::four ... FAILED

failures:

---- names::three stdout ----

thread 'names::three' (12) panicked at names.rs:3:5:
not supported: `terraform test` needs Terraform 1.6, and this is Terraform 1.5.7

---- names::four stdout ----

thread 'names::four' (13) panicked at names.rs:9:5:
it is wrong

failures:
    names::three
    names::four

test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

    #[test]
    fn a_test_that_needs_another_release_is_counted_by_itself() {
        let lines: Vec<String> = PRINTED.lines().map(str::to_owned).collect();
        let count = Count::of(&lines);
        assert_eq!((count.passed, &count.failed[..]), (1, &["names::four".to_owned()][..]));
        let row = table(&[("Terraform 1.5.7".to_owned(), count)]).lines().last().unwrap().to_owned();
        assert_eq!(row, "| Terraform 1.5.7 | 1 | 1 | 1: `terraform test` needs Terraform 1.6 (1) |");
    }
}
