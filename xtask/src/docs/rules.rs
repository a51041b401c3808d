//! The rules of the registries for pages, as far as they can be read from a page. A page that breaks one is shown with an
//! error, cut off, left out, or has links that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Pages;
use super::render::SITE;

/// HashiCorp's registry cuts a page off here. That of OpenTofu accepts more.
const BYTES_MAX: usize = 500_000;

/// The folders that both registries read.
const FOLDERS: [&str; 7] =
    ["actions", "data-sources", "ephemeral-resources", "functions", "guides", "list-resources", "resources"];

/// All mistakes in these pages, one line each.
pub(super) fn mistakes(pages: &Pages) -> Vec<String> {
    let anchors: BTreeMap<String, BTreeSet<String>> =
        pages.iter().map(|(path, text)| (address(path), anchors(text))).collect();
    let mut found = Vec::new();
    for (path, text) in pages {
        let mut page = Page { path, text, found: Vec::new() };
        page.place();
        page.front_matter();
        page.headings();
        page.notes();
        page.links(&anchors);
        page.imports();
        found.append(&mut page.found);
    }
    if !pages.contains_key(Path::new("index.md")) {
        found.push("docs/index.md is missing".to_owned());
    }
    found
}

/// The address of a page below [`SITE`]: `resources/pool`; the index has an empty one.
fn address(path: &Path) -> String {
    let text = path.with_extension("").to_string_lossy().replace('\\', "/");
    if text == "index" { String::new() } else { text }
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// What a link can name after `#`: the headings, and the anchors that the page sets itself.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|letter| letter.is_alphanumeric() || "-_ ".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    });
    let set =
        prose(text).filter_map(|line| line.strip_prefix("<a id=\"")?.split_once('"')).map(|(id, _)| id.to_owned());
    headings.chain(set).collect()
}

/// The targets of the links in a line, without what is written as code.
fn targets(line: &str) -> Vec<String> {
    let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("");
    let after = plain.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

struct Page<'a> {
    path: &'a Path,
    text: &'a str,
    found: Vec<String>,
}

impl Page<'_> {
    fn say(&mut self, what: &str) {
        self.found.push(format!("docs/{}: {what}", self.path.display()));
    }

    fn folder(&self) -> String {
        self.path.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn place(&mut self) {
        let folder = self.folder();
        if !folder.is_empty() && !FOLDERS.contains(&folder.as_str()) {
            self.say("the registries do not read this folder");
        }
        if self.path.extension().is_none_or(|end| end != "md") {
            self.say("the name does not end in .md");
        }
        if self.text.len() >= BYTES_MAX {
            self.say(&format!("the page has {} bytes; the registry cuts it off at {BYTES_MAX}", self.text.len()));
        }
    }

    fn front_matter(&mut self) {
        let Some((head, _)) = self.text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) else {
            return self.say("the page does not begin with front matter between two lines `---`");
        };
        let mut keys = BTreeMap::new();
        for line in head.lines() {
            match line.split_once(": ") {
                Some((key, value)) => drop(keys.insert(key, value)),
                None => self.say(&format!("{line:?} in the front matter is not `key: \"value\"`")),
            }
        }
        for (key, value) in &keys {
            if !["page_title", "subcategory", "description"].contains(key) {
                self.say(&format!("the registries do not know the key `{key}` in the front matter"));
            }
            let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if inside.is_none_or(|inside| inside.replace("\\\"", "").contains(['"', '\\'])) {
                self.say(&format!("`{key}` in the front matter is not one text in quotation marks"));
            }
        }
        for key in ["page_title", "description"] {
            if keys.get(key).is_none_or(|value| *value == "\"\"") {
                self.say(&format!("the front matter has no `{key}`"));
            }
        }
        match (self.path == Path::new("index.md"), keys.contains_key("subcategory")) {
            (true, true) => self.say("the index must not have a `subcategory`"),
            (false, false) => self.say("the front matter has no `subcategory`; it may be empty"),
            _ => {}
        }
    }

    fn headings(&mut self) {
        let titles: Vec<&str> = prose(self.text).filter(|line| line.starts_with("# ")).collect();
        if titles.len() != 1 {
            return self.say(&format!("the page has {} headings of the first level, not one", titles.len()));
        }
        let is_function = titles[0].starts_with("# function: ");
        if is_function != (self.folder() == "functions") {
            self.say("the heading `# function: name` must be on the pages of functions, and only there");
        }
    }

    /// A note is a paragraph of its own; otherwise the registry shows its arrow as text.
    fn notes(&mut self) {
        let lines: Vec<&str> = prose(self.text).collect();
        let is_note = |line: &str| ["->", "~>", "!>"].iter().any(|mark| line.starts_with(mark));
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| is_note(line)) {
            let before = number.checked_sub(1).and_then(|number| lines.get(number));
            if before.is_some_and(|before| !before.trim().is_empty()) || line.as_bytes().get(2) != Some(&b' ') {
                self.say(&format!(
                    "{line:?} is not a note: it needs an empty line before it and a space after the arrow"
                ));
            }
        }
    }

    fn links(&mut self, anchors: &BTreeMap<String, BTreeSet<String>>) {
        let own = address(self.path);
        let all: Vec<String> = prose(self.text).flat_map(targets).collect();
        for target in all {
            let (page, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let inside = page.strip_prefix(SITE);
            let page = match inside {
                Some(rest) => rest.trim_start_matches('/'),
                None if page.is_empty() => &own,
                None if page.starts_with("https://") => continue,
                None => {
                    self.say(&format!(
                        "the link `{target}` leads nowhere in a registry: write {SITE}/..., without .md"
                    ));
                    continue;
                }
            };
            match anchors.get(page) {
                None => self.say(&format!("the link `{target}` leads to a page that does not exist")),
                Some(known) if !anchor.is_empty() && !known.contains(anchor) => {
                    self.say(&format!("the link `{target}` leads to a heading that does not exist"));
                }
                Some(_) => {}
            }
        }
    }

    fn imports(&mut self) {
        if self.folder() != "resources" {
            return;
        }
        for (what, text) in [
            ("an import by block", "\n  id       = "),
            ("an import by identity", "\n  identity = {"),
            ("an import by command", "\nterraform import "),
            ("an example", "\n## Example Usage\n"),
        ] {
            if !self.text.contains(text) {
                self.say(&format!("the page does not have {what}"));
            }
        }
        let blocks = self.text.matches("\nimport {\n").count();
        if blocks != self.text.matches("\nimport {\n  provider = ipam\n").count() {
            self.say(
                "an import block does not name the provider, which Terraform 1.16 needs to generate configuration",
            );
        }
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
