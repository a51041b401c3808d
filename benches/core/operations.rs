//! The measured operations, and how each is undone so that the pool does not change.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use terraform_provider_ipam::backend::prelude::*;
use terraform_provider_ipam::backend::{AllocationChange, Local, Planned, Resize, Terms};
use terraform_provider_ipam::ipam::{Actor, Allocation, AllocationSpec, Env, Ledger, Size};
use terraform_provider_ipam::store::{Store, Tx};

use crate::filled::{self, Dice, NETMASK_LENGTH, Slot};

/// Number of places in the pool that one benchmark uses in turn: as many in a small pool as in a large one.
const PLACES: usize = 200;

/// The writes of the trait [`Ipam`], for any destination.
pub trait Writes {
    fn create(&mut self, spec: &AllocationSpec) -> Allocation;
    fn delete(&mut self, id: &str);
    fn plan_resize(&mut self, id: &str, size: Size) -> Resize;
    fn update(&mut self, id: &str, change: &AllocationChange) -> Allocation;
}

fn terms() -> Terms {
    Terms { hold: Duration::from_secs(3600), ..Terms::default() }
}

/// The cost that users see: each write is a committed transaction of its own.
impl Writes for &Local {
    fn create(&mut self, spec: &AllocationSpec) -> Allocation {
        self.create_allocation(spec, &Planned::Unknown).unwrap()
    }

    fn delete(&mut self, id: &str) {
        self.delete_allocation(id).unwrap();
    }

    fn plan_resize(&mut self, id: &str, size: Size) -> Resize {
        Holds::plan_resize(*self, id, size, &terms()).unwrap()
    }

    fn update(&mut self, id: &str, change: &AllocationChange) -> Allocation {
        self.update_allocation(id, change).unwrap()
    }
}

/// The cost of the core and the store's trees: all writes are inside one transaction that is never committed.
pub struct Uncommitted<'a> {
    pub tx: &'a mut dyn Tx,
    pub dice: &'a mut Dice,
    pub actor: &'a Actor,
}

impl Uncommitted<'_> {
    fn run<T>(&mut self, body: impl FnOnce(&mut Ledger<'_>) -> T) -> T {
        let mut random = || self.dice.roll();
        let env = Env::new(Timestamp::now(), &mut random, self.actor);
        let mut ledger = Ledger::new(self.tx, env);
        // Every write of the backend does this first.
        ledger.initialize().unwrap();
        body(&mut ledger)
    }
}

impl Writes for Uncommitted<'_> {
    fn create(&mut self, spec: &AllocationSpec) -> Allocation {
        self.run(|ledger| ledger.create_allocation(spec, &Planned::Unknown).unwrap())
    }

    fn delete(&mut self, id: &str) {
        self.run(|ledger| ledger.delete_allocation(id).unwrap());
    }

    fn plan_resize(&mut self, id: &str, size: Size) -> Resize {
        self.run(|ledger| ledger.plan_resize(id, size, &terms()).unwrap())
    }

    fn update(&mut self, id: &str, change: &AllocationChange) -> Allocation {
        self.run(|ledger| ledger.update_allocation(id, change).unwrap())
    }
}

/// An operation whose cost must not grow with the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Allocates a block by its size.
    Allocate,
    /// Allocates a block by its CIDR.
    Claim,
    Release,
    /// Doubles the size of an allocation in place, including the plan that holds the space.
    Grow,
}

impl Operation {
    pub const ALL: [Self; 4] = [Self::Allocate, Self::Claim, Self::Release, Self::Grow];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Allocate => "allocate",
            Self::Claim => "claim",
            Self::Release => "release",
            Self::Grow => "grow",
        }
    }
}

/// Places for each operation, spread over one pool.
pub struct Places {
    pool_id: String,
    holes: Vec<Slot>,
    taken: Vec<Slot>,
    /// Allocated blocks that have a hole next to them to grow into.
    roomy: Vec<Slot>,
    /// Ids of the allocations in `taken` and `roomy`, by address.
    ids: HashMap<u128, String>,
    turn: usize,
}

impl Places {
    pub fn of(store: &dyn Store, allocations: usize) -> Self {
        let pool_id = filled::pool_id(store);
        let layout = filled::layout(allocations);
        let mut dice = Dice(1);
        let mut choose = |fits: &dyn Fn(&[Slot], usize) -> bool| {
            // The last row is left out: it may have a hole next to every block.
            let all = (0..layout.len() - 16).filter(|&index| fits(&layout, index)).map(|index| layout[index]).collect();
            let chosen = dice.sample(all, PLACES);
            assert_eq!(chosen.len(), PLACES, "the pool is too small");
            chosen
        };
        let holes = choose(&|layout, index| layout[index].is_hole);
        let taken = choose(&|layout, index| !layout[index].is_hole);
        let roomy = choose(&|layout, index| !layout[index].is_hole && layout[index ^ 1].is_hole);
        let ids = taken
            .iter()
            .chain(&roomy)
            .map(|slot| (slot.cidr().first(), filled::allocation_in(store, &pool_id, *slot).meta.id));
        let ids = ids.collect();
        Self { pool_id, holes, taken, roomy, ids, turn: 0 }
    }

    /// Time of `count` operations, without the time to undo each of them.
    pub fn measure(&mut self, operation: Operation, writes: &mut dyn Writes, count: u64) -> Duration {
        let step = |places: &mut Self| match operation {
            Operation::Allocate => places.allocate(writes),
            Operation::Claim => places.claim(writes),
            Operation::Release => places.release(writes),
            Operation::Grow => places.grow(writes),
        };
        let mut step = step;
        (0..count)
            .map(|_| {
                self.turn += 1;
                step(self)
            })
            .sum()
    }

    fn allocate(&mut self, writes: &mut dyn Writes) -> Duration {
        let name = format!("bench-{}", self.turn);
        let spec = filled::spec(&self.pool_id, &name, Size::NetmaskLength(NETMASK_LENGTH));
        let (made, time) = timed(|| writes.create(&spec));
        writes.delete(&made.meta.id);
        time
    }

    fn claim(&mut self, writes: &mut dyn Writes) -> Duration {
        let spec = self.holes[self.turn % PLACES].spec(&self.pool_id);
        let (made, time) = timed(|| writes.create(&spec));
        writes.delete(&made.meta.id);
        time
    }

    fn release(&mut self, writes: &mut dyn Writes) -> Duration {
        let slot = self.taken[self.turn % PLACES];
        let spec = slot.spec(&self.pool_id);
        let id = self.ids[&slot.cidr().first()].clone();
        let ((), time) = timed(|| writes.delete(&id));
        self.ids.insert(slot.cidr().first(), writes.create(&spec).meta.id);
        time
    }

    fn grow(&mut self, writes: &mut dyn Writes) -> Duration {
        let slot = self.roomy[self.turn % PLACES];
        let id = &self.ids[&slot.cidr().first()];
        let larger = Size::NetmaskLength(NETMASK_LENGTH - 1);
        let (grown, time) = timed(|| resize(writes, slot, id, larger));
        assert_eq!(grown.cidr, slot.cidr().resized(NETMASK_LENGTH - 1));
        resize(writes, slot, id, Size::Cidr(slot.cidr()));
        time
    }
}

fn resize(writes: &mut dyn Writes, slot: Slot, id: &str, size: Size) -> Allocation {
    let spec = slot.spec("");
    let change = AllocationChange {
        name: spec.name,
        description: spec.description,
        tags: spec.tags,
        size,
        disallowed_cidrs: spec.disallowed_cidrs,
        lifetime: Default::default(),
    };
    assert!(matches!(writes.plan_resize(id, size), Resize::InPlace(_)), "no room next to {id}");
    writes.update(id, &change)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let answer = work();
    (answer, start.elapsed())
}
