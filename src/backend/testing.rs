//! For tests: a backend over given entries, in which every query must end.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::{Local, Surroundings};
use crate::ipam::Actor;
use crate::store::memory::Memory;
use crate::store::{Entry, Error, Order, ReadBody, Snapshot, Store, Tx, WriteBody};

/// The reads that one query or change may make. This is many times what any of them needs in a small store.
const STEPS_MAX: u64 = 100_000;

/// A backend over a store in memory with these entries, at this time.
pub(crate) fn bounded(entries: &BTreeMap<String, Vec<u8>>, now: Timestamp) -> Local {
    let memory = Memory::default();
    let written = memory.write(&mut |tx| {
        entries.iter().try_for_each(|(key, value)| tx.put(key, value.clone()))?;
        Ok(true)
    });
    written.unwrap();
    let drawn = AtomicU64::new(0);
    let random = move || drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let surroundings = Surroundings { clock: Arc::new(move || now), random: Arc::new(random) };
    let actor = Actor { owner: "red".to_owned(), ..Actor::default() };
    Local::over(Arc::new(Bounded { memory }), actor, surroundings)
}

/// A store that panics when one transaction reads forever.
struct Bounded {
    memory: Memory,
}

impl Store for Bounded {
    fn read(&self, body: &mut ReadBody<'_>) -> Result<(), Error> {
        self.memory.read(&mut |inner| body(&mut Counted { inner, steps: Cell::new(0) }))
    }

    fn write(&self, body: &mut WriteBody<'_>) -> Result<(), Error> {
        self.memory.write(&mut |inner| body(&mut Counted { inner, steps: Cell::new(0) }))
    }

    fn describe(&self) -> String {
        self.memory.describe()
    }

    fn kind(&self) -> &'static str {
        self.memory.kind()
    }
}

struct Counted<'a, S: ?Sized> {
    inner: &'a mut S,
    steps: Cell<u64>,
}

impl<S: ?Sized> Counted<'_, S> {
    fn step(&self) {
        self.steps.set(self.steps.get() + 1);
        assert!(self.steps.get() <= STEPS_MAX, "it reads forever");
    }
}

impl<S: Snapshot + ?Sized> Snapshot for Counted<'_, S> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.step();
        self.inner.get(key)
    }

    fn scan(&mut self, range: Range<&str>, order: Order, limit: usize) -> Result<Vec<Entry>, Error> {
        self.step();
        self.inner.scan(range, order, limit)
    }
}

impl<S: Tx + ?Sized> Tx for Counted<'_, S> {
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), Error> {
        self.step();
        self.inner.put(key, value)
    }

    fn delete(&mut self, key: &str) -> Result<(), Error> {
        self.step();
        self.inner.delete(key)
    }
}
