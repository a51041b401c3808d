//! Imports records into a store with their ids, states and times: all records of an empty store, or additional records
//! of a store in use.
//!
//! The import writes the entries of [`Records`], which are the entries that the audit expects. An import into an empty
//! store may take many transactions. The first transaction puts a marker where every other program reads the format of
//! the store, so that no program uses an incomplete store; the last transaction removes the marker.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ipam::history::log::{self, Head};
use crate::ipam::model::event::Action;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::{format, keys};
use crate::ipam::{
    Chain, Error, Event, Finding, Format, Item, Ledger, Past, Reader, Records, Result, ScannedTarget, ScopeType,
    SeenAddress, Sighted, Tally, discovery,
};
use crate::store::{Entry, Order, Tx};

/// Upper limit of the entries in a store that counts as empty: the default scopes with their events.
const VACANT_ENTRIES_MAX: usize = 64;
/// Number of entries that one transaction deletes.
const WIPE_LIMIT: usize = 5000;

/// Whether a complete import into a store is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vacancy {
    /// The store has only default scopes that were never changed.
    Vacant,
    /// An import with this name is not complete.
    Importing(String),
    /// The store has contents, or a history, of its own.
    InUse,
}

impl Reader<'_> {
    /// Checks that the store is not in the middle of an import.
    ///
    /// Returns whether no import can begin any more during the life of the store: a store with a history of its own is
    /// never empty again. Reads the entries under `meta/` once.
    ///
    /// # Errors
    /// Returns [`Error::Importing`].
    pub fn require_whole(&mut self) -> Result<bool> {
        let (start, end) = keys::under(keys::META);
        let mut settled = false;
        for (key, bytes) in self.snapshot.scan(&start..&end, Order::Ascending, VACANT_ENTRIES_MAX)? {
            match key.as_str() {
                keys::FORMAT if bytes.starts_with(format::IMPORTING.as_bytes()) => return Err(Error::Importing),
                // A damaged head is reported by the operations that need it.
                keys::EVENT_HEAD => {
                    settled = codec::decode::<Head>(&key, &bytes).is_ok_and(|head| head.sequence > DEFAULT_SCOPES);
                }
                _ => {}
            }
        }
        Ok(settled)
    }

    /// Whether a complete import may begin.
    pub fn vacancy(&mut self) -> Result<Vacancy> {
        if let Format::Importing(name) = self.format()? {
            return Ok(Vacancy::Importing(name));
        }
        let entries = self.snapshot.scan(""..keys::END, Order::Ascending, VACANT_ENTRIES_MAX)?;
        // A new store has one event for each default scope, and no other record.
        let is_ours = |key: &str| {
            [keys::DEFAULT_SCOPES, keys::SCOPE_NAMES, keys::SCOPES, keys::META]
                .iter()
                .any(|start| key.starts_with(start))
                || key.starts_with(keys::EVENTS) && key <= keys::event(DEFAULT_SCOPES).as_str()
        };
        let scopes = entries.iter().filter(|(key, _)| key.starts_with(keys::SCOPES)).count() as u64;
        let vacant = entries.iter().all(|(key, _)| is_ours(key)) && scopes <= DEFAULT_SCOPES;
        Ok(if vacant { Vacancy::Vacant } else { Vacancy::InUse })
    }

    /// Whether the store is complete and has this history.
    pub fn is_whole_with(&mut self, history: &Chain) -> Result<bool> {
        Ok(matches!(self.format()?, Format::Version(_)) && log::head(self.snapshot)? == *history.head())
    }

    /// The last event of the store.
    pub fn last_event(&mut self) -> Result<Option<Event>> {
        let head = log::head(self.snapshot)?;
        codec::read(self.snapshot, &keys::event(head.sequence))
    }
}

/// Number of scopes that every store has.
const DEFAULT_SCOPES: u64 = 2;

/// Complete import into an empty store.
impl Ledger<'_> {
    /// Marks the store as the target of the import `name`, and begins to empty it.
    ///
    /// # Errors
    /// Returns [`Error::NotVacant`] when the store has contents that do not come from another import.
    pub fn begin_import(&mut self, name: &str) -> Result<()> {
        match self.reader().vacancy()? {
            Vacancy::InUse => return Err(Error::NotVacant),
            // The remains of an interrupted import are wiped in steps.
            Vacancy::Importing(_) => {}
            Vacancy::Vacant => {
                for (key, _) in self.tx.scan(""..keys::END, Order::Ascending, VACANT_ENTRIES_MAX)? {
                    self.tx.delete(&key)?;
                }
            }
        }
        Ok(self.tx.put(keys::FORMAT, format!("{}{name}", format::IMPORTING).into_bytes())?)
    }

    /// Removes a part of the remains of an interrupted import; `true` when there may be more. Returns
    /// [`Error::Importing`] when another import has begun meanwhile.
    pub fn wipe(&mut self, name: &str) -> Result<bool> {
        self.require_import(name)?;
        let entries = self.tx.scan(""..keys::END, Order::Ascending, WIPE_LIMIT)?;
        for (key, _) in entries.iter().filter(|(key, _)| key != keys::FORMAT) {
            self.tx.delete(key)?;
        }
        Ok(entries.len() == WIPE_LIMIT)
    }

    /// Writes a part of the entries.
    ///
    /// # Errors
    /// Returns [`Error::Importing`] when another import has begun meanwhile.
    pub fn write_part(&mut self, name: &str, entries: &[Entry]) -> Result<()> {
        self.require_import(name)?;
        entries.iter().try_for_each(|(key, value)| Ok(self.tx.put(key, value.clone())?))
    }

    /// Completes the import. After this the store is in normal use.
    ///
    /// # Errors
    /// Returns [`Error::Importing`] when another import has begun meanwhile.
    pub fn end_import(&mut self, name: &str, history: &Chain) -> Result<()> {
        self.require_import(name)?;
        if let Some(mark) = history.mark() {
            self.tx.put(keys::MARK, codec::encode(mark)?)?;
        }
        if history.sequence() > 0 {
            self.tx.put(keys::EVENT_HEAD, codec::encode(history.head())?)?;
        }
        Ok(self.tx.put(keys::FORMAT, codec::VERSION.to_string().into_bytes())?)
    }

    fn require_import(&mut self, name: &str) -> Result<()> {
        match self.reader().format()? {
            Format::Importing(found) if found == name => Ok(()),
            _ => Err(Error::Importing),
        }
    }
}

impl Records {
    /// Passes every entry of a store with these records to `found`, except the history and the entries under `meta/`.
    ///
    /// # Errors
    /// Returns the errors of `found`.
    pub fn entries(&self, found: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
        self.each_entry(&mut |key, value| found((key, value)))
    }

    /// Faults that keep these records from being a complete store: faults among the records, and a wrong number of
    /// default scopes.
    pub fn faults_as_whole(&self) -> Vec<Finding> {
        let mut faults = Vec::new();
        for scope_type in [ScopeType::Private, ScopeType::Public] {
            let found = self.scopes.values().filter(|scope| scope.is_default && scope.scope_type == scope_type).count();
            if found != 1 {
                let what = format!("There must be one default scope that is {scope_type}, and there are {found}.");
                faults.push(Finding { place: "scopes".to_owned(), what });
            }
        }
        faults.extend(self.faults());
        faults
    }
}

/// The store entry of one event.
///
/// # Errors
/// Returns [`Error::Store`] when the event cannot be written as JSON.
pub fn event_entry(event: &Event) -> Result<Entry> {
    Ok((keys::event(event.sequence), codec::encode(event)?))
}

/// The effect of additional records on a store in use.
#[derive(Debug, Default)]
pub struct Merge {
    /// New objects, in the order in which they are written.
    added: Records,
    /// Entries that change: the new value, or `None` for a deletion.
    changes: BTreeMap<String, Option<Vec<u8>>>,
    /// Last event of the store at the time of the comparison.
    head: Head,
    /// Number of scans at that time.
    scans: u64,
    /// Reasons why the merge cannot be carried out.
    pub conflicts: Vec<Finding>,
    /// Differences between the file and the result.
    pub notes: Vec<Finding>,
    /// Number of new objects.
    pub new: Tally,
    /// Number of objects that the store already has.
    pub present: Tally,
}

impl Merge {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.new.sum() == 0
    }
}

impl Reader<'_> {
    /// Computes the effect of adding `more`. Reads all records.
    ///
    /// # Errors
    /// Returns [`Error::Store`].
    pub fn merge(&mut self, more: &Records) -> Result<Merge> {
        let head = log::head(self.snapshot)?;
        let present = self.records()?;
        let scans = discovery::seen_head(self.snapshot)?;
        let mut merge = Merge { head, scans, ..Merge::default() };
        let more = merge.join_default_scopes(&present, more);
        merge.sort(&present.scopes, more.scopes, Item::Scope);
        merge.sort(&present.pools, more.pools, Item::Pool);
        merge.sort(&present.pool_cidrs, more.pool_cidrs, Item::PoolCidr);
        merge.sort(&present.allocations, more.allocations, Item::Allocation);
        merge.sort(&present.treatments, more.treatments, Item::Treatment);
        merge.sort_seen(&present, more.targets, more.sightings, more.addresses, more.past);
        merge.sort(&present.discoveries, more.discoveries, Item::Discovery);
        merge.new = merge.added.tally();
        let mut united = present.clone();
        merge.added.each(&mut |item| {
            united.admit(item);
        });
        united.settle_sightings();
        let faults = united.faults();
        if !faults.is_empty() {
            let old = present.faults();
            merge.conflicts.extend(faults.into_iter().filter(|fault| !old.contains(fault)));
        }
        if merge.conflicts.is_empty() {
            merge.changes = changes(&present, &united)?;
        }
        Ok(merge)
    }
}

impl Merge {
    /// `more`, with the contents of its default scopes moved to those of the store, because a store has one default
    /// scope of each type.
    fn join_default_scopes(&mut self, present: &Records, more: &Records) -> Records {
        let mut more = more.clone();
        for scope_type in [ScopeType::Private, ScopeType::Public] {
            let (Some(theirs), Some(ours)) =
                (more.default_scope(scope_type).cloned(), present.default_scope(scope_type))
            else {
                continue;
            };
            if theirs.meta.id == ours.meta.id {
                continue;
            }
            more.scopes.remove(&theirs.meta.id);
            more.seen_in_scope(&theirs.meta.id, &ours.meta.id);
            let inside = more.pools.values_mut().filter(|pool| pool.scope_id == theirs.meta.id);
            let moved = inside.map(|pool| pool.scope_id.clone_from(&ours.meta.id)).count();
            if moved > 0 {
                let what = format!(
                    "It is a default scope. Its pools ({moved}) move to the default scope of the store, {}.",
                    ours.meta.id
                );
                self.notes.push(Finding { place: theirs.meta.id.clone(), what });
            }
        }
        more
    }

    /// Adds sightings of new discoveries only. For a known discovery, the store has newer data than the file.
    fn sort_seen(
        &mut self,
        present: &Records,
        targets: BTreeMap<String, ScannedTarget>,
        sightings: BTreeMap<String, Sighted>,
        addresses: BTreeMap<String, SeenAddress>,
        past: BTreeMap<String, Past>,
    ) {
        let known = |id: &String| present.discoveries.contains_key(id);
        let targets = targets.into_values().filter(|target| !known(&target.discovery_id)).map(Item::Target);
        let sightings = sightings.into_values().filter(|sighted| !known(&sighted.discovery_id));
        let addresses = addresses.into_values().filter(|address| !known(&address.discovery_id));
        let past = past.into_iter().filter(|(key, _)| !present.past.contains_key(key));
        let seen = targets
            .chain(sightings.map(|sighted| Item::Sighted(Box::new(sighted))))
            .chain(addresses.map(|address| Item::SeenAddress(Box::new(address))))
            .chain(past.map(|(_, past)| Item::Past(Box::new(past))));
        for item in seen {
            self.added.admit(item);
        }
    }

    /// Separates new objects from those that the store already has.
    fn sort<R: Record>(&mut self, present: &BTreeMap<String, R>, more: BTreeMap<String, R>, item: fn(R) -> Item) {
        for (id, mut record) in more {
            let Some(found) = present.get(&id) else {
                self.added.admit(item(record));
                continue;
            };
            // The store that Terraform works with decides whether an object is in a state, and what plans note about
            // it.
            record.meta_mut().confirmed = found.meta().confirmed;
            record.meta_mut().arguments_kept_until = found.meta().arguments_kept_until;
            record.meta_mut().given_up_until = found.meta().given_up_until;
            match differences(found, &record) {
                names if names.is_empty() => self.present.count(&item(record)),
                names => {
                    let what = format!("It is already in the store, with another {}.", names.join(", "));
                    self.conflicts.push(Finding { place: id, what });
                }
            }
        }
    }
}

/// Names of the attributes in which two records differ.
pub(in crate::ipam) fn differences<R: Record>(a: &R, b: &R) -> Vec<String> {
    let fields = |record: &R| match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (a, b) = (fields(a), fields(b));
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}

/// The changes of entries that turn the entries of one set of records into those of the other.
fn changes(from: &Records, to: &Records) -> Result<BTreeMap<String, Option<Vec<u8>>>> {
    let mut old: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    from.each_entry(&mut |key, value| {
        old.insert(key, value);
        Ok(())
    })?;
    let mut changes = BTreeMap::new();
    to.each_entry(&mut |key, value| {
        if old.remove(&key).as_ref() != Some(&value) {
            changes.insert(key, Some(value));
        }
        Ok(())
    })?;
    changes.extend(old.into_keys().map(|key| (key, None)));
    Ok(changes)
}

impl Records {
    /// Moves all sightings of one scope to another.
    fn seen_in_scope(&mut self, theirs: &str, ours: &str) {
        let sighted = self.sightings.values_mut().map(|sighted| &mut sighted.scope_id);
        let found = self.treatments.values_mut().map(|treated| &mut treated.found_in);
        sighted.chain(found).filter(|scope_id| *scope_id == theirs).for_each(|scope_id| ours.clone_into(scope_id));
        // The scope is part of the key.
        for (_, mut past) in std::mem::take(&mut self.past) {
            if past.scope_id == theirs {
                ours.clone_into(&mut past.scope_id);
            }
            self.admit(Item::Past(Box::new(past)));
        }
    }

    /// Passes all records to `sink`, parents before their contents.
    pub fn each(&self, sink: &mut dyn FnMut(Item)) {
        self.scopes.values().for_each(|scope| sink(Item::Scope(scope.clone())));
        self.pools.values().for_each(|pool| sink(Item::Pool(pool.clone())));
        self.pool_cidrs.values().for_each(|pool_cidr| sink(Item::PoolCidr(pool_cidr.clone())));
        self.allocations.values().for_each(|allocation| sink(Item::Allocation(allocation.clone())));
        self.discoveries.values().for_each(|discovery| sink(Item::Discovery(discovery.clone())));
        self.treatments.values().for_each(|treated| sink(Item::Treatment(treated.clone())));
        self.targets.values().for_each(|target| sink(Item::Target(target.clone())));
        self.sightings.values().for_each(|sighted| sink(Item::Sighted(Box::new(sighted.clone()))));
        self.addresses.values().for_each(|address| sink(Item::SeenAddress(Box::new(address.clone()))));
        self.past.values().for_each(|past| sink(Item::Past(Box::new(past.clone()))));
    }
}

impl Tally {
    /// Counts one item. Entries of the history are not objects and do not count.
    pub fn count(&mut self, item: &Item) {
        match item {
            Item::Scope(scope) => self.add(scope, |tally| &mut tally.scopes),
            Item::Pool(pool) => self.add(pool, |tally| &mut tally.pools),
            Item::PoolCidr(pool_cidr) => self.add(pool_cidr, |tally| &mut tally.pool_cidrs),
            Item::Allocation(allocation) => self.add(allocation, |tally| &mut tally.allocations),
            Item::Discovery(_) => self.discoveries += 1,
            Item::Treatment(_) => self.treatments += 1,
            Item::Target(_) | Item::Sighted(_) | Item::SeenAddress(_) | Item::Past(_) => self.seen += 1,
            Item::Mark(_) | Item::Remnant(_) | Item::Event(_) => {}
        }
    }
}

impl Ledger<'_> {
    /// Carries out a merge: writes all entries, and one event for each new object. Returns `false` when the store was
    /// written since the merge was computed; the caller must compute it again.
    ///
    /// # Errors
    /// Returns [`Error::Store`].
    pub fn carry_out(&mut self, merge: &Merge) -> Result<bool> {
        // Every change of a record except `confirmed` writes an event, and every scan is counted. The merge does not
        // depend on `confirmed`.
        if log::head(self.tx)? != merge.head || discovery::seen_head(self.tx)? != merge.scans {
            return Ok(false);
        }
        for (key, change) in &merge.changes {
            match change {
                Some(value) => self.tx.put(key, value.clone())?,
                None => self.tx.delete(key)?,
            }
        }
        let Records { scopes, pools, pool_cidrs, allocations, discoveries, treatments, .. } = &merge.added;
        self.append_imports(scopes)?;
        self.append_imports(pools)?;
        self.append_imports(pool_cidrs)?;
        self.append_imports(allocations)?;
        self.append_imports(discoveries)?;
        self.append_imports(treatments)?;
        Ok(true)
    }

    fn append_imports<R: Record>(&mut self, records: &BTreeMap<String, R>) -> Result<()> {
        let mut imported = records.values();
        imported
            .try_for_each(|record| log::append(self.tx as &mut dyn Tx, &self.env, Action::Import, None, Some(record)))
    }
}
