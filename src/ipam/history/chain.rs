//! Verifies the history, event by event.

use super::log::{Head, hash};
use super::mark::Mark;
use crate::ipam::{Event, Kind, Result};

/// Follows a history event by event, and reports the faults that it finds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chain {
    head: Head,
    /// The mark after which the history begins.
    mark: Option<Mark>,
    /// The mark that the last `prune` event records.
    recorded: Option<Mark>,
}

impl Chain {
    /// A chain that begins after `mark`, or with event 1 when there is no mark.
    pub fn after(mark: Option<Mark>) -> Self {
        let head = mark.as_ref().map_or_else(Head::default, Mark::head);
        Self { head, mark, recorded: None }
    }

    /// A chain for a part of a history that begins with this event.
    pub fn with(event: &Event) -> Self {
        let head = Head { sequence: event.sequence.saturating_sub(1), hash: event.previous_hash.clone() };
        Self { head, ..Self::default() }
    }

    /// The mark after which the history begins.
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// The fault of the mark, to be read after all events were followed. The last `prune` event records what the mark
    /// must be.
    pub fn fault_of_mark(&self) -> Option<String> {
        match (&self.mark, &self.recorded) {
            (mark, recorded) if mark == recorded => None,
            (Some(mark), None) => Some(format!(
                "The mark says that events up to {} were forgotten, but no event records it.",
                mark.sequence
            )),
            (Some(mark), Some(recorded)) => Some(format!(
                "The mark after event {} differs from the mark of the last event of pruning, which is after event {}.",
                mark.sequence, recorded.sequence
            )),
            (None, recorded) => Some(format!(
                "The last event of pruning says that events up to {} were forgotten, but there is no mark.",
                recorded.as_ref().map_or(0, |recorded| recorded.sequence)
            )),
        }
    }

    /// Follows `event` as the next event and returns its faults, in sentences. The chain continues from the event in
    /// any case.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when the event cannot be written as JSON.
    pub fn follow(&mut self, event: &Event) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        match self.head.sequence.checked_add(1) {
            Some(expected) if event.sequence == expected => {}
            Some(expected) => faults.push(format!("Event {expected} is missing or out of order.")),
            None => faults.push(format!("No event can follow event {}.", self.head.sequence)),
        }
        if event.previous_hash != self.head.hash {
            let begins = self.mark.as_ref().is_some_and(|mark| *self.head() == mark.head());
            faults.push(
                match begins {
                    true => "It was not written after the event that the mark names as the last forgotten event.",
                    false => "The hash of the previous event differs from the hash that this event was written after.",
                }
                .to_owned(),
            );
        }
        if hash(event)? != event.hash {
            faults.push("The event was changed after it was written: its hash does not match.".to_owned());
        }
        if event.kind == Kind::History {
            match serde_json::from_value(event.after.clone()) {
                Ok(recorded) => self.recorded = Some(recorded),
                Err(_) => faults.push("Its data about pruning cannot be read.".to_owned()),
            }
        }
        self.head = Head { sequence: event.sequence, hash: event.hash.clone() };
        Ok(faults)
    }

    /// The last event.
    pub(in crate::ipam) fn head(&self) -> &Head {
        &self.head
    }

    /// Number of events that were followed.
    pub fn length(&self) -> u64 {
        self.head.sequence - self.mark.as_ref().map_or(0, |mark| mark.sequence).min(self.head.sequence)
    }

    /// Number of the last event, 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.head.sequence
    }
}
