//! `cargo xtask docs`: generates the pages of the registry from the schema that terraform reads and from examples/.

mod notes;
mod render;
mod rules;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Outcome;
use crate::tool::{self, Terraform};
use render::Examples;

/// Text of each page by its path below docs/.
type Pages = BTreeMap<PathBuf, String>;

/// Writes docs/ again, and removes pages of objects that no longer exist.
pub(crate) fn write() -> Outcome<()> {
    let pages = generate()?;
    let docs = tool::root().join("docs");
    for stale in existing(&docs)?.into_keys().filter(|path| !pages.contains_key(path)) {
        let path = docs.join(stale);
        fs::remove_file(&path).map_err(|error| format!("{} cannot be removed: {error}", path.display()))?;
    }
    for (path, text) in &pages {
        let path = docs.join(path);
        let cannot = |error| format!("{} cannot be written: {error}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(&docs)).map_err(cannot)?;
        fs::write(&path, text).map_err(cannot)?;
    }
    println!("{} pages in {}", pages.len(), docs.display());
    Ok(())
}

/// Fails if docs/ differs from what [`write()`] would write, and names the pages.
pub(crate) fn check() -> Outcome<()> {
    let wanted = generate()?;
    let found = existing(&tool::root().join("docs"))?;
    let mut differing: Vec<String> = Vec::new();
    for (path, text) in &wanted {
        match found.get(path) {
            Some(present) if present == text => {}
            Some(_) => differing.push(format!("docs/{} is out of date", path.display())),
            None => differing.push(format!("docs/{} is missing", path.display())),
        }
    }
    let gone = found.keys().filter(|path| !wanted.contains_key(*path));
    differing.extend(gone.map(|path| format!("docs/{} describes what is not there", path.display())));
    if differing.is_empty() {
        let mistakes = rules::mistakes(&every()?);
        return if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) };
    }
    Err(format!("{}\nRun `cargo xtask docs` and commit the result.", differing.join("\n")))
}

fn generate() -> Outcome<Pages> {
    let provider = tool::build()?;
    let directory = tool::fresh_directory(&provider, "docs")?;
    let main = format!(
        "terraform {{\n  required_providers {{\n    ipam = {{\n      source = {:?}\n    }}\n  }}\n}}\n",
        tool::SOURCE
    );
    fs::write(directory.join("main.tf"), main).map_err(|error| format!("main.tf cannot be written: {error}"))?;
    let text = Terraform::new(&directory, &provider)?.capture(&["providers", "schema", "-json"])?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| format!("The schema is not JSON: {error}"))?;
    let own = schema["provider_schemas"]
        .as_object()
        .and_then(|all| all.iter().find(|(name, _)| name.ends_with(tool::SOURCE)))
        .map(|(_, own)| own)
        .ok_or("terraform did not show the provider's schema.")?;
    Ok(render::pages(&with_newer(own)?, &Examples::new(tool::root().join("examples"))))
}

/// The schemas that a client before Terraform 1.14 does not show. A test of the provider keeps them up to date.
const NEWER: &str = include_str!("docs/newer.schema.json");

/// The schema that the client showed, with the schemas that it does not know.
fn with_newer(own: &Value) -> Outcome<Value> {
    let newer: Value =
        serde_json::from_str(NEWER).map_err(|error| format!("newer.schema.json is not JSON: {error}"))?;
    let mut all = own.clone();
    for (key, schemas) in newer.as_object().into_iter().flatten() {
        all[key] = schemas.clone();
    }
    Ok(all)
}

/// The existing pages: markdown files in docs/ and in its folders for the registry. The files in docs/guides are
/// written by hand and are not included.
fn existing(docs: &Path) -> Outcome<Pages> {
    let folders = ["", "resources", "data-sources", "list-resources", "ephemeral-resources", "actions", "functions"];
    pages_in(docs, &folders)
}

/// All pages, with those in docs/guides, and whatever else is in a folder of docs/.
fn every() -> Outcome<Pages> {
    let docs = tool::root().join("docs");
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", docs.display());
    let mut folders = vec![String::new()];
    for entry in fs::read_dir(&docs).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.path().is_dir() {
            folders.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    pages_in(&docs, &folders.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The markdown files in these folders of docs/.
fn pages_in(docs: &Path, folders: &[&str]) -> Outcome<Pages> {
    let mut pages = Pages::new();
    for folder in folders {
        let directory = docs.join(folder);
        if !directory.is_dir() {
            continue;
        }
        let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", directory.display());
        for entry in fs::read_dir(&directory).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.extension().is_some_and(|end| end == "md") {
                let name = path.file_name().map(PathBuf::from).unwrap_or_default();
                pages.insert(Path::new(folder).join(name), fs::read_to_string(&path).map_err(cannot)?);
            }
        }
    }
    Ok(pages)
}
