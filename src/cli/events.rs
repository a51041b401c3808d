//! `events`: who did what when.
//!
//! JSON: `{store, events: [event]}`, each event as the store keeps it (`sequence`, `time`, `actor`, `action`, `kind`,
//! `id`, `before`, `after`, `previous_hash`, `hash`).

use clap::Args;
use serde_json::{Value, json};

use super::Failure;
use super::out::{Page, clean};
use crate::backend::{Ipam, Result, explain::time};
use crate::ipam::{Actor, Event};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only events after this sequence number; without it, the newest ones.
    #[arg(long, value_name = "SEQUENCE")]
    after: Option<u64>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    limit: usize,
    #[command(flatten)]
    format: super::Format,
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> std::result::Result<Page, Failure> {
    let after = match options.after {
        Some(after) => after,
        None => last_sequence(&|after| Ok(!ipam.events(after, 1)?.is_empty()))?.saturating_sub(options.limit as u64),
    };
    let events = ipam.events(after, options.limit)?;
    if options.format.json {
        return Ok(Page::json(&json!({ "store": ipam.describe(), "events": events })));
    }
    Ok(Page::text(events.iter().map(line).collect::<String>()))
}

/// Sequence number of the newest event (0: none), by halving: `any_after(n)` says whether there is one beyond n.
fn last_sequence(any_after: &dyn Fn(u64) -> Result<bool>) -> Result<u64> {
    let (mut low, mut high) = (0, 1);
    while any_after(high)? {
        low = high;
        high = high.saturating_mul(2);
    }
    // The newest is in low..=high.
    while low < high {
        let middle = low + (high - low) / 2;
        if any_after(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(if low == 1 && !any_after(0)? { 0 } else { low })
}

pub(super) fn line(event: &Event) -> String {
    let record = if event.after.is_null() { &event.before } else { &event.after };
    let name = record.get("name").and_then(Value::as_str).unwrap_or_default();
    format!(
        "#{}  {}  {}  {} {} {} ({}){}\n",
        event.sequence,
        time(event.time),
        actor(&event.actor),
        clean(&event.action),
        event.kind.word(),
        clean(name),
        event.id,
        blocks(event),
    )
}

/// The block, or what it was and became.
fn blocks(event: &Event) -> String {
    match (block(&event.before), block(&event.after)) {
        (None, None) => String::new(),
        (Some(before), Some(after)) if before != after => format!("  {before} -> {after}"),
        (_, Some(one)) | (Some(one), None) => format!("  {one}"),
    }
}

fn block(record: &Value) -> Option<String> {
    if let Some(one) = record.get("cidr").and_then(Value::as_str) {
        return Some(clean(one));
    }
    let list: Vec<String> = record.get("cidrs")?.as_array()?.iter().filter_map(Value::as_str).map(clean).collect();
    (!list.is_empty()).then(|| list.join(","))
}

fn actor(actor: &Actor) -> String {
    let owner = if actor.owner.is_empty() { "-".to_owned() } else { clean(&actor.owner) };
    actor.user.as_ref().map_or_else(|| owner.clone(), |user| format!("{owner} ({})", clean(user)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipam::Kind;

    fn event(before: Value, after: Value) -> Event {
        Event {
            sequence: 7,
            time: "2026-01-01T12:00:00Z".parse().unwrap(),
            actor: Actor { owner: "network".to_owned(), user: Some("ann".to_owned()), run_url: None },
            action: "resize".to_owned(),
            kind: Kind::Allocation,
            id: "a-1".to_owned(),
            before,
            after,
            previous_hash: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn a_line_says_when_who_what_and_where() {
        let small = json!({ "name": "web", "cidr": "10.0.0.0/24" });
        let large = json!({ "name": "web", "cidr": "10.0.0.0/23" });
        let start = "#7  2026-01-01T12:00:00Z  network (ann)  resize allocation web (a-1)  ";
        assert_eq!(line(&event(small.clone(), large)), format!("{start}10.0.0.0/24 -> 10.0.0.0/23\n"));
        assert_eq!(line(&event(small.clone(), Value::Null)), format!("{start}10.0.0.0/24\n"));
        assert_eq!(line(&event(Value::Null, small)), format!("{start}10.0.0.0/24\n"));
    }

    #[test]
    fn the_newest_event_is_found_without_reading_all() {
        for newest in [0u64, 1, 2, 3, 4, 5, 100, 1023, 1024, 1_000_000] {
            let calls = std::cell::Cell::new(0);
            let any_after = |after| {
                calls.set(calls.get() + 1);
                Ok(newest > after)
            };
            assert_eq!(last_sequence(&any_after).unwrap(), newest);
            assert!(calls.get() <= 45, "{newest}: {} calls", calls.get());
        }
    }
}
