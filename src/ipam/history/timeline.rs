//! Answers who had which addresses at which time, from the events.
//!
//! A tenure is one object that has one block: from the event that made it active with that block to the event that
//! ended this (deleted, expired, grown, shrunk). Holds are tenures with the state `planned`, so that a plan that was
//! never applied also shows on request. A query reads the events in order, once, and keeps only the tenures that fit
//! it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::tenure::PoolPosition;
use crate::ipam::history::log;
use crate::ipam::space::blocks;
use crate::ipam::storage::{codec, keys};
use crate::ipam::{
    Allocation, Cidr, Event, Kind, Meta, Pool, PoolCidr, Reader, Remnant, ResourceType, Result, State, Tenure,
};
use crate::store::Order;

/// Events read at a time.
const PAGE: usize = 1024;

/// The required relation between the block of a tenure and the block of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Exactly the block, as in GetIpamAddressHistory of AWS.
    Exact,
    /// The block, or a block that contains it.
    Covering,
    /// The block, or a block inside it.
    Within,
    /// Any block that shares an address with it.
    Overlapping,
}

impl Match {
    fn fits(self, asked: &Cidr, found: &Cidr) -> bool {
        match self {
            Self::Exact => asked == found,
            Self::Covering => found.contains(asked),
            Self::Within => asked.contains(found),
            Self::Overlapping => asked.overlaps(found),
        }
    }
}

/// A query about the past. A field that is `None` does not restrict the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The block, and the required relation to it.
    pub cidr: Option<(Cidr, Match)>,
    /// The scope that the object was in.
    pub scope_id: Option<String>,
    /// The pool that the block was allocated from or provisioned into.
    pub pool_id: Option<String>,
    /// Id of the object.
    pub id: Option<String>,
    /// The owner that began or ended the tenure.
    pub owner: Option<String>,
    /// Only tenures that had not ended by this time.
    pub from: Option<Timestamp>,
    /// Only tenures that had begun by this time.
    pub to: Option<Timestamp>,
    /// Includes holds: blocks that were only planned.
    pub include_planned: bool,
}

/// The data about one block in the record of an event.
struct Standing {
    cidr: Cidr,
    name: String,
    state: State,
    pool_id: String,
    resource_type: Option<ResourceType>,
    resource_id: Option<String>,
}

/// The blocks that a record has: none, one, or those of a pool's own declaration.
fn standings(kind: Kind, record: &Value, place: &str) -> Result<Vec<Standing>> {
    if record.is_null() || matches!(kind, Kind::Scope | Kind::Discovery | Kind::Treatment | Kind::History) {
        return Ok(Vec::new());
    }
    let unreadable = |error: serde_json::Error| codec::unreadable(place, &error);
    let of = |meta: Meta, cidr: Cidr, pool_id: String| Standing {
        cidr,
        name: meta.name,
        state: meta.state,
        pool_id,
        resource_type: None,
        resource_id: None,
    };
    Ok(match kind {
        Kind::Scope | Kind::Discovery | Kind::Treatment | Kind::History => Vec::new(),
        Kind::Pool => {
            let pool: Pool = serde_json::from_value(record.clone()).map_err(unreadable)?;
            let cidrs = if pool.meta.is_live() { pool.cidrs } else { BTreeSet::new() };
            cidrs.into_iter().map(|cidr| of(pool.meta.clone(), cidr, pool.meta.id.clone())).collect()
        }
        Kind::PoolCidr => {
            let found: PoolCidr = serde_json::from_value(record.clone()).map_err(unreadable)?;
            let takes_space = found.meta.is_live() && !found.deferred;
            takes_space.then(|| of(found.meta, found.cidr, found.pool_id)).into_iter().collect()
        }
        Kind::Allocation => {
            let found: Allocation = serde_json::from_value(record.clone()).map_err(unreadable)?;
            of_allocation(&found).into_iter().filter(|_| found.meta.is_live() && !found.deferred).collect()
        }
    })
}

/// The block of an allocation, and the space that it is planned to grow into. The events of a pool below report the
/// space of that pool.
fn of_allocation(found: &Allocation) -> Vec<Standing> {
    let of = |cidr: Cidr, state: State| Standing {
        cidr,
        name: found.meta.name.clone(),
        state,
        pool_id: found.pool_id.clone(),
        resource_type: Some(found.resource_type),
        resource_id: found.resource_id.clone(),
    };
    let own = (found.resource_type != ResourceType::IpamPool).then(|| of(found.cidr, found.meta.state));
    let growth = found.growth.iter().flat_map(|growth| {
        // Subtraction fails only for results with very many blocks, which two blocks cannot have.
        blocks::subtract([growth.cidr], [found.cidr]).unwrap_or_default()
    });
    own.into_iter().chain(growth.map(|cidr| of(cidr, State::Planned))).collect()
}

/// The position of a live pool in the tree of pools.
fn position(record: &Value) -> Option<PoolPosition> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_lapsed = record.get("state").and_then(Value::as_str) == Some("lapsed");
    let scope_id = text("scope_id").filter(|_| !is_lapsed)?;
    Some(PoolPosition { scope_id, source_pool_id: text("source_pool_id") })
}

/// The tenures that fit a query, collected while the events are followed.
pub(in crate::ipam) struct Follower<'a> {
    query: &'a HistoryQuery,
    /// Positions of all pools, including deleted ones.
    positions: HashMap<String, PoolPosition>,
    /// Tenures that have not ended, by object.
    open: HashMap<String, BTreeMap<Cidr, Tenure>>,
    /// Ended tenures, by the event that began them.
    done: BTreeMap<(u64, Cidr), Tenure>,
}

impl<'a> Follower<'a> {
    /// A follower at the beginning of a history. For a history that begins at a mark, call [`Self::recall`] for every
    /// remnant.
    pub(in crate::ipam) fn new(query: &'a HistoryQuery) -> Self {
        Self { query, positions: HashMap::new(), open: HashMap::new(), done: BTreeMap::new() }
    }
}

impl Follower<'_> {
    /// Adds the remnant of an object from before the first event.
    pub(in crate::ipam) fn recall(&mut self, remnant: Remnant) {
        if let Some(position) = remnant.position {
            self.positions.insert(remnant.id.clone(), position);
        }
        if self.query.id.as_ref().is_some_and(|id| *id != remnant.id) {
            return;
        }
        let asked: BTreeMap<Cidr, Tenure> = remnant
            .tenures
            .into_iter()
            .filter(|tenure| self.is_asked_for(tenure))
            .map(|tenure| (tenure.cidr, tenure))
            .collect();
        if !asked.is_empty() {
            self.open.insert(remnant.id, asked);
        }
    }

    /// The remnant of an object when all events until now are removed; `None` when there is nothing to keep.
    pub(in crate::ipam) fn remember(&self, id: &str) -> Option<Remnant> {
        let position = self.positions.get(id).cloned();
        let tenures: Vec<Tenure> = self.open.get(id).map(|open| open.values().cloned().collect()).unwrap_or_default();
        let kind = position.as_ref().map(|_| Kind::Pool).or(tenures.first().map(|tenure| tenure.kind))?;
        Some(Remnant { id: id.to_owned(), kind, position, tenures })
    }

    /// The remnants of all objects, by id.
    pub(in crate::ipam) fn remember_all(&self) -> BTreeMap<String, Remnant> {
        let ids = self.positions.keys().chain(self.open.keys());
        ids.filter_map(|id| Some((id.clone(), self.remember(id)?))).collect()
    }

    pub(in crate::ipam) fn follow(&mut self, event: &Event) -> Result<()> {
        if event.kind == Kind::Pool {
            // An object that is gone or lapsed gets no block any more.
            match position(&event.after) {
                Some(position) => self.positions.insert(event.id.clone(), position),
                None => self.positions.remove(&event.id),
            };
        }
        if self.query.id.as_ref().is_some_and(|id| *id != event.id) {
            return Ok(());
        }
        let now = standings(event.kind, &event.after, &keys::event(event.sequence))?;
        let mut open = self.open.remove(&event.id).unwrap_or_default();
        let is_over = |tenure: &Tenure| !now.iter().any(|one| one.cidr == tenure.cidr && one.state == tenure.state);
        for (_, ended) in open.extract_if(.., |_, tenure| is_over(tenure)) {
            self.keep(Tenure { to: Some(event.time), ended: Some(event.actor.clone()), ..ended });
        }
        for one in now {
            match open.get_mut(&one.cidr) {
                Some(tenure) => tenure.name = one.name,
                None => {
                    let begun = self.begin(event, one);
                    if self.is_asked_for(&begun) {
                        open.insert(begun.cidr, begun);
                    }
                }
            }
        }
        if !open.is_empty() {
            self.open.insert(event.id.clone(), open);
        }
        Ok(())
    }

    /// Whether a new tenure fits the parts of the query that are known at its beginning.
    fn is_asked_for(&self, begun: &Tenure) -> bool {
        let query = self.query;
        query.cidr.as_ref().is_none_or(|(asked, how)| how.fits(asked, &begun.cidr))
            && query.pool_id.as_ref().is_none_or(|id| *id == begun.pool_id || begun.source_pool_id.as_ref() == Some(id))
            && query.scope_id.as_ref().is_none_or(|scope_id| begun.scope_id.as_ref() == Some(scope_id))
            && (query.include_planned || begun.state == State::Active)
    }

    /// The pool that the block was taken from.
    fn source_of<'s>(&'s self, kind: Kind, now: &'s Standing) -> Option<&'s String> {
        match kind {
            Kind::Allocation => Some(&now.pool_id),
            _ => self.positions.get(&now.pool_id)?.source_pool_id.as_ref(),
        }
    }

    fn begin(&self, event: &Event, now: Standing) -> Tenure {
        let position = self.positions.get(&now.pool_id);
        let source_pool_id = self.source_of(event.kind, &now).cloned();
        Tenure {
            kind: event.kind,
            id: event.id.clone(),
            name: now.name,
            cidr: now.cidr,
            state: now.state,
            scope_id: position.map(|position| position.scope_id.clone()),
            source_pool_id,
            pool_id: now.pool_id,
            resource_type: now.resource_type,
            resource_id: now.resource_id,
            from: event.time,
            to: None,
            began: event.actor.clone(),
            ended: None,
            event: event.sequence,
        }
    }

    /// Keeps the tenure when it also fits the rest of the query.
    fn keep(&mut self, tenure: Tenure) {
        let query = self.query;
        let is_in_time = query.from.is_none_or(|from| tenure.to.is_none_or(|to| to > from))
            && query.to.is_none_or(|to| tenure.from <= to);
        let is_by = |owner: &String| {
            tenure.began.owner == *owner || tenure.ended.as_ref().is_some_and(|ended| ended.owner == *owner)
        };
        if is_in_time && query.owner.as_ref().is_none_or(is_by) {
            self.done.insert((tenure.event, tenure.cidr), tenure);
        }
    }

    fn finish(mut self) -> Vec<Tenure> {
        for tenure in std::mem::take(&mut self.open).into_values().flat_map(BTreeMap::into_values) {
            self.keep(tenure);
        }
        self.done.into_values().collect()
    }
}

impl Reader<'_> {
    /// Tenures that fit the query, by the event that began them. Reads all events, a page at a time. Tenures that had
    /// ended by the time of the mark ([`Reader::mark`]) are not included.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`] when an event cannot be read.
    pub fn history(&mut self, query: &HistoryQuery) -> Result<Vec<Tenure>> {
        let mut follower = Follower::new(query);
        self.each_remnant(&mut |remnant| {
            follower.recall(remnant);
            true
        })?;
        self.each_event(&mut |event| follower.follow(event))?;
        Ok(follower.finish())
    }

    /// Passes every event to `sink`, the oldest first.
    pub(in crate::ipam) fn each_event(&mut self, sink: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        let (mut start, end) = keys::under(keys::EVENTS);
        loop {
            let page = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, bytes) in &page {
                start = keys::after(key);
                sink(&log::decode(key, bytes)?)?;
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }
}
