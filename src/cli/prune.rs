//! `prune`: removes data that only the past of a store needs. Without `--events`, that is the old versions of a bucket,
//! and the history of events is not changed. With `--events`, old events are written to an archive and forgotten.
//!
//! JSON: `{store, prunable, removed, left}`; `prunable` is `false` for a store that keeps no such data. With `--events`:
//! `{store, dry_run, archive, forgotten, archived, until, left, begins_after}`: the number of events that were forgotten;
//! the number of events that were written to the archive (the archive contained the others already); the number of the
//! last event that was forgotten now, or `null`; the number of events that are left; and `{sequence, time, archived}` of
//! the last event that is no longer in the store, or `null`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::arguments;
use super::events::mark_value;
use super::failure::CommandFailure;
use super::out::{self, OutputFormat, Page};
use super::words::count;
use crate::backend::upkeep::{ForgetMode, Pruned, PrunedEvents};
use crate::backend::{Ipam, Local};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Keeps everything that is younger than this, such as 30d or 12h.
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration)]
    keep: Duration,
    /// Forgets old events of the history. The facts in them that are still true stay known, and the rest can still be
    /// verified.
    #[arg(long)]
    events: bool,
    /// Writes the events to this file first, as JSON lines: a new file, or the file that the last run wrote.
    #[arg(long, value_name = "FILE", requires = "events", conflicts_with = "no_archive")]
    archive: Option<PathBuf>,
    /// Keeps no archive: the events are lost forever.
    #[arg(long, requires = "events")]
    no_archive: bool,
    /// Shows which events would be forgotten, and writes nothing.
    #[arg(long, requires = "events")]
    dry_run: bool,
    #[command(flatten)]
    format: OutputFormat,
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, CommandFailure> {
    if !options.events {
        let pruned = ipam.prune(options.keep)?;
        return Ok(render(pruned, &ipam.describe(), options.format));
    }
    if options.archive.is_none() && !options.no_archive {
        return Err(CommandFailure::Usage(
            "No archive is set for the events. Set --archive FILE, or --no-archive if they may be lost forever."
                .to_owned(),
        ));
    }
    let mode = ForgetMode { keep: options.keep, archive: options.archive.as_deref(), dry_run: options.dry_run };
    let pruned = {
        let mut bar = out::Bar::new();
        ipam.prune_events(mode, &mut |what, done, total| bar.show(what, done, total))?
    };
    Ok(render_events(&pruned, &ipam.describe(), options))
}

fn render(pruned: Option<Pruned>, store: &str, format: OutputFormat) -> Page {
    if format.json {
        let Pruned { removed, left } = pruned.unwrap_or_default();
        return Page::json(&json!({ "store": store, "prunable": pruned.is_some(), "removed": removed, "left": left }));
    }
    Page::text(match pruned {
        None => format!("{store}: this store keeps nothing to prune.\n"),
        Some(Pruned { removed, left }) => format!("{store}: {} removed, {left} left.\n", count(removed, "object")),
    })
}

fn render_events(pruned: &PrunedEvents, store: &str, options: &Options) -> Page {
    let PrunedEvents { forgotten, archived, until, kept, mark } = pruned;
    let archive = options.archive.as_ref().map(|path| path.display().to_string());
    if options.format.json {
        return Page::json(&json!({
            "store": store,
            "dry_run": options.dry_run,
            "archive": archive,
            "forgotten": forgotten,
            "archived": archived,
            "until": until,
            "left": kept,
            "begins_after": mark_value(mark.as_ref()),
        }));
    }
    let Some(until) = until else {
        return Page::text(format!("{store}: no event is that old; {} left.\n", count(*kept, "event")));
    };
    let would = if options.dry_run { "would be " } else { "" };
    let kept_in = match (&archive, archived) {
        (None, _) => String::new(),
        (Some(archive), written) if written == forgotten => format!("{would}written to {archive} and "),
        (Some(archive), written) => {
            format!("{would}written to {archive} ({} were already there) and ", forgotten.saturating_sub(*written))
        }
    };
    let gone = count(*forgotten, "event");
    Page::text(format!("{store}: {gone} up to #{until} {kept_in}{would}forgotten, {kept} left.\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_without_prunable_data_is_reported() {
        let page = render(None, "SQLite file ipam.db", OutputFormat { json: false });
        assert_eq!(page, Page::text("SQLite file ipam.db: this store keeps nothing to prune.\n"));
        let json: serde_json::Value =
            serde_json::from_str(&render(None, "x", OutputFormat { json: true }).text).unwrap();
        assert_eq!(json, json!({ "store": "x", "prunable": false, "removed": 0, "left": 0 }));
    }

    #[test]
    fn removed_objects_are_counted() {
        let page = render(Some(Pruned { removed: 1, left: 5 }), "bucket b", OutputFormat { json: false });
        assert_eq!(page, Page::text("bucket b: 1 object removed, 5 left.\n"));
    }

    #[test]
    fn forgotten_events_are_counted_and_the_archive_is_named() {
        let options = |archive: Option<&str>, dry_run| Options {
            keep: Duration::from_secs(60),
            events: true,
            archive: archive.map(PathBuf::from),
            no_archive: archive.is_none(),
            dry_run,
            format: OutputFormat { json: false },
        };
        let pruned = PrunedEvents { forgotten: 500, archived: 500, until: Some(700), kept: 40, mark: None };
        let text = |pruned: &PrunedEvents, options: &Options| render_events(pruned, "ipam.db", options).text;
        assert_eq!(
            text(&pruned, &options(Some("a.jsonl"), false)),
            "ipam.db: 500 events up to #700 written to a.jsonl and forgotten, 40 left.\n"
        );
        assert_eq!(
            text(&pruned, &options(Some("a.jsonl"), true)),
            "ipam.db: 500 events up to #700 would be written to a.jsonl and would be forgotten, 40 left.\n"
        );
        assert_eq!(text(&pruned, &options(None, false)), "ipam.db: 500 events up to #700 forgotten, 40 left.\n");
        let again = PrunedEvents { archived: 100, ..pruned };
        assert_eq!(
            text(&again, &options(Some("a.jsonl"), false)),
            "ipam.db: 500 events up to #700 written to a.jsonl (400 were already there) and forgotten, 40 left.\n"
        );
        let none = PrunedEvents { kept: 1, ..PrunedEvents::default() };
        assert_eq!(text(&none, &options(None, false)), "ipam.db: no event is that old; 1 event left.\n");
    }
}
