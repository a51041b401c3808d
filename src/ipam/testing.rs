//! Helpers for tests of the core: a store in a map, an environment with a clock and dice, and short constructors.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};
use std::time::Duration;

use jiff::Timestamp;

use crate::ipam::*;
use crate::store::{Entry, Error as StoreError, Order, Snapshot, Tx};

/// A transaction over a map. It counts calls and entries, and can be set to fail permanently after a number of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    entries: BTreeMap<String, Vec<u8>>,
    pub(super) calls: u64,
    /// Number of entries that were read.
    pub(super) read: u64,
    /// Calls after which every call fails.
    pub(super) fail_after: Option<u64>,
}

impl Map {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.entries
    }

    fn call(&mut self) -> Result<(), StoreError> {
        self.calls += 1;
        match self.fail_after {
            Some(limit) if self.calls > limit => Err(StoreError::Unavailable("injected".into())),
            _ => Ok(()),
        }
    }
}

impl Snapshot for Map {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call()?;
        self.read += 1;
        Ok(self.entries.get(key).cloned())
    }

    fn get_all(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.call()?;
        self.read += keys.len() as u64;
        Ok(keys.iter().map(|key| self.entries.get(key).cloned()).collect())
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.call()?;
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let found = self.entries.range::<str, _>((Bound::Included(range.start), Bound::Excluded(range.end)));
        let own = |(key, value): (&String, &Vec<u8>)| (key.clone(), value.clone());
        let found: Vec<Entry> = match order {
            Order::Ascending => found.map(own).take(limit).collect(),
            Order::Descending => found.rev().map(own).take(limit).collect(),
        };
        self.read += found.len() as u64;
        Ok(found)
    }
}

impl Tx for Map {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.call()?;
        self.entries.insert(key.to_owned(), value);
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), StoreError> {
        self.call()?;
        self.entries.remove(key);
        Ok(())
    }
}

/// A store with a clock, dice and an acting owner.
pub(super) struct World {
    pub(super) map: Map,
    pub(super) now: Timestamp,
    pub(super) seed: u64,
    pub(super) actor: Actor,
    /// The present run; `None` outside of Terraform.
    pub(super) run: Option<CurrentRun>,
}

/// Dice that repeat for the same seed (splitmix64).
pub(crate) fn dice(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl World {
    pub(super) fn new() -> Self {
        let actor = Actor { owner: "us".into(), ..Actor::default() };
        let mut world = Self {
            map: Map::default(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            seed: 1,
            actor,
            run: None,
        };
        world.write(|ledger| ledger.initialize()).unwrap();
        world
    }

    /// Runs `body` in a transaction that is dropped when it fails.
    pub(super) fn write<T>(&mut self, body: impl FnOnce(&mut Ledger<'_>) -> Result<T>) -> Result<T> {
        let mut map = self.map.clone();
        let mut random = || dice(&mut self.seed);
        let env = Env::new(self.now, &mut random, &self.actor).in_run(self.run.as_ref());
        let result = body(&mut Ledger::new(&mut map, env));
        if result.is_ok() {
            self.map = map;
        }
        result
    }

    pub(super) fn read<T>(&mut self, body: impl FnOnce(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        let mut random = || dice(&mut self.seed);
        let env = Env::new(self.now, &mut random, &self.actor).in_run(self.run.as_ref());
        body(&mut Reader::new(&mut self.map, env))
    }

    pub(super) fn as_owner(&mut self, owner: &str) -> &mut Self {
        self.actor.owner = owner.to_owned();
        self
    }

    pub(super) fn wait(&mut self, minutes: u64) {
        self.now = self.now.checked_add(Duration::from_secs(60 * minutes)).unwrap();
    }

    /// Fails unless the audit finds nothing.
    #[track_caller]
    pub(super) fn check(&mut self) -> Audit {
        let audit = self.read(|reader| reader.check()).unwrap();
        assert!(audit.findings.is_empty(), "{:#?}", audit.findings);
        audit
    }

    /// An active top-level pool over these blocks.
    pub(super) fn top(&mut self, name: &str, blocks: &[&str]) -> Pool {
        let spec = top(name, blocks);
        self.write(|ledger| ledger.create_pool(&spec, &Planned::Unknown)).unwrap()
    }

    pub(super) fn create(&mut self, pool: &Pool, name: &str, size: &str) -> Result<Allocation> {
        let spec = wanted(pool, name, size);
        self.write(|ledger| ledger.create_allocation(&spec, &Planned::Unknown))
    }

    pub(super) fn plan(&mut self, pool: &Pool, name: &str, size: &str) -> Result<Allocation> {
        let spec = wanted(pool, name, size);
        self.write(|ledger| ledger.plan_allocation(&spec, &terms()))
    }
}

/// Terms with holds of one hour.
pub(super) fn terms() -> Terms {
    Terms { hold: Duration::from_secs(3600), ..Terms::default() }
}

pub(super) fn committing() -> Terms {
    Terms { committing: true, ..terms() }
}

pub(super) fn replacing(id: &str) -> Terms {
    Terms { replaces: Some(id.to_owned()), ..terms() }
}

pub(crate) fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

pub(crate) fn cidrs(texts: &[&str]) -> BTreeSet<Cidr> {
    texts.iter().map(|text| cidr(text)).collect()
}

/// `"/24"`, `"10.0.0.0/24"` or `""` for the default.
pub(super) fn size(text: &str) -> Size {
    match text.strip_prefix('/') {
        _ if text.is_empty() => Size::Default,
        Some(length) => Size::NetmaskLength(length.parse().unwrap()),
        None => Size::Cidr(cidr(text)),
    }
}

pub(crate) fn top(name: &str, blocks: &[&str]) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: None,
        locale: None,
        description: None,
        rules: Rules::default(),
        strategy: Strategy::default(),
        tags: Tags::new(),
        provision: Provision::Cidrs(cidrs(blocks)),
        special: Special::default(),
    }
}

/// A private scope.
pub(super) fn scope(name: &str) -> ScopeSpec {
    let scope_type = ScopeType::Private;
    ScopeSpec { name: name.to_owned(), scope_type, description: None, tags: Tags::new(), ipam_id: None }
}

/// A spec of a private scope.
pub(super) fn below(source: &Pool, name: &str, text: &str) -> PoolSpec {
    let provision = match size(text) {
        Size::Cidr(cidr) => Provision::Cidrs([cidr].into()),
        Size::NetmaskLength(length) => Provision::NetmaskLength(length),
        Size::Default => Provision::Nothing,
    };
    PoolSpec { source_pool_id: Some(source.meta.id.clone()), provision, ..top(name, &[]) }
}

pub(super) fn wanted(pool: &Pool, name: &str, text: &str) -> AllocationSpec {
    AllocationSpec::new(pool.meta.id.clone(), name, size(text))
}

/// The change that leaves an allocation as it is, except for its size.
pub(super) fn resized(allocation: &Allocation, text: &str) -> AllocationChange {
    AllocationChange {
        name: allocation.meta.name.clone(),
        description: allocation.description.clone(),
        tags: allocation.tags.clone(),
        disallowed_cidrs: allocation.disallowed_cidrs.clone(),
        size: size(text),
        lifetime: allocation.lifetime,
    }
}

/// The change that leaves a pool as it is, except for its blocks.
pub(super) fn reprovisioned(pool: &Pool, provision: Provision) -> PoolChange {
    PoolChange {
        name: pool.meta.name.clone(),
        description: pool.description.clone(),
        rules: pool.rules.clone(),
        strategy: pool.strategy,
        tags: pool.tags.clone(),
        provision,
        auto_import: false,
        locale: None,
    }
}
