//! The configurations in the guides. All of them are formatted and valid; those that are marked are applied.
//!
//! A line `<!-- apply:name -->` before a block of code makes it a part of the configuration `name` of its page, which is
//! planned, applied, planned again and destroyed. `<!-- test:path -->` makes it a file, for `terraform test` in the first
//! directory of `path`. Other blocks need only be valid: what they refer to and do not declare is added, and the resources
//! of other providers, whose schemas are not here, are left out.

mod snippets;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::harness::client::{Client, Feature};
use crate::harness::each::each;
use crate::harness::store::Store;
use crate::harness::{Workspace, examples, here};
use snippets::{Mark, Snippet, completed, every};

#[test]
fn every_configuration_in_a_guide_is_formatted() {
    let workspace = Workspace::new();
    workspace.needs(Feature::ProviderFunctions);
    for (number, snippet) in every().iter().enumerate() {
        let end = if snippet.language == "terraform" { "tf" } else { "tftest.hcl" };
        workspace.write(&format!("{}-{number}.{end}", snippet.page), &snippet.text);
    }
    workspace.run(&["fmt", "-check", "-diff", "-no-color"]).succeeds();
}

#[test]
fn every_configuration_in_a_guide_is_valid() {
    Client::chosen().needs(Feature::ProviderFunctions);
    let all: Vec<Snippet> = every().into_iter().filter(Snippet::is_for_this_client).collect();
    assert!(all.len() > 40, "{} configurations", all.len());
    each(
        &all,
        |snippet| format!("{} line {}", snippet.page, snippet.line),
        |snippet| {
            let workspace = Workspace::new();
            let configuration = completed(&snippet.text);
            workspace.configure(&configuration);
            let run = workspace.run(&["validate", "-no-color"]);
            assert!(run.is_success(), "{}\nof:\n{configuration}", run.text());
        },
    );
}

#[test]
fn every_import_block_on_the_page_of_a_resource_is_valid() {
    let docs = here().with_file_name("docs/resources");
    let pages: Vec<PathBuf> = fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(pages.len() > 10, "{pages:?}");
    each(
        &pages,
        |page| page.display().to_string(),
        |page| {
            let name = page.file_stem().unwrap().to_string_lossy().into_owned();
            let all = snippets::of(&name, &fs::read_to_string(page).unwrap());
            let imports = all.iter().filter(|one| one.text.starts_with("import {") && one.is_for_this_client());
            let imports: Vec<&str> = imports.map(|one| one.text.as_str()).collect();
            assert_eq!(imports.len(), 1, "{imports:?}");
            let workspace = Workspace::new();
            workspace.configure(imports[0]);
            workspace.run(&["fmt", "-check", "-diff", "-no-color", "main.tf"]).succeeds();
            workspace.run(&["validate", "-no-color"]).succeeds();

            // Next to the resource, clients refuse the name of the provider, and the address is that of the command.
            let workspace = Workspace::new();
            let example = examples::root().join(format!("resources/ipam_{name}"));
            examples::copy(&example, workspace.path());
            let commands = fs::read_to_string(example.join("import.sh")).unwrap();
            let command = commands.lines().find_map(|line| line.strip_prefix("terraform import ")).unwrap();
            let (address, id) = command.rsplit_once(' ').unwrap();
            let address = address.trim_matches('\'');
            workspace.write("import.tf", &format!("import {{\n  to = {address}\n  id = {id:?}\n}}\n"));
            workspace.run(&["validate", "-no-color"]).succeeds();
        },
    );
}

/// The configurations that a page applies, by page and name.
fn applied() -> Vec<((String, String), String)> {
    let mut all: BTreeMap<(String, String), String> = BTreeMap::new();
    for snippet in every() {
        if let Mark::Apply(name) = &snippet.mark {
            all.entry((snippet.page.clone(), name.clone())).or_default().push_str(&(snippet.text + "\n"));
        }
    }
    all.into_iter().collect()
}

#[test]
fn every_marked_configuration_in_a_guide_is_applied_and_destroyed() {
    Client::chosen().needs(Feature::ProviderFunctions);
    let all = applied();
    assert!(all.len() > 6, "{} configurations", all.len());
    each(
        &all,
        |((page, name), _)| format!("{page}: {name}"),
        |(_, configuration)| {
            let workspace = Workspace::new();
            workspace.configure(configuration);
            let plan = workspace.plan();
            // Terraform reads a data source during apply if it refers to objects that change.
            for object in plan.actions().keys().filter(|object| !object.starts_with("data.")) {
                assert_eq!(plan.unknowns(object), Default::default(), "{object}");
            }
            workspace.apply_saved();
            workspace.assert_settled();
            workspace.destroy();
        },
    );
}

#[test]
fn the_first_guide_gets_the_addresses_that_it_names() {
    let (_, start) =
        applied().into_iter().find(|((page, _), _)| page == "getting-started").expect("the guide is there");
    let workspace = Workspace::new();
    workspace.configure(&start.replace("sqlite:ipam.db", "sqlite:plan.db"));
    let plan = workspace.plan();
    assert_eq!(plan.known("ipam_pool.region.cidr"), "10.0.0.0/16");
    assert_eq!(plan.known("ipam_allocation.web.cidr"), "10.0.0.0/24");
    let applied = workspace.apply_saved();
    assert_eq!(applied.output("web"), "10.0.0.0/24");
    Store::at(workspace.path().join("plan.db")).assert_sound();
}

#[test]
fn every_test_file_in_a_guide_passes() {
    let mut directories: BTreeMap<(String, String), Workspace> = BTreeMap::new();
    for snippet in every() {
        if let Mark::Test(path) = &snippet.mark {
            let (directory, file) = path.split_once('/').expect("the path of a file in a directory");
            let key = (snippet.page.clone(), directory.to_owned());
            directories.entry(key).or_insert_with(Workspace::new).write(file, &snippet.text);
        }
    }
    assert!(!directories.is_empty(), "no guide has test files");
    for ((page, directory), workspace) in &directories {
        workspace.needs(Feature::TestCommand);
        // `terraform test` loads modules, which needs `init`; the provider itself comes from the development override.
        workspace.run(&["get", "-test-directory=tests", "-no-color"]).succeeds();
        let run = workspace.run(&["test", "-no-color"]);
        assert!(run.is_success(), "{page}, {directory}: {}", run.text());
        assert!(run.stdout.contains(" passed, 0 failed"), "{page}, {directory}: {}", run.text());
    }
}
