//! The licences of the libraries in a program. A copy of the program must come with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::libraries::{Libraries, Library};
use crate::Outcome;

/// How the names of files with licences begin.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

const LINE: &str = "================================================================================";

/// A list of all libraries with their licences, and each text once with the libraries that have it.
pub(super) fn texts(libraries: &Libraries) -> Outcome<String> {
    let mut text =
        format!("{} contains these libraries, which are available under these licences:\n\n", libraries.own.name);
    let mut with_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for library in &libraries.all {
        let name = format!("{} {}", library.name, library.version);
        let from = library.repository.as_ref().map(|url| format!(" ({url})")).unwrap_or_default();
        text += &format!("- {name}: {}{from}\n", library.licence);
        for file in files(library)? {
            let words = fs::read(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            let words = String::from_utf8_lossy(&words).replace("\r\n", "\n").trim().to_owned();
            let holders = with_text.entry(words).or_default();
            if !holders.contains(&name) {
                holders.push(name.clone());
            }
        }
    }
    let mut texts: Vec<(Vec<String>, String)> =
        with_text.into_iter().map(|(words, holders)| (holders, words)).collect();
    texts.sort();
    for (holders, words) in texts {
        text += &format!("\n{LINE}\n{}\n{LINE}\n\n{words}\n", holders.join(", "));
    }
    Ok(text)
}

/// The files with licences in the directory of a library, and in the directories directly below, where the licences of C
/// sources are.
fn files(library: &Library) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for directory in std::iter::once(library.directory.clone()).chain(entries(&library.directory)?) {
        if directory.is_dir() {
            found.extend(entries(&directory)?.into_iter().filter(|path| path.is_file() && is_licence(path)));
        }
    }
    Ok(found)
}

fn entries(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", directory.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(directory).map_err(cannot)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(cannot)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
    let is_source = path.extension().is_some_and(|end| ["rs", "c", "h", "py"].iter().any(|one| end == *one));
    NAMES.iter().any(|start| name.starts_with(start)) && !is_source
}
