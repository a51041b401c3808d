//! One reading of a store: pools with their paths, blocks, sums and allocations, and the data of a report, all of them
//! from one snapshot.
//!
//! An overview of the whole store reads each kind of record once, in key order, and groups the records by pool. An
//! overview of a few pools reads the entries of these pools in the indexes, and then their records in batches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use num_bigint::BigUint;

use crate::ipam::operations::context::{LEVELS_MAX, TOO_DEEP};
use crate::ipam::space::{aggregates, free, reserved};
use crate::ipam::storage::codec::{self, Record};
use crate::ipam::storage::counters::Counters;
use crate::ipam::storage::keys;
use crate::ipam::{
    Allocation, Audit, Cidr, Event, EventFilter, Pool, PoolCidr, PoolFilter, PoolTree, Reader, ResourceType, Result,
    Scope, State, TrendPoint, Utilization,
};
use crate::store::{Entry, Order};

/// The pools that an overview covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChoice {
    /// The pools that pass a filter.
    Matching(PoolFilter),
    /// The pool with this id, which must exist, and all pools below it; planned ones too.
    Under(String),
}

/// The scopes that an overview lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeChoice {
    /// None.
    #[default]
    None,
    /// Those of the pools.
    OfPools,
    /// Those of the pools and, unless the overview is of one pool, those without pools.
    All,
}

/// What an overview covers, and how much it has about each pool.
#[derive(Clone, Copy)]
pub struct OverviewQuery<'a> {
    /// The pools.
    pub pools: &'a PoolChoice,
    /// Whether to keep a pool; its `cidrs` may not be known yet. The pools below a pool that is left out are not left
    /// out with it.
    pub keep: &'a dyn Fn(&Pool) -> bool,
    /// The scopes.
    pub scopes: ScopeChoice,
    /// Whether to add up the utilization of each pool.
    pub utilization: bool,
    /// Whether to read the allocations.
    pub allocations: bool,
    /// The data of a report, besides the pools.
    pub review: Option<ReviewQuery>,
}

impl<'a> OverviewQuery<'a> {
    /// The names and blocks of these pools, and nothing else.
    pub fn of(pools: &'a PoolChoice) -> Self {
        Self { pools, keep: &|_| true, scopes: ScopeChoice::None, utilization: false, allocations: false, review: None }
    }
}

/// A period to look back at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewQuery {
    /// Start of the period. It moves to the beginning of the history that is kept, if that is later.
    pub since: Timestamp,
    /// End of the period.
    pub until: Timestamp,
    /// Number of steps in the trend of each pool.
    pub steps: u32,
    /// The maximum number of events.
    pub events_max: usize,
}

/// Trends of pools, by id.
pub type Trends = BTreeMap<String, Vec<TrendPoint>>;

/// The history of a period, and the audit of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Start of the period.
    pub since: Timestamp,
    /// Time between two points of a trend.
    pub step: Duration,
    /// Trends by pool, and the newest events about the chosen scopes and pools, oldest first; `None` where no history
    /// is kept.
    pub history: Option<(Trends, Vec<Event>)>,
    /// The audit of the whole store.
    pub audit: Audit,
}

impl ReviewQuery {
    /// The time between two points of a trend that begins at `since`.
    pub fn step(&self, since: Timestamp) -> Duration {
        (self.until.duration_since(since).unsigned_abs() / self.steps).max(Duration::from_secs(1))
    }
}

/// A part of a store, or all of it, at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// The scopes, by name.
    pub scopes: Vec<Scope>,
    /// The pools that were kept, in the order of [`Reader::list_pools`]: parents before children.
    pub pools: Vec<PoolOverview>,
    /// The tree of all chosen pools, also of those that were not kept.
    pub tree: PoolTree,
    /// The data of a report, if the query asked for it.
    pub review: Option<Review>,
}

/// A pool with all data about it.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolOverview {
    /// The pool.
    pub pool: Pool,
    /// Names from the top-level pool down to this one, joined by `/`.
    pub path: String,
    /// The CIDRs by address: of the pool's own declaration and of `ipam_pool_cidr`, planned ones too.
    pub pool_cidrs: Vec<PoolCidr>,
    /// The utilization, if the query asked for it.
    pub utilization: Option<Utilization>,
    /// The allocations by address, if the query asked for them: with holds, and with the space of pools below.
    pub allocations: Vec<Allocation>,
}

impl PoolOverview {
    /// The blocks that the pool can use: for an active pool, without those that are only planned.
    pub fn provisioned(&self) -> impl Iterator<Item = Cidr> {
        let with_planned = self.pool.meta.state == State::Planned;
        self.pool_cidrs.iter().filter(move |one| one.meta.is_listed(with_planned)).map(|one| one.cidr)
    }

    /// The allocations that take space, without the space of pools below. A hold that waits for the block of another
    /// allocation is not among them.
    pub fn taking_space(self) -> impl Iterator<Item = Allocation> {
        let takes = |one: &Allocation| one.resource_type != ResourceType::IpamPool && one.reserved().is_some();
        self.allocations.into_iter().filter(takes)
    }
}

/// The data about pools, by the id of the pool.
#[derive(Default)]
struct Contents {
    pool_cidrs: HashMap<String, Vec<PoolCidr>>,
    allocations: HashMap<String, Vec<Allocation>>,
    sums: HashMap<String, Counters>,
    /// The pools that have aggregates of contiguous sets, as keys name them, if all pools were read.
    aggregated: Option<BTreeSet<String>>,
    /// The largest free block of each pool, if all free blocks were read.
    largest_free: Option<HashMap<String, Cidr>>,
}

impl Contents {
    fn add(&mut self, pool_cidrs: Vec<PoolCidr>, allocations: Vec<Allocation>) {
        for pool_cidr in pool_cidrs {
            self.pool_cidrs.entry(pool_cidr.pool_id.clone()).or_default().push(pool_cidr);
        }
        for allocation in allocations {
            self.allocations.entry(allocation.pool_id.clone()).or_default().push(allocation);
        }
    }

    fn take_pool_cidrs(&mut self, pool_id: &str) -> Vec<PoolCidr> {
        let mut found = self.pool_cidrs.remove(pool_id).unwrap_or_default();
        found.sort_by_key(|one| (one.cidr.family(), one.cidr.first()));
        found
    }

    fn take_allocations(&mut self, pool_id: &str) -> Vec<Allocation> {
        let mut found = self.allocations.remove(pool_id).unwrap_or_default();
        found.sort_by(|a, b| (a.cidr, &a.meta.id).cmp(&(b.cidr, &b.meta.id)));
        // An allocation that waits to grow is in two indexes.
        found.dedup_by(|a, b| a.meta.id == b.meta.id);
        found
    }
}

/// The pools that a query chose.
struct Chosen {
    pools: Vec<Pool>,
    tree: PoolTree,
    /// Whether `pools` has all pools of the store or of a scope, rather than a few that an index led to.
    is_whole: bool,
    /// Whether `pools` has all pools below each of them.
    is_closed: bool,
}

impl Reader<'_> {
    /// The chosen pools with the requested data about them.
    ///
    /// # Errors
    /// Returns [`crate::ipam::Error::NotFound`] when the query names a pool that does not exist.
    pub fn overview(&mut self, query: &OverviewQuery<'_>) -> Result<Overview> {
        let Chosen { pools, tree, is_whole, is_closed } = self.chosen(query.pools)?;
        let is_kept = |pool: &&Pool| is_wanted(query.pools, pool) && (query.keep)(pool);
        let kept: Vec<&Pool> = pools.iter().filter(is_kept).collect();
        let mut contents = if is_whole { self.all_contents(query, &pools)? } else { self.contents_of(query, &kept)? };
        let assigned =
            if query.utilization && is_closed { self.assigned(&pools, &mut contents)? } else { HashMap::new() };
        let mut found = Vec::with_capacity(kept.len());
        for pool in kept {
            let id = &pool.meta.id;
            let pool_cidrs = contents.take_pool_cidrs(id);
            let utilization = match (query.utilization, assigned.get(id)) {
                (false, _) => None,
                (true, None) => Some(self.utilization(id)?),
                (true, Some(assigned)) => Some(self.added_up(pool, &pool_cidrs, &mut contents, assigned.clone())?),
            };
            found.push(PoolOverview {
                pool: pool.clone(),
                path: tree.path(id).unwrap_or_default().to_owned(),
                pool_cidrs,
                utilization,
                allocations: contents.take_allocations(id),
            });
        }
        let scopes = self.scopes_of(query, &found)?;
        let review = match &query.review {
            Some(asked) => Some(self.review(asked, subjects(query.pools, &scopes, &found))?),
            None => None,
        };
        Ok(Overview { scopes, pools: found, tree, review })
    }

    fn chosen(&mut self, choice: &PoolChoice) -> Result<Chosen> {
        match choice {
            PoolChoice::Matching(filter) if filter.name.is_none() && filter.source_pool_id.is_none() => {
                let scope_id = filter.scope_id.clone();
                let pools =
                    self.list_pools(&PoolFilter { scope_id, include_planned: true, ..PoolFilter::default() })?;
                Ok(Chosen { tree: PoolTree::new(&pools), pools, is_whole: true, is_closed: true })
            }
            PoolChoice::Matching(filter) => {
                let pools = self.list_pools(filter)?;
                Ok(Chosen { tree: self.rooted(&pools)?, pools, is_whole: false, is_closed: false })
            }
            PoolChoice::Under(id) => {
                let mut open: Vec<Pool> = vec![codec::require(self.snapshot, id)?];
                let mut pools = Vec::new();
                while let Some(pool) = open.pop() {
                    open.extend(self.below(&pool)?.into_iter().rev());
                    pools.push(pool);
                }
                Ok(Chosen { tree: self.rooted(&pools)?, pools, is_whole: false, is_closed: true })
            }
        }
    }

    /// The tree of these pools and of the pools above them.
    fn rooted(&mut self, pools: &[Pool]) -> Result<PoolTree> {
        let mut known: BTreeSet<String> = pools.iter().map(|pool| pool.meta.id.clone()).collect();
        let mut above: Vec<Pool> = Vec::new();
        for pool in pools {
            let mut next = pool.source_pool_id.clone();
            let mut levels = 0;
            while let Some(id) = next.filter(|id| !known.contains(id)) {
                let Some(pool) = codec::load::<Pool>(self.snapshot, &id)? else { break };
                levels += 1;
                if levels > LEVELS_MAX {
                    return Err(codec::corrupt(&keys::record(Pool::KIND, &id), TOO_DEEP));
                }
                next = pool.source_pool_id.clone();
                known.insert(id);
                above.push(pool);
            }
        }
        Ok(PoolTree::new(pools.iter().chain(&above)))
    }

    /// Reads all records of each kind, in key order.
    fn all_contents(&mut self, query: &OverviewQuery<'_>, pools: &[Pool]) -> Result<Contents> {
        let (mut contents, mut pool_cidrs, mut allocations) = (Contents::default(), Vec::new(), Vec::new());
        self.each_record(&mut |pool_cidr: PoolCidr| {
            if pool_cidr.is_provisioned() {
                pool_cidrs.push(pool_cidr);
            }
            true
        })?;
        if query.allocations {
            self.each_record(&mut |allocation: Allocation| {
                if allocation.meta.is_live() {
                    allocations.push(allocation);
                }
                true
            })?;
        }
        contents.add(pool_cidrs, allocations);
        if query.utilization {
            codec::each_under(self.snapshot, keys::COUNTS, &mut |key, bytes| {
                contents.sums.insert(keys::second(key).to_owned(), codec::decode(key, bytes)?);
                Ok(true)
            })?;
            contents.aggregated = Some(aggregates::pools(self.snapshot)?);
        }
        // There may be as many free blocks as allocations, so a query without allocations does not read all of them.
        if query.utilization && query.allocations {
            contents.largest_free = Some(self.all_largest_free(pools)?);
        }
        Ok(contents)
    }

    /// The largest free block of each pool; the lowest one if there are several.
    fn all_largest_free(&mut self, pools: &[Pool]) -> Result<HashMap<String, Cidr>> {
        let families: HashMap<&str, _> =
            pools.iter().map(|pool| (pool.meta.id.as_str(), pool.address_family)).collect();
        let mut largest: HashMap<String, Cidr> = HashMap::new();
        codec::each_under(self.snapshot, keys::ALL_FREE, &mut |key, _| {
            let id = keys::second(key);
            if let Some(block) = families.get(id).and_then(|family| keys::free_block(key, *family))
                && largest.get(id).is_none_or(|known| block.netmask_length() < known.netmask_length())
            {
                largest.insert(id.to_owned(), block);
            }
            Ok(true)
        })?;
        Ok(largest)
    }

    /// Reads the records that the indexes of these pools name.
    fn contents_of(&mut self, query: &OverviewQuery<'_>, pools: &[&Pool]) -> Result<Contents> {
        let (mut cidr_ids, mut allocation_ids) = (Vec::new(), BTreeSet::new());
        for pool in pools {
            let id = &pool.meta.id;
            cidr_ids.extend(codec::ids_of_entries(&self.under(&keys::provisioned_of(id))?)?);
            if query.allocations {
                allocation_ids.extend(codec::ids_of_entries(&self.under(&keys::at_of(id))?)?);
                let deferred = self.under(&keys::deferred_in(id, Allocation::KIND))?;
                allocation_ids.extend(deferred.iter().map(|(key, _)| keys::tail(key).to_owned()));
            }
        }
        let mut contents = Contents::default();
        let allocation_ids: Vec<String> = allocation_ids.into_iter().collect();
        let allocations = codec::expect_all(self.snapshot, &allocation_ids)?;
        contents.add(codec::expect_all(self.snapshot, &cidr_ids)?, allocations);
        Ok(contents)
    }

    fn under(&mut self, prefix: &str) -> Result<Vec<Entry>> {
        let range = keys::under(prefix);
        Ok(self.snapshot.scan(keys::range(&range), Order::Ascending, usize::MAX)?)
    }

    /// The addresses that are assigned in each pool and in all pools below it. `pools` has parents before children.
    fn assigned(&mut self, pools: &[Pool], contents: &mut Contents) -> Result<HashMap<String, BigUint>> {
        if contents.sums.is_empty() {
            let keys: Vec<String> = pools.iter().map(|pool| keys::count(&pool.meta.id)).collect();
            for ((pool, key), bytes) in pools.iter().zip(&keys).zip(self.snapshot.get_all(&keys)?) {
                let sums = bytes.map_or_else(|| Ok(Counters::default()), |bytes| codec::decode(key, &bytes))?;
                contents.sums.insert(pool.meta.id.clone(), sums);
            }
        }
        let mut assigned: HashMap<String, BigUint> = HashMap::with_capacity(pools.len());
        for pool in pools.iter().rev() {
            let own = contents.sums.get(&pool.meta.id).map(|sums| sums.assigned.clone()).unwrap_or_default();
            let all = assigned.remove(&pool.meta.id).unwrap_or_default() + own;
            if let Some(source) = &pool.source_pool_id {
                *assigned.entry(source.clone()).or_default() += &all;
            }
            assigned.insert(pool.meta.id.clone(), all);
        }
        Ok(assigned)
    }

    fn added_up(
        &mut self,
        pool: &Pool,
        pool_cidrs: &[PoolCidr],
        contents: &mut Contents,
        assigned: BigUint,
    ) -> Result<Utilization> {
        let id = &pool.meta.id;
        let sums = contents.sums.remove(id).unwrap_or_default();
        let is_growing =
            pool.meta.state == State::Active && pool_cidrs.iter().any(|one| one.meta.state == State::Planned);
        let is_aggregated = match &contents.aggregated {
            Some(pools) => pools.contains(&keys::part(id)),
            None => aggregates::any(self.snapshot, id)?,
        };
        if is_growing || is_aggregated || pool.rules.has_reserved() {
            let largest_free = self.largest_free(pool)?;
            let reserved = reserved::count_free(self.snapshot, pool)?;
            let resting = self.count_resting(pool)?;
            let all = Utilization { reserved, resting, ..sums.utilization(pool.clone(), largest_free, assigned) };
            return self.without_planned(all);
        }
        let largest_free = match &contents.largest_free {
            Some(known) => known.get(id).copied(),
            None => free::largest(self.snapshot, id, pool.address_family)?,
        };
        let resting = self.count_resting(pool)?;
        Ok(Utilization { resting, ..sums.utilization(pool.clone(), largest_free, assigned) })
    }

    fn scopes_of(&mut self, query: &OverviewQuery<'_>, pools: &[PoolOverview]) -> Result<Vec<Scope>> {
        match (query.scopes, query.pools) {
            (ScopeChoice::None, _) => Ok(Vec::new()),
            (ScopeChoice::All, PoolChoice::Matching(filter)) => {
                let mut scopes = self.list_scopes(true)?;
                scopes.retain(|scope| filter.scope_id.as_ref().is_none_or(|id| *id == scope.meta.id));
                Ok(scopes)
            }
            (ScopeChoice::OfPools | ScopeChoice::All, _) => {
                let ids: BTreeSet<&str> = pools.iter().map(|one| one.pool.scope_id.as_str()).collect();
                let mut scopes = Vec::with_capacity(ids.len());
                for id in ids {
                    scopes.extend(codec::live::<Scope>(self.snapshot, id)?);
                }
                scopes.sort_by(|a, b| (&a.meta.name, &a.meta.id).cmp(&(&b.meta.name, &b.meta.id)));
                Ok(scopes)
            }
        }
    }

    fn review(&mut self, asked: &ReviewQuery, about: Option<BTreeSet<String>>) -> Result<Review> {
        // Events that were pruned cannot be in the review.
        let since = self.mark()?.map_or(asked.since, |mark| mark.time.clamp(asked.since, asked.until));
        let step = asked.step(since);
        let trends = self.trends(since, asked.until, step)?;
        let filter = EventFilter { about, from: Some(since), ..EventFilter::default() };
        let events = self.newest_events(&filter, asked.events_max)?;
        Ok(Review { since, step, history: Some((trends, events)), audit: self.check()? })
    }
}

/// Whether the choice includes a pool of the store, or of the chosen scope or tree.
fn is_wanted(choice: &PoolChoice, pool: &Pool) -> bool {
    match choice {
        PoolChoice::Matching(filter) => pool.meta.is_listed(filter.include_planned),
        PoolChoice::Under(_) => true,
    }
}

/// The ids of the objects whose events are in a review: `None` for all events.
fn subjects(choice: &PoolChoice, scopes: &[Scope], pools: &[PoolOverview]) -> Option<BTreeSet<String>> {
    let ids = pools.iter().map(|one| one.pool.meta.id.clone());
    match choice {
        PoolChoice::Under(_) => Some(ids.collect()),
        PoolChoice::Matching(PoolFilter { scope_id: None, source_pool_id: None, name: None, .. }) => None,
        PoolChoice::Matching(_) => Some(ids.chain(scopes.iter().map(|scope| scope.meta.id.clone())).collect()),
    }
}
