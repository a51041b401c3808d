//! Compares every record with the last event of its object.
//!
//! The last event of an object holds its record. These attributes change without an event: `confirmed`,
//! `arguments_kept_until`, `given_up_until`; in a hold, its run of Terraform and the block that it is in the way of;
//! and, in stores of earlier versions, the expiry of a planned pool CIDR and of a planned growth, which moves forward.
//! The blocks that a pool's own declaration provisions, and the space that a pool takes in its source pool, have no
//! events of their own: the events of the pool report them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Deserialize;

use crate::ipam::audit::import::differences;
use crate::ipam::operations::pool_cidr::source_name;
use crate::ipam::storage::codec::Record;
use crate::ipam::{Allocation, Event, Finding, Kind, Mark, Meta, PoolCidr, Records, ResourceType, Size, State};

/// Follows the events of a history, and keeps the last event of each object.
#[derive(Default)]
pub struct Journal {
    last: HashMap<String, Last>,
    /// The actors that changed a pool, by pool.
    actors: HashMap<String, BTreeSet<String>>,
}

/// The last event of an object.
struct Last {
    sequence: u64,
    kind: Kind,
    /// The record as JSON; `None` when the object was deleted.
    record: Option<Box<str>>,
}

/// The attributes that are read from an event whose object has no record.
#[derive(Deserialize)]
struct Brief {
    state: State,
    #[serde(default)]
    inline: bool,
    resource_type: Option<ResourceType>,
}

impl Last {
    /// Reads the record; `None` when the object was deleted.
    fn read<R: Record>(&self) -> Result<Option<R>, String> {
        if self.kind != R::KIND {
            return Err(format!("Its last event, {}, is about a {}.", self.sequence, self.kind.word()));
        }
        let read = self.record.as_deref().map(serde_json::from_str).transpose();
        read.map_err(|_| format!("Its record in its last event, {}, cannot be read.", self.sequence))
    }
}

impl Journal {
    /// Follows the next event.
    pub fn follow(&mut self, event: &Event) {
        match event.kind {
            Kind::History => return,
            Kind::Pool => {
                self.actors.entry(event.id.clone()).or_default().insert(event.actor.owner.clone());
            }
            _ => {}
        }
        let record = (!event.after.is_null()).then(|| event.after.to_string().into());
        self.last.insert(event.id.clone(), Last { sequence: event.sequence, kind: event.kind, record });
    }

    /// Records that differ from the events, and records without an event. `mark`: the mark after which the history
    /// begins.
    pub fn faults(self, records: &Records, mark: Option<&Mark>) -> Vec<Finding> {
        let since = self.tells_since(records, mark);
        let mut found = Comparison { journal: self, records, since, findings: Vec::new() };
        found.compare(records.scopes.values(), |_, _| ());
        found.compare(records.pools.values(), |_, _| ());
        found.compare(records.pool_cidrs.values().filter(|found| !found.inline), allow_renewed);
        found.compare(records.allocations.values().filter(|found| !is_of_pool(found)), allow_renewed_growth);
        found.compare(records.discoveries.values(), |_, _| ());
        found.compare(records.treatments.values(), |_, _| ());
        found.check_inline();
        found.check_spaces();
        found.check_missing();
        found.findings
    }

    /// The time since which every new object must have an event.
    fn tells_since(&self, records: &Records, mark: Option<&Mark>) -> Timestamp {
        let mut defaults = records.scopes.values().filter(|scope| scope.is_default);
        match mark {
            Some(mark) => mark.time,
            None if defaults.all(|scope| self.last.contains_key(&scope.meta.id)) => Timestamp::MIN,
            // The store was imported without a history.
            None => Timestamp::MAX,
        }
    }
}

/// A comparison of records with events.
struct Comparison<'a> {
    journal: Journal,
    records: &'a Records,
    /// Objects that were created after this time must have an event.
    since: Timestamp,
    findings: Vec<Finding>,
}

impl Comparison<'_> {
    fn find(&mut self, id: &str, what: impl Into<String>) {
        self.findings.push(Finding { place: id.to_owned(), what: what.into() });
    }

    /// Compares the last event with each record. `allow` applies to the recorded state the changes that need no event.
    fn compare<'r, R: Record + 'r>(&mut self, records: impl Iterator<Item = &'r R>, allow: fn(&mut R, &R)) {
        for record in records {
            let id = &record.meta().id;
            let Some(last) = self.journal.last.remove(id) else {
                if record.meta().created_at > self.since {
                    self.find(id, "No event records it.");
                }
                continue;
            };
            match last.read::<R>() {
                Ok(Some(mut recorded)) => {
                    recorded.meta_mut().confirmed |= record.meta().confirmed;
                    recorded.meta_mut().run.clone_from(&record.meta().run);
                    recorded.meta_mut().in_the_way_of = record.meta().in_the_way_of;
                    recorded.meta_mut().arguments_kept_until = record.meta().arguments_kept_until;
                    recorded.meta_mut().given_up_until = record.meta().given_up_until;
                    allow(&mut recorded, record);
                    let names = differences(&recorded, record);
                    if !names.is_empty() {
                        self.find(id, differs(&names, last.sequence));
                    }
                }
                Ok(None) => self.find(id, format!("Its last event, {}, records that it is gone.", last.sequence)),
                Err(what) => self.find(id, what),
            }
        }
    }

    /// The last event of an object that normally has no events. It has one when an import wrote it or when a growth was
    /// planned.
    fn recorded<R: Record>(&mut self, id: &str) -> Option<(u64, R)> {
        let last = self.journal.last.remove(id)?;
        match last.read::<R>() {
            Ok(recorded) => Some((last.sequence, recorded?)),
            Err(what) => {
                self.find(id, what);
                None
            }
        }
    }

    /// Checks the blocks of pools' own declarations: an actor that changed the pool must have created them.
    fn check_inline(&mut self) {
        for pool_cidr in self.records.pool_cidrs.values().filter(|found| found.inline) {
            let (id, owner) = (&pool_cidr.meta.id, &pool_cidr.meta.owner);
            let mut names = BTreeSet::new();
            if let Some((sequence, recorded)) = self.recorded::<PoolCidr>(id) {
                let pool = self.records.pools.get(&pool_cidr.pool_id);
                let names = fixed_differences(&recorded, pool_cidr, pool.map(|pool| &pool.meta));
                if !names.is_empty() {
                    self.find(id, differs(&names, sequence));
                }
                continue;
            }
            let Some(pool) = self.records.pools.get(&pool_cidr.pool_id) else { continue };
            if pool_cidr.meta.created_at <= self.since {
                continue;
            }
            let is_known =
                |owner: &String| self.journal.actors.get(&pool.meta.id).is_some_and(|all| all.contains(owner));
            // Blocks that a plan holds for an existing pool are recorded in an event when the plan is applied.
            let is_pending = pool_cidr.meta.state == State::Planned && pool.meta.state == State::Active;
            if !is_pending && *owner != pool.meta.owner && !is_known(owner) {
                names.insert("owner");
            }
            if pool_cidr.meta.name != pool_cidr.cidr.to_string() {
                names.insert("name");
            }
            if !pool_cidr.meta.confirmed {
                names.insert("confirmed");
            }
            if pool_cidr.meta.replaces.is_some() {
                names.insert("replaces");
            }
            if !names.is_empty() {
                self.find(id, format!("{} what follows from its pool.", are_not(names)));
            }
        }
    }

    /// Checks the space of pools in their source pools, which follows from the CIDRs of the pools.
    fn check_spaces(&mut self) {
        let of: BTreeMap<&String, &PoolCidr> = self
            .records
            .pool_cidrs
            .values()
            .filter_map(|found| Some((found.source_allocation_id.as_ref()?, found)))
            .collect();
        for space in self.records.allocations.values().filter(|found| is_of_pool(found)) {
            let id = &space.meta.id;
            let recorded = self.recorded::<Allocation>(id);
            let mut names: BTreeSet<&str> = BTreeSet::new();
            let growth = recorded.as_ref().and_then(|(_, recorded)| recorded.growth.as_ref());
            let is_growth_told =
                space.growth.as_ref().is_none_or(|found| growth.is_some_and(|recorded| is_later(recorded, found)));
            if !is_growth_told {
                names.insert("growth");
            }
            if let Some((sequence, recorded)) = &recorded {
                let mut names: Vec<_> = names.into_iter().map(str::to_owned).collect();
                names.extend(fixed_differences(recorded, space, of.get(id).map(|found| &found.meta)));
                if recorded.description != space.description {
                    names.push("description".to_owned());
                }
                if recorded.tags != space.tags {
                    names.push("tags".to_owned());
                }
                if !names.is_empty() {
                    self.find(id, differs(&names, *sequence));
                }
                continue;
            }
            let Some((pool_cidr, pool)) =
                of.get(id).and_then(|found| Some((found, self.records.pools.get(&found.pool_id)?)))
            else {
                continue;
            };
            if space.meta.created_at <= self.since {
                continue;
            }
            let checks = [
                ("owner", space.meta.owner == pool_cidr.meta.owner),
                ("created_at", space.meta.created_at == pool_cidr.meta.created_at),
                ("name", space.meta.name == source_name(&pool.meta.name, &space.cidr)),
                ("size", space.size == Size::Cidr(space.cidr)),
                ("description", space.description.is_none()),
                ("tags", space.tags.is_empty()),
                ("disallowed_cidrs", space.disallowed_cidrs.is_empty()),
                ("imported", space.imported.is_none()),
            ];
            names.extend(checks.into_iter().filter(|(_, right)| !right).map(|(name, _)| name));
            if !names.is_empty() {
                self.find(id, format!("{} what follows from the CIDR of its pool.", are_not(names)));
            }
        }
    }

    /// Finds objects that exist according to the events and have no record. Lapsed holds are removed without an event.
    fn check_missing(&mut self) {
        let mut missing: Vec<_> = std::mem::take(&mut self.journal.last).into_iter().collect();
        missing.sort_by_key(|(_, last)| last.sequence);
        for (id, last) in missing {
            let Some(record) = &last.record else { continue };
            let what = match serde_json::from_str::<Brief>(record) {
                Ok(brief) if brief.state == State::Lapsed || brief.inline => continue,
                Ok(brief) if brief.resource_type == Some(ResourceType::IpamPool) => continue,
                Ok(_) => format!("Its last event, {}, records that it exists, but it does not exist.", last.sequence),
                Err(_) => format!("Its record in its last event, {}, cannot be read.", last.sequence),
            };
            self.find(&id, what);
        }
    }
}

/// Attributes that never change and in which two records differ. The owner must be that of `whole`, of which the record
/// is a part, once `whole` was transferred to another owner.
fn fixed_differences<R: Record>(recorded: &R, found: &R, whole: Option<&Meta>) -> Vec<String> {
    let (recorded, found) = (recorded.meta(), found.meta());
    let is_owner = recorded.owner == found.owner || whole.is_some_and(|whole| whole.owner == found.owner);
    let checks = [("owner", is_owner), ("created_at", recorded.created_at == found.created_at)];
    checks.into_iter().filter(|(_, right)| !right).map(|(name, _)| name.to_owned()).collect()
}

fn is_of_pool(allocation: &Allocation) -> bool {
    allocation.resource_type == ResourceType::IpamPool
}

/// Whether a planned growth is the recorded growth, possibly renewed.
fn is_later(recorded: &crate::ipam::Growth, found: &crate::ipam::Growth) -> bool {
    recorded.cidr == found.cidr && recorded.expires_at <= found.expires_at
}

/// Earlier versions renewed the hold of a pool CIDR without an event.
fn allow_renewed(recorded: &mut PoolCidr, found: &PoolCidr) {
    let (before, now) = (&mut recorded.meta, &found.meta);
    if before.state == State::Planned && now.state == State::Planned && now.updated_at > before.updated_at {
        before.updated_at = now.updated_at;
        before.hold_expires_at = now.hold_expires_at;
        before.replaces.clone_from(&now.replaces);
    }
}

/// Earlier versions renewed a planned growth without an event.
fn allow_renewed_growth(recorded: &mut Allocation, found: &Allocation) {
    if let (Some(before), Some(now)) = (&mut recorded.growth, &found.growth)
        && is_later(before, now)
    {
        before.expires_at = now.expires_at;
        before.run.clone_from(&now.run);
    }
}

fn differs(names: &[String], sequence: u64) -> String {
    format!("{} what its last event, {sequence}, records.", are_not(names.iter().map(String::as_str)))
}

/// The beginning of a sentence, such as "Its name and tags are not".
fn are_not<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [one] => format!("Its {one} is not"),
        [others @ .., last] => format!("Its {} and {last} are not", others.join(", ")),
        [] => String::new(),
    }
}
