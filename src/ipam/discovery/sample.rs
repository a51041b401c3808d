//! Applies a sample of a target to the store.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::exclusion;
use super::stored::{self, Past, ScannedTarget, SeenAddress, Sighted, Stored};
use super::treated::Treatments;
use super::types::{DiscoveredCidr, Discovery, Failure, Sample, SeenType, Sighting};
use crate::ipam::storage::discovery_keys::{self, TargetKey};
use crate::ipam::storage::{codec, index, keys};
use crate::ipam::{Cidr, Imported, Ledger, Reader, Result, ScopeType};
use crate::store::{Order, Snapshot, Tx};

/// The time for which past sightings are kept: three years.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);
/// Number of past sightings older than that which one sample removes.
const PURGE_LIMIT: usize = 64;

/// The changes that a sample made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleChanges {
    /// Blocks on resources that are new at the target.
    pub added: u64,
    /// Blocks on resources whose attributes changed.
    pub changed: u64,
    /// Blocks on resources that are gone.
    pub gone: u64,
    /// Public addresses that are new, changed or gone.
    pub addresses: u64,
    /// Whether a later sample was stored already, so that nothing changed.
    pub superseded: bool,
}

/// Targets that a discovery does not scan any more and that were removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Account and Region of each target.
    pub targets: Vec<(String, String)>,
    /// Number of blocks on resources that were removed.
    pub gone: u64,
}

/// Writes the difference between the stored sighting and the new one, each with the attribute `avoided` of its
/// discovery.
pub(super) fn write(tx: &mut dyn Tx, before: Option<(&Sighted, bool)>, after: Option<(&Sighted, bool)>) -> Result<()> {
    let entries = |one: Option<(&Sighted, bool)>| {
        one.map_or_else(|| Ok(Vec::new()), |(sighted, avoided)| stored::entries_of_sighted(sighted, avoided))
    };
    index::swap(tx, &entries(before)?, &entries(after)?)?;
    let block = |one: Option<(&Sighted, bool)>| {
        one.and_then(|(sighted, avoided)| Some((sighted.scope_id.clone(), sighted.keeps_off(avoided)?)))
    };
    let (old, new) = (block(before), block(after));
    if old != new {
        if let Some((scope_id, cidr)) = new {
            exclusion::cover(tx, &scope_id, &cidr)?;
        }
        if let Some((scope_id, cidr)) = old {
            exclusion::uncover(tx, &scope_id, &cidr)?;
        }
    }
    Ok(())
}

/// Stores the tenure of a sighting that ended at `to` as a past sighting.
pub(super) fn remember(tx: &mut dyn Tx, ended: &Sighted, to: Timestamp) -> Result<()> {
    let Some(past) = Past::of(ended, to) else { return Ok(()) };
    stored::entries_of_past(&past)?.into_iter().try_for_each(|(key, value)| Ok(tx.put(&key, value)?))
}

/// All entries of one kind under a prefix, by key.
pub(super) fn all_under<K: Stored>(snapshot: &mut dyn Snapshot, prefix: &str) -> Result<BTreeMap<String, K>> {
    let mut found = BTreeMap::new();
    codec::each_under(snapshot, prefix, &mut |key, bytes| {
        found.insert(key.to_owned(), codec::decode(key, bytes)?);
        Ok(true)
    })?;
    Ok(found)
}

/// The target of a sample, as keys name it.
fn at<'a>(discovery_id: &'a str, sample: &'a Sample) -> TargetKey<'a> {
    TargetKey { discovery_id, account_id: &sample.account_id, region: &sample.region }
}

/// Number of scans so far.
pub(in crate::ipam) fn seen_head(snapshot: &mut dyn Snapshot) -> Result<u64> {
    let Some(bytes) = snapshot.get(keys::SEEN_HEAD)? else { return Ok(0) };
    let scans = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
    scans.ok_or_else(|| codec::corrupt(keys::SEEN_HEAD, "not a number"))
}

/// The scopes and treatments that decide where a sighting counts.
pub(super) struct ScopeRules {
    private: String,
    public: String,
    treatments: Treatments,
}

impl ScopeRules {
    pub(super) fn new(private: String, public: String, treatments: Treatments) -> Self {
        Self { private, public, treatments }
    }

    /// The scope of a block on a resource, and whether a treatment ignores it there.
    pub(super) fn scope_of(&self, resource: &DiscoveredCidr) -> (String, bool) {
        if is_public(resource) {
            return (self.public.clone(), false);
        }
        let (moved_to, ignored) = self.treatments.of(resource);
        (moved_to.unwrap_or(&self.private).to_owned(), ignored)
    }

    /// The scope in which a block counts without a treatment.
    pub(super) fn found_in(&self, resource: &DiscoveredCidr) -> &str {
        if is_public(resource) { &self.public } else { &self.private }
    }
}

/// Whether a resource has globally unique addresses.
pub(super) fn is_public(resource: &DiscoveredCidr) -> bool {
    use super::types::SeenType::{AnycastIpList, Eip, Eni, Ipv6Pool, Other, PublicIpv4Pool, Subnet, Unlisted, Vpc};
    match resource.resource_type {
        Eip | PublicIpv4Pool | Ipv6Pool | AnycastIpList => true,
        Vpc | Subnet | Eni | Other | Unlisted(_) => resource.cidr.is_some_and(|cidr| is_public_ipv6(&cidr)),
    }
}

fn is_public_ipv6(cidr: &Cidr) -> bool {
    const LOCAL: Cidr = Cidr::around(crate::ipam::Family::Ipv6, 0xfc << 120, 7);
    cidr.family() == crate::ipam::Family::Ipv6 && !LOCAL.contains(cidr)
}

impl Reader<'_> {
    pub(super) fn scope_rules(&mut self) -> Result<ScopeRules> {
        let (private, public) = (self.default_scope(ScopeType::Private)?, self.default_scope(ScopeType::Public)?);
        Ok(ScopeRules::new(private, public, Treatments::new(self.list_treatments()?)))
    }

    /// The targets of a discovery, by account and Region.
    pub(super) fn targets(&mut self, discovery_id: &str) -> Result<Vec<ScannedTarget>> {
        let mut targets: Vec<ScannedTarget> =
            all_under(self.snapshot, &discovery_keys::targets_of(discovery_id))?.into_values().collect();
        targets.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
        Ok(targets)
    }
}

impl Ledger<'_> {
    /// Replaces the sightings of a discovery at a target by those of a sample. A failed sample keeps them and stores
    /// the failure. A sample that is not later than the stored one changes nothing.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when there is no such discovery.
    pub fn take_sample(&mut self, discovery_id: &str, sample: &Sample) -> Result<SampleChanges> {
        self.take_sample_of_files(discovery_id, sample, &BTreeSet::new())
    }

    /// The same as [`Self::take_sample`] for a sample from these files. The files are stored with the target, so that
    /// it is known later whether they are still read.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when there is no such discovery.
    pub fn take_sample_of_files(
        &mut self,
        discovery_id: &str,
        sample: &Sample,
        files: &BTreeSet<String>,
    ) -> Result<SampleChanges> {
        let discovery: Discovery = codec::require(self.tx, discovery_id)?;
        let key = at(discovery_id, sample).record();
        let before: Option<ScannedTarget> = codec::read(self.tx, &key)?;
        let known = before.as_ref().and_then(|target| target.last_success);
        if known.is_some_and(|known| sample.taken_at <= known) {
            return Ok(SampleChanges { superseded: true, ..SampleChanges::default() });
        }
        let last_attempt = before.as_ref().map_or(sample.taken_at, |target| target.last_attempt.max(sample.taken_at));
        let mut target = ScannedTarget {
            discovery_id: discovery_id.to_owned(),
            account_id: sample.account_id.clone(),
            region: sample.region.clone(),
            last_attempt,
            last_success: known,
            failure: before.as_ref().and_then(|target| target.failure.clone()),
            files: before.as_ref().map(|target| target.files.clone()).unwrap_or_default(),
        };
        let changes = match &sample.outcome {
            Err(failure) => self.note_failure(before.as_ref(), &mut target, sample.taken_at, failure),
            Ok(sighting) => {
                let changes = self.take_sighting(&discovery, (sample, sighting), files, known)?;
                if target.last_attempt == sample.taken_at {
                    target.failure = None;
                }
                target.last_success = Some(sample.taken_at);
                target.files = files.clone();
                changes
            }
        };
        if before.as_ref() != Some(&target) {
            self.tx.put(&key, codec::encode(&target)?)?;
        }
        self.count_scan()?;
        self.purge_past()?;
        Ok(changes)
    }

    fn note_failure(
        &self,
        before: Option<&ScannedTarget>,
        target: &mut ScannedTarget,
        at: Timestamp,
        failure: &Failure,
    ) -> SampleChanges {
        let superseded = before.is_some_and(|target| target.last_attempt >= at);
        if !superseded {
            target.failure = Some(failure.clone());
        }
        SampleChanges { superseded, ..SampleChanges::default() }
    }

    fn take_sighting(
        &mut self,
        discovery: &Discovery,
        (sample, sighting): (&Sample, &Sighting),
        files: &BTreeSet<String>,
        known: Option<Timestamp>,
    ) -> Result<SampleChanges> {
        let scope_rules = self.reader().scope_rules()?;
        let mut changes = SampleChanges::default();
        // In AWS, every subnet and interface is in a VPC, possibly one of another account.
        let networks = (!files.is_empty()).then(|| Networks::of(sighting));
        let prefix = at(&discovery.meta.id, sample).sightings();
        let mut old: BTreeMap<String, Sighted> = all_under(self.tx, &prefix)?;
        let mut done = BTreeSet::new();
        for resource in &sighting.resources {
            let mut sighted = newly_sighted(&discovery.meta.id, sample, resource, &scope_rules);
            sighted.alone = networks.as_ref().is_some_and(|networks| networks.leave_alone(resource));
            let key = sighted.key();
            // The same block of the same resource twice in one scan is one sighting.
            if !done.insert(key.clone()) {
                continue;
            }
            let before = old.remove(&key);
            if let Some(before) = &before {
                sighted.first_seen = before.first_seen;
                if sighted.scope_id == before.scope_id {
                    sighted.since = before.since;
                } else {
                    remember(self.tx, before, known.unwrap_or(sample.taken_at))?;
                }
            }
            match &before {
                None => changes.added += 1,
                Some(before) if *before != sighted => changes.changed += 1,
                Some(_) => continue,
            }
            let avoided = discovery.survey.avoided;
            write(self.tx, before.as_ref().map(|before| (before, avoided)), Some((&sighted, avoided)))?;
        }
        for gone in old.values() {
            self.end_sighting(gone, discovery.survey.avoided, known.unwrap_or(sample.taken_at))?;
            changes.gone += 1;
        }
        changes.addresses = self.take_addresses(&discovery.meta.id, sample, sighting)?;
        Ok(changes)
    }

    fn take_addresses(&mut self, discovery_id: &str, sample: &Sample, sighting: &Sighting) -> Result<u64> {
        let prefix = at(discovery_id, sample).addresses();
        let mut old: BTreeMap<String, SeenAddress> = all_under(self.tx, &prefix)?;
        let (mut done, mut changes) = (BTreeSet::new(), 0);
        for address in &sighting.addresses {
            let seen = SeenAddress {
                discovery_id: discovery_id.to_owned(),
                account_id: sample.account_id.clone(),
                region: sample.region.clone(),
                address: super::types::PublicAddress { sampled_at: None, ..address.clone() },
            };
            let key = seen.key();
            if done.insert(key.clone()) && old.remove(&key).as_ref() != Some(&seen) {
                self.tx.put(&key, codec::encode(&seen)?)?;
                changes += 1;
            }
        }
        for key in old.keys().filter(|key| !done.contains(*key)) {
            self.tx.delete(key)?;
            changes += 1;
        }
        Ok(changes)
    }

    /// Removes a sighting that is gone. `to`: the time at which it was last seen.
    fn end_sighting(&mut self, gone: &Sighted, avoided: bool, to: Timestamp) -> Result<()> {
        write(self.tx, Some((gone, avoided)), None)?;
        remember(self.tx, gone, to)
    }

    /// Removes the sightings of a discovery at all targets that are not among `keep` (account and Region).
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when there is no such discovery.
    pub fn forget_targets(&mut self, discovery_id: &str, keep: &BTreeSet<(String, String)>) -> Result<Forgotten> {
        let discovery: Discovery = codec::require(self.tx, discovery_id)?;
        let mut forgotten = Forgotten::default();
        for target in self.reader().targets(discovery_id)? {
            let at = (target.account_id.clone(), target.region.clone());
            if !keep.contains(&at) {
                forgotten.gone += self.forget_target(&discovery, &target)?;
                forgotten.targets.push(at);
            }
        }
        if !forgotten.targets.is_empty() {
            self.count_scan()?;
        }
        Ok(forgotten)
    }
}

impl Reader<'_> {
    /// The targets that came from files, whose files were all read by a scan that found no resource of the target, and
    /// of which sightings or imported allocations are still stored. Their resources are gone, like any resource that
    /// its file no longer contains. A target from a file that is no longer read is not included.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn emptied_targets(
        &mut self,
        discovery: &Discovery,
        found: &BTreeSet<(String, String)>,
    ) -> Result<Vec<(String, String, BTreeSet<String>)>> {
        let mut emptied = Vec::new();
        for target in self.targets(&discovery.meta.id)? {
            let is_read = !target.files.is_empty() && target.files.is_subset(&discovery.survey.files);
            let at = (target.account_id.clone(), target.region.clone());
            if is_read && !found.contains(&at) && self.has_left(&target)? {
                emptied.push((at.0, at.1, target.files));
            }
        }
        Ok(emptied)
    }

    /// Whether sightings or imported allocations of a target are still stored.
    fn has_left(&mut self, target: &ScannedTarget) -> Result<bool> {
        let (id, account, region) = (&target.discovery_id, &target.account_id, &target.region);
        let range = keys::under(&target.target_key().sightings());
        if !self.snapshot.scan(keys::range(&range), Order::Ascending, 1)?.is_empty() {
            return Ok(true);
        }
        let is_of = |imported: &Imported| {
            imported.discovery_id == *id && imported.account_id == *account && imported.region == *region
        };
        Ok(self.imported(None)?.iter().any(|one| one.imported.as_ref().is_some_and(is_of)))
    }
}

impl Ledger<'_> {
    /// Counts a scan. Scans write no events. The count prevents a merge from being carried out after a scan that it does
    /// not include.
    fn count_scan(&mut self) -> Result<()> {
        let scans = seen_head(self.tx)?.wrapping_add(1);
        Ok(self.tx.put(keys::SEEN_HEAD, scans.to_string().into_bytes())?)
    }

    /// Removes a target with its sightings, and returns the number of removed blocks on resources.
    pub(super) fn forget_target(&mut self, discovery: &Discovery, target: &ScannedTarget) -> Result<u64> {
        let sightings: BTreeMap<String, Sighted> = all_under(self.tx, &target.target_key().sightings())?;
        for sighted in sightings.values() {
            let to = target.last_success.unwrap_or(sighted.since);
            self.end_sighting(sighted, discovery.survey.avoided, to)?;
        }
        let addresses: BTreeMap<String, SeenAddress> = all_under(self.tx, &target.target_key().addresses())?;
        for key in addresses.keys() {
            self.tx.delete(key)?;
        }
        self.tx.delete(&target.key())?;
        Ok(sightings.len() as u64)
    }

    /// Removes a few of the past sightings that ended more than three years ago.
    fn purge_past(&mut self) -> Result<()> {
        let before = self.env.now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        let range = discovery_keys::ended_before(before);
        for (key, _) in self.tx.scan(keys::range(&range), Order::Ascending, PURGE_LIMIT)? {
            let past = Past::key_from_ended(&key).ok_or_else(|| codec::corrupt(&key, "it names no key"))?;
            self.tx.delete(&past)?;
            self.tx.delete(&key)?;
        }
        Ok(())
    }
}

/// A resource in its stored form: without the time of the sample, and with the usage rounded to a value that JSON
/// stores exactly.
fn newly_sighted(discovery_id: &str, sample: &Sample, resource: &DiscoveredCidr, scope_rules: &ScopeRules) -> Sighted {
    let usage = resource.usage.filter(|usage| usage.is_finite()).map(|usage| (usage * 1e6).round() / 1e6);
    // The Region of a sighting is that of its target.
    let region = sample.region.clone();
    let resource = DiscoveredCidr { region, sampled_at: None, usage, ..resource.clone() };
    let (scope_id, ignored) = scope_rules.scope_of(&resource);
    Sighted {
        discovery_id: discovery_id.to_owned(),
        account_id: sample.account_id.clone(),
        region: sample.region.clone(),
        first_seen: sample.taken_at,
        scope_id,
        since: sample.taken_at,
        ignored,
        alone: false,
        resource,
    }
}

/// The blocks of the VPCs in files at one target.
struct Networks<'a> {
    by_id: BTreeMap<&'a str, Vec<Cidr>>,
    /// The blocks that no other of them contains, in order.
    outermost: Vec<Cidr>,
}

impl<'a> Networks<'a> {
    fn of(sighting: &'a Sighting) -> Self {
        let mut by_id: BTreeMap<&str, Vec<Cidr>> = BTreeMap::new();
        for vpc in sighting.resources.iter().filter(|one| one.resource_type == SeenType::Vpc) {
            by_id.entry(&vpc.resource_id).or_default().extend(vpc.cidr);
        }
        let outermost = exclusion::outermost(by_id.values().flatten().copied());
        Self { by_id, outermost }
    }

    /// Whether a resource is a subnet or an interface that is inside none of these VPCs, or not inside its own if it
    /// names one.
    fn leave_alone(&self, resource: &DiscoveredCidr) -> bool {
        let is_inside = matches!(resource.resource_type, SeenType::Subnet | SeenType::Eni);
        let Some(block) = resource.cidr.filter(|_| is_inside) else { return false };
        !match &resource.vpc_id {
            Some(id) => self.by_id.get(id.as_str()).is_some_and(|vpc| vpc.iter().any(|cidr| cidr.contains(&block))),
            None => {
                let after = self.outermost.partition_point(|cidr| *cidr <= block);
                after > 0 && self.outermost[after - 1].contains(&block)
            }
        }
    }
}
