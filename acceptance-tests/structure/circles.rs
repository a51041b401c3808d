//! No file of `src` depends on itself through other files.
//!
//! Definition: there is an arrow from file A to file B when the code of A, without its tests, names an item that is
//! defined in B. It can name the item in a `use` or in a path inside the code. A name that another module re-exports
//! counts as the file that defines it. These are not arrows:
//!
//! - a re-export (`pub use`), unless the code of the same file also uses the name;
//! - `mod child;`, and a `use` that ends in a module: the items that are named through it are the arrows;
//! - a call of a method, and a field: the measure reads names and knows no types.
//!
//! A circle is a strongly connected component with more than one file. A parent that names an item of its child is in a
//! circle with the child when the child names an item of the parent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::tokens::{closing, is_word, named, path_at, tokens, without_tests};

/// Index of a module in `Crate::modules`.
type ModuleId = usize;

/// The modules of a crate, read from its root.
#[derive(Default)]
struct Crate {
    modules: Vec<Module>,
    /// Macros that stand at the top of the crate, with the file that defines them.
    macros: BTreeMap<String, PathBuf>,
}

/// One module: a file, or a part of a file in braces.
#[derive(Default)]
struct Module {
    file: PathBuf,
    parent: Option<ModuleId>,
    children: BTreeMap<String, ModuleId>,
    imports: BTreeMap<String, Import>,
    paths: Vec<NamedPath>,
}

/// One name that a `use` brings into a module.
struct Import {
    path: Vec<String>,
    exported: bool,
}

/// A path in the code of a module, outside `use`.
struct NamedPath {
    path: Vec<String>,
    /// A parenthesis or an exclamation mark follows: a function or a macro, and not a variable.
    is_call: bool,
}

/// What a path leads to.
enum Meaning {
    Module,
    Item(PathBuf),
    Foreign,
}

impl Crate {
    fn read(root: &Path) -> Self {
        let mut all = Self::default();
        all.add_file(root, None, root.parent().unwrap());
        all
    }

    /// Reads a file as a module. `below` is the directory of its children.
    fn add_file(&mut self, file: &Path, parent: Option<ModuleId>, below: &Path) -> ModuleId {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens = without_tests(tokens(&text));
        self.modules.push(Module { file: file.to_path_buf(), parent, ..Module::default() });
        let id = self.modules.len() - 1;
        self.add_items(id, &tokens, below);
        id
    }

    fn add_items(&mut self, id: ModuleId, tokens: &[String], below: &Path) {
        let mut at = 0;
        while at < tokens.len() {
            let words = |count: usize| tokens.get(at + count).map_or("", String::as_str);
            let after_dot = at > 0 && [".", "::", "fn", "$"].contains(&tokens[at - 1].as_str()) && words(0) != "crate";
            match words(0) {
                "mod" if is_word(words(1)) && words(2) == ";" => {
                    let (file, inside) =
                        child_file(&self.modules[id].file, below, words(1), attribute_path(tokens, at));
                    let child = self.add_file(&file, Some(id), &inside);
                    self.modules[id].children.insert(words(1).to_owned(), child);
                    at += 3;
                }
                "mod" if is_word(words(1)) && words(2) == "{" => {
                    let end = closing(tokens, at + 2);
                    let file = self.modules[id].file.clone();
                    self.modules.push(Module { file, parent: Some(id), ..Module::default() });
                    let child = self.modules.len() - 1;
                    self.modules[id].children.insert(words(1).to_owned(), child);
                    self.add_items(child, &tokens[at + 3..end], &below.join(words(1)));
                    at = end + 1;
                }
                "use" if is_word(words(1)) || [":", "{", "$"].contains(&words(1)) => {
                    let end = at + tokens[at..].iter().position(|token| token == ";").unwrap_or(tokens.len() - at);
                    let exported = is_exported(&tokens[..at]);
                    // A `*` would need the items of another module, and outside tests `src` does not use it for modules.
                    for (name, path) in named(&tokens[at + 1..end]) {
                        let Some(name) = name else { continue };
                        self.modules[id].imports.insert(name, Import { path, exported });
                    }
                    at = end;
                }
                "macro_rules" => {
                    if tokens[..at].ends_with(&["#", "[", "macro_export", "]"].map(str::to_owned)) {
                        self.macros.insert(words(2).to_owned(), self.modules[id].file.clone());
                    }
                    at += 3;
                }
                word if is_word(word) && !after_dot => {
                    let path = path_at(&tokens[at..]);
                    at += 2 * path.len() - 1;
                    let next = tokens.get(at).map_or("", String::as_str);
                    self.modules[id].paths.push(NamedPath { path, is_call: next == "(" || next == "!" });
                }
                _ => at += 1,
            }
        }
    }

    /// Every arrow, with a path that makes it.
    fn arrows(&self) -> BTreeMap<PathBuf, BTreeMap<PathBuf, String>> {
        let mut arrows: BTreeMap<PathBuf, BTreeMap<PathBuf, String>> = BTreeMap::new();
        for (id, module) in self.modules.iter().enumerate() {
            let imported = module.imports.values().filter(|import| !import.exported).map(|import| &import.path);
            let named = module.paths.iter().filter(|named| self.is_certain(module, named)).map(|named| &named.path);
            let from = arrows.entry(module.file.clone()).or_default();
            for path in imported.chain(named) {
                if let Meaning::Item(file) = self.meaning(id, path, 0)
                    && file != module.file
                {
                    from.entry(file).or_insert_with(|| path.join("::"));
                }
            }
        }
        arrows
    }

    /// Whether the path surely names what it seems to name. A single word in lower case can also be a variable.
    fn is_certain(&self, module: &Module, named: &NamedPath) -> bool {
        let first = &named.path[0];
        let is_type = first.starts_with(|letter: char| letter.is_uppercase());
        named.path.len() > 1 || (module.imports.contains_key(first) && (is_type || named.is_call))
    }

    /// What `path` means in the code of module `from`. `depth` bounds imports that name each other.
    fn meaning(&self, from: ModuleId, path: &[String], depth: usize) -> Meaning {
        let module = &self.modules[from];
        let (first, rest) = path.split_first().unwrap();
        match first.as_str() {
            "crate" => self.inside(0, rest, depth),
            "self" => self.inside(from, rest, depth),
            "super" => match module.parent {
                Some(parent) if rest.first().is_some_and(|word| word == "super") => self.meaning(parent, rest, depth),
                Some(parent) => self.inside(parent, rest, depth),
                None => Meaning::Foreign,
            },
            name if module.imports.contains_key(name) || module.children.contains_key(name) => {
                self.inside(from, path, depth)
            }
            _ => Meaning::Foreign,
        }
    }

    /// What `path` means as an item of module `id`.
    fn inside(&self, id: ModuleId, path: &[String], depth: usize) -> Meaning {
        let module = &self.modules[id];
        let Some((first, rest)) = path.split_first() else { return Meaning::Module };
        let (child, import) = (module.children.get(first), module.imports.get(first));
        match (child, import) {
            (Some(&child), _) if !rest.is_empty() => self.inside(child, rest, depth),
            // A circle of imports cannot name an item; an import of a module by its own name can look like one.
            (_, Some(import)) if depth < 20 && import.path.first() != Some(first) => {
                let longer: Vec<String> = import.path.iter().chain(rest).cloned().collect();
                self.meaning(id, &longer, depth + 1)
            }
            (Some(_), _) => Meaning::Module,
            (None, Some(_)) => Meaning::Foreign,
            (None, None) if id == 0 && self.macros.contains_key(first) => Meaning::Item(self.macros[first].clone()),
            (None, None) => Meaning::Item(module.file.clone()),
        }
    }
}

/// Whether the tokens before a `use` end in `pub` or `pub(...)`.
fn is_exported(before: &[String]) -> bool {
    let mut visibility = before;
    if visibility.last().is_some_and(|token| token == ")") {
        let open = visibility.iter().rposition(|token| token == "(").unwrap();
        visibility = &visibility[..open];
    }
    visibility.last().is_some_and(|token| token == "pub")
}

/// The path in `#[path = "..."]` before the item at `at`.
fn attribute_path(tokens: &[String], at: usize) -> Option<&str> {
    let start = tokens[..at].iter().rposition(|token| [";", "}"].contains(&token.as_str())).map_or(0, |end| end + 1);
    let item = &tokens[start..at];
    let path = item.windows(3).find(|three| three[0] == "path" && three[1] == "=")?;
    path[2].strip_prefix('"')
}

/// The file of `mod name;` in `file`, and the directory of the children of that module.
fn child_file(file: &Path, below: &Path, name: &str, given: Option<&str>) -> (PathBuf, PathBuf) {
    if let Some(given) = given {
        let path = file.parent().unwrap().join(given);
        let inside = path.parent().unwrap().to_path_buf();
        return (path, inside);
    }
    let (flat, nested) = (below.join(format!("{name}.rs")), below.join(name).join("mod.rs"));
    (if flat.is_file() { flat } else { nested }, below.join(name))
}

/// The circles of a graph, each as a sorted list.
fn circles(arrows: &BTreeMap<PathBuf, BTreeMap<PathBuf, String>>) -> BTreeSet<Vec<PathBuf>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        arrows.keys().map(|file| (file, reached_from(file, arrows))).collect();
    let in_circle_with = |file: &PathBuf| -> Vec<PathBuf> {
        reached[file].iter().filter(|other| reached[**other].contains(file)).map(|other| (*other).clone()).collect()
    };
    arrows.keys().map(in_circle_with).filter(|circle| circle.len() > 1).collect()
}

fn reached_from<'a>(
    file: &'a PathBuf,
    arrows: &'a BTreeMap<PathBuf, BTreeMap<PathBuf, String>>,
) -> BTreeSet<&'a PathBuf> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![file]);
    while let Some(next) = open.pop() {
        open.extend(arrows[next].keys().filter(|to| reached.insert(*to)));
    }
    reached
}

/// The files of a circle with the arrows among them.
fn drawn(circle: &[PathBuf], arrows: &BTreeMap<PathBuf, BTreeMap<PathBuf, String>>, root: &Path) -> String {
    let name = |file: &Path| file.strip_prefix(root).unwrap_or(file).display().to_string();
    let mut text = format!("circle of {} files:", circle.len());
    for file in circle {
        for (to, path) in arrows[file].iter().filter(|(to, _)| circle.contains(to)) {
            text += &format!("\n    {} -> {} ({path})", name(file), name(to));
        }
    }
    text
}

#[test]
fn no_file_depends_on_itself_through_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arrows = Crate::read(&root.join("src/lib.rs")).arrows();
    assert!(arrows.len() > 100, "the measure found only {} files", arrows.len());
    let found: Vec<String> = circles(&arrows).iter().map(|circle| drawn(circle, &arrows, root)).collect();
    assert!(found.is_empty(), "{} circles of imports\n{}", found.len(), found.join("\n"));
}

#[test]
fn names_are_followed_to_the_file_that_defines_them() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod missing;\n");
    write("a/mod.rs", "mod inner;\nmod plain;\npub use inner::Inner;\npub use plain::Plain;\npub struct Own;\n");
    write(
        "a/inner.rs",
        "use super::{Own, Plain as P};\npub struct Inner(Own, P);\nconst TEXT: &str = \"crate::b::B\";\n",
    );
    write("a/plain.rs", "pub struct Plain; // crate::b::B\n#[cfg(test)]\nmod tests { use crate::b::B; }\n");
    write("b.rs", "use crate::a;\npub struct B(a::Inner);\nfn f<'a>(x: &'a str) -> char { crate::made!(x); 'x' }\n");
    let arrows = Crate::read(&directory.path().join("lib.rs")).arrows();
    let mut found = Vec::new();
    for (from, to) in &arrows {
        let name = |file: &Path| file.strip_prefix(directory.path()).unwrap().to_str().unwrap().to_owned();
        found.extend(to.keys().map(|to| format!("{} -> {}", name(from), name(to))));
    }
    let expected = ["a/inner.rs -> a/mod.rs", "a/inner.rs -> a/plain.rs", "b.rs -> a/inner.rs", "b.rs -> lib.rs"]
        .map(str::to_owned);
    assert_eq!(found, expected);
    assert!(circles(&arrows).is_empty());

    write("a/plain.rs", "pub struct Plain(super::Inner);\n");
    let arrows = Crate::read(&directory.path().join("lib.rs")).arrows();
    let circles = circles(&arrows);
    let [circle] = &circles.iter().collect::<Vec<_>>()[..] else { panic!("{circles:?}") };
    assert_eq!(**circle, ["a/inner.rs", "a/plain.rs"].map(|name| directory.path().join(name)));
    assert!(drawn(circle, &arrows, directory.path()).contains("a/plain.rs -> a/inner.rs (super::Inner)"));
}
