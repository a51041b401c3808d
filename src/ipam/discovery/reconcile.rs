//! Imports VPCs as allocations into pools with `auto_import`, and releases such allocations when their VPC is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::evaluate::by_first;
use super::evaluation::{Evaluation, Gathered};
use super::stored::{ScannedTarget, Sighted};
use super::types::{Discovery, ResourceCidrId, SeenType};
use crate::ipam::history::log;
use crate::ipam::holds::standing;
use crate::ipam::model::event::Action;
use crate::ipam::operations::context::Birth;
use crate::ipam::space::free;
use crate::ipam::storage::discovery_keys::TargetKey;
use crate::ipam::storage::{codec, index, keys, names};
use crate::ipam::{
    Allocation, Cidr, Imported, Kind, Ledger, Lifetime, Occupant, Pool, Reader, ResourceType, Result, Size, State, Tags,
};

/// Prefix of the tags that AWS reserves.
const RESERVED: &str = "aws:";
/// The maximum length of the part of a name that is the id of a resource: names have 255 characters at most.
const ID_IN_NAME_MAX: usize = 200;

/// The tags of a resource that an allocation may have too.
pub(super) fn own_tags(tags: &Tags) -> Tags {
    tags.iter().filter(|(key, _)| !key.starts_with(RESERVED)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The result of a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Allocations of the VPCs that were imported.
    pub imported: Vec<Allocation>,
    /// Released allocations, whose VPCs are gone.
    pub released: Vec<Allocation>,
    /// VPCs that matched a pool and were not imported.
    pub skipped: Vec<Skipped>,
}

/// A VPC that matched a pool and was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub of: ResourceCidrId,
    pub account_id: String,
    /// The deepest of the pools that it matched.
    pub pool_id: String,
    pub why: Skip,
}

/// The reason why a VPC was not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Another object has a part of its block.
    Overlaps(Box<Occupant>),
    /// A VPC with a larger block, or one with the same block that was seen earlier, was imported.
    Larger(ResourceCidrId),
}

/// A VPC that may be imported.
struct Candidate<'a> {
    sighted: &'a Sighted,
    cidr: Cidr,
}

impl Candidate<'_> {
    fn of(&self) -> ResourceCidrId {
        let resource = &self.sighted.resource;
        ResourceCidrId { resource_id: resource.resource_id.clone(), cidr: self.cidr, region: resource.region.clone() }
    }

    /// Whether the VPC matches a pool with these blocks.
    fn is_for(&self, pool: &Pool, blocks: &[Cidr]) -> bool {
        self.sighted.scope_id == pool.scope_id
            && Some(&self.sighted.resource.region) == pool.locale.as_ref()
            && blocks.iter().any(|block| block.contains(&self.cidr))
    }
}

/// VPCs without a manager: larger blocks first, and among equal blocks the one that was seen first.
fn candidates(gathered: &Gathered) -> Vec<Candidate<'_>> {
    let evaluation = Evaluation::of(gathered);
    let vpcs = gathered.sightings.iter().filter(|sighted| {
        sighted.resource.resource_type == SeenType::Vpc && !sighted.ignored && evaluation.manager(sighted).is_none()
    });
    let mut candidates: Vec<Candidate<'_>> =
        vpcs.filter_map(|sighted| Some(Candidate { sighted, cidr: sighted.resource.cidr? })).collect();
    candidates.sort_by(|a, b| {
        let length = |one: &Candidate<'_>| one.cidr.netmask_length();
        length(a).cmp(&length(b)).then_with(|| by_first(a.sighted, b.sighted))
    });
    candidates
}

/// Intermediate results of an import.
#[derive(Default)]
struct Work {
    imported: Vec<Allocation>,
    /// The VPC that each new allocation was created for, by the id of the allocation.
    made_for: HashMap<String, ResourceCidrId>,
    done: BTreeSet<ResourceCidrId>,
    skipped: BTreeMap<ResourceCidrId, Skipped>,
}

impl Ledger<'_> {
    /// Imports VPCs into the pools with `auto_import`, and releases the allocations of VPCs that are gone. The result
    /// depends only on the contents of the store, so a repeated call changes nothing.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::Store`].
    pub fn reconcile(&mut self) -> Result<Reconciled> {
        let released = self.release_gone()?;
        let pools = self.reader().importing_pools()?;
        if pools.is_empty() {
            return Ok(Reconciled { released, ..Reconciled::default() });
        }
        let gathered = self.reader().gather()?;
        let candidates = candidates(&gathered);
        let mut work = Work::default();
        for pool in &pools {
            let blocks = self.reader().active_blocks(pool)?;
            for candidate in candidates.iter().filter(|candidate| candidate.is_for(pool, &blocks)) {
                let of = candidate.of();
                if work.done.contains(&of) {
                    continue;
                }
                match self.import(pool, candidate, &work.made_for)? {
                    Ok(allocation) => {
                        work.made_for.insert(allocation.meta.id.clone(), of.clone());
                        work.done.insert(of);
                        work.imported.push(allocation);
                    }
                    Err(why) => {
                        let (account_id, pool_id) = (candidate.sighted.account_id.clone(), pool.meta.id.clone());
                        // The first pool that matched the VPC is the deepest, so its reason is reported.
                        work.skipped.entry(of.clone()).or_insert(Skipped { of, account_id, pool_id, why });
                    }
                }
            }
        }
        let Work { imported, done, skipped, .. } = work;
        let skipped = skipped.into_values().filter(|skipped| !done.contains(&skipped.of)).collect();
        Ok(Reconciled { imported, released, skipped })
    }

    fn release_gone(&mut self) -> Result<Vec<Allocation>> {
        let mut released = Vec::new();
        for allocation in self.reader().imported(None)? {
            // What has addresses in it stays until these are released.
            if !allocation.has_addresses() && self.reader().is_gone(&allocation)? {
                self.release(&allocation, Action::Delete)?;
                released.push(allocation);
            }
        }
        Ok(released)
    }

    /// Creates an allocation for a VPC in a pool, unless another object is in the way.
    fn import(
        &mut self,
        pool: &Pool,
        candidate: &Candidate<'_>,
        made: &HashMap<String, ResourceCidrId>,
    ) -> Result<Result<Allocation, Skip>> {
        let (pool_id, cidr) = (&pool.meta.id, candidate.cidr);
        let in_the_way = free::entries_over(self.tx, &keys::at_of(pool_id), &cidr, 1)?;
        if let Some(entry) = in_the_way.first() {
            if let Some(larger) = made.get(&entry.id) {
                return Ok(Err(Skip::Larger(larger.clone())));
            }
            // Expired holds are reclaimed, as for any other request.
            if !self.reader().is_clearable(pool_id, &cidr)? {
                let allocation: Allocation = codec::expect(self.tx, &entry.id)?;
                return Ok(Err(Skip::Overlaps(Box::new(standing::occupant(self.tx, &allocation)?))));
            }
            self.clear_in_pool(pool, &cidr)?;
        }
        let allocation = self.allocation_of(pool, candidate)?;
        index::write_allocation(self.tx, None, Some(&allocation))?;
        names::enter(self.tx, &allocation)?;
        log::append(self.tx, &self.env, Action::Import, None, Some(&allocation))?;
        Ok(Ok(allocation))
    }

    fn allocation_of(&mut self, pool: &Pool, candidate: &Candidate<'_>) -> Result<Allocation> {
        let Sighted { discovery_id, account_id, region, resource, .. } = candidate.sighted;
        let discovery: Discovery = codec::expect(self.tx, discovery_id)?;
        let scanned: Option<ScannedTarget> =
            codec::read(self.tx, &TargetKey { discovery_id, account_id, region }.record())?;
        let name =
            self.free_name(&pool.meta.id, &format!("{}_{}", id_in_name(&resource.resource_id), candidate.cidr))?;
        let mut meta = self.new_meta(Kind::Allocation, &name, &Birth::Active { id: None })?;
        meta.owner = discovery.meta.owner;
        meta.confirmed = true;
        let tags = own_tags(&resource.tags);
        Ok(Allocation {
            meta,
            pool_id: pool.meta.id.clone(),
            cidr: candidate.cidr,
            size: Size::Cidr(candidate.cidr),
            disallowed_cidrs: BTreeSet::new(),
            resource_type: ResourceType::Vpc,
            resource_id: Some(resource.resource_id.clone()),
            description: Some(format!("Imported from account {account_id} in {region}.")),
            tags,
            growth: None,
            aggregate: None,
            waiting_growth: None,
            deferred: false,
            asked: None,
            imported: Some(Imported {
                discovery_id: discovery_id.clone(),
                account_id: account_id.clone(),
                region: region.clone(),
                sampled_at: scanned.and_then(|scanned| scanned.last_success).unwrap_or(self.env.now),
            }),
            lifetime: Lifetime::default(),
            address_sets: BTreeMap::new(),
        })
    }

    /// This name, or a similar name that is free in the pool.
    fn free_name(&mut self, pool_id: &str, name: &str) -> Result<String> {
        let mut free = name.to_owned();
        let mut number = 1;
        while names::entry(self.tx, Kind::Allocation, pool_id, &free)? != names::NameEntry::default() {
            number += 1;
            free = format!("{name}_{number}");
        }
        Ok(free)
    }
}

/// The part of the id of a resource that goes into the name of its allocation. Of an id that is too long for a name, such
/// as a long one of Azure, the end counts.
pub fn id_in_name(resource_id: &str) -> &str {
    let skipped = resource_id.chars().count().saturating_sub(ID_IN_NAME_MAX);
    resource_id.char_indices().nth(skipped).map_or("", |(at, _)| &resource_id[at..])
}

impl Reader<'_> {
    /// Whether the resource of an imported allocation is gone: no discovery sees it, and the discovery that it was
    /// imported through has scanned its target since.
    fn is_gone(&mut self, allocation: &Allocation) -> Result<bool> {
        let (Some(imported), Some(resource_id)) = (&allocation.imported, &allocation.resource_id) else {
            return Ok(false);
        };
        let of =
            ResourceCidrId { resource_id: resource_id.clone(), cidr: allocation.cidr, region: imported.region.clone() };
        if !self.sightings_of(&of)?.is_empty() {
            return Ok(false);
        }
        let Imported { discovery_id, account_id, region, .. } = imported;
        let target = TargetKey { discovery_id, account_id, region };
        let scanned: Option<ScannedTarget> = codec::read(self.snapshot, &target.record())?;
        Ok(scanned.and_then(|scanned| scanned.last_success).is_some_and(|time| time > imported.sampled_at))
    }

    /// Pools with `auto_import`, the deepest first, then by id.
    fn importing_pools(&mut self) -> Result<Vec<Pool>> {
        let mut pools = Vec::new();
        self.each_record(&mut |pool: Pool| {
            if pool.meta.state == State::Active && pool.special.auto_import && pool.locale.is_some() {
                pools.push(pool);
            }
            true
        })?;
        pools.sort_by(|a, b| (b.depth, &a.meta.id).cmp(&(a.depth, &b.meta.id)));
        Ok(pools)
    }

    pub(super) fn active_blocks(&mut self, pool: &Pool) -> Result<Vec<Cidr>> {
        let mut pool_cidrs = codec::pool_cidrs(self.snapshot, &pool.meta.id)?;
        pool_cidrs.retain(|pool_cidr| pool_cidr.meta.state == State::Active);
        Ok(pool_cidrs.into_iter().map(|pool_cidr| pool_cidr.cidr).collect())
    }
}
