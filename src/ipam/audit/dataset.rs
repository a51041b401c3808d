//! All records of a store together, the faults among them, and all entries that follow from them.
//!
//! The audit compares a store with these entries, and an import writes them. So an import produces exactly the store
//! that the audit expects.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::discovery::{self, Avoided, Stored};
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::counters::Counters;
use crate::ipam::storage::names::NameEntry;
use crate::ipam::storage::{discovery_keys, index, keys};
use crate::ipam::{
    Allocation, Cidr, Discovery, Event, Kind, Mark, Meta, Past, Pool, PoolCidr, Reader, Remnant, Result, ScannedTarget,
    Scope, ScopeType, SeenAddress, Sighted, Special, State, Treated,
};

/// Events read at a time.
const PAGE: usize = 1024;

/// One object, one sighting, or one entry of the history.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Scope(Scope),
    Pool(Pool),
    PoolCidr(PoolCidr),
    Allocation(Allocation),
    Discovery(Discovery),
    Treatment(Treated),
    Target(ScannedTarget),
    Sighted(Box<Sighted>),
    SeenAddress(Box<SeenAddress>),
    /// A resource that had a block and no longer has it.
    Past(Box<Past>),
    /// The mark after which the history begins.
    Mark(Box<Mark>),
    /// The data about an object that is kept from removed events.
    Remnant(Box<Remnant>),
    Event(Box<Event>),
}

/// Objects by their ids, including holds and lapsed holds; and sightings by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    pub(in crate::ipam) scopes: BTreeMap<String, Scope>,
    pub(in crate::ipam) pools: BTreeMap<String, Pool>,
    pub(in crate::ipam) pool_cidrs: BTreeMap<String, PoolCidr>,
    pub(in crate::ipam) allocations: BTreeMap<String, Allocation>,
    pub(in crate::ipam) discoveries: BTreeMap<String, Discovery>,
    pub(in crate::ipam) treatments: BTreeMap<String, Treated>,
    pub(in crate::ipam) targets: BTreeMap<String, ScannedTarget>,
    pub(in crate::ipam) sightings: BTreeMap<String, Sighted>,
    pub(in crate::ipam) addresses: BTreeMap<String, SeenAddress>,
    pub(in crate::ipam) past: BTreeMap<String, Past>,
}

/// Number of records of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub scopes: u64,
    pub pools: u64,
    pub pool_cidrs: u64,
    pub allocations: u64,
    pub discoveries: u64,
    pub treatments: u64,
    /// Scopes, pools, pool CIDRs and allocations that are only planned.
    pub holds: u64,
    /// Objects that follow from other objects or have lapsed: allocations that are the space of a pool below, and
    /// lapsed holds.
    pub unnamed: u64,
    /// Entries of discoveries: targets, blocks on resources, public addresses, blocks of the past.
    pub seen: u64,
}

impl Tally {
    /// Number of all records.
    pub fn sum(&self) -> u64 {
        self.objects() + self.seen
    }

    /// Number of all objects that have an id.
    pub fn objects(&self) -> u64 {
        let made = self.scopes + self.pools + self.pool_cidrs + self.allocations + self.discoveries + self.treatments;
        made + self.holds + self.unnamed
    }

    /// Counts a record in the way that `check` counts. `slot`: the field in which an active record counts.
    pub(in crate::ipam) fn add<R: Record>(&mut self, record: &R, slot: fn(&mut Self) -> &mut u64) {
        // Blocks of a pool's own declaration are counted together with those of `ipam_pool_cidr`.
        let counts = record.is_named() || R::KIND == Kind::PoolCidr;
        match record.meta().state {
            State::Active if counts => *slot(self) += 1,
            State::Planned if record.is_named() => self.holds += 1,
            State::Active | State::Planned | State::Lapsed => self.unnamed += 1,
        }
    }
}

/// The objects that may be entered under one name, each list in the order of precedence.
#[derive(Debug, Default)]
pub(in crate::ipam) struct Claims<'a> {
    /// Active objects that were not replaced: exactly one, or none.
    pub(in crate::ipam) active: Vec<&'a str>,
    /// Active objects whose name another active object took over.
    pub(in crate::ipam) succeeded: Vec<&'a str>,
    /// Holds: exactly one, or none.
    pub(in crate::ipam) planned: Vec<&'a str>,
    /// Lapsed holds, one of which may still have the name.
    pub(in crate::ipam) lapsed: Vec<&'a str>,
}

impl Claims<'_> {
    /// The index entry that these claims require.
    fn entry(&self) -> NameEntry {
        let first = |sure: &[&str], maybe: &[&str]| sure.first().or(maybe.first()).map(|id| (*id).to_owned());
        NameEntry { active: first(&self.active, &self.succeeded), planned: first(&self.planned, &self.lapsed) }
    }
}

impl Records {
    /// Adds one item; `false` when an object with this id is present already. Entries of the history are not kept.
    pub fn admit(&mut self, item: Item) -> bool {
        fn put<R: Record>(records: &mut BTreeMap<String, R>, record: R) -> bool {
            records.insert(record.meta().id.clone(), record).is_none()
        }
        fn keep<K: Stored>(kept: &mut BTreeMap<String, K>, one: K) -> bool {
            kept.insert(one.key(), one).is_none()
        }
        match item {
            Item::Scope(scope) => put(&mut self.scopes, scope),
            Item::Pool(pool) => put(&mut self.pools, pool),
            Item::PoolCidr(pool_cidr) => put(&mut self.pool_cidrs, pool_cidr),
            Item::Allocation(allocation) => put(&mut self.allocations, allocation),
            Item::Discovery(discovery) => put(&mut self.discoveries, discovery),
            Item::Treatment(treated) => put(&mut self.treatments, treated),
            Item::Target(target) => keep(&mut self.targets, target),
            Item::Sighted(sighted) => keep(&mut self.sightings, *sighted),
            Item::SeenAddress(address) => keep(&mut self.addresses, *address),
            Item::Past(past) => keep(&mut self.past, *past),
            Item::Mark(_) | Item::Remnant(_) | Item::Event(_) => true,
        }
    }

    /// Removes the attributes of pools and scopes that only AWS has, because a self-managed store does not support
    /// them.
    pub fn as_own(&mut self) {
        for pool in self.pools.values_mut() {
            let auto_import = pool.special.auto_import && pool.locale.is_some();
            pool.special = Special { auto_import, ..Special::default() };
        }
        self.scopes.values_mut().for_each(|scope| scope.ipam_id = None);
    }

    /// Number of records by kind.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            discoveries: self.discoveries.len() as u64,
            treatments: self.treatments.len() as u64,
            seen: (self.targets.len() + self.sightings.len() + self.addresses.len() + self.past.len()) as u64,
            ..Tally::default()
        };
        self.scopes.values().for_each(|scope| tally.add(scope, |tally| &mut tally.scopes));
        self.pools.values().for_each(|pool| tally.add(pool, |tally| &mut tally.pools));
        self.pool_cidrs.values().for_each(|pool_cidr| tally.add(pool_cidr, |tally| &mut tally.pool_cidrs));
        self.allocations.values().for_each(|allocation| tally.add(allocation, |tally| &mut tally.allocations));
        tally
    }

    /// The default scope of this type.
    pub(in crate::ipam) fn default_scope(&self, scope_type: ScopeType) -> Option<&Scope> {
        self.scopes.values().find(|scope| scope.is_default && scope.scope_type == scope_type)
    }

    pub(super) fn name_of(&self, id: &str) -> &str {
        let scope = self.scopes.get(id).map(Record::meta);
        let pool = self.pools.get(id).map(Record::meta);
        let pool_cidr = self.pool_cidrs.get(id).map(Record::meta);
        let allocation = self.allocations.get(id).map(Record::meta);
        scope.or(pool).or(pool_cidr).or(allocation).map_or("", |meta| &meta.name)
    }

    /// Every free block of every pool.
    fn each_free(&self, found: &mut dyn FnMut(&str, Cidr) -> Result<()>) -> Result<()> {
        let taken = self.taken();
        for (pool_id, blocks) in self.provisioned() {
            let taken = taken.get(pool_id).map(Vec::as_slice).unwrap_or_default();
            for (block, _) in blocks {
                rest(&block, taken, &mut |block| found(pool_id, block))?;
            }
        }
        Ok(())
    }

    /// The blocks of the allocations by pool, sorted, with their ids.
    pub(in crate::ipam) fn taken(&self) -> BTreeMap<&str, Vec<(Cidr, &str)>> {
        let mut taken: BTreeMap<&str, Vec<(Cidr, &str)>> = BTreeMap::new();
        for allocation in self.allocations.values() {
            if let Some(reserved) = allocation.reserved() {
                taken.entry(&allocation.pool_id).or_default().push((reserved, &allocation.meta.id));
            }
        }
        taken.values_mut().for_each(|blocks| blocks.sort_unstable());
        taken
    }

    /// The blocks that each pool can allocate from, sorted, with the ids of the pool CIDRs.
    pub(in crate::ipam) fn provisioned(&self) -> BTreeMap<&str, Vec<(Cidr, &str)>> {
        let mut provisioned: BTreeMap<&str, Vec<(Cidr, &str)>> = BTreeMap::new();
        for pool_cidr in self.pool_cidrs.values().filter(|found| found.is_provisioned()) {
            provisioned.entry(&pool_cidr.pool_id).or_default().push((pool_cidr.cidr, &pool_cidr.meta.id));
        }
        provisioned.values_mut().for_each(|blocks| blocks.sort_unstable());
        provisioned
    }

    /// The sums of every pool that has any, by key.
    pub(in crate::ipam) fn sums(&self) -> BTreeMap<String, Counters> {
        let mut sums: BTreeMap<String, Counters> = BTreeMap::new();
        for pool_cidr in self.pool_cidrs.values().filter(|found| found.is_provisioned()) {
            sums.entry(keys::count(&pool_cidr.pool_id)).or_default().provisioned += pool_cidr.cidr.address_count();
        }
        for allocation in self.allocations.values() {
            sums.entry(keys::count(&allocation.pool_id)).or_default().add(&Counters::of(allocation));
        }
        sums.retain(|_, sum| *sum != Counters::default());
        sums
    }

    /// The objects that may be entered under each name, by the keys of the name index.
    pub(in crate::ipam) fn claims(&self) -> BTreeMap<String, Claims<'_>> {
        let mut claims = BTreeMap::new();
        claim(&self.scopes, &mut claims);
        claim(&self.pools, &mut claims);
        claim(&self.pool_cidrs, &mut claims);
        claim(&self.allocations, &mut claims);
        claims
    }

    /// The records themselves, the index entries that follow from each record alone, and the free blocks.
    pub(in crate::ipam) fn each_record_entry(
        &self,
        found: &mut dyn FnMut(String, Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let mut all = |entries: index::Entries| entries.into_iter().try_for_each(|(key, value)| found(key, value));
        self.scopes.values().try_for_each(|scope| all(index::entries_of_scope(scope)?))?;
        self.pools.values().try_for_each(|pool| all(index::entries_of_pool(pool)?))?;
        for pool_cidr in self.pool_cidrs.values() {
            if let Some(pool) = self.pools.get(&pool_cidr.pool_id) {
                all(index::entries_of_pool_cidr(pool_cidr, pool)?)?;
            }
        }
        self.allocations.values().try_for_each(|allocation| all(index::entries_of_allocation(allocation)?))?;
        self.discoveries.values().try_for_each(|discovery| all(index::record_entry(discovery)?))?;
        self.treatments.values().try_for_each(|treated| all(index::record_entry(treated)?))?;
        self.each_seen_entry(&mut all)?;
        self.each_free(&mut |pool_id, block| found(keys::free(pool_id, &block), Vec::new()))
    }

    /// The entries that follow from sightings.
    fn each_seen_entry(&self, all: &mut dyn FnMut(index::Entries) -> Result<()>) -> Result<()> {
        self.targets.values().try_for_each(|target| all(discovery::entries_of_target(target)?))?;
        for sighted in self.sightings.values() {
            all(discovery::entries_of_sighted(sighted, self.is_avoided(sighted))?)?;
        }
        self.addresses.values().try_for_each(|address| all(discovery::entries_of_address(address)?))?;
        self.past.values().try_for_each(|past| all(discovery::entries_of_past(past)?))?;
        for (scope_id, blocks) in self.avoided() {
            for cidr in discovery::outermost(blocks) {
                all(vec![(discovery_keys::avoided(scope_id, &cidr), codec::encode(&Avoided { cidr })?)])?;
            }
        }
        Ok(())
    }

    /// The blocks that allocations avoid, by scope.
    fn avoided(&self) -> BTreeMap<&str, Vec<Cidr>> {
        let mut avoided: BTreeMap<&str, Vec<Cidr>> = BTreeMap::new();
        for sighted in self.sightings.values() {
            if let Some(cidr) = sighted.keeps_off(self.is_avoided(sighted)) {
                avoided.entry(&sighted.scope_id).or_default().push(cidr);
            }
        }
        avoided
    }

    fn is_avoided(&self, sighted: &Sighted) -> bool {
        self.discoveries.get(&sighted.discovery_id).is_some_and(|discovery| discovery.survey.avoided)
    }

    /// Every entry of a store with these records, except the history and the entries under `meta/`.
    pub(in crate::ipam) fn each_entry(&self, found: &mut dyn FnMut(String, Vec<u8>) -> Result<()>) -> Result<()> {
        self.each_record_entry(found)?;
        for (key, sums) in self.sums() {
            found(key, codec::encode(&sums)?)?;
        }
        for (key, claims) in self.claims() {
            found(key, codec::encode(&claims.entry())?)?;
        }
        for scope_type in [ScopeType::Private, ScopeType::Public] {
            if let Some(scope) = self.default_scope(scope_type) {
                found(keys::default_scope(scope_type).to_owned(), scope.meta.id.clone().into_bytes())?;
            }
        }
        Ok(())
    }

    /// Approximate number of these entries, for the progress of an import.
    pub fn entries_about(&self) -> u64 {
        // On average, a record has three index entries and less than one free block.
        self.tally().sum() * 4
    }
}

fn claim<'a, R: Record>(records: &'a BTreeMap<String, R>, claims: &mut BTreeMap<String, Claims<'a>>) {
    let mut named: BTreeMap<String, Vec<&'a Meta>> = BTreeMap::new();
    for record in records.values().filter(|record| record.is_named()) {
        named.entry(keys::name(R::KIND, record.parent(), &record.meta().name)).or_default().push(record.meta());
    }
    for (key, mut metas) in named {
        // Newest first: of several objects that may have a name, the one that took it last comes first.
        metas.sort_by(|a, b| (b.updated_at, &b.id).cmp(&(a.updated_at, &a.id)));
        let active = || metas.iter().filter(|meta| meta.state == State::Active);
        let succeeded: BTreeSet<&String> =
            active().flat_map(|meta| meta.replaces.iter().chain(&meta.replaces_also)).collect();
        let place = claims.entry(key).or_default();
        for meta in &metas {
            match meta.state {
                State::Active if succeeded.contains(&meta.id) => place.succeeded.push(&meta.id),
                State::Active => place.active.push(&meta.id),
                State::Planned => place.planned.push(&meta.id),
                State::Lapsed => place.lapsed.push(&meta.id),
            }
        }
    }
}

/// Passes the largest aligned blocks of `block` that share no address with `taken` (sorted, disjoint) to `found`.
fn rest(block: &Cidr, taken: &[(Cidr, &str)], found: &mut dyn FnMut(Cidr) -> Result<()>) -> Result<()> {
    let start = taken.partition_point(|(cidr, _)| cidr.last() < block.first());
    let end = taken.partition_point(|(cidr, _)| cidr.first() <= block.last());
    let inside = taken.get(start..end).unwrap_or_default();
    if inside.is_empty() {
        found(*block)?;
    } else if !inside.iter().any(|(cidr, _)| cidr.contains(block))
        && let Some((lower, upper)) = block.halves()
    {
        rest(&lower, inside, found)?;
        rest(&upper, inside, found)?;
    }
    Ok(())
}

impl Reader<'_> {
    /// Passes everything to `sink` in order: scopes, pools, pool CIDRs, allocations, discoveries and treatments, each
    /// by id; sightings; the mark and the remnants; then the events. Reads a page at a time. `sink` returns whether to
    /// continue.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`], which names a record that cannot be read.
    pub fn everything(&mut self, sink: &mut dyn FnMut(Item) -> bool) -> Result<()> {
        let go_on = self.each_record(&mut |scope| sink(Item::Scope(scope)))?
            && self.each_record(&mut |pool| sink(Item::Pool(pool)))?
            && self.each_record(&mut |pool_cidr| sink(Item::PoolCidr(pool_cidr)))?
            && self.each_record(&mut |allocation| sink(Item::Allocation(allocation)))?
            && self.each_record(&mut |discovery| sink(Item::Discovery(discovery)))?
            && self.each_record(&mut |treated| sink(Item::Treatment(treated)))?
            && self.each_kept(&mut |target| sink(Item::Target(target)))?
            && self.each_kept(&mut |sighted| sink(Item::Sighted(Box::new(sighted))))?
            && self.each_kept(&mut |address| sink(Item::SeenAddress(Box::new(address))))?
            && self.each_kept(&mut |past| sink(Item::Past(Box::new(past))))?
            && self.mark()?.is_none_or(|mark| sink(Item::Mark(Box::new(mark))))
            && self.each_remnant(&mut |remnant| sink(Item::Remnant(Box::new(remnant))))?;
        if !go_on {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let page = self.events(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.sequence;
            if !page.into_iter().all(|event| sink(Item::Event(Box::new(event)))) {
                return Ok(());
            }
        }
    }

    /// All records of the store.
    pub fn records(&mut self) -> Result<Records> {
        let mut records = Records::default();
        self.everything(&mut |item| match item {
            Item::Mark(_) | Item::Remnant(_) | Item::Event(_) => false,
            item => {
                records.admit(item);
                true
            }
        })?;
        Ok(records)
    }

    /// Passes all records of one kind to `sink` in order of their ids, as long as `sink` returns `true`. Returns
    /// whether it did until the end.
    pub(in crate::ipam) fn each_record<R: Record>(&mut self, sink: &mut dyn FnMut(R) -> bool) -> Result<bool> {
        let prefix = format!("{}/", keys::kind_word(R::KIND));
        codec::each_under(self.snapshot, &prefix, &mut |key, bytes| Ok(sink(codec::decode(key, bytes)?)))
    }
}

impl Item {
    /// The id of the object; empty for a sighting or an entry of the history.
    pub fn id(&self) -> &str {
        match self {
            Self::Scope(scope) => &scope.meta.id,
            Self::Pool(pool) => &pool.meta.id,
            Self::PoolCidr(pool_cidr) => &pool_cidr.meta.id,
            Self::Allocation(allocation) => &allocation.meta.id,
            Self::Discovery(discovery) => &discovery.meta.id,
            Self::Treatment(treated) => &treated.meta.id,
            Self::Target(_) | Self::Sighted(_) | Self::SeenAddress(_) | Self::Past(_) => "",
            Self::Mark(_) | Self::Remnant(_) | Self::Event(_) => "",
        }
    }
}
