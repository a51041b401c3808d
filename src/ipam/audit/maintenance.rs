//! Maintenance of a store: reclaims all expired holds, ends loans, and counts the objects.

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::history::log;
use crate::ipam::holds::reclaim::REMEMBERED;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::counters::Counters;
use crate::ipam::storage::discovery_keys;
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::{Event, Kind, Ledger, Overdue, Pool, PoolCidr, Reader, Result, Scope, State};
use crate::store::Order;

/// Result of one step of reclaiming and of ending loans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// The events of the reclaimed holds and of the allocations whose loans are over.
    pub events: Vec<Event>,
    /// Number of lapsed holds that were removed, because they lapsed over a week ago.
    pub forgotten: u64,
    /// Allocations that stay although their loans are over.
    pub overdue: Vec<Overdue>,
    /// Position at which the next step continues; `None` at the end.
    pub next: Option<String>,
}

/// Number of objects of each kind, counted without reading allocations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Active scopes, the default ones included.
    pub scopes: u64,
    /// Active pools.
    pub pools: u64,
    /// Active pool CIDRs, those of a pool's own declaration included.
    pub pool_cidrs: u64,
    /// Active allocations, the space of pools below not included.
    pub allocations: u64,
    /// Planned scopes, pools, pool CIDRs and allocations that have a name.
    pub holds: u64,
    /// The expired holds among them.
    pub expired_holds: u64,
    /// Allocations with a planned growth in place.
    pub planned_growths: u64,
    /// Lapsed holds, which are kept for a week.
    pub lapsed_holds: u64,
    /// Resource discoveries.
    pub discoveries: u64,
    /// Blocks that the discoveries have seen on resources.
    pub sightings: u64,
}

/// Numbers of objects by state.
#[derive(Default)]
struct Standings {
    active: u64,
    planned: u64,
    expired: u64,
}

impl Standings {
    fn count<R: Record>(&mut self, record: &R, now: Timestamp) {
        match record.meta().state {
            State::Active => self.active += 1,
            State::Planned => self.planned += 1,
            State::Lapsed => {}
        }
        self.expired += u64::from(record.meta().is_expired(now));
    }
}

impl Reader<'_> {
    /// Counts everything. Reads all scopes, pools and pool CIDRs, one entry for the sums of each pool, and one key for
    /// each hold, lapsed hold and sighting. Reads no allocation.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn census(&mut self) -> Result<Census> {
        let now = self.env.now;
        let mut scopes = Standings::default();
        self.each_record(&mut |scope: Scope| {
            scopes.count(&scope, now);
            true
        })?;
        let mut pools = Standings::default();
        self.each_record(&mut |pool: Pool| {
            pools.count(&pool, now);
            true
        })?;
        let (mut named, mut inline, mut spaces) = (Standings::default(), Standings::default(), Standings::default());
        self.each_record(&mut |pool_cidr: PoolCidr| {
            if pool_cidr.is_named() { &mut named } else { &mut inline }.count(&pool_cidr, now);
            if pool_cidr.source_allocation_id.is_some() {
                // The allocation that stands for it in the source pool has the same state, and no expiry of its own.
                spaces.count(&pool_cidr, now);
            }
            true
        })?;
        let allocations = self.allocations_and_spaces()?;
        let holds = self.holds(now)?;
        Ok(Census {
            scopes: scopes.active,
            pools: pools.active,
            pool_cidrs: named.active + inline.active,
            allocations: allocations.saturating_sub(spaces.active),
            holds: scopes.planned + pools.planned + named.planned + holds.allocations.planned,
            expired_holds: scopes.expired + pools.expired + named.expired + holds.allocations.expired,
            planned_growths: holds.growths,
            lapsed_holds: self.count_keys(keys::LAPSED, &mut |_| ())?,
            discoveries: self.count_keys(keys::DISCOVERIES, &mut |_| ())?,
            sightings: self.count_keys(discovery_keys::SIGHTINGS_BY_ADDRESS, &mut |_| ())?,
        })
    }

    /// Number of active allocations of all pools, including the space of pools below.
    fn allocations_and_spaces(&mut self) -> Result<u64> {
        let mut sum = BigUint::default();
        codec::each_under(self.snapshot, keys::COUNTS, &mut |key, bytes| {
            sum += codec::decode::<Counters>(key, bytes)?.allocations;
            Ok(true)
        })?;
        Ok(u64::try_from(sum).unwrap_or(u64::MAX))
    }

    fn holds(&mut self, now: Timestamp) -> Result<Holds> {
        let mut holds = Holds::default();
        self.count_keys(keys::HOLDS_BY_EXPIRY, &mut |key| match keys::hold_of(key) {
            Some((HoldKind::Growth, _)) => holds.growths += 1,
            Some((HoldKind::Object(Kind::Allocation), _)) => {
                holds.allocations.planned += 1;
                holds.allocations.expired += u64::from(keys::is_due(key, now));
            }
            _ => {}
        })?;
        Ok(holds)
    }

    fn count_keys(&mut self, prefix: &str, seen: &mut dyn FnMut(&str)) -> Result<u64> {
        let mut count = 0;
        codec::each_under(self.snapshot, prefix, &mut |key, _| {
            seen(key);
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }
}

/// Numbers of holds according to the expiry index.
#[derive(Default)]
struct Holds {
    allocations: Standings,
    growths: u64,
}

/// A part of the work: the prefix of an index, and the range of its entries that can be due.
type Stage = (&'static str, fn(Timestamp) -> (String, String));

/// The indexes of what ends by itself, in the order in which they are read.
const STAGES: [Stage; 4] = [
    (keys::HOLDS_BY_EXPIRY, |_| keys::under(keys::HOLDS_BY_EXPIRY)),
    (keys::LAPSED, |_| keys::under(keys::LAPSED)),
    (keys::LOANS, keys::loans_until),
    (keys::RESTING, |_| keys::under(keys::RESTING)),
];

impl Ledger<'_> {
    /// Reclaims the expired holds among the next `limit` entries after `from` (`""`: from the first), and removes holds
    /// that lapsed over a week ago. A hold that contains an unexpired object stays. Then it releases the allocations whose
    /// loans are over, and ends rests.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn collect_expired(&mut self, from: &str, limit: usize) -> Result<Collected> {
        let before = log::head(self.tx)?.sequence;
        let mut collected = Collected::default();
        let stage = STAGES.into_iter().find(|stage| from.starts_with(stage.0)).unwrap_or(STAGES[0]);
        let range = stage.1(self.env.now);
        let start = if from.is_empty() || *from == range.0 { range.0.clone() } else { keys::after(from) };
        let page = self.tx.scan(&start..&range.1, Order::Ascending, limit)?;
        for (key, _) in &page {
            self.collect(key, &mut collected)?;
        }
        collected.next = match page.last() {
            Some((last, _)) if page.len() == limit => Some(last.clone()),
            _ => STAGES.into_iter().skip_while(|one| one.0 != stage.0).nth(1).map(|next| next.0.to_owned()),
        };
        collected.events = self.reader().events(before, usize::MAX)?;
        Ok(collected)
    }

    /// Carries out what one entry of the indexes of [`STAGES`] requires now.
    fn collect(&mut self, key: &str, collected: &mut Collected) -> Result<()> {
        if self.tx.get(key)?.is_none() {
            // This hold was reclaimed together with an earlier one.
            return Ok(());
        }
        let long_ago = self.env.now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        if key.starts_with(keys::RESTING) {
            if keys::is_due(key, self.env.now) {
                self.end_due_rest(key)?;
            }
        } else if key.starts_with(keys::LOANS) {
            collected.overdue.extend(self.end_loan(key)?);
        } else if key.starts_with(keys::LAPSED) {
            if keys::is_due(key, long_ago) {
                self.forget(key)?;
                collected.forgotten += 1;
            }
        } else if keys::is_due(key, self.env.now) {
            self.reclaim_hold(key)?;
        }
        Ok(())
    }
}
