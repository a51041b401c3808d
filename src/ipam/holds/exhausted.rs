//! The error when a pool has no room, with the facts that a person needs: what is free, held, or avoided.

use std::collections::BTreeSet;

use crate::ipam::space::placement::{BlockRequest, KeepOff};
use crate::ipam::storage::codec;
use crate::ipam::storage::counters;
use crate::ipam::storage::keys::{self, HoldKind};
use crate::ipam::{Allocation, Cidr, Error, Exhausted, KeptOff, Kind, Ledger, Pool, PoolCidr, Result, Strategy};
use crate::store::Order;

impl Ledger<'_> {
    pub(super) fn exhausted(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<Error> {
        let (pool_id, pool_name) = (pool.meta.id.clone(), pool.meta.name.clone());
        let sums = counters::read(self.tx, &pool_id)?;
        if sums.provisioned == num_bigint::BigUint::default() {
            return Ok(Error::PoolEmpty { pool_id, pool_name });
        }
        let (disallowed, kept_off) = self.ruled_out(pool, ask)?;
        let holds = keys::under(&keys::expiry_of(&pool_id));
        let first = self.tx.scan(keys::range(&holds), Order::Ascending, 1)?;
        let first_expiry = match first.first().and_then(|(key, _)| keys::hold_of(key)) {
            Some((kind, id)) => self.hold_expiry(kind, id)?,
            None => None,
        };
        let now = self.reader().utilization(&pool_id)?;
        let first_rest = self.reader().resting(pool)?.first().map(|rest| rest.until);
        Ok(Error::PoolExhausted(Exhausted {
            largest_free: now.largest_free,
            free: now.free,
            disallowed,
            draining: self.in_draining(pool, ask)?.map(Box::new),
            held: now.held,
            reserved: now.reserved,
            resting: now.resting,
            first_rest,
            netmask_length: ask.netmask_length,
            pool_id,
            pool_name,
            first_expiry,
            kept_off,
            lost: None,
        }))
    }

    /// A block that the request would get if no CIDR of the pool was draining.
    fn in_draining(&mut self, pool: &Pool, ask: &BlockRequest<'_>) -> Result<Option<Cidr>> {
        if pool.rules.draining_cidrs.is_empty() {
            return Ok(None);
        }
        let rules = pool.rules.clone().without_order();
        self.find_block(&Pool { rules, ..pool.clone() }, ask)
    }

    /// Whether there is a block that is large enough but disallowed, and the details of a block that is avoided because
    /// of sightings.
    fn ruled_out(&mut self, in_pool: &Pool, ask: &BlockRequest<'_>) -> Result<(bool, Option<Box<KeptOff>>)> {
        let none = BTreeSet::new();
        let mut find = |ask: &BlockRequest<'_>| self.find_block(in_pool, ask);
        let plain = BlockRequest { disallowed: &none, keep_off: KeepOff::Never, ..*ask };
        let Some(anywhere) = find(&plain)? else { return Ok((false, None)) };
        let KeepOff::Always(pool) = ask.keep_off else { return Ok((true, None)) };
        let is_disallowed = find(&BlockRequest { disallowed: &none, ..*ask })?.is_some();
        let kept_off = find(&BlockRequest { keep_off: KeepOff::Never, ..*ask })?;
        // Sometimes only the disallowed CIDRs and the sightings together leave no block.
        let block = kept_off.or(Some(anywhere).filter(|_| !is_disallowed));
        let Some(block) = block else { return Ok((true, None)) };
        let mut largest = None;
        let (mut shorter, mut longer) = (ask.netmask_length + 1, ask.family.bits() + 1);
        // If a size fits, every smaller size fits too. So the shortest netmask length that fits is found by bisection.
        while shorter < longer {
            let netmask_length = shorter + (longer - shorter) / 2;
            match find(&BlockRequest { netmask_length, strategy: Strategy::BestFit, ..*ask })? {
                Some(found) => (largest, longer) = (Some(found), netmask_length),
                None => shorter = netmask_length + 1,
            }
        }
        let seen = self.reader().seen_there(pool, &block)?;
        Ok((is_disallowed || kept_off.is_none(), Some(Box::new(KeptOff { block, seen, largest }))))
    }

    fn hold_expiry(&mut self, kind: HoldKind, id: &str) -> Result<Option<jiff::Timestamp>> {
        Ok(match kind {
            HoldKind::Growth => codec::expect::<Allocation>(self.tx, id)?.growth.map(|growth| growth.expires_at),
            HoldKind::Object(Kind::Allocation) => codec::expect::<Allocation>(self.tx, id)?.meta.hold_expires_at,
            HoldKind::Object(Kind::Pool) => codec::expect::<Pool>(self.tx, id)?.meta.hold_expires_at,
            HoldKind::Object(Kind::PoolCidr) => codec::expect::<PoolCidr>(self.tx, id)?.meta.hold_expires_at,
            HoldKind::Object(_) => None,
        })
    }
}
