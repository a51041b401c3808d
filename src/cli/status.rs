//! `status`: the condition of a store, for people and for metrics. Exit status 2 if the store cannot be reached.
//!
//! JSON: `{store, kind, program_version, format_version, time, scopes, pools, pool_cidrs, allocations, holds,
//! expired_holds, planned_growths, lapsed_holds, events, forgotten, last_event, facts}`.
//!
//! | name | meaning |
//! |---|---|
//! | `scopes`, `pools`, `pool_cidrs`, `allocations` | active objects; default scopes and the CIDRs in the declarations of pools count; the space of pools below does not count as allocations |
//! | `holds` | planned objects that have a name; `expired_holds` are the ones that `gc` may reclaim |
//! | `planned_growths` | allocations that are planned to grow in place |
//! | `lapsed_holds` | holds that were reclaimed, which are remembered for a week |
//! | `events` | events in the store |
//! | `forgotten` | `{sequence, time, archived}` of the last event that is no longer in the store, or `null` |
//! | `last_event` | `{sequence, time, owner, user, action, kind, id}`, or `null` |
//! | `facts` | facts that depend on the kind of store: names in snake case, values as text |
//!
//! Reads all scopes, pools and pool CIDRs, the sums of each pool, and one key for each hold, but no allocation. For AWS
//! IPAM, everything is listed; there is no format, no hold and no event.

use serde_json::{Value, json};

use super::events::mark_value;
use super::failure::CommandFailure;
use super::out::{OutputFormat, Page, clean};
use super::target::Target;
use crate::backend::explain::time;
use crate::backend::upkeep::{Status, listed};
use crate::ipam::Event;

pub(super) fn page(target: &Target, format: OutputFormat) -> Result<Page, CommandFailure> {
    let status = match target {
        Target::SelfManaged(local) => local.status()?,
        Target::Service(kind, ipam) => listed::status(ipam.as_ref(), kind)?,
    };
    if format.json {
        return Ok(Page::json(&value(&status, target.ipam().now())));
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
    // A store without discoveries shows no line about them.
    if census.discoveries > 0 {
        rows.push(("discoveries", format!("{} ({} sightings)", census.discoveries, census.sightings)));
    }
    rows.push(("last event", last));
    rows.extend(status.facts.iter().map(|(name, value)| (*name, clean(value))));
    rows.into_iter().map(|(name, value)| format!("{:<17}{value}\n", name.replace('_', " "))).collect()
}

/// The word for the treatment of events that are no longer in the store.
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
    fn the_names_are_those_that_metrics_use() {
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
    fn the_text_has_one_fact_on_each_line() {
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
