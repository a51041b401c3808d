//! The pages of this repository follow the rules, and pages that do not are found.

use std::path::PathBuf;

use super::*;
use crate::docs::{every, notes};

const GOOD: &str =
    "---\npage_title: \"A\"\nsubcategory: \"\"\ndescription: \"B\"\n---\n\n# A\n\n## What it is\n\nText.\n";

fn said(path: &str, text: &str) -> Vec<String> {
    let index = GOOD.replace("subcategory: \"\"\n", "");
    let pages = Pages::from([("index.md".into(), index), (PathBuf::from(path), text.to_owned())]);
    mistakes(&pages)
}

#[track_caller]
fn assert_said(path: &str, text: &str, words: &str) {
    let found = said(path, text);
    assert!(found.iter().any(|one| one.contains(words)), "{words:?} is not among {found:#?}");
}

#[test]
fn every_page_follows_the_rules_of_the_registries() {
    let pages = every().unwrap();
    assert!(pages.len() > 60, "{} pages", pages.len());
    let found = mistakes(&pages);
    assert!(found.is_empty(), "{} mistakes:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_subcategory_of_generated_pages_is_used() {
    let pages = every().unwrap();
    for name in notes::SUBCATEGORIES {
        let line = format!("\nsubcategory: {name:?}\n");
        let count = pages.values().filter(|text| text.contains(&line)).count();
        assert!(count > 1, "{name} has {count} pages");
    }
}

#[test]
fn a_good_page_has_no_mistake() {
    assert_eq!(said("guides/a.md", GOOD), Vec::<String>::new());
}

#[test]
fn front_matter_is_required_in_the_form_of_the_registries() {
    assert_said("guides/a.md", "# A\n", "does not begin with front matter");
    assert_said("guides/a.md", &GOOD.replace("subcategory: \"\"\n", ""), "no `subcategory`");
    assert_said("guides/a.md", &GOOD.replace("\"A\"", "\"\""), "no `page_title`");
    assert_said("guides/a.md", &GOOD.replace("\"B\"", "B"), "`description` in the front matter is not one text");
    assert_said("guides/a.md", &GOOD.replace("\"B\"", "\"B \"x\" C\""), "is not one text");
    assert_said("guides/a.md", &GOOD.replace("description", "layout: \"x\"\ndescription"), "the key `layout`");
    assert_said("index.md", GOOD, "the index must not have");
}

#[test]
fn a_link_leads_somewhere() {
    for (link, words) in [
        ("b.md", "leads nowhere in a registry"),
        ("../resources/pool.md", "leads nowhere in a registry"),
        ("#what-it-was", "a heading that does not exist"),
        (&format!("{SITE}/guides/b"), "a page that does not exist"),
        (&format!("{SITE}/guides/a.md"), "a page that does not exist"),
        (&format!("{SITE}/guides/a#no"), "a heading that does not exist"),
    ] {
        assert_said("guides/a.md", &GOOD.replace("Text", &format!("[x]({link})")), words);
    }
    let good = ["#what-it-is".to_owned(), SITE.to_owned(), format!("{SITE}/guides/a#what-it-is")];
    for link in good {
        assert_eq!(said("guides/a.md", &GOOD.replace("Text", &format!("[x]({link})"))), Vec::<String>::new());
    }
    assert_eq!(said("guides/a.md", &GOOD.replace("Text", "`a[0](b)`\n\n```\n[x](y)\n```\n")), Vec::<String>::new());
}

#[test]
fn places_sizes_headings_and_notes_are_those_of_the_registries() {
    assert_said("nouns/a.md", GOOD, "do not read this folder");
    assert_said("guides/a.txt", GOOD, "does not end in .md");
    assert_said("guides/a.md", &GOOD.replace("Text", &"x".repeat(BYTES_MAX)), "cuts it off");
    assert_said("guides/a.md", &GOOD.replace("## What", "# What"), "2 headings of the first level");
    assert_said("functions/a.md", GOOD, "`# function: name`");
    assert_said("guides/a.md", &GOOD.replace("Text.", "Text.\n-> Note."), "is not a note");
    assert_said("resources/a.md", GOOD, "does not have an import by block");
}
