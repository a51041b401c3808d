//! The core decides and does nothing else: time, ids and random bits come in through its `Env`, and the store as a
//! transaction. So it gives the same answer to the same request, and a test can run it a million times in memory.

use std::collections::BTreeSet;

use crate::source::{Source, sources};
use crate::tokens::{paths_after, tokens};

/// The parts of the standard library that the core must not name: `time::Instant` is one, `time::Duration` is not.
const OF_STD: [&str; 10] = [
    "env",
    "fs",
    "net::TcpListener",
    "net::TcpStream",
    "net::UdpSocket",
    "os",
    "process",
    "thread",
    "time::Instant",
    "time::SystemTime",
];

/// Other names of a clock, of randomness and of what waits.
const NAMES: [&str; 7] = ["Timestamp::now", "Zoned::now", "Instant::now", "SystemTime", "getrandom", "rand", "tokio"];

/// What `code` names of the above.
fn impure(code: &str) -> BTreeSet<String> {
    let of_std = paths_after("std", &tokens(code)).into_iter().map(|path| path.join("::"));
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let names = |name: &&str| {
        code.match_indices(*name)
            .any(|(at, _)| !is_word(code[..at].chars().next_back()) && !is_word(code[at + name.len()..].chars().next()))
    };
    let mut found: BTreeSet<String> = of_std
        .filter(|path| OF_STD.iter().any(|part| path == part || path.starts_with(&format!("{part}::"))))
        .map(|path| format!("std::{path}"))
        .collect();
    found.extend(NAMES.iter().filter(|name| names(name)).map(|name| (*name).to_owned()));
    found
}

#[test]
fn the_core_has_no_clock_no_randomness_no_threads_no_files_and_no_network() {
    let wrong = |source: &Source| {
        let found = impure(&source.code);
        (!found.is_empty()).then(|| format!("{} names {found:?}", source.path.display()))
    };
    let wrong: Vec<String> = sources().iter().filter(|source| source.module == "ipam").filter_map(wrong).collect();
    assert!(wrong.is_empty(), "the core gets these through `Env`:\n{}", wrong.join("\n"));
}

#[test]
fn impure_names_are_found_in_groups_and_as_words() {
    let code = "use std::{fs::File, time::{Duration, Instant}};\nlet now = jiff::Timestamp::now();\nrandom(operand);";
    let found: Vec<String> = impure(code).into_iter().collect();
    assert_eq!(found, ["Timestamp::now", "std::fs::File", "std::time::Instant"]);
}

/// The files that build keys of the store.
const BUILD_KEYS: [&str; 2] = ["src/ipam/storage/keys.rs", "src/ipam/storage/discovery_keys.rs"];

/// The first part of a text that may be a key of the store: the part before the first slash.
fn first_part(text: &str) -> Option<&str> {
    let (first, _) = text.split_once('/')?;
    let is_prefix = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_prefix.then_some(first)
}

/// The texts in quotes.
fn texts(tokens: &[String]) -> impl Iterator<Item = &str> {
    tokens.iter().filter_map(|token| token.strip_prefix('"'))
}

/// The texts that begin a key of the store, because their first part is one of `prefixes`.
fn key_texts<'a>(tokens: &'a [String], prefixes: &BTreeSet<String>) -> Vec<&'a str> {
    texts(tokens).filter(|text| first_part(text).is_some_and(|first| prefixes.contains(first))).collect()
}

#[test]
fn keys_of_the_store_are_built_in_one_place() {
    let sources = sources();
    let (builders, others): (Vec<&Source>, Vec<&Source>) = sources
        .iter()
        .filter(|source| source.module == "ipam")
        .partition(|source| BUILD_KEYS.iter().any(|path| source.path.ends_with(path)));
    let prefixes: BTreeSet<String> = builders
        .iter()
        .flat_map(|source| texts(&source.tokens))
        .filter_map(|text| first_part(text).map(str::to_owned))
        .collect();
    assert!(["event", "expiry", "avoiding"].iter().all(|known| prefixes.contains(*known)), "{prefixes:?}");
    let wrong = |source: &&Source| {
        let found = key_texts(&source.tokens, &prefixes);
        (!found.is_empty()).then(|| format!("{} builds {found:?}", source.path.display()))
    };
    let wrong: Vec<String> = others.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "build these keys in src/ipam/storage:\n{}", wrong.join("\n"));
}

#[test]
fn a_key_that_is_built_elsewhere_is_found() {
    let prefixes = BTreeSet::from(["event".to_owned()]);
    let code = "let quote = '\"'; let at = \"http://x\"; let range = keys::under(\"event/\"); let path = \"events/x\"; let word = \"event\";";
    assert_eq!(key_texts(&tokens(code), &prefixes), ["event/"]);
}
