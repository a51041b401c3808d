//! Faults among records. The audit of a store and the check of a file to import report them in the same words.

use std::collections::{BTreeMap, BTreeSet};

use crate::ipam::audit::dataset::Records;
use crate::ipam::discovery;
use crate::ipam::operations::address_set;
use crate::ipam::operations::context::DEPTH_LIMIT;
use crate::ipam::operations::pool_rules::check_rules;
use crate::ipam::storage::codec::Record;
use crate::ipam::{Allocation, Cidr, Error, Finding, Meta, Pool, PoolCidr, ResourceType, State};

impl Records {
    /// Faults among the records: in parents, families, states and names, and above all space that is taken twice.
    pub fn faults(&self) -> Vec<Finding> {
        let mut faults = of(self);
        for (_, claims) in self.claims() {
            for rivals in [&claims.active, &claims.planned] {
                if let [first, others @ ..] = rivals.as_slice() {
                    let taken = |id: &&str| Finding {
                        place: (*id).to_owned(),
                        what: format!("Its name {:?} is also the name of {first} in the same place.", self.name_of(id)),
                    };
                    faults.extend(others.iter().map(taken));
                }
            }
        }
        faults
    }
}

/// All faults except those of names.
fn of(records: &Records) -> Vec<Finding> {
    let mut found = Faults { records, findings: Vec::new() };
    found.check_pools();
    found.check_pool_cidrs();
    found.check_top();
    found.check_allocations();
    found.check_space();
    found.findings.extend(discovery::faults(records));
    found.findings
}

struct Faults<'a> {
    records: &'a Records,
    findings: Vec<Finding>,
}

impl Faults<'_> {
    fn add(&mut self, place: &str, faults: Vec<String>) {
        self.findings.extend(faults.into_iter().map(|what| Finding { place: place.to_owned(), what }));
    }

    fn check_pools(&mut self) {
        let mut inline: BTreeMap<&str, Vec<&PoolCidr>> = BTreeMap::new();
        for pool_cidr in self.records.pool_cidrs.values().filter(|found| found.inline) {
            inline.entry(&pool_cidr.pool_id).or_default().push(pool_cidr);
        }
        for (id, pool) in &self.records.pools {
            let mut faults = self.pool_faults(pool);
            let own = inline.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let own = own.iter().filter(|found| found.meta.state == pool.meta.state);
            let blocks: BTreeSet<Cidr> = own.map(|found| found.cidr).collect();
            if pool.meta.is_live() && blocks != pool.cidrs {
                faults.push(format!("Its declared blocks are {:?}, but its CIDRs are {blocks:?}.", pool.cidrs));
            }
            self.add(id, faults);
        }
    }

    fn pool_faults(&self, pool: &Pool) -> Vec<String> {
        let mut faults = meta_faults(pool);
        match self.records.scopes.get(&pool.scope_id) {
            None => faults.push(format!("Its scope {} does not exist.", pool.scope_id)),
            Some(scope) if !stands_in(&pool.meta, &scope.meta) => {
                faults.push("It is in a scope that is only planned or lapsed.".into());
            }
            Some(_) => {}
        }
        match pool.source_pool_id.as_ref().map(|id| (id, self.records.pools.get(id))) {
            None if pool.depth != 1 => faults.push(format!("A top-level pool has depth 1, not {}.", pool.depth)),
            None => {}
            Some((id, None)) => faults.push(format!("Its source pool {id} does not exist.")),
            Some((_, Some(_))) if self.is_inside_itself(pool) => faults.push("It is inside itself.".to_owned()),
            Some((_, Some(source))) => faults.extend(source_faults(pool, source)),
        }
        if pool.depth > DEPTH_LIMIT {
            faults
                .push(format!("Pools can be nested {DEPTH_LIMIT} levels deep, and this one has depth {}.", pool.depth));
        }
        if let Err(Error::BadRules { why, .. }) = check_rules(&pool.rules, pool.address_family) {
            faults.push(format!("Its rules contradict themselves: {why}."));
        }
        faults
    }

    fn is_inside_itself(&self, pool: &Pool) -> bool {
        let mut above = pool.source_pool_id.as_ref();
        // Further up there may be a ring that does not include this pool. The pools on the ring have that fault.
        for _ in 0..=2 * DEPTH_LIMIT {
            let Some(id) = above else { return false };
            if *id == pool.meta.id {
                return true;
            }
            above = self.records.pools.get(id).and_then(|found| found.source_pool_id.as_ref());
        }
        false
    }

    fn check_pool_cidrs(&mut self) {
        for (id, pool_cidr) in &self.records.pool_cidrs {
            let PoolCidr { meta, cidr, .. } = pool_cidr;
            let mut faults = meta_faults(pool_cidr);
            match self.records.pools.get(&pool_cidr.pool_id) {
                None => faults.push(format!("Its pool {} does not exist.", pool_cidr.pool_id)),
                Some(pool) => {
                    if !stands_in(meta, &pool.meta) {
                        faults.push("It is in a pool that is only planned or lapsed.".into());
                    }
                    if cidr.family() != pool.address_family {
                        faults.push(format!("{cidr} is not of its pool's family."));
                    }
                    faults.extend(self.source_allocation_fault(pool_cidr, pool));
                }
            }
            if pool_cidr.deferred && meta.state == State::Active {
                faults.push("It is active without having taken its block.".into());
            }
            self.add(id, faults);
        }
    }

    /// Checks that blocks of top-level pools of one scope share nothing.
    fn check_top(&mut self) {
        let mut on_top: Vec<(&str, Cidr, &PoolCidr)> = Vec::new();
        for pool_cidr in self.records.pool_cidrs.values().filter(|found| found.meta.is_live() && !found.deferred) {
            if let Some(pool) = self.records.pools.get(&pool_cidr.pool_id)
                && pool.source_pool_id.is_none()
            {
                on_top.push((&pool.scope_id, pool_cidr.cidr, pool_cidr));
            }
        }
        on_top.sort_by(|a, b| (a.0, a.1, &a.2.meta.id).cmp(&(b.0, b.1, &b.2.meta.id)));
        let mut findings = Vec::new();
        let mut widest: Option<(&str, Cidr, &PoolCidr)> = None;
        for (scope, cidr, pool_cidr) in on_top {
            match widest {
                Some((within, wide, first)) if within == scope && wide.overlaps(&cidr) => {
                    let what = format!("{wide} overlaps {cidr} of {} in the same scope.", pool_cidr.pool_id);
                    findings.push(Finding { place: first.meta.id.clone(), what });
                }
                _ => widest = Some((scope, cidr, pool_cidr)),
            }
        }
        self.findings.extend(findings);
    }

    /// The fault between a pool CIDR and the allocation that stands for it in the source pool.
    fn source_allocation_fault(&self, pool_cidr: &PoolCidr, pool: &Pool) -> Option<String> {
        let expected = pool_cidr.meta.is_live() && !pool_cidr.deferred && pool.source_pool_id.is_some();
        let Some(id) = &pool_cidr.source_allocation_id else {
            return expected.then(|| "It has no allocation in the source pool.".to_owned());
        };
        if !expected {
            return Some(format!("It should not have an allocation in a source pool, but has {id}."));
        }
        let Some(allocation) = self.records.allocations.get(id) else {
            return Some(format!("Its allocation {id} in the source pool does not exist."));
        };
        let alike = allocation.cidr == pool_cidr.cidr
            && allocation.meta.state == pool_cidr.meta.state
            && Some(&allocation.pool_id) == pool.source_pool_id.as_ref()
            && allocation.resource_type == ResourceType::IpamPool
            && allocation.resource_id.as_ref() == Some(&pool.meta.id);
        (!alike).then(|| format!("Its allocation {id} in the source pool has another block, state or pool."))
    }

    fn check_allocations(&mut self) {
        let sources: BTreeSet<&String> =
            self.records.pool_cidrs.values().filter_map(|found| found.source_allocation_id.as_ref()).collect();
        for (id, allocation) in &self.records.allocations {
            let mut faults = meta_faults(allocation);
            match self.records.pools.get(&allocation.pool_id) {
                None => faults.push(format!("Its pool {} does not exist.", allocation.pool_id)),
                Some(pool) => faults.extend(place_faults(allocation, pool)),
            }
            if allocation.resource_type == ResourceType::IpamPool && !sources.contains(id) {
                faults.push("No pool CIDR has this space of a pool below.".into());
            }
            if allocation.meta.is_resting
                && (allocation.meta.state == State::Active || allocation.meta.hold_expires_at.is_none())
            {
                faults.push("It is space that rests, and has no end.".into());
            }
            faults.extend(address_set::faults(allocation));
            if allocation.deferred && allocation.meta.state == State::Active {
                faults.push("It is active without having taken its block.".into());
            }
            if let Some(growth) = &allocation.growth
                && (!growth.cidr.contains(&allocation.cidr) || allocation.meta.state != State::Active)
            {
                faults.push(format!("It cannot grow to {}.", growth.cidr));
            }
            if let Some(aggregate) = allocation.aggregate.filter(|aggregate| !aggregate.contains(&allocation.cidr)) {
                faults.push(format!("It is outside {aggregate}, the block of its set."));
            }
            self.add(id, faults);
        }
    }

    /// Checks that the allocations of a pool are disjoint and inside its provisioned CIDRs.
    fn check_space(&mut self) {
        let (taken, provisioned) = (self.records.taken(), self.records.provisioned());
        let mut findings = Vec::new();
        for blocks in taken.values().chain(provisioned.values()) {
            let mut widest = blocks.first();
            for next in blocks.iter().skip(1) {
                match widest {
                    Some((wide, id)) if wide.overlaps(&next.0) => {
                        let what = format!("{wide} overlaps {} of {}.", next.0, next.1);
                        findings.push(Finding { place: (*id).to_owned(), what });
                    }
                    _ => widest = Some(next),
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
        self.findings.extend(findings);
    }
}

/// The faults of the attributes that every object has.
fn meta_faults<R: Record>(record: &R) -> Vec<String> {
    let meta = record.meta();
    // A record that follows from another hold expires with that hold.
    let is_hold = meta.state == State::Planned && record.is_named();
    let fault = match meta.hold_expires_at {
        None if is_hold => "It is a hold that never expires.",
        Some(_) if meta.state == State::Active => "It is active and has an expiry.",
        _ => return Vec::new(),
    };
    vec![fault.to_owned()]
}

fn place_faults(allocation: &Allocation, pool: &Pool) -> Option<String> {
    if !stands_in(&allocation.meta, &pool.meta) {
        return Some("It is in a pool that is only planned or lapsed.".into());
    }
    (pool.address_family != allocation.cidr.family())
        .then(|| format!("{} is not of its pool's family.", allocation.cidr))
}

/// Whether an object with the state of `inner` can be inside an object with the state of `outer`.
fn stands_in(inner: &Meta, outer: &Meta) -> bool {
    match inner.state {
        State::Active => outer.state == State::Active,
        State::Planned => outer.is_live(),
        State::Lapsed => true,
    }
}

fn source_faults(pool: &Pool, source: &Pool) -> Vec<String> {
    let mut faults = Vec::new();
    if Some(pool.depth) != source.depth.checked_add(1) {
        faults.push(format!("Its depth is {}, that of its source pool {}.", pool.depth, source.depth));
    }
    if pool.scope_id != source.scope_id || pool.address_family != source.address_family {
        faults.push("It has another scope or family than its source pool.".to_owned());
    }
    // A lapsed hold does not follow changes of its source pool, because it is created anew or removed.
    if pool.meta.is_live() && source.locale.is_some() && pool.locale != source.locale {
        faults.push("It has another locale than its source pool.".to_owned());
    }
    if !stands_in(&pool.meta, &source.meta) {
        faults.push("It is in a pool that is only planned or lapsed.".to_owned());
    }
    faults
}
