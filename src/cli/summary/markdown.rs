//! Writes the summary as GitHub-flavoured Markdown, which GitLab reads as well. The worst comes first.

use std::fmt::Write;

use num_bigint::BigUint;

use super::super::words::count;
use super::changes::{Changes, Row};
use super::plan::Shown;
use crate::backend::explain::{number, percent};
use crate::backend::report::{PoolReport, Report, Severity, plain};
use crate::ipam::Cidr;

/// By this first line, a pipeline finds the comment that it wrote before, and replaces it.
const MARK: &str = "<!-- terraform-provider-ipam summary -->";

pub(super) fn page(changes: &Changes, report: Option<&Report>, limit: usize) -> String {
    let mut text = format!("{MARK}\n## IP addresses of this plan\n\n{}\n", headline(changes));
    if !changes.is_complete {
        text += "\n> [!WARNING]\n> The plan ended with an error, or puts changes off, so this is not all that will change.\n";
    }
    if let Some(warning) = alarm(changes) {
        let _ = write!(text, "\n> [!CAUTION]\n> {warning}\n");
    }
    let tables = [
        table("Renumbered", &BOTH, &changes.renumbered, limit),
        table("Given back", &ONE, &changes.released, limit),
        table("Taken", &ONE, &changes.taken, limit),
        table("Resized in place", &BOTH, &changes.resized, limit),
        table("Renamed", &BOTH, &changes.renamed, limit),
        table("Imported", &ONE, &changes.imported, limit),
        table("No longer managed here; the addresses stay taken", &ONE, &changes.forgotten, limit),
        others(changes, limit),
    ];
    let from_store = report.into_iter().flat_map(|report| [left(changes, report), problems(changes, report, limit)]);
    for section in tables.into_iter().chain(from_store).flatten() {
        text.push('\n');
        text.push_str(&section);
    }
    text
}

const BOTH: [&str; 5] = ["Resource", "Name", "Pool", "Before", "After"];
const ONE: [&str; 5] = ["Resource", "Name", "Pool", "CIDR", "Addresses"];

/// One sentence about everything.
fn headline(changes: &Changes) -> String {
    if changes.is_empty() {
        return "Nothing changes.".to_owned();
    }
    let parts = [
        (&changes.renumbered, "renumbered"),
        (&changes.released, "given back"),
        (&changes.taken, "taken"),
        (&changes.resized, "resized in place"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(rows, _)| !rows.is_empty())
        .map(|(rows, what)| format!("{} {what}", count(rows.len() as u64, "block")))
        .collect();
    if parts.is_empty() { "No addresses change.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

/// What a reviewer has to see first.
fn alarm(changes: &Changes) -> Option<String> {
    let renumbered = match changes.renumbered.len() {
        0 => None,
        1 => Some("A resource gets other addresses. Everything that uses the old ones must change as well.".to_owned()),
        more => Some(format!(
            "{more} resources get other addresses. Everything that uses the old ones must change as well."
        )),
    };
    let released = (!changes.released.is_empty())
        .then(|| "Addresses are given back: others may get them as soon as the plan is applied.".to_owned());
    let all: Vec<String> = renumbered.into_iter().chain(released).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn cell(shown: Option<&Shown>) -> String {
    match shown {
        Some(Shown::Text(text)) => plain(text),
        Some(other) => format!("*{}*", other.words()),
        None => String::new(),
    }
}

fn addresses(shown: Option<&Shown>) -> String {
    let cidr = shown.and_then(|shown| shown.words().parse::<Cidr>().ok());
    cidr.map(|cidr| number(&cidr.address_count())).unwrap_or_default()
}

fn table(title: &str, header: &[&str; 5], rows: &[Row], limit: usize) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let mut text = head(title, header);
    for row in rows.iter().take(limit) {
        let block = row.after.as_ref().or(row.before.as_ref());
        let last = if header == &BOTH {
            [cell(row.before.as_ref()), cell(row.after.as_ref())]
        } else {
            [cell(block), addresses(block)]
        };
        let first = [plain(&row.resource), cell(row.name.as_ref()), cell(row.pool.as_ref())];
        let _ = writeln!(text, "| {} | {} |", first.join(" | "), last.join(" | "));
    }
    more(&mut text, rows.len(), limit);
    Some(text)
}

fn head(title: &str, header: &[&str]) -> String {
    format!("### {title}\n\n| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len()))
}

/// A line about the rows that are not shown.
fn more(text: &mut String, rows: usize, limit: usize) {
    if rows > limit {
        let _ = writeln!(text, "\n{} more.", rows - limit);
    }
}

fn others(changes: &Changes, limit: usize) -> Option<String> {
    if changes.other.is_empty() {
        return None;
    }
    let mut text = "### Other changes\n\n".to_owned();
    for one in changes.other.iter().take(limit) {
        let _ = writeln!(text, "- {}: {}", plain(&one.resource), plain(&one.actions.join(", ")));
    }
    more(&mut text, changes.other.len(), limit);
    Some(text)
}

/// The pools of the plan as the store has them. What plans hold is not free any more.
fn left(changes: &Changes, report: &Report) -> Option<String> {
    let pools = report.pools.iter().filter(|one| changes.pool_ids.contains(&one.pool().meta.id));
    let row = |one: &PoolReport| {
        let sums = &one.utilization;
        let taken: BigUint = &sums.used + &sums.held;
        let full_at = one.forecast.as_ref().and_then(|found| found.full_at);
        let cells = [
            plain(&one.path),
            percent(&sums.used, &sums.provisioned),
            percent(&taken, &sums.provisioned),
            number(&sums.free),
            sums.largest_free.map(|block| block.to_string()).unwrap_or_default(),
            full_at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default(),
        ];
        format!("| {} |\n", cells.join(" | "))
    };
    let rows: String = pools.map(row).collect();
    let header = ["Pool", "Used", "Used and held", "Free addresses", "Largest free", "Full on"];
    (!rows.is_empty()).then(|| head("What is left in these pools", &header) + &rows)
}

/// The problems of the pools of the plan.
fn problems(changes: &Changes, report: &Report, limit: usize) -> Option<String> {
    let is_here = |place: &str| changes.pool_ids.iter().any(|id| id == place);
    let found: Vec<_> = report
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error || is_here(&problem.place))
        .collect();
    if found.is_empty() {
        return None;
    }
    let mut text = head("Problems in the store", &["Severity", "Where", "What"]);
    for problem in found.iter().take(limit) {
        let name = if problem.name.is_empty() { &problem.place } else { &problem.name };
        let _ = writeln!(text, "| {} | {} | {} |", problem.severity.word(), plain(name), plain(&problem.what));
    }
    more(&mut text, found.len(), limit);
    Some(text)
}
