//! The documents, the source and the messages in it use plain English. This list holds words and phrases that a reader has to
//! decode, with what to write instead. CONTRIBUTING.md says how the project writes.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]

use std::fs;
use std::path::{Path, PathBuf};

/// A word or phrase, in lower case, and what to write instead.
const PHRASES: [(&str, &str); 25] = [
    ("somebody", "name who it is: another owner, the user, a plan"),
    ("nobody", "name who it is: no owner, no plan"),
    ("whoever", "name who it is: a plan that, an owner that"),
    ("for ever", "forever"),
    ("belongs into", "put ... in, belongs in"),
    ("belong into", "put ... in, belong in"),
    ("one's own", "your own, self-managed"),
    ("store of our own", "self-managed store"),
    ("stores of our own", "self-managed stores"),
    ("own store", "self-managed store"),
    ("own stores", "self-managed stores"),
    ("is told", "is reported, is shown"),
    ("are told", "are reported, are shown"),
    ("takes back", "reclaims"),
    ("taken back", "reclaimed"),
    ("take back", "reclaim"),
    ("makes way", "is reclaimed"),
    ("made way", "was reclaimed"),
    ("says so", "reports it"),
    ("but for", "except"),
    ("all the same", "nevertheless, still"),
    ("can that", "supports this"),
    ("takes its time", "is still processing"),
    ("who looks", "the scanner, the caller"),
    ("as what follows", "name it"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files that a reader sees: documents, configurations and source.
fn texts(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| texts(entry, found));
    } else if path
        .extension()
        .is_some_and(|end| ["rs", "md", "tf", "html", "js", "py", "yml"].iter().any(|one| end == *one))
    {
        found.push(path.to_path_buf());
    }
}

/// Whether `line`, in lower case, contains `phrase` as whole words. A word alone in quotation marks is a name, such as that of the
/// system account "nobody".
fn says(line: &str, phrase: &str) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + phrase.len()..].chars().next());
        !is_word(before) && !is_word(after) && (before, after) != (Some('"'), Some('"'))
    })
}

#[test]
fn texts_are_plain_english() {
    let mut files = Vec::new();
    for place in ["src", "docs", "examples", ".github", "xtask"] {
        texts(&root().join(place), &mut files);
    }
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
        texts(&root().join(document), &mut files);
    }
    let mut found = Vec::new();
    for path in files {
        for (number, line) in fs::read_to_string(&path).unwrap().to_lowercase().lines().enumerate() {
            for (phrase, instead) in PHRASES.iter().filter(|(phrase, _)| says(line, phrase)) {
                let path = path.strip_prefix(root()).unwrap().display();
                found.push(format!("{path}:{}: {phrase:?}: {instead}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{} phrases that have to be decoded:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_phrase_is_found_as_whole_words_only() {
    assert!(says("what somebody has", "somebody") && says("for ever", "for ever"));
    assert!(!says("for everybody", "for ever") && !says("its_own store_key", "own store"));
    assert!(!says("the group \"nobody\"", "nobody"));
}
