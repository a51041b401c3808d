//! Removes the oldest events of the history in such a way that the rest can still be verified and queried.
//!
//! The mark (`meta/forgotten`) records the last event that was removed: its number, its hash, on which the first kept
//! event builds, and the latest time of the removed events. Every move of the mark is an event that contains the mark,
//! so that a changed mark shows.
//!
//! Tenures that began before the mark and have not ended are kept by object (`remnant/`). Without them, the store could
//! no longer report who has a block, and since when. The mark holds a digest of these remnants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::ipam::history::log;
use crate::ipam::history::timeline::Follower;
use crate::ipam::model::event::Action;
use crate::ipam::storage::{codec, keys};
use crate::ipam::{Chain, Env, Event, HistoryQuery, Kind, Ledger, Mark, Reader, Remembered, Remnant, Result, Until};
use crate::store::Tx;

/// Events read at a time.
const PAGE: usize = 1024;

/// The query that matches everything, because remnants must serve any later query.
pub(in crate::ipam) static EVERYTHING: HistoryQuery = HistoryQuery {
    cidr: None,
    scope_id: None,
    pool_id: None,
    id: None,
    owner: None,
    from: None,
    to: None,
    include_planned: true,
};

/// Appends the event that records the new beginning of the history.
fn append_prune(tx: &mut dyn Tx, env: &Env<'_>, before: Option<&Mark>, after: &Mark) -> Result<()> {
    let subject = (Kind::History, Kind::History.id_prefix().to_owned());
    log::add(tx, env, Action::Prune, subject, log::value(before, keys::MARK)?, log::value(Some(after), keys::MARK)?)
}

impl Reader<'_> {
    /// The mark after which the history begins; `None` when it begins with event 1.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn mark(&mut self) -> Result<Option<Mark>> {
        codec::read(self.snapshot, keys::MARK)
    }

    /// The time since which the history is complete.
    pub(in crate::ipam) fn known_since(&mut self) -> Result<Timestamp> {
        Ok(self.mark()?.map_or(Timestamp::MIN, |mark| mark.time))
    }

    /// Number of events that are kept, which are those after the mark.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn events_kept(&mut self) -> Result<u64> {
        let forgotten = self.mark()?.map_or(0, |mark| mark.sequence);
        Ok(log::head(self.snapshot)?.sequence.saturating_sub(forgotten))
    }

    /// Passes the remnants to `sink`, by id, as long as `sink` returns `true`. Returns whether it did until the end.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub(in crate::ipam) fn each_remnant(&mut self, sink: &mut dyn FnMut(Remnant) -> bool) -> Result<bool> {
        codec::each_under(self.snapshot, keys::REMNANTS, &mut |key, bytes| Ok(sink(codec::decode(key, bytes)?)))
    }

    /// Passes the kept events that may be removed to `sink`, the oldest first: all events up to the first that is not
    /// older than `before`. Every event is verified.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`], also for an event that is not the next one of the chain: a damaged history is
    /// never removed. Returns the errors of `sink`.
    pub fn forgettable(
        &mut self,
        before: Timestamp,
        sink: &mut dyn FnMut(&Event) -> Result<()>,
    ) -> Result<Option<Until>> {
        let mut chain = Chain::after(self.mark()?);
        let mut last = None;
        loop {
            let page = self.events(chain.sequence(), PAGE)?;
            for event in &page {
                if event.time >= before {
                    return Ok(last);
                }
                sound(&mut chain, event)?;
                sink(event)?;
                last = Some(Until { sequence: event.sequence, hash: event.hash.clone() });
            }
            if page.len() < PAGE {
                return Ok(last);
            }
        }
    }
}

/// Follows `event`, which must be the next one of the chain.
fn sound(chain: &mut Chain, event: &Event) -> Result<()> {
    match chain.follow(event)?.first() {
        Some(fault) => Err(codec::corrupt(&keys::event(event.sequence), fault.trim_end_matches('.'))),
        None => Ok(()),
    }
}

impl Ledger<'_> {
    /// Removes events up to `until`, at most `limit` of them, moves the mark, and returns the new mark. A repeated call
    /// continues, and at the end does nothing.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when the chain is damaged, or `until` is not an event of this history.
    pub fn forget_events(&mut self, until: &Until, archived: bool, limit: usize) -> Result<Option<Mark>> {
        let old = self.reader().mark()?;
        let begin = old.as_ref().map_or(0, |mark| mark.sequence);
        let left = usize::try_from(until.sequence.saturating_sub(begin)).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(old);
        }
        let last: Option<Event> = codec::read(self.tx, &keys::event(until.sequence))?;
        if last.is_none_or(|last| last.hash != until.hash) {
            return Err(codec::corrupt(&keys::event(until.sequence), "it is not the event that was to be forgotten"));
        }
        let forgotten = self.reader().events(begin, left.min(limit))?;
        let mut chain = Chain::after(old.clone());
        forgotten.iter().try_for_each(|event| sound(&mut chain, event))?;
        let latest = forgotten.iter().map(|event| event.time).max().unwrap_or(Timestamp::MIN);
        let mut mark = Mark {
            sequence: chain.sequence(),
            hash: chain.head().hash.clone(),
            time: old.as_ref().map_or(latest, |old| old.time.max(latest)),
            archived: archived && old.as_ref().is_none_or(|old| old.archived),
            remembered: old.as_ref().map(|old| old.remembered.clone()).unwrap_or_default(),
        };
        self.remember(&forgotten, &mut mark.remembered)?;
        for event in &forgotten {
            self.tx.delete(&keys::event(event.sequence))?;
        }
        self.tx.put(keys::MARK, codec::encode(&mark)?)?;
        append_prune(self.tx, &self.env, old.as_ref(), &mark)?;
        Ok(Some(mark))
    }

    /// Updates the remnants from the state before these events to the state after them.
    fn remember(&mut self, forgotten: &[Event], remembered: &mut Remembered) -> Result<()> {
        let mut follower = Follower::new(&EVERYTHING);
        let mut old: BTreeMap<&str, Remnant> = BTreeMap::new();
        let named: BTreeSet<&str> = forgotten.iter().flat_map(names).collect();
        for id in named {
            if let Some(remnant) = codec::read::<Remnant>(self.tx, &keys::remnant(id))? {
                follower.recall(remnant.clone());
                old.insert(id, remnant);
            }
        }
        forgotten.iter().try_for_each(|event| follower.follow(event))?;
        let touched: BTreeSet<&str> = forgotten.iter().map(|event| event.id.as_str()).collect();
        for id in touched {
            let new = follower.remember(id);
            if old.get(id) == new.as_ref() {
                continue;
            }
            if let Some(remnant) = old.get(id) {
                remembered.remove(remnant)?;
            }
            match new {
                None => self.tx.delete(&keys::remnant(id))?,
                Some(remnant) => {
                    remembered.add(&remnant)?;
                    let (key, value) = remnant.entry()?;
                    self.tx.put(&key, value)?;
                }
            }
        }
        Ok(())
    }
}

/// The ids of the objects on whose past an event builds: its own object, and the pool that the object is in.
fn names(event: &Event) -> impl Iterator<Item = &str> {
    let pool = event.after.get("pool_id").and_then(Value::as_str);
    std::iter::once(event.id.as_str()).chain(pool)
}
