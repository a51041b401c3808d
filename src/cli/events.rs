//! `events`: the history of changes.
//!
//! JSON: `{store, forgotten, events: [event]}`. Each event has the fields of the store (`sequence`, `time`, `actor`,
//! `action`, `kind`, `id`, `before`, `after`, `previous_hash`, `hash`). `forgotten` is `null`, or `{sequence, time,
//! archived}` of the last event that is no longer in the store, if the request may include that event or an earlier one.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments;
use super::failure::CommandFailure;
use super::out::{Page, clean};
use crate::backend::{EventFilter, Ipam, Mark, explain::time};
use crate::ipam::{ACTIONS, Actor, Cidr, Event, Kind};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Shows only events after this sequence number; without it, shows the newest events.
    #[arg(long, value_name = "SEQUENCE")]
    after: Option<u64>,
    /// Shows at most this many events.
    #[arg(long, default_value_t = 100, value_name = "COUNT", value_parser = arguments::some)]
    limit: usize,
    #[command(flatten)]
    wanted: Wanted,
    /// Prints JSON, one event on each line, to keep it or to send it elsewhere.
    #[arg(long, conflicts_with = "json")]
    json_lines: bool,
    #[command(flatten)]
    format: super::out::OutputFormat,
}

/// Which events.
#[derive(Debug, Args)]
struct Wanted {
    /// Shows only events of this owner.
    #[arg(long, conflicts_with = "after")]
    owner: Option<String>,
    /// Shows only events of the object with this id.
    #[arg(long, value_name = "ID", conflicts_with = "after")]
    object: Option<String>,
    /// Shows only events with this action.
    #[arg(long, conflicts_with = "after", value_parser = clap::builder::PossibleValuesParser::new(ACTIONS))]
    action: Option<String>,
    /// Shows only events of objects that had an address in this block before or after the event.
    #[arg(long, value_name = "CIDR", value_parser = arguments::block, conflicts_with = "after")]
    cidr: Option<Cidr>,
    /// Shows only events from this time on: a time, a day, or a time ago such as 30d.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment, conflicts_with = "after")]
    from: Option<Timestamp>,
    /// Shows only events up to this time.
    #[arg(long, value_name = "TIME", value_parser = arguments::moment, conflicts_with = "after")]
    to: Option<Timestamp>,
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        EventFilter {
            owner: self.owner.clone(),
            id: self.object.clone(),
            action: self.action.clone(),
            cidr: self.cidr,
            from: self.from,
            to: self.to,
            ..EventFilter::default()
        }
    }
}

pub(super) fn page(ipam: &dyn Ipam, options: &Options) -> Result<Page, CommandFailure> {
    let (history, filter) = (ipam.require_history()?, options.wanted.filter());
    let events = match options.after {
        Some(after) => history.events(after, options.limit)?,
        None => history.newest_events(&filter, options.limit)?,
    };
    if events.is_empty()
        && let Some(id) = &options.wanted.object
    {
        require_object(ipam, id)?;
    }
    // Read last, so that it includes events that were forgotten while events were read.
    let mark = history.mark()?.filter(|mark| match options.after {
        Some(after) => after < mark.sequence,
        None => events.len() < options.limit && filter.from.is_none_or(|from| from <= mark.time),
    });
    let warning = mark.as_ref().map(forgotten);
    if options.json_lines {
        let lines = events.iter().map(|event| format!("{}\n", json!(event)));
        return Ok(Page::text(lines.collect::<String>()).warning(warning));
    }
    if options.format.json {
        let answer = json!({ "store": ipam.describe(), "forgotten": mark_value(mark.as_ref()), "events": events });
        return Ok(Page::json(&answer).warning(warning));
    }
    let none = if events.is_empty() { "No events.\n" } else { "" };
    Ok(Page::text(events.iter().map(line).collect::<String>() + none).warning(warning))
}

/// Checks that an object with this ID exists or existed, so that a mistyped ID is an error and not an empty answer.
///
/// # Errors
/// Fails if no event is about the object.
pub(super) fn require_object(ipam: &dyn Ipam, id: &str) -> Result<(), CommandFailure> {
    let about = EventFilter { id: Some(id.to_owned()), ..EventFilter::default() };
    let history = ipam.require_history()?;
    if history.newest_events(&about, 1)?.is_empty() {
        let forgotten = if history.mark()?.is_some() { " that is still kept" } else { "" };
        return Err(CommandFailure::Usage(format!(
            "No event{forgotten} is about an object with the id {id:?}. `tree --json` and `allocations` show ids."
        )));
    }
    Ok(())
}

/// The warning that an answer does not cover the whole requested time.
pub(super) fn forgotten(mark: &Mark) -> String {
    let where_ = match mark.archived {
        true => "The archives that `prune --events` wrote contain them.",
        false => "Not all of them were archived.",
    };
    format!("Events up to #{}, {}, are no longer in the store. {where_}", mark.sequence, time(mark.time))
}

pub(super) fn mark_value(mark: Option<&Mark>) -> Value {
    mark.map_or(Value::Null, |mark| json!({ "sequence": mark.sequence, "time": mark.time, "archived": mark.archived }))
}

pub(super) fn line(event: &Event) -> String {
    let record = if event.after.is_null() { &event.before } else { &event.after };
    let name = record.get("name").and_then(Value::as_str).unwrap_or_default();
    if let Some(last) = record.get("sequence").filter(|_| event.kind == Kind::History) {
        let (at, actor) = (time(event.time), actor(&event.actor));
        return format!("#{}  {at}  {actor}  {} history up to #{last}\n", event.sequence, clean(&event.action));
    }
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

/// The block, or the blocks before and after the event.
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

pub(super) fn actor(actor: &Actor) -> String {
    let owner = if actor.owner.is_empty() { "-".to_owned() } else { clean(&actor.owner) };
    actor.user.as_ref().map_or_else(|| owner.clone(), |user| format!("{owner} ({})", clean(user)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_line_shows_time_owner_action_and_place() {
        let small = json!({ "name": "web", "cidr": "10.0.0.0/24" });
        let large = json!({ "name": "web", "cidr": "10.0.0.0/23" });
        let start = "#7  2026-01-01T12:00:00Z  network (ann)  resize allocation web (a-1)  ";
        assert_eq!(line(&event(small.clone(), large)), format!("{start}10.0.0.0/24 -> 10.0.0.0/23\n"));
        assert_eq!(line(&event(small.clone(), Value::Null)), format!("{start}10.0.0.0/24\n"));
        assert_eq!(line(&event(Value::Null, small)), format!("{start}10.0.0.0/24\n"));
    }

    #[test]
    fn an_event_of_pruning_shows_the_last_forgotten_event() {
        let pruned = Event {
            action: "prune".to_owned(),
            kind: Kind::History,
            id: "history".to_owned(),
            ..event(Value::Null, json!({ "sequence": 500, "hash": "ab" }))
        };
        assert_eq!(line(&pruned), "#7  2026-01-01T12:00:00Z  network (ann)  prune history up to #500\n");
    }
}
