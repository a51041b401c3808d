//! The answer of `migrate`: a tree of what is made, the difference to the store, conflicts and notes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use super::out::{OutputFormat, Page, clean};
use super::words::count;
use crate::backend::migration::{Design, Fate, Migration, Remark};
use crate::ipam::Cidr;

/// The answer, apart from the objects.
pub(super) struct Answer {
    store: String,
    from: &'static str,
    files: Vec<String>,
    dry_run: bool,
    /// Whether the store was written.
    pub(super) written: bool,
    /// The files that were written.
    pub(super) wrote: Vec<String>,
}

/// Numbers of objects.
#[derive(Clone, Copy, Default, Serialize)]
struct Numbers {
    scopes: u64,
    pools: u64,
    allocations: u64,
}

impl Numbers {
    fn words(self) -> String {
        let parts = [(self.scopes, "scope"), (self.pools, "pool"), (self.allocations, "allocation")];
        parts.map(|(number, what)| count(number, what)).join(", ")
    }

    const fn is_empty(self) -> bool {
        self.scopes + self.pools + self.allocations == 0
    }
}

/// One object of the design, for the tree.
struct Row {
    kind: &'static str,
    scope: String,
    path: Vec<String>,
    cidrs: Vec<Cidr>,
    details: String,
    fate: Fate,
}

impl Answer {
    pub(super) fn new(store: &str, from: &'static str, files: &[PathBuf], dry_run: bool) -> Self {
        let files = files.iter().map(|file| file.display().to_string()).collect();
        Self { store: store.to_owned(), from, files, dry_run, written: false, wrote: Vec::new() }
    }

    pub(super) fn page(&self, design: &Design, migration: &Migration, format: OutputFormat) -> Page {
        let rows = rows(design, migration);
        let page = if format.json {
            Page::json(&self.json(design, migration, &rows))
        } else {
            Page::text(self.text(design, migration, &rows))
        };
        page.with_findings(!design.conflicts.is_empty())
    }

    fn json(&self, design: &Design, migration: &Migration, rows: &[Row]) -> Value {
        let objects: Vec<Value> = rows
            .iter()
            .map(|row| {
                let (change, changes) = match &row.fate {
                    Fate::New => ("new", Vec::new()),
                    Fate::Present => ("present", Vec::new()),
                    Fate::Changed(changes) => ("changed", changes.clone()),
                };
                json!({ "kind": row.kind, "scope": row.scope, "path": row.path.join("/"), "cidrs": row.cidrs,
                        "change": change, "changes": changes })
            })
            .collect();
        let gone: Vec<Value> = migration
            .gone
            .iter()
            .map(|gone| json!({ "id": gone.id, "path": gone.path, "cidrs": gone.cidrs }))
            .collect();
        json!({
            "store": self.store, "from": self.from, "files": self.files, "dry_run": self.dry_run,
            "written": self.written, "conflicts": remarks(&design.conflicts), "notes": remarks(&design.notes),
            "new": numbers(rows, |fate| *fate == Fate::New),
            "changed": numbers(rows, |fate| matches!(fate, Fate::Changed(_))),
            "present": numbers(rows, |fate| *fate == Fate::Present),
            "objects": objects, "gone": gone, "wrote": self.wrote,
        })
    }

    fn text(&self, design: &Design, migration: &Migration, rows: &[Row]) -> String {
        let mut text = String::new();
        if !design.conflicts.is_empty() {
            text += &lines(&design.conflicts, "");
            let conflicts = count(design.conflicts.len() as u64, "conflict");
            text += &lines(&design.notes, "note: ");
            return text + &format!("{conflicts}. Nothing was written.\n");
        }
        text += &tree(rows, self.dry_run);
        text += &lines(&design.notes, "note: ");
        if !migration.gone.is_empty() {
            text += "In the store, and in none of the files (nothing is released):\n";
            for gone in &migration.gone {
                text += &format!("    {}  {}\n", clean(&gone.path), blocks(&gone.cidrs));
            }
        }
        let new = numbers(rows, |fate| *fate == Fate::New);
        let changed = numbers(rows, |fate| matches!(fate, Fate::Changed(_)));
        let present = numbers(rows, |fate| *fate == Fate::Present);
        let store = clean(&self.store);
        text += &match (new.is_empty() && changed.is_empty(), self.dry_run) {
            (true, _) => format!("Nothing to do in {store}: {} are there.\n", present.words()),
            (false, true) => format!("Would add to {store}: {}. Would change: {}.\n", new.words(), changed.words()),
            (false, false) => format!("Added to {store}: {}. Changed: {}.\n", new.words(), changed.words()),
        };
        for file in &self.wrote {
            text += &format!("Wrote {}.\n", clean(file));
        }
        text
    }
}

fn remarks(remarks: &[Remark]) -> Vec<Value> {
    let one = |remark: &Remark| json!({ "file": remark.place.file, "line": remark.place.line, "what": remark.what });
    remarks.iter().map(one).collect()
}

fn lines(remarks: &[Remark], prefix: &str) -> String {
    let line = |remark: &Remark| format!("{prefix}{}: {}\n", clean(&remark.place.to_string()), clean(&remark.what));
    remarks.iter().map(line).collect()
}

fn blocks(cidrs: &[Cidr]) -> String {
    cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn numbers(rows: &[Row], counts: impl Fn(&Fate) -> bool) -> Numbers {
    let mut numbers = Numbers::default();
    for row in rows.iter().filter(|row| counts(&row.fate) && !row.path.is_empty()) {
        match row.kind {
            "scope" => numbers.scopes += 1,
            "pool" => numbers.pools += 1,
            _ => numbers.allocations += 1,
        }
    }
    numbers
}

/// The objects of the design: a pool before what is in it.
fn rows(design: &Design, migration: &Migration) -> Vec<Row> {
    let mut family = Family { design, migration, below: BTreeMap::new(), inside: BTreeMap::new(), rows: Vec::new() };
    for (index, pool) in design.pools.iter().enumerate() {
        family.below.entry((pool.scope, pool.parent)).or_default().push(index);
    }
    for (index, allocation) in design.allocations.iter().enumerate() {
        family.inside.entry(allocation.pool).or_default().push(index);
    }
    for (index, scope) in design.scopes.iter().enumerate() {
        let fate = migration.scopes.get(index).and_then(Option::as_ref).map(|moved| moved.fate.clone());
        family.rows.push(Row {
            kind: "scope",
            scope: scope.name.clone().unwrap_or_else(|| "default-private".to_owned()),
            // The default scope is always there, and no file changes it.
            path: scope.name.iter().cloned().collect(),
            cidrs: Vec::new(),
            details: String::new(),
            fate: fate.unwrap_or_default(),
        });
        for pool in family.below.remove(&(index, None)).unwrap_or_default() {
            family.add_pool(pool, &[]);
        }
    }
    family.rows
}

/// The rows as far as they are known, with the pools and allocations in each pool.
struct Family<'a> {
    design: &'a Design,
    migration: &'a Migration,
    below: BTreeMap<(usize, Option<usize>), Vec<usize>>,
    inside: BTreeMap<usize, Vec<usize>>,
    rows: Vec<Row>,
}

impl Family<'_> {
    fn scope_name(&self, scope: usize) -> String {
        self.design.scopes[scope].name.clone().unwrap_or_else(|| "default-private".to_owned())
    }

    fn add_pool(&mut self, pool: usize, above: &[String]) {
        let one = &self.design.pools[pool];
        let moved = self.migration.pools.get(pool).and_then(Option::as_ref);
        let name = moved.map_or(&one.name, |moved| &moved.record.meta.name).clone();
        let path: Vec<String> = above.iter().cloned().chain([name]).collect();
        let reserved: Vec<Cidr> = one.reserved.iter().copied().collect();
        let details = if reserved.is_empty() { String::new() } else { format!(", reserves {}", blocks(&reserved)) };
        self.rows.push(Row {
            kind: "pool",
            scope: self.scope_name(one.scope),
            path: path.clone(),
            cidrs: one.cidrs.iter().copied().collect(),
            details,
            fate: moved.map(|moved| moved.fate.clone()).unwrap_or_default(),
        });
        for below in self.below.remove(&(one.scope, Some(pool))).unwrap_or_default() {
            self.add_pool(below, &path);
        }
        for allocation in self.inside.remove(&pool).unwrap_or_default() {
            self.add_allocation(allocation, self.scope_name(one.scope), &path);
        }
    }

    fn add_allocation(&mut self, index: usize, scope: String, above: &[String]) {
        let one = &self.design.allocations[index];
        let moved = self.migration.allocations.get(index).and_then(Option::as_ref);
        let name = moved.map_or(&one.name, |moved| &moved.record.meta.name).clone();
        let details = match one.addresses.len() {
            0 => String::new(),
            1 => ", 1 address".to_owned(),
            number => format!(", {number} addresses"),
        };
        self.rows.push(Row {
            kind: "allocation",
            scope,
            path: above.iter().cloned().chain([name]).collect(),
            cidrs: vec![one.cidr],
            details,
            fate: moved.map(|moved| moved.fate.clone()).unwrap_or_default(),
        });
    }
}

/// The tree: everything in a dry run, otherwise what was added or changed. A scope without anything to show is left out.
fn tree(rows: &[Row], is_dry: bool) -> String {
    let mut text = String::new();
    let mut scope: Option<&Row> = None;
    for row in rows {
        if row.kind == "scope" {
            // The default scope has no path, and is shown with its first pool.
            scope = Some(row);
        }
        let is_news = row.fate != Fate::Present || is_dry;
        if !is_news || row.path.is_empty() {
            continue;
        }
        if let Some(scope) = scope.take() {
            text += &format!("{} scope {}\n", sign(&scope.fate), clean(&scope.scope));
        }
        if row.kind == "scope" {
            continue;
        }
        let remark = match &row.fate {
            Fate::Changed(changes) => format!(" (changes {})", changes.join(", ")),
            Fate::New | Fate::Present => String::new(),
        };
        let name = clean(row.path.last().map_or("", String::as_str));
        let kind = if row.kind == "pool" { " (pool)" } else { "" };
        let indent = "  ".repeat(row.path.len());
        let cidrs = blocks(&row.cidrs);
        text += &format!("{} {indent}{name}{kind}  {cidrs}{}{remark}\n", sign(&row.fate), row.details);
    }
    text
}

const fn sign(fate: &Fate) -> &'static str {
    match fate {
        Fate::New => "+",
        Fate::Present => " ",
        Fate::Changed(_) => "~",
    }
}
