//! `status`: how a store is, for people and for metrics. Exit status 2 when it cannot be reached.
//!
//! JSON: `{store, kind, program_version, format_version, time, scopes, pools, pool_cidrs, allocations, holds,
//! expired_holds, planned_growths, lapsed_holds, events, forgotten, last_event, facts}`.
//!
//! | name | what |
//! |---|---|
//! | `scopes`, `pools`, `pool_cidrs`, `allocations` | active objects; default scopes and a pool's own CIDRs count, the space of pools below is no allocation |
//! | `holds` | planned objects that have a name; `expired_holds` are those among them that `gc` may take back |
//! | `planned_growths` | allocations that are planned to grow in place |
//! | `lapsed_holds` | holds that were taken back, remembered for a week |
//! | `events` | events that the store keeps |
//! | `forgotten` | `{sequence, time, archived}` of the last event that it does not keep any more, or `null` |
//! | `last_event` | `{sequence, time, owner, user, action, kind, id}`, or `null` |
//! | `facts` | what the kind of store says of itself: names in snake case, values as text |
//!
//! Reads all scopes, pools and pool CIDRs, the sums of each pool, and one key for each hold; no allocation. Of AWS IPAM it
//! lists everything: there is no format, no hold and no event there.

use serde_json::{Value, json};

use super::events::mark_value;
use super::out::{Page, clean};
use super::{Failure, Format, Opened};
use crate::backend::explain::time;
use crate::backend::upkeep::{Status, listed};
use crate::ipam::Event;

pub(super) fn page(opened: &Opened, format: Format) -> Result<Page, Failure> {
    let status = match opened {
        Opened::Own(local) => local.status()?,
        Opened::Service(kind, ipam) => listed::status(ipam.as_ref(), kind)?,
    };
    if format.json {
        return Ok(Page::json(&value(&status, opened.ipam().now())));
    }
    Ok(Page::text(text(&status)))
}

fn value(status: &Status, now: jiff::Timestamp) -> Value {
    let Status { census, facts, .. } = status;
    let last_event = status.last_event.as_ref().map(|event: &Event| {
        json!({
            "sequence": event.sequence,
            "time": event.time,
            "owner": event.actor.owner,
            "user": event.actor.user,
            "action": event.action,
            "kind": event.kind,
            "id": event.id,
        })
    });
    json!({
        "store": status.place,
        "kind": status.kind,
        "program_version": env!("CARGO_PKG_VERSION"),
        "format_version": status.format_version,
        "time": now,
        "scopes": census.scopes,
        "pools": census.pools,
        "pool_cidrs": census.pool_cidrs,
        "allocations": census.allocations,
        "holds": census.holds,
        "expired_holds": census.expired_holds,
        "planned_growths": census.planned_growths,
        "lapsed_holds": census.lapsed_holds,
        "discoveries": census.discoveries,
        "sightings": census.sightings,
        "events": status.events,
        "forgotten": mark_value(status.mark.as_ref()),
        "last_event": last_event,
        "facts": facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
    })
}

fn text(status: &Status) -> String {
    let census = &status.census;
    let last = status.last_event.as_ref().map_or_else(
        || "none".to_owned(),
        |event| format!("#{} at {} by {}", event.sequence, time(event.time), clean(&event.actor.owner)),
    );
    let format = status.format_version.map_or_else(|| "none yet".to_owned(), |version| version.to_string());
    let since = status.mark.as_ref().map_or_else(String::new, |mark| {
        format!(" since {} (events up to #{} were {})", time(mark.time), mark.sequence, was(mark.archived))
    });
    let mut rows = vec![
        ("store", clean(&status.place)),
        ("program", env!("CARGO_PKG_VERSION").to_owned()),
        ("format", format),
        ("scopes", census.scopes.to_string()),
        ("pools", census.pools.to_string()),
        ("pool CIDRs", census.pool_cidrs.to_string()),
        ("allocations", census.allocations.to_string()),
        ("holds", format!("{} ({} expired)", census.holds, census.expired_holds)),
        ("planned growths", census.planned_growths.to_string()),
        ("lapsed holds", census.lapsed_holds.to_string()),
        ("events", format!("{}{since}", status.events)),
    ];
    // Where nobody looks into accounts there is nothing to say of it.
    if census.discoveries > 0 {
        rows.push(("discoveries", format!("{} ({} sightings)", census.discoveries, census.sightings)));
    }
    rows.push(("last event", last));
    rows.extend(status.facts.iter().map(|(name, value)| (*name, clean(value))));
    rows.into_iter().map(|(name, value)| format!("{:<17}{value}\n", name.replace('_', " "))).collect()
}

/// What became of events that are not kept.
const fn was(archived: bool) -> &'static str {
    if archived { "archived" } else { "forgotten" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::{Census, Kind};

    fn status() -> Status {
        let event = Event {
            sequence: 7,
            time: "2026-01-01T12:00:00Z".parse().unwrap(),
            actor: crate::ipam::Actor { owner: "network".to_owned(), ..Default::default() },
            action: "create".to_owned(),
            kind: Kind::Pool,
            id: "ipam-pool-1".to_owned(),
            before: Value::Null,
            after: Value::Null,
            previous_hash: String::new(),
            hash: String::new(),
        };
        Status {
            place: "SQLite file ipam.db".to_owned(),
            kind: "sqlite",
            format_version: Some(1),
            census: Census { scopes: 2, pools: 1, holds: 3, expired_holds: 1, ..Census::default() },
            last_event: Some(event),
            events: 7,
            mark: None,
            facts: vec![("log_length", "12".to_owned())],
        }
    }

    #[test]
    fn the_names_are_those_that_metrics_are_made_of() {
        let value = value(&status(), "2026-01-01T13:00:00Z".parse().unwrap());
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "allocations",
                "discoveries",
                "events",
                "expired_holds",
                "facts",
                "forgotten",
                "format_version",
                "holds",
                "kind",
                "lapsed_holds",
                "last_event",
                "planned_growths",
                "pool_cidrs",
                "pools",
                "program_version",
                "scopes",
                "sightings",
                "store",
                "time"
            ]
        );
        assert_eq!((&value["holds"], &value["last_event"]["sequence"]), (&3.into(), &7.into()));
        assert_eq!(value["facts"], json!({ "log_length": "12" }));
    }

    #[test]
    fn a_person_reads_one_fact_on_each_line() {
        let text = text(&status());
        assert!(text.starts_with("store            SQLite file ipam.db\nprogram          "), "{text}");
        assert!(text.contains("\nholds            3 (1 expired)\n"), "{text}");
        assert!(
            text.ends_with("\nlast event       #7 at 2026-01-01T12:00:00Z by network\nlog length       12\n"),
            "{text}"
        );
        let looking = Census { discoveries: 2, sightings: 40, ..status().census };
        let looking = super::text(&Status { census: looking, ..status() });
        assert!(looking.contains("\ndiscoveries      2 (40 sightings)\nlast event"), "{looking}");
        let empty = Status { format_version: None, last_event: None, ..status() };
        assert!(super::text(&empty).contains("\nlast event       none\n"));
    }
}
