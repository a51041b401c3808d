//! Maintenance of a store: reclaims all expired holds, and counts the objects.

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::history::log;
use crate::ipam::holds::reclaim::REMEMBERED;
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::counters::Counters;
use crate::ipam::storage::discovery_keys;
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::{Event, Kind, Ledger, Pool, PoolCidr, Reader, Result, Scope, State};
use crate::store::Order;

/// Result of one step of reclaiming.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// The events of the reclaimed holds.
    pub events: Vec<Event>,
    /// Number of lapsed holds that were removed, because they lapsed over a week ago.
    pub forgotten: u64,
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

impl Ledger<'_> {
    /// Reclaims the expired holds among the next `limit` entries after `from` (`""`: from the first), and removes holds
    /// that lapsed over a week ago. A hold that contains an unexpired object stays.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn collect_expired(&mut self, from: &str, limit: usize) -> Result<Collected> {
        let before = log::head(self.tx)?.sequence;
        let (lapsed_at, expiry_at) = (keys::under(keys::LAPSED), keys::under(keys::HOLDS_BY_EXPIRY));
        let mut collected = Collected::default();
        // Holds by expiry sort before lapsed holds.
        let in_lapsed = from.starts_with(keys::LAPSED);
        let range = if in_lapsed { &lapsed_at } else { &expiry_at };
        let start = if from.is_empty() || *from == range.0 { range.0.clone() } else { keys::after(from) };
        let page = self.tx.scan(&start..&range.1, Order::Ascending, limit)?;
        let long_ago = self.env.now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        for (key, _) in &page {
            // This hold was reclaimed together with an earlier one.
            let due = keys::is_due(key, if in_lapsed { long_ago } else { self.env.now });
            if !due || self.tx.get(key)?.is_none() {
                continue;
            }
            if in_lapsed {
                self.forget(key)?;
                collected.forgotten += 1;
            } else {
                self.reclaim_hold(key)?;
            }
        }
        collected.next = match page.last() {
            Some((last, _)) if page.len() == limit => Some(last.clone()),
            _ if !in_lapsed => Some(keys::LAPSED.to_owned()),
            _ => None,
        };
        collected.events = self.reader().events(before, usize::MAX)?;
        Ok(collected)
    }
}
