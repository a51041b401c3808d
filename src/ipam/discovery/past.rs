//! Past and present resources of a block, as far as scans have seen them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::sample::all_under;
use super::stored::{Past, Sighted};
use super::types::{History, HistoryQuestion, HistoryRecord, PastType, ResourceCidr, ResourceFilter, SeenType};
use crate::ipam::storage::{codec, discovery_keys, keys};
use crate::ipam::{Cidr, Reader, Result, Scope, ScopeType};
use crate::store::Order;

impl Reader<'_> {
    /// The resources that had exactly this block in a window of time, the earliest first. Past sightings are kept for
    /// three years.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when there is no such scope.
    pub fn address_history(&mut self, question: &HistoryQuestion) -> Result<History> {
        let scope_id = match &question.scope_id {
            Some(id) => codec::require::<Scope>(self.snapshot, id)?.meta.id,
            None => self.default_scope(ScopeType::Private)?,
        };
        let past = all_under::<Past>(self.snapshot, &discovery_keys::past_at(&question.cidr))?.into_values();
        let mut tenures: Vec<(Past, bool)> = past.map(|past| (past, false)).collect();
        tenures.extend(self.sightings_at(&question.cidr)?.into_iter().filter_map(|sighted| {
            // The sighting has not ended.
            Some((Past::of(&sighted, sighted.since)?, true))
        }));
        tenures.retain(|(past, _)| past.scope_id == scope_id);
        if let Some(vpc_id) = &question.vpc_id {
            tenures.retain(|(past, _)| past.vpc_id.as_ref() == Some(vpc_id));
        }
        let evaluated = self.evaluated_at(&scope_id, &question.cidr, &tenures)?;
        let mut records: Vec<HistoryRecord> =
            tenures.into_iter().flat_map(|(past, is_open)| rows(&past, is_open, &evaluated)).collect();
        records.sort_by(|a, b| {
            let subject = |one: &HistoryRecord| {
                (one.resource_type, one.resource_id.clone(), one.owner_id.clone(), one.region.clone())
            };
            subject(a).cmp(&subject(b)).then(a.first_sampled.cmp(&b.first_sampled))
        });
        let mut records = joined(records);
        records.retain(|record| is_in(record, question.from, question.to));
        records.sort_by(|a, b| {
            (a.first_sampled, a.resource_type, &a.resource_id).cmp(&(b.first_sampled, b.resource_type, &b.resource_id))
        });
        Ok(History { scope_id, records })
    }

    pub(super) fn sightings_at(&mut self, cidr: &Cidr) -> Result<Vec<Sighted>> {
        let range = keys::under(&discovery_keys::seen_at(cidr));
        let mut found = Vec::new();
        for (key, _) in self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)? {
            let sighting =
                discovery_keys::sighting_of_index(&key).ok_or_else(|| codec::corrupt(&key, "it names no sighting"))?;
            found.extend(codec::read::<Sighted>(self.snapshot, &sighting)?);
        }
        Ok(found)
    }

    /// The resources that have the block now, compared with pools; by resource and Region.
    fn evaluated_at(
        &mut self,
        scope_id: &str,
        cidr: &Cidr,
        tenures: &[(Past, bool)],
    ) -> Result<HashMap<(String, String), ResourceCidr>> {
        if tenures.iter().all(|(_, is_open)| !is_open) {
            return Ok(HashMap::new());
        }
        let filter =
            ResourceFilter { scope_id: Some(scope_id.to_owned()), within: Some(*cidr), ..ResourceFilter::default() };
        let found = self.resource_cidrs(&filter)?.into_iter().filter(|found| found.cidr == *cidr);
        Ok(found.map(|found| ((found.resource_id.clone(), found.region.clone()), found)).collect())
    }
}

/// The rows of a tenure in an answer: an interface on an instance has a second row for the instance.
fn rows(past: &Past, is_open: bool, evaluated: &HashMap<(String, String), ResourceCidr>) -> Vec<HistoryRecord> {
    let now = evaluated.get(&(past.resource_id.clone(), past.region.clone())).filter(|_| is_open);
    let row = HistoryRecord {
        owner_id: past.owner_id.clone().or_else(|| Some(past.account_id.clone())),
        region: Some(past.region.clone()),
        resource_type: past_type(past.resource_type),
        resource_id: past.resource_id.clone(),
        resource_name: past.resource_name.clone(),
        cidr: past.cidr,
        compliance: now.and_then(|now| now.compliance),
        overlap: now.and_then(|now| now.overlap),
        vpc_id: past.vpc_id.clone(),
        first_sampled: Some(past.from),
        last_sampled: (!is_open).then_some(past.to),
    };
    let instance = past.instance_id.clone().map(|resource_id| HistoryRecord {
        resource_type: PastType::Instance,
        resource_id,
        resource_name: None,
        ..row.clone()
    });
    std::iter::once(row).chain(instance).collect()
}

const fn past_type(seen: SeenType) -> PastType {
    match seen {
        SeenType::Vpc => PastType::Vpc,
        SeenType::Subnet => PastType::Subnet,
        SeenType::Eip => PastType::Eip,
        SeenType::Eni => PastType::NetworkInterface,
        SeenType::PublicIpv4Pool | SeenType::Ipv6Pool | SeenType::AnycastIpList | SeenType::Other => PastType::Other,
        SeenType::Unlisted(word) => PastType::Unlisted(word),
    }
}

/// Joins adjacent rows of one resource whose times touch or overlap, because two discoveries may have seen the same.
fn joined(records: Vec<HistoryRecord>) -> Vec<HistoryRecord> {
    let mut joined: Vec<HistoryRecord> = Vec::with_capacity(records.len());
    for record in records {
        let before = joined.last_mut().filter(|before| {
            before.resource_type == record.resource_type
                && before.resource_id == record.resource_id
                && before.owner_id == record.owner_id
                && before.region == record.region
                && before.last_sampled.is_none_or(|end| record.first_sampled.is_none_or(|begin| begin <= end))
        });
        let Some(before) = before else {
            joined.push(record);
            continue;
        };
        before.last_sampled = match (before.last_sampled, record.last_sampled) {
            (Some(a), Some(b)) => Some(a.max(b)),
            _ => None,
        };
        if record.last_sampled.is_none() {
            (before.compliance, before.overlap) = (record.compliance, record.overlap);
            before.resource_name = record.resource_name;
        }
    }
    joined
}

fn is_in(record: &HistoryRecord, from: Option<Timestamp>, to: Option<Timestamp>) -> bool {
    let ended = |from: Timestamp| record.last_sampled.is_some_and(|end| end < from);
    let begins_later = |to: Timestamp| record.first_sampled.is_some_and(|begin| begin > to);
    !from.is_some_and(ended) && !to.is_some_and(begins_later)
}
