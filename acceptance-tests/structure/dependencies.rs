//! The libraries that this machine builds have an allowed licence and come from an allowed place. The lists are those of
//! deny.toml, with which `cargo deny check` also looks at other platforms, at double versions and at known faults.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::source::root;

/// The texts in the list `name` of deny.toml.
fn list(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, after) = text.split_once(&format!("\n{name} = [")).unwrap();
    let (inside, _) = after.split_once(']').unwrap();
    let found: BTreeSet<String> = inside.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!found.is_empty(), "{name} in deny.toml has no entry");
    found
}

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages that cargo needs to build and test everything on this machine.
fn packages() -> Vec<Value> {
    let about = cargo(&["--version", "--verbose"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo(&["metadata", "--offline", "--format-version", "1", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether the licence expression (SPDX, or the older form with `/`) can be fulfilled with allowed licences.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

/// Alternatives: one of them is enough.
fn any(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut holds = all(rest, allowed);
    while let ["OR", after @ ..] = *rest {
        *rest = after;
        holds |= all(rest, allowed);
    }
    holds
}

/// Licences that apply together, each of which is a name or a group in parentheses.
fn all(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut holds = one(rest, allowed);
    while let ["AND", after @ ..] = *rest {
        *rest = after;
        holds &= one(rest, allowed);
    }
    holds
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let holds = any(rest, allowed);
            *rest = rest.strip_prefix(&[")"]).unwrap_or(&[]);
            holds
        }
        [name, "WITH", exception, after @ ..] => {
            *rest = after;
            allowed.contains(&format!("{name} WITH {exception}"))
        }
        [name, after @ ..] => {
            *rest = after;
            allowed.contains(*name)
        }
        [] => false,
    }
}

#[test]
fn licences_and_sources_of_all_libraries_are_allowed() {
    let (licences, registries) = (list("allow"), list("allow-registry"));
    let mut wrong = Vec::new();
    for package in packages() {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let licence = package["license"].as_str().unwrap_or("");
        if !is_allowed(licence, &licences) {
            wrong.push(format!("{name} has the licence {licence:?}"));
        }
        // The packages of this repository have no source.
        if let Some(source) = package["source"].as_str()
            && !source.strip_prefix("registry+").is_some_and(|registry| registries.contains(registry))
        {
            wrong.push(format!("{name} comes from {source}"));
        }
    }
    assert!(wrong.is_empty(), "deny.toml does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn licence_expressions_are_read() {
    let allowed = ["MIT", "ISC"].map(str::to_owned).into();
    for expression in ["MIT", "GPL-2.0 OR MIT", "GPL-2.0/MIT", "MIT AND (GPL-2.0 OR ISC)", "A WITH B OR ISC"] {
        assert!(is_allowed(expression, &allowed), "{expression}");
    }
    for expression in ["", "GPL-2.0", "MIT AND GPL-2.0", "(MIT OR ISC) AND GPL-2.0", "MIT WITH B", "MIT ISC"] {
        assert!(!is_allowed(expression, &allowed), "{expression}");
    }
}
