//! `ipam_events`: the history of changes.

use std::sync::Arc;

use crate::backend::EventFilter;
use crate::ipam::{ACTIONS, Cidr, Event, event_blocks};
use crate::provider::attributes::Time;
use crate::provider::shared::Shared;
use crate::tf::{DataSource, Diagnostic, Diagnostics, Path};
use crate::{at, model};

use super::lookup::explained;

model! {
    /// The attributes of an event, which is one change of one object.
    pub(super) struct EventFacts {
        /// Number of the event. The first event has the number 1.
        sequence: u64 => computed(),
        /// Time of the event, in UTC and RFC 3339 format.
        time: Time => computed(),
        /// Owner that made the change: the provider argument `owner` of its configuration.
        owner: String => computed(),
        /// User of the operating system that made the change; null if it is not known.
        user: String => computed(),
        /// URL of the pipeline run that made the change; null if the environment did not name one.
        run_url: String => computed(),
        /// Action: `hold`, `create`, `update`, `resize`, `delete`, `expire`, `release`, `import`, `transfer` (to
        /// another owner), `restore` (of an object that a state contained and the store did not), `rest` (of
        /// released space, in the quarantine of its pool), or `prune` (the store
        /// forgot older events).
        action: String => computed(),
        /// Type of the object: `scope`, `pool`, `pool CIDR`, `allocation`, `resource discovery`, `resource CIDR`, or
        /// `history` for the action `prune`.
        object_type: String => computed(),
        /// ID of the object.
        object_id: String => computed(),
        /// Name of the object after the change.
        name: String => computed(),
        /// List of the CIDRs of the object before the change.
        cidrs_before: Vec<Cidr> => computed(),
        /// List of the CIDRs of the object after the change.
        cidrs_after: Vec<Cidr> => computed(),
        /// SHA-256 hash of the event and of the hash of the previous event. It detects a history that was changed
        /// later.
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
    /// Lists the newest events of the history of a self-managed store: which owner changed which object, and when. Each
    /// argument narrows the list; without arguments, the list contains the newest events of the store. AWS IPAM keeps
    /// no such history: with `aws-ipam`, reading fails, and AWS CloudTrail contains the requests.
    pub(super) struct EventsModel {
        /// Owner (the provider argument `owner`). Only events of this owner are listed.
        owner: String => optional(),
        /// ID of an object. Only events of this object are listed, even if it no longer exists.
        object_id: String => optional(),
        /// Action. Only events with this action are listed: `hold`, `create`, `update`, `resize`, `delete`, `expire`,
        /// `release`, `import`, `transfer`, `restore`, `rest` or `prune`.
        action: String => optional(),
        /// CIDR. Only events of objects that had an address of this CIDR before or after the change are listed.
        cidr: Cidr => optional(),
        /// Time in RFC 3339 format, such as `2026-03-01T00:00:00Z`. Earlier events are not listed.
        start_time: Time => optional(),
        /// Time in RFC 3339 format. Later events are not listed.
        end_time: Time => optional(),
        /// Maximum number of events, from 1 to 10000. Default: `100`. If there are more events, the newest are listed.
        max_results: u64 => default(100),
        /// List of the events, the oldest first.
        events: Vec<EventFacts> => computed(),
        /// Time of the newest event that the store no longer keeps (`prune --events`), in UTC and RFC 3339 format.
        /// Older events are not listed. Null if the store has its whole history.
        known_since: Time => computed(),
    }
}

/// A list with more events would make the state too large to work with.
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
            ..EventFilter::default()
        };
        let limit = config.max_results.cloned().and_then(|count| usize::try_from(count).ok()).unwrap_or(100);
        let ipam = self.0.ipam()?;
        let history = ipam.require_history().map_err(explained(Path::root()))?;
        let events = history.newest_events(&filter, limit).map_err(explained(Path::root()))?;
        // Read last, so that it includes events that were forgotten in the meantime.
        let mark = history.mark().map_err(explained(Path::root()))?;
        let events = events.into_iter().map(EventFacts::of).collect::<Vec<_>>();
        Ok(EventsModel { events: events.into(), known_since: mark.map(|mark| Time(mark.time)).into(), ..config })
    }
}
