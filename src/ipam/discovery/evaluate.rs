//! Compares sightings with allocations: which object manages a block, and whether the block complies with the rules.
//!
//! The results are not stored, so that changed rules count at once. An evaluation reads all sightings, pools and
//! allocations once. Overlaps are then found in [`forest`](super::forest)s, so that the effort grows with the number of
//! sightings and not with its square.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::evaluation::{Evaluation, Gathered, Holder};
use super::overlaps::Overlaps;
use super::stored::{ScannedTarget, Sighted, Stored};
use super::types::{ComplianceStatus, ManagementState, OverlapStatus, ResourceCidr, ResourceFilter};
use super::usage::Uses;
use crate::ipam::storage::codec;
use crate::ipam::{Allocation, Cidr, Pool, PoolCidr, Reader, ResourceType, Result, State};

impl Reader<'_> {
    /// Blocks of resources in scopes, compared with pools and with each other; by block and resource. Each is listed
    /// once, even if several discoveries see it.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn resource_cidrs(&mut self, filter: &ResourceFilter) -> Result<Vec<ResourceCidr>> {
        let gathered = self.gather()?;
        let evaluation = Evaluation::of(&gathered);
        let overlaps = Overlaps::of(&gathered, &evaluation);
        let uses = Uses::of(gathered.sightings.iter().map(|sighted| &sighted.resource));
        let mut found = Vec::new();
        for sighted in gathered.sightings.iter().filter(|sighted| may_pass(filter, sighted)) {
            let Some(cidr) = sighted.resource.cidr else { continue };
            let evaluated = evaluation.evaluate(sighted, cidr, &overlaps, &uses);
            if filter.passes(&evaluated) {
                found.push((sighted.account_id.as_str(), evaluated));
            }
        }
        found.sort_by(|(account_a, a), (account_b, b)| {
            (a.cidr, &a.resource_id, &a.region, account_a).cmp(&(b.cidr, &b.resource_id, &b.region, account_b))
        });
        Ok(found.into_iter().map(|(_, evaluated)| evaluated).collect())
    }

    /// Reads the inputs of an evaluation.
    pub(super) fn gather(&mut self) -> Result<Gathered> {
        let mut gathered = Gathered { sightings: self.distinct_sightings()?, ..Gathered::default() };
        self.each_record(&mut |pool: Pool| {
            if pool.meta.state == State::Active {
                gathered.pools.insert(pool.meta.id.clone(), pool);
            }
            true
        })?;
        if gathered.sightings.is_empty() {
            return Ok(gathered);
        }
        self.each_record(&mut |allocation: Allocation| {
            let counts =
                matches!(allocation.resource_type, ResourceType::Custom | ResourceType::Vpc | ResourceType::IpamPool);
            if counts && allocation.meta.state == State::Active {
                gathered.allocations.push(allocation);
            }
            true
        })?;
        let is_top = |pool_id: &str| gathered.pools.get(pool_id).is_some_and(|pool| pool.source_pool_id.is_none());
        let mut tops = Vec::new();
        self.each_record(&mut |pool_cidr: PoolCidr| {
            if pool_cidr.meta.state == State::Active && is_top(&pool_cidr.pool_id) {
                tops.push(pool_cidr);
            }
            true
        })?;
        gathered.tops = tops;
        Ok(gathered)
    }

    /// Each block of each resource once: as it was seen last, with the time at which it was seen first.
    fn distinct_sightings(&mut self) -> Result<Vec<Sighted>> {
        let mut dated: Vec<(Option<jiff::Timestamp>, Sighted)> = Vec::new();
        let mut last_scans: HashMap<(String, String, String), Option<jiff::Timestamp>> = HashMap::new();
        self.each_kept(&mut |target: ScannedTarget| {
            last_scans.insert((target.discovery_id, target.account_id, target.region), target.last_success);
            true
        })?;
        // Sightings of one target are adjacent, so the time of the target is read once.
        let mut at: Option<((String, String, String), Option<jiff::Timestamp>)> = None;
        self.each_kept(&mut |sighted: Sighted| {
            let is_there = at.as_ref().is_some_and(|((discovery, account, region), _)| {
                *discovery == sighted.discovery_id && *account == sighted.account_id && *region == sighted.region
            });
            if !is_there {
                let key = (sighted.discovery_id.clone(), sighted.account_id.clone(), sighted.region.clone());
                let time = last_scans.get(&key).copied().flatten();
                at = Some((key, time));
            }
            dated.push((at.as_ref().and_then(|(_, time)| *time), sighted));
            true
        })?;
        dated.sort_by(|(time_a, a), (time_b, b)| a.subject().cmp(&b.subject()).then(time_b.cmp(time_a)));
        let mut distinct: Vec<Sighted> = Vec::with_capacity(dated.len());
        for (_, sighted) in dated {
            match distinct.last_mut().filter(|last| last.subject() == sighted.subject()) {
                Some(last) => {
                    last.first_seen = last.first_seen.min(sighted.first_seen);
                    last.since = last.since.min(sighted.since);
                }
                None => distinct.push(sighted),
            }
        }
        distinct.sort_by(by_first);
        Ok(distinct)
    }

    /// Passes everything of one kind to `sink` by key, as long as `sink` returns `true`. Returns whether it did until
    /// the end.
    pub(in crate::ipam) fn each_kept<K: Stored>(&mut self, sink: &mut dyn FnMut(K) -> bool) -> Result<bool> {
        codec::each_under(self.snapshot, &format!("{}/", K::FIRST), &mut |key, bytes| {
            Ok(sink(codec::decode(key, bytes)?))
        })
    }
}

/// Orders sightings by the time at which they were first seen.
pub(super) fn by_first(a: &Sighted, b: &Sighted) -> Ordering {
    let rank = |one: &Sighted| one.first_seen;
    rank(a).cmp(&rank(b)).then_with(|| a.subject().cmp(&b.subject()))
}

/// Whether a sighting can pass the filter, as far as this is known without an evaluation.
fn may_pass(filter: &ResourceFilter, sighted: &Sighted) -> bool {
    let resource = &sighted.resource;
    filter.scope_id.as_ref().is_none_or(|asked| *asked == sighted.scope_id)
        && filter.resource_id.as_ref().is_none_or(|asked| *asked == resource.resource_id)
        && filter.resource_type.is_none_or(|asked| asked == resource.resource_type)
        && filter.region.as_ref().is_none_or(|asked| *asked == resource.region)
        && filter.vpc_id.as_ref().is_none_or(|asked| Some(asked) == resource.vpc_id.as_ref())
        && filter.within.is_none_or(|block| resource.cidr.is_some_and(|cidr| block.contains(&cidr)))
}

impl Evaluation<'_> {
    fn evaluate(&self, sighted: &Sighted, cidr: Cidr, overlaps: &Overlaps<'_>, uses: &Uses) -> ResourceCidr {
        let resource = &sighted.resource;
        let manager = self.manager(sighted);
        let pool = manager.and_then(|holder| Some((holder, self.gathered.pools.get(holder.pool_id)?)));
        let reasons = pool.map(|(holder, pool)| reasons(sighted, cidr, holder, pool)).unwrap_or_default();
        let (management, compliance) = match (sighted.ignored, pool.is_some(), reasons.is_empty()) {
            (true, ..) => (ManagementState::Ignored, ComplianceStatus::Ignored),
            (_, false, _) => (ManagementState::Unmanaged, ComplianceStatus::Unmanaged),
            (_, true, true) => (ManagementState::Managed, ComplianceStatus::Compliant),
            (_, true, false) => (ManagementState::Managed, ComplianceStatus::Noncompliant),
        };
        let overlaps_with = overlaps.with(sighted, cidr);
        let overlap = match (sighted.ignored, overlaps_with.is_empty()) {
            (true, _) => OverlapStatus::Ignored,
            (_, true) => OverlapStatus::Nonoverlapping,
            (_, false) => OverlapStatus::Overlapping,
        };
        ResourceCidr {
            scope_id: sighted.scope_id.clone(),
            pool_id: pool.map(|(_, pool)| pool.meta.id.clone()),
            region: resource.region.clone(),
            owner_id: resource.owner_id.clone().or_else(|| Some(sighted.account_id.clone())),
            resource_id: resource.resource_id.clone(),
            resource_name: resource.tags.get("Name").cloned(),
            resource_type: resource.resource_type,
            cidr,
            tags: resource.tags.clone(),
            usage: uses.usage(resource),
            compliance: Some(compliance),
            management: Some(management),
            overlap: Some(overlap),
            reasons,
            overlaps_with,
            vpc_id: resource.vpc_id.clone(),
            availability_zone_id: resource.availability_zone_id.clone(),
        }
    }
}

/// The reasons why a managed block is noncompliant.
fn reasons(sighted: &Sighted, cidr: Cidr, holder: &Holder<'_>, pool: &Pool) -> Vec<String> {
    let resource = &sighted.resource;
    let of_pool = format!("of pool {:?} ({})", pool.meta.name, pool.meta.id);
    let mut reasons = Vec::new();
    // The rules of a pool apply to its allocations, and not to its own space.
    if holder.allocation.is_some() {
        let length = cidr.netmask_length();
        if let Some(min) = pool.rules.min_netmask_length.filter(|min| length < *min) {
            reasons.push(format!(
                "Its netmask length {length} is less than allocation_min_netmask_length {of_pool}, which is {min}."
            ));
        }
        if let Some(max) = pool.rules.max_netmask_length.filter(|max| length > *max) {
            reasons.push(format!(
                "Its netmask length {length} is more than allocation_max_netmask_length {of_pool}, which is {max}."
            ));
        }
        for (key, required) in &pool.rules.required_tags {
            match resource.tags.get(key) {
                Some(value) if value == required => {}
                Some(value) => reasons.push(format!(
                    "Its tag {key:?} is {value:?}, and allocation_resource_tags {of_pool} require {required:?}."
                )),
                None => reasons.push(format!(
                    "It has no tag {key:?}, and allocation_resource_tags {of_pool} require it to be {required:?}."
                )),
            }
        }
    }
    if let Some(locale) = pool.locale.as_ref().filter(|locale| **locale != resource.region) {
        reasons.push(format!("It is in {}, and the locale {of_pool} is {locale}.", resource.region));
    }
    reasons
}
