//! `import` into a service, which assigns its own IDs: reports each object that was created, with the ID that it has now.
//!
//! JSON: `{store, file, dry_run, written, problems: [{place, what}], notes: [{place, what}], new, present, objects:
//! [{kind, resource, path, old_id, new_id, outcome}], check}`. `new` and `present` are as in `import`. `outcome` is
//! `present`, `made`, `completed` (blocks were added), `would be made` or `would be completed`. `new_id` is `null` for an
//! object that does not exist yet.

use serde::Serialize;
use serde_json::{Value, json};

use super::check::{self, FindingAnswer};
use super::failure::CommandFailure;
use super::import::{Options, TallyAnswer};
use super::out::{self, Page, clean, table};
use super::words::count;
use crate::backend::explain::resource_type;
use crate::backend::explain::tally;
use crate::backend::upkeep::{Fate, Rebuild, rebuild};
use crate::backend::{Audit, Finding, Ipam};

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let done = {
        let mut bar = out::Bar::new();
        rebuild(ipam, &options.file, options.dry_run, &mut |what, done, total| bar.show(what, done, total))?
    };
    let audit = if done.problems.is_empty() && !options.dry_run { Some(ipam.check()?) } else { None };
    Ok(render(&done, audit.as_ref(), &ipam.describe(), options))
}

const fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Present => "present",
        Fate::Made => "made",
        Fate::Completed => "completed",
        Fate::WouldBeMade => "would be made",
        Fate::WouldBeCompleted => "would be completed",
    }
}

fn is_new(fate: Fate) -> bool {
    matches!(fate, Fate::Made | Fate::WouldBeMade)
}

#[derive(Serialize)]
struct ObjectAnswer<'a> {
    kind: &'a str,
    resource: &'a str,
    path: &'a str,
    old_id: &'a str,
    new_id: Option<&'a str>,
    outcome: &'a str,
}

fn render(done: &Rebuild, audit: Option<&Audit>, store: &str, options: &Options) -> Page {
    let page = if options.format.json {
        Page::json(&value(done, audit, store, options))
    } else {
        Page::text(text(done, audit, store, options))
    };
    page.with_findings(!done.problems.is_empty() || audit.is_some_and(|audit| !audit.findings.is_empty()))
}

fn value(done: &Rebuild, audit: Option<&Audit>, store: &str, options: &Options) -> Value {
    let findings = |findings: &[Finding]| json!(findings.iter().map(FindingAnswer::from).collect::<Vec<_>>());
    let objects = done.objects.iter().map(|object| ObjectAnswer {
        kind: object.kind.word(),
        resource: resource_type(object.kind),
        path: &object.path,
        old_id: &object.old_id,
        new_id: object.new_id.as_deref(),
        outcome: word(object.fate),
    });
    json!({
        "store": store,
        "file": options.file.display().to_string(),
        "dry_run": options.dry_run,
        "written": done.objects.iter().any(|object| matches!(object.fate, Fate::Made | Fate::Completed)),
        "problems": findings(&done.problems),
        "notes": findings(&done.notes),
        "new": TallyAnswer::from(done.tally(is_new)),
        "present": TallyAnswer::from(done.tally(|fate| !is_new(fate))),
        "objects": objects.collect::<Vec<_>>(),
        "check": audit.map(|audit| check::value(audit, store)),
    })
}

fn text(done: &Rebuild, audit: Option<&Audit>, store: &str, options: &Options) -> String {
    let line = |finding: &Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
    let row = |object: &crate::backend::upkeep::Rebuilt| {
        vec![
            word(object.fate).to_owned(),
            resource_type(object.kind).to_owned(),
            clean(&object.path),
            object.old_id.clone(),
            object.new_id.clone().unwrap_or_default(),
        ]
    };
    let mut text = String::new();
    if !done.objects.is_empty() {
        text += &table(&["", "RESOURCE", "NAME", "OLD ID", "NEW ID"], done.objects.iter().map(row));
    }
    text.extend(done.notes.iter().chain(&done.problems).map(line));
    let changed = done.objects.iter().any(|object| matches!(object.fate, Fate::Made | Fate::Completed));
    if !done.problems.is_empty() {
        let problems = count(done.problems.len() as u64, "problem");
        let outcome = if changed { "Not everything was created" } else { "Nothing was created" };
        return text + &format!("{outcome}: {problems} with {}.\n", options.file.display());
    }
    let verb = if options.dry_run { "Would create" } else { "Created" };
    let (new, present) = (done.tally(is_new), done.tally(|fate| !is_new(fate)));
    text += &format!("{verb} in {store}: {}; already there: {}.\n", tally(&new), tally(&present));
    if !options.dry_run {
        text += "In each configuration: `terraform state rm ADDRESS`, then `terraform import ADDRESS NEW-ID`.\n";
    }
    text + &audit.map_or_else(String::new, |audit| check::text(audit, store))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::upkeep::Rebuilt;
    use crate::cli::OutputFormat;
    use crate::ipam::Kind;

    fn done(fate: Fate, new_id: Option<&str>) -> Rebuild {
        let object = Rebuilt {
            kind: Kind::Pool,
            path: "top/eu".to_owned(),
            old_id: "ipam-pool-1".to_owned(),
            new_id: new_id.map(str::to_owned),
            fate,
        };
        Rebuild { objects: vec![object], ..Rebuild::default() }
    }

    fn options(json: bool, dry_run: bool) -> Options {
        Options { file: "export.json".into(), merge: false, dry_run, format: OutputFormat { json } }
    }

    #[test]
    fn each_object_is_shown_with_its_old_and_its_new_id() {
        let page = render(&done(Fate::Made, Some("ipam-pool-9")), None, "aws-ipam", &options(false, false));
        let expected = "      RESOURCE   NAME    OLD ID       NEW ID\nmade  ipam_pool  top/eu  ipam-pool-1  \
                    ipam-pool-9\nCreated in aws-ipam: 0 scopes, 1 pool, 0 pool CIDRs, 0 allocations; already there: 0 \
                    scopes, 0 pools, 0 pool CIDRs, 0 allocations.\nIn each configuration: `terraform state rm \
                    ADDRESS`, then `terraform import ADDRESS NEW-ID`.\n";
        assert_eq!(page, Page::text(expected));
        let json = render(&done(Fate::WouldBeMade, None), None, "aws-ipam", &options(true, true));
        let value: Value = serde_json::from_str(&json.text).unwrap();
        let object = json!({
            "kind": "pool", "resource": "ipam_pool", "path": "top/eu", "old_id": "ipam-pool-1", "new_id": null,
            "outcome": "would be made",
        });
        assert_eq!(
            (&value["objects"][0], &value["written"], &value["new"]["pools"]),
            (&object, &false.into(), &1.into())
        );
    }

    #[test]
    fn a_problem_shows_whether_objects_were_made_and_sets_the_exit_status() {
        for (fate, words) in [(Fate::WouldBeMade, "Nothing was created"), (Fate::Made, "Not everything was created")] {
            let problem = Finding { place: "ipam-pool-1".to_owned(), what: "No.".to_owned() };
            let done = Rebuild { problems: vec![problem], ..done(fate, None) };
            let page = render(&done, None, "aws-ipam", &options(false, false));
            assert!(page.has_findings);
            assert!(
                page.text.ends_with(&format!("ipam-pool-1: No.\n{words}: 1 problem with export.json.\n")),
                "{}",
                page.text
            );
        }
    }
}
