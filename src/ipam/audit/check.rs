//! The audit: reads the whole store and reports, in sentences, everything that is wrong.
//!
//! [`Records`] computes the faults among the records and the entries that must follow from them; this module compares
//! those entries with the contents of the store.

use std::collections::BTreeMap;

use crate::ipam::audit::dataset::Claims;
use crate::ipam::discovery::Stored;
use crate::ipam::history::log;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::counters::Counters;
use crate::ipam::storage::keys;
use crate::ipam::storage::names::NameEntry;
use crate::ipam::{
    Audit, Chain, Error, Event, Finding, Item, Journal, Mark, Reader, Records, Remembered, Remnant, Result, ScopeType,
    State,
};
use crate::store::{self, Order};

/// Entries read at a time.
const PAGE: usize = 1024;

/// All entries of the store except events.
#[derive(Default)]
struct Audited {
    findings: Vec<Finding>,
    entries: BTreeMap<String, Vec<u8>>,
    records: Records,
    /// Digest of the remnants in the store; the mark must hold the same digest.
    remembered: Remembered,
    events: u64,
    forgotten: u64,
}

impl Reader<'_> {
    /// Verifies the whole store: free + held + used = provisioned, blocks are disjoint, indexes agree with records in
    /// both directions, the chain of events is unbroken, and every record is what the events report.
    ///
    /// # Errors
    /// Fails only when the store cannot be read, or when a later version wrote it. Damage is a finding, not an error.
    pub fn check(&mut self) -> Result<Audit> {
        let mut audited = Audited::default();
        self.read_entries(&mut audited)?;
        self.read_events(&mut audited)?;
        audited.findings.extend(audited.records.faults());
        audited.findings.extend(audited.records.faults_in_planned_cidrs(self.env.now));
        audited.check_defaults();
        audited.check_derived();
        audited.check_counters();
        audited.check_names();
        Ok(audited.finish())
    }

    fn read_entries(&mut self, audited: &mut Audited) -> Result<()> {
        let (_, events_end) = keys::under(keys::EVENTS);
        for (start, end) in [("", keys::EVENTS), (events_end.as_str(), keys::END)] {
            let mut start = start.to_owned();
            loop {
                let page = self.snapshot.scan(&start..end, Order::Ascending, PAGE)?;
                let full = page.len() == PAGE;
                for (key, bytes) in page {
                    start = keys::after(&key);
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
        let head = match log::head(self.snapshot) {
            Ok(head) => head,
            Err(error) => return audited.damage(keys::EVENT_HEAD, error),
        };
        let (mut start, end) = keys::under(keys::EVENTS);
        let mark = match self.mark() {
            Ok(mark) => mark,
            Err(error) => {
                audited.damage(keys::MARK, error)?;
                None
            }
        };
        audited.check_mark(mark.as_ref());
        let (mut chain, mut journal) = (Chain::after(mark), Journal::default());
        loop {
            let page = self.snapshot.scan(&start..&end, Order::Ascending, PAGE)?;
            for (key, bytes) in &page {
                start = keys::after(key);
                let event: Event = match codec::decode(key, bytes) {
                    Ok(event) => event,
                    Err(error) => {
                        audited.damage(key, error)?;
                        continue;
                    }
                };
                if *key != keys::event(event.sequence) {
                    audited.find(key, format!("It contains event {}.", event.sequence));
                }
                for fault in chain.follow(&event)? {
                    audited.find(key, fault);
                }
                journal.follow(&event);
                audited.events += 1;
            }
            if page.len() < PAGE {
                break;
            }
        }
        if let Some(fault) = chain.fault_of_mark() {
            audited.find(keys::MARK, fault);
        }
        if head != *chain.head() {
            let found = chain.head().sequence;
            audited.find("event log", format!("It should end with event {}, but ends with {found}.", head.sequence));
        }
        let faults = journal.faults(&audited.records, chain.mark());
        audited.findings.extend(faults);
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

    /// Sorts one entry into the collections of the audit.
    fn admit(&mut self, key: String, bytes: Vec<u8>) -> Result<()> {
        let admitted = match key.split('/').next().unwrap_or_default() {
            "scope" => self.admit_record(&key, &bytes, Item::Scope),
            "pool" => self.admit_record(&key, &bytes, Item::Pool),
            "pool-cidr" => self.admit_record(&key, &bytes, Item::PoolCidr),
            "allocation" => self.admit_record(&key, &bytes, Item::Allocation),
            "discovery" => self.admit_record(&key, &bytes, Item::Discovery),
            "treatment" => self.admit_record(&key, &bytes, Item::Treatment),
            "place" => self.admit_kept(&key, &bytes, Item::Target),
            "sighting" => self.admit_kept(&key, &bytes, |sighted| Item::Sighted(Box::new(sighted))),
            "address" => self.admit_kept(&key, &bytes, |address| Item::SeenAddress(Box::new(address))),
            "past" => self.admit_kept(&key, &bytes, |past| Item::Past(Box::new(past))),
            "remnant" => self.admit_remnant(&key, &bytes),
            "name" | "count" | "meta" | "default" => Ok(()),
            other if keys::DERIVED.contains(&other) => Ok(()),
            _ => {
                self.find(&key, "A store has no such key.");
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

    fn admit_record<R: Record>(&mut self, key: &str, bytes: &[u8], item: fn(R) -> Item) -> Result<()> {
        let record: R = codec::decode(key, bytes)?;
        let id = record.meta().id.clone();
        if keys::record(R::KIND, &id) != key {
            return Err(codec::corrupt(key, &format!("it contains the record of {id}")));
        }
        self.records.admit(item(record));
        Ok(())
    }

    fn admit_kept<K: Stored>(&mut self, key: &str, bytes: &[u8], item: fn(K) -> Item) -> Result<()> {
        let kept: K = codec::decode(key, bytes)?;
        if kept.key() != key {
            return Err(codec::corrupt(key, &format!("it contains the entry of {}", kept.key())));
        }
        self.records.admit(item(kept));
        Ok(())
    }

    fn admit_remnant(&mut self, key: &str, bytes: &[u8]) -> Result<()> {
        let remnant: Remnant = codec::decode(key, bytes)?;
        if keys::remnant(&remnant.id) != key {
            return Err(codec::corrupt(key, &format!("it contains the remnant of {}", remnant.id)));
        }
        self.remembered.add(&remnant)
    }

    /// Checks that the mark fits the remnants in the store.
    fn check_mark(&mut self, mark: Option<&Mark>) {
        self.forgotten = mark.map_or(0, |mark| mark.sequence);
        let fits = mark.map_or(self.remembered == Remembered::default(), |mark| mark.fits(&self.remembered));
        if !fits {
            let what =
                "The data that is kept about forgotten events differs from the data that the mark was written with.";
            self.find("remnant", what);
        }
    }

    fn check_defaults(&mut self) {
        for scope_type in [ScopeType::Private, ScopeType::Public] {
            let key = keys::default_scope(scope_type);
            let Some(id) = self.entries.get(key) else { continue };
            let scope = std::str::from_utf8(id).ok().and_then(|id| self.records.scopes.get(id));
            if !scope.is_some_and(|scope| scope.is_default && scope.scope_type == scope_type) {
                self.find(key, "The default scope does not exist.");
            }
        }
    }

    /// Compares every index with the records, in both directions.
    fn check_derived(&mut self) {
        let mut expected: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let gathered = self.records.each_record_entry(&mut |key, value| {
            if is_derived(&key) {
                expected.insert(key, value);
            }
            Ok(())
        });
        if let Err(error) = gathered {
            self.find("index", format!("Its expected content cannot be determined: {error:?}."));
        }
        let mut findings = Vec::new();
        for (key, value) in &expected {
            match self.entries.get(key) {
                None => findings.push((key.clone(), "This entry of an index is missing.")),
                Some(found) if found != value => {
                    findings.push((key.clone(), "This entry of an index differs from the record."));
                }
                Some(_) => {}
            }
        }
        for key in self.entries.keys().filter(|key| is_derived(key) && !expected.contains_key(*key)) {
            findings.push((key.clone(), "This entry of an index has no record."));
        }
        for (key, what) in findings {
            self.find(&key, what);
        }
    }

    fn check_counters(&mut self) {
        let mut sums = self.records.sums();
        let mut findings = Vec::new();
        for key in self.entries.keys().filter(|key| key.starts_with(keys::COUNTS)) {
            let found = codec::decode::<Counters>(key, &self.entries[key]);
            let expected = sums.remove(key).unwrap_or_default();
            if found.as_ref().ok() != Some(&expected) {
                findings.push((key.clone(), format!("The sums are {found:?}, but must be {expected:?}.")));
            }
            if &expected.used + &expected.held > expected.provisioned {
                findings.push((key.clone(), "More space is taken than is provisioned.".to_owned()));
            }
        }
        findings.extend(sums.into_keys().map(|key| (key, "The sums of this pool are missing.".to_owned())));
        for pool in self.records.pools.values().filter(|pool| !pool.meta.is_live()) {
            if self.entries.contains_key(&keys::count(&pool.meta.id)) {
                findings.push((pool.meta.id.clone(), "It lapsed, but its sums are still there.".to_owned()));
            }
        }
        for (key, what) in findings {
            self.find(&key, what);
        }
    }

    fn check_names(&mut self) {
        let mut claims = self.records.claims();
        let mut findings = Vec::new();
        let (start, end) = keys::under(keys::NAMES);
        for (key, bytes) in self.entries.range(start..end) {
            let claim = claims.remove(key).unwrap_or_default();
            match codec::decode::<NameEntry>(key, bytes) {
                Ok(entry) if entry == NameEntry::default() => {
                    findings.push((key, "The entry names no object.".to_owned()))
                }
                Ok(entry) => findings.extend(claim_fault(&claim, &entry).map(|what| (key, what))),
                Err(error) => findings.push((key, format!("It cannot be read: {error:?}."))),
            }
        }
        for (key, claim) in &claims {
            findings.extend(claim_fault(claim, &NameEntry::default()).map(|what| (key, what)));
        }
        let found: Vec<Finding> =
            findings.into_iter().map(|(key, what)| Finding { place: key.clone(), what }).collect();
        self.findings.extend(found);
    }

    fn finish(self) -> Audit {
        fn count<R: Record>(records: &BTreeMap<String, R>, state: State) -> u64 {
            records.values().filter(|record| record.is_named() && record.meta().state == state).count() as u64
        }
        let Records { scopes, pools, pool_cidrs, allocations, .. } = &self.records;
        Audit {
            scopes: count(scopes, State::Active),
            pools: count(pools, State::Active),
            allocations: count(allocations, State::Active),
            holds: count(scopes, State::Planned)
                + count(pools, State::Planned)
                + count(pool_cidrs, State::Planned)
                + count(allocations, State::Planned),
            events: self.events,
            forgotten: self.forgotten,
            findings: self.findings,
        }
    }
}

/// The fault of the entry of a name, given the objects that may have the name.
fn claim_fault(claims: &Claims<'_>, entry: &NameEntry) -> Option<String> {
    let fits = |entered: Option<&String>, sure: &[&str], maybe: &[&str]| match (entered, sure.first()) {
        (Some(id), Some(_)) => sure.contains(&id.as_str()),
        (Some(id), None) => maybe.contains(&id.as_str()),
        (None, sure) => sure.is_none(),
    };
    let right = fits(entry.active.as_ref(), &claims.active, &claims.succeeded)
        && fits(entry.planned.as_ref(), &claims.planned, &claims.lapsed);
    (!right).then(|| format!("The entry is {entry:?}, but the objects with this name are {claims:?}."))
}

fn is_derived(key: &str) -> bool {
    key.split('/').next().is_some_and(|first| keys::DERIVED.contains(&first))
}
