//! Which module may name which, and what of the stores and of gRPC.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::source::{Source, paths, root, sources};
use crate::tokens::paths_after;

/// Each top-level module, and the modules that it may name.
const MAY_KNOW: [(&str, &[&str]); 12] = [
    ("main", &["plugin", "provider", "cli"]),
    ("cli", &["backend", "ipam", "plugin", "provider", "sources"]),
    ("plugin", &["protocol", "tf"]),
    ("protocol", &["tf"]),
    ("provider", &["tf", "aws", "backend", "ipam", "store"]),
    ("tf", &[]),
    ("backend", &["ipam", "sources", "store"]),
    ("ipam", &["store"]),
    ("sources", &["ipam"]),
    ("store", &["runtime"]),
    ("aws", &["backend", "ipam", "store", "runtime"]),
    ("runtime", &[]),
];

/// The only items of `store` that these modules may use: the core its transactions, the provider the reasons of
/// failures.
const OF_STORE: [(&str, &[&str]); 2] =
    [("ipam", &["Tx", "Snapshot", "Order", "Entry", "Error", "Overlay"]), ("provider", &["Error"])];

/// The only modules that speak gRPC.
const KNOW_TONIC: [&str; 2] = ["plugin", "protocol"];

/// Exported macros are at the top of the crate; they belong to the module that defines them.
fn macros(sources: &[Source]) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for source in sources {
        for part in source.code.split("#[macro_export]").skip(1) {
            let name = part.split("macro_rules!").nth(1).unwrap_or("").trim_start();
            let name: String = name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            owners.insert(name, source.module.clone());
        }
    }
    owners
}

#[test]
fn modules_name_only_the_modules_that_they_may() {
    let table: BTreeMap<&str, &[&str]> = MAY_KNOW.into_iter().collect();
    let sources = sources();
    let macros = macros(&sources);
    let modules: BTreeSet<&str> = sources.iter().map(|source| source.module.as_str()).collect();
    let mut wrong = BTreeSet::new();
    for source in sources.iter().filter(|source| source.module != "lib") {
        let Some(allowed) = table.get(source.module.as_str()) else {
            wrong.insert(format!("src/{} is not in the table of acceptance-tests/structure/modules.rs", source.module));
            continue;
        };
        for path in paths(&source.tokens) {
            let Some(first) = path.first() else { continue };
            let named = macros.get(first).unwrap_or(first);
            // Every module may use the other items at the top of the crate (constants of lib.rs).
            if modules.contains(named.as_str()) && *named != source.module && !allowed.contains(&named.as_str()) {
                let (file, module) = (source.path.display(), &source.module);
                wrong.insert(format!("{file} names {}: {module} may know only {allowed:?}", path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn core_and_provider_see_only_their_part_of_a_store() {
    let mut wrong = BTreeSet::new();
    for (module, allowed) in OF_STORE {
        for source in sources().iter().filter(|source| source.module == module) {
            for item in items_of("store", &source.tokens).into_iter().filter(|item| !allowed.contains(&item.as_str())) {
                let file = source.path.display();
                wrong.insert(format!("{file} names store::{item}: {module} may know only {allowed:?} of it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The items of a top-level module that `code` names, as `crate::module::Item` or as `module::Item` after an import.
fn items_of(module: &str, tokens: &[String]) -> Vec<String> {
    let named: Vec<_> = paths(tokens).into_iter().filter(|path| path[0] == module).collect();
    let mut items: Vec<String> = named.iter().filter_map(|path| path.get(1).cloned()).collect();
    if named.iter().any(|path| path.len() == 1) {
        items.extend(paths_after(module, tokens).into_iter().filter_map(|path| path.first().cloned()));
    }
    items
}

/// A row of the table in ARCHITECTURE.md: a module, and those that it may name.
fn row(module: &str, known: &[&str]) -> String {
    let items = OF_STORE.iter().find(|(of, _)| *of == module).map(|(_, items)| items.join(", "));
    let named: Vec<String> = known
        .iter()
        .map(|name| match &items {
            Some(items) if *name == "store" => format!("store: {items}"),
            _ => (*name).to_owned(),
        })
        .collect();
    format!("{module} > {}", if named.is_empty() { "nothing".to_owned() } else { named.join(", ") })
}

#[test]
fn the_table_in_the_architecture_is_the_one_that_is_tested() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with("Modules\n")).unwrap();
    let mut found: Vec<String> = Vec::new();
    for line in section.lines().filter(|line| line.starts_with("    ")) {
        // Two rows beside one another, padded by spaces in front of a row and of its `>`.
        for part in line.split("  ").map(str::trim).filter(|part| !part.is_empty()) {
            match found.last_mut() {
                Some(row) if part.starts_with('>') => *row = format!("{row} {part}"),
                _ => found.push(part.to_owned()),
            }
        }
    }
    let found: BTreeSet<String> = found.into_iter().collect();
    let tested: BTreeSet<String> = MAY_KNOW.into_iter().map(|(module, known)| row(module, known)).collect();
    assert_eq!(found, tested, "left: ARCHITECTURE.md, right: acceptance-tests/structure/modules.rs");
}

#[test]
fn only_plugin_and_protocol_speak_grpc() {
    for source in sources().iter().filter(|source| !KNOW_TONIC.contains(&source.module.as_str())) {
        let names_tonic = source.code.contains("tonic::") || source.code.contains("prost::");
        assert!(!names_tonic, "{} names tonic or prost: only {KNOW_TONIC:?} may", source.path.display());
    }
}

#[test]
fn groups_and_paths_are_split() {
    use crate::tokens::tokens;

    let code = "use crate::{a, store::{Tx, error::Error}, b::C};\nlet x = crate::tf::Value::Null; $crate::ipam::f(1);";
    let found: Vec<String> = paths(&tokens(code)).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a", "store::Tx", "store::error::Error", "b::C", "tf::Value::Null", "ipam::f"]);
    let imported = "use crate::store::{self, Overlay};\nfn f() -> store::Error { tf::store::None }";
    assert_eq!(items_of("store", &tokens(imported)), ["Overlay", "Error"]);
}
