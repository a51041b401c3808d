//! Stores with one pool of many allocations and with holes everywhere, as after years of use.

use std::fs;
use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use terraform_provider_ipam::ipam::{
    Actor, Allocation, AllocationSpec, Cidr, Env, Family, Ledger, Planned, PoolSpec, Provision, Reader, Rules, Size,
    Special, Strategy,
};
use terraform_provider_ipam::store::memory::Memory;
use terraform_provider_ipam::store::sqlite::Sqlite;
use terraform_provider_ipam::store::{self, Order, Store, StoreUrl};

/// A number that changes whenever the files of earlier runs must not be used any more.
const FILLING: u32 = 1;
/// The netmask length of the allocations; the pool is 10.0.0.0/8.
pub const NETMASK_LENGTH: u8 = 29;
const POOL: &str = "10.0.0.0/8";
const FIRST_ADDRESS: u128 = 0x0a00_0000;
/// Number of blocks in a row; some of them are holes.
const ROW: u64 = 16;
const HOLES_IN_ROW: usize = 4;
/// Number of allocations that one transaction creates.
const BATCH: usize = 20_000;
/// Number of entries that are copied at a time.
const PAGE: usize = 20_000;

/// Numbers that look random and are the same for the same seed (splitmix64).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap()
    }

    /// At most `count` of the items, in random order.
    pub fn sample<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        for index in 0..count.min(all.len()) {
            let other = index + self.below(all.len() - index);
            all.swap(index, other);
        }
        all.truncate(count);
        all
    }
}

pub fn actor() -> Actor {
    Actor { owner: "bench".to_owned(), ..Actor::default() }
}

/// One block of the layout.
#[derive(Clone, Copy)]
pub struct Slot {
    number: u64,
    pub is_hole: bool,
}

impl Slot {
    pub fn cidr(self) -> Cidr {
        let step = 1u128 << (Family::Ipv4.bits() - NETMASK_LENGTH);
        Cidr::around(Family::Ipv4, FIRST_ADDRESS + u128::from(self.number) * step, NETMASK_LENGTH)
    }

    /// Name of the allocation in the block.
    pub fn name(self) -> String {
        format!("net-{:07}", self.number)
    }

    pub fn spec(self, pool_id: &str) -> AllocationSpec {
        spec(pool_id, &self.name(), Size::Cidr(self.cidr()))
    }
}

pub fn spec(pool_id: &str, name: &str, size: Size) -> AllocationSpec {
    AllocationSpec {
        description: Some("made by a benchmark".to_owned()),
        tags: [("team".to_owned(), "network".to_owned())].into(),
        ..AllocationSpec::new(pool_id, name, size)
    }
}

/// The blocks of the pool from its start, without end: every call has the same holes.
fn slots() -> impl Iterator<Item = Slot> {
    (0..).flat_map(|row: u64| {
        let holes = Dice(row).sample((0..ROW).collect(), HOLES_IN_ROW);
        (0..ROW).map(move |column| Slot { number: row * ROW + column, is_hole: holes.contains(&column) })
    })
}

/// The blocks that `allocations` allocations extend over, holes included.
pub fn layout(allocations: usize) -> Vec<Slot> {
    let mut left = allocations;
    let within = move |slot: &Slot| {
        let goes_on = left > 0;
        left -= usize::from(goes_on && !slot.is_hole);
        goes_on
    };
    slots().take_while(within).collect()
}

/// The directory for the files that are kept between runs.
pub fn directory() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let directory = target.join("bench");
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Runs `body` on a ledger and commits.
pub fn write<T>(store: &dyn Store, dice: &mut Dice, body: impl Fn(&mut Ledger<'_>) -> T) -> T {
    let mut answer = None;
    let actor = actor();
    store
        .write(&mut |tx| {
            let mut random = || dice.roll();
            let env = Env::new(Timestamp::now(), &mut random, &actor);
            answer = Some(body(&mut Ledger::new(tx, env)));
            Ok(true)
        })
        .unwrap();
    answer.unwrap()
}

fn read<T>(store: &dyn Store, body: impl Fn(&mut Reader<'_>) -> T) -> T {
    let mut answer = None;
    let actor = actor();
    store
        .read(&mut |snapshot| {
            let mut random = || 0;
            let env = Env::new(Timestamp::now(), &mut random, &actor);
            answer = Some(body(&mut Reader::new(snapshot, env)));
            Ok(())
        })
        .unwrap();
    answer.unwrap()
}

pub fn pool_id(store: &dyn Store) -> String {
    read(store, |reader| reader.find_pool("bench").unwrap())[0].meta.id.clone()
}

pub fn allocation_in(store: &dyn Store, pool_id: &str, slot: Slot) -> Allocation {
    read(store, |reader| reader.find_allocation(pool_id, &slot.name()).unwrap()).unwrap()
}

fn is_filled(store: &dyn Store, allocations: usize) -> bool {
    let pools = read(store, |reader| reader.find_pool("bench").unwrap());
    let counted = |id: &str| read(store, |reader| reader.utilization(id).unwrap()).allocations;
    pools.first().is_some_and(|pool| counted(&pool.meta.id) == allocations as u64)
}

pub fn create_pool(store: &dyn Store, dice: &mut Dice) -> String {
    let spec = pool_spec("bench");
    let pool = write(store, dice, |ledger| {
        ledger.initialize().unwrap();
        ledger.create_pool(&spec, &Planned::Unknown).unwrap()
    });
    pool.meta.id
}

pub fn pool_spec(name: &str) -> PoolSpec {
    PoolSpec {
        name: name.to_owned(),
        scope_id: None,
        source_pool_id: None,
        address_family: None,
        locale: None,
        description: None,
        rules: Rules::default(),
        strategy: Strategy::BestFit,
        tags: Default::default(),
        provision: Provision::Cidrs([POOL.parse().unwrap()].into()),
        special: Special::default(),
    }
}

fn path_of(allocations: usize) -> PathBuf {
    directory().join(format!("filled-{FILLING}-{allocations}.db"))
}

/// Makes sure that a filled file exists for each of `sizes` (in rising order): each file builds on the one before.
pub fn prepare(sizes: &[usize]) {
    let mut before = None;
    for &size in sizes {
        let path = path_of(size);
        if !path.exists() || !is_filled(&Sqlite::new(&path).unwrap(), size) {
            let started = Instant::now();
            // The file has another name until it is complete.
            let unfinished = directory().join("unfinished.db");
            remove(&unfinished);
            if let Some(before) = before {
                fs::copy(path_of(before), &unfinished).unwrap();
            }
            fill(&unfinished, before.unwrap_or(0), size);
            fs::rename(&unfinished, &path).unwrap();
            println!("filled {} in {:.1?}", path.display(), started.elapsed());
        }
        before = Some(size);
    }
}

fn fill(path: &Path, from: usize, to: usize) {
    let store = Sqlite::new(path).unwrap();
    let mut dice = Dice(to as u64);
    let pool_id = if from == 0 { create_pool(&store, &mut dice) } else { pool_id(&store) };
    let used: Vec<Slot> = slots().filter(|slot| !slot.is_hole).take(to).skip(from).collect();
    for batch in used.chunks(BATCH) {
        write(&store, &mut dice, |ledger| {
            for slot in batch {
                ledger.create_allocation(&slot.spec(&pool_id), &Planned::Unknown).unwrap();
            }
        });
    }
}

pub fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", path.display());
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => panic!("{file}: {}", IoError::from(error.kind())),
            _ => {}
        }
    }
}

/// A store in a copy of the filled file, which may be changed.
pub fn sqlite(allocations: usize) -> Arc<dyn Store> {
    let path = directory().join("work.db");
    remove(&path);
    fs::copy(path_of(allocations), &path).unwrap();
    // Otherwise the operating system would write the rest of the file during a measurement.
    fs::File::open(&path).unwrap().sync_all().unwrap();
    Arc::new(Sqlite::new(&path).unwrap())
}

/// A store in memory with the same entries.
pub fn memory(allocations: usize) -> Arc<dyn Store> {
    let memory = Memory::default();
    copy_into(&memory, allocations);
    Arc::new(memory)
}

/// A store with the same entries in a new database of a real server.
pub fn postgres(server: &test_servers::Postgres, allocations: usize) -> Arc<dyn Store> {
    let started = Instant::now();
    let database = server.create_database();
    let store = store::open(&StoreUrl::new(server.url(&database))).unwrap();
    copy_into(&*store, allocations);
    // Autovacuum does this to a table after a while; right after so many inserts it has not run yet.
    server.admin_in(&database, "VACUUM ANALYZE");
    server.admin("CHECKPOINT");
    println!("filled PostgreSQL with {allocations} allocations in {:.1?}", started.elapsed());
    store
}

/// Copies every entry of the filled file into a store.
pub fn copy_into(store: &dyn Store, allocations: usize) {
    copy(&Sqlite::new(path_of(allocations)).unwrap(), store);
}

/// Copies every entry of a store into another one.
pub fn copy(from: &dyn Store, store: &dyn Store) {
    let mut start = String::new();
    from.read(&mut |snapshot| {
        loop {
            let page = snapshot.scan(start.as_str().."\u{7f}", Order::Ascending, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            // The next possible key: keys contain no character below a space.
            start = format!("{last}\u{1}");
            store.write(&mut |tx| {
                page.iter().try_for_each(|(key, value)| tx.put(key, value.clone()))?;
                Ok(true)
            })?;
        }
    })
    .unwrap();
}
