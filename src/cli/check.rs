//! `check`: whether everything is as it must be.
//!
//! JSON: `{store, ok, findings: [{place, what}], scopes, pools, allocations, holds, events}`.

use serde::Serialize;
use serde_json::Value;

use super::out::{Page, clean};
use super::{Failure, Format};
use crate::backend::{Audit, Finding, Ipam};

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

pub(super) fn page(ipam: &dyn Ipam, format: Format) -> Result<Page, Failure> {
    let audit = ipam.check()?;
    Ok(render(&audit, &ipam.describe(), format))
}

fn render(audit: &Audit, store: &str, format: Format) -> Page {
    let page = if format.json { Page::json(&value(audit, store)) } else { Page::text(text(audit, store)) };
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
    };
    serde_json::to_value(answer).unwrap_or_default()
}

/// The audit in words: one line, or one for each finding.
pub(super) fn text(audit: &Audit, store: &str) -> String {
    if !audit.findings.is_empty() {
        let line = |finding: &Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
        return audit.findings.iter().map(line).collect();
    }
    format!(
        "{store} is sound: {}, {}, {}, {}, {}.\n",
        count(audit.scopes, "scope"),
        count(audit.pools, "pool"),
        count(audit.allocations, "allocation"),
        count(audit.holds, "hold"),
        count(audit.events, "event"),
    )
}

/// A number of things.
pub(super) fn count(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(findings: Vec<Finding>) -> Audit {
        Audit { findings, scopes: 2, pools: 1, allocations: 3, holds: 0, events: 12 }
    }

    #[test]
    fn a_sound_store_is_summed_up() {
        let page = render(&audit(Vec::new()), "ipam.db", Format { json: false });
        assert_eq!(page, Page::text("ipam.db is sound: 2 scopes, 1 pool, 3 allocations, 0 holds, 12 events.\n"));
    }

    #[test]
    fn each_finding_is_one_line_and_sets_the_exit_status() {
        let finding = Finding { place: "ipam-pool-1".to_owned(), what: "free\nis wrong".to_owned() };
        let text = render(&audit(vec![finding.clone()]), "ipam.db", Format { json: false });
        assert_eq!(text, Page::text("ipam-pool-1: free\\nis wrong\n").with_findings(true));
        let json = render(&audit(vec![finding]), "ipam.db", Format { json: true });
        assert!(json.has_findings);
        let value: serde_json::Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(value["findings"][0]["place"], "ipam-pool-1");
        assert_eq!(value["ok"], false);
    }
}
