//! `discover`: scans everything that discoveries name, for example in a cron job. Exit status 1 if a target could not be
//! scanned.
//!
//! JSON: `{store, complete, discoveries: [{id, name, complete, trouble, places: [{account_id, region, ok, failure_code,
//! failure_message, superseded, resources, addresses, added, changed, gone}], forgotten: [{account_id, region}],
//! warnings: [text]}], imported: [allocation], released: [allocation], skipped: [{resource_id, cidr, region, account_id,
//! pool_id, why}]}`. Each allocation is as in `allocations --json`, with the ID of the pool for its path. A value that
//! was not counted is null.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::CommandFailure;
use super::out::{self, OutputFormat, Page, clean, table};
use super::words::count;
use crate::backend::allocation_json::AllocationJson;
use crate::backend::{DiscoveryScan, Ipam, Local, Scans, TargetScan, explain};
use crate::ipam::{Allocation, Error, Skip, Skipped};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Scans only for this resource discovery: its id or name.
    #[arg(long, value_name = "ID|NAME")]
    discovery: Option<String>,
    /// Reads files of resource discoveries only below this directory, after links and `..` are resolved; can be given
    /// several times.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) files_below: Vec<PathBuf>,
    #[command(flatten)]
    format: OutputFormat,
}

pub(super) fn page(local: &Local, options: &Options) -> Result<Page, CommandFailure> {
    let scans = {
        let mut bar = out::Bar::new();
        local.discover(options.discovery.as_deref(), &mut |done, total| bar.show("targets", done, Some(total)))?
    };
    Ok(render(&scans, &local.describe(), options.format))
}

fn render(scans: &Scans, store: &str, format: OutputFormat) -> Page {
    let page = if format.json { Page::json(&value(scans, store)) } else { Page::text(text(scans)) };
    page.with_findings(!scans.is_complete())
}

/// An error on one line.
fn line(error: &Error) -> String {
    let words = explain(error);
    let detail: Vec<&str> = words.detail.split_whitespace().collect();
    format!("{}. {}", words.summary, detail.join(" "))
}

fn name(scan: &DiscoveryScan) -> String {
    let meta = &scan.discovery.meta;
    if meta.name.is_empty() { meta.id.clone() } else { clean(&meta.name) }
}

fn text(scans: &Scans) -> String {
    let rows = scans.discoveries.iter().flat_map(|scan| scan.targets.iter().map(|target| row(scan, target)));
    let rows: Vec<_> = rows.collect();
    let header = ["DISCOVERY", "ACCOUNT", "REGION", "RESOURCES", "ADDRESSES", "NEW", "CHANGED", "GONE", "RESULT"];
    let mut text = if rows.is_empty() { String::new() } else { table(&header, rows) };
    for scan in &scans.discoveries {
        if let Some(trouble) = &scan.trouble {
            text += &format!("{}: no account could be scanned. {}\n", name(scan), clean(&line(trouble)));
        }
        text.extend(scan.warnings.iter().map(|warning| format!("{}: warning: {}\n", name(scan), clean(warning))));
        for (account_id, region) in &scan.forgotten {
            text += &format!("{}: {} in {} is no longer scanned\n", name(scan), clean(account_id), clean(region));
        }
    }
    let reconciled = &scans.reconciled;
    text.extend(reconciled.imported.iter().map(|one| allocation_line("imported", one)));
    text.extend(reconciled.released.iter().map(|one| allocation_line("released", one)));
    text.extend(reconciled.skipped.iter().map(skipped_line));
    let targets: usize = scans.discoveries.iter().map(|scan| scan.targets.len()).sum();
    let failed =
        scans.discoveries.iter().flat_map(|scan| &scan.targets).filter(|target| target.outcome.is_err()).count();
    text + &format!(
        "{} scanned, {failed} failed; {} imported, {} released, {} skipped.\n",
        count(targets as u64, "target"),
        reconciled.imported.len(),
        reconciled.released.len(),
        reconciled.skipped.len(),
    )
}

fn row(scan: &DiscoveryScan, target: &TargetScan) -> Vec<String> {
    let mut row = vec![name(scan), clean(&target.account_id), clean(&target.region)];
    match &target.outcome {
        Ok(counted) => {
            let changes = &counted.changes;
            let numbers = [counted.resources, counted.addresses, changes.added, changes.changed, changes.gone];
            row.extend(numbers.map(|number| number.to_string()));
            row.push(if changes.superseded { "superseded by a later scan".to_owned() } else { "ok".to_owned() });
        }
        Err(failure) => {
            row.extend(["", "", "", "", ""].map(str::to_owned));
            let words: Vec<&str> = failure.message.as_deref().unwrap_or_default().split_whitespace().collect();
            row.push(clean(format!("{}: {}", failure.code, words.join(" ")).trim_end_matches([':', ' '])));
        }
    }
    row
}

fn allocation_line(what: &str, one: &Allocation) -> String {
    let resource = one.resource_id.as_deref().unwrap_or_default();
    format!("{what} {} of {} ({}) in pool {}\n", one.cidr, clean(resource), one.meta.id, one.pool_id)
}

/// The reason why a VPC was not imported.
fn why(skip: &Skip) -> String {
    match skip {
        Skip::Overlaps(occupant) => {
            let block = occupant.cidr.map(|cidr| format!(" ({cidr})")).unwrap_or_default();
            format!("{} {:?}{block}, {}, overlaps it", occupant.kind.word(), occupant.name, occupant.id)
        }
        Skip::Larger(other) => format!("{} with {} was imported instead", other.resource_id, other.cidr),
    }
}

fn skipped_line(one: &Skipped) -> String {
    let of = &one.of;
    let resource = clean(&of.resource_id);
    format!("skipped {} of {resource} in {} for pool {}: {}\n", of.cidr, of.region, one.pool_id, clean(&why(&one.why)))
}

fn target_value(target: &TargetScan) -> Value {
    let failure = target.outcome.as_ref().err();
    let counted = target.outcome.as_ref().ok();
    let changes = counted.map(|counted| &counted.changes);
    json!({
        "account_id": target.account_id,
        "region": target.region,
        "ok": failure.is_none(),
        "failure_code": failure.map(|failure| failure.code),
        "failure_message": failure.and_then(|failure| failure.message.as_ref()),
        "superseded": changes.is_some_and(|changes| changes.superseded),
        "resources": counted.map(|counted| counted.resources),
        "addresses": counted.map(|counted| counted.addresses),
        "added": changes.map(|changes| changes.added),
        "changed": changes.map(|changes| changes.changed),
        "gone": changes.map(|changes| changes.gone),
    })
}

fn value(scans: &Scans, store: &str) -> Value {
    let of_discovery = |scan: &DiscoveryScan| {
        let forgotten =
            scan.forgotten.iter().map(|(account_id, region)| json!({"account_id": account_id, "region": region}));
        json!({
            "id": scan.discovery.meta.id,
            "name": scan.discovery.meta.name,
            "complete": scan.is_complete(),
            "trouble": scan.trouble.as_ref().map(line),
            "places": scan.targets.iter().map(target_value).collect::<Vec<_>>(),
            "forgotten": forgotten.collect::<Vec<_>>(),
            "warnings": scan.warnings,
        })
    };
    let skipped = |one: &Skipped| {
        json!({
            "resource_id": one.of.resource_id,
            "cidr": one.of.cidr,
            "region": one.of.region,
            "account_id": one.account_id,
            "pool_id": one.pool_id,
            "why": why(&one.why),
        })
    };
    let answers = |all: &[Allocation]| {
        let values =
            all.iter().map(|one| serde_json::to_value(AllocationJson::new(one, &one.pool_id)).unwrap_or_default());
        values.collect::<Vec<Value>>()
    };
    json!({
        "store": store,
        "complete": scans.is_complete(),
        "discoveries": scans.discoveries.iter().map(of_discovery).collect::<Vec<_>>(),
        "imported": answers(&scans.reconciled.imported),
        "released": answers(&scans.reconciled.released),
        "skipped": scans.reconciled.skipped.iter().map(skipped).collect::<Vec<_>>(),
    })
}
