//! `holds`: lists the holds of plans, and `holds release`, which removes holds before they expire.
//!
//! JSON: `{store, holds: [{kind, id, path, cidr, growth, lease, owner, since, expires_at, expired, run_url, host, directory}]}`;
//! for `release`: `{store, released: [event], kept: [hold]}`, each event as in `events --json`.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::events;
use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean, table};
use super::words::count;
use crate::backend::upkeep::ReleasedHolds;
use crate::backend::{Ipam, Local, explain};
use crate::ipam::{Cidr, Hold, HoldFilter, Kind};
use crate::provider;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    release: Option<Release>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum Release {
    /// Releases holds: your own, or those of --owner. Plans that showed these holds must be made again.
    Release(ReleaseOptions),
}

#[derive(Debug, Args)]
struct ReleaseOptions {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    format: OutputFormat,
}

/// Which holds.
#[derive(Debug, Default, Args)]
struct Filter {
    /// Selects holds of this owner: the `owner` of the provider block. Without it, `release` uses IPAM_OWNER, or else
    /// the provider's default.
    #[arg(long)]
    owner: Option<String>,
    /// Selects holds with this name, or with this path from the top-level pool down.
    #[arg(long)]
    name: Option<String>,
    /// Selects holds of plans that were made here: part of the URL of the CI run, of the name of the machine, or of the
    /// directory.
    #[arg(long, value_name = "TEXT")]
    run: Option<String>,
}

impl Filter {
    fn holds(&self) -> HoldFilter {
        HoldFilter {
            owner: self.owner.clone(),
            name: self.name.clone(),
            run: self.run.clone(),
            ..HoldFilter::default()
        }
    }
}

/// A hold as `--json` shows it.
#[derive(Serialize)]
struct Answer<'a> {
    kind: Kind,
    id: &'a str,
    path: &'a str,
    cidr: Option<Cidr>,
    growth: bool,
    lease: bool,
    reservation: bool,
    owner: &'a str,
    since: Option<Timestamp>,
    expires_at: Timestamp,
    expired: bool,
    run_url: Option<&'a str>,
    host: Option<&'a str>,
    directory: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn new(hold: &'a Hold, now: Timestamp) -> Self {
        let origin = hold.of.run.as_ref().map(|run| &run.origin);
        Self {
            kind: hold.of.kind,
            id: &hold.of.id,
            path: &hold.of.path,
            cidr: hold.of.cidr,
            growth: hold.is_growth,
            lease: hold.of.is_lease,
            reservation: hold.of.is_reservation,
            owner: &hold.of.owner,
            since: hold.since,
            expires_at: hold.expires_at,
            expired: hold.expires_at <= now,
            run_url: origin.and_then(|origin| origin.run_url.as_deref()),
            host: origin.and_then(|origin| origin.host.as_deref()),
            directory: origin.and_then(|origin| origin.directory.as_deref()),
        }
    }
}

pub(super) fn page(ipam: &Local, options: &Options) -> Result<Page, CommandFailure> {
    let (store, now) = (ipam.describe(), ipam.now());
    match &options.release {
        None => Ok(list(&ipam.list_holds(&options.filter.holds())?, &store, now, options.format)),
        Some(Release::Release(release)) => {
            if options.filter.owner.is_some() || options.filter.name.is_some() || options.filter.run.is_some() {
                let why = "Write --owner, --name and --run after `release`: `holds release --owner team`.";
                return Err(CommandFailure::Usage(why.to_owned()));
            }
            let mut filter = release.filter.holds();
            let owner = filter.owner.take().unwrap_or_else(|| provider::owner(None));
            filter.owner = Some(owner.clone());
            let is_json = OutputFormat { json: release.format.json || options.format.json };
            Ok(released(&ipam.release_holds(&filter)?, &owner, &store, now, is_json))
        }
    }
}

fn list(holds: &[Hold], store: &str, now: Timestamp, format: OutputFormat) -> Page {
    if format.json {
        let answers: Vec<Answer<'_>> = holds.iter().map(|hold| Answer::new(hold, now)).collect();
        return Page::json(&json!({ "store": store, "holds": answers }));
    }
    if holds.is_empty() {
        return Page::text("No holds.\n");
    }
    let row = |hold: &Hold| {
        let what = match hold {
            Hold { is_growth: true, .. } => "growth",
            Hold { of, .. } if of.is_lease => "lease",
            Hold { of, .. } if of.is_reservation => "reservation",
            Hold { of, .. } => of.kind.word(),
        };
        vec![
            what.to_owned(),
            clean(&hold.of.path),
            hold.of.cidr.map(|cidr| cidr.to_string()).unwrap_or_default(),
            clean(&hold.of.owner),
            hold.since.map(|since| age(now.duration_since(since))).unwrap_or_default(),
            if hold.expires_at <= now { "expired".to_owned() } else { explain::time(hold.expires_at) },
            hold.of.run.as_ref().map(|run| clean(&explain::made_at(&run.origin))).unwrap_or_default(),
        ]
    };
    Page::text(table(&["WHAT", "PATH", "CIDR", "OWNER", "AGE", "UNTIL", "PLANNED"], holds.iter().map(row)))
}

/// A duration in its largest unit, rounded down.
fn age(span: SignedDuration) -> String {
    match span.as_secs().max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..86_400 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

fn released(done: &ReleasedHolds, owner: &str, store: &str, now: Timestamp, format: OutputFormat) -> Page {
    let ReleasedHolds { events: released, kept } = done;
    if format.json {
        let kept: Vec<Answer<'_>> = kept.iter().map(|hold| Answer::new(hold, now)).collect();
        return Page::json(&json!({ "store": store, "released": released, "kept": kept }));
    }
    let mut text: String = released.iter().map(events::line).collect();
    text += &format!("{} of owner {owner:?} released.\n", count(released.len() as u64, "hold"));
    for hold in kept {
        text += &format!(
            "{} {:?} is kept: another owner has planned something in it.\n",
            explain::capital(hold.of.kind.word()),
            clean(&hold.of.path)
        );
    }
    Page::text(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::{Occupant, Origin, Run, State};

    fn hold(path: &str, expires_in: i64) -> Hold {
        let now = now();
        let origin = Origin { run_url: None, host: Some("build-1".into()), directory: Some("/srv/net".into()) };
        let run = Run { process: "p".into(), parent: "q".into(), origin };
        let expires_at = now.checked_add(SignedDuration::from_mins(expires_in)).unwrap();
        let of = Occupant {
            kind: Kind::Allocation,
            id: "ipam-pool-alloc-1".into(),
            name: "web".into(),
            owner: "network".into(),
            state: State::Planned,
            cidr: "10.0.0.0/24".parse().ok(),
            hold_expires_at: Some(expires_at),
            path: path.into(),
            run: Some(Box::new(run)),
            is_lease: false,
            is_reservation: false,
            is_resting: false,
        };
        Hold { of, is_growth: false, since: now.checked_sub(SignedDuration::from_mins(90)).ok(), expires_at }
    }

    fn now() -> Timestamp {
        "2026-01-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_table_shows_hold_owner_age_expiry_and_plan() {
        let growth = Hold { is_growth: true, since: None, ..hold("top/db", -1) };
        let page = list(&[hold("top/web", 30), growth], "ipam.db", now(), OutputFormat { json: false });
        assert_eq!(
            page.text,
            "WHAT        PATH     CIDR         OWNER    AGE  UNTIL                 PLANNED\n\
             allocation  top/web  10.0.0.0/24  network  1h   2026-01-01T12:30:00Z  in /srv/net on build-1\n\
             growth      top/db   10.0.0.0/24  network       expired               in /srv/net on build-1\n"
        );
        assert_eq!(list(&[], "ipam.db", now(), OutputFormat { json: false }).text, "No holds.\n");
    }

    #[test]
    fn json_has_the_documented_fields() {
        let page = list(&[hold("top/web", 30)], "ipam.db", now(), OutputFormat { json: true });
        let value: serde_json::Value = serde_json::from_str(&page.text).unwrap();
        assert_eq!(
            value["holds"][0],
            json!({
                "kind": "allocation", "id": "ipam-pool-alloc-1", "path": "top/web", "cidr": "10.0.0.0/24", "growth": false,
                "lease": false, "reservation": false, "owner": "network", "since": "2026-01-01T10:30:00Z", "expires_at": "2026-01-01T12:30:00Z",
                "expired": false, "run_url": null, "host": "build-1", "directory": "/srv/net",
            })
        );
    }

    #[test]
    fn released_and_kept_holds_are_shown() {
        let done = ReleasedHolds { events: Vec::new(), kept: vec![hold("top", 30)] };
        let page = released(&done, "network", "ipam.db", now(), OutputFormat { json: false });
        assert_eq!(
            page.text,
            "0 holds of owner \"network\" released.\nAllocation \"top\" is kept: another owner has planned something \
             in it.\n"
        );
    }

    #[test]
    fn an_age_is_short() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (61, "1m"), (3599, "59m"), (7200, "2h"), (200_000, "2d")] {
            assert_eq!(age(SignedDuration::from_secs(seconds)), text);
        }
    }
}
