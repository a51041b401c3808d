//! `check`: verifies the whole store.
//!
//! JSON: `{store, ok, findings: [{place, what}], scopes, pools, allocations, holds, events, forgotten, archives}`.
//! `events` counts the events in the store, and `forgotten` is the number of the last event that is no longer in it.
//! `archives` is `null`, or with `--archive` it is `{events, last}`: the number of events in the archives, and the last
//! event of the store. If there are no findings, the archives and the store form a history without a gap up to that
//! event.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean};
use super::target::Target;
use super::words::count;
use crate::backend::upkeep::Witnessed;
use crate::backend::{Audit, Finding};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// All archives that `prune --events` wrote: verifies that they and the store form one unbroken history from event
    /// 1 to the last event.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    archive: Vec<PathBuf>,
    #[command(flatten)]
    format: OutputFormat,
}

#[derive(Serialize)]
struct Answer<'a> {
    store: &'a str,
    ok: bool,
    findings: Vec<FindingAnswer<'a>>,
    scopes: u64,
    pools: u64,
    allocations: u64,
    holds: u64,
    events: u64,
    forgotten: u64,
    archives: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct FindingAnswer<'a> {
    place: &'a str,
    what: &'a str,
}

impl<'a> From<&'a Finding> for FindingAnswer<'a> {
    fn from(Finding { place, what }: &'a Finding) -> Self {
        Self { place, what }
    }
}

pub(super) fn page(target: &Target, options: &Options) -> Result<Page, CommandFailure> {
    let store = target.ipam().describe();
    if options.archive.is_empty() {
        return Ok(render(&target.ipam().check()?, None, &store, options.format));
    }
    let local = target.self_managed("AWS IPAM keeps no events, so there are no archives of them.")?;
    let (audit, witnessed) = local.check_with_archives(&options.archive)?;
    Ok(render(&audit, Some(witnessed), &store, options.format))
}

fn render(audit: &Audit, witnessed: Option<Witnessed>, store: &str, format: OutputFormat) -> Page {
    let page = if format.json {
        let mut answer = value(audit, store);
        if let Some(Witnessed { archived, last }) = witnessed {
            answer["archives"] = json!({ "events": archived, "last": last });
        }
        Page::json(&answer)
    } else {
        let proved = witnessed.filter(|_| audit.findings.is_empty()).map_or_else(String::new, |witnessed| {
            format!("The archives and the store are one unbroken history, from event 1 to event {}.\n", witnessed.last)
        });
        Page::text(text(audit, store) + &proved)
    };
    page.with_findings(!audit.findings.is_empty())
}

/// The audit as JSON.
pub(super) fn value(audit: &Audit, store: &str) -> Value {
    let answer = Answer {
        store,
        ok: audit.findings.is_empty(),
        findings: audit.findings.iter().map(FindingAnswer::from).collect(),
        scopes: audit.scopes,
        pools: audit.pools,
        allocations: audit.allocations,
        holds: audit.holds,
        events: audit.events,
        forgotten: audit.forgotten,
        archives: None,
    };
    serde_json::to_value(answer).unwrap_or_default()
}

/// The audit as text: one line for a sound store, or one for each finding.
pub(super) fn text(audit: &Audit, store: &str) -> String {
    if !audit.findings.is_empty() {
        let line = |finding: &Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
        return audit.findings.iter().map(line).collect();
    }
    let forgotten = match audit.forgotten {
        0 => String::new(),
        last => format!(" (events up to {last} were forgotten)"),
    };
    format!(
        "{store} is sound: {}, {}, {}, {}, {}{forgotten}.\n",
        count(audit.scopes, "scope"),
        count(audit.pools, "pool"),
        count(audit.allocations, "allocation"),
        count(audit.holds, "hold"),
        count(audit.events, "event"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(findings: Vec<Finding>) -> Audit {
        Audit { findings, scopes: 2, pools: 1, allocations: 3, holds: 0, events: 12, forgotten: 0 }
    }

    #[test]
    fn a_sound_store_is_summarized() {
        let page = render(&audit(Vec::new()), None, "ipam.db", OutputFormat { json: false });
        assert_eq!(page, Page::text("ipam.db is sound: 2 scopes, 1 pool, 3 allocations, 0 holds, 12 events.\n"));
    }

    #[test]
    fn a_history_that_begins_later_is_reported_and_archives_prove_the_rest() {
        let audit = Audit { forgotten: 500, ..audit(Vec::new()) };
        let sound = "ipam.db is sound: 2 scopes, 1 pool, 3 allocations, 0 holds, 12 events (events up to 500 were \
                     forgotten).\n";
        let proved = "The archives and the store are one unbroken history, from event 1 to event 512.\n";
        let witnessed = Some(Witnessed { archived: 500, last: 512 });
        assert_eq!(render(&audit, None, "ipam.db", OutputFormat { json: false }).text, sound);
        assert_eq!(render(&audit, witnessed, "ipam.db", OutputFormat { json: false }).text, format!("{sound}{proved}"));
        let json = |witnessed| -> Value {
            serde_json::from_str(&render(&audit, witnessed, "ipam.db", OutputFormat { json: true }).text).unwrap()
        };
        assert_eq!((&json(None)["forgotten"], &json(None)["archives"]), (&json!(500), &Value::Null));
        assert_eq!(json(witnessed)["archives"], json!({ "events": 500, "last": 512 }));
        let finding = Finding { place: "archives".to_owned(), what: "Gap.".to_owned() };
        let broken = Audit { findings: vec![finding], ..audit };
        let page = render(&broken, witnessed, "ipam.db", OutputFormat { json: false });
        assert_eq!(page, Page::text("archives: Gap.\n").with_findings(true), "findings, so no proof");
    }

    #[test]
    fn each_finding_is_one_line_and_sets_the_exit_status() {
        let finding = Finding { place: "ipam-pool-1".to_owned(), what: "free\nis wrong".to_owned() };
        let text = render(&audit(vec![finding.clone()]), None, "ipam.db", OutputFormat { json: false });
        assert_eq!(text, Page::text("ipam-pool-1: free\\nis wrong\n").with_findings(true));
        let json = render(&audit(vec![finding]), None, "ipam.db", OutputFormat { json: true });
        assert!(json.has_findings);
        let value: serde_json::Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(value["findings"][0]["place"], "ipam-pool-1");
        assert_eq!(value["ok"], false);
    }
}
