//! `gc`: reclaims all expired holds, and releases the allocations whose loans are over.
//!
//! JSON: `{store, dry_run, taken_back: [event], ended: [event], overdue: [{allocation, cidr, name, resource_id}], forgotten,
//! left: {holds, expired_holds, planned_growths, lapsed_holds}}`, each event as in `events --json`. `ended` are the
//! allocations that were released. `overdue` are those that stay although their loans are over: a discovery sees the
//! resource in them, or (with `null` as `resource_id`) they prevent their release.

use clap::Args;
use serde_json::json;

use super::events;
use super::failure::CommandFailure;
use super::out::{self, OutputFormat, Page, clean};
use super::words::count;
use crate::backend::upkeep::Collection;
use crate::backend::{Ipam, Local};
use crate::ipam::{Overdue, Stays};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shows what would be reclaimed and released, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: OutputFormat,
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, CommandFailure> {
    let collection = {
        let mut bar = out::Bar::new();
        ipam.collect_expired(options.dry_run, &mut |what, done, total| bar.show(what, done, total))?
    };
    Ok(render(&collection, &ipam.describe(), options))
}

fn render(collection: &Collection, store: &str, options: &Options) -> Page {
    let Collection { taken_back, ended, overdue, forgotten, left } = collection;
    if options.format.json {
        return Page::json(&json!({
            "store": store,
            "dry_run": options.dry_run,
            "taken_back": taken_back,
            "ended": ended,
            "overdue": overdue.iter().map(overdue_json).collect::<Vec<_>>(),
            "forgotten": forgotten,
            "left": {
                "holds": left.holds,
                "expired_holds": left.expired_holds,
                "planned_growths": left.planned_growths,
                "lapsed_holds": left.lapsed_holds,
            },
        }));
    }
    let mut text: String = taken_back.iter().chain(ended).map(events::line).collect();
    text.extend(overdue.iter().map(overdue_line));
    let (taken, forget) =
        if options.dry_run { ("would be reclaimed", "would be forgotten") } else { ("reclaimed", "forgotten") };
    text += &format!("{} {taken}, ", count(taken_back.len() as u64, "expired hold"));
    text += &format!("{} {forget}. ", count(*forgotten, "lapsed hold"));
    if !(ended.is_empty() && overdue.is_empty()) {
        let release = if options.dry_run { "would be released" } else { "released" };
        text += &format!("{} {release}, ", count(ended.len() as u64, "expired loan"));
        text += &format!("{} kept. ", overdue.len());
    }
    text += &format!("Left: {}", count(left.holds, "hold"));
    if left.expired_holds > 0 {
        text += &format!(", {} of them expired but kept for their unexpired contents", left.expired_holds);
    }
    if left.planned_growths > 0 {
        text += &format!(", {}", count(left.planned_growths, "planned growth"));
    }
    Page::text(text + ".\n")
}

fn overdue_json(one: &Overdue) -> serde_json::Value {
    let resource_id = match &one.why {
        Stays::Seen(seen) => Some(&seen.resource_id),
        Stays::Protected | Stays::Addresses(_) => None,
    };
    let found = &one.allocation;
    json!({ "allocation": found.meta.id, "cidr": found.cidr, "name": found.meta.name, "resource_id": resource_id })
}

fn overdue_line(one: &Overdue) -> String {
    let found = &one.allocation;
    let why = match &one.why {
        Stays::Seen(seen) => format!(
            "a discovery sees {} ({}) in it, in account {} and {}",
            clean(&seen.resource_id),
            seen.cidr,
            clean(&seen.account_id),
            clean(&seen.region)
        ),
        Stays::Protected => "it prevents its release".to_owned(),
        Stays::Addresses(set) => format!("the address set {} has addresses in it", clean(set)),
    };
    format!("Kept {} {} ({}): its loan is over, but {why}.\n", found.cidr, clean(&found.meta.name), found.meta.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::Census;

    #[test]
    fn reclaimed_and_remaining_holds_are_counted() {
        let left = Census { holds: 3, expired_holds: 1, planned_growths: 2, ..Census::default() };
        let collection = Collection { forgotten: 1, left, ..Collection::default() };
        let options = |json, dry_run| Options { dry_run, format: OutputFormat { json } };
        assert_eq!(
            render(&collection, "ipam.db", &options(false, false)).text,
            "0 expired holds reclaimed, 1 lapsed hold forgotten. Left: 3 holds, 1 of them expired but kept for their \
             unexpired contents, 2 planned growths.\n"
        );
        assert_eq!(
            render(&Collection::default(), "ipam.db", &options(false, true)).text,
            "0 expired holds would be reclaimed, 0 lapsed holds would be forgotten. Left: 0 holds.\n"
        );
        let json: serde_json::Value =
            serde_json::from_str(&render(&collection, "ipam.db", &options(true, false)).text).unwrap();
        assert_eq!(
            (&json["left"]["holds"], &json["forgotten"], &json["dry_run"]),
            (&3.into(), &1.into(), &false.into())
        );
    }
}
