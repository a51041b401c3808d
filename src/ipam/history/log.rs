//! The history: one event for each change. The events are chained by hashes, so that a change of an old event shows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ipam::model::event::Action;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::keys;
use crate::ipam::{Cidr, Env, Event, Kind, Reader, Result};
use crate::store::{Order, Snapshot, Tx};

/// Number and hash of the last event, on which the next event builds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ipam) struct Head {
    pub(in crate::ipam) sequence: u64,
    pub(in crate::ipam) hash: String,
}

/// A filter of events. A field that is `None` does not restrict the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The owner that acted.
    pub owner: Option<String>,
    /// Id of the object.
    pub id: Option<String>,
    /// Ids of which one is that of the object, or of its pool, source pool or scope.
    pub about: Option<BTreeSet<String>>,
    /// Action of the event: `hold`, `create`, ...
    pub action: Option<String>,
    /// The object had an address of this block before or after the event.
    pub cidr: Option<Cidr>,
    /// Earliest time of the event.
    pub from: Option<Timestamp>,
    /// Latest time of the event.
    pub to: Option<Timestamp>,
}

impl EventFilter {
    /// Whether the event passes the filter.
    pub fn fits(&self, event: &Event) -> bool {
        let touches = |asked: &Cidr| {
            [&event.before, &event.after].into_iter().flat_map(blocks).any(|found| found.overlaps(asked))
        };
        self.owner.as_ref().is_none_or(|owner| *owner == event.actor.owner)
            && self.id.as_ref().is_none_or(|id| *id == event.id)
            && self.about.as_ref().is_none_or(|ids| is_about(event, ids))
            && self.action.as_ref().is_none_or(|action| *action == event.action)
            && self.cidr.as_ref().is_none_or(touches)
            && self.from.is_none_or(|from| event.time >= from)
            && self.to.is_none_or(|to| event.time <= to)
    }
}

fn is_about(event: &Event, ids: &BTreeSet<String>) -> bool {
    let names = |record: &Value| {
        let fields = ["pool_id", "source_pool_id", "scope_id"];
        fields.iter().filter_map(|field| record.get(field)?.as_str()).any(|id| ids.contains(id))
    };
    ids.contains(&event.id) || names(&event.after) || names(&event.before)
}

/// The blocks of an object, read from the record in an event.
pub fn blocks(record: &Value) -> Vec<Cidr> {
    let one = record.get("cidr").and_then(Value::as_str);
    let list = record.get("cidrs").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(list).filter_map(|text| text.parse().ok()).collect()
}

/// Appends an event about one record. Nothing is written when the records before and after are alike, or when the
/// change is only that another run requested the hold again.
pub(in crate::ipam) fn append<R: Record>(
    tx: &mut dyn Tx,
    env: &Env<'_>,
    action: Action,
    before: Option<&R>,
    after: Option<&R>,
) -> Result<()> {
    let Some(subject) = after.or(before) else { return Ok(()) };
    let is_same = |(before, after): (&R, &R)| {
        let mut asked_again = before.clone();
        asked_again.meta_mut().run.clone_from(&after.meta().run);
        asked_again == *after
    };
    if before.zip(after).is_some_and(is_same) {
        return Ok(());
    }
    let id = subject.meta().id.clone();
    let (before, after) = (value(before, &id)?, value(after, &id)?);
    add(tx, env, action, (R::KIND, id), before, after)
}

/// Appends an event with these contents before and after.
pub(in crate::ipam) fn add(
    tx: &mut dyn Tx,
    env: &Env<'_>,
    action: Action,
    (kind, id): (Kind, String),
    before: Value,
    after: Value,
) -> Result<()> {
    let head = head(tx)?;
    let sequence = head.sequence.checked_add(1);
    let mut event = Event {
        sequence: sequence.ok_or_else(|| codec::corrupt(keys::EVENT_HEAD, "a damaged record: no event can follow"))?,
        time: env.now,
        actor: env.actor.clone(),
        action: action.word().to_owned(),
        kind,
        before,
        after,
        id,
        previous_hash: head.hash,
        hash: String::new(),
    };
    event.hash = hash(&event)?;
    tx.put(&keys::event(event.sequence), codec::encode(&event)?)?;
    let head = Head { sequence: event.sequence, hash: event.hash };
    Ok(tx.put(keys::EVENT_HEAD, codec::encode(&head)?)?)
}

pub(in crate::ipam) fn head(snapshot: &mut dyn Snapshot) -> Result<Head> {
    Ok(codec::read(snapshot, keys::EVENT_HEAD)?.unwrap_or_default())
}

/// The contents of a record in an event; `null` without a record.
pub(in crate::ipam) fn value<R: Serialize>(record: Option<&R>, id: &str) -> Result<Value> {
    record.map_or(Ok(Value::Null), |record| {
        serde_json::to_value(record).map_err(|error| codec::corrupt(id, &error.to_string()))
    })
}

/// SHA-256 over the canonical text of all fields except the hash.
pub(in crate::ipam) fn hash(event: &Event) -> Result<String> {
    let mut value = serde_json::to_value(event).map_err(|error| codec::corrupt("event", &error.to_string()))?;
    if let Value::Object(fields) = &mut value {
        fields.remove("hash");
    }
    let mut hex = String::with_capacity(64);
    for byte in digest(&value) {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// SHA-256 over the canonical text.
pub(in crate::ipam) fn digest(value: &Value) -> [u8; 32] {
    let mut text = String::new();
    canonical(value, &mut text);
    Sha256::digest(text.as_bytes()).into()
}

/// Writes JSON without spaces and with object keys in byte order, with any map type of `serde_json`.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (index, (key, field)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::String(key.clone()));
                canonical(field, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
}

impl Reader<'_> {
    /// Events after number `after` (0: from the first event that is kept), oldest first, at most `limit`.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`], also when an event is stored under the key of another event: a caller that
    /// continues after the last event would otherwise never reach the end.
    pub fn events(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
        let start = keys::event(first);
        let (_, end) = keys::under(keys::EVENTS);
        let entries = self.snapshot.scan(&start..&end, Order::Ascending, limit)?;
        entries.iter().map(|(key, bytes)| decode(key, bytes)).collect()
    }

    /// The newest events that pass `filter`, at most `limit`, oldest first. Reads from the end, as far as necessary.
    ///
    /// # Errors
    /// The same as of [`Self::events`].
    pub fn newest_events(&mut self, filter: &EventFilter, limit: usize) -> Result<Vec<Event>> {
        const PAGE: usize = 1024;
        let page = if *filter == EventFilter::default() { limit.min(PAGE) } else { PAGE };
        let (start, mut end) = keys::under(keys::EVENTS);
        let mut found = Vec::new();
        while found.len() < limit {
            let entries = self.snapshot.scan(&start..&end, Order::Descending, page)?;
            // The clocks of writers may differ a little, so one early event is not the end.
            let mut is_past = true;
            for (key, bytes) in &entries {
                let event = decode(key, bytes)?;
                is_past &= filter.from.is_some_and(|from| event.time < from);
                if found.len() < limit && filter.fits(&event) {
                    found.push(event);
                }
            }
            match entries.last() {
                Some((oldest, _)) if entries.len() == page && !is_past => end.clone_from(oldest),
                _ => break,
            }
        }
        found.reverse();
        Ok(found)
    }
}

/// Decodes the event under a key.
pub(in crate::ipam) fn decode(key: &str, bytes: &[u8]) -> Result<Event> {
    let event: Event = codec::decode(key, bytes)?;
    if keys::event(event.sequence) != key {
        return Err(codec::corrupt(key, &format!("a damaged record: it contains event {}", event.sequence)));
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_sorts_keys_and_keeps_numbers() {
        let value: Value = serde_json::from_str(r#"{"b": [1, {"z": null, "a": "\"/"}], "a": 1.50}"#).unwrap();
        let mut text = String::new();
        canonical(&value, &mut text);
        assert_eq!(text, r#"{"a":1.50,"b":[1,{"a":"\"/","z":null}]}"#);
    }
}
