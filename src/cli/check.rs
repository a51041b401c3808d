//! `check`: whether everything is as it must be.
//!
//! JSON: `{store, ok, findings: [{place, what}], scopes, pools, allocations, holds, events}`.

use serde::Serialize;

use super::out::{Page, clean};
use super::{Failure, Format};
use crate::backend::{Audit, Ipam};

#[derive(Serialize)]
struct Answer<'a> {
    store: String,
    ok: bool,
    findings: Vec<FindingAnswer<'a>>,
    scopes: u64,
    pools: u64,
    allocations: u64,
    holds: u64,
    events: u64,
}

#[derive(Serialize)]
struct FindingAnswer<'a> {
    place: &'a str,
    what: &'a str,
}

pub(super) fn page(ipam: &dyn Ipam, format: Format) -> Result<Page, Failure> {
    let audit = ipam.check()?;
    Ok(render(&audit, &ipam.describe(), format))
}

fn render(audit: &Audit, store: &str, format: Format) -> Page {
    let ok = audit.findings.is_empty();
    let page = if format.json {
        let findings =
            audit.findings.iter().map(|finding| FindingAnswer { place: &finding.place, what: &finding.what });
        Page::json(&Answer {
            store: store.to_owned(),
            ok,
            findings: findings.collect(),
            scopes: audit.scopes,
            pools: audit.pools,
            allocations: audit.allocations,
            holds: audit.holds,
            events: audit.events,
        })
    } else if ok {
        Page::text(format!(
            "{store} is sound: {}, {}, {}, {}, {}.\n",
            count(audit.scopes, "scope"),
            count(audit.pools, "pool"),
            count(audit.allocations, "allocation"),
            count(audit.holds, "hold"),
            count(audit.events, "event"),
        ))
    } else {
        let line = |finding: &crate::backend::Finding| format!("{}: {}\n", clean(&finding.place), clean(&finding.what));
        Page::text(audit.findings.iter().map(line).collect::<String>())
    };
    page.with_findings(!ok)
}

fn count(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Finding;

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
