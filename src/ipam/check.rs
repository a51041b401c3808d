//! The audit: reads everything and says, in sentences, what is not as it must be.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{self, Entries};
use super::codec::{self, Record};
use super::counters::Counters;
use super::names::NameEntry;
use super::{
    Allocation, Audit, Cidr, Error, Event, Finding, Pool, PoolCidr, Reader, ResourceType, Result, Scope, State, events,
    keys,
};
use crate::store::{self, Order};

/// Entries read at a time.
const PAGE: usize = 1024;
/// First parts of keys that follow from records, exactly.
const DERIVED: [&str; 9] = ["at", "provisioned", "top", "child", "pool-named", "expiry", "lapsed", "deferred", "free"];

/// Everything in the store but events.
#[derive(Default)]
struct Audited {
    findings: Vec<Finding>,
    entries: BTreeMap<String, Vec<u8>>,
    scopes: BTreeMap<String, Scope>,
    pools: BTreeMap<String, Pool>,
    pool_cidrs: BTreeMap<String, PoolCidr>,
    allocations: BTreeMap<String, Allocation>,
    events: u64,
}

impl Reader<'_> {
    /// Verifies everything: free + held + used = provisioned and disjoint, indexes both ways, the event chain.
    ///
    /// # Errors
    /// Only when the store cannot be read, or a later version wrote it. Damage is a finding.
    pub fn check(&mut self) -> Result<Audit> {
        let mut audited = Audited::default();
        self.read_entries(&mut audited)?;
        self.read_events(&mut audited)?;
        audited.check_pools();
        audited.check_pool_cidrs();
        audited.check_allocations();
        audited.check_defaults();
        let free = audited.check_space();
        audited.check_derived(free);
        audited.check_counters();
        audited.check_names();
        Ok(audited.finish())
    }

    fn read_entries(&mut self, audited: &mut Audited) -> Result<()> {
        for (start, end) in [("", "event/"), ("event/~", "\u{7f}")] {
            let mut start = start.to_owned();
            loop {
                let page = self.snapshot.scan(&start..end, Order::Ascending, PAGE)?;
                let full = page.len() == PAGE;
                for (key, bytes) in page {
                    start = keys::under(&key).1;
                    audited.admit(key, bytes)?;
                }
                if !full {
                    break;
                }
            }
        }
        Ok(())
    }

    fn read_events(&mut self, audited: &mut Audited) -> Result<()> {
        let head = match events::head(self.snapshot) {
            Ok(head) => head,
            Err(error) => return audited.damage(keys::EVENT_HEAD, error),
        };
        let (mut start, end) = keys::under("event/");
        let (mut sequence, mut previous) = (0, String::new());
        loop {
            let page = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, bytes) in &page {
                start = keys::under(key).1;
                let event: Event = match codec::decode(key, bytes) {
                    Ok(event) => event,
                    Err(error) => {
                        audited.damage(key, error)?;
                        continue;
                    }
                };
                sequence += 1;
                audited.check_event(key, &event, sequence, &previous)?;
                sequence = event.sequence;
                previous = event.hash;
                audited.events += 1;
            }
            if page.len() < PAGE {
                break;
            }
        }
        if head.sequence != sequence || head.hash != previous {
            audited.find("event log", format!("It should end with event {}, but ends with {sequence}.", head.sequence));
        }
        Ok(())
    }
}

impl Audited {
    fn find(&mut self, place: &str, what: impl Into<String>) {
        self.findings.push(Finding { place: place.to_owned(), what: what.into() });
    }

    fn damage(&mut self, key: &str, error: Error) -> Result<()> {
        match error {
            Error::Store(store::Error::Corrupt(why)) => {
                self.find(key, format!("The value cannot be read: {why}."));
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Sorts one entry in.
    fn admit(&mut self, key: String, bytes: Vec<u8>) -> Result<()> {
        let admitted = match key.split('/').next().unwrap_or_default() {
            "scope" => admit_record(&mut self.scopes, &key, &bytes),
            "pool" => admit_record(&mut self.pools, &key, &bytes),
            "pool-cidr" => admit_record(&mut self.pool_cidrs, &key, &bytes),
            "allocation" => admit_record(&mut self.allocations, &key, &bytes),
            "name" | "count" | "meta" | "default" => Ok(()),
            other if DERIVED.contains(&other) => Ok(()),
            _ => {
                self.find(&key, "No such key belongs in a store.");
                return Ok(());
            }
        };
        match admitted {
            Ok(()) => {
                self.entries.insert(key, bytes);
                Ok(())
            }
            Err(error) => self.damage(&key, error),
        }
    }

    fn check_event(&mut self, key: &str, event: &Event, sequence: u64, previous: &str) -> Result<()> {
        if event.sequence != sequence || *key != keys::event(event.sequence) {
            self.find(key, format!("Event {sequence} is missing or out of order."));
        }
        if event.previous_hash != previous {
            self.find(key, "The hash of the previous event is not the one that this event was written after.");
        }
        if events::hash(event)? != event.hash {
            self.find(key, "The event was changed after it was written: its hash does not fit.");
        }
        Ok(())
    }

    fn check_pools(&mut self) {
        for pool in self.pools.values() {
            let mut faults: Vec<String> = Vec::new();
            match self.scopes.get(&pool.scope_id) {
                None => faults.push(format!("Its scope {} does not exist.", pool.scope_id)),
                Some(scope) if !stands_in(&pool.meta, &scope.meta) => {
                    faults.push("It is in a scope that is only planned or lapsed.".into());
                }
                Some(_) => {}
            }
            match pool.source_pool_id.as_ref().map(|id| (id, self.pools.get(id))) {
                None if pool.depth != 1 => faults.push(format!("A top-level pool has depth 1, not {}.", pool.depth)),
                None => {}
                Some((id, None)) => faults.push(format!("Its source pool {id} does not exist.")),
                Some((_, Some(source))) => faults.extend(source_faults(pool, source)),
            }
            let inline = self.pool_cidrs.values().filter(|found| found.pool_id == pool.meta.id && found.inline);
            let blocks: BTreeSet<Cidr> =
                inline.filter(|found| found.meta.state == pool.meta.state).map(|found| found.cidr).collect();
            if pool.meta.is_live() && blocks != pool.cidrs {
                faults.push(format!("Its declared blocks are {:?}, but its CIDRs are {blocks:?}.", pool.cidrs));
            }
            if !pool.meta.is_live() && self.entries.contains_key(&keys::count(&pool.meta.id)) {
                faults.push("It lapsed, but its sums are still there.".into());
            }
            self.findings.extend(faults.into_iter().map(|what| Finding { place: pool.meta.id.clone(), what }));
        }
    }

    fn check_pool_cidrs(&mut self) {
        let mut on_top: BTreeMap<(&str, Cidr), &PoolCidr> = BTreeMap::new();
        for pool_cidr in self.pool_cidrs.values() {
            let mut faults: Vec<String> = Vec::new();
            let PoolCidr { meta, cidr, .. } = pool_cidr;
            match self.pools.get(&pool_cidr.pool_id) {
                None => faults.push(format!("Its pool {} does not exist.", pool_cidr.pool_id)),
                Some(pool) => {
                    if !stands_in(meta, &pool.meta) {
                        faults.push("It is in a pool that is only planned or lapsed.".into());
                    }
                    if cidr.family() != pool.address_family {
                        faults.push(format!("{cidr} is not of its pool's family."));
                    }
                    if pool.source_pool_id.is_none() && meta.is_live() && !pool_cidr.deferred {
                        on_top.insert((&pool.scope_id, *cidr), pool_cidr);
                    }
                    faults.extend(self.source_allocation_fault(pool_cidr, pool));
                }
            }
            if pool_cidr.deferred && meta.state == State::Active {
                faults.push("It is active without having taken its block.".into());
            }
            self.findings.extend(faults.into_iter().map(|what| Finding { place: meta.id.clone(), what }));
        }
        let sorted: Vec<(&(&str, Cidr), &&PoolCidr)> = on_top.iter().collect();
        for pair in sorted.windows(2) {
            let [((scope, cidr), first), ((next_scope, next), second)] = pair else { continue };
            if scope == next_scope && cidr.overlaps(next) {
                let what = format!("{cidr} overlaps {next} of {} in the same scope.", second.pool_id);
                self.findings.push(Finding { place: first.meta.id.clone(), what });
            }
        }
    }

    /// What is wrong between a pool CIDR and the allocation that it is in the source pool.
    fn source_allocation_fault(&self, pool_cidr: &PoolCidr, pool: &Pool) -> Option<String> {
        let expected = pool_cidr.meta.is_live() && !pool_cidr.deferred && pool.source_pool_id.is_some();
        let Some(id) = &pool_cidr.source_allocation_id else {
            return expected.then(|| "It has no allocation in the source pool.".to_owned());
        };
        if !expected {
            return Some(format!("It should not have an allocation in a source pool, but has {id}."));
        }
        let Some(allocation) = self.allocations.get(id) else {
            return Some(format!("Its allocation {id} in the source pool does not exist."));
        };
        let alike = allocation.cidr == pool_cidr.cidr
            && allocation.meta.state == pool_cidr.meta.state
            && Some(&allocation.pool_id) == pool.source_pool_id.as_ref()
            && allocation.resource_type == ResourceType::IpamPool
            && allocation.resource_id.as_ref() == Some(&pool.meta.id);
        (!alike).then(|| format!("Its allocation {id} in the source pool is another block, state or pool."))
    }

    fn check_allocations(&mut self) {
        let sources: BTreeSet<&String> =
            self.pool_cidrs.values().filter_map(|found| found.source_allocation_id.as_ref()).collect();
        for (id, allocation) in &self.allocations {
            let mut faults: Vec<String> = Vec::new();
            match self.pools.get(&allocation.pool_id) {
                None => faults.push(format!("Its pool {} does not exist.", allocation.pool_id)),
                Some(pool) if !stands_in(&allocation.meta, &pool.meta) => {
                    faults.push("It is in a pool that is only planned or lapsed.".into());
                }
                Some(pool) if pool.address_family != allocation.cidr.family() => {
                    faults.push(format!("{} is not of its pool's family.", allocation.cidr));
                }
                Some(_) => {}
            }
            if allocation.resource_type == ResourceType::IpamPool && !sources.contains(id) {
                faults.push("No pool CIDR has this space of a pool below.".into());
            }
            if allocation.deferred && allocation.meta.state == State::Active {
                faults.push("It is active without having taken its block.".into());
            }
            if let Some(growth) = &allocation.growth
                && (!growth.cidr.contains(&allocation.cidr) || allocation.meta.state != State::Active)
            {
                faults.push(format!("It cannot grow to {}.", growth.cidr));
            }
            self.findings.extend(faults.into_iter().map(|what| Finding { place: id.clone(), what }));
        }
    }

    fn check_defaults(&mut self) {
        for scope_type in [super::ScopeType::Private, super::ScopeType::Public] {
            let key = keys::default_scope(scope_type);
            let Some(id) = self.entries.get(key) else { continue };
            let scope = std::str::from_utf8(id).ok().and_then(|id| self.scopes.get(id));
            if !scope.is_some_and(|scope| scope.is_default && scope.scope_type == scope_type) {
                self.find(key, "The default scope does not exist.");
            }
        }
    }

    /// Verifies that what is taken lies inside what is provisioned, disjointly. Returns what must be free.
    fn check_space(&mut self) -> Vec<(String, Cidr)> {
        let mut taken: BTreeMap<&str, Vec<(Cidr, &str)>> = BTreeMap::new();
        for allocation in self.allocations.values() {
            if let Some(reserved) = allocation.reserved() {
                taken.entry(&allocation.pool_id).or_default().push((reserved, &allocation.meta.id));
            }
        }
        let mut provisioned: BTreeMap<&str, Vec<(Cidr, &str)>> = BTreeMap::new();
        for pool_cidr in self.pool_cidrs.values().filter(|found| found.is_provisioned()) {
            provisioned.entry(&pool_cidr.pool_id).or_default().push((pool_cidr.cidr, &pool_cidr.meta.id));
        }
        let mut findings = Vec::new();
        let mut free = Vec::new();
        for blocks in taken.values_mut().chain(provisioned.values_mut()) {
            blocks.sort_unstable();
            for pair in blocks.windows(2) {
                if pair[0].0.overlaps(&pair[1].0) {
                    let what = format!("{} overlaps {} of {}.", pair[0].0, pair[1].0, pair[1].1);
                    findings.push(Finding { place: pair[0].1.to_owned(), what });
                }
            }
        }
        for (pool_id, blocks) in &taken {
            let around = provisioned.get(pool_id).map(Vec::as_slice).unwrap_or_default();
            for (block, id) in blocks {
                let before = around.partition_point(|(cidr, _)| cidr.first() <= block.first());
                let inside = before.checked_sub(1).is_some_and(|index| around[index].0.contains(block));
                if !inside {
                    let what = format!("{block} is not inside one provisioned CIDR of {pool_id}.");
                    findings.push(Finding { place: (*id).to_owned(), what });
                }
            }
        }
        for (pool_id, blocks) in &provisioned {
            let taken = taken.get(pool_id).map(Vec::as_slice).unwrap_or_default();
            for (block, _) in blocks {
                rest(block, taken, &mut |block| free.push(((*pool_id).to_owned(), block)));
            }
        }
        self.findings.extend(findings);
        free
    }

    /// Compares every index with what the records say, both ways.
    fn check_derived(&mut self, free: Vec<(String, Cidr)>) {
        let mut expected: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut add = |entries: Result<Entries>| expected.extend(entries.unwrap_or_default());
        self.scopes.values().for_each(|scope| add(book::entries_of_scope(scope)));
        self.pools.values().for_each(|pool| add(book::entries_of_pool(pool)));
        self.allocations.values().for_each(|allocation| add(book::entries_of_allocation(allocation)));
        for pool_cidr in self.pool_cidrs.values() {
            if let Some(pool) = self.pools.get(&pool_cidr.pool_id) {
                add(book::entries_of_pool_cidr(pool_cidr, pool));
            }
        }
        expected.extend(free.into_iter().map(|(pool_id, block)| (keys::free(&pool_id, &block), Vec::new())));
        expected.retain(|key, _| is_derived(key));
        let mut findings = Vec::new();
        for (key, value) in &expected {
            match self.entries.get(key) {
                None => findings.push((key.clone(), "This entry of an index is missing.")),
                Some(found) if found != value => {
                    findings.push((key.clone(), "This entry of an index says something else than the record."));
                }
                Some(_) => {}
            }
        }
        for key in self.entries.keys().filter(|key| is_derived(key) && !expected.contains_key(*key)) {
            findings.push((key.clone(), "No record is behind this entry of an index."));
        }
        for (key, what) in findings {
            self.find(&key, what);
        }
    }

    fn check_counters(&mut self) {
        let mut sums: BTreeMap<String, Counters> = BTreeMap::new();
        for pool_cidr in self.pool_cidrs.values().filter(|found| found.is_provisioned()) {
            sums.entry(keys::count(&pool_cidr.pool_id)).or_default().provisioned += pool_cidr.cidr.address_count();
        }
        for allocation in self.allocations.values() {
            sums.entry(keys::count(&allocation.pool_id)).or_default().add(&Counters::of(allocation));
        }
        sums.retain(|_, sum| *sum != Counters::default());
        let mut findings = Vec::new();
        for key in self.entries.keys().filter(|key| key.starts_with("count/")) {
            let found = codec::decode::<Counters>(key, &self.entries[key]);
            let expected = sums.remove(key).unwrap_or_default();
            if found.as_ref().ok() != Some(&expected) {
                findings.push((key.clone(), format!("The sums are {found:?}, but must be {expected:?}.")));
            }
            if &expected.used + &expected.held > expected.provisioned {
                findings.push((key.clone(), "More is taken than provisioned.".to_owned()));
            }
        }
        findings.extend(sums.into_keys().map(|key| (key, "The sums of this pool are missing.".to_owned())));
        for (key, what) in findings {
            self.find(&key, what);
        }
    }

    fn check_names(&mut self) {
        let mut entered: BTreeMap<String, NameEntry> = BTreeMap::new();
        let mut findings = Vec::new();
        for (key, bytes) in self.entries.range("name/".to_owned().."name/\u{7f}".to_owned()) {
            match codec::decode::<NameEntry>(key, bytes) {
                Ok(entry) if entry == NameEntry::default() => {
                    findings.push(Finding { place: key.clone(), what: "The entry names nobody.".into() });
                }
                Ok(entry) => drop(entered.insert(key.clone(), entry)),
                Err(error) => findings.push(Finding { place: key.clone(), what: format!("Unreadable: {error:?}.") }),
            }
        }
        check_names_of(&self.scopes, &mut entered, &mut findings);
        check_names_of(&self.pools, &mut entered, &mut findings);
        check_names_of(&self.pool_cidrs, &mut entered, &mut findings);
        check_names_of(&self.allocations, &mut entered, &mut findings);
        for (key, left) in entered {
            if left != NameEntry::default() {
                let what = format!("The name is of objects that do not have it: {left:?}.");
                findings.push(Finding { place: key, what });
            }
        }
        self.findings.extend(findings);
    }

    fn finish(self) -> Audit {
        fn count<R: Record>(records: &BTreeMap<String, R>, state: State) -> u64 {
            records.values().filter(|record| record.is_named() && record.meta().state == state).count() as u64
        }
        Audit {
            scopes: count(&self.scopes, State::Active),
            pools: count(&self.pools, State::Active),
            allocations: count(&self.allocations, State::Active),
            holds: count(&self.scopes, State::Planned)
                + count(&self.pools, State::Planned)
                + count(&self.pool_cidrs, State::Planned)
                + count(&self.allocations, State::Planned),
            events: self.events,
            findings: self.findings,
        }
    }
}

fn admit_record<R: Record>(records: &mut BTreeMap<String, R>, key: &str, bytes: &[u8]) -> Result<()> {
    let record: R = codec::decode(key, bytes)?;
    let id = record.meta().id.clone();
    if keys::record(R::KIND, &id) != key {
        return Err(codec::corrupt(key, &format!("it holds the record of {id}")));
    }
    records.insert(id, record);
    Ok(())
}

fn is_derived(key: &str) -> bool {
    key.split('/').next().is_some_and(|first| DERIVED.contains(&first))
}

/// Whether something in this state can be inside something in that state.
fn stands_in(inner: &super::Meta, outer: &super::Meta) -> bool {
    match inner.state {
        State::Active => outer.state == State::Active,
        State::Planned => outer.is_live(),
        State::Lapsed => true,
    }
}

fn source_faults(pool: &Pool, source: &Pool) -> Vec<String> {
    let mut faults = Vec::new();
    if pool.depth != source.depth + 1 {
        faults.push(format!("Its depth is {}, that of its source pool {}.", pool.depth, source.depth));
    }
    if pool.scope_id != source.scope_id || pool.address_family != source.address_family {
        faults.push("It has another scope or family than its source pool.".to_owned());
    }
    if source.locale.is_some() && pool.locale != source.locale {
        faults.push("It has another locale than its source pool.".to_owned());
    }
    if !stands_in(&pool.meta, &source.meta) {
        faults.push("It is in a pool that is only planned or lapsed.".to_owned());
    }
    faults
}

/// Hands the largest aligned blocks of `block` that share nothing with `taken` (sorted, disjoint) to `found`.
fn rest(block: &Cidr, taken: &[(Cidr, &str)], found: &mut dyn FnMut(Cidr)) {
    let start = taken.partition_point(|(cidr, _)| cidr.last() < block.first());
    let end = taken.partition_point(|(cidr, _)| cidr.first() <= block.last());
    let inside = taken.get(start..end).unwrap_or_default();
    if inside.is_empty() {
        found(*block);
    } else if !inside.iter().any(|(cidr, _)| cidr.contains(block))
        && let Some((lower, upper)) = block.halves()
    {
        rest(&lower, inside, found);
        rest(&upper, inside, found);
    }
}

/// Takes the records off the entries that name them, and finds those that no entry names.
fn check_names_of<R: Record>(
    records: &BTreeMap<String, R>,
    entered: &mut BTreeMap<String, NameEntry>,
    findings: &mut Vec<Finding>,
) {
    let succeeded: BTreeSet<&String> = records
        .values()
        .filter(|record| record.meta().state == State::Active)
        .filter_map(|record| record.meta().replaces.as_ref())
        .collect();
    for (id, record) in records.iter().filter(|(_, record)| record.is_named()) {
        let key = keys::name(R::KIND, record.parent(), &record.meta().name);
        let mut own = NameEntry::default();
        let entry = entered.get_mut(&key).unwrap_or(&mut own);
        let place = if record.meta().state == State::Active { &mut entry.active } else { &mut entry.planned };
        if place.as_ref() == Some(id) {
            *place = None;
            continue;
        }
        let excused = match record.meta().state {
            State::Active => succeeded.contains(id),
            State::Planned => false,
            State::Lapsed => true,
        };
        if !excused {
            let what = format!("Its name {:?} is not entered as its own.", record.meta().name);
            findings.push(Finding { place: id.clone(), what });
        }
    }
}
