//! Who had which addresses when, told from the events.
//!
//! A tenure is one object having one block: from the event that made it active with that block to the one that took the
//! block away (deleted, expired, grown, shrunk). Holds are tenures of their own kind of state, so that a plan that was
//! never applied shows too when asked for. Questions read the events in order, once, and remember only what fits the
//! question.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mark::Remnant;
use super::{
    Actor, Allocation, Cidr, Event, Kind, Meta, Pool, PoolCidr, Reader, ResourceType, Result, State, blocks, codec,
    events, keys,
};
use crate::store::Order;

/// Events read at a time.
const PAGE: usize = 1024;

/// How a tenure's block must lie to the block of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The very block, as AWS's GetIpamAddressHistory has it.
    Exact,
    /// The block, or one that contains it.
    Covering,
    /// The block, or one inside it.
    Within,
    /// Any block that has an address of it.
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

/// A question about the past. What is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Blocks, and how they must lie.
    pub cidr: Option<(Cidr, Match)>,
    /// The scope that the object was in.
    pub scope_id: Option<String>,
    /// The pool that the block was taken out of or provisioned into.
    pub pool_id: Option<String>,
    /// The object.
    pub id: Option<String>,
    /// The configuration that began or ended the tenure.
    pub owner: Option<String>,
    /// Only tenures that were not over by then.
    pub from: Option<Timestamp>,
    /// Only tenures that had begun by then.
    pub to: Option<Timestamp>,
    /// Also holds: blocks that were only planned.
    pub include_planned: bool,
}

/// One object having one block for some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// Allocation, pool CIDR, or pool: a block of a pool's own declaration.
    pub kind: Kind,
    /// Id of the object.
    pub id: String,
    /// Its name, the last one that it had.
    pub name: String,
    /// The block.
    pub cidr: Cidr,
    /// Whether it was planned or active.
    pub state: State,
    /// The pool it was allocated in, or provisioned into.
    pub pool_id: String,
    /// The pool that the space came from; `None` for the space of a top-level pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_pool_id: Option<String>,
    /// The scope; `None` when nothing that is left says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_id: Option<String>,
    /// What it was for; `None` for a pool CIDR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<ResourceType>,
    /// The resource's id, or that of the pool below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None`: still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Who began it.
    pub began: Actor,
    /// Who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Actor>,
    /// Number of the event that began it.
    pub event: u64,
}

/// What a record of an event says about a block.
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

/// Its block, and what it is planned to grow into. The space of a pool below is told by that pool's own events.
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
        // Only a list of very many blocks cannot be subtracted.
        blocks::subtract([growth.cidr], [found.cidr]).unwrap_or_default()
    });
    own.into_iter().chain(growth.map(|cidr| of(cidr, State::Planned))).collect()
}

/// Where a live pool is.
fn place(record: &Value) -> Option<Place> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_lapsed = record.get("state").and_then(Value::as_str) == Some("lapsed");
    let scope_id = text("scope_id").filter(|_| !is_lapsed)?;
    Some(Place { scope_id, source_pool_id: text("source_pool_id") })
}

/// The tenures that fit a question, as the events are followed.
pub(super) struct Follower<'a> {
    query: &'a HistoryQuery,
    /// Where pools are, those of the past too.
    places: HashMap<String, Place>,
    /// What is not over, by object.
    open: HashMap<String, BTreeMap<Cidr, Tenure>>,
    /// By the event that began it.
    done: BTreeMap<(u64, Cidr), Tenure>,
}

/// Where a pool is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    scope_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_pool_id: Option<String>,
}

impl<'a> Follower<'a> {
    /// At the beginning of a history, or at a mark when it is told what is remembered there.
    pub(super) fn new(query: &'a HistoryQuery) -> Self {
        Self { query, places: HashMap::new(), open: HashMap::new(), done: BTreeMap::new() }
    }
}

impl Follower<'_> {
    /// Takes in what is remembered of an object from before the first event.
    pub(super) fn recall(&mut self, remnant: Remnant) {
        if let Some(place) = remnant.place {
            self.places.insert(remnant.id.clone(), place);
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

    /// What must be remembered of an object when the events until now are forgotten; `None`: nothing.
    pub(super) fn remember(&self, id: &str) -> Option<Remnant> {
        let place = self.places.get(id).cloned();
        let tenures: Vec<Tenure> = self.open.get(id).map(|open| open.values().cloned().collect()).unwrap_or_default();
        let kind = place.as_ref().map(|_| Kind::Pool).or(tenures.first().map(|tenure| tenure.kind))?;
        Some(Remnant { id: id.to_owned(), kind, place, tenures })
    }

    /// What must be remembered of every object, by id.
    pub(super) fn remember_all(&self) -> BTreeMap<String, Remnant> {
        let ids = self.places.keys().chain(self.open.keys());
        ids.filter_map(|id| Some((id.clone(), self.remember(id)?))).collect()
    }

    pub(super) fn follow(&mut self, event: &Event) -> Result<()> {
        if event.kind == Kind::Pool {
            // What is gone or lapsed gets no block any more.
            match place(&event.after) {
                Some(place) => self.places.insert(event.id.clone(), place),
                None => self.places.remove(&event.id),
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

    /// Whether it fits what of the question is known when a tenure begins.
    fn is_asked_for(&self, begun: &Tenure) -> bool {
        let query = self.query;
        query.cidr.as_ref().is_none_or(|(asked, how)| how.fits(asked, &begun.cidr))
            && query.pool_id.as_ref().is_none_or(|id| *id == begun.pool_id || begun.source_pool_id.as_ref() == Some(id))
            && query.scope_id.as_ref().is_none_or(|scope_id| begun.scope_id.as_ref() == Some(scope_id))
            && (query.include_planned || begun.state == State::Active)
    }

    /// The pool that the block was taken out of.
    fn source_of<'s>(&'s self, kind: Kind, now: &'s Standing) -> Option<&'s String> {
        match kind {
            Kind::Allocation => Some(&now.pool_id),
            _ => self.places.get(&now.pool_id)?.source_pool_id.as_ref(),
        }
    }

    fn begin(&self, event: &Event, now: Standing) -> Tenure {
        let place = self.places.get(&now.pool_id);
        let source_pool_id = self.source_of(event.kind, &now).cloned();
        Tenure {
            kind: event.kind,
            id: event.id.clone(),
            name: now.name,
            cidr: now.cidr,
            state: now.state,
            scope_id: place.map(|place| place.scope_id.clone()),
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

    /// Keeps it when the rest of the question fits too.
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
    /// Who had which blocks when, by the event that began it. Reads all events, a page at a time. What was over by the
    /// time of the mark ([`Reader::mark`]) is not told.
    ///
    /// # Errors
    /// [`super::Error::Store`] when an event cannot be read.
    pub fn history(&mut self, query: &HistoryQuery) -> Result<Vec<Tenure>> {
        let mut follower = Follower::new(query);
        self.each_remnant(&mut |remnant| {
            follower.recall(remnant);
            true
        })?;
        self.each_event(&mut |event| follower.follow(event))?;
        Ok(follower.finish())
    }

    /// Hands out every event, the oldest first.
    pub(super) fn each_event(&mut self, sink: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> {
        let (mut start, end) = keys::under("event/");
        loop {
            let page = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, bytes) in &page {
                start = keys::after(key);
                sink(&events::decode(key, bytes)?)?;
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }
}
