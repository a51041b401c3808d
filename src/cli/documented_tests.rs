//! The commands in the documents are commands of this program, with options that it has.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;

use super::Cli;
use crate::BINARY;

/// The README and all pages of the registry.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["docs", "docs/guides", "docs/resources", "docs/data-sources", "docs/actions"];
    let files =
        folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    let pages = files.filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.chain([root.join("README.md")]).collect()
}

/// The commands of this program in the blocks of code of a document, with the numbers of their lines.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
            continue;
        }
        let start = format!("{BINARY} ");
        let at = line.find(&start).filter(|_| is_code || line.starts_with("    "));
        // Also behind the fields of a cron job, and behind a variable. Anything else before it is a text about a command.
        let is_variable = |word: &str| word.split_once('=').is_some_and(|(name, _)| name.starts_with("IPAM_"));
        let is_time = |word: &str| word.chars().all(|one| "0123456789*/,-".contains(one));
        let may_precede = |word: &str| ["$", "ipam"].contains(&word) || is_variable(word) || is_time(word);
        if let Some(at) = at.filter(|at| line[..*at].split_whitespace().all(may_precede)) {
            found.push((number + 1, line[at..].to_owned()));
        }
    }
    found
}

/// The words of one command as a shell reads them, up to a comment, a pipe or a redirection.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut is_begun) = (String::new(), None, false);
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => (quote, is_begun) = (Some(letter), true),
            (None, '|' | '>' | ';' | '&') => break,
            (None, '#') if !is_begun => break,
            (None, ' ') => {
                if is_begun {
                    words.push(std::mem::take(&mut word));
                }
                is_begun = false;
            }
            _ => {
                word.push(letter);
                is_begun = true;
            }
        }
    }
    if is_begun {
        words.push(word);
    }
    words
}

#[test]
fn every_command_in_the_documents_is_one_of_this_program() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in documents() {
        for (line, command) in commands(&fs::read_to_string(&path).unwrap()) {
            count += 1;
            let Err(error) = Cli::try_parse_from(words(&command)) else { continue };
            if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
                wrong.push(format!("{}:{line}: {command}\n{error}", path.display()));
            }
        }
    }
    assert!(count > 60, "{count} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_command_is_read_as_a_shell_reads_it() {
    assert_eq!(words("a --b \"c d\"  e # f"), ["a", "--b", "c d", "e"]);
    assert_eq!(words("a 'b|c' | d"), ["a", "b|c"]);
    let text =
        format!("```shell\n{BINARY} check\n```\n\nText with {BINARY} check in it.\n\n    17 3 * * *  {BINARY} gc\n");
    assert_eq!(commands(&text), [(2, format!("{BINARY} check")), (7, format!("{BINARY} gc"))]);
}
