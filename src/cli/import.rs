//! `import`: imports an export into this store, see `backend::upkeep`.
//!
//! JSON: `{store, file, dry_run, written, merged, problems: [{place, what}], notes: [{place, what}], new, present,
//! events, check}`. `new` and `present` are `{scopes, pools, pool_cidrs, allocations, holds, discoveries, treatments,
//! seen}`: the numbers of objects that are imported, and of those that the store had already, counted as in `check`.
//! `events` is the number of events written to the history. `place` is a line of the file (`line 7`) or the ID of an
//! object. `check` is `null`, or the answer of `check --json` for the store afterwards.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::check;
use super::check::FindingAnswer;
use super::failure::CommandFailure;
use super::out::{self, OutputFormat, Page, clean};
use super::words::count;
use crate::backend::explain::tally;
use crate::backend::upkeep::{Import, ImportMode};
use crate::backend::{Audit, Ipam, Local};
use crate::ipam::Tally;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The file of the export.
    pub(super) file: PathBuf,
    /// Imports into a store that is in use: adds the objects that are missing, if none of them conflicts with the
    /// store. An import into AWS IPAM always merges.
    #[arg(long)]
    pub(super) merge: bool,
    /// Checks everything, and writes nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) format: OutputFormat,
}

#[derive(Serialize)]
struct Answer<'a> {
    store: String,
    file: String,
    dry_run: bool,
    written: bool,
    merged: bool,
    problems: Vec<FindingAnswer<'a>>,
    notes: Vec<FindingAnswer<'a>>,
    new: TallyAnswer,
    present: TallyAnswer,
    events: u64,
    check: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct TallyAnswer {
    scopes: u64,
    pools: u64,
    pool_cidrs: u64,
    allocations: u64,
    holds: u64,
    discoveries: u64,
    treatments: u64,
    seen: u64,
}

impl From<Tally> for TallyAnswer {
    fn from(tally: Tally) -> Self {
        let Tally { scopes, pools, pool_cidrs, allocations, holds, discoveries, treatments, seen, .. } = tally;
        Self { scopes, pools, pool_cidrs, allocations, holds, discoveries, treatments, seen }
    }
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, CommandFailure> {
    let mode = ImportMode { merge: options.merge, dry_run: options.dry_run };
    let import = {
        let mut bar = out::Bar::new();
        ipam.import(&options.file, mode, &mut |what, done, total| bar.show(what, done, total))?
    };
    let audit = if import.problems.is_empty() && !options.dry_run { Some(ipam.check()?) } else { None };
    Ok(render(&import, audit.as_ref(), &ipam.describe(), options))
}

fn render(import: &Import, audit: Option<&Audit>, store: &str, options: &Options) -> Page {
    let page = if options.format.json {
        Page::json(&Answer {
            store: store.to_owned(),
            file: options.file.display().to_string(),
            dry_run: options.dry_run,
            written: audit.is_some(),
            merged: import.merged,
            problems: import.problems.iter().map(FindingAnswer::from).collect(),
            notes: import.notes.iter().map(FindingAnswer::from).collect(),
            new: import.new.into(),
            present: import.present.into(),
            events: import.events,
            check: audit.map(|audit| check::value(audit, store)),
        })
    } else {
        Page::text(text(import, audit, store, options))
    };
    page.with_findings(!import.problems.is_empty() || audit.is_some_and(|audit| !audit.findings.is_empty()))
}

fn text(import: &Import, audit: Option<&Audit>, store: &str, options: &Options) -> String {
    let line = |finding: &crate::backend::Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
    if !import.problems.is_empty() {
        let problems = count(import.problems.len() as u64, "problem");
        let lines: String = import.problems.iter().map(line).collect();
        return format!("{lines}Nothing was written: {problems} with {}.\n", options.file.display());
    }
    let notes: String = import.notes.iter().map(line).collect();
    let verb = if options.dry_run { "Would import" } else { "Imported" };
    let already = match import.present.sum() {
        0 => String::new(),
        present => format!(
            "; {} already there",
            if present == 1 { "1 object was".to_owned() } else { format!("{present} objects were") }
        ),
    };
    let done = format!("{verb} into {store}: {}, {}{already}.\n", tally(&import.new), count(import.events, "event"));
    notes + &done + &audit.map_or_else(String::new, |audit| check::text(audit, store))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Finding;

    fn options(json: bool, dry_run: bool) -> Options {
        Options { file: "export.json".into(), merge: true, dry_run, format: OutputFormat { json } }
    }

    fn audit() -> Audit {
        Audit { findings: Vec::new(), scopes: 2, pools: 1, allocations: 3, holds: 0, events: 12, forgotten: 0 }
    }

    #[test]
    fn each_problem_is_one_line_and_sets_the_exit_status() {
        let finding = Finding { place: "line 7".to_owned(), what: "Event 3:\nbad.".to_owned() };
        let import = Import { problems: vec![finding], ..Import::default() };
        let page = render(&import, None, "ipam.db", &options(false, false));
        let expected = "line 7: Event 3:\\nbad.\nNothing was written: 1 problem with export.json.\n";
        assert_eq!(page, Page::text(expected).with_findings(true));
        let json = render(&import, None, "ipam.db", &options(true, false));
        assert!(json.has_findings);
        let value: Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!((&value["problems"][0]["place"], &value["written"]), (&"line 7".into(), &false.into()));
        assert_eq!(value["check"], Value::Null);
    }

    #[test]
    fn imported_objects_are_counted_and_the_audit_follows() {
        let note = Finding { place: "ipam-scope-1".to_owned(), what: "It is a default scope.".to_owned() };
        let new = Tally { pools: 1, pool_cidrs: 1, allocations: 3, ..Tally::default() };
        let present = Tally { pools: 2, ..Tally::default() };
        let import = Import { notes: vec![note], new, present, events: 5, merged: true, ..Import::default() };
        let page = render(&import, Some(&audit()), "ipam.db", &options(false, false));
        let counts = "0 scopes, 1 pool, 1 pool CIDR, 3 allocations, 5 events; 2 objects were already there";
        let expected = format!(
            "ipam-scope-1: It is a default scope.\nImported into ipam.db: {counts}.\nipam.db is sound: 2 scopes, 1 pool, 3 \
             allocations, 0 holds, 12 events.\n"
        );
        assert_eq!(page, Page::text(expected));
        let dry = render(&import, None, "ipam.db", &options(false, true));
        assert!(dry.text.ends_with(&format!("Would import into ipam.db: {counts}.\n")), "{}", dry.text);
        let json = render(&import, Some(&audit()), "ipam.db", &options(true, false));
        let value: Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!((&value["written"], &value["new"]["allocations"]), (&true.into(), &3.into()));
        assert_eq!(value["check"]["ok"], true);
    }
}
