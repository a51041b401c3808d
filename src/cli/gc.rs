//! `gc`: reclaims all expired holds.
//!
//! JSON: `{store, dry_run, taken_back: [event], forgotten, left: {holds, expired_holds, planned_growths, lapsed_holds}}`,
//! each event as in `events --json`.

use clap::Args;
use serde_json::json;

use super::events;
use super::failure::CommandFailure;
use super::out::{self, OutputFormat, Page};
use super::words::count;
use crate::backend::upkeep::Collection;
use crate::backend::{Ipam, Local};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shows what would be reclaimed, and writes nothing.
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
    let Collection { taken_back, forgotten, left } = collection;
    if options.format.json {
        return Page::json(&json!({
            "store": store,
            "dry_run": options.dry_run,
            "taken_back": taken_back,
            "forgotten": forgotten,
            "left": {
                "holds": left.holds,
                "expired_holds": left.expired_holds,
                "planned_growths": left.planned_growths,
                "lapsed_holds": left.lapsed_holds,
            },
        }));
    }
    let mut text: String = taken_back.iter().map(events::line).collect();
    let (taken, forget) =
        if options.dry_run { ("would be reclaimed", "would be forgotten") } else { ("reclaimed", "forgotten") };
    text += &format!("{} {taken}, ", count(taken_back.len() as u64, "expired hold"));
    text += &format!("{} {forget}. ", count(*forgotten, "lapsed hold"));
    text += &format!("Left: {}", count(left.holds, "hold"));
    if left.expired_holds > 0 {
        text += &format!(", {} of them expired but kept for their unexpired contents", left.expired_holds);
    }
    if left.planned_growths > 0 {
        text += &format!(", {}", count(left.planned_growths, "planned growth"));
    }
    Page::text(text + ".\n")
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
