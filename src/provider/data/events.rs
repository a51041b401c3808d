//! `ipam_events`: who did what when.

use std::sync::Arc;

use crate::backend::{EventFilter, newest_events};
use crate::ipam::{ACTIONS, Cidr, Event, event_blocks};
use crate::provider::attributes::Time;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path};
use crate::{at, model};

use super::explained;

model! {
    /// An event: one change of one object.
    pub(super) struct EventFacts {
        /// Number of the event: 1 for the first.
        sequence: u64 => computed(),
        /// When, in UTC.
        time: Time => computed(),
        /// The configuration that acted (provider argument `owner`).
        owner: String => computed(),
        /// The operating system's user, when known.
        user: String => computed(),
        /// Page of the pipeline run, when the environment named one.
        run_url: String => computed(),
        /// `hold`, `create`, `update`, `resize`, `delete`, `expire`, `release`, `import`, `transfer` (to another owner),
        /// `restore` (a state had it, and the store had not), or `prune`: older events were forgotten.
        action: String => computed(),
        /// `scope`, `pool`, `pool CIDR`, `allocation`, or `history` for `prune`.
        object_type: String => computed(),
        /// Id of the object.
        object_id: String => computed(),
        /// Name of the object, the one after the change.
        name: String => computed(),
        /// Blocks of the object before.
        cidrs_before: Vec<Cidr> => computed(),
        /// Blocks of the object after.
        cidrs_after: Vec<Cidr> => computed(),
        /// SHA-256 of the event, over everything in it and the hash of the one before: a rewritten past shows.
        hash: String => computed(),
    }
}

impl EventFacts {
    fn of(event: Event) -> Self {
        let record = if event.after.is_null() { &event.before } else { &event.after };
        let name = record.get("name").and_then(serde_json::Value::as_str).map(str::to_owned);
        Self {
            sequence: event.sequence.into(),
            time: Time(event.time).into(),
            owner: event.actor.owner.into(),
            user: event.actor.user.into(),
            run_url: event.actor.run_url.into(),
            action: event.action.into(),
            object_type: event.kind.word().to_owned().into(),
            object_id: event.id.into(),
            name: name.into(),
            cidrs_before: event_blocks(&event.before).into(),
            cidrs_after: event_blocks(&event.after).into(),
            hash: event.hash.into(),
        }
    }
}

model! {
    /// Lists the newest events: who changed what when. Every argument narrows the list; without any it is the newest
    /// events of the store. AWS IPAM keeps no such history: look into AWS CloudTrail there.
    pub(super) struct EventsModel {
        /// Only what this configuration did (provider argument `owner`).
        owner: String => optional(),
        /// Only of the object with this id. One that is gone is found too.
        object_id: String => optional(),
        /// Only `hold`, `create`, `update`, `resize`, `delete`, `expire`, `release`, `import`, `transfer`, `restore` or `prune`.
        action: String => optional(),
        /// Only of objects that had an address of this block, before or after.
        cidr: Cidr => optional(),
        /// Not before this time, such as `2026-03-01T00:00:00Z`.
        start_time: Time => optional(),
        /// Not after this time.
        end_time: Time => optional(),
        /// At most so many, the newest; 1 to 10000.
        max_results: u64 => default(100),
        /// The events, the oldest first.
        events: Vec<EventFacts> => computed(),
        /// Time of the newest event that the store does not keep any more (`prune --events`), in UTC: what is older is
        /// not found here. Null when the store has its whole history.
        known_since: Time => computed(),
    }
}

/// More make a state that nobody can work with.
const RESULTS_MAX: u64 = 10_000;

pub(super) struct EventsData(pub(super) Arc<Shared>);

impl DataSource for EventsData {
    type Model = EventsModel;
    const TYPE: &'static str = "ipam_events";

    fn validate(&self, config: &EventsModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if let Some(action) = config.action.get().filter(|action| !ACTIONS.contains(&action.as_str())) {
            let why = format!("{action:?} is not one of {}.", ACTIONS.join(", "));
            diagnostics.push(Diagnostic::error("No such action", why).at(at!(EventsModel, action)));
        }
        if let Some(count) = config.max_results.get().filter(|count| !(1..=RESULTS_MAX).contains(*count)) {
            let why = format!("{count} is not a number from 1 to {RESULTS_MAX}.");
            diagnostics.push(Diagnostic::error("Too few or too many results", why).at(at!(EventsModel, max_results)));
        }
        if let (Some(start), Some(end)) = (config.start_time.get(), config.end_time.get())
            && start.0 > end.0
        {
            let why = "end_time is before start_time, so no event is in between.";
            diagnostics.push(Diagnostic::error("An empty window", why).at(at!(EventsModel, end_time)));
        }
        diagnostics
    }

    fn read(&self, config: EventsModel) -> Result<EventsModel, Diagnostics> {
        let filter = EventFilter {
            owner: config.owner.cloned(),
            id: config.object_id.cloned(),
            action: config.action.cloned(),
            cidr: config.cidr.cloned(),
            from: config.start_time.get().map(|time| time.0),
            to: config.end_time.get().map(|time| time.0),
        };
        let limit = config.max_results.cloned().and_then(|count| usize::try_from(count).ok()).unwrap_or(100);
        let ipam = self.0.ipam()?;
        let events = newest_events(ipam.as_ref(), &filter, limit).map_err(explained(Path::root()))?;
        // Asked last: what was forgotten meanwhile is in it.
        let mark = ipam.mark().map_err(explained(Path::root()))?;
        let events = events.into_iter().map(EventFacts::of).collect::<Vec<_>>();
        Ok(EventsModel { events: events.into(), known_since: mark.map(|mark| Time(mark.time)).into(), ..config })
    }
}
