//! `prune`: removes what only the past of a store needs (not its history of events, which stays whole).
//!
//! JSON: `{store, prunable, removed, left}`; `prunable` is `false` for a store that keeps no such thing.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::check::count;
use super::out::Page;
use super::{Failure, Format};
use crate::backend::upkeep::Pruned;
use crate::backend::{Ipam, Local};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Keep what is younger than this, such as 30d or 12h.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    keep: Duration,
    #[command(flatten)]
    format: Format,
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, Failure> {
    let pruned = ipam.prune(options.keep)?;
    Ok(render(pruned, &ipam.describe(), options.format))
}

fn render(pruned: Option<Pruned>, store: &str, format: Format) -> Page {
    if format.json {
        let Pruned { removed, left } = pruned.unwrap_or_default();
        return Page::json(&json!({ "store": store, "prunable": pruned.is_some(), "removed": removed, "left": left }));
    }
    Page::text(match pruned {
        None => format!("{store}: this store keeps nothing to prune.\n"),
        Some(Pruned { removed, left }) => format!("{store}: {} removed, {left} left.\n", count(removed, "object")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_keeps_nothing_says_so() {
        let page = render(None, "SQLite file ipam.db", Format { json: false });
        assert_eq!(page, Page::text("SQLite file ipam.db: this store keeps nothing to prune.\n"));
        let json: serde_json::Value = serde_json::from_str(&render(None, "x", Format { json: true }).text).unwrap();
        assert_eq!(json, json!({ "store": "x", "prunable": false, "removed": 0, "left": 0 }));
    }

    #[test]
    fn what_was_removed_is_counted() {
        let page = render(Some(Pruned { removed: 1, left: 5 }), "bucket b", Format { json: false });
        assert_eq!(page, Page::text("bucket b: 1 object removed, 5 left.\n"));
    }
}
